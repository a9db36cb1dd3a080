//! The series that a till without head office grants itself, a year at a time.

use crate::command::Command;
use crate::event::{Event, GrantedByV1, SeriesGrantedV1};
use crate::journal_state::JournalState;
use crate::refusal::{Reason, Refusal};
use crate::series::EVERY_YEAR;
use crate::time::Now;

use super::open::own_series;
use super::{Till, TillError};

/// How many years beyond its last series a till grants itself a further one; a clock that says more is wrong.
const YEARS_AHEAD_MAX: i64 = 5;

impl Till {
    /// A till that grants itself series does so with the first document of a year, in the transaction of that document.
    pub(super) fn own_series_due(&self, command: &Command, now: Now) -> Result<Option<Event>, TillError> {
        let at = match command {
            Command::CompleteSale(basket) => basket.at.filter(|_| self.state.profile.has_history).unwrap_or(now),
            Command::RefundSale(request) => request.at.filter(|_| self.state.profile.has_history).unwrap_or(now),
            Command::ReturnGoods(_) | Command::Exchange(_) | Command::CloseDrawer(_) => now,
            Command::AddSeries(_)
            | Command::ChangeMasterData(_)
            | Command::SetOperator(..)
            | Command::SetRole(_)
            | Command::OpenDrawer(_)
            | Command::MoveCash(_)
            | Command::RecordActivity(_)
            | Command::AmendZ(_) => return Ok(None),
        };
        let year = at.date().year();
        let known = || self.state.series.iter().map(|state| state.head.series());
        if known().any(|series| series.year == year)
            || !self.state.is_self_granted
            || !self.state.is_open
            || self.state.session.is_none()
        {
            return Ok(None);
        }
        let mut series = own_series(&self.state.profile, year, &own_suffix(&self.state))?;
        series.retain(|series| known().all(|known| known.year != series.year));
        let yearly = || known().map(|series| series.year).filter(|year| *year != EVERY_YEAR);
        let first_known = yearly().min().unwrap_or(year);
        let last_known = yearly().max().unwrap_or(year);
        if !self.state.profile.has_history
            && !(first_known..=last_known.saturating_add(YEARS_AHEAD_MAX)).contains(&year)
        {
            let limit = format!("this till has numbered documents of {first_known} to {last_known}; set the clock");
            return Err(Refusal::new(Reason::ClockWrong, "now", at, limit).into());
        }
        // Codes carry two digits of the year, so a clock that is a century off asks for the code of another year.
        if let Some(taken) = series.iter().find(|series| known().any(|known| known.code == series.code)) {
            let limit = format!("series {} is of another year; set the clock", taken.code);
            return Err(Refusal::new(Reason::ClockWrong, "now", at, limit).into());
        }
        Ok(Some(Event::SeriesGranted(Box::new(SeriesGrantedV1 { series, granted_by: GrantedByV1::Till }))))
    }
}

/// What the codes of this journal's own series end in.
fn own_suffix(state: &JournalState) -> String {
    let profile = &state.profile;
    let prefix = format!("{}-{}-", profile.store, profile.till).len().saturating_add(3);
    let mut yearly = state.series.iter().map(|series| series.head.series()).filter(|series| series.year != EVERY_YEAR);
    let code = yearly.next().map_or("", |series| series.code.as_str());
    code.get(prefix..).unwrap_or("A").to_owned()
}
