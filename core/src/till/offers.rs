//! The price lists and promotions that hold for a sale, looked up.

use crate::command::Basket;
use crate::db::error::DbError;
use crate::db::master::Shelf;
use crate::decide::sale::Sellable;
use crate::price_list::{PRICE_LISTS_MAX, PriceLists};
use crate::promotion::{Occasion, PROMOTIONS_MAX, Promotions};
use crate::quantity::Quantity;

use super::TillError;

/// Gives each product the price of the list that holds for the customer, the day and all of the product in the basket.
pub(super) fn apply_price_lists(
    shelf: &Shelf,
    generation: u8,
    basket: &Basket,
    products: &mut [Option<Sellable>],
    occasion: &Occasion<'_>,
) -> Result<(), TillError> {
    let mut lists = shelf.price_lists(generation)?;
    lists.retain(|list| list.holds(occasion));
    if lists.is_empty() {
        return Ok(());
    }
    // A sale is never refused because head office keeps many lists.
    lists.sort_by_key(|list| std::cmp::Reverse(list.priority));
    lists.truncate(PRICE_LISTS_MAX);
    let mut prices = PriceLists::new(&lists, occasion)?;
    let mut known = Vec::new();
    for sellable in products.iter().flatten() {
        let product = &sellable.product.code;
        if known.contains(product) {
            continue;
        }
        for list in &lists {
            shelf.list_prices(generation, &list.code, product)?.into_iter().for_each(|price| prices.add(price));
        }
        known.push(product.clone());
    }
    let codes: Vec<_> = products.iter().map(|found| found.as_ref().map(|one| one.product.code.clone())).collect();
    for (sellable, code) in products.iter_mut().zip(&codes) {
        let (Some(sellable), Some(code)) = (sellable.as_mut(), code) else { continue };
        let same = basket.lines.iter().zip(&codes).filter(|(_, other)| other.as_ref() == Some(code));
        let quantity = same.map(|(line, _)| line.quantity).try_fold(Quantity::ZERO, Quantity::checked_add);
        // What cannot be added up is refused with the line that has it.
        let listed = quantity.and_then(|quantity| prices.price_of(code.as_str(), quantity));
        if let Some(listed) = listed {
            sellable.price = Some(listed.price);
            sellable.price_list = Some(listed.list);
        }
    }
    Ok(())
}

/// The promotions that hold, at most as many as may be active at one time, the highest priority first.
pub(super) fn promotions(shelf: &Shelf, generation: u8, occasion: &Occasion<'_>) -> Result<Promotions, TillError> {
    let mut promotions = shelf.promotions(generation)?;
    promotions.retain(|promotion| promotion.condition.holds(occasion));
    promotions.sort_by_key(|promotion| std::cmp::Reverse(promotion.priority));
    promotions.truncate(PROMOTIONS_MAX);
    let promotions = Promotions::new(promotions);
    Ok(promotions.map_err(|refusal| DbError::Invariant(format!("promotions that were checked: {refusal}")))?)
}
