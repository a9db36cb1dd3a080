//! Discounts on the whole sale, and adjustments of the document that belong to one tax.
//!
//! Each discount is of the sum of the lines, rounded by itself, never of what another discount has left. Their sum is
//! split over the lines by largest remainder, so that each line, and with it each tax, gets its part. Always: the
//! discounts have the sign of the sum of the lines and are no more than it. Example: 10 % and 5.00 on 38.95 are 8.90.

use serde::{Deserialize, Serialize};

use crate::currency::Currency;
use crate::line::{Adjustment, share};
use crate::money::Money;
use crate::quantity::Percent;
use crate::ratio::Ratio;
use crate::refusal::{Reason, Refusal};
use crate::tax::LineTax;

/// The most discounts on one sale.
pub const DISCOUNTS_MAX: usize = 20;

/// A discount on the sum of the lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Discount {
    /// So many percent of the sum.
    Percent(Percent),
    /// So much; below zero only where the sum is.
    Amount(Money),
}

/// An allowance or charge on the document, pinned to its taxes; its percentages need their base.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentAdjustment {
    /// How much, off or on.
    pub adjustment: Adjustment,
    /// The taxes on it, as on a line.
    pub taxes: Vec<LineTax>,
}

/// What all discounts together take off the sum of the lines.
///
/// # Errors
/// More than `DISCOUNTS_MAX`, a discount against the sign of the sum, or together more than the sum.
pub fn total(discounts: &[Discount], line_sum: Money, currency: Currency) -> Result<Money, Refusal> {
    if discounts.len() > DISCOUNTS_MAX {
        let limit = format!("{DISCOUNTS_MAX} discounts");
        return Err(Refusal::new(Reason::TooMany, "discounts", discounts.len(), limit));
    }
    let mut total = Money::ZERO;
    for (index, discount) in discounts.iter().enumerate() {
        let field = || format!("discounts[{index}]");
        let amount = match discount {
            Discount::Percent(percent) if percent.is_negative() => {
                return Err(Refusal::new(Reason::Negative, field(), percent, "0 to 100 percent"));
            }
            Discount::Percent(percent) => share(*percent, Ratio::of_minor(line_sum)),
            Discount::Amount(amount) if amount.is_negative() && !line_sum.is_negative() => {
                return Err(Refusal::new(Reason::Negative, field(), amount.show(currency), "0 or more"));
            }
            Discount::Amount(amount) => Ok(*amount),
        };
        total = amount.and_then(|amount| total.plus(amount)).map_err(|refusal| refusal.inside(&field()))?;
        if !is_within(total, line_sum) {
            let limit = format!("the sum of the lines, {}", line_sum.show(currency));
            return Err(Refusal::new(Reason::DiscountTooLarge, field(), total.show(currency), limit));
        }
    }
    Ok(total)
}

const fn is_within(total: Money, line_sum: Money) -> bool {
    let (total, line_sum) = (total.minor(), line_sum.minor());
    if line_sum < 0 { line_sum <= total && total <= 0 } else { 0 <= total && total <= line_sum }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn percent(text: &str) -> Discount {
        Discount::Percent(text.parse().unwrap())
    }

    fn amount(minor: i64) -> Discount {
        Discount::Amount(Money::from_minor(minor))
    }

    fn check(discounts: &[Discount], line_sum: i64, expected: Result<i64, &str>) {
        let found = total(discounts, Money::from_minor(line_sum), "EUR".parse().unwrap());
        let found = found.as_ref().map(|total| total.minor()).map_err(Refusal::code);
        assert_eq!(found, expected, "{discounts:?} of {line_sum}");
    }

    #[test]
    fn discounts_are_of_the_sum_and_do_not_compound() {
        check(&[], 1000, Ok(0));
        check(&[percent("10"), amount(500)], 3895, Ok(890));
        check(&[percent("50"), percent("50")], 1000, Ok(1000));
        check(&[percent("10")], -1005, Ok(-101));
        check(&[amount(-500)], -1000, Ok(-500));
        check(&[percent("10")], 0, Ok(0));
        check(&[amount(3); DISCOUNTS_MAX], 60, Ok(60));
    }

    #[test]
    fn more_than_the_sum_or_against_its_sign_is_refused() {
        check(&[percent("100.01")], 100_000, Err("discount_too_large"));
        check(&[amount(1), amount(1000)], 1000, Err("discount_too_large"));
        check(&[amount(1)], 0, Err("discount_too_large"));
        check(&[amount(500)], -1000, Err("discount_too_large"));
        check(&[amount(-1)], 1000, Err("negative"));
        check(&[percent("-1")], 1000, Err("negative"));
        check(&[amount(0); DISCOUNTS_MAX + 1], 1000, Err("too_many"));
        check(&[percent("99999999999")], i64::MAX, Err("overflow"));
    }
}
