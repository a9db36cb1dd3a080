//! Sending a journal up: challenge, hello, then batches until head office holds all of it.
//!
//! Head office says with each answer which entry it expects, and the till sends from there: after a gap, after a restore
//! of head office, after an answer that was lost. On a fork the till sends its whole branch, so that no sale of it is
//! lost, and stops. Nothing here decides which entries count; only signed words are exchanged and kept.
//! Example: head 812, acknowledged 700: hello says `append`, expected 701; one batch; `append`, expected 813.

use super::client::Client;
use super::till_side::TillSide;
use super::trouble::Trouble;
use crate::failure::Failure;
use crate::operations::sync_step::{JournalStand, SyncStep};
use crate::wire::sync::{Document, JournalReport, SyncAnswer, VerdictWire};

/// How often head office may take nothing of a batch before the till gives up.
const STANDSTILLS_MAX: u32 = 3;

/// What became of a journal.
#[derive(Debug)]
pub struct Pushed {
    /// For the report.
    pub report: JournalReport,
    /// The last verdict.
    pub verdict: VerdictWire,
}

/// Whether the verdict says that the journal must not go on, so that a new one is needed.
#[must_use]
pub const fn has_ended(verdict: VerdictWire) -> bool {
    match verdict {
        VerdictWire::Fork | VerdictWire::Rollback | VerdictWire::Closed => true,
        VerdictWire::Append
        | VerdictWire::Duplicate
        | VerdictWire::Gap
        | VerdictWire::ServerRestored
        | VerdictWire::ServerFault
        | VerdictWire::BrokenChain
        | VerdictWire::BadSignature
        | VerdictWire::UnknownJournal
        | VerdictWire::Revoked => false,
    }
}

/// Sends what head office does not have of a journal. `seen_ms` is raised to the latest time that head office signed.
///
/// # Errors
/// Head office cannot be reached or makes no progress; the till refuses a step or failed.
pub async fn push(
    client: &mut Client,
    till: &dyn TillSide,
    stand: &JournalStand,
    seen_ms: &mut i64,
) -> Result<Pushed, Trouble> {
    let journal = &stand.journal;
    let challenge = client.challenge(journal.parse()?).await?;
    let hello = SyncStep::Hello { journal: journal.clone(), challenge: Some(Document(challenge.to_vec())) };
    let mut answer: SyncAnswer = client.post_for("/sync/hello", till.document(hello)?).await?;
    let mut sent = Sent::default();
    let mut acknowledged = stand.acknowledged;
    loop {
        acknowledged = take(till, &answer, acknowledged, seen_ms)?;
        let Some(from_seq) = sent.next(&answer, stand)? else { break };
        let batch = till.bytes(SyncStep::Batch { journal: journal.clone(), from_seq })?;
        let Some((bytes, last_seq)) = batch else { break };
        answer = client.post_for("/sync/batch", bytes).await?;
        sent.note(from_seq, last_seq);
    }
    let report = JournalReport {
        journal: journal.clone(),
        seq: stand.seq,
        acknowledged,
        sent: sent.entries,
        verdict: answer.verdict.code().to_owned(),
    };
    Ok(Pushed { report, verdict: answer.verdict })
}

/// How far sending has come.
#[derive(Debug, Default)]
struct Sent {
    entries: u64,
    from_seq: u64,
    last_seq: u64,
    standstills: u32,
}

impl Sent {
    fn note(&mut self, from_seq: u64, last_seq: u64) {
        let entries = last_seq.saturating_sub(from_seq).saturating_add(1);
        self.entries = self.entries.saturating_add(entries);
        (self.from_seq, self.last_seq) = (from_seq, last_seq);
    }

    /// From which entry to send next; `None` where nothing is to be sent.
    fn next(&mut self, answer: &SyncAnswer, stand: &JournalStand) -> Result<Option<u64>, Trouble> {
        let expected = answer.expected_seq.max(1);
        match answer.verdict {
            VerdictWire::Append
            | VerdictWire::Duplicate
            | VerdictWire::Gap
            | VerdictWire::ServerRestored
            | VerdictWire::ServerFault => {
                if self.last_seq > 0 && expected <= self.from_seq {
                    self.standstills = self.standstills.saturating_add(1);
                }
                if self.standstills >= STANDSTILLS_MAX {
                    let limit = "it should go on after what was sent";
                    return Err(Trouble::unexpected(format!("that it expects entry {expected} again"), limit));
                }
                Ok(Some(expected))
            }
            // What head office keeps unapplied does not raise what it expects, so the till goes on by itself.
            VerdictWire::Fork | VerdictWire::Closed => {
                let from = expected.max(self.last_seq.saturating_add(1));
                Ok((from <= stand.seq).then_some(from))
            }
            VerdictWire::Rollback
            | VerdictWire::BrokenChain
            | VerdictWire::BadSignature
            | VerdictWire::UnknownJournal
            | VerdictWire::Revoked => Ok(None),
        }
    }
}

/// Keeps what head office has signed. Returns up to where the journal is acknowledged.
fn take(till: &dyn TillSide, answer: &SyncAnswer, before: u64, seen_ms: &mut i64) -> Result<u64, Trouble> {
    if let Some(stop) = &answer.stop {
        till.ask(SyncStep::Stop { bytes: stop.clone() })?;
    }
    let Some(acknowledgement) = &answer.acknowledgement else { return Ok(before) };
    match till.ask(SyncStep::Acknowledge { bytes: acknowledgement.clone() }) {
        // What head office holds of an ended journal may be more or other than what this copy of the till holds.
        Err(Failure::Refused(_)) if has_ended(answer.verdict) => return Ok(before),
        taken => taken?,
    };
    // The till has verified it just now.
    let read = counterfoil_core::journal::acknowledgement::Acknowledgement::read(&acknowledgement.0)?;
    *seen_ms = (*seen_ms).max(read.claimed().time.0);
    Ok(read.claimed().seq)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stand() -> JournalStand {
        JournalStand { journal: "00".repeat(16), seq: 812, is_open: true, acknowledged: 700, has_key: true }
    }

    fn check(verdict: VerdictWire, expected_seq: u64, before: Option<(u64, u64)>, next: Option<u64>) {
        let mut sent = Sent::default();
        if let Some((from, last)) = before {
            sent.note(from, last);
        }
        let answer = SyncAnswer { verdict, expected_seq, acknowledgement: None, stop: None };
        assert_eq!(sent.next(&answer, &stand()).unwrap(), next, "{verdict:?} {expected_seq} {before:?}");
    }

    #[test]
    fn the_till_sends_from_where_head_office_expects() {
        check(VerdictWire::Append, 701, None, Some(701));
        check(VerdictWire::Append, 0, None, Some(1));
        check(VerdictWire::Gap, 650, Some((701, 812)), Some(650));
        check(VerdictWire::ServerRestored, 500, None, Some(500));
        check(VerdictWire::Duplicate, 813, Some((701, 812)), Some(813));
        check(VerdictWire::Fork, 641, None, Some(641));
        check(VerdictWire::Fork, 641, Some((641, 700)), Some(701));
        check(VerdictWire::Fork, 641, Some((701, 812)), None);
        check(VerdictWire::Closed, 813, None, None);
        check(VerdictWire::Rollback, 813, None, None);
        check(VerdictWire::Revoked, 1, None, None);
    }

    #[test]
    fn a_head_office_that_takes_nothing_is_given_up() {
        let mut sent = Sent::default();
        let answer = SyncAnswer { verdict: VerdictWire::Gap, expected_seq: 701, acknowledgement: None, stop: None };
        for _ in 1..STANDSTILLS_MAX {
            sent.note(701, 812);
            assert!(sent.next(&answer, &stand()).is_ok());
        }
        sent.note(701, 812);
        assert!(matches!(sent.next(&answer, &stand()), Err(Trouble::Refused(_))));
    }
}
