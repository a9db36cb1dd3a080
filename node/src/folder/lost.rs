//! A folder whose store is gone while something else in it remembers that a journal was written there.
//!
//! Without its store a till must never begin anew under the same codes: it would give numbers that stand on receipts
//! already. The marks say how far the journal had come; where they are gone too, the keys still say that there was one.
//! Example: `mark.json` at seq 61 and no `store.redb`: neither `init` nor `status` go on; a token gets a new journal.

use counterfoil_core::id::JournalId;

use crate::failure::Failure;
use crate::folder::Folder;
use crate::folder::mark::{MARK, Mark};
use crate::folder::secret::{Secret, journal_of};
use crate::folder::settings::Settings;

/// A journal whose store is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LostJournal {
    /// Which.
    pub journal: JournalId,
    /// The last entry that a mark names; `None` where only its key is left.
    pub seq: Option<u64>,
}

/// The journal that a folder without a store remembers.
///
/// # Errors
/// The disk failed, or the settings or the secret file are damaged.
pub fn lost_journal(folder: &Folder) -> Result<Option<LostJournal>, Failure> {
    if folder.has_till() {
        return Ok(None);
    }
    let second = Settings::read(folder)?.second_mark;
    for path in [Some(folder.file(MARK)), second].into_iter().flatten() {
        if let Some(mark) = Mark::read(&path)? {
            return Ok(Some(LostJournal { journal: mark.journal, seq: Some(mark.seq) }));
        }
    }
    let newest = Secret::read(folder)?.and_then(|secret| secret.newest_settled().map(journal_of));
    Ok(newest.map(|journal| LostJournal { journal, seq: None }))
}

/// Refuses a folder whose store is gone.
///
/// # Errors
/// `store_missing`, naming the journal, its last entry and what can be done.
pub fn require_none_lost(folder: &Folder) -> Result<(), Failure> {
    let Some(lost) = lost_journal(folder)? else { return Ok(()) };
    let reach = lost.seq.map_or_else(String::new, |seq| format!(" up to entry {seq}"));
    let message = format!(
        "{} is missing, but journal {} was written there{reach}: put the store back, name another folder with --data, \
         or get a new journal with till enrol URL TOKEN",
        folder.store().display(),
        lost.journal
    );
    Err(Failure::damaged("store_missing", message))
}
