//! How much, how many, at what price: the measures inside GS1 elements.
//!
//! AI `310n` is a net weight in kilograms with n decimals, `320n` in pounds and `356n` in troy ounces (both told in
//! kilograms, exactly), `30` and `37` a count, `392n` a price, `393n` a price with its currency. Example: `(3103)000195`
//! is 0.195 kg, `(3932)978000299` is 2.99 EUR.

use crate::gs1::element::Element;
use crate::gs1::registry;
use crate::quantity::Decimal;

/// What a code says of the goods beside which article they are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Measures {
    /// Kilograms, net.
    pub weight: Option<Decimal>,
    /// The price of all that is inside.
    pub price: Option<Decimal>,
    /// Pieces.
    pub count: Option<u64>,
    /// The currency of the price, three letters.
    pub currency: Option<&'static str>,
}

/// A pound in kilograms.
const POUND: (i128, u32) = (45_359_237, 8);
/// A troy ounce in kilograms.
const TROY_OUNCE: (i128, u32) = (311_034_768, 10);

/// The measures in elements.
#[must_use]
pub fn measures(elements: &[Element]) -> Measures {
    let mut found = Measures::default();
    for element in elements {
        let value = element.value.as_str();
        let (family, decimals) = element.ai.split_at_checked(3).unwrap_or((&element.ai, ""));
        match family {
            "310" => found.weight = scaled(value, decimals),
            "320" => found.weight = scaled(value, decimals).and_then(|pounds| times(pounds, POUND)),
            "356" => found.weight = scaled(value, decimals).and_then(|ounces| times(ounces, TROY_OUNCE)),
            "30" | "37" => found.count = value.parse().ok(),
            "392" => found.price = scaled(value, decimals),
            "393" => {
                let (currency, price) = value.split_at_checked(3).unwrap_or(("", value));
                found.price = scaled(price, decimals);
                found.currency = registry::currency_of(currency);
            }
            _ => {}
        }
    }
    found
}

/// Digits of which the last `decimals` stand after the point.
pub(crate) fn scaled(digits: &str, decimals: &str) -> Option<Decimal> {
    let value = Decimal::try_from_i128_with_scale(digits.parse().ok()?, decimals.parse().ok()?).ok()?;
    Some(value.normalize())
}

fn times(value: Decimal, (mantissa, scale): (i128, u32)) -> Option<Decimal> {
    let unit = Decimal::try_from_i128_with_scale(mantissa, scale).ok()?;
    value.checked_mul(unit).map(|product| product.normalize())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gs1::element::read_bracketed;

    fn check(text: &str, weight: Option<&str>, price: Option<&str>, count: Option<u64>, currency: Option<&str>) {
        let found = measures(&read_bracketed(text).unwrap());
        let told = |value: Option<Decimal>| value.map(|value| value.to_string());
        assert_eq!((told(found.weight).as_deref(), told(found.price).as_deref()), (weight, price), "{text}");
        assert_eq!((found.count, found.currency), (count, currency), "{text}");
    }

    #[test]
    fn measures_are_read_with_their_decimals() {
        check("(3103)000195", Some("0.195"), None, None, None);
        check("(3100)000195", Some("195"), None, None, None);
        check("(3202)000100", Some("0.45359237"), None, None, None);
        check("(3560)000010", Some("0.311034768"), None, None, None);
        check("(3922)0299", None, Some("2.99"), None, None);
        check("(3932)97800299", None, Some("2.99"), None, Some("EUR"));
        check("(30)12", None, None, Some(12), None);
        check("(3909)123456789012345", None, None, None, None);
        check("(3929)999999999999999", None, Some("999999.999999999"), None, None);
    }
}
