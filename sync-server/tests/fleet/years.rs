//! The year changes: series of the next one come down in time, and a till that is past its last one says what it needs.
//!
//! The clocks of the programs are real, so what happens in another year is asked of their libraries, with the same files.

use counterfoil_core::command::{Basket, BasketLine, Command};
use counterfoil_core::feed::FeedPageV1;
use counterfoil_core::grant::GrantV1;
use counterfoil_core::id::{CommandId, JournalId, OperatorCode, StoreCode, TillCode};
use counterfoil_core::journal::parcel::{self, Item, ItemKind};
use counterfoil_core::series::DocumentKind;
use counterfoil_core::till::Outcome;
use counterfoil_core::time::{Date, Now, Timestamp};
use counterfoil_node::failure::Failure;
use counterfoil_node::folder::Folder;
use counterfoil_node::open_till::OpenTill;
use counterfoil_sync_server::enrolment::Granting;
use counterfoil_sync_server::feed::Asked;
use counterfoil_sync_server::{clock, feed};
use serde_json::{Value, json};

use crate::head::{Head, figures};
use crate::till::Till;

const ZONE: &str = "Europe/Zagreb";

/// Noon on a day of July.
fn july(year: i64) -> Now {
    let noon = Date::from_civil(year, 7, 1).unwrap().day() * 86_400_000 + 43_200_000;
    clock::at(ZONE, Timestamp(noon))
}

fn sell(till: &Till, id: &str, now: Now) -> Result<String, (String, String)> {
    let lock = Folder::at(till.folder()).try_lock().unwrap().unwrap();
    let line = BasketLine { code: "MILK".to_owned(), quantity: "1".parse().unwrap(), unit_price: None };
    let basket = Basket {
        id: CommandId::new(id).unwrap(),
        lines: vec![line],
        discounts: vec![],
        tenders: None,
        document: DocumentKind::Receipt,
        customer: None,
        claims: Default::default(),
        at: None,
    };
    let owner: OperatorCode = "owner".parse().unwrap();
    let sold = OpenTill::open(lock).unwrap().write(|core| core.execute(&Command::CompleteSale(basket), &owner, now));
    match sold {
        Ok(Outcome::Issued(issued)) => Ok(issued.document.printed.to_string()),
        Err(Failure::Refused(refusal)) => Err((refusal.code().to_owned(), refusal.to_string())),
        other => panic!("{other:?}"),
    }
}

/// The last year of the series that a till has.
fn last_year(till: &Till) -> i64 {
    let audit = till.audit();
    let years = audit["series"].as_array().unwrap().iter().map(|one| {
        let code = one["series"].as_str().unwrap();
        let at = code.rfind('-').unwrap();
        code[at + 2..at + 4].parse::<i64>().unwrap() + 2_000
    });
    years.max().unwrap()
}

/// The feed for S01/T01 as head office writes it at that time, as a file.
fn feed_at(head: &Head, till: &Till, now: Now) -> String {
    let office = head.office();
    let (store, name): (StoreCode, TillCode) = ("S01".parse().unwrap(), "T01".parse().unwrap());
    let granting = Granting { now: now.at, ..office.granting() };
    let pages = feed::pages(office.store(), (&store, Some(&name)), 0, granting).unwrap();
    let items: Vec<Item> = pages.signed.into_iter().map(|bytes| Item { kind: ItemKind::FeedPage, bytes }).collect();
    till.write("feed.cfx", parcel::encode(&items).unwrap())
}

#[test]
fn next_years_series_come_down_before_they_are_needed_and_go_up_with_their_first_sale() {
    let head = Head::open();
    let till = head.till("S01", "T01");
    let granted_to = last_year(&till);
    let this_year = sell(&till, "this", july(granted_to - 1)).unwrap();
    let next_year = sell(&till, "next", july(granted_to)).unwrap();
    assert_ne!(this_year[..this_year.len() - 7], next_year[..next_year.len() - 7]);
    assert!(next_year.ends_with("-000001"), "{next_year}");

    // Past its last year it sells nothing and says what it needs; nothing is used up.
    let (code, told) = sell(&till, "late", july(granted_to + 1)).unwrap_err();
    assert_eq!(code, "series_missing");
    assert!(told.contains(&format!("a grant for {} from head office", granted_to + 1)), "{told}");

    // In the year before, the feed brings it; once, however often it is asked.
    let before = till.status()["journals"][0]["seq"].clone();
    for _ in 0..2 {
        till.ok(&["apply", &feed_at(&head, &till, july(granted_to))]);
    }
    assert_eq!(till.status()["journals"][0]["seq"], before.as_u64().unwrap() + 1);
    assert_eq!(last_year(&till), granted_to + 1);
    let number = sell(&till, "late", july(granted_to + 1)).unwrap();
    assert!(number.ends_with("-000001"), "{number}");
    till.sync();
    let audit = head.clean_audit();
    assert_eq!(figures(&[&till.audit()]), figures(&[&audit]));
    let is_of_that_year = |one: &&Value| number.starts_with(one["series"].as_str().unwrap());
    let series = audit["series"].as_array().unwrap().iter().find(is_of_that_year).unwrap();
    assert_eq!((&series["first"], &series["last"], &series["issued"]), (&json!(1), &json!(1), &json!(1)));
}

#[test]
fn a_restored_head_office_grants_again_the_year_that_it_had_forgotten() {
    let mut head = Head::open();
    let till = head.till("S01", "T01");
    let granted_to = last_year(&till);
    head.stop();
    let copy = head.copy();
    head.serve();
    till.ok(&["apply", &feed_at(&head, &till, july(granted_to))]);
    till.sync();
    head.stop();
    head.put_back(&copy);
    head.ok(&["restore"]);
    head.serve();
    // The till's entry teaches head office the series of that year before the feed is asked for them.
    till.sync();
    let before = till.status()["journals"][0]["seq"].clone();
    till.ok(&["apply", &feed_at(&head, &till, july(granted_to))]);
    assert_eq!((&till.status()["journals"][0]["seq"], last_year(&till)), (&before, granted_to + 1));
    sell(&till, "that-year", july(granted_to + 1)).unwrap();
}

#[test]
fn a_journal_that_goes_on_beside_its_slots_newest_gets_its_own_years_and_not_the_others() {
    let head = Head::open();
    let till = head.till("S01", "T01");
    till.sync();
    let copy = till.copied();
    let granted_to = last_year(&till);
    till.ok(&["close", "--count", "100.00"]);
    // Head office has not heard that the first journal has ended, and the copy goes on in it.
    head.enrol(&till, "S01", "T01");
    let [first, newest] = [&copy, &till].map(|till| till.journal().parse::<JournalId>().unwrap());
    let granted = |journal: Option<JournalId>| -> Vec<JournalId> {
        let office = head.office();
        let granting = Granting { now: july(granted_to).at, ..office.granting() };
        let asked = Asked { epoch: None, revision: 0, journal };
        let slot = ("S01".parse().unwrap(), "T01".parse().unwrap());
        let page = feed::page(office.store(), (&slot.0, &slot.1), asked, granting).unwrap();
        let page = FeedPageV1::verify(&page, &office.key().public_key()).unwrap();
        page.grants.iter().map(|grant| GrantV1::verify(grant).unwrap().journal).collect()
    };
    assert_eq!(granted(Some(first)), [first]);
    assert_eq!((granted(Some(newest)), granted(None)), (vec![newest], vec![newest]));
    // Of another slot's journal nothing is told, nor of one that has ended.
    let other = head.till("S01", "T02").journal().parse().unwrap();
    till.sync();
    assert_eq!((granted(Some(other)), granted(Some(first))), (vec![], vec![]));
}

#[test]
fn a_till_that_grants_itself_its_series_never_waits_for_a_year() {
    let till = Till::alone("S01", "T01");
    let granted_to = last_year(&till);
    let number = sell(&till, "far", july(granted_to + 3)).unwrap();
    assert!(number.contains(&format!("R{}", (granted_to + 3) % 100)), "{number}");
    till.audit();
}
