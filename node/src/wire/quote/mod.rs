//! `till quote`: prices a basket and stores nothing.
//!
//! The rules are core's; here stands the shape of the answer. Without tenders nothing is settled, and payable is the
//! gross. Example: two pieces at 10.00 with 21 % are net 20.00, tax 4.20, gross 24.20.

use counterfoil_core::cash_rounding::CashRounding;
use counterfoil_core::currency::Currency;
use counterfoil_core::money::Money;
use counterfoil_core::quick_cash::suggestions;
use counterfoil_core::refusal::Refusal;
use counterfoil_core::settlement::{Settlement, settle, settle_in_cash};
use counterfoil_core::tax::TaxTotal;
use counterfoil_core::time::Now;
use counterfoil_core::totals::{PricedDocument, price};
use serde::Serialize;

use self::offers::Offers;
pub use self::offers::{QuotedPrice, QuotedPromotion};
use self::request::{LineRequest, QuoteRequest};
use super::read::read;

mod offers;
mod request;

/// A priced basket; every amount has the currency's digits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Quote {
    /// The currency of all amounts.
    pub currency: String,
    /// In the order of the input.
    pub lines: Vec<QuotedLine>,
    /// One per distinct tax.
    pub taxes: Vec<QuotedTax>,
    /// The lines before discounts.
    pub line_sum: String,
    /// Discounts and allowances on the document.
    pub allowances: String,
    /// Charges on the document.
    pub charges: String,
    /// Without tax.
    pub net: String,
    /// The tax.
    pub tax: String,
    /// With tax.
    pub gross: String,
    /// `payable` minus `gross`.
    pub rounding: String,
    /// What is to be paid.
    pub payable: String,
    /// What is handed over.
    pub tendered: String,
    /// What is handed back.
    pub change: String,
    /// The tips in the tenders, where there are any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tips: Option<String>,
    /// What is handed out in notes beside change, where anything is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cash_out: Option<String>,
    /// What is likely to be handed over in cash, where the basket asks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quick_cash: Option<Vec<String>>,
}

/// A priced line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct QuotedLine {
    /// As given, or the line's number from 1.
    pub id: String,
    /// Before discounts on the sale, without tax.
    pub net: String,
    /// Its share of the discounts on the sale.
    pub discount: String,
    /// Its share of the tax.
    pub tax: String,
    /// `net - discount + tax`.
    pub gross: String,
    /// What promotions have taken off, in `net` already.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub promotions: Vec<QuotedPromotion>,
    /// Where the price is from, where the basket brings price lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price: Option<QuotedPrice>,
}

/// A tax on the whole basket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct QuotedTax {
    /// Which tax.
    pub code: String,
    /// Its category of UNCL5305.
    pub category: String,
    /// In percent.
    pub rate: String,
    /// The sum that it is a share of.
    pub taxable: String,
    /// The tax.
    pub tax: String,
}

/// Prices a basket. `now` decides how cash is rounded and which offers hold if the basket has no `at`.
///
/// # Errors
/// The text is not such a basket, or a rule of core refuses it; the field is the path in the input.
pub fn quote(text: &str, now: Now) -> Result<Quote, Refusal> {
    let named = |refusal: Refusal| if refusal.field().is_empty() { refusal.inside("basket") } else { refusal };
    let request: QuoteRequest = read(text).map_err(named)?;
    let currency: Currency = request.currency.parse()?;
    let mut input = request.document(currency)?;
    let moment = request.moment(now)?;
    let rounding = request.rounding(currency, moment.date())?;
    let tenders = request.tenders(currency)?;
    let offers = offers::apply(&request, &mut input, moment).map_err(|refusal| request.in_short_form(refusal))?;
    let priced = price(&input).map_err(|refusal| request.in_short_form(refusal))?;
    let gross = priced.gross;
    let settlement = match tenders.as_slice() {
        [] => None,
        tenders => Some(settle(gross, tenders, rounding, currency)?),
    };
    let payable = settlement.as_ref().map_or(gross, Settlement::payable);
    let of = |figure: fn(&Settlement) -> Money| settlement.as_ref().map_or(Money::ZERO, figure);
    let show = |amount: Money| amount.show(currency);
    let show_some = |amount: Money| (!amount.is_zero()).then(|| show(amount));
    let quick_cash = request.quick_cash.then(|| quick_cash(gross, rounding, currency)).transpose()?;
    Ok(Quote {
        currency: currency.to_string(),
        lines: quoted_lines(&request.lines, &priced, offers, currency),
        taxes: priced.taxes.iter().map(|total| quoted_tax(total, currency)).collect(),
        line_sum: show(priced.line_sum),
        allowances: show(priced.allowances),
        charges: show(priced.charges),
        net: show(priced.net),
        tax: show(priced.tax),
        gross: show(gross),
        rounding: show(payable.minus(gross)?),
        payable: show(payable),
        tendered: show(of(Settlement::tendered)),
        change: show(of(Settlement::change)),
        tips: show_some(of(Settlement::tips)),
        cash_out: show_some(of(Settlement::cash_out)),
        quick_cash,
    })
}

/// What is likely to be handed over where all is paid in cash.
fn quick_cash(gross: Money, rounding: Option<CashRounding>, currency: Currency) -> Result<Vec<String>, Refusal> {
    let payable = settle_in_cash(gross, rounding)?.payable();
    if !payable.is_positive() {
        return Ok(Vec::new());
    }
    Ok(suggestions(payable, currency)?.into_iter().map(|amount| amount.show(currency)).collect())
}

fn quoted_lines(
    requests: &[LineRequest],
    priced: &PricedDocument,
    offers: Offers,
    currency: Currency,
) -> Vec<QuotedLine> {
    let mut promotions = offers.promotions.into_iter();
    let mut prices = offers.prices.into_iter();
    let lines = requests.iter().zip(&priced.lines).zip(1_usize..);
    let quoted = lines.map(|((request, line), number)| QuotedLine {
        id: request.id.clone().unwrap_or_else(|| number.to_string()),
        net: line.net.show(currency),
        discount: line.discount.show(currency),
        tax: line.tax.show(currency),
        gross: line.gross.show(currency),
        promotions: promotions.next().unwrap_or_default(),
        price: prices.next(),
    });
    quoted.collect()
}

fn quoted_tax(total: &TaxTotal, currency: Currency) -> QuotedTax {
    QuotedTax {
        code: total.tax.code.to_string(),
        category: total.tax.category.to_string(),
        rate: total.tax.rate.to_string(),
        taxable: total.taxable.show(currency),
        tax: total.amount.show(currency),
    }
}

#[cfg(test)]
mod tests;
