//! What an offer takes off.
//!
//! Of single goods: a percentage, an amount off each, an amount off all together, or a price of their own. Of several
//! pieces together: some bought and some got, any number for a price, or one of each for a price. Only whole pieces can
//! be put together; weighed goods have the benefits of single goods.

use serde::{Deserialize, Serialize};

use crate::money::Money;
use crate::promotion::Selection;
use crate::quantity::{Percent, UnitPrice};
use crate::refusal::{Reason, Refusal};

/// The most pieces that one offer puts together.
pub(super) const PIECES_MAX: u32 = 100;

/// What is taken off. Frozen order: it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Benefit {
    /// A percentage off.
    Percent(Percent),
    /// So much off each piece, kilogram, litre or metre.
    AmountEach(Money),
    /// So much off all the goods together, once.
    AmountOnce(Money),
    /// Each piece, kilogram, litre or metre at this price, where it is lower.
    FixedPrice(UnitPrice),
    /// Of so many pieces bought, so many more are cheaper by a percentage: the cheapest of them, or other goods.
    BuyGet {
        /// How many are bought at their price.
        buy: u32,
        /// How many are got.
        get: u32,
        /// How much is off what is got; 100 is free.
        percent: Percent,
        /// The goods that are got, where they are others; its count is not looked at.
        gets: Option<BundlePart>,
    },
    /// Any so many pieces for a price together.
    MixAndMatch {
        /// How many.
        count: u32,
        /// For how much.
        price: Money,
    },
    /// So many of each part for a price together; the offer's own goods are not looked at.
    Bundle {
        /// What belongs together.
        parts: Vec<BundlePart>,
        /// For how much.
        price: Money,
    },
}

/// Goods that belong to a bundle, and how many of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BundlePart {
    /// Which goods.
    pub goods: Selection,
    /// How many.
    pub count: u32,
}

impl Benefit {
    /// The name in files and answers.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Percent(_) => "percent",
            Self::AmountEach(_) => "amount",
            Self::AmountOnce(_) => "amount-once",
            Self::FixedPrice(_) => "price",
            Self::BuyGet { .. } => "buy-get",
            Self::MixAndMatch { .. } => "mix-and-match",
            Self::Bundle { .. } => "bundle",
        }
    }

    pub(super) fn check(&self) -> Result<(), Refusal> {
        match self {
            Self::Percent(percent) => check_percent(*percent),
            Self::AmountEach(amount) | Self::AmountOnce(amount) if !amount.is_positive() => {
                Err(Refusal::new(Reason::NotPositive, "amount", amount, "what is taken off"))
            }
            Self::FixedPrice(price) if price.is_negative() => {
                Err(Refusal::new(Reason::PriceNegative, "price", price, "zero or more"))
            }
            Self::AmountEach(_) | Self::AmountOnce(_) | Self::FixedPrice(_) => Ok(()),
            Self::BuyGet { buy, get, percent, gets } => {
                check_percent(*percent)?;
                check_count("buy", *buy)?;
                check_count("get", *get)?;
                check_count("get", buy.saturating_add(*get))?;
                gets.as_ref().map_or(Ok(()), |part| part.goods.check())
            }
            Self::MixAndMatch { count, price } => check_count("count", *count).and_then(|()| check_price(*price)),
            Self::Bundle { parts, price } => {
                check_price(*price)?;
                if parts.is_empty() {
                    return Err(Refusal::new(Reason::Missing, "bundle", "", "at least one part"));
                }
                let mut pieces = 0_u32;
                for (index, part) in parts.iter().enumerate() {
                    let inside = |refusal: Refusal| refusal.inside(&format!("bundle[{index}]"));
                    check_count("count", part.count).map_err(inside)?;
                    pieces = pieces.saturating_add(part.count);
                    check_count("count", pieces).map_err(inside)?;
                    part.goods.check().map_err(inside)?;
                }
                Ok(())
            }
        }
    }
}

fn check_percent(percent: Percent) -> Result<(), Refusal> {
    if percent.is_negative() || percent.is_zero() {
        return Err(Refusal::new(Reason::NotPositive, "percent", percent, "at most 100"));
    }
    if percent.decimal() > 100.into() {
        return Err(Refusal::new(Reason::TooMany, "percent", percent, "100"));
    }
    Ok(())
}

fn check_count(field: &str, count: u32) -> Result<(), Refusal> {
    if count == 0 {
        return Err(Refusal::new(Reason::NotPositive, field, count, "how many pieces"));
    }
    if count > PIECES_MAX {
        return Err(Refusal::new(Reason::TooMany, field, count, PIECES_MAX));
    }
    Ok(())
}

fn check_price(price: Money) -> Result<(), Refusal> {
    if price.is_negative() {
        return Err(Refusal::new(Reason::PriceNegative, "price", price, "zero or more"));
    }
    Ok(())
}
