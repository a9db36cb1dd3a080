//! What a till has said last of its journal.
//!
//! The newest hello of a journal is kept as it was signed. What it names and what has not come is missing.
//! Example: 700 entries held, the hello says 812: 701 to 812 are missing.

use counterfoil_core::id::{Hash, JournalId};
use counterfoil_core::journal::hello::Hello;

use crate::store::{Rows, StoreError};

/// The newest entry that a journal's till has signed to have. The hello was verified when it was kept.
///
/// # Errors
/// The store failed, or the row is damaged.
pub fn said(rows: &dyn Rows, journal: JournalId) -> Result<Option<(u64, Hash)>, StoreError> {
    let hello = rows.hello(journal)?.and_then(|bytes| Hello::read(&bytes).ok());
    Ok(hello.map(|hello| (hello.claimed().seq, hello.claimed().hash)).filter(|(seq, _)| *seq > 0))
}
