//! Where head office keeps things: one trait, so that the embedded store and a database server give the same answers.
//!
//! A backend keeps bytes under ordered keys, in transactions; [`rows`] says once, for all backends, what the bytes are
//! and checks that they are still what was written. Work is given to a transaction as a closure, which a backend may run
//! again from the start when the database asks for a retry; so it must have no effect but on the rows it is given.

pub mod error;
pub mod key;
pub mod record;
pub mod redb_store;
mod registry_rows;
pub mod rows;
pub mod tables;

pub use error::StoreError;
pub use redb_store::RedbStore;
pub use rows::{Rows, RowsMut, SealedRow};

/// A store of head office.
pub trait Store: Send + Sync {
    /// Runs `work` on one unchanging view of all rows.
    ///
    /// # Errors
    /// Those of the work, or the store failed.
    fn read_with(&self, work: &mut dyn FnMut(&dyn Rows) -> Result<(), StoreError>) -> Result<(), StoreError>;

    /// Runs `work` in one transaction, which is durable when this returns `Ok` and has never been when it does not.
    ///
    /// # Errors
    /// Those of the work, or the store failed.
    fn write_with(&self, work: &mut dyn FnMut(&mut dyn RowsMut) -> Result<(), StoreError>) -> Result<(), StoreError>;
}

impl dyn Store + '_ {
    /// Runs `work` on one unchanging view of all rows and gives its result.
    ///
    /// # Errors
    /// Those of the work, or the store failed.
    pub fn read<T>(&self, mut work: impl FnMut(&dyn Rows) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let mut result = None;
        self.read_with(&mut |rows| {
            result = Some(work(rows)?);
            Ok(())
        })?;
        result.ok_or_else(not_run)
    }

    /// Runs `work` in one transaction and gives its result once it is durable.
    ///
    /// # Errors
    /// Those of the work, or the store failed.
    pub fn write<T>(&self, mut work: impl FnMut(&mut dyn RowsMut) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let mut result = None;
        self.write_with(&mut |rows| {
            result = Some(work(rows)?);
            Ok(())
        })?;
        result.ok_or_else(not_run)
    }
}

fn not_run() -> StoreError {
    StoreError::Invariant("a store reported success without running the work".to_owned())
}
