//! What till and head office say to one another in JSON; signed documents stand in it as base64.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use counterfoil_core::grant::GrantV1;
use counterfoil_core::refusal::ToldRefusal;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A signed document, in base64.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document(pub Vec<u8>);

impl Serialize for Document {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        STANDARD.encode(&self.0).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Document {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        STANDARD.decode(String::deserialize(deserializer)?).map(Self).map_err(serde::de::Error::custom)
    }
}

/// `POST /enrol`.
#[derive(Debug, Serialize, Deserialize)]
pub struct EnrolRequest {
    /// The token's text.
    pub token: String,
    /// The signed journal request.
    pub request: Document,
    /// The certificate signing request, in PEM.
    pub csr: String,
}

/// The answer to `POST /enrol`.
#[derive(Debug, Serialize, Deserialize)]
pub struct EnrolAnswer {
    /// The signed grant.
    pub grant: Document,
    /// The till's certificate, in PEM.
    pub certificate: String,
    /// The certificate of head office's authority, in PEM.
    pub ca: String,
}

/// The answer to `POST /sync/hello` and `POST /sync/batch`.
#[derive(Debug, Serialize, Deserialize)]
pub struct SyncAnswer {
    /// The code of the verdict.
    pub verdict: VerdictWire,
    /// The seq that head office expects next.
    pub expected_seq: u64,
    /// A signed acknowledgement.
    pub acknowledgement: Option<Document>,
    /// A signed stop.
    pub stop: Option<Document>,
}

/// `POST /sync/renew`.
#[derive(Debug, Serialize, Deserialize)]
pub struct RenewRequest {
    /// The certificate signing request, in PEM.
    pub csr: String,
    /// With a certificate that has ended: a signed hello that answers a fresh challenge.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hello: Option<Document>,
}

/// The answer to `POST /sync/renew`.
#[derive(Debug, Serialize, Deserialize)]
pub struct RenewAnswer {
    /// The till's certificate, in PEM.
    pub certificate: String,
}

/// What head office says of what came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VerdictWire {
    /// It took new entries.
    Append,
    /// It has all of them.
    Duplicate,
    /// Entries before these are missing.
    Gap,
    /// Two entries for one seq.
    Fork,
    /// This till is behind what it had sent.
    Rollback,
    /// Head office was restored and has lost entries.
    ServerRestored,
    /// Head office has lost entries without having been restored.
    ServerFault,
    /// The entries do not lead to their head.
    BrokenChain,
    /// The signature is not the journal's.
    BadSignature,
    /// It knows no such journal.
    UnknownJournal,
    /// The journal has ended.
    Closed,
    /// The journal's key is no longer trusted.
    Revoked,
}

impl VerdictWire {
    /// The code in reports.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Append => "append",
            Self::Duplicate => "duplicate",
            Self::Gap => "gap",
            Self::Fork => "fork",
            Self::Rollback => "rollback",
            Self::ServerRestored => "server_restored",
            Self::ServerFault => "server_fault",
            Self::BrokenChain => "broken_chain",
            Self::BadSignature => "bad_signature",
            Self::UnknownJournal => "unknown_journal",
            Self::Closed => "closed",
            Self::Revoked => "revoked",
        }
    }
}

/// A problem document of RFC 9457, as far as a till reads it.
#[derive(Debug, Default, Deserialize)]
pub struct ProblemWire {
    /// The text for people.
    #[serde(default)]
    pub detail: String,
    /// The refusal, where a rule said no.
    pub refused: Option<ToldRefusal>,
}

/// What a till has become by joining a head office.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enrolled {
    /// Its store.
    pub store: String,
    /// Which till of the store it is.
    pub till: String,
    /// The journal that was granted.
    pub journal: String,
    /// The series that it may number with.
    pub series: Vec<String>,
}

impl Enrolled {
    /// What a grant makes of a till.
    #[must_use]
    pub fn new(grant: &GrantV1) -> Self {
        Self {
            store: grant.profile.store.to_string(),
            till: grant.profile.till.to_string(),
            journal: grant.journal.to_string(),
            series: grant.series.iter().map(|series| series.code.to_string()).collect(),
        }
    }
}

/// What a sync did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncReport {
    /// The journals that had something to say, oldest first.
    pub journals: Vec<JournalReport>,
    /// Rows of master data that came down.
    pub feed_rows: u64,
    /// The revision that the till now has.
    pub feed_revision: Option<u64>,
    /// What a person should know.
    pub notes: Vec<String>,
}

/// What a sync did for one journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JournalReport {
    /// Which.
    pub journal: String,
    /// Its last entry when the exchange began.
    pub seq: u64,
    /// Up to where head office has acknowledged it.
    pub acknowledged: u64,
    /// How many entries were sent.
    pub sent: u64,
    /// The last verdict.
    pub verdict: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verdicts_are_read_by_their_codes() {
        for code in [
            "append",
            "duplicate",
            "gap",
            "fork",
            "rollback",
            "server_restored",
            "server_fault",
            "broken_chain",
            "bad_signature",
            "unknown_journal",
            "closed",
            "revoked",
        ] {
            let verdict: VerdictWire = serde_json::from_str(&format!("\"{code}\"")).unwrap();
            assert_eq!(verdict.code(), code);
        }
    }

    #[test]
    fn a_document_travels_as_base64() {
        let json = serde_json::to_string(&Document(vec![1, 2, 255])).unwrap();
        assert_eq!(json, "\"AQL/\"");
        assert_eq!(serde_json::from_str::<Document>(&json).unwrap(), Document(vec![1, 2, 255]));
        assert!(serde_json::from_str::<Document>("\"?\"").is_err());
    }
}
