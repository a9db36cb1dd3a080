//! Refunding by receipt: a credit note that names the document it corrects.
//!
//! Only what is left of a line can be taken back; what was paid for it is paid back exactly (see `credit_note`). Amounts
//! of the credit note are negative. With what it is paid back is told by `refund_tender`. Example: one of two pieces of 1.25 comes back: -1.25, and 1 is left.

use crate::approval::Authority;
use crate::cash_rounding::CashRounding;
use crate::command::{RefundLine, RefundRequest};
use crate::credit_note::{RefundedDocument, RefundedLine, quantity_left, refund_in_cash, refund_line, refund_payable};
use crate::currency::Currency;
use crate::decide::sale::refuse_exchange_tender;
use crate::decide::{Context, check_at, stored_issue};
use crate::document::{DocumentV1, LineV1, TotalsV1};
use crate::event::Event;
use crate::id::{JournalId, refuse_card_number};
use crate::money::Money;
use crate::promotion::Claims;
use crate::quantity::Quantity;
use crate::refund_tender::{Planned, WayBack};
use crate::refusal::{Reason, Refusal};
use crate::role::Permission;
use crate::series::DocumentKind;
use crate::tax::{TaxBase, TaxTotal};
use crate::tender::{Tender, TenderKind};

/// The document to be corrected, and what was refunded of it before.
#[derive(Clone, Debug)]
pub struct Preceding {
    /// The document as issued.
    pub document: DocumentV1,
    /// What was refunded of each of its lines, in their order.
    pub lines: Vec<RefundedLine>,
    /// What was refunded in all.
    pub refunded: RefundedDocument,
    /// Its journal, where it is of another till.
    pub journal: Option<JournalId>,
}

/// Decides a refund.
///
/// # Errors
/// The refusals of a refund, in their order of precedence; nothing is used up.
pub fn decide(
    context: &Context<'_>,
    request: &RefundRequest,
    preceding: Option<&Preceding>,
    coins: Option<&CashRounding>,
) -> Result<Event, Refusal> {
    refuse_exchange_tender(request.tenders.as_deref())?;
    let mut due = due(context, request, preceding)?;
    let payable = due.payable(context)?;
    let in_cash =
        |due: &Due<'_>, non_cash: Money, rest: Money| coins.map_or(Ok(rest), |coins| due.in_cash(non_cash, coins));
    let tenders = match request.tenders.as_deref() {
        None => due.pay_back(context, payable, in_cash)?,
        Some(named) => {
            let non_cash = Money::sum(named.iter().filter(|one| !one.kind.is_cash()).map(|one| one.amount))?;
            let has_cash = named.iter().any(|one| one.kind.is_cash());
            let rest = payable.minus(non_cash)?;
            let cash = if has_cash && !rest.is_negative() { in_cash(&due, non_cash, rest)? } else { rest };
            check_named(named, non_cash.plus(cash)?, context.state.profile.currency)?;
            due.require_way_back(context, named, true)?;
            named.to_vec()
        }
    };
    Ok(Event::CreditNoteIssued(Box::new(issue(context, request, due, &tenders)?)))
}

/// What a refund takes back, of which everything is known but how it is paid back.
pub(super) struct Due<'a> {
    authority: Authority<'a>,
    session: u64,
    preceding: &'a Preceding,
    parts: Vec<(u16, RefundedLine)>,
    gross: Money,
    is_all: bool,
}

impl Due<'_> {
    /// What is paid back of it, to the last minor unit.
    pub(super) fn payable(&self, context: &Context<'_>) -> Result<Money, Refusal> {
        let Preceding { document, refunded, .. } = self.preceding;
        refund_payable(document, refunded, self.gross, self.is_all, context.state.profile.currency)
    }

    fn in_cash(&self, non_cash: Money, coins: &CashRounding) -> Result<Money, Refusal> {
        let Preceding { document, refunded, .. } = self.preceding;
        refund_in_cash(document, refunded, self.gross, self.is_all, non_cash, coins)
    }

    /// The tenders, above zero, that pay back so much where none is named. `in_cash` tells what is paid in coins where so
    /// much is paid back otherwise and so much is left.
    pub(super) fn pay_back(
        &mut self,
        context: &Context<'_>,
        amount: Money,
        in_cash: impl Fn(&Self, Money, Money) -> Result<Money, Refusal>,
    ) -> Result<Vec<Tender>, Refusal> {
        let Planned { mut tenders, sum, rest } = self.way_back()?.plan(amount)?;
        if rest.is_positive() {
            let cash = in_cash(self, sum, rest)?;
            tenders.extend(cash.is_positive().then(|| Tender::of(TenderKind::Cash, cash)));
        }
        self.require_way_back(context, &tenders, false)?;
        Ok(tenders)
    }

    fn way_back(&self) -> Result<WayBack, Refusal> {
        WayBack::of(&self.preceding.document, &self.preceding.refunded.tenders)
    }

    /// Refuses what the sale was not paid with, unless somebody may allow it.
    fn require_way_back(&mut self, context: &Context<'_>, tenders: &[Tender], is_named: bool) -> Result<(), Refusal> {
        let currency = context.state.profile.currency;
        let mut way = self.way_back()?;
        for (index, tender) in tenders.iter().enumerate() {
            let over = way.take(tender)?;
            if over.is_zero() {
                continue;
            }
            let within = tender.amount.minus(over)?;
            self.authority.require(Permission::RefundToOtherTender).map_err(|refusal| {
                if refusal.field() != "operator" {
                    return refusal;
                }
                let field = if is_named { format!("tenders[{index}].amount") } else { "tenders".to_owned() };
                let value = format!("{} {}", tender.kind, tender.amount.show(currency));
                let limit = format!("{}, which is left of what {} paid", within.show(currency), tender.kind);
                Refusal::new(Reason::ApprovalNeeded, field, value, limit)
            })?;
        }
        Ok(())
    }
}

/// What a refund that is allowed takes back.
pub(super) fn due<'a>(
    context: &Context<'a>,
    request: &RefundRequest,
    preceding: Option<&'a Preceding>,
) -> Result<Due<'a>, Refusal> {
    let authority = context.require(Permission::Refund)?;
    check_at(context, request.at)?;
    let session = context.session()?;
    let preceding = preceding.ok_or_else(|| {
        let limit = "give the number on the receipt or the id of the sale; of another till the code on its receipt";
        Refusal::new(Reason::DocumentUnknown, "refund_of", &request.refund_of, limit)
    })?;
    let sold = &preceding.document;
    match sold.kind {
        DocumentKind::Receipt | DocumentKind::Invoice => {}
        DocumentKind::CreditNote | DocumentKind::Return | DocumentKind::ZReport => {
            return Err(Refusal::new(Reason::WrongDocument, "refund_of", &sold.printed, "not of a sale"));
        }
    }
    let wanted = wanted_lines(request, preceding)?;
    let parts = refunded_parts(context, preceding, &wanted)?;
    let gross = Money::sum(parts.iter().map(|(_, part)| part.gross()).collect::<Result<Vec<_>, _>>()?)?;
    let is_all = is_all_refunded(preceding, &parts)?;
    Ok(Due { authority, session, preceding, parts, gross, is_all })
}

/// The credit note of a refund that is paid back, which takes its number.
pub(super) fn issue(
    context: &Context<'_>,
    request: &RefundRequest,
    due: Due<'_>,
    paid_back: &[Tender],
) -> Result<DocumentV1, Refusal> {
    let Due { authority, session, preceding, parts, gross, .. } = due;
    let payable = Money::sum(paid_back.iter().map(|tender| tender.amount))?;
    let sold = &preceding.document;
    let (allotted, issued) = context.allot(DocumentKind::CreditNote, request.at)?;
    let (lines, taxes) = credited(sold, &parts)?;
    let tax = Money::sum(taxes.iter().map(|tax| tax.amount))?;
    let gross = gross.negated()?;
    Ok(DocumentV1 {
        id: request.id.clone(),
        kind: DocumentKind::CreditNote,
        series: allotted.series,
        number: allotted.number,
        printed: allotted.printed,
        issued: stored_issue(issued, context.now),
        is_imported: request.at.is_some(),
        session,
        operator: context.operator.code.clone(),
        approved_by: authority.into_approval(),
        customer: sold.customer.clone(),
        claims: Claims::default(),
        reason: None,
        prices_include_tax: sold.prices_include_tax,
        preceding: Some(sold.printed.clone()),
        preceding_journal: preceding.journal,
        lines,
        discounts: Vec::new(),
        taxes,
        totals: TotalsV1 {
            net: gross.minus(tax)?,
            tax,
            gross,
            rounding: payable.negated()?.minus(gross)?,
            payable: payable.negated()?,
        },
        tenders: paid_back.iter().map(Tender::negated).collect::<Result<_, _>>()?,
        has_named_tenders: request.tenders.is_some(),
        has_named_lines: request.lines.is_some(),
        change: Money::ZERO,
        regime: Vec::new(),
    })
}

/// The lines to take back with their quantities; all that is left where none is named.
fn wanted_lines(request: &RefundRequest, preceding: &Preceding) -> Result<Vec<(u16, Quantity)>, Refusal> {
    let left = |line: u16| {
        let index = usize::from(line).checked_sub(1)?;
        Some(quantity_left(preceding.document.lines.get(index)?, preceding.lines.get(index)?))
    };
    let count = preceding.document.lines.len();
    let Some(named) = &request.lines else {
        let numbers = (1..=count).filter_map(|line| u16::try_from(line).ok());
        let all = numbers.filter_map(|line| Some((line, left(line)?))).filter(|(_, quantity)| !quantity.is_zero());
        let all: Vec<_> = all.collect();
        if all.is_empty() {
            return Err(Refusal::new(Reason::NothingLeft, "refund_of", &preceding.document.printed, "0"));
        }
        return Ok(all);
    };
    if named.is_empty() {
        return Err(Refusal::new(Reason::Missing, "lines", "", "at least one line, or none for all that is left"));
    }
    let mut wanted: Vec<(u16, Quantity)> = Vec::with_capacity(named.len());
    for (index, RefundLine { line, quantity }) in named.iter().enumerate() {
        let field = format!("lines[{index}].line");
        let Some(left) = left(*line) else {
            return Err(Refusal::new(Reason::Malformed, field, line, format!("a line of the document, 1 to {count}")));
        };
        if wanted.iter().any(|(known, _)| known == line) {
            return Err(Refusal::new(Reason::Malformed, field, line, "named once"));
        }
        if left.is_zero() {
            let asked = quantity.map_or_else(|| "all".to_owned(), |quantity| quantity.to_string());
            return Err(Refusal::new(Reason::NothingLeft, format!("lines[{index}].quantity"), asked, left));
        }
        wanted.push((*line, quantity.unwrap_or(left)));
    }
    Ok(wanted)
}

fn refunded_parts(
    context: &Context<'_>,
    preceding: &Preceding,
    wanted: &[(u16, Quantity)],
) -> Result<Vec<(u16, RefundedLine)>, Refusal> {
    let sold = &preceding.document;
    let currency = context.state.profile.currency;
    let part = |(index, (line, quantity)): (usize, &(u16, Quantity))| {
        let at = usize::from(*line).saturating_sub(1);
        let part = refund_line(&sold.lines[at], &preceding.lines[at], *quantity, sold.prices_include_tax, currency);
        Ok((*line, part.map_err(|refusal| refusal.inside(&format!("lines[{index}]")))?))
    };
    wanted.iter().enumerate().map(part).collect()
}

fn is_all_refunded(preceding: &Preceding, parts: &[(u16, RefundedLine)]) -> Result<bool, Refusal> {
    for (index, (sold, before)) in preceding.document.lines.iter().zip(&preceding.lines).enumerate() {
        let part = parts.iter().find(|(line, _)| usize::from(*line).checked_sub(1) == Some(index));
        let after = part.map_or_else(|| Ok(before.clone()), |(_, part)| before.plus(part))?;
        if after.quantity != sold.quantity {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Refuses named tenders that are not exactly what is paid back, or cannot pay anything back.
pub(super) fn check_named(named: &[Tender], payable: Money, currency: Currency) -> Result<(), Refusal> {
    for (index, tender) in named.iter().enumerate() {
        let field = |name: &str| format!("tenders[{index}].{name}");
        if !tender.amount.is_positive() {
            let limit = "what is paid back, above zero";
            return Err(Refusal::new(Reason::NotPositive, field("amount"), tender.amount.show(currency), limit));
        }
        check_way_back(tender, currency).map_err(|refusal| refusal.inside(&format!("tenders[{index}]")))?;
        if let Some(reference) = &tender.reference {
            refuse_card_number(&field("reference"), reference.as_str())?;
        }
    }
    let sum = Money::sum(named.iter().map(|tender| tender.amount))?;
    if sum < payable {
        return Err(Refusal::new(Reason::Unpaid, "tenders", sum.show(currency), payable.show(currency)));
    }
    if sum > payable {
        let limit = format!("exactly {} is paid back", payable.show(currency));
        return Err(Refusal::new(Reason::TenderNotAllowed, "tenders", sum.show(currency), limit));
    }
    Ok(())
}

/// What is paid back is paid in a way that allows it, and holds neither tip nor notes handed out.
fn check_way_back(tender: &Tender, currency: Currency) -> Result<(), Refusal> {
    if !tender.kind.rules().is_refundable {
        let limit = "pay back with another, such as cash";
        return Err(Refusal::new(Reason::TenderNotAllowed, "kind", tender.kind, limit));
    }
    if tender.kind.rules().needs_reference && tender.reference.is_none() {
        return Err(Refusal::new(Reason::Missing, "reference", "", format!("the number of the {}", tender.kind)));
    }
    for (field, extra) in [("tip", tender.tip), ("cash_out", tender.cash_out)] {
        if !extra.is_zero() {
            let limit = "a refund pays back goods only";
            return Err(Refusal::new(Reason::TenderNotAllowed, field, extra.show(currency), limit));
        }
    }
    Ok(())
}

/// The lines of the credit note and its tax table, all negative.
fn credited(sold: &DocumentV1, parts: &[(u16, RefundedLine)]) -> Result<(Vec<LineV1>, Vec<TaxTotal>), Refusal> {
    let mut lines = Vec::with_capacity(parts.len());
    let none = |tax: &TaxTotal| TaxTotal { tax: tax.tax, taxable: Money::ZERO, amount: Money::ZERO };
    let mut taxes: Vec<TaxTotal> = sold.taxes.iter().map(none).collect();
    for (number, part) in parts {
        let line = &sold.lines[usize::from(*number).saturating_sub(1)];
        let mut base = part.net.minus(part.discount)?;
        let mut line_taxes = Vec::with_capacity(part.taxes.len());
        for ((index, _), amount) in line.taxes.iter().zip(&part.taxes) {
            let total = taxes.get_mut(usize::from(*index)).ok_or_else(|| damaged(line))?;
            let taxable = match total.tax.base {
                TaxBase::Net => part.net.minus(part.discount)?,
                TaxBase::NetPlusEarlier => base,
            };
            total.taxable = total.taxable.minus(taxable)?;
            total.amount = total.amount.minus(*amount)?;
            base = base.plus(*amount)?;
            line_taxes.push((*index, amount.negated()?));
        }
        lines.push(LineV1 {
            quantity: part.quantity.negated(),
            net: part.net.negated()?,
            discount: part.discount.negated()?,
            taxes: line_taxes,
            preceding_line: *number,
            scans: None,
            promotions: Vec::new(),
            ..line.clone()
        });
    }
    let is_used = |index: usize| {
        let uses = |line: &LineV1| line.taxes.iter().any(|(used, _)| usize::from(*used) == index);
        lines.iter().any(uses)
    };
    let kept: Vec<usize> = (0..taxes.len()).filter(|index| is_used(*index)).collect();
    for line in &mut lines {
        for (index, _) in &mut line.taxes {
            let place = kept.iter().position(|kept| *kept == usize::from(*index)).unwrap_or(0);
            *index = u8::try_from(place).unwrap_or(u8::MAX);
        }
    }
    let taxes = kept.into_iter().filter_map(|index| taxes.get(index).cloned()).collect();
    Ok((lines, taxes))
}

fn damaged(line: &LineV1) -> Refusal {
    Refusal::new(Reason::WrongDocument, "lines", &line.code, "without its tax in the tax table")
}
