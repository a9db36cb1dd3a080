//! Batches: as they come, with a head that was altered and signed anew, and of entries that nobody meant to write.
//!
//! Always: what verifies is a run of entries of one journal, each following from the one before, whose last is the head
//! that was signed; signing those entries again gives a batch of the same entries. Nothing is unpacked that is larger
//! than a batch may be.

use counterfoil_core::event::Event;
use counterfoil_core::id::Hash;
use counterfoil_core::journal::batch::{Batch, BatchHead, ENTRIES_MAX, RAW_BYTES_MAX};

use super::draw::Draw;
use super::shop::{JOURNAL, key};
use super::signing::{batch_of, entries, start};
use super::{require_told, require_worded};

/// The first byte says how the rest is taken.
///
/// # Panics
/// A batch that verifies is not a run of entries.
pub fn run(bytes: &[u8]) {
    let mut draw = Draw::from(bytes);
    match draw.byte() % 4 {
        0 => judge(draw.rest()),
        1 => judge(&with_drawn_head(&mut draw)),
        2 => of_entries(draw.rest()),
        _ => of_raw(&mut draw),
    }
}

/// Verifies a batch with the key of the till.
fn judge(bytes: &[u8]) {
    let unverified = match Batch::read(bytes) {
        Ok(unverified) => unverified,
        Err(fault) => return require_worded(&fault),
    };
    let (journal, last_seq) = (unverified.journal(), unverified.last_seq());
    let claimed = unverified.claimed_first();
    let verified = match unverified.verify(&key().public_key()) {
        Ok(verified) => verified,
        Err(fault) => return require_worded(&fault),
    };
    let run = verified.entries();
    assert!(!run.is_empty() && run.len() <= ENTRIES_MAX);
    assert_eq!(claimed.as_ref().ok().and_then(Option::as_ref), run.first(), "the first entry is another one");
    assert!(run.iter().all(|entry| entry.journal() == journal));
    assert!(run.windows(2).all(|pair| pair[1].previous() == pair[0].hash() && pair[1].seq() == pair[0].seq() + 1));
    let head = verified.head().statement();
    assert_eq!((verified.last().seq(), verified.last().hash()), (last_seq, head.hash));
    assert_eq!((verified.first().seq(), verified.first().previous()), (head.first_seq, head.previous));
    assert_eq!(Batch::fitting(run), run.len(), "a batch came that does not fit into one");
    let again = Batch::sign(run, &key()).expect("what came as a batch can be sent as one");
    let again = Batch::read(&again).and_then(|again| again.verify(&key().public_key()));
    assert_eq!(again.expect("our own batch").entries(), run);
}

/// A head of drawn numbers over drawn bytes, hashed and signed as if the till had meant it.
fn with_drawn_head(draw: &mut Draw<'_>) -> Vec<u8> {
    let width = 1 + draw.below(8);
    let first_seq = draw.number(width);
    let count = draw.number(2);
    let previous = if first_seq == 1 { Hash::ZERO } else { Hash([draw.byte(); 32]) };
    let raw_bytes = u32::try_from(draw.number(4)).unwrap_or(u32::MAX);
    let seq = first_seq.saturating_add(count);
    let head = BatchHead { journal: JOURNAL, first_seq, previous, seq, hash: previous, raw_bytes, packed: previous };
    batch_of(head, draw.rest(), &key())
}

/// Entries of drawn content, rightly chained and packed.
fn of_entries(bytes: &[u8]) {
    let run = entries(start(), bytes);
    let fits = Batch::fitting(&run);
    match Batch::sign(&run, &key()) {
        Ok(batch) => {
            assert_eq!(fits, run.len());
            let verified = Batch::read(&batch).and_then(|batch| batch.verify(&key().public_key()));
            assert_eq!(verified.expect("our own batch").entries(), run);
            judge(&batch);
        }
        Err(fault) => assert!(fits < run.len() || run.is_empty(), "a run that fits is refused: {fault}"),
    }
    // What stands in them may be refused, and nothing else.
    for entry in &run {
        if let Ok(Some(event)) = Event::decode(entry)
            && let Some(document) = event.document()
        {
            let _ = document.cash().map_err(|refusal| require_told(&refusal));
        }
    }
}

/// Drawn bytes, rightly packed, under a head that claims their length and a hash that they may not have.
fn of_raw(draw: &mut Draw<'_>) {
    let (count, hash) = (u64::from(draw.byte()), Hash([draw.byte(); 32]));
    let raw = draw.rest();
    if raw.len() > RAW_BYTES_MAX {
        return;
    }
    let raw_bytes = u32::try_from(raw.len()).unwrap_or(u32::MAX);
    let zero = Hash::ZERO;
    let head =
        BatchHead { journal: JOURNAL, first_seq: 1, previous: zero, seq: 1 + count, hash, raw_bytes, packed: zero };
    judge(&batch_of(head, &lz4_flex::block::compress(raw), &key()));
}
