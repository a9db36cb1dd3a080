//! A network that loses answers, a head office and a till that are killed: everything arrives, nothing twice.

use std::process::{Child, Command};

use counterfoil_core::id::JournalId;
use serde_json::json;

use crate::head::{Head, applied, figures, of_journal};
use crate::line::{Fate, Way};
use crate::till::Till;

/// Kills a process as `kill -9` does.
pub(crate) fn kill(process: u32) {
    assert!(Command::new("kill").args(["-9", &process.to_string()]).status().unwrap().success());
}

fn ended(mut program: Child) -> i32 {
    program.wait().unwrap().code().unwrap_or(-1)
}

fn agree(head: &Head, till: &Till) {
    assert_eq!(figures(&[&till.audit()]), figures(&[&head.clean_audit()]));
    assert_eq!(till.status()["unsent"], 0);
}

#[test]
fn an_answer_that_is_lost_after_the_commit_costs_nothing() {
    let head = Head::open();
    let till = head.till("S01", "T01");
    till.sync();
    let (journal, office) = (till.journal(), head.office());
    let before = applied(&office, &journal);
    let sold = till.sell_milk("a", 5);
    till.ok(&["export", &till.path("batch.cfx")]);
    let (store, of) = (office.clone(), journal.clone());
    head.line.watch(
        move |way, _| {
            if way == Way::Down && applied(&store, &of) > before { Fate::Lose } else { Fate::Pass }
        },
    );
    let report = till.sync();
    head.line.wait_for_loss();
    // The second try of the same sync heard that all of it was there.
    let told = &report["journals"][0];
    assert_eq!(
        (&told["verdict"], &told["sent"], &told["acknowledged"]),
        (&json!("duplicate"), &json!(0), &json!(before + 5))
    );
    agree(&head, &till);
    let again = head.ok(&["ingest", &till.path("batch.cfx")]);
    assert_eq!(
        (&again["items"][0]["verdict"], &again["items"][1]["verdict"]),
        (&json!("duplicate"), &json!("duplicate"))
    );
    assert_eq!(head.clean_audit()["totals"][0]["documents"], sold.len());
}

#[test]
fn what_a_till_has_signed_for_and_not_sent_is_named() {
    let head = Head::open();
    let till = head.till("S01", "T01");
    till.sync();
    till.sell_milk("a", 2);
    till.sync();
    let (journal, office) = (till.journal(), head.office());
    let before = applied(&office, &journal);
    let sold = till.sell_milk("b", 3);
    let of: JournalId = journal.parse().unwrap();
    let hello_before = office.store().read(|rows| rows.hello(of)).unwrap();
    head.line.watch(move |way, _| {
        let is_said = office.store().read(|rows| rows.hello(of)).unwrap() != hello_before;
        if way == Way::Down && is_said { Fate::Cut } else { Fate::Pass }
    });
    let mut syncing = till.start(&["sync"]);
    head.line.wait_for_loss();
    syncing.kill().unwrap();
    syncing.wait().unwrap();

    let audit = head.audit();
    let (store, name) = ("S01", "T01");
    assert_eq!(
        audit["unreceived"],
        json!([{
            "journal": journal, "store": store, "till": name, "from": before + 1, "to": before + 3,
            "totals": [{ "currency": "EUR", "documents": 3, "gross": "3.75", "tax": "0.75", "cash": "3.75" }],
            "series": [{ "series": &sold[0][..sold[0].len() - 7], "from": 3, "to": 5 }],
        }])
    );
    assert_eq!(
        (&audit["totals"][0]["documents"], &of_journal(&audit, &journal)["acknowledged"]),
        (&json!(2), &json!(before))
    );
    head.line.mend();
    till.sync();
    agree(&head, &till);
}

#[test]
fn a_head_office_that_is_killed_while_tills_push_has_everything_in_the_end() {
    let mut head = Head::open_program();
    let tills = [head.till("S01", "T01"), head.till("S02", "T01")];
    tills[0].sell_milk("many", 300);
    // How many bytes go up, and then which way the next must go, before it is killed: in a handshake, in a batch, between
    // a commit and its answer.
    for (round, (bytes, then)) in
        [(6_000, Way::Up), (500, Way::Up), (3_000, Way::Up), (3_000, Way::Down), (4_000, Way::Down)]
            .into_iter()
            .enumerate()
    {
        for till in &tills {
            till.sell_milk(&format!("round-{round}"), 20);
        }
        let (mut up, process) = (0, head.process());
        head.line.watch(move |way, count| {
            up += if way == Way::Up { count } else { 0 };
            if up < bytes || way != then {
                return Fate::Pass;
            }
            kill(process);
            Fate::Lose
        });
        let syncing: Vec<Child> = tills.iter().map(|till| till.start(&["sync"])).collect();
        head.line.wait_for_loss();
        head.stop();
        head.audit();
        head.serve_by_program();
        // The tills try again by themselves; one that gave up before is asked once more below.
        syncing.into_iter().for_each(|program| assert!([0, 3].contains(&ended(program))));
    }
    tills.iter().for_each(|till| drop(till.sync()));
    let audits = tills.each_ref().map(Till::audit);
    let office = head.clean_audit();
    assert_eq!(figures(&audits.each_ref()), figures(&[&office]));
    assert_eq!(office["totals"][0]["documents"], 300 + 5 * 2 * 20);
}

#[test]
fn a_till_that_is_killed_between_two_batches_goes_on_with_the_second() {
    let head = Head::open();
    let till = head.till("S01", "T01");
    till.sell_milk("many", 1_100);
    let (journal, office) = (till.journal(), head.office());
    let (store, of) = (office.clone(), journal.clone());
    head.line.watch(move |way, _| if way == Way::Down && applied(&store, &of) > 1 { Fate::Cut } else { Fate::Pass });
    let mut syncing = till.start(&["sync"]);
    head.line.wait_for_loss();
    syncing.kill().unwrap();
    syncing.wait().unwrap();
    let first = applied(&office, &journal);
    assert_eq!((first, &till.status()["journals"][0]["acknowledged"]), (1_001, &json!(1)));
    head.line.mend();
    let all = till.status()["journals"][0]["seq"].as_u64().unwrap();
    let report = till.sync();
    assert_eq!(
        (&report["journals"][0]["sent"], &report["journals"][0]["acknowledged"]),
        (&json!(all - first), &json!(all))
    );
    agree(&head, &till);
}
