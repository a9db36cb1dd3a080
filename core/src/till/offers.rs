//! The price lists and promotions that hold for a sale, looked up.

use crate::command::Basket;
use crate::db::error::DbError;
use crate::db::master::Shelf;
use crate::decide::sale::{Sellable, quantity_sold};
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
    let sold = products.iter().zip(&basket.lines).map(|(found, line)| {
        let sellable = found.as_ref()?;
        Some((sellable.product.code.clone(), quantity_sold(sellable, line).ok()?))
    });
    let sold: Vec<_> = sold.collect();
    for (sellable, own) in products.iter_mut().zip(&sold) {
        let (Some(sellable), Some((code, _))) = (sellable.as_mut(), own) else { continue };
        if sellable.label.price.is_some() {
            // The label says what it costs, and its weight follows from the price that the scale knew.
            continue;
        }
        let same = sold.iter().flatten().filter(|(other, _)| other == code).map(|(_, quantity)| *quantity);
        let quantity = same.into_iter().try_fold(Quantity::ZERO, Quantity::checked_add);
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
