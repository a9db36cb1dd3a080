//! The audit says ok only where every sale is here and counted once, and names what is not.

use crate::shop::{Shop, head_office, ids, merge};
use counterfoil_core::event::Event;
use counterfoil_core::grant::PredecessorV1;
use counterfoil_core::id::Hash;
use counterfoil_core::journal::envelope::ChainHead;
use counterfoil_core::journal::hello::Hello;
use counterfoil_core::money::Money;
use counterfoil_sync_server::audit::{Audit, audit};
use counterfoil_sync_server::merge::Word;
use counterfoil_sync_server::store::Store;
use counterfoil_sync_server::verdict::{Standing, Verdict};
use tempfile::tempdir;

fn run(store: &dyn Store) -> Audit {
    store.read(audit).unwrap()
}

fn selling(number: u8) -> Shop {
    let mut shop = Shop::open(number);
    shop.sell(ids("a", 5));
    shop
}

/// Two tills that did the same, and then each something else: a cloned disk.
fn clones(first_sales: usize, second_sales: usize) -> (Shop, Shop) {
    let (mut first, mut second) = (selling(1), selling(1));
    first.sell(ids("first", first_sales));
    second.sell(ids("second", second_sales));
    (first, second)
}

/// The first entry of a journal that says that it follows another.
fn opening_after(shop: &Shop, old: &Shop, seq: u64, hash: Hash) -> Word {
    let entry = shop.batch(1).entries()[0].clone();
    let Some(Event::JournalOpened(mut opened)) = Event::decode(&entry).unwrap() else { panic!("no opening") };
    let (journal, key) = (old.journal, old.record().key);
    opened.predecessor = Some(PredecessorV1 { journal, key, seq, hash, perpetual_gross: Money::ZERO, sessions: 0 });
    let event = Event::JournalOpened(opened);
    let start = ChainHead::start(shop.journal);
    let (entry, _) = start.append(entry.now(), event.event_type(), entry.schema_version(), &event.encode()).unwrap();
    shop.signed(&[entry])
}

#[test]
fn what_a_later_journal_says_of_the_one_before_is_compared_with_what_is_held() {
    let (old, new) = (selling(1), Shop::open(2));
    let mark = old.till.mark();
    let held_of = |entries: u64, hash: Hash| {
        let folder = tempdir().unwrap();
        let store = head_office(folder.path(), &[&old, &new]);
        if entries > 0 {
            merge(&*store, old.run(1, entries));
        }
        merge(&*store, opening_after(&new, &old, mark.seq, hash));
        run(&*store)
    };
    let whole = held_of(mark.seq, mark.hash);
    assert!(whole.is_ok() && whole.unreceived.is_empty(), "{whole:?}");
    for held in [0, mark.seq - 2] {
        let found = held_of(held, mark.hash);
        assert!(found.is_ok(), "{found:?}");
        let [missing] = found.unreceived.try_into().unwrap();
        assert_eq!((missing.journal, missing.from, missing.to), (old.journal, held + 1, mark.seq));
    }
    let other = held_of(mark.seq, Hash([7; 32]));
    assert!(!other.is_ok());
    assert!(other.differences[0].contains("another entry"), "{:?}", other.differences);
}

#[test]
fn what_a_later_journal_and_a_hello_both_say_is_told_once() {
    let (mut old, new) = (selling(1), Shop::open(2));
    let folder = tempdir().unwrap();
    let store = head_office(folder.path(), &[&old, &new]);
    merge(&*store, old.run(1, 5));
    merge(&*store, old.hello());
    old.sell(ids("more", 1));
    let mark = old.till.mark();
    merge(&*store, opening_after(&new, &old, mark.seq, mark.hash));
    let [missing, later] = run(&*store).unreceived.try_into().unwrap();
    assert_eq!((missing.from, missing.to, missing.totals[0].count), (6, mark.seq - 1, 3));
    assert_eq!((later.from, later.to, later.totals.len()), (mark.seq, mark.seq, 0));
}

#[test]
fn a_fork_is_not_ok_and_its_numbers_and_sums_are_named() {
    for (first_sales, second_sales, twice) in [(4, 3, vec![6, 7, 8]), (1, 3, vec![6]), (2, 2, vec![6, 7])] {
        let (first, second) = clones(first_sales, second_sales);
        let folder = tempdir().unwrap();
        let store = head_office(folder.path(), &[&first]);
        merge(&*store, first.all_from(1));
        merge(&*store, second.hello());
        let from = selling(1).seq() + 1;
        let told = run(&*store);
        if second_sales <= first_sales {
            assert!(!told.is_ok(), "a fork that is only known by a hello");
            assert_eq!((told.unreceived[0].from, told.unreceived[0].to), (1, second.seq()));
        }
        merge(&*store, second.all_from(1));
        let found = run(&*store);
        assert!(!found.is_ok());
        assert_eq!(found.differences, Vec::<String>::new());
        assert_eq!(found.unreceived, vec![], "all of the other branch is here");
        let receipts = found.series.iter().find(|one| one.series.code.as_str().contains("-R26")).unwrap();
        assert_eq!((&receipts.duplicates, receipts.missing.len()), (&twice, 0));
        let [disputed] = found.disputed.try_into().unwrap();
        assert_eq!((disputed.journal, disputed.standing), (first.journal, Standing::Quarantined));
        assert_eq!((disputed.entries, disputed.totals[0].count), (second_sales as u64, second_sales as u64));
        assert_eq!(disputed.totals[0].gross, Money::from_minor(375 * i64::try_from(second_sales).unwrap()));
        assert_eq!(found.evidence[0].seq, if second_sales > first_sales { from } else { 1 });
        let told = found.findings.join("; ");
        assert!(told.contains("fork") && told.contains("not counted"), "{told}");
    }
}

#[test]
fn what_is_kept_of_a_closed_journal_has_been_received() {
    let mut shop = selling(1);
    let folder = tempdir().unwrap();
    let store = head_office(folder.path(), &[&shop]);
    merge(&*store, shop.run(1, 5));
    store
        .write(|rows| {
            let record = rows.as_rows().journal(shop.journal)?.unwrap();
            rows.put_journal(&counterfoil_sync_server::store::record::JournalRecord {
                standing: Standing::Closed,
                ..record
            })
        })
        .unwrap();
    let kept_to = shop.seq();
    merge(&*store, shop.run(6, kept_to));
    merge(&*store, shop.hello());
    let found = run(&*store);
    assert_eq!((found.is_ok(), found.unreceived.len()), (true, 0), "{found:?}");
    assert!(found.findings.join("; ").contains("kept and not counted"), "{:?}", found.findings);
    shop.sell(ids("later", 2));
    merge(&*store, shop.hello());
    let [missing] = run(&*store).unreceived.try_into().unwrap();
    assert_eq!((missing.from, missing.to, missing.totals[0].count), (kept_to + 1, kept_to + 2, 2));
    assert_eq!((missing.numbers[0].1, missing.numbers[0].2), (6, 7));
}

#[test]
fn a_signed_word_about_what_never_came_proves_a_fork_and_a_rollback() {
    let (first, second) = clones(2, 2);
    let shared = selling(1).seq();
    let of_two = |word: Word| {
        let folder = tempdir().unwrap();
        let store = head_office(folder.path(), &[&first]);
        merge(&*store, first.run(1, shared));
        merge(&*store, first.hello());
        let outcome = merge(&*store, word);
        let [evidence] = store.read(|rows| rows.evidence(first.journal)).unwrap().try_into().unwrap();
        let ours = Hello::read(&evidence.ours.unwrap()).unwrap().verify(&first.record().key).unwrap();
        assert_eq!(ours.statement().seq, first.seq());
        outcome
    };
    for word in [second.all_from(1), second.hello()] {
        assert!(matches!(of_two(word).verdict, Verdict::Fork { .. }));
    }
    let mut behind = selling(1);
    behind.sell(ids("first", 1));
    let outcome = of_two(behind.hello());
    assert_eq!((outcome.verdict, outcome.send_from), (Verdict::Rollback { seq: behind.seq() }, Some(shared + 1)));
}

#[test]
fn a_till_put_back_is_found_by_an_earlier_word_though_it_has_said_more_since() {
    // The first branch was only spoken of; the till was put back, wrote more on another one, and spoke of that.
    let (lost, back) = clones(2, 4);
    let (shared, folder) = (selling(1).seq(), tempdir().unwrap());
    let store = head_office(folder.path(), &[&lost]);
    assert_eq!(merge(&*store, lost.hello()).verdict, Verdict::Append { from: 1 });
    assert_eq!(merge(&*store, back.hello()).verdict, Verdict::Append { from: 1 });
    assert_eq!(merge(&*store, back.run(1, shared)).verdict, Verdict::Append { from: 1 });
    assert_eq!(merge(&*store, back.all_from(1)).verdict, Verdict::Fork { from: shared + 1 });
    let [evidence] = store.read(|rows| rows.evidence(lost.journal)).unwrap().try_into().unwrap();
    let ours = Hello::read(&evidence.ours.unwrap()).unwrap().verify(&lost.record().key).unwrap();
    assert_eq!((ours.statement().seq, evidence.seq), (lost.seq(), shared + 1));
    let audit = run(&*store);
    assert_eq!(audit.unreceived.iter().map(|one| (one.from, one.to)).collect::<Vec<_>>(), [(shared + 1, lost.seq())]);
    assert_eq!(store.read(|rows| rows.kept(lost.journal, 100)).unwrap().len(), 4, "its branch is kept");
}

#[test]
fn words_about_what_has_come_are_forgotten() {
    let (mut shop, folder) = (selling(1), tempdir().unwrap());
    let store = head_office(folder.path(), &[&shop]);
    for sale in 0..100 {
        shop.sell(ids(&format!("more{sale}"), 1));
        merge(&*store, shop.hello());
    }
    let words = || store.read(|rows| rows.words(shop.journal)).unwrap().len();
    assert_eq!(words(), counterfoil_sync_server::said::WORDS_MAX);
    assert_eq!(merge(&*store, shop.all_from(1)).verdict, Verdict::Append { from: 1 });
    assert_eq!(words(), 0);
}

#[test]
fn a_branch_of_which_only_the_end_has_come_is_asked_for_until_all_of_it_has() {
    let (first, second) = clones(3, 6);
    let (shared, folder) = (selling(1).seq(), tempdir().unwrap());
    let store = head_office(folder.path(), &[&first]);
    merge(&*store, first.all_from(1));
    // By its head alone the longer branch is a backlog; its end shows that it is another one.
    let Verdict::Append { from } = merge(&*store, second.hello()).verdict else { panic!("a backlog") };
    assert_eq!(merge(&*store, second.all_from(from)).verdict, Verdict::Fork { from });
    // What is before that was lost on its way.
    for expected in [first.seq(), shared + 1] {
        assert!(merge(&*store, second.hello()).send_from.is_some_and(|from| from <= shared + 1));
        let missing = run(&*store).unreceived;
        assert_eq!(missing.iter().map(|one| one.to).collect::<Vec<_>>(), [expected]);
        merge(&*store, second.run(shared + 2, shared + 3));
    }
    merge(&*store, second.run(shared + 1, shared + 1));
    assert_eq!(merge(&*store, second.hello()).send_from, None);
    assert_eq!(run(&*store).unreceived.len(), 0);
    assert_eq!(store.read(|rows| rows.kept(first.journal, 100)).unwrap().len(), 6);
}
