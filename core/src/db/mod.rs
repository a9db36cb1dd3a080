//! The store of a till in one embedded file; the only place in core that names the storage engine.

pub mod error;
pub mod row;
pub(crate) mod tables;
// disk
pub(crate) mod witnessed;
pub(crate) mod held;
// rows
pub(crate) mod look_up;
pub(crate) mod master;
// writing
pub(crate) mod tail;
pub(crate) mod apply;
pub(crate) mod replay;
pub(crate) mod entries;
pub(crate) mod compare;
pub(crate) mod copy;
pub(crate) mod migrate;

pub use redb::StorageBackend;
pub use redb::backends::{FileBackend, InMemoryBackend};
pub(crate) use redb::{ReadTransaction, WriteTransaction};

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};

use redb::{Database, Durability, ReadableDatabase};

use crate::db::error::DbError;
use crate::db::held::HeldBackend;
use crate::db::witnessed::WitnessedBackend;
use crate::planted::{Bug, is_alive};

/// Bytes of pages kept in memory; the engine's own default is far larger than a till needs.
const CACHE_BYTES: usize = 16 << 20;

/// The open store file. Until its pages were found sound or the first transaction writes, the file stays as it was found.
#[derive(Debug)]
pub(crate) struct Store {
    /// Always there until it is dropped.
    database: Option<Database>,
    backend: HeldBackend,
    /// The schema it had when it was opened; 0 for a new one.
    schema_before: u32,
    is_abandoned: AtomicBool,
}

/// Closing writes, and on damaged pages the engine panics while it does, twice in a row, which ends the process. A store
/// that is known to be damaged is left as it is; its file stays locked until the process ends.
impl Drop for Store {
    fn drop(&mut self) {
        let database = self.database.take();
        if self.is_abandoned.load(Ordering::Relaxed) {
            std::mem::forget(database);
            return;
        }
        // After a panic that the program caught, the engine may panic once more over its locks.
        let _ = catch_unwind(AssertUnwindSafe(|| drop(database)));
    }
}

impl Store {
    /// Makes a new store in an empty backend, or opens one that holds a store already.
    pub(crate) fn open(backend: impl StorageBackend) -> Result<Self, DbError> {
        let backend = HeldBackend::new(WitnessedBackend::new(backend)).map_err(redb::StorageError::Io)?;
        let database = Database::builder().set_cache_size(CACHE_BYTES).create_with_backend(backend.clone())?;
        let is_abandoned = AtomicBool::new(false);
        let mut store = Self { database: Some(database), backend, schema_before: 0, is_abandoned };
        store.schema_before = store.watched(migrate::schema_of(&store))?;
        if (1..migrate::SCHEMA).contains(&store.schema_before) && !store.is_intact()? {
            return Err(DbError::DamagedPages);
        }
        store.watched(migrate::migrate(&store))?;
        Ok(store)
    }

    /// Passes a result on; damage in it is the end of all writing to this store.
    pub(crate) fn watched<T>(&self, result: Result<T, DbError>) -> Result<T, DbError> {
        if result.as_ref().is_err_and(DbError::is_damage) {
            self.abandon();
        }
        result
    }

    /// Leaves the store as it is: its pages are damaged, and it is not closed.
    pub(crate) fn abandon(&self) {
        self.is_abandoned.store(true, Ordering::Relaxed);
    }

    fn database(&self) -> Result<&Database, DbError> {
        self.database.as_ref().ok_or_else(|| DbError::Invariant("the store is closed".to_owned()))
    }

    /// The schema that it had when it was opened, and what it has.
    pub(crate) const fn schemas(&self) -> (u32, u32) {
        (self.schema_before, migrate::SCHEMA)
    }

    /// A view of the last commit.
    pub(crate) fn read(&self) -> Result<ReadTransaction, DbError> {
        Ok(self.database()?.begin_read()?)
    }

    /// A transaction whose commit returns once its bytes are on the disk.
    ///
    /// # Errors
    /// The disk failed, or the store is known to be damaged.
    pub(crate) fn write(&self) -> Result<WriteTransaction, DbError> {
        if self.is_abandoned.load(Ordering::Relaxed) {
            return Err(DbError::DamagedPages);
        }
        self.backend.let_through().map_err(redb::StorageError::Io)?;
        let mut tx = self.database()?.begin_write()?;
        let durability = if is_alive(Bug::CommitNotDurable) { Durability::None } else { Durability::Immediate };
        tx.set_durability(durability).map_err(|error| DbError::Storage(Box::new(error.into())))?;
        Ok(tx)
    }

    /// A transaction that need not survive a crash, for scratch stores.
    pub(crate) fn write_scratch(&self) -> Result<WriteTransaction, DbError> {
        let mut tx = self.database()?.begin_write()?;
        tx.set_durability(Durability::None).map_err(|error| DbError::Storage(Box::new(error.into())))?;
        Ok(tx)
    }

    /// Whether every page has the checksum it was written with. What the engine would repair stays in memory, so that the
    /// next opening finds the same damage.
    pub(crate) fn is_intact(&mut self) -> Result<bool, DbError> {
        let closed = || DbError::Invariant("the store is closed".to_owned());
        let database = self.database.as_mut().ok_or_else(closed)?;
        self.backend.hold().map_err(redb::StorageError::Io)?;
        let checked = database.check_integrity().map_err(DbError::from);
        match checked {
            Ok(true) if !self.is_abandoned.load(Ordering::Relaxed) => {
                self.backend.let_through().map_err(redb::StorageError::Io)?;
            }
            Ok(true) | Err(_) => {}
            Ok(false) => self.abandon(),
        }
        self.watched(checked)
    }
}
