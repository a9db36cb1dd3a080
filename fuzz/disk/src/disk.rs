//! The state of a simulated disk, and the handle to it.

use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use fastrand::Rng;

use crate::backend::TornBackend;
use crate::choice::{Choice, Keep, Lengths, Tear};
use crate::fault::{Failure, Kind, Lie, WriteFault};
use crate::history::{History, Moment, Operation, settle};
use crate::image::Image;

/// The length that no file on any disk exceeds; one that was damaged must not take the memory of the machine.
const DISK_BYTES_MAX: usize = 1 << 30;

/// What was asked of a disk in its life.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Calls that read.
    pub reads: u64,
    /// Calls that write.
    pub writes: u64,
    /// Calls that change the length of the file.
    pub set_lens: u64,
    /// Calls that flush.
    pub flushes: u64,
    /// Bytes of all reads.
    pub bytes_read: u64,
    /// Bytes of all writes.
    pub bytes_written: u64,
}

impl Counts {
    /// Calls that change what the disk holds: writes, new lengths and flushes.
    #[must_use]
    pub const fn operations(&self) -> u64 {
        self.writes + self.set_lens + self.flushes
    }
}

/// What a disk is at one time.
pub(crate) struct State {
    durable: Image,
    live: Image,
    pending: Vec<Operation>,
    /// Whether a failed flush lost writes, which the cache shows and no later flush brings back.
    has_lost: bool,
    history: Option<History>,
    counts: Counts,
    has_power: bool,
    crash_at: Option<u64>,
    failures: Vec<Failure>,
    lie: Option<Lie>,
    write_faults: Vec<WriteFault>,
    capacity: Option<usize>,
}

/// A disk, one file large. Copies of the handle are the same disk.
#[derive(Clone)]
pub struct TornDisk(Arc<Mutex<State>>);

impl Default for TornDisk {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for TornDisk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.state();
        write!(f, "TornDisk({:?}, {} unflushed, {:?})", state.live, state.pending.len(), state.counts)
    }
}

impl TornDisk {
    /// An empty disk with power.
    #[must_use]
    pub fn new() -> Self {
        Self::from_image(Image::new())
    }

    /// A disk with power that holds an image: what a power cut left, or the bytes of a file.
    #[must_use]
    pub fn from_image(image: impl Into<Image>) -> Self {
        let image = image.into();
        Self(Arc::new(Mutex::new(State {
            durable: image.clone(),
            live: image,
            pending: Vec::new(),
            has_lost: false,
            history: None,
            counts: Counts::default(),
            has_power: true,
            crash_at: None,
            failures: Vec::new(),
            lie: None,
            write_faults: Vec::new(),
            capacity: None,
        })))
    }

    /// The file on it.
    #[must_use]
    pub fn backend(&self) -> TornBackend {
        TornBackend(Arc::clone(&self.0))
    }

    /// What was asked of it so far.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.state().counts
    }

    /// Counts from zero again. Faults are numbered by the new count.
    pub fn reset_counts(&self) {
        self.state().counts = Counts::default();
    }

    /// Whether it still has power.
    #[must_use]
    pub fn has_power(&self) -> bool {
        self.state().has_power
    }

    /// Loses power at operation `number` (from 0; writes, new lengths and flushes count): that call and every later one fails.
    pub fn crash_at(&self, number: u64) {
        self.state().crash_at = Some(number);
    }

    /// Lets calls fail.
    pub fn fail(&self, failure: Failure) {
        self.state().failures.push(failure);
    }

    /// Reports flushes as done that are not.
    pub fn lie(&self, lie: Lie) {
        self.state().lie = Some(lie);
    }

    /// Lets a write go wrong silently.
    pub fn spoil(&self, fault: WriteFault) {
        self.state().write_faults.push(fault);
    }

    /// Limits the room: neither the length nor the written pages may exceed it. What is there stays.
    pub fn set_capacity(&self, bytes: usize) {
        self.state().capacity = Some(bytes);
    }

    /// Ends all faults and gives room again. Power does not come back.
    pub fn mend(&self) {
        let mut state = self.state();
        state.failures.clear();
        state.write_faults.clear();
        state.lie = None;
        state.capacity = None;
    }

    /// Turns one bit around under an open store, in the cache and on the medium.
    pub fn flip(&self, bit: u64) {
        let mut state = self.state();
        state.live.flip(bit);
        state.durable.flip(bit);
    }

    /// Begins to keep every operation, from what the disk holds now, all of it taken as flushed.
    pub fn record(&self) {
        let mut state = self.state();
        state.durable = state.live.clone();
        state.pending.clear();
        state.has_lost = false;
        state.history = Some(History::new(state.live.clone()));
    }

    /// What was done since [`TornDisk::record`], and an end of it.
    #[must_use]
    pub fn take_history(&self) -> Option<History> {
        self.state().history.take()
    }

    /// Ends this life by losing power: flushed bytes, and what the seed keeps of the others.
    #[must_use]
    pub fn power_cut(&self, seed: u64) -> Image {
        let mut rng = Rng::with_seed(seed);
        let choice = Choice::draw(&mut rng);
        self.power_cut_with(choice, &mut rng)
    }

    /// Ends this life by losing power, with a given choice among the unflushed writes.
    #[must_use]
    pub fn power_cut_with(&self, choice: Choice, rng: &mut Rng) -> Image {
        let mut state = self.state();
        state.has_power = false;
        Moment::new(state.durable.clone(), &state.pending).cut(choice, rng)
    }

    /// What a reader sees now: the medium and the cache. After the death of the process alone this is what remains.
    #[must_use]
    pub fn live(&self) -> Image {
        self.state().live.clone()
    }

    /// What was flushed.
    #[must_use]
    pub fn durable(&self) -> Image {
        self.state().durable.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    pub(crate) fn len(&self) -> io::Result<usize> {
        self.powered()?;
        Ok(self.live.len())
    }

    pub(crate) fn read(&mut self, offset: usize, out: &mut [u8]) -> io::Result<()> {
        self.powered()?;
        let number = self.counts.reads;
        self.counts.reads += 1;
        self.counts.bytes_read += out.len() as u64;
        self.check(Kind::Read, number)?;
        self.live.read(offset, out)
    }

    pub(crate) fn write(&mut self, offset: usize, data: &[u8]) -> io::Result<()> {
        self.begin_operation()?;
        let number = self.counts.writes;
        self.counts.writes += 1;
        self.counts.bytes_written += data.len() as u64;
        self.check(Kind::Write, number)?;
        let end = offset.checked_add(data.len()).filter(|end| *end <= self.live.len());
        end.ok_or(io::ErrorKind::UnexpectedEof)?;
        if let Some(capacity) = self.capacity
            && self.live.allocated_bytes() >= capacity
            && !self.live.is_allocated(offset, data.len())
        {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let mut offset = offset;
        for fault in &self.write_faults {
            match *fault {
                WriteFault::Lost { nth } if nth == number => return Ok(()),
                WriteFault::Misdirected { nth, to } if nth == number => {
                    let last = self.live.len() - data.len();
                    offset = usize::try_from(to).unwrap_or(usize::MAX).min(last);
                }
                WriteFault::Lost { .. } | WriteFault::Misdirected { .. } => {}
            }
        }
        self.live.write(offset, data);
        self.keep(Operation::Write { offset, data: data.into() });
        Ok(())
    }

    pub(crate) fn set_len(&mut self, len: usize) -> io::Result<()> {
        self.begin_operation()?;
        let number = self.counts.set_lens;
        self.counts.set_lens += 1;
        self.check(Kind::SetLen, number)?;
        if len > self.live.len() && len > self.capacity.unwrap_or(DISK_BYTES_MAX).min(DISK_BYTES_MAX) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.live.set_len(len);
        self.keep(Operation::SetLen(len));
        Ok(())
    }

    pub(crate) fn flush(&mut self) -> io::Result<()> {
        self.begin_operation()?;
        let number = self.counts.flushes;
        self.counts.flushes += 1;
        if let Err(error) = self.check(Kind::Flush, number) {
            self.lose(number);
            return Err(error);
        }
        if self.lie.is_some_and(|lie| lie.hits(number)) {
            return Ok(());
        }
        if self.has_lost {
            settle(&mut self.durable, &self.pending);
        } else {
            self.durable = self.live.clone();
        }
        self.pending.clear();
        if let Some(history) = &mut self.history {
            history.push(Operation::Flush);
        }
        Ok(())
    }

    /// After a flush that failed, a system takes the cache as clean: what did not arrive is lost, though reads show it.
    fn lose(&mut self, number: u64) {
        let half = Choice { keep: Keep::Percent(50), tear: Tear::Whole, lengths: Lengths::Chosen };
        self.durable = half.apply(&self.durable, &self.pending, &mut Rng::with_seed(number));
        self.pending.clear();
        self.has_lost = true;
    }

    fn keep(&mut self, operation: Operation) {
        if let Some(history) = &mut self.history {
            history.push(operation.clone());
        }
        self.pending.push(operation);
    }

    fn powered(&self) -> io::Result<()> {
        if self.has_power { Ok(()) } else { Err(io::Error::other("the disk has no power")) }
    }

    fn begin_operation(&mut self) -> io::Result<()> {
        if self.crash_at.is_some_and(|at| self.counts.operations() >= at) {
            self.has_power = false;
        }
        self.powered()
    }

    fn check(&self, kind: Kind, number: u64) -> io::Result<()> {
        match self.failures.iter().find(|failure| failure.hits(kind, number)) {
            Some(failure) => Err(failure.error.into()),
            None => Ok(()),
        }
    }
}
