//! Notes of another currency, counted at a rate that the sale keeps for ever.
//!
//! The rate is how much of the document's currency one unit of the other is; the value is rounded once, half away from
//! zero. Change is given in the document's currency, and the notes are counted in their own. Example: 20.00 USD at 0.92
//! are 18.40 EUR.

use serde::{Deserialize, Serialize};

use crate::currency::Currency;
use crate::money::Money;
use crate::quantity::ExchangeRate;
use crate::ratio::Ratio;
use crate::refusal::{Reason, Refusal};
use crate::rounding::{Mode, round_ratio};

/// Money of another currency and what it counts for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForeignCash {
    /// Its currency.
    pub currency: Currency,
    /// How much, in minor units of its currency.
    pub amount: Money,
    /// How much of the document's currency one unit is.
    pub rate: ExchangeRate,
}

impl ForeignCash {
    /// What it is worth in the document's currency.
    ///
    /// # Errors
    /// The rate is not above zero, or the value is beyond what 64 bits count.
    pub fn value(&self, currency: Currency) -> Result<Money, Refusal> {
        if self.rate.is_zero() || self.rate.is_negative() {
            let limit = format!("how much {currency} one {} is", self.currency);
            return Err(Refusal::new(Reason::NotPositive, "rate", self.rate, limit));
        }
        let units = Ratio::of_decimal(self.amount.decimal(self.currency));
        round_ratio(units.times(Ratio::of_decimal(self.rate.decimal()))?.in_minor_units(currency)?, Mode::HalfUp)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(amount: &str, of: &str, rate: &str, into: &str, expected: &str) {
        let currency = of.parse().unwrap();
        let amount = Money::read("amount", amount, currency).unwrap();
        let into = into.parse().unwrap();
        let value = ForeignCash { currency, amount, rate: rate.parse().unwrap() }.value(into);
        let found = value.map_or_else(|refusal| refusal.code().to_owned(), |value| value.show(into));
        assert_eq!(found, expected, "{amount} {of} at {rate}");
    }

    #[test]
    fn the_value_is_rounded_once_to_the_currency_of_the_document() {
        check("20.00", "USD", "0.92", "EUR", "18.40");
        check("0.01", "USD", "0.5", "EUR", "0.01");
        check("0.01", "USD", "0.4999999999", "EUR", "0.00");
        check("-20.00", "USD", "0.92", "EUR", "-18.40");
        check("10000", "JPY", "0.006135", "EUR", "61.35");
        check("50.00", "EUR", "162.995", "JPY", "8150");
        check("1.500", "KWD", "3.0001", "EUR", "4.50");
        check("1.00", "USD", "0", "EUR", "not_positive");
        check("1.00", "USD", "-1", "EUR", "not_positive");
        check("92233720368547.00", "USD", "100000", "EUR", "overflow");
    }
}
