//! What tills and head office tell of themselves when they are asked, in plain figures.

use super::{Device, Document, Epoch, Hash, Journal};

/// What a till tells.
#[derive(Clone, Debug)]
pub struct TillTold {
    /// Which device.
    pub device: Device,
    /// Its store.
    pub store: String,
    /// Its name.
    pub till: String,
    /// The currency of its documents.
    pub currency: String,
    /// Why it only reads, where it does.
    pub read_only: Option<String>,
    /// Its journals, oldest first.
    pub journals: Vec<JournalTold>,
    /// The open drawer session.
    pub session: Option<Session>,
    /// The sum of movements per product, in millionths.
    pub stock: Vec<(String, i64)>,
    /// Where it stands with master data, where it is fed.
    pub feed: Option<FeedTold>,
    /// Its audit, where it was asked for one.
    pub audit: Option<TillAudit>,
}

/// One journal of a till.
#[derive(Clone, Debug)]
pub struct JournalTold {
    /// Which.
    pub journal: Journal,
    /// Its last entry.
    pub seq: u64,
    /// The hash of that.
    pub hash: Hash,
    /// Whether it may grow.
    pub is_open: bool,
    /// Up to where it is acknowledged.
    pub acknowledged: u64,
    /// The counter of the epoch of that acknowledgement.
    pub acknowledged_epoch: u64,
    /// The verdict by which it was stopped.
    pub stopped: Option<String>,
    /// Entries, in order: all, or those after what this device told of this journal before.
    pub entries: Vec<Entry>,
}

/// One entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its seq.
    pub seq: u64,
    /// Its hash.
    pub hash: Hash,
    /// The hash of the entry before.
    pub previous: Hash,
    /// The time in it, in milliseconds UTC.
    pub time_ms: i64,
    /// The local date of that time.
    pub day: String,
    /// Its exact bytes.
    pub bytes: Vec<u8>,
    /// What it says.
    pub fact: Fact,
}

/// What an entry says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fact {
    /// The journal began.
    Opened {
        /// The journal before.
        predecessor: Option<Predecessor>,
        /// The codes of its series.
        series: Vec<String>,
        /// The drawer session that goes on.
        session: Option<Session>,
        /// Whether head office granted it.
        is_granted: bool,
    },
    /// The journal ended.
    Closed,
    /// Further series.
    Series(Vec<String>),
    /// Master data changed on the till itself.
    MasterData,
    /// An operator was set on the till itself.
    Operator,
    /// Something was recorded that sold nothing.
    Activity,
    /// An operator was locked out.
    Locked(String),
    /// A drawer session began.
    DrawerOpened {
        /// Which session.
        session: u64,
        /// The change money.
        float: i64,
    },
    /// Cash moved.
    CashMoved {
        /// In which session.
        session: u64,
        /// How: `pay-in` and so on.
        kind: String,
        /// In is positive, out is negative.
        amount: i64,
    },
    /// A sale or a credit note.
    Document(Box<Document>),
    /// A Z report.
    DrawerClosed(Box<Zed>),
    /// A type or version that is not known, or that does not read.
    Unknown(u16, u16),
}

/// The journal before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Predecessor {
    /// Which.
    pub journal: Journal,
    /// Its last entry.
    pub seq: u64,
    /// The hash of that.
    pub hash: Hash,
}

/// A Z report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zed {
    /// Its series.
    pub series: String,
    /// Its number.
    pub number: u64,
    /// Its number as printed.
    pub printed: String,
    /// The issue time in milliseconds UTC.
    pub issued_ms: i64,
    /// The local date of issue.
    pub day: String,
    /// The session.
    pub session: Session,
    /// What should be in the drawer.
    pub expected: i64,
    /// What was counted.
    pub counted: i64,
    /// Counted less expected.
    pub over_short: i64,
}

/// The figures of a drawer session.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Session {
    /// Its number on the till.
    pub session: u64,
    /// The change money.
    pub float: i64,
    /// How many sales.
    pub sales: u64,
    /// Their gross.
    pub sales_gross: i64,
    /// How many credit notes.
    pub refunds: u64,
    /// Their gross, negative.
    pub refunds_gross: i64,
    /// Without tax.
    pub net: i64,
    /// All taxes.
    pub tax: i64,
    /// Rounding differences.
    pub rounding: i64,
    /// Name, taxable and tax.
    pub taxes: Vec<(String, i64, i64)>,
    /// By kind, less change.
    pub tenders: Vec<(String, i64)>,
    /// All cash moved outside sales, in less out.
    pub moved: i64,
}

/// Where a till stands with master data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedTold {
    /// The epoch of its cursor.
    pub epoch: Epoch,
    /// The revision of its cursor.
    pub revision: u64,
    /// All products with their prices that it shows, in the order of codes, as text.
    pub rows: Vec<String>,
}

/// A till's audit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TillAudit {
    /// Whether it is content.
    pub is_ok: bool,
    /// What is not.
    pub differences: Vec<String>,
    /// Per series: code, last, issued, how many are missing, how many twice.
    pub series: Vec<SeriesTold>,
    /// Currency, documents, gross, tax, cash.
    pub totals: Vec<Sums>,
    /// How many sessions were opened.
    pub sessions: u64,
}

/// What is told of a series.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeriesTold {
    /// Its code.
    pub series: String,
    /// The first number.
    pub first: u64,
    /// The last number found; 0 for none.
    pub last: u64,
    /// How many were found.
    pub issued: u64,
    /// Runs that are missing.
    pub missing: Vec<(u64, u64)>,
    /// Numbers found more than once.
    pub duplicates: Vec<u64>,
}

/// What documents come to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    /// The currency.
    pub currency: String,
    /// How many.
    pub documents: u64,
    /// With tax, credit notes taken off.
    pub gross: i64,
    /// The tax in it.
    pub tax: i64,
    /// All cash movements, net.
    pub cash: i64,
}

/// What head office exports.
#[derive(Clone, Debug)]
pub struct OfficeTold {
    /// Its epoch.
    pub epoch: Epoch,
    /// Every journal that it knows.
    pub journals: Vec<OfficeJournal>,
    /// Its report, every store and day.
    pub days: Vec<Day>,
    /// Its audit, where it was asked for one.
    pub audit: Option<OfficeAudit>,
    /// Its master data per store.
    pub master: Vec<MasterTold>,
}

/// A journal as head office holds it.
#[derive(Clone, Debug)]
pub struct OfficeJournal {
    /// Which.
    pub journal: Journal,
    /// Of which store.
    pub store: String,
    /// Of which till.
    pub till: String,
    /// `open`, `closed`, `revoked` or `quarantined`.
    pub standing: String,
    /// The last applied entry.
    pub seq: u64,
    /// The hash of that.
    pub hash: Hash,
    /// Applied entries, in order: all, or those after what head office told before; after each restore all.
    pub entries: Vec<Entry>,
    /// All entries that are kept and not counted.
    pub kept: Vec<Kept>,
    /// The signed statements that contradict one another.
    pub evidence: Vec<Proof>,
    /// Code and text of what a person should look at.
    pub findings: Vec<(String, String)>,
}

/// An entry that is kept and not counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// `disputed`, `closed` or `revoked`.
    pub because: String,
    /// The entry.
    pub entry: Entry,
}

/// Evidence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// `fork`, `rollback`, `server_restored` or `server_fault`.
    pub of: String,
    /// About which entry.
    pub seq: u64,
    /// Whether the signed statement of our side is there.
    pub has_ours: bool,
    /// Whether the signed statement of their side is there.
    pub has_theirs: bool,
}

/// One store's day in one currency, credit notes taken off.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Day {
    /// The store.
    pub store: String,
    /// The local date.
    pub day: String,
    /// The currency.
    pub currency: String,
    /// How many documents.
    pub documents: u64,
    /// Without tax.
    pub net: i128,
    /// The tax.
    pub tax: i128,
    /// With tax.
    pub gross: i128,
    /// What cash rounding added or took.
    pub rounding: i128,
    /// All cash movements, net.
    pub cash: i128,
    /// By kind of tender, less change.
    pub tenders: Vec<(String, i128)>,
    /// By tax as printed: taxable and tax.
    pub taxes: Vec<(String, i128, i128)>,
    /// By product: millionths sold and gross.
    pub products: Vec<(String, i128, i128)>,
}

/// Head office's audit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfficeAudit {
    /// Whether it is content.
    pub is_ok: bool,
    /// What does not agree.
    pub differences: Vec<String>,
    /// What is odd.
    pub findings: Vec<String>,
    /// What it knows to exist and does not have.
    pub unreceived: Vec<Unreceived>,
    /// Per series.
    pub series: Vec<SeriesTold>,
    /// Per currency.
    pub totals: Vec<Sums>,
}

/// What head office knows to exist and does not have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreceived {
    /// Of which journal.
    pub journal: Journal,
    /// The first entry.
    pub from: u64,
    /// The last entry.
    pub to: u64,
    /// The numbers of each series.
    pub numbers: Vec<(String, u64, u64)>,
}

/// A store's master data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MasterTold {
    /// Which store.
    pub store: String,
    /// Its newest revision.
    pub revision: u64,
    /// All products with their prices, in the order of codes, as text like that of the tills.
    pub rows: Vec<String>,
}
