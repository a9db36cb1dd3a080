//! Times without a zone, as another system wrote them, read in the zone of the shop.
//!
//! `2010-12-01 08:26` in Europe/London is `2010-12-01T08:26:00+00:00`. An hour that a shift of the clock skipped is
//! taken as after it, one that came twice as the first.

use counterfoil_core::refusal::{Reason, Refusal};
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// Reads local times of one zone.
#[derive(Clone, Debug)]
pub struct LocalTime(TimeZone);

impl LocalTime {
    /// The times of a zone such as `Europe/London`.
    ///
    /// # Errors
    /// The tz database knows no such zone.
    pub fn in_zone(zone: &str) -> Result<Self, Refusal> {
        let limit = "a zone of the tz database, such as Europe/London";
        TimeZone::get(zone).map(Self).map_err(|_| Refusal::new(Reason::Malformed, "zone", zone, limit))
    }

    /// The time as RFC 3339.
    ///
    /// # Errors
    /// The text is no local date and time.
    pub fn read(&self, text: &str) -> Result<String, Refusal> {
        let refused = || Refusal::new(Reason::Malformed, "at", text, "a local time such as 2010-12-01 08:26");
        let local: DateTime = text.parse().map_err(|_| refused())?;
        let zoned = self.0.to_ambiguous_zoned(local).compatible().map_err(|_| refused())?;
        Ok(zoned.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_local_time_becomes_one_moment() {
        let check = |text: &str, expected: &str| {
            assert_eq!(LocalTime::in_zone("Europe/London").unwrap().read(text).unwrap(), expected);
        };
        check("2010-12-01 08:26", "2010-12-01T08:26:00+00:00");
        check("2011-07-01 08:26:30", "2011-07-01T08:26:30+01:00");
        check("2011-03-27 01:30", "2011-03-27T02:30:00+01:00");
        check("2011-10-30 01:30", "2011-10-30T01:30:00+01:00");
        assert_eq!(LocalTime::in_zone("Europe/London").unwrap().read("12/1/2010 8:26").unwrap_err().field(), "at");
        assert_eq!(LocalTime::in_zone("Atlantis").unwrap_err().field(), "zone");
    }
}
