//! Going on after a restore: the journal that the store holds ends, and another begins.
//!
//! What was numbered after a backup was made is not in it, so its journal is never continued: it is marked as ended here, and
//! stays readable for refunds and reports. Where the shop may choose its series, a new journal with series of its own is opened in
//! the same commit, with the perpetual totals and the open drawer of the old one; elsewhere, and where a head office grants
//! journals, the till waits for its grant. The same holds for a store that is an older copy or was brought from another machine.

use crate::db::copy;
use crate::db::error::DbError;
use crate::db::look_up::{self, Tables};
use crate::db::row;
use crate::db::tables::META;
use crate::event::{GrantedByV1, JournalOpenedV1};
use crate::id::JournalId;
use crate::journal::key::SigningKey;
use crate::refusal::{Reason, Refusal};
use crate::self_grant::{may_choose_series, suffixes};
use crate::series::Series;
use crate::time::Now;

use super::journals::stop_key;
use super::open::{RESTORED, open_journal, own_series, stopped_by};
use super::{Access, Till, TillError};

/// What a restore came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Restored {
    /// A new journal is open, and the till sells.
    Opened(JournalId),
    /// The till waits for the grant of a new journal.
    Waiting,
}

/// What opening a store changed in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Migration {
    /// The schema that it had.
    pub before: u32,
    /// The schema that it has.
    pub after: u32,
    /// Its tables with their rows.
    pub rows: Vec<(String, u64)>,
}

impl Till {
    /// Ends the journal of a store that was put back, and opens another where the shop may choose its series.
    ///
    /// # Errors
    /// The till is in order, its newest entries are damaged, or the disk fails.
    pub fn restore(&mut self, key: SigningKey, journal: JournalId, now: Now) -> Result<Restored, TillError> {
        let result = self.restore_or_fail(key, journal, now);
        self.latch(result)
    }

    fn restore_or_fail(&mut self, key: SigningKey, journal: JournalId, now: Now) -> Result<Restored, TillError> {
        self.require_whole()?;
        if self.access == Access::Full {
            let limit = "a store that was put back, brought from another machine, or lost its key";
            return Err(Refusal::new(Reason::Declined, "data", "this till is in order", limit).into());
        }
        let is_enrolled = self.is_enrolled()?;
        let stop = stop_key(self.life);
        if is_enrolled && self.view()?.get::<_, String>(META, &stop.as_str())?.is_some() {
            return Ok(Restored::Waiting);
        }
        let may_grant = !is_enrolled && may_choose_series(&self.state.profile.country);
        let tx = self.begin()?;
        row::put(&mut tx.open_table(META).map_err(DbError::from)?, META, &stop.as_str(), &RESTORED.to_owned())?;
        let changes = self.count_change(&tx)?;
        if !may_grant {
            self.commit(tx)?;
            (self.changes, self.access) = (changes, Access::ReadOnly(stopped_by(RESTORED)));
            return Ok(Restored::Waiting);
        }
        let opened = JournalOpenedV1 {
            profile: self.state.profile.clone(),
            key: key.public_key(),
            predecessor: Some(self.state.as_predecessor()),
            series: self.series_of(journal, now)?,
            granted_by: GrantedByV1::Till,
            session: self.state.session.clone(),
        };
        let life = self.life.saturating_add(1);
        let state = open_journal(&tx, life, journal, opened, now)?;
        self.commit(tx)?;
        self.keys.push(key);
        (self.life, self.state, self.changes, self.access) = (life, state, changes, Access::Full);
        Ok(Restored::Opened(journal))
    }

    /// Series of a new journal that none of this store's journals has had.
    fn series_of(&self, journal: JournalId, now: Now) -> Result<Vec<Series>, TillError> {
        let tx = self.view()?;
        let mut taken = Vec::new();
        for life in 1..=self.life {
            let state = look_up::state(&tx, life)?;
            taken.extend(state.series.iter().map(|series| series.head.series().code.clone()));
        }
        for suffix in suffixes(journal) {
            let series = own_series(&self.state.profile, now.date().year(), &suffix)?;
            if series.iter().all(|series| !taken.contains(&series.code)) {
                return Ok(series);
            }
        }
        let limit = "a journal whose series are new to this till; try again";
        Err(Refusal::new(Reason::Declined, "journal", journal, limit).into())
    }

    /// What opening this store changed in it, and what it holds.
    ///
    /// # Errors
    /// A failing or damaged store.
    pub fn migration(&self) -> Result<Migration, TillError> {
        let (before, after) = self.store.schemas();
        Ok(Migration { before, after, rows: copy::counts(&self.store.read()?)? })
    }
}
