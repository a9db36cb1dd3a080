//! Grants: the right of one journal to number documents, signed by head office or taken at local set-up.
//!
//! A till asks with a `JournalRequestV1`, signed by the new journal's own key; head office answers with a `GrantV1`. Both
//! travel over TLS or as files; only the signatures are trusted. The grant is kept in the journal's first entry.

use serde::{Deserialize, Serialize};

use crate::currency::Currency;
use crate::id::{CountryCode, Hash, JournalId, Name, Note, StoreCode, TillCode};
use crate::journal::acknowledgement::Epoch;
use crate::journal::fault::Fault;
use crate::journal::key::{Domain, PublicKey, SigningKey};
use crate::journal::signed::{Statement, Unverified, sign_statement};
use crate::money::Money;
use crate::series::Series;
use crate::time::Timestamp;

/// The most series in one grant.
pub const SERIES_MAX: usize = 64;

/// What a till is: where it stands and how it counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// The store.
    pub store: StoreCode,
    /// The till in it.
    pub till: TillCode,
    /// The one currency of its documents.
    pub currency: Currency,
    /// The country whose rules hold.
    pub country: CountryCode,
    /// The zone of the store in the tz database, such as `Europe/Madrid`.
    pub zone: Name,
    /// Whether unit prices include tax.
    pub prices_include_tax: bool,
    /// Whether documents of the past may be taken over.
    pub has_history: bool,
}

/// The journal that a new one follows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PredecessorV1 {
    /// Its id.
    pub journal: JournalId,
    /// Its public key.
    pub key: PublicKey,
    /// The last seq known of it.
    pub seq: u64,
    /// The hash of that entry.
    pub hash: Hash,
    /// Its perpetual gross.
    pub perpetual_gross: Money,
    /// How many drawer sessions the till has had.
    pub sessions: u64,
}

/// A till asks for a journal; signed by the journal's key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JournalRequestV1 {
    /// The new journal.
    pub journal: JournalId,
    /// Its public key.
    pub key: PublicKey,
    /// The till slot asked for, where the till knows it; a token names it otherwise.
    pub slot: Option<(StoreCode, TillCode)>,
    /// The journal it follows.
    pub predecessor: Option<PredecessorV1>,
}

impl JournalRequestV1 {
    /// Signs the request with the journal's key.
    ///
    /// # Errors
    /// The payload is larger than a signed document may be.
    pub fn sign(&self, key: &SigningKey) -> Result<Vec<u8>, Fault> {
        sign_statement(self, key)
    }

    /// Reads a request and verifies that its own key signed it.
    ///
    /// # Errors
    /// Bytes that are not a request, or a signature of another key.
    pub fn verify(bytes: &[u8]) -> Result<Self, Fault> {
        let request = Unverified::<Self>::read(bytes)?;
        let key = request.claimed().key;
        Ok(request.verify(&key)?.statement().clone())
    }
}

/// Head office grants a journal and its series; signed by head office.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GrantV1 {
    /// The journal.
    pub journal: JournalId,
    /// Its public key.
    pub key: PublicKey,
    /// What the till is.
    pub profile: Profile,
    /// The series of the current and the next period.
    pub series: Vec<Series>,
    /// Head office's signature over whose key it is, which the codes on receipts carry (see `receipt_code`).
    pub certificate: Vec<u8>,
    /// The key by which head office signs everything that it sends down.
    pub head_office: PublicKey,
    /// The epoch of head office when it granted.
    pub epoch: Epoch,
    /// When.
    pub granted: Timestamp,
}

impl GrantV1 {
    /// Signs the grant with head office's key.
    ///
    /// # Errors
    /// The payload is larger than a signed document may be.
    pub fn sign(&self, key: &SigningKey) -> Result<Vec<u8>, Fault> {
        sign_statement(self, key)
    }

    /// Reads a grant and verifies that the head office named in it signed it. A till that knows its head office
    /// compares `head_office` with what it knows.
    ///
    /// # Errors
    /// Bytes that are not a grant, or a signature of another key.
    pub fn verify(bytes: &[u8]) -> Result<Self, Fault> {
        let grant = Unverified::<Self>::read(bytes)?;
        let key = grant.claimed().head_office;
        Ok(grant.verify(&key)?.statement().clone())
    }
}

impl Statement for JournalRequestV1 {
    const DOMAIN: Domain = Domain::Request;

    fn check(&self) -> Result<(), Fault> {
        Ok(())
    }
}

impl Statement for GrantV1 {
    const DOMAIN: Domain = Domain::Grant;

    fn check(&self) -> Result<(), Fault> {
        limited("series of a grant", self.series.len(), SERIES_MAX)
    }
}

fn limited(what: &'static str, count: usize, limit: usize) -> Result<(), Fault> {
    if count <= limit {
        return Ok(());
    }
    Err(Fault::TooLarge {
        what,
        limit: u64::try_from(limit).unwrap_or(u64::MAX),
        came: u64::try_from(count).unwrap_or(u64::MAX),
    })
}

/// Head office tells a journal to stop: it was forked, rolled back, closed or revoked; signed by head office.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StopV1 {
    /// The journal.
    pub journal: JournalId,
    /// The code of the verdict, such as `fork`.
    pub verdict: Note,
    /// When.
    pub stopped: Timestamp,
}

impl StopV1 {
    /// Signs the stop with head office's key.
    ///
    /// # Errors
    /// The payload is larger than a signed document may be.
    pub fn sign(&self, key: &SigningKey) -> Result<Vec<u8>, Fault> {
        sign_statement(self, key)
    }

    /// Reads a stop and verifies that head office signed it.
    ///
    /// # Errors
    /// Bytes that are not a stop, or a signature of another key.
    pub fn verify(bytes: &[u8], head_office: &PublicKey) -> Result<Self, Fault> {
        Ok(Unverified::<Self>::read(bytes)?.verify(head_office)?.statement().clone())
    }
}

impl Statement for StopV1 {
    const DOMAIN: Domain = Domain::Stop;

    fn check(&self) -> Result<(), Fault> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::SeriesCode;
    use crate::series::{DocumentKind, NumberTemplate};

    fn key(seed: u8) -> SigningKey {
        SigningKey::from_seed([seed; 32])
    }

    fn grant(series: usize) -> GrantV1 {
        let one = |number: usize| Series {
            code: SeriesCode::new(format!("R{number}")).unwrap(),
            kind: DocumentKind::Receipt,
            year: 2026,
            template: NumberTemplate::standard(),
            first: 1,
            last: None,
        };
        GrantV1 {
            journal: JournalId([1; 16]),
            key: key(1).public_key(),
            profile: Profile {
                store: "S01".parse().unwrap(),
                till: "T01".parse().unwrap(),
                currency: "EUR".parse().unwrap(),
                country: "ES".parse().unwrap(),
                zone: Name::new("Europe/Madrid").unwrap(),
                prices_include_tax: true,
                has_history: false,
            },
            series: (0..series).map(one).collect(),
            certificate: vec![7; 64],
            head_office: key(2).public_key(),
            epoch: Epoch { counter: 1, random: [0; 8] },
            granted: Timestamp(5),
        }
    }

    #[test]
    fn a_grant_verifies_with_the_key_that_it_names_and_has_a_limit() {
        let most = grant(SERIES_MAX);
        assert_eq!(GrantV1::verify(&most.sign(&key(2)).unwrap()), Ok(most.clone()));
        assert!(GrantV1::verify(&most.sign(&key(3)).unwrap()).is_err(), "another head office has signed it");
        let more = grant(SERIES_MAX + 1).sign(&key(2)).unwrap_err();
        assert_eq!(*more.cause(), Fault::TooLarge { what: "series of a grant", limit: 64, came: 65 });
    }

    #[test]
    fn a_request_is_signed_by_the_journal_that_it_is_for() {
        let request =
            JournalRequestV1 { journal: JournalId([1; 16]), key: key(1).public_key(), slot: None, predecessor: None };
        assert_eq!(JournalRequestV1::verify(&request.sign(&key(1)).unwrap()), Ok(request.clone()));
        assert!(JournalRequestV1::verify(&request.sign(&key(3)).unwrap()).is_err());
    }

    #[test]
    fn only_head_office_stops_a_journal() {
        let stop =
            StopV1 { journal: JournalId([1; 16]), verdict: Note::new("rollback").unwrap(), stopped: Timestamp(5) };
        let bytes = stop.sign(&key(2)).unwrap();
        assert_eq!(StopV1::verify(&bytes, &key(2).public_key()), Ok(stop));
        assert!(StopV1::verify(&bytes, &key(3).public_key()).is_err());
    }
}
