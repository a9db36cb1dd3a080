//! The only place where a decimal becomes money.
//!
//! The mode is always spelled out. Accounting rounds half away from zero (EN 16931, BR-CO-17 with its note on
//! half-up of the absolute value); the other modes exist for coins and for countries. The step is the currency's
//! minor unit, or the smallest coin. Example: 1.005 EUR half up is 1.01, half even 1.00; -1.005 half up is -1.01.

use rust_decimal::RoundingStrategy;

use crate::currency::Currency;
use crate::money::Money;
use crate::quantity::Decimal;
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

/// Rounds an amount to a multiple of `step` (the smallest coin), which is above zero.
///
/// # Errors
/// The step is not above zero, or the result is beyond what 64 bits count.
pub fn round_to_step(amount: Money, step: Money, mode: Mode) -> Result<Money, Refusal> {
    if !step.is_positive() {
        return Err(Refusal::new(Reason::NotPositive, "increment", step, "the smallest coin in minor units"));
    }
    let remainder = amount.minor().checked_rem(step.minor()).unwrap_or(0);
    let below = Money::from_minor(amount.minor().saturating_sub(remainder));
    if remainder == 0 {
        return Ok(amount);
    }
    let doubled = i128::from(remainder).abs().saturating_mul(2);
    let is_even = below.minor().checked_div(step.minor()).is_some_and(|steps| steps.checked_rem(2) == Some(0));
    let is_away = match (mode, doubled.cmp(&i128::from(step.minor()))) {
        (Mode::Up, _) => true,
        (Mode::Down, _) => false,
        (Mode::HalfUp, order) => order.is_ge(),
        (Mode::HalfDown, order) => order.is_gt(),
        (Mode::HalfEven, order) => order.is_gt() || order.is_eq() && !is_even,
    };
    match (is_away, amount.is_negative()) {
        (false, _) => Ok(below),
        (true, false) => below.plus(step),
        (true, true) => below.minus(step),
    }
}

fn overflow(value: Decimal, currency: Currency) -> Refusal {
    Refusal::new(Reason::Overflow, "amount", format!("{value} {currency}"), format!("{} minor units", i64::MAX))
}

#[cfg(test)]
mod tests {
    use std::str::FromStr;

    use proptest::prelude::*;

    use super::*;

    const MODES: [Mode; 5] = [Mode::HalfUp, Mode::HalfDown, Mode::HalfEven, Mode::Up, Mode::Down];

    fn check(value: &str, code: &str, expected: [i64; 5]) {
        let currency = code.parse().unwrap();
        for (mode, expected) in MODES.into_iter().zip(expected) {
            let rounded = round(Decimal::from_str(value).unwrap(), currency, mode).unwrap();
            assert_eq!(rounded.minor(), expected, "{value} {code} {mode:?}");
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
    }

    #[test]
    fn money_beyond_64_bits_is_an_overflow() {
        let most = Decimal::from_str("92233720368547758.08").unwrap();
        assert_eq!(round(most, "EUR".parse().unwrap(), Mode::HalfUp).unwrap_err().code(), "overflow");
    }

    proptest! {
        #[test]
        fn a_step_is_never_missed_by_more_than_itself(minor in -1_000_000_i64..1_000_000, step in 1_i64..1_000) {
            for mode in MODES {
                let rounded = round_to_step(Money::from_minor(minor), Money::from_minor(step), mode).unwrap().minor();
                prop_assert_eq!(rounded % step, 0);
                prop_assert!((rounded - minor).abs() < step);
                let opposite = round_to_step(Money::from_minor(-minor), Money::from_minor(step), mode).unwrap();
                prop_assert_eq!(opposite.minor(), -rounded);
            }
        }
    }
}
