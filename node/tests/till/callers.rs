//! Callers of the local API that are slow, silent or too many: the till sells on, and each of them is cut off.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::thread;
use std::time::Duration;

use crate::api::token;
use crate::shop::{Serving, Shop};

/// How long a caller may stay that should have been cut off; the server's own limits are 10 and 30 s.
const PATIENCE: Duration = Duration::from_secs(240);
const SECOND: Duration = Duration::from_secs(1);
/// More than the till takes at once.
const MANY: usize = 150;

fn call(serving: &Serving, begun: &str) -> TcpStream {
    let mut stream = TcpStream::connect(&serving.address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(begun.as_bytes()).unwrap();
    stream
}

/// Waits until the server has ended the connection, whatever it says before.
fn wait_for_end(mut stream: TcpStream) {
    let ended = stream.read_to_end(&mut Vec::new());
    // A connection may be reset instead of closed.
    assert!(ended.is_ok() || ended.is_err_and(|error| error.kind() == ErrorKind::ConnectionReset), "still connected");
}

/// Sends one byte a second until the server has had enough.
fn drip(mut stream: TcpStream) {
    stream.set_read_timeout(Some(SECOND)).unwrap();
    for _ in 0..PATIENCE.as_secs() {
        if stream.write_all(b"x").is_err() {
            return;
        }
        match stream.read(&mut [0; 512]) {
            Ok(0) => return,
            Ok(_) => {}
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Err(_) => return,
        }
    }
    panic!("one byte a second was listened to for {} s", PATIENCE.as_secs());
}

/// Asks again and again and reads no answer, until the server has had enough.
fn ask_and_never_read(mut stream: TcpStream) {
    stream.set_write_timeout(Some(SECOND)).unwrap();
    let asked = "GET /v1/health HTTP/1.1\r\nhost: till\r\n\r\n".repeat(1_000);
    let (mut waited, mut place) = (0, 0);
    while waited < PATIENCE.as_secs() {
        match stream.write(&asked.as_bytes()[place..]) {
            Ok(count) => place = (place + count) % asked.len(),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => waited += 1,
            Err(_) => return,
        }
    }
    panic!("a caller that never reads kept its place for {} s", PATIENCE.as_secs());
}

fn sell(shop: &Shop, id: &str) {
    let sold = shop.sell(&format!(r#"{{"id":"{id}","lines":[{{"code":"TEA","quantity":"1"}}]}}"#)).done().json();
    assert_eq!(sold["id"], id, "{sold}");
}

#[test]
fn slow_and_silent_callers_are_cut_off_while_others_sell() {
    let shop = Shop::open();
    let serving = shop.serve();
    let asked = |length: usize| {
        let token = token(&shop);
        format!(
            "POST /v1/sell HTTP/1.1\r\nhost: till\r\nauthorization: Bearer {token}\r\ncontent-length: {length}\r\n\r\n"
        )
    };
    let silent = call(&serving, "");
    let silent_after_half = call(&serving, &format!("{}half of a body", asked(4_000)));
    let slow_header = call(&serving, "POST /v1/sell HTTP/1.1\r\nx-slow: ");
    let slow_body = call(&serving, &asked(4_000));
    let never_reads = call(&serving, "");
    let half_closed = call(&serving, &asked(4_000));
    half_closed.shutdown(Shutdown::Write).unwrap();
    let ends = [
        thread::spawn(move || wait_for_end(silent)),
        thread::spawn(move || wait_for_end(silent_after_half)),
        thread::spawn(move || wait_for_end(half_closed)),
        thread::spawn(move || drip(slow_header)),
        thread::spawn(move || drip(slow_body)),
        thread::spawn(move || ask_and_never_read(never_reads)),
    ];
    for sale in 0..5 {
        sell(&shop, &format!("meanwhile-{sale}"));
    }
    ends.into_iter().for_each(|end| end.join().unwrap());
    sell(&shop, "after");
    assert_eq!(shop.audit()["series"][0]["issued"], 6);
    assert_eq!(serving.stop(), 0);
}

#[test]
fn more_callers_than_the_till_takes_at_once_delay_a_sale_and_do_not_stop_it() {
    let shop = Shop::open();
    let mut serving = shop.serve();
    let many: Vec<TcpStream> = (0..MANY).map(|_| call(&serving, "")).collect();
    let folder = format!("/proc/{}/fd", serving.process().id());
    let is_socket =
        |file: &std::path::Path| std::fs::read_link(file).is_ok_and(|to| to.to_string_lossy().starts_with("socket"));
    let sockets = std::fs::read_dir(folder).unwrap().filter(|file| is_socket(&file.as_ref().unwrap().path())).count();
    assert!(sockets < MANY, "{sockets} sockets are open for {MANY} callers who say nothing");
    sell(&shop, "meanwhile");
    many.into_iter().for_each(wait_for_end);
    sell(&shop, "after");
    assert_eq!(shop.audit()["series"][0]["issued"], 2);
    assert_eq!(serving.stop(), 0);
}
