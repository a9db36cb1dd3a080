//! The amounts of cash that a customer is likely to hand over, as buttons beside the total.
//!
//! The exact amount first, then for each note or large coin of the currency the next amount that is made of that piece
//! alone. A currency without a row has pieces of 1, 2 and 5 with zeros. Always: ascending, none below what is to be paid,
//! none twice. Example: 15.70 EUR suggests 15.70, 16.00, 20.00, 50.00, 100.00 and 200.00.

use crate::currency::Currency;
use crate::money::Money;
use crate::refusal::{Reason, Refusal};

/// The most amounts that are suggested.
pub const SUGGESTIONS_MAX: usize = 6;

/// The pieces that people pay with, in whole units of their currency.
const PIECES: [(&str, &[i64]); 24] = [
    ("AUD", &[1, 2, 5, 10, 20, 50, 100]),
    ("BRL", &[1, 2, 5, 10, 20, 50, 100, 200]),
    ("CAD", &[1, 2, 5, 10, 20, 50, 100]),
    ("CHF", &[1, 2, 5, 10, 20, 50, 100, 200]),
    ("CLP", &[100, 500, 1_000, 2_000, 5_000, 10_000, 20_000]),
    ("COP", &[500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000]),
    ("CZK", &[10, 20, 50, 100, 200, 500, 1_000, 2_000]),
    ("DKK", &[10, 20, 50, 100, 200, 500]),
    ("EUR", &[1, 2, 5, 10, 20, 50, 100, 200]),
    ("GBP", &[1, 2, 5, 10, 20, 50]),
    ("HUF", &[100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000]),
    ("ILS", &[1, 5, 10, 20, 50, 100, 200]),
    ("INR", &[10, 20, 50, 100, 200, 500]),
    ("JPY", &[100, 500, 1_000, 5_000, 10_000]),
    ("MXN", &[10, 20, 50, 100, 200, 500]),
    ("MYR", &[1, 5, 10, 20, 50, 100]),
    ("NOK", &[10, 20, 50, 100, 200, 500]),
    ("NZD", &[1, 2, 5, 10, 20, 50, 100]),
    ("PEN", &[1, 2, 5, 10, 20, 50, 100, 200]),
    ("PLN", &[1, 5, 10, 20, 50, 100, 200, 500]),
    ("RON", &[1, 5, 10, 50, 100, 200]),
    ("SEK", &[10, 20, 50, 100, 200, 500]),
    ("TRY", &[5, 10, 20, 50, 100, 200]),
    ("USD", &[1, 5, 10, 20, 50, 100]),
];

const ANY_PIECES: [i64; 9] = [1, 2, 5, 10, 20, 50, 100, 200, 500];

/// What is likely to be handed over for `payable`, at most `SUGGESTIONS_MAX` amounts.
///
/// # Errors
/// The amount is not above zero, or beyond what 64 bits count.
pub fn suggestions(payable: Money, currency: Currency) -> Result<Vec<Money>, Refusal> {
    if !payable.is_positive() {
        return Err(Refusal::new(Reason::NotPositive, "amount", payable.show(currency), "what is to be paid"));
    }
    let known = PIECES.iter().find(|(code, _)| *code == currency.code());
    let pieces = known.map_or(ANY_PIECES.as_slice(), |(_, pieces)| pieces);
    let unit = 10_i64.pow(currency.digits());
    let mut amounts = vec![payable];
    for piece in pieces {
        let piece = piece.saturating_mul(unit);
        let count = payable.minor().div_euclid(piece);
        let count = if payable.minor().rem_euclid(piece) == 0 { count } else { count.saturating_add(1) };
        let overflow = || Refusal::new(Reason::Overflow, "amount", payable.show(currency), "what 64 bits count");
        amounts.push(Money::from_minor(count.checked_mul(piece).ok_or_else(overflow)?));
    }
    amounts.sort_unstable();
    amounts.dedup();
    amounts.truncate(SUGGESTIONS_MAX);
    Ok(amounts)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(payable: &str, code: &str, expected: &[&str]) {
        let currency = code.parse().unwrap();
        let payable = Money::read("amount", payable, currency).unwrap();
        let found = suggestions(payable, currency).unwrap();
        assert_eq!(found.iter().map(|amount| amount.show(currency)).collect::<Vec<_>>(), expected, "{code}");
    }

    #[test]
    fn each_piece_suggests_the_next_amount_made_of_it() {
        check("15.70", "EUR", &["15.70", "16.00", "20.00", "50.00", "100.00", "200.00"]);
        check("20.00", "EUR", &["20.00", "50.00", "100.00", "200.00"]);
        check("7.35", "USD", &["7.35", "8.00", "10.00", "20.00", "50.00", "100.00"]);
        check("0.01", "EUR", &["0.01", "1.00", "2.00", "5.00", "10.00", "20.00"]);
        check("1234", "JPY", &["1234", "1300", "1500", "2000", "5000", "10000"]);
        check("1.234", "KWD", &["1.234", "2.000", "5.000", "10.000", "20.000", "50.000"]);
        check("812.00", "EUR", &["812.00", "815.00", "820.00", "850.00", "900.00", "1000.00"]);
    }

    #[test]
    fn nothing_to_pay_suggests_nothing() {
        let currency = "EUR".parse().unwrap();
        assert_eq!(suggestions(Money::ZERO, currency).unwrap_err().code(), "not_positive");
        assert_eq!(suggestions(Money::from_minor(i64::MAX), currency).unwrap_err().code(), "overflow");
    }

    proptest! {
        #[test]
        fn suggestions_ascend_and_are_enough(minor in 1_i64..10_000_000, index in 0_usize..160) {
            let currency = Currency::all().nth(index).unwrap();
            let found = suggestions(Money::from_minor(minor), currency).unwrap();
            prop_assert_eq!(found[0].minor(), minor);
            prop_assert!(found.len() <= SUGGESTIONS_MAX && found.windows(2).all(|pair| pair[0] < pair[1]));
        }
    }
}
