//! What a disk does wrong while it has power.
//!
//! Calls of each kind are counted from 0 over the life of the disk; a fault names the call by its kind and number.
//! Example: the third flush fails once: `Failure { kind: Flush, nth: 2, repeats: Once, error: Other }`.

use std::io;

/// A kind of call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// Reading bytes.
    Read,
    /// Writing bytes.
    Write,
    /// Changing the length of the file.
    SetLen,
    /// Flushing the cache.
    Flush,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Read, Self::Write, Self::SetLen, Self::Flush];
}

/// Whether a failure goes away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Repeats {
    /// The call fails; the same call again succeeds. Like a real disk, a flush that failed once has lost its writes.
    Once,
    /// This call and all later ones of its kind fail.
    ForEver,
}

/// A call that reports an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Which kind of call.
    pub kind: Kind,
    /// Which of them, from 0.
    pub nth: u64,
    /// Whether later ones fail too.
    pub repeats: Repeats,
    /// What is reported.
    pub error: io::ErrorKind,
}

impl Failure {
    pub(crate) fn hits(&self, kind: Kind, number: u64) -> bool {
        let is_due = match self.repeats {
            Repeats::Once => number == self.nth,
            Repeats::ForEver => number >= self.nth,
        };
        self.kind == kind && is_due
    }
}

/// Which flushes are reported as done and are not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lie {
    /// This one; a later flush makes up for it.
    Only(u64),
    /// This one and all later ones.
    From(u64),
}

impl Lie {
    pub(crate) const fn hits(self, number: u64) -> bool {
        match self {
            Self::Only(nth) => number == nth,
            Self::From(first) => number >= first,
        }
    }
}

/// A write that is reported as done and went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WriteFault {
    /// The bytes stand at another offset; where they belong, the old ones remain. Within the file as it is then.
    Misdirected {
        /// Which write, from 0.
        nth: u64,
        /// Where the bytes go.
        to: u64,
    },
    /// The bytes stand nowhere: the place keeps its stale content.
    Lost {
        /// Which write, from 0.
        nth: u64,
    },
}
