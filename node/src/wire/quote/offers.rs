//! Price lists and promotions of a basket that is quoted.
//!
//! First the price of each line is found, then what the promotions take off. What they take off is an allowance of the
//! line, so that its net, its tax and a later refund follow.

use counterfoil_core::currency::Currency;
use counterfoil_core::id::{MasterCode, StoreCode};
use counterfoil_core::line::LineInput;
use counterfoil_core::money::Money;
use counterfoil_core::price_list::{ListedPrice, PriceLists};
use counterfoil_core::promotion::{Named, Occasion, Promotions};
use counterfoil_core::quantity::Quantity;
use counterfoil_core::refusal::{Reason, Refusal};
use counterfoil_core::time::Now;
use counterfoil_core::totals::DocumentInput;
use serde::Serialize;

use super::request::{LineRequest, QuoteRequest};
use crate::wire::promotion::codes;
use crate::wire::read::each;

/// What a promotion takes off a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct QuotedPromotion {
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// How much it takes off.
    pub amount: String,
}

/// Where the price of a line is from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct QuotedPrice {
    /// The price of the base quantity.
    pub unit_price: String,
    /// `basket` or `price-list`.
    pub origin: &'static str,
    /// The list that it is of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price_list: Option<String>,
}

/// What was found for each line.
#[derive(Clone, Debug, Default)]
pub(super) struct Offers {
    pub(super) promotions: Vec<Vec<QuotedPromotion>>,
    pub(super) prices: Vec<QuotedPrice>,
}

/// The customer, the coupons and the moment of a basket.
struct Circumstances {
    store: Option<StoreCode>,
    customer_groups: Vec<MasterCode>,
    coupons: Vec<MasterCode>,
    now: Now,
}

impl Circumstances {
    fn of(request: &QuoteRequest, now: Now) -> Result<Self, Refusal> {
        let mut customer_groups = codes("customer_groups", &request.customer_groups)?;
        let group = request.customer_group.as_ref().map(|group| codes("customer_group", std::slice::from_ref(group)));
        customer_groups.extend(group.transpose()?.unwrap_or_default());
        Ok(Self {
            store: request.store.as_deref().map(StoreCode::new).transpose()?,
            customer_groups,
            coupons: codes("coupons", &request.coupons)?,
            now,
        })
    }

    fn occasion(&self) -> Occasion<'_> {
        Occasion {
            store: self.store.as_ref(),
            customer_groups: &self.customer_groups,
            coupons: &self.coupons,
            now: self.now,
        }
    }
}

/// Puts the prices of the lists and what the promotions take off into the document.
pub(super) fn apply(request: &QuoteRequest, input: &mut DocumentInput, now: Now) -> Result<Offers, Refusal> {
    let mut offers = Offers::default();
    if request.price_lists.is_empty() && request.promotions.is_empty() {
        return Ok(offers);
    }
    let circumstances = Circumstances::of(request, now)?;
    if !request.price_lists.is_empty() {
        offers.prices = apply_prices(request, input, &circumstances.occasion())?;
    }
    if !request.promotions.is_empty() {
        offers.promotions = apply_promotions(request, input, &circumstances.occasion())?;
    }
    Ok(offers)
}

fn apply_prices(
    request: &QuoteRequest,
    input: &mut DocumentInput,
    occasion: &Occasion<'_>,
) -> Result<Vec<QuotedPrice>, Refusal> {
    let read = each("price_lists", &request.price_lists, |list| list.read())?;
    let (lists, prices): (Vec<_>, Vec<_>) = read.into_iter().unzip();
    let mut held = PriceLists::new(&lists, occasion)?;
    prices.into_iter().flatten().for_each(|price| held.add(price));
    let codes: Vec<Option<&str>> = request.lines.iter().map(LineRequest::product).collect();
    let mut quoted = Vec::with_capacity(input.lines.len());
    for (index, code) in codes.iter().enumerate() {
        let together = codes.iter().zip(&input.lines).filter(|(other, _)| *other == code);
        let quantity = together.map(|(_, line)| line.quantity).try_fold(Quantity::ZERO, Quantity::checked_add);
        let quantity = quantity.ok_or_else(|| Refusal::new(Reason::Overflow, "quantity", "", "28 digits"))?;
        let Some(line) = input.lines.get_mut(index) else { continue };
        let listed = code.and_then(|code| held.price_of(code, quantity));
        quoted.push(apply_price(line, listed));
    }
    Ok(quoted)
}

fn apply_price(line: &mut LineInput, listed: Option<ListedPrice>) -> QuotedPrice {
    let Some(listed) = listed else {
        return QuotedPrice { unit_price: line.unit_price.to_string(), origin: "basket", price_list: None };
    };
    line.unit_price = listed.price;
    let price_list = Some(listed.list.to_string());
    QuotedPrice { unit_price: listed.price.to_string(), origin: "price-list", price_list }
}

fn apply_promotions(
    request: &QuoteRequest,
    input: &mut DocumentInput,
    occasion: &Occasion<'_>,
) -> Result<Vec<Vec<QuotedPromotion>>, Refusal> {
    let currency = input.currency;
    let promotions = each("promotions", &request.promotions, |promotion| promotion.read(currency))?;
    let promotions = Promotions::new(promotions)?;
    let categories = |(index, line): (usize, &LineRequest)| {
        codes("categories", &line.categories).map_err(|refusal| refusal.inside(&format!("lines[{index}]")))
    };
    let categories = request.lines.iter().enumerate().map(categories).collect::<Result<Vec<_>, _>>()?;
    let named = request.lines.iter().zip(&categories);
    let named: Vec<_> = named.map(|(line, categories)| Some(Named { product: line.product(), categories })).collect();
    let applied = promotions.take_off(&mut input.lines, &named, occasion, currency)?;
    let mut quoted = Vec::with_capacity(applied.len());
    for applied in applied {
        let explained = applied.iter().filter_map(|applied| {
            let offer = promotions.offers().get(applied.offer)?;
            Some(explained(offer.code.to_string(), offer.name.to_string(), applied.amount, currency))
        });
        quoted.push(explained.collect());
    }
    Ok(quoted)
}

fn explained(code: String, name: String, amount: Money, currency: Currency) -> QuotedPromotion {
    QuotedPromotion { code, name, amount: amount.show(currency) }
}
