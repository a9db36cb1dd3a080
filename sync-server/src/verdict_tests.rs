use std::convert::Infallible;

use counterfoil_core::id::JournalId;
use counterfoil_core::journal::acknowledgement::Nonce;
use counterfoil_core::journal::batch::Batch;
use counterfoil_core::journal::envelope::ChainHead;
use counterfoil_core::journal::hello::Hello;
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

fn held(standing: Standing) -> Held<'static> {
    let hash = chain(0)[3].hash();
    Held { standing, seq: HELD_SEQ, hash, epoch: EPOCH, asked: Some(asked(HELD_SEQ)), said: None, said_before: &[] }
}

fn judge(held: Option<&Held<'_>>, claim: Claim<'_>) -> Verdict {
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

/// What head office acknowledged of a branch.
fn acknowledgement(branch: u8, (counter, random, seq): (u64, u8, u64)) -> Acknowledgement {
    let epoch = Epoch { counter, random: [random; 8] };
    let hash = chain(branch)[usize::try_from(seq).unwrap() - 1].hash();
    Acknowledgement { journal: JOURNAL, seq, hash, epoch, time: Timestamp(1), nonce: Nonce([1; 16]) }
}

fn hello(branch: u8, seq: u64, shown: Option<(u64, u8, u64)>, challenge: Option<Challenge>) -> CheckedHello {
    let head_office = SigningKey::from_seed([4; 32]);
    let hash = if seq == 0 { Hash::ZERO } else { chain(branch)[usize::try_from(seq).unwrap() - 1].hash() };
    let acknowledged = shown.map(|shown| acknowledgement(branch, shown).sign(&head_office).unwrap());
    let hello = Hello { journal: JOURNAL, seq, hash, series: vec![], totals: vec![], acknowledged, challenge };
    let verified = Hello::read(&hello.sign(&key()).unwrap()).unwrap().verify(&key().public_key()).unwrap();
    verified.check(&head_office.public_key()).unwrap()
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

fn row(held: Option<&Held<'_>>, branch: u8, seq: u64, challenge: Option<Challenge>) -> String {
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
        // What was acknowledged and lost, or is another entry here now, proves nothing: all of the branch is sent.
        (Standing::Open, 1, 4, Some((5, 5, 6)), 1),
        (Standing::Open, 1, 6, Some((5, 5, 4)), 1),
        (Standing::Open, 1, 6, Some((4, 4, 3)), 1),
        (Standing::Quarantined, 1, 6, Some((5, 5, 4)), 1),
        (Standing::Quarantined, 0, 3, None, 4),
        (Standing::Quarantined, 0, 4, None, 5),
        (Standing::Quarantined, 0, 6, Some((5, 5, 2)), 3),
        (Standing::Quarantined, 0, 6, Some((5, 5, 6)), 1),
    ] {
        let hello = hello(branch, seq, shown, None);
        assert_eq!(judge(Some(&held(standing)), Claim::Hello(&hello)), Verdict::Fork { from }, "{seq} {shown:?}");
    }
}

#[test]
fn no_till_sees_an_epoch_go_back_or_come_twice() {
    for (counter, random, needed) in
        [(4, 4, None), (4, 5, None), (5, 5, None), (5, 9, Some(6)), (6, 6, Some(7)), (u64::MAX, 5, None)]
    {
        let shown = acknowledgement(0, (counter, random, 1));
        assert_eq!(epoch_counter_needed(EPOCH, &shown), needed, "{}", shown.epoch);
    }
}

/// We hold 4, and the till has signed that it had 6 of this branch.
fn held_with_word_of_6(branch: u8) -> Held<'static> {
    Held { said: Some((6, chain(branch)[5].hash())), asked: Some(asked(6)), ..held(Standing::Open) }
}

#[test]
fn a_till_that_has_lost_what_it_had_signed_for_is_rolled_back_though_nothing_of_it_came() {
    let known = held_with_word_of_6(0);
    let at = |seq: u64, challenge| row(Some(&known), 0, seq, challenge);
    for seq in [3, 4, 5] {
        assert_eq!(at(seq, Some(CHALLENGE)), "LLRL!LRLR", "{seq}");
    }
    assert_eq!(at(6, Some(CHALLENGE)), "AARA!ARAR");
    assert_eq!((at(4, None), at(5, None)), ("DDRD!DRDR".to_owned(), "AARA!ARAR".to_owned()), "a file may be old");
    let overlapping = Held { asked: Some(asked(5)), ..known };
    assert_eq!(row(Some(&overlapping), 0, 5, Some(CHALLENGE)), "AARA!ARAR", "said after the challenge was given");
}

#[test]
fn a_till_that_shows_all_that_is_known_of_it_is_not_behind() {
    let held = Held { asked: Some(asked(6)), ..held(Standing::Open) };
    assert_eq!(row(Some(&held), 0, HELD_SEQ, Some(CHALLENGE)), "DDRD!DRDR");
    assert_eq!(row(Some(&held), 0, HELD_SEQ - 1, Some(CHALLENGE)), "LLRL!LRLR");
}

#[test]
fn one_equal_hash_proves_all_before_it_so_that_no_other_is_read() {
    let nothing = |seq| -> Result<Hash, Infallible> { panic!("asked for entry {seq}") };
    let open = held(Standing::Open);
    for (first, last, expected) in [(1, 4, Verdict::Duplicate), (1, 6, Verdict::Append { from: 5 })] {
        assert_eq!(verdict(Some(&open), Claim::Batch(&batch(0, first, last)), nothing).unwrap(), expected);
    }
}

#[test]
fn what_comes_must_be_what_the_till_had_signed_for() {
    let known = held_with_word_of_6(1);
    assert_eq!(row(Some(&known), 0, 6, None), "FFFFFFFFF");
    assert_eq!(judge(Some(&known), Claim::Batch(&batch(0, 5, 6))), Verdict::Fork { from: 5 });
    assert_eq!(judge(Some(&known), Claim::Batch(&batch(0, 5, 5))), Verdict::Append { from: 5 });
    assert_eq!(judge(Some(&held_with_word_of_6(0)), Claim::Batch(&batch(0, 5, 6))), Verdict::Append { from: 5 });
}

#[test]
fn what_comes_must_be_what_an_earlier_word_named_too() {
    let words = [(5, chain(1)[4].hash())];
    let known = Held { said_before: &words, ..held_with_word_of_6(0) };
    assert_eq!(judge(Some(&known), Claim::Batch(&batch(0, 5, 6))), Verdict::Fork { from: 5 });
    assert_eq!(row(Some(&known), 0, 5, None), "FFFFFFFFF");
    let words = [(5, chain(0)[4].hash())];
    let known = Held { said_before: &words, ..held_with_word_of_6(0) };
    assert_eq!(judge(Some(&known), Claim::Batch(&batch(0, 5, 6))), Verdict::Append { from: 5 });
}
