//! A storage backend that counts what passes through it.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use counterfoil_core::db::StorageBackend;

/// What was counted so far.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counts {
    pub(crate) flushes: u64,
    pub(crate) writes: u64,
    pub(crate) bytes: u64,
}

#[derive(Debug, Default)]
struct Counters {
    flushes: AtomicU64,
    writes: AtomicU64,
    bytes: AtomicU64,
}

/// Reads the counters of a backend that the store has taken.
#[derive(Clone, Debug)]
pub(crate) struct Counter(Arc<Counters>);

impl Counter {
    pub(crate) fn counts(&self) -> Counts {
        let Counters { flushes, writes, bytes } = &*self.0;
        let load = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Counts { flushes: load(flushes), writes: load(writes), bytes: load(bytes) }
    }
}

/// The backend.
#[derive(Debug)]
pub(crate) struct Counted<B> {
    inner: B,
    counters: Arc<Counters>,
}

impl<B> Counted<B> {
    pub(crate) fn new(inner: B) -> (Self, Counter) {
        let counters = Arc::new(Counters::default());
        (Self { inner, counters: Arc::clone(&counters) }, Counter(counters))
    }
}

impl<B: StorageBackend> StorageBackend for Counted<B> {
    fn len(&self) -> io::Result<u64> {
        self.inner.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.inner.read(offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.inner.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.counters.flushes.fetch_add(1, Ordering::Relaxed);
        self.inner.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.counters.writes.fetch_add(1, Ordering::Relaxed);
        self.counters.bytes.fetch_add(data.len() as u64, Ordering::Relaxed);
        self.inner.write(offset, data)
    }

    fn close(&self) -> io::Result<()> {
        self.inner.close()
    }
}
