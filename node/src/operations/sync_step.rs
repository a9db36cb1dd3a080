//! One step of an exchange with head office, carried out with the open till: short, and without the network.
//!
//! Between steps the till is free, so that it sells while a sync waits for an answer. The steps are operations like any
//! other, so a sync goes the same way whether the till is opened here or served by another process.

use counterfoil_core::feed::{FeedCursor, FeedPageV1};
use counterfoil_core::grant::{GrantV1, JournalRequestV1};
use counterfoil_core::hex;
use counterfoil_core::id::{StoreCode, TillCode};
use counterfoil_core::journal::batch::Batch;
use counterfoil_core::journal::hello::Challenge;
use counterfoil_core::journal::key::SigningKey;
use counterfoil_core::refusal::{Reason, Refusal};
use counterfoil_core::till::{Access, FeedProgress, Till, TillError};
use counterfoil_core::time::Now;
use serde::{Deserialize, Serialize};

use crate::caller::Caller;
use crate::failure::Failure;
use crate::folder::Folder;
use crate::folder::lost::lost_journal;
use crate::folder::secret::{Secret, journal_of};
use crate::open_till::OpenTill;
use crate::operations::{Answer, Operation};
use crate::wire::sync::Document;

/// What is asked of the till.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case", deny_unknown_fields)]
pub enum SyncStep {
    /// Where its journals stand.
    Stand,
    /// The signed hello of a journal.
    Hello {
        /// Which.
        journal: String,
        /// Head office's challenge; none in a file.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        challenge: Option<Document>,
    },
    /// A signed batch of entries.
    Batch {
        /// Of which journal.
        journal: String,
        /// From which entry on.
        from_seq: u64,
    },
    /// To store head office's acknowledgement.
    Acknowledge {
        /// As it was signed.
        bytes: Document,
    },
    /// To obey head office's stop.
    Stop {
        /// As it was signed.
        bytes: Document,
    },
    /// Where it stands in the feed.
    FeedCursor,
    /// To apply a page of the feed.
    FeedPage {
        /// As it was signed.
        bytes: Document,
    },
    /// To ask for the feed from its first row, since head office has less than the till.
    FetchFeedAnew,
    /// To forget a portion of the feed's rows that are served no longer.
    ForgetStaleRows,
    /// A signed request for the journal that follows the present one.
    RequestJournal,
    /// To ask with another key from now on, since head office has used the present one up.
    GiveUpKey,
    /// To open the journal that was granted, or to take further series of the present one.
    Enrol {
        /// The grant as it was signed.
        grant: Document,
    },
    /// To make the mark durable at the end of a sync.
    Finish,
}

/// The till's answer to a step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum StepAnswer {
    /// Where its journals stand, oldest first.
    Stand {
        /// The journals; the last one is the current one.
        journals: Vec<JournalStand>,
    },
    /// Signed bytes; none where there are no more entries.
    Bytes {
        /// The bytes.
        bytes: Option<Document>,
        /// The last entry in them, of a batch.
        last_seq: u64,
    },
    /// Where it stands in the feed; nothing before the first page.
    Cursor {
        /// The counter of head office's epoch, its random bits in hexadecimal digits, and the revision.
        cursor: Option<(u64, String, u64)>,
    },
    /// What a page did.
    Applied {
        /// How many rows it brought.
        rows: u64,
        /// The revision that the till now has.
        revision: u64,
        /// Whether nothing follows.
        is_complete: bool,
        /// Whether it brought grants, which are entries.
        has_grants: bool,
    },
    /// A portion was forgotten.
    Forgotten {
        /// Whether there may be more.
        is_more: bool,
    },
    /// It is done.
    Done,
}

/// Where a journal stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JournalStand {
    /// Which.
    pub journal: String,
    /// Its last entry.
    pub seq: u64,
    /// Whether it may still grow.
    pub is_open: bool,
    /// Up to where head office has acknowledged it.
    pub acknowledged: u64,
    /// The counter of the epoch in which it did so last.
    #[serde(default)]
    pub acknowledged_epoch: u64,
    /// Whether its key is here.
    pub has_key: bool,
}

/// What the steps need of the till that carries them out: core's till, and what is kept beside its store.
pub trait SteppedTill {
    /// Reads the clock.
    fn now(&self) -> Now;

    /// Asks core something that changes nothing.
    ///
    /// # Errors
    /// Core refuses it, or disk or data failed.
    fn read<T>(&mut self, ask: impl FnOnce(&Till) -> Result<T, TillError>) -> Result<T, Failure>;

    /// Lets core do something that may append entries. What it answers is durable.
    ///
    /// # Errors
    /// Core refuses it, or disk or data failed.
    fn write<T>(&mut self, act: impl FnOnce(&mut Till) -> Result<T, TillError>) -> Result<T, Failure>;

    /// The key to ask head office for a journal with; it is on the disk before it is shown.
    ///
    /// # Errors
    /// The disk failed.
    fn pending_key(&mut self) -> Result<SigningKey, Failure>;

    /// Asks with another key from now on.
    ///
    /// # Errors
    /// The disk failed.
    fn give_up_pending_key(&mut self) -> Result<(), Failure>;

    /// Opens the journal that head office granted for the pending key.
    ///
    /// # Errors
    /// Core refuses the grant, or the disk failed.
    fn enrol(&mut self, grant: &[u8]) -> Result<(), Failure>;

    /// Makes the mark durable.
    ///
    /// # Errors
    /// The disk failed.
    fn sync_marks(&mut self) -> Result<(), Failure>;
}

impl SteppedTill for OpenTill {
    fn now(&self) -> Now {
        self.now()
    }

    fn read<T>(&mut self, ask: impl FnOnce(&Till) -> Result<T, TillError>) -> Result<T, Failure> {
        self.read(ask)
    }

    fn write<T>(&mut self, act: impl FnOnce(&mut Till) -> Result<T, TillError>) -> Result<T, Failure> {
        self.write(act)
    }

    fn pending_key(&mut self) -> Result<SigningKey, Failure> {
        self.pending_key()
    }

    fn give_up_pending_key(&mut self) -> Result<(), Failure> {
        self.give_up_pending_key()
    }

    fn enrol(&mut self, grant: &[u8]) -> Result<(), Failure> {
        self.enrol(grant)
    }

    fn sync_marks(&mut self) -> Result<(), Failure> {
        Self::sync_marks(self)
    }
}

impl Operation for SyncStep {
    const NAME: &'static str = "sync-step";

    fn perform(self, till: &mut OpenTill, _caller: &Caller) -> Result<Answer, Failure> {
        Ok(Answer::done(&self.carry_out(till)?))
    }
}

impl SyncStep {
    /// Carries out the step.
    ///
    /// # Errors
    /// The till refuses it, or disk or data failed.
    pub fn carry_out<T: SteppedTill>(self, till: &mut T) -> Result<StepAnswer, Failure> {
        let now = till.now();
        match self {
            Self::Stand => Ok(StepAnswer::Stand { journals: till.read(stand)? }),
            Self::Hello { journal, challenge } => {
                let (journal, challenge) = (journal.parse()?, challenge.as_ref().map(read_challenge).transpose()?);
                let bytes = till.read(|core| core.hello(journal, challenge))?;
                Ok(StepAnswer::Bytes { bytes: Some(Document(bytes)), last_seq: 0 })
            }
            Self::Batch { journal, from_seq } => {
                let journal = journal.parse()?;
                let bytes = till.read(|core| core.batch(journal, from_seq))?;
                let last_seq = bytes.as_deref().map_or(Ok(0), last_seq_of)?;
                Ok(StepAnswer::Bytes { bytes: bytes.map(Document), last_seq })
            }
            Self::Acknowledge { bytes } => {
                till.write(|core| core.accept_acknowledgement(&bytes.0)).map(|_| StepAnswer::Done)
            }
            Self::Stop { bytes } => till.write(|core| core.accept_stop(&bytes.0)).map(|()| StepAnswer::Done),
            Self::FeedCursor => {
                let cursor = till.read(Till::feed_cursor)?;
                Ok(StepAnswer::Cursor {
                    cursor: cursor.map(|it| (it.epoch.counter, hex::encode(&it.epoch.random), it.revision)),
                })
            }
            Self::FeedPage { bytes } => {
                let (progress, has_grants) = till.write(|core| apply_page(core, &bytes.0, now))?;
                let FeedProgress { rows, revision, is_complete } = progress;
                Ok(StepAnswer::Applied { rows: rows as u64, revision, is_complete, has_grants })
            }
            Self::FetchFeedAnew => till.write(Till::fetch_feed_anew).map(|()| StepAnswer::Done),
            Self::ForgetStaleRows => Ok(StepAnswer::Forgotten { is_more: till.write(Till::forget_stale_rows)? }),
            Self::RequestJournal => {
                let key = till.pending_key()?;
                let bytes = till.read(|core| request_journal(core, &key))?;
                Ok(StepAnswer::Bytes { bytes: Some(Document(bytes)), last_seq: 0 })
            }
            Self::GiveUpKey => till.give_up_pending_key().map(|()| StepAnswer::Done),
            Self::Enrol { grant } => accept_grant(till, &grant.0).map(|()| StepAnswer::Done),
            Self::Finish => till.sync_marks().map(|()| StepAnswer::Done),
        }
    }
}

/// The signed request for the first journal of a folder that has no till yet.
///
/// # Errors
/// The disk failed.
pub fn first_request(folder: &Folder, slot: Option<(StoreCode, TillCode)>) -> Result<Vec<u8>, Failure> {
    let mut secret = Secret::read_or_make(folder)?;
    // A journal whose store was lost is never asked for again.
    if lost_journal(folder)?.is_some_and(|lost| secret.is_pending_of(lost.journal)) {
        secret.settle_pending(folder)?;
    }
    let key = secret.pending_key(folder)?;
    let request = JournalRequestV1 { journal: journal_of(&key), key: key.public_key(), slot, predecessor: None };
    Ok(request.sign(&key)?)
}

/// A grant for the present journal brings it further series; any other opens the journal that it grants.
fn accept_grant<T: SteppedTill>(till: &mut T, bytes: &[u8]) -> Result<(), Failure> {
    let limit = "a grant that head office signed and nobody altered";
    let granted = GrantV1::verify(bytes).map_err(|fault| Refusal::new(Reason::Declined, "grant", fault, limit))?;
    let now = till.now();
    if granted.journal == till.read(|core| Ok(core.mark().journal))? {
        return till.write(|core| core.apply_series_grant(bytes, now));
    }
    till.enrol(bytes)
}

fn last_seq_of(batch: &[u8]) -> Result<u64, Failure> {
    let read = Batch::read(batch).map_err(|fault| Failure::damaged("bug", fault.to_string()))?;
    Ok(read.last_seq())
}

fn stand(core: &Till) -> Result<Vec<JournalStand>, TillError> {
    let journals = core.journals()?.into_iter().map(|summary| JournalStand {
        journal: summary.journal.to_string(),
        seq: summary.seq,
        is_open: summary.is_open,
        acknowledged: summary.acknowledged,
        acknowledged_epoch: summary.acknowledged_epoch,
        has_key: summary.has_key,
    });
    Ok(journals.collect())
}

fn read_challenge(challenge: &Document) -> Result<Challenge, Refusal> {
    let bytes = <[u8; 32]>::try_from(challenge.0.as_slice());
    bytes.map(Challenge).map_err(|_| Refusal::new(Reason::Malformed, "challenge", challenge.0.len(), "32 bytes"))
}

/// Applies a page; one that says nothing new is verified and not written.
fn apply_page(core: &mut Till, bytes: &[u8], now: Now) -> Result<(FeedProgress, bool), TillError> {
    let missing = || Refusal::new(Reason::Missing, "head_office", "", "enrol this till first");
    let page = FeedPageV1::verify(bytes, &core.head_office()?.ok_or_else(missing)?)?;
    let has_grants = !page.grants.is_empty();
    if core.feed_cursor()?.is_some_and(|cursor| is_old_news(&page, &cursor)) {
        return Ok((FeedProgress { rows: 0, revision: page.to_revision, is_complete: true }, false));
    }
    Ok((core.apply_feed_page(bytes, now)?, has_grants))
}

fn is_old_news(page: &FeedPageV1, cursor: &FeedCursor) -> bool {
    page.rows.is_empty()
        && page.pins.is_empty()
        && page.grants.is_empty()
        && page.epoch == cursor.epoch
        && page.to_revision == cursor.revision
        && page.state == Some(cursor.state)
}

/// A request for the journal after the present one. An open drawer is refused before anything is asked for.
fn request_journal(core: &Till, key: &SigningKey) -> Result<Vec<u8>, TillError> {
    if let (Access::Full, Some(session)) = (core.access(), &core.state().session) {
        return Err(Refusal::new(Reason::DrawerOpen, "drawer", session.session, "close it before joining").into());
    }
    let profile = core.profile();
    let slot = core.is_enrolled()?.then(|| (profile.store.clone(), profile.till.clone()));
    let predecessor = Some(core.state().as_predecessor());
    let request = JournalRequestV1 { journal: journal_of(key), key: key.public_key(), slot, predecessor };
    Ok(request.sign(key)?)
}
