//! One journal: chain, signatures, state, documents, and what its till has signed.

use counterfoil_core::event::Event;
use counterfoil_core::journal::batch::BatchHead;
use counterfoil_core::journal::envelope::{ChainHead, Entry};
use counterfoil_core::journal::fault::Fault;
use counterfoil_core::journal::hello::{Hello, RunningTotal};
use counterfoil_core::journal::signed::Unverified;
use counterfoil_core::journal_state::JournalState;

use super::kept::{self, Received};
use super::{Audit, Gathered, JournalAudit, Unreceived, add_total, refunds, told};
use crate::branch;
use crate::projection::document_of;
use crate::store::record::JournalRecord;
use crate::store::{Rows, StoreError};
use crate::verdict::Standing;

const ENTRIES_AT_A_TIME: usize = 1_000;

/// A journal while its entries are read.
struct Reading<'a> {
    rows: &'a dyn Rows,
    record: &'a JournalRecord,
    gathered: &'a mut Gathered,
    audit: &'a mut Audit,
    head: ChainHead,
    state: Option<JournalState>,
    hello: Option<Hello>,
    /// The entry whose hash is not the one that its successor names.
    altered: Option<u64>,
    /// The hash that a verified signature fixes, by seq, for the batch that is being read.
    proven: Option<BatchHead>,
}

/// Audits one journal.
pub(super) fn check(
    rows: &dyn Rows,
    record: &JournalRecord,
    gathered: &mut Gathered,
    audit: &mut Audit,
) -> Result<(), StoreError> {
    let head = ChainHead::start(record.journal);
    let mut reading =
        Reading { rows, record, gathered, audit, head, state: None, hello: None, altered: None, proven: None };
    reading.read_hello()?;
    let chain = reading.read_entries();
    let Reading { gathered, head, state, hello, audit, altered, .. } = reading;
    let chain = match chain {
        Ok(()) => "ok".to_owned(),
        Err(error @ StoreError::Backend(_)) => return Err(error),
        Err(error) => {
            let seq = altered.unwrap_or_else(|| head.seq().saturating_add(1));
            audit.is_bad_at(seq, format!("journal {}, entry {seq}: {error}", record.journal));
            error.to_string()
        }
    };
    if chain == "ok" {
        compare(rows, record, &head, state.as_ref(), audit)?;
    }
    if let Some(state) = &state {
        add_total(audit, state.total);
    }
    let applied = Received::applied(record, state.clone());
    let received = kept::check(rows, record, state, gathered, audit)?;
    gathered.received.insert(record.journal, received.seq);
    if let Some(hello) = hello.filter(|hello| hello.seq > applied.seq)
        && let Some(missing) = branch::missing(rows, record, (hello.seq, hello.hash))?
    {
        // Where another entry came in that place, what is kept is of another copy of the till.
        let common = if hello.seq > received.seq { &received } else { &applied };
        audit.unreceived.push(if missing == hello.seq {
            unreceived(record, common, &hello)
        } else {
            told::unreceived(record, common.seq.saturating_add(1).min(missing), missing)
        });
    }
    told::branch_unreceived(rows, record, audit)?;
    told::evidence(rows, record, audit)?;
    let findings = rows.findings(record.journal, super::DIFFERENCES_MAX)?;
    let named = |finding: &crate::store::record::Finding| {
        format!("journal {}, entry {}: {}: {}", record.journal, finding.seq, finding.code, finding.text)
    };
    audit.findings.extend(findings.iter().map(named));
    audit.unread = audit.unread.saturating_add(record.unread);
    audit.journals.push(JournalAudit {
        journal: record.journal,
        store: record.profile.store.clone(),
        till: record.profile.till.clone(),
        entries: head.seq(),
        head: head.hash().to_string(),
        chain,
        acknowledged: record.seq,
        standing: record.standing,
        kept: record.kept,
    });
    Ok(())
}

impl Reading<'_> {
    /// The till's last signed word about itself.
    fn read_hello(&mut self) -> Result<(), StoreError> {
        let Some(bytes) = self.rows.hello(self.record.journal)? else { return Ok(()) };
        match Hello::read(&bytes).and_then(|hello| hello.verify(&self.record.key)) {
            Ok(hello) => self.hello = Some(hello.statement().clone()),
            Err(fault) => self.audit.differs(format!("the hello of journal {}: {fault}", self.record.journal)),
        }
        Ok(())
    }

    fn read_entries(&mut self) -> Result<(), StoreError> {
        loop {
            let next = self.head.seq().saturating_add(1);
            let entries = match self.rows.entries(self.record.journal, next, ENTRIES_AT_A_TIME) {
                Ok(entries) => entries,
                // One of them is damaged: those before it are read, so that its place can be told.
                Err(StoreError::Damaged { .. }) => self.rows.entries(self.record.journal, next, 1)?,
                Err(error) => return Err(error),
            };
            if entries.is_empty() {
                return Ok(());
            }
            for entry in &entries {
                self.read_entry(entry)?;
            }
        }
    }

    fn read_entry(&mut self, entry: &Entry) -> Result<(), StoreError> {
        let head = ChainHead::at(self.head.journal(), self.head.seq(), self.head.hash());
        self.head = match head.verify_next(entry) {
            Ok(head) => head,
            Err(fault) => {
                let is_altered = matches!(fault.cause(), Fault::BrokenChain { .. });
                self.altered = Some(self.head.seq()).filter(|seq| is_altered && *seq > 0);
                return Err(StoreError::Invariant(fault.to_string()));
            }
        };
        self.check_proof(entry)?;
        match Event::decode(entry) {
            Ok(Some(event)) => self.read_event(entry, &event)?,
            // What cannot be read was counted when it came.
            Ok(None) | Err(_) => self.fold(entry, None),
        }
        let hello = self.hello.take();
        if let (Some(hello), Some(state)) = (&hello, &self.state)
            && hello.seq == entry.seq()
            && state.seq == hello.seq
        {
            self.compare_hello(hello, &state.clone());
        }
        self.hello = hello;
        Ok(())
    }

    /// The signed head of the batch that brought an entry; its signature fixes the entry and all before it.
    fn check_proof(&mut self, entry: &Entry) -> Result<(), StoreError> {
        let journal = self.record.journal;
        if self.proven.is_none() {
            let missing = || StoreError::Invariant(format!("no signature covers entry {}", entry.seq()));
            let bytes = self.rows.proof_covering(journal, entry.seq())?.ok_or_else(missing)?;
            let wrong = |fault: Fault| StoreError::Invariant(fault.to_string());
            let head = Unverified::<BatchHead>::read(&bytes).map_err(wrong)?.verify(&self.record.key).map_err(wrong)?;
            self.proven = Some(*head.statement());
        }
        let Some(head) = self.proven else { return Ok(()) };
        // A journal that closed inside its last batch is held up to there, and the rest is kept apart.
        if head.seq > entry.seq() {
            return Ok(());
        }
        self.proven = None;
        if head.journal != journal || head.seq != entry.seq() || head.hash != entry.hash() {
            let text = format!("the signature over entry {} is for hash {}, not {}", head.seq, head.hash, entry.hash());
            return Err(StoreError::Invariant(text));
        }
        Ok(())
    }

    fn read_event(&mut self, entry: &Entry, event: &Event) -> Result<(), StoreError> {
        self.gathered.projection.add(&self.record.profile, entry, event);
        if matches!(event, Event::DrawerOpened(_)) {
            self.audit.drawer_sessions = self.audit.drawer_sessions.saturating_add(1);
        }
        if let Event::JournalOpened(opened) = event {
            let predecessor = opened.predecessor.clone();
            self.gathered.predecessors.extend(predecessor.map(|predecessor| (self.record.journal, predecessor)));
        }
        if event.document().is_some_and(|document| !document.is_balanced()) {
            self.audit.differs(format!("{}: the sums of the document do not agree", self.place(entry)));
        }
        if let Some(document) = event.document() {
            refunds::gather(self.gathered, self.record.journal, document);
        }
        if let Some(document) = document_of(self.record.journal, entry, event) {
            self.gathered.documents = self.gathered.documents.saturating_add(1);
            self.gathered.numbers.entry(document.series.clone()).or_default().push(document.number);
            if !self.rows.documents(&document.series, document.number)?.contains(&document) {
                self.audit.differs(format!("{}: the index of documents does not have it", self.place(entry)));
            }
        }
        self.fold(entry, Some(event));
        Ok(())
    }

    fn fold(&mut self, entry: &Entry, event: Option<&Event>) {
        let folded = match (self.state.take(), event) {
            (None, Some(Event::JournalOpened(opened))) if entry.seq() == 1 => Ok(JournalState::open(entry, opened)),
            (None, _) => return,
            (Some(state), event) => state.after(entry, event),
        };
        match folded {
            Ok(state) => self.state = Some(state),
            Err(refusal) => self.audit.differs(format!("{}: {refusal}", self.place(entry))),
        }
    }

    /// What the till signed about itself at this very entry against what its entries come to.
    fn compare_hello(&mut self, hello: &Hello, state: &JournalState) {
        let journal = self.record.journal;
        if hello.hash != state.hash {
            self.audit.differs(format!("journal {journal}: its till has another entry {}", hello.seq));
        }
        if hello.totals != [state.total] {
            self.audit
                .differs(format!("journal {journal}: the totals that its till signed are not those of its entries"));
        }
        if hello.series != state.last_numbers() {
            self.audit
                .differs(format!("journal {journal}: the numbers that its till signed are not those of its entries"));
        }
    }

    fn place(&self, entry: &Entry) -> String {
        format!("journal {}, entry {}", self.record.journal, entry.seq())
    }
}

/// The journal's row and stored state against what was read.
fn compare(
    rows: &dyn Rows,
    record: &JournalRecord,
    head: &ChainHead,
    state: Option<&JournalState>,
    audit: &mut Audit,
) -> Result<(), StoreError> {
    if head.seq() != record.seq || head.hash() != record.hash {
        let text = format!("journal {} ends at entry {}, and should at {}", record.journal, head.seq(), record.seq);
        audit.is_bad_at(head.seq().saturating_add(1), text);
    }
    // A batch may reach beyond the entry that closes its journal, and beyond nothing else.
    if record.standing != Standing::Closed
        && rows.proof_covering(record.journal, head.seq().saturating_add(1))?.is_some()
    {
        let text =
            format!("journal {} has a signature for entries after {}, which are not there", record.journal, head.seq());
        audit.is_bad_at(head.seq().saturating_add(1), text);
    }
    if rows.state(record.journal)?.as_ref() != state {
        audit.differs(format!("the stored state of journal {} is not that of its entries", record.journal));
    }
    Ok(())
}

fn unreceived(record: &JournalRecord, received: &Received, hello: &Hello) -> Unreceived {
    let state = received.state.as_ref();
    let less = |total: &RunningTotal| {
        let Some(held) = state.map(|state| state.total).filter(|held| held.currency == total.currency) else {
            return *total;
        };
        RunningTotal {
            currency: total.currency,
            count: total.count.saturating_sub(held.count),
            gross: total.gross.minus(held.gross).unwrap_or(total.gross),
            tax: total.tax.minus(held.tax).unwrap_or(total.tax),
            cash: total.cash.minus(held.cash).unwrap_or(total.cash),
        }
    };
    let held = state.map(JournalState::last_numbers).unwrap_or_default();
    let last_held = |code| held.iter().find(|(known, _)| known == code).map_or(0, |(_, last)| *last);
    let numbers = hello.series.iter().map(|(code, last)| (code.clone(), last_held(code).saturating_add(1), *last));
    Unreceived {
        journal: record.journal,
        store: record.profile.store.clone(),
        till: record.profile.till.clone(),
        from: received.seq.saturating_add(1),
        to: hello.seq,
        totals: hello.totals.iter().map(less).collect(),
        numbers: numbers.filter(|(_, from, to)| from <= to).collect(),
    }
}
