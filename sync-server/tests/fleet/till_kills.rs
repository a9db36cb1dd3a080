//! `till serve` is killed by kill -9 at random moments while it sells and pushes to head office at the same time.
//!
//! A kill can fall between an acknowledgement and its note at the till, or between a grant and its entry. None of that
//! may look to head office like a till that was put back or copied: no alarm, no new journal, each command one document.
//! `COUNTERFOIL_KILLS=3000` kills more often; the seed is printed.

use std::collections::BTreeMap;
use std::thread;
use std::time::{Duration, Instant};

use counterfoil_node::caller::Caller;
use counterfoil_node::folder::Folder;
use counterfoil_node::local::client::LocalClient;
use serde_json::{Value, json};

use crate::head::{Head, figures};
use crate::random::{Random, times};
use crate::till::{Till, basket};

const KILLS: u64 = 60;
/// The longest time under load, in microseconds; an exchange takes as long.
const LOAD_US: u64 = 80_000;
const TYPE: &str = "application/x-ndjson";

/// The number in an answer to one basket.
fn number(answer: &str) -> String {
    let answer: Value = serde_json::from_str(answer.trim()).unwrap();
    answer["number"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
}

/// Sells until the connection is cut; tells what was answered, and the id of what was not.
fn sell_until_cut(till: &Till, round: u64) -> (Vec<(String, String)>, Option<String>) {
    let mut answered = Vec::new();
    let Some(mut client) = LocalClient::connect(&Folder::at(till.folder())).unwrap() else { return (answered, None) };
    for place in 0.. {
        let id = format!("r{round}-{place}");
        match client.post("/v1/sell", TYPE, &Caller::default(), None, basket(&id, "MILK", "1")) {
            Ok(answer) => answered.push((id, number(&answer.json))),
            Err(_) => return (answered, Some(id)),
        }
    }
    (answered, None)
}

#[test]
fn a_till_that_is_killed_while_it_sells_and_pushes_raises_no_alarm_and_loses_nothing() {
    let mut random = Random::printed("kill -9 of till serve beside its sync");
    let (kills, begun) = (times("COUNTERFOIL_KILLS", KILLS), Instant::now());
    let head = Head::open();
    let till = head.till("S01", "T01");
    let (mut sold, mut open): (BTreeMap<String, String>, Option<String>) = (BTreeMap::new(), None);
    for round in 0..kills {
        let serving = till.serve().unwrap();
        if let Some(id) = open.take() {
            let mut client = LocalClient::connect(&Folder::at(till.folder())).unwrap().unwrap();
            let mut sell =
                || client.post("/v1/sell", TYPE, &Caller::default(), None, basket(&id, "MILK", "1")).unwrap();
            let first = number(&sell().json);
            assert_eq!(number(&sell().json), first);
            assert_eq!(sold.insert(id, first), None);
        }
        // A new price travels down while sales travel up.
        if random.below(4) == 0 {
            head.import(&format!("code,name,price,unit\nTEA,Tea,{}.10,piece\n", 1 + random.below(9)), &[]);
        }
        let pause = Duration::from_micros(random.below(LOAD_US));
        let (answered, unanswered) = thread::scope(|scope| {
            let selling = scope.spawn(|| sell_until_cut(&till, round));
            thread::sleep(pause);
            drop(serving);
            selling.join().unwrap()
        });
        for (id, number) in answered {
            assert_eq!(sold.insert(id, number), None);
        }
        open = unanswered;
        if (round + 1) % 20 == 0 {
            let audit = till.audit();
            assert_eq!((&audit["series"][0]["missing"], &audit["series"][0]["duplicates"]), (&json!([]), &json!([])));
            assert_eq!((&head.audit()["findings"], &till.status()["can_sell"]), (&json!([]), &json!(true)));
            println!("{} of {kills} kills, {} sales", round + 1, sold.len());
        }
    }
    if let Some(id) = open {
        sold.insert(id.clone(), till.sell(&[basket(&id, "MILK", "1")]).remove(0));
    }
    println!("{} ms per kill", begun.elapsed().as_millis() / u128::from(kills.max(1)));
    till.sync();
    let (audit, office) = (till.audit(), head.clean_audit());
    assert_eq!((figures(&[&audit]), &office["evidence"]), (figures(&[&office]), &json!([])));
    assert_eq!(
        (&office["totals"][0]["documents"], office["journals"].as_array().unwrap().len()),
        (&json!(sold.len()), 1)
    );
    let numbers: std::collections::BTreeSet<&String> = sold.values().collect();
    assert_eq!(numbers.len(), sold.len(), "a number was given twice");
    assert!(sold.len() as u64 > kills, "the load was too small to show anything");
}

#[test]
fn a_till_that_is_killed_while_it_joins_joins_by_the_same_token() {
    let mut random = Random::printed("kill -9 of till enrol");
    let kills = times("COUNTERFOIL_KILLS", KILLS) / 2;
    let head = Head::open();
    let mut cut = 0;
    for round in 0..kills {
        let (till, token) = (Till::nowhere(), head.token("S01", &format!("T{round:04}"), &[]));
        let mut joining = till.start(&["enrol", &head.line.url(), &token]);
        thread::sleep(Duration::from_micros(random.below(LOAD_US)));
        drop(joining.kill());
        cut += u64::from(!joining.wait().unwrap().success());
        till.ok(&["enrol", &head.line.url(), &token]);
        till.sync();
        till.ok(&["open", "--float", "1"]);
        till.sell_milk("a", 1);
        till.sync();
    }
    let audit = head.clean_audit();
    assert_eq!(
        (audit["journals"].as_array().unwrap().len() as u64, &audit["totals"][0]["documents"]),
        (kills, &json!(kills))
    );
    assert!(cut > 0, "no kill came in time");
}
