//! Money: whole minor units of one currency, checked on every step.
//!
//! The document has the currency; an amount does not repeat it. Nothing here rounds: text with more digits than the
//! currency has is refused, and a sum that does not fit is an overflow, never a wrap. Example: 12.50 EUR is 1250.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::currency::Currency;
use crate::quantity::{Decimal, read_decimal};
use crate::refusal::{Reason, Refusal};

/// An amount in minor units (cents, pence, yen). Negative amounts are owed to the customer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Money(i64);

impl Money {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// So many minor units.
    #[must_use]
    pub const fn from_minor(minor: i64) -> Self {
        Self(minor)
    }

    /// The minor units.
    #[must_use]
    pub const fn minor(self) -> i64 {
        self.0
    }

    /// Reads `12.50`, with at most the currency's digits.
    ///
    /// # Errors
    /// Not a decimal number, too many digits for the currency, or beyond what 64 bits count.
    pub fn read(field: &str, text: &str, currency: Currency) -> Result<Self, Refusal> {
        let digits = currency.digits();
        let value = read_decimal(field, text, usize::try_from(digits).unwrap_or(0))?;
        let minor = value.mantissa().checked_mul(10_i128.pow(digits.saturating_sub(value.scale())));
        let overflow = || Refusal::new(Reason::Overflow, field, text, "15 digits before the point");
        minor.and_then(|minor| i64::try_from(minor).ok()).map(Self).ok_or_else(overflow)
    }

    /// The amount as a decimal of whole units: 1250 is 12.50 with two digits.
    #[must_use]
    pub fn decimal(self, currency: Currency) -> Decimal {
        Decimal::new(self.0, currency.digits())
    }

    /// The amount as text with exactly the currency's digits: `12.50`, `-0.05`, `300`.
    #[must_use]
    pub fn show(self, currency: Currency) -> String {
        self.decimal(currency).to_string()
    }

    /// Whether it is zero.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// Whether it is below zero.
    #[must_use]
    pub const fn is_negative(self) -> bool {
        self.0 < 0
    }

    /// Whether it is above zero.
    #[must_use]
    pub const fn is_positive(self) -> bool {
        self.0 > 0
    }

    /// The sum.
    ///
    /// # Errors
    /// Beyond what 64 bits count.
    pub fn plus(self, other: Self) -> Result<Self, Refusal> {
        self.0.checked_add(other.0).map(Self).ok_or_else(|| overflow(self, other))
    }

    /// The difference.
    ///
    /// # Errors
    /// Beyond what 64 bits count.
    pub fn minus(self, other: Self) -> Result<Self, Refusal> {
        self.0.checked_sub(other.0).map(Self).ok_or_else(|| overflow(self, other))
    }

    /// The same amount the other way round.
    ///
    /// # Errors
    /// The lowest 64-bit number has no opposite.
    pub fn negated(self) -> Result<Self, Refusal> {
        self.0.checked_neg().map(Self).ok_or_else(|| overflow(self, Self::ZERO))
    }

    /// The sum of all.
    ///
    /// # Errors
    /// Beyond what 64 bits count.
    pub fn sum(amounts: impl IntoIterator<Item = Self>) -> Result<Self, Refusal> {
        amounts.into_iter().try_fold(Self::ZERO, Self::plus)
    }
}

/// The minor units alone; `show` is for people.
impl fmt::Display for Money {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, formatter)
    }
}

fn overflow(left: Money, right: Money) -> Refusal {
    Refusal::new(
        Reason::Overflow,
        "amount",
        format!("{left} and {right} minor units"),
        format!("{} minor units", i64::MAX),
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn currency(code: &str) -> Currency {
        code.parse().unwrap()
    }

    #[test]
    fn text_becomes_minor_units_of_the_currency() {
        for (text, code, minor) in [
            ("12.50", "EUR", 1250),
            ("12.5", "EUR", 1250),
            ("-0.05", "EUR", -5),
            ("300", "JPY", 300),
            ("1.234", "KWD", 1234),
            ("0.0001", "CLF", 1),
            ("12.500", "EUR", 1250),
        ] {
            assert_eq!(Money::read("amount", text, currency(code)).unwrap().minor(), minor, "{text} {code}");
        }
    }

    #[test]
    fn too_many_digits_are_refused_and_never_rounded() {
        for (text, code) in [("12.505", "EUR"), ("0.1", "JPY"), ("1.2345", "KWD")] {
            assert_eq!(Money::read("amount", text, currency(code)).unwrap_err().code(), "too_many_digits", "{text}");
        }
    }

    #[test]
    fn sums_never_wrap() {
        let most = Money::from_minor(i64::MAX);
        assert_eq!(most.plus(Money::from_minor(1)).unwrap_err().code(), "overflow");
        assert_eq!(Money::from_minor(i64::MIN).negated().unwrap_err().code(), "overflow");
        assert_eq!(Money::from_minor(i64::MIN).minus(Money::from_minor(1)).unwrap_err().code(), "overflow");
        let refusal = most.plus(Money::from_minor(-1).negated().unwrap()).unwrap_err();
        assert_eq!(refusal.value(), "9223372036854775807 and 1 minor units");
    }

    proptest! {
        #[test]
        fn shown_money_reads_back(minor in -99_999_999_999_999_i64..99_999_999_999_999, index in 0_usize..165) {
            let currency = Currency::all().nth(index).unwrap();
            let money = Money::from_minor(minor);
            prop_assert_eq!(Money::read("amount", &money.show(currency), currency).unwrap(), money);
        }
    }
}
