//! Names and identities: who, where, which.
//!
//! Every code is text with a limit, checked once when it is read, so that the rest of the program can rely on it.
//! Codes keep their letters and leading zeros: `01647057` and `1647057` are two products.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize};

use crate::hex;
use crate::refusal::{Reason, Refusal};

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident, $field:literal, $bytes_max:literal, $allowed:expr, $limit:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        pub struct $name(String);

        impl $name {
            /// The most bytes such a code may have.
            pub const BYTES_MAX: usize = $bytes_max;

            /// Reads and checks the code.
            ///
            /// # Errors
            /// Empty, longer than `BYTES_MAX` bytes, or with characters that are not allowed.
            pub fn new(text: impl Into<String>) -> Result<Self, Refusal> {
                let text = text.into();
                let allowed: fn(char) -> bool = $allowed;
                if text.is_empty() {
                    return Err(Refusal::new(Reason::Missing, $field, "", $limit));
                }
                if text.len() > Self::BYTES_MAX {
                    return Err(Refusal::new(Reason::TooLong, $field, text, concat!($bytes_max, " bytes")));
                }
                if !text.chars().all(allowed) || text.trim() != text {
                    return Err(Refusal::new(Reason::Malformed, $field, text, $limit));
                }
                Ok(Self(text))
            }

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = Refusal;

            fn from_str(text: &str) -> Result<Self, Refusal> {
                Self::new(text)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.pad(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Self::new(String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
            }
        }
    )*};
}

codes! {
    /// The code of a store (a shop), such as `S01`. It stands in document numbers.
    StoreCode, "store", 8, |c| c.is_ascii_uppercase() || c.is_ascii_digit(), "1 to 8 capital letters or digits";
    /// The code of a till within its store, such as `T01`. It stands in document numbers.
    TillCode, "till", 8, |c| c.is_ascii_uppercase() || c.is_ascii_digit(), "1 to 8 capital letters or digits";
    /// The code of an operator, such as `owner` or `ana`.
    OperatorCode, "operator", 32, |c| c.is_ascii_alphanumeric() || "._-@".contains(c),
        "1 to 32 letters, digits or . _ - @";
    /// The shop's own code of a product, kept as text.
    ProductCode, "code", 64, |c| !c.is_control(), "1 to 64 bytes of text without control characters";
    /// A code as a scanner reads it: 8 to 14 digits of an EAN, UPC or GTIN, or a code of the shop's own.
    Barcode, "barcode", 64, |c| c.is_ascii_graphic() || c == ' ', "1 to 64 printable ASCII characters";
    /// The identity that a caller gives to a command; the same id is carried out once for ever.
    CommandId, "id", 128, |c| !c.is_control(), "1 to 128 bytes of text without control characters";
    /// A series of document numbers, unique in the whole company: `S01-T01-R26A`.
    SeriesCode, "series", 40, |c| c.is_ascii_graphic(), "1 to 40 printable ASCII characters";
    /// A document number as printed, such as `S01-T01-R26A-000001`. Spain's limit of 60 holds for all.
    DocumentNumber, "number", 60, |c| c.is_ascii_graphic() || c == ' ', "1 to 60 printable ASCII characters";
    /// A country of ISO 3166, such as `ES`.
    CountryCode, "country", 2, |c| c.is_ascii_uppercase(), "two capital letters of ISO 3166, such as ES";
    /// A code of master data: a category or a tax class.
    MasterCode, "code", 64, |c| !c.is_control(), "1 to 64 bytes of text without control characters";
    /// A name for people: of a product, a category, an operator.
    Name, "name", 200, |c| !c.is_control(), "1 to 200 bytes of text without control characters";
    /// A short text written by a person: a reason, a note, a reference of a payment terminal.
    Note, "note", 200, |c| !c.is_control(), "1 to 200 bytes of text without control characters";
}

/// The 128-bit identity of a journal: one life of one till's record.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct JournalId(pub [u8; 16]);

impl fmt::Display for JournalId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        hex::write(&self.0, formatter)
    }
}

impl fmt::Debug for JournalId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl FromStr for JournalId {
    type Err = Refusal;

    fn from_str(text: &str) -> Result<Self, Refusal> {
        hex::decode(text)
            .map(Self)
            .ok_or_else(|| Refusal::new(Reason::Malformed, "journal", text, "32 hexadecimal digits"))
    }
}

/// A SHA-256 hash: of an entry, of a row, of a document.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Hash(pub [u8; 32]);

impl Hash {
    /// What stands for the previous hash before a journal's first entry.
    pub const ZERO: Self = Self([0; 32]);

    /// The first ten hexadecimal digits, as printed on a receipt.
    #[must_use]
    pub fn short(&self) -> String {
        self.to_string().chars().take(10).collect()
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        hex::write(&self.0, formatter)
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl FromStr for Hash {
    type Err = Refusal;

    fn from_str(text: &str) -> Result<Self, Refusal> {
        hex::decode(text)
            .map(Self)
            .ok_or_else(|| Refusal::new(Reason::Malformed, "hash", text, "64 hexadecimal digits"))
    }
}

/// Refuses text that looks like the number of a payment card, so that none is ever stored.
///
/// A card number is 13 to 19 digits (spaces and hyphens between them do not hide it) that begin as an issuer's do
/// (2221-2720, 3, 4, 5, 6) and satisfy Luhn's check (ISO/IEC 7812-1).
///
/// # Errors
/// The text holds such a run of digits; the refusal shows only its last four.
pub fn refuse_card_number(field: &str, text: &str) -> Result<(), Refusal> {
    let mut run = String::new();
    for character in text.chars().chain(['\n']) {
        if character.is_ascii_digit() {
            run.push(character);
        } else if !matches!(character, ' ' | '-') {
            if has_card_number(&run) {
                let last: String = run.chars().skip(run.len().saturating_sub(4)).collect();
                let limit = "the terminal's reference or the last four digits";
                return Err(Refusal::new(Reason::CardNumber, field, format!("...{last}"), limit));
            }
            run.clear();
        }
    }
    Ok(())
}

fn has_card_number(digits: &str) -> bool {
    (13..=19).contains(&digits.len()) && is_issuer_prefix(digits) && is_luhn_valid(digits)
}

fn is_issuer_prefix(digits: &str) -> bool {
    let four: u32 = digits.get(..4).and_then(|text| text.parse().ok()).unwrap_or(0);
    matches!(four, 2221..=2720 | 3000..=6999)
}

fn is_luhn_valid(digits: &str) -> bool {
    let sum: u32 = digits
        .bytes()
        .rev()
        .zip([false, true].into_iter().cycle())
        .map(|(digit, is_doubled)| {
            let value = u32::from(digit.saturating_sub(b'0'));
            let doubled = value.saturating_mul(2);
            match (is_doubled, doubled > 9) {
                (false, _) => value,
                (true, false) => doubled,
                (true, true) => doubled.saturating_sub(9),
            }
        })
        .fold(0, u32::saturating_add);
    !digits.is_empty() && sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_keep_zeros_and_refuse_what_they_cannot_hold() {
        assert_eq!(ProductCode::new("01647057").unwrap().as_str(), "01647057");
        assert_eq!(StoreCode::new("s01").unwrap_err().code(), "malformed");
        assert_eq!(StoreCode::new("").unwrap_err().code(), "missing");
        assert_eq!(CommandId::new("x".repeat(129)).unwrap_err().code(), "too_long");
        assert_eq!(ProductCode::new("a\u{0}b").unwrap_err().code(), "malformed");
    }

    #[test]
    fn a_journal_id_reads_back() {
        let id = JournalId([0xAB; 16]);
        assert_eq!(id.to_string().parse::<JournalId>().unwrap(), id);
        assert!("abc".parse::<JournalId>().is_err());
        assert!("+f".repeat(16).parse::<JournalId>().is_err());
    }

    #[test]
    fn card_numbers_are_refused_and_other_digits_are_not() {
        for card in ["4111111111111111", "4111 1111 1111 1111", "paid 5500-0055-5555-5559 ok", "378282246310005"] {
            assert_eq!(refuse_card_number("note", card).unwrap_err().code(), "card_number", "{card}");
        }
        for text in ["4111111111111112", "3850334043641", "auth 123456", "", "call 0034 600 000 000"] {
            assert_eq!(refuse_card_number("note", text), Ok(()), "{text}");
        }
    }
}
