//! Journals that have ended, tills that are revoked or replaced: what they say is kept and not counted.

use serde_json::json;

use crate::head::{Head, figures, of_journal};
use crate::till::Till;

#[test]
fn a_revoked_till_is_stopped_and_what_it_sold_is_kept_and_not_counted() {
    let head = Head::open();
    let till = head.till("S01", "T01");
    till.sell_milk("a", 2);
    till.sync();
    let (journal, counted) = (till.journal(), head.clean_audit());
    assert_eq!(head.ok(&["revoke", "--store", "S01", "--till", "T01"])["revoked"], json!([journal]));
    assert_eq!(head.ok(&["revoke", "--store", "S01", "--till", "T01"])["revoked"], json!([]));
    till.sell_milk("b", 3);
    till.ok(&["export", &till.path("late.cfx")]);

    let ran = till.run(&["sync"]);
    assert_eq!((ran.code, till.status()["journals"][0]["stopped"].as_str()), (1, Some("revoked")), "{ran:?}");
    assert_eq!(till.try_to_sell("no").refused().0, "read_only");
    let ran = head.run(&["ingest", &till.path("late.cfx")]);
    assert_eq!(ran.code, 1);
    let audit = head.audit();
    let ended = of_journal(&audit, &journal);
    assert_eq!((&ended["standing"], &ended["kept"]), (&json!("revoked"), &json!(3)));
    assert_eq!((&audit["totals"], &ended["entries"]), (&counted["totals"], &of_journal(&counted, &journal)["entries"]));
    assert_eq!(figures(&[&audit]), figures(&[&counted]));

    let (code, field) = head.run(&["token", "--store", "S01", "--till", "T01"]).refused();
    assert_eq!((code.as_str(), field.as_str()), ("declined", "till"));
    assert_eq!(head.run(&["revoke", "--store", "S09", "--till", "T01"]).refused().0, "missing");
}

#[test]
fn a_till_that_was_replaced_by_another_device_is_closed() {
    let head = Head::open();
    let old = head.till("S01", "T01");
    let mut numbers = old.sell_milk("old", 2);
    old.sync();
    let journal = old.journal();
    numbers.extend(old.sell_milk("unsent", 2));
    let new = head.till("S01", "T01");
    let fresh = new.sell_milk("new", 1);
    assert!(fresh.iter().all(|number| !numbers.contains(number)), "{fresh:?}");
    new.sync();

    let report = old.sync();
    assert_eq!(report["journals"][0]["verdict"], "closed");
    assert_eq!((&report["journals"][0]["sent"], old.status()["unsent"].as_u64()), (&json!(2), Some(2)));
    assert!(report["notes"].to_string().contains("ask head office for a token"), "{report}");
    assert_eq!(old.try_to_sell("no").refused().0, "read_only");
    let audit = head.audit();
    let ended = of_journal(&audit, &journal);
    assert_eq!((&ended["standing"], &ended["kept"]), (&json!("closed"), &json!(2)));
    assert_eq!(audit["totals"][0]["documents"], 3);
    // What is kept is sent once.
    assert_eq!(old.sync()["journals"][0]["sent"], 0);
    assert_eq!(of_journal(&head.audit(), &journal)["kept"], 2);
}

#[test]
fn a_till_that_joins_again_ends_its_journal_with_all_its_sales() {
    let head = Head::open();
    let till = head.till("S01", "T01");
    till.sell_milk("a", 2);
    till.ok(&["close", "--count", "102.50"]);
    let journal = till.journal();
    head.enrol(&till, "S01", "T01");
    assert_ne!(till.journal(), journal);
    till.ok(&["open", "--float", "100.00"]);
    till.sell_milk("b", 1);
    till.sync();
    let audit = head.clean_audit();
    assert_eq!(
        (&of_journal(&audit, &journal)["standing"], &audit["totals"][0]["documents"]),
        (&json!("closed"), &json!(3))
    );
    assert_eq!(figures(&[&till.audit()]), figures(&[&audit]));
}

#[test]
fn a_stand_alone_till_brings_its_history_under_its_own_key() {
    let head = Head::open();
    let till = Till::alone("S01", "T01");
    let own = till.sell_milk("alone", 3);
    till.ok(&["refund", &own[0]]);
    let old = till.journal();
    assert_eq!(till.run(&["enrol", &head.line.url(), &head.token("S01", "T01", &[])]).refused().0, "drawer_open");
    till.ok(&["close", "--count", "102.50"]);
    let before = till.audit();
    head.enrol(&till, "S01", "T01");
    let report = till.sync();
    assert_eq!(report["journals"].as_array().unwrap().len(), 2);
    assert_eq!(figures(&[&before]), figures(&[&head.clean_audit()]));

    till.ok(&["open", "--float", "100.00"]);
    let fresh = till.sell_milk("joined", 2);
    assert!(fresh.iter().all(|number| !own.contains(number)), "{fresh:?}");
    // A sale of the time before is refunded in the new journal.
    till.ok(&["refund", &own[1]]);
    till.sync();
    let audit = head.clean_audit();
    assert_eq!(figures(&[&till.audit()]), figures(&[&audit]));
    assert_eq!(
        (&of_journal(&audit, &old)["standing"], &audit["totals"][0]["documents"]),
        (&json!("closed"), &json!(7))
    );
    let mut codes: Vec<String> =
        audit["series"].as_array().unwrap().iter().map(|one| one["series"].as_str().unwrap().to_owned()).collect();
    let all = codes.len();
    codes.sort();
    codes.dedup();
    assert_eq!((codes.len(), all), (all, 20));
}
