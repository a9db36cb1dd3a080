//! Making a till's store, opening it, and telling whether it is the one that was last used.

use crate::db::apply::apply;
use crate::db::error::DbError;
use crate::db::look_up::{EntryRef, Tables};
use crate::db::replay::{self, Loaded};
use crate::db::tables::META;
use crate::db::tail::{Rows, Tail};
use crate::db::{StorageBackend, Store, WriteTransaction, look_up, row};
use crate::event::{Event, GrantedByV1, JournalClosedV1, JournalOpenedV1};
use crate::grant::{GrantV1, PredecessorV1, Profile};
use crate::id::{Hash, JournalId, Note};
use crate::journal::envelope::{ChainHead, Entry};
use crate::journal::key::{PublicKey, SigningKey};
use crate::journal_state::JournalState;
use crate::number_format::all_series_of;
use crate::planted::{Bug, is_alive};
use crate::refusal::{Reason, Refusal};
use crate::series::Series;
use crate::time::Now;

use super::{Access, CHANGES, Space, Till, TillError};

/// The verdict under which a restored journal ends.
pub(super) const RESTORED: &str = "restored";

/// How a stand-alone till begins.
pub struct SetUp {
    /// What the till is.
    pub profile: Profile,
    /// The id of its first journal, of random bytes.
    pub journal: JournalId,
    /// The key of that journal, of random bytes.
    pub key: SigningKey,
    /// What tells the series of this journal from those of other journals of the same till: `A`.
    pub series_suffix: String,
}

/// What the last commit of a store was, kept beside it: a store that is behind its mark is an older copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// Which journal was written.
    pub journal: JournalId,
    /// Its last entry.
    pub seq: u64,
    /// The hash of that entry.
    pub hash: Hash,
    /// How many commits of the store made no entry: acknowledgements, stops, PIN tries, pages of the feed.
    pub changes: u64,
}

impl Till {
    /// Makes a stand-alone till with its own series for this year and the next, and the operator `owner`.
    ///
    /// # Errors
    /// A suffix that cannot stand in a series code, a backend that holds a store already, or a failing disk.
    pub fn create(backend: impl StorageBackend, set_up: SetUp, now: Now) -> Result<Self, TillError> {
        let SetUp { profile, journal, key, series_suffix } = set_up;
        let series = own_series(&profile, now.date().year(), &series_suffix)?;
        let opened = JournalOpenedV1 {
            profile,
            key: key.public_key(),
            predecessor: None,
            series,
            granted_by: GrantedByV1::Till,
            session: None,
        };
        Self::create_with(backend, journal, key, opened, now, |_| Ok(()))
    }

    /// Makes a till in a new folder by a grant of head office.
    ///
    /// # Errors
    /// A grant that does not verify or is for another key, a backend that holds a store already, or a failing disk.
    pub fn create_granted(
        backend: impl StorageBackend,
        key: SigningKey,
        grant: &[u8],
        now: Now,
    ) -> Result<Self, TillError> {
        let (verified, opened) = opened_by_grant(&key, grant, None)?;
        Self::create_with(backend, verified.journal, key, opened, now, |tx| {
            row::put(&mut tx.open_table(META)?, META, &"head_office", &verified.head_office)
        })
    }

    fn create_with(
        backend: impl StorageBackend,
        journal: JournalId,
        key: SigningKey,
        opened: JournalOpenedV1,
        now: Now,
        more: impl FnOnce(&WriteTransaction) -> Result<(), DbError>,
    ) -> Result<Self, TillError> {
        let store = Store::open(backend)?;
        if let Some((_, state)) = store.read()?.last_state()? {
            let limit = "an empty folder";
            return Err(
                Refusal::new(Reason::Declined, "data", format!("till {} is here", state.profile.till), limit).into()
            );
        }
        let tx = store.write()?;
        let state = open_journal(&tx, 1, journal, opened, now)?;
        more(&tx)?;
        tx.commit().map_err(DbError::from)?;
        let tail = Tail::default();
        let (access, space) = (Access::Full, Space::Enough);
        let (pepper, changes, damaged_from) = (None, 0, None);
        let masks = Vec::new();
        Ok(Self { store, keys: vec![key], pepper, access, space, life: 1, state, tail, changes, damaged_from, masks })
    }

    /// Opens a till. Without the current journal's key among `keys` it may only be read, and so may one whose newest entries
    /// are damaged: it stands at the last one that could be verified.
    ///
    /// # Errors
    /// The backend holds no till, a newer one, or is damaged.
    pub fn open(backend: impl StorageBackend, keys: Vec<SigningKey>, access: Access) -> Result<Self, TillError> {
        let store = Store::open(backend)?;
        let tx = store.read()?;
        let Some(Loaded { life, state, tail, damage }) = store.watched(replay::load(&tx))? else {
            return Err(Refusal::new(Reason::Missing, "data", "", "a till; make one with init or enrol").into());
        };
        let stopped = tx.get::<_, String>(META, &super::journals::stop_key(life).as_str())?;
        let changes = tx.get(META, &CHANGES)?.unwrap_or(0);
        drop(tx);
        let state = if is_alive(Bug::NumberAgainAfterStart) { state.with_numbers_freed() } else { state };
        let (pepper, space, damaged_from) = (None, Space::Enough, None);
        let masks = Vec::new();
        let mut till = Self { store, keys, pepper, access, space, life, state, tail, changes, damaged_from, masks };
        if let Some(error) = damage {
            till.store.abandon();
            till.damaged_from = Some(till.state.seq.saturating_add(1));
            till.access = Access::ReadOnly(error.to_string());
        }
        if let (Access::Full, Some(verdict)) = (&till.access, stopped) {
            till.access = Access::ReadOnly(stopped_by(&verdict));
        }
        if till.access == Access::Full
            && let Err(refusal) = till.key_of(&till.state).map(|_| ())
        {
            till.access = Access::ReadOnly(refusal.value().to_owned());
        }
        Ok(till)
    }

    /// Compares every page of the store with its checksum, which the storage engine does not do when it reads. A bit that
    /// flipped in a row's value is told by the row's seal; one that flipped in a key makes the row seem never written, such
    /// as the price of a product or the id of a sale, and only this tells it. To be called once a store was opened.
    ///
    /// # Errors
    /// A damaged page, or a failing disk; the till is of no use then but for an audit.
    pub fn check_pages(&mut self) -> Result<(), TillError> {
        let is_intact = self.store.is_intact().map_err(TillError::from);
        let checked =
            is_intact.and_then(|is_intact| if is_intact { Ok(()) } else { Err(DbError::DamagedPages.into()) });
        self.latch(checked)
    }

    /// The mark of the last commit.
    #[must_use]
    pub const fn mark(&self) -> Mark {
        let JournalState { journal, seq, hash, .. } = self.state;
        Mark { journal, seq, hash, changes: self.changes }
    }

    /// Compares the store with the mark that was kept beside it. A store that is behind its mark, or on another branch,
    /// is an older copy: it may only be read.
    ///
    /// # Errors
    /// A failing disk.
    pub fn check_mark(&mut self, mark: &Mark) -> Result<(), TillError> {
        if self.damaged_from.is_some() {
            return Ok(());
        }
        if self.changes < mark.changes {
            self.access = Access::ReadOnly(format!(
                "the store had {} changes beside its journal but {} were written before: it is an older copy",
                self.changes, mark.changes
            ));
        }
        let tx = self.view()?;
        for life in (1..=self.life).rev() {
            let state = look_up::state(&tx, life)?;
            if state.journal != mark.journal {
                continue;
            }
            let entry = look_up::entry(&tx, EntryRef { life, seq: mark.seq })?;
            if entry.is_none_or(|entry| entry.hash() != mark.hash) {
                self.access = Access::ReadOnly(format!(
                    "the store ends at entry {} but entry {} was written before: it is an older copy",
                    state.seq, mark.seq
                ));
            }
            return Ok(());
        }
        self.access =
            Access::ReadOnly(format!("the store does not hold journal {}, which was written last", mark.journal));
        Ok(())
    }

    /// Opens the journal that head office granted: closes the current one and begins the next, in one transaction. On a
    /// till that may only be read, because head office stopped it or because it is an older copy, this is how it sells
    /// again; there the current journal is left as it is, since it must not grow, and its open drawer session goes on in
    /// the new one, so that its Z report has all of its figures. The same grant again changes nothing.
    ///
    /// # Errors
    /// A grant that does not verify, is for another key, currency or head office, or for an earlier journal of this
    /// folder; an open drawer that can still be closed; a failing disk.
    pub fn enrol(&mut self, key: SigningKey, grant: &[u8], now: Now) -> Result<(), TillError> {
        let result = self.enrol_or_fail(key, grant, now);
        self.latch(result)
    }

    fn enrol_or_fail(&mut self, key: SigningKey, grant: &[u8], now: Now) -> Result<(), TillError> {
        let (verified, mut opened) = opened_by_grant(&key, grant, None)?;
        self.check_grant(&verified)?;
        if verified.journal == self.state.journal {
            return Ok(());
        }
        let is_growing = self.state.is_open && self.access == Access::Full;
        if let (true, Some(session)) = (is_growing, &self.state.session) {
            return Err(Refusal::new(Reason::DrawerOpen, "drawer", session.session, "close it first").into());
        }
        let tx = self.begin()?;
        let mut closed = self.state.clone();
        if is_growing {
            let reason = Note::new("a new journal was granted")?;
            let event = Event::JournalClosed(Box::new(JournalClosedV1 { reason }));
            (closed, _) = append(&mut &tx, self.life, &closed, &event, now)?;
        }
        opened.predecessor = Some(closed.as_predecessor());
        opened.session = closed.session;
        let life = self.life.saturating_add(1);
        let state = open_journal(&tx, life, verified.journal, opened, now)?;
        row::put(&mut tx.open_table(META).map_err(DbError::from)?, META, &"head_office", &verified.head_office)?;
        self.commit(tx)?;
        self.keys.push(key);
        self.life = life;
        self.state = state;
        self.access = Access::Full;
        Ok(())
    }

    /// Whether a grant is from this till's head office, in its currency, for a journal that is new here or, opened by a
    /// grant, the current one, and of series that no journal of this folder has had: a head office that was restored may
    /// have forgotten that it granted them.
    fn check_grant(&self, grant: &GrantV1) -> Result<(), TillError> {
        let tx = self.view()?;
        let declined = |value: String, limit: String| Refusal::new(Reason::Declined, "grant", value, limit);
        let known = tx.get::<_, PublicKey>(META, &"head_office")?;
        if known.is_some_and(|known| known != grant.head_office) {
            let limit = "the head office that this till knows".to_owned();
            return Err(declined("signed by another head office".to_owned(), limit).into());
        }
        let currency = self.state.profile.currency;
        if grant.profile.currency != currency {
            return Err(declined(grant.profile.currency.to_string(), format!("{currency}, the till's currency")).into());
        }
        for life in 1..=self.life {
            let state = look_up::state(&tx, life)?;
            let is_repeat = life == self.life && !self.state.is_self_granted && state.journal == grant.journal;
            if is_repeat {
                continue;
            }
            if state.journal == grant.journal {
                let limit = "a journal that is new to this folder".to_owned();
                return Err(declined(format!("for journal {}", grant.journal), limit).into());
            }
            let had = |series: &&Series| state.series.iter().any(|own| own.head.series().code == series.code);
            if let Some(series) = grant.series.iter().find(had) {
                let limit = format!("a series that is new to this till; journal {} numbered with it", state.journal);
                return Err(declined(series.code.to_string(), limit).into());
            }
        }
        Ok(())
    }
}

/// The series that a stand-alone till grants itself: every kind, this year and the next.
pub(super) fn own_series(profile: &Profile, year: i64, suffix: &str) -> Result<Vec<Series>, Refusal> {
    let years = [year, year.saturating_add(1)];
    all_series_of(&profile.country, (&profile.store, &profile.till), &years, suffix)
}

/// Appends an event to a journal: the entry, the state after it, and every derived row.
pub(super) fn append(
    rows: &mut impl Rows,
    life: u16,
    state: &JournalState,
    event: &Event,
    now: Now,
) -> Result<(JournalState, Entry), TillError> {
    let payload = event.encode();
    let limit = crate::journal::envelope::PAYLOAD_BYTES_MAX;
    if payload.len() > limit {
        let limit = format!("{limit} bytes; use fewer lines");
        return Err(Refusal::new(Reason::TooLong, "lines", format!("{} bytes", payload.len()), limit).into());
    }
    let (entry, _) = state.chain_head().append(now, event.event_type(), Event::SCHEMA_VERSION, &payload)?;
    let after = state.clone().after(&entry, Some(event))?;
    apply(rows, life, &entry, Some(event), &after)?;
    Ok((after, entry))
}

/// Why a journal with this verdict may not grow.
pub(super) fn stopped_by(verdict: &str) -> String {
    if verdict == RESTORED {
        let how = "a till of a head office gets a new journal by `till sync`, any other by `till restore` or a grant";
        return format!("it was restored from a backup, and its journal ends here: {how}");
    }
    format!("head office stopped its journal: {verdict}")
}

pub(super) fn open_journal(
    tx: &WriteTransaction,
    life: u16,
    journal: JournalId,
    opened: JournalOpenedV1,
    now: Now,
) -> Result<JournalState, TillError> {
    let event = Event::JournalOpened(Box::new(opened.clone()));
    let (entry, _) =
        ChainHead::start(journal).append(now, event.event_type(), Event::SCHEMA_VERSION, &event.encode())?;
    let state = JournalState::open(&entry, &opened);
    apply(&mut &*tx, life, &entry, Some(&event), &state)?;
    Ok(state)
}

fn opened_by_grant(
    key: &SigningKey,
    grant: &[u8],
    predecessor: Option<PredecessorV1>,
) -> Result<(GrantV1, JournalOpenedV1), TillError> {
    let verified = GrantV1::verify(grant)?;
    if verified.key != key.public_key() {
        let limit = "the key of this till's journal request";
        return Err(Refusal::new(Reason::Declined, "grant", format!("for key {}", verified.key), limit).into());
    }
    let opened = JournalOpenedV1 {
        profile: verified.profile.clone(),
        key: verified.key,
        predecessor,
        series: verified.series.clone(),
        granted_by: GrantedByV1::HeadOffice(grant.to_vec()),
        session: None,
    };
    Ok((verified, opened))
}
