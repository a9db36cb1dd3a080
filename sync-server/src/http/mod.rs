//! All routes of head office, in one list.
//!
//! Tills: signed documents as `application/octet-stream`, JSON where it is said. Every route under `/sync` needs the
//! client certificate of a till. Errors are problem documents.
//!
//! | route | in | out |
//! |---|---|---|
//! | `GET /health` | | JSON |
//! | `POST /enrol` | JSON: token, journal request, signing request | JSON: grant, certificate, root |
//! | `GET /sync/challenge?journal=HEX` | | 32 bytes |
//! | `POST /sync/hello` | hello | JSON: verdict |
//! | `POST /sync/batch` | batch | JSON: verdict |
//! | `POST /sync/request` | journal request | grant |
//! | `GET /sync/feed?epoch_counter=N&epoch_random=HEX&revision=N&journal=HEX` | | feed page |
//! | `POST /sync/renew` | JSON: signing request | JSON: certificate |
//!
//! The local API, on loopback alone and with the token of `admin-api.json`: `POST /admin/operation`.

mod enrol;
mod error;
mod local;
mod request;
mod sync;

use std::sync::Arc;

use axum::Router;
use axum::http::StatusCode;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{get, post};
use serde_json::json;
use tokio::sync::Semaphore;

use crate::office::Office;
use crate::writer::WAITING_MAX;
use error::Problem;

/// What tills can ask.
pub fn routes(office: Arc<Office>) -> Router {
    let router = Router::new()
        .route("/health", get(health))
        .route("/enrol", post(enrol::enrol))
        .route("/sync/challenge", get(sync::challenge))
        .merge(pushes())
        .route("/sync/request", post(sync::request))
        .route("/sync/feed", get(sync::feed))
        .route("/sync/renew", post(sync::renew));
    finish(router.with_state(office))
}

/// What goes to the writer. Those beyond what may wait for it are put off before their body is read.
fn pushes() -> Router<Arc<Office>> {
    Router::new()
        .route("/sync/hello", post(sync::hello))
        .route("/sync/batch", post(sync::batch))
        .layer(from_fn_with_state(Arc::new(Semaphore::new(WAITING_MAX)), request::admit))
}

/// What commands on this machine can ask; each call needs the token.
pub fn local_routes(office: Arc<Office>, token: String) -> Router {
    finish(Router::new().route("/admin/operation", post(local::operation)).with_state((office, Arc::from(token))))
}

fn finish(router: Router) -> Router {
    router
        .fallback(|| async { Problem::new(StatusCode::NOT_FOUND, "there is no such route") })
        .method_not_allowed_fallback(|| async {
            Problem::new(StatusCode::METHOD_NOT_ALLOWED, "this route has another method")
        })
        .layer(from_fn(request::observe))
}

async fn health() -> axum::Json<serde_json::Value> {
    axum::Json(json!({ "status": "ok" }))
}
