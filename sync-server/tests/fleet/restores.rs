//! A head office that lost what it had acknowledged: tills send it again, and nothing is numbered twice.

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::head::{Head, figures, of_journal};
use crate::till::Till;

/// A till with two sales before a copy of head office was made, and three after it, all acknowledged.
fn before_and_after() -> (Head, Till, TempDir) {
    let mut head = Head::open();
    let till = head.till("S01", "T01");
    till.sell_milk("before", 2);
    till.sync();
    head.stop();
    let copy = head.copy();
    head.serve();
    till.sell_milk("after", 3);
    till.sync();
    assert_eq!(head.clean_audit()["totals"][0]["documents"], 5);
    head.stop();
    head.put_back(&copy);
    (head, till, copy)
}

fn epoch(head: &Head) -> u64 {
    head.office().store().read(|rows| rows.epoch()).unwrap().counter
}

fn series(till: &Till) -> Vec<Value> {
    let audit = till.audit();
    audit["series"].as_array().unwrap().iter().map(|one| one["series"].clone()).collect()
}

#[test]
fn a_restored_head_office_gets_everything_again() {
    let (mut head, till, _copy) = before_and_after();
    let old = head.token("S03", "T01", &[]);
    assert_eq!(head.ok(&["restore"])["epoch"], 2);
    head.serve();
    assert_eq!(head.audit()["totals"][0]["documents"], 2);
    let report = till.sync();
    assert_eq!((&report["journals"][0]["sent"], &report["feed_rows"]), (&json!(3), &json!(4)));
    assert!(report["notes"].to_string().contains("head office was restored"), "{report}");
    assert_eq!(figures(&[&till.audit()]), figures(&[&head.audit()]));
    assert_eq!(till.status()["unsent"], 0);
    assert_eq!(till.sync()["journals"][0]["verdict"], "duplicate");
    till.sell_milk("later", 1);
    till.sync();
    assert_eq!((head.audit()["totals"][0]["documents"].as_u64(), epoch(&head)), (Some(6), 2));

    // A token from before is void, and what is granted now has a letter and a counter never used before.
    let other = Till::nowhere();
    assert_eq!(other.run(&["enrol", &head.line.url(), &old]).refused().0, "token_invalid");
    head.enrol(&other, "S01", "T01");
    assert!(series(&other).iter().all(|code| code.as_str().unwrap().ends_with("B2")), "{:?}", series(&other));
}

#[test]
fn a_head_office_that_lost_entries_in_its_own_epoch_raises_an_alarm_and_begins_a_new_one() {
    let (mut head, till, _copy) = before_and_after();
    let other = Till::nowhere();
    head.serve();
    let report = till.sync();
    assert_eq!((&report["journals"][0]["sent"], epoch(&head)), (&json!(3), 2));
    assert!(report["notes"].to_string().contains("raised an alarm"), "{report}");
    let audit = head.audit();
    assert_eq!(figures(&[&till.audit()]), figures(&[&audit]));
    let findings = audit["findings"].to_string();
    assert!(findings.contains("server_fault") && findings.contains(&till.journal()), "{findings}");
    head.enrol(&other, "S02", "T01");
    other.sync();
    assert_eq!(till.sync()["journals"][0]["verdict"], "duplicate");
    assert_eq!(epoch(&head), 2);
}

#[test]
fn a_till_that_joined_after_the_copy_is_known_again_by_its_grant() {
    let mut head = Head::open();
    let early = head.till("S01", "T01");
    early.sync();
    head.stop();
    let copy = head.copy();
    head.serve();
    let late = head.till("S01", "T02");
    let mut numbers = late.sell_milk("late", 2);
    late.sync();
    head.stop();
    head.put_back(&copy);
    head.ok(&["restore"]);
    head.serve();
    numbers.extend(late.sell_milk("later", 1));
    let report = late.sync();
    assert_eq!((&report["journals"][0]["verdict"], &report["journals"][0]["sent"]), (&json!("append"), &json!(5)));
    early.sync();
    let audit = head.clean_audit();
    assert_eq!(figures(&[&early.audit(), &late.audit()]), figures(&[&audit]));
    assert_eq!(audit["totals"][0]["documents"], 3);
    // Its place is known again with it: the next journal there has another letter.
    let next = Till::nowhere();
    head.enrol(&next, "S01", "T02");
    assert!(series(&next).iter().all(|code| code.as_str().unwrap().ends_with("B2")), "{:?}", series(&next));
    late.sync();
    assert!(numbers.iter().all(|number| number.contains("-R") && !number.contains("B2")), "{numbers:?}");
}

/// A till that ended a journal and began another after head office was copied; the copy, and the journal that ended.
fn ended_after_a_copy(head: &mut Head) -> (Till, TempDir, String) {
    let till = head.till("S01", "T01");
    till.sell_milk("before", 1);
    till.sync();
    head.stop();
    let copy = head.copy();
    head.serve();
    till.sell_milk("after", 2);
    till.ok(&["close", "--count", "103.75"]);
    let old = till.journal();
    head.enrol(&till, "S01", "T01");
    till.ok(&["open", "--float", "100.00"]);
    till.sell_milk("new", 3);
    till.sync();
    (till, copy, old)
}

#[test]
fn a_journal_that_ended_after_the_copy_is_asked_about_again_as_well() {
    let mut head = Head::open();
    let (till, copy, old) = ended_after_a_copy(&mut head);
    assert_eq!(till.sync()["journals"].as_array().unwrap().len(), 1);
    let counted = head.clean_audit();
    head.stop();
    head.put_back(&copy);
    head.ok(&["restore"]);
    head.serve();
    till.sync();
    let audit = head.audit();
    assert_eq!(figures(&[&till.audit()]), figures(&[&audit]));
    assert_eq!((&audit["totals"], &of_journal(&audit, &old)["standing"]), (&counted["totals"], &json!("closed")));
    assert_eq!(till.sync()["journals"].as_array().unwrap().len(), 1);
}

#[test]
fn a_head_office_that_is_put_back_twice_to_one_copy_gets_everything_again_each_time() {
    let mut head = Head::open();
    let (till, copy, _) = ended_after_a_copy(&mut head);
    let counted = head.clean_audit();
    // Each time the epoch after that of the copy begins, and each time the till's present journal is forgotten.
    for _ in 0..2 {
        head.stop();
        head.put_back(&copy);
        assert_eq!(head.ok(&["restore"])["epoch"], 2);
        head.serve();
        till.sync();
        let audit = head.audit();
        assert_eq!((&audit["totals"], figures(&[&till.audit()])), (&counted["totals"], figures(&[&audit])));
    }
    assert_eq!(epoch(&head), 3, "the till has seen another epoch 2");
}

#[test]
fn a_head_office_that_has_forgotten_a_grant_of_its_own_epoch_begins_a_new_one() {
    let mut head = Head::open();
    head.stop();
    let copy = head.copy();
    head.serve();
    let till = head.till("S01", "T01");
    till.sell_milk("a", 2);
    till.sync();
    assert_eq!(epoch(&head), 1);
    // The copy is put back and nobody says so. The grant in the till's first entry proves it.
    head.stop();
    head.put_back(&copy);
    head.serve();
    till.sync();
    assert_eq!(epoch(&head), 2);
    assert_eq!(till.sync()["journals"][0]["verdict"], "duplicate");
    assert_eq!((epoch(&head), head.audit()["totals"][0]["documents"].clone()), (2, json!(2)));
}
