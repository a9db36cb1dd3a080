//! What a till has signed is a fact, however odd: it is stored, counted where it can be, and shown to a person.

use crate::shop::{EPOCH, Shop, head_office, head_office_key, ids, merge};
use counterfoil_core::document::DocumentV1;
use counterfoil_core::event::{Event, GrantedByV1, JournalClosedV1, SeriesGrantedV1};
use counterfoil_core::journal::acknowledgement::{Acknowledgement, Nonce};
use counterfoil_core::journal::envelope::Entry;
use counterfoil_core::money::Money;
use counterfoil_core::series::{DocumentKind, Series};
use counterfoil_core::tender::TenderKind;
use counterfoil_sync_server::audit::audit;
use counterfoil_sync_server::merge::{Outcome, Word};
use counterfoil_sync_server::projection::replay;
use counterfoil_sync_server::store::Store;
use counterfoil_sync_server::store::record::{Dimension, JournalRecord, KeptBecause, RollUp};
use counterfoil_sync_server::verdict::{Standing, Verdict};
use tempfile::tempdir;

/// A till with two sales, and its entries.
fn selling(number: u8) -> (Shop, Vec<Entry>) {
    let mut shop = Shop::open(number);
    shop.sell(ids("a", 2));
    let entries = shop.batch(1).entries().to_vec();
    (shop, entries)
}

/// The entries with one more, of any type and payload.
fn with_bytes(mut entries: Vec<Entry>, event_type: u16, payload: &[u8]) -> Vec<Entry> {
    let last = entries.last().unwrap();
    let (entry, _) = last.head().append(last.now(), event_type, 1, payload).unwrap();
    entries.push(entry);
    entries
}

fn with(entries: Vec<Entry>, event: &Event) -> Vec<Entry> {
    with_bytes(entries, event.event_type(), &event.encode())
}

fn last_sale(entries: &[Entry]) -> DocumentV1 {
    let event = Event::decode(entries.last().unwrap()).unwrap().unwrap();
    event.document().expect("the last entry is a sale").clone()
}

struct Arrived {
    store: std::sync::Arc<dyn Store>,
    outcome: Outcome,
    codes: Vec<String>,
    _folder: tempfile::TempDir,
}

/// A new head office that gets these entries in one batch.
fn arrive(shop: &Shop, entries: &[Entry]) -> Arrived {
    let folder = tempdir().unwrap();
    let store = head_office(folder.path(), &[shop]);
    let outcome = merge(&*store, shop.signed(entries));
    let codes = codes(&*store, shop);
    let stored = store.read(|rows| rows.all_roll_ups()).unwrap();
    assert_eq!(stored, store.read(replay).unwrap().into_roll_ups().collect::<Vec<_>>());
    Arrived { store, outcome, codes, _folder: folder }
}

fn codes(store: &dyn Store, shop: &Shop) -> Vec<String> {
    let found = store.read(|rows| rows.findings(shop.journal, 100)).unwrap();
    found.into_iter().map(|finding| finding.code).collect()
}

fn figures(store: &dyn Store, dimension: &Dimension) -> RollUp {
    let all = store.read(|rows| rows.all_roll_ups()).unwrap();
    let of = all.iter().filter(|(key, _)| key.dimension == *dimension);
    of.fold(RollUp::ZERO, |sum, (_, roll_up)| sum.plus(roll_up))
}

#[test]
fn an_entry_of_a_later_program_is_kept_in_the_chain_and_counted_as_unread() {
    let (shop, entries) = selling(1);
    let entries = with_bytes(entries, 999, b"from the future");
    let arrived = arrive(&shop, &entries);
    assert_eq!((arrived.outcome.seq, arrived.codes.len()), (entries.len() as u64, 0));
    let record = arrived.store.read(|rows| rows.journal(shop.journal)).unwrap().unwrap();
    let state = arrived.store.read(|rows| rows.state(shop.journal)).unwrap().unwrap();
    assert_eq!((record.unread, state.unread, state.seq), (1, 1, record.seq));
    assert_eq!(figures(&*arrived.store, &Dimension::Day).count, 2);
}

#[test]
fn a_known_type_that_cannot_be_read_is_found() {
    let (shop, entries) = selling(1);
    let event = Event::SaleCompleted(Box::new(last_sale(&entries)));
    let mut payload = event.encode();
    payload.push(0);
    let arrived = arrive(&shop, &with_bytes(entries, event.event_type(), &payload));
    assert_eq!(arrived.codes, ["unreadable"]);
    assert_eq!(figures(&*arrived.store, &Dimension::Day).count, 2);
}

#[test]
fn a_number_out_of_turn_counts_and_is_found() {
    let (shop, entries) = selling(1);
    let mut sale = last_sale(&entries);
    sale.number = 9;
    let arrived = arrive(&shop, &entries);
    let good = entries.len();
    let entries = with(entries, &Event::SaleCompleted(Box::new(sale)));
    merge(&*arrived.store, shop.signed(&entries[good..]));
    assert_eq!(codes(&*arrived.store, &shop), ["does_not_follow"]);
    assert_eq!(figures(&*arrived.store, &Dimension::Day).count, 3, "a signed sale is a fact");
    let documents = arrived.store.read(|rows| rows.documents(&"S01-T01-R26A".parse().unwrap(), 9)).unwrap();
    assert_eq!(documents.len(), 1);

    let odd = entries.len();
    let later = with(entries.clone(), &Event::SaleCompleted(Box::new(last_sale(&entries))));
    merge(&*arrived.store, shop.signed(&later[odd..]));
    assert_eq!(codes(&*arrived.store, &shop), ["does_not_follow"], "what stopped once is not compared any more");
    let state = arrived.store.read(|rows| rows.state(shop.journal)).unwrap().unwrap();
    assert_eq!(state.seq, good as u64, "the state stays behind the entries");
}

#[test]
fn one_number_twice_is_two_facts() {
    let (shop, entries) = selling(1);
    let sale = last_sale(&entries);
    let number = sale.number;
    let arrived = arrive(&shop, &with(entries, &Event::SaleCompleted(Box::new(sale))));
    assert_eq!(arrived.codes, ["does_not_follow"]);
    let documents = arrived.store.read(|rows| rows.documents(&"S01-T01-R26A".parse().unwrap(), number)).unwrap();
    assert_eq!(documents.len(), 2);
}

#[test]
fn sums_beyond_64_bits_stop_nobody() {
    let (shop, mut entries) = selling(1);
    let mut sale = last_sale(&entries);
    let most = Money::from_minor(i64::MAX);
    (sale.totals.gross, sale.totals.payable, sale.tenders[0].amount) = (most, most, most);
    for number in [3, 4] {
        sale.number = number;
        entries = with(entries, &Event::SaleCompleted(Box::new(sale.clone())));
    }
    let arrived = arrive(&shop, &entries);
    assert_eq!(arrived.outcome.seq, entries.len() as u64);
    assert_eq!(arrived.codes, ["does_not_follow", "unbalanced", "unbalanced"]);
    assert_eq!(figures(&*arrived.store, &Dimension::Day).gross, i128::from(i64::MAX) * 2 + 375 * 2);
}

#[test]
fn change_is_taken_off_the_cash() {
    let (shop, entries) = selling(1);
    let mut sale = last_sale(&entries);
    (sale.number, sale.tenders[0].amount, sale.change) = (3, Money::from_minor(500), Money::from_minor(125));
    let arrived = arrive(&shop, &with(entries, &Event::SaleCompleted(Box::new(sale))));
    assert_eq!(arrived.codes, Vec::<String>::new());
    assert_eq!(figures(&*arrived.store, &Dimension::Tender(TenderKind::Cash)).gross, 375 * 3);
    assert_eq!(figures(&*arrived.store, &Dimension::Day).cash, 375 * 3);
}

#[test]
fn a_journal_ends_with_its_own_closing() {
    let (shop, entries) = selling(1);
    let closed = Event::JournalClosed(Box::new(JournalClosedV1 { reason: "enrolled".parse().unwrap() }));
    let after = Event::SaleCompleted(Box::new(last_sale(&entries)));
    let ended = with(entries, &closed);
    let end = ended.len() as u64;
    let arrived = arrive(&shop, &with(ended, &after));
    assert_eq!((arrived.outcome.standing, arrived.outcome.seq), (Some(Standing::Closed), end));
    assert_eq!(arrived.outcome.kept_to, Some(end + 1));
    let kept = arrived.store.read(|rows| rows.kept(shop.journal, 100)).unwrap();
    assert_eq!(kept.iter().map(|kept| kept.because).collect::<Vec<_>>(), [KeptBecause::Closed]);
    assert_eq!(figures(&*arrived.store, &Dimension::Day).count, 2);
}

#[test]
fn a_series_has_one_journal_for_ever() {
    let ((first, one), (second, two)) = (selling(1), selling(2));
    let folder = tempdir().unwrap();
    let store = head_office(folder.path(), &[&first, &second]);
    merge(&*store, first.signed(&one));
    let (shop, till) = ("S01".parse().unwrap(), "T01".parse().unwrap());
    let taken = Series::standard(&shop, &till, DocumentKind::Receipt, 2026, "A").unwrap();
    let granted = SeriesGrantedV1 { series: vec![taken.clone()], granted_by: GrantedByV1::Till };
    merge(&*store, second.signed(&with(two, &Event::SeriesGranted(Box::new(granted)))));
    assert_eq!(codes(&*store, &second), ["series_taken"]);
    let record = store.read(|rows| rows.series(&taken.code)).unwrap().unwrap();
    assert_eq!(record.journal, first.journal);
}

#[test]
fn an_old_hello_does_not_replace_a_newer_one() {
    let (mut shop, _) = selling(1);
    let old = shop.hello_from_file();
    shop.sell(ids("b", 1));
    let folder = tempdir().unwrap();
    let store = head_office(folder.path(), &[&shop]);
    let Word::Hello(newer, _) = shop.hello() else { panic!("expected a hello") };
    merge(&*store, Word::Hello(newer.clone(), None));
    assert_eq!(merge(&*store, old).verdict, Verdict::Append { from: 1 });
    assert_eq!(store.read(|rows| rows.hello(shop.journal)).unwrap().unwrap(), newer.proof());
}

#[test]
fn what_one_copy_of_an_ended_journal_said_to_have_stays_missing_whatever_another_copy_sends() {
    let (mut lost, mut copy) = (Shop::open(1), Shop::open(1));
    let folder = tempdir().unwrap();
    let store = head_office(folder.path(), &[&lost]);
    let held = merge(&*store, lost.all_from(1)).seq;
    lost.sell(ids("lost", 3));
    merge(&*store, lost.hello());
    let record = store.read(|rows| rows.journal(lost.journal)).unwrap().unwrap();
    store.write(|rows| rows.put_journal(&JournalRecord { standing: Standing::Closed, ..record.clone() })).unwrap();

    copy.sell(ids("copy", 5));
    for _ in 0..2 {
        merge(&*store, copy.hello());
        merge(&*store, copy.all_from(held + 1));
    }
    let missing = store.read(audit).unwrap().unreceived;
    assert_eq!(missing.iter().map(|one| (one.from, one.to)).collect::<Vec<_>>(), [(held + 1, lost.seq())]);

    // Once they have come after all, nothing is missing.
    merge(&*store, lost.all_from(held + 1));
    merge(&*store, lost.hello());
    assert_eq!(store.read(audit).unwrap().unreceived.len(), 0);
}

#[test]
fn a_copy_whose_branch_of_an_ended_journal_is_the_shorter_one_still_sends_it() {
    let (mut shop, mut copy) = (Shop::open(1), Shop::open(1));
    let folder = tempdir().unwrap();
    let store = head_office(folder.path(), &[&shop]);
    let shared = shop.seq();
    shop.sell(ids("shop", 5));
    merge(&*store, shop.all_from(1));
    let record = store.read(|rows| rows.journal(shop.journal)).unwrap().unwrap();
    store.write(|rows| rows.put_journal(&JournalRecord { standing: Standing::Closed, ..record.clone() })).unwrap();
    assert_eq!(merge(&*store, shop.hello()).send_from, None, "all of it is held");

    copy.sell(ids("copy", 2));
    let from = merge(&*store, copy.hello()).send_from.expect("its two sales are not held");
    assert!(from <= shared + 1, "{from}");
    merge(&*store, copy.all_from(from));
    let kept = store.read(|rows| rows.kept(shop.journal, 100)).unwrap();
    assert_eq!(kept.len(), 2);
    assert_eq!(merge(&*store, copy.hello()).send_from, None, "both are kept now");
}

#[test]
fn a_branch_whose_acknowledgement_was_lost_by_a_restore_is_asked_for_from_its_beginning() {
    let (mut shop, mut copy) = (Shop::open(1), Shop::open(1));
    let folder = tempdir().unwrap();
    let store = head_office(folder.path(), &[&shop]);
    let shared = shop.seq();
    copy.sell(ids("copy", 4));
    // Head office once acknowledged the copy's first sale, was put back, and holds the other branch since.
    let lost = copy.batch(shared + 1).entries()[0].clone();
    shop.sell(ids("shop", 2));
    merge(&*store, shop.all_from(1));
    let (epoch, time, nonce) = (EPOCH, lost.now().at, Nonce([1; 16]));
    let shown = Acknowledgement { journal: shop.journal, seq: lost.seq(), hash: lost.hash(), epoch, time, nonce };
    let shown = shown.sign(&head_office_key()).unwrap();
    let outcome = merge(&*store, copy.hello_with(|hello| hello.acknowledged = Some(shown)));
    assert_eq!((outcome.verdict, outcome.send_from), (Verdict::Fork { from: 1 }, Some(1)));
    merge(&*store, copy.all_from(1));
    assert_eq!(store.read(|rows| rows.kept(shop.journal, 100)).unwrap().len(), 4);
}
