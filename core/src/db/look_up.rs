//! Reading rows and entries, the same way inside a transaction that writes and in a view.

use redb::{Key, ReadTransaction, ReadableTable, ReadableTableMetadata, TableDefinition, TableError, WriteTransaction};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::credit_note::{RefundedDocument, RefundedLine};
use crate::db::error::DbError;
use crate::db::row;
use crate::db::tables::{COMMANDS, DOCUMENTS, ENTRIES, JOURNALS, META, REFUNDED, SERIALS};
use crate::document::DocumentV1;
use crate::feed::FeedCursor;
use crate::id::{CommandId, DocumentNumber, JournalId, Note, ProductCode};
use crate::journal::envelope::Entry;
use crate::journal::fault::Fault;
use crate::journal_state::JournalState;
use crate::planted::{Bug, is_alive};
use crate::quantity::Quantity;

/// Where an entry lies in this folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct EntryRef {
    /// Which journal of this folder, from 1.
    pub(crate) life: u16,
    /// Which entry.
    pub(crate) seq: u64,
}

/// Which generation of master data is served, and which one is being fetched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FeedState {
    /// 0 is the till's own.
    pub(crate) active: u8,
    /// Where the active generation stands.
    pub(crate) cursor: Option<FeedCursor>,
    /// A generation that is being fetched beside it.
    pub(crate) building: Option<(u8, FeedCursor)>,
}

/// Something rows can be read from.
pub(crate) trait Tables {
    /// The row under a key.
    fn get<K: Key + 'static, V: DeserializeOwned + Serialize>(
        &self,
        definition: TableDefinition<'static, K, &'static [u8]>,
        key: &K::SelfType<'_>,
    ) -> Result<Option<V>, DbError>;

    /// The exact bytes of an entry.
    fn entry_bytes(&self, at: EntryRef) -> Result<Option<Vec<u8>>, DbError>;

    /// The last life and its state.
    fn last_state(&self) -> Result<Option<(u16, JournalState)>, DbError>;
}

macro_rules! tables {
    ($transaction:ty) => {
        impl Tables for $transaction {
            fn get<K: Key + 'static, V: DeserializeOwned + Serialize>(
                &self,
                definition: TableDefinition<'static, K, &'static [u8]>,
                key: &K::SelfType<'_>,
            ) -> Result<Option<V>, DbError> {
                match self.open_table(definition) {
                    Ok(table) => row::get(&table, definition, key),
                    Err(TableError::TableDoesNotExist(_)) => Ok(None),
                    Err(error) => Err(error.into()),
                }
            }

            fn entry_bytes(&self, at: EntryRef) -> Result<Option<Vec<u8>>, DbError> {
                let table = self.open_table(ENTRIES)?;
                Ok(table.get((at.life, at.seq))?.map(|stored| stored.value().to_vec()))
            }

            fn last_state(&self) -> Result<Option<(u16, JournalState)>, DbError> {
                let table = self.open_table(JOURNALS)?;
                let Some((life, stored)) = table.last()? else { return Ok(None) };
                let life = life.value();
                Ok(Some((life, row::read(JOURNALS, &life, stored.value())?)))
            }
        }
    };
}

tables!(ReadTransaction);
tables!(WriteTransaction);

impl<T: Tables> Tables for &T {
    fn get<K: Key + 'static, V: DeserializeOwned + Serialize>(
        &self,
        definition: TableDefinition<'static, K, &'static [u8]>,
        key: &K::SelfType<'_>,
    ) -> Result<Option<V>, DbError> {
        T::get(self, definition, key)
    }

    fn entry_bytes(&self, at: EntryRef) -> Result<Option<Vec<u8>>, DbError> {
        T::entry_bytes(self, at)
    }

    fn last_state(&self) -> Result<Option<(u16, JournalState)>, DbError> {
        T::last_state(self)
    }
}

/// The key of a command's id.
pub(crate) fn command_key(id: &CommandId) -> [u8; 16] {
    let mut key = [0; 16];
    key.iter_mut().zip(Sha256::digest(id.as_str())).for_each(|(to, from)| *to = from);
    key
}

/// An entry, checked against the hash that its successor or the journal's head names.
pub(crate) fn entry(tables: &impl Tables, at: EntryRef) -> Result<Option<Entry>, DbError> {
    let damaged = |seq: u64| move |fault| DbError::DamagedEntry { seq, fault };
    let Some(bytes) = tables.entry_bytes(at)? else { return Ok(None) };
    let entry = Entry::read(&bytes).map_err(damaged(at.seq))?;
    let after = at.seq.saturating_add(1);
    let named = match tables.entry_bytes(EntryRef { seq: after, ..at })? {
        Some(next) => {
            let next = Entry::read(&next).map_err(damaged(after))?;
            if next.seq() != after {
                return Err(damaged(after)(Fault::OutOfSequence { expected: after, came: next.seq() }));
            }
            next.previous()
        }
        None => {
            let state = state(tables, at.life)?;
            if state.seq > at.seq {
                return Err(DbError::MissingEntry { seq: after });
            }
            state.hash
        }
    };
    if entry.hash() == named && entry.seq() == at.seq {
        return Ok(Some(entry));
    }
    Err(damaged(at.seq)(Fault::BrokenChain { expected: named, came: entry.hash() }))
}

/// Whether a journal has an entry beyond its head.
pub(crate) fn has_entry_after(tx: &ReadTransaction, life: u16, seq: u64) -> Result<bool, DbError> {
    let table = tx.open_table(ENTRIES)?;
    Ok(table.range((life, seq.saturating_add(1))..=(life, u64::MAX))?.next().is_some())
}

/// How many entries there are in all journals.
pub(crate) fn entry_count(tx: &ReadTransaction) -> Result<u64, DbError> {
    Ok(tx.open_table(ENTRIES)?.len()?)
}

/// The state of a life.
pub(crate) fn state(tables: &impl Tables, life: u16) -> Result<JournalState, DbError> {
    let state = tables.get::<_, JournalState>(JOURNALS, &life)?;
    state.ok_or_else(|| DbError::Invariant(format!("journal {life} of this folder has no state")))
}

/// The entry that a command's id made.
pub(crate) fn command(tables: &impl Tables, id: &CommandId) -> Result<Option<EntryRef>, DbError> {
    tables.get(COMMANDS, &command_key(id))
}

/// The entry that issued a printed number.
pub(crate) fn document(tables: &impl Tables, printed: &str) -> Result<Option<EntryRef>, DbError> {
    tables.get(DOCUMENTS, &printed)
}

/// The key of a piece of a product.
pub(crate) fn serial_key(code: &ProductCode, serial: &Note) -> String {
    format!("{code}\u{1D}{serial}")
}

/// Whether a piece with this serial is sold and not taken back.
pub(crate) fn is_serial_sold(tables: &impl Tables, code: &ProductCode, serial: &Note) -> Result<bool, DbError> {
    let sold = tables.get::<_, Quantity>(SERIALS, &serial_key(code, serial).as_str())?;
    Ok(sold.is_some_and(|sold| !sold.is_zero() && !sold.is_negative()))
}

/// What was refunded of each line of a document, and of the document.
pub(crate) fn refunded(
    tables: &impl Tables,
    at: EntryRef,
    document: &DocumentV1,
) -> Result<(Vec<RefundedLine>, RefundedDocument), DbError> {
    let whole = tables.get::<_, RefundedDocument>(REFUNDED, &(at.life, at.seq, 0))?;
    let whole = whole.filter(|_| !is_alive(Bug::RefundForgotten));
    let mut lines = Vec::with_capacity(document.lines.len());
    for (number, line) in (1_u16..).zip(&document.lines) {
        let before = if whole.is_some() { tables.get(REFUNDED, &(at.life, at.seq, number))? } else { None };
        lines.push(before.unwrap_or_else(|| RefundedLine::none(line.taxes.len())));
    }
    Ok((lines, whole.unwrap_or(RefundedDocument::NONE)))
}

/// Where what was refunded of another till's document is kept: life 0 is of no journal of this folder.
pub(crate) fn elsewhere(journal: JournalId, printed: &DocumentNumber) -> EntryRef {
    let hash = Sha256::new().chain_update(journal.0).chain_update(printed.as_str()).finalize();
    let seq = hash.iter().take(8).fold(0_u64, |seq, byte| seq << 8 | u64::from(*byte));
    EntryRef { life: 0, seq }
}

/// Which generation of master data holds.
pub(crate) fn feed_state(tables: &impl Tables) -> Result<FeedState, DbError> {
    Ok(tables.get(META, &"feed")?.unwrap_or_default())
}
