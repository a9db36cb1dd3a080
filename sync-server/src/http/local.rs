//! `POST /admin/operation`: commands on this machine, while the server has the store.
//!
//! The listener is on loopback, and the token is in a file that only the owner of the data folder can read.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};

use super::error::Problem;
use super::request::{blocking, read_json};
use crate::office::Office;
use crate::operations::{Answer, OPERATION_BYTES_MAX, Operation, perform};

pub(super) async fn operation(
    State((office, token)): State<(Arc<Office>, Arc<str>)>,
    request: Request,
) -> Result<Json<Answer>, Problem> {
    let given = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let given = given.and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
    if !is_same(given.as_bytes(), token.as_bytes()) {
        return Err(Problem::new(StatusCode::UNAUTHORIZED, "the token of admin-api.json is needed"));
    }
    let operation: Operation = read_json(request, OPERATION_BYTES_MAX).await?;
    blocking(move || Ok(perform(&office, operation))).await.map(Json)
}

/// Compares without telling by its time where two texts differ.
fn is_same(given: &[u8], expected: &[u8]) -> bool {
    let difference = given.iter().zip(expected).fold(0, |all, (one, other)| all | (one ^ other));
    given.len() == expected.len() && difference == 0
}
