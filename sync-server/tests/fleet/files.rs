//! Tills without a network: journal, master data, sales and acknowledgements travel as files alone.

use serde_json::{Value, json};

use crate::head::{Head, figures, of_journal};
use crate::till::Till;

fn verdicts(ingested: &Value) -> Vec<String> {
    let items = ingested["items"].as_array().unwrap().iter();
    items.map(|item| item["verdict"].as_str().unwrap().to_owned()).collect()
}

/// A till that got journal and catalogue by one file, with an open drawer.
fn by_files(head: &Head) -> Till {
    let till = Till::nowhere();
    let (request, grant) = (till.path("request"), till.path("grant"));
    let slot = ["--store", "S01", "--till", "T01"];
    till.ok(&[&["export", &request, "--journal-request"], &slot[..]].concat());
    let granted = head.ok(&[&["grant", "--journal-request", &request, "--out", &grant], &slot[..]].concat());
    let applied = till.ok(&["apply", &grant]);
    assert_eq!((&applied["items"], &applied["rows"]), (&json!(2), &json!(4)));
    assert_eq!(applied["revision"], granted["revision"]);
    // The same file again changes nothing.
    assert_eq!(till.ok(&["apply", &grant])["rows"], 0);
    till.ok(&["open", "--float", "100.00"]);
    till
}

fn ingest(head: &Head, till: &Till, name: &str) -> Value {
    head.ok(&["ingest", &till.path(name), "--acknowledgement", &till.path("back")])
}

#[test]
fn a_till_that_was_never_on_the_network_is_counted_like_any_other() {
    let head = Head::open();
    let till = by_files(&head);
    till.sell_milk("a", 3);
    assert_eq!(till.ok(&["export", &till.path("one")])["entries"], 5);
    assert_eq!(verdicts(&ingest(&head, &till, "one")), ["append", "append"]);
    assert_eq!(till.status()["unsent"], 5);
    till.ok(&["acknowledge", &till.path("back")]);
    till.ok(&["acknowledge", &till.path("back")]);
    let status = till.status();
    assert_eq!((&status["unsent"], &status["journals"][0]["acknowledged"]), (&json!(0), &json!(5)));
    assert_eq!(figures(&[&till.audit()]), figures(&[&head.clean_audit()]));

    // A price that changes reaches it by file too, alone or with everything, and an old file brings nothing back.
    head.import("code,name,price\nMILK,Milk,1.40\n", &[]);
    let written = head.ok(&["feed", "--store", "S01", "--after", "4", "--out", &till.path("newer")]);
    assert_eq!((&written["pages"], &written["rows"]), (&json!(1), &json!(1)));
    head.ok(&["feed", "--store", "S01", "--till", "T01", "--out", &till.path("all")]);
    assert_eq!(till.ok(&["apply", &till.path("newer")])["rows"], 1);
    for known in ["all", "newer", "grant"] {
        assert_eq!(till.ok(&["apply", &till.path(known)])["rows"], 0, "{known}");
    }
    assert_eq!(till.ok(&["products", "MILK"])["products"][0]["price"], "1.40");
    assert_eq!(till.run(&["sync"]).refused(), ("missing".to_owned(), "head_office".to_owned()));
}

#[test]
fn an_old_file_that_comes_again_is_a_duplicate_and_no_rollback() {
    let head = Head::open();
    let till = by_files(&head);
    till.sell_milk("a", 2);
    till.ok(&["export", &till.path("old")]);
    ingest(&head, &till, "old");
    till.ok(&["acknowledge", &till.path("back")]);
    till.sell_milk("b", 2);
    till.ok(&["export", &till.path("new")]);
    ingest(&head, &till, "new");
    till.ok(&["acknowledge", &till.path("back")]);
    let before = head.clean_audit();
    for _ in 0..2 {
        assert_eq!(verdicts(&ingest(&head, &till, "old")), ["duplicate", "duplicate"]);
    }
    assert_eq!(head.clean_audit(), before);
    assert_eq!(of_journal(&before, &till.journal())["standing"], "open");
    // The answer to the old file may reach the till after that to the new one.
    till.ok(&["acknowledge", &till.path("back")]);
    assert_eq!(till.status()["unsent"], 0);
    till.sell_milk("c", 1);
    assert_eq!(till.ok(&["export", &till.path("next")])["entries"], 1);
    assert_eq!(verdicts(&ingest(&head, &till, "next")), ["append", "append"]);
    assert_eq!(figures(&[&till.audit()]), figures(&[&head.clean_audit()]));
}

#[test]
fn files_in_the_wrong_order_leave_a_gap_that_is_named_and_then_closed() {
    let head = Head::open();
    let till = by_files(&head);
    till.sell_milk("a", 2);
    till.ok(&["export", &till.path("one")]);
    ingest(&head, &till, "one");
    till.ok(&["acknowledge", &till.path("back")]);
    till.sell_milk("b", 2);
    till.ok(&["export", &till.path("two")]);
    let fresh = Head::open();
    // Another head office knows nothing of this journal and keeps nothing of it.
    let ran = fresh.run(&["ingest", &till.path("two")]);
    assert_eq!((ran.code, verdicts(&ran.last())), (1, vec!["unknown_journal".to_owned(); 2]));
    assert_eq!(fresh.clean_audit()["journals"], json!([]));
    head.ok(&["ingest", &till.path("two")]);
    till.sell_milk("c", 1);
    till.ok(&["export", &till.path("three")]);
    head.ok(&["ingest", &till.path("three")]);
    assert_eq!(figures(&[&till.audit()]), figures(&[&head.clean_audit()]));
}

#[test]
fn a_till_by_files_that_is_stopped_gets_its_next_journal_by_file() {
    let head = Head::open();
    let till = by_files(&head);
    till.sell_milk("a", 1);
    till.ok(&["export", &till.path("one")]);
    ingest(&head, &till, "one");
    let copy = till.copied();
    till.sell_milk("b", 2);
    till.ok(&["export", &till.path("two")]);
    ingest(&head, &till, "two");
    copy.sell_milk("c", 1);
    copy.ok(&["export", &copy.path("fork")]);
    let ran = head.run(&["ingest", &copy.path("fork"), "--acknowledgement", &copy.path("back")]);
    assert_eq!((ran.code, verdicts(&ran.last()).contains(&"fork".to_owned())), (1, true));
    copy.ok(&["acknowledge", &copy.path("back")]);
    assert_eq!(copy.try_to_sell("no").refused().0, "read_only");
    copy.ok(&["export", &copy.path("request"), "--journal-request"]);
    let slot = ["--store", "S01", "--till", "T01"];
    head.ok(&[&["grant", "--journal-request", &copy.path("request"), "--out", &copy.path("grant")], &slot[..]].concat());
    copy.ok(&["apply", &copy.path("grant")]);
    let fresh = copy.sell_milk("d", 1);
    assert!(fresh[0].contains('B'), "{fresh:?}");
    copy.ok(&["export", &copy.path("rest")]);
    head.run(&["ingest", &copy.path("rest"), "--acknowledgement", &copy.path("back")]);
    copy.ok(&["acknowledge", &copy.path("back")]);
    let audit = head.disputed_audit();
    assert_eq!((&audit["totals"][0]["documents"], &audit["evidence"][0]["of"]), (&json!(4), &json!("fork")));
    copy.audit();
}
