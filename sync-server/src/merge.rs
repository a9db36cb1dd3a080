//! Merging: a verified word of a till becomes rows of head office, by its verdict.
//!
//! Everything that one batch or hello changes is one transaction: entries, proof, the journal's head and state,
//! documents and roll-ups. A validly signed sale is a fact: whatever is odd about it becomes a finding, never a refusal.
//! What may not be applied (a fork's other branch, a closed or revoked journal) is kept with its proof, apart from what
//! counts. Doing the same again changes nothing. Example: entries 650 to 812 where 700 are held adds 701 to 812.

use counterfoil_core::event::{Event, JournalOpenedV1};
use counterfoil_core::grant::Profile;
use counterfoil_core::id::{Hash, JournalId};
use counterfoil_core::journal::acknowledgement::{Acknowledgement, Epoch, Nonce};
use counterfoil_core::journal::batch::VerifiedBatch;
use counterfoil_core::journal::envelope::Entry;
use counterfoil_core::journal::hello::{CheckedHello, Hello};
use counterfoil_core::journal_state::JournalState;
use counterfoil_core::planted::{Bug, is_alive};
use counterfoil_core::series::Series;
use counterfoil_core::time::Timestamp;

use crate::branch;
use crate::projection::Projection;
use crate::read_batch::{ReadBatch, ReadEntry};
use crate::said::{self, said, said_before, word_of};
use crate::store::record::{Evidence, EvidenceOf, Finding, JournalRecord, KeptBecause, KeptEntry, SeriesRecord};
use crate::store::{RowsMut, StoreError};
use crate::totals_text::{numbers_text, total_text};
use crate::verdict::{Asked, Claim, Held, Standing, Verdict, common, epoch_counter_needed, verdict};

/// The most entries of one journal that are kept without being applied.
pub const KEPT_ENTRIES_MAX: u64 = 1_000_000;

/// What a till has said, verified with its journal's key.
#[derive(Clone, Debug)]
pub enum Word {
    /// Where it is, and the challenge that was open for its journal, which this uses up.
    Hello(Box<CheckedHello>, Option<Asked>),
    /// A run of entries.
    Batch(Box<ReadBatch>),
}

impl Word {
    /// The word of a verified batch of a till. Reads it, on the thread that calls.
    #[must_use]
    pub fn batch(batch: VerifiedBatch, profile: &Profile) -> Self {
        Self::Batch(Box::new(ReadBatch::new(batch, profile)))
    }

    /// Whose journal.
    #[must_use]
    pub fn journal(&self) -> JournalId {
        match self {
            Self::Hello(hello, _) => hello.statement().journal,
            Self::Batch(batch) => batch.verified().journal(),
        }
    }
}

/// What merging takes from outside.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// Head office's clock.
    pub now: Timestamp,
    /// Random bits for a new epoch, should one be needed.
    pub fresh: [u8; 8],
}

/// What became of a word. It is true only once its transaction is durable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Whose journal.
    pub journal: JournalId,
    /// What it meant.
    pub verdict: Verdict,
    /// How the journal stands now; none where it is not known.
    pub standing: Option<Standing>,
    /// The newest entry applied; 0 for none.
    pub seq: u64,
    /// Its hash; zeros for none.
    pub hash: Hash,
    /// The epoch of head office.
    pub epoch: Epoch,
    /// The last entry of this word, where it is now kept without being applied.
    pub kept_to: Option<u64>,
    /// From which entry the till should send, where head office wants more.
    pub send_from: Option<u64>,
}

impl Outcome {
    /// What head office acknowledges.
    #[must_use]
    pub const fn acknowledgement(&self, time: Timestamp, nonce: Nonce) -> Acknowledgement {
        Acknowledgement { journal: self.journal, seq: self.seq, hash: self.hash, epoch: self.epoch, time, nonce }
    }
}

/// Merges one word; roll-ups are gathered in `projection`, to be written before the commit.
///
/// # Errors
/// The store failed, or a row is damaged. Then nothing of the transaction may be committed.
pub fn merge(
    rows: &mut dyn RowsMut,
    projection: &mut Projection,
    word: &Word,
    moment: Moment,
) -> Result<Outcome, StoreError> {
    let journal = word.journal();
    let epoch = rows.as_rows().epoch()?;
    let Some(record) = rows.as_rows().journal(journal)? else {
        let (verdict, standing) = (Verdict::Unknown, None);
        let (kept_to, send_from) = (None, None);
        return Ok(Outcome { journal, verdict, standing, seq: 0, hash: Hash::ZERO, epoch, kept_to, send_from });
    };
    let asked = if let Word::Hello(_, asked) = word { *asked } else { None };
    let words = said_before(rows.as_rows(), journal)?;
    let held = Held {
        standing: record.standing,
        seq: record.seq,
        hash: record.hash,
        epoch,
        asked,
        said: said(rows.as_rows(), journal)?,
        said_before: &words,
    };
    let claim = match word {
        Word::Hello(hello, _) => Claim::Hello(hello),
        Word::Batch(batch) => Claim::Batch(batch.verified()),
    };
    let judged = verdict(Some(&held), claim, |seq| hash_at(rows, journal, seq))?;
    let is_missed = is_alive(Bug::ForkTakenForRepeat) && matches!(judged, Verdict::Fork { .. })
        || is_alive(Bug::QuarantineOfAll)
            && matches!(judged, Verdict::Append { .. })
            && rows.as_rows().journals()?.iter().any(|record| record.standing == Standing::Quarantined);
    let judged = if is_missed { Verdict::Duplicate } else { judged };
    let against = held.contradicted(claim);
    let mut merging = Merging { rows, projection, record, moment, kept_to: None, against };
    merging.record.heard = Some(moment.now);
    let send_from = match word {
        Word::Hello(hello, _) => merging.take_hello(hello, judged, epoch)?,
        Word::Batch(batch) => merging.take_batch(batch, judged)?,
    };
    let Merging { rows, record, kept_to, .. } = merging;
    rows.put_journal(&record)?;
    let (standing, epoch) = (Some(record.standing), rows.as_rows().epoch()?);
    Ok(Outcome { journal, verdict: judged, standing, seq: record.seq, hash: record.hash, epoch, kept_to, send_from })
}

fn hash_at(rows: &dyn RowsMut, journal: JournalId, seq: u64) -> Result<Hash, StoreError> {
    let lost = || StoreError::Invariant(format!("entry {seq} of journal {journal} is not there"));
    Ok(rows.as_rows().entry(journal, seq)?.ok_or_else(lost)?.hash())
}

/// One word on its way into the rows.
struct Merging<'a> {
    rows: &'a mut dyn RowsMut,
    projection: &'a mut Projection,
    record: JournalRecord,
    moment: Moment,
    kept_to: Option<u64>,
    /// The entry of an earlier word that it contradicts, which the till has signed to have and has not sent.
    against: Option<u64>,
}

impl Merging<'_> {
    fn take_batch(&mut self, read: &ReadBatch, judged: Verdict) -> Result<Option<u64>, StoreError> {
        let batch = read.verified();
        match judged {
            Verdict::Append { from } => self.append(read, from)?,
            Verdict::Fork { from } => {
                self.quarantine(from, batch.head().proof())?;
                self.keep(batch, KeptBecause::Disputed)?;
            }
            Verdict::Closed if is_alive(Bug::SalvageThrownAway) => {}
            Verdict::Duplicate if is_alive(Bug::DuplicateCountedAgain) => self.count_again(read)?,
            Verdict::Closed => self.keep(batch, KeptBecause::Closed)?,
            Verdict::Revoked => self.keep(batch, KeptBecause::Revoked)?,
            Verdict::Gap { expected } => return Ok(Some(expected)),
            Verdict::BadSignature
            | Verdict::Unknown
            | Verdict::BrokenChain
            | Verdict::ServerRestored { .. }
            | Verdict::ServerFault { .. }
            | Verdict::Rollback { .. }
            | Verdict::Duplicate => {}
        }
        Ok(None)
    }

    fn take_hello(&mut self, checked: &CheckedHello, judged: Verdict, epoch: Epoch) -> Result<Option<u64>, StoreError> {
        let hello = checked.statement();
        self.keep_newest_hello(checked, judged)?;
        let mut counter = checked.acknowledged().and_then(|shown| epoch_counter_needed(epoch, shown));
        let send_from = match judged {
            Verdict::Fork { from } => {
                self.quarantine(from, checked.proof())?;
                self.unless_kept(hello, from)?
            }
            Verdict::Closed | Verdict::Revoked => self.send_after_end(checked)?,
            Verdict::ServerRestored { from } => {
                self.put_evidence(EvidenceOf::ServerRestored, from, checked.proof())?;
                Some(from)
            }
            Verdict::ServerFault { from } => {
                self.put_evidence(EvidenceOf::ServerFault, from, checked.proof())?;
                counter = Some(epoch.counter.saturating_add(1));
                Some(from)
            }
            Verdict::Rollback { seq } => {
                self.put_evidence(EvidenceOf::Rollback, seq, checked.proof())?;
                (seq > self.record.seq).then_some(self.record.seq.saturating_add(1))
            }
            Verdict::Append { from } | Verdict::Gap { expected: from } => Some(from),
            Verdict::Duplicate => {
                self.compare_totals(hello)?;
                None
            }
            Verdict::BadSignature | Verdict::Unknown | Verdict::BrokenChain => None,
        };
        if let Some(counter) = counter {
            self.rows.put_epoch(Epoch { counter, random: self.moment.fresh })?;
        }
        Ok(send_from)
    }

    /// From where the till of an ended journal sends: another copy of it may have a branch of its own below our head.
    fn send_after_end(&mut self, checked: &CheckedHello) -> Result<Option<u64>, StoreError> {
        let (hello, held) = (checked.statement(), self.record.seq);
        let at = |seq| hash_at(self.rows, hello.journal, seq);
        if hello.seq == 0 || hello.seq <= held && at(hello.seq)? == hello.hash {
            return Ok(None);
        }
        // Who shows no acknowledgement and has more than we hold is most likely the one whose entries they are.
        let is_onward = checked.acknowledged().is_none() && hello.seq > held;
        let common = if is_onward { held } else { common(held, checked, at)?.seq() };
        self.unless_kept(hello, common.saturating_add(1))
    }

    /// From where a till that may not grow sends what is new, unless its head is here already.
    fn unless_kept(&mut self, hello: &Hello, from: u64) -> Result<Option<u64>, StoreError> {
        if hello.seq < from {
            return Ok(None);
        }
        let is_here = branch::missing(self.rows.as_rows(), &self.record, (hello.seq, hello.hash))?.is_none();
        self.kept_to = is_here.then_some(hello.seq);
        Ok((!is_here).then_some(from))
    }

    /// Keeps what the till has signed about itself last. The word of the other branch of a fork is evidence, not that.
    fn keep_newest_hello(&mut self, checked: &CheckedHello, judged: Verdict) -> Result<(), StoreError> {
        let journal = self.record.journal;
        if matches!(judged, Verdict::Fork { .. }) && !self.is_of_applied_branch(checked)? {
            return Ok(());
        }
        let before = said(self.rows.as_rows(), journal)?;
        let is_older = before.is_some_and(|(seq, _)| seq > checked.statement().seq);
        let has_ended = matches!(judged, Verdict::Closed | Verdict::Revoked);
        let stays = is_older || has_ended && self.is_awaited(before)?;
        if stays { Ok(()) } else { said::keep(self.rows, journal, self.record.seq, checked.proof()) }
    }

    /// Whether what was said before has not come: who speaks now, after the journal's end, may be another copy of the till.
    fn is_awaited(&self, said: Option<(u64, Hash)>) -> Result<bool, StoreError> {
        let Some(said) = said.filter(|(seq, _)| *seq > self.record.seq) else { return Ok(false) };
        Ok(branch::missing(self.rows.as_rows(), &self.record, said)?.is_some())
    }

    /// Whether a forked journal's till was acknowledged beyond the fork: then it is the one whose branch is applied.
    fn is_of_applied_branch(&self, checked: &CheckedHello) -> Result<bool, StoreError> {
        let evidence = self.rows.as_rows().evidence(checked.statement().journal)?;
        let fork = evidence.iter().find(|evidence| evidence.of == EvidenceOf::Fork);
        Ok(fork.is_some_and(|fork| checked.acknowledged_seq() >= fork.seq))
    }

    /// Applies the entries from `from` on, up to one that closes the journal.
    fn append(&mut self, read: &ReadBatch, from: u64) -> Result<(), StoreError> {
        let (batch, journal) = (read.verified(), self.record.journal);
        let mut state = self.rows.as_rows().state(journal)?.filter(|state| state.seq == self.record.seq);
        let whole = read.projection_from(from, &self.record.profile);
        if let Some(whole) = whole {
            self.projection.absorb(whole);
        }
        for (entry, read) in read.entries().skip_while(|(entry, _)| entry.seq() < from) {
            if self.record.standing == Standing::Closed {
                self.keep(batch, KeptBecause::Closed)?;
                break;
            }
            if entry.seq() != batch.last().seq() || !is_alive(Bug::AcknowledgedNotStored) {
                self.rows.put_sealed(&read.row)?;
            }
            let event = self.event_of(entry, read)?;
            if let Some(event) = event {
                if whole.is_none() {
                    self.projection.add(&self.record.profile, entry, event);
                }
                self.project(entry, read, event)?;
            }
            state = self.fold(state, entry, event)?;
            (self.record.seq, self.record.hash) = (entry.seq(), entry.hash());
        }
        said::forget_held(self.rows, journal, self.record.seq)?;
        self.rows.put_proof(journal, batch.last().seq(), batch.head().proof())?;
        if let Some(state) = state {
            self.rows.put_state(&state)?;
        }
        Ok(())
    }

    /// Counts entries that were counted: what only a planted defect does.
    fn count_again(&mut self, read: &ReadBatch) -> Result<(), StoreError> {
        for (entry, read) in read.entries() {
            if let Some(event) = self.event_of(entry, read)? {
                self.projection.add(&self.record.profile, entry, event);
                self.project(entry, read, event)?;
            }
        }
        Ok(())
    }

    /// The event of an entry. One that cannot be read is kept and counted, and projected after an upgrade.
    fn event_of<'a>(&mut self, entry: &Entry, read: &'a ReadEntry) -> Result<Option<&'a Event>, StoreError> {
        match &read.event {
            Ok(Some(event)) => return Ok(Some(event)),
            Ok(None) => {}
            Err(fault) => self.find(entry.seq(), "unreadable", fault.to_string())?,
        }
        self.record.unread = self.record.unread.saturating_add(1);
        Ok(None)
    }

    fn project(&mut self, entry: &Entry, read: &ReadEntry, event: &Event) -> Result<(), StoreError> {
        if let Some(document) = &read.document {
            self.rows.put_sealed(document)?;
        }
        if !read.is_balanced {
            self.find(entry.seq(), "unbalanced", "the sums of the document do not agree".to_owned())?;
        }
        if let Event::JournalOpened(opened) = event {
            self.learn_opening(entry, opened)?;
        }
        if let Event::SeriesGranted(granted) = event {
            self.learn_series(entry.seq(), &granted.series)?;
        }
        if matches!(event, Event::JournalClosed(_)) {
            self.record.standing = Standing::Closed;
        }
        Ok(())
    }

    /// The journal's state after an entry. Once an entry does not follow, that is a finding and the state stays behind.
    fn fold(
        &mut self,
        state: Option<JournalState>,
        entry: &Entry,
        event: Option<&Event>,
    ) -> Result<Option<JournalState>, StoreError> {
        let folded = match (state, event) {
            (None, Some(Event::JournalOpened(opened))) if entry.seq() == 1 => {
                return Ok(Some(JournalState::open(entry, opened)));
            }
            (None, _) => return Ok(None),
            (Some(state), event) => state.after(entry, event),
        };
        match folded {
            Ok(state) => Ok(Some(state)),
            Err(refusal) => {
                self.find(entry.seq(), "does_not_follow", refusal.to_string())?;
                Ok(None)
            }
        }
    }

    fn learn_opening(&mut self, entry: &Entry, opened: &JournalOpenedV1) -> Result<(), StoreError> {
        if opened.key != self.record.key || opened.profile != self.record.profile {
            let text = "the journal calls itself otherwise than it was granted".to_owned();
            self.find(entry.seq(), "profile_differs", text)?;
        }
        self.learn_series(entry.seq(), &opened.series)?;
        let Some(predecessor) = &opened.predecessor else { return Ok(()) };
        self.record.predecessor = Some(predecessor.journal);
        if self.rows.as_rows().journal(predecessor.journal)?.is_none() {
            let profile = self.record.profile.clone();
            let known = JournalRecord::new(predecessor.journal, predecessor.key, profile, self.moment.now);
            self.rows.put_journal(&known)?;
        }
        Ok(())
    }

    /// A series belongs to one journal for ever; the first that shows it has it.
    fn learn_series(&mut self, seq: u64, granted: &[Series]) -> Result<(), StoreError> {
        for series in granted {
            let journal = self.record.journal;
            match self.rows.as_rows().series(&series.code)? {
                None => self.rows.put_series(&SeriesRecord { series: series.clone(), journal })?,
                Some(known) if known.journal == journal => {}
                Some(known) => {
                    let text = format!("series {} was granted to journal {}", series.code, known.journal);
                    self.find(seq, "series_taken", text)?;
                }
            }
        }
        Ok(())
    }

    /// Keeps, without applying them, the entries that are not held.
    fn keep(&mut self, batch: &VerifiedBatch, because: KeptBecause) -> Result<(), StoreError> {
        let journal = self.record.journal;
        let batch_hash = batch.last().hash();
        let mut is_any_new = false;
        for entry in batch.entries() {
            if self.is_applied(entry)? || self.rows.as_rows().is_kept(journal, entry.seq(), entry.hash())? {
                continue;
            }
            if self.record.kept >= KEPT_ENTRIES_MAX {
                let text = format!("{KEPT_ENTRIES_MAX} entries are kept unapplied; no more are taken");
                return self.find(self.record.seq, "kept_full", text);
            }
            let (received, bytes) = (self.moment.now, entry.bytes().to_vec());
            self.rows.put_kept(entry, &KeptEntry { because, received, bytes, batch: batch_hash })?;
            self.record.kept = self.record.kept.saturating_add(1);
            is_any_new = true;
        }
        if is_any_new {
            self.rows.put_kept_proof(journal, batch_hash, batch.head().proof())?;
        }
        self.kept_to = Some(batch.last().seq());
        Ok(())
    }

    fn is_applied(&self, entry: &Entry) -> Result<bool, StoreError> {
        if entry.seq() > self.record.seq {
            return Ok(false);
        }
        Ok(hash_at(self.rows, self.record.journal, entry.seq())? == entry.hash())
    }

    /// Stops a journal that has forked, with both proofs; the branch that came first stays applied.
    fn quarantine(&mut self, from: u64, theirs: &[u8]) -> Result<(), StoreError> {
        if self.record.standing == Standing::Open {
            self.record.standing = Standing::Quarantined;
            self.put_evidence(EvidenceOf::Fork, from, theirs)?;
        }
        Ok(())
    }

    fn put_evidence(&mut self, of: EvidenceOf, seq: u64, theirs: &[u8]) -> Result<(), StoreError> {
        let journal = self.record.journal;
        let is_of_till = matches!(of, EvidenceOf::Fork | EvidenceOf::Rollback);
        // What has not come is proven by the till's own earlier word.
        let ours = match self.against.filter(|_| is_of_till) {
            Some(named) => word_of(self.rows.as_rows(), journal, named)?,
            None => self.rows.as_rows().proof_covering(journal, seq.min(self.record.seq))?,
        };
        let (theirs, received) = (theirs.to_vec(), self.moment.now);
        self.rows.put_evidence(journal, &Evidence { of, seq, ours, theirs, received })
    }

    /// What the till says its documents come to must be what we add up, once we hold all of them.
    fn compare_totals(&mut self, hello: &Hello) -> Result<(), StoreError> {
        let Some(state) = self.rows.as_rows().state(hello.journal)? else { return Ok(()) };
        if hello.seq != self.record.seq || state.seq != hello.seq {
            return Ok(());
        }
        if hello.totals != [state.total] {
            let stated: Vec<_> = hello.totals.iter().map(total_text).collect();
            let text =
                format!("the till states {}; its entries come to {}", stated.join(", "), total_text(&state.total));
            self.find(hello.seq, "totals_differ", text)?;
        }
        let numbers = state.last_numbers();
        if hello.series != numbers {
            let text = format!(
                "the till states {}; its entries end with {}",
                numbers_text(&hello.series),
                numbers_text(&numbers)
            );
            self.find(hello.seq, "numbers_differ", text)?;
        }
        Ok(())
    }

    fn find(&mut self, seq: u64, code: &str, text: String) -> Result<(), StoreError> {
        let finding = Finding { seq, code: code.to_owned(), text, found: self.moment.now };
        self.rows.put_finding(self.record.journal, &finding)
    }
}
