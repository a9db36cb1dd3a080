//! One till: its store, its keys, and the one path by which anything changes.
//!
//! A command is looked up by its id, decided by pure rules, applied and committed in one write transaction; only then is
//! it answered. The till holds no state that the store does not, so it may be killed between any two instructions; what
//! is written where, and what is kept in memory until a clean stop, is told by `db::tail`.

mod journals;
mod open;
mod own_series;
mod actors;
mod offers;
mod outcome;
mod issued;
mod receipt_code;
mod documents;
mod execute;
mod people;
mod identify;
mod feed;
mod look_up;
mod activity;
mod sales_report;
mod numbers;
mod audit;
mod backup;
mod restore;

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::db::error::DbError;
use crate::db::tables::META;
use crate::db::tail::{Tail, View};
use crate::db::{ReadTransaction, Store, WriteTransaction, row};
use crate::grant::Profile;
use crate::in_store_code::{MASKS_MAX, Mask, masks_of};
use crate::journal::envelope::ChainHead;
use crate::journal::fault::Fault;
use crate::journal::key::SigningKey;
use crate::journal_state::JournalState;
use crate::operator::Pepper;
use crate::refusal::{Reason, Refusal};

pub use crate::db::StorageBackend;
pub use crate::document::Issued;
pub use actors::By;
pub use audit::{Audit, JournalAudit, SeriesAudit};
pub use backup::Snapshot;
pub use feed::FeedProgress;
pub use journals::JournalSummary;
pub use look_up::{ClosedSession, Status};
pub use numbers::SeriesStanding;
pub use open::{Mark, SetUp};
pub use outcome::Outcome;
pub use receipt_code::VerifiedReceipt;
pub use restore::{Migration, Restored};
pub use sales_report::Journals;

/// The name of the count of changes.
const CHANGES: &str = "changes";

/// Why a till did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum TillError {
    /// A rule of the trade says no; nothing was used up.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Bytes from outside are wrong; nothing was changed.
    #[error(transparent)]
    Fault(#[from] Fault),
    /// The disk failed or the store is damaged; the till stops until it is opened again and checked.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Whether the till may write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Access {
    /// Everything.
    Full,
    /// Only reading, for this reason.
    ReadOnly(String),
}

/// Whether the disk has room for what a day brings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Space {
    /// As far as is known.
    Enough,
    /// Only for what ends the day: refunds, cash movements, closing the drawer, and all of sync; for this reason.
    Scarce(String),
}

/// An open till.
pub struct Till {
    store: Store,
    /// The keys of this folder's journals, as far as they are at hand.
    keys: Vec<SigningKey>,
    pepper: Option<Pepper>,
    access: Access,
    space: Space,
    /// Which journal of this folder is the current one, from 1.
    life: u16,
    /// Where the current journal stands; what the store holds.
    state: JournalState,
    /// The rows of its newest entries, which are not yet in the tables.
    tail: Tail,
    /// How many commits made no entry: acknowledgements, stops, PIN tries, pages of the feed.
    changes: u64,
    /// From which entry on the journal could not be verified when it was opened.
    damaged_from: Option<u64>,
    /// Where the shop's own in-store codes carry a measure; before the rules of the country.
    masks: Vec<Mask>,
}

impl Till {
    /// What the till is.
    #[must_use]
    pub const fn profile(&self) -> &Profile {
        &self.state.profile
    }

    /// The current journal's head.
    #[must_use]
    pub const fn head(&self) -> ChainHead {
        self.state.chain_head()
    }

    /// Where the current journal stands.
    #[must_use]
    pub const fn state(&self) -> &JournalState {
        &self.state
    }

    /// Whether the till may write, and if not, why.
    #[must_use]
    pub const fn access(&self) -> &Access {
        &self.access
    }

    /// Whether the disk has room, as far as the till was told.
    #[must_use]
    pub const fn space(&self) -> &Space {
        &self.space
    }

    /// Tells the till whether the disk has room; whoever holds the backend measures it.
    pub fn set_space(&mut self, space: Space) {
        self.space = space;
    }

    /// Tells the till where the shop's own in-store codes carry a price, weight or count.
    ///
    /// # Errors
    /// More than `MASKS_MAX`.
    pub fn set_masks(&mut self, masks: Vec<Mask>) -> Result<(), Refusal> {
        if masks.len() > MASKS_MAX {
            return Err(Refusal::new(Reason::TooMany, "masks", masks.len(), MASKS_MAX));
        }
        self.masks = masks;
        Ok(())
    }

    /// The shop's own masks, then those of its country.
    pub(super) fn masks(&self) -> Vec<Mask> {
        let of_country = masks_of(self.state.profile.country.as_str());
        self.masks.iter().cloned().chain(of_country).collect()
    }

    /// Stops all writing, that of a clean stop included: whoever holds the till has found that it cannot be trusted.
    pub fn stop(&mut self, why: &str) {
        if self.access == Access::Full {
            self.access = Access::ReadOnly(why.to_owned());
        }
    }

    /// Refuses to add up a journal whose newest entries are damaged: what lies before them is right, but not all.
    ///
    /// # Errors
    /// The journal could not be verified to its end when the till was opened.
    pub fn require_whole(&self) -> Result<(), TillError> {
        match self.damaged_from {
            Some(seq) => {
                let cause = "figures of the journal would leave it out; `till audit` says more".to_owned();
                Err(DbError::DamagedTail { seq, cause }.into())
            }
            None => Ok(()),
        }
    }

    /// Gives the till its device's pepper, without which PINs can be neither set nor checked.
    pub fn set_pepper(&mut self, pepper: Pepper) {
        self.pepper = Some(pepper);
    }

    /// A view of the last commit: the tables with the tail before them.
    fn view(&self) -> Result<View<'_, ReadTransaction>, DbError> {
        Ok(View::new(self.store.read()?, &self.tail))
    }

    /// A transaction with the tail in the tables, for entries that go there.
    fn begin(&self) -> Result<WriteTransaction, DbError> {
        let tx = self.store.write()?;
        self.tail.fold_into(&tx)?;
        Ok(tx)
    }

    /// Commits a transaction with the tail in the tables.
    fn commit(&mut self, tx: WriteTransaction) -> Result<(), DbError> {
        tx.commit()?;
        self.tail = Tail::default();
        Ok(())
    }

    /// Counts what makes no entry, so that the mark shows if it is lost.
    fn count_change(&self, tx: &WriteTransaction) -> Result<u64, DbError> {
        let changes = self.changes.saturating_add(1);
        row::put(&mut tx.open_table(META)?, META, &CHANGES, &changes)?;
        Ok(changes)
    }

    /// Commits what made no entry.
    fn commit_change(&mut self, tx: WriteTransaction) -> Result<(), DbError> {
        let changes = self.count_change(&tx)?;
        tx.commit()?;
        self.changes = changes;
        Ok(())
    }

    /// Commits a transaction that made entries, so that the tail is in the tables, or none.
    fn commit_after(&mut self, tx: WriteTransaction, state: Option<JournalState>) -> Result<(), DbError> {
        let Some(state) = state else { return self.commit_change(tx) };
        self.commit(tx)?;
        self.state = state;
        Ok(())
    }

    pub(crate) fn key_of(&self, state: &JournalState) -> Result<&SigningKey, Refusal> {
        let key = self.keys.iter().find(|key| key.public_key() == state.key);
        key.ok_or_else(|| {
            let limit = "a till of a head office gets a new journal by `till sync`, any other by `till restore`";
            Refusal::new(Reason::ReadOnly, "key", format!("the key of journal {} is missing", state.journal), limit)
        })
    }

    pub(crate) fn require_access(&self) -> Result<(), Refusal> {
        match &self.access {
            Access::Full => Ok(()),
            Access::ReadOnly(why) => Err(Refusal::new(
                Reason::ReadOnly,
                "till",
                why,
                "`till status` says more; a till of a head office gets a new journal by `till sync`, any other by `till restore`",
            )),
        }
    }

    /// Notes a failed disk: nothing may be written until the till is opened again and checked.
    pub(crate) fn latch<T>(&mut self, result: Result<T, TillError>) -> Result<T, TillError> {
        if let Err(TillError::Db(error)) = &result {
            if error.is_damage() {
                self.store.abandon();
            }
            self.access = Access::ReadOnly(format!("a failure stopped it: {error}"));
        }
        result
    }
}

/// A clean stop leaves nothing to replay. Where that fails nothing is lost: the entries are durable already. The engine
/// panics on some damaged pages; out of a drop such a panic would end the process, so it stays here.
impl Drop for Till {
    fn drop(&mut self) {
        if self.access == Access::Full && self.tail.entries() > 0 && !std::thread::panicking() {
            let folded = catch_unwind(AssertUnwindSafe(|| self.begin().and_then(|tx| self.commit(tx))));
            if folded.is_err() {
                self.store.abandon();
            }
        }
    }
}

impl std::fmt::Debug for Till {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { access, life, state, .. } = self;
        formatter
            .debug_struct("Till")
            .field("access", access)
            .field("life", life)
            .field("journal", &state.journal)
            .field("seq", &state.seq)
            .finish_non_exhaustive()
    }
}
