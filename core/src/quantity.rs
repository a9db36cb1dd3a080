//! Exact decimals of the trade: quantities, unit prices, rates.
//!
//! A decimal is kept in its shortest form, so that 1.0 and 1.00 are one value and encode to the same bytes. It never
//! becomes money here; only `rounding` does that. Example: 0.350 kg is kept as 0.35.

use std::fmt;
use std::str::FromStr;

pub use rust_decimal::Decimal;
use rust_decimal::RoundingStrategy;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::refusal::{Reason, Refusal};

/// Reads a plain decimal: an optional minus, digits, an optional point and digits. No exponent, no spaces, no comma.
///
/// # Errors
/// `field` is not such text, or has more than `digits_max` digits after the point or 15 before it.
pub fn read_decimal(field: &str, text: &str, digits_max: usize) -> Result<Decimal, Refusal> {
    let (whole, fraction) = text.split_once('.').map_or((text, None), |(whole, fraction)| (whole, Some(fraction)));
    let whole = whole.strip_prefix('-').unwrap_or(whole);
    let is_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !is_digits(whole) || !fraction.is_none_or(is_digits) {
        return Err(Refusal::new(Reason::Malformed, field, text, "a decimal number such as 12.50"));
    }
    if fraction.is_some_and(|fraction| fraction.trim_end_matches('0').len() > digits_max) {
        let limit = format!("{digits_max} digits after the point");
        return Err(Refusal::new(Reason::TooManyDigits, field, text, limit));
    }
    if whole.trim_start_matches('0').len() > 15 || text.len() > 64 {
        return Err(Refusal::new(Reason::Overflow, field, text, "15 digits before the point"));
    }
    let kept = fraction.map_or_else(
        || text.to_owned(),
        |fraction| {
            let fraction = fraction.trim_end_matches('0');
            let sign = if text.starts_with('-') { "-" } else { "" };
            if fraction.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
        },
    );
    let value = Decimal::from_str(&kept)
        .map_err(|_| Refusal::new(Reason::Overflow, field, text, "15 digits before the point"))?;
    Ok(value.normalize())
}

macro_rules! decimals {
    ($($(#[$doc:meta])* $name:ident, $field:literal, $digits:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Decimal);

        impl $name {
            /// Nothing.
            pub const ZERO: Self = Self(Decimal::ZERO);

            /// The most digits after the point.
            pub const DIGITS_MAX: usize = $digits;

            /// The value in its shortest form.
            #[must_use]
            pub fn new(value: Decimal) -> Self {
                Self(value.normalize())
            }

            /// Reads plain decimal text.
            ///
            /// # Errors
            /// Not a decimal number, or with more than `DIGITS_MAX` digits after the point or 15 before it.
            pub fn read(field: &str, text: &str) -> Result<Self, Refusal> {
                read_decimal(field, text, Self::DIGITS_MAX).map(Self)
            }

            /// The decimal.
            #[must_use]
            pub const fn decimal(self) -> Decimal {
                self.0
            }

            /// Whether it is zero.
            #[must_use]
            pub const fn is_zero(self) -> bool {
                self.0.is_zero()
            }

            /// Whether it is below zero.
            #[must_use]
            pub const fn is_negative(self) -> bool {
                self.0.is_sign_negative() && !self.0.is_zero()
            }

            /// The sum, or `None` beyond 28 digits.
            #[must_use]
            pub fn checked_add(self, other: Self) -> Option<Self> {
                self.0.checked_add(other.0).map(Self::new)
            }

            /// The difference, or `None` beyond 28 digits.
            #[must_use]
            pub fn checked_sub(self, other: Self) -> Option<Self> {
                self.0.checked_sub(other.0).map(Self::new)
            }
        }

        impl FromStr for $name {
            type Err = Refusal;

            fn from_str(text: &str) -> Result<Self, Refusal> {
                Self::read($field, text)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, formatter)
            }
        }

        /// As the pair of its whole number and its digits after the point, which is short and has one form only.
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                (self.0.mantissa(), self.0.scale()).serialize(serializer)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let (mantissa, scale) = <(i128, u32)>::deserialize(deserializer)?;
                let value = Decimal::try_from_i128_with_scale(mantissa, scale).map_err(serde::de::Error::custom)?;
                Ok(Self::new(value))
            }
        }
    )*};
}

decimals! {
    /// How much of a product: pieces, kilograms, litres.
    Quantity, "quantity", 6;
    /// The price of one unit, in the document's currency, with as many digits as the shop needs.
    UnitPrice, "unit_price", 8;
    /// A percentage: 21 is 21 %.
    Percent, "percent", 6;
    /// How much of the document's currency one unit of another is.
    ExchangeRate, "rate", 10;
}

impl Quantity {
    /// One.
    pub const ONE: Self = Self(Decimal::ONE);

    /// So many times as much, to the digits that a quantity has, or `None` beyond 28 digits.
    #[must_use]
    pub fn checked_mul(self, times: Self) -> Option<Self> {
        let product = self.0.checked_mul(times.0)?;
        let digits = u32::try_from(Self::DIGITS_MAX).ok()?;
        Some(Self::new(product.round_dp_with_strategy(digits, RoundingStrategy::MidpointAwayFromZero)))
    }

    /// Whether it counts whole pieces.
    #[must_use]
    pub fn is_whole(self) -> bool {
        self.0.is_integer()
    }

    /// The same quantity the other way round, as a refund moves stock.
    #[must_use]
    pub fn negated(self) -> Self {
        let mut value = self.0;
        value.set_sign_negative(!self.is_negative());
        Self::new(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str, code: &str) {
        assert_eq!(Quantity::read("quantity", text).unwrap_err().code(), code, "{text}");
    }

    #[test]
    fn one_value_has_one_form() {
        for text in ["1", "1.0", "1.000000", "01", "1.00000000000000000000000000000"] {
            let quantity: Quantity = text.parse().unwrap();
            assert_eq!(quantity.to_string(), "1");
            assert_eq!(postcard::to_stdvec(&quantity).unwrap(), [2, 0]);
        }
        assert_eq!(Quantity::read("quantity", "-0").unwrap(), Quantity::ZERO);
        assert!(!Quantity::read("quantity", "-0.0").unwrap().is_negative());
    }

    #[test]
    fn what_is_not_a_plain_decimal_is_refused() {
        for text in ["", "1,5", "1e3", " 1", "+1", ".5", "1.", "--1", "1.2.3", "NaN", "٣"] {
            refused(text, "malformed");
        }
        refused("0.0000001", "too_many_digits");
        refused("1000000000000000", "overflow");
        refused(&format!("0{}", "0".repeat(100)), "overflow");
        let zeros = "0".repeat(62);
        assert_eq!(Quantity::read("quantity", &format!("1.{zeros}")).unwrap(), Quantity::ONE);
        refused(&format!("1.{zeros}0"), "overflow");
    }

    #[test]
    fn sums_differences_and_opposites_are_exact() {
        let quantity = |text: &str| -> Quantity { text.parse().unwrap() };
        for (left, right, sum, difference, opposite) in [
            ("0.1", "0.2", "0.3", "-0.1", "-0.1"),
            ("-1.5", "1.5", "0", "-3", "1.5"),
            ("0", "0.000001", "0.000001", "-0.000001", "0"),
        ] {
            let (left, right) = (quantity(left), quantity(right));
            assert_eq!(left.checked_add(right), Some(quantity(sum)), "{left} + {right}");
            assert_eq!(left.checked_sub(right), Some(quantity(difference)), "{left} - {right}");
            assert_eq!(left.negated(), quantity(opposite), "{left}");
        }
        let most = Quantity::new(Decimal::MAX);
        assert_eq!((most.checked_add(most), most.negated().checked_sub(most)), (None, None));
        let signs = |text| (quantity(text).is_negative(), quantity(text).is_zero(), quantity(text).is_whole());
        assert_eq!(
            [signs("-2"), signs("0"), signs("0.5")],
            [(true, false, true), (false, true, true), (false, false, false)]
        );
    }

    #[test]
    fn bytes_read_back() {
        for text in ["0", "-0.350", "999999999999999.999999", "0.000001"] {
            let quantity: Quantity = text.parse().unwrap();
            let bytes = postcard::to_stdvec(&quantity).unwrap();
            assert_eq!(postcard::from_bytes::<Quantity>(&bytes).unwrap(), quantity);
        }
    }
}
