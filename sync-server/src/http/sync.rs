//! The routes under `/sync`: what enrolled tills say and get. Each needs the till's client certificate.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, Request, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use counterfoil_core::id::JournalId;
use counterfoil_core::journal::acknowledgement::Epoch;
use counterfoil_core::journal::batch::BATCH_BYTES_MAX;
use counterfoil_core::refusal::{Reason, Refusal};
use serde::Deserialize;

use super::error::Problem;
use super::request::{PerhapsEnded, Till, blocking, read, read_json};
use crate::authority::ClientIdentity;
use crate::clock;
use crate::desk::Desk;
use crate::exchange::{self, Answer};
use crate::feed::Asked;
use crate::office::Office;
use crate::operation_error::OperationError;
use crate::wire::{RenewAnswer, RenewRequest, SyncAnswer};

/// A hello with 512 series and 200 currencies stays below this.
const HELLO_BYTES_MAX: usize = 65_536;
const REQUEST_BYTES_MAX: usize = 16_384;
const RENEW_BYTES_MAX: usize = 131_072;

/// Which journal a challenge is for.
#[derive(Deserialize)]
pub(super) struct ChallengeQuery {
    journal: String,
}

/// Where a till stands in the feed.
#[derive(Deserialize)]
pub(super) struct FeedQuery {
    epoch_counter: Option<u64>,
    epoch_random: Option<String>,
    revision: u64,
    journal: Option<String>,
}

pub(super) async fn challenge(
    State(office): State<Arc<Office>>,
    PerhapsEnded(till): PerhapsEnded,
    query: Result<Query<ChallengeQuery>, QueryRejection>,
) -> Result<Response, Problem> {
    let Query(query) = query.map_err(|error| bad_query(&error))?;
    let journal: JournalId = query.journal.parse()?;
    let challenge = blocking(move || {
        let desk: &dyn Desk = &*office;
        desk.challenge(journal, (&till.store, &till.till))
    });
    Ok(octets(challenge.await?.0.to_vec()))
}

pub(super) async fn hello(
    State(office): State<Arc<Office>>,
    Till(till): Till,
    request: Request,
) -> Result<Json<SyncAnswer>, Problem> {
    let bytes = read(request, HELLO_BYTES_MAX).await?;
    exchange_with(office, till, bytes, exchange::take_hello).await
}

pub(super) async fn batch(
    State(office): State<Arc<Office>>,
    Till(till): Till,
    request: Request,
) -> Result<Json<SyncAnswer>, Problem> {
    let bytes = read(request, BATCH_BYTES_MAX).await?;
    exchange_with(office, till, bytes, exchange::take_batch).await
}

type Take = fn(&dyn Desk, &[u8], exchange::Speaker<'_>) -> Result<Answer, OperationError>;

async fn exchange_with(
    office: Arc<Office>,
    till: ClientIdentity,
    bytes: Bytes,
    take: Take,
) -> Result<Json<SyncAnswer>, Problem> {
    let answer = blocking(move || take(&*office, &bytes, Some((&till.store, &till.till)))).await?;
    Ok(Json(answer.into()))
}

pub(super) async fn request(
    State(office): State<Arc<Office>>,
    Till(till): Till,
    request: Request,
) -> Result<Response, Problem> {
    let bytes = read(request, REQUEST_BYTES_MAX).await?;
    let grant = blocking(move || exchange::take_request(&*office, &bytes, (&till.store, &till.till)));
    Ok(octets(grant.await?))
}

pub(super) async fn feed(
    State(office): State<Arc<Office>>,
    Till(till): Till,
    query: Result<Query<FeedQuery>, QueryRejection>,
) -> Result<Response, Problem> {
    let Query(query) = query.map_err(|error| bad_query(&error))?;
    let journal = query.journal.as_deref().map(str::parse).transpose()?;
    let asked = Asked { epoch: epoch_of(&query)?, revision: query.revision, journal };
    let page = blocking(move || exchange::feed_page(&*office, asked, (&till.store, &till.till)));
    Ok(octets(page.await?))
}

pub(super) async fn renew(
    State(office): State<Arc<Office>>,
    PerhapsEnded(till): PerhapsEnded,
    request: Request,
) -> Result<Json<RenewAnswer>, Problem> {
    let asked: RenewRequest = read_json(request, RENEW_BYTES_MAX).await?;
    let answer = blocking(move || {
        exchange::require_slot(&*office, (&till.store, &till.till))?;
        let now = clock::now();
        if till.is_expired(now) {
            prove_by_journal(&office, &till, asked.hello.as_deref())?;
        }
        let made = office.authority().till_certificate(&asked.csr, &till.store, &till.till, now)?;
        Ok(RenewAnswer { certificate: made.pem })
    });
    answer.await.map(Json)
}

/// A certificate that has ended proves nothing by itself: the journal's key must answer a fresh challenge.
fn prove_by_journal(office: &Office, till: &ClientIdentity, hello: Option<&str>) -> Result<(), OperationError> {
    let limit = "a hello that answers a fresh challenge, since the certificate has ended";
    let hello = hello.ok_or_else(|| Refusal::new(Reason::Missing, "hello", "", limit))?;
    let malformed = |_| Refusal::new(Reason::Malformed, "hello", "what came", "a signed hello in base64");
    let bytes = STANDARD.decode(hello).map_err(malformed)?;
    exchange::verify_fresh(office, &bytes, (&till.store, &till.till)).map(|_| ())
}

fn epoch_of(query: &FeedQuery) -> Result<Option<Epoch>, Refusal> {
    let (Some(counter), Some(random)) = (query.epoch_counter, query.epoch_random.as_deref()) else { return Ok(None) };
    let refused = || Refusal::new(Reason::Malformed, "epoch_random", random, "16 hexadecimal digits");
    if random.len() != 16 || !random.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(refused());
    }
    let random = u64::from_str_radix(random, 16).map_err(|_| refused())?.to_be_bytes();
    Ok(Some(Epoch { counter, random }))
}

fn bad_query(error: &QueryRejection) -> Problem {
    let refusal = Refusal::new(Reason::Malformed, "query", error.body_text(), "the query of this route");
    Problem::refused(axum::http::StatusCode::BAD_REQUEST, &refusal)
}

fn octets(bytes: Vec<u8>) -> Response {
    ([(header::CONTENT_TYPE, "application/octet-stream")], bytes).into_response()
}
