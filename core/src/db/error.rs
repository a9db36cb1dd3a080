//! What can go wrong with the store: the disk, or what is written on it.

use std::io::ErrorKind;

use crate::journal::fault::Fault;
use crate::refusal::Refusal;

/// The store failed or is damaged. After a failure the till stops until it is opened again and checked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DbError {
    /// The storage engine or the disk failed.
    #[error("the store failed: {0}")]
    Storage(#[source] Box<redb::Error>),
    /// A row's checksum or form is wrong.
    #[error("table {table} holds a damaged row at key {key}")]
    DamagedRow {
        /// The table's name.
        table: String,
        /// The key in hexadecimal digits.
        key: String,
    },
    /// An entry of the journal is wrong.
    #[error("the journal is damaged at entry {seq}: {fault}")]
    DamagedEntry {
        /// Which entry.
        seq: u64,
        /// How.
        fault: Fault,
    },
    /// An entry of the journal is not there.
    #[error("entry {seq} of the journal is missing")]
    MissingEntry {
        /// Which entry.
        seq: u64,
    },
    /// The newest entries, which are not yet in the tables, are wrong.
    #[error("the journal is damaged at entry {seq}, after which nothing is served: {cause}")]
    DamagedTail {
        /// The first entry that could not be verified.
        seq: u64,
        /// What is wrong.
        cause: String,
    },
    /// Pages do not have the checksums that they were written with.
    #[error("the store's pages do not have their checksums")]
    DamagedPages,
    /// What must always hold does not; this is a bug or damage, and the till stops rather than sell on.
    #[error("a broken invariant: {0}")]
    Invariant(String),
    /// The store was written by a newer program.
    #[error("the store has schema {found}; this program knows up to {known}")]
    NewerSchema {
        /// The store's.
        found: u32,
        /// This program's.
        known: u32,
    },
}

impl DbError {
    /// Whether the disk took no more bytes.
    #[must_use]
    pub fn is_disk_full(&self) -> bool {
        let Self::Storage(error) = self else { return false };
        let redb::Error::Io(error) = &**error else { return false };
        matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded)
    }

    /// Whether what is written on the disk is wrong, as opposed to a disk that fails.
    pub(crate) fn is_damage(&self) -> bool {
        match self {
            Self::Storage(error) => {
                let has_changed = |error: &redb::Error| matches!(error, redb::Error::Io(error) if error.kind() == ErrorKind::InvalidData);
                matches!(**error, redb::Error::Corrupted(_)) || has_changed(error)
            }
            Self::DamagedRow { .. }
            | Self::DamagedEntry { .. }
            | Self::MissingEntry { .. }
            | Self::DamagedTail { .. }
            | Self::DamagedPages
            | Self::Invariant(_) => true,
            Self::NewerSchema { .. } => false,
        }
    }

    /// The error for a sum that was refused where it cannot be: while applying what was decided.
    pub(crate) fn unexpected(refusal: &Refusal) -> Self {
        Self::Invariant(refusal.to_string())
    }
}

macro_rules! from_redb {
    ($($name:ident),*) => {$(
        impl From<redb::$name> for DbError {
            fn from(error: redb::$name) -> Self {
                Self::Storage(Box::new(error.into()))
            }
        }
    )*};
}

from_redb!(DatabaseError, TransactionError, TableError, StorageError, CommitError);
