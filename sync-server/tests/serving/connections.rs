//! Who may connect, and with what.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use counterfoil_core::id::{StoreCode, TillCode};
use counterfoil_core::time::Timestamp;
use counterfoil_sync_server::authority::Authority;
use counterfoil_sync_server::clock;
use hyper::Method;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::client::{Client, Identity, new_key};
use crate::head::{Head, csr_again};

const DAY_MS: i64 = 86_400_000;
const ROUTES: [(Method, &str); 6] = [
    (Method::GET, "/sync/challenge?journal=01010101010101010101010101010101"),
    (Method::POST, "/sync/hello"),
    (Method::POST, "/sync/batch"),
    (Method::POST, "/sync/request"),
    (Method::GET, "/sync/feed?revision=0"),
    (Method::POST, "/sync/renew"),
];

fn certified(authority: &Authority, now: Timestamp) -> Identity {
    let (key, csr) = new_key();
    let (store, till) = (StoreCode::new("S01").unwrap(), TillCode::new("T01").unwrap());
    Identity { key, certificate: authority.till_certificate(&csr, &store, &till, now).unwrap().pem }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_of_tills_needs_a_client_certificate() {
    let head = Head::open().await;
    let mut client = head.connect(None).await;
    for (method, path) in ROUTES {
        let answered = client.send(method, path, Vec::new()).await.unwrap();
        assert_eq!(answered.refused().0, 401, "{path}");
    }
    assert_eq!(client.get("/health").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_of_another_authority_is_not_let_in() {
    let head = Head::open().await;
    let foreign = certified(&Authority::create(clock::now()).unwrap(), clock::now());
    // In TLS 1.3 the client may believe that it is connected until it asks.
    let answered = match Client::connect(head.server.address(), &head.root, Some(&foreign)).await {
        Ok(mut client) => client.send(Method::GET, "/health", Vec::new()).await.map(|_| ()),
        Err(error) => Err(error),
    };
    assert!(answered.is_err());
    let own = certified(head.server.office().authority(), clock::now());
    assert_eq!(head.connect(Some(&own)).await.get("/health").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_trusts_another_authority_does_not_come_in_either() {
    let head = Head::open().await;
    let other = Authority::create(clock::now()).unwrap();
    assert!(Client::connect(head.server.address(), other.certificate_pem(), None).await.is_err());
}

/// A `ClientHello` of TLS 1.2 (RFC 5246) without `supported_versions`, with a common suite and curve.
fn hello_of_tls_1_2() -> Vec<u8> {
    let extensions =
        [&[0, 10, 0, 4, 0, 2, 0, 23][..], &[0, 11, 0, 2, 1, 0], &[0, 13, 0, 4, 0, 2, 4, 3], &[0, 23, 0, 0]].concat();
    let mut body = [&[3, 3][..], &[7; 32], &[0], &[0, 2, 0xC0, 0x2B], &[1, 0]].concat();
    body.extend(u16::try_from(extensions.len()).unwrap().to_be_bytes());
    body.extend(extensions);
    let length = u16::try_from(body.len()).unwrap();
    [&[22, 3, 1][..], &(length + 4).to_be_bytes(), &[1, 0], &length.to_be_bytes(), &body].concat()
}

#[tokio::test(flavor = "multi_thread")]
async fn tls_1_2_and_plain_http_are_refused() {
    let head = Head::open().await;
    let mut stream = TcpStream::connect(head.server.address()).await.unwrap();
    stream.write_all(&hello_of_tls_1_2()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    // A fatal alert: 70 is protocol_version.
    assert_eq!((answer[0], &answer[5..7]), (21, &[2, 70][..]), "{answer:?}");
    let mut stream = TcpStream::connect(head.server.address()).await.unwrap();
    stream.write_all(b"GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    // The connection may be reset instead of closed.
    let _ended = stream.read_to_end(&mut answer).await;
    assert!(!answer.starts_with(b"HTTP"), "{answer:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_is_renewed_before_its_end_by_itself_and_after_it_by_the_journal() {
    let head = Head::open().await;
    let mut till = head.join("S01", "T01", 1).await;
    let renew = json!({ "csr": csr_again(&till.identity) }).to_string();
    assert_eq!(till.client.post("/sync/renew", renew.clone()).await.status, 200);

    let ended = certified(head.server.office().authority(), Timestamp(clock::now().0 - 400 * DAY_MS));
    till.client = head.connect(Some(&ended)).await;
    for (method, path) in &ROUTES[1..5] {
        let answered = till.client.send(method.clone(), path, Vec::new()).await.unwrap();
        assert_eq!(answered.refused().0, 403, "{path}");
    }
    assert_eq!(till.client.post("/sync/renew", renew).await.refused(), (422, "missing".to_owned()));
    let hello = |bytes: Vec<u8>| json!({ "csr": csr_again(&ended), "hello": STANDARD.encode(bytes) }).to_string();
    let stale = till.till.hello(till.journal, None).unwrap();
    assert_eq!(till.client.post("/sync/renew", hello(stale)).await.refused(), (403, "not_permitted".to_owned()));
    let challenge = till.challenge().await;
    let fresh = till.till.hello(till.journal, Some(challenge)).unwrap();
    let answer = till.client.post("/sync/renew", hello(fresh.clone())).await.json();
    assert_eq!(till.client.post("/sync/renew", hello(fresh)).await.refused().0, 403);
    let renewed = Identity { key: ended.key, certificate: answer["certificate"].as_str().unwrap().to_owned() };
    till.client = head.connect(Some(&renewed)).await;
    assert_eq!(till.hello().await["verdict"], "append");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_till_is_not_served_any_more() {
    let head = Head::open().await;
    let mut till = head.join("S01", "T01", 1).await;
    head.server
        .office()
        .store()
        .write(|rows| {
            let mut slot = rows.as_rows().slots()?.remove(0);
            slot.is_revoked = true;
            rows.put_slot(&slot)
        })
        .unwrap();
    let renew = json!({ "csr": csr_again(&till.identity) }).to_string();
    assert_eq!(till.client.post("/sync/renew", renew).await.refused().0, 403);
    assert_eq!(till.client.get("/sync/feed?revision=0").await.refused().0, 403);
}
