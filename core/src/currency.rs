//! The currencies of ISO 4217 and the digits of their minor units.
//!
//! Source: the ISO list published 2026-01-01. Codes without a minor unit (gold, special drawing rights,
//! testing) are not money a till can take and are left out. Accounting uses these digits; what coins
//! exist is the matter of `cash_rounding`. Example: EUR has 2 digits, JPY 0, KWD 3, CLF 4.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::refusal::{Reason, Refusal};

/// The most digits that any currency's minor unit has.
pub const DIGITS_MAX: u32 = 4;

/// Each list in the order of its codes.
const BY_DIGITS: [(u8, &[&str]); 4] = [
    (
        0,
        &[
            "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF",
            "XOF", "XPF",
        ],
    ),
    (
        2,
        &[
            "AED", "AFN", "ALL", "AMD", "AOA", "ARS", "AUD", "AWG", "AZN", "BAM", "BBD", "BDT", "BMD", "BND", "BOB",
            "BOV", "BRL", "BSD", "BTN", "BWP", "BYN", "BZD", "CAD", "CDF", "CHE", "CHF", "CHW", "CNY", "COP", "COU",
            "CRC", "CUP", "CVE", "CZK", "DKK", "DOP", "DZD", "EGP", "ERN", "ETB", "EUR", "FJD", "FKP", "GBP", "GEL",
            "GHS", "GIP", "GMD", "GTQ", "GYD", "HKD", "HNL", "HTG", "HUF", "IDR", "ILS", "INR", "IRR", "JMD", "KES",
            "KGS", "KHR", "KPW", "KYD", "KZT", "LAK", "LBP", "LKR", "LRD", "LSL", "MAD", "MDL", "MGA", "MKD", "MMK",
            "MNT", "MOP", "MRU", "MUR", "MVR", "MWK", "MXN", "MXV", "MYR", "MZN", "NAD", "NGN", "NIO", "NOK", "NPR",
            "NZD", "PAB", "PEN", "PGK", "PHP", "PKR", "PLN", "QAR", "RON", "RSD", "RUB", "SAR", "SBD", "SCR", "SDG",
            "SEK", "SGD", "SHP", "SLE", "SOS", "SRD", "SSP", "STN", "SVC", "SYP", "SZL", "THB", "TJS", "TMT", "TOP",
            "TRY", "TTD", "TWD", "TZS", "UAH", "USD", "USN", "UYU", "UZS", "VED", "VES", "WST", "XAD", "XCD", "XCG",
            "YER", "ZAR", "ZMW", "ZWG",
        ],
    ),
    (3, &["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"]),
    (4, &["CLF", "UYW"]),
];

/// A currency of ISO 4217, by its three letters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency {
    code: [u8; 3],
    digits: u8,
}

impl Currency {
    /// The three capital letters.
    #[must_use]
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.code).expect("a currency is made of ASCII letters only")
    }

    /// How many decimal digits the minor unit has: 2 for EUR, 0 for JPY.
    #[must_use]
    pub fn digits(self) -> u32 {
        u32::from(self.digits)
    }

    /// Every currency a till can take, in the order of digits and then of codes.
    pub fn all() -> impl Iterator<Item = Self> {
        let of = |(digits, codes): &'static (u8, &'static [&'static str])| {
            codes.iter().filter_map(|code| Some(Self { code: code.as_bytes().try_into().ok()?, digits: *digits }))
        };
        BY_DIGITS.iter().flat_map(of)
    }
}

impl FromStr for Currency {
    type Err = Refusal;

    fn from_str(text: &str) -> Result<Self, Refusal> {
        let unknown = || Refusal::new(Reason::Malformed, "currency", text, "a currency of ISO 4217, such as EUR");
        // Every stored row of money is read through here.
        let listed = BY_DIGITS.iter().find(|(_, codes)| codes.binary_search(&text).is_ok());
        let (digits, _) = listed.ok_or_else(unknown)?;
        Ok(Self { code: text.as_bytes().try_into().map_err(|_| unknown())?, digits: *digits })
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.code())
    }
}

impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.code.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let code = <[u8; 3]>::deserialize(deserializer)?;
        let text = std::str::from_utf8(&code).map_err(serde::de::Error::custom)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_those_of_iso_4217() {
        for (code, digits) in [("EUR", 2), ("JPY", 0), ("KWD", 3), ("CLF", 4), ("HUF", 2), ("CLP", 0)] {
            assert_eq!(code.parse::<Currency>().unwrap().digits(), digits, "{code}");
        }
    }

    #[test]
    fn every_currency_is_found_by_its_code() {
        assert_eq!(Currency::all().count(), 165);
        for currency in Currency::all() {
            assert_eq!(currency.code().parse::<Currency>().unwrap(), currency);
        }
    }

    #[test]
    fn an_unknown_code_is_refused_by_name() {
        for code in ["", "eur", "EURO", "XAU", "ZZZ", "€€€"] {
            let refusal = code.parse::<Currency>().unwrap_err();
            assert_eq!((refusal.code(), refusal.field(), refusal.value()), ("malformed", "currency", code));
        }
    }
}
