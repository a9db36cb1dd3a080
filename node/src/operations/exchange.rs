//! What goes to head office and comes from it as a file: parts of an export, acknowledgements, grants and feed pages.
//!
//! The command line reads and writes the files; here go only the signed bytes of single items, as base64. Only the
//! signatures are trusted.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use counterfoil_core::grant::{GrantV1, JournalRequestV1, PredecessorV1};
use counterfoil_core::id::{JournalId, StoreCode, TillCode};
use counterfoil_core::journal::batch::Batch;
use counterfoil_core::journal::key::SigningKey;
use counterfoil_core::refusal::{Reason, Refusal};
use serde::{Deserialize, Serialize};

use crate::caller::Caller;
use crate::failure::Failure;
use crate::folder::Folder;
use crate::folder::secret::{Secret, journal_of};
use crate::open_till::OpenTill;
use crate::operations::{Answer, Operation};

/// Asks for one part of an export: a journal's hello, or the batch of entries from a seq on.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExportPart {
    /// Which journal.
    pub journal: String,
    /// From which entry; none asks for the hello.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_seq: Option<u64>,
}

/// One part of an export.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ExportedPart {
    /// The signed bytes, in base64; none where there are no more entries.
    pub bytes: Option<String>,
}

impl Operation for ExportPart {
    const NAME: &'static str = "export-part";

    fn perform(self, till: &mut OpenTill, _caller: &Caller) -> Result<Answer, Failure> {
        let journal: JournalId = self.journal.parse()?;
        let bytes = match self.from_seq {
            None => Some(till.read(|core| core.hello(journal, None))?),
            Some(seq) => till.read(|core| core.batch(journal, seq))?,
        };
        Ok(Answer::done(&ExportedPart { bytes: bytes.map(|bytes| STANDARD.encode(bytes)) }))
    }
}

/// What kind of signed item is handed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Handed {
    /// Head office has the goods up to an entry.
    Acknowledgement,
    /// A journal must not go on.
    Stop,
    /// A page of master data.
    FeedPage,
    /// A journal, or further series of the current one.
    Grant,
}

/// Hands over one signed item of head office.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Accept {
    /// What it is.
    pub kind: Handed,
    /// Its bytes, in base64.
    pub bytes: String,
}

/// What came of one item.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Accepted {
    /// Up to which entry head office has the goods.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acknowledged: Option<u64>,
    /// How many rows a page brought.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<usize>,
    /// The revision that the till now has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<u64>,
    /// The journal that was opened or was given series.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub journal: Option<String>,
}

impl Operation for Accept {
    const NAME: &'static str = "accept";

    fn perform(self, till: &mut OpenTill, _caller: &Caller) -> Result<Answer, Failure> {
        let malformed = |_| Refusal::new(Reason::Malformed, "bytes", "what came", "signed bytes in base64");
        let bytes = STANDARD.decode(&self.bytes).map_err(malformed)?;
        let now = till.now();
        let accepted = match self.kind {
            Handed::Acknowledgement => {
                let seq = till.write(|core| core.accept_acknowledgement(&bytes))?;
                Accepted { acknowledged: Some(seq), ..Accepted::default() }
            }
            Handed::Stop => {
                till.write(|core| core.accept_stop(&bytes))?;
                Accepted::default()
            }
            Handed::FeedPage => {
                let progress = till.write(|core| core.apply_feed_page(&bytes, now))?;
                Accepted { rows: Some(progress.rows), revision: Some(progress.revision), ..Accepted::default() }
            }
            Handed::Grant => {
                let journal = accept_grant(till, &bytes)?;
                Accepted { journal: Some(journal.to_string()), ..Accepted::default() }
            }
        };
        till.sync_marks()?;
        Ok(Answer::done(&accepted))
    }
}

/// A grant for the current journal brings it further series; any other opens the journal that it grants.
fn accept_grant(till: &mut OpenTill, bytes: &[u8]) -> Result<JournalId, Failure> {
    let granted = GrantV1::verify(bytes).map_err(|fault| {
        Refusal::new(Reason::Declined, "grant", fault, "a grant that head office signed and nobody altered")
    })?;
    let current = till.read(|core| Ok(core.mark().journal))?;
    if granted.journal == current {
        let now = till.now();
        till.write(|core| core.apply_series_grant(bytes, now))?;
    } else {
        till.enrol(bytes)?;
    }
    Ok(granted.journal)
}

/// The seq after the last entry of an exported batch.
///
/// # Errors
/// The bytes are no batch.
pub fn seq_after(batch: &[u8]) -> Result<u64, Failure> {
    let read = Batch::read(batch).map_err(|fault| Failure::damaged("bug", fault.to_string()))?;
    Ok(read.last_seq().saturating_add(1))
}

impl Accepted {
    /// What came of this and then of a further item.
    #[must_use]
    pub fn followed_by(self, next: Self) -> Self {
        let rows = match (self.rows, next.rows) {
            (Some(before), Some(more)) => Some(before.saturating_add(more)),
            (before, more) => before.or(more),
        };
        Self {
            acknowledged: next.acknowledged.or(self.acknowledged),
            rows,
            revision: next.revision.or(self.revision),
            journal: next.journal.or(self.journal),
        }
    }
}

/// Asks for a request for a further journal of this till.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JournalRequest {}

impl Operation for JournalRequest {
    const NAME: &'static str = "journal-request";

    fn perform(self, till: &mut OpenTill, _caller: &Caller) -> Result<Answer, Failure> {
        let key = till.pending_key()?;
        let predecessor = till.read(|core| Ok(core.state().as_predecessor()))?;
        let slot = (till.profile().store.clone(), till.profile().till.clone());
        let bytes = signed_request(&key, slot, Some(predecessor))?;
        Ok(Answer::done(&ExportedPart { bytes: Some(STANDARD.encode(bytes)) }))
    }
}

/// The signed request for the first journal of a folder that has no till yet.
///
/// # Errors
/// The disk failed.
pub fn request_of_folder(folder: &Folder, slot: (StoreCode, TillCode)) -> Result<Vec<u8>, Failure> {
    signed_request(&Secret::read_or_make(folder)?.pending_key(folder)?, slot, None)
}

fn signed_request(
    key: &SigningKey,
    slot: (StoreCode, TillCode),
    predecessor: Option<PredecessorV1>,
) -> Result<Vec<u8>, Failure> {
    let request = JournalRequestV1 { journal: journal_of(key), key: key.public_key(), slot: Some(slot), predecessor };
    Ok(request.sign(key)?)
}
