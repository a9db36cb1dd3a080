//! Defects of the world around the programs, planted for the same purpose as those in [`counterfoil_core::planted`]:
//! where the product has no line in which the mistake could be made, the printer, the disk or an export makes it.

use super::history::{AttackKind, Drawer, DrawerAct, Entry, What};

/// A defect at the edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Boundary {
    /// The printer prints what another entry says.
    PaperOfAnotherEntry,
    /// A sale is refused for want of stock.
    RefusedForStock,
    /// A till goes on after its disk has failed.
    GoesOnAfterFailure,
    /// Head office's export changes a byte.
    ExportAltersByte,
    /// A till drops its oldest entries.
    OldestDropped,
    /// A message of one kind is taken for another.
    OtherKindTaken,
    /// Head office grants one series to whoever asks.
    SeriesGrantedTwice,
}

impl Boundary {
    /// All of them.
    pub const ALL: &'static [Self] = &[
        Self::PaperOfAnotherEntry,
        Self::RefusedForStock,
        Self::GoesOnAfterFailure,
        Self::ExportAltersByte,
        Self::OldestDropped,
        Self::OtherKindTaken,
        Self::SeriesGrantedTwice,
    ];
}

#[cfg(feature = "planted-bugs")]
mod alive {
    use std::cell::Cell;

    use super::Boundary;

    thread_local! {
        static ALIVE: Cell<Option<Boundary>> = const { Cell::new(None) };
    }

    /// Whether a defect is alive in this thread.
    pub(crate) fn is_alive(boundary: Boundary) -> bool {
        ALIVE.get() == Some(boundary)
    }

    /// Lets one defect live in this thread, or none from now on.
    pub(crate) fn plant(boundary: Option<Boundary>) {
        ALIVE.set(boundary);
    }
}

#[cfg(feature = "planted-bugs")]
pub(crate) use alive::{is_alive, plant};

/// Whether a defect is alive: never, without the feature.
#[cfg(not(feature = "planted-bugs"))]
pub(crate) const fn is_alive(_: Boundary) -> bool {
    false
}

/// What is seen of something once a defect that is alive has spoiled it, and what is seen besides.
#[expect(clippy::wildcard_enum_match_arm, reason = "all else is seen as it is")]
pub(super) fn spoil(mut what: What) -> (What, Option<What>) {
    let mut besides = None;
    match &mut what {
        What::Printed(paper) if is_alive(Boundary::PaperOfAnotherEntry) => paper.hash[0] ^= 1,
        What::Refused(refused) if is_alive(Boundary::RefusedForStock) => refused.code = "stock_negative".to_owned(),
        What::Failed { device, .. } if is_alive(Boundary::GoesOnAfterFailure) => {
            let (journal, session, what) = ([0; 16], 1, DrawerAct::Moved(1));
            besides = Some(What::Drawer(Drawer { device: *device, journal, session, what }));
        }
        What::Office(told) if is_alive(Boundary::ExportAltersByte) => {
            let entries = told.journals.iter_mut().flat_map(|journal| &mut journal.entries);
            entries.take(1).filter_map(|entry: &mut Entry| entry.bytes.last_mut()).for_each(|byte| *byte ^= 1);
        }
        What::Till(told) if is_alive(Boundary::OldestDropped) => {
            told.journals.iter_mut().for_each(|journal| journal.entries.retain(|entry| entry.seq != 2));
        }
        What::Granted(grant) if is_alive(Boundary::SeriesGrantedTwice) => grant.series.push("S01-T00-R26A".to_owned()),
        What::Attack(attack) if attack.kind == AttackKind::OtherKind && is_alive(Boundary::OtherKindTaken) => {
            attack.was_taken = true;
        }
        _ => {}
    }
    (what, besides)
}
