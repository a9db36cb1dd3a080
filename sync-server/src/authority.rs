//! Head office's private certificate authority: who may speak to whom over TLS.
//!
//! One self-signed root of our own is the only trust anchor on both sides: a till pins the SHA-256 of its DER, which its
//! enrolment token carries, and head office takes client certificates of no other root. A till's certificate says who it
//! is in its common name, `STORE/TILL`, and nothing else of what the till asked for is copied into it.
//! Always: a certificate of a till cannot serve, and one of the server cannot be a client's.
//! Example: issued 2026-11-21 for 397 days to `S01/T01`, it ends 2027-12-23 and is renewed from half time on.

use std::time::Duration;

use counterfoil_core::id::{Hash, StoreCode, TillCode};
use counterfoil_core::time::Timestamp;
use rcgen::{
    BasicConstraints, CertificateParams, CertificateSigningRequestParams, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, PublicKeyData,
    SerialNumber,
};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use sha2::{Digest, Sha256};
use thiserror::Error;
use x509_parser::prelude::{FromDer, X509Certificate};

/// How long a certificate of a till or of the server is valid; browsers accept no more of a public one.
pub const VALID_DAYS: u64 = 397;

const ROOT_VALID_DAYS: u64 = 30 * 365;
const DAY: Duration = Duration::from_secs(86_400);

/// The most bytes of a certificate signing request; one for P-256 has about 500.
pub const SIGNING_REQUEST_BYTES_MAX: usize = 8_192;

/// Why no certificate was made or read.
#[derive(Debug, Error)]
pub enum AuthorityError {
    /// The text is not a signing request whose own key signed it.
    #[error("the certificate signing request cannot be used: {0}")]
    SigningRequest(String),
    /// What is kept in the data folder cannot be used.
    #[error("the certificate authority of this folder cannot be used: {0}")]
    Kept(String),
    /// The certificate of a client does not say who it is.
    #[error("the client certificate does not name a store and a till")]
    Nameless,
    /// The system gives no random bytes.
    #[error("no random bytes: {0}")]
    Random(#[from] getrandom::Error),
}

/// Which till a verified client certificate stands for, and from when to when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientIdentity {
    /// The store.
    pub store: StoreCode,
    /// The till in it.
    pub till: TillCode,
    /// The certificate is not valid from this time on.
    pub not_after: Timestamp,
}

/// The root certificate and its key.
pub struct Authority {
    certificate: CertificateDer<'static>,
    certificate_pem: String,
    issuer: Issuer<'static, KeyPair>,
}

/// A certificate of the server with its key, both only in memory.
pub struct ServerCertificate {
    /// The chain: the server's certificate and the root.
    pub chain: Vec<CertificateDer<'static>>,
    /// Its key.
    pub key: PrivateKeyDer<'static>,
}

/// A certificate for a till.
pub struct TillCertificate {
    /// The certificate.
    pub pem: String,
    /// The SHA-256 of the public key that it is for.
    pub key: Hash,
}

impl Authority {
    /// Makes a new root.
    ///
    /// # Errors
    /// The system gives no random bytes.
    pub fn create(now: Timestamp) -> Result<Self, AuthorityError> {
        let key = new_key()?;
        let mut params = blank(now, ROOT_VALID_DAYS)?;
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.distinguished_name.push(DnType::CommonName, format!("Counterfoil head office {}", now.0));
        let certificate = params.self_signed(&key).map_err(kept)?;
        let certificate_pem = certificate.pem();
        Ok(Self { certificate: certificate.der().clone(), certificate_pem, issuer: Issuer::new(params, key) })
    }

    /// Opens a root from what [`Authority::certificate_pem`] and [`Authority::key_pem`] gave.
    ///
    /// # Errors
    /// The texts are not a certificate and its key.
    pub fn open(certificate_pem: &str, key_pem: &str) -> Result<Self, AuthorityError> {
        let certificate = CertificateDer::from_pem_slice(certificate_pem.as_bytes()).map_err(kept)?;
        let key = KeyPair::from_pem(key_pem).map_err(kept)?;
        let (_, parsed) = X509Certificate::from_der(&certificate).map_err(kept)?;
        if parsed.public_key().subject_public_key.data.as_ref() != key.public_key_raw() {
            return Err(kept("the key is not that of the certificate"));
        }
        let issuer = Issuer::from_ca_cert_der(&certificate, key).map_err(kept)?;
        Ok(Self { certificate, certificate_pem: certificate_pem.to_owned(), issuer })
    }

    /// The root certificate as text, which tills keep.
    #[must_use]
    pub fn certificate_pem(&self) -> &str {
        &self.certificate_pem
    }

    /// The root certificate.
    #[must_use]
    pub const fn certificate(&self) -> &CertificateDer<'static> {
        &self.certificate
    }

    /// The root's key, for its own 0600 file and for nothing else.
    #[must_use]
    pub fn key_pem(&self) -> String {
        self.issuer.key().serialize_pem()
    }

    /// The SHA-256 of the root certificate: the pin in every token.
    #[must_use]
    pub fn pin(&self) -> [u8; 32] {
        Sha256::digest(&self.certificate).into()
    }

    /// A fresh certificate for the server, good for these host names and addresses.
    ///
    /// # Errors
    /// A host is neither a name nor an address, or the system gives no random bytes.
    pub fn server_certificate(&self, hosts: &[String], now: Timestamp) -> Result<ServerCertificate, AuthorityError> {
        let key = new_key()?;
        let mut params = blank(now, VALID_DAYS)?;
        params.subject_alt_names = CertificateParams::new(hosts).map_err(kept)?.subject_alt_names;
        params.distinguished_name.push(DnType::CommonName, "head office");
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let certificate = params.signed_by(&key, &self.issuer).map_err(kept)?;
        Ok(ServerCertificate {
            chain: vec![certificate.der().clone(), self.certificate.clone()],
            key: PrivatePkcs8KeyDer::from(key.serialize_der()).into(),
        })
    }

    /// A certificate for the key that signed this request; of the request only the key is taken.
    ///
    /// # Errors
    /// The request is not one, is too long, or its signature does not verify.
    pub fn till_certificate(
        &self,
        signing_request_pem: &str,
        store: &StoreCode,
        till: &TillCode,
        now: Timestamp,
    ) -> Result<TillCertificate, AuthorityError> {
        if signing_request_pem.len() > SIGNING_REQUEST_BYTES_MAX {
            let text =
                format!("{} bytes are above the limit of {SIGNING_REQUEST_BYTES_MAX}", signing_request_pem.len());
            return Err(AuthorityError::SigningRequest(text));
        }
        let refused = |error: rcgen::Error| AuthorityError::SigningRequest(error.to_string());
        let request = CertificateSigningRequestParams::from_pem(signing_request_pem).map_err(refused)?;
        let mut params = blank(now, VALID_DAYS)?;
        params.distinguished_name.push(DnType::CommonName, format!("{store}/{till}"));
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        let pem = params.signed_by(&request.public_key, &self.issuer).map_err(refused)?.pem();
        Ok(TillCertificate { pem, key: Hash(Sha256::digest(request.public_key.der_bytes()).into()) })
    }
}

impl ClientIdentity {
    /// Reads who a verified certificate stands for.
    ///
    /// # Errors
    /// Its common name is not `STORE/TILL`.
    pub fn read(certificate: &CertificateDer<'_>) -> Result<Self, AuthorityError> {
        let nameless = || AuthorityError::Nameless;
        let (_, parsed) = X509Certificate::from_der(certificate).map_err(|_| nameless())?;
        let name = parsed.subject().iter_common_name().next().and_then(|name| name.as_str().ok());
        let (store, till) = name.and_then(|name| name.split_once('/')).ok_or_else(nameless)?;
        Ok(Self {
            store: StoreCode::new(store).map_err(|_| nameless())?,
            till: TillCode::new(till).map_err(|_| nameless())?,
            not_after: not_after(&parsed),
        })
    }

    /// Whether the certificate has ended: it may then only be renewed.
    #[must_use]
    pub fn is_expired(&self, now: Timestamp) -> bool {
        now >= self.not_after
    }
}

/// When a certificate ends.
#[must_use]
pub fn not_after(certificate: &X509Certificate<'_>) -> Timestamp {
    Timestamp(certificate.validity().not_after.timestamp().saturating_mul(1_000))
}

fn new_key() -> Result<KeyPair, AuthorityError> {
    KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(kept)
}

/// Parameters with a random serial number and a time of validity; it begins a day early for clocks that are behind.
fn blank(now: Timestamp, days: u64) -> Result<CertificateParams, AuthorityError> {
    let mut serial = [0; 16];
    getrandom::fill(&mut serial)?;
    serial[0] &= 0x7F;
    let since_1970 = Duration::from_secs(u64::try_from(now.0.div_euclid(1_000)).unwrap_or(0));
    let mut params = CertificateParams::default();
    params.not_before = rcgen::date_time_ymd(1970, 1, 1) + since_1970.saturating_sub(DAY);
    params.not_after = rcgen::date_time_ymd(1970, 1, 1) + since_1970 + DAY * u32::try_from(days).unwrap_or(0);
    params.serial_number = Some(SerialNumber::from_slice(&serial));
    params.distinguished_name = DistinguishedName::new();
    params.use_authority_key_identifier_extension = true;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    Ok(params)
}

fn kept(error: impl ToString) -> AuthorityError {
    AuthorityError::Kept(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_795_248_000_000);

    fn signing_request() -> String {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec!["evil.example".to_owned()]).unwrap();
        params.distinguished_name.push(DnType::CommonName, "S99/T99");
        params.serialize_request(&key).unwrap().pem().unwrap()
    }

    fn till_certificate(authority: &Authority) -> CertificateDer<'static> {
        let (store, till) = ("S01".parse().unwrap(), "T01".parse().unwrap());
        let made = authority.till_certificate(&signing_request(), &store, &till, NOW).unwrap();
        CertificateDer::from_pem_slice(made.pem.as_bytes()).unwrap()
    }

    #[test]
    fn a_till_is_who_head_office_says_and_nothing_that_it_asked_to_be() {
        let certificate = till_certificate(&Authority::create(NOW).unwrap());
        let identity = ClientIdentity::read(&certificate).unwrap();
        assert_eq!((identity.store.as_str(), identity.till.as_str()), ("S01", "T01"));
        let text = String::from_utf8_lossy(&certificate).into_owned();
        assert!(!text.contains("evil.example") && !text.contains("S99"));
        let end = NOW.0 + 397 * 86_400_000;
        assert!(!identity.is_expired(Timestamp(end - 1_000)));
        assert!(identity.is_expired(Timestamp(end)));
    }

    #[test]
    fn a_root_reads_back_with_the_same_pin_and_never_with_another_key() {
        let authority = Authority::create(NOW).unwrap();
        let opened = Authority::open(authority.certificate_pem(), &authority.key_pem()).unwrap();
        assert_eq!(opened.pin(), authority.pin());
        let other = Authority::create(NOW).unwrap();
        assert!(Authority::open(authority.certificate_pem(), &other.key_pem()).is_err());
        assert!(Authority::open("", &other.key_pem()).is_err());
    }

    #[test]
    fn a_signing_request_that_is_none_or_was_altered_is_refused() {
        let authority = Authority::create(NOW).unwrap();
        let (store, till) = ("S01".parse().unwrap(), "T01".parse().unwrap());
        let request = signing_request();
        let altered = request.replacen(request.chars().nth(200).unwrap(), "", 1);
        for text in [String::new(), altered, "x".repeat(SIGNING_REQUEST_BYTES_MAX + 1)] {
            assert!(authority.till_certificate(&text, &store, &till, NOW).is_err());
        }
    }

    #[test]
    fn a_certificate_without_store_and_till_is_nameless() {
        let authority = Authority::create(NOW).unwrap();
        assert!(ClientIdentity::read(authority.certificate()).is_err());
        let server = authority.server_certificate(&["127.0.0.1".to_owned(), "localhost".to_owned()], NOW).unwrap();
        assert!(ClientIdentity::read(&server.chain[0]).is_err());
    }
}
