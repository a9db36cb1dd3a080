//! The audit: reads the whole journal as an outsider would, and compares every derived row with a replay.
//!
//! It recomputes each hash, follows the chain, decodes every event, checks that each document adds up, that each series
//! runs from its first number without a hole, that each Z report repeats its session, that each journal names the end of
//! the one before it, that the stored acknowledgement is signed and for this very chain, and sums money by itself. Then
//! it rebuilds all rows in a scratch store and compares them byte for byte, and lets the storage engine
//! check its own pages. One flipped byte anywhere that matters is a difference.

use std::collections::BTreeMap;

use crate::db::apply::apply;
use crate::db::error::DbError;
use crate::db::look_up::{self, EntryRef};
use crate::db::replay::{self, Loaded};
use crate::db::tail::View;
use crate::db::{ReadTransaction, StorageBackend, Store, compare, master};
use crate::drawer::DrawerClosedV1;
use crate::event::{Event, GrantedByV1};
use crate::grant::{GrantV1, PredecessorV1};
use crate::id::{JournalId, SeriesCode};
use crate::journal::envelope::{ChainHead, Entry};
use crate::journal::hello::RunningTotal;
use crate::journal_state::JournalState;
use crate::refusal::Refusal;
use crate::series::{DocumentKind, holes};

use super::journals::{audited_acknowledgement, known_head_office};
use super::{Till, TillError};

/// The most differences that are listed.
const DIFFERENCES_MAX: usize = 100;
const ENTRIES_PER_STEP: u64 = 2_000;

/// What the audit found of one journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JournalAudit {
    /// Which.
    pub journal: JournalId,
    /// How many entries.
    pub entries: u64,
    /// The hash of the last, in hexadecimal digits.
    pub head: String,
    /// `ok`, or what is wrong with the chain.
    pub chain: String,
}

/// What the audit found of one series.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeriesAudit {
    /// Its code.
    pub series: SeriesCode,
    /// What it numbers.
    pub kind: DocumentKind,
    /// The first number it may issue.
    pub first: u64,
    /// The last number found, or `None`.
    pub last: Option<u64>,
    /// How many numbers were found.
    pub issued: u64,
    /// Runs of numbers that are missing.
    pub missing: Vec<(u64, u64)>,
    /// Numbers that were found more than once.
    pub duplicates: Vec<u64>,
}

/// What the audit found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Audit {
    /// The journals, oldest first.
    pub journals: Vec<JournalAudit>,
    /// The series that issued a number or may.
    pub series: Vec<SeriesAudit>,
    /// How many drawer sessions were opened.
    pub drawer_sessions: u64,
    /// What the documents of each currency come to.
    pub totals: Vec<RunningTotal>,
    /// What does not agree, at most 100.
    pub differences: Vec<String>,
    /// Entries of a type or version that this program does not know.
    pub unread: u64,
    /// The first entry that is damaged.
    pub first_bad_seq: Option<u64>,
}

impl Audit {
    /// Whether everything agrees.
    #[must_use]
    pub fn is_ok(&self) -> bool {
        self.differences.is_empty() && self.first_bad_seq.is_none()
    }

    fn differs(&mut self, text: impl Into<String>) {
        if self.differences.len() < DIFFERENCES_MAX {
            self.differences.push(text.into());
        }
    }

    fn is_bad_at(&mut self, seq: u64, text: String) {
        self.first_bad_seq.get_or_insert(seq);
        self.differs(text);
    }
}

impl Till {
    /// Audits the till. `scratch` is an empty backend for the replay; its bytes are of no use afterwards.
    ///
    /// # Errors
    /// The disk fails while reading, so that nothing can be said.
    pub fn audit(&mut self, scratch: impl StorageBackend) -> Result<Audit, TillError> {
        let mut audit = Audit::default();
        let replay = Store::open(scratch)?;
        {
            let view = self.view()?;
            let mut numbers: BTreeMap<SeriesCode, Vec<u64>> = BTreeMap::new();
            for life in 1..=self.life {
                if let Err(error) = self.audit_journal(&view, &replay, life, &mut audit, &mut numbers) {
                    audit.differs(error.to_string());
                }
            }
            self.audit_series(&view, &mut audit, &numbers);
            self.audit_count(&view, &mut audit)?;
            let is_whole = audit.first_bad_seq.is_none();
            self.audit_tail(view.tables(), &mut audit);
            if is_whole {
                compare::compare(&view, &replay.read()?, &mut |difference| audit.differs(difference))?;
            }
            compare::seals(view.tables(), &mut |difference| audit.differs(difference))?;
            self.audit_feed(view.tables(), &mut audit);
        }
        match self.store.is_intact() {
            Ok(true) => {}
            // The engine may have gone back to the commit before the damage; the till, which is ahead of it, writes no more.
            Ok(false) => self.stop_for(&DbError::DamagedPages, &mut audit),
            Err(error) => self.stop_for(&error, &mut audit),
        }
        Ok(audit)
    }

    fn stop_for(&mut self, error: &DbError, audit: &mut Audit) {
        self.stop(&error.to_string());
        audit.differs(error.to_string());
    }

    fn audit_journal(
        &self,
        tx: &View<'_, ReadTransaction>,
        scratch: &Store,
        life: u16,
        audit: &mut Audit,
        numbers: &mut BTreeMap<SeriesCode, Vec<u64>>,
    ) -> Result<(), TillError> {
        let state = look_up::state(tx, life)?;
        let before = life.checked_sub(1).filter(|before| *before > 0).map(|before| look_up::state(tx, before));
        let before = before.transpose()?.map(|before| before.as_predecessor());
        let mut fold = Fold { head: ChainHead::start(state.journal), before, state: None };
        let mut found =
            JournalAudit { journal: state.journal, entries: 0, head: state.hash.to_string(), chain: "ok".to_owned() };
        let mut seq = 1;
        while seq <= state.seq {
            let writing = scratch.write_scratch()?;
            let end = seq.saturating_add(ENTRIES_PER_STEP).min(state.seq.saturating_add(1));
            while seq < end {
                let step = fold.step(tx, &writing, EntryRef { life, seq }, audit, numbers);
                if let Err((seq, text)) = step {
                    audit.is_bad_at(seq, format!("journal {} entry {seq}: {text}", state.journal));
                    found.chain = text;
                    audit.journals.push(found);
                    return Ok(());
                }
                found.entries = seq;
                seq = seq.saturating_add(1);
            }
            writing.commit().map_err(DbError::from)?;
        }
        if fold.head != state.chain_head() {
            found.chain = format!("ends in {} and not in the head {}", fold.head.hash(), state.hash);
            audit.is_bad_at(state.seq, format!("journal {}: {}", state.journal, found.chain));
        }
        if look_up::has_entry_after(tx.tables(), life, state.seq)? {
            audit.differs(format!("journal {} has entries after its head {}", state.journal, state.seq));
        }
        self.audit_acknowledgement(tx, life, &state, audit)?;
        self.sum_up(fold.state, audit);
        audit.journals.push(found);
        Ok(())
    }

    fn audit_acknowledgement(
        &self,
        tx: &View<'_, ReadTransaction>,
        life: u16,
        state: &JournalState,
        audit: &mut Audit,
    ) -> Result<(), TillError> {
        let Some((acknowledgement, is_signed)) = audited_acknowledgement(tx, life)? else { return Ok(()) };
        if !is_signed {
            audit.differs(format!("the acknowledgement of journal {} is not signed by head office", state.journal));
        }
        if acknowledgement.seq == 0 {
            return Ok(());
        }
        let held = look_up::entry(tx, EntryRef { life, seq: acknowledgement.seq })?.map(|entry| entry.hash());
        if held != Some(acknowledgement.hash) {
            let text = format!("entry {} is not the one that head office acknowledged", acknowledgement.seq);
            audit.is_bad_at(acknowledgement.seq, format!("journal {}: {text}", state.journal));
        }
        Ok(())
    }

    fn sum_up(&self, state: Option<JournalState>, audit: &mut Audit) {
        let Some(state) = state else { return };
        audit.unread = audit.unread.saturating_add(state.unread);
        if let Err(refusal) = state.total.add_to(&mut audit.totals) {
            audit.differs(format!("the total of all journals: {refusal}"));
        }
    }

    fn audit_series(
        &self,
        tx: &View<'_, ReadTransaction>,
        audit: &mut Audit,
        numbers: &BTreeMap<SeriesCode, Vec<u64>>,
    ) {
        for life in 1..=self.life {
            let state = match look_up::state(tx, life) {
                Ok(state) => state,
                Err(error) => return audit.differs(error.to_string()),
            };
            for series in &state.series {
                let code = &series.head.series().code;
                let found = numbers.get(code).map_or(&[][..], Vec::as_slice);
                let (missing, duplicates) = holes(series.head.series().first, found);
                for (from, to) in &missing {
                    audit.differs(format!("series {code}: {from} to {to} are missing"));
                }
                for number in &duplicates {
                    audit.differs(format!("series {code}: {number} was issued twice"));
                }
                if series.head.last_issued() != found.iter().copied().max() {
                    audit.differs(format!("series {code}: its head does not agree with its documents"));
                }
                audit.series.push(SeriesAudit {
                    series: code.clone(),
                    kind: series.head.series().kind,
                    first: series.head.series().first,
                    last: found.iter().copied().max(),
                    issued: u64::try_from(found.len()).unwrap_or(u64::MAX),
                    missing,
                    duplicates,
                });
            }
        }
    }

    /// No entry lies beyond the journals, or in a journal that the folder does not know.
    fn audit_count(&self, tx: &View<'_, ReadTransaction>, audit: &mut Audit) -> Result<(), TillError> {
        let mut known = 0_u64;
        for life in 1..=self.life {
            known = known.saturating_add(look_up::state(tx, life).map_or(0, |state| state.seq));
        }
        let in_tail = u64::try_from(self.tail.entries()).unwrap_or(u64::MAX);
        let found = look_up::entry_count(tx.tables())?.saturating_add(in_tail);
        if found != known {
            audit.differs(format!("table entries_v1 holds {found} entries, the journals know of {known}"));
        }
        Ok(())
    }

    /// The tail on the disk is the one in memory.
    fn audit_tail(&self, tx: &ReadTransaction, audit: &mut Audit) {
        match replay::load(tx) {
            Ok(Some(Loaded { damage: Some(error), state, .. })) => {
                audit.is_bad_at(state.seq.saturating_add(1), error.to_string());
            }
            Ok(Some(Loaded { life, state, tail, damage: None }))
                if (life, &state, &tail) == (self.life, &self.state, &self.tail) => {}
            Ok(Some(_) | None) => audit.differs("table tail_v1 is not what the till works with"),
            Err(error) => audit.differs(error.to_string()),
        }
    }

    fn audit_feed(&self, tx: &ReadTransaction, audit: &mut Audit) {
        if let Err(error) = audit_generations(tx, audit) {
            audit.differs(error.to_string());
        }
    }
}

/// The generations of the feed, the one that is served and the one that is being fetched, against their cursors.
fn audit_generations(tx: &ReadTransaction, audit: &mut Audit) -> Result<(), DbError> {
    let feed = look_up::feed_state(tx)?;
    if feed.active == 0 && feed.cursor.is_some() {
        audit.differs("the feed has a revision but its rows are not served");
    }
    let served = feed.cursor.map(|cursor| (feed.active, cursor));
    for (generation, cursor) in served.into_iter().chain(feed.building) {
        if master::state_hash(tx, generation)? != cursor.state {
            audit.differs("the feed's rows do not add up to the state hash of their revision");
        }
    }
    if feed.active != 0 {
        master::check_barcodes(tx, feed.active, &mut |difference| audit.differs(difference))?;
    }
    Ok(())
}

/// The fold over one journal's entries.
struct Fold {
    head: ChainHead,
    /// What the journal before it in this folder says of itself.
    before: Option<PredecessorV1>,
    state: Option<JournalState>,
}

impl Fold {
    fn step(
        &mut self,
        tx: &View<'_, ReadTransaction>,
        replay: &crate::db::WriteTransaction,
        at: EntryRef,
        audit: &mut Audit,
        numbers: &mut BTreeMap<SeriesCode, Vec<u64>>,
    ) -> Result<(), (u64, String)> {
        let entry = match look_up::entry(tx, at) {
            Ok(Some(entry)) => entry,
            Ok(None) => return Err((at.seq, "it is missing".to_owned())),
            Err(DbError::MissingEntry { seq }) => return Err((seq, "it is missing".to_owned())),
            Err(DbError::DamagedEntry { seq, fault }) => return Err((seq, fault.to_string())),
            Err(error) => return Err((at.seq, error.to_string())),
        };
        self.take(tx, &entry, replay, at, audit, numbers).map_err(|text| (at.seq, text))
    }

    fn take(
        &mut self,
        tx: &View<'_, ReadTransaction>,
        entry: &Entry,
        replay: &crate::db::WriteTransaction,
        at: EntryRef,
        audit: &mut Audit,
        numbers: &mut BTreeMap<SeriesCode, Vec<u64>>,
    ) -> Result<(), String> {
        let text = |error: &dyn std::error::Error| error.to_string();
        let head = ChainHead::at(self.head.journal(), self.head.seq(), self.head.hash());
        self.head = head.verify_next(entry).map_err(|fault| text(&fault))?;
        let event = Event::decode(entry).map_err(|fault| text(&fault))?;
        let after = match (self.state.take(), &event) {
            (None, Some(Event::JournalOpened(opened))) => {
                check_grant(tx, entry, &opened.granted_by)?;
                if self.before.is_some() && opened.predecessor != self.before {
                    return Err("its predecessor is not as the journal before it ends".to_owned());
                }
                JournalState::open(entry, opened)
            }
            (None, _) => return Err("a journal begins with its opening".to_owned()),
            (Some(state), event) => {
                if !state.is_open {
                    return Err("its journal was closed before it".to_owned());
                }
                if let Some(Event::DrawerClosed(closed)) = event {
                    check_close(&state, closed)?;
                }
                if let Some(Event::SeriesGranted(granted)) = event {
                    check_grant(tx, entry, &granted.granted_by)?;
                }
                state.after(entry, event.as_ref()).map_err(|refusal| text(&refusal))?
            }
        };
        match &event {
            Some(Event::SaleCompleted(document) | Event::CreditNoteIssued(document)) => {
                if !document.is_balanced() {
                    return Err(format!("document {} does not add up", document.printed));
                }
                numbers.entry(document.series.clone()).or_default().push(document.number);
            }
            Some(Event::DrawerClosed(closed)) => {
                numbers.entry(closed.z.series.clone()).or_default().push(closed.z.number);
            }
            Some(Event::DrawerOpened(_)) => audit.drawer_sessions = audit.drawer_sessions.saturating_add(1),
            _ => {}
        }
        apply(&mut &*replay, at.life, entry, event.as_ref(), &after).map_err(|error| text(&error))?;
        self.state = Some(after);
        Ok(())
    }
}

fn check_grant(tx: &View<'_, ReadTransaction>, entry: &Entry, granted_by: &GrantedByV1) -> Result<(), String> {
    let GrantedByV1::HeadOffice(bytes) = granted_by else { return Ok(()) };
    let grant = GrantV1::verify(bytes).map_err(|fault| format!("its grant: {fault}"))?;
    if grant.journal != entry.journal() {
        return Err("its grant is for another journal".to_owned());
    }
    match known_head_office(tx) {
        Ok(known) if known == grant.head_office => Ok(()),
        Ok(_) => Err("its grant is not of the head office that the till knows".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

/// A Z report repeats the figures of its session, which the entries before it add up to.
fn check_close(state: &JournalState, closed: &DrawerClosedV1) -> Result<(), String> {
    let z = &closed.z;
    let is_right = || -> Result<bool, Refusal> {
        let expected = z.session.expected()?;
        Ok(state.session.as_ref() == Some(&z.session)
            && z.expected == expected
            && z.over_short == z.counted.minus(expected)?
            && z.perpetual_gross == state.perpetual_gross)
    };
    match is_right() {
        Ok(true) => Ok(()),
        Ok(false) => Err(format!("the Z report {} does not agree with the entries of its session", z.printed)),
        Err(refusal) => Err(refusal.to_string()),
    }
}
