//! The codes of GS1: element strings, their dictionary, and Digital Links.

pub mod finding;
pub mod registry;
mod date;
mod company_prefix;
mod coupon;
pub mod lint;
pub mod dictionary;
pub mod element;
pub mod association;
pub mod digital_link;
pub mod measure;
