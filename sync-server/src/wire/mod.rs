//! The JSON that head office speaks: types of messages, and nothing that decides.
//!
//! Signed documents travel as they are, or in base64 inside JSON; amounts are strings with the currency's digits.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use crate::exchange::Answer;

/// `POST /enrol`: a token, and what is asked for it.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct EnrolRequest {
    /// The token's text.
    pub token: String,
    /// A signed journal request in base64.
    pub request: String,
    /// A certificate signing request in PEM.
    pub csr: String,
}

/// The answer of `POST /enrol`.
#[derive(Debug, Deserialize, Serialize)]
pub struct EnrolAnswer {
    /// The signed grant in base64.
    pub grant: String,
    /// The till's certificate in PEM.
    pub certificate: String,
    /// The root certificate in PEM.
    pub ca: String,
}

/// The answer of `POST /sync/hello` and `POST /sync/batch`.
#[derive(Debug, Deserialize, Serialize)]
pub struct SyncAnswer {
    /// The code of the verdict.
    pub verdict: String,
    /// The seq that head office expects next.
    pub expected_seq: u64,
    /// A signed acknowledgement in base64.
    pub acknowledgement: Option<String>,
    /// A signed stop in base64.
    pub stop: Option<String>,
}

impl From<Answer> for SyncAnswer {
    fn from(answer: Answer) -> Self {
        Self {
            verdict: answer.verdict.to_owned(),
            expected_seq: answer.expected_seq,
            acknowledgement: answer.acknowledgement.map(|bytes| STANDARD.encode(bytes)),
            stop: answer.stop.map(|bytes| STANDARD.encode(bytes)),
        }
    }
}

/// `POST /sync/renew`: a new certificate, please.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct RenewRequest {
    /// A certificate signing request in PEM.
    pub csr: String,
    /// With a certificate that has ended: a hello in base64 that answers a fresh challenge.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hello: Option<String>,
}

/// The answer of `POST /sync/renew`.
#[derive(Debug, Deserialize, Serialize)]
pub struct RenewAnswer {
    /// The till's certificate in PEM.
    pub certificate: String,
}
