//! Dates inside elements: YYMMDD, where the day may be 00 for a month as a whole, and YYYYMMDD.
//!
//! Example: `260228` and, for some day of February, `260200`; `260229` is no date.

use crate::gs1::finding::Finding;

/// YYMMDD where the day may be 00.
pub(super) fn date(text: &str) -> Result<(), Finding> {
    dated(text, 6)
}

/// YYMMDD with a real day.
///
/// # Errors
/// Length, characters, month or day.
pub(super) fn date_with_day(text: &str) -> Result<(), Finding> {
    date(text)?;
    require(!text.ends_with("00"), Finding::Day)
}

pub(super) fn long_date(text: &str) -> Result<(), Finding> {
    dated(text, 8)
}

pub(super) fn long_date_with_day(text: &str) -> Result<(), Finding> {
    long_date(text)?;
    require(!text.ends_with("00"), Finding::Day)
}

fn dated(text: &str, length: usize) -> Result<(), Finding> {
    require(text.len() >= length, Finding::DateTooShort)?;
    require(text.len() <= length, Finding::DateTooLong)?;
    require(text.bytes().all(|byte| byte.is_ascii_digit()), Finding::NonDigit)?;
    let (year, rest) = text.split_at(length.saturating_sub(4));
    let year: u32 = year.parse().map_err(|_| Finding::NonDigit)?;
    let month = two(rest, 0).ok_or(Finding::NonDigit)?;
    let day = two(rest, 2).ok_or(Finding::NonDigit)?;
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if is_leap(year) => 29,
        2 => 28,
        _ => return Err(Finding::Month),
    };
    require(day <= days, Finding::Day)
}

/// Two digits are a year from 1951 to 2050, of which 2000 is a leap year.
const fn is_leap(year: u32) -> bool {
    year.is_multiple_of(4) && (year < 100 || !year.is_multiple_of(100) || year.is_multiple_of(400))
}

const fn require(holds: bool, finding: Finding) -> Result<(), Finding> {
    if holds { Ok(()) } else { Err(finding) }
}

/// Two digits from a place on, or nothing where there are none.
fn two(text: &str, at: usize) -> Option<u32> {
    text.get(at..at.saturating_add(2))?.parse().ok()
}
