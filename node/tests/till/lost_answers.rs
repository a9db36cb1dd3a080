//! An answer of the local API that is lost after the commit: the same command again has its effect exactly once.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use serde_json::{Value, json};

use crate::shop::{Ended, Shop};

/// A line to the local API on which answers are lost as long as it is told so.
struct Line {
    is_losing: Arc<AtomicBool>,
    lost: Arc<AtomicUsize>,
}

impl Line {
    /// Lays itself between a shop's till and its callers, who find it in the folder.
    fn lay(shop: &Shop) -> Self {
        let path = shop.data().join("local-api.json");
        let mut local: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        let served: SocketAddr = local["address"].as_str().unwrap().parse().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        local["address"] = listener.local_addr().unwrap().to_string().into();
        std::fs::write(&path, local.to_string()).unwrap();
        let line = Self { is_losing: Arc::default(), lost: Arc::default() };
        let (is_losing, lost) = (Arc::clone(&line.is_losing), Arc::clone(&line.lost));
        thread::spawn(move || {
            for caller in listener.incoming().flatten() {
                let (is_losing, lost) = (Arc::clone(&is_losing), Arc::clone(&lost));
                thread::spawn(move || forward(caller, TcpStream::connect(served).unwrap(), &is_losing, &lost));
            }
        });
        line
    }

    fn lose(&self) {
        self.is_losing.store(true, Ordering::SeqCst);
    }

    fn mend(&self) {
        self.is_losing.store(false, Ordering::SeqCst);
    }
}

/// Hands requests on, and answers back unless they are to be lost: then the answer is waited for, and thrown away.
fn forward(caller: TcpStream, till: TcpStream, is_losing: &AtomicBool, lost: &AtomicUsize) {
    let (mut up_from, mut up_to) = (caller.try_clone().unwrap(), till.try_clone().unwrap());
    thread::spawn(move || {
        drop(std::io::copy(&mut up_from, &mut up_to));
        drop(up_to.shutdown(Shutdown::Write));
    });
    let (mut down_from, mut down_to) = (till, caller);
    let mut buffer = [0; 65_536];
    while let Ok(count @ 1..) = down_from.read(&mut buffer) {
        if is_losing.load(Ordering::SeqCst) {
            lost.fetch_add(1, Ordering::SeqCst);
            drop(down_to.shutdown(Shutdown::Both));
            drop(down_from.shutdown(Shutdown::Both));
            return;
        }
        if down_to.write_all(&buffer[..count]).is_err() {
            return;
        }
    }
    drop(down_to.shutdown(Shutdown::Both));
}

/// Runs a command twice, the first time with its answer lost.
fn lost_then_again(line: &Line, run: impl Fn() -> Ended) -> Ended {
    let before = line.lost.load(Ordering::SeqCst);
    line.lose();
    let ended = run();
    line.mend();
    assert_eq!((ended.code, ended.json()["error"]["code"].as_str()), (3, Some("local_api")), "{ended:?}");
    assert_eq!(line.lost.load(Ordering::SeqCst), before + 1);
    run()
}

#[test]
fn a_command_whose_answer_was_lost_after_the_commit_has_its_effect_once() {
    let shop = Shop::with_till(&[]);
    let serving = shop.serve();
    let line = Line::lay(&shop);

    let opened = lost_then_again(&line, || shop.json(&["open", "--float", "100.00"]));
    assert_eq!(opened.refused().0, "drawer_open");

    let sale = |id: &str| format!(r#"{{"id":"{id}","lines":[{{"code":"TEA","quantity":"2"}}]}}"#);
    let sold = lost_then_again(&line, || shop.sell(&sale("a"))).done().json();
    assert_eq!((&sold["number"], &sold["gross"]), (&json!("S01-T01-R26A-000001"), &json!("6.20")));
    let many: Vec<String> = (0..5).map(|at| sale(&format!("many-{at}"))).collect();
    let sold = lost_then_again(&line, || shop.sell(&many.join("\n"))).done().lines();
    let numbers: Vec<&str> = sold.iter().map(|sold| sold["number"].as_str().unwrap()).collect();
    assert_eq!((numbers[0], numbers[4]), ("S01-T01-R26A-000002", "S01-T01-R26A-000006"));
    let refund = r#"{"id":"back","refund_of":"a"}"#;
    let refunded = lost_then_again(&line, || shop.sell(refund)).done().json();
    assert_eq!(shop.sell(refund).done().json(), refunded);
    assert_eq!(shop.sell(&sale("a").replace('2', "3")).refused().0, "id_reused");

    let closed = lost_then_again(&line, || shop.json(&["close", "--count", "131.00"]));
    assert_eq!(closed.refused().0, "drawer_closed");
    let audit = shop.audit();
    assert_eq!((&audit["series"][0]["issued"], &audit["drawer_sessions"]), (&json!(6), &json!(1)));
    // Six sales of 6.20 and one of them paid back.
    assert_eq!(audit["totals"][0]["gross"], "31.00");
    assert_eq!(serving.stop(), 0);
}

#[test]
fn a_caller_whose_own_end_closes_early_makes_one_sale() {
    let shop = Shop::open();
    let serving = shop.serve();
    let token = crate::api::token(&shop);
    let body = r#"{"id":"a","lines":[{"code":"TEA","quantity":"1"}]}"#;
    let mut stream = TcpStream::connect(&serving.address).unwrap();
    let head = format!("POST /v1/sell HTTP/1.1\r\nhost: till\r\nauthorization: Bearer {token}\r\n");
    stream.write_all(format!("{head}content-length: {}\r\n\r\n{body}", body.len()).as_bytes()).unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    let mut first = String::new();
    BufReader::new(stream).read_line(&mut first).unwrap();
    // Whether it got the answer or not, there is one sale.
    assert!(first.is_empty() || first.starts_with("HTTP/1.1 200"), "{first}");
    shop.sell(body).done();
    assert_eq!(shop.audit()["series"][0]["issued"], 1);
}
