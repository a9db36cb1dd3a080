//! What tills and head office have said that cannot all be of one undisturbed life, in plain sentences.

use std::fmt;

use counterfoil_core::grant::PredecessorV1;
use counterfoil_core::journal::hello::Hello;

use super::{Audit, Disputed, EvidenceAudit, Gathered, Unreceived};
use crate::branch;
use crate::said::said_before;
use crate::store::record::{Evidence, EvidenceOf, JournalRecord};
use crate::store::{Rows, StoreError};
use crate::verdict::Standing;

impl fmt::Display for Disputed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { journal, store, till, standing, entries, totals } = self;
        let why = match standing {
            Standing::Open => "of another branch",
            Standing::Closed => "that came after it was closed",
            Standing::Revoked => "that came after it was revoked",
            Standing::Quarantined => "in dispute",
        };
        write!(formatter, "journal {journal} of {store}/{till}: {entries} entries {why} are kept and not counted")?;
        for total in totals {
            let currency = total.currency;
            let [gross, cash] = [total.gross, total.cash].map(|amount| amount.show(currency));
            write!(formatter, "; {} documents, gross {gross}, cash {cash} {currency}", total.count)?;
        }
        Ok(())
    }
}

/// The evidence about a journal, with what it means.
pub(super) fn evidence(rows: &dyn Rows, record: &JournalRecord, audit: &mut Audit) -> Result<(), StoreError> {
    for evidence in rows.evidence(record.journal)? {
        let text = sentence(record, &evidence);
        audit.findings.push(format!("journal {}, entry {}: {text}", record.journal, evidence.seq));
        audit.evidence.push(EvidenceAudit {
            journal: record.journal,
            store: record.profile.store.clone(),
            till: record.profile.till.clone(),
            of: evidence.of,
            seq: evidence.seq,
            received: evidence.received,
            text,
        });
    }
    Ok(())
}

fn sentence(record: &JournalRecord, evidence: &Evidence) -> String {
    let (code, seq) = (evidence.of.code(), evidence.seq);
    let till = format!("{}/{}", record.profile.store, record.profile.till);
    let what = match evidence.of {
        EvidenceOf::Fork => format!("two devices have written as {till} from entry {seq} on"),
        EvidenceOf::Rollback => {
            format!("{till} was put back to entry {seq}, or copied there, and has lost what followed")
        }
        EvidenceOf::ServerRestored => {
            format!("head office was put back and had lost entry {seq} and what followed; {till} was asked for them")
        }
        EvidenceOf::ServerFault => {
            format!(
                "head office had lost entry {seq} and what followed, which it had acknowledged; {till} was asked for them"
            )
        }
    };
    format!("{code}: {what}")
}

/// The other branch of a fork that is known by a hello only, less what both branches have.
pub(super) fn branch_unreceived(rows: &dyn Rows, record: &JournalRecord, audit: &mut Audit) -> Result<(), StoreError> {
    for evidence in rows.evidence(record.journal)? {
        if evidence.of != EvidenceOf::Fork {
            continue;
        }
        let Ok(hello) = Hello::read(&evidence.theirs).and_then(|hello| hello.verify(&record.key)) else { continue };
        let hello = hello.statement();
        if let Some(missing) = branch::missing(rows, record, (hello.seq, hello.hash))? {
            audit.unreceived.push(unreceived(record, evidence.seq.min(missing), missing));
        }
    }
    // Of a branch that its till has lost, earlier words may be all that is known.
    for said in said_before(rows, record.journal)? {
        if let Some(missing) = branch::missing(rows, record, said)? {
            let from = branch_start(rows, record)?.unwrap_or_else(|| record.seq.saturating_add(1));
            lacks(audit, record, from.min(missing), missing);
        }
    }
    Ok(())
}

/// What is missing where nobody has said what it comes to.
pub(super) fn unreceived(record: &JournalRecord, from: u64, to: u64) -> Unreceived {
    Unreceived {
        journal: record.journal,
        store: record.profile.store.clone(),
        till: record.profile.till.clone(),
        from,
        to,
        totals: Vec::new(),
        numbers: Vec::new(),
    }
}

/// What each journal's first entry says of the journal before it, against what is held of that one.
pub(super) fn predecessors(rows: &dyn Rows, gathered: &mut Gathered, audit: &mut Audit) -> Result<(), StoreError> {
    for (journal, predecessor) in std::mem::take(&mut gathered.predecessors) {
        let PredecessorV1 { journal: before, seq, hash, .. } = predecessor;
        let Some(record) = rows.journal(before)? else {
            audit.differs(format!("journal {journal} follows journal {before}, which is not known"));
            continue;
        };
        let Some(missing) = branch::missing(rows, &record, (seq, hash))? else { continue };
        if seq > record.seq {
            let from = gathered.received.get(&before).copied().unwrap_or(record.seq).saturating_add(1);
            lacks(audit, &record, from.min(missing), missing);
        } else {
            match branch_start(rows, &record)? {
                Some(from) => lacks(audit, &record, from.min(missing), missing),
                None => audit.differs(format!(
                    "journal {journal} of {}/{} says that journal {before} has another entry {seq}",
                    record.profile.store, record.profile.till
                )),
            }
        }
    }
    Ok(())
}

/// Names what is missing, as far as no hello has named it.
fn lacks(audit: &mut Audit, record: &JournalRecord, from: u64, to: u64) {
    let of_journal = audit.unreceived.iter().filter(|known| known.journal == record.journal);
    let named_to = of_journal.map(|known| known.to).max().unwrap_or(0);
    let from = from.max(named_to.saturating_add(1));
    if from <= to {
        audit.unreceived.push(unreceived(record, from, to));
    }
}

/// From where a till's own branch is another than ours, where that is known already.
fn branch_start(rows: &dyn Rows, record: &JournalRecord) -> Result<Option<u64>, StoreError> {
    let evidence = rows.evidence(record.journal)?;
    let start = |evidence: &Evidence| match evidence.of {
        EvidenceOf::Fork => Some(evidence.seq),
        EvidenceOf::Rollback => Some(evidence.seq.saturating_add(1)),
        EvidenceOf::ServerRestored | EvidenceOf::ServerFault => None,
    };
    Ok(evidence.iter().filter_map(start).min())
}
