//! Points in time and calendar dates, passed in by the caller; core reads no clock.
//!
//! A time is milliseconds since 1970-01-01 UTC. `Now` adds the offset of the store's zone, so that the local date of
//! issue, on which the period of a series depends, is fixed by the caller's one reading of the clock.
//! Example: 2026-12-31 23:30 UTC at +01:00 is the local date 2027-01-01.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::refusal::{Reason, Refusal};

const MS_PER_DAY: i64 = 86_400_000;
const MS_PER_MINUTE: i64 = 60_000;

/// Milliseconds since 1970-01-01 00:00 UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Timestamp(pub i64);

/// Minutes east of UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ZoneOffset(pub i16);

/// One reading of the clock at a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Now {
    /// When.
    pub at: Timestamp,
    /// How far the store's zone is from UTC at that time.
    pub offset: ZoneOffset,
}

impl Now {
    /// The local calendar date.
    #[must_use]
    pub const fn date(self) -> Date {
        let day = self.local_ms().div_euclid(MS_PER_DAY);
        // Days of an i64 of milliseconds always fit: the range is 292 million years.
        Date { day }
    }

    /// The local hour, 0 to 23.
    #[must_use]
    pub const fn hour(self) -> u8 {
        let hour = self.local_ms().rem_euclid(MS_PER_DAY) / 3_600_000;
        hour.to_le_bytes()[0]
    }

    /// The local minute of the day, 0 to 1439.
    #[must_use]
    pub fn minute_of_day(self) -> u16 {
        let minute = self.local_ms().rem_euclid(MS_PER_DAY).div_euclid(MS_PER_MINUTE);
        u16::try_from(minute).unwrap_or(0)
    }

    /// As people read it on paper, in the store's own time: `2026-11-21 10:25`.
    #[must_use]
    pub fn on_paper(self) -> String {
        let minute = self.local_ms().rem_euclid(MS_PER_DAY).div_euclid(MS_PER_MINUTE);
        format!("{} {:02}:{:02}", self.date(), minute.div_euclid(60), minute.rem_euclid(60))
    }

    const fn local_ms(self) -> i64 {
        self.at.0.saturating_add((self.offset.0 as i64).saturating_mul(MS_PER_MINUTE))
    }
}

/// RFC 3339 with seconds and the offset: `2026-11-21T08:15:30+01:00`.
impl fmt::Display for Now {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let second = self.local_ms().rem_euclid(MS_PER_DAY) / 1000;
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        let sign = if self.offset.0 < 0 { '-' } else { '+' };
        let offset = self.offset.0.unsigned_abs();
        write!(formatter, "{}T{hour:02}:{minute:02}:{second:02}", self.date())?;
        write!(formatter, "{sign}{:02}:{:02}", offset / 60, offset % 60)
    }
}

/// A day of the proleptic Gregorian calendar, counted from 1970-01-01.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Date {
    day: i64,
}

impl Date {
    /// Days since 1970-01-01.
    #[must_use]
    pub const fn day(self) -> i64 {
        self.day
    }

    /// The date that is `day` days after 1970-01-01.
    #[must_use]
    pub const fn from_day(day: i64) -> Self {
        Self { day }
    }

    /// The date of year, month and day of the month, if there is one.
    #[must_use]
    pub fn from_civil(year: i64, month: u8, day_of_month: u8) -> Option<Self> {
        if !(1..=12).contains(&month) || !(0..=9999).contains(&year) {
            return None;
        }
        let date = Self { day: day_number(year, i64::from(month), i64::from(day_of_month)) };
        (date.civil() == (year, month, day_of_month)).then_some(date)
    }

    /// Year, month 1 to 12 and day of the month 1 to 31.
    ///
    /// Source: the public-domain algorithm "civil from days" of Howard Hinnant, with eras of 400 years.
    #[must_use]
    #[expect(clippy::arithmetic_side_effects, reason = "all terms lie within one era of 400 years")]
    pub const fn civil(self) -> (i64, u8, u8) {
        let shifted = self.day.saturating_add(719_468);
        let era = shifted.div_euclid(146_097);
        let of_era = shifted.rem_euclid(146_097);
        let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted_month = (5 * of_year + 2) / 153;
        let day_of_month = of_year - (153 * shifted_month + 2) / 5 + 1;
        let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
        let year = year_of_era.saturating_add(era.saturating_mul(400)).saturating_add((month <= 2) as i64);
        (year, month.to_le_bytes()[0], day_of_month.to_le_bytes()[0])
    }

    /// The calendar year.
    #[must_use]
    pub const fn year(self) -> i64 {
        self.civil().0
    }
}

#[expect(clippy::arithmetic_side_effects, reason = "the caller has bounded the year to four digits")]
const fn day_number(year: i64, month: i64, day_of_month: i64) -> i64 {
    let shifted_year = if month <= 2 { year - 1 } else { year };
    let era = shifted_year.div_euclid(400);
    let year_of_era = shifted_year.rem_euclid(400);
    let shifted_month = if month > 2 { month - 3 } else { month + 9 };
    let of_year = (153 * shifted_month + 2) / 5 + day_of_month - 1;
    let of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + of_year;
    era * 146_097 + of_era - 719_468
}

/// ISO 8601: `2026-11-21`.
impl fmt::Display for Date {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.civil();
        write!(formatter, "{year:04}-{month:02}-{day:02}")
    }
}

impl FromStr for Date {
    type Err = Refusal;

    fn from_str(text: &str) -> Result<Self, Refusal> {
        let refused = || Refusal::new(Reason::Malformed, "date", text, "a date such as 2026-11-21");
        let mut parts = text.splitn(3, '-').map(|part| part.parse::<u16>());
        let (Some(Ok(year)), Some(Ok(month)), Some(Ok(day))) = (parts.next(), parts.next(), parts.next()) else {
            return Err(refused());
        };
        let (Ok(month), Ok(day)) = (u8::try_from(month), u8::try_from(day)) else { return Err(refused()) };
        Self::from_civil(i64::from(year), month, day).filter(|date| date.to_string() == text).ok_or_else(refused)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(at: i64, offset: i16, shown: &str) {
        assert_eq!(Now { at: Timestamp(at), offset: ZoneOffset(offset) }.to_string(), shown);
    }

    #[test]
    fn local_time_follows_the_offset_across_midnight_and_year() {
        check(0, 0, "1970-01-01T00:00:00+00:00");
        check(1_798_759_800_000, 60, "2027-01-01T00:30:00+01:00");
        check(1_798_759_800_000, -300, "2026-12-31T18:30:00-05:00");
        check(-1, 0, "1969-12-31T23:59:59+00:00");
        check(951_782_400_000, 330, "2000-02-29T05:30:00+05:30");
    }

    #[test]
    fn every_day_reads_back() {
        for day in (-719_528..2_932_896).step_by(17) {
            let date = Date::from_day(day);
            assert_eq!(date.to_string().parse::<Date>().unwrap(), date, "day {day}");
        }
        for text in ["2026-02-29", "2026-13-01", "2026-00-10", "26-1-1", "2026-1-1", "", "2026-11-21x"] {
            assert_eq!(text.parse::<Date>().unwrap_err().code(), "malformed", "{text}");
        }
    }
}
