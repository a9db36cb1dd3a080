//! What is too much, too slow or not to be read.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use counterfoil_core::journal::batch::BATCH_BYTES_MAX;
use counterfoil_core::time::Timestamp;
use counterfoil_sync_server::authority::ClientIdentity;
use counterfoil_sync_server::http::routes;
use counterfoil_sync_server::listener::{HEADER_READ_TIMEOUT, Peer};
use counterfoil_sync_server::local_api::LocalApi;
use counterfoil_sync_server::writer::WAITING_MAX;
use hyper::body::{Body, Bytes, Frame};
use hyper::{Method, Request, Response, StatusCode};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tower_service::Service;

use crate::head::Head;

const PROBLEM: &str = "application/problem+json";

#[tokio::test(flavor = "multi_thread")]
async fn a_body_above_its_limit_is_413() {
    let head = Head::open().await;
    let mut till = head.join("S01", "T01", 1).await;
    for (path, bytes_max) in [("/sync/batch", BATCH_BYTES_MAX), ("/sync/hello", 65_536), ("/sync/request", 16_384)] {
        let answered = till.client.post(path, vec![0; bytes_max + 1]).await;
        assert_eq!(answered.refused(), (413, "too_long".to_owned()), "{path}");
        // What was not read of the body ends its connection, and no other.
        till.client = head.connect(Some(&till.identity)).await;
        assert_eq!(till.client.post(path, vec![0; bytes_max]).await.refused().0, 400, "{path}");
    }
    assert_eq!(head.connect(None).await.post("/enrol", vec![b' '; 65_537]).await.refused().0, 413);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_is_400_and_what_says_something_else_is_422() {
    let head = Head::open().await;
    let mut till = head.join("S01", "T01", 1).await;
    let mut check = async |method: Method, path: &str, body: &str, status: u16| {
        let answered = till.client.send(method, path, body.as_bytes().to_vec()).await.unwrap();
        assert_eq!(answered.refused().0, status, "{path} {body}");
    };
    check(Method::POST, "/enrol", "", 400).await;
    check(Method::POST, "/enrol", "{\"token\":", 400).await;
    check(Method::POST, "/enrol", "{}", 422).await;
    check(Method::POST, "/enrol", "[]", 422).await;
    check(Method::POST, "/enrol", r#"{"token":"a","request":"b","csr":"c","more":1}"#, 422).await;
    check(Method::POST, "/sync/hello", "", 400).await;
    check(Method::POST, "/sync/hello", "CFSD", 400).await;
    check(Method::POST, "/sync/batch", "no batch", 400).await;
    check(Method::POST, "/sync/request", "no request", 400).await;
    check(Method::POST, "/sync/renew", "no", 400).await;
    check(Method::POST, "/sync/renew", r#"{"csr":"no"}"#, 422).await;
    check(Method::GET, "/sync/challenge", "", 400).await;
    check(Method::GET, "/sync/challenge?journal=xyz", "", 422).await;
    check(Method::GET, "/sync/feed", "", 400).await;
    check(Method::GET, "/sync/feed?revision=-1", "", 400).await;
    check(Method::GET, "/sync/feed?revision=0&epoch_counter=1&epoch_random=%2B1", "", 422).await;
    check(Method::GET, "/nowhere", "", 404).await;
    check(Method::GET, "/enrol", "", 405).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_says_nothing_or_little_is_cut_off() {
    let head = Head::open().await;
    let patience = HEADER_READ_TIMEOUT * 3;
    let silent = async {
        let mut stream = TcpStream::connect(head.server.address()).await.unwrap();
        stream.read_to_end(&mut Vec::new()).await
    };
    let api = LocalApi::read(head.server.office().folder()).unwrap().unwrap();
    // The local API is plain, so that the header can be sent in pieces by hand.
    let slow = async {
        let mut stream = TcpStream::connect(api.address).await.unwrap();
        let mut written = 0;
        for byte in b"GET /health HTTP/1.1\r\nx-slow: ".iter().chain([b'a'; 200].iter()) {
            let mut answer = [0; 64];
            if stream.write_all(&[*byte]).await.is_err() {
                break;
            }
            written += 1;
            if let Ok(Ok(0)) = timeout(Duration::from_millis(250), stream.read(&mut answer)).await {
                break;
            }
        }
        written
    };
    let (silent, slow) = tokio::join!(timeout(patience, silent), timeout(patience, slow));
    assert!(silent.is_ok(), "a client that never shook hands is still connected");
    assert!(slow.expect("a slow client is still connected") < 100);
    assert_eq!(head.connect(None).await.get("/health").await.status, 200);
}

/// A body that does not come; counts how often somebody has begun to wait for one.
struct Never(Arc<AtomicUsize>);

impl Body for Never {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0.fetch_add(1, Ordering::SeqCst);
        Poll::Pending
    }
}

/// A request as it comes from a till, without the connection.
async fn asked(router: Router, method: Method, path: &str, body: axum::body::Body) -> Response<axum::body::Body> {
    let (store, till) = ("S01".parse().unwrap(), "T01".parse().unwrap());
    let identity = Some(ClientIdentity { store, till, not_after: Timestamp(i64::MAX) });
    let mut request = Request::builder().method(method).uri(path).body(body).unwrap();
    request.extensions_mut().insert(Peer { address: SocketAddr::from(([127, 0, 0, 1], 9)), identity });
    let mut router = router;
    router.call(request).await.unwrap()
}

#[tokio::test]
async fn pushes_beyond_what_may_wait_are_told_when_to_come_again() {
    let head = Head::open().await;
    let router = routes(Arc::clone(head.server.office()));
    let push = async |body: axum::body::Body| asked(router.clone(), Method::POST, "/sync/batch", body).await;
    let waiting = Arc::new(AtomicUsize::new(0));
    let held: Vec<_> = (0..WAITING_MAX)
        .map(|_| {
            let body = axum::body::Body::new(Never(Arc::clone(&waiting)));
            tokio::spawn(asked(router.clone(), Method::POST, "/sync/batch", body))
        })
        .collect();
    while waiting.load(Ordering::SeqCst) < WAITING_MAX {
        tokio::task::yield_now().await;
    }
    let busy = push(axum::body::Body::from("no batch")).await;
    let of = |name: &str| busy.headers()[name].to_str().unwrap();
    assert_eq!((busy.status(), of("retry-after"), of("content-type")), (StatusCode::SERVICE_UNAVAILABLE, "2", PROBLEM));
    let challenge = "/sync/challenge?journal=01010101010101010101010101010101";
    let other = asked(router.clone(), Method::GET, challenge, axum::body::Body::empty()).await;
    assert_eq!(other.status(), StatusCode::OK, "only pushes are put off");
    for push in held {
        push.abort();
        assert!(push.await.unwrap_err().is_cancelled());
    }
    assert_eq!(push(axum::body::Body::from("no batch")).await.status(), StatusCode::BAD_REQUEST);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_local_api_needs_its_token() {
    let head = Head::open().await;
    let api = LocalApi::read(head.server.office().folder()).unwrap().unwrap();
    assert!(api.address.ip().is_loopback());
    let ask = async |authorization: &str| {
        let mut stream = TcpStream::connect(api.address).await.unwrap();
        let body = r#"{"operation":"audit"}"#;
        let request = format!(
            "POST /admin/operation HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n{authorization}content-length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer.lines().next().unwrap_or_default().to_owned()
    };
    assert_eq!(ask("").await, "HTTP/1.1 401 Unauthorized");
    assert_eq!(ask("authorization: Bearer 00\r\n").await, "HTTP/1.1 401 Unauthorized");
    assert_eq!(ask(&format!("authorization: Bearer {}0\r\n", api.token)).await, "HTTP/1.1 401 Unauthorized");
    assert_eq!(ask(&format!("authorization: Bearer {}\r\n", api.token)).await, "HTTP/1.1 200 OK");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_stopped_leaves_nothing_behind() {
    let Head { server, root, place } = Head::open().await;
    let (address, folder) = (server.address(), server.office().folder().clone());
    server.stop().await.unwrap();
    assert!(crate::client::Client::connect(address, &root, None).await.is_err());
    assert_eq!(LocalApi::read(&folder).unwrap(), None);
    drop(place);
}
