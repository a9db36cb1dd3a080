//! What tills say becomes what head office holds: a day, repeated, in pieces, forked, rolled back, restored.

use crate::shop::{EPOCH, MOMENT, Shop, dump, head_office, head_office_key, ids, merge};
use counterfoil_core::id::Hash;
use counterfoil_core::journal::acknowledgement::{Acknowledgement, Epoch, Nonce};
use counterfoil_core::journal::batch::BatchHead;
use counterfoil_core::journal::envelope::Entry;
use counterfoil_core::journal::hello::Hello;
use counterfoil_core::journal::signed::Unverified;
use counterfoil_core::money::Money;
use counterfoil_core::time::{Date, Timestamp};
use counterfoil_sync_server::merge::{Moment, Word};
use counterfoil_sync_server::projection::replay;
use counterfoil_sync_server::store::key::Key;
use counterfoil_sync_server::store::record::{Dimension, EvidenceOf, KeptBecause, RollUp};
use counterfoil_sync_server::store::tables::Table;
use counterfoil_sync_server::store::{RedbStore, Store, StoreError};
use counterfoil_sync_server::verdict::{Standing, Verdict};
use counterfoil_sync_server::writer::{self, merge_together};
use tempfile::{TempDir, tempdir};

/// The count, gross, tax and cash of all days, as the roll-ups have them.
fn rolled_up(store: &dyn Store) -> (u64, i128, i128, i128) {
    let all = store.read(|rows| rows.all_roll_ups()).unwrap();
    let days = all.iter().filter(|(key, _)| key.dimension == Dimension::Day);
    let sum = days.fold(RollUp::ZERO, |sum, (_, day)| sum.plus(day));
    (sum.count, sum.gross, sum.tax, sum.cash)
}

fn replay_agrees(store: &dyn Store) {
    let stored = store.read(|rows| rows.all_roll_ups()).unwrap();
    let replayed: Vec<_> = store.read(replay).unwrap().into_roll_ups().collect();
    assert_eq!(stored, replayed);
}

fn findings(store: &dyn Store, shop: &Shop) -> Vec<String> {
    let found = store.read(|rows| rows.findings(shop.journal, 100)).unwrap();
    found.into_iter().map(|finding| finding.code).collect()
}

fn busy_shop(number: u8) -> Shop {
    let mut shop = Shop::open(number);
    shop.sell(ids("a", 10));
    shop.refund("r", "a3");
    shop
}

fn shop_and_office(shop: Shop) -> (Shop, std::sync::Arc<dyn Store>, TempDir) {
    let folder = tempdir().unwrap();
    let store = head_office(folder.path(), &[&shop]);
    (shop, store, folder)
}

#[test]
fn a_day_arrives_whole_and_adds_up() {
    let mut shop = busy_shop(1);
    shop.close();
    let (shop, store, _folder) = shop_and_office(shop);
    assert_eq!(merge(&*store, shop.hello()).send_from, Some(1));
    let outcome = merge(&*store, shop.all_from(1));
    assert_eq!((outcome.verdict, outcome.seq), (Verdict::Append { from: 1 }, shop.seq()));
    assert_eq!(outcome.hash, shop.till.mark().hash);
    assert_eq!(outcome.acknowledgement(MOMENT.now, Nonce([1; 16])).hash, outcome.hash);
    let after = merge(&*store, shop.hello());
    assert_eq!((after.verdict, after.send_from), (Verdict::Duplicate, None));
    assert_eq!(findings(&*store, &shop), Vec::<String>::new());
    let tax = 65 * 9;
    assert_eq!(rolled_up(&*store), (11, 375 * 9, tax, 375 * 9));
    replay_agrees(&*store);
    let series = "S01-T01-R26A".parse().unwrap();
    let documents = store.read(|rows| rows.documents_from(&series, 1, 100)).unwrap();
    assert_eq!(documents.iter().map(|document| document.number).collect::<Vec<_>>(), (1..=10).collect::<Vec<_>>());
    let day = Date::from_civil(2026, 11, 21).unwrap();
    let roll_ups = store.read(|rows| rows.roll_ups(&"S01".parse().unwrap(), day, day)).unwrap();
    let by = |dimension: &Dimension| roll_ups.iter().find(|(key, _)| key.dimension == *dimension).unwrap().1;
    assert_eq!(by(&Dimension::Product("milk".parse().unwrap())).quantity, "27".parse().unwrap());
    assert_eq!(by(&Dimension::Operator("owner".parse().unwrap())).gross, 375 * 9);
}

#[test]
fn doing_it_again_changes_nothing() {
    let (shop, store, _folder) = shop_and_office(busy_shop(1));
    merge(&*store, shop.all_from(1));
    let before = dump(&*store);
    for word in [shop.all_from(1), shop.run(1, 3), shop.run(4, 9), shop.all_from(9)] {
        let outcome = merge(&*store, word);
        assert_eq!((outcome.verdict, outcome.seq), (Verdict::Duplicate, shop.seq()));
        assert_eq!(dump(&*store), before);
    }
}

#[test]
fn in_pieces_or_at_once_is_the_same() {
    let (shop, at_once, _folder) = shop_and_office(busy_shop(1));
    merge(&*at_once, shop.all_from(1));
    let (shop, in_pieces, _folder) = shop_and_office(shop);
    for (from, to) in [(1, 1), (2, 5), (4, 6), (7, 7), (7, 12)] {
        merge(&*in_pieces, shop.run(from, to));
    }
    merge(&*in_pieces, shop.all_from(13));
    let facts = |store: &dyn Store| {
        dump(store).into_iter().filter(|(table, ..)| *table != Table::Proofs.name()).collect::<Vec<_>>()
    };
    assert_eq!(facts(&*in_pieces), facts(&*at_once));
}

#[test]
fn a_gap_is_answered_with_what_is_expected_and_changes_nothing_else() {
    let (shop, store, _folder) = shop_and_office(busy_shop(1));
    merge(&*store, shop.run(1, 3));
    let outcome = merge(&*store, shop.all_from(6));
    assert_eq!((outcome.verdict, outcome.send_from, outcome.seq), (Verdict::Gap { expected: 4 }, Some(4), 3));
    assert_eq!(merge(&*store, shop.all_from(4)).seq, shop.seq());
}

/// Two tills that did the same, and then each something else: a cloned disk.
fn clones() -> (Shop, Shop) {
    let (mut first, mut second) = (busy_shop(1), busy_shop(1));
    first.sell(ids("first", 4));
    second.sell(ids("second", 3));
    (first, second)
}

#[test]
fn a_fork_keeps_the_first_branch_and_disputes_all_else_with_both_proofs() {
    let (mut first, second) = clones();
    let other = busy_shop(2);
    let folder = tempdir().unwrap();
    let store = head_office(folder.path(), &[&first, &other]);
    let shared = busy_shop(1).seq();
    merge(&*store, first.all_from(1));
    let totals = rolled_up(&*store);
    let outcome = merge(&*store, second.all_from(1));
    assert_eq!(outcome.verdict, Verdict::Fork { from: shared + 1 });
    assert_eq!((outcome.standing, outcome.seq), (Some(Standing::Quarantined), first.seq()));
    assert_eq!(outcome.kept_to, Some(second.seq()));

    first.sell(ids("later", 2));
    let later = merge(&*store, first.all_from(1));
    assert_eq!(later.kept_to, Some(first.seq()));
    assert_eq!(rolled_up(&*store), totals, "nothing of a forked journal counts any more");
    merge(&*store, second.all_from(1));
    let kept = store.read(|rows| rows.kept(first.journal, 100)).unwrap();
    assert_eq!(kept.len(), 3 + 2, "each disputed entry is kept once");
    for kept in &kept {
        let entry = Entry::read(&kept.bytes).unwrap();
        assert!(entry.seq() > shared && kept.because == KeptBecause::Disputed);
        let proof = store.read(|rows| rows.kept_proof(first.journal, kept.batch)).unwrap().unwrap();
        let head = Unverified::<BatchHead>::read(&proof).unwrap().verify(&first.record().key).unwrap();
        assert!(head.statement().seq >= entry.seq());
    }
    let [evidence] = store.read(|rows| rows.evidence(first.journal)).unwrap().try_into().unwrap();
    assert_eq!((evidence.of, evidence.seq), (EvidenceOf::Fork, shared + 1));
    for proof in [evidence.ours.unwrap(), evidence.theirs] {
        Unverified::<BatchHead>::read(&proof).unwrap().verify(&first.record().key).unwrap();
    }
    assert_eq!(merge(&*store, second.hello()).send_from, None, "all of the other branch is here");
    assert_eq!(merge(&*store, other.all_from(1)).verdict, Verdict::Append { from: 1 }, "others go on");
    replay_agrees(&*store);
}

#[test]
fn a_hello_alone_shows_a_fork() {
    let (first, second) = clones();
    let (first, store, _folder) = shop_and_office(first);
    merge(&*store, first.all_from(1));
    let outcome = merge(&*store, second.hello_from_file());
    assert_eq!((outcome.verdict, outcome.send_from), (Verdict::Fork { from: 1 }, Some(1)));
    assert_eq!(outcome.standing, Some(Standing::Quarantined));
    let [evidence] = store.read(|rows| rows.evidence(first.journal)).unwrap().try_into().unwrap();
    assert!(Hello::read(&evidence.theirs).unwrap().verify(&first.record().key).is_ok());
    assert_eq!(merge(&*store, second.all_from(1)).kept_to, Some(second.seq()));
    assert_eq!(store.read(|rows| rows.kept(first.journal, 100)).unwrap().len(), 3);
}

#[test]
fn a_till_from_a_backup_is_told_and_an_old_file_is_not() {
    let mut shop = busy_shop(1);
    let old = busy_shop(1);
    shop.sell(ids("more", 5));
    let (shop, store, _folder) = shop_and_office(shop);
    merge(&*store, shop.all_from(1));
    for word in [old.hello_from_file(), old.all_from(1)] {
        assert_eq!(merge(&*store, word).verdict, Verdict::Duplicate, "an old export file is no rollback");
    }
    assert!(store.read(|rows| rows.evidence(shop.journal)).unwrap().is_empty());
    let outcome = merge(&*store, old.hello());
    assert_eq!((outcome.verdict, outcome.send_from), (Verdict::Rollback { seq: old.seq() }, None));
    let [evidence] = store.read(|rows| rows.evidence(shop.journal)).unwrap().try_into().unwrap();
    assert_eq!(evidence.of, EvidenceOf::Rollback);
    assert!(evidence.ours.is_some());
}

/// A hello that shows an acknowledgement of this epoch up to the till's head.
fn acknowledged(shop: &Shop, epoch: Epoch) -> Word {
    shop.hello_with(|hello| {
        let (journal, seq, hash) = (hello.journal, hello.seq, hello.hash);
        let shown = Acknowledgement { journal, seq, hash, epoch, time: MOMENT.now, nonce: Nonce([1; 16]) };
        hello.acknowledged = Some(shown.sign(&head_office_key()).unwrap());
    })
}

#[test]
fn a_restored_head_office_gets_everything_again() {
    let (shop, store, _folder) = shop_and_office(busy_shop(1));
    merge(&*store, shop.run(1, 5));
    let restored = Epoch { counter: 2, random: [7; 8] };
    store.write(|rows| rows.put_epoch(restored)).unwrap();
    let outcome = merge(&*store, acknowledged(&shop, EPOCH));
    assert_eq!((outcome.verdict, outcome.send_from), (Verdict::ServerRestored { from: 6 }, Some(6)));
    assert_eq!(outcome.epoch, restored);
    assert_eq!(merge(&*store, shop.all_from(6)).seq, shop.seq());
    assert_eq!(merge(&*store, acknowledged(&shop, EPOCH)).verdict, Verdict::Duplicate);
    replay_agrees(&*store);
}

#[test]
fn a_head_office_that_lost_entries_of_its_own_epoch_begins_a_new_one() {
    let (shop, store, _folder) = shop_and_office(busy_shop(1));
    merge(&*store, shop.run(1, 5));
    let outcome = merge(&*store, acknowledged(&shop, EPOCH));
    assert_eq!((outcome.verdict, outcome.send_from), (Verdict::ServerFault { from: 6 }, Some(6)));
    assert_eq!(outcome.epoch, Epoch { counter: 2, random: MOMENT.fresh });
    let again = merge(&*store, acknowledged(&shop, EPOCH));
    assert_eq!((again.verdict, again.epoch), (Verdict::ServerRestored { from: 6 }, outcome.epoch));
}

#[test]
fn no_epoch_is_below_what_a_till_shows() {
    let (shop, store, _folder) = shop_and_office(busy_shop(1));
    merge(&*store, shop.all_from(1));
    let outcome = merge(&*store, acknowledged(&shop, Epoch { counter: 40, random: [4; 8] }));
    assert_eq!((outcome.verdict, outcome.epoch.counter), (Verdict::Duplicate, 41));
}

#[test]
fn a_journal_that_was_closed_or_revoked_is_kept_and_does_not_count() {
    for (standing, verdict, because) in [
        (Standing::Closed, Verdict::Closed, KeptBecause::Closed),
        (Standing::Revoked, Verdict::Revoked, KeptBecause::Revoked),
    ] {
        let (shop, store, _folder) = shop_and_office(busy_shop(1));
        merge(&*store, shop.run(1, 5));
        store
            .write(|rows| {
                let mut record = rows.as_rows().journal(shop.journal)?.unwrap();
                record.standing = standing;
                rows.put_journal(&record)
            })
            .unwrap();
        let totals = rolled_up(&*store);
        assert_eq!(merge(&*store, shop.hello()).send_from, Some(6));
        let outcome = merge(&*store, shop.all_from(1));
        assert_eq!((outcome.verdict, outcome.seq, outcome.kept_to), (verdict, 5, Some(shop.seq())));
        let kept = store.read(|rows| rows.kept(shop.journal, 100)).unwrap();
        assert!(kept.iter().all(|kept| kept.because == because));
        assert_eq!(kept.len() as u64, shop.seq() - 5);
        assert_eq!(rolled_up(&*store), totals);
        assert_eq!(merge(&*store, shop.hello()).send_from, None);
    }
}

#[test]
fn what_the_till_states_is_compared_with_what_came() {
    let (shop, store, _folder) = shop_and_office(busy_shop(1));
    merge(&*store, shop.all_from(1));
    merge(&*store, shop.hello());
    assert!(findings(&*store, &shop).is_empty());
    merge(&*store, shop.hello_with(|hello| hello.totals[0].gross = Money::from_minor(1)));
    merge(&*store, shop.hello_with(|hello| hello.series[0].1 += 1));
    assert_eq!(findings(&*store, &shop), ["numbers_differ", "totals_differ"]);
}

#[test]
fn a_journal_that_nobody_granted_is_unknown() {
    let (_, store, _folder) = shop_and_office(busy_shop(1));
    let before = dump(&*store);
    let stranger = busy_shop(9);
    for word in [stranger.hello(), stranger.all_from(1)] {
        let outcome = merge(&*store, word);
        assert_eq!((outcome.verdict, outcome.standing, outcome.hash), (Verdict::Unknown, None, Hash::ZERO));
    }
    assert_eq!(dump(&*store), before);
}

#[test]
fn a_damaged_row_of_one_journal_delays_no_other() {
    let (first, second) = (busy_shop(1), busy_shop(2));
    let folder = tempdir().unwrap();
    let store = head_office(folder.path(), &[&first, &second]);
    let key = Key::journal(first.journal);
    store
        .write(|rows| {
            let mut stored = rows.as_rows().stored(Table::Journals, &key)?.unwrap();
            stored[20] ^= 1;
            rows.store(Table::Journals, &key, &stored)
        })
        .unwrap();
    let words = [first.all_from(1), second.all_from(1)];
    assert!(matches!(merge_together(&*store, &words, MOMENT), Err(StoreError::Damaged { .. })));
    let (inbox, thread) = writer::start(store.clone(), Box::new(|| MOMENT)).unwrap();
    let [one, two] = words.map(|word| inbox.merge(word));
    assert!(matches!(one, Err(StoreError::Damaged { .. })));
    assert_eq!(two.unwrap().seq, second.seq());
    drop(inbox);
    thread.join().unwrap();
}

#[test]
fn many_tills_at_once_lose_nothing() {
    let shops: Vec<Shop> = (1..=8).map(busy_shop).collect();
    let folder = tempdir().unwrap();
    let store = head_office(folder.path(), &shops.iter().collect::<Vec<_>>());
    let mut clock = 0;
    let moments = move || {
        clock += 1;
        Moment { now: Timestamp(clock), fresh: [3; 8] }
    };
    let (inbox, thread) = writer::start(store.clone(), Box::new(moments)).unwrap();
    std::thread::scope(|scope| {
        for shop in &shops {
            let (inbox, words) = (inbox.clone(), [shop.run(1, 4), shop.run(3, 9), shop.all_from(10), shop.all_from(1)]);
            scope.spawn(move || words.map(|word| inbox.merge(word).unwrap()));
        }
    });
    drop(inbox);
    thread.join().unwrap();
    assert_eq!(rolled_up(&*store).0, 8 * 11);
    replay_agrees(&*store);
    drop(store);
    let reopened = RedbStore::open(&folder.path().join("head-office.redb")).unwrap();
    assert_eq!(rolled_up(&reopened).0, 8 * 11, "it is all there after opening again");
}
