//! The till's side of sync: hello, batches, acknowledgements and stops. No network here; bytes in, bytes out.

use crate::db::error::DbError;
use crate::db::look_up::{self, EntryRef, Tables};
use crate::db::row;
use crate::db::tables::META;
use crate::grant::StopV1;
use crate::id::{Hash, JournalId, Note};
use crate::journal::acknowledgement::Acknowledgement;
use crate::journal::batch::{Batch, ENTRIES_MAX, RAW_BYTES_MAX};
use crate::journal::envelope::Entry;
use crate::journal::hello::{Challenge, Hello};
use crate::journal::key::PublicKey;
use crate::journal_state::JournalState;
use crate::refusal::{Reason, Refusal};

use super::{Access, Till, TillError};

/// One journal of this folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JournalSummary {
    /// Which.
    pub journal: JournalId,
    /// The seq of its last entry.
    pub seq: u64,
    /// The hash of that entry.
    pub hash: Hash,
    /// Whether it may still grow.
    pub is_open: bool,
    /// Up to where head office has acknowledged it; 0 for not at all.
    pub acknowledged: u64,
    /// The counter of the epoch in which it did so last; 0 for not at all.
    pub acknowledged_epoch: u64,
    /// The verdict by which head office stopped it.
    pub stopped: Option<String>,
    /// Whether its key is here, without which nothing of it can be sent.
    pub has_key: bool,
}

impl Till {
    /// Every journal of this folder, oldest first.
    ///
    /// # Errors
    /// A failing or damaged store.
    pub fn journals(&self) -> Result<Vec<JournalSummary>, TillError> {
        let tx = self.view()?;
        let summary = |life: u16| {
            let state = look_up::state(&tx, life)?;
            let acknowledged = stored_acknowledgement(&tx, life)?;
            Ok(JournalSummary {
                journal: state.journal,
                seq: state.seq,
                hash: state.hash,
                is_open: state.is_open,
                acknowledged: acknowledged.map_or(0, |acknowledgement| acknowledgement.seq),
                acknowledged_epoch: acknowledged.map_or(0, |acknowledgement| acknowledgement.epoch.counter),
                stopped: tx.get(META, &stop_key(life).as_str())?,
                has_key: self.key_of(&state).is_ok(),
            })
        };
        (1..=self.life).map(summary).collect()
    }

    /// A journal's signed hello, answering head office's challenge.
    ///
    /// # Errors
    /// No such journal here, its key is missing, or a failing store.
    pub fn hello(&self, journal: JournalId, challenge: Option<Challenge>) -> Result<Vec<u8>, TillError> {
        let tx = self.view()?;
        let (life, state) = self.life_of(&tx, journal)?;
        let hello = Hello {
            journal,
            seq: state.seq,
            hash: state.hash,
            series: state.last_numbers(),
            totals: vec![state.total],
            acknowledged: tx.get(META, &acknowledgement_key(life).as_str())?,
            challenge,
        };
        Ok(hello.sign(self.key_of(&state)?)?)
    }

    /// A signed batch of the entries from `from_seq` on, as many as fit; `None` where there are none.
    ///
    /// # Errors
    /// No such journal here, its key is missing, or a damaged entry.
    pub fn batch(&self, journal: JournalId, from_seq: u64) -> Result<Option<Vec<u8>>, TillError> {
        let tx = self.view()?;
        let (life, state) = self.life_of(&tx, journal)?;
        let entries = entries(&tx, life, from_seq.max(1), &state)?;
        let fitting = entries.get(..Batch::fitting(&entries)).unwrap_or(&entries);
        if fitting.is_empty() {
            return Ok(None);
        }
        Ok(Some(Batch::sign(fitting, self.key_of(&state)?)?))
    }

    /// Stores head office's acknowledgement: its proof that it holds a journal up to an entry. Returns that seq.
    ///
    /// # Errors
    /// No head office is known, it did not sign this, or it names an entry that this till does not have.
    pub fn accept_acknowledgement(&mut self, bytes: &[u8]) -> Result<u64, TillError> {
        let result = self.accept_acknowledgement_or_fail(bytes);
        self.latch(result)
    }

    fn accept_acknowledgement_or_fail(&mut self, bytes: &[u8]) -> Result<u64, TillError> {
        let tx = self.view()?;
        let head_office = known_head_office(&tx)?;
        let acknowledgement = *Acknowledgement::read(bytes)?.verify(&head_office)?.statement();
        let (life, state) = self.life_of(&tx, acknowledgement.journal)?;
        let held = match acknowledgement.seq {
            0 => Some(Hash::ZERO),
            seq => look_up::entry(&tx, EntryRef { life, seq })?.map(|entry| entry.hash()),
        };
        if held != Some(acknowledgement.hash) {
            let limit = format!("an entry of this till, which ends at {}", state.seq);
            let value = format!("entry {} with hash {}", acknowledgement.seq, acknowledgement.hash.short());
            return Err(Refusal::new(Reason::Declined, "acknowledgement", value, limit).into());
        }
        let before = stored_acknowledgement(&tx, life)?;
        drop(tx);
        // Within an epoch head office never holds less than before; an older answer that comes late changes nothing.
        let is_late = before.is_some_and(|before| {
            before.epoch.counter > acknowledgement.epoch.counter
                || before.epoch == acknowledgement.epoch && before.seq > acknowledgement.seq
        });
        if !is_late {
            let tx = self.store.write()?;
            let key = acknowledgement_key(life);
            row::put(&mut tx.open_table(META).map_err(DbError::from)?, META, &key.as_str(), &bytes.to_vec())?;
            self.commit_change(tx)?;
        }
        Ok(acknowledgement.seq)
    }

    /// Obeys head office's stop: the journal may not grow until a new one is granted.
    ///
    /// # Errors
    /// No head office is known, or it did not sign this for a journal of this folder.
    pub fn accept_stop(&mut self, bytes: &[u8]) -> Result<(), TillError> {
        let result = self.accept_stop_or_fail(bytes);
        self.latch(result)
    }

    fn accept_stop_or_fail(&mut self, bytes: &[u8]) -> Result<(), TillError> {
        let tx = self.view()?;
        let stop = StopV1::verify(bytes, &known_head_office(&tx)?)?;
        let (life, _) = self.life_of(&tx, stop.journal)?;
        drop(tx);
        let tx = self.store.write()?;
        let verdict = Note::as_str(&stop.verdict).to_owned();
        row::put(&mut tx.open_table(META).map_err(DbError::from)?, META, &stop_key(life).as_str(), &verdict)?;
        self.commit_change(tx)?;
        if life == self.life {
            self.access = Access::ReadOnly(format!("head office stopped its journal: {verdict}"));
        }
        Ok(())
    }

    /// Whether this till belongs to a head office.
    ///
    /// # Errors
    /// A failing or damaged store.
    pub fn is_enrolled(&self) -> Result<bool, TillError> {
        Ok(self.head_office()?.is_some())
    }

    /// The key by which this till's head office signs.
    ///
    /// # Errors
    /// A failing or damaged store.
    pub fn head_office(&self) -> Result<Option<PublicKey>, TillError> {
        Ok(self.view()?.get(META, &"head_office")?)
    }

    fn life_of(&self, tables: &impl Tables, journal: JournalId) -> Result<(u16, JournalState), TillError> {
        for life in (1..=self.life).rev() {
            let state = look_up::state(tables, life)?;
            if state.journal == journal {
                return Ok((life, state));
            }
        }
        Err(Refusal::new(Reason::DocumentUnknown, "journal", journal, "a journal of this folder").into())
    }
}

pub(super) fn stop_key(life: u16) -> String {
    format!("stop/{life}")
}

fn acknowledgement_key(life: u16) -> String {
    format!("acknowledgement/{life}")
}

/// The last acknowledgement of a life. It was verified when it was stored.
pub(super) fn stored_acknowledgement(tables: &impl Tables, life: u16) -> Result<Option<Acknowledgement>, TillError> {
    let key = acknowledgement_key(life);
    let Some(bytes) = tables.get::<_, Vec<u8>>(META, &key.as_str())? else { return Ok(None) };
    let damaged = |_| DbError::DamagedRow { table: "meta_v1".to_owned(), key };
    Ok(Some(*Acknowledgement::read(&bytes).map_err(damaged)?.claimed()))
}

/// The last acknowledgement of a life, and whether the head office that the till knows has signed it.
pub(super) fn audited_acknowledgement(
    tables: &impl Tables,
    life: u16,
) -> Result<Option<(Acknowledgement, bool)>, TillError> {
    let Some(bytes) = tables.get::<_, Vec<u8>>(META, &acknowledgement_key(life).as_str())? else { return Ok(None) };
    let head_office = known_head_office(tables)?;
    let is_signed = Acknowledgement::read(&bytes).and_then(|read| read.verify(&head_office)).is_ok();
    Ok(stored_acknowledgement(tables, life)?.map(|acknowledgement| (acknowledgement, is_signed)))
}

pub(super) fn known_head_office(tables: &impl Tables) -> Result<PublicKey, TillError> {
    let known = tables.get(META, &"head_office")?;
    known.ok_or_else(|| Refusal::new(Reason::Missing, "head_office", "", "enrol this till first").into())
}

/// The entries of a life from a seq on, at most what one batch holds, checked as a chain.
fn entries(tx: &impl Tables, life: u16, from_seq: u64, state: &JournalState) -> Result<Vec<Entry>, TillError> {
    let mut entries: Vec<Entry> = Vec::new();
    let mut bytes = 0_usize;
    for seq in from_seq..=state.seq {
        if entries.len() >= ENTRIES_MAX || bytes > RAW_BYTES_MAX {
            break;
        }
        let missing = || DbError::Invariant(format!("entry {seq} of journal {} is missing", state.journal));
        let stored = tx.entry_bytes(EntryRef { life, seq })?.ok_or_else(missing)?;
        let entry = Entry::read(&stored).map_err(|fault| DbError::DamagedEntry { seq, fault })?;
        bytes = bytes.saturating_add(stored.len());
        entries.push(entry);
    }
    if let Some(last) = entries.last() {
        look_up::entry(tx, EntryRef { life, seq: last.seq() })?;
    }
    Ok(entries)
}
