//! When, where and for whom an offer holds.
//!
//! Days are those of the store's own calendar, first and last included. Hours are of the local clock, the first included
//! and the last not; hours that pass midnight belong to the day on which they begin. Example: Friday 22:00 to 02:00 holds
//! on Saturday at 01:30.

use serde::{Deserialize, Serialize};

use crate::id::{MasterCode, StoreCode};
use crate::money::Money;
use crate::quantity::Quantity;
use crate::refusal::{Reason, Refusal};
use crate::time::{Date, Now};

const MINUTES_PER_DAY: u16 = 1440;

/// Days of the week, Monday the lowest bit; none is every day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Weekdays(pub u8);

impl Weekdays {
    /// The names, Monday first.
    pub const NAMES: [&'static str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

    /// Whether a date is on one of them.
    #[must_use]
    pub const fn has(self, date: Date) -> bool {
        // 1970-01-01 was a Thursday.
        let day = date.day().saturating_add(3).rem_euclid(7);
        self.0 == 0 || (self.0 >> day) & 1 == 1
    }
}

/// Hours of the local clock, in minutes since midnight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Hours {
    /// The first minute.
    pub from: u16,
    /// The minute after the last; at or before `from` it is of the next day.
    pub to: u16,
}

/// When, where and for whom.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Condition {
    /// In these stores; in all where none is named.
    pub stores: Vec<StoreCode>,
    /// For customers of these groups; for all where none is named.
    pub customer_groups: Vec<MasterCode>,
    /// From this day on.
    pub from: Option<Date>,
    /// To the end of this day.
    pub to: Option<Date>,
    /// On these days of the week.
    pub weekdays: Weekdays,
    /// In these hours.
    pub hours: Option<Hours>,
    /// For who shows this coupon.
    pub coupon: Option<MasterCode>,
    /// Where the goods of the offer come to at least this.
    pub minimum: Option<Money>,
    /// Where there are at least so many of them.
    pub minimum_quantity: Option<Quantity>,
}

/// What a customer brings to a sale that offers and price lists ask for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// The groups that the customer belongs to.
    pub customer_groups: Vec<MasterCode>,
    /// The coupons that were shown.
    pub coupons: Vec<MasterCode>,
}

/// The sale that an offer is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Occasion<'a> {
    /// In which store, where that is known.
    pub store: Option<&'a StoreCode>,
    /// The groups of the customer.
    pub customer_groups: &'a [MasterCode],
    /// The coupons that were shown.
    pub coupons: &'a [MasterCode],
    /// When.
    pub now: Now,
}

impl Claims {
    /// The occasion of a sale with them.
    #[must_use]
    pub fn occasion<'a>(&'a self, store: &'a StoreCode, now: Now) -> Occasion<'a> {
        Occasion { store: Some(store), customer_groups: &self.customer_groups, coupons: &self.coupons, now }
    }
}

impl Condition {
    pub(super) fn check(&self) -> Result<(), Refusal> {
        if let Some(hours) = self.hours
            && (hours.from >= MINUTES_PER_DAY || hours.to > MINUTES_PER_DAY)
        {
            let value = format!("{} to {} minutes", hours.from, hours.to);
            return Err(Refusal::new(Reason::Malformed, "hours", value, "hours of a day, 00:00 to 24:00"));
        }
        if self.minimum.is_some_and(Money::is_negative) {
            let minimum = self.minimum.unwrap_or(Money::ZERO);
            return Err(Refusal::new(Reason::Negative, "minimum", minimum, "0 or more"));
        }
        Ok(())
    }

    /// Whether store, customer, day, hour and coupon are right; the minimum is of the goods and asked later.
    #[must_use]
    pub fn holds(&self, occasion: &Occasion<'_>) -> bool {
        let is_of_store = self.stores.is_empty() || occasion.store.is_some_and(|store| self.stores.contains(store));
        let is_of_group = self.customer_groups.is_empty()
            || occasion.customer_groups.iter().any(|group| self.customer_groups.contains(group));
        let has_coupon = self.coupon.as_ref().is_none_or(|coupon| occasion.coupons.contains(coupon));
        is_of_store && is_of_group && has_coupon && self.is_time(occasion.now)
    }

    /// Whether day and hour are right. What begins before midnight is of the day on which it begins.
    fn is_time(&self, now: Now) -> bool {
        let today = now.date();
        let yesterday = Date::from_day(today.day().saturating_sub(1));
        let minute = now.minute_of_day();
        match self.hours {
            None => self.is_day(today),
            Some(Hours { from, to }) if from < to => (from..to).contains(&minute) && self.is_day(today),
            Some(Hours { from, to }) => minute >= from && self.is_day(today) || minute < to && self.is_day(yesterday),
        }
    }

    fn is_day(&self, date: Date) -> bool {
        self.weekdays.has(date) && self.from.is_none_or(|from| from <= date) && self.to.is_none_or(|to| date <= to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::{Timestamp, ZoneOffset};

    fn now(text: &str) -> Now {
        let (date, time) = text.split_once(' ').unwrap();
        let (hour, minute) = time.split_once(':').unwrap();
        let day: Date = date.parse().unwrap();
        let minutes = hour.parse::<i64>().unwrap() * 60 + minute.parse::<i64>().unwrap();
        // A store one hour east of UTC.
        Now { at: Timestamp(day.day() * 86_400_000 + (minutes - 60) * 60_000), offset: ZoneOffset(60) }
    }

    fn check(condition: &Condition, time: &str, expected: bool) {
        let occasion = Occasion { store: None, customer_groups: &[], coupons: &[], now: now(time) };
        assert_eq!(condition.holds(&occasion), expected, "{time} {condition:?}");
    }

    #[test]
    fn hours_are_of_the_day_on_which_they_begin() {
        // 2026-11-20 is a Friday.
        let friday = Weekdays(1 << 4);
        let happy = Condition { hours: Some(Hours { from: 17 * 60, to: 19 * 60 }), ..Condition::default() };
        check(&happy, "2026-11-20 16:59", false);
        check(&happy, "2026-11-20 17:00", true);
        check(&happy, "2026-11-20 18:59", true);
        check(&happy, "2026-11-20 19:00", false);
        let night =
            Condition { hours: Some(Hours { from: 22 * 60, to: 2 * 60 }), weekdays: friday, ..Condition::default() };
        check(&night, "2026-11-20 01:30", false);
        check(&night, "2026-11-20 22:00", true);
        check(&night, "2026-11-21 01:59", true);
        check(&night, "2026-11-21 02:00", false);
        check(&night, "2026-11-21 22:00", false);
        let all_day = Condition { hours: Some(Hours { from: 0, to: 1440 }), ..Condition::default() };
        check(&all_day, "2026-11-21 00:00", true);
        check(&all_day, "2026-11-21 23:59", true);
    }

    #[test]
    fn days_are_first_to_last() {
        let days = |from: &str, to: &str| Condition {
            from: Some(from.parse().unwrap()),
            to: Some(to.parse().unwrap()),
            ..Condition::default()
        };
        check(&days("2026-11-20", "2026-11-21"), "2026-11-19 23:59", false);
        check(&days("2026-11-20", "2026-11-21"), "2026-11-20 00:00", true);
        check(&days("2026-11-20", "2026-11-21"), "2026-11-21 23:59", true);
        check(&days("2026-11-20", "2026-11-21"), "2026-11-22 00:00", false);
    }

    #[test]
    fn store_group_and_coupon_must_be_right() {
        let code = |text: &str| MasterCode::new(text).unwrap();
        let condition = Condition {
            stores: vec![StoreCode::new("S01").unwrap()],
            customer_groups: vec![code("VIP"), code("STAFF")],
            coupon: Some(code("SAVE5")),
            ..Condition::default()
        };
        let holds = |store: Option<&str>, groups: &[&str], coupons: &[&str]| {
            let store = store.map(|store| StoreCode::new(store).unwrap());
            let codes = |texts: &[&str]| texts.iter().map(|text| code(text)).collect::<Vec<_>>();
            let (customer_groups, coupons) = (&codes(groups)[..], &codes(coupons)[..]);
            let now = now("2026-11-20 12:00");
            condition.holds(&Occasion { store: store.as_ref(), customer_groups, coupons, now })
        };
        assert!(holds(Some("S01"), &["STAFF"], &["OTHER", "SAVE5"]));
        assert!(!holds(Some("S02"), &["STAFF"], &["SAVE5"]));
        assert!(!holds(None, &["STAFF"], &["SAVE5"]));
        assert!(!holds(Some("S01"), &[], &["SAVE5"]));
        assert!(!holds(Some("S01"), &["VIP"], &["save5"]));
    }
}
