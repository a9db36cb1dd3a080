//! What is printed: receipt, invoice and credit note, X and Z report, as plain text.
//!
//! A reprint is made from the entry alone and says so; it has the same figures as the first print for ever. The last line
//! is the beginning of the entry's hash: a customer who holds it can prove which journal the sale stands in. Text is
//! `WIDTH` characters wide, as on 80 mm paper in font A.

use crate::addendum::{self, Correction, ZAddendumV1};
use crate::approval::{ApprovalV1, OverShortStanding};
use crate::catalog::Unit;
use crate::currency::Currency;
use crate::document::{Issued, LineV1};
use crate::drawer::{CashMovementKind, DrawerSession, ZReportV1};
use crate::goods_label::TraceV1;
use crate::grant::Profile;
use crate::id::MasterCode;
use crate::money::Money;
use crate::planted::{Bug, is_alive};
use crate::quantity::{Decimal, UnitPrice};
use crate::refusal::Refusal;
use crate::series::DocumentKind;
use crate::tax::TaxTotal;
use crate::tender::Tender;
use crate::time::Now;

/// Characters per line.
pub const WIDTH: usize = 42;

/// Whether a print is the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Print {
    /// The first.
    Original,
    /// A copy of it.
    Reprint,
}

/// The text of a sale's or refund's document.
///
/// # Errors
/// A sum beyond what 64 bits count.
pub fn document_text(profile: &Profile, issued: &Issued, print: Print) -> Result<String, Refusal> {
    let Issued { entry, document } = issued;
    let mut page = Page::new(profile.currency);
    page.center(title(document.kind));
    if print == Print::Reprint {
        page.center("* COPY *");
    }
    page.center(document.printed.as_str());
    page.pair(&document.issued_at(entry.now()).on_paper(), "");
    page.pair(&format!("Store {}  Till {}", profile.store, profile.till), document.operator.as_str());
    page.approval(document.approved_by.as_ref());
    if let Some(preceding) = &document.preceding {
        page.pair("Corrects", preceding.as_str());
    }
    if let Some(reason) = &document.reason {
        page.pair("Reason", reason.as_str());
    }
    if let Some(customer) = &document.customer {
        page.pair("Customer", customer.as_str());
    }
    page.rule();
    for line in &document.lines {
        page.line(line, document.prices_include_tax)?;
    }
    page.rule();
    let discount = Money::sum(document.lines.iter().map(|line| line.discount))?;
    if !discount.is_zero() {
        page.amount("Discount", discount.negated()?);
    }
    if !document.prices_include_tax {
        page.amount("Net", document.totals.net);
        document.taxes.iter().for_each(|tax| page.amount(&tax_name(tax), tax.amount));
    }
    page.amount("TOTAL", document.totals.gross);
    if !document.totals.rounding.is_zero() {
        page.amount("Cash rounding", document.totals.rounding);
        page.amount("TO PAY", document.totals.payable);
    }
    for tender in &document.tenders {
        page.tender(tender);
    }
    if !document.change.is_zero() && !is_alive(Bug::ChangeNotPrinted) {
        page.amount("Change", document.change);
    }
    page.rule();
    page.taxes(&document.taxes);
    page.rule();
    page.center(&entry.hash().short());
    Ok(page.text)
}

/// The code of a document as it is printed beneath it.
#[must_use]
pub fn code_text(code: &str) -> String {
    let mut page = String::from("Code for refunds at any of our tills:\n");
    for line in wrapped(code) {
        page.push_str(&line);
        page.push('\n');
    }
    page
}

/// The text of an X report: the figures of the open session.
///
/// # Errors
/// A sum beyond what 64 bits count.
pub fn x_text(profile: &Profile, session: &DrawerSession, now: Now) -> Result<String, Refusal> {
    let mut page = Page::new(profile.currency);
    page.center("X REPORT");
    page.pair(&now.on_paper(), "");
    page.session(profile, session)?;
    page.amount("Expected in the drawer", session.expected()?);
    Ok(page.text)
}

/// The text of a Z report.
///
/// # Errors
/// A sum beyond what 64 bits count.
pub fn z_text(profile: &Profile, z: &ZReportV1, closed: Now, print: Print) -> Result<String, Refusal> {
    let mut page = Page::new(profile.currency);
    page.center("Z REPORT");
    if print == Print::Reprint {
        page.center("* COPY *");
    }
    page.center(z.printed.as_str());
    page.pair(&z.issued_at(closed).on_paper(), "");
    page.session(profile, &z.session)?;
    page.amount("Expected in the drawer", z.expected);
    page.amount("Counted", z.counted);
    page.amount("Over/short", z.over_short);
    match z.over_short_standing {
        OverShortStanding::Within => {}
        OverShortStanding::Approved => page.pair("  above the limit, approved", ""),
        OverShortStanding::Unapproved => page.pair("  ABOVE THE LIMIT, NOT APPROVED", ""),
    }
    page.approval(z.approved_by.as_ref());
    page.rule();
    page.amount("Perpetual total", z.perpetual_gross);
    Ok(page.text)
}

/// The text of the addenda to a Z report, and the figures as they are known after them.
///
/// # Errors
/// A sum beyond what 64 bits count.
pub fn addenda_text(profile: &Profile, z: &ZReportV1, addenda: &[ZAddendumV1]) -> Result<String, Refusal> {
    let mut page = Page::new(profile.currency);
    for addendum in addenda {
        page.rule();
        page.pair(&format!("ADDENDUM {}/{}", z.printed, addendum.number), "");
        match addendum.correction {
            Correction::Count(counted) => page.amount("Counted", counted),
            Correction::Tender { from, to, amount } => page.amount(&format!("Not {from} but {to}"), amount),
        }
        page.pair(addendum.reason.as_str(), addendum.operator.as_str());
        page.approval(addendum.approved_by.as_ref());
    }
    let amended = addendum::amended(z, addenda)?;
    page.rule();
    page.amount("Expected with addenda", amended.expected);
    page.amount("Counted with addenda", amended.counted);
    page.amount("Over/short with addenda", amended.over_short);
    Ok(page.text)
}

struct Page {
    currency: Currency,
    text: String,
}

impl Page {
    const fn new(currency: Currency) -> Self {
        Self { currency, text: String::new() }
    }

    fn center(&mut self, text: &str) {
        let room = WIDTH.saturating_sub(text.chars().count());
        self.push(&format!("{}{text}", " ".repeat(room.div_euclid(2))));
    }

    /// A rule between two parts; where a part is empty, one rule stands for both.
    fn rule(&mut self) {
        let rule = "-".repeat(WIDTH);
        if self.text.lines().next_back() != Some(rule.as_str()) {
            self.push(&rule);
        }
    }

    /// Left and right on one line; what does not fit goes on lines of its own.
    fn pair(&mut self, left: &str, right: &str) {
        let used = left.chars().count().saturating_add(right.chars().count());
        if used < WIDTH {
            let room = WIDTH.saturating_sub(used);
            self.push(format!("{left}{}{right}", " ".repeat(room)).trim_end());
            return;
        }
        wrapped(left).iter().for_each(|line| self.push(line));
        wrapped(right).iter().for_each(|line| self.push(&format!("{line:>WIDTH$}")));
    }

    fn amount(&mut self, label: &str, amount: Money) {
        self.pair(label, &format!("{} {}", amount.show(self.currency), self.currency));
    }

    fn tender(&mut self, tender: &Tender) {
        self.amount(&capital(tender.kind.as_str()), tender.amount);
        if let Some(foreign) = &tender.foreign {
            let notes = foreign.amount.show(foreign.currency);
            self.pair(&format!("  {notes} {} at {}", foreign.currency, foreign.rate), "");
        }
        if let Some(reference) = &tender.reference {
            self.pair(&format!("  {reference}"), "");
        }
        if !tender.tip.is_zero() {
            self.amount("  of which tip", tender.tip);
        }
        if !tender.cash_out.is_zero() {
            self.amount("  of which paid out in cash", tender.cash_out);
        }
    }

    fn line(&mut self, line: &LineV1, has_tax_in_price: bool) -> Result<(), Refusal> {
        let shown = if has_tax_in_price && !is_alive(Bug::LineShownWithoutTax) {
            line.net.plus(line.tax()?)?
        } else {
            line.net
        };
        self.pair(line.name.as_str(), "");
        let measured = match line.unit {
            Unit::Piece => line.quantity.to_string(),
            Unit::Kilogram | Unit::Litre | Unit::Metre => format!("{} {}", line.quantity, line.unit),
        };
        let each = format!("  {measured} x {}", shown_price(line.unit_price, self.currency));
        let off = Money::sum(line.promotions.iter().map(|promotion| promotion.amount))?;
        self.pair(&each, &shown.plus(off)?.show(self.currency));
        if let Some(list) = &line.price_list {
            self.pair(&format!("  price list {list}"), "");
        }
        for promotion in &line.promotions {
            self.pair(&format!("  {}", promotion.name), &promotion.amount.negated()?.show(self.currency));
        }
        if let Some(trace) = &line.trace {
            self.trace(trace);
        }
        Ok(())
    }

    /// Lot, expiry and serial, and what the shop should look at.
    fn trace(&mut self, trace: &TraceV1) {
        if let Some(lot) = &trace.lot {
            self.pair(&format!("  Lot {lot}"), "");
        }
        if let Some(expiry) = trace.expiry {
            self.pair(&format!("  Good until {expiry}"), if trace.is_expired { "EXPIRED" } else { "" });
        }
        if let Some(serial) = &trace.serial {
            self.pair(&format!("  Serial {serial}"), if trace.is_sold_before { "SOLD BEFORE" } else { "" });
        }
    }

    fn approval(&mut self, approval: Option<&ApprovalV1>) {
        if let Some(approval) = approval {
            self.pair("Approved by", approval.approver.as_str());
        }
    }

    fn taxes(&mut self, taxes: &[TaxTotal]) {
        for tax in taxes {
            let taxable = tax.taxable.show(self.currency);
            self.pair(&format!("{} of {taxable}", tax_name(tax)), &tax.amount.show(self.currency));
        }
    }

    fn session(&mut self, profile: &Profile, session: &DrawerSession) -> Result<(), Refusal> {
        self.pair(&format!("Store {}  Till {}", profile.store, profile.till), &format!("Session {}", session.session));
        self.pair(&format!("Opened {}", session.opened.on_paper()), session.operator.as_str());
        self.rule();
        self.amount(&format!("Sales ({})", session.sales), session.sales_gross);
        self.amount(&format!("Refunds ({})", session.refunds), session.refunds_gross);
        self.amount("TOTAL", session.gross()?);
        self.amount("Net", session.net);
        self.amount("Tax", session.tax);
        self.taxes(&session.taxes);
        self.rule();
        for (kind, amount) in &session.tenders {
            self.amount(&capital(kind.as_str()), *amount);
        }
        self.amount("Cash rounding", session.rounding);
        if !session.tips.is_zero() {
            self.amount("Tips in these", session.tips);
        }
        for (currency, notes) in &session.foreign {
            self.pair("Foreign cash taken", &format!("{} {currency}", notes.show(*currency)));
        }
        self.rule();
        for range in session.issued_by_kind() {
            self.pair(range.series.as_str(), &format!("{} to {}", range.first, range.last));
        }
        self.rule();
        self.tallies(session);
        self.rule();
        self.amount("Float", session.float);
        self.amount("Cash of sales and refunds", session.cash_taken());
        for kind in CashMovementKind::ALL {
            if let Some((_, amount)) = session.movements.iter().find(|(moved, _)| *moved == kind) {
                self.amount(&capital(kind.code()), kind.signed(*amount)?);
            }
        }
        Ok(())
    }

    /// By operator, category and hour, and what was done that sold nothing.
    fn tallies(&mut self, session: &DrawerSession) {
        for (operator, tally) in &session.operators {
            self.amount(&format!("Operator {operator} ({})", tally.count), tally.gross);
        }
        let has_categories = session.categories.iter().any(|(category, _)| category.is_some());
        for (category, tally) in session.categories.iter().filter(|_| has_categories) {
            let category = category.as_ref().map_or("-", MasterCode::as_str);
            self.amount(&format!("Category {category} ({})", tally.count), tally.gross);
        }
        for (hour, tally) in &session.hours {
            self.amount(&format!("Hour {hour:02} ({})", tally.count), tally.gross);
        }
        self.rule();
        for (label, tally) in [("Lines voided", session.voided), ("Baskets abandoned", session.abandoned)] {
            if tally.count > 0 {
                self.amount(&format!("{label} ({})", tally.count), tally.gross);
            }
        }
        for (label, count) in [("Opened without a sale", session.no_sales), ("Printed again", session.reprints)] {
            if count > 0 {
                self.pair(label, &count.to_string());
            }
        }
    }

    fn push(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }
}

/// The lines that a text takes: broken between words, and within a word that is longer than a line.
fn wrapped(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    let mut used = 0_usize;
    for word in text.split(' ') {
        let length = word.chars().count();
        if used > 0 && used.saturating_add(1).saturating_add(length) > WIDTH {
            lines.push(std::mem::take(&mut line));
            used = 0;
        } else if used > 0 {
            line.push(' ');
            used = used.saturating_add(1);
        }
        for letter in word.chars() {
            if used == WIDTH {
                lines.push(std::mem::take(&mut line));
                used = 0;
            }
            line.push(letter);
            used = used.saturating_add(1);
        }
    }
    lines.extend((!line.is_empty()).then_some(line));
    lines
}

/// A unit price with at least the currency's digits: 12.9 is shown as 12.90, and 0.0125 as it is.
#[must_use]
pub fn shown_price(price: UnitPrice, currency: Currency) -> Decimal {
    let mut shown = price.decimal();
    if shown.scale() < currency.digits() {
        shown.rescale(currency.digits());
    }
    shown
}

const fn title(kind: DocumentKind) -> &'static str {
    match kind {
        DocumentKind::Receipt => "RECEIPT",
        DocumentKind::Invoice => "INVOICE",
        DocumentKind::CreditNote => "CREDIT NOTE",
        DocumentKind::ZReport => "Z REPORT",
        DocumentKind::Return => "RETURN",
    }
}

fn tax_name(tax: &TaxTotal) -> String {
    format!("{} {} {} %", tax.tax.code, tax.tax.category, tax.tax.rate)
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_longer_than_a_line_goes_on_the_next() {
        let check = |text: &str, lengths: &[usize]| {
            let lines = wrapped(text);
            let found: Vec<usize> = lines.iter().map(|line| line.chars().count()).collect();
            assert_eq!(found, lengths, "{lines:?}");
            assert_eq!(lines.concat().replace(' ', ""), text.replace(' ', ""), "nothing is lost");
        };
        check("", &[]);
        check("Tea", &[3]);
        check(&"é".repeat(42), &[42]);
        check(&"x".repeat(43), &[42, 1]);
        check(&format!("{} {}", "x".repeat(41), "y"), &[41, 1]);
        check(&format!("{} {}", "x".repeat(40), "y"), &[42]);
        check(&format!("ab {} cd", "x".repeat(50)), &[2, 42, 11]);
    }

    #[test]
    fn two_rules_never_follow_each_other() {
        let mut page = Page::new("EUR".parse().unwrap());
        page.rule();
        page.rule();
        page.pair("a", "b");
        page.rule();
        assert_eq!(page.text.lines().count(), 3);
    }
}
