//! What goes in and out as JSON: types of their own, so that neither core nor a published format moves the other.

pub mod basket;
pub mod price_list;
pub mod promotion;
pub mod goods_back;
pub mod quote;
pub mod read;
pub mod report;
pub mod sales_file;
pub mod sales_report;
pub mod scan;
pub mod table;
pub mod tax_id;
pub mod sync;
pub mod tender;
