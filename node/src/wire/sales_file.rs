//! Baskets and refunds as `till import sales` writes them for `till sell`, and the report of the conversion:
//! `{"read","sold","refunded","baskets","refunds","unconverted":[{"row","field","value","reason"}]}`.

use counterfoil_core::refusal::Refusal;
use serde::Serialize;

/// A sale to be submitted.
#[derive(Clone, Debug, Serialize)]
pub struct SaleOut {
    /// The number of the invoice.
    pub id: String,
    /// Its lines.
    pub lines: Vec<SaleLineOut>,
    /// Its customer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customer: Option<String>,
    /// When, in RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
}

/// A line of a sale.
#[derive(Clone, Debug, Serialize)]
pub struct SaleLineOut {
    /// The product's code.
    pub code: String,
    /// How much.
    pub quantity: String,
    /// The price of one unit.
    pub unit_price: String,
}

/// A refund to be submitted.
#[derive(Clone, Debug, Serialize)]
pub struct RefundOut {
    /// The number of the cancellation.
    pub id: String,
    /// The id of the sale.
    pub refund_of: String,
    /// The lines taken back.
    pub lines: Vec<RefundLineOut>,
    /// When, in RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
}

/// A line taken back.
#[derive(Clone, Debug, Serialize)]
pub struct RefundLineOut {
    /// Which line of the sale, from 1.
    pub line: u16,
    /// How much.
    pub quantity: String,
}

/// What became of the lines of a file: `read` is the sum of `sold`, `refunded` and the unconverted ones.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct SalesReport {
    /// Lines read.
    pub read: u64,
    /// Lines that are sold.
    pub sold: u64,
    /// Lines that are taken back.
    pub refunded: u64,
    /// Sales written.
    pub baskets: u64,
    /// Refunds written.
    pub refunds: u64,
    /// Lines that are neither.
    pub unconverted: Vec<UnconvertedLine>,
}

/// A line that is neither sold nor taken back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UnconvertedLine {
    /// Its line in the file.
    pub row: u64,
    /// Which field.
    pub field: String,
    /// What it held.
    pub value: String,
    /// Why.
    pub reason: String,
}

impl UnconvertedLine {
    /// The line at `row`, and why it is not converted.
    #[must_use]
    pub fn new(row: u64, refusal: &Refusal) -> Self {
        let (field, value) = (refusal.field().to_owned(), refusal.value().to_owned());
        Self { row, field, value, reason: refusal.to_string() }
    }
}

impl SaleOut {
    /// The object on one line.
    #[must_use]
    pub fn json(&self) -> String {
        serde_json::to_string(self).expect("structs of text and numbers always become JSON")
    }
}

impl RefundOut {
    /// The object on one line.
    #[must_use]
    pub fn json(&self) -> String {
        serde_json::to_string(self).expect("structs of text and numbers always become JSON")
    }
}
