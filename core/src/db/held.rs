//! A backend whose writes stay in memory until they are let through.
//!
//! The storage engine repairs when it opens a store and when it checks its pages: on damage it goes back to the commit
//! before and writes that down, so that the damage would be told once and never again. Here it may repair as it likes:
//! until its pages were found sound, or something is written that is meant to be, no byte of the file changes, and each
//! opening tells the damage anew. Always: what is let through reaches the backend in its order, flushes included, so a
//! power cut meanwhile is one that the engine knows. Example: a repair writes a header three times; the file gets three
//! headers when the first sale is made, or none if the till is closed without one.

use std::io::{self, ErrorKind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::db::StorageBackend;

/// The most bytes that are held; the engine holds some headers.
const BYTES_MAX: usize = 16 << 20;

#[derive(Debug)]
enum Step {
    Write(u64, Vec<u8>),
    SetLen(u64),
    Sync,
}

#[derive(Debug, Default)]
struct Steps {
    steps: Vec<Step>,
    bytes: usize,
    /// How long the file would be.
    len: u64,
    /// Whether a part of it was let through and the disk failed.
    has_failed: bool,
}

#[derive(Debug)]
struct Shared {
    backend: Box<dyn StorageBackend>,
    is_holding: AtomicBool,
    held: Mutex<Steps>,
}

/// The backend, of which the store keeps one and gives the engine the other.
#[derive(Clone, Debug)]
pub(crate) struct HeldBackend(Arc<Shared>);

impl HeldBackend {
    /// A backend that holds from the first write on.
    pub(crate) fn new(backend: impl StorageBackend) -> io::Result<Self> {
        let steps = Steps { len: backend.len()?, ..Steps::default() };
        let (is_holding, held) = (AtomicBool::new(true), Mutex::new(steps));
        Ok(Self(Arc::new(Shared { backend: Box::new(backend), is_holding, held })))
    }

    /// Holds from now on what is written.
    pub(crate) fn hold(&self) -> io::Result<()> {
        let mut held = self.held();
        if !self.is_holding() {
            *held = Steps { len: self.0.backend.len()?, ..Steps::default() };
            self.0.is_holding.store(true, Ordering::Release);
        }
        Ok(())
    }

    /// Lets through what was written and what will be. After an error all of it stays held, for good.
    pub(crate) fn let_through(&self) -> io::Result<()> {
        if !self.is_holding() {
            return Ok(());
        }
        let mut held = self.held();
        if held.has_failed {
            return Err(io::Error::other("the disk failed before"));
        }
        held.has_failed = true;
        for step in &held.steps {
            match step {
                Step::Write(offset, data) => self.0.backend.write(*offset, data)?,
                Step::SetLen(len) => self.0.backend.set_len(*len)?,
                Step::Sync => self.0.backend.sync_data()?,
            }
        }
        *held = Steps::default();
        self.0.is_holding.store(false, Ordering::Release);
        Ok(())
    }

    fn is_holding(&self) -> bool {
        self.0.is_holding.load(Ordering::Acquire)
    }

    fn held(&self) -> MutexGuard<'_, Steps> {
        // What it holds is whole after each statement.
        self.0.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Steps {
    fn push(&mut self, step: Step) -> io::Result<()> {
        if let Step::Write(_, data) = &step {
            self.bytes = self.bytes.saturating_add(data.len());
        }
        if self.bytes > BYTES_MAX {
            return Err(io::Error::other(format!("a store that is only read was to get more than {BYTES_MAX} bytes")));
        }
        self.steps.push(step);
        Ok(())
    }

    fn read(&self, backend: &dyn StorageBackend, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let end = offset.checked_add(out.len() as u64).filter(|end| *end <= self.len);
        end.ok_or(ErrorKind::UnexpectedEof)?;
        let stored = range(offset, out.len(), 0, backend.len()?).len();
        let (there, beyond) = out.split_at_mut(stored);
        if !there.is_empty() {
            backend.read(offset, there)?;
        }
        beyond.fill(0);
        for step in &self.steps {
            match step {
                Step::Write(at, data) => {
                    let to = range(offset, out.len(), *at, at.saturating_add(data.len() as u64));
                    let from = range(*at, data.len(), offset, offset.saturating_add(out.len() as u64));
                    if let (Some(to), Some(from)) = (out.get_mut(to), data.get(from)) {
                        to.copy_from_slice(from);
                    }
                }
                Step::SetLen(len) => {
                    let cut = range(offset, out.len(), *len, u64::MAX);
                    out.get_mut(cut).unwrap_or_default().fill(0);
                }
                Step::Sync => {}
            }
        }
        Ok(())
    }
}

/// Where the bytes from `start` to `end` of the file lie in a piece of it.
fn range(offset: u64, length: usize, start: u64, end: u64) -> std::ops::Range<usize> {
    let within = |at: u64| usize::try_from(at.saturating_sub(offset)).unwrap_or(usize::MAX).min(length);
    within(start)..within(end).max(within(start))
}

impl StorageBackend for HeldBackend {
    fn len(&self) -> io::Result<u64> {
        if self.is_holding() { Ok(self.held().len) } else { self.0.backend.len() }
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        if self.is_holding() {
            let held = self.held();
            return held.read(&*self.0.backend, offset, out);
        }
        self.0.backend.read(offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        if self.is_holding() {
            let mut held = self.held();
            held.len = len;
            return held.push(Step::SetLen(len));
        }
        self.0.backend.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        if self.is_holding() { self.held().push(Step::Sync) } else { self.0.backend.sync_data() }
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        if self.is_holding() {
            return self.held().push(Step::Write(offset, data.to_vec()));
        }
        self.0.backend.write(offset, data)
    }

    fn close(&self) -> io::Result<()> {
        self.0.backend.close()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::db::InMemoryBackend;

    #[derive(Clone, Debug)]
    enum Act {
        Write(u64, Vec<u8>),
        SetLen(u64),
        Hold,
        LetThrough,
    }

    fn act() -> impl Strategy<Value = Act> {
        prop_oneof![
            6 => (0..90_u64, prop::collection::vec(1_u8.., 1..40)).prop_map(|(at, data)| Act::Write(at, data)),
            3 => (0..120_u64).prop_map(Act::SetLen),
            1 => Just(Act::Hold),
            1 => Just(Act::LetThrough),
        ]
    }

    fn whole(backend: &dyn StorageBackend) -> Vec<u8> {
        let mut bytes = vec![0; usize::try_from(backend.len().unwrap()).unwrap()];
        backend.read(0, &mut bytes).unwrap();
        bytes
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn it_reads_as_if_nothing_were_held(acts in prop::collection::vec(act(), 1..40), piece in (0..100_u64, 0..50_usize)) {
            let plain = InMemoryBackend::new();
            let held = HeldBackend::new(InMemoryBackend::new()).unwrap();
            for act in acts {
                match act {
                    Act::Write(at, data) => {
                        let end = at + data.len() as u64;
                        for backend in [&plain as &dyn StorageBackend, &held] {
                            if backend.len().unwrap() < end {
                                backend.set_len(end).unwrap();
                            }
                            backend.write(at, &data).unwrap();
                        }
                    }
                    Act::SetLen(len) => {
                        plain.set_len(len).unwrap();
                        held.set_len(len).unwrap();
                    }
                    Act::Hold => held.hold().unwrap(),
                    Act::LetThrough => held.let_through().unwrap(),
                }
                prop_assert_eq!(whole(&held), whole(&plain));
                let (offset, length) = piece;
                let (mut one, mut other) = (vec![0; length], vec![0; length]);
                let is_within = offset + length as u64 <= plain.len().unwrap();
                prop_assert_eq!(held.read(offset, &mut one).is_ok(), is_within);
                if is_within {
                    plain.read(offset, &mut other).unwrap();
                    prop_assert_eq!(one, other);
                }
            }
            held.let_through().unwrap();
            prop_assert_eq!(whole(&*held.0.backend), whole(&plain));
        }
    }

    #[test]
    fn what_is_held_leaves_the_backend_as_it_is() {
        let held = HeldBackend::new(InMemoryBackend::new()).unwrap();
        held.set_len(10).unwrap();
        held.let_through().unwrap();
        held.write(0, b"sound").unwrap();
        held.hold().unwrap();
        held.write(0, b"other").unwrap();
        held.set_len(3).unwrap();
        assert_eq!(whole(&held), b"oth");
        assert_eq!(whole(&*held.0.backend), b"sound\0\0\0\0\0");
        let too_much = vec![0; BYTES_MAX];
        assert!(held.write(0, &too_much).is_err());
    }
}
