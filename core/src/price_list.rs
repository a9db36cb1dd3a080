//! The price of a product for this store, this customer, this day and this quantity.
//!
//! A price list holds in some stores, for some groups of customers and from one day to another; a list that begins next
//! month may lie ready. It gives a product one price or several, each from a quantity on; the quantity is all of the
//! product in the basket, on however many lines. Among the lists that hold the highest priority decides, then the lower
//! price. A product in no list has its own price. Example: 2.00, from 10 pieces 1.80: nine cost 18.00, and so do ten.

use std::cmp::Reverse;
use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::id::{MasterCode, Name, ProductCode, StoreCode};
use crate::promotion::{Condition, Occasion};
use crate::quantity::{Quantity, UnitPrice};
use crate::refusal::{Reason, Refusal};
use crate::time::Date;

/// The most price lists of one store.
pub const PRICE_LISTS_MAX: usize = 200;

/// A list of prices and for whom it holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriceList {
    /// Its code.
    pub code: MasterCode,
    /// Its name.
    pub name: Name,
    /// In these stores; in all where none is named.
    pub stores: Vec<StoreCode>,
    /// For customers of these groups; for all where none is named.
    pub customer_groups: Vec<MasterCode>,
    /// From this day on.
    pub from: Option<Date>,
    /// To the end of this day.
    pub to: Option<Date>,
    /// Which list decides where several hold: the higher.
    pub priority: i32,
}

/// A price of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListPrice {
    /// Of which list.
    pub list: MasterCode,
    /// Of which product.
    pub product: ProductCode,
    /// From how much of it on.
    pub from_quantity: Quantity,
    /// The price of one unit.
    pub price: UnitPrice,
}

impl PriceList {
    /// Whether it holds for a sale.
    #[must_use]
    pub fn holds(&self, occasion: &Occasion<'_>) -> bool {
        let condition = Condition {
            stores: self.stores.clone(),
            customer_groups: self.customer_groups.clone(),
            from: self.from,
            to: self.to,
            ..Condition::default()
        };
        condition.holds(occasion)
    }
}

impl ListPrice {
    /// Checks what a price can say about itself.
    ///
    /// # Errors
    /// The price or the quantity is negative.
    pub fn check(&self) -> Result<(), Refusal> {
        if self.price.is_negative() {
            return Err(Refusal::new(Reason::PriceNegative, "price", self.price, "zero or more"));
        }
        if self.from_quantity.is_negative() {
            return Err(Refusal::new(Reason::QuantityNegative, "from_quantity", self.from_quantity, "zero or more"));
        }
        Ok(())
    }
}

/// A price with the list that it is of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedPrice {
    /// Of which list.
    pub list: MasterCode,
    /// The price of one unit.
    pub price: UnitPrice,
}

/// The prices of the lists that hold for one sale.
#[derive(Clone, Debug, Default)]
pub struct PriceLists {
    /// The priority of each list that holds.
    holding: HashMap<MasterCode, i32>,
    prices: HashMap<String, Vec<ListPrice>>,
}

impl PriceLists {
    /// Keeps of all lists those that hold for the sale.
    ///
    /// # Errors
    /// More than `PRICE_LISTS_MAX`.
    pub fn new(lists: &[PriceList], occasion: &Occasion<'_>) -> Result<Self, Refusal> {
        if lists.len() > PRICE_LISTS_MAX {
            return Err(Refusal::new(Reason::TooMany, "price_lists", lists.len(), PRICE_LISTS_MAX));
        }
        let holding = lists.iter().filter(|list| list.holds(occasion)).map(|list| (list.code.clone(), list.priority));
        Ok(Self { holding: holding.collect(), prices: HashMap::new() })
    }

    /// The codes of the lists that hold.
    pub fn holding(&self) -> impl Iterator<Item = &MasterCode> {
        self.holding.keys()
    }

    /// Adds a price, if its list holds.
    pub fn add(&mut self, price: ListPrice) {
        if self.holding.contains_key(&price.list) {
            self.prices.entry(price.product.as_str().to_owned()).or_default().push(price);
        }
    }

    /// The price of a product of which the basket has so much in all.
    #[must_use]
    pub fn price_of(&self, product: &str, quantity: Quantity) -> Option<ListedPrice> {
        let prices = self.prices.get(product)?;
        let reached = || prices.iter().filter(|price| price.from_quantity <= quantity);
        // Of one list, the price of the largest quantity that is reached.
        let is_of_its_list = |price: &&ListPrice| {
            !reached().any(|other| other.list == price.list && other.from_quantity > price.from_quantity)
        };
        let rank = |price: &&ListPrice| {
            let priority = self.holding.get(&price.list).copied().unwrap_or(i32::MIN);
            (priority, Reverse((price.price, price.list.clone())))
        };
        let best = reached().filter(is_of_its_list).max_by_key(rank)?;
        Some(ListedPrice { list: best.list.clone(), price: best.price })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::{Now, Timestamp, ZoneOffset};

    fn list(code: &str, groups: &[&str], days: (&str, &str), priority: i32) -> PriceList {
        let date = |text: &str| (!text.is_empty()).then(|| text.parse().unwrap());
        PriceList {
            code: MasterCode::new(code).unwrap(),
            name: Name::new(code).unwrap(),
            stores: Vec::new(),
            customer_groups: groups.iter().map(|group| MasterCode::new(*group).unwrap()).collect(),
            from: date(days.0),
            to: date(days.1),
            priority,
        }
    }

    fn price(list: &str, from_quantity: &str, price: &str) -> ListPrice {
        ListPrice {
            list: MasterCode::new(list).unwrap(),
            product: ProductCode::new("A").unwrap(),
            from_quantity: from_quantity.parse().unwrap(),
            price: price.parse().unwrap(),
        }
    }

    fn check(groups: &[&str], date: &str, quantity: &str, expected: Option<(&str, &str)>) {
        let lists = [
            list("BASE", &[], ("", ""), 0),
            list("ALSO", &[], ("", ""), 0),
            list("VIP", &["VIP"], ("", ""), 5),
            list("SALE", &[], ("2026-12-01", "2026-12-24"), 9),
        ];
        let prices = [
            price("BASE", "0", "2.00"),
            price("BASE", "10", "1.80"),
            price("ALSO", "5", "1.90"),
            price("VIP", "1", "1.95"),
            price("SALE", "0", "1.50"),
        ];
        let date: Date = date.parse().unwrap();
        let now = Now { at: Timestamp(date.day() * 86_400_000), offset: ZoneOffset(0) };
        let groups: Vec<_> = groups.iter().map(|group| MasterCode::new(*group).unwrap()).collect();
        let occasion = Occasion { store: None, customer_groups: &groups, coupons: &[], now };
        // The order in which prices are known does not matter.
        for is_backwards in [false, true] {
            let mut held = PriceLists::new(&lists, &occasion).unwrap();
            let mut prices = prices.clone();
            if is_backwards {
                prices.reverse();
            }
            prices.into_iter().for_each(|price| held.add(price));
            let found = held.price_of("A", quantity.parse().unwrap());
            let found = found.map(|found| (found.list.to_string(), found.price.to_string()));
            let found = found.as_ref().map(|(list, price)| (list.as_str(), price.as_str()));
            assert_eq!(found, expected, "{groups:?} {date} {quantity}");
        }
    }

    #[test]
    fn quantity_group_and_day_choose_the_price() {
        check(&[], "2026-11-21", "1", Some(("BASE", "2")));
        check(&[], "2026-11-21", "5", Some(("ALSO", "1.9")));
        check(&[], "2026-11-21", "10", Some(("BASE", "1.8")));
        check(&["VIP"], "2026-11-21", "10", Some(("VIP", "1.95")));
        check(&["VIP"], "2026-11-21", "0.5", Some(("BASE", "2")));
        check(&["VIP"], "2026-12-01", "1", Some(("SALE", "1.5")));
        check(&[], "2026-12-24", "1", Some(("SALE", "1.5")));
        check(&[], "2026-12-25", "1", Some(("BASE", "2")));
    }

    #[test]
    fn what_no_list_names_has_no_listed_price() {
        assert_eq!(PriceLists::default().price_of("A", Quantity::ONE), None);
        assert_eq!(price("BASE", "-1", "1").check().unwrap_err().field(), "from_quantity");
        assert_eq!(price("BASE", "1", "-1").check().unwrap_err().code(), "price_negative");
    }
}
