//! The local API: nothing without the token, limits on what comes in, and the same answers as the command line.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;

use counterfoil_node::caller::Caller;
use counterfoil_node::folder::Folder;
use counterfoil_node::local::reach::Reach;
use counterfoil_node::operations::status::ReadStatus;
use serde_json::Value;

use crate::shop::{Serving, Shop};

/// Posts and gives status and body.
fn post(serving: &Serving, path: &str, token: &str, body: &str) -> (u16, String) {
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: till\r\nconnection: close\r\nauthorization: Bearer {token}\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    let mut stream = TcpStream::connect(&serving.address).unwrap();
    stream.write_all(head.as_bytes()).unwrap();
    // A server that refuses early does not read the body to its end.
    drop(stream.write_all(body.as_bytes()));
    let mut answer = Vec::new();
    drop(stream.read_to_end(&mut answer));
    let answer = String::from_utf8(answer).unwrap();
    let status = answer.split(' ').nth(1).unwrap_or_else(|| panic!("{answer}")).parse().unwrap();
    (status, answer.split_once("\r\n\r\n").unwrap().1.to_owned())
}

fn token(shop: &Shop) -> String {
    let path = shop.data().join("local-api.json");
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let local: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    local["token"].as_str().unwrap().to_owned()
}

#[test]
fn every_call_needs_the_token() {
    let shop = Shop::open();
    let serving = shop.serve();
    let token = token(&shop);
    for wrong in ["", "x", &token[1..], &token.to_uppercase()] {
        assert_eq!(post(&serving, "/v1/status", wrong, "").0, 401, "{wrong}");
        assert_eq!(post(&serving, "/nowhere", wrong, "").0, 401, "{wrong}");
    }
    let (status, body) = post(&serving, "/v1/status", &token, "");
    assert_eq!((status, serde_json::from_str::<Value>(&body).unwrap()["till"].as_str()), (200, Some("T01")));
    assert_eq!(post(&serving, "/nowhere", &token, "").0, 404);
}

#[test]
fn requests_are_read_strictly_and_within_limits() {
    let shop = Shop::open();
    let serving = shop.serve();
    let token = token(&shop);
    let check = |path: &str, body: &str, status: u16, part: &str| {
        let found = post(&serving, path, &token, body);
        assert!(found.0 == status && found.1.contains(part), "{path} {body:.80}: {found:?}");
    };
    check("/v1/open", "{\"float\":\"1\",\"colour\":\"red\"}", 422, "\"field\":\"colour\"");
    check("/v1/open", "{}", 422, "\"field\":\"float\"");
    check("/v1/open", "nonsense", 422, "malformed");
    check(
        "/v1/sell",
        "{\"id\":\"a\",\"lines\":[{\"code\":\"TEA\",\"quantity\":\"1\"}]}\nnonsense\n",
        200,
        "\"line\":2",
    );
    check("/v1/sell", &"x".repeat(5_000_000), 413, "");
    check("/v1/status", "", 200, "drawer_session");
    shop.audit();
}

#[test]
fn only_the_loopback_is_listened_on() {
    let shop = Shop::open();
    let ended = shop.json(&["serve", "--listen", "0.0.0.0:0"]);
    assert_eq!((ended.code, ended.json()["error"]["code"].as_str()), (2, Some("usage")));
    shop.json(&["status"]).done();
}

#[test]
fn a_served_till_goes_on_selling_while_a_connection_hangs() {
    let shop = Shop::open();
    let serving = shop.serve();
    let mut hanging = TcpStream::connect(&serving.address).unwrap();
    hanging.write_all(b"POST /v1/sell HTTP/1.1\r\nhost: till\r\n").unwrap();
    let sold = shop.sell(r#"{"id":"a","lines":[{"code":"TEA","quantity":"1"}]}"#).done().json();
    assert_eq!(sold["number"], "S01-T01-R26A-000001");
    assert_eq!(serving.stop(), 0);
}

#[test]
fn a_second_serve_is_told_that_the_till_is_served() {
    let shop = Shop::open();
    let serving = shop.serve();
    let second = shop.json(&["serve", "--listen", "127.0.0.1:0"]);
    assert_eq!((second.code, second.json()["error"]["code"].as_str()), (3, Some("locked")));
    drop(serving);
}

#[test]
fn a_served_till_can_be_asked_in_the_midst_of_other_network_work() {
    let shop = Shop::open();
    let _serving = shop.serve();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let answers = runtime.block_on(async {
        let mut reach = Reach::of(&Folder::at(shop.data())).unwrap();
        assert!(matches!(reach, Reach::Served(_)));
        [0, 1].map(|_| reach.perform(&Caller::default(), ReadStatus {}))
    });
    assert!(answers.iter().all(|answer| answer.json.contains("T01")), "{answers:?}");
}

#[test]
fn of_tills_that_are_served_from_one_folder_at_one_moment_exactly_one_is() {
    let shop = Shop::open();
    for _ in 0..5 {
        let mut both = [0, 1].map(|_| {
            let mut command = shop.command();
            command.args(["--json", "serve", "--listen", "127.0.0.1:0"]);
            command.stdout(Stdio::piped()).spawn().unwrap()
        });
        let words = both.each_mut().map(|process| {
            let mut line = String::new();
            BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
            serde_json::from_str::<Value>(&line).unwrap()
        });
        assert_eq!(words.iter().filter(|word| word["listen"].is_string()).count(), 1, "{words:?}");
        for (process, word) in both.iter_mut().zip(&words) {
            if word["listen"].is_null() {
                assert_eq!(word["error"]["code"], "locked", "{word}");
                assert_eq!(process.wait().unwrap().code(), Some(3));
            }
            drop(process.kill());
            process.wait().unwrap();
        }
    }
    shop.audit();
}
