//! An answer that is lost after head office has done what was asked: the same again has its effect exactly once.

use std::sync::Arc;

use counterfoil_core::id::JournalId;
use counterfoil_sync_server::office::Office;
use serde_json::{Value, json};

use crate::head::{Head, figures, of_journal};
use crate::line::{Fate, Way};
use crate::till::Till;

/// Loses the first answer after head office has done it.
fn lose_after(head: &Head, is_done: impl Fn(&Arc<Office>) -> bool + Send + 'static) {
    let office = head.office();
    head.line.watch(move |way, _| if way == Way::Down && is_done(&office) { Fate::Lose } else { Fate::Pass });
}

fn journals(office: &Office) -> usize {
    office.store().read(|rows| rows.journals()).unwrap().len()
}

fn series(audit: &Value) -> Vec<(String, u64)> {
    let series = audit["series"].as_array().unwrap().iter();
    series.map(|one| (one["series"].to_string(), one["issued"].as_u64().unwrap())).collect()
}

#[test]
fn a_grant_whose_answer_was_lost_is_given_again_by_the_same_token() {
    let head = Head::open();
    let (till, token) = (Till::nowhere(), head.token("S01", "T01", &[]));
    let before = journals(&head.office());
    lose_after(&head, move |office| journals(office) > before);
    let ran = till.run(&["enrol", &head.line.url(), &token]);
    head.line.wait_for_loss();
    assert_eq!((ran.code, ran.last()["error"]["code"].as_str()), (3, Some("unreachable")), "{ran:?}");
    assert_eq!(till.run(&["status"]).refused(), ("missing".to_owned(), "data".to_owned()));
    // Meanwhile the token opens nothing to anybody else.
    let thief = Till::nowhere().run(&["enrol", &head.line.url(), &token]);
    assert_eq!(thief.refused(), ("token_invalid".to_owned(), "token".to_owned()));
    let granted = till.ok(&["enrol", &head.line.url(), &token]);
    assert_eq!((till.ok(&["enrol", &head.line.url(), &token]), journals(&head.office())), (granted, before + 1));
    till.sync();
    till.ok(&["open", "--float", "100.00"]);
    till.sell_milk("a", 2);
    till.sync();
    assert_eq!(figures(&[&till.audit()]), figures(&[&head.clean_audit()]));
}

#[test]
fn a_word_whose_answer_was_lost_is_said_again() {
    let head = Head::open();
    let till = head.till("S01", "T01");
    till.sync();
    let of: JournalId = till.journal().parse().unwrap();
    for round in 0..3 {
        till.sell_milk(&format!("round-{round}"), 2);
        let said = move |office: &Arc<Office>| office.store().read(|rows| rows.hello(of)).unwrap();
        let before = said(&head.office());
        lose_after(&head, move |office| said(office) != before);
        let report = till.sync();
        head.line.wait_for_loss();
        assert_eq!((&report["journals"][0]["sent"], &report["notes"]), (&json!(2), &json!([])), "{report}");
    }
    let audit = head.clean_audit();
    assert_eq!((figures(&[&till.audit()]), &audit["evidence"]), (figures(&[&audit]), &json!([])));
}

#[test]
fn a_new_journal_whose_grant_was_lost_is_granted_once() {
    let head = Head::open();
    let till = head.till("S01", "T01");
    till.sell_milk("before", 2);
    till.sync();
    let copy = till.copied();
    till.sell_milk("after", 3);
    till.sync();
    let (ended, before) = (till.journal(), journals(&head.office()));
    till.put_back(&copy, &["store.redb", "mark.json", "secret.json"]);
    lose_after(&head, move |office| journals(office) > before);
    let report = till.sync();
    head.line.wait_for_loss();
    assert!(report["notes"].to_string().contains("a new journal was granted and opened"), "{report}");
    assert_eq!(journals(&head.office()), before + 1);
    till.sell_milk("fresh", 2);
    till.sync();
    let audit = head.audit();
    assert_eq!(
        (&audit["totals"][0]["documents"], &of_journal(&audit, &ended)["standing"]),
        (&json!(7), &json!("closed"))
    );
    let mine = series(&till.audit());
    let known = series(&audit);
    assert!(mine.iter().filter(|(_, issued)| *issued == 2).any(|one| known.contains(one)), "{mine:?} {known:?}");
}

#[test]
fn answers_lost_at_every_place_of_an_exchange_cost_nothing() {
    let head = Head::open();
    let till = head.till("S01", "T01");
    till.sync();
    let (mut answers, mut sold) = (1, 0);
    loop {
        till.sell_milk(&format!("lost-{answers}"), 1);
        sold += 1;
        // The so-many-th packet down is lost with its connection: in the handshake, or an answer to one of the requests.
        let mut left = answers;
        let (tell, told) = std::sync::mpsc::channel();
        head.line.watch(move |way, _| {
            left -= u32::from(way == Way::Down);
            if left > 0 {
                return Fate::Pass;
            }
            let _gone = tell.send(());
            Fate::Lose
        });
        till.sync();
        if told.try_recv().is_err() {
            break;
        }
        let audit = head.clean_audit();
        assert_eq!((figures(&[&till.audit()]), &audit["totals"][0]["documents"]), (figures(&[&audit]), &json!(sold)));
        answers += 1;
    }
    assert!(answers > 5, "an exchange has more than {answers} answers");
}
