//! `POST /enrol`: a token becomes a journal with its series and a client certificate.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use counterfoil_core::grant::JournalRequestV1;
use counterfoil_core::refusal::{Reason, Refusal};

use super::error::Problem;
use super::request::{blocking, read_json};
use crate::enrolment::Right;
use crate::grants;
use crate::office::Office;
use crate::operation_error::OperationError;
use crate::token::Token;
use crate::wire::{EnrolAnswer, EnrolRequest};

const BODY_BYTES_MAX: usize = 65_536;

pub(super) async fn enrol(State(office): State<Arc<Office>>, request: Request) -> Result<Json<EnrolAnswer>, Problem> {
    let asked: EnrolRequest = read_json(request, BODY_BYTES_MAX).await?;
    let answer = blocking(move || answer(&office, &asked)).await?;
    Ok(Json(answer))
}

fn answer(office: &Office, asked: &EnrolRequest) -> Result<EnrolAnswer, OperationError> {
    let token: Token = asked.token.parse()?;
    let malformed = |_| Refusal::new(Reason::Malformed, "request", "what came", "a journal request in base64");
    let request = JournalRequestV1::verify(&STANDARD.decode(&asked.request).map_err(malformed)?)?;
    // Who is certified is not known before the token is looked up; a certificate for the wrong slot is never given out.
    let of_token = office.store().read(|rows| rows.token(token.hash()))?;
    let Some(of_token) = of_token else {
        let refusal = Refusal::new(Reason::TokenInvalid, "token", "unknown", "ask head office for a new one");
        return Err(refusal.into());
    };
    let granting = office.granting();
    let authority = office.authority();
    let made = authority.till_certificate(&asked.csr, &of_token.store, &of_token.till, granting.now)?;
    let right = Right::Token { certificate: &made.pem, tls_key: made.key };
    let granted = grants::grant(office.store(), &request, (Some(token.hash()), None), right, granting);
    let (granted, token) = granted.inspect_err(|error| {
        tracing::warn!(store = %of_token.store, till = %of_token.till, key = %request.key, %error, "not enrolled");
    })?;
    let certificate = token.and_then(|token| token.used).map_or(made.pem, |used| used.certificate);
    tracing::info!(store = %of_token.store, till = %of_token.till, journal = %request.journal, "enrolled");
    Ok(EnrolAnswer { grant: STANDARD.encode(&granted.grant), certificate, ca: authority.certificate_pem().to_owned() })
}
