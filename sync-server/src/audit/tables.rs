//! Every row's seal, and that rows which belong together are there together.

use std::collections::BTreeSet;

use counterfoil_core::db::row::unseal;
use counterfoil_core::id::JournalId;

use super::{Audit, Gathered};
use crate::store::key::Key;
use crate::store::record::JournalRecord;
use crate::store::tables::Table;
use crate::store::{Rows, StoreError};

const ROWS_AT_A_TIME: usize = 2_000;
const JOURNAL_BYTES: usize = 16;

/// Reads every row of every table and checks its seal.
pub(super) fn check_seals(rows: &dyn Rows, audit: &mut Audit) -> Result<(), StoreError> {
    for table in Table::ALL {
        for_each(rows, *table, |key, stored| {
            if let Err(damage) = unseal(table.name(), key, stored) {
                if *table == Table::Entries {
                    audit.first_bad_seq.get_or_insert(seq_of(key));
                }
                audit.differs(damage.to_string());
            }
        })?;
    }
    Ok(())
}

/// Every entry, kept or applied, is of a journal that is known; so is every grant.
pub(super) fn check_entries_belong(
    rows: &dyn Rows,
    journals: &[JournalRecord],
    audit: &mut Audit,
) -> Result<(), StoreError> {
    let known: BTreeSet<JournalId> = journals.iter().map(|record| record.journal).collect();
    for table in [Table::Entries, Table::Proofs, Table::Kept, Table::Hellos, Table::States, Table::Grants] {
        let mut strange = BTreeSet::new();
        for_each(rows, table, |key, _| {
            let journal = key.first_chunk::<JOURNAL_BYTES>().copied().map(JournalId);
            strange.extend(journal.filter(|journal| !known.contains(journal)));
        })?;
        for journal in strange {
            audit.differs(format!("table {} has rows of journal {journal}, which is not known", table.name()));
        }
    }
    Ok(())
}

/// No documents are indexed but those of the entries; that each of those is, was checked with its entry.
pub(super) fn check_documents(rows: &dyn Rows, gathered: &mut Gathered, audit: &mut Audit) -> Result<(), StoreError> {
    let mut count = 0_usize;
    for_each(rows, Table::Documents, |_, _| count = count.saturating_add(1))?;
    if count != gathered.documents {
        audit.differs(format!("{} documents in the entries, but {count} in their index", gathered.documents));
    }
    Ok(())
}

fn for_each(rows: &dyn Rows, table: Table, mut look: impl FnMut(&[u8], &[u8])) -> Result<(), StoreError> {
    let mut from = Key::default();
    loop {
        let found = rows.stored_range(table, &from, None, ROWS_AT_A_TIME)?;
        found.iter().for_each(|(key, stored)| look(key, stored));
        match found.last() {
            // The key after this one is this one with a zero byte behind it.
            Some((key, _)) if found.len() == ROWS_AT_A_TIME => from = Key::bytes(key).and_bytes(&[0]),
            Some(_) | None => return Ok(()),
        }
    }
}

fn seq_of(key: &[u8]) -> u64 {
    key.get(JOURNAL_BYTES..).and_then(|rest| rest.first_chunk::<8>()).map_or(0, |bytes| u64::from_be_bytes(*bytes))
}
