//! Invoice lines of another system become baskets for `till sell`: one JSON line for each invoice.
//!
//! `till import sales FILE --out FILE|-`. Columns (others by `--map FIELD=COLUMN`): `InvoiceNo StockCode Quantity
//! InvoiceDate UnitPrice CustomerID`, as in the Online Retail data. An invoice is a sale with its number as id and typed
//! prices. One whose number begins with `C` takes lines back: each line finds the newest earlier sale of that code to
//! that customer at that price with enough left, and becomes a refund of it; lines from several sales become several
//! refunds, `C1`, `C1-2` and so on. Always: every line read is sold, refunded or reported with its row and the reason.
//!
//! Not converted: what is no goods (postage, fees, manual corrections), a quantity below zero outside a cancellation and
//! a price of zero without a customer (both correct the stock), a negative price, a cancellation without an original,
//! an invoice of more than 1,000 lines. Example: December 2010 is 42,481 lines: 41,320 sold in 1,550 baskets, 288
//! refunded, 873 reported.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::str::FromStr;

use counterfoil_core::import_files::csv_rows::CsvRows;
use counterfoil_core::quantity::{Quantity, UnitPrice};
use counterfoil_core::refusal::{Reason, Refusal};
use counterfoil_core::totals::LINES_MAX;

use super::open;
use super::progress::Progress;
use super::sales_time::LocalTime;
use crate::failure::Failure;
use crate::wire::sales_file::{RefundLineOut, RefundOut, SaleLineOut, SaleOut, SalesReport, UnconvertedLine};

/// Codes of the Online Retail data that are no goods: postage, discounts, fees, samples, manual corrections.
pub const NOT_GOODS: [&str; 11] = ["POST", "DOT", "C2", "M", "m", "D", "S", "B", "CRUK", "AMAZONFEE", "BANK CHARGES"];

/// What a column of invoice lines holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SaleField {
    /// The number of the invoice.
    Invoice,
    /// The product's code.
    Code,
    /// How much.
    Quantity,
    /// When, in local time of the shop.
    At,
    /// The price of one unit.
    UnitPrice,
    /// The customer.
    Customer,
}

impl SaleField {
    const ALL: [Self; 6] = [Self::Invoice, Self::Code, Self::Quantity, Self::At, Self::UnitPrice, Self::Customer];

    /// The name used in options and reports, and the column taken where none is mapped.
    const fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Invoice => ("invoice", "InvoiceNo"),
            Self::Code => ("code", "StockCode"),
            Self::Quantity => ("quantity", "Quantity"),
            Self::At => ("at", "InvoiceDate"),
            Self::UnitPrice => ("unit_price", "UnitPrice"),
            Self::Customer => ("customer", "CustomerID"),
        }
    }
}

impl FromStr for SaleField {
    type Err = Refusal;

    fn from_str(text: &str) -> Result<Self, Refusal> {
        let found = Self::ALL.into_iter().find(|field| field.names().0 == text);
        let limit = "invoice, code, quantity, at, unit_price or customer";
        found.ok_or_else(|| Refusal::new(Reason::Malformed, "map.field", text, limit))
    }
}

/// What the caller of a conversion asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SalesOptions {
    /// Columns by field.
    pub maps: Vec<(SaleField, String)>,
    /// Says when each sale was, read in this zone: for a till that takes over history.
    pub zone: Option<String>,
    /// Codes that are no goods; `None` means [`NOT_GOODS`].
    pub not_goods: Option<Vec<String>>,
}

/// Converts a CSV file of invoice lines and hands each basket or refund to `write`, as one JSON object without line end.
///
/// # Errors
/// The file cannot be read, a column is not there, the zone is unknown, or `write` fails.
pub fn convert_sales(
    path: &Path,
    options: &SalesOptions,
    write: &mut dyn FnMut(&str) -> Result<(), Failure>,
) -> Result<SalesReport, Failure> {
    let source = open(path)?;
    let mut rows = CsvRows::new(source.bytes())?;
    let time = options.zone.as_deref().map(LocalTime::in_zone).transpose()?;
    let mut report = SalesReport::default();
    let invoices = read_invoices(&mut rows, options, &mut report)?;
    let mut ledger = Ledger { time, sold: HashMap::new(), report };
    for invoice in invoices {
        if invoice.number.starts_with('C') {
            ledger.refund(invoice, write)?;
        } else {
            ledger.sell(invoice, write)?;
        }
    }
    ledger.report.unconverted.sort_by_key(|line| line.row);
    Ok(ledger.report)
}

struct Invoice {
    number: String,
    at: String,
    customer: String,
    lines: Vec<InvoiceLine>,
}

struct InvoiceLine {
    row: u64,
    code: String,
    quantity: Quantity,
    unit_price: UnitPrice,
}

/// A line that was sold, and how much of it was not taken back yet.
struct SoldLine {
    invoice: String,
    line: u16,
    unit_price: UnitPrice,
    left: Quantity,
}

/// Groups the lines by invoice, in the order in which invoices begin, and reports what is no line of goods.
fn read_invoices(
    rows: &mut CsvRows<'_>,
    options: &SalesOptions,
    report: &mut SalesReport,
) -> Result<Vec<Invoice>, Refusal> {
    let columns = bind(options, rows.columns())?;
    let is_goods = |code: &str| match &options.not_goods {
        Some(codes) => codes.iter().all(|other| other != code),
        None => !NOT_GOODS.contains(&code),
    };
    let mut invoices: Vec<Invoice> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    let progress = Progress::start("invoice lines");
    while let Some(row) = rows.next() {
        report.read = report.read.saturating_add(1);
        progress.show(rows.reached());
        let cells =
            row.cells.map(|cells| columns.map(|column| cells.get(column).unwrap_or_default().trim().to_owned()));
        let read = cells.and_then(|cells| {
            let line = read_line(row.line, &cells)?;
            if is_goods(&line.code) { Ok((cells, line)) } else { Err(refused(SaleField::Code, &line.code, "goods")) }
        });
        match read {
            Ok(([number, _, _, at, _, customer], line)) => {
                let place = *places.entry(number.clone()).or_insert(invoices.len());
                if place == invoices.len() {
                    invoices.push(Invoice { number, at, customer, lines: Vec::new() });
                }
                if let Some(invoice) = invoices.get_mut(place) {
                    invoice.lines.push(line);
                }
            }
            Err(refusal) => report.unconverted.push(UnconvertedLine::new(row.line, &refusal)),
        }
    }
    Ok(invoices)
}

fn bind(options: &SalesOptions, columns: &[String]) -> Result<[usize; 6], Refusal> {
    let mut bound = [0; 6];
    for (place, field) in bound.iter_mut().zip(SaleField::ALL) {
        let mapped = options.maps.iter().find(|(known, _)| *known == field);
        let name = mapped.map_or(field.names().1, |(_, name)| name.as_str());
        let found = columns.iter().position(|column| column == name);
        let value = format!("{}={name}", field.names().0);
        let limit = || format!("one of the columns {}", columns.join(", "));
        *place = found.ok_or_else(|| Refusal::new(Reason::Malformed, "map", value, limit()))?;
    }
    Ok(bound)
}

fn read_line(row: u64, [number, code, quantity, _, unit_price, _]: &[String; 6]) -> Result<InvoiceLine, Refusal> {
    for (field, text) in [(SaleField::Invoice, number), (SaleField::Code, code)] {
        if text.is_empty() {
            return Err(Refusal::new(Reason::Missing, field.names().0, "", "a value in every row"));
        }
    }
    let (quantity, unit_price) = (Quantity::read("quantity", quantity)?, UnitPrice::read("unit_price", unit_price)?);
    if quantity.is_zero() {
        return Err(Refusal::new(Reason::QuantityZero, "quantity", quantity, "other than zero"));
    }
    if unit_price.is_negative() {
        return Err(Refusal::new(Reason::PriceNegative, "unit_price", unit_price, "zero or more"));
    }
    Ok(InvoiceLine { row, code: code.clone(), quantity, unit_price })
}

fn refused(field: SaleField, value: &str, limit: &str) -> Refusal {
    Refusal::new(Reason::Malformed, field.names().0, value, limit)
}

/// What was sold so far, to find the original of what comes back.
struct Ledger {
    time: Option<LocalTime>,
    sold: HashMap<(String, String), Vec<SoldLine>>,
    report: SalesReport,
}

impl Ledger {
    fn sell(&mut self, invoice: Invoice, write: &mut dyn FnMut(&str) -> Result<(), Failure>) -> Result<(), Failure> {
        let has_customer = !invoice.customer.is_empty();
        let mut lines = Vec::with_capacity(invoice.lines.len());
        for line in invoice.lines {
            if line.quantity.is_negative() {
                let limit = "sold or cancelled: it writes stock off";
                self.skip(line.row, &refused(SaleField::Quantity, &line.quantity.to_string(), limit));
            } else if line.unit_price.is_zero() && !has_customer {
                let limit = "a price at which somebody bought: it corrects the stock";
                self.skip(line.row, &refused(SaleField::UnitPrice, "0", limit));
            } else {
                lines.push(line);
            }
        }
        let too_many = lines.len() > LINES_MAX;
        let at = if too_many { None } else { self.at(&invoice.at, &mut lines) };
        if too_many {
            let refusal = Refusal::new(Reason::TooMany, "lines", lines.len(), format!("{LINES_MAX} lines in a basket"));
            lines.drain(..).for_each(|line| self.skip(line.row, &refusal));
        }
        if lines.is_empty() {
            return Ok(());
        }
        self.report.sold = self.report.sold.saturating_add(lines.len() as u64);
        self.report.baskets = self.report.baskets.saturating_add(1);
        for (number, line) in (1_u16..).zip(&lines) {
            let key = (invoice.customer.clone(), line.code.clone());
            let (unit_price, left) = (line.unit_price, line.quantity);
            let sold = SoldLine { invoice: invoice.number.clone(), line: number, unit_price, left };
            self.sold.entry(key).or_default().push(sold);
        }
        let lines = lines.into_iter().map(|line| SaleLineOut {
            code: line.code,
            quantity: line.quantity.to_string(),
            unit_price: line.unit_price.to_string(),
        });
        let customer = has_customer.then_some(invoice.customer);
        write(&SaleOut { id: invoice.number, lines: lines.collect(), customer, at }.json())
    }

    fn refund(&mut self, invoice: Invoice, write: &mut dyn FnMut(&str) -> Result<(), Failure>) -> Result<(), Failure> {
        let mut lines = invoice.lines;
        let at = self.at(&invoice.at, &mut lines);
        let mut taken: Vec<(String, BTreeMap<u16, Quantity>)> = Vec::new();
        for line in lines {
            match self.take_back(&invoice.customer, &line) {
                Ok(parts) => {
                    self.report.refunded = self.report.refunded.saturating_add(1);
                    parts.into_iter().for_each(|part| add_part(&mut taken, part));
                }
                Err(refusal) => self.skip(line.row, &refusal),
            }
        }
        for (count, (refund_of, lines)) in (1_u32..).zip(taken) {
            let id = if count == 1 { invoice.number.clone() } else { format!("{}-{count}", invoice.number) };
            let lines =
                lines.into_iter().map(|(line, quantity)| RefundLineOut { line, quantity: quantity.to_string() });
            self.report.refunds = self.report.refunds.saturating_add(1);
            write(&RefundOut { id, refund_of, lines: lines.collect(), at: at.clone() }.json())?;
        }
        Ok(())
    }

    /// Finds what a cancelled line takes back, newest sale first: all of it, or nothing.
    fn take_back(&mut self, customer: &str, line: &InvoiceLine) -> Result<Vec<(String, u16, Quantity)>, Refusal> {
        if !line.quantity.is_negative() {
            return Err(refused(
                SaleField::Quantity,
                &line.quantity.to_string(),
                "below zero, as a cancellation has it",
            ));
        }
        if customer.is_empty() {
            return Err(Refusal::new(Reason::Missing, "customer", "", "the customer of an earlier sale"));
        }
        let unknown = |limit: String| Refusal::new(Reason::DocumentUnknown, "code", &line.code, limit);
        let wanted = line.quantity.negated();
        let key = (customer.to_owned(), line.code.clone());
        let sold = self.sold.get_mut(&key).map(Vec::as_mut_slice).unwrap_or_default();
        let is_original = |sold: &SoldLine| sold.unit_price == line.unit_price && !sold.left.is_zero();
        let mut open = wanted;
        let mut parts = Vec::new();
        for original in sold.iter_mut().rev().filter(|sold| is_original(sold)) {
            if open.is_zero() {
                break;
            }
            let part = open.min(original.left);
            open = open.checked_sub(part).unwrap_or(open);
            parts.push((original, part));
        }
        if parts.is_empty() {
            return Err(unknown(format!("customer {customer} has bought none at {} before", line.unit_price)));
        }
        if !open.is_zero() {
            return Err(unknown(format!("customer {customer} has {open} less than {wanted} left to take back")));
        }
        Ok(parts
            .into_iter()
            .map(|(original, part)| {
                original.left = original.left.checked_sub(part).unwrap_or(Quantity::ZERO);
                (original.invoice.clone(), original.line, part)
            })
            .collect())
    }

    /// When the invoice was made, if that is asked for; without a readable time its lines are reported.
    fn at(&mut self, text: &str, lines: &mut Vec<InvoiceLine>) -> Option<String> {
        match self.time.as_ref()?.read(text) {
            Ok(at) => Some(at),
            Err(refusal) => {
                lines.drain(..).for_each(|line| self.skip(line.row, &refusal));
                None
            }
        }
    }

    fn skip(&mut self, row: u64, refusal: &Refusal) {
        self.report.unconverted.push(UnconvertedLine::new(row, refusal));
    }
}

fn add_part(taken: &mut Vec<(String, BTreeMap<u16, Quantity>)>, (invoice, line, quantity): (String, u16, Quantity)) {
    let place = taken.iter().position(|(known, _)| *known == invoice).unwrap_or(taken.len());
    if place == taken.len() {
        taken.push((invoice, BTreeMap::new()));
    }
    if let Some((_, lines)) = taken.get_mut(place) {
        let before = lines.entry(line).or_insert(Quantity::ZERO);
        *before = before.checked_add(quantity).unwrap_or(*before);
    }
}

#[cfg(test)]
mod tests;
