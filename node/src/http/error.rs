//! Which HTTP status an answer has.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::failure::{Ending, Failure};
use crate::operations::Answer;

/// An answer of the till, as a response.
#[must_use]
pub fn answered(answer: Answer) -> Response {
    let status = match answer.ending {
        Ending::Done => StatusCode::OK,
        Ending::Refused => StatusCode::UNPROCESSABLE_ENTITY,
        Ending::Usage => StatusCode::BAD_REQUEST,
        Ending::Damaged => StatusCode::INTERNAL_SERVER_ERROR,
    };
    response(status, answer.json)
}

/// An answer of the server itself, before the till was asked.
#[must_use]
pub fn refused_by_server(status: StatusCode, code: &'static str, message: &str) -> Response {
    response(status, Failure::damaged(code, message).json())
}

fn response(status: StatusCode, json: String) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")], json).into_response()
}
