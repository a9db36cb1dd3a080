//! Modules stand in reading order; a module uses only what is declared above it.

#![doc = include_str!("../README.md")]
#![deny(clippy::arithmetic_side_effects)]
#![cfg_attr(test, expect(clippy::arithmetic_side_effects, reason = "a test that overflows has failed"))]

// values
pub mod planted;
pub mod hex;
pub mod refusal;
pub mod id;
pub mod time;
pub mod zone;
pub mod currency;
pub mod quantity;
pub mod money;
pub mod ratio;
pub mod rounding;
pub mod allotment;

// rules
pub mod tax;
pub mod line;
pub mod discount;
pub mod promotion;
pub mod price_list;
pub mod assessment;
pub mod totals;
pub mod cash_rounding;
pub mod foreign_cash;
pub mod tender;
pub mod settlement;
pub mod payment_form;
pub mod quick_cash;
pub mod barcode;
pub mod gs1;
pub mod in_store_code;
pub mod scan;
pub mod tax_id;
pub mod goods_label;
pub mod role;
pub mod operator;
pub mod approval;
pub mod catalog;
pub mod import_options;
mod cell_value;
pub mod product_import;
pub mod series;
pub mod number_format;
pub mod number_forecast;
pub mod self_grant;

// journal
pub mod journal;

// flow
pub mod grant;
pub mod feed;
pub mod document;
pub mod refund_tender;
pub mod credit_note;
pub mod receipt_code;
pub mod activity;
pub mod drawer;
pub mod addendum;
pub mod sales_report;
pub mod event;
pub mod journal_state;
pub mod command;
pub mod import_run;
pub mod decide;
pub mod receipt;

// files, where asked for
#[cfg(feature = "import-files")]
pub mod import_files;

// db
pub mod db;

// till
pub mod till;
