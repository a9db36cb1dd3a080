//! The disk as the storage engine sees it.

use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use redb::StorageBackend;

use crate::disk::State;

/// A file on a [`TornDisk`](crate::TornDisk).
#[derive(Clone)]
pub struct TornBackend(pub(crate) Arc<Mutex<State>>);

impl TornBackend {
    fn with<T>(&self, call: impl FnOnce(&mut State) -> T) -> T {
        // A panic of the store elsewhere does not change what is on the disk.
        call(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl fmt::Debug for TornBackend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TornBackend")
    }
}

fn place(offset: u64) -> io::Result<usize> {
    usize::try_from(offset).map_err(|_| io::ErrorKind::InvalidInput.into())
}

impl StorageBackend for TornBackend {
    fn len(&self) -> io::Result<u64> {
        self.with(|state| state.len()).map(|len| len as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let offset = place(offset)?;
        self.with(|state| state.read(offset, out))
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let len = place(len)?;
        self.with(|state| state.set_len(len))
    }

    fn sync_data(&self) -> io::Result<()> {
        self.with(State::flush)
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let offset = place(offset)?;
        self.with(|state| state.write(offset, data))
    }
}
