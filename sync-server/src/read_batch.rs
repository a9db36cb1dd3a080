//! A verified batch with its events read and its rows made: all that needs no transaction.
//!
//! The one writer has all tills waiting for it. So whoever has verified a batch does this work beside the writer, on a
//! thread of its own, and the writer only judges, folds and stores. Always: merging a batch that was read here changes
//! the same rows as reading each entry when it is stored.

use counterfoil_core::event::Event;
use counterfoil_core::grant::Profile;
use counterfoil_core::journal::batch::VerifiedBatch;
use counterfoil_core::journal::envelope::Entry;
use counterfoil_core::journal::fault::Fault;

use crate::projection::{Projection, document_of};
use crate::store::SealedRow;

/// A verified batch, read.
#[derive(Clone, Debug)]
pub struct ReadBatch {
    batch: VerifiedBatch,
    entries: Vec<ReadEntry>,
    profile: Profile,
    projection: Projection,
    /// Whether an entry before the last one closes the journal.
    has_early_end: bool,
}

/// What an entry says, and what is stored of it.
#[derive(Clone, Debug)]
pub(crate) struct ReadEntry {
    /// The event; none of a type or version that this program does not know.
    pub(crate) event: Result<Option<Event>, Fault>,
    /// Its row.
    pub(crate) row: SealedRow,
    /// The row of the document that it issued.
    pub(crate) document: Option<SealedRow>,
    /// Whether the sums of that document agree.
    pub(crate) is_balanced: bool,
}

impl ReadBatch {
    /// Reads a batch of a till.
    #[must_use]
    pub fn new(batch: VerifiedBatch, profile: &Profile) -> Self {
        let mut projection = Projection::default();
        let entries: Vec<_> = batch.entries().iter().map(ReadEntry::new).collect();
        for (entry, read) in batch.entries().iter().zip(&entries) {
            if let Ok(Some(event)) = &read.event {
                projection.add(profile, entry, event);
            }
        }
        let closes = |read: &ReadEntry| matches!(read.event, Ok(Some(Event::JournalClosed(_))));
        let has_early_end = entries.iter().rev().skip(1).any(closes);
        Self { batch, entries, profile: profile.clone(), projection, has_early_end }
    }

    /// The batch.
    #[must_use]
    pub const fn verified(&self) -> &VerifiedBatch {
        &self.batch
    }

    /// Every entry with what was read of it, in order.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (&Entry, &ReadEntry)> {
        self.batch.entries().iter().zip(&self.entries)
    }

    /// What all entries add to the roll-ups, if all of them from `from` on are applied for a till of this profile.
    pub(crate) fn projection_from(&self, from: u64, profile: &Profile) -> Option<&Projection> {
        let is_whole = from == self.batch.first().seq() && !self.has_early_end && *profile == self.profile;
        is_whole.then_some(&self.projection)
    }
}

impl ReadEntry {
    fn new(entry: &Entry) -> Self {
        let event = Event::decode(entry);
        let known = event.as_ref().ok().and_then(Option::as_ref);
        let document = known.and_then(|event| document_of(entry.journal(), entry, event));
        let is_balanced = known.and_then(Event::document).is_none_or(|document| document.is_balanced());
        let document = document.map(|document| SealedRow::document(&document));
        Self { row: SealedRow::entry(entry), document, is_balanced, event }
    }
}
