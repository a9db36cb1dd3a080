//! How the series of this till stand: what comes next, how many numbers are left, and how long they will last.

use crate::db::look_up::{self, Tables};
use crate::event::Event;
use crate::id::SeriesCode;
use crate::journal_state::SeriesState;
use crate::number_forecast::{PACE_DAYS, Pace};
use crate::series::{EVERY_YEAR, Series};
use crate::time::{Now, Timestamp};

use super::{Till, TillError};

const MS_PER_DAY: u64 = 86_400_000;

/// How a series stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeriesStanding {
    /// The series.
    pub series: Series,
    /// Whether the next document of its kind takes its number from it.
    pub is_in_use: bool,
    /// The number that comes next; `None` where none is left.
    pub next: Option<u64>,
    /// How its range is used; `None` where it has no end.
    pub pace: Option<Pace>,
}

impl Till {
    /// The series of the present journal that number this year or every year, in the order of their grants.
    ///
    /// # Errors
    /// A failing or damaged store.
    pub fn series_standing(&self, now: Now) -> Result<Vec<SeriesStanding>, TillError> {
        let view = self.view()?;
        let year = now.date().year();
        let mut standing = Vec::new();
        for state in self.state.series.iter().filter(|state| state.head.series().numbers(year)) {
            let series = state.head.series();
            let in_use = self.state.series_for(series.kind, year);
            standing.push(SeriesStanding {
                series: series.clone(),
                is_in_use: in_use.is_some_and(|used| used.head.series().code == series.code),
                next: state.head.next(),
                pace: self.pace(&view, state, now)?,
            });
        }
        Ok(standing)
    }

    /// The codes of every series that a journal of this till has had.
    pub(super) fn series_codes(&self, tables: &impl Tables) -> Result<Vec<SeriesCode>, TillError> {
        let mut codes = Vec::new();
        for life in 1..=self.life {
            let state = look_up::state(tables, life)?;
            codes.extend(state.series.iter().map(|state| state.head.series().code.clone()));
        }
        Ok(codes)
    }

    fn pace(&self, tables: &impl Tables, state: &SeriesState, now: Now) -> Result<Option<Pace>, TillError> {
        let series = state.head.series();
        let (Some(left), Some(last)) = (state.head.left(), series.last) else { return Ok(None) };
        let size = last.saturating_sub(series.first).saturating_add(1);
        let Some(last_issued) = state.head.last_issued() else {
            return Ok(Some(Pace { left, size, used: 0, days: PACE_DAYS }));
        };
        let window = i64::try_from(PACE_DAYS.saturating_mul(MS_PER_DAY)).unwrap_or(i64::MAX);
        let begin = Timestamp(now.at.0.saturating_sub(window));
        let begun = self.issued(tables, state, series.first)?;
        let days = match begun.filter(|begun| *begun > begin) {
            Some(begun) => u64::try_from(now.at.0.saturating_sub(begun.0)).unwrap_or(0).div_ceil(MS_PER_DAY).max(1),
            None => PACE_DAYS,
        };
        // Issue times of a series never go back, so the first number of the window is found by halving.
        let (mut before, mut from) = (series.first, last_issued.saturating_add(1));
        while before < from {
            let middle = before.saturating_add(from.saturating_sub(before) >> 1);
            match self.issued(tables, state, middle)?.is_some_and(|issued| issued >= begin) {
                true => from = middle,
                false => before = middle.saturating_add(1),
            }
        }
        let used = last_issued.saturating_add(1).saturating_sub(from);
        Ok(Some(Pace { left, size, used, days }))
    }

    /// When a number of a series was issued.
    fn issued(&self, tables: &impl Tables, state: &SeriesState, number: u64) -> Result<Option<Timestamp>, TillError> {
        let profile = &self.state.profile;
        let Some(printed) = state.head.printed(&profile.store, &profile.till, number)? else { return Ok(None) };
        let Some(at) = look_up::document(tables, printed.as_str())? else { return Ok(None) };
        let Some(entry) = look_up::entry(tables, at)? else { return Ok(None) };
        let event = Event::decode(&entry)?;
        let issued = event.as_ref().and_then(Event::document).map(|document| document.issued_at(entry.now()));
        Ok(issued.map(|issued| issued.at))
    }
}

impl SeriesStanding {
    /// Whether it begins anew each year.
    #[must_use]
    pub const fn is_yearly(&self) -> bool {
        self.series.year != EVERY_YEAR
    }
}
