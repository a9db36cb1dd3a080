//! The kinds of faults that the simulator knows, each counted when it truly happened.
//!
//! A seed enables some of them; a shrunk story disables more. Over a run of 200 seeds every kind must have happened at
//! least once, or the run fails: a fault that never happens proves nothing.

use std::collections::BTreeMap;
use std::fmt;

macro_rules! faults {
    ($($(#[$doc:meta])+ $name:ident = $code:literal,)+) => {
        /// A kind of fault.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum FaultKind {
            $($(#[$doc])+ $name,)+
        }

        impl FaultKind {
            /// Every kind.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The name in options, summaries and the corpus.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self {
                    $(Self::$name => $code,)+
                }
            }
        }
    };
}

faults! {
    /// A request never reaches head office.
    RequestLost = "request-lost",
    /// Head office commits, and its answer never reaches the till.
    AnswerLost = "answer-lost",
    /// A message takes long.
    Delayed = "delayed",
    /// Head office gets a request twice.
    Duplicated = "duplicated",
    /// A copy of a request reaches head office much later.
    StaleDuplicate = "stale-duplicate",
    /// A request overtakes one that was sent before it.
    Reordered = "reordered",
    /// A request is cut in the middle of its body.
    CutRequest = "cut-request",
    /// An answer is cut in the middle of its body.
    CutAnswer = "cut-answer",
    /// Nothing of a till reaches head office, and nothing comes back.
    PartitionBoth = "partition-both",
    /// A till's requests do not reach head office.
    PartitionUp = "partition-up",
    /// Head office's answers do not reach a till.
    PartitionDown = "partition-down",
    /// A till is cut off for weeks.
    WeeksOffline = "weeks-offline",
    /// Two tills that were cut off come back at the same moment.
    TwoBackAtOnce = "two-back-at-once",
    /// A till loses power; what was not flushed is torn.
    TillCrash = "till-crash",
    /// A till loses power while it recovers from losing power.
    CrashInRecovery = "crash-in-recovery",
    /// A till loses power after a sale was committed and before its receipt was printed.
    CrashBeforePrint = "crash-before-print",
    /// A till's disk fails a call.
    DiskError = "disk-error",
    /// A till's disk is full.
    DiskFull = "disk-full",
    /// A till's disk is cloned, and both copies sell on.
    Cloned = "cloned",
    /// A till is put back to last week's copy of its store and of its mark.
    RestoredWithMark = "restored-with-mark",
    /// A till's store is put back to last week's copy; its mark is newer.
    RestoredStoreOnly = "restored-store-only",
    /// A till dies and another device takes its slot.
    Replaced = "replaced",
    /// The disk of a dead till is read after all, and what is on it is sent.
    Salvaged = "salvaged",
    /// A token is used by a second device.
    TokenTwice = "token-twice",
    /// A clock is some seconds wrong.
    ClockSeconds = "clock-seconds",
    /// A clock is years ahead.
    ClockYears = "clock-years",
    /// A clock is set back.
    ClockBack = "clock-back",
    /// A clock begins again in 1970.
    Clock1970 = "clock-1970",
    /// The clocks of a store's zone change between summer and winter time.
    SummerTime = "summer-time",
    /// Head office loses power; what was not flushed is torn.
    OfficeCrash = "office-crash",
    /// Head office is restored from an older backup and begins a new epoch.
    OfficeRestored = "office-restored",
    /// Head office's disk is exchanged for an older one, and nobody says so.
    OfficeLost = "office-lost",
    /// A till writes entries of a type or version that head office does not know.
    UnknownEntry = "unknown-entry",
    /// A batch is signed with another key than the journal's.
    ForgedKey = "forged-key",
    /// A till brings words of another till's journal.
    ForeignJournal = "foreign-journal",
    /// A byte of a batch or hello is flipped.
    FlippedByte = "flipped-byte",
    /// A word of one kind is offered as one of another.
    OtherKind = "other-kind",
    /// Somebody guesses a PIN, and the power fails in between.
    WrongPins = "wrong-pins",
    /// An old batch is sent again.
    ReplayedBatch = "replayed-batch",
    /// An old hello is sent again.
    ReplayedHello = "replayed-hello",
    /// A till gets an old acknowledgement again.
    ReplayedAcknowledgement = "replayed-acknowledgement",
    /// A till gets an old page of the feed again.
    ReplayedFeedPage = "replayed-feed-page",
    /// A till gets an old grant again.
    ReplayedGrant = "replayed-grant",
    /// Head office trusts a till no longer.
    Revoked = "revoked",
}

impl FaultKind {
    /// The kind of a name.
    #[must_use]
    pub fn of(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.code() == code)
    }
}

impl fmt::Display for FaultKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.code())
    }
}

/// How often each kind happened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FaultCounts(BTreeMap<FaultKind, u64>);

impl FaultCounts {
    /// Counts one.
    pub fn count(&mut self, kind: FaultKind) {
        let count = self.0.entry(kind).or_default();
        *count = count.saturating_add(1);
    }

    /// Adds those of another run.
    pub fn add(&mut self, other: &Self) {
        for (kind, more) in &other.0 {
            let count = self.0.entry(*kind).or_default();
            *count = count.saturating_add(*more);
        }
    }

    /// How often a kind happened.
    #[must_use]
    pub fn of(&self, kind: FaultKind) -> u64 {
        self.0.get(&kind).copied().unwrap_or(0)
    }

    /// The kinds that never happened.
    #[must_use]
    pub fn never(&self) -> Vec<FaultKind> {
        FaultKind::ALL.iter().copied().filter(|kind| self.of(*kind) == 0).collect()
    }
}
