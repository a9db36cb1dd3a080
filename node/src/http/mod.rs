//! The local API of `till serve`: every operation over HTTP on the loopback, for the command line and the till screen.
//!
//! `POST /v1/NAME` with the operation's JSON object; `POST /v1/sell` with JSON Lines of baskets answers one line each.
//! Every call shows the token of `local-api.json`; the operator comes in `x-operator`, the PIN in `x-pin`,
//! a second person who approves in `x-approved-by` and `x-approval-pin`. Handlers
//! translate; the answers are those of the command line. Example: `POST /v1/open` `{"float":"100.00"}`.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::{get, post};
use counterfoil_core::refusal::Refusal;

use crate::caller::Caller;
use crate::failure::{Ending, Failure};
use crate::local::address::LocalAddress;
use crate::local::client::{APPROVAL_PIN, APPROVER, FIRST_LINE, OPERATOR, PIN};
use crate::open_till::{OpenTill, SharedTill};
use crate::operations::activity::{AbandonBasket, OpenWithoutSale, VoidLine};
use crate::operations::amend::AmendZ;
use crate::operations::audit::AuditTill;
use crate::operations::drawer::{CloseDrawer, MoveCash, OpenDrawer};
use crate::operations::master_data::ChangeMasterData;
use crate::operations::operator::{ReadOperators, SetOperator};
use crate::operations::products::ReadProducts;
use crate::operations::receipt::PrintReceipt;
use crate::operations::report::{ReadX, ReadZ};
use crate::operations::role::{ReadRoles, SetRole};
use crate::operations::safekeeping::{BackUp, Migrate, Restore};
use crate::operations::sales_report::ReadSalesReport;
use crate::operations::sell::{Seller, SubmittedLine};
use crate::operations::series::{AddSeries, ReadSeries};
use crate::operations::status::ReadStatus;
use crate::operations::sync_step::SyncStep;
use crate::operations::verify_receipt::VerifyReceipt;
use crate::operations::{Answer, Operation};
use crate::wire::read::read;

pub mod error;
pub mod server;
pub mod stall;

use error::{answered, refused_by_server};

/// The most bytes of one request: a page of the feed or a chunk of baskets, in base64.
const BODY_BYTES_MAX: usize = 4_194_304;
/// How long a body may take to come.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);

/// What every handler needs.
#[derive(Clone)]
pub struct Served {
    /// The till.
    pub till: SharedTill,
    /// Where it is served, and the token.
    pub local: Arc<LocalAddress>,
}

/// All routes of the till.
pub fn routes(served: Served) -> Router {
    Router::new()
        .route("/v1/health", get(health))
        .route("/v1/sell", post(sell))
        .route("/v1/backup", post(back_up))
        .route("/v1/report", post(report))
        .merge(route::<OpenDrawer>())
        .merge(route::<MoveCash>())
        .merge(route::<CloseDrawer>())
        .merge(route::<OpenWithoutSale>())
        .merge(route::<VoidLine>())
        .merge(route::<AbandonBasket>())
        .merge(route::<AmendZ>())
        .merge(route::<ReadX>())
        .merge(route::<ReadZ>())
        .merge(route::<PrintReceipt>())
        .merge(route::<VerifyReceipt>())
        .merge(route::<ReadStatus>())
        .merge(route::<ReadProducts>())
        .merge(route::<SetOperator>())
        .merge(route::<ReadOperators>())
        .merge(route::<SetRole>())
        .merge(route::<ReadRoles>())
        .merge(route::<ChangeMasterData>())
        .merge(route::<AddSeries>())
        .merge(route::<ReadSeries>())
        .merge(route::<SyncStep>())
        .merge(route::<AuditTill>())
        .merge(route::<Restore>())
        .merge(route::<Migrate>())
        .fallback(unknown)
        .layer(DefaultBodyLimit::disable())
        .layer(middleware::from_fn(read_body))
        .layer(middleware::from_fn_with_state(served.clone(), require_token))
        .with_state(served)
}

/// The route of one operation.
fn route<O: Operation>() -> Router<Served> {
    Router::new().route(&format!("/v1/{}", O::NAME), post(perform::<O>))
}

async fn health() -> Response {
    answered(Answer { ending: Ending::Done, json: r#"{"ok":true}"#.to_owned() })
}

async fn unknown() -> Response {
    refused_by_server(StatusCode::NOT_FOUND, "not_found", "there is no such operation")
}

async fn require_token(State(served): State<Served>, request: Request, next: Next) -> Response {
    let shown = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let is_right = shown.and_then(|value| value.strip_prefix("Bearer ")).is_some_and(|it| served.local.has_token(it));
    if is_right {
        return next.run(request).await;
    }
    refused_by_server(StatusCode::UNAUTHORIZED, "token", "show the token of local-api.json as authorization: Bearer")
}

/// Reads the whole body within its limit of bytes and of time, so that nobody waits with the till for a slow caller.
async fn read_body(request: Request, next: Next) -> Response {
    let (head, body) = request.into_parts();
    let too_large = || {
        let message = format!("the body has more bytes than the limit of {BODY_BYTES_MAX}");
        refused_by_server(StatusCode::PAYLOAD_TOO_LARGE, "too_large", &message)
    };
    match tokio::time::timeout(BODY_TIMEOUT, to_bytes(body, BODY_BYTES_MAX)).await {
        Ok(Ok(bytes)) => next.run(Request::from_parts(head, Body::from(bytes))).await,
        Ok(Err(_)) => too_large(),
        Err(_) => refused_by_server(StatusCode::REQUEST_TIMEOUT, "timeout", "the body did not come in time"),
    }
}

async fn perform<O: Operation>(State(served): State<Served>, headers: HeaderMap, body: String) -> Response {
    let caller = match caller(&headers) {
        Ok(caller) => caller,
        Err(failure) => return answered(Answer::from(failure)),
    };
    with_till(served.till, move |till| {
        read::<O>(if body.trim().is_empty() { "{}" } else { &body })
            .map_err(Failure::from)
            .and_then(|operation| operation.perform(till, &caller))
            .unwrap_or_else(Answer::from)
    })
    .await
}

async fn sell(State(served): State<Served>, headers: HeaderMap, body: String) -> Response {
    let caller = match caller(&headers) {
        Ok(caller) => caller,
        Err(failure) => return answered(Answer::from(failure)),
    };
    let first = headers.get(FIRST_LINE).and_then(|value| value.to_str().ok()).and_then(|text| text.parse().ok());
    with_till(served.till, move |till| sell_lines(till, &caller, first.unwrap_or(1), &body)).await
}

/// Takes the till's state, and writes the file while the till sells on.
async fn back_up(State(served): State<Served>, headers: HeaderMap, body: String) -> Response {
    beside_the_till(served, &headers, move |till, _| {
        let begun = read::<BackUp>(&body)?.begin(till)?;
        Ok(move || begun.finish(&mut |_, _| {}))
    })
    .await
}

/// Takes the till's state, and reads the journals while the till sells on.
async fn report(State(served): State<Served>, headers: HeaderMap, body: String) -> Response {
    beside_the_till(served, &headers, move |till, caller| {
        let begun = read::<ReadSalesReport>(&body)?.begin(till, caller)?;
        Ok(move || begun.finish(&mut |_, _| {}))
    })
    .await
}

/// Begins with the till, and finishes without it.
async fn beside_the_till<F>(
    served: Served,
    headers: &HeaderMap,
    begin: impl FnOnce(&mut OpenTill, &Caller) -> Result<F, Failure> + Send + 'static,
) -> Response
where
    F: FnOnce() -> Result<Answer, Failure>,
{
    let caller = match caller(headers) {
        Ok(caller) => caller,
        Err(failure) => return answered(Answer::from(failure)),
    };
    let done = tokio::task::spawn_blocking(move || {
        let begun = {
            let mut till = served.till.lock().unwrap_or_else(PoisonError::into_inner);
            begin(&mut till, &caller)
        };
        begun.and_then(|finish| finish()).unwrap_or_else(Answer::from)
    });
    answered(done.await.unwrap_or_else(|error| Answer::from(Failure::damaged("bug", error.to_string()))))
}

/// Sells line by line; the answers stand on lines of their own, the last one may be a failure.
fn sell_lines(till: &mut OpenTill, caller: &Caller, first: u64, body: &str) -> Answer {
    let seller = match Seller::identify(till, caller) {
        Ok(seller) => seller,
        Err(failure) => return Answer::from(failure),
    };
    let mut json = String::new();
    for (number, text) in (first..).zip(body.lines()) {
        let line = SubmittedLine { number, text: text.to_owned() };
        if line.is_blank() {
            continue;
        }
        let sold = seller.sell(till, &line);
        let is_over = sold.is_err();
        json.push_str(&sold.unwrap_or_else(Answer::from).json);
        json.push('\n');
        if is_over {
            break;
        }
    }
    Answer { ending: Ending::Done, json }
}

/// Carries out work with the till on a thread that may block.
async fn with_till(till: SharedTill, work: impl FnOnce(&mut OpenTill) -> Answer + Send + 'static) -> Response {
    let done = tokio::task::spawn_blocking(move || {
        // A panic inside the till has closed it by itself; one outside of it has not touched it.
        work(&mut till.lock().unwrap_or_else(PoisonError::into_inner))
    });
    answered(done.await.unwrap_or_else(|error| Answer::from(Failure::damaged("bug", error.to_string()))))
}

fn caller(headers: &HeaderMap) -> Result<Caller, Failure> {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().map(str::to_owned)).transpose();
    let unreadable = |_| Failure::Usage("the headers that name people and their PINs hold printable ASCII".to_owned());
    let operator = text(OPERATOR).map_err(unreadable)?;
    let approver = text(APPROVER).map_err(unreadable)?;
    let of_approver = |refusal: Refusal| Refusal::new(refusal.reason(), APPROVER, refusal.value(), refusal.limit());
    Ok(Caller {
        operator: operator.map(|code| code.parse()).transpose()?,
        pin: text(PIN).map_err(unreadable)?,
        approver: approver.map(|code| code.parse()).transpose().map_err(of_approver)?,
        approval_pin: text(APPROVAL_PIN).map_err(unreadable)?,
    })
}
