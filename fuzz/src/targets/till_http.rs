//! The local API of `till serve`: any body to any route, through the routes that are served, without a socket.
//!
//! Always: an answer is JSON with a status that was meant; a call that was refused leaves the journal as it was; and
//! nothing that anybody can send is answered with "bug" or breaks the till.

use std::cell::RefCell;
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode, header};
use counterfoil_core::command::Command;
use counterfoil_core::money::Money;
use counterfoil_core::till::Till;
use counterfoil_node::folder::Folder;
use counterfoil_node::folder::settings::Settings;
use counterfoil_node::http::{Served, routes};
use counterfoil_node::local::address::LocalAddress;
use counterfoil_node::open_till::{OpenTill, SharedTill};
use serde_json::Value;
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};
use tower_service::Service;

use super::draw::Draw;
use super::shop::{basket, goods, now, owner, place, profile};

const TOKEN: &str = "0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f";

/// Every route of the till, and some that are not there.
pub const ROUTES: [&str; 18] = [
    "/v1/sell",
    "/v1/open",
    "/v1/move-cash",
    "/v1/close",
    "/v1/x",
    "/v1/z",
    "/v1/receipt",
    "/v1/status",
    "/v1/products",
    "/v1/set-operator",
    "/v1/operators",
    "/v1/change-master-data",
    "/v1/sync-step",
    "/v1/audit",
    "/v1/health",
    "/v1/",
    "/",
    "/v1/sell/../open",
];

/// A till that is served, with an open drawer and a sale.
struct Counter {
    till: SharedTill,
    _place: TempDir,
}

thread_local! {
    static RUNTIME: Runtime = Builder::new_current_thread().enable_time().build().expect("a runtime");
    /// One that has changed is made anew.
    static FRESH: RefCell<Option<Counter>> = const { RefCell::new(None) };
}

/// Route, operator, PIN and token are chosen by the first bytes; the rest is the body.
///
/// # Panics
/// A law of the local API is broken.
pub fn run(bytes: &[u8]) {
    let mut draw = Draw::from(bytes);
    let (route, choice) = (draw.below(ROUTES.len()), draw.byte());
    let counter = FRESH.take().unwrap_or_else(Counter::open);
    let before = counter.read(|till| (till.mark(), till.state().clone()));
    let mut request = Request::builder().method(if choice == 255 { "GET" } else { "POST" }).uri(ROUTES[route]);
    let token = if choice == 254 { "wrong" } else { TOKEN };
    request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
    if choice & 3 == 3 {
        request = request.header("x-operator", draw.one_of(&["owner", "ana", "", "\t", "a\u{fe}"]));
        request = request.header("x-pin", draw.one_of(&["123456", "", "x", "000000000000000000000000"]));
    }
    let request = request.body(Body::from(draw.rest().to_vec())).expect("the headers are printable");
    let (status, body) = counter.ask(request);
    let after = counter.read(|till| (till.mark(), till.state().clone()));
    require_answered(status, &body, ROUTES[route]);
    let has_changed = before != after;
    if status != StatusCode::OK {
        assert!(!has_changed || body.contains("pin_"), "a call with status {status} has left a trace: {body}");
    }
    if has_changed {
        let (status, told) = counter.ask(call("/v1/audit", ""));
        assert_eq!(status, StatusCode::OK, "{told}");
        let told: Value = serde_json::from_str(&told).expect("an audit is JSON");
        assert_eq!(told["ok"], true, "{told}");
    } else if is_reading(ROUTES[route]) || status != StatusCode::OK && !body.contains("pin_") {
        FRESH.set(Some(counter));
    }
}

fn is_reading(route: &str) -> bool {
    ["/v1/x", "/v1/z", "/v1/receipt", "/v1/status", "/v1/products", "/v1/operators", "/v1/health", "/v1/sell"]
        .contains(&route)
}

fn require_answered(status: StatusCode, body: &str, route: &str) {
    let is_meant = [200, 400, 401, 404, 405, 413, 422].contains(&status.as_u16());
    assert!(is_meant, "status {status} from {route}: {body}");
    if status == StatusCode::METHOD_NOT_ALLOWED || status == StatusCode::BAD_REQUEST && !body.starts_with('{') {
        return;
    }
    for line in body.lines() {
        let answer: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error} in {line}"));
        let refused = &answer["refused"];
        if refused.is_object() {
            for name in ["code", "message", "field", "limit"] {
                let text = refused[name].as_str().unwrap_or_default();
                let may_be_empty = name == "field" && route != "/v1/sell";
                assert!(may_be_empty || !text.is_empty(), "no {name}: {line}");
            }
        } else {
            assert!(status.is_success() || answer["error"].is_object(), "{status}: {line}");
            assert_ne!(answer["error"]["code"], "bug", "{line}");
        }
    }
}

fn call(path: &str, body: &str) -> Request<Body> {
    let request = Request::builder().method("POST").uri(path).header(header::AUTHORIZATION, format!("Bearer {TOKEN}"));
    request.body(Body::from(body.to_owned())).expect("the headers are printable")
}

impl Counter {
    fn open() -> Self {
        let place = place();
        let folder = Folder::at(place.path());
        let lock = folder.try_lock().expect("a folder of our own").expect("nobody else has it");
        let mut till = OpenTill::create(lock, profile(), &Settings::default()).expect("an empty folder");
        let commands = [
            Command::ChangeMasterData(goods()),
            Command::OpenDrawer(Money::from_minor(10_000)),
            Command::CompleteSale(basket("first", &["milk", "wine"])),
        ];
        for command in &commands {
            till.write(|till| till.execute(command, &owner(), now(0))).expect("a plain day");
        }
        Self { till: Arc::new(Mutex::new(till)), _place: place }
    }

    fn ask(&self, request: Request<Body>) -> (StatusCode, String) {
        let address = "127.0.0.1:7301".parse().expect("an address");
        let local = LocalAddress { address, token: TOKEN.to_owned(), process: 1 };
        let mut router = routes(Served { till: Arc::clone(&self.till), local: Arc::new(local) });
        RUNTIME.with(|runtime| {
            runtime.block_on(async {
                let response = router.call(request).await.expect("routes always answer");
                let status = response.status();
                let body = to_bytes(response.into_body(), usize::MAX).await.expect("an answer in memory");
                (status, String::from_utf8(body.to_vec()).expect("answers are text"))
            })
        })
    }

    fn read<T>(&self, look: impl FnOnce(&Till) -> T) -> T {
        let mut till = self.till.lock().unwrap_or_else(PoisonError::into_inner);
        till.read(|till| Ok(look(till))).expect("the till is not broken")
    }
}
