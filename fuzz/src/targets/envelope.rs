//! The envelope of an entry: read, and written again, it is the same bytes with the same hash.

use counterfoil_core::event::Event;
use counterfoil_core::journal::envelope::{ChainHead, Entry, HEADER_BYTES, PAYLOAD_BYTES_MAX};

use super::require_worded;

/// Reads the bytes as an entry.
///
/// # Panics
/// An entry that is read is not what was written, or a chain takes an entry that does not follow.
pub fn run(bytes: &[u8]) {
    let entry = match Entry::read(bytes) {
        Ok(entry) => entry,
        Err(fault) => return require_worded(&fault),
    };
    assert_eq!(entry.bytes(), bytes);
    assert!(entry.payload().len() <= PAYLOAD_BYTES_MAX && bytes.len() == HEADER_BYTES + entry.payload().len());
    let (journal, seq, previous) = (entry.journal(), entry.seq(), entry.previous());
    let (event_type, version) = (entry.event_type(), entry.schema_version());
    let again = Entry::seal(journal, seq, previous, entry.now(), event_type, version, entry.payload());
    assert_eq!(again.as_ref().map(Entry::bytes), Ok(bytes));
    assert_eq!(again.as_ref().map(Entry::hash), Ok(entry.hash()));

    let before = ChainHead::at(journal, seq.saturating_sub(1), previous);
    let after = before.verify_next(&entry).expect("an entry follows from the one that it names");
    assert_eq!((after.seq(), after.hash()), (seq, entry.hash()));
    let elsewhere = ChainHead::at(journal, seq, previous);
    assert!(elsewhere.verify_next(&entry).is_err(), "an entry follows itself");
    if let Ok(Some(event)) = Event::decode(&entry) {
        assert_eq!(event.encode(), entry.payload());
    }
}
