//! Goods that come back without a receipt, and an exchange, as one JSON object each.
//!
//! `{"id","return_reason","lines":[{"code","quantity","unit_price"}],"tenders"}` takes goods back that no receipt proves;
//! `{"id","exchange_of","back":[{"line","quantity"}],"lines":[...],"discounts","tenders","document","customer"}` takes back
//! lines of a document (all that is left without `back`) and sells others instead; the tenders pay the difference.

use counterfoil_core::command::{ExchangeRequest, ReturnRequest};
use counterfoil_core::currency::Currency;
use counterfoil_core::id::CommandId;
use counterfoil_core::refusal::Refusal;
use serde::{Deserialize, Serialize};

use crate::clock::Clock;
use crate::wire::basket::{
    BasketLineWire, BasketWire, DiscountWire, RefundLineWire, basket, basket_line, each, note, refund_lines, tenders,
};
use crate::wire::tender::TenderWire;

/// Goods that come back without a receipt.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReturnWire {
    /// The caller's id, used once for ever.
    pub id: String,
    /// Why they come back.
    pub return_reason: String,
    /// What comes back.
    pub lines: Vec<BasketLineWire>,
    /// What it is paid back with; none pays back in cash.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tenders: Vec<TenderWire>,
}

/// An exchange.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExchangeWire {
    /// The caller's id, used once for ever; the sale's is `ID/sale`.
    pub id: String,
    /// The number of the document to correct, or the id of its sale.
    pub exchange_of: String,
    /// The lines to take back; none takes back all that is left.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub back: Vec<RefundLineWire>,
    /// What is sold instead.
    pub lines: Vec<BasketLineWire>,
    /// Discounts on what is sold.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub discounts: Vec<DiscountWire>,
    /// What pays the difference; none pays it in cash.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tenders: Vec<TenderWire>,
    /// `receipt` or `invoice`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub document: Option<String>,
    /// The customer's reference.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customer: Option<String>,
    /// The group of customers that the customer belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customer_group: Option<String>,
    /// Further groups.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub customer_groups: Vec<String>,
    /// Coupons that the customer brings.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub coupons: Vec<String>,
}

/// Reads goods that come back without a receipt.
///
/// # Errors
/// The refusal of the first field that cannot be read.
pub fn goods_return(wire: ReturnWire, currency: Currency) -> Result<ReturnRequest, Refusal> {
    Ok(ReturnRequest {
        id: CommandId::new(wire.id)?,
        reason: note("return_reason", wire.return_reason)?,
        lines: each("lines", wire.lines, basket_line)?,
        tenders: tenders(wire.tenders, currency)?,
    })
}

/// Reads an exchange.
///
/// # Errors
/// The refusal of the first field that cannot be read.
pub fn exchange(wire: ExchangeWire, currency: Currency, clock: &Clock) -> Result<ExchangeRequest, Refusal> {
    let back = refund_lines("back", wire.back)?;
    let sale = BasketWire {
        id: wire.id.clone(),
        lines: wire.lines,
        discounts: wire.discounts,
        tenders: wire.tenders,
        document: wire.document,
        customer: wire.customer,
        customer_group: wire.customer_group,
        customer_groups: wire.customer_groups,
        coupons: wire.coupons,
        at: None,
    };
    Ok(ExchangeRequest {
        id: CommandId::new(wire.id)?,
        refund_of: wire.exchange_of,
        back: (!back.is_empty()).then_some(back),
        sale: basket(sale, currency, clock)?,
    })
}
