//! The same id again: the first field in which a command differs from the one that used its id before.
//!
//! A command that comes again with the same content gets the answer it got; with other content it is refused, and the
//! refusal names the field. Example: `sell s1: 3 bread` after `sell s1: 2 bread` is refused for `lines[0].quantity`.

use crate::command::{Basket, BasketLine, ExchangeRequest, RefundRequest, ReturnRequest};
use crate::document::{DocumentV1, Issued, LineV1, scanned_digest};
use crate::id::DocumentNumber;
use crate::quantity::UnitPrice;
use crate::refusal::{Reason, Refusal};
use crate::series::DocumentKind;
use crate::tender::{Tender, TenderKind};

/// Of a sale.
#[must_use]
pub fn of_sale(basket: &Basket, before: &Issued) -> Option<Refusal> {
    if is_exchanged(&before.document) {
        return reused("id", &before.document);
    }
    sale(basket, before)
}

fn sale(basket: &Basket, before: &Issued) -> Option<Refusal> {
    let issued = &before.document;
    let reused = |field: &str, value: String, before: String| {
        Some(Refusal::new(Reason::IdReused, field, value, format!("{before} on {}", issued.printed)))
    };
    if issued.preceding.is_some() || basket.document != issued.kind {
        return reused("document", basket.document.to_string(), issued.kind.to_string());
    }
    if basket.lines.len() != issued.lines.len() {
        return reused("lines", basket.lines.len().to_string(), format!("{} lines", issued.lines.len()));
    }
    if let Some(refusal) = lines_difference(&basket.lines, issued) {
        return Some(refusal);
    }
    if basket.discounts != issued.discounts {
        let count = |discounts: usize| format!("{discounts} discounts");
        return reused("discounts", count(basket.discounts.len()), count(issued.discounts.len()));
    }
    tenders_difference(basket.tenders.as_deref(), issued)
        .or_else(|| (basket.customer != issued.customer).then(|| "customer".to_owned()))
        .or_else(|| {
            (basket.claims.customer_groups != issued.claims.customer_groups).then(|| "customer_groups".to_owned())
        })
        .or_else(|| (basket.claims.coupons != issued.claims.coupons).then(|| "coupons".to_owned()))
        .or_else(|| (basket.at != before.given_time()).then(|| "at".to_owned()))
        .and_then(|field| reused(&field, "what was sent now".into(), "something else".into()))
}

/// Of the lines of a basket, as many as the document has.
fn lines_difference(lines: &[BasketLine], issued: &DocumentV1) -> Option<Refusal> {
    let reused = |field: String, value: String, before: String| {
        Some(Refusal::new(Reason::IdReused, field, value, format!("{before} on {}", issued.printed)))
    };
    for (index, (line, sold)) in lines.iter().zip(&issued.lines).enumerate() {
        let field = |name: &str| format!("lines[{index}].{name}");
        let typed = sold.has_typed_price.then_some(sold.unit_price);
        if scanned_digest(&line.code) != sold.scanned {
            return reused(field("code"), line.code.clone(), sold.code.to_string());
        }
        let quantity =
            sold.scans.unwrap_or(if sold.quantity.is_negative() { sold.quantity.negated() } else { sold.quantity });
        if line.quantity != quantity {
            return reused(field("quantity"), line.quantity.to_string(), quantity.to_string());
        }
        if line.unit_price != typed {
            let shown = |price: Option<UnitPrice>| price.map_or_else(|| "none".to_owned(), |price| price.to_string());
            return reused(field("unit_price"), shown(line.unit_price), shown(typed));
        }
    }
    None
}

/// Of a refund.
#[must_use]
pub fn of_refund(request: &RefundRequest, before: &Issued, refund_of: Option<&DocumentNumber>) -> Option<Refusal> {
    if is_exchanged(&before.document) {
        return reused("id", &before.document);
    }
    refund(request, before, refund_of)
}

fn refund(request: &RefundRequest, before: &Issued, refund_of: Option<&DocumentNumber>) -> Option<Refusal> {
    let issued = &before.document;
    let reused = |field: &str| reused(field, issued);
    let is_same_original =
        issued.preceding.as_ref().map(DocumentNumber::as_str) == refund_of.map(DocumentNumber::as_str);
    if issued.preceding.is_none() || !is_same_original {
        return reused("refund_of");
    }
    if request.lines.is_some() != issued.has_named_lines {
        return reused("lines");
    }
    for (index, line) in request.lines.iter().flatten().enumerate() {
        let before = issued.lines.get(index);
        if before.is_none_or(|before| before.preceding_line != line.line) {
            return reused(&format!("lines[{index}].line"));
        }
        let is_other = |before: &LineV1| line.quantity.is_some_and(|quantity| quantity != before.quantity.negated());
        if before.is_some_and(is_other) {
            return reused(&format!("lines[{index}].quantity"));
        }
    }
    let named = request.lines.as_ref().map(Vec::len);
    if named.is_some_and(|count| count != issued.lines.len()) {
        return reused("lines");
    }
    match tenders_difference(request.tenders.as_deref(), issued) {
        Some(field) => reused(&field),
        None if request.at != before.given_time() => reused("at"),
        None => None,
    }
}

/// Of a return without a receipt.
#[must_use]
pub fn of_return(request: &ReturnRequest, before: &Issued) -> Option<Refusal> {
    let issued = &before.document;
    if issued.kind != DocumentKind::Return || request.lines.len() != issued.lines.len() {
        return reused("lines", issued);
    }
    lines_difference(&request.lines, issued)
        .or_else(|| (issued.reason.as_ref() != Some(&request.reason)).then(|| reused("reason", issued)).flatten())
        .or_else(|| tenders_difference(request.tenders.as_deref(), issued).and_then(|field| reused(&field, issued)))
}

/// Of an exchange, which made a credit note and a sale.
#[must_use]
pub fn of_exchange(
    request: &ExchangeRequest,
    credit_note: &Issued,
    sold: Option<&Issued>,
    refund_of: Option<&DocumentNumber>,
) -> Option<Refusal> {
    let Some(sold) = sold.filter(|_| is_exchanged(&credit_note.document)) else {
        return reused("id", &credit_note.document);
    };
    let back = refund(&request.as_refund(), credit_note, refund_of);
    back.map(ExchangeRequest::refusal_of_back).or_else(|| sale(&request.sale, sold))
}

/// Whether it is one of the two documents of an exchange, which no other command makes.
fn is_exchanged(issued: &DocumentV1) -> bool {
    issued.tenders.iter().any(|tender| tender.kind == TenderKind::Exchange)
}

fn reused(field: &str, issued: &DocumentV1) -> Option<Refusal> {
    let limit = format!("that of {}", issued.printed);
    Some(Refusal::new(Reason::IdReused, field, "this field", limit))
}

/// The field of the first tender that differs from those of the issued document, whose amounts may be negative.
fn tenders_difference(tenders: Option<&[Tender]>, issued: &DocumentV1) -> Option<String> {
    let Some(tenders) = tenders else { return issued.has_named_tenders.then(|| "tenders".to_owned()) };
    let own: Vec<&Tender> = issued.tenders.iter().filter(|tender| tender.kind != TenderKind::Exchange).collect();
    if !issued.has_named_tenders || tenders.len() != own.len() {
        return Some("tenders".to_owned());
    }
    let differs = |(one, other): (&Tender, &Tender)| {
        one.kind != other.kind
            || one.amount.minor().unsigned_abs() != other.amount.minor().unsigned_abs()
            || one.reference != other.reference
            || (one.tip, one.cash_out, one.foreign.map(|foreign| (foreign.currency, foreign.rate)))
                != (other.tip, other.cash_out, other.foreign.map(|foreign| (foreign.currency, foreign.rate)))
    };
    let index = tenders.iter().zip(own).position(differs)?;
    Some(format!("tenders[{index}]"))
}
