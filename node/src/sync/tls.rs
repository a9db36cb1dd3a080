//! TLS to head office: version 1.3 only, ring's primitives, and one trust anchor, head office's own authority.
//!
//! After enrolment the till trusts the authority that it has stored. Before, it knows only the pin in its token: the
//! server must send the certificate of its authority along, that must have this SHA-256, and from then on it is verified
//! like any other, host name included. Public authorities count for nothing here. The time by which certificates are
//! judged is the later of the till's clock and the last time that head office has signed.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use counterfoil_core::time::Timestamp;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::time_provider::TimeProvider;
use rustls::version::TLS13;
use rustls::{
    CertificateError, ClientConfig, ConfigBuilder, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
    WantsVerifier,
};
use sha2::{Digest, Sha256};

use crate::failure::Failure;

/// What an enrolled till connects with: its certificate, and trust in its head office alone.
///
/// # Errors
/// The certificates or the key cannot be used.
pub fn enrolled(authority: &str, certificate: &str, key: &str, seen: Timestamp) -> Result<Arc<ClientConfig>, Failure> {
    let mut roots = RootCertStore::empty();
    roots.add(read_certificate(authority)?).map_err(|error| unusable(&error))?;
    let chain = vec![read_certificate(certificate)?];
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes())
        .map_err(|_| Failure::damaged("tls", "the key of this till's certificate cannot be read"))?;
    let config = begin(seen)?.with_root_certificates(roots).with_client_auth_cert(chain, key);
    config.map(Arc::new).map_err(|error| unusable(&error))
}

/// What a till connects with that knows only the pin of a token.
///
/// # Errors
/// TLS cannot be set up.
pub fn pinned(pin: [u8; 32]) -> Result<Arc<ClientConfig>, Failure> {
    let verifier = Arc::new(PinnedAuthority { pin, provider: provider() });
    let config = begin(Timestamp(0))?.dangerous().with_custom_certificate_verifier(verifier);
    Ok(Arc::new(config.with_no_client_auth()))
}

/// Whether a certificate in PEM is the one with this pin.
///
/// # Errors
/// It is not a certificate in PEM.
pub fn has_pin(certificate: &str, pin: [u8; 32]) -> Result<bool, Failure> {
    Ok(pin_of(&read_certificate(certificate)?) == pin)
}

fn begin(seen: Timestamp) -> Result<ConfigBuilder<ClientConfig, WantsVerifier>, Failure> {
    let clock = Arc::new(LaterClock(seen));
    ClientConfig::builder_with_details(provider(), clock)
        .with_protocol_versions(&[&TLS13])
        .map_err(|error| unusable(&error))
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

fn read_certificate(pem: &str) -> Result<CertificateDer<'static>, Failure> {
    CertificateDer::from_pem_slice(pem.as_bytes()).map_err(|error| unusable(&error))
}

fn unusable(error: &dyn std::fmt::Display) -> Failure {
    Failure::damaged("tls", format!("the certificates of this till cannot be used: {error}"))
}

fn pin_of(certificate: &CertificateDer<'_>) -> [u8; 32] {
    Sha256::digest(certificate).into()
}

/// The clock of the computer, but never before what head office has signed.
#[derive(Debug)]
struct LaterClock(Timestamp);

impl TimeProvider for LaterClock {
    fn current_time(&self) -> Option<UnixTime> {
        let clock = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let seen = Duration::from_millis(u64::try_from(self.0.0).unwrap_or(0));
        Some(UnixTime::since_unix_epoch(clock.max(seen)))
    }
}

/// Trusts the authority with one pin, wherever the server sends it from.
#[derive(Debug)]
struct PinnedAuthority {
    pin: [u8; 32],
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for PinnedAuthority {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let is_pinned = |certificate: &&CertificateDer<'_>| pin_of(certificate) == self.pin;
        let Some(authority) = intermediates.iter().find(is_pinned) else {
            return Err(Error::InvalidCertificate(CertificateError::UnknownIssuer));
        };
        let mut roots = RootCertStore::empty();
        roots.add(authority.clone().into_owned())?;
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&self.provider))
            .build()
            .map_err(|error| Error::General(error.to_string()))?;
        verifier.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(Error::General("TLS 1.2 is not spoken here".to_owned()))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signature, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
