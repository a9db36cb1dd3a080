//! What is durable when: the tail of the journal.
//!
//! A sale or refund writes one small table: its sealed entry and the head row that names it in `TAIL`; one commit, one
//! flush, and it is durable. Its rows in every other table are kept in memory, where each look-up finds them first.
//! Any other entry, and the document that finds the tail full, folds the tail into the tables in its own transaction;
//! so does a clean stop. Opening replays the tail, at most `ENTRIES_MAX` entries of `BYTES_MAX` bytes, through the same
//! `apply` (`db::replay`).
//!
//! Always: tables and tail together are what a replay of all entries gives; `JOURNALS` on the disk says up to which entry
//! the tables stand; the head row, which is always there, names the journal's last entry, so that one that was cut off
//! or changed is missed. Example: tables up to entry 800, head row 812: twelve entries in the tail, 801 to 812.

use std::collections::BTreeMap;

use redb::{Key, TableDefinition, TableHandle, WriteTransaction};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::catalog::MasterRow;
use crate::db::error::DbError;
use crate::db::look_up::{EntryRef, Tables};
use crate::db::tables::{COMMANDS, DOCUMENTS, ENTRIES, JOURNALS, REFUNDED, SERIALS, STOCK, TAIL};
use crate::db::{master, row};
use crate::id::Hash;
use crate::journal::codec;
use crate::journal::envelope::Entry;
use crate::journal_state::JournalState;

/// The most entries that are not yet in the tables.
pub(crate) const ENTRIES_MAX: usize = 256;

/// The most bytes of entries that are not yet in the tables.
pub(crate) const BYTES_MAX: usize = 1 << 20;

/// The key of the head row; entries have the keys of their seqs, from 1.
pub(crate) const HEAD: u64 = 0;

/// Names the last entry of the current journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Head {
    pub(crate) life: u16,
    pub(crate) seq: u64,
    pub(crate) hash: Hash,
}

/// Rows that are not yet in their tables: table name, key and the bytes to store.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tail {
    rows: BTreeMap<String, BTreeMap<Vec<u8>, Vec<u8>>>,
    entry_bytes: usize,
}

impl Tail {
    /// Whether a further entry may stay out of the tables.
    pub(crate) fn has_room_for(&self, entry: &[u8]) -> bool {
        self.entries() < ENTRIES_MAX && self.entry_bytes.saturating_add(entry.len()) <= BYTES_MAX
    }

    /// How many entries it holds.
    pub(crate) fn entries(&self) -> usize {
        self.rows.get(ENTRIES.name()).map_or(0, BTreeMap::len)
    }

    /// Its rows of a table.
    pub(crate) fn rows(&self, table: &str) -> impl Iterator<Item = (&[u8], &[u8])> {
        let rows = self.rows.get(table).into_iter().flatten();
        rows.map(|(key, stored)| (key.as_slice(), stored.as_slice()))
    }

    /// Its row under a key.
    pub(crate) fn row(&self, table: &str, key: &[u8]) -> Option<&[u8]> {
        self.rows.get(table)?.get(key).map(Vec::as_slice)
    }

    /// Takes up rows, once the commit that made them durable has succeeded.
    pub(crate) fn take_up(&mut self, rows: Self) {
        self.entry_bytes = self.entry_bytes.saturating_add(rows.entry_bytes);
        for (table, rows) in rows.rows {
            self.rows.entry(table).or_default().extend(rows);
        }
    }

    /// Writes all of it to the tables, where it belongs once this transaction is committed.
    ///
    /// # Errors
    /// The head row does not name the tail's last entry: the store is not the one that the tail follows.
    pub(crate) fn fold_into(&self, tx: &WriteTransaction) -> Result<(), DbError> {
        // The engine's keys do not sort by their bytes.
        let newest = self.rows(ENTRIES.name()).filter_map(|(_, bytes)| Entry::read(bytes).ok()).max_by_key(Entry::seq);
        let Some(last) = newest else { return Ok(()) };
        let head = tx.get::<_, Head>(TAIL, &HEAD)?;
        if head.is_none_or(|head| (head.seq, head.hash) != (last.seq(), last.hash())) {
            let text = format!("the store's head is not entry {} of the tail: {head:?}", last.seq());
            return Err(DbError::Invariant(text));
        }
        self.fold_table(tx, ENTRIES)?;
        self.fold_table(tx, JOURNALS)?;
        self.fold_table(tx, DOCUMENTS)?;
        self.fold_table(tx, COMMANDS)?;
        self.fold_table(tx, REFUNDED)?;
        self.fold_table(tx, STOCK)?;
        self.fold_table(tx, SERIALS)?;
        tx.open_table(TAIL)?.retain_in(HEAD.saturating_add(1).., |_, _| false)?;
        Ok(())
    }

    fn fold_table<K: Key + 'static>(
        &self,
        tx: &WriteTransaction,
        definition: TableDefinition<'static, K, &'static [u8]>,
    ) -> Result<(), DbError> {
        let mut table = tx.open_table(definition)?;
        for (key, stored) in self.rows(definition.name()) {
            table.insert(K::from_bytes(key), stored)?;
        }
        Ok(())
    }
}

/// Adds an entry to the tail on the disk.
pub(crate) fn append(tx: &WriteTransaction, life: u16, entry: &Entry) -> Result<(), DbError> {
    row::put(&mut tx.open_table(TAIL)?, TAIL, &entry.seq(), &entry.bytes())?;
    put_head(tx, life, entry)
}

/// Names the last entry of the current journal.
pub(crate) fn put_head(tx: &WriteTransaction, life: u16, entry: &Entry) -> Result<(), DbError> {
    let head = Head { life, seq: entry.seq(), hash: entry.hash() };
    row::put(&mut tx.open_table(TAIL)?, TAIL, &HEAD, &head)
}

/// Where the rows of an entry are written: the tables, or the tail in memory.
pub(crate) trait Rows: Tables {
    /// Writes a row.
    fn put<K: Key + 'static, V: Serialize>(
        &mut self,
        definition: TableDefinition<'static, K, &'static [u8]>,
        key: &K::SelfType<'_>,
        value: &V,
    ) -> Result<(), DbError>;

    /// Writes the bytes of the newest entry of a life.
    fn put_entry(&mut self, life: u16, entry: &Entry) -> Result<(), DbError>;

    /// Writes rows of the till's own master data.
    fn set_master(&mut self, rows: &[MasterRow]) -> Result<(), DbError>;
}

impl Rows for &WriteTransaction {
    fn put<K: Key + 'static, V: Serialize>(
        &mut self,
        definition: TableDefinition<'static, K, &'static [u8]>,
        key: &K::SelfType<'_>,
        value: &V,
    ) -> Result<(), DbError> {
        row::put(&mut self.open_table(definition)?, definition, key, value)
    }

    fn put_entry(&mut self, life: u16, entry: &Entry) -> Result<(), DbError> {
        self.open_table(ENTRIES)?.insert((life, entry.seq()), entry.bytes())?;
        put_head(self, life, entry)
    }

    fn set_master(&mut self, rows: &[MasterRow]) -> Result<(), DbError> {
        master::set_all(self, 0, rows)
    }
}

/// Tables with the tail before them, and before that the rows of the step that is under way.
pub(crate) struct View<'a, T> {
    tables: T,
    tail: &'a Tail,
    rows: Tail,
}

impl<'a, T> View<'a, T> {
    pub(crate) fn new(tables: T, tail: &'a Tail) -> Self {
        Self { tables, tail, rows: Tail::default() }
    }

    /// The tables without the tail.
    pub(crate) const fn tables(&self) -> &T {
        &self.tables
    }

    /// The tail before the tables.
    pub(crate) const fn tail(&self) -> &'a Tail {
        self.tail
    }

    /// The rows of this step.
    pub(crate) fn into_rows(self) -> Tail {
        self.rows
    }

    fn row(&self, table: &str, key: &[u8]) -> Option<&[u8]> {
        self.rows.row(table, key).or_else(|| self.tail.row(table, key))
    }

    fn set(&mut self, table: &str, key: &[u8], stored: Vec<u8>) {
        self.rows.rows.entry(table.to_owned()).or_default().insert(key.to_vec(), stored);
    }
}

impl<T: Tables> Tables for View<'_, T> {
    fn get<K: Key + 'static, V: DeserializeOwned + Serialize>(
        &self,
        definition: TableDefinition<'static, K, &'static [u8]>,
        key: &K::SelfType<'_>,
    ) -> Result<Option<V>, DbError> {
        match self.row(definition.name(), K::as_bytes(key).as_ref()) {
            Some(stored) => row::read(definition, key, stored).map(Some),
            None => self.tables.get(definition, key),
        }
    }

    fn entry_bytes(&self, at: EntryRef) -> Result<Option<Vec<u8>>, DbError> {
        match self.row(ENTRIES.name(), entry_key(at).as_ref()) {
            Some(bytes) => Ok(Some(bytes.to_vec())),
            None => self.tables.entry_bytes(at),
        }
    }

    fn last_state(&self) -> Result<Option<(u16, JournalState)>, DbError> {
        let Some((life, stored)) = self.tables.last_state()? else { return Ok(None) };
        Ok(Some((life, self.get(JOURNALS, &life)?.unwrap_or(stored))))
    }
}

impl<T: Tables> Rows for View<'_, T> {
    fn put<K: Key + 'static, V: Serialize>(
        &mut self,
        definition: TableDefinition<'static, K, &'static [u8]>,
        key: &K::SelfType<'_>,
        value: &V,
    ) -> Result<(), DbError> {
        let key = K::as_bytes(key);
        let stored = row::seal(definition.name(), key.as_ref(), codec::encode(value));
        self.set(definition.name(), key.as_ref(), stored);
        Ok(())
    }

    fn put_entry(&mut self, life: u16, entry: &Entry) -> Result<(), DbError> {
        let at = EntryRef { life, seq: entry.seq() };
        self.set(ENTRIES.name(), entry_key(at).as_ref(), entry.bytes().to_vec());
        self.rows.entry_bytes = self.rows.entry_bytes.saturating_add(entry.bytes().len());
        Ok(())
    }

    fn set_master(&mut self, _: &[MasterRow]) -> Result<(), DbError> {
        Err(DbError::Invariant("master data was to be kept in the tail".to_owned()))
    }
}

fn entry_key(at: EntryRef) -> impl AsRef<[u8]> {
    <(u16, u64) as redb::Value>::as_bytes(&(at.life, at.seq))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::{InMemoryBackend, Store};
    use crate::id::JournalId;
    use crate::journal::envelope::ChainHead;
    use crate::time::{Now, Timestamp, ZoneOffset};

    #[test]
    fn a_tail_is_folded_only_into_the_store_that_it_follows() {
        let store = Store::open(InMemoryBackend::new()).unwrap();
        let now = Now { at: Timestamp(1), offset: ZoneOffset(0) };
        let (first, head) = ChainHead::start(JournalId([1; 16])).append(now, 9, 1, b"first").unwrap();
        let tx = store.write().unwrap();
        let none = Tail::default();
        let mut view = View::new(&tx, &none);
        let (mut entries, mut head) = (vec![first], head);
        for _ in 0..300 {
            let (entry, next) = head.append(now, 9, 1, b"further").unwrap();
            entries.push(entry);
            head = next;
        }
        entries.iter().for_each(|entry| view.put_entry(1, entry).unwrap());
        let tail = view.into_rows();
        let (last, before) = entries.split_last().unwrap();
        before.iter().for_each(|entry| append(&tx, 1, entry).unwrap());
        assert!(matches!(tail.fold_into(&tx), Err(DbError::Invariant(_))), "the store ends at entry 300");
        append(&tx, 1, last).unwrap();
        tail.fold_into(&tx).unwrap();
    }
}
