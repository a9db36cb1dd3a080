//! Defects that can be put in on purpose, so that a test of the whole can prove that it would find them.
//!
//! Each is one line at the place where such a mistake could be made. They exist only with the feature `planted-bugs`,
//! which no program switches on: without it [`is_alive`] is a constant `false`, and what depends on it is not compiled
//! into anything. One defect lives at a time, in one thread.
//! Example: with `Bug::ChangeNotPrinted` alive a receipt leaves out the change, and an accountant's sum over it fails.

macro_rules! bugs {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// A defect.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Bug { $($(#[$doc])* $name,)* }

        impl Bug {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];
        }
    };
}

bugs! {
    /// A till that starts again issues its last number once more.
    NumberAgainAfterStart,
    /// A refused command uses up a number.
    RefusalBurnsNumber,
    /// Cash moved outside sales is missing in the running total.
    MoveNotInTotal,
    /// A sale is answered before it is committed, and is not.
    AnsweredBeforeCommit,
    /// A refund gives the last receipt number free.
    NumberFreedByRefund,
    /// The issue time of a series follows a clock that was set back.
    TimeGoesBack,
    /// Head office's audit does not say which number of a series is the last.
    AuditLosesLastNumber,
    /// A document takes a number of whatever year.
    YearIgnored,
    /// A receipt shows a line without its tax where prices include it.
    LineShownWithoutTax,
    /// A receipt leaves out the change.
    ChangeNotPrinted,
    /// Cash moved outside sales is missing in the drawer.
    MoveNotInDrawer,
    /// Head office's days forget what was paid by card.
    DayForgetsCards,
    /// A refund does not remember what was refunded before.
    RefundForgotten,
    /// A sale costs one more a piece than the till shows.
    PriceOff,
    /// What comes back does not come back into stock.
    StockForgetsRefunds,
    /// Head office counts each product twice.
    StockCountedTwice,
    /// A commit does not wait for the disk.
    CommitNotDurable,
    /// A repeated command is carried out again.
    IdForgotten,
    /// The newest entry of a journal is never sent.
    LastEntryNotSent,
    /// Entries that head office has already are counted once more.
    DuplicateCountedAgain,
    /// The feed's cursor moves on without its rows.
    CursorWithoutRows,
    /// Head office acknowledges the last entry of a batch and does not store it.
    AcknowledgedNotStored,
    /// A fork is taken for a repeat.
    ForkTakenForRepeat,
    /// A till that was put back is not noticed.
    RollbackNotSeen,
    /// A late hello passes for an answer to the newest challenge.
    ChallengeNotChecked,
    /// While one journal is in quarantine, no other grows.
    QuarantineOfAll,
    /// A till takes its first master data and no later ones.
    FeedEnds,
    /// Head office's totals leave out whoever came last.
    TotalLeavesOutOne,
    /// A clock that was set back makes everything dearer.
    ClockChangesPrice,
    /// What comes of a closed journal is thrown away.
    SalvageThrownAway,
    /// Nobody's signature is checked.
    SignatureNotChecked,
    /// A journal that head office has ended still counts.
    EndedStillCounts,
    /// A token works for everybody who has it.
    TokenWorksTwice,
    /// Wrong PINs are not counted.
    WrongPinNotCounted,
    /// A till may speak for any journal.
    ForeignJournalTaken,
}

#[cfg(feature = "planted-bugs")]
mod alive {
    use std::cell::Cell;

    use super::Bug;

    thread_local! {
        static ALIVE: Cell<Option<Bug>> = const { Cell::new(None) };
    }

    /// Whether a defect is alive in this thread.
    #[must_use]
    pub fn is_alive(bug: Bug) -> bool {
        ALIVE.get() == Some(bug)
    }

    /// Lets one defect live in this thread, or none from now on.
    pub fn plant(bug: Option<Bug>) {
        ALIVE.set(bug);
    }
}

#[cfg(feature = "planted-bugs")]
pub use alive::{is_alive, plant};

/// Whether a defect is alive: never, without the feature.
#[cfg(not(feature = "planted-bugs"))]
#[must_use]
pub const fn is_alive(_: Bug) -> bool {
    false
}
