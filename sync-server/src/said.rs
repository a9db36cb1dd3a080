//! What a till has said of its journal: signed words about entries, whether these have come or not.
//!
//! The newest hello of a journal is kept as it was signed. What it names and what has not come is missing. Hellos before
//! it are kept too until the entries that they name have come: a till that was put back in between has others in their
//! places, and its later hellos alone would not show that.
//! Example: 700 entries held, the hello says 812: 701 to 812 are missing. An entry 800 that comes then must be the one of
//! the hello of 800 that came before.

use counterfoil_core::id::{Hash, JournalId};
use counterfoil_core::journal::hello::Hello;

use crate::store::{Rows, RowsMut, StoreError};

/// The most hellos before the newest that are kept for one journal.
pub const WORDS_MAX: usize = 64;

/// The newest entry that a journal's till has signed to have. The hello was verified when it was kept.
///
/// # Errors
/// The store failed, or the row is damaged.
pub fn said(rows: &dyn Rows, journal: JournalId) -> Result<Option<(u64, Hash)>, StoreError> {
    Ok(rows.hello(journal)?.and_then(|bytes| entry_of(&bytes)))
}

/// The entries that earlier hellos of the till name and that have not come, in order of seq.
///
/// # Errors
/// As [`said`].
pub fn said_before(rows: &dyn Rows, journal: JournalId) -> Result<Vec<(u64, Hash)>, StoreError> {
    Ok(rows.words(journal)?.iter().filter_map(|bytes| entry_of(bytes)).collect())
}

/// The hello by which a till has named an entry.
///
/// # Errors
/// As [`said`].
pub fn word_of(rows: &dyn Rows, journal: JournalId, seq: u64) -> Result<Option<Vec<u8>>, StoreError> {
    let is_of = |bytes: &Vec<u8>| entry_of(bytes).is_some_and(|(named, _)| named == seq);
    Ok(rows.hello(journal)?.into_iter().chain(rows.words(journal)?).find(is_of))
}

/// Keeps the newest hello, and the one before it as long as the entry that this names has not come.
///
/// # Errors
/// The store failed.
pub fn keep(rows: &mut dyn RowsMut, journal: JournalId, held: u64, proof: &[u8]) -> Result<(), StoreError> {
    let named = entry_of(proof).map_or(0, |(seq, _)| seq);
    if let Some(before) = rows.as_rows().hello(journal)?
        && let Some((seq, _)) = entry_of(&before)
        && seq > held
        && seq < named
        && rows.as_rows().words(journal)?.len() < WORDS_MAX
    {
        rows.put_word(journal, seq, &before)?;
    }
    rows.put_hello(journal, proof)
}

/// Forgets earlier hellos about entries that have come.
///
/// # Errors
/// The store failed.
pub fn forget_held(rows: &mut dyn RowsMut, journal: JournalId, held: u64) -> Result<(), StoreError> {
    for (seq, _) in said_before(rows.as_rows(), journal)? {
        if seq <= held {
            rows.remove_word(journal, seq)?;
        }
    }
    Ok(())
}

fn entry_of(hello: &[u8]) -> Option<(u64, Hash)> {
    let hello = Hello::read(hello).ok()?;
    Some((hello.claimed().seq, hello.claimed().hash)).filter(|(seq, _)| *seq > 0)
}
