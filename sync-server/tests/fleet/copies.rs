//! Tills that were copied or put back: found at their first contact, with every sale kept and none counted twice.

use counterfoil_core::id::JournalId;
use counterfoil_core::journal::batch::BatchHead;
use counterfoil_core::journal::hello::Hello;
use counterfoil_core::journal::signed::Unverified;
use counterfoil_sync_server::store::record::{Evidence, EvidenceOf};
use serde_json::{Value, json};

use crate::head::{Head, figures, of_journal};
use crate::till::Till;

/// What a till puts back of an earlier copy.
const ALL_OF_IT: [&str; 3] = ["store.redb", "mark.json", "secret.json"];
const ONLY_THE_STORE: [&str; 1] = ["store.redb"];

fn notes(report: &Value) -> String {
    report["notes"].to_string()
}

/// The evidence of a journal, with its own key verified in both statements.
fn evidence(head: &Head, journal: &str) -> Vec<Evidence> {
    let journal: JournalId = journal.parse().unwrap();
    let office = head.office();
    let record = office.store().read(|rows| rows.journal(journal)).unwrap().unwrap();
    let found = office.store().read(|rows| rows.evidence(journal)).unwrap();
    for one in &found {
        let ours = Unverified::<BatchHead>::read(one.ours.as_ref().unwrap()).unwrap();
        assert!(ours.verify(&record.key).is_ok());
        let is_hello = Hello::read(&one.theirs).is_ok_and(|hello| hello.verify(&record.key).is_ok());
        let is_batch = Unverified::<BatchHead>::read(&one.theirs).is_ok_and(|head| head.verify(&record.key).is_ok());
        assert!(is_hello || is_batch);
    }
    found
}

/// A till that is copied; then so many sales at the first device, synced, and so many at the second.
struct Copied {
    head: Head,
    first: Till,
    second: Till,
    journal: String,
    numbers: Vec<String>,
}

fn copied(at_first: usize, at_second: usize) -> Copied {
    let head = Head::open();
    let first = head.till("S01", "T01");
    first.sell_milk("common", 2);
    first.sync();
    let second = first.copied();
    let journal = first.journal();
    let mut numbers = first.sell_milk("first", at_first);
    first.sync();
    numbers.extend(second.sell_milk("second", at_second));
    Copied { head, first, second, journal, numbers }
}

fn a_copy_is_found(at_first: usize, at_second: usize) {
    let Copied { head, first, second, journal, numbers } = copied(at_first, at_second);
    let counted = head.clean_audit();
    let other = head.till("S02", "T01");
    other.sell_milk("other", 4);

    let mut at_the_same_time = other.start(&["sync"]);
    let report = second.sync();
    assert!(at_the_same_time.wait().unwrap().success());
    assert!(notes(&report).contains("two records of this till exist"), "{report}");
    assert!(notes(&report).contains("a new journal was granted and opened"), "{report}");
    assert_eq!(report["journals"][0]["verdict"], "fork");

    // What came first stays; the whole other branch is kept apart, with both proofs.
    let audit = head.disputed_audit();
    let disputed = of_journal(&audit, &journal);
    assert_eq!((&disputed["quarantined"], &disputed["kept"]), (&json!(true), &json!(at_second)));
    assert_eq!(&disputed["entries"], &of_journal(&counted, &journal)["entries"]);
    assert_eq!(figures(&[&counted, &other.audit()]), figures(&[&audit]));
    let found = evidence(&head, &journal);
    assert_eq!(found.iter().map(|one| one.of).collect::<Vec<_>>(), [EvidenceOf::Fork]);

    // The stop is obeyed, and the till goes on in a new journal with series of its own.
    let status = second.status();
    assert_eq!((&status["journals"][0]["stopped"], &status["can_sell"]), (&json!("fork"), &json!(true)));
    // The drawer session that was open goes on there, so that its day gets a Z report.
    assert_eq!(status["drawer_session"], 1);
    let fresh = second.sell_milk("fresh", 2);
    assert!(fresh.iter().all(|number| !numbers.contains(number)), "{fresh:?}");
    second.sync();
    second.audit();
    let audit = head.disputed_audit();
    let documents = 2 + at_first + 4 + 2;
    let all: u64 = audit["totals"].as_array().unwrap().iter().map(|total| total["documents"].as_u64().unwrap()).sum();
    assert_eq!(all, documents as u64);
    let twice = |one: &Value| one["duplicates"].as_array().unwrap().len();
    let twice: usize = audit["series"].as_array().unwrap().iter().map(twice).sum();
    assert_eq!(twice, at_first.min(at_second), "the numbers that both devices gave");
    assert_eq!(audit["disputed"][0]["totals"][0]["documents"], at_second);

    // The first device learns of it too, and needs a person: one till's place has one journal.
    let report = first.sync();
    assert!(notes(&report).contains("ask head office for a token"), "{report}");
    assert_eq!(first.try_to_sell("no").refused().0, "read_only");
    let entries = of_journal(&head.disputed_audit(), &journal)["entries"].clone();
    assert_eq!(entries, disputed["entries"]);
}

#[test]
fn a_copied_till_with_the_shorter_branch_is_found_at_its_first_contact() {
    a_copy_is_found(3, 2);
}

#[test]
fn a_copied_till_with_as_long_a_branch_is_found_at_its_first_contact() {
    a_copy_is_found(2, 2);
}

#[test]
fn a_copied_till_with_the_longer_branch_is_found_and_its_whole_branch_is_kept() {
    a_copy_is_found(2, 5);
}

#[test]
fn the_owner_of_a_disputed_place_joins_again_and_the_copy_ends() {
    let Copied { head, first, second, .. } = copied(1, 1);
    second.sync();
    let copys = second.journal();
    first.sync();
    head.enrol(&first, "S01", "T01");
    first.sync();
    let numbers = first.sell_milk("again", 1);
    first.sync();
    assert_eq!(of_journal(&head.disputed_audit(), &copys)["standing"], "closed");
    let others = second.sell_milk("copy", 1);
    assert_ne!(numbers, others);
    let report = second.sync();
    assert_eq!(report["journals"][0]["verdict"], "closed");
    let ended = of_journal(&head.disputed_audit(), &copys);
    assert_eq!((&ended["entries"], &ended["kept"]), (&json!(1), &json!(1)));
    assert_eq!(second.try_to_sell("no").refused().0, "read_only");
}

#[test]
fn copies_that_share_a_key_for_a_further_journal_do_not_get_one_journal_both() {
    let head = Head::open();
    let first = head.till("S01", "T01");
    first.sell_milk("common", 2);
    first.sync();
    // A token that is no good leaves a key behind with which the till would ask again, and the copy has it too.
    let used = head.token("S02", "T01", &[]);
    Till::nowhere().ok(&["enrol", &head.line.url(), &used]);
    first.ok(&["close", "--count", "102.50"]);
    assert_eq!(first.run(&["enrol", &head.line.url(), &used]).refused().0, "token_invalid");
    first.ok(&["open", "--float", "100.00"]);
    let second = first.copied();
    first.sell_milk("first", 2);
    first.sync();
    second.sell_milk("second", 2);
    let report = second.sync();
    assert!(notes(&report).contains("a new journal was granted and opened"), "{report}");
    // Of the journal that the copy has begun nothing is granted to the first; with another key it needs a token.
    let report = first.sync();
    assert!(notes(&report).contains("ask head office for a token"), "{report}");
    assert_ne!(first.journal(), second.journal());
    assert_eq!(of_journal(&head.disputed_audit(), &second.journal())["quarantined"], false);
}

/// A till is put back to a copy from before its last sync, of which it keeps the mark or not.
fn a_till_that_was_put_back(files: &[&str], is_known_at_once: bool) {
    let head = Head::open();
    let till = head.till("S01", "T01");
    let mut numbers = till.sell_milk("before", 2);
    till.sync();
    let copy = till.copied();
    numbers.extend(till.sell_milk("after", 3));
    till.sync();
    let (journal, counted) = (till.journal(), head.clean_audit());

    till.put_back(&copy, files);
    // What comes by file proves nothing: it may have lain about for days.
    till.ok(&["export", "--all", &till.path("old.cfx")]);
    let ingested = head.ok(&["ingest", &till.path("old.cfx")]);
    assert!(ingested["items"].as_array().unwrap().iter().all(|item| item["verdict"] == "duplicate"), "{ingested}");
    assert_eq!((head.clean_audit(), evidence(&head, &journal).len()), (counted.clone(), 0));
    assert_eq!(till.status()["read_only"].is_string(), is_known_at_once);
    if is_known_at_once {
        assert_eq!(till.try_to_sell("no").refused().0, "read_only");
    }

    let report = till.sync();
    assert_eq!(report["journals"][0]["verdict"], "rollback");
    assert!(notes(&report).contains("a new journal was granted and opened"), "{report}");
    let found = evidence(&head, &journal);
    assert_eq!(found.iter().map(|one| one.of).collect::<Vec<_>>(), [EvidenceOf::Rollback]);
    let audit = head.audit();
    assert_eq!((&audit["totals"], &of_journal(&audit, &journal)["standing"]), (&counted["totals"], &json!("closed")));
    let findings = audit["findings"].to_string();
    assert!(findings.contains("replaced") && findings.contains(&till.journal()), "{findings}");
    assert!(findings.contains("rollback: S01/T01 was put back"), "{findings}");

    assert_eq!(till.status()["drawer_session"], 1);
    let fresh = till.sell_milk("fresh", 2);
    assert!(fresh.iter().all(|number| !numbers.contains(number)), "{fresh:?}");
    till.sync();
    till.audit();
    let audit = head.audit();
    assert_eq!((&audit["totals"][0]["documents"], &audit["totals"][0]["gross"]), (&json!(7), &json!("8.75")));
    assert_eq!(of_journal(&audit, &journal)["kept"], 0);
    assert_eq!(till.sync()["journals"].as_array().unwrap().len(), 1);
}

#[test]
fn a_till_put_back_with_its_mark_goes_on_in_a_new_journal() {
    a_till_that_was_put_back(&ALL_OF_IT, false);
}

#[test]
fn a_till_put_back_without_its_mark_may_only_read_until_it_has_a_new_journal() {
    a_till_that_was_put_back(&ONLY_THE_STORE, true);
}

#[test]
fn two_copies_that_speak_at_the_same_moment_lose_no_sale_and_count_none_twice() {
    let head = Head::open();
    let first = head.till("S01", "T01");
    first.sell_milk("common", 2);
    first.sync();
    let second = first.copied();
    let journal = first.journal();
    first.sell_milk("first", 3);
    second.sell_milk("second", 3);
    let both = [first.start(&["sync"]), second.start(&["sync"])];
    both.into_iter().for_each(|mut syncing| assert!(syncing.wait().unwrap().success()));
    first.sync();
    second.sync();

    // Either a branch had arrived before the other spoke, or both words came first and both branches are in dispute.
    let audit = head.disputed_audit();
    let found = of_journal(&audit, &journal);
    assert_eq!(found["quarantined"], true);
    let disputed = audit["disputed"][0]["totals"][0]["documents"].as_u64().unwrap();
    let applied = audit["totals"][0]["documents"].as_u64().unwrap();
    assert_eq!((applied + disputed, found["kept"].as_u64()), (2 + 3 + 3, Some(disputed)));
    assert!([3, 6].contains(&disputed), "{audit}");
}
