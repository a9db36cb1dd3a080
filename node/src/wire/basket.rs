//! A basket to sell or a refund, as one JSON object, and the answer to it.
//!
//! `{"id","lines":[{"code","quantity","unit_price"}],"discounts":[{"percent"}|{"amount"}],"tenders":[{"kind","amount",
//! "reference","tip","cash_out","currency","rate"}],"document":"receipt"|"invoice","customer","customer_group",
//! "customer_groups","coupons","at"}`, or `{"id","refund_of","lines":[{"line","quantity"}],
//! "tenders","at"}`. Only `id` and, for a sale, `lines` are required; no tenders means the payable amount in cash,
//! and of a refund the tenders of the sale.
//! What cannot be read is refused by path; whether it may be sold is for core to say.

use counterfoil_core::command::{Basket, BasketLine, Command, RefundLine, RefundRequest};
use counterfoil_core::currency::Currency;
use counterfoil_core::discount::Discount;
use counterfoil_core::id::{CommandId, Note};
use counterfoil_core::money::Money;
use counterfoil_core::promotion::Claims;
use counterfoil_core::quantity::{Percent, Quantity, UnitPrice};
use counterfoil_core::refusal::{Reason, Refusal};
use counterfoil_core::series::DocumentKind;
use counterfoil_core::tender::Tender;
use serde::{Deserialize, Serialize};

use crate::clock::Clock;
use crate::wire::goods_back::{exchange, goods_return};
use crate::wire::promotion::codes;
use crate::wire::read::{DecimalText, read};
use crate::wire::tender::TenderWire;

/// A sale as it is submitted.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BasketWire {
    pub(crate) id: String,
    pub(crate) lines: Vec<BasketLineWire>,
    #[serde(default)]
    pub(crate) discounts: Vec<DiscountWire>,
    #[serde(default)]
    pub(crate) tenders: Vec<TenderWire>,
    pub(crate) document: Option<String>,
    pub(crate) customer: Option<String>,
    pub(crate) customer_group: Option<String>,
    #[serde(default)]
    pub(crate) customer_groups: Vec<String>,
    #[serde(default)]
    pub(crate) coupons: Vec<String>,
    pub(crate) at: Option<String>,
}

/// One line of a basket.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BasketLineWire {
    /// A product's code or one of its barcodes.
    pub code: String,
    /// How much.
    pub quantity: DecimalText,
    /// A typed price.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit_price: Option<DecimalText>,
}

/// A discount on the whole sale: one of both.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DiscountWire {
    /// So many percent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub percent: Option<DecimalText>,
    /// So much.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount: Option<DecimalText>,
}

/// A refund as it is submitted.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RefundWire {
    /// The caller's id, used once for ever.
    pub id: String,
    /// The number of the document to correct, or the id of its sale.
    pub refund_of: String,
    /// The lines to take back; none takes back all that is left.
    #[serde(default)]
    pub lines: Vec<RefundLineWire>,
    /// What it is paid back with; none pays back with the tenders of the sale.
    #[serde(default)]
    pub tenders: Vec<TenderWire>,
    /// When, on a till that takes over history.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
}

/// One line of a refund.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RefundLineWire {
    /// Which line of the document, from 1.
    pub line: u16,
    /// How much of it; all that is left without.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quantity: Option<DecimalText>,
}

/// What tells a refund, a return or an exchange from a sale, and whose answer it is, whatever else is wrong.
#[derive(Deserialize)]
struct Outline {
    id: Option<serde_json::Value>,
    refund_of: Option<serde::de::IgnoredAny>,
    return_reason: Option<serde::de::IgnoredAny>,
    exchange_of: Option<serde::de::IgnoredAny>,
}

/// What an object asks for.
enum Asked {
    Sale,
    Refund,
    Return,
    Exchange,
}

impl Outline {
    const fn asked(&self) -> Asked {
        match (&self.refund_of, &self.exchange_of, &self.return_reason) {
            (Some(_), _, _) => Asked::Refund,
            (None, Some(_), _) => Asked::Exchange,
            (None, None, Some(_)) => Asked::Return,
            (None, None, None) => Asked::Sale,
        }
    }
}

/// A submitted object that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    /// Its id, where that much could be read.
    pub id: Option<String>,
    /// What is wrong.
    pub refusal: Refusal,
}

/// Reads a sale, a refund, a return or an exchange into the command that it asks for.
///
/// # Errors
/// The refusal of the first field that cannot be read, with the id if there is one.
pub fn read_command(text: &str, currency: Currency, clock: &Clock) -> Result<Command, Unreadable> {
    let outline = serde_json::from_str::<Outline>(text).ok();
    let asked = outline.as_ref().map_or(Asked::Sale, Outline::asked);
    let command = match asked {
        Asked::Refund => read(text).and_then(|wire| Ok(Command::RefundSale(refund(wire, currency, clock)?))),
        Asked::Return => read(text).and_then(|wire| Ok(Command::ReturnGoods(goods_return(wire, currency)?))),
        Asked::Exchange => read(text).and_then(|wire| Ok(Command::Exchange(exchange(wire, currency, clock)?))),
        Asked::Sale => read(text).and_then(|wire| Ok(Command::CompleteSale(basket(wire, currency, clock)?))),
    };
    command.map_err(|refusal| {
        let id = outline.and_then(|outline| Some(CommandId::new(outline.id?.as_str()?).ok()?.as_str().to_owned()));
        let refusal = if refusal.field().is_empty() { refusal.inside("basket") } else { refusal };
        Unreadable { id, refusal }
    })
}

pub(crate) fn basket(wire: BasketWire, currency: Currency, clock: &Clock) -> Result<Basket, Refusal> {
    let document = match wire.document.as_deref() {
        None | Some("receipt") => DocumentKind::Receipt,
        Some("invoice") => DocumentKind::Invoice,
        Some(other) => return Err(Refusal::new(Reason::Malformed, "document", other, "receipt or invoice")),
    };
    let mut customer_groups = codes("customer_groups", &wire.customer_groups)?;
    customer_groups.extend(codes("customer_group", wire.customer_group.as_slice())?);
    let claims = Claims { customer_groups, coupons: codes("coupons", &wire.coupons)? };
    Ok(Basket {
        id: CommandId::new(wire.id)?,
        lines: each("lines", wire.lines, basket_line)?,
        discounts: each("discounts", wire.discounts, |discount| read_discount(&discount, currency))?,
        tenders: tenders(wire.tenders, currency)?,
        document,
        customer: wire.customer.map(|customer| note("customer", customer)).transpose()?,
        claims,
        at: wire.at.map(|at| clock.read("at", &at)).transpose()?,
    })
}

/// Reads the line of a basket.
///
/// # Errors
/// A quantity or price that cannot be read.
pub fn basket_line(wire: BasketLineWire) -> Result<BasketLine, Refusal> {
    let unit_price = wire.unit_price.map(|price| UnitPrice::read("unit_price", price.as_str()));
    Ok(BasketLine {
        code: wire.code,
        quantity: Quantity::read("quantity", wire.quantity.as_str())?,
        unit_price: unit_price.transpose()?,
    })
}

fn read_discount(wire: &DiscountWire, currency: Currency) -> Result<Discount, Refusal> {
    match (&wire.percent, &wire.amount) {
        (Some(percent), None) => Percent::read("percent", percent.as_str()).map(Discount::Percent),
        (None, Some(amount)) => Money::read("amount", amount.as_str(), currency).map(Discount::Amount),
        (None, None) => Err(Refusal::new(Reason::Missing, "amount", "", "percent or amount")),
        (Some(_), Some(amount)) => Err(Refusal::new(
            Reason::Malformed,
            "amount",
            amount.as_str(),
            "to be given together with percent; give one",
        )),
    }
}

/// Reads the lines to take back.
///
/// # Errors
/// A quantity that cannot be read.
pub(crate) fn refund_lines(field: &str, wires: Vec<RefundLineWire>) -> Result<Vec<RefundLine>, Refusal> {
    each(field, wires, |line| {
        let quantity = line.quantity.map(|quantity| Quantity::read("quantity", quantity.as_str())).transpose()?;
        Ok(RefundLine { line: line.line, quantity })
    })
}

fn refund(wire: RefundWire, currency: Currency, clock: &Clock) -> Result<RefundRequest, Refusal> {
    let lines = refund_lines("lines", wire.lines)?;
    Ok(RefundRequest {
        id: CommandId::new(wire.id)?,
        refund_of: wire.refund_of,
        lines: (!lines.is_empty()).then_some(lines),
        tenders: tenders(wire.tenders, currency)?,
        at: wire.at.map(|at| clock.read("at", &at)).transpose()?,
    })
}

pub(crate) fn tenders(wires: Vec<TenderWire>, currency: Currency) -> Result<Option<Vec<Tender>>, Refusal> {
    let tenders = each("tenders", wires, |wire| wire.read(currency))?;
    Ok((!tenders.is_empty()).then_some(tenders))
}

/// Reads a note, and tells a refusal by the field it stands in.
///
/// # Errors
/// Empty, too long or with control characters.
pub fn note(field: &str, text: String) -> Result<Note, Refusal> {
    Note::new(text).map_err(|refusal| Refusal::new(refusal.reason(), field, refusal.value(), refusal.limit()))
}

/// Reads each item, and tells a refusal by its place in `field`.
pub(crate) fn each<W, T>(
    field: &str,
    wires: Vec<W>,
    read_one: impl Fn(W) -> Result<T, Refusal>,
) -> Result<Vec<T>, Refusal> {
    let numbered = wires.into_iter().enumerate();
    let read = numbered.map(|(index, wire)| read_one(wire).map_err(|why| why.inside(&format!("{field}[{index}]"))));
    read.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_line(text: &str) -> Result<Command, Unreadable> {
        read_command(text, "EUR".parse().unwrap(), &Clock::in_zone("Europe/Madrid").unwrap())
    }

    fn check(fields: &str, code: &str, field: &str) {
        let text = format!(r#"{{"id":"a",{fields}}}"#);
        let unreadable = read_line(&text).unwrap_err();
        assert_eq!(unreadable.id.as_deref(), Some("a"), "{text}");
        assert_eq!((unreadable.refusal.code(), unreadable.refusal.field()), (code, field), "{text}");
    }

    #[test]
    fn a_field_that_cannot_be_read_is_named_by_its_path() {
        let line = r#""lines":[{"code":"A","quantity":"1"}]"#;
        check(r#""lines":[{"code":"A","quantity":"1,5"}]"#, "malformed", "lines[0].quantity");
        check(r#""lines":[{"code":"A","quantity":1e3}]"#, "malformed", "lines[0].quantity");
        check(r#""lines":[{"code":"A","quantity":"0.0000001"}]"#, "too_many_digits", "lines[0].quantity");
        check(r#""lines":[{"code":"A","quantity":"9999999999999999"}]"#, "overflow", "lines[0].quantity");
        check(
            r#""lines":[{"code":"A","quantity":1,"unit_price":"1.123456789"}]"#,
            "too_many_digits",
            "lines[0].unit_price",
        );
        check(&format!(r#"{line},"discounts":[{{}}]"#), "missing", "discounts[0].amount");
        check(&format!(r#"{line},"discounts":[{{"percent":"1","amount":"1"}}]"#), "malformed", "discounts[0].amount");
        check(&format!(r#"{line},"tenders":[{{"kind":"gold","amount":"1"}}]"#), "malformed", "tenders[0].kind");
        check(
            &format!(r#"{line},"tenders":[{{"kind":"cash","amount":"1.005"}}]"#),
            "too_many_digits",
            "tenders[0].amount",
        );
        check(
            &format!(r#"{line},"tenders":[{{"kind":"card","amount":"1","reference":"a\u0000"}}]"#),
            "malformed",
            "tenders[0].reference",
        );
        check(&format!(r#"{line},"document":"quote""#), "malformed", "document");
        check(&format!(r#"{line},"at":"noon""#), "malformed", "at");
        check(&format!(r#"{line},"customer":"""#), "missing", "customer");
        check(r#""refund_of":"R-1","lines":[{"line":-1}]"#, "malformed", "lines[0].line");
        check(r#""refund_of":"R-1","note":"x""#, "malformed", "note");
    }

    #[test]
    fn a_sale_and_a_refund_are_told_apart() {
        let sale = read_line(r#"{"id":"a","lines":[{"code":"A","quantity":2}]}"#).unwrap();
        assert!(matches!(sale, Command::CompleteSale(basket) if basket.tenders.is_none() && basket.lines.len() == 1));
        let refund = read_line(r#"{"id":"b","refund_of":"a"}"#).unwrap();
        assert!(matches!(refund, Command::RefundSale(request) if request.lines.is_none()));
    }

    #[test]
    fn a_line_without_a_usable_id_is_answered_without_one() {
        for text in ["", "{", "[]", "{}", r#"{"id":7,"lines":[]}"#, r#"{"id":"","lines":[]}"#, r#"{"lines":[]}"#] {
            assert_eq!(read_line(text).unwrap_err().id, None, "{text}");
        }
    }
}
