//! The store of a till in one embedded file; the only place in core that names the storage engine.

pub mod error;
pub mod row;
pub(crate) mod tables;
// rows
pub(crate) mod look_up;
pub(crate) mod master;
// writing
pub(crate) mod tail;
pub(crate) mod apply;
pub(crate) mod replay;
pub(crate) mod compare;
pub(crate) mod migrate;

pub use redb::StorageBackend;
pub use redb::backends::{FileBackend, InMemoryBackend};
pub(crate) use redb::{ReadTransaction, WriteTransaction};

use redb::{Database, Durability, ReadableDatabase};

use crate::db::error::DbError;
use crate::planted::{Bug, is_alive};

/// Bytes of pages kept in memory; the engine's own default is far larger than a till needs.
const CACHE_BYTES: usize = 16 << 20;

/// The open store file.
#[derive(Debug)]
pub(crate) struct Store {
    database: Database,
}

impl Store {
    /// Makes a new store in an empty backend, or opens one that holds a store already.
    pub(crate) fn open(backend: impl StorageBackend) -> Result<Self, DbError> {
        let database = Database::builder().set_cache_size(CACHE_BYTES).create_with_backend(backend)?;
        let store = Self { database };
        migrate::migrate(&store)?;
        Ok(store)
    }

    /// A view of the last commit.
    pub(crate) fn read(&self) -> Result<ReadTransaction, DbError> {
        Ok(self.database.begin_read()?)
    }

    /// A transaction whose commit returns once its bytes are on the disk.
    pub(crate) fn write(&self) -> Result<WriteTransaction, DbError> {
        let mut tx = self.database.begin_write()?;
        let durability = if is_alive(Bug::CommitNotDurable) { Durability::None } else { Durability::Immediate };
        tx.set_durability(durability).map_err(|error| DbError::Storage(Box::new(error.into())))?;
        Ok(tx)
    }

    /// A transaction that need not survive a crash, for scratch stores.
    pub(crate) fn write_scratch(&self) -> Result<WriteTransaction, DbError> {
        let mut tx = self.database.begin_write()?;
        tx.set_durability(Durability::None).map_err(|error| DbError::Storage(Box::new(error.into())))?;
        Ok(tx)
    }

    /// Whether every page has the checksum it was written with.
    pub(crate) fn is_intact(&mut self) -> Result<bool, DbError> {
        Ok(self.database.check_integrity()?)
    }
}
