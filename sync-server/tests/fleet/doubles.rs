//! Two processes at one folder, and what a killed one has left there: one serves, the other says why it does not.

use std::io::{BufRead, BufReader, ErrorKind};
use std::net::TcpListener;
use std::process::{Child, Command};

use serde_json::Value;

use crate::head::Head;
use crate::till::refused;

/// The first thing that a process says on its standard output.
fn first_word(process: &mut Child) -> Value {
    let mut line = String::new();
    BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
    serde_json::from_str(&line).unwrap_or_else(|_| panic!("it said {line:?}"))
}

#[test]
fn of_servers_that_are_started_at_one_moment_exactly_one_serves() {
    let mut head = Head::open_program();
    head.stop();
    for _ in 0..8 {
        let mut both = [head.start(), head.start()];
        let words = both.each_mut().map(first_word);
        let serving = words.iter().filter(|word| word["listening"].is_string()).count();
        assert_eq!(serving, 1, "{words:?}");
        for (process, word) in both.iter_mut().zip(&words) {
            if word["listening"].is_null() {
                assert_eq!(refused(word), ("declined".to_owned(), "data".to_owned()));
                assert_eq!(process.wait().unwrap().code(), Some(1));
            }
            drop(process.kill());
            process.wait().unwrap();
        }
        head.audit();
    }
}

#[test]
fn an_address_that_a_killed_server_left_to_a_stranger_does_not_matter() {
    let mut head = Head::open_program();
    for _ in 0..2 {
        let left = head.local_api();
        head.stop();
        let stranger = TcpListener::bind(left.address).unwrap();
        stranger.set_nonblocking(true).unwrap();
        // A command opens the store itself, and the next server serves.
        head.clean_audit();
        head.serve_by_program();
        head.clean_audit();
        let error = stranger.accept().expect_err("a stranger was called, and could have been shown the token");
        assert_eq!(error.kind(), ErrorKind::WouldBlock);
    }
}

#[test]
fn a_head_office_that_is_paused_in_the_midst_of_an_exchange_delays_no_sale_and_loses_none() {
    let head = Head::open_program();
    let till = head.till("S01", "T01");
    till.sync();
    let process = head.process().to_string();
    let signal =
        |name: &str, process: &str| assert!(Command::new("kill").args([name, process]).status().unwrap().success());
    let is_paused = || std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap().contains(") T ");
    for (round, bytes) in [200, 1_500, 2_500, 4_000].into_iter().enumerate() {
        till.sell_milk(&format!("before-{round}"), 30);
        let (mut up, paused) = (0, process.clone());
        let (tell, told) = std::sync::mpsc::channel();
        head.line.watch(move |_, count| {
            let was_below = up < bytes;
            up += count;
            if was_below && up >= bytes {
                signal("-STOP", &paused);
                // Whoever waits may have had enough already.
                let _gone = tell.send(());
            }
            crate::line::Fate::Pass
        });
        let serving = till.serve().unwrap();
        told.recv_timeout(crate::line::PATIENCE).expect("the exchange is long enough to be paused in");
        till.sell_milk(&format!("meanwhile-{round}"), 3);
        assert!(is_paused(), "the sales were made while head office stood still");
        signal("-CONT", &process);
        // It waits for its turn behind the sync that was paused.
        till.sync();
        assert_eq!(serving.stop(), 0);
        head.line.mend();
    }
    till.sync();
    assert_eq!(head.clean_audit()["totals"][0]["documents"], 4 * 33);
    assert_eq!(till.status()["unsent"], 0);
}
