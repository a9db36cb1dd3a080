//! A backup: the till as it stands at one moment, while it sells on.

use crate::db::copy;
use crate::db::{ReadTransaction, StorageBackend, Store};

use super::{Access, Mark, Till, TillError};

/// A till as it stood at one moment. It borrows nothing: the till may sell on while it is copied.
pub struct Snapshot {
    tx: ReadTransaction,
    mark: Mark,
}

impl std::fmt::Debug for Snapshot {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Snapshot").field("mark", &self.mark).finish_non_exhaustive()
    }
}

impl Till {
    /// The till as it stands now.
    ///
    /// # Errors
    /// Its newest entries are damaged, or a failing store.
    pub fn snapshot(&self) -> Result<Snapshot, TillError> {
        self.require_whole()?;
        Ok(Snapshot { tx: self.store.read()?, mark: self.mark() })
    }
}

impl Snapshot {
    /// Up to where it goes.
    #[must_use]
    pub const fn mark(&self) -> &Mark {
        &self.mark
    }

    /// How many rows there are to copy.
    ///
    /// # Errors
    /// A failing store.
    pub fn rows(&self) -> Result<u64, TillError> {
        Ok(copy::counts(&self.tx)?.into_iter().fold(0, |sum: u64, (_, rows)| sum.saturating_add(rows)))
    }

    /// Copies everything into an empty backend, durably; no key, pepper, PIN or lockout goes with it. `copied` is called
    /// with the number of rows so far.
    ///
    /// # Errors
    /// Either disk fails.
    pub fn write_to(&self, backend: impl StorageBackend, copied: &mut dyn FnMut(u64)) -> Result<(), TillError> {
        let store = Store::open(backend)?;
        Ok(copy::copy(&self.tx, &store, copied)?)
    }

    /// Reads a copy back and audits it: whether it is whole and is of this moment. `scratch` is an empty backend.
    ///
    /// # Errors
    /// What is wrong with it, or a failing disk.
    pub fn verify(&self, copy: impl StorageBackend, scratch: impl StorageBackend) -> Result<(), TillError> {
        let mut till = Till::open(copy, Vec::new(), Access::ReadOnly("it is a backup".to_owned()))?;
        till.check_pages()?;
        let audit = till.audit(scratch)?;
        let differs = |text: String| crate::db::error::DbError::Invariant(format!("the backup is not whole: {text}"));
        if let Some(difference) = audit.differences.first() {
            return Err(differs(difference.clone()).into());
        }
        if till.mark() != self.mark {
            return Err(differs(format!("it ends at entry {}, not {}", till.mark().seq, self.mark.seq)).into());
        }
        Ok(())
    }
}
