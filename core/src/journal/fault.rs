//! Bytes from outside are wrong.
//!
//! A fault says what was read, what was expected and what came, and, once that is known, in whose journal and at which
//! seq. It is never about the trade: a signed sale that breaks a rule is still a fact, and a [`crate::refusal::Refusal`]
//! is something else. Example: `journal 0101...01, seq 7: the chain expects hash ab..., not cd...`.

use thiserror::Error;

use crate::id::{Hash, JournalId};

/// Why bytes from outside cannot be taken for what they claim to be.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Fault {
    /// The bytes end too early.
    #[error("{what} has {came} bytes, expected at least {expected}")]
    Truncated {
        /// What was read.
        what: &'static str,
        /// The fewest bytes it could have had.
        expected: usize,
        /// The bytes there were.
        came: usize,
    },
    /// Bytes are left over.
    #[error("{what} has {came} bytes, expected {expected}")]
    TrailingBytes {
        /// What was read.
        what: &'static str,
        /// The bytes it consists of.
        expected: usize,
        /// The bytes there were.
        came: usize,
    },
    /// A format or version that this program does not read.
    #[error("{what} has format {came}, expected {expected}")]
    UnknownFormat {
        /// What was read.
        what: &'static str,
        /// The format that is read here.
        expected: u64,
        /// The format that came.
        came: u64,
    },
    /// A signed document of another kind.
    #[error("{what} is a document of kind {came}, expected {expected}")]
    WrongKind {
        /// What was read.
        what: &'static str,
        /// The kind that was asked for.
        expected: u8,
        /// The kind that came.
        came: u8,
    },
    /// More than its limit; found before anything was allocated for it.
    #[error("{what} is {came}, more than the limit of {limit}")]
    TooLarge {
        /// What was counted, with its unit.
        what: &'static str,
        /// The most it may be.
        limit: u64,
        /// What it claims to be.
        came: u64,
    },
    /// Bytes that can be read but are not the one form in which this value is written.
    #[error("{what} is not written in its one form")]
    NotCanonical {
        /// What was read.
        what: &'static str,
    },
    /// Bytes that mean nothing.
    #[error("{what} is not {expected}")]
    Malformed {
        /// What was read.
        what: &'static str,
        /// What it should have been.
        expected: &'static str,
    },
    /// The signature is not that of the key, or not of these bytes.
    #[error("the signature of {what} does not verify")]
    BadSignature {
        /// What was signed.
        what: &'static str,
    },
    /// An entry or document of another journal.
    #[error("expected journal {expected}, not {came}")]
    ForeignJournal {
        /// Whose it should be.
        expected: JournalId,
        /// Whose it is.
        came: JournalId,
    },
    /// An entry that is not the next one.
    #[error("expected seq {expected}, not {came}")]
    OutOfSequence {
        /// The next seq.
        expected: u64,
        /// The seq that came.
        came: u64,
    },
    /// An entry that does not follow from the one before it.
    #[error("the chain expects hash {expected}, not {came}")]
    BrokenChain {
        /// The hash computed from the entries.
        expected: Hash,
        /// The hash that was claimed.
        came: Hash,
    },
    /// A fault whose place is known.
    #[error("journal {journal}, seq {seq}: {fault}")]
    At {
        /// Whose journal.
        journal: JournalId,
        /// At which entry.
        seq: u64,
        /// What is wrong there.
        fault: Box<Fault>,
    },
}

impl Fault {
    /// The same fault, of entry `seq` of `journal`. A place that is known already is kept.
    #[must_use]
    pub fn at(self, journal: JournalId, seq: u64) -> Self {
        match self.place() {
            Some(_) => self,
            None => Self::At { journal, seq, fault: Box::new(self) },
        }
    }

    /// In whose journal and at which seq, where that is known.
    #[must_use]
    pub const fn place(&self) -> Option<(JournalId, u64)> {
        if let Self::At { journal, seq, .. } = self { Some((*journal, *seq)) } else { None }
    }

    /// The fault without its place.
    #[must_use]
    pub fn cause(&self) -> &Self {
        if let Self::At { fault, .. } = self { fault } else { self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_says_whose_where_what_was_expected_and_what_came() {
        let journal = JournalId([1; 16]);
        let fault = Fault::OutOfSequence { expected: 7, came: 9 }.at(journal, 9);
        assert_eq!(fault.to_string(), "journal 01010101010101010101010101010101, seq 9: expected seq 7, not 9");
        assert_eq!(fault.clone().at(JournalId([2; 16]), 1), fault);
        assert_eq!(
            (fault.place(), fault.cause()),
            (Some((journal, 9)), &Fault::OutOfSequence { expected: 7, came: 9 })
        );
    }
}
