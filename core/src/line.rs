//! The amount of one line.
//!
//! Quantity times net price over base quantity, less allowances, plus charges (EN 16931, BT-131; PEPPOL-R120), rounded
//! once and half away from zero. Each allowance or charge is rounded by itself; a percentage is of the line before any
//! of them, so they never compound. Quantities below zero are corrections; quantity zero says nothing and is refused.
//! Example: 3 pieces at 10.00 for 6, less 5 %, is 5.00 - 0.25 = 4.75.

use serde::{Deserialize, Serialize};

use crate::currency::Currency;
use crate::money::Money;
use crate::quantity::{Percent, Quantity, UnitPrice};
use crate::ratio::Ratio;
use crate::refusal::{Reason, Refusal};
use crate::rounding::{Mode, round_ratio};
use crate::tax::LineTax;

/// The most allowances and charges that one line, or the document, carries.
pub const ADJUSTMENTS_MAX: usize = 100;

/// What is sold, at what price, with which taxes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineInput {
    /// How much; below zero in a correction, never zero.
    pub quantity: Quantity,
    /// The price of `base_quantity`, with or without tax as the document says.
    pub unit_price: UnitPrice,
    /// How much the price is for; above zero.
    pub base_quantity: Quantity,
    /// What is taken off the price before it is multiplied.
    pub price_discount: UnitPrice,
    /// At most `TAXES_PER_LINE_MAX`, in the order in which they stand on one another.
    pub taxes: Vec<LineTax>,
    /// At most `ADJUSTMENTS_MAX`.
    pub adjustments: Vec<Adjustment>,
}

/// Whether an adjustment lowers or raises an amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Direction {
    /// Taken off.
    Allowance,
    /// Put on.
    Charge,
}

/// How much an adjustment is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Extent {
    /// So much.
    Amount(Money),
    /// A percentage of what is adjusted.
    Percent(Percent),
    /// A percentage of an amount given with it.
    PercentOf(Percent, Money),
}

/// An allowance or a charge on a line or on the document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Adjustment {
    /// Off or on.
    pub direction: Direction,
    /// How much.
    pub extent: Extent,
}

impl Adjustment {
    /// What the adjustment does to the amount: below zero for an allowance. `of` is what a bare percentage is of,
    /// in minor units.
    ///
    /// # Errors
    /// Beyond what can be counted.
    pub fn effect(&self, of: Ratio) -> Result<Money, Refusal> {
        let extent = match self.extent {
            Extent::Amount(amount) => amount,
            Extent::Percent(percent) => share(percent, of)?,
            Extent::PercentOf(percent, base) => share(percent, Ratio::of_minor(base))?,
        };
        match self.direction {
            Direction::Allowance => extent.negated(),
            Direction::Charge => Ok(extent),
        }
    }
}

/// The amount of a line in minor units, before anything on the level of the document.
///
/// # Errors
/// Quantity zero, base quantity not above zero, a net price below zero, too many adjustments, or an overflow.
pub fn amount(line: &LineInput, currency: Currency) -> Result<Money, Refusal> {
    check(line)?;
    let full = full_amount(line, currency)?;
    if line.adjustments.is_empty() {
        return round_ratio(full, Mode::HalfUp);
    }
    let mut adjusted = full;
    for (index, adjustment) in line.adjustments.iter().enumerate() {
        let inside = |refusal: Refusal| refusal.inside(&format!("allowances_charges[{index}]"));
        adjusted = adjusted.plus(Ratio::of_minor(adjustment.effect(full).map_err(inside)?))?;
    }
    round_ratio(adjusted, Mode::HalfUp)
}

/// The share of an amount of minor units that a percentage is, rounded half away from zero.
///
/// # Errors
/// Beyond what can be counted.
pub fn share(percent: Percent, of: Ratio) -> Result<Money, Refusal> {
    round_ratio(of.times(Ratio::of_percent(percent))?, Mode::HalfUp)
}

fn check(line: &LineInput) -> Result<(), Refusal> {
    if line.quantity.is_zero() {
        return Err(Refusal::new(Reason::QuantityZero, "quantity", line.quantity, "above or below zero"));
    }
    if line.base_quantity.is_zero() || line.base_quantity.is_negative() {
        return Err(Refusal::new(Reason::NotPositive, "base_quantity", line.base_quantity, "what the price is for"));
    }
    if line.unit_price < line.price_discount {
        let net = line.unit_price.checked_sub(line.price_discount).unwrap_or(UnitPrice::ZERO);
        return Err(Refusal::new(Reason::PriceNegative, "unit_price", net, "0 or more after its discount"));
    }
    if line.adjustments.len() > ADJUSTMENTS_MAX {
        let limit = format!("{ADJUSTMENTS_MAX} allowances and charges");
        return Err(Refusal::new(Reason::TooMany, "allowances_charges", line.adjustments.len(), limit));
    }
    Ok(())
}

/// Quantity times net price over base quantity, exactly, in minor units.
fn full_amount(line: &LineInput, currency: Currency) -> Result<Ratio, Refusal> {
    let mut price = Ratio::of_decimal(line.unit_price.decimal());
    if !line.price_discount.is_zero() {
        let discount = Ratio::of_decimal(line.price_discount.decimal()).times(Ratio::whole(-1))?;
        price = price.plus(discount)?;
    }
    let mut full = Ratio::of_decimal(line.quantity.decimal()).times(price)?;
    if line.base_quantity != Quantity::ONE {
        full = full.divided_by(Ratio::of_decimal(line.base_quantity.decimal()))?;
    }
    full.in_minor_units(currency)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(quantity: &str, price: &str, base: &str, discount: &str, adjustments: &[Adjustment]) -> LineInput {
        LineInput {
            quantity: quantity.parse().unwrap(),
            unit_price: price.parse().unwrap(),
            base_quantity: base.parse().unwrap(),
            price_discount: discount.parse().unwrap(),
            taxes: Vec::new(),
            adjustments: adjustments.to_vec(),
        }
    }

    fn off(extent: Extent) -> Adjustment {
        Adjustment { direction: Direction::Allowance, extent }
    }

    fn on(extent: Extent) -> Adjustment {
        Adjustment { direction: Direction::Charge, extent }
    }

    fn percent(text: &str) -> Percent {
        text.parse().unwrap()
    }

    fn check(line: &LineInput, code: &str, expected: i64) {
        assert_eq!(amount(line, code.parse().unwrap()).unwrap().minor(), expected, "{line:?}");
    }

    #[test]
    fn a_line_is_quantity_times_net_price_over_base() {
        check(&line("2", "10.00", "1", "0", &[]), "EUR", 2000);
        check(&line("1", "0", "1", "0", &[]), "EUR", 0);
        check(&line("0.350", "12.99", "1", "0", &[]), "EUR", 455);
        check(&line("1", "1.005", "1", "0", &[]), "EUR", 101);
        check(&line("-1", "1.005", "1", "0", &[]), "EUR", -101);
        check(&line("90", "1585", "365", "0", &[]), "SEK", 39082);
        check(&line("-800", "4", "5", "0", &[]), "SEK", -64000);
        check(&line("3", "100", "7", "1.5", &[]), "JPY", 42);
        check(&line("1", "0.00001234", "0.000001", "0", &[]), "KWD", 12340);
    }

    #[test]
    fn adjustments_are_rounded_by_themselves_and_never_compound() {
        let both = [off(Extent::Percent(percent("10"))), on(Extent::Percent(percent("10")))];
        check(&line("1", "100", "1", "0", &both), "EUR", 10000);
        check(&line("2", "10", "1", "0", &[off(Extent::Amount(Money::from_minor(100)))]), "EUR", 1900);
        let based = on(Extent::PercentOf(percent("5"), Money::from_minor(1910)));
        check(&line("2", "10", "1", "0", &[based]), "EUR", 2096);
        let halves = [off(Extent::Percent(percent("5"))); 2];
        check(&line("1", "0.10", "1", "0", &halves), "EUR", 8);
        check(&line("-1", "0.10", "1", "0", &halves), "EUR", -8);
        check(&line("3", "10", "6", "0", &[off(Extent::Percent(percent("5")))]), "EUR", 475);
    }

    #[test]
    fn the_line_is_rounded_once_after_its_adjustments() {
        let five = off(Extent::Amount(Money::from_minor(500)));
        check(&line("1", "1.005", "1", "0", &[five]), "EUR", -400);
    }

    fn refused(line: &LineInput, code: &str, field: &str) {
        let refusal = amount(line, "EUR".parse().unwrap()).unwrap_err();
        assert_eq!((refusal.code(), refusal.field()), (code, field), "{line:?}");
    }

    #[test]
    fn what_says_nothing_or_cannot_be_counted_is_refused() {
        refused(&line("0", "1", "1", "0", &[]), "quantity_zero", "quantity");
        refused(&line("1", "1", "0", "0", &[]), "not_positive", "base_quantity");
        refused(&line("1", "1", "-1", "0", &[]), "not_positive", "base_quantity");
        refused(&line("1", "1", "1", "1.01", &[]), "price_negative", "unit_price");
        refused(&line("1", "-1", "1", "0", &[]), "price_negative", "unit_price");
        refused(&line("999999999999999", "999999999999999", "1", "0", &[]), "overflow", "amount");
        let least = off(Extent::Amount(Money::from_minor(i64::MIN)));
        refused(&line("1", "1", "1", "0", &[least]), "overflow", "allowances_charges[0].amount");
        check(&line("1", "1", "1", "0", &[off(Extent::Amount(Money::from_minor(1))); ADJUSTMENTS_MAX]), "EUR", 0);
        let many = [off(Extent::Amount(Money::ZERO)); ADJUSTMENTS_MAX + 1];
        refused(&line("1", "1", "1", "0", &many), "too_many", "allowances_charges");
    }
}
