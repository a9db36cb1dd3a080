//! Taking goods back that come without a receipt: a document of its own kind, in a series of its own.
//!
//! Nothing proves what was paid, so it pays the price of now, needs a reason, and by default a manager or one's approval.
//! Amounts are negative as on a credit note. Example: milk at 1.25 comes back without a receipt: -1.25 on `N26A`.

use crate::cash_rounding::CashRounding;
use crate::command::ReturnRequest;
use crate::decide::refund::check_named;
use crate::decide::sale::{
    Sellable, check_shape, document_lines, explained, price_basket, priceable_lines, refuse_exchange_tender,
};
use crate::decide::{Context, stored_issue};
use crate::document::{DocumentV1, TotalsV1};
use crate::event::Event;
use crate::id::refuse_card_number;
use crate::money::Money;
use crate::promotion::{Claims, Promotions};
use crate::refusal::Refusal;
use crate::role::Permission;
use crate::series::DocumentKind;
use crate::settlement::settle_in_cash;
use crate::tender::TenderKind;

/// Decides to take goods back that come without a receipt, at the price of now.
///
/// # Errors
/// Not permitted, or as a sale of the same basket; tenders that are not exactly what is paid back.
pub fn decide(
    context: &Context<'_>,
    request: &ReturnRequest,
    products: &[Option<Sellable>],
    promotions: &Promotions,
    coins: Option<CashRounding>,
) -> Result<Event, Refusal> {
    let mut authority = context.require(Permission::ReturnWithoutReceipt)?;
    refuse_card_number("reason", request.reason.as_str())?;
    refuse_exchange_tender(request.tenders.as_deref())?;
    let basket = request.as_basket();
    check_shape(&basket)?;
    let session = context.session()?;
    let currency = context.state.profile.currency;
    let lines = priceable_lines(context, &basket, products, &mut authority)?;
    let (priced, applied) = price_basket(context, &basket, &lines, promotions)?;
    let is_cash = request.tenders.as_ref().is_none_or(|all| all.iter().all(|one| one.kind == TenderKind::Cash));
    let settled = settle_in_cash(priced.gross, coins.filter(|_| is_cash))?;
    let (payable, mut tenders) = (settled.payable(), settled.tenders().to_vec());
    if let Some(named) = &request.tenders {
        check_named(named, payable, currency)?;
        tenders.clone_from(named);
    }
    let (allotted, issued) = context.allot(DocumentKind::Return, None)?;
    let sold = DocumentV1 {
        id: request.id.clone(),
        kind: DocumentKind::Return,
        series: allotted.series,
        number: allotted.number,
        printed: allotted.printed,
        issued: stored_issue(issued, context.now),
        is_imported: false,
        session,
        operator: context.operator.code.clone(),
        approved_by: authority.into_approval(),
        customer: None,
        claims: Claims::default(),
        reason: Some(request.reason.clone()),
        prices_include_tax: context.state.profile.prices_include_tax,
        preceding: None,
        preceding_journal: None,
        lines: document_lines(&basket, &lines, &priced, issued.date(), &explained(&applied, promotions))?,
        discounts: Vec::new(),
        totals: TotalsV1 {
            net: priced.net,
            tax: priced.tax,
            gross: priced.gross,
            rounding: payable.minus(priced.gross)?,
            payable,
        },
        taxes: priced.taxes,
        tenders,
        has_named_tenders: request.tenders.is_some(),
        has_named_lines: true,
        change: Money::ZERO,
        regime: Vec::new(),
    };
    Ok(Event::CreditNoteIssued(Box::new(sold.negated()?)))
}
