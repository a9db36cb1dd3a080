//! What a till says, over the wire or by file, and what head office answers: verdict, acknowledgement, stop.
//!
//! Bytes are verified with the key of the journal that they name before anything of them is used; transport adds no
//! trust. An acknowledgement is signed only after what it says is durable. A journal that must not go on gets a signed
//! stop. Example: a batch of 651 to 812 where 700 are held is `append`, with an acknowledgement of 812.

use counterfoil_core::grant::{JournalRequestV1, StopV1};
use counterfoil_core::id::{JournalId, Note, StoreCode, TillCode};
use counterfoil_core::journal::acknowledgement::{Acknowledgement, Epoch, Nonce};
use counterfoil_core::journal::batch::Batch;
use counterfoil_core::journal::fault::Fault;
use counterfoil_core::journal::hello::{Hello, VerifiedHello};
use counterfoil_core::planted::{Bug, is_alive};
use counterfoil_core::refusal::{Reason, Refusal};

use crate::desk::Desk;
use crate::enrolment::Right;
use crate::feed::{self, Asked};
use crate::forgotten_grant;
use crate::grants;
use crate::merge::{Outcome, Word};
use crate::operation_error::OperationError;
use crate::store::record::JournalRecord;
use crate::verdict::{Claim, Held, Standing, Verdict, epoch_counter_needed, verdict};

/// What head office answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Whose journal.
    pub journal: JournalId,
    /// What it meant, for programs.
    pub verdict: &'static str,
    /// The seq that head office wants next.
    pub expected_seq: u64,
    /// A signed acknowledgement, where the journal may rely on one.
    pub acknowledgement: Option<Vec<u8>>,
    /// A signed stop, where the journal must not go on.
    pub stop: Option<Vec<u8>>,
}

/// Which till speaks, where the connection says so; a file does not.
pub type Speaker<'a> = Option<(&'a StoreCode, &'a TillCode)>;

/// Takes a signed hello.
///
/// # Errors
/// The bytes are no hello, it is of another till than the one that speaks, or the store failed.
pub fn take_hello(desk: &dyn Desk, bytes: &[u8], speaker: Speaker<'_>) -> Result<Answer, OperationError> {
    let read = Hello::read(bytes)?;
    let journal = read.claimed().journal;
    let Some(record) = known(desk, journal, speaker)? else {
        heed_shown_epoch(desk, read.claimed())?;
        return Ok(unknown(journal));
    };
    let hello = match read.verify(&record.key).and_then(|hello| hello.check(&desk.key().public_key())) {
        Ok(hello) => hello,
        Err(fault) => return faulty(desk, &record, &fault),
    };
    // A hello from a file answers no challenge and must not use up the one that is open.
    let asked = speaker.and_then(|_| desk.challenges().take(journal));
    answer(desk, desk.merge(Word::Hello(Box::new(hello), asked))?)
}

/// Takes a signed batch.
///
/// # Errors
/// As [`take_hello`].
pub fn take_batch(desk: &dyn Desk, bytes: &[u8], speaker: Speaker<'_>) -> Result<Answer, OperationError> {
    let read = Batch::read(bytes)?;
    let (record, forgotten) = match known(desk, read.journal(), speaker)? {
        Some(record) => (record, None),
        None => match forgotten_grant::grant_in(desk.key(), &read)? {
            Some(grant) => {
                let record = JournalRecord::new(grant.journal, grant.key, grant.profile.clone(), desk.now());
                require_own(&record, speaker)?;
                (record, Some(grant))
            }
            None => return Ok(unknown(read.journal())),
        },
    };
    match read.verify(&record.key) {
        Ok(batch) => {
            if let Some(grant) = forgotten {
                forgotten_grant::keep(desk.store(), &grant, batch.first(), desk.now(), desk.eight()?)?;
            }
            answer(desk, desk.merge(Word::batch(batch, &record.profile))?)
        }
        Err(fault) => faulty(desk, &record, &fault),
    }
}

/// A hello that was signed by a journal of this till and answers the challenge that is open.
///
/// # Errors
/// It is none, of another till or not fresh; or the store failed.
pub fn verify_fresh(
    desk: &dyn Desk,
    bytes: &[u8],
    speaker: (&StoreCode, &TillCode),
) -> Result<VerifiedHello, OperationError> {
    let read = Hello::read(bytes)?;
    let journal = read.claimed().journal;
    let refused =
        |value: &str| Refusal::new(Reason::NotPermitted, "hello", value, "a hello of this till's open journal");
    let record = known(desk, journal, Some(speaker))?.ok_or_else(|| refused("of an unknown journal"))?;
    if record.standing != Standing::Open {
        return Err(refused("of a journal that has ended").into());
    }
    let hello = read.verify(&record.key)?;
    let challenge = desk.challenges().take(journal).map(|asked| asked.challenge);
    if challenge.is_none() || hello.statement().challenge != challenge {
        return Err(refused("without head office's fresh challenge").into());
    }
    Ok(hello)
}

/// Grants a till the journal that follows one which has ended, and gives the signed grant.
///
/// # Errors
/// The bytes are no request, its journal can go on, the till is revoked, or the store failed.
pub fn take_request(
    desk: &dyn Desk,
    bytes: &[u8],
    speaker: (&StoreCode, &TillCode),
) -> Result<Vec<u8>, OperationError> {
    let request = JournalRequestV1::verify(bytes)?;
    let slot = (None, Some(speaker));
    let (granted, _) = grants::grant(desk.store(), &request, slot, Right::EndedJournal, desk.granting()?)?;
    Ok(granted.grant)
}

/// The next page of the feed for a till that is in use, signed.
///
/// # Errors
/// The till is revoked or ahead of head office, or the store failed.
pub fn feed_page(desk: &dyn Desk, asked: Asked, speaker: (&StoreCode, &TillCode)) -> Result<Vec<u8>, OperationError> {
    require_slot(desk, speaker)?;
    feed::page(desk.store(), speaker, asked, desk.granting()?)
}

/// That the slot of a till is in use.
///
/// # Errors
/// It is revoked or not known, or the store failed.
pub fn require_slot(desk: &dyn Desk, (store, till): (&StoreCode, &TillCode)) -> Result<(), OperationError> {
    desk.store().read(|rows| grants::slot_in_use(rows, store, till))??;
    Ok(())
}

fn known(desk: &dyn Desk, journal: JournalId, speaker: Speaker<'_>) -> Result<Option<JournalRecord>, OperationError> {
    let record = desk.store().read(|rows| rows.journal(journal))?;
    if let Some(record) = &record {
        require_own(record, speaker)?;
    }
    Ok(record)
}

/// A till speaks for its own journals only.
fn require_own(record: &JournalRecord, speaker: Speaker<'_>) -> Result<(), Refusal> {
    match speaker {
        Some(_) if is_alive(Bug::ForeignJournalTaken) => Ok(()),
        Some((store, till)) if record.profile.store != *store || record.profile.till != *till => {
            let limit = format!("a journal of {store}/{till}, as the client certificate says");
            Err(Refusal::new(Reason::NotPermitted, "journal", record.journal, limit))
        }
        Some(_) | None => Ok(()),
    }
}

/// Begins a new epoch where the hello of a journal that is not known shows one that head office has forgotten. It has
/// signed what is shown itself, so that is true whoever brings it: who is told an epoch of the same counter again, with
/// less in it, would not ask about journals that have ended.
fn heed_shown_epoch(desk: &dyn Desk, hello: &Hello) -> Result<(), OperationError> {
    let Some(bytes) = &hello.acknowledged else { return Ok(()) };
    let verified = Acknowledgement::read(bytes).and_then(|shown| shown.verify(&desk.key().public_key()));
    let Ok(shown) = verified else { return Ok(()) };
    let needed = |epoch| epoch_counter_needed(epoch, shown.statement());
    if desk.store().read(|rows| rows.epoch()).map(needed)?.is_none() {
        return Ok(());
    }
    let random = desk.eight()?;
    desk.store().write(|rows| match needed(rows.as_rows().epoch()?) {
        Some(counter) => rows.put_epoch(Epoch { counter, random }),
        None => Ok(()),
    })?;
    Ok(())
}

fn unknown(journal: JournalId) -> Answer {
    Answer { journal, verdict: code(Verdict::Unknown), expected_seq: 1, acknowledgement: None, stop: None }
}

/// The verdict on bytes that did not verify. Nothing is kept of them.
fn faulty(desk: &dyn Desk, record: &JournalRecord, fault: &Fault) -> Result<Answer, OperationError> {
    tracing::warn!(journal = %record.journal, %fault, "a word did not verify");
    let epoch = desk.store().read(|rows| rows.epoch())?;
    let held = Held {
        standing: record.standing,
        seq: record.seq,
        hash: record.hash,
        epoch,
        asked: None,
        said: None,
        said_before: &[],
    };
    let judged = verdict(Some(&held), Claim::Faulty(fault), |_| Ok::<_, OperationError>(record.hash))?;
    Ok(Answer {
        journal: record.journal,
        verdict: code(judged),
        expected_seq: record.seq.saturating_add(1),
        acknowledgement: None,
        stop: None,
    })
}

fn answer(desk: &dyn Desk, outcome: Outcome) -> Result<Answer, OperationError> {
    let code = code(outcome.verdict);
    let now = desk.now();
    let acknowledgement = match outcome.verdict {
        Verdict::Append { .. }
        | Verdict::Duplicate
        | Verdict::Gap { .. }
        | Verdict::Closed
        | Verdict::ServerRestored { .. }
        | Verdict::ServerFault { .. } => Some(outcome.acknowledgement(now, nonce(desk)?).sign(desk.key())?),
        // What the till holds there is not what we hold.
        Verdict::Fork { .. } | Verdict::Rollback { .. } => None,
        Verdict::BadSignature | Verdict::Unknown | Verdict::BrokenChain | Verdict::Revoked => None,
    };
    let is_stopped = match outcome.verdict {
        Verdict::Fork { .. } | Verdict::Rollback { .. } | Verdict::Revoked => true,
        Verdict::Closed => is_closed_from_here(desk, outcome.journal)?,
        Verdict::Append { .. }
        | Verdict::Duplicate
        | Verdict::Gap { .. }
        | Verdict::ServerRestored { .. }
        | Verdict::ServerFault { .. }
        | Verdict::BadSignature
        | Verdict::Unknown
        | Verdict::BrokenChain => false,
    };
    let stop = if is_stopped {
        let stop = StopV1 { journal: outcome.journal, verdict: Note::new(code)?, stopped: now };
        Some(stop.sign(desk.key())?)
    } else {
        None
    };
    if is_stopped || matches!(outcome.verdict, Verdict::ServerFault { .. } | Verdict::ServerRestored { .. }) {
        tracing::warn!(journal = %outcome.journal, verdict = code, seq = outcome.seq, "a journal needs attention");
    }
    let after_kept = outcome.kept_to.map_or(outcome.seq, |kept| kept.max(outcome.seq)).saturating_add(1);
    let expected_seq = outcome.send_from.unwrap_or(after_kept);
    Ok(Answer { journal: outcome.journal, verdict: code, expected_seq, acknowledgement, stop })
}

fn nonce(desk: &dyn Desk) -> Result<Nonce, OperationError> {
    let random = desk.random()?;
    let (nonce, _) = random.split_first_chunk().expect("32 random bytes hold the 16 of a nonce");
    Ok(Nonce(*nonce))
}

/// Whether head office closed the journal, and not its own last entry.
fn is_closed_from_here(desk: &dyn Desk, journal: JournalId) -> Result<bool, OperationError> {
    let state = desk.store().read(|rows| rows.state(journal))?;
    Ok(state.is_none_or(|state| state.is_open))
}

/// The verdict's code on the wire.
#[must_use]
pub const fn code(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::BadSignature => "bad_signature",
        Verdict::Unknown => "unknown_journal",
        Verdict::Closed => "closed",
        Verdict::Revoked => "revoked",
        Verdict::BrokenChain => "broken_chain",
        Verdict::Fork { .. } => "fork",
        Verdict::ServerRestored { .. } => "server_restored",
        Verdict::ServerFault { .. } => "server_fault",
        Verdict::Rollback { .. } => "rollback",
        Verdict::Gap { .. } => "gap",
        Verdict::Duplicate => "duplicate",
        Verdict::Append { .. } => "append",
    }
}
