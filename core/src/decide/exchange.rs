//! An exchange: a refund by receipt and a sale, settled against each other in one transaction.
//!
//! Both are documents of their own, with their own numbers; what one gives to the other is the tender `exchange` on both,
//! so that only the difference is paid, or paid back as any refund (see `refund_tender`). Always: the two exchange tenders
//! sum to zero, the credit note pays back exactly what a refund would, and cash is a whole number of coins; what rounding
//! it adds or takes is the rounding of the sale. Example: shoes for 40.00 come back and others for 55.00 are taken: 40.00 is exchanged, and 15.00 is paid.
//!
//! | comes back, paid in cash | is sold | coin | exchange | paid | paid back | rounding of the sale |
//! |---|---|---|---|---|---|---|
//! | 40.00 | 55.00 | - | 40.00 | 15.00 | - | - |
//! | 40.00 | 40.00 | - | 40.00 | - | - | - |
//! | 40.00 | 25.00 | - | 25.00 | - | 15.00 | - |
//! | 15.00 | 15.02 | 0.05 | 15.00 | - | - | -0.02 |
//! | 15.00 | 15.03 | 0.05 | 15.00 | 0.05 | - | 0.02 |
//! | 15.72 | 10.00 | 0.05 | 10.02 | - | 5.70 | 0.02 |
//! | 15.73 | 10.00 | 0.05 | 9.98 | - | 5.75 | -0.02 |
//! | 15.73 | 0.00 | 0.05 | 0.03 | - | 15.70 | 0.03 |

use crate::cash_rounding::CashRounding;
use crate::command::{Basket, ExchangeRequest};
use crate::decide::Context;
use crate::decide::refund::{self, Preceding};
use crate::decide::sale::{self, Sellable};
use crate::event::Event;
use crate::id::CommandId;
use crate::money::Money;
use crate::promotion::Promotions;
use crate::refusal::{Reason, Refusal};
use crate::settlement::{Settlement, settle, settle_exchange};
use crate::tender::{Tender, TenderKind};

/// The id of the sale of an exchange.
///
/// # Errors
/// The id of the exchange leaves no room for it.
pub fn sale_id(id: &CommandId) -> Result<CommandId, Refusal> {
    CommandId::new(format!("{id}/sale"))
}

/// Decides an exchange: the credit note, and the sale that follows it.
///
/// # Errors
/// As of the refund and of the sale by themselves; `tender_not_allowed` where the refund already covers the sale.
pub fn decide(
    context: &Context<'_>,
    request: &ExchangeRequest,
    preceding: Option<&Preceding>,
    products: &[Option<Sellable>],
    promotions: &Promotions,
    coins: Option<CashRounding>,
) -> Result<(Event, Event), Refusal> {
    sale::refuse_exchange_tender(request.sale.tenders.as_deref())?;
    let back = request.as_refund();
    let mut due = refund::due(context, &back, preceding).map_err(ExchangeRequest::refusal_of_back)?;
    let refunded = due.payable(context)?;
    let basket = Basket { id: sale_id(&request.id)?, at: None, ..request.sale.clone() };
    let sold = sale::price_sale(context, &basket, products, promotions)?;
    let gross = sold.amounts.gross;
    // What is left of the refund goes back as any refund does; rounding it to coins is taken up by the exchange.
    let rest = refunded.minus(gross)?.max(Money::ZERO);
    let mut paid_back = due.pay_back(context, rest, |_, non_cash, rest| match coins {
        Some(coins) => coins.apply_at_most(rest, refunded.minus(non_cash)?),
        None => Ok(rest),
    })?;
    let exchanged = refunded.minus(Money::sum(paid_back.iter().map(|tender| tender.amount))?)?;
    paid_back.push(Tender::of(TenderKind::Exchange, exchanged));
    let settlement = settled(context, request, gross, refunded, exchanged, coins)?;
    let credit_note = refund::issue(context, &back, due, &paid_back)?;
    let sale = sale::issue(context, &basket, sold, promotions, settlement)?;
    Ok((Event::CreditNoteIssued(Box::new(credit_note)), Event::SaleCompleted(Box::new(sale))))
}

/// How the sale is paid: by what is exchanged, and where that is not enough by what is named, or cash in whole coins.
fn settled(
    context: &Context<'_>,
    request: &ExchangeRequest,
    gross: Money,
    refunded: Money,
    exchanged: Money,
    coins: Option<CashRounding>,
) -> Result<Settlement, Refusal> {
    let due = gross.minus(refunded)?.max(Money::ZERO);
    let Some(named) = request.sale.tenders.as_deref() else {
        let cash = coins.map_or(Ok(due), |coins| coins.apply(due).map(|rounded| rounded.paid()))?;
        return settle_exchange(gross, exchanged, cash);
    };
    if due.is_zero() {
        let limit = "the refund covers the sale; name no tender";
        return Err(Refusal::new(Reason::TenderNotAllowed, "tenders", named.len(), limit));
    }
    // What nothing was paid for gives nothing in exchange.
    let exchange = exchanged.is_positive().then(|| Tender::of(TenderKind::Exchange, exchanged));
    let tenders: Vec<Tender> = named.iter().cloned().chain(exchange).collect();
    let settlement = settle(gross, &tenders, coins, context.state.profile.currency)?;
    sale::check_tenders(context, &settlement)?;
    Ok(settlement)
}
