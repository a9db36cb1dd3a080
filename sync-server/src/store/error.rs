//! What can go wrong with the store: the disk or the database, or what is written there.

use std::sync::Arc;

use counterfoil_core::db::error::DbError;
use counterfoil_core::hex;
use counterfoil_core::refusal::Refusal;
use thiserror::Error;

/// What a person can do about a damaged store.
pub const DAMAGED_ADVICE: &str = "copy the data folder away, put its last backup back and run head-office restore: tills \
    then send again what the backup lacks";

/// The store failed or is damaged.
#[derive(Clone, Debug, Error)]
pub enum StoreError {
    /// The disk or the database failed.
    #[error("the store failed: {0}")]
    Backend(Arc<dyn std::error::Error + Send + Sync>),
    /// The file is not what the database wrote.
    #[error("head-office.redb is damaged: {0}; {DAMAGED_ADVICE}")]
    Corrupted(String),
    /// Another process has it open.
    #[error("another process has the store open")]
    Locked,
    /// A row is not what was written.
    #[error("head-office.redb is damaged: table {table} holds a damaged row at key {key}; {DAMAGED_ADVICE}")]
    Damaged {
        /// The table's name.
        table: String,
        /// The key in hexadecimal digits.
        key: String,
    },
    /// The store was written by a newer program.
    #[error("the store has schema {found}; this program knows up to {known}")]
    NewerSchema {
        /// The store's.
        found: u32,
        /// This program's.
        known: u32,
    },
    /// A rule said no while the work was under way, and nothing of it was stored.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// What must always hold does not: a bug or damage.
    #[error("a broken invariant: {0}")]
    Invariant(String),
}

impl StoreError {
    /// The failure of a backend.
    pub fn backend(error: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::Backend(Arc::new(error))
    }

    /// A row that is not what was written.
    #[must_use]
    pub fn damaged(table: &str, key: &[u8]) -> Self {
        Self::Damaged { table: table.to_owned(), key: hex::encode(key) }
    }
}

impl From<DbError> for StoreError {
    fn from(error: DbError) -> Self {
        if let DbError::DamagedRow { table, key } = error { Self::Damaged { table, key } } else { Self::backend(error) }
    }
}
