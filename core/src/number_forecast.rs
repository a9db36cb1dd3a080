//! How long the numbers of a range will last.
//!
//! The pace is that of the last four weeks, or of the time since the range was begun where that is shorter. A till warns
//! when a tenth of the range or less is left, or when it will be used up within two weeks. Example: of 1,000 numbers 100
//! are left and 280 were used in 28 days: they last 10 days.

use crate::time::Date;

/// The days whose pace counts.
pub const PACE_DAYS: u64 = 28;
/// The share of a range at which a till begins to warn.
const SHARE_WARNED: u64 = 10;
/// The days before the end at which a till begins to warn.
const DAYS_WARNED: i64 = 14;

/// Why a range needs somebody's attention.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Warning {
    /// No number is left: nothing of this kind is issued any more.
    UsedUp,
    /// A tenth or less is left.
    FewLeft,
    /// At the present pace it is used up within two weeks.
    SoonUsedUp,
}

impl Warning {
    /// The code used in answers.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::UsedUp => "used_up",
            Self::FewLeft => "few_left",
            Self::SoonUsedUp => "soon_used_up",
        }
    }
}

/// How a range is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// How many numbers are left.
    pub left: u64,
    /// How many there are in all.
    pub size: u64,
    /// How many were used lately.
    pub used: u64,
    /// In how many days; never zero.
    pub days: u64,
}

impl Pace {
    /// The day on which the last number is used at this pace; `None` where nothing is used, or not in this millennium.
    #[must_use]
    pub fn runs_out(&self, today: Date) -> Option<Date> {
        if self.left == 0 {
            return Some(today);
        }
        let days =
            u128::from(self.left).checked_mul(u128::from(self.days.max(1)))?.checked_div(u128::from(self.used))?;
        let days = i64::try_from(days).ok().filter(|days| *days < 365_000)?;
        Some(Date::from_day(today.day().saturating_add(days)))
    }

    /// What is to be said of it.
    #[must_use]
    pub fn warning(&self, today: Date) -> Option<Warning> {
        let is_soon = |day: Date| day.day().saturating_sub(today.day()) <= DAYS_WARNED;
        match self.left {
            0 => Some(Warning::UsedUp),
            left if left <= self.size.checked_div(SHARE_WARNED).unwrap_or(0) => Some(Warning::FewLeft),
            _ if self.runs_out(today).is_some_and(is_soon) => Some(Warning::SoonUsedUp),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check((left, size, used, days): (u64, u64, u64, u64), runs_out: Option<&str>, warning: Option<Warning>) {
        let today = "2026-11-21".parse().unwrap();
        let pace = Pace { left, size, used, days };
        let told = pace.runs_out(today).map(|day| day.to_string());
        assert_eq!((told.as_deref(), pace.warning(today)), (runs_out, warning), "{pace:?}");
    }

    #[test]
    fn a_range_lasts_as_long_as_the_pace_says() {
        check((100, 1_000, 280, 28), Some("2026-12-01"), Some(Warning::FewLeft));
        check((101, 1_000, 28, 28), Some("2027-03-02"), None);
        check((150, 1_000, 280, 28), Some("2026-12-06"), None);
        check((149, 1_000, 280, 28), Some("2026-12-05"), Some(Warning::SoonUsedUp));
        check((5, 1_000, 10, 1), Some("2026-11-21"), Some(Warning::FewLeft));
        check((0, 1_000, 280, 28), Some("2026-11-21"), Some(Warning::UsedUp));
        check((900, 1_000, 0, 28), None, None);
        check((999_999_999, 999_999_999, 1, 28), None, None);
        check((u64::MAX, u64::MAX, 1, 28), None, None);
    }
}
