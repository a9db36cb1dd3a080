//! Answers that say no: RFC 9457 problem documents, and which status each refusal gets.
//!
//! The caller gets the short text and the code; causes go to the diagnostics log only. 400: the bytes cannot be read;
//! 401: a client certificate is needed; 403: not for you; 404, 405: no such thing; 408: too slow; 409: it contradicts
//! what was before; 413: too large; 422: read, and a rule says no; 500: our fault; 503: try again.
//! Example: `{"type":"about:blank","title":"Forbidden","status":403,"detail":"token: the token is used; ..."}`.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use counterfoil_core::journal::fault::Fault;
use counterfoil_core::refusal::{Reason, Refusal, ToldRefusal};
use serde::Serialize;

use crate::operation_error::OperationError;

/// A problem document.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Problem {
    #[serde(rename = "type")]
    kind: &'static str,
    title: &'static str,
    status: u16,
    detail: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    refused: Option<ToldRefusal>,
}

impl Problem {
    /// A problem that is no refusal of a rule.
    #[must_use]
    pub(super) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        let title = status.canonical_reason().unwrap_or("Error");
        Self { kind: "about:blank", title, status: status.as_u16(), detail: detail.into(), refused: None }
    }

    /// A refusal, with this status.
    #[must_use]
    pub(super) fn refused(status: StatusCode, refusal: &Refusal) -> Self {
        Self { refused: Some(ToldRefusal::from(refusal)), ..Self::new(status, refusal.to_string()) }
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        Self::refused(status(refusal.reason()), &refusal)
    }
}

impl From<Fault> for Problem {
    fn from(fault: Fault) -> Self {
        let refusal = Refusal::new(Reason::Malformed, "body", fault, "a signed document of this route");
        Self::refused(StatusCode::BAD_REQUEST, &refusal)
    }
}

impl From<OperationError> for Problem {
    fn from(error: OperationError) -> Self {
        match error {
            OperationError::Refused(refusal) => refusal.into(),
            OperationError::Fault(fault) => fault.into(),
            OperationError::Failed(cause) => {
                tracing::error!(error = format!("{cause:#}"), "a request failed");
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, "head office could not do it; the cause is in its log")
            }
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_vec(&self).unwrap_or_default();
        let kind = HeaderValue::from_static("application/problem+json");
        (status, [(header::CONTENT_TYPE, kind)], body).into_response()
    }
}

fn status(reason: Reason) -> StatusCode {
    if matches!(reason, Reason::TokenInvalid | Reason::NotPermitted | Reason::PinWrong | Reason::PinLocked) {
        StatusCode::FORBIDDEN
    } else if matches!(reason, Reason::IdReused | Reason::Declined) {
        StatusCode::CONFLICT
    } else {
        StatusCode::UNPROCESSABLE_ENTITY
    }
}
