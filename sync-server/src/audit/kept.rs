//! What is kept and not applied: the other branch of a fork, and what came for a journal that was closed or revoked.
//!
//! Those are signed sales that stand in no total, so the audit names their sums and numbers. Entries that follow the
//! applied ones without a break are of the till's own branch; so many of what it has signed for have been received.

use counterfoil_core::event::Event;
use counterfoil_core::id::Hash;
use counterfoil_core::journal::envelope::Entry;
use counterfoil_core::journal::hello::RunningTotal;
use counterfoil_core::journal_state::JournalState;
use counterfoil_core::money::Money;
use counterfoil_core::refusal::Refusal;

use super::{Audit, Disputed, Gathered};
use crate::projection::document_of;
use crate::store::record::JournalRecord;
use crate::store::{Rows, StoreError};
use crate::verdict::Standing;

const ENTRIES_AT_A_TIME: usize = 1_000;

/// The newest entry that came of the branch that is applied, and the state there.
pub(super) struct Received {
    /// Its seq.
    pub(super) seq: u64,
    hash: Hash,
    /// The state after it, as far as entries can be folded.
    pub(super) state: Option<JournalState>,
}

impl Received {
    /// What is applied, before anything that is kept.
    pub(super) const fn applied(record: &JournalRecord, state: Option<JournalState>) -> Self {
        Self { seq: record.seq, hash: record.hash, state }
    }
}

/// Reads what is kept of a journal.
pub(super) fn check(
    rows: &dyn Rows,
    record: &JournalRecord,
    state: Option<JournalState>,
    gathered: &mut Gathered,
    audit: &mut Audit,
) -> Result<Received, StoreError> {
    let mut received = Received::applied(record, state);
    let mut disputed = Disputed {
        journal: record.journal,
        store: record.profile.store.clone(),
        till: record.profile.till.clone(),
        standing: record.standing,
        entries: 0,
        totals: Vec::new(),
    };
    let mut total = nothing(record);
    let mut after: Option<(u64, Hash)> = None;
    loop {
        let kept = rows.kept_after(record.journal, after, ENTRIES_AT_A_TIME)?;
        let Some(last) = kept.last() else { break };
        after = Some((last.seq(), last.hash()));
        for entry in &kept {
            disputed.entries = disputed.entries.saturating_add(1);
            take(record, entry, &mut total, gathered, audit);
            received.follow(entry);
        }
    }
    if disputed.entries > 0 || record.standing == Standing::Quarantined {
        disputed.totals.extend((total != nothing(record)).then_some(total));
        audit.findings.push(disputed.to_string());
        audit.disputed.push(disputed);
    }
    Ok(received)
}

const fn nothing(record: &JournalRecord) -> RunningTotal {
    let (currency, zero) = (record.profile.currency, Money::ZERO);
    RunningTotal { currency, count: 0, gross: zero, tax: zero, cash: zero }
}

fn take(record: &JournalRecord, entry: &Entry, total: &mut RunningTotal, gathered: &mut Gathered, audit: &mut Audit) {
    let Ok(Some(event)) = Event::decode(entry) else { return };
    if let Some(document) = document_of(record.journal, entry, &event) {
        gathered.kept_numbers.entry(document.series).or_default().push(document.number);
    }
    match plus(*total, &event) {
        Ok(sum) => *total = sum,
        Err(refusal) => audit.differs(format!("what is kept of journal {}: {refusal}", record.journal)),
    }
}

fn plus(total: RunningTotal, event: &Event) -> Result<RunningTotal, Refusal> {
    match event {
        Event::SaleCompleted(document) | Event::CreditNoteIssued(document) => Ok(RunningTotal {
            currency: total.currency,
            count: total.count.saturating_add(1),
            gross: total.gross.plus(document.totals.gross)?,
            tax: total.tax.plus(document.totals.tax)?,
            cash: total.cash.plus(document.cash()?)?,
        }),
        Event::ZAmended(addendum) => Ok(RunningTotal { cash: total.cash.plus(addendum.correction.cash()?)?, ..total }),
        Event::CashMoved(moved) => {
            Ok(RunningTotal { cash: total.cash.plus(moved.kind.signed(moved.amount)?)?, ..total })
        }
        Event::JournalOpened(_)
        | Event::JournalClosed(_)
        | Event::SeriesGranted(_)
        | Event::MasterDataChanged(_)
        | Event::OperatorSet(_)
        | Event::OperatorLocked(_)
        | Event::DrawerOpened(_)
        | Event::DrawerClosed(_)
        | Event::ActivityRecorded(_) => Ok(total),
    }
}

impl Received {
    /// Goes on to an entry where it follows. Rows come in the order of seq, so one reading finds them all.
    fn follow(&mut self, entry: &Entry) {
        if entry.seq() != self.seq.saturating_add(1) || entry.previous() != self.hash {
            return;
        }
        (self.seq, self.hash) = (entry.seq(), entry.hash());
        let event = Event::decode(entry).ok().flatten();
        self.state = self.state.take().and_then(|state| state.after(entry, event.as_ref()).ok());
    }
}
