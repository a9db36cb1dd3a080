//! The verdict: what a journal's signed word means for what head office holds.
//!
//! In order of precedence: bad signature | journal unknown, closed, revoked | broken chain | fork | server restored |
//! server fault | rollback | gap | duplicate | append. A pure function of three things: what we hold, what was signed,
//! and our hashes of the entries that both have. Because each hash fixes all entries before it, one equal hash proves
//! that everything up to there is the same. Example: we hold 700 entries, a batch brings 650 to 812, and its entry 700
//! has our hash: append from 701.

use counterfoil_core::id::Hash;
use counterfoil_core::journal::acknowledgement::{Acknowledgement, Epoch};
use counterfoil_core::journal::batch::VerifiedBatch;
use counterfoil_core::journal::envelope::Entry;
use counterfoil_core::journal::fault::Fault;
use counterfoil_core::journal::hello::{Challenge, CheckedHello};
use counterfoil_core::planted::{Bug, is_alive};
use serde::{Deserialize, Serialize};

/// How a journal stands with head office. Frozen order: it is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Standing {
    /// It may grow.
    Open,
    /// It has ended, by its own last entry or by head office.
    Closed,
    /// Its key is no longer trusted.
    Revoked,
    /// It has forked; nothing is applied until a person has resolved it.
    Quarantined,
}

/// What head office holds of a journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held<'a> {
    /// How the journal stands.
    pub standing: Standing,
    /// The newest entry applied; 0 for none.
    pub seq: u64,
    /// Its hash; zeros for none.
    pub hash: Hash,
    /// The epoch of head office.
    pub epoch: Epoch,
    /// The challenge that head office gave last to this journal and that nobody has answered yet.
    pub asked: Option<Asked>,
    /// The newest entry, with its hash, that the till has signed to have, whether it has come or not.
    pub said: Option<(u64, Hash)>,
    /// Further entries, with their hashes, that it has signed to have before and that have not come.
    pub said_before: &'a [(u64, Hash)],
}

impl Held<'_> {
    /// Whether the till has signed to have another entry in this place.
    #[must_use]
    pub fn has_said_otherwise(&self, seq: u64, hash: Hash) -> bool {
        self.said.iter().chain(self.said_before).any(|(said, named)| *said == seq && *named != hash)
    }

    /// The entry of an earlier word, about entries that have not come, beside which a claim cannot be true.
    #[must_use]
    pub fn contradicted(&self, claim: Claim<'_>) -> Option<u64> {
        let is_contradicted = |(said, named): &&(u64, Hash)| match claim {
            Claim::Faulty(_) => false,
            Claim::Hello(hello) => {
                let hello = hello.statement();
                let is_behind = self.seq < hello.seq && hello.seq < *said;
                is_behind || hello.seq == *said && hello.hash != *named
            }
            Claim::Batch(batch) => batch.entries().iter().any(|entry| entry.seq() == *said && entry.hash() != *named),
        };
        let words = self.said_before.iter().chain(self.said.as_ref());
        words.filter(|(said, _)| *said > self.seq).find(is_contradicted).map(|(said, _)| *said)
    }
}

/// A challenge that is open. What arrives after it was given cannot make its answer a rollback.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked {
    /// What must be answered.
    pub challenge: Challenge,
    /// The newest entry that was applied, or that the till had signed to have, when it was given.
    pub seq: u64,
}

/// What came from a journal, as far as it could be verified.
#[derive(Clone, Copy, Debug)]
pub enum Claim<'a> {
    /// It did not verify.
    Faulty(&'a Fault),
    /// It states where it is.
    Hello(&'a CheckedHello),
    /// It brings entries.
    Batch(&'a VerifiedBatch),
}

/// What it means, in order of precedence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The signature is not the journal's. Kept nowhere.
    BadSignature,
    /// No such journal. Kept nowhere: there is no key to verify it with.
    Unknown,
    /// The journal is closed. What is new is kept and not applied.
    Closed,
    /// The journal is revoked. What is new is kept and not applied.
    Revoked,
    /// What the journal signed is not a run of entries that leads to its head. Kept nowhere.
    BrokenChain,
    /// Two entries for one seq, or entries after such a fork. The first branch stays applied, all else is disputed.
    Fork {
        /// The first seq that can differ; the till sends its branch from here.
        from: u64,
    },
    /// Head office has lost entries that it had acknowledged in an older epoch. The till sends them again.
    ServerRestored {
        /// The first entry that is missing here.
        from: u64,
    },
    /// Head office has lost entries that it had acknowledged in this very epoch: alarm, and a new epoch.
    ServerFault {
        /// The first entry that is missing here.
        from: u64,
    },
    /// The till is behind what it had sent: restored or cloned. It must open a new journal.
    Rollback {
        /// The till's head.
        seq: u64,
    },
    /// Entries between ours and these are missing.
    Gap {
        /// The entry that comes next.
        expected: u64,
    },
    /// All of it is here already.
    Duplicate,
    /// New entries follow what we hold.
    Append {
        /// The first new one.
        from: u64,
    },
}

/// Decides what a claim means. `hash_at` tells our hash of entry `1..=held.seq`; it is asked only for entries that the
/// claim has too.
///
/// # Errors
/// Only those of `hash_at`.
pub fn verdict<E>(
    held: Option<&Held<'_>>,
    claim: Claim<'_>,
    mut hash_at: impl FnMut(u64) -> Result<Hash, E>,
) -> Result<Verdict, E> {
    if let Claim::Faulty(fault) = claim
        && is_bad_signature(fault)
    {
        return Ok(Verdict::BadSignature);
    }
    let Some(held) = held else { return Ok(Verdict::Unknown) };
    let standing = if is_alive(Bug::EndedStillCounts) { Standing::Open } else { held.standing };
    match (standing, claim) {
        (Standing::Closed, _) => Ok(Verdict::Closed),
        (Standing::Revoked, _) => Ok(Verdict::Revoked),
        (Standing::Open | Standing::Quarantined, Claim::Faulty(_)) => Ok(Verdict::BrokenChain),
        (Standing::Open | Standing::Quarantined, Claim::Hello(hello)) => of_hello(held, hello, hash_at),
        (Standing::Open | Standing::Quarantined, Claim::Batch(batch)) => {
            of_batch(held, batch.entries(), batch.head().statement().previous, &mut hash_at)
        }
    }
}

/// The lowest counter that head office's epoch must have after it has seen this acknowledgement of its own: a till
/// must never see an epoch older than one it has seen, nor two of one counter. `None` where ours will do.
#[must_use]
pub const fn epoch_counter_needed(ours: Epoch, shown: &Acknowledgement) -> Option<u64> {
    let is_ours = ours.counter == shown.epoch.counter && is_same_random(ours.random, shown.epoch.random);
    if is_ours || shown.epoch.counter < ours.counter {
        return None;
    }
    shown.epoch.counter.checked_add(1)
}

const fn is_same_random(left: [u8; 8], right: [u8; 8]) -> bool {
    u64::from_be_bytes(left) == u64::from_be_bytes(right)
}

fn is_bad_signature(fault: &Fault) -> bool {
    matches!(fault.cause(), Fault::BadSignature { .. })
}

/// How far a till's branch is ours, by the acknowledgement that it shows. Head office that was put back may have lost
/// what it once acknowledged, and hold another branch in its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Common {
    /// At least up to this entry.
    UpTo(u64),
    /// What we acknowledged is not what we hold.
    Disproved,
}

impl Common {
    /// The last entry that is surely of both; 0 for none.
    #[must_use]
    pub const fn seq(self) -> u64 {
        match self {
            Self::UpTo(seq) => seq,
            Self::Disproved => 0,
        }
    }
}

/// Compares what a till shows as acknowledged with what is held up to `held_seq`.
///
/// # Errors
/// Only those of `hash_at`.
pub fn common<E>(
    held_seq: u64,
    checked: &CheckedHello,
    hash_at: impl FnOnce(u64) -> Result<Hash, E>,
) -> Result<Common, E> {
    let Some(last) = checked.acknowledged().filter(|last| (1..=held_seq).contains(&last.seq)) else {
        return Ok(Common::UpTo(0));
    };
    Ok(if hash_at(last.seq)? == last.hash { Common::UpTo(last.seq) } else { Common::Disproved })
}

/// A head above ours is the normal backlog; the entries between will show whether it is ours.
fn of_hello<E>(
    held: &Held<'_>,
    checked: &CheckedHello,
    mut hash_at: impl FnMut(u64) -> Result<Hash, E>,
) -> Result<Verdict, E> {
    let hello = checked.statement();
    let common = common(held.seq, checked, |seq| hash_of(held, seq, &mut hash_at))?;
    let next = held.seq.saturating_add(1);
    let is_shared = (1..=held.seq).contains(&hello.seq);
    let contradicts = held.has_said_otherwise(hello.seq, hello.hash);
    let is_other = common == Common::Disproved || is_shared && hash_of(held, hello.seq, &mut hash_at)? != hello.hash;
    if contradicts || is_other {
        return Ok(Verdict::Fork { from: common.seq().min(hello.seq.saturating_sub(1)).saturating_add(1) });
    }
    if held.standing == Standing::Quarantined {
        let proven = if hello.seq > held.seq { common.seq() } else { hello.seq };
        return Ok(Verdict::Fork { from: proven.saturating_add(1) });
    }
    if let Some(last) = checked.acknowledged()
        && last.seq > held.seq
    {
        let is_ours = last.epoch == held.epoch;
        return Ok(if is_ours { Verdict::ServerFault { from: next } } else { Verdict::ServerRestored { from: next } });
    }
    let is_answer = |asked: Asked| hello.challenge == Some(asked.challenge) || is_alive(Bug::ChallengeNotChecked);
    let is_below = |asked: Asked| is_answer(asked) && hello.seq < asked.seq && !is_alive(Bug::RollbackNotSeen);
    let known = held.said.map_or(held.seq, |(seq, _)| seq.max(held.seq));
    if hello.seq < known && held.asked.is_some_and(is_below) {
        return Ok(Verdict::Rollback { seq: hello.seq });
    }
    Ok(if hello.seq <= held.seq { Verdict::Duplicate } else { Verdict::Append { from: next } })
}

fn of_batch<E>(
    held: &Held<'_>,
    entries: &[Entry],
    previous: Hash,
    hash_at: &mut impl FnMut(u64) -> Result<Hash, E>,
) -> Result<Verdict, E> {
    let (Some(first), Some(last)) = (entries.first(), entries.last()) else { return Ok(Verdict::Duplicate) };
    let next = held.seq.saturating_add(1);
    if first.seq() > next {
        return Ok(match held.standing {
            Standing::Quarantined => Verdict::Fork { from: first.seq() },
            Standing::Open | Standing::Closed | Standing::Revoked => Verdict::Gap { expected: next },
        });
    }
    if first.seq() == next && previous != held.hash {
        return Ok(Verdict::Fork { from: next });
    }
    if let Some(from) = first_difference(held, entries, hash_at)? {
        return Ok(Verdict::Fork { from });
    }
    if last.seq() <= held.seq {
        return Ok(Verdict::Duplicate);
    }
    if entries.iter().any(|entry| held.has_said_otherwise(entry.seq(), entry.hash())) {
        return Ok(Verdict::Fork { from: next });
    }
    Ok(match held.standing {
        Standing::Quarantined => Verdict::Fork { from: next },
        Standing::Open | Standing::Closed | Standing::Revoked => Verdict::Append { from: next },
    })
}

/// The first entry that we hold otherwise. Where the last shared one is equal, all before it are.
fn first_difference<E>(
    held: &Held<'_>,
    entries: &[Entry],
    hash_at: &mut impl FnMut(u64) -> Result<Hash, E>,
) -> Result<Option<u64>, E> {
    let shared = entries.iter().filter(|entry| entry.seq() <= held.seq);
    match shared.clone().next_back() {
        Some(entry) if hash_of(held, entry.seq(), hash_at)? != entry.hash() => {}
        Some(_) | None => return Ok(None),
    }
    for entry in shared {
        if hash_of(held, entry.seq(), hash_at)? != entry.hash() {
            return Ok(Some(entry.seq()));
        }
    }
    Ok(None)
}

fn hash_of<E>(held: &Held<'_>, seq: u64, hash_at: &mut impl FnMut(u64) -> Result<Hash, E>) -> Result<Hash, E> {
    if seq == held.seq { Ok(held.hash) } else { hash_at(seq) }
}

#[cfg(test)]
#[path = "verdict_tests.rs"]
mod tests;
