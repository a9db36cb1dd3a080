//! The verdict: what a journal's signed word means for what head office holds.
//!
//! In order of precedence: bad signature | journal unknown, closed, revoked | broken chain | fork | server restored |
//! server fault | rollback | gap | duplicate | append. A pure function of three things: what we hold, what was signed,
//! and our hashes of the entries that both have. Because each hash fixes all entries before it, one equal hash proves
//! that everything up to there is the same. Example: we hold 700 entries, a batch brings 650 to 812, and its entry 700
//! has our hash: append from 701.

use counterfoil_core::id::Hash;
use counterfoil_core::journal::acknowledgement::Epoch;
use counterfoil_core::journal::batch::VerifiedBatch;
use counterfoil_core::journal::envelope::Entry;
use counterfoil_core::journal::fault::Fault;
use counterfoil_core::journal::hello::{Challenge, Hello, LastAcknowledgement, VerifiedHello};
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
pub struct Held {
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
}

/// A challenge that is open. What arrives after it was given cannot make its answer a rollback.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked {
    /// What must be answered.
    pub challenge: Challenge,
    /// The newest entry that was applied when it was given.
    pub seq: u64,
}

/// What came from a journal, as far as it could be verified.
#[derive(Clone, Copy, Debug)]
pub enum Claim<'a> {
    /// It did not verify.
    Faulty(&'a Fault),
    /// It states where it is.
    Hello(&'a VerifiedHello),
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
    held: Option<&Held>,
    claim: Claim<'_>,
    mut hash_at: impl FnMut(u64) -> Result<Hash, E>,
) -> Result<Verdict, E> {
    if let Claim::Faulty(fault) = claim
        && is_bad_signature(fault)
    {
        return Ok(Verdict::BadSignature);
    }
    let Some(held) = held else { return Ok(Verdict::Unknown) };
    match (held.standing, claim) {
        (Standing::Closed, _) => Ok(Verdict::Closed),
        (Standing::Revoked, _) => Ok(Verdict::Revoked),
        (Standing::Open | Standing::Quarantined, Claim::Faulty(_)) => Ok(Verdict::BrokenChain),
        (Standing::Open | Standing::Quarantined, Claim::Hello(hello)) => of_hello(held, hello.statement(), hash_at),
        (Standing::Open | Standing::Quarantined, Claim::Batch(batch)) => {
            of_batch(held, batch.entries(), batch.head().statement().previous, &mut hash_at)
        }
    }
}

/// The lowest counter that head office's epoch must have after it has seen this acknowledgement of its own: a till
/// must never see an epoch older than one it has seen, nor two of one counter. `None` where ours will do.
#[must_use]
pub const fn epoch_counter_needed(ours: Epoch, shown: LastAcknowledgement) -> Option<u64> {
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

/// A head above ours is the normal backlog; the entries between will show whether it is ours.
fn of_hello<E>(held: &Held, hello: &Hello, mut hash_at: impl FnMut(u64) -> Result<Hash, E>) -> Result<Verdict, E> {
    let acknowledged = hello.acknowledged.map_or(0, |last| last.seq);
    let next = held.seq.saturating_add(1);
    let is_shared = (1..=held.seq).contains(&hello.seq);
    if is_shared && hash_of(held, hello.seq, &mut hash_at)? != hello.hash {
        return Ok(Verdict::Fork { from: acknowledged.min(hello.seq.saturating_sub(1)).saturating_add(1) });
    }
    if held.standing == Standing::Quarantined {
        let proven = if hello.seq > held.seq { acknowledged.min(held.seq) } else { hello.seq };
        return Ok(Verdict::Fork { from: proven.saturating_add(1) });
    }
    if let Some(last) = hello.acknowledged
        && last.seq > held.seq
    {
        let is_ours = last.epoch == held.epoch;
        return Ok(if is_ours { Verdict::ServerFault { from: next } } else { Verdict::ServerRestored { from: next } });
    }
    let is_below = |asked: Asked| hello.challenge == Some(asked.challenge) && hello.seq < asked.seq;
    if hello.seq < held.seq && held.asked.is_some_and(is_below) {
        return Ok(Verdict::Rollback { seq: hello.seq });
    }
    Ok(if hello.seq <= held.seq { Verdict::Duplicate } else { Verdict::Append { from: next } })
}

fn of_batch<E>(
    held: &Held,
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
    Ok(match held.standing {
        Standing::Quarantined => Verdict::Fork { from: next },
        Standing::Open | Standing::Closed | Standing::Revoked => Verdict::Append { from: next },
    })
}

/// The first entry that we hold otherwise. Where the last shared one is equal, all before it are.
fn first_difference<E>(
    held: &Held,
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

fn hash_of<E>(held: &Held, seq: u64, hash_at: &mut impl FnMut(u64) -> Result<Hash, E>) -> Result<Hash, E> {
    if seq == held.seq { Ok(held.hash) } else { hash_at(seq) }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use counterfoil_core::id::JournalId;
    use counterfoil_core::journal::acknowledgement::Nonce;
    use counterfoil_core::journal::batch::Batch;
    use counterfoil_core::journal::envelope::ChainHead;
    use counterfoil_core::journal::key::SigningKey;
    use counterfoil_core::time::{Now, Timestamp, ZoneOffset};

    use super::*;

    const JOURNAL: JournalId = JournalId([0xA1; 16]);
    const HELD_SEQ: u64 = 4;
    const EPOCH: Epoch = Epoch { counter: 5, random: [5; 8] };
    const CHALLENGE: Challenge = Challenge([7; 32]);
    const STANDINGS: [Standing; 4] = [Standing::Open, Standing::Closed, Standing::Revoked, Standing::Quarantined];

    fn key() -> SigningKey {
        SigningKey::from_seed([3; 32])
    }

    /// Six entries; with `branch` the third and all after it are others.
    fn chain(branch: u8) -> Vec<Entry> {
        let mut entries: Vec<Entry> = Vec::new();
        for seq in 1..=6_u8 {
            let head = entries.last().map_or_else(|| ChainHead::start(JOURNAL), Entry::head);
            let payload = if seq < 3 { [seq, 0] } else { [seq, branch] };
            let now = Now { at: Timestamp(i64::from(seq)), offset: ZoneOffset(0) };
            entries.push(head.append(now, 9, 1, &payload).unwrap().0);
        }
        entries
    }

    const fn asked(seq: u64) -> Asked {
        Asked { challenge: CHALLENGE, seq }
    }

    fn held(standing: Standing) -> Held {
        let hash = chain(0)[3].hash();
        Held { standing, seq: HELD_SEQ, hash, epoch: EPOCH, asked: Some(asked(HELD_SEQ)) }
    }

    fn judge(held: Option<&Held>, claim: Claim<'_>) -> Verdict {
        let ours = chain(0);
        let hash_at = |seq: u64| {
            assert!((1..=HELD_SEQ).contains(&seq), "asked for entry {seq}, which we do not hold");
            Ok::<_, Infallible>(ours[usize::try_from(seq).unwrap() - 1].hash())
        };
        verdict(held, claim, hash_at).unwrap()
    }

    fn batch(branch: u8, first: usize, last: usize) -> VerifiedBatch {
        let bytes = Batch::sign(&chain(branch)[first - 1..last], &key()).unwrap();
        Batch::read(&bytes).unwrap().verify(&key().public_key()).unwrap()
    }

    /// (branch, first, last, verdict on an open journal, verdict on a quarantined one) where we hold 1 to 4 of branch 0.
    fn batches() -> Vec<(u8, usize, usize, Verdict, Verdict)> {
        let fork = |from: u64| Verdict::Fork { from };
        vec![
            (0, 1, 1, Verdict::Duplicate, Verdict::Duplicate),
            (0, 2, 3, Verdict::Duplicate, Verdict::Duplicate),
            (0, 1, 4, Verdict::Duplicate, Verdict::Duplicate),
            (0, 1, 6, Verdict::Append { from: 5 }, fork(5)),
            (0, 4, 5, Verdict::Append { from: 5 }, fork(5)),
            (0, 5, 5, Verdict::Append { from: 5 }, fork(5)),
            (0, 5, 6, Verdict::Append { from: 5 }, fork(5)),
            (0, 6, 6, Verdict::Gap { expected: 5 }, fork(6)),
            (1, 1, 2, Verdict::Duplicate, Verdict::Duplicate),
            (1, 1, 3, fork(3), fork(3)),
            (1, 3, 3, fork(3), fork(3)),
            (1, 4, 4, fork(4), fork(4)),
            (1, 2, 6, fork(3), fork(3)),
            (1, 4, 6, fork(4), fork(4)),
            (1, 5, 6, fork(5), fork(5)),
            (1, 6, 6, Verdict::Gap { expected: 5 }, fork(6)),
        ]
    }

    #[test]
    fn every_batch_gets_its_verdict_in_every_standing() {
        for (branch, first, last, open, quarantined) in batches() {
            let batch = batch(branch, first, last);
            let claim = Claim::Batch(&batch);
            let case = format!("branch {branch}, {first} to {last}");
            assert_eq!(judge(None, claim), Verdict::Unknown, "{case}");
            for standing in STANDINGS {
                let expected = match standing {
                    Standing::Open => open,
                    Standing::Closed => Verdict::Closed,
                    Standing::Revoked => Verdict::Revoked,
                    Standing::Quarantined => quarantined,
                };
                assert_eq!(judge(Some(&held(standing)), claim), expected, "{case} {standing:?}");
            }
        }
    }

    #[test]
    fn a_fault_is_told_by_its_precedence() {
        let bad = Fault::BadSignature { what: "batch" }.at(JOURNAL, 5);
        let broken = Fault::BrokenChain { expected: Hash::ZERO, came: Hash([1; 32]) }.at(JOURNAL, 5);
        assert_eq!(judge(None, Claim::Faulty(&bad)), Verdict::BadSignature);
        assert_eq!(judge(None, Claim::Faulty(&broken)), Verdict::Unknown);
        for standing in STANDINGS {
            let expected = match standing {
                Standing::Open | Standing::Quarantined => Verdict::BrokenChain,
                Standing::Closed => Verdict::Closed,
                Standing::Revoked => Verdict::Revoked,
            };
            assert_eq!(judge(Some(&held(standing)), Claim::Faulty(&broken)), expected, "{standing:?}");
            assert_eq!(judge(Some(&held(standing)), Claim::Faulty(&bad)), Verdict::BadSignature, "{standing:?}");
        }
    }

    #[test]
    fn a_new_journal_begins_with_its_first_entry() {
        let none = Held { seq: 0, hash: Hash::ZERO, ..held(Standing::Open) };
        let judge = |branch, first, last| {
            let hash_at = |_| -> Result<Hash, Infallible> { panic!("nothing is shared") };
            verdict(Some(&none), Claim::Batch(&batch(branch, first, last)), hash_at).unwrap()
        };
        assert_eq!(judge(0, 1, 3), Verdict::Append { from: 1 });
        assert_eq!(judge(0, 2, 3), Verdict::Gap { expected: 1 });
    }

    /// Where a hello says it is: (name, branch, seq).
    const PLACES: [(&str, u8, u64); 6] = [
        ("at the start", 0, 0),
        ("below, ours", 0, 3),
        ("below, other", 1, 3),
        ("level, ours", 0, 4),
        ("level, other", 1, 4),
        ("above", 0, 6),
    ];

    /// The acknowledgement it shows: (epoch counter, random bits, seq).
    const SHOWN: [Option<(u64, u8, u64)>; 9] = [
        None,
        Some((4, 4, 2)),
        Some((4, 4, 6)),
        Some((5, 5, 4)),
        Some((5, 5, 6)),
        Some((6, 6, 2)),
        Some((6, 6, 6)),
        Some((5, 9, 2)),
        Some((5, 9, 6)),
    ];

    fn hello(branch: u8, seq: u64, shown: Option<(u64, u8, u64)>, challenge: Option<Challenge>) -> VerifiedHello {
        let hash = if seq == 0 { Hash::ZERO } else { chain(branch)[usize::try_from(seq).unwrap() - 1].hash() };
        let acknowledged = shown.map(|(counter, random, seq)| {
            let epoch = Epoch { counter, random: [random; 8] };
            LastAcknowledgement { epoch, seq, nonce: Nonce([1; 16]) }
        });
        let hello = Hello { journal: JOURNAL, seq, hash, series: vec![], totals: vec![], acknowledged, challenge };
        Hello::read(&hello.sign(&key()).unwrap()).unwrap().verify(&key().public_key()).unwrap()
    }

    fn letter(verdict: Verdict) -> char {
        match verdict {
            Verdict::BadSignature => 'S',
            Verdict::Unknown => 'U',
            Verdict::Closed => 'C',
            Verdict::Revoked => 'X',
            Verdict::BrokenChain => 'B',
            Verdict::Fork { .. } => 'F',
            Verdict::ServerRestored { from } => {
                assert_eq!(from, 5);
                'R'
            }
            Verdict::ServerFault { from } => {
                assert_eq!(from, 5);
                '!'
            }
            Verdict::Rollback { .. } => 'L',
            Verdict::Gap { .. } => 'G',
            Verdict::Duplicate => 'D',
            Verdict::Append { from } => {
                assert_eq!(from, 5);
                'A'
            }
        }
    }

    fn row(held: Option<&Held>, branch: u8, seq: u64, challenge: Option<Challenge>) -> String {
        let judge_one = |shown| letter(judge(held, Claim::Hello(&hello(branch, seq, shown, challenge))));
        SHOWN.into_iter().map(judge_one).collect()
    }

    /// One letter per acknowledgement shown: none | older <=, > | ours <=, > | newer <=, > | twin of ours <=, >.
    #[test]
    fn every_hello_gets_its_verdict() {
        let open = held(Standing::Open);
        let fresh = ["LLRL!LRLR", "LLRL!LRLR", "FFFFFFFFF", "DDRD!DRDR", "FFFFFFFFF", "AARA!ARAR"];
        let stale = ["DDRD!DRDR", "DDRD!DRDR", "FFFFFFFFF", "DDRD!DRDR", "FFFFFFFFF", "AARA!ARAR"];
        for (index, (name, branch, seq)) in PLACES.into_iter().enumerate() {
            assert_eq!(row(Some(&open), branch, seq, Some(CHALLENGE)), fresh[index], "{name}, our challenge");
            assert_eq!(row(Some(&open), branch, seq, Some(Challenge([8; 32]))), stale[index], "{name}, an old one");
            assert_eq!(row(Some(&open), branch, seq, None), stale[index], "{name}, from a file");
        }
    }

    #[test]
    fn a_hello_of_a_journal_that_may_not_grow_is_told_so() {
        for (name, branch, seq) in PLACES {
            for challenge in [Some(CHALLENGE), None] {
                assert_eq!(row(None, branch, seq, challenge), "UUUUUUUUU", "{name}");
                let told = |standing| row(Some(&held(standing)), branch, seq, challenge);
                assert_eq!(told(Standing::Closed), "CCCCCCCCC", "{name}");
                assert_eq!(told(Standing::Revoked), "XXXXXXXXX", "{name}");
                assert_eq!(told(Standing::Quarantined), "FFFFFFFFF", "{name}");
            }
        }
    }

    #[test]
    fn without_a_challenge_given_no_hello_is_fresh() {
        let unasked = Held { asked: None, ..held(Standing::Open) };
        for challenge in [None, Some(CHALLENGE)] {
            assert_eq!(row(Some(&unasked), 0, 3, challenge), "DDRD!DRDR");
        }
    }

    #[test]
    fn what_came_after_the_challenge_was_given_makes_no_rollback() {
        for (asked_at, expected) in [(4, "LLRL!LRLR"), (3, "DDRD!DRDR"), (0, "DDRD!DRDR")] {
            let held = Held { asked: Some(asked(asked_at)), ..held(Standing::Open) };
            assert_eq!(row(Some(&held), 0, 3, Some(CHALLENGE)), expected, "asked at {asked_at}");
        }
    }

    #[test]
    fn a_forked_till_sends_its_branch_from_what_was_acknowledged_to_it() {
        for (standing, branch, seq, shown, from) in [
            (Standing::Open, 1, 3, None, 1),
            (Standing::Open, 1, 4, Some((5, 5, 2)), 3),
            (Standing::Open, 1, 4, Some((5, 5, 6)), 4),
            (Standing::Quarantined, 0, 3, None, 4),
            (Standing::Quarantined, 0, 4, None, 5),
            (Standing::Quarantined, 0, 6, Some((5, 5, 2)), 3),
            (Standing::Quarantined, 0, 6, Some((5, 5, 6)), 5),
        ] {
            let hello = hello(branch, seq, shown, None);
            assert_eq!(judge(Some(&held(standing)), Claim::Hello(&hello)), Verdict::Fork { from }, "{seq} {shown:?}");
        }
    }

    #[test]
    fn no_till_sees_an_epoch_go_back_or_come_twice() {
        for (counter, random, needed) in
            [(4, 4, None), (4, 5, None), (5, 5, None), (5, 9, Some(6)), (6, 6, Some(7)), (900, 5, Some(901))]
        {
            let epoch = Epoch { counter, random: [random; 8] };
            let shown = LastAcknowledgement { epoch, seq: 1, nonce: Nonce([1; 16]) };
            assert_eq!(epoch_counter_needed(EPOCH, shown), needed, "{epoch}");
        }
    }
}
