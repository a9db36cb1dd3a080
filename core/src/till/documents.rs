//! Documents: what is looked up before one is decided, and the answer to the same command again.

use crate::cash_rounding::CashRounding;
use crate::command::{Basket, BasketLine, Command, ExchangeRequest, RefundRequest, ReturnRequest};
use crate::db::error::DbError;
use crate::db::look_up::{self, Tables};
use crate::db::master::{self, Shelf};
use crate::decide::refund::Preceding;
use crate::decide::sale::Sellable;
use crate::decide::{self, Context, exchange, repeat};
use crate::document::Issued;
use crate::event::Event;
use crate::id::DocumentNumber;
use crate::planted::{Bug, is_alive};
use crate::promotion::Promotions;
use crate::receipt_code::{ReceiptCodeV1, is_code};
use crate::refusal::{Reason, Refusal};
use crate::time::Now;
use crate::totals::LINES_MAX;

use super::issued::{find_document, issued_at};
use super::offers;
use super::outcome::Outcome;
use super::receipt_code::VerifiedReceipt;
use super::{Till, TillError};

/// What each line of a basket sells, the promotions that hold, and how cash is rounded.
type Offered = (Vec<Option<Sellable>>, Promotions, Option<CashRounding>);

impl Till {
    pub(super) fn decide_sale(
        &self,
        tables: &impl Tables,
        context: &Context<'_>,
        basket: &Basket,
        generation: u8,
    ) -> Result<Event, TillError> {
        let (products, promotions, coins) = self.offered(tables, context, basket, generation)?;
        Ok(decide::sale::decide(context, basket, &products, &promotions, coins)?)
    }

    pub(super) fn decide_refund(
        &self,
        tables: &impl Tables,
        context: &Context<'_>,
        request: &RefundRequest,
    ) -> Result<Event, TillError> {
        let preceding = self.preceding(tables, &request.refund_of)?;
        let coins = self.coins(request.at.unwrap_or(context.now));
        Ok(decide::refund::decide(context, request, preceding.as_ref(), coins.as_ref())?)
    }

    pub(super) fn decide_return(
        &self,
        tables: &impl Tables,
        context: &Context<'_>,
        request: &ReturnRequest,
        generation: u8,
    ) -> Result<Event, TillError> {
        let (products, promotions, coins) = self.offered(tables, context, &request.as_basket(), generation)?;
        Ok(decide::goods_return::decide(context, request, &products, &promotions, coins)?)
    }

    pub(super) fn decide_exchange(
        &self,
        tables: &impl Tables,
        context: &Context<'_>,
        request: &ExchangeRequest,
        generation: u8,
    ) -> Result<(Event, Event), TillError> {
        let sale_id = exchange::sale_id(&request.id)?;
        if look_up::command(tables, &sale_id)?.is_some() {
            let limit = format!("{sale_id}, which would be the id of the exchange's sale");
            return Err(Refusal::new(Reason::IdReused, "id", &request.id, limit).into());
        }
        let preceding = self.preceding(tables, &request.refund_of)?;
        let (products, promotions, coins) = self.offered(tables, context, &request.sale, generation)?;
        Ok(exchange::decide(context, request, preceding.as_ref(), &products, &promotions, coins)?)
    }

    /// The document to be corrected: of this till by number, id or code, or of another till by the code on its receipt.
    fn preceding(&self, tables: &impl Tables, named: &str) -> Result<Option<Preceding>, TillError> {
        if let Some(at) = find_document(tables, named)? {
            let document = issued_at(tables, at)?.document;
            let (lines, refunded) = look_up::refunded(tables, at, &document)?;
            return Ok(Some(Preceding { document, lines, refunded, journal: None }));
        }
        if !is_code(named) {
            return Ok(None);
        }
        let verified = self.verify_receipt_code_with(tables, named)?;
        if verified.is_own {
            return self.preceding(tables, verified.document.printed.as_str());
        }
        let VerifiedReceipt { document, lines, refunded, journal, .. } = verified;
        Ok(Some(Preceding { document, lines, refunded, journal: Some(journal) }))
    }

    /// What the goods of a basket cost and how cash is rounded, here and at its time.
    fn offered(
        &self,
        tables: &impl Tables,
        context: &Context<'_>,
        basket: &Basket,
        generation: u8,
    ) -> Result<Offered, TillError> {
        let shelf = Shelf::of(&self.store.read()?)?;
        let mut products = self.sellables(&shelf, &basket.lines, generation)?;
        for sellable in products.iter_mut().flatten() {
            if let Some(serial) = &sellable.label.serial {
                sellable.label.is_sold_before = look_up::is_serial_sold(tables, &sellable.product.code, serial)?;
            }
        }
        let at = basket.at.unwrap_or(context.now);
        let occasion = basket.claims.occasion(&self.state.profile.store, at);
        offers::apply_price_lists(&shelf, generation, basket, &mut products, &occasion)?;
        let promotions = offers::promotions(&shelf, generation, &occasion)?;
        Ok((products, promotions, self.coins(at)))
    }

    /// What the codes of lines stand for.
    pub(super) fn sellables(
        &self,
        shelf: &Shelf,
        lines: &[BasketLine],
        generation: u8,
    ) -> Result<Vec<Option<Sellable>>, DbError> {
        let lines = lines.iter().take(LINES_MAX);
        lines.map(|line| master::sellable(shelf, generation, &line.code, &|| self.masks())).collect()
    }

    fn coins(&self, at: Now) -> Option<CashRounding> {
        let profile = &self.state.profile;
        CashRounding::of_country(&profile.country, profile.currency, at.date())
    }

    /// The answer that the same command got before, whatever has changed since.
    pub(super) fn earlier_answer(&self, command: &Command) -> Result<Option<Outcome>, TillError> {
        let Some(id) = command.id() else { return Ok(None) };
        let tx = self.view()?;
        let known = look_up::command(&tx, id)?.filter(|_| !is_alive(Bug::IdForgotten));
        let Some(at) = known else { return Ok(None) };
        let issued = issued_at(&tx, at)?;
        let difference = match command {
            Command::CompleteSale(basket) => repeat::of_sale(basket, &issued),
            Command::RefundSale(request) => {
                let original = printed_number(&tx, &request.refund_of)?;
                repeat::of_refund(request, &issued, original.as_ref())
            }
            Command::ReturnGoods(request) => repeat::of_return(request, &issued),
            Command::Exchange(request) => return earlier_exchange(&tx, request, issued),
            Command::ChangeMasterData(_)
            | Command::SetOperator(..)
            | Command::SetRole(_)
            | Command::OpenDrawer(_)
            | Command::MoveCash(_)
            | Command::CloseDrawer(_)
            | Command::RecordActivity(_)
            | Command::AddSeries(_)
            | Command::AmendZ(_) => None,
        };
        match difference {
            Some(refusal) => Err(refusal.into()),
            None => Ok(Some(Outcome::Issued(Box::new(issued)))),
        }
    }
}

fn printed_number(tables: &impl Tables, number_or_id: &str) -> Result<Option<DocumentNumber>, TillError> {
    if let Some(at) = find_document(tables, number_or_id)? {
        return Ok(Some(issued_at(tables, at)?.document.printed));
    }
    Ok(ReceiptCodeV1::read(number_or_id).ok().map(|(code, ..)| code.printed))
}

fn earlier_exchange(
    tables: &impl Tables,
    request: &ExchangeRequest,
    credit_note: Issued,
) -> Result<Option<Outcome>, TillError> {
    let sale = match look_up::command(tables, &exchange::sale_id(&request.id)?)? {
        Some(at) => Some(issued_at(tables, at)?),
        None => None,
    };
    let original = printed_number(tables, &request.refund_of)?;
    if let Some(refusal) = repeat::of_exchange(request, &credit_note, sale.as_ref(), original.as_ref()) {
        return Err(refusal.into());
    }
    Ok(sale.map(|sale| Outcome::Exchanged(Box::new((credit_note, sale)))))
}
