//! What was done to a disk, operation by operation, so that each moment of one run can be looked at without a new run.

use std::sync::Arc;

use fastrand::Rng;

use crate::choice::Choice;
use crate::image::Image;

/// One call that changes what a disk holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Bytes written at an offset.
    Write {
        /// Where.
        offset: usize,
        /// What.
        data: Arc<[u8]>,
    },
    /// The file was cut or lengthened.
    SetLen(usize),
    /// Everything before is on the disk from here on.
    Flush,
}

/// All operations of a run, and what the disk held before.
#[derive(Clone, Debug, Default)]
pub struct History {
    start: Image,
    operations: Vec<Operation>,
}

/// The disk before one operation of a history: what is flushed, and what is in the cache.
#[derive(Clone, Debug)]
pub struct Moment<'a> {
    durable: Image,
    pending: &'a [Operation],
}

impl History {
    pub(crate) const fn new(start: Image) -> Self {
        Self { start, operations: Vec::new() }
    }

    pub(crate) fn push(&mut self, operation: Operation) {
        self.operations.push(operation);
    }

    /// How many operations there are. Power can be lost before each and after the last: at `0..=len()`.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.operations.len()
    }

    /// Whether nothing was done.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.operations.is_empty()
    }

    /// What was done.
    #[must_use]
    pub fn operations(&self) -> &[Operation] {
        &self.operations
    }

    /// The disk before operation `at`, in which power is lost. Moments of a run that are asked for one by one, from the
    /// first to the last, are better had from [`History::moments`].
    #[must_use]
    pub fn moment(&self, at: usize) -> Moment<'_> {
        let done = &self.operations[..at.min(self.len())];
        let flushed = done.iter().rposition(|operation| *operation == Operation::Flush).map_or(0, |last| last + 1);
        let mut durable = self.start.clone();
        settle(&mut durable, &done[..flushed]);
        Moment { durable, pending: &done[flushed..] }
    }

    /// Every moment of the run in its order: before each operation and after the last.
    pub fn moments(&self) -> impl Iterator<Item = Moment<'_>> {
        let mut durable = self.start.clone();
        let mut flushed = 0;
        (0..=self.len()).map(move |at| {
            if at > 0 && self.operations[at - 1] == Operation::Flush {
                settle(&mut durable, &self.operations[flushed..at]);
                flushed = at;
            }
            Moment { durable: durable.clone(), pending: &self.operations[flushed..at] }
        })
    }
}

impl<'a> Moment<'a> {
    pub(crate) const fn new(durable: Image, pending: &'a [Operation]) -> Self {
        Self { durable, pending }
    }

    /// What is on the disk whatever happens.
    #[must_use]
    pub const fn durable(&self) -> &Image {
        &self.durable
    }

    /// The operations that no flush has confirmed.
    #[must_use]
    pub const fn pending(&self) -> &'a [Operation] {
        self.pending
    }

    /// Whether the cache holds a new length of the file.
    #[must_use]
    pub fn has_new_length(&self) -> bool {
        self.pending.iter().any(|operation| matches!(operation, Operation::SetLen(_)))
    }

    /// What is on the disk if power is lost now.
    #[must_use]
    pub fn cut(&self, choice: Choice, rng: &mut Rng) -> Image {
        choice.apply(&self.durable, self.pending, rng)
    }
}

/// Carries out what a flush has confirmed.
pub(crate) fn settle(durable: &mut Image, done: &[Operation]) {
    for operation in done {
        match operation {
            Operation::Write { offset, data } => durable.write(*offset, data),
            Operation::SetLen(len) => durable.set_len(*len),
            Operation::Flush => {}
        }
    }
}
