//! One reading of the clock, in the zone of the store.
//!
//! Core reads no clock; every command is given one `Now` that was read here. The offset is that of the store's zone at
//! that moment, so the local date, on which the period of a series depends, follows summer time and never the zone of
//! the computer. Example: 2026-12-31 23:30 UTC in Europe/Madrid is 2027-01-01 00:30 at +01:00.

use std::time::{SystemTime, UNIX_EPOCH};

use counterfoil_core::refusal::{Reason, Refusal};
use counterfoil_core::time::{Now, Timestamp, ZoneOffset};
use jiff::tz::TimeZone;

/// The clock of a store.
#[derive(Clone, Debug)]
pub struct Clock {
    zone: TimeZone,
}

impl Clock {
    /// The clock of a store in `zone`, such as `Europe/Madrid`.
    ///
    /// # Errors
    /// The tz database knows no such zone.
    pub fn in_zone(zone: &str) -> Result<Self, Refusal> {
        let limit = "a zone of the tz database, such as Europe/Madrid";
        TimeZone::get(zone).map(|zone| Self { zone }).map_err(|_| Refusal::new(Reason::Malformed, "zone", zone, limit))
    }

    /// Reads the clock.
    #[must_use]
    pub fn now(&self) -> Now {
        self.at(Timestamp(system_ms()))
    }

    /// What the clock showed at that time.
    #[must_use]
    pub fn at(&self, at: Timestamp) -> Now {
        let offset = jiff::Timestamp::from_millisecond(at.0).map_or(0, |time| self.zone.to_offset(time).seconds() / 60);
        Now { at, offset: ZoneOffset(i16::try_from(offset).unwrap_or(0)) }
    }

    /// Reads a time of RFC 3339 and shows it in the zone of the store.
    ///
    /// # Errors
    /// `field` is not such a time.
    pub fn read(&self, field: &str, text: &str) -> Result<Now, Refusal> {
        let limit = "a time of RFC 3339 such as 2026-11-21T08:15:30+01:00";
        let time = text.parse::<jiff::Timestamp>().map_err(|_| Refusal::new(Reason::Malformed, field, text, limit))?;
        Ok(self.at(Timestamp(time.as_millisecond())))
    }
}

/// The time of the computer in milliseconds of UTC; before 1970 it is taken as 1970, which the till refuses to sell in.
fn system_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(zone: &str, text: &str, shown: &str) {
        assert_eq!(Clock::in_zone(zone).unwrap().read("at", text).unwrap().to_string(), shown);
    }

    #[test]
    fn the_zone_of_every_country_is_known() {
        for (code, zone) in counterfoil_core::zone::zones() {
            assert!(TimeZone::get(zone).is_ok(), "{code} {zone}");
        }
    }

    #[test]
    fn local_time_is_that_of_the_store_in_summer_and_winter() {
        check("Europe/Madrid", "2026-12-31T23:30:00Z", "2027-01-01T00:30:00+01:00");
        check("Europe/Madrid", "2026-07-01T12:00:00+00:00", "2026-07-01T14:00:00+02:00");
        check("Asia/Kathmandu", "2026-07-01T12:00:00+02:00", "2026-07-01T15:45:00+05:45");
        check("America/New_York", "2026-03-08T07:00:00Z", "2026-03-08T03:00:00-04:00");
    }

    #[test]
    fn what_is_no_time_or_zone_is_refused_by_name() {
        let clock = Clock::in_zone("UTC").unwrap();
        for text in ["", "yesterday", "2026-11-21", "2026-11-21T08:15:30", "2026-13-01T00:00:00Z"] {
            assert_eq!(clock.read("at", text).unwrap_err().field(), "at", "{text}");
        }
        assert_eq!(Clock::in_zone("Europe/Atlantis").unwrap_err().field(), "zone");
    }
}
