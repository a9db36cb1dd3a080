//! The only place where a decimal or a ratio becomes money.
//!
//! The mode is always spelled out. Accounting rounds half away from zero (EN 16931, BR-CO-17 with its note on
//! half-up of the absolute value); the other modes exist for coins and for countries. The step is the currency's
//! minor unit, or the smallest coin. Example: 1.005 EUR half up is 1.01, half even 1.00; -1.005 half up is -1.01.

use std::str::FromStr;

use rust_decimal::RoundingStrategy;

use crate::currency::Currency;
use crate::money::Money;
use crate::quantity::Decimal;
use crate::ratio::Ratio;
use crate::refusal::{Reason, Refusal};

/// How a value between two steps is decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mode {
    /// To the nearest; a tie away from zero.
    HalfUp,
    /// To the nearest; a tie towards zero.
    HalfDown,
    /// To the nearest; a tie to the even neighbour.
    HalfEven,
    /// Away from zero.
    Up,
    /// Towards zero.
    Down,
}

impl Mode {
    /// Every mode.
    pub const ALL: [Self; 5] = [Self::HalfUp, Self::HalfDown, Self::HalfEven, Self::Up, Self::Down];

    /// The name in commands and settings.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::HalfUp => "half-up",
            Self::HalfDown => "half-down",
            Self::HalfEven => "half-even",
            Self::Up => "up",
            Self::Down => "down",
        }
    }

    const fn strategy(self) -> RoundingStrategy {
        match self {
            Self::HalfUp => RoundingStrategy::MidpointAwayFromZero,
            Self::HalfDown => RoundingStrategy::MidpointTowardZero,
            Self::HalfEven => RoundingStrategy::MidpointNearestEven,
            Self::Up => RoundingStrategy::AwayFromZero,
            Self::Down => RoundingStrategy::ToZero,
        }
    }
}

impl FromStr for Mode {
    type Err = Refusal;

    fn from_str(text: &str) -> Result<Self, Refusal> {
        let known = Self::ALL.into_iter().find(|mode| mode.as_str() == text);
        known.ok_or_else(|| Refusal::new(Reason::Malformed, "mode", text, "half-up, half-down, half-even, up or down"))
    }
}

/// Rounds a decimal of whole currency units to the currency's minor unit.
///
/// # Errors
/// Beyond what 64 bits count.
pub fn round(value: Decimal, currency: Currency, mode: Mode) -> Result<Money, Refusal> {
    let rounded = value.round_dp_with_strategy(currency.digits(), mode.strategy());
    let factor = 10_i128.checked_pow(currency.digits().saturating_sub(rounded.scale()));
    factor
        .and_then(|factor| rounded.mantissa().checked_mul(factor))
        .and_then(|minor| i64::try_from(minor).ok())
        .map(Money::from_minor)
        .ok_or_else(|| overflow(value, currency))
}

/// Rounds a ratio of minor units to whole minor units.
///
/// # Errors
/// Beyond what 64 bits count.
pub fn round_ratio(minor: Ratio, mode: Mode) -> Result<Money, Refusal> {
    let (numerator, denominator) = (minor.numerator(), minor.denominator());
    // Division of 128 bits is several times slower than of 64, and nearly every amount of a shop fits 64.
    let (quotient, remainder) = match (i64::try_from(numerator), i64::try_from(denominator)) {
        (Ok(numerator), Ok(denominator)) => (
            i128::from(numerator.checked_div(denominator).unwrap_or(0)),
            i128::from(numerator.checked_rem(denominator).unwrap_or(0)),
        ),
        _ => (numerator.checked_div(denominator).unwrap_or(0), numerator.checked_rem(denominator).unwrap_or(0)),
    };
    let away = match (remainder != 0 && is_away(remainder, denominator, quotient, mode), numerator < 0) {
        (false, _) => 0,
        (true, false) => 1,
        (true, true) => -1,
    };
    let rounded = quotient.checked_add(away).and_then(|minor| i64::try_from(minor).ok());
    rounded.map(Money::from_minor).ok_or_else(|| {
        Refusal::new(Reason::Overflow, "amount", format!("{quotient} minor units"), format!("{} minor units", i64::MAX))
    })
}

/// Rounds an amount to a multiple of `step` (the smallest coin), which is above zero.
///
/// # Errors
/// The step is not above zero, or the result is beyond what 64 bits count.
pub fn round_to_step(amount: Money, step: Money, mode: Mode) -> Result<Money, Refusal> {
    if !step.is_positive() {
        return Err(Refusal::new(Reason::NotPositive, "increment", step, "the smallest coin in minor units"));
    }
    let steps = round_ratio(Ratio::of_minor(amount).divided_by(Ratio::of_minor(step))?, mode)?;
    round_ratio(Ratio::of_minor(steps).times(Ratio::of_minor(step))?, mode)
}

/// Whether a value with this remainder goes to the neighbour that is farther from zero.
fn is_away(remainder: i128, denominator: i128, quotient: i128, mode: Mode) -> bool {
    let order = remainder.unsigned_abs().saturating_mul(2).cmp(&denominator.unsigned_abs());
    match mode {
        Mode::Up => true,
        Mode::Down => false,
        Mode::HalfUp => order.is_ge(),
        Mode::HalfDown => order.is_gt(),
        Mode::HalfEven => order.is_gt() || order.is_eq() && quotient.checked_rem(2) != Some(0),
    }
}

fn overflow(value: Decimal, currency: Currency) -> Refusal {
    Refusal::new(Reason::Overflow, "amount", format!("{value} {currency}"), format!("{} minor units", i64::MAX))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(value: &str, code: &str, expected: [i64; 5]) {
        let currency = code.parse().unwrap();
        for (mode, expected) in Mode::ALL.into_iter().zip(expected) {
            let rounded = round(Decimal::from_str(value).unwrap(), currency, mode).unwrap();
            assert_eq!(rounded.minor(), expected, "{value} {code} {mode:?}");
            let ratio = Ratio::of_decimal(Decimal::from_str(value).unwrap()).in_minor_units(currency).unwrap();
            assert_eq!(round_ratio(ratio, mode).unwrap().minor(), expected, "{value} {code} {mode:?} as a ratio");
        }
    }

    #[test]
    fn a_decimal_becomes_money_as_the_mode_says() {
        check("0", "EUR", [0; 5]);
        check("1.005", "EUR", [101, 100, 100, 101, 100]);
        check("1.015", "EUR", [102, 101, 102, 102, 101]);
        check("-1.005", "EUR", [-101, -100, -100, -101, -100]);
        check("1.0049999999", "EUR", [100, 100, 100, 101, 100]);
        check("0.5", "JPY", [1, 0, 0, 1, 0]);
        check("1.00005", "CLF", [10001, 10000, 10000, 10001, 10000]);
        check("2", "KWD", [2000; 5]);
        check(
            "12345678901.2345000001",
            "EUR",
            [1234567890123, 1234567890123, 1234567890123, 1234567890124, 1234567890123],
        );
    }

    #[test]
    fn modes_read_back_by_their_names() {
        for (mode, name) in Mode::ALL.into_iter().zip(["half-up", "half-down", "half-even", "up", "down"]) {
            assert_eq!((mode.as_str(), name.parse::<Mode>().unwrap()), (name, mode));
        }
        assert_eq!("Up".parse::<Mode>().unwrap_err().code(), "malformed");
    }

    #[test]
    fn money_beyond_64_bits_is_an_overflow() {
        let most = Decimal::from_str("92233720368547758.08").unwrap();
        assert_eq!(round(most, "EUR".parse().unwrap(), Mode::HalfUp).unwrap_err().code(), "overflow");
        assert_eq!(round_ratio(Ratio::whole(i128::from(i64::MAX) + 1), Mode::Up).unwrap_err().code(), "overflow");
        assert_eq!(round_ratio(Ratio::whole(i128::MIN), Mode::Up).unwrap_err().code(), "overflow");
    }

    #[test]
    fn a_step_at_the_limit_is_refused_or_exact() {
        let most = Money::from_minor(i64::MAX);
        assert_eq!(round_to_step(most, Money::from_minor(5), Mode::Up).unwrap_err().code(), "overflow");
        assert_eq!(round_to_step(most, Money::from_minor(7), Mode::Up).unwrap(), most);
        assert_eq!(round_to_step(most, Money::ZERO, Mode::Up).unwrap_err().code(), "not_positive");
    }

    proptest! {
        #[test]
        fn a_step_is_never_missed_by_more_than_itself(minor in -1_000_000_i64..1_000_000, step in 1_i64..1_000) {
            for mode in Mode::ALL {
                let rounded = round_to_step(Money::from_minor(minor), Money::from_minor(step), mode).unwrap().minor();
                prop_assert_eq!(rounded % step, 0);
                prop_assert!((rounded - minor).abs() < step);
                let opposite = round_to_step(Money::from_minor(-minor), Money::from_minor(step), mode).unwrap();
                prop_assert_eq!(opposite.minor(), -rounded);
            }
        }
    }
}
