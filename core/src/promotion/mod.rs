//! Promotions: what a basket costs less, and which offer took it off.
//!
//! An offer is a benefit on some goods under conditions. Each is worked out on the basket's own prices, never on what
//! another has left, so offers do not compound. An exclusive offer takes its pieces for itself; combinable ones add up on
//! pieces that no exclusive one takes. Among all ways to lay the offers over the basket the cheapest for the customer
//! wins, the higher priority among equals. Always: the parts of the lines sum to what was taken off, no line goes below
//! zero, the order of lines changes no total, and one more offer never makes a basket dearer. What an offer of several
//! pieces takes off is spread over all of them by their value, so each piece costs, and is worth in a refund, its share.
//! Example: three soaps at 3.00, "buy 2, get 1": 3.00 off, and each soap has cost 2.00.

mod benefit;
mod condition;
mod pieces;
mod search;
mod take_off;
mod work_out;

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};

use crate::id::{MasterCode, Name, ProductCode};
use crate::refusal::{Reason, Refusal};

pub use benefit::{Benefit, BundlePart};
pub use condition::{Claims, Condition, Hours, Occasion, Weekdays};
pub use take_off::Named;
pub use work_out::{Applied, Good};

/// The most promotions that are active at one time.
pub const PROMOTIONS_MAX: usize = 500;
/// The most products and categories that one promotion names.
pub const SELECTED_MAX: usize = 1000;

/// Whether an offer shares its goods with others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Combining {
    /// A piece that has this offer has no other.
    Exclusive,
    /// It adds up with other combinable offers.
    Combinable,
}

/// Some goods: those that are named, and those in a named category; all goods where nothing is named.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Selection {
    /// Products by code.
    pub products: Vec<ProductCode>,
    /// Categories by code.
    pub categories: Vec<MasterCode>,
}

impl Selection {
    /// Whether nothing is named, which is everything.
    #[must_use]
    pub const fn is_everything(&self) -> bool {
        self.products.is_empty() && self.categories.is_empty()
    }

    fn check(&self) -> Result<(), Refusal> {
        let named = self.products.len().saturating_add(self.categories.len());
        if named > SELECTED_MAX {
            return Err(Refusal::new(Reason::TooMany, "products", named, SELECTED_MAX));
        }
        Ok(())
    }
}

/// One offer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Promotion {
    /// Its code.
    pub code: MasterCode,
    /// What the receipt says.
    pub name: Name,
    /// What it is for.
    pub goods: Selection,
    /// What is taken off.
    pub benefit: Benefit,
    /// When, where and for whom.
    pub condition: Condition,
    /// Which is taken first among offers that come to the same: the higher.
    pub priority: i32,
    /// Whether it adds up with others.
    pub combining: Combining,
}

impl Promotion {
    /// Checks what an offer can say about itself.
    ///
    /// # Errors
    /// A benefit below zero or of nothing, too many goods, or hours that do not exist.
    pub fn check(&self) -> Result<(), Refusal> {
        self.goods.check()?;
        self.benefit.check()?;
        self.condition.check()
    }
}

/// The offers of a store in the order of their priority, with an index by what they name.
#[derive(Clone, Debug, Default)]
pub struct Promotions {
    offers: Vec<Promotion>,
    /// Of each selection, the offer it is of; an offer's selections follow one another.
    offer_of: Vec<usize>,
    /// Of each offer, its first selection.
    first_selection: Vec<usize>,
    by_product: HashMap<String, Vec<usize>>,
    by_category: HashMap<String, Vec<usize>>,
    of_everything: Vec<usize>,
}

impl Promotions {
    /// Puts offers in order and indexes them.
    ///
    /// # Errors
    /// More than `PROMOTIONS_MAX`, a code given twice, or one that `Promotion::check` refuses.
    pub fn new(mut offers: Vec<Promotion>) -> Result<Self, Refusal> {
        if offers.len() > PROMOTIONS_MAX {
            return Err(Refusal::new(Reason::TooMany, "promotions", offers.len(), PROMOTIONS_MAX));
        }
        let mut known = HashSet::new();
        for (index, offer) in offers.iter().enumerate() {
            let inside = |refusal: Refusal| refusal.inside(&format!("promotions[{index}]"));
            offer.check().map_err(inside)?;
            if !known.insert(&offer.code) {
                return Err(inside(Refusal::new(Reason::TooMany, "code", &offer.code, "a code of its own")));
            }
        }
        offers.sort_by(|one, other| (Reverse(one.priority), &one.code).cmp(&(Reverse(other.priority), &other.code)));
        let mut promotions = Self { offers, ..Self::default() };
        promotions.index();
        Ok(promotions)
    }

    /// The offers, from the highest priority.
    #[must_use]
    pub fn offers(&self) -> &[Promotion] {
        &self.offers
    }

    fn index(&mut self) {
        for (offer, promotion) in self.offers.iter().enumerate() {
            self.first_selection.push(self.offer_of.len());
            for goods in promotion.selections() {
                let selection = self.offer_of.len();
                self.offer_of.push(offer);
                if goods.is_everything() {
                    self.of_everything.push(selection);
                }
                for product in &goods.products {
                    self.by_product.entry(product.as_str().to_owned()).or_default().push(selection);
                }
                for category in &goods.categories {
                    self.by_category.entry(category.as_str().to_owned()).or_default().push(selection);
                }
            }
        }
    }
}

impl Promotion {
    /// Its goods, and after them what its benefit selects by itself.
    fn selections(&self) -> impl Iterator<Item = &Selection> {
        let more: &[BundlePart] = match &self.benefit {
            Benefit::Bundle { parts, .. } => parts,
            Benefit::BuyGet { gets: Some(part), .. } => std::slice::from_ref(part),
            Benefit::Percent(_)
            | Benefit::AmountEach(_)
            | Benefit::AmountOnce(_)
            | Benefit::FixedPrice(_)
            | Benefit::BuyGet { gets: None, .. }
            | Benefit::MixAndMatch { .. } => &[],
        };
        std::iter::once(&self.goods).chain(more.iter().map(|part| &part.goods))
    }
}
