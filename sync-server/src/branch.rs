//! Whether a branch of a journal is here whole, down from an entry that its till has named: applied, or kept apart.
//!
//! A batch that is kept may be of the middle of a branch: the till is asked for what is before it, and that may be lost on
//! its way. So an entry that is kept says nothing of those before it; each batch names the entry that it follows, and so
//! the way goes down from batch to batch until an entry is applied.
//! Example: 21 applied, a copy's 22 to 25 kept: of the branch of its 25, entry 21 and what is before it are missing.

use std::cmp::Ordering;

use counterfoil_core::id::Hash;
use counterfoil_core::journal::batch::BatchHead;
use counterfoil_core::journal::envelope::Entry;
use counterfoil_core::journal::signed::Unverified;

use crate::store::record::{JournalRecord, KeptEntry};
use crate::store::{Rows, StoreError};

/// The newest entry that is missing of the branch that leads to an entry; `None` where all of it is here.
///
/// # Errors
/// The store failed, or a row is damaged.
pub fn missing(rows: &dyn Rows, record: &JournalRecord, named: (u64, Hash)) -> Result<Option<u64>, StoreError> {
    let (mut seq, mut hash) = named;
    while seq > 0 {
        let held = match seq.cmp(&record.seq) {
            Ordering::Less => rows.entry(record.journal, seq)?.map(|entry| entry.hash()),
            Ordering::Equal => Some(record.hash),
            Ordering::Greater => None,
        };
        if held == Some(hash) {
            return Ok(None);
        }
        let Some(kept) = rows.kept_entry(record.journal, seq, hash)? else { return Ok(Some(seq)) };
        (seq, hash) = before(rows, record, &kept, seq)?;
    }
    Ok(None)
}

/// The entry before the batch that brought a kept entry, all of which is here; at least the one before the entry.
fn before(rows: &dyn Rows, record: &JournalRecord, kept: &KeptEntry, seq: u64) -> Result<(u64, Hash), StoreError> {
    let proof = rows.kept_proof(record.journal, kept.batch)?;
    let head = proof.and_then(|proof| Some(*Unverified::<BatchHead>::read(&proof).ok()?.claimed()));
    if let Some(head) = head.filter(|head| (1..=seq).contains(&head.first_seq)) {
        return Ok((head.first_seq.saturating_sub(1), head.previous));
    }
    let lost = |_| StoreError::Invariant(format!("kept entry {seq} of journal {} cannot be read", record.journal));
    let entry = Entry::read(&kept.bytes).map_err(lost)?;
    Ok((seq.saturating_sub(1), entry.previous()))
}
