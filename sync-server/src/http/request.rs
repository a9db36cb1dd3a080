//! What every request passes through: an identity in the log, a limit on its body, and who is asking.
//!
//! A body is read whole, up to its route's limit and within 30 s; one that is longer is refused and kept nowhere.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::{Body, Bytes};
use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use counterfoil_core::refusal::{Reason, Refusal};
use http_body_util::BodyExt;
use serde::de::DeserializeOwned;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::authority::ClientIdentity;
use crate::clock;
use crate::http::error::Problem;
use crate::listener::Peer;
use crate::operation_error::OperationError;

/// How much beyond its limit a body is read and thrown away before it is refused.
const DISCARDED_BYTES_MAX: usize = 1 << 20;

/// How long a client may take to send the body of a request.
const BODY_READ_TIMEOUT: Duration = Duration::from_secs(30);

/// In how many seconds a till that was put off comes again.
const RETRY_AFTER_S: &str = "2";

/// Gives the request an identity, logs how it went, and tells the identity to the caller.
pub(super) async fn observe(request: Request, next: Next) -> Response {
    let mut random = [0; 8];
    // Without random bytes requests merely cannot be told apart in the log.
    let _ = getrandom::fill(&mut random);
    let id = format!("{:016x}", u64::from_be_bytes(random));
    let begun = Instant::now();
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let peer = request.extensions().get::<Peer>().cloned();
    let mut response = next.run(request).await;
    let who = peer.as_ref().and_then(|peer| peer.identity.as_ref()).map(|who| format!("{}/{}", who.store, who.till));
    tracing::info!(
        request = id,
        %method,
        path,
        status = response.status().as_u16(),
        duration_us = begun.elapsed().as_micros(),
        address = peer.map(|peer| peer.address.to_string()),
        till = who,
        "answered"
    );
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert("x-request-id", value);
    }
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Lets so many requests through at once; the others are told when to come again, and a till does.
pub(super) async fn admit(State(seats): State<Arc<Semaphore>>, request: Request, next: Next) -> Response {
    match seats.try_acquire() {
        Ok(_seat) => next.run(request).await,
        Err(_) => {
            let busy = Problem::new(StatusCode::SERVICE_UNAVAILABLE, "too many tills push at once; come again");
            ([(header::RETRY_AFTER, RETRY_AFTER_S)], busy).into_response()
        }
    }
}

/// The till whose client certificate came with the connection, valid now.
pub(super) struct Till(pub ClientIdentity);

/// The till whose client certificate came with the connection, even if it has ended.
pub(super) struct PerhapsEnded(pub ClientIdentity);

impl<S: Sync> FromRequestParts<S> for PerhapsEnded {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let identity = parts.extensions.get::<Peer>().and_then(|peer| peer.identity.clone());
        let missing = || Problem::new(StatusCode::UNAUTHORIZED, "this route needs the client certificate of a till");
        identity.map(Self).ok_or_else(missing)
    }
}

impl<S: Sync> FromRequestParts<S> for Till {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let PerhapsEnded(identity) = PerhapsEnded::from_request_parts(parts, state).await?;
        if identity.is_expired(clock::now()) {
            let detail = "the client certificate has ended; it may only be renewed, by POST /sync/renew";
            return Err(Problem::new(StatusCode::FORBIDDEN, detail));
        }
        Ok(Self(identity))
    }
}

/// The whole body, if it is within the limit.
///
/// What goes a little beyond the limit is read and thrown away before it is refused: a connection that is closed on
/// bytes nobody read is reset, and the client would not see the refusal.
///
/// # Errors
/// 413 above the limit, 408 when it takes too long, 400 when it breaks off.
pub(super) async fn read_body(body: Body, bytes_max: usize) -> Result<Bytes, Problem> {
    match timeout(BODY_READ_TIMEOUT, read_and_discard(body, bytes_max)).await {
        Ok(read) => read,
        Err(_) => Err(Problem::new(StatusCode::REQUEST_TIMEOUT, "the body took longer than 30 s")),
    }
}

async fn read_and_discard(mut body: Body, bytes_max: usize) -> Result<Bytes, Problem> {
    let mut kept = Vec::new();
    let mut seen = 0_usize;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| Problem::new(StatusCode::BAD_REQUEST, "the body broke off"))?;
        let Ok(data) = frame.into_data() else { continue };
        seen = seen.saturating_add(data.len());
        if seen <= bytes_max {
            kept.extend_from_slice(&data);
        } else if seen > bytes_max.saturating_add(DISCARDED_BYTES_MAX) {
            break;
        }
    }
    if seen > bytes_max { Err(too_large("more", bytes_max)) } else { Ok(kept.into()) }
}

/// The body of a request; one that says beforehand that it is far too long is refused before a byte of it is read.
///
/// # Errors
/// As [`read_body`].
pub(super) async fn read(request: Request, bytes_max: usize) -> Result<Bytes, Problem> {
    let length: Option<u64> =
        request.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    match length {
        Some(length) if length > bytes_max.saturating_add(DISCARDED_BYTES_MAX) as u64 => {
            Err(too_large(&length.to_string(), bytes_max))
        }
        Some(_) | None => read_body(request.into_body(), bytes_max).await,
    }
}

/// The body of a request as JSON of this type.
///
/// # Errors
/// As [`read`], and 400 for what is not JSON, 422 for JSON of another shape.
pub(super) async fn read_json<T: DeserializeOwned>(request: Request, bytes_max: usize) -> Result<T, Problem> {
    let bytes = read(request, bytes_max).await?;
    serde_json::from_slice(&bytes).map_err(|error| {
        let refusal = Refusal::new(Reason::Malformed, "body", &error, "the JSON object of this route");
        let is_json = error.classify() == serde_json::error::Category::Data;
        let status = if is_json { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::BAD_REQUEST };
        Problem::refused(status, &refusal)
    })
}

fn too_large(came: &str, bytes_max: usize) -> Problem {
    let refusal = Refusal::new(Reason::TooLong, "body", format!("{came} bytes"), format!("{bytes_max} bytes"));
    Problem::refused(StatusCode::PAYLOAD_TOO_LARGE, &refusal)
}

/// Runs what reads or writes the store on a thread that may wait.
///
/// # Errors
/// Those of the work; 500 where it panicked.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, OperationError> + Send + 'static,
) -> Result<T, Problem> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result.map_err(Problem::from),
        Err(error) => Err(OperationError::Failed(error.into()).into()),
    }
}
