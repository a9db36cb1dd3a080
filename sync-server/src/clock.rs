//! The clock of the system, and what it shows in the zone of a store.

use counterfoil_core::time::{Date, Now, Timestamp, ZoneOffset};
use jiff::tz::TimeZone;

/// The time now.
#[must_use]
pub fn now() -> Timestamp {
    Timestamp(jiff::Timestamp::now().as_millisecond())
}

/// What the clocks of a zone show at that time; those of UTC where the tz database does not know the zone.
#[must_use]
pub fn at(zone: &str, at: Timestamp) -> Now {
    let zone = TimeZone::get(zone).unwrap_or(TimeZone::UTC);
    let seconds = jiff::Timestamp::from_millisecond(at.0).map_or(0, |time| zone.to_offset(time).seconds());
    Now { at, offset: ZoneOffset(i16::try_from(seconds / 60).unwrap_or(0)) }
}

/// The calendar year in a zone at that time.
#[must_use]
pub fn year_in(zone: &str, time: Timestamp) -> i64 {
    at(zone, time).date().year()
}

/// Reads a date such as `2026-11-21`.
#[must_use]
pub fn read_date(text: &str) -> Option<Date> {
    let date: jiff::civil::Date = text.parse().ok()?;
    let part = |part: i8| u8::try_from(part).ok();
    Date::from_civil(i64::from(date.year()), part(date.month())?, part(date.day())?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_year_is_that_of_the_store() {
        // 2026-12-31 23:30 UTC
        let time = Timestamp(1_798_759_800_000);
        assert_eq!((year_in("Europe/Madrid", time), year_in("UTC", time)), (2027, 2026));
        assert_eq!(year_in("Nowhere/Land", time), 2026);
    }

    #[test]
    fn dates_are_read_strictly() {
        assert_eq!(read_date("1970-01-02").unwrap().day(), 1);
        for text in ["", "2026-02-30", "21.11.2026", "2026-11-21T00:00:00"] {
            assert_eq!(read_date(text).is_some(), text.starts_with("2026-11-21T"), "{text}");
        }
    }
}
