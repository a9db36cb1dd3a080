//! What is paid in cash when the smallest coin is larger than the minor unit.
//!
//! Rounds the cash part of a settlement, never a line and never tax. Which coin, from when, and how a tie goes is a
//! table of data by country, currency and date; a country without a row does not round. Always: `paid = payable +
//! difference`, the difference is below a coin (half a coin for the modes to the nearest, but for amounts too small to
//! be paid), and an opposite amount has the opposite difference. Example: 10.02 with a 0.05 coin is paid as 10.00; the
//! difference is -0.02.

use crate::currency::Currency;
use crate::id::CountryCode;
use crate::money::Money;
use crate::refusal::{Reason, Refusal};
use crate::rounding::{Mode, round_to_step};
use crate::time::Date;

/// How cash is rounded at one place and time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CashRounding {
    increment: Money,
    mode: Mode,
    small: SmallAmounts,
}

/// What becomes of an amount that is not zero but below the smallest coin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SmallAmounts {
    /// It is rounded like any other.
    AsOthers,
    /// It becomes one coin and never nothing.
    OneCoin,
    /// It is paid exactly.
    Exact,
}

/// An amount in cash and what rounding added (positive) or took (negative).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RoundedCash {
    paid: Money,
    difference: Money,
}

impl RoundedCash {
    /// What is paid in coins and notes.
    #[must_use]
    pub const fn paid(self) -> Money {
        self.paid
    }

    /// `paid` minus the payable amount, booked as its own figure.
    #[must_use]
    pub const fn difference(self) -> Money {
        self.difference
    }
}

impl CashRounding {
    /// Rounding to multiples of `increment`, the smallest coin.
    ///
    /// # Errors
    /// The increment is not above zero.
    pub fn new(increment: Money, mode: Mode) -> Result<Self, Refusal> {
        if !increment.is_positive() {
            return Err(Refusal::new(Reason::NotPositive, "increment", increment, "the smallest coin"));
        }
        Ok(Self { increment, mode, small: SmallAmounts::AsOthers })
    }

    /// The rule that holds in a country for a currency on a date, if there is one.
    #[must_use]
    pub fn of_country(country: &CountryCode, currency: Currency, date: Date) -> Option<Self> {
        let (year, month, day) = date.civil();
        let rows = TABLE.iter().filter(|row| row.country == country.as_str() && row.currency == currency.code());
        let row = rows.filter(|row| row.since <= (year, month, day)).max_by_key(|row| row.since)?;
        Some(Self { increment: Money::from_minor(row.increment), mode: row.mode, small: row.small })
    }

    /// The smallest coin.
    #[must_use]
    pub const fn increment(self) -> Money {
        self.increment
    }

    /// How an amount between two coins is decided.
    #[must_use]
    pub const fn mode(self) -> Mode {
        self.mode
    }

    /// What becomes of amounts below the smallest coin.
    #[must_use]
    pub const fn small(self) -> SmallAmounts {
        self.small
    }

    /// Rounds an amount that is paid, or paid out, in cash.
    ///
    /// # Errors
    /// Beyond what 64 bits count.
    pub fn apply(self, payable: Money) -> Result<RoundedCash, Refusal> {
        let is_small = payable.minor().unsigned_abs() < self.increment.minor().unsigned_abs();
        let paid = match self.small {
            SmallAmounts::OneCoin if is_small => round_to_step(payable, self.increment, Mode::Up)?,
            SmallAmounts::Exact if is_small => payable,
            SmallAmounts::AsOthers | SmallAmounts::OneCoin | SmallAmounts::Exact => {
                round_to_step(payable, self.increment, self.mode)?
            }
        };
        Ok(RoundedCash { paid, difference: paid.minus(payable)? })
    }

    /// What is paid out in whole coins where no more than `most` may be.
    ///
    /// # Errors
    /// Beyond what 64 bits count.
    pub fn apply_at_most(self, payable: Money, most: Money) -> Result<Money, Refusal> {
        let paid = self.apply(payable)?.paid();
        if paid > most { round_to_step(most, self.increment, Mode::Down) } else { Ok(paid) }
    }
}

/// One rule: it holds from its date until the next of the same country and currency.
struct Row {
    country: &'static str,
    currency: &'static str,
    since: (i64, u8, u8),
    /// The smallest coin in minor units.
    increment: i64,
    mode: Mode,
    small: SmallAmounts,
}

const fn row(country: &'static str, currency: &'static str, since: (i64, u8, u8), increment: i64) -> Row {
    Row { country, currency, since, increment, mode: Mode::HalfUp, small: SmallAmounts::AsOthers }
}

const TABLE: &[Row] = &[
    // Reserve Bank of Australia: 1 and 2 cent coins withdrawn from February 1992.
    row("AU", "AUD", (1992, 2, 1), 5),
    // Code de droit economique VI.7/1 and VI.7/2, law of 30 July 2018: totals above 5 cents only.
    Row { small: SmallAmounts::Exact, ..row("BE", "EUR", (2019, 12, 1), 5) },
    // Federal budget 2012; the penny is no longer distributed.
    row("CA", "CAD", (2013, 2, 4), 5),
    // Swiss Federal Council: the 1 centime coin is no longer legal tender. Liechtenstein shares the franc.
    row("CH", "CHF", (2007, 1, 1), 5),
    row("LI", "CHF", (2007, 1, 1), 5),
    // Ley 20.956: 1 to 5 pesos down, 6 to 9 up.
    Row { mode: Mode::HalfDown, ..row("CL", "CLP", (2017, 11, 1), 10) },
    // Czech National Bank: the 10 and 20 haler coins, then the 50 haler coin, no longer legal tender.
    row("CZ", "CZK", (2003, 11, 1), 50),
    row("CZ", "CZK", (2008, 9, 1), 100),
    // Danmarks Nationalbank: the 5 and 10 ore coins, then the 25 ore coin, no longer legal tender; 25 to 74 ore become 50.
    row("DK", "DKK", (1989, 7, 1), 25),
    row("DK", "DKK", (2008, 10, 1), 50),
    // Eesti Pank: totals in cash, refunds too.
    row("EE", "EUR", (2025, 1, 1), 5),
    // Law 890/2000 on the rounding of payments in euro.
    row("FI", "EUR", (2002, 1, 1), 5),
    // Magyar Nemzeti Bank, Act III of 2008: 1 and 2 forint coins withdrawn.
    row("HU", "HUF", (2008, 3, 1), 500),
    // Central Bank of Ireland: national rounding.
    row("IE", "EUR", (2015, 10, 28), 5),
    // Bank of Israel: the 1 agora coin, then the 5 agorot coin withdrawn.
    row("IL", "ILS", (1991, 4, 1), 5),
    row("IL", "ILS", (2008, 1, 1), 10),
    // Decreto-legge 50/2017, article 13-quater.
    row("IT", "EUR", (2018, 1, 1), 5),
    // Lietuvos bankas, law on the rounding of payments in cash.
    row("LT", "EUR", (2025, 5, 1), 5),
    // Bank Negara Malaysia: rounding mechanism.
    row("MY", "MYR", (2008, 4, 1), 5),
    // De Nederlandsche Bank: rounding agreed for all of retail.
    row("NL", "EUR", (2004, 9, 1), 5),
    // Norges Bank: the 10 ore coin, then the 50 ore coin, no longer legal tender.
    row("NO", "NOK", (1993, 3, 1), 50),
    row("NO", "NOK", (2012, 5, 1), 100),
    // Reserve Bank of New Zealand: 1 and 2 cent coins gone, then the 5 cent coin; a final 5 is the shop's choice, and
    // down is to the customer's good.
    row("NZ", "NZD", (1990, 5, 1), 5),
    Row { mode: Mode::HalfDown, ..row("NZ", "NZD", (2006, 11, 1), 10) },
    // Sveriges Riksbank: the 1 and 2 ore coins, the 5 ore coin, the 10 ore coin, then the 50 ore coin no longer legal tender.
    row("SE", "SEK", (1972, 1, 1), 5),
    row("SE", "SEK", (1985, 7, 1), 10),
    row("SE", "SEK", (1992, 10, 1), 50),
    row("SE", "SEK", (2010, 10, 1), 100),
    // Law 18/1996 on prices, as amended by 457/2021: 1 and 2 cents become 5.
    Row { small: SmallAmounts::OneCoin, ..row("SK", "EUR", (2022, 7, 1), 5) },
    // South African Reserve Bank: 1 and 2 cent coins no longer made; shops round down, to the customer's good.
    Row { mode: Mode::Down, ..row("ZA", "ZAR", (2002, 4, 1), 5) },
    // No coins of the minor unit are in use (CLDR's digits for cash: none); accounts keep the digits of ISO 4217.
    row("AM", "AMD", IN_LIVING_MEMORY, 100),
    row("CR", "CRC", IN_LIVING_MEMORY, 100),
    row("GY", "GYD", IN_LIVING_MEMORY, 100),
    row("MN", "MNT", IN_LIVING_MEMORY, 100),
    row("MU", "MUR", IN_LIVING_MEMORY, 100),
    row("RS", "RSD", IN_LIVING_MEMORY, 100),
    row("TW", "TWD", IN_LIVING_MEMORY, 100),
    row("TZ", "TZS", IN_LIVING_MEMORY, 100),
    row("UZ", "UZS", IN_LIVING_MEMORY, 100),
];

/// Since before any till that this program may take over history from.
const IN_LIVING_MEMORY: (i64, u8, u8) = (1970, 1, 1);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rule(country: &str, code: &str, date: &str) -> Option<CashRounding> {
        CashRounding::of_country(&country.parse().unwrap(), code.parse().unwrap(), date.parse().unwrap())
    }

    fn check(country: &str, code: &str, date: &str, payable: &str, paid: &str) {
        let currency = code.parse().unwrap();
        let payable = Money::read("payable", payable, currency).unwrap();
        let rounded = rule(country, code, date).map_or(payable, |rule| rule.apply(payable).unwrap().paid());
        assert_eq!(rounded.show(currency), paid, "{country} {code} {date}");
    }

    #[test]
    fn each_country_rounds_to_its_coin() {
        for (payable, paid) in [("0.00", "0.00"), ("1.02", "1.00"), ("4.97", "4.95"), ("9.98", "10.00")] {
            check("FI", "EUR", "2026-01-01", payable, paid);
        }
        check("SE", "SEK", "2026-01-01", "324.50", "325.00");
        check("DK", "DKK", "2026-01-01", "10.24", "10.00");
        check("DK", "DKK", "2026-01-01", "10.25", "10.50");
        check("DK", "DKK", "2026-01-01", "10.75", "11.00");
        check("HU", "HUF", "2026-01-01", "1002.49", "1000.00");
        check("HU", "HUF", "2026-01-01", "1002.50", "1005.00");
        check("CZ", "CZK", "2026-01-01", "99.50", "100.00");
        check("NZ", "NZD", "2026-01-01", "1.95", "1.90");
        check("NZ", "NZD", "2026-01-01", "1.96", "2.00");
        check("CL", "CLP", "2026-01-01", "995", "990");
        check("CL", "CLP", "2026-01-01", "996", "1000");
        check("ZA", "ZAR", "2026-01-01", "1.09", "1.05");
        check("RS", "RSD", "2026-01-01", "99.50", "100.00");
        check("TW", "TWD", "2026-01-01", "99.49", "99.00");
    }

    #[test]
    fn a_refund_rounds_as_its_sale() {
        check("FI", "EUR", "2026-01-01", "-1.02", "-1.00");
        check("DK", "DKK", "2026-01-01", "-10.25", "-10.50");
        check("SK", "EUR", "2026-01-01", "-0.01", "-0.05");
    }

    #[test]
    fn a_rule_holds_from_its_date() {
        check("SE", "SEK", "1992-09-30", "223.20", "223.20");
        check("SE", "SEK", "1992-10-01", "223.25", "223.50");
        check("SE", "SEK", "2010-09-30", "65.40", "65.50");
        check("SE", "SEK", "2010-10-01", "65.40", "65.00");
        check("SK", "EUR", "2022-06-30", "0.01", "0.01");
        check("NO", "NOK", "2012-04-30", "1.30", "1.50");
        check("SE", "SEK", "1985-06-30", "1.22", "1.20");
        check("SE", "SEK", "1985-07-01", "1.25", "1.30");
        check("DK", "DKK", "1989-07-01", "1.13", "1.25");
        check("DK", "DKK", "2008-09-30", "1.12", "1.00");
        check("CZ", "CZK", "2003-10-31", "1.30", "1.30");
        check("CZ", "CZK", "2008-08-31", "1.30", "1.50");
        check("IL", "ILS", "2007-12-31", "1.03", "1.05");
    }

    #[test]
    fn small_amounts_follow_their_own_rule() {
        check("SK", "EUR", "2022-07-01", "0.01", "0.05");
        check("SK", "EUR", "2022-07-01", "0.02", "0.05");
        check("SK", "EUR", "2022-07-01", "0.00", "0.00");
        check("SK", "EUR", "2022-07-01", "0.07", "0.05");
        check("BE", "EUR", "2026-01-01", "0.02", "0.02");
        check("BE", "EUR", "2026-01-01", "0.07", "0.05");
        check("EE", "EUR", "2026-01-01", "0.02", "0.00");
    }

    #[test]
    fn other_countries_and_currencies_do_not_round() {
        check("ES", "EUR", "2026-01-01", "0.01", "0.01");
        check("FI", "SEK", "2026-01-01", "0.01", "0.01");
        assert_eq!(CashRounding::new(Money::ZERO, Mode::HalfUp).unwrap_err().code(), "not_positive");
    }

    #[test]
    fn every_row_can_be_reached() {
        for row in TABLE {
            let (year, month, day) = row.since;
            let rule = rule(row.country, row.currency, &format!("{year}-{month:02}-{day:02}")).unwrap();
            let found = (rule.increment().minor(), rule.mode(), rule.small());
            assert_eq!(found, (row.increment, row.mode, row.small), "{} {year}", row.country);
        }
    }

    proptest! {
        #[test]
        fn the_difference_is_at_most_half_a_coin_but_for_small_amounts(
            minor in -1_000_000_i64..1_000_000, index in 0..TABLE.len(),
        ) {
            let row = &TABLE[index];
            let (year, month, day) = row.since;
            let rule = rule(row.country, row.currency, &format!("{year}-{month:02}-{day:02}")).unwrap();
            let rounded = rule.apply(Money::from_minor(minor)).unwrap();
            prop_assert_eq!(rounded.paid().minor(), minor + rounded.difference().minor());
            if minor.abs() >= row.increment {
                let is_nearest = matches!(row.mode, Mode::HalfUp | Mode::HalfDown | Mode::HalfEven);
                let factor = if is_nearest { 2 } else { 1 };
                prop_assert!(rounded.difference().minor().abs() * factor <= row.increment);
                prop_assert_eq!(rounded.paid().minor() % row.increment, 0);
            }
            let opposite = rule.apply(Money::from_minor(-minor)).unwrap();
            prop_assert_eq!(opposite.difference().minor(), -rounded.difference().minor());
        }
    }
}
