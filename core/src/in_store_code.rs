//! In-store codes: a price, weight or count inside an EAN-13 that a scale or the shop printed (prefixes 02 and 20 to 29).
//!
//! Where the measure stands is the country's rule or the shop's own. A mask says it, one character for each of the first
//! twelve digits: a digit must match, `.` belongs to the article, `C` is the verifier of the measure, and in braces stand
//! the measure's digits before (`N`) and after (`D`) the point. The 13th digit is the EAN's own check digit. The article
//! is looked up by the code with the measure zeroed. Sources: GS1 General Specifications 2.1.11 and 7.9; the rules of the
//! national GS1 organisations. Example: by `price:22....C{NNNDD}` the code 2211114002394 is article 2211110000004 for 2.39.

use std::fmt::{self, Write};
use std::str::FromStr;

use crate::barcode::check_digit;
use crate::gs1::measure::{Measures, scaled};
use crate::refusal::{Reason, Refusal};

/// The most masks that one shop may have.
pub const MASKS_MAX: usize = 64;
const PLACES: usize = 12;
const LIMIT: &str = "price, weight or count, a colon and 12 places such as price:22....C{NNNDD}";

/// What a mask finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// A price.
    Price,
    /// Kilograms.
    Weight,
    /// Pieces.
    Count,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Digit(char),
    Article,
    Verifier,
    Whole,
    Decimal,
}

/// Where a measure stands in a code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mask {
    measure: Measure,
    places: Vec<Place>,
    currency: Option<&'static str>,
}

/// What a mask has read: the article, and how much of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Measured {
    /// The 13 digits to look the article up by: the code with the measure zeroed.
    pub article: String,
    /// The measure.
    pub measures: Measures,
}

impl FromStr for Mask {
    type Err = Refusal;

    fn from_str(text: &str) -> Result<Self, Refusal> {
        let refused = || Refusal::new(Reason::Malformed, "mask", text, LIMIT);
        let (measure, form) = text.split_once(':').ok_or_else(refused)?;
        let measure = match measure {
            "price" => Measure::Price,
            "weight" => Measure::Weight,
            "count" => Measure::Count,
            _ => return Err(refused()),
        };
        let mut places = Vec::with_capacity(PLACES);
        if form.len() > PLACES.saturating_add(2) {
            return Err(refused());
        }
        for character in form.chars().filter(|character| !matches!(character, '{' | '}')) {
            places.push(match character {
                '0'..='9' => Place::Digit(character),
                '.' => Place::Article,
                'C' => Place::Verifier,
                'N' => Place::Whole,
                'D' => Place::Decimal,
                _ => return Err(refused()),
            });
        }
        let mask = Self { measure, places, currency: None };
        if mask.is_sound() { Ok(mask) } else { Err(refused()) }
    }
}

impl fmt::Display for Mask {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self.measure {
            Measure::Price => "price:",
            Measure::Weight => "weight:",
            Measure::Count => "count:",
        })?;
        let mut is_inside = false;
        for place in &self.places {
            if is_value(*place) != is_inside {
                formatter.write_char(if is_inside { '}' } else { '{' })?;
                is_inside = !is_inside;
            }
            formatter.write_char(match place {
                Place::Digit(digit) => *digit,
                Place::Article => '.',
                Place::Verifier => 'C',
                Place::Whole => 'N',
                Place::Decimal => 'D',
            })?;
        }
        if is_inside { formatter.write_char('}') } else { Ok(()) }
    }
}

impl Mask {
    /// Twelve places; the measure in one run, whole digits first; at most one verifier, of a field of 4 or 5 digits.
    fn is_sound(&self) -> bool {
        let count = |wanted: Place| self.places.iter().filter(|place| **place == wanted).count();
        let value = count(Place::Whole).saturating_add(count(Place::Decimal));
        let run = self.places.iter().skip_while(|place| !is_value(**place)).take_while(|place| is_value(**place));
        let kinds: Vec<bool> = run.map(|place| *place == Place::Decimal).collect();
        let verifiers = count(Place::Verifier);
        self.places.len() == PLACES
            && value > 0
            && kinds.len() == value
            && kinds.is_sorted()
            && (verifiers == 0 || (verifiers == 1 && matches!(value, 4 | 5)))
            && (self.measure != Measure::Count || count(Place::Decimal) == 0)
            && self.places.iter().any(|place| matches!(place, Place::Digit(_)))
    }

    /// Whether both find the same measure in the same places.
    #[must_use]
    pub fn has_form_of(&self, other: &Self) -> bool {
        (self.measure, &self.places) == (other.measure, &other.places)
    }

    /// Reads a code of 13 digits whose check digit is right; nothing where the mask does not fit.
    ///
    /// # Errors
    /// The verifier is not that of the measure.
    pub fn read(&self, code: &str) -> Option<Result<Measured, String>> {
        let is_fit = |(digit, place): (char, &Place)| !matches!(place, Place::Digit(wanted) if *wanted != digit);
        if code.len() != PLACES.saturating_add(1) || !code.chars().zip(&self.places).all(is_fit) {
            return None;
        }
        let field: String = self.digits(code, is_value);
        if let Some(told) = self.digits(code, |place| place == Place::Verifier).chars().next() {
            let expected = verifier(&field)?;
            if told != expected {
                return Some(Err(format!("variable measure check digit is {told}, expected {expected}")));
            }
        }
        let decimals = self.places.iter().filter(|place| **place == Place::Decimal).count();
        let value = scaled(&field, &decimals.to_string())?;
        let mut measures = Measures::default();
        match self.measure {
            Measure::Price => (measures.price, measures.currency) = (Some(value), self.currency),
            Measure::Weight => measures.weight = Some(value),
            Measure::Count => measures.count = field.parse().ok(),
        }
        Some(Ok(Measured { article: self.article(code, field.len())?, measures }))
    }

    fn digits(&self, code: &str, is_wanted: fn(Place) -> bool) -> String {
        code.chars().zip(&self.places).filter(|(_, place)| is_wanted(**place)).map(|(digit, _)| digit).collect()
    }

    /// The code with the measure zeroed, and with the verifier and check digit of that.
    fn article(&self, code: &str, length: usize) -> Option<String> {
        let of_zero = verifier(&"0".repeat(length)).unwrap_or('0');
        let zeroed = code.chars().zip(&self.places).map(|(digit, place)| match place {
            Place::Digit(_) | Place::Article => digit,
            Place::Verifier => of_zero,
            Place::Whole | Place::Decimal => '0',
        });
        let mut article: String = zeroed.collect();
        article.push(check_digit(&article)?);
        Some(article)
    }
}

const fn is_value(place: Place) -> bool {
    matches!(place, Place::Whole | Place::Decimal)
}

/// The rules of a country by its two letters: the masks, and the currency of its prices.
const REGIONS: [(&str, Option<&str>, &[&str]); 9] = [
    (
        "DK",
        Some("DKK"),
        &[
            "price:21....{NNNNDD}",
            "price:22....{NNNNDD}",
            "price:23....{NNNNDD}",
            "price:24....{NNNNDD}",
            "weight:26....{NNNDDD}",
            "weight:27.....{NNDDD}",
            "weight:28....{NNNDDD}",
        ],
    ),
    ("EE", None, &["weight:23......{NDDD}", "weight:24......{NNDD}", "weight:25......{NNND}"]),
    ("FI", None, &["weight:23......{NDDD}", "weight:24......{NNDD}", "weight:25......{NNND}"]),
    ("LV", None, &["weight:23......{NDDD}", "weight:24......{NNDD}", "weight:25......{NNND}"]),
    ("LT", None, &["weight:23......{NDDD}", "weight:24......{NNDD}", "weight:25......{NNND}"]),
    (
        "DE",
        Some("EUR"),
        &[
            "price:22....C{NNNDD}",
            "price:23....C{NNNDD}",
            "count:25....C{NNNNN}",
            "count:26....C{NNNNN}",
            "weight:28....C{NNDDD}",
            "weight:29....C{NNDDD}",
        ],
    ),
    ("GB", Some("GBP"), &["price:20.....C{NNDD}"]),
    ("NO", Some("NOK"), &NORDIC),
    ("SE", Some("SEK"), &NORDIC),
];

const NORDIC: [&str; 6] = [
    "price:20......{NNDD}",
    "price:21......{NNND}",
    "price:22......{NNNN}",
    "weight:23......{NDDD}",
    "weight:24......{NNDD}",
    "weight:25......{NNND}",
];

/// The masks of a country, in either letter case; none where no rule is known.
#[must_use]
pub fn masks_of(country: &str) -> Vec<Mask> {
    let found = REGIONS.iter().find(|(region, _, _)| region.eq_ignore_ascii_case(country));
    let Some((_, currency, masks)) = found else { return Vec::new() };
    let masks = masks.iter().filter_map(|mask| mask.parse::<Mask>().ok());
    masks.map(|mask| Mask { currency: *currency, ..mask }).collect()
}

/// The countries whose rules are known.
pub fn regions() -> impl Iterator<Item = &'static str> {
    REGIONS.iter().map(|(region, _, _)| *region)
}

/// The digit that verifies a price or weight field of four or five digits (GS1 General Specifications 7.9.2 to 7.9.4).
#[must_use]
pub fn verifier(field: &str) -> Option<char> {
    let digits: Option<Vec<u32>> = field.chars().map(|digit| digit.to_digit(10)).collect();
    let sum = |weighted: [u32; 5]| weighted.into_iter().fold(0, u32::saturating_add);
    let digit = match *digits?.as_slice() {
        [a, b, c, d] => {
            let sum = sum([two_minus(a), two_minus(b), three(c), five_minus(d), 0]);
            sum.saturating_mul(3) % 10
        }
        [a, b, c, d, e] => {
            let sum = sum([five_plus(a), two_minus(b), five_minus(c), five_plus(d), two_minus(e)]);
            let wanted = 10_u32.saturating_sub(sum % 10) % 10;
            (0..10).find(|digit| five_minus(*digit) == wanted)?
        }
        _ => return None,
    };
    char::from_digit(digit, 10)
}

/// Twice the digit, less the tens of that.
const fn two_minus(digit: u32) -> u32 {
    let product = digit.saturating_mul(2);
    product.saturating_sub(product / 10) % 10
}

const fn three(digit: u32) -> u32 {
    digit.saturating_mul(3) % 10
}

/// Five times the digit, and the tens of that.
const fn five_plus(digit: u32) -> u32 {
    let product = digit.saturating_mul(5);
    product.saturating_add(product / 10) % 10
}

/// Five times the digit, less the tens of that.
const fn five_minus(digit: u32) -> u32 {
    let product = digit.saturating_mul(5);
    product.saturating_sub(product / 10) % 10
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn with_check_digit(payload: &str) -> String {
        format!("{payload}{}", check_digit(payload).unwrap())
    }

    #[test]
    fn the_published_fields_are_verified() {
        for (field, digit) in [("2875", Some('9')), ("14685", Some('6')), ("0000", Some('0')), ("00000", Some('0'))] {
            assert_eq!(verifier(field), digit, "{field}");
        }
        for other in ["", "123", "123456", "12x4"] {
            assert_eq!(verifier(other), None, "{other}");
        }
    }

    #[test]
    fn every_known_rule_is_a_mask() {
        for (region, _, masks) in REGIONS {
            assert_eq!(masks_of(region).len(), masks.len(), "{region}");
        }
        assert_eq!((masks_of("de").len(), masks_of("ES").len(), regions().count()), (6, 0, 9));
    }

    #[test]
    fn a_mask_is_sound_or_refused() {
        for mask in ["price:21.....{NNNDD}", "weight:2.....{NNNDDD}", "price:20.....C{NNDD}", "count:25.......{NNN}"] {
            assert_eq!(mask.parse::<Mask>().map(|mask| mask.to_string()).as_deref(), Ok(mask));
        }
        for mask in [
            "",
            "price",
            "price:",
            "length:21.....{NNNDD}",
            "price:21.....{NNNDDD}",
            "price:21....N.{NNDD}",
            "price:21.....{DDNNN}",
            "price:21....C{NNNND}x",
            "price:21...C{NNNDDD}",
            "price:......{NNNNDD}",
            "price:2111111111111",
            "count:25......{NNND}",
        ] {
            let refusal = mask.parse::<Mask>().unwrap_err();
            assert_eq!((refusal.field(), refusal.limit()), ("mask", LIMIT), "{mask}");
        }
    }

    #[test]
    fn the_measure_is_read_and_the_article_zeroed() {
        let mask: Mask = "price:21.....{NNNDD}".parse().unwrap();
        let read = mask.read(&with_check_digit("211234501250")).unwrap().unwrap();
        assert_eq!(read.measures.price.unwrap().to_string(), "12.5");
        assert_eq!(read.article, with_check_digit("211234500000"));
        assert_eq!(mask.read(&with_check_digit("221234501250")), None);
        assert_eq!(mask.read("96385074"), None);
        let german = masks_of("DE");
        let wrong = german.iter().find_map(|mask| mask.read("2511118000120"));
        assert_eq!(wrong, Some(Err("variable measure check digit is 8, expected 9".to_owned())));
    }

    proptest! {
        #[test]
        fn one_altered_digit_of_five_is_always_found(field in "[0-9]{5}", place in 0_usize..5, other in 1_u8..10) {
            let mut bytes = field.clone().into_bytes();
            bytes[place] = b'0' + (bytes[place] - b'0' + other) % 10;
            let altered = String::from_utf8(bytes).unwrap();
            prop_assert!(verifier(&altered) != verifier(&field));
        }

        #[test]
        fn a_zeroed_code_is_its_own_article(item in "[0-9]{4}", value in "[0-9]{5}") {
            let code = with_check_digit(&format!("28{item}{}{value}", verifier(&value).unwrap()));
            let read = masks_of("DE").iter().find_map(|mask| mask.read(&code)).unwrap().unwrap();
            let again = masks_of("DE").iter().find_map(|mask| mask.read(&read.article)).unwrap().unwrap();
            prop_assert_eq!(&again.article, &read.article);
            prop_assert!(again.measures.weight.unwrap().is_zero());
        }

        #[test]
        fn no_text_panics(mask in "(price|weight|count):[0-9.CND{}]{0,16}", code in "[0-9]{0,14}") {
            if let Ok(mask) = mask.parse::<Mask>() {
                let _answer = mask.read(&code);
            }
        }
    }
}
