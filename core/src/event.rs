//! What has happened, in the past tense: one event per entry of the journal.
//!
//! A payload is postcard of a frozen `...V1` struct, told by event type and schema version in the envelope; postcard
//! describes nothing itself, so a released struct is never edited. An entry of a type or version that this program does
//! not know is kept, chained and sent on; it decodes to `None`.

use serde::{Deserialize, Serialize};

use crate::activity::ActivityV1;
use crate::addendum::ZAddendumV1;
use crate::approval::ApprovalV1;
use crate::catalog::MasterRow;
use crate::document::DocumentV1;
use crate::drawer::{CashMovedV1, DrawerClosedV1, DrawerOpenedV1, DrawerSession};
use crate::grant::{PredecessorV1, Profile};
use crate::id::{Note, OperatorCode};
use crate::journal::codec;
use crate::journal::envelope::Entry;
use crate::journal::fault::Fault;
use crate::journal::key::PublicKey;
use crate::operator::Operator;
use crate::series::Series;

/// A journal was opened: the first entry of each.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JournalOpenedV1 {
    /// What the till is.
    pub profile: Profile,
    /// The journal's public key.
    pub key: PublicKey,
    /// The journal it follows, if any.
    pub predecessor: Option<PredecessorV1>,
    /// The series it may number with.
    pub series: Vec<Series>,
    /// Who granted them.
    pub granted_by: GrantedByV1,
    /// The drawer session that was open when the journal before was stopped: it goes on in this one.
    pub session: Option<DrawerSession>,
}

/// Who granted a journal's series. Frozen order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum GrantedByV1 {
    /// The till itself, at local set-up.
    Till,
    /// Head office, by this signed grant.
    HeadOffice(Vec<u8>),
    /// An authority, as this operator says, with who lent what the operator could not do alone.
    Authority(OperatorCode, Option<ApprovalV1>),
}

/// A journal was closed: the last entry of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JournalClosedV1 {
    /// Why.
    pub reason: Note,
}

/// Further series were granted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeriesGrantedV1 {
    /// The series.
    pub series: Vec<Series>,
    /// Who granted them.
    pub granted_by: GrantedByV1,
}

/// Products, categories, tax classes or prices were changed on this till.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MasterDataChangedV1 {
    /// The rows as they are now, at most 200.
    pub rows: Vec<MasterRow>,
    /// By whom.
    pub operator: OperatorCode,
    /// Who lent what the operator could not do alone.
    pub approved_by: Option<ApprovalV1>,
}

/// An operator was added or changed on this till. The PIN is never in an entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OperatorSetV1 {
    /// The operator as now known.
    pub set: Operator,
    /// By whom.
    pub operator: OperatorCode,
    /// Who lent what the operator could not do alone.
    pub approved_by: Option<ApprovalV1>,
}

/// An operator was locked out after wrong PINs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OperatorLockedV1 {
    /// Who is locked.
    pub locked: OperatorCode,
}

macro_rules! events {
    ($($(#[$doc:meta])* $name:ident($payload:ty) = $number:literal, $code:literal;)*) => {
        /// One thing that happened.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum Event { $($(#[$doc])* $name(Box<$payload>),)* }

        impl Event {
            /// The number in the envelope.
            #[must_use]
            pub const fn event_type(&self) -> u16 {
                match self { $(Self::$name(_) => $number,)* }
            }

            /// The name in listings and in JSON.
            #[must_use]
            pub const fn code(&self) -> &'static str {
                match self { $(Self::$name(_) => $code,)* }
            }

            /// The payload's bytes.
            #[must_use]
            pub fn encode(&self) -> Vec<u8> {
                match self { $(Self::$name(payload) => codec::encode(&**payload),)* }
            }

            /// Reads the event of an entry; `None` for a type or version that this program does not know.
            ///
            /// # Errors
            /// A known type whose payload is not what its struct encodes to.
            pub fn decode(entry: &Entry) -> Result<Option<Self>, Fault> {
                match (entry.event_type(), entry.schema_version()) {
                    $(($number, 1) => Ok(Some(Self::$name(Box::new(codec::decode(entry.payload())?)))),)*
                    _ => Ok(None),
                }
            }
        }
    };
}

events! {
    /// The journal began.
    JournalOpened(JournalOpenedV1) = 1, "journal_opened";
    /// The journal ended.
    JournalClosed(JournalClosedV1) = 2, "journal_closed";
    /// Further series were granted.
    SeriesGranted(SeriesGrantedV1) = 3, "series_granted";
    /// Master data was changed on a stand-alone till.
    MasterDataChanged(MasterDataChangedV1) = 4, "master_data_changed";
    /// An operator was added or changed on a stand-alone till.
    OperatorSet(OperatorSetV1) = 5, "operator_set";
    /// An operator was locked out.
    OperatorLocked(OperatorLockedV1) = 6, "operator_locked";
    /// A drawer session began.
    DrawerOpened(DrawerOpenedV1) = 7, "drawer_opened";
    /// Cash moved outside a sale.
    CashMoved(CashMovedV1) = 8, "cash_moved";
    /// A sale was completed.
    SaleCompleted(DocumentV1) = 9, "sale_completed";
    /// A credit note was issued.
    CreditNoteIssued(DocumentV1) = 10, "credit_note_issued";
    /// A drawer session ended with its Z report.
    DrawerClosed(DrawerClosedV1) = 11, "drawer_closed";
    /// Something was done that is recorded although nothing was sold.
    ActivityRecorded(ActivityV1) = 12, "activity_recorded";
    /// An addendum was made to a Z report.
    ZAmended(ZAddendumV1) = 13, "z_amended";
}

impl Event {
    /// The schema version that this program writes.
    pub const SCHEMA_VERSION: u16 = 1;

    /// The document in it, if it issued one.
    #[must_use]
    pub fn document(&self) -> Option<&DocumentV1> {
        match self {
            Self::SaleCompleted(document) | Self::CreditNoteIssued(document) => Some(document),
            Self::JournalOpened(_)
            | Self::JournalClosed(_)
            | Self::SeriesGranted(_)
            | Self::MasterDataChanged(_)
            | Self::OperatorSet(_)
            | Self::OperatorLocked(_)
            | Self::DrawerOpened(_)
            | Self::CashMoved(_)
            | Self::DrawerClosed(_)
            | Self::ActivityRecorded(_)
            | Self::ZAmended(_) => None,
        }
    }
}
