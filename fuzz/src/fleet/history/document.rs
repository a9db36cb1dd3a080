//! A document in plain figures: as read from paper, or as an entry says.

/// What a document is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A receipt.
    Receipt,
    /// An invoice.
    Invoice,
    /// A credit note.
    CreditNote,
    /// A Z report.
    ZReport,
}

/// A document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// What it is.
    pub kind: Kind,
    /// The id of the command.
    pub id: String,
    /// Its series.
    pub series: String,
    /// Its number.
    pub number: u64,
    /// Its number as printed.
    pub printed: String,
    /// The session that took the money.
    pub session: u64,
    /// The currency of its amounts.
    pub currency: String,
    /// The local date of issue, such as `2026-03-02`.
    pub day: String,
    /// The issue time in milliseconds UTC.
    pub issued_ms: i64,
    /// Whether it was taken over from another system.
    pub is_imported: bool,
    /// Whether unit prices include tax.
    pub has_tax_in_price: bool,
    /// What a credit note corrects.
    pub preceding: Option<String>,
    /// The lines.
    pub lines: Vec<Line>,
    /// The taxes.
    pub taxes: Vec<TaxOf>,
    /// Without tax.
    pub net: i64,
    /// All taxes.
    pub tax: i64,
    /// With tax.
    pub gross: i64,
    /// What cash rounding added or took.
    pub rounding: i64,
    /// What was to be paid.
    pub payable: i64,
    /// Kind and amount of what was paid with.
    pub tenders: Vec<(String, i64)>,
    /// Cash handed back.
    pub change: i64,
}

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The product's code.
    pub product: String,
    /// Its name as sold.
    pub name: String,
    /// Millionths; negative on a credit note.
    pub quantity: i64,
    /// The price of one as sold, in decimal digits.
    pub unit_price: String,
    /// Whether the price was typed.
    pub has_typed_price: bool,
    /// Without tax, before discounts on the sale.
    pub net: i64,
    /// The line's share of discounts on the sale.
    pub discount: i64,
    /// All taxes of the line.
    pub tax: i64,
    /// On a credit note: which line of the document before, from 1; else 0.
    pub preceding_line: u16,
}

/// One tax of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaxOf {
    /// As printed: `VAT S 25 %`.
    pub name: String,
    /// What it is a share of.
    pub taxable: i64,
    /// The tax.
    pub amount: i64,
}
