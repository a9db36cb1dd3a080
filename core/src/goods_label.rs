//! What a scanned code says of the very goods it is on: how much, at what price, of which lot, until when, which piece.
//!
//! A weight or count is how much one scan sells; a price is what one scan costs. Lot (AI 10), serial (21) and the date up
//! to which it is good (17, else 7003, else 15) land on the line. A year of two digits is 1951 to 2050; a day of 00 is the
//! last of its month. Example: `(01)09501101530003(3103)000195(17)270200(10)AB` is 0.195 kg of lot AB, good until
//! 2027-02-28.

use serde::{Deserialize, Serialize};

use crate::id::Note;
use crate::quantity::{Quantity, UnitPrice};
use crate::scan::Scanned;
use crate::time::Date;

/// What stands on the label.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GoodsLabel {
    /// Net kilograms.
    pub weight: Option<Quantity>,
    /// Pieces inside.
    pub count: Option<Quantity>,
    /// The price of all that is inside, in the currency beside it or in the store's.
    pub price: Option<UnitPrice>,
    /// The currency of the price, where the code names it.
    pub currency: Option<&'static str>,
    /// Lot or batch.
    pub lot: Option<Note>,
    /// The last day on which it is good.
    pub expiry: Option<Date>,
    /// Which piece.
    pub serial: Option<Note>,
    /// Whether a piece with this serial has been sold here and not been taken back.
    pub is_sold_before: bool,
}

impl GoodsLabel {
    /// Reads what a code says.
    #[must_use]
    pub fn of(scanned: &Scanned) -> Self {
        let note = |ai: &str| scanned.value(ai).and_then(|value| Note::new(value).ok());
        let measures = &scanned.measures;
        let expiry = ["17", "7003", "15"].into_iter().find_map(|ai| scanned.value(ai));
        Self {
            weight: measures.weight.map(Quantity::new).filter(|weight| !weight.is_zero()),
            count: measures.count.filter(|count| *count > 0).map(|count| Quantity::new(count.into())),
            price: measures.price.map(UnitPrice::new),
            currency: measures.currency,
            lot: note("10"),
            expiry: expiry.and_then(date),
            serial: note("21"),
            is_sold_before: false,
        }
    }

    /// What is kept of it on the line of a sale of this day, if it says anything.
    #[must_use]
    pub fn trace(&self, day: Date) -> Option<TraceV1> {
        if self.lot.is_none() && self.expiry.is_none() && self.serial.is_none() {
            return None;
        }
        Some(TraceV1 {
            lot: self.lot.clone(),
            expiry: self.expiry,
            serial: self.serial.clone(),
            is_expired: self.expiry.is_some_and(|expiry| expiry < day),
            is_sold_before: self.is_sold_before,
        })
    }
}

/// YYMMDD, perhaps with a time behind it.
fn date(text: &str) -> Option<Date> {
    let part = |from: usize| text.get(from..from.saturating_add(2))?.parse::<u8>().ok();
    let (short, month, day) = (i64::from(part(0)?), part(2)?, part(4)?);
    let year = short.saturating_add(if short > 50 { 1900 } else { 2000 });
    if day > 0 {
        return Date::from_civil(year, month, day);
    }
    (28..=31).rev().find_map(|day| Date::from_civil(year, month, day))
}

/// Where the goods of a line came from and until when they are good. Frozen: it is stored and sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TraceV1 {
    /// Lot or batch.
    pub lot: Option<Note>,
    /// The last day on which it is good.
    pub expiry: Option<Date>,
    /// Which piece.
    pub serial: Option<Note>,
    /// Whether that day had passed when it was sold.
    pub is_expired: bool,
    /// Whether that piece had been sold before and not been taken back.
    pub is_sold_before: bool,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scan::{Rules, scan};

    fn label(code: &str) -> GoodsLabel {
        GoodsLabel::of(&scan(code, Rules::default()))
    }

    #[test]
    fn a_label_says_what_is_on_it() {
        let found = label("(01)09501101530003(3103)000195(17)270200(10)AB(21)S-1");
        assert_eq!((found.weight, found.lot.clone()), (Some("0.195".parse().unwrap()), Some("AB".parse().unwrap())));
        let trace = found.trace("2027-03-01".parse().unwrap()).unwrap();
        assert_eq!((trace.expiry, trace.is_expired), (Some("2027-02-28".parse().unwrap()), true));
        assert!(!found.trace("2027-02-28".parse().unwrap()).unwrap().is_expired);
        assert_eq!(label("9501101530003").trace("2027-03-01".parse().unwrap()), None);
        assert_eq!(label("(01)09501101530003(30)6").count, Some("6".parse().unwrap()));
        assert_eq!(label("(01)09501101530003(3103)000195(3932)978299").price, Some("2.99".parse().unwrap()));
    }

    #[test]
    fn a_date_of_two_digits_of_year_is_told() {
        for (text, expected) in [
            ("270131", Some("2027-01-31")),
            ("280200", Some("2028-02-29")),
            ("510101", Some("1951-01-01")),
            ("500101", Some("2050-01-01")),
            ("2701311230", Some("2027-01-31")),
            ("271301", None),
            ("2701", None),
        ] {
            assert_eq!(date(text).map(|date| date.to_string()).as_deref(), expected, "{text}");
        }
    }
}
