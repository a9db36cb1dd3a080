//! What head office sends down, and the journals that it grants, acknowledges and stops: each accepted once, in order,
//! from the right hand, or refused with nothing changed.

mod journals;
mod office;
#[path = "../shop/mod.rs"]
mod shop;

use counterfoil_core::catalog::{MasterKey, MasterRow};
use counterfoil_core::command::Command;
use counterfoil_core::feed::{FeedPageV1, FeedRow, StateHash};
use counterfoil_core::id::{JournalId, OperatorCode};
use counterfoil_core::journal::fault::Fault;
use counterfoil_core::journal::key::SigningKey;
use counterfoil_core::operator::{Operator, Pepper, Pin, Role};
use counterfoil_core::till::{FeedProgress, Till, TillError};
use counterfoil_core::time::{Now, Timestamp};
use office::{JOURNAL, Office, audit_is_ok, epoch, price, refused, sell, till_key};
use shop::{GOODS, basket, goods, now, owner};

fn fed() -> (Office, Till) {
    let mut office = Office::new();
    let mut till = office.till();
    let rows = office.set(goods());
    let count = rows.len();
    let page = office.last_page(0, 3, rows);
    let progress = till.apply_feed_page(&page, now(1)).unwrap();
    assert_eq!(progress, FeedProgress { rows: count, revision: 3, is_complete: true });
    (office, till)
}

fn price_of(till: &Till, code: &str) -> Option<String> {
    till.resolve(code).unwrap().and_then(|found| found.price).map(|price| price.to_string())
}

/// A page that is refused changes neither cursor, nor journal, nor what is sold.
fn changes_nothing(till: &mut Till, page: &[u8], expected: (&str, &str)) {
    let before = (till.feed_cursor().unwrap(), till.head(), price_of(till, "milk"));
    let (code, field) = refused(till.apply_feed_page(page, now(9)));
    assert_eq!((code, field.as_str()), expected);
    assert_eq!((till.feed_cursor().unwrap(), till.head(), price_of(till, "milk")), before);
}

#[test]
fn a_page_is_applied_once_and_a_repeat_changes_nothing() {
    let (mut office, mut till) = fed();
    assert_eq!(till.products(None, 100).unwrap().len(), GOODS.len());
    assert_eq!(price_of(&till, "3850334043641").as_deref(), Some("1.25"));
    let first = office.last_page(0, 3, goods().into_iter().map(FeedRow::Set).collect());
    let rows = office.set(vec![price("milk", "1.5")]);
    let second = office.last_page(3, 5, rows);
    till.apply_feed_page(&second, now(2)).unwrap();
    assert_eq!(price_of(&till, "milk").as_deref(), Some("1.5"));
    let head = till.mark();
    for repeated in [&second, &first, &second] {
        let progress = till.apply_feed_page(repeated, now(3)).unwrap();
        assert_eq!(progress, FeedProgress { rows: 0, revision: 5, is_complete: true });
        assert_eq!((price_of(&till, "milk").as_deref(), till.mark()), (Some("1.5"), head));
        assert_eq!(till.feed_cursor().unwrap().unwrap().revision, 5);
    }
    let nothing_new = office.last_page(5, 5, Vec::new());
    assert_eq!(till.apply_feed_page(&nothing_new, now(4)).unwrap().revision, 5);
    audit_is_ok(&mut till);
}

#[test]
fn a_page_out_of_order_of_another_store_or_of_another_hand_changes_nothing() {
    let (mut office, mut till) = fed();
    let rows = office.set(vec![price("milk", "1.5")]);
    changes_nothing(&mut till, &office.last_page(4, 6, rows.clone()), ("declined", "revision"));
    let elsewhere = FeedPageV1 { store: "S02".parse().unwrap(), ..office.page(3, 4, rows.clone()) };
    changes_nothing(&mut till, &office.sign(elsewhere), ("declined", "store"));
    let page = office.page(3, 4, rows);
    let foreign = page.sign(&SigningKey::from_seed([8; 32])).unwrap();
    let result = till.apply_feed_page(&foreign, now(2));
    assert!(matches!(result, Err(TillError::Fault(Fault::BadSignature { .. }))), "{result:?}");
    let mut cut = office.sign(page);
    cut.pop();
    assert!(matches!(till.apply_feed_page(&cut, now(2)), Err(TillError::Fault(_))));
    audit_is_ok(&mut till);
}

#[test]
fn rows_that_do_not_add_up_are_fetched_anew_while_selling_goes_on() {
    let (mut office, mut till) = fed();
    let rows = office.set(vec![price("milk", "1.5")]);
    let wrong = FeedPageV1 { state: Some(StateHash::default()), ..office.page(3, 4, rows) };
    assert_eq!(refused(till.apply_feed_page(&office.sign(wrong), now(2))), ("declined", "state".to_owned()));
    assert_eq!(till.feed_cursor().unwrap(), None);
    assert_eq!(sell(&mut till, "1", "milk"), 125);
    audit_is_ok(&mut till);
    let all = office.rows.values().cloned().collect();
    let all = office.set(all);
    let (one, two) = all.split_at(7);
    till.apply_feed_page(&office.sign(office.page(0, 2, one.to_vec())), now(3)).unwrap();
    assert_eq!(sell(&mut till, "2", "milk"), 125);
    till.apply_feed_page(&office.last_page(2, 4, two.to_vec()), now(4)).unwrap();
    assert_eq!(sell(&mut till, "3", "milk"), 150);
    audit_is_ok(&mut till);
}

#[test]
fn a_till_that_asks_for_everything_anew_takes_less_than_it_had_and_sells_on_meanwhile() {
    let (mut office, mut till) = fed();
    // Head office has lost the change to revision 3, and has made none since: what it has is older than the till's.
    office.rows.remove(&MasterKey::Product("rope".parse().unwrap()));
    let rows = office.rows.values().cloned().collect();
    let rows = office.set(rows);
    let older = office.last_page(0, 2, rows);
    assert_eq!(till.apply_feed_page(&older, now(2)).unwrap().revision, 3, "an old page brings nothing back");
    till.fetch_feed_anew().unwrap();
    assert_eq!(till.feed_cursor().unwrap(), None);
    assert_eq!(sell(&mut till, "1", "rope"), sell(&mut till, "2", "rope"), "what is served stays");
    assert_eq!(till.apply_feed_page(&older, now(3)).unwrap().revision, 2);
    assert!(till.resolve("rope").unwrap().is_none());
    assert_eq!(sell(&mut till, "3", "milk"), 125);
    audit_is_ok(&mut till);
}

#[test]
fn a_new_epoch_is_fetched_beside_what_is_served_and_switched_at_once() {
    let (mut office, mut till) = fed();
    let late = office.last_page(3, 9, Vec::new());
    let old_snapshot = office.last_page(0, 20, Vec::new());
    office.epoch = epoch(2);
    office.rows.remove(&MasterKey::Product("rope".parse().unwrap()));
    let mut rows: Vec<MasterRow> = office.rows.values().cloned().collect();
    rows.push(price("milk", "2"));
    let all = office.set(rows);
    let (one, two) = all.split_at(8);
    let (first, second) = (office.sign(office.page(0, 10, one.to_vec())), office.last_page(10, 11, two.to_vec()));
    assert_eq!(refused(till.apply_feed_page(&second, now(2))), ("declined", "revision".to_owned()));
    for _ in 0..2 {
        assert!(!till.apply_feed_page(&first, now(2)).unwrap().is_complete);
        assert_eq!(till.feed_cursor().unwrap().unwrap().revision, 10);
        assert_eq!(sell(&mut till, "1", "milk"), 125);
        assert!(till.resolve("rope").unwrap().is_some());
        audit_is_ok(&mut till);
    }
    changes_nothing(&mut till, &late, ("declined", "epoch"));
    till.apply_feed_page(&second, now(3)).unwrap();
    assert_eq!(sell(&mut till, "2", "milk"), 200);
    assert!(till.resolve("rope").unwrap().is_none());
    assert_eq!(till.status().unwrap().feed_revision, Some(11));
    audit_is_ok(&mut till);
    changes_nothing(&mut till, &late, ("declined", "epoch"));
    changes_nothing(&mut till, &old_snapshot, ("declined", "epoch"));
}

#[test]
fn what_snapshots_leave_is_forgotten_in_portions_between_which_the_till_sells() {
    let (mut office, mut till) = fed();
    let MasterRow::Product(milk) = office.rows[&MasterKey::Product("milk".parse().unwrap())].clone() else {
        panic!("milk is a product")
    };
    let named = |index: usize| {
        let mut product = milk.clone();
        (product.code, product.barcodes) = (format!("p{index}").parse().unwrap(), Vec::new());
        MasterRow::Product(product)
    };
    let more = office.set((0..450).map(named).collect());
    till.apply_feed_page(&office.last_page(3, 4, more), now(2)).unwrap();
    let more = office.set((450..900).map(named).collect());
    till.apply_feed_page(&office.last_page(4, 5, more), now(2)).unwrap();
    assert!(!till.forget_stale_rows().unwrap(), "nothing is stale");

    // A snapshot that is broken off by that of a further epoch.
    let all: Vec<FeedRow> = office.rows.values().cloned().map(FeedRow::Set).collect();
    office.epoch = epoch(2);
    till.apply_feed_page(&office.sign(office.page(0, 10, all[..400].to_vec())), now(3)).unwrap();
    office.epoch = epoch(3);
    for (from, to) in [(0, 400), (400, 800)] {
        let page = office.page(from, to, all[from as usize..to as usize].to_vec());
        till.apply_feed_page(&office.sign(page), now(3)).unwrap();
    }
    till.apply_feed_page(&office.last_page(800, 2_000, all[800..].to_vec()), now(4)).unwrap();
    let mut portions = 0;
    while till.forget_stale_rows().unwrap() {
        portions += 1;
        assert_eq!(sell(&mut till, &format!("sale {portions}"), "milk"), 125);
        audit_is_ok(&mut till);
    }
    assert_eq!(portions, 3, "two of some 900 rows that were served, one of 400 that were being fetched");
    assert!(till.resolve("p899").unwrap().is_some());
}

#[test]
fn a_removed_row_is_no_longer_sold_and_its_barcode_is_free() {
    let (mut office, mut till) = fed();
    let removed = office.remove(MasterKey::Product("milk".parse().unwrap()));
    till.apply_feed_page(&office.last_page(3, 4, vec![removed]), now(2)).unwrap();
    assert!(till.resolve("milk").unwrap().is_none());
    assert!(till.resolve("3850334043641").unwrap().is_none());
    let result = till.execute(&Command::CompleteSale(basket("1", &[("milk", "1")])), &owner(), now(3));
    assert_eq!(refused(result).0, "product_unknown");
    audit_is_ok(&mut till);
}

#[test]
fn a_pin_of_the_feed_opens_the_till_and_needs_the_device_secret() {
    let (mut office, mut till) = fed();
    let code = OperatorCode::new("ana").unwrap();
    let ana = Operator { code: code.clone(), name: "Ana".parse().unwrap(), role: Role::Cashier, is_active: true };
    let rows = office.set(vec![MasterRow::Operator(ana)]);
    till.apply_feed_page(&office.last_page(3, 4, rows), now(2)).unwrap();
    let pin = Pin::new("4711", &Role::Cashier).unwrap();
    let page = office.page_with_pin(4, 5, &code, pin.hash([3; 16]));
    changes_nothing(&mut till, &page, ("missing", "pepper"));
    till.set_pepper(Pepper::new([6; 32]));
    till.apply_feed_page(&page, now(2)).unwrap();
    assert_eq!(till.identify(Some(&code), Some(&pin), now(3)).unwrap().code, code);
    let wrong = Pin::typed("4712");
    assert_eq!(refused(till.identify(Some(&code), Some(&wrong), now(3))).0, "pin_wrong");
    assert_eq!(refused(till.identify(None, None, now(3))).0, "operator_missing");
    audit_is_ok(&mut till);
}

#[test]
fn series_come_with_the_feed_in_the_transaction_of_their_page() {
    let (office, mut till) = fed();
    let later = Now { at: Timestamp(now(0).at.0 + 3 * 31_557_600_000), ..now(0) };
    let sale = Command::CompleteSale(basket("1", &[("milk", "1")]));
    assert_eq!(refused(till.execute(&sale, &owner(), later)).0, "series_missing");
    let sign = |office: &Office, journal: JournalId| {
        let grant = office.grant_of(journal, &till_key(), Office::series(2029, "H"));
        grant.sign(&office.key).unwrap()
    };
    let page = |grant: Vec<u8>| {
        let page = FeedPageV1 { state: office.state(), grants: vec![grant], ..office.page(3, 4, Vec::new()) };
        office.sign(page)
    };
    changes_nothing(&mut till, &page(sign(&office, JournalId([8; 16]))), ("declined", "grant"));
    let other = Office { key: SigningKey::from_seed([8; 32]), ..Office::new() };
    changes_nothing(&mut till, &page(sign(&other, JOURNAL)), ("declined", "grant"));
    let right = page(sign(&office, JOURNAL));
    let head = till.mark();
    till.apply_feed_page(&right, now(2)).unwrap();
    till.apply_feed_page(&right, now(2)).unwrap();
    till.apply_series_grant(&sign(&office, JOURNAL), now(2)).unwrap();
    assert_eq!(till.head().seq(), head.seq + 1);
    till.execute(&sale, &owner(), later).unwrap();
    assert_eq!(till.document("1").unwrap().unwrap().document.printed.as_str(), "S01-T01-R29H-000001");
    audit_is_ok(&mut till);
}
