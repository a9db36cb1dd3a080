//! Copying a store as it is in one view, row by row, into an empty one: a backup that is consistent while the till sells.
//!
//! The copy holds all that a till is but what proves its people: PINs and lockouts stay where the pepper is. Since PINs come
//! by the feed, its copy asks for the feed anew. Example: 1,000,000 entries go over in transactions of 2,000 rows.

use redb::{Key, ReadTransaction, ReadableTable, ReadableTableMetadata, TableDefinition, TableHandle};

use crate::db::error::DbError;
use crate::db::look_up::{self, FeedState};
use crate::db::tables::{
    BARCODES, COMMANDS, DOCUMENTS, ENTRIES, JOURNALS, MASTER, META, REFUNDED, SERIALS, STOCK, TAIL,
};
use crate::db::{Store, row};

/// The most rows of one transaction.
const ROWS_PER_STEP: usize = 2_000;

macro_rules! each_table {
    ($act:ident($($argument:expr),*)) => {
        $act(ENTRIES, $($argument),*)?;
        $act(TAIL, $($argument),*)?;
        $act(JOURNALS, $($argument),*)?;
        $act(DOCUMENTS, $($argument),*)?;
        $act(COMMANDS, $($argument),*)?;
        $act(REFUNDED, $($argument),*)?;
        $act(STOCK, $($argument),*)?;
        $act(SERIALS, $($argument),*)?;
        $act(MASTER, $($argument),*)?;
        $act(BARCODES, $($argument),*)?;
        $act(META, $($argument),*)?;
    };
}

/// The tables that a backup holds, with their rows.
pub(crate) fn counts(from: &ReadTransaction) -> Result<Vec<(String, u64)>, DbError> {
    let mut counts = Vec::new();
    each_table!(count(from, &mut counts));
    Ok(counts)
}

fn count<K: Key + 'static>(
    definition: TableDefinition<'static, K, &'static [u8]>,
    from: &ReadTransaction,
    counts: &mut Vec<(String, u64)>,
) -> Result<(), DbError> {
    counts.push((definition.name().to_owned(), from.open_table(definition)?.len()?));
    Ok(())
}

/// Copies everything; `copied` is called with the number of rows so far.
pub(crate) fn copy(from: &ReadTransaction, to: &Store, copied: &mut dyn FnMut(u64)) -> Result<(), DbError> {
    let mut rows = 0;
    each_table!(copy_table(from, to, &mut rows, copied));
    let tx = to.write()?;
    let feed = look_up::feed_state(from)?;
    let feed = FeedState { cursor: None, building: None, ..feed };
    row::put(&mut tx.open_table(META)?, META, &"feed", &feed)?;
    tx.commit()?;
    Ok(())
}

fn copy_table<K: Key + 'static>(
    definition: TableDefinition<'static, K, &'static [u8]>,
    from: &ReadTransaction,
    to: &Store,
    rows: &mut u64,
    copied: &mut dyn FnMut(u64),
) -> Result<(), DbError> {
    let source = from.open_table(definition)?;
    let mut found = source.iter()?.peekable();
    while found.peek().is_some() {
        let tx = to.write_scratch()?;
        {
            let mut table = tx.open_table(definition)?;
            for row in found.by_ref().take(ROWS_PER_STEP) {
                let (key, value) = row?;
                table.insert(key.value(), value.value())?;
                *rows = rows.saturating_add(1);
            }
        }
        tx.commit()?;
        copied(*rows);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::db::InMemoryBackend;

    #[test]
    fn a_copy_leaves_out_no_table_but_those_that_prove_people() {
        let store = Store::open(InMemoryBackend::new()).unwrap();
        let tx = store.read().unwrap();
        let copied: BTreeSet<String> = counts(&tx).unwrap().into_iter().map(|(name, _)| name).collect();
        let all: BTreeSet<String> = tx.list_tables().unwrap().map(|table| table.name().to_owned()).collect();
        let left_out: Vec<&String> = all.difference(&copied).collect();
        assert_eq!(left_out, ["lockouts_v1", "pins_v1"]);
    }
}
