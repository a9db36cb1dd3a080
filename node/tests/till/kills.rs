//! A hundred times kill -9 while selling: no acknowledged sale is lost, no number is missing, none is used twice.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::random::Random;
use crate::shop::Shop;

const KILLS: u64 = 100;

fn sale(kill: u64, place: u64) -> String {
    format!(
        r#"{{"id":"k{kill}-{place}","lines":[{{"code":"TEA","quantity":"1"}},{{"code":"CHEESE","quantity":"0.2"}}]}}"#
    )
}

/// Sells a stream and is killed after so many answers; gives every answer that came out, also after the kill.
fn sell_and_kill(shop: &Shop, kill: u64, answers: u64, pause: Duration, target: Option<&mut Child>) -> Vec<Value> {
    let mut process = shop
        .command()
        .args(["--json", "sell"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut stdin = process.stdin.take().unwrap();
    let writing = std::thread::spawn(move || {
        for place in 0..10_000 {
            if writeln!(stdin, "{}", sale(kill, place)).is_err() {
                return;
            }
        }
    });
    let mut told = Vec::new();
    let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
    while (told.len() as u64) < answers {
        told.push(lines.next().expect("a stream goes on until it is killed").unwrap());
    }
    std::thread::sleep(pause);
    match target {
        Some(server) => server.kill().unwrap(),
        None => process.kill().unwrap(),
    }
    told.extend(lines.map_while(Result::ok));
    process.wait().unwrap();
    writing.join().unwrap();
    // The last line may have been cut off in the pipe; then it told nobody anything.
    told.iter().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

fn check_acknowledged(shop: &Shop, acknowledged: &BTreeMap<String, String>) {
    let audit = shop.audit();
    let receipts = &audit["series"][0];
    assert_eq!(receipts["kind"], "receipt", "{audit}");
    assert_eq!((&receipts["missing"], &receipts["duplicates"]), (&Value::Array(vec![]), &Value::Array(vec![])));
    assert!(receipts["issued"].as_u64().unwrap() >= acknowledged.len() as u64);
    assert_eq!(receipts["issued"], receipts["last"]);
    // The same sales submitted once more get the same numbers and make no further documents.
    let again: Vec<String> = acknowledged
        .keys()
        .map(|id| {
            let (kill, place) = id[1..].split_once('-').unwrap();
            sale(kill.parse().unwrap(), place.parse().unwrap())
        })
        .collect();
    for (answer, (id, number)) in shop.sell(&again.join("\n")).done().lines().iter().zip(acknowledged) {
        assert_eq!((answer["id"].as_str(), answer["number"].as_str()), (Some(id.as_str()), Some(number.as_str())));
    }
    assert_eq!(shop.audit()["series"], audit["series"]);
}

#[test]
fn a_hundred_kills_while_selling_lose_no_acknowledged_sale_and_leave_no_gap() {
    let shop = Shop::open();
    let (mut acknowledged, mut random) = (BTreeMap::new(), Random::from_seed(1));
    for kill in 0..KILLS {
        let answers = random.below(4);
        let pause = Duration::from_micros(random.below(3_000));
        for answer in sell_and_kill(&shop, kill, answers, pause, None) {
            let text = |name: &str| answer[name].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned();
            let earlier = acknowledged.insert(text("id"), text("number"));
            assert_eq!(earlier, None);
        }
    }
    assert!(acknowledged.len() > 100, "only {} sales were acknowledged", acknowledged.len());
    check_acknowledged(&shop, &acknowledged);
}

#[test]
fn kills_of_a_served_till_lose_no_acknowledged_sale_and_the_next_command_goes_on() {
    let shop = Shop::open();
    let (mut acknowledged, mut random) = (BTreeMap::new(), Random::from_seed(2));
    for kill in 0..10 {
        let mut serving = shop.serve();
        let pause = Duration::from_micros(random.below(20_000));
        let told = sell_and_kill(&shop, kill, 1 + random.below(40), pause, Some(serving.process()));
        for answer in told {
            // The last answer tells that the connection broke.
            if let (Some(id), Some(number)) = (answer["id"].as_str(), answer["number"].as_str()) {
                assert_eq!(acknowledged.insert(id.to_owned(), number.to_owned()), None);
            } else {
                assert_eq!(answer["error"]["code"], "local_api", "{answer}");
            }
        }
    }
    check_acknowledged(&shop, &acknowledged);
}
