//! What head office keeps, one struct per kind of row.
//!
//! Facts (entries, proofs, what is kept unapplied, evidence, grants, tokens, master data) are written once and stay.
//! Derived rows (journal states, documents, roll-ups) can be dropped and rebuilt from the entries.

use counterfoil_core::catalog::MasterRow;
use counterfoil_core::currency::Currency;
use counterfoil_core::grant::Profile;
use counterfoil_core::id::{
    CountryCode, Hash, JournalId, Name, OperatorCode, ProductCode, SeriesCode, StoreCode, TillCode,
};
use counterfoil_core::journal::acknowledgement::Epoch;
use counterfoil_core::journal::key::PublicKey;
use counterfoil_core::money::Money;
use counterfoil_core::quantity::Quantity;
use counterfoil_core::series::{DocumentKind, Series};
use counterfoil_core::tax::LineTax;
use counterfoil_core::tender::TenderKind;
use counterfoil_core::time::{Date, Now, Timestamp};
use serde::{Deserialize, Serialize};

use crate::verdict::Standing;

/// A journal that head office knows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JournalRecord {
    /// Which journal.
    pub journal: JournalId,
    /// Its public key.
    pub key: PublicKey,
    /// What the till is: store, till, currency.
    pub profile: Profile,
    /// How it stands.
    pub standing: Standing,
    /// The newest entry applied; 0 for none.
    pub seq: u64,
    /// Its hash; zeros for none.
    pub hash: Hash,
    /// How many entries are kept and not applied.
    pub kept: u64,
    /// How many applied entries this program cannot read.
    pub unread: u64,
    /// The journal that it follows, where it said so.
    pub predecessor: Option<JournalId>,
    /// When head office first heard of it.
    pub known_since: Timestamp,
    /// When it last said something that verified.
    pub heard: Option<Timestamp>,
}

impl JournalRecord {
    /// A journal of which nothing has arrived yet.
    #[must_use]
    pub const fn new(journal: JournalId, key: PublicKey, profile: Profile, known_since: Timestamp) -> Self {
        Self {
            journal,
            key,
            profile,
            standing: Standing::Open,
            seq: 0,
            hash: Hash::ZERO,
            kept: 0,
            unread: 0,
            predecessor: None,
            known_since,
            heard: None,
        }
    }
}

/// Why an entry is kept and not applied. Frozen order: it is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum KeptBecause {
    /// It is of the other branch of a fork, or follows a fork.
    Disputed,
    /// The journal was closed.
    Closed,
    /// The journal was revoked.
    Revoked,
}

/// An entry that is kept and not applied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptEntry {
    /// Why.
    pub because: KeptBecause,
    /// When it came.
    pub received: Timestamp,
    /// The exact bytes of the entry.
    pub bytes: Vec<u8>,
    /// The hash of the last entry of the batch that brought it, whose signed head is kept as its proof.
    pub batch: Hash,
}

/// What evidence is of. Frozen order: it is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum EvidenceOf {
    /// One journal, two entries for one seq.
    Fork,
    /// A till behind what it had sent.
    Rollback,
    /// Head office behind what it had acknowledged in an older epoch.
    ServerRestored,
    /// Head office behind what it had acknowledged in its own epoch.
    ServerFault,
}

impl EvidenceOf {
    /// What it proves, for programs.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Fork => "fork",
            Self::Rollback => "rollback",
            Self::ServerRestored => "server_restored",
            Self::ServerFault => "server_fault",
        }
    }
}

/// Two signed statements of one journal that cannot both be of one undisturbed life.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// What it proves.
    pub of: EvidenceOf,
    /// The seq that it is about.
    pub seq: u64,
    /// The signed statement that covers what we hold, where we have one.
    pub ours: Option<Vec<u8>>,
    /// The signed statement that came.
    pub theirs: Vec<u8>,
    /// When it came.
    pub received: Timestamp,
}

/// Something that a person should look at. A finding never stops a fact from being stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// At which entry.
    pub seq: u64,
    /// What, for programs: `unreadable`, `does_not_follow`, `unbalanced`, `profile_differs`, `series_taken`,
    /// `totals_differ`, `numbers_differ`, `kept_full`, `replaced`.
    pub code: String,
    /// What, for people.
    pub text: String,
    /// When it was found.
    pub found: Timestamp,
}

/// A document, found by series and number. Several may have one number; that is a finding, never a refusal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentRecord {
    /// In which journal.
    pub journal: JournalId,
    /// In which entry.
    pub seq: u64,
    /// Its series.
    pub series: SeriesCode,
    /// Its number.
    pub number: u64,
    /// Its kind.
    pub kind: DocumentKind,
    /// When it was issued.
    pub issued: Now,
    /// Its gross; of a Z report the gross of its session.
    pub gross: Money,
}

/// What a roll-up is by. Frozen order: it is stored.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Dimension {
    /// The whole day.
    Day,
    /// One local hour, 0 to 23.
    Hour(u8),
    /// One product.
    Product(ProductCode),
    /// One kind of tender.
    Tender(TenderKind),
    /// One tax at one rate.
    Tax(LineTax),
    /// One operator.
    Operator(OperatorCode),
}

/// Which roll-up.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RollUpKey {
    /// Of which store.
    pub store: StoreCode,
    /// On which local date of issue.
    pub day: Date,
    /// In which currency.
    pub currency: Currency,
    /// By what.
    pub dimension: Dimension,
}

/// The figures of one store, day and dimension, credit notes taken off. Sums of minor units; 128 bits, so that no number
/// of documents overflows them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RollUp {
    /// How many documents or, by product, lines.
    pub count: u64,
    /// By product: how much was sold.
    pub quantity: Quantity,
    /// Without tax; of a tax: what it is a share of.
    pub net: i128,
    /// The tax.
    pub tax: i128,
    /// With tax; of a tender: what was tendered, cash less change.
    pub gross: i128,
    /// What cash rounding added or took.
    pub rounding: i128,
    /// By day: all cash movements, net.
    pub cash: i128,
}

impl RollUp {
    /// Nothing yet.
    pub const ZERO: Self = Self { count: 0, quantity: Quantity::ZERO, net: 0, tax: 0, gross: 0, rounding: 0, cash: 0 };

    /// Both together. A quantity beyond 28 digits stays as it was.
    #[must_use]
    pub fn plus(self, other: &Self) -> Self {
        Self {
            count: self.count.saturating_add(other.count),
            quantity: self.quantity.checked_add(other.quantity).unwrap_or(self.quantity),
            net: self.net.saturating_add(other.net),
            tax: self.tax.saturating_add(other.tax),
            gross: self.gross.saturating_add(other.gross),
            rounding: self.rounding.saturating_add(other.rounding),
            cash: self.cash.saturating_add(other.cash),
        }
    }
}

/// A row of master data at its newest revision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MasterRecord {
    /// Of one store, or of the whole company.
    pub store: Option<StoreCode>,
    /// Its kind and code.
    pub key: counterfoil_core::catalog::MasterKey,
    /// The revision at which it became what it is; gap-free, from 1.
    pub revision: u64,
    /// What it is; none once it was removed.
    pub row: Option<MasterRow>,
}

/// How the tills of a store count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoreRecord {
    /// Which store.
    pub store: StoreCode,
    /// The currency of its documents.
    pub currency: Currency,
    /// The country whose rules hold.
    pub country: CountryCode,
    /// The zone of the store.
    pub zone: Name,
    /// Whether unit prices include tax.
    pub prices_include_tax: bool,
}

/// The place of one till. Over the years several journals hold it, one after another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlotRecord {
    /// The store.
    pub store: StoreCode,
    /// The till in it.
    pub till: TillCode,
    /// Whether its journals may take over documents of the past.
    pub has_history: bool,
    /// Whether no journal may be granted and no certificate renewed any more.
    pub is_revoked: bool,
    /// How many suffixes were given out; never less than before.
    pub suffixes: u32,
    /// The journal that was granted last.
    pub journal: Option<JournalId>,
}

/// A one-time enrolment token; only its hash is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenRecord {
    /// For which store.
    pub store: StoreCode,
    /// For which till.
    pub till: TillCode,
    /// It cannot be used from this time on.
    pub expires: Timestamp,
    /// In which epoch it was made; it is void in any other.
    pub epoch: Epoch,
    /// By whom it was used.
    pub used: Option<TokenUse>,
    /// How often somebody else tried to use it after that.
    pub refused: u32,
}

/// The one use of a token, with the answer that a repetition gets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenUse {
    /// The journal that was granted.
    pub journal: JournalId,
    /// The key that signed the journal request.
    pub key: PublicKey,
    /// The SHA-256 of the public key of the certificate.
    pub tls_key: Hash,
    /// The till's certificate in PEM.
    pub certificate: String,
    /// When.
    pub at: Timestamp,
}

/// A person who administers head office.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AdministratorRecord {
    /// Argon2id's salt.
    pub salt: [u8; 16],
    /// The argon2id hash of the password.
    pub hash: [u8; 32],
    /// When the person was added.
    pub created: Timestamp,
}

/// A series of document numbers and the one journal that it was granted to, for ever.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeriesRecord {
    /// The series.
    pub series: Series,
    /// Granted to.
    pub journal: JournalId,
}

/// What was granted to one journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GrantRecord {
    /// In which store.
    pub store: StoreCode,
    /// In which till's slot.
    pub till: TillCode,
    /// The journal's public key.
    pub key: PublicKey,
    /// The suffix of its series.
    pub suffix: String,
    /// The signed grant that opened it.
    pub grant: Vec<u8>,
    /// Signed grants of further years, with the year.
    pub further: Vec<(i64, Vec<u8>)>,
}
