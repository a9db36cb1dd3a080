//! The component tests of the GS1 Barcode Syntax Dictionary: what the text of a component must be.
//!
//! Each test takes the whole component and answers with the first thing that is wrong. Example: `yymmd0` accepts
//! `260100` (some day of January 2026), `yymmdd` finds an illegal day in it.

use crate::barcode::check_digit;
use crate::gs1::company_prefix::{prefix_first, prefix_second};
use crate::gs1::coupon;
use crate::gs1::date::{date, date_with_day, long_date, long_date_with_day};
use crate::gs1::finding::Finding;
use crate::gs1::registry;

/// A component test.
pub type Lint = fn(&str) -> Result<(), Finding>;

/// The test of a name in the dictionary.
#[must_use]
pub fn named(name: &str) -> Option<Lint> {
    Some(match name {
        "csum" => numeric_check_digit,
        "csumalpha" => check_pair,
        "gcppos1" => prefix_first,
        "gcppos2" => prefix_second,
        "yymmd0" => date,
        "yymmdd" => date_with_day,
        "yyyymmd0" => long_date,
        "yyyymmdd" => long_date_with_day,
        "hh" => hour,
        "mi" => minute,
        "ss" => second,
        "hhmi" | "hhmm" => hour_minute,
        "iso3166" => |text| require(registry::is_country(text), Finding::Country),
        "iso3166999" => |text| require(text == "999" || registry::is_country(text), Finding::CountryOr999),
        "iso3166alpha2" => |text| require(registry::is_country_alpha2(text), Finding::CountryAlpha2),
        "iso4217" => |text| require(registry::currency_of(text).is_some(), Finding::Currency),
        "iso5218" => |text| require(matches!(text, "0" | "1" | "2" | "9"), Finding::Sex),
        "iban" => iban,
        "latitude" => latitude,
        "longitude" => longitude,
        "mediatype" => |text| require(is_media_type(text), Finding::MediaType),
        "packagetype" => |text| require(registry::is_package_type(text), Finding::PackageType),
        "pcenc" => percent_encoding,
        "pieceoftotal" => piece_of_total,
        "posinseqslash" => position_in_sequence,
        "hasnondigit" => |text| require(!is_digits(text) && !text.is_empty(), Finding::NeedsNonDigit),
        "hyphen" => |text| require(text.bytes().all(|byte| byte == b'-'), Finding::NotHyphen),
        "importeridx" => importer_index,
        "nonzero" => nonzero,
        "nozeroprefix" => no_zero_prefix,
        "zero" => |text| require(!text.is_empty() && text.bytes().all(|byte| byte == b'0'), Finding::NotZero),
        "yesno" => |text| require(matches!(text, "0" | "1"), Finding::NotZeroOrOne),
        "winding" => |text| require(matches!(text, "0" | "1" | "9"), Finding::Winding),
        "couponcode" => coupon::coupon_code,
        "couponposoffer" => coupon::positive_offer,
        _ => return None,
    })
}

const fn require(holds: bool, finding: Finding) -> Result<(), Finding> {
    if holds { Ok(()) } else { Err(finding) }
}

fn is_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Two digits from a place on, or nothing where there are none.
fn two(text: &str, at: usize) -> Option<u32> {
    text.get(at..at.saturating_add(2))?.parse().ok()
}

fn numeric_check_digit(text: &str) -> Result<(), Finding> {
    require(!text.is_empty(), Finding::TooShortForCheckDigit)?;
    require(is_digits(text), Finding::NonDigit)?;
    let (payload, last) = text.split_at(text.len().saturating_sub(1));
    let expected = if payload.is_empty() { Some('0') } else { check_digit(payload) };
    require(expected.is_some_and(|expected| last.starts_with(expected)), Finding::CheckDigit)
}

fn within(text: &str, below: u32, [short, long, illegal]: [Finding; 3]) -> Result<(), Finding> {
    require(text.len() >= 2, short)?;
    require(text.len() <= 2, long)?;
    require(is_digits(text), Finding::NonDigit)?;
    require(two(text, 0).is_some_and(|value| value < below), illegal)
}

fn hour(text: &str) -> Result<(), Finding> {
    within(text, 24, [Finding::HourTooShort, Finding::HourTooLong, Finding::Hour])
}

fn minute(text: &str) -> Result<(), Finding> {
    within(text, 60, [Finding::MinuteTooShort, Finding::MinuteTooLong, Finding::Minute])
}

fn second(text: &str) -> Result<(), Finding> {
    within(text, 60, [Finding::SecondTooShort, Finding::SecondTooLong, Finding::Second])
}

fn hour_minute(text: &str) -> Result<(), Finding> {
    require(text.len() >= 4, Finding::HourMinuteTooShort)?;
    require(text.len() <= 4, Finding::HourMinuteTooLong)?;
    require(is_digits(text), Finding::NonDigit)?;
    require(two(text, 0).is_some_and(|hour| hour < 24), Finding::Hour)?;
    require(two(text, 2).is_some_and(|minute| minute < 60), Finding::Minute)
}

const CSET82: &str = "!\"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz";
const CSET32: &str = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
/// The first 97 primes: a component has at most 99 characters, two of which check the others.
const PRIMES: [u32; 97] = [
    2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103, 107, 109,
    113, 127, 131, 137, 139, 149, 151, 157, 163, 167, 173, 179, 181, 191, 193, 197, 199, 211, 223, 227, 229, 233, 239,
    241, 251, 257, 263, 269, 271, 277, 281, 283, 293, 307, 311, 313, 317, 331, 337, 347, 349, 353, 359, 367, 373, 379,
    383, 389, 397, 401, 409, 419, 421, 431, 433, 439, 443, 449, 457, 461, 463, 467, 479, 487, 491, 499, 503, 509,
];

/// The last two characters check the others: the sum of values by rising primes from the right, modulo 1021 (GS1
/// General Specifications 7.9.5).
fn check_pair(text: &str) -> Result<(), Finding> {
    let length = text.len().checked_sub(2).ok_or(Finding::TooShortForCheckPair)?;
    require(length <= PRIMES.len(), Finding::TooLongForCheckPair)?;
    let (data, pair) = text.split_at_checked(length).ok_or(Finding::NonCset82)?;
    let mut sum = 0_usize;
    for (character, prime) in data.chars().rev().zip(PRIMES) {
        let value = CSET82.find(character).ok_or(Finding::NonCset82)?;
        sum = sum.saturating_add(value.saturating_mul(usize::try_from(prime).unwrap_or(0)));
    }
    let sum = sum % 1021;
    let expected = [sum >> 5, sum & 31].map(|place| CSET32.as_bytes().get(place).copied().unwrap_or(b'?'));
    require(pair.as_bytes() == expected, Finding::CheckPair)
}

const IBAN_LENGTHS: std::ops::RangeInclusive<usize> = 11..=34;

/// ISO 13616: country, two check digits, account; moved behind and read as a number it is 1 modulo 97.
fn iban(text: &str) -> Result<(), Finding> {
    require(text.len() >= 4, Finding::IbanTooShort)?;
    require(text.get(..2).is_some_and(registry::is_country_alpha2), Finding::IbanCountry)?;
    require(text.len() <= *IBAN_LENGTHS.end(), Finding::IbanTooLong)?;
    require(text.len() >= *IBAN_LENGTHS.start(), Finding::IbanTooShort)?;
    let (head, account) = text.split_at_checked(4).ok_or(Finding::IbanCharacter)?;
    let mut sum = 0_u32;
    for character in account.chars().chain(head.chars()) {
        let value = if character.is_ascii_lowercase() { None } else { character.to_digit(36) };
        let value = value.ok_or(Finding::IbanCharacter)?;
        sum = sum.saturating_mul(if value < 10 { 10 } else { 100 }).saturating_add(value) % 97;
    }
    require(sum == 1, Finding::IbanChecksum)
}

fn latitude(text: &str) -> Result<(), Finding> {
    angle(text, 1_800_000_000, Finding::LatitudeLength, Finding::Latitude)
}

fn longitude(text: &str) -> Result<(), Finding> {
    angle(text, 3_600_000_000, Finding::LongitudeLength, Finding::Longitude)
}

fn angle(text: &str, most: u64, length: Finding, range: Finding) -> Result<(), Finding> {
    require(text.len() == 10, length)?;
    require(is_digits(text), Finding::NonDigit)?;
    require(text.parse().is_ok_and(|value: u64| value <= most), range)
}

fn is_media_type(text: &str) -> bool {
    text.len() == 2 && is_digits(text) && two(text, 0).is_some_and(|value| matches!(value, 1..=10 | 80..=99))
}

fn percent_encoding(text: &str) -> Result<(), Finding> {
    for part in text.split('%').skip(1) {
        let is_hex = part.get(..2).is_some_and(|pair| pair.bytes().all(|byte| byte.is_ascii_hexdigit()));
        require(is_hex, Finding::PercentSequence)?;
    }
    Ok(())
}

fn piece_of_total(text: &str) -> Result<(), Finding> {
    require(!text.is_empty() && text.len().is_multiple_of(2), Finding::PieceLength)?;
    require(is_digits(text), Finding::NonDigit)?;
    let (piece, total) = text.split_at(text.len() / 2);
    require(!is_zero(piece), Finding::PieceZero)?;
    require(!is_zero(total), Finding::TotalZero)?;
    require(piece <= total, Finding::PieceAboveTotal)
}

fn is_zero(digits: &str) -> bool {
    digits.bytes().all(|byte| byte == b'0')
}

fn position_in_sequence(text: &str) -> Result<(), Finding> {
    let is_number = |part: &str| !part.is_empty() && is_digits(part);
    let (position, end) = text.split_once('/').ok_or(Finding::SequenceForm)?;
    require(is_number(position) && is_number(end), Finding::SequenceForm)?;
    require(!position.starts_with('0') && !end.starts_with('0'), Finding::ZeroPrefix)?;
    require((position.len(), position) <= (end.len(), end), Finding::PositionAboveEnd)
}

fn importer_index(text: &str) -> Result<(), Finding> {
    require(text.chars().count() == 1, Finding::ImporterIndexLength)?;
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    require(text.bytes().all(is_allowed), Finding::ImporterIndex)
}

fn nonzero(text: &str) -> Result<(), Finding> {
    require(is_digits(text), Finding::NonDigit)?;
    require(!is_zero(text), Finding::ZeroValue)
}

fn no_zero_prefix(text: &str) -> Result<(), Finding> {
    require(is_digits(text), Finding::NonDigit)?;
    require(text.len() < 2 || !text.starts_with('0'), Finding::ZeroPrefix)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(name: &str, text: &str, code: Option<&str>) {
        assert_eq!(named(name).unwrap()(text).err().map(Finding::code), code, "{name} {text}");
    }

    #[test]
    fn each_test_accepts_and_refuses() {
        check("csum", "9501101531000", None);
        check("csum", "", Some("TOO_SHORT_FOR_CHECK_DIGIT"));
        check("csum", "9501101531001", Some("INCORRECT_CHECK_DIGIT"));
        check("gcppos1", "952X", Some("INVALID_GCP_PREFIX"));
        check("gcppos2", "9520", Some("TOO_SHORT_FOR_GCP"));
        check("yymmd0", "260200", None);
        check("yymmdd", "260200", Some("ILLEGAL_DAY"));
        check("yymmdd", "500229", Some("ILLEGAL_DAY"));
        check("yyyymmdd", "19000229", Some("ILLEGAL_DAY"));
        check("hh", "24", Some("ILLEGAL_HOUR"));
        check("mi", "5", Some("MINUTE_TOO_SHORT"));
        check("ss", "599", Some("SECOND_TOO_LONG"));
        check("iso3166", "999", Some("NOT_ISO3166"));
        check("iso3166999", "999", None);
        check("iso4217", "978", None);
        check("iso4217", "000", Some("NOT_ISO4217"));
        check("iso5218", "3", Some("INVALID_BIOLOGICAL_SEX_CODE"));
        check("latitude", "1800000000", None);
        check("latitude", "1800000001", Some("INVALID_LATITUDE"));
        check("longitude", "360000000", Some("LONGITUDE_INVALID_LENGTH"));
        check("mediatype", "11", Some("INVALID_MEDIA_TYPE"));
        check("packagetype", "BX", None);
        check("packagetype", "BXX", Some("INVALID_PACKAGE_TYPE"));
        check("posinseqslash", "9/10", None);
        check("posinseqslash", "11/10", Some("POSITION_EXCEEDS_END"));
        check("posinseqslash", "1//2", Some("POSITION_IN_SEQUENCE_MALFORMED"));
        check("hasnondigit", "123", Some("REQUIRES_NON_DIGIT_CHARACTER"));
        check("hyphen", "--", None);
        check("hyphen", "-1", Some("NOT_HYPHEN"));
        check("importeridx", "é", Some("INVALID_IMPORT_IDX_CHARACTER"));
        check("winding", "2", Some("INVALID_WINDING_DIRECTION"));
        check("iban", "ES7921000813610123456780", Some("INCORRECT_IBAN_CHECKSUM"));
        check("iban", "ES79210008136101234567 9", Some("INVALID_IBAN_CHARACTER"));
        assert!(named("nothing").is_none());
    }

    proptest! {
        #[test]
        fn no_text_panics(text in ".{0,40}", name in "(csum|csumalpha|gcppos1|gcppos2|yymmdd|yyyymmdd|hhmi|hh|iban|latitude|pcenc|pieceoftotal|posinseqslash|importeridx|couponcode|couponposoffer|nozeroprefix|mediatype)") {
            let _answer = named(&name).unwrap()(&text);
        }
    }
}
