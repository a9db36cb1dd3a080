//! Head office over HTTP: any body to any route, through the routes that are served, without a socket and with a till
//! that has been let in.
//!
//! Hellos, batches and journal requests are also sent signed anew by the key of a till that is known, so that what they
//! say reaches the merge. Always: an answer has a status that was meant and never 500; a problem document names its
//! status and, where a rule refuses, field and limit; and the books agree afterwards.

use std::cell::RefCell;
use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode, header};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use counterfoil_core::db::InMemoryBackend;
use counterfoil_core::grant::JournalRequestV1;
use counterfoil_core::id::JournalId;
use counterfoil_core::journal::batch::Batch;
use counterfoil_core::journal::envelope::ChainHead;
use counterfoil_core::journal::key::{Domain, SigningKey};
use counterfoil_core::journal::parcel::{self, Item, ItemKind};
use counterfoil_core::till::Till;
use counterfoil_core::time::Timestamp;
use counterfoil_sync_server::authority::ClientIdentity;
use counterfoil_sync_server::folder::Folder;
use counterfoil_sync_server::http::{local_routes, routes};
use counterfoil_sync_server::ingest::ingest;
use counterfoil_sync_server::listener::Peer;
use counterfoil_sync_server::office::Office;
use counterfoil_sync_server::operations::{GrantOrder, Operation, StoreOrder, perform};
use counterfoil_sync_server::settings::Given;
use serde_json::Value;
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};
use tower_service::Service;

use super::draw::Draw;
use super::shop::{JOURNAL, key, now, place, profile};
use super::signing::{entries, resign, sign};

const TOKEN: &str = "a-token";

/// Every route of head office, and one that is not there.
pub const ROUTES: [&str; 10] = [
    "/sync/batch",
    "/sync/hello",
    "/sync/request",
    "/sync/renew",
    "/enrol",
    "/admin/operation",
    "/sync/challenge?journal=01010101010101010101010101010101",
    "/sync/feed?revision=0",
    "/health",
    "/nothing",
];

/// A head office and a till that it knows.
struct Bureau {
    office: Arc<Office>,
    head: ChainHead,
    _place: TempDir,
}

thread_local! {
    static RUNTIME: Runtime = Builder::new_current_thread().enable_time().build().expect("a runtime");
    /// One that has taken something is made anew.
    static FRESH: RefCell<Option<Bureau>> = const { RefCell::new(None) };
}

/// Route, way of signing and identity are chosen by the first bytes; the rest is the body or what it is made of.
///
/// # Panics
/// A law of head office is broken.
pub fn run(bytes: &[u8]) {
    let mut draw = Draw::from(bytes);
    let (route, choice) = (draw.below(ROUTES.len()), draw.byte());
    let bureau = FRESH.take().unwrap_or_else(Bureau::open);
    let body = body(route, choice, draw.rest(), &bureau);
    let is_get = route >= 6 || choice == 255;
    let path = if choice == 253 { format!("{}&{}", ROUTES[route], hex_of(&body)) } else { ROUTES[route].to_owned() };
    let request = Request::builder().method(if is_get { "GET" } else { "POST" }).uri(path);
    let request = request.header(header::AUTHORIZATION, format!("Bearer {TOKEN}"));
    let mut request = request.body(Body::from(body)).expect("the headers are printable");
    let profile = profile();
    let identity = ClientIdentity { store: profile.store, till: profile.till, not_after: Timestamp(i64::MAX) };
    let identity = (choice != 254).then_some(identity);
    let address = "127.0.0.1:1".parse().expect("an address");
    request.extensions_mut().insert(Peer { address, identity });
    let (status, told) = bureau.ask(request, route == 5);
    require_answered(status, &told, ROUTES[route]);
    if status.is_success() && !is_get {
        let audit = perform(&bureau.office, Operation::Audit);
        assert!(
            audit.body["ok"] == true || audit.body["differences"].as_array().is_some_and(Vec::is_empty),
            "{audit:?}"
        );
    } else if !is_get || status != StatusCode::OK {
        FRESH.set(Some(bureau));
    }
}

fn hex_of(bytes: &[u8]) -> String {
    bytes.iter().take(64).map(|byte| format!("{byte:02x}=%{byte:02x}")).collect::<Vec<_>>().join("&")
}

/// The body as it is, or what the till would have signed of it.
fn body(route: usize, choice: u8, rest: &[u8], bureau: &Bureau) -> Vec<u8> {
    let domain = [Domain::Batch, Domain::Hello, Domain::Request][route % 3];
    let signed = match (route, choice % 4) {
        (0, 1 | 2) => Batch::sign(&entries(bureau.head(), rest), &key()).ok(),
        (0..3, 1) => sign(domain, rest, &key()),
        (0..3, 2) => resign(domain, rest, &key()),
        _ => None,
    };
    signed.unwrap_or_else(|| rest.to_vec())
}

fn require_answered(status: StatusCode, body: &[u8], route: &str) {
    let is_meant = [200, 400, 401, 403, 404, 405, 409, 413, 422].contains(&status.as_u16());
    assert!(is_meant, "status {status} from {route}: {}", String::from_utf8_lossy(body));
    if status.is_success() {
        return;
    }
    let problem: Value = serde_json::from_slice(body).expect("a problem is a JSON document");
    assert_eq!(problem["status"], status.as_u16(), "{problem}");
    assert!(problem["detail"].as_str().is_some_and(|detail| !detail.is_empty()), "{problem}");
    let refused = &problem["refused"];
    for name in ["code", "field", "limit"] {
        let is_told = refused[name].as_str().is_some_and(|text| !text.is_empty());
        assert!(refused.is_null() || is_told, "no {name}: {problem}");
    }
}

impl Bureau {
    /// Makes a head office, grants the till its journal by file, and takes the till's first entries in.
    fn open() -> Self {
        let place = place();
        let office = Office::create(Folder::new(place.path().join("office")), &Given::default()).expect("a new folder");
        let head = join(&office, key());
        Self { office: Arc::new(office), head, _place: place }
    }

    fn head(&self) -> ChainHead {
        ChainHead::at(self.head.journal(), self.head.seq(), self.head.hash())
    }

    fn ask(&self, request: Request<Body>, is_local: bool) -> (StatusCode, Vec<u8>) {
        let office = Arc::clone(&self.office);
        let mut router = if is_local { local_routes(office, TOKEN.to_owned()) } else { routes(office) };
        RUNTIME.with(|runtime| {
            runtime.block_on(async {
                let response = router.call(request).await.expect("routes always answer");
                let status = response.status();
                let body = to_bytes(response.into_body(), usize::MAX).await.expect("an answer in memory");
                (status, body.to_vec())
            })
        })
    }
}

/// A till of this key joins by files: journal request, grant, and its first entries.
fn join(office: &Office, key: SigningKey) -> ChainHead {
    let request = request(JOURNAL, &key);
    let profile = profile();
    let order = GrantOrder {
        request: STANDARD.encode(request),
        store: profile.store.to_string(),
        till: profile.till.to_string(),
        has_history: false,
        profile: StoreOrder::default(),
    };
    let answer = perform(office, Operation::Grant(order));
    let parcel = answer.body["parcel"].as_str().and_then(|text| STANDARD.decode(text).ok());
    let items = parcel::decode(&parcel.unwrap_or_else(|| panic!("{answer:?}")));
    let grant = items.expect("a parcel of head office").swap_remove(0).bytes;
    let till = Till::create_granted(InMemoryBackend::new(), key, &grant, now(0)).expect("a grant for this key");
    let batch = till.batch(JOURNAL, 1).expect("a till in memory").expect("a first entry");
    let parcel = parcel::encode(&[Item { kind: ItemKind::Batch, bytes: batch }]);
    ingest(office, &parcel.expect("a small parcel")).expect("the first entries of a till");
    till.head()
}

/// The signed request for a journal.
#[must_use]
pub fn request(journal: JournalId, key: &SigningKey) -> Vec<u8> {
    let request = JournalRequestV1 { journal, key: key.public_key(), slot: None, predecessor: None };
    request.sign(key).expect("a request is small")
}
