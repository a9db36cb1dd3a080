//! What an outside observer of the fleet has seen, in the order in which it happened.
//!
//! The engine writes it and the oracle reads it; neither calls the other's code. Everything is plain data: printed
//! paper, answers, what tills and head office told when they were asked, and the truth that only the engine knows (who
//! was copied, what was restored). Amounts are whole minor units, quantities millionths; nothing here is computed by
//! the rules of the product.
//! Example: a sale is `Asked`, then `Printed`, or `Refused`, or `Failed` where nobody can know.

pub mod document;
pub mod told;

pub use document::{Document, Kind, Line, TaxOf};
pub use told::{
    Day, Entry, Fact, FeedTold, JournalTold, Kept, MasterTold, OfficeAudit, OfficeJournal, OfficeTold, Predecessor,
    Proof, SeriesTold, Session, Sums, TillAudit, TillTold, Unreceived, Zed,
};

use super::boundary;

/// A device that is or was a till. A copy of its disk is another device.
pub type Device = usize;

/// The id of a journal.
pub type Journal = [u8; 16];

/// The hash of an entry.
pub type Hash = [u8; 32];

/// An epoch of head office.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Epoch {
    /// Its counter.
    pub counter: u64,
    /// Its random bits.
    pub random: [u8; 8],
}

/// All that was seen.
#[derive(Clone, Debug, Default)]
pub struct History {
    seen: Vec<Seen>,
}

/// One thing that was seen.
#[derive(Clone, Debug)]
pub struct Seen {
    /// At which step of the run.
    pub step: u64,
    /// The true time in milliseconds UTC, whatever the clocks of the devices say.
    pub at_ms: i64,
    /// What.
    pub what: What,
}

impl History {
    /// Adds what was just seen.
    pub fn add(&mut self, step: u64, at_ms: i64, what: What) {
        let (what, besides) = boundary::spoil(what);
        self.seen.extend([Some(what), besides].into_iter().flatten().map(|what| Seen { step, at_ms, what }));
    }

    /// Everything, oldest first.
    #[must_use]
    pub fn seen(&self) -> &[Seen] {
        &self.seen
    }

    /// What was seen since there were `known` things.
    #[must_use]
    pub fn since(&self, known: usize) -> &[Seen] {
        self.seen.get(known..).unwrap_or_default()
    }
}

/// What was seen.
#[derive(Clone, Debug)]
pub enum What {
    /// Somebody asks a till for something.
    Asked(Asked),
    /// The till's printer has printed a receipt, invoice or credit note. Write it in the moment the till answers.
    Printed(Paper),
    /// The till's printer has printed a Z report.
    PrintedZ(PaperZ),
    /// The till said no.
    Refused(Refused),
    /// The till stopped before it answered (crash, failed or full disk): whether it happened shows later.
    Failed {
        /// Which till.
        device: Device,
        /// The id of the command; empty where it has none.
        id: String,
    },
    /// A drawer command was answered with yes.
    Drawer(Drawer),
    /// What a till tells of itself: after each start, now and then, and at each quiet point.
    Till(Box<TillTold>),
    /// What head office exports: after each start, and at each quiet point.
    Office(Box<OfficeTold>),
    /// What a word of a till was worth to head office; write it when head office has answered, before the answer travels.
    Verdict(Verdict),
    /// An acknowledgement that head office has signed, in the moment of signing.
    Acknowledged(Acknowledgement),
    /// An acknowledgement that a till has stored.
    Stored {
        /// Which till.
        device: Device,
        /// The acknowledgement.
        acknowledgement: Acknowledgement,
    },
    /// Head office granted a journal by a token.
    Granted(Grant),
    /// Somebody has tried a PIN.
    Pin(PinTried),
    /// Something that must not change anything was put to head office or to a till.
    Attack(Attack),
    /// A till has dropped entries of its own.
    Pruned {
        /// Which till.
        device: Device,
        /// Of which journal.
        journal: Journal,
        /// Up to this entry.
        to: u64,
    },
    /// What only the engine knows.
    Truth(Truth),
    /// Quiet: the network is whole, all clocks are right and every till that can has synced until nothing was left.
    /// Write it after the `Till` and `Office` of this quiet point.
    Quiet,
}

/// What somebody asks for.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Of which till.
    pub device: Device,
    /// The id of the command; empty where it has none.
    pub id: String,
    /// What.
    pub wish: Wish,
}

/// A wish.
#[derive(Clone, Debug)]
pub enum Wish {
    /// To buy: product codes as typed and millionths.
    Buy(Vec<(String, i64)>),
    /// To give back: the document, its lines from 1 and millionths; no lines for all that is left.
    GiveBack(String, Vec<(u16, i64)>),
    /// To open the drawer with a float.
    Open(i64),
    /// To move cash: in is positive, out is negative.
    Move(i64),
    /// To close the drawer with this count.
    Close(i64),
}

/// A printed document.
#[derive(Clone, Debug)]
pub struct Paper {
    /// By which till.
    pub device: Device,
    /// The text on the paper.
    pub text: String,
    /// Whether it is a copy of an earlier print, which says so.
    pub is_copy: bool,
    /// The id of the command.
    pub id: String,
    /// The journal of the sale, as the till answered.
    pub journal: Journal,
    /// Its entry.
    pub seq: u64,
    /// The hash of the entry.
    pub hash: Hash,
    /// Which series.
    pub series: String,
    /// Which number of it.
    pub number: u64,
    /// Whether the store's prices include tax.
    pub has_tax_in_price: bool,
    /// Code and price of the products on it, as the till showed them in the moment of the sale.
    pub shown: Vec<(String, String)>,
}

/// A printed Z report.
#[derive(Clone, Debug)]
pub struct PaperZ {
    /// By which till.
    pub device: Device,
    /// The text on the paper.
    pub text: String,
    /// Its journal.
    pub journal: Journal,
    /// Its entry.
    pub seq: u64,
    /// The hash of the entry.
    pub hash: Hash,
    /// Which series.
    pub series: String,
    /// Which number of it.
    pub number: u64,
}

/// A refusal.
#[derive(Clone, Debug)]
pub struct Refused {
    /// By which till.
    pub device: Device,
    /// The id of the command; empty where it has none.
    pub id: String,
    /// Its code.
    pub code: String,
    /// The till's current journal and head, before and after the refused command.
    pub before: (Journal, u64),
    /// After it.
    pub after: (Journal, u64),
}

/// What was done with a drawer.
#[derive(Clone, Debug)]
pub struct Drawer {
    /// Of which till.
    pub device: Device,
    /// In which journal.
    pub journal: Journal,
    /// Which session.
    pub session: u64,
    /// What.
    pub what: DrawerAct,
}

/// What was done with a drawer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DrawerAct {
    /// Opened with this float.
    Opened(i64),
    /// Cash moved: in is positive, out is negative.
    Moved(i64),
    /// Closed with this count, expected and over/short as the till answered.
    Closed {
        /// What was counted.
        counted: i64,
        /// What the till expected.
        expected: i64,
        /// Counted less expected.
        over_short: i64,
    },
}

/// What head office made of a word.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// Who brought it; `None` for a forger or a replay by nobody.
    pub device: Option<Device>,
    /// Whose journal.
    pub journal: Journal,
    /// Hello or batch.
    pub of: Word,
    /// The head that the word stated, or the last entry that it brought.
    pub seq: u64,
    /// The hash of that.
    pub hash: Hash,
    /// The code: `append`, `duplicate`, `gap`, `fork`, `rollback`, `server_restored`, `server_fault`, `closed`,
    /// `revoked`, `broken_chain`, `bad_signature`, `unknown_journal`.
    pub code: String,
    /// What head office holds of the journal after it.
    pub held: u64,
    /// Whether the till was told to stop.
    pub has_stop: bool,
}

/// What a word is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    /// A hello.
    Hello,
    /// A batch.
    Batch,
}

/// An acknowledgement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Acknowledgement {
    /// Of which journal.
    pub journal: Journal,
    /// In which epoch.
    pub epoch: Epoch,
    /// Up to which entry.
    pub seq: u64,
    /// The hash of that entry.
    pub hash: Hash,
}

/// A grant.
#[derive(Clone, Debug)]
pub struct Grant {
    /// The token used; empty for a replacement that a till got by its certificate and journal.
    pub token: String,
    /// The store.
    pub store: String,
    /// The till.
    pub till: String,
    /// The journal.
    pub journal: Journal,
    /// The codes of the series.
    pub series: Vec<String>,
}

/// A try of a PIN.
#[derive(Clone, Debug)]
pub struct PinTried {
    /// At which till.
    pub device: Device,
    /// As whom.
    pub operator: String,
    /// Whether the PIN was the right one.
    pub is_right: bool,
    /// What the till said: true for let in.
    pub is_let_in: bool,
    /// The code of the refusal, where not.
    pub code: String,
}

/// Something hostile.
#[derive(Clone, Debug)]
pub struct Attack {
    /// What was tried.
    pub kind: AttackKind,
    /// Whether it was taken as good: something was applied, kept, granted or acknowledged because of it.
    pub was_taken: bool,
}

/// What was tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AttackKind {
    /// A batch or hello with a flipped bit, or signed with another key.
    Forged,
    /// Words of one journal brought by the device of another till.
    Foreign,
    /// An old, genuine word brought again.
    Replayed,
    /// A token used by a second device.
    TokenAgain,
    /// A feed page, acknowledgement or stop that another key than head office's has signed.
    ForgedAnswer,
    /// A signed message of one kind offered as another.
    OtherKind,
}

/// What only the engine knows.
#[derive(Clone, Debug)]
pub enum Truth {
    /// Power failed or the program was killed; its disk kept everything that was acknowledged.
    HonestCrash {
        /// Which till.
        device: Device,
    },
    /// Head office crashed; its disk kept everything that it had committed.
    OfficeCrash,
    /// A till's disk was copied to another device, which sells on under the same journal.
    Cloned {
        /// The original.
        from: Device,
        /// The copy.
        to: Device,
        /// The journal that both now have.
        journal: Journal,
        /// The last entry that both share.
        shared: u64,
    },
    /// A till was put back to an older state of itself.
    RolledBack {
        /// Which till.
        device: Device,
        /// The journal.
        journal: Journal,
        /// The entry that it ended with before.
        from: u64,
        /// The entry that it ends with now.
        to: u64,
    },
    /// The disk lied or decayed: what was acknowledged may be gone, and no fault of the product's.
    DiskLied {
        /// Which till.
        device: Device,
    },
    /// Head office was put back to an older state, or promoted from a stale copy, and began a new epoch.
    OfficeRestored {
        /// The new epoch.
        epoch: Epoch,
    },
    /// Head office lost committed entries without knowing it: its disk was exchanged behind its back.
    OfficeLost,
    /// A till died and its slot was given to another device.
    Replaced {
        /// The dead one.
        dead: Device,
        /// The one in its place.
        by: Device,
        /// The journal of the dead one.
        journal: Journal,
    },
    /// The disk of a dead till was read after all, and what was on it was brought to head office.
    Salvaged {
        /// The dead till.
        device: Device,
    },
    /// Head office closed or revoked a journal.
    Ended {
        /// Which.
        journal: Journal,
        /// Whether it is revoked.
        is_revoked: bool,
    },
    /// The line of a till is cut, or whole again.
    Line {
        /// Which till.
        device: Device,
        /// Whether it is whole.
        is_whole: bool,
    },
    /// A clock was set.
    ClockSet {
        /// Which till; `None` for head office.
        device: Option<Device>,
        /// By how many milliseconds it is now wrong.
        off_ms: i64,
    },
    /// A till is gone for good: nobody will ever hear of it again.
    Gone {
        /// Which till.
        device: Device,
    },
}
