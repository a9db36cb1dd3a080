//! One entry of a journal: an envelope of fixed layout around a payload.
//!
//! Layout, big-endian: format `u8` = 1 | journal `[16]` | seq `u64` from 1 | previous hash `[32]` | time `i64` ms UTC |
//! zone offset `i16` minutes | event type `u16` | schema version `u16` | payload length `u32` | payload. The hash of an
//! entry is SHA-256 over exactly these bytes. Always: entry n + 1 names the hash of entry n, and entry 1 names zeros;
//! so whoever knows the head can tell whether any earlier byte was changed. Example: an empty payload makes 75 bytes.

use std::fmt;

use sha2::{Digest, Sha256};

use crate::id::{Hash, JournalId};
use crate::journal::codec::Reader;
use crate::journal::fault::Fault;
use crate::time::{Now, Timestamp, ZoneOffset};

/// The format that is written and read here.
pub const FORMAT: u8 = 1;

/// The most bytes of one payload.
pub const PAYLOAD_BYTES_MAX: usize = 65_536;

/// The bytes before the payload.
pub const HEADER_BYTES: usize = 75;

/// The first bytes of the header (format, journal, seq, previous hash), which a receiver of a run can rebuild.
const LINK_BYTES: usize = 57;

/// The bytes between link and payload length: time, zone offset, event type, schema version.
const UNLINKED_BYTES_BEFORE_LENGTH: usize = 14;

/// An entry as it was written: its exact bytes, with what the header says.
#[derive(Clone, PartialEq, Eq)]
pub struct Entry {
    link: Link,
    now: Now,
    event_type: u16,
    schema_version: u16,
    hash: Hash,
    bytes: Vec<u8>,
}

/// What ties an entry to its journal and to the entry before it.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Link {
    journal: JournalId,
    seq: u64,
    previous: Hash,
}

impl Entry {
    /// Writes an entry.
    ///
    /// # Errors
    /// The payload is larger than [`PAYLOAD_BYTES_MAX`], or seq and previous hash contradict one another.
    pub fn seal(
        journal: JournalId,
        seq: u64,
        previous: Hash,
        now: Now,
        event_type: u16,
        schema_version: u16,
        payload: &[u8],
    ) -> Result<Self, Fault> {
        let length = u32::try_from(payload.len()).unwrap_or(u32::MAX);
        let mut bytes = Vec::with_capacity(HEADER_BYTES.saturating_add(payload.len()));
        put_link(&mut bytes, journal, seq, previous);
        bytes.extend_from_slice(&now.at.0.to_be_bytes());
        bytes.extend_from_slice(&now.offset.0.to_be_bytes());
        bytes.extend_from_slice(&event_type.to_be_bytes());
        bytes.extend_from_slice(&schema_version.to_be_bytes());
        bytes.extend_from_slice(&length.to_be_bytes());
        bytes.extend_from_slice(payload);
        Self::from_bytes(bytes)
    }

    /// Reads the bytes of one entry.
    ///
    /// # Errors
    /// The bytes are not exactly one entry of format 1, or seq and previous hash contradict one another.
    pub fn read(bytes: &[u8]) -> Result<Self, Fault> {
        Self::from_bytes(bytes.to_vec())
    }

    fn from_bytes(bytes: Vec<u8>) -> Result<Self, Fault> {
        let mut reader = Reader::new("entry", &bytes);
        let format = reader.u8()?;
        if format != FORMAT {
            let (expected, came) = (u64::from(FORMAT), u64::from(format));
            return Err(Fault::UnknownFormat { what: "entry", expected, came });
        }
        let link = Link { journal: JournalId(reader.array()?), seq: reader.u64()?, previous: Hash(reader.array()?) };
        let read_rest = |mut reader: Reader<'_>| {
            let now = Now { at: Timestamp(reader.i64()?), offset: ZoneOffset(reader.i16()?) };
            let (event_type, schema_version) = (reader.u16()?, reader.u16()?);
            reader.framed(PAYLOAD_BYTES_MAX)?;
            reader.finish()?;
            Ok((now, event_type, schema_version))
        };
        let (now, event_type, schema_version) =
            read_rest(reader).map_err(|fault: Fault| fault.at(link.journal, link.seq))?;
        link.check_start()?;
        let hash = Hash(Sha256::digest(&bytes).into());
        Ok(Self { link, now, event_type, schema_version, hash, bytes })
    }

    /// Whose journal it stands in.
    #[must_use]
    pub const fn journal(&self) -> JournalId {
        self.link.journal
    }

    /// Its place in the journal, from 1.
    #[must_use]
    pub const fn seq(&self) -> u64 {
        self.link.seq
    }

    /// The hash of the entry before it; zeros for the first.
    #[must_use]
    pub const fn previous(&self) -> Hash {
        self.link.previous
    }

    /// When it was written, with the offset of the store's zone.
    #[must_use]
    pub const fn now(&self) -> Now {
        self.now
    }

    /// Which event the payload holds.
    #[must_use]
    pub const fn event_type(&self) -> u16 {
        self.event_type
    }

    /// Which frozen struct the payload was written with.
    #[must_use]
    pub const fn schema_version(&self) -> u16 {
        self.schema_version
    }

    /// The event's own bytes.
    #[must_use]
    pub fn payload(&self) -> &[u8] {
        self.bytes.get(HEADER_BYTES..).unwrap_or_default()
    }

    /// The exact bytes, header and payload.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// SHA-256 over [`Entry::bytes`].
    #[must_use]
    pub const fn hash(&self) -> Hash {
        self.hash
    }

    /// What the journal's head is once this entry is the newest.
    #[must_use]
    pub const fn head(&self) -> ChainHead {
        ChainHead { journal: self.link.journal, seq: self.link.seq, hash: self.hash }
    }

    /// The bytes that a run of entries sends: all but the link.
    pub(crate) fn unlinked(&self) -> &[u8] {
        self.bytes.get(LINK_BYTES..).unwrap_or_default()
    }
}

impl fmt::Debug for Entry {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Link { journal, seq, .. } = self.link;
        write!(formatter, "entry {journal}/{seq} type {} hash {}", self.event_type, self.hash)
    }
}

impl Link {
    /// Entry 1 and no other follows nothing.
    fn check_start(self) -> Result<(), Fault> {
        if self.seq == 0 {
            return Err(Fault::OutOfSequence { expected: 1, came: 0 }.at(self.journal, 0));
        }
        if (self.seq == 1) != (self.previous == Hash::ZERO) {
            let fault = Fault::BrokenChain { expected: Hash::ZERO, came: self.previous };
            return Err(fault.at(self.journal, self.seq));
        }
        Ok(())
    }
}

/// Splits the first entry off a run of entries without links.
pub(crate) fn split_unlinked(run: &[u8]) -> Result<(&[u8], &[u8]), Fault> {
    let mut reader = Reader::new("entry", run);
    reader.take(UNLINKED_BYTES_BEFORE_LENGTH)?;
    reader.framed(PAYLOAD_BYTES_MAX)?;
    Ok(run.split_at(reader.position()))
}

/// Writes the first 57 bytes of an entry.
fn put_link(bytes: &mut Vec<u8>, journal: JournalId, seq: u64, previous: Hash) {
    bytes.push(FORMAT);
    bytes.extend_from_slice(&journal.0);
    bytes.extend_from_slice(&seq.to_be_bytes());
    bytes.extend_from_slice(&previous.0);
}

/// The newest entry of a journal by seq and hash, which fixes all before it. Used up by the step to the next entry.
#[derive(Debug, PartialEq, Eq)]
pub struct ChainHead {
    journal: JournalId,
    seq: u64,
    hash: Hash,
}

impl ChainHead {
    /// The head of a journal without entries: seq 0, zeros.
    #[must_use]
    pub const fn start(journal: JournalId) -> Self {
        Self { journal, seq: 0, hash: Hash::ZERO }
    }

    /// The head as it was kept in a row.
    #[must_use]
    pub const fn at(journal: JournalId, seq: u64, hash: Hash) -> Self {
        Self { journal, seq, hash }
    }

    /// Whose journal.
    #[must_use]
    pub const fn journal(&self) -> JournalId {
        self.journal
    }

    /// The seq of the newest entry, 0 before the first.
    #[must_use]
    pub const fn seq(&self) -> u64 {
        self.seq
    }

    /// The hash of the newest entry, zeros before the first.
    #[must_use]
    pub const fn hash(&self) -> Hash {
        self.hash
    }

    /// Seals the next entry.
    ///
    /// # Errors
    /// The payload is larger than [`PAYLOAD_BYTES_MAX`], or the journal has no seq left.
    pub fn append(
        self,
        now: Now,
        event_type: u16,
        schema_version: u16,
        payload: &[u8],
    ) -> Result<(Entry, Self), Fault> {
        let seq = self.next_seq()?;
        let entry = Entry::seal(self.journal, seq, self.hash, now, event_type, schema_version, payload)?;
        let head = entry.head();
        Ok((entry, head))
    }

    /// Takes the next entry, if it is the next one.
    ///
    /// # Errors
    /// It is of another journal, out of sequence, or does not name this head's hash.
    pub fn verify_next(self, entry: &Entry) -> Result<Self, Fault> {
        if entry.journal() != self.journal {
            return Err(Fault::ForeignJournal { expected: self.journal, came: entry.journal() });
        }
        let expected = self.next_seq()?;
        let at = |fault: Fault| fault.at(self.journal, expected);
        if entry.seq() != expected {
            return Err(at(Fault::OutOfSequence { expected, came: entry.seq() }));
        }
        if entry.previous() != self.hash {
            return Err(at(Fault::BrokenChain { expected: self.hash, came: entry.previous() }));
        }
        Ok(entry.head())
    }

    /// Seals the next entry from what [`Entry::unlinked`] left of it.
    pub(crate) fn link(self, unlinked: &[u8]) -> Result<(Entry, Self), Fault> {
        let mut bytes = Vec::with_capacity(LINK_BYTES.saturating_add(unlinked.len()));
        put_link(&mut bytes, self.journal, self.next_seq()?, self.hash);
        bytes.extend_from_slice(unlinked);
        let entry = Entry::from_bytes(bytes)?;
        let head = entry.head();
        Ok((entry, head))
    }

    fn next_seq(&self) -> Result<u64, Fault> {
        let full = || Fault::TooLarge { what: "seq", limit: u64::MAX, came: u64::MAX }.at(self.journal, self.seq);
        self.seq.checked_add(1).ok_or_else(full)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const JOURNAL: JournalId = JournalId([0xA1; 16]);
    const NOW: Now = Now { at: Timestamp(1_795_248_000_123), offset: ZoneOffset(-60) };

    fn run(count: u8) -> Vec<Entry> {
        let mut head = ChainHead::start(JOURNAL);
        let mut entries = Vec::new();
        for index in 0..count {
            let (entry, next) = head.append(NOW, 3, 1, &[index; 5]).unwrap();
            entries.push(entry);
            head = next;
        }
        entries
    }

    fn refused(bytes: &[u8]) -> Fault {
        Entry::read(bytes).unwrap_err().cause().clone()
    }

    #[test]
    fn the_bytes_of_an_entry_are_golden() {
        let entry = Entry::seal(JOURNAL, 2, Hash([0xB2; 32]), NOW, 0x0102, 3, b"five!").unwrap();
        let golden = [
            &[1][..],
            &[0xA1; 16],
            &[0, 0, 0, 0, 0, 0, 0, 2],
            &[0xB2; 32],
            &[0, 0, 1, 0xA1, 0xFD, 0x1E, 0x8C, 0x7B],
            &[0xFF, 0xC4],
            &[1, 2],
            &[0, 3],
            &[0, 0, 0, 5],
            b"five!",
        ]
        .concat();
        assert_eq!(entry.bytes(), golden);
        let hash = "bc0984a3a6d6b94c758f3d6775db150858d5c927885d448b85c297774c103a86";
        assert_eq!(entry.hash().to_string(), hash);
        assert_eq!(Entry::read(&golden).unwrap(), entry);
        let (kind, payload) = ((entry.event_type(), entry.schema_version()), entry.payload());
        assert_eq!((entry.seq(), entry.now(), kind, payload), (2, NOW, (0x0102, 3), &b"five!"[..]));
    }

    #[test]
    fn an_entry_is_read_exactly_or_not_at_all() {
        let bytes = run(1).remove(0).bytes().to_vec();
        for length in 0..bytes.len() {
            assert!(matches!(refused(&bytes[..length]), Fault::Truncated { .. }), "{length} bytes");
        }
        assert!(matches!(refused(&[&bytes[..], &[0]].concat()), Fault::TrailingBytes { .. }));
        let altered = |at: usize, byte: u8| {
            let mut bytes = bytes.clone();
            bytes[at] = byte;
            refused(&bytes)
        };
        assert_eq!(altered(0, 2), Fault::UnknownFormat { what: "entry", expected: 1, came: 2 });
        assert_eq!(altered(24, 0), Fault::OutOfSequence { expected: 1, came: 0 });
        assert!(matches!(altered(24, 2), Fault::BrokenChain { .. }), "a second entry follows something");
        assert!(matches!(altered(25, 9), Fault::BrokenChain { .. }), "the first entry follows nothing");
        assert!(matches!(altered(71, 1), Fault::TooLarge { .. }));
    }

    #[test]
    fn a_payload_has_a_limit() {
        let head = ChainHead::start(JOURNAL);
        let (entry, head) = head.append(NOW, 1, 1, &vec![7; PAYLOAD_BYTES_MAX]).unwrap();
        assert_eq!(entry.bytes().len(), HEADER_BYTES + PAYLOAD_BYTES_MAX);
        let fault = head.append(NOW, 1, 1, &vec![7; PAYLOAD_BYTES_MAX + 1]).unwrap_err();
        assert_eq!(fault.cause(), &Fault::TooLarge { what: "entry", limit: 65_536, came: 65_537 });
        assert_eq!(fault.place(), Some((JOURNAL, 2)));
        assert!(ChainHead::at(JOURNAL, u64::MAX, Hash([1; 32])).append(NOW, 1, 1, &[]).is_err());
    }

    #[test]
    fn a_chain_takes_only_its_next_entry() {
        let entries = run(3);
        let mut head = ChainHead::start(JOURNAL);
        for entry in &entries {
            head = head.verify_next(entry).unwrap();
        }
        assert_eq!(head, entries[2].head());
        let after_first = || ChainHead::start(JOURNAL).verify_next(&entries[0]).unwrap();
        let cause = |result: Result<ChainHead, Fault>| result.unwrap_err().cause().clone();
        assert_eq!(cause(after_first().verify_next(&entries[2])), Fault::OutOfSequence { expected: 2, came: 3 });
        assert_eq!(cause(after_first().verify_next(&entries[0])), Fault::OutOfSequence { expected: 2, came: 1 });
        let other = Entry::seal(JOURNAL, 2, Hash([9; 32]), NOW, 3, 1, &[]).unwrap();
        assert!(matches!(cause(after_first().verify_next(&other)), Fault::BrokenChain { .. }));
        let foreign = ChainHead::start(JournalId([2; 16]));
        assert!(matches!(cause(foreign.verify_next(&entries[0])), Fault::ForeignJournal { .. }));
    }

    proptest! {
        #[test]
        fn any_bytes_are_an_entry_or_a_fault(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(entry) = Entry::read(&bytes) {
                prop_assert_eq!(entry.bytes(), bytes);
            }
        }

        #[test]
        fn any_entry_reads_back(
            seq in 2..u64::MAX, at: i64, offset: i16, kind: u16, version: u16,
            payload in proptest::collection::vec(any::<u8>(), 0..300),
        ) {
            let now = Now { at: Timestamp(at), offset: ZoneOffset(offset) };
            let entry = Entry::seal(JOURNAL, seq, Hash([5; 32]), now, kind, version, &payload).unwrap();
            prop_assert_eq!(Entry::read(entry.bytes()).unwrap(), entry.clone());
            prop_assert_eq!((entry.now(), entry.payload()), (now, &payload[..]));
        }
    }
}
