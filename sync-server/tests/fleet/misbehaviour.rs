//! Whatever head office does, the till sells: in the process that syncs, and beside a sync that a person asked for.
//!
//! Each misbehaviour has a till of its own. While `till serve` is in the midst of an exchange with it, baskets are sold;
//! where head office holds the line, it still does so after the sale, so the sale cannot have waited for it. Then a
//! person's `till sync` is told what is wrong, nothing is taken for acknowledged, and once the right head office answers
//! everything arrives.

use std::sync::Arc;
use std::thread;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use counterfoil_core::id::{Hash, JournalId};
use counterfoil_core::journal::acknowledgement::{Acknowledgement, Nonce};
use counterfoil_core::journal::key::SigningKey;
use counterfoil_core::time::Timestamp;
use counterfoil_node::folder::Folder;
use counterfoil_node::sync::head_office::{HeadOffice, TlsKey};
use counterfoil_sync_server::authority::Authority;
use counterfoil_sync_server::clock;
use rustls::ServerConfig;
use serde_json::{Value, json};

use crate::head::{Head, figures};
use crate::rogue::{Answer, Manner, Rogue, Then, response, tls};
use crate::till::Till;

const DAY_MS: i64 = 86_400_000;
const HOSTS: [&str; 2] = ["localhost", "127.0.0.1"];

/// What a person is told: exit code, the code of refusal or error, and a part of the text.
type Told = (i32, &'static str, &'static str);

/// One misbehaviour, and what `till sync` says of it. Those that hang are not waited for.
struct Case {
    name: &'static str,
    manner: Manner,
    told: Option<Told>,
}

fn always(bytes: impl Into<Vec<u8>>) -> Answer {
    let bytes = bytes.into();
    Box::new(move |_| bytes.clone())
}

fn case(name: &'static str, tls: Option<&Arc<ServerConfig>>, answer: Answer, then: Then, told: Option<Told>) -> Case {
    Case { name, manner: Manner { tls: tls.map(Arc::clone), answer, then }, told }
}

/// A `ServerHello` of TLS 1.2 (RFC 5246), with a common suite.
fn hello_of_tls_1_2() -> Vec<u8> {
    let body = [&[3, 3][..], &[7; 32], &[0], &[0xC0, 0x2B, 0]].concat();
    let length = u8::try_from(body.len()).unwrap();
    [&[22, 3, 3, 0, length + 4, 2, 0, 0, length][..], &body].concat()
}

/// What is wrong with the connection.
fn wrong_connections(own: &Authority, other: &Authority) -> Vec<Case> {
    let (now, ended) = (clock::now(), Timestamp(clock::now().0 - 400 * DAY_MS));
    let strange = tls(other, &HOSTS, now);
    let elsewhere = tls(own, &["elsewhere.example"], now);
    let expired = tls(own, &HOSTS, ended);
    let unreachable = |part| Some((3, "unreachable", part));
    let ok = || always(response("200 OK", "", &[0; 32]));
    vec![
        case("says nothing", None, always([]), Then::Hold, unreachable("handshake took longer than 5 s")),
        case("speaks no TLS", None, always(response("400 Bad Request", "", b"")), Then::Close, unreachable("TLS: ")),
        case("speaks TLS 1.2", None, always(hello_of_tls_1_2()), Then::Close, unreachable("TLS: ")),
        case("is of another authority", Some(&strange), ok(), Then::Close, unreachable("not your head office")),
        case("has another name", Some(&elsewhere), ok(), Then::Close, unreachable("not valid for")),
        case("has an ended certificate", Some(&expired), ok(), Then::Close, unreachable("expired")),
    ]
}

/// What is wrong with the answers.
fn wrong_answers(own: &Authority) -> Vec<Case> {
    let tls = tls(own, &HOSTS, clock::now());
    let with = |name, answer, then, told| case(name, Some(&tls), answer, then, told);
    let begun = "HTTP/1.1 200 OK\r\ncontent-length: 32\r\n\r\nabc";
    let huge = "HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\n";
    let redirect = "location: https://elsewhere.example/\r\n";
    vec![
        with("never answers", always([]), Then::Hold, None),
        with("hangs in an answer", always(begun), Then::Hold, None),
        with("closes half of the line", always([]), Then::HalfClose, Some((3, "unreachable", ""))),
        with("hangs up", always([]), Then::Close, Some((3, "unreachable", ""))),
        with("answers garbage", always([0xC3; 512]), Then::Close, Some((3, "unreachable", ""))),
        with("answers without end", always(huge), Then::Flood, Some((3, "unreachable", "broke off"))),
        with("has failed", always(response("500 Oops", "", b"")), Then::Listen, Some((3, "busy", "later"))),
        with(
            "is busy",
            always(response("429 Too", "retry-after: 1\r\n", b"")),
            Then::Listen,
            Some((3, "busy", "later")),
        ),
        with(
            "sends elsewhere",
            always(response("302 Found", redirect, b"")),
            Then::Listen,
            Some((1, "declined", "302")),
        ),
        with(
            "answers a web page",
            always(response("200 OK", "", b"<html>")),
            Then::Listen,
            Some((1, "declined", "32")),
        ),
    ]
}

/// A head office that signs acknowledgements of its own making.
fn liar(name: &'static str, own: &Authority, key: SigningKey, claim: Acknowledgement) -> Case {
    let answer: Answer = Box::new(move |request| {
        if request.starts_with("GET /sync/challenge") {
            return response("200 OK", "", &[7; 32]);
        }
        let acknowledgement = STANDARD.encode(claim.sign(&key).unwrap());
        let word = json!({ "verdict": "append", "expected_seq": claim.seq + 1, "acknowledgement": acknowledgement });
        response("200 OK", "", word.to_string().as_bytes())
    });
    case(name, Some(&tls(own, &HOSTS, clock::now())), answer, Then::Listen, Some((1, "", "")))
}

/// A till that is joined, with two sales of which head office knows.
fn joined(head: &Head, name: &str) -> Till {
    let till = head.till("S01", name);
    till.sell_milk("known", 2);
    till.sync();
    till
}

fn check(till: &Till, rogue: &Rogue, name: &str, told: Option<Told>) {
    let known = till.status()["journals"][0].clone();
    let serving = till.serve().unwrap();
    rogue.wait_for_call();
    let sold = till.sell_milk("meanwhile", 2);
    assert_eq!(sold.len(), 2, "{name}");
    serving.stop();
    if let Some((code, reason, part)) = told {
        let ran = till.run(&["sync"]);
        let last = ran.last();
        let said = if code == 1 { &last["refused"] } else { &last["error"] };
        assert_eq!(ran.code, code, "{name}: {ran:?}");
        assert!(reason.is_empty() || said["code"] == reason, "{name}: {ran:?}");
        assert!(said["message"].as_str().unwrap().contains(part), "{name}: {ran:?}");
    }
    till.sell_milk("after", 1);
    let status = till.status();
    assert_eq!(status["journals"][0]["acknowledged"], known["acknowledged"], "{name}: {status}");
    assert_eq!((&status["unsent"], &status["can_sell"]), (&json!(3), &json!(true)), "{name}: {status}");
}

fn check_all(head: &Head, cases: Vec<(Till, Case)>) {
    check_all_beside(head, cases, &[]);
}

fn check_all_beside(head: &Head, cases: Vec<(Till, Case)>, others: &[&Value]) {
    let tills: Vec<Till> = thread::scope(|scope| {
        let checked: Vec<_> = cases
            .into_iter()
            .map(|(till, Case { name, manner, told })| {
                scope.spawn(move || {
                    let rogue = Rogue::start(manner);
                    till.call_at(&rogue.url());
                    check(&till, &rogue, name, told);
                    till.call_at(&head.line.url());
                    till.sync();
                    till
                })
            })
            .collect();
        checked.into_iter().map(|checked| checked.join().unwrap()).collect()
    });
    let audits: Vec<Value> = tills.iter().map(Till::audit).collect();
    let audits: Vec<&Value> = audits.iter().chain(others.iter().copied()).collect();
    assert_eq!(figures(&audits), figures(&[&head.clean_audit()]));
}

fn with_tills(head: &Head, cases: Vec<Case>) -> Vec<(Till, Case)> {
    cases.into_iter().enumerate().map(|(at, case)| (joined(head, &format!("T{at:02}")), case)).collect()
}

#[test]
fn a_connection_that_is_not_the_right_one_is_refused_and_selling_goes_on() {
    let head = Head::open();
    let other = Authority::create(clock::now()).unwrap();
    let cases = wrong_connections(head.office().authority(), &other);
    check_all(&head, with_tills(&head, cases));
}

#[test]
fn answers_that_are_wrong_or_never_come_stop_no_sale() {
    let head = Head::open();
    let cases = wrong_answers(head.office().authority());
    check_all(&head, with_tills(&head, cases));
}

#[test]
fn a_till_that_finds_nobody_there_sells_on() {
    let mut head = Head::open();
    let till = joined(&head, "T01");
    head.stop();
    let serving = till.serve().unwrap();
    till.sell_milk("meanwhile", 2);
    let ran = till.run(&["sync"]);
    assert_eq!((ran.code, ran.last()["error"]["code"].as_str()), (3, Some("unreachable")), "{ran:?}");
    assert_eq!(serving.stop(), 0);
    head.serve();
    till.sync();
    assert_eq!(figures(&[&till.audit()]), figures(&[&head.clean_audit()]));
}

#[test]
fn what_was_acknowledged_to_another_till_or_by_another_key_is_not_taken() {
    let head = Head::open();
    let tills = ["T01", "T02", "T03", "T04"].map(|name| joined(&head, name));
    let office = head.office();
    let key = || {
        SigningKey::from_seed(std::fs::read_to_string(office.folder().signing_key()).map(|text| seed(&text)).unwrap())
    };
    let claim = |till: &Till, seq| Acknowledgement {
        journal: till.journal().parse::<JournalId>().unwrap(),
        seq,
        hash: Hash([9; 32]),
        epoch: office.store().read(|rows| rows.epoch()).unwrap(),
        time: clock::now(),
        nonce: Nonce([5; 16]),
    };
    let own = office.authority();
    let cases = vec![
        liar("acknowledges another till", own, key(), claim(&tills[3], 4)),
        liar("acknowledges what does not exist", own, key(), claim(&tills[1], 4_000)),
        liar("signs with another key", own, SigningKey::from_seed([1; 32]), claim(&tills[2], 5)),
    ];
    // The fourth only lends its name.
    let [one, two, three, lender] = tills;
    let audit = lender.audit();
    check_all_beside(&head, [one, two, three].into_iter().zip(cases).collect(), &[&audit]);
}

fn seed(text: &str) -> [u8; 32] {
    counterfoil_core::hex::decode(text.trim()).unwrap()
}

#[test]
fn a_sale_goes_on_beside_a_sync_that_a_person_asked_for_and_that_hangs() {
    let head = Head::open();
    let till = joined(&head, "T01");
    let tls = tls(head.office().authority(), &HOSTS, clock::now());
    let rogue = Rogue::start(Manner { tls: Some(tls), answer: always([]), then: Then::Hold });
    till.call_at(&rogue.url());
    let mut syncing = till.start(&["sync"]);
    rogue.wait_for_call();
    till.sell_milk("meanwhile", 3);
    assert_eq!(rogue.held(), 1, "the sync still waits");
    assert_eq!(till.status()["unsent"], 3);
    syncing.kill().unwrap();
    syncing.wait().unwrap();
    till.call_at(&head.line.url());
    till.sync();
    assert_eq!(figures(&[&till.audit()]), figures(&[&head.clean_audit()]));
}

#[test]
fn a_till_that_is_put_off_comes_again_by_itself() {
    let head = Head::open();
    let till = joined(&head, "T01");
    let tls = tls(head.office().authority(), &HOSTS, clock::now());
    let busy = always(response("503 Service Unavailable", "retry-after: 1\r\n", b""));
    let rogue = Rogue::start(Manner { tls: Some(tls), answer: busy, then: Then::Listen });
    till.sell_milk("put-off", 2);
    head.line.lead_to(rogue.address());
    let mut syncing = till.start(&["sync"]);
    rogue.wait_for_answer();
    head.line.lead_to(head.address());
    assert!(syncing.wait().unwrap().success());
    assert_eq!(till.status()["unsent"], 0);
    assert_eq!(figures(&[&till.audit()]), figures(&[&head.clean_audit()]));
}

#[test]
fn a_till_whose_certificate_has_ended_renews_it_by_its_journal() {
    let head = Head::open();
    let till = joined(&head, "T01");
    let folder = Folder::at(till.folder());
    let mut known = HeadOffice::require(&folder).unwrap();
    let request = TlsKey::read_or_make(&folder).unwrap().signing_request().unwrap();
    let (store, name) = ("S01".parse().unwrap(), "T01".parse().unwrap());
    let made = Timestamp(clock::now().0 - 400 * DAY_MS);
    let ended = head.office().authority().till_certificate(&request, &store, &name, made).unwrap();
    known.certificate = ended.pem.clone();
    // As a till that was away for more than a year: it has seen no later time of head office.
    known.seen = made;
    known.write(&folder).unwrap();
    till.sell_milk("away", 2);
    assert_eq!(till.sync()["journals"][0]["sent"], 2);
    assert_ne!(HeadOffice::require(&folder).unwrap().certificate, ended.pem);
    assert_eq!(figures(&[&till.audit()]), figures(&[&head.clean_audit()]));
}
