//! Sending a journal up: challenge, hello, then batches until head office holds all of it.
//!
//! Head office says with each answer which entry it expects, and the till sends from there: after a gap, after a restore
//! of head office, after an answer that was lost. On a fork the till sends its whole branch, so that no sale of it is
//! lost, and stops. Nothing here decides which entries count; only signed words are exchanged and kept.
//! Example: head 812, acknowledged 700: hello says `append`, expected 701; one batch; `append`, expected 813.

use counterfoil_core::grant::StopV1;
use counterfoil_core::journal::acknowledgement::Acknowledgement;
use counterfoil_core::journal::signed::Unverified;
use counterfoil_core::planted::{Bug, is_alive};
use counterfoil_core::refusal::Refusal;

use super::line::Line;
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
    /// Every verdict that it got, each once, in their order.
    pub verdicts: Vec<VerdictWire>,
    /// The last verdict; the one that the till was put back, where it got that.
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
pub async fn push<L: Line>(
    line: &mut L,
    till: &dyn TillSide,
    stand: &JournalStand,
    seen_ms: &mut i64,
) -> Result<Pushed, Trouble> {
    let journal = &stand.journal;
    let challenge = line.challenge(journal.parse()?).await?;
    let hello = SyncStep::Hello { journal: journal.clone(), challenge: Some(Document(challenge.to_vec())) };
    let mut answer: SyncAnswer = line.post_for("/sync/hello", till.document(hello)?).await?;
    let mut verdicts = vec![answer.verdict];
    let mut sent = Sent::default();
    let mut kept = Kept { acknowledged: stand.acknowledged, doubt: None };
    let mut stand = stand.clone();
    loop {
        kept.take(till, &answer, seen_ms)?;
        // The till may have sold since its journals were looked at; once it has been stopped it sells no more.
        if answer.stop.is_some() {
            let stands = till.journals()?;
            stand.seq = stands.iter().find(|now| now.journal == *journal).map_or(stand.seq, |now| now.seq);
        }
        let next = sent.next(&answer, &stand)?;
        let next = next.filter(|from_seq| *from_seq != stand.seq || !is_alive(Bug::LastEntryNotSent));
        let Some(from_seq) = next else { break };
        let batch = till.bytes(SyncStep::Batch { journal: journal.clone(), from_seq })?;
        let Some((bytes, last_seq)) = batch else { break };
        answer = line.post_for("/sync/batch", bytes).await?;
        sent.note(from_seq, last_seq);
        if !verdicts.contains(&answer.verdict) {
            verdicts.push(answer.verdict);
        }
    }
    if let Some(doubt) = kept.doubt.filter(|_| !verdicts.iter().any(|verdict| has_ended(*verdict))) {
        return Err(doubt.into());
    }
    let acknowledged = kept.acknowledged;
    // A journal that must not go on may still have been sent.
    let verdict = if verdicts.contains(&VerdictWire::Rollback) { VerdictWire::Rollback } else { answer.verdict };
    let report = JournalReport {
        journal: journal.clone(),
        seq: stand.seq,
        acknowledged,
        sent: sent.entries,
        verdict: verdict.code().to_owned(),
    };
    Ok(Pushed { report, verdicts, verdict })
}

/// How far sending has come.
#[derive(Debug, Default)]
struct Sent {
    entries: u64,
    from_seq: u64,
    last_seq: u64,
    standstills: u32,
    /// Whether head office has begun to keep entries without applying them.
    is_kept_apart: bool,
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
            // Head office says where the branch begins. It may not count what it keeps apart, so from there the till
            // goes on by itself.
            VerdictWire::Fork | VerdictWire::Closed | VerdictWire::Revoked => {
                let is_first = !std::mem::replace(&mut self.is_kept_apart, true);
                let from = if is_first { self.branch(answer.verdict, expected, stand) } else { self.onwards(expected) };
                Ok((from <= stand.seq).then_some(from))
            }
            // A head office that was restored may know the journal again by the grant in its first entry.
            VerdictWire::UnknownJournal => Ok((self.last_seq == 0).then_some(1)),
            // Of what this older copy of the till still has, head office may lack a part.
            VerdictWire::Rollback => Ok((self.last_seq == 0 && expected <= stand.seq).then_some(expected)),
            VerdictWire::BrokenChain | VerdictWire::BadSignature => Ok(None),
        }
    }
}

/// Where a branch that is kept apart begins, and how it goes on.
impl Sent {
    /// A fork that a batch has shown may begin before that batch. What head office has acknowledged to this till is
    /// common to both branches; all after it is sent.
    fn branch(&self, verdict: VerdictWire, expected: u64, stand: &JournalStand) -> u64 {
        let is_shown_by_batch = verdict == VerdictWire::Fork && self.last_seq > 0;
        if is_shown_by_batch { expected.min(stand.acknowledged.saturating_add(1)) } else { expected }
    }

    fn onwards(&self, expected: u64) -> u64 {
        expected.max(self.last_seq.saturating_add(1))
    }
}

/// What head office has signed, as far as the till could take it.
struct Kept {
    acknowledged: u64,
    /// Why the till does not take the last acknowledgement: it may be of another copy of this till. What comes next
    /// shows head office the fork, so the exchange goes on; only if that brings no verdict is it an error.
    doubt: Option<Refusal>,
}

impl Kept {
    fn take(&mut self, till: &dyn TillSide, answer: &SyncAnswer, seen_ms: &mut i64) -> Result<(), Trouble> {
        if let Some(stop) = &answer.stop {
            till.ask(SyncStep::Stop { bytes: stop.clone() })?;
            let read = Unverified::<StopV1>::read(&stop.0)?;
            *seen_ms = (*seen_ms).max(read.claimed().stopped.0);
        }
        let Some(bytes) = &answer.acknowledgement else { return Ok(()) };
        match till.ask(SyncStep::Acknowledge { bytes: bytes.clone() }) {
            Err(Failure::Refused(refusal)) => self.doubt = Some(refusal),
            taken => {
                taken?;
                // The till has verified it just now.
                let read = Acknowledgement::read(&bytes.0)?;
                *seen_ms = (*seen_ms).max(read.claimed().time.0);
                self.acknowledged = read.claimed().seq;
                self.doubt = None;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stand() -> JournalStand {
        JournalStand {
            journal: "00".repeat(16),
            seq: 812,
            is_open: true,
            acknowledged: 700,
            acknowledged_epoch: 1,
            has_key: true,
        }
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
        check(VerdictWire::Fork, 641, Some((701, 812)), Some(641));
        check(VerdictWire::Fork, 813, Some((750, 812)), Some(701));
        check(VerdictWire::Fork, 813, None, None);
        check(VerdictWire::UnknownJournal, 1, None, Some(1));
        check(VerdictWire::UnknownJournal, 1, Some((1, 812)), None);
        check(VerdictWire::Closed, 813, None, None);
        check(VerdictWire::Rollback, 813, None, None);
        check(VerdictWire::Rollback, 701, None, Some(701));
        check(VerdictWire::Rollback, 701, Some((701, 812)), None);
        check(VerdictWire::Revoked, 813, None, None);
        check(VerdictWire::Revoked, 701, None, Some(701));
    }

    #[test]
    fn a_branch_is_sent_once_from_where_it_begins() {
        let mut sent = Sent::default();
        let answer = SyncAnswer { verdict: VerdictWire::Fork, expected_seq: 641, acknowledgement: None, stop: None };
        sent.note(701, 812);
        for (from, last) in [(641, 700), (701, 812)] {
            assert_eq!(sent.next(&answer, &stand()).unwrap(), Some(from));
            sent.note(from, last);
        }
        assert_eq!(sent.next(&answer, &stand()).unwrap(), None);
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
