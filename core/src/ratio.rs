//! Exact fractions, for a sum that is rounded once, at its end.
//!
//! A decimal of 28 digits rounds silently when a product or a quotient does not fit; a fraction of two 128-bit whole
//! numbers either is exact or is refused. Always: the denominator is above zero. `rounding` turns a ratio into money.
//! Example: 21 % included in 11.90 is `1190 x 21 / 121` minor units, which no decimal can hold.

use std::fmt;

use crate::currency::Currency;
use crate::money::Money;
use crate::quantity::{Decimal, Percent};
use crate::refusal::{Reason, Refusal};

const BILLION: i128 = 1_000_000_000;
const POWERS_OF_TEN: [i128; 39] = powers_of_ten();

/// A whole number over a whole number above zero.
#[derive(Clone, Copy, Debug)]
pub struct Ratio {
    numerator: i128,
    denominator: i128,
}

impl Ratio {
    /// Nothing.
    pub const ZERO: Self = Self::whole(0);

    /// One.
    pub const ONE: Self = Self::whole(1);

    /// A whole number.
    #[must_use]
    pub const fn whole(number: i128) -> Self {
        Self { numerator: number, denominator: 1 }
    }

    /// The minor units of an amount.
    #[must_use]
    pub fn of_minor(amount: Money) -> Self {
        Self::whole(i128::from(amount.minor()))
    }

    /// A decimal, exactly.
    #[must_use]
    pub fn of_decimal(value: Decimal) -> Self {
        Self { numerator: value.mantissa(), denominator: power_of_ten(value.scale()) }
    }

    /// A percentage as a share of one: 21 % is 21/100.
    #[must_use]
    pub fn of_percent(percent: Percent) -> Self {
        let value = percent.decimal();
        Self { numerator: value.mantissa(), denominator: power_of_ten(value.scale().saturating_add(2)) }
    }

    /// The number above the line.
    #[must_use]
    pub const fn numerator(self) -> i128 {
        self.numerator
    }

    /// The number below the line, above zero.
    #[must_use]
    pub const fn denominator(self) -> i128 {
        self.denominator
    }

    /// Whole units of a currency as minor units: 12.5 EUR is 1250.
    ///
    /// # Errors
    /// Beyond what 128 bits count.
    pub fn in_minor_units(self, currency: Currency) -> Result<Self, Refusal> {
        self.times(Self::whole(power_of_ten(currency.digits())))
    }

    /// The product.
    ///
    /// # Errors
    /// Beyond what 128 bits count, even in lowest terms.
    pub fn times(self, other: Self) -> Result<Self, Refusal> {
        if let Some(product) = self.product(other) {
            return Ok(product);
        }
        // Crosswise, the lowest terms of the product come out before anything is multiplied.
        let left = Self { numerator: self.numerator, denominator: other.denominator }.reduced();
        let right = Self { numerator: other.numerator, denominator: self.denominator }.reduced();
        left.product(right).ok_or_else(|| overflow(self, 'x', other))
    }

    /// The quotient by a ratio above zero.
    ///
    /// # Errors
    /// The divisor is zero or below, or the result is beyond what 128 bits count.
    pub fn divided_by(self, other: Self) -> Result<Self, Refusal> {
        if other.numerator <= 0 {
            return Err(Refusal::new(Reason::NotPositive, "divisor", other.to_string(), "above zero"));
        }
        self.times(Self { numerator: other.denominator, denominator: other.numerator })
    }

    /// The sum.
    ///
    /// # Errors
    /// Beyond what 128 bits count, even over the lowest common denominator.
    pub fn plus(self, other: Self) -> Result<Self, Refusal> {
        self.sum(other).or_else(|| self.reduced().sum(other.reduced())).ok_or_else(|| overflow(self, '+', other))
    }

    /// The same value over the smallest denominator.
    #[must_use]
    pub fn reduced(self) -> Self {
        let divisor = greatest_common_divisor(self.numerator, self.denominator);
        match (self.numerator.checked_div(divisor), self.denominator.checked_div(divisor)) {
            (Some(numerator), Some(denominator)) => Self { numerator, denominator },
            _ => self,
        }
    }

    /// Brings ratios to one denominator and gives their numerators over it.
    ///
    /// # Errors
    /// Beyond what 128 bits count.
    pub fn over_one_denominator(ratios: &[Self]) -> Result<(Vec<i128>, i128), Refusal> {
        let mut common = 1_i128;
        for ratio in ratios {
            let denominator = ratio.reduced().denominator;
            let divisor = greatest_common_divisor(common, denominator);
            let grown = denominator.checked_div(divisor).and_then(|factor| common.checked_mul(factor));
            common = grown.ok_or_else(|| overflow(Self::whole(common), 'x', *ratio))?;
        }
        let numerator_of = |ratio: &Self| {
            let ratio = ratio.reduced();
            let factor = common.checked_div(ratio.denominator);
            let numerator = factor.and_then(|factor| ratio.numerator.checked_mul(factor));
            numerator.ok_or_else(|| overflow(ratio, 'x', Self::whole(common)))
        };
        let numerators: Result<Vec<i128>, Refusal> = ratios.iter().map(numerator_of).collect();
        Ok((numerators?, common))
    }

    /// How many whole billionths it has, the rest cut off towards zero.
    ///
    /// # Errors
    /// Beyond what 128 bits count.
    pub fn billionths(self) -> Result<i128, Refusal> {
        let Self { numerator, denominator } = self.reduced();
        let cut = || {
            let whole = numerator.checked_div(denominator)?.checked_mul(BILLION)?;
            let rest = numerator.checked_rem(denominator)?.checked_mul(BILLION)?.checked_div(denominator)?;
            whole.checked_add(rest)
        };
        cut().ok_or_else(|| overflow(self, 'x', Self::whole(BILLION)))
    }

    /// So many billionths.
    #[must_use]
    pub const fn of_billionths(billionths: i128) -> Self {
        Self { numerator: billionths, denominator: BILLION }
    }

    fn product(self, other: Self) -> Option<Self> {
        let numerator = self.numerator.checked_mul(other.numerator)?;
        let denominator = self.denominator.checked_mul(other.denominator)?;
        Some(Self { numerator, denominator })
    }

    fn sum(self, other: Self) -> Option<Self> {
        if self.denominator == other.denominator {
            let numerator = self.numerator.checked_add(other.numerator)?;
            return Some(Self { numerator, ..self });
        }
        let divisor = greatest_common_divisor(self.denominator, other.denominator);
        let factor = other.denominator.checked_div(divisor)?;
        let left = self.numerator.checked_mul(factor)?;
        let right = other.numerator.checked_mul(self.denominator.checked_div(divisor)?)?;
        Some(Self { numerator: left.checked_add(right)?, denominator: self.denominator.checked_mul(factor)? })
    }
}

/// `3/4`, or `3` for a whole number.
impl fmt::Display for Ratio {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.denominator {
            1 => write!(formatter, "{}", self.numerator),
            _ => write!(formatter, "{}/{}", self.numerator, self.denominator),
        }
    }
}

const fn powers_of_ten() -> [i128; 39] {
    let mut powers = [1_i128; 39];
    let mut exponent = 1_usize;
    while exponent < powers.len() {
        powers[exponent] = powers[exponent.saturating_sub(1)].saturating_mul(10);
        exponent = exponent.saturating_add(1);
    }
    powers
}

/// Ten to the power of at most 38; a decimal has at most 28 digits after its point.
fn power_of_ten(exponent: u32) -> i128 {
    usize::try_from(exponent).ok().and_then(|index| POWERS_OF_TEN.get(index)).copied().unwrap_or(i128::MAX)
}

/// Euclid's; one if both are zero, so that it can always be divided by.
fn greatest_common_divisor(left: i128, right: i128) -> i128 {
    let (mut larger, mut smaller) = (left.saturating_abs(), right.saturating_abs());
    while let Some(remainder) = larger.checked_rem(smaller) {
        (larger, smaller) = (smaller, remainder);
    }
    larger.max(1)
}

fn overflow(left: Ratio, sign: char, right: Ratio) -> Refusal {
    Refusal::new(Reason::Overflow, "amount", format!("{left} {sign} {right}"), "38 digits on either side of a fraction")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ratio(numerator: i128, denominator: i128) -> Ratio {
        Ratio { numerator, denominator }
    }

    fn check(found: Result<Ratio, Refusal>, expected: &str) {
        assert_eq!(found.unwrap().reduced().to_string(), expected);
    }

    #[test]
    fn sums_and_products_are_exact() {
        check(ratio(1, 3).plus(ratio(1, 6)), "1/2");
        check(ratio(1, 3).plus(ratio(-1, 3)), "0");
        check(ratio(21, 100).times(ratio(-100, 121)), "-21/121");
        check(ratio(1, 3).divided_by(ratio(1, 3)), "1");
        check(Ratio::of_percent("9.975".parse().unwrap()).plus(Ratio::ONE), "4399/4000");
    }

    #[test]
    fn what_overflows_is_first_tried_in_lowest_terms() {
        let large = 10_i128.pow(30);
        check(ratio(large, 7).times(ratio(7, large)), "1");
        check(ratio(large, large * 2).plus(ratio(large, large * 2 * 3)), "2/3");
        assert_eq!(ratio(large, 1).times(ratio(large, 1)).unwrap_err().code(), "overflow");
        assert_eq!(ratio(i128::MAX, 1).plus(Ratio::ONE).unwrap_err().code(), "overflow");
        assert_eq!(Ratio::ONE.divided_by(Ratio::ZERO).unwrap_err().code(), "not_positive");
    }

    #[test]
    fn billionths_are_cut_towards_zero() {
        assert_eq!(ratio(2, 3).billionths(), Ok(666_666_666));
        assert_eq!(ratio(-5, 3).billionths(), Ok(-1_666_666_666));
        check(Ok(Ratio::of_billionths(500_000_000)), "1/2");
    }

    #[test]
    fn one_denominator_keeps_the_proportions() {
        let (numerators, common) = Ratio::over_one_denominator(&[ratio(100, 121), ratio(1, 2), ratio(-2, 4)]).unwrap();
        assert_eq!((numerators.as_slice(), common), ([200, 121, -121].as_slice(), 242));
    }

    proptest! {
        #[test]
        fn no_input_panics(a in any::<i128>(), b in 1..i128::MAX, c in any::<i128>(), d in 1..i128::MAX) {
            let (left, right) = (ratio(a, b), ratio(c, d));
            let _answers = (left.plus(right), left.times(right), left.divided_by(right), left.billionths());
            let _common = Ratio::over_one_denominator(&[left, right]);
        }
    }
}
