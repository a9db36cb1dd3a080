//! The accept loop: from a TCP connection to requests, with a limit on everything that a stranger can hold.
//!
//! TLS 1.3 only, with ring's primitives. A client certificate is optional in TLS, because a till that enrols has none
//! yet; routes that need one ask for it. One that is shown must be of our own root and for clients, or the handshake
//! fails. One that has merely ended is let through with its end, since an ended certificate may still be renewed.
//! Example: a client that sends its header byte by byte is cut off after 5 s; the 1025th connection waits in the queue.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::server::{ClientHello, ResolvesServerCert, WebPkiClientVerifier};
use rustls::sign::CertifiedKey;
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, RootCertStore, ServerConfig, SignatureScheme,
};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use x509_parser::prelude::{FromDer, X509Certificate};

use crate::authority::{Authority, AuthorityError, ClientIdentity, ServerCertificate, not_after};
use crate::stall::Unstalled;

/// How long a client may take to send the header of a request; an idle connection is closed after it too.
pub const HEADER_READ_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a TLS handshake may take.
pub const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a client may read nothing of its answers.
pub const STALL_TIMEOUT: Duration = Duration::from_secs(30);
/// How long running requests may take to end after the server was told to stop.
pub const STOP_TIMEOUT: Duration = Duration::from_secs(10);

const BUFFER_BYTES_MAX: usize = 65_536;
const HEADERS_MAX: usize = 64;
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Who is at the other end of the connection that a request came by.
#[derive(Clone, Debug)]
pub struct Peer {
    /// From where.
    pub address: SocketAddr,
    /// Which till, where a client certificate of our root was shown.
    pub identity: Option<ClientIdentity>,
}

/// The server's certificate, which can be changed while connections are accepted.
#[derive(Debug)]
pub struct Certificates(RwLock<Arc<CertifiedKey>>);

impl Certificates {
    /// Begins with this certificate.
    ///
    /// # Errors
    /// Its key cannot be used.
    pub fn new(certificate: ServerCertificate) -> Result<Arc<Self>, rustls::Error> {
        Ok(Arc::new(Self(RwLock::new(certified(certificate)?))))
    }

    /// New connections see this certificate from now on.
    ///
    /// # Errors
    /// Its key cannot be used.
    pub fn change(&self, certificate: ServerCertificate) -> Result<(), rustls::Error> {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = certified(certificate)?;
        Ok(())
    }
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.read().unwrap_or_else(PoisonError::into_inner).clone())
    }
}

fn certified(certificate: ServerCertificate) -> Result<Arc<CertifiedKey>, rustls::Error> {
    CertifiedKey::from_der(certificate.chain, certificate.key, &provider()).map(Arc::new)
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

/// The TLS side of the listener: our root for clients, this certificate for ourselves.
///
/// # Errors
/// The root cannot be used as an anchor.
pub fn tls(authority: &Authority, certificates: Arc<Certificates>) -> Result<TlsAcceptor, AuthorityError> {
    let kept = |error: &dyn std::error::Error| AuthorityError::Kept(error.to_string());
    let mut roots = RootCertStore::empty();
    roots.add(authority.certificate().clone()).map_err(|error| kept(&error))?;
    let strict = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider())
        .allow_unauthenticated()
        .build()
        .map_err(|error| kept(&error))?;
    let config = ServerConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(|error| kept(&error))?
        .with_client_cert_verifier(Arc::new(EndedToo(strict)))
        .with_cert_resolver(certificates);
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// Verifies as WebPKI does, and takes a certificate that is right in all but its end; routes look at the end.
#[derive(Debug)]
struct EndedToo(Arc<dyn ClientCertVerifier>);

impl ClientCertVerifier for EndedToo {
    fn client_auth_mandatory(&self) -> bool {
        self.0.client_auth_mandatory()
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.0.root_hint_subjects()
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        let strict = self.0.verify_client_cert(end_entity, intermediates, now);
        let Err(rustls::Error::InvalidCertificate(CertificateError::Expired | CertificateError::ExpiredContext { .. })) =
            strict
        else {
            return strict;
        };
        let unreadable = |_| rustls::Error::InvalidCertificate(CertificateError::BadEncoding);
        let (_, parsed) = X509Certificate::from_der(end_entity).map_err(unreadable)?;
        let last = u64::try_from(not_after(&parsed).0 / 1_000).unwrap_or(0).saturating_sub(1);
        self.0.verify_client_cert(end_entity, intermediates, UnixTime::since_unix_epoch(Duration::from_secs(last)))
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.0.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.0.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_verify_schemes()
    }
}

/// Accepts connections until `stop` says true, then lets running requests end.
///
/// With `tls` every connection must shake hands first; without it the listener is plain, for loopback only.
pub async fn run(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    router: Router,
    connections_max: usize,
    mut stop: watch::Receiver<bool>,
) {
    let permits = Arc::new(Semaphore::new(connections_max));
    let graceful = GracefulShutdown::new();
    loop {
        let accepted = tokio::select! {
            accepted = accept(&listener, &permits) => accepted,
            _ = stop.wait_for(|is_stopping| *is_stopping) => break,
        };
        match accepted {
            Ok((stream, address, permit)) => {
                let connection = Connection { address, permit, router: router.clone(), watcher: graceful.watcher() };
                tokio::spawn(connection.open(stream, tls.clone()));
            }
            Err(error) => {
                // Out of file descriptors, or the peer was gone already: neither ends the server.
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    drop(listener);
    if timeout(STOP_TIMEOUT, graceful.shutdown()).await.is_err() {
        tracing::warn!(timeout_ms = STOP_TIMEOUT.as_millis(), "requests were cut off at the end");
    }
}

/// Takes a place first and a connection then, so that those above the limit wait in the system's queue.
async fn accept(
    listener: &TcpListener,
    permits: &Arc<Semaphore>,
) -> std::io::Result<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
    let permit = Arc::clone(permits).acquire_owned().await.map_err(std::io::Error::other)?;
    let (stream, address) = listener.accept().await?;
    Ok((stream, address, permit))
}

struct Connection {
    address: SocketAddr,
    permit: OwnedSemaphorePermit,
    router: Router,
    watcher: Watcher,
}

impl Connection {
    async fn open(self, stream: TcpStream, tls: Option<TlsAcceptor>) {
        let address = self.address;
        // Small answers must not wait for the peer's delayed acknowledgement.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%address, %error, "the connection is gone");
            return;
        }
        let Some(tls) = tls else {
            return self.serve(stream, None).await;
        };
        match timeout(HANDSHAKE_TIMEOUT, tls.accept(stream)).await {
            Ok(Ok(stream)) => {
                let certificates = stream.get_ref().1.peer_certificates();
                let identity = certificates.and_then(<[_]>::first).map(ClientIdentity::read);
                match identity.transpose() {
                    Ok(identity) => self.serve(stream, identity).await,
                    Err(error) => tracing::warn!(%address, %error, "refused"),
                }
            }
            Ok(Err(error)) => tracing::info!(%address, %error, "no TLS"),
            Err(_) => tracing::info!(%address, "the handshake took too long"),
        }
    }

    async fn serve(self, stream: impl AsyncRead + AsyncWrite + Unpin + 'static, identity: Option<ClientIdentity>) {
        let Self { address, permit, router, watcher } = self;
        let peer = Peer { address, identity };
        let service = service_fn(move |mut request: hyper::Request<Incoming>| {
            request.extensions_mut().insert(peer.clone());
            answer(router.clone(), request)
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEADER_READ_TIMEOUT)
            .max_buf_size(BUFFER_BYTES_MAX)
            .max_headers(HEADERS_MAX)
            .serve_connection(TokioIo::new(Unstalled::new(stream, STALL_TIMEOUT)), service);
        if let Err(error) = watcher.watch(connection).await {
            tracing::debug!(%address, %error, "the connection ended early");
        }
        drop(permit);
    }
}

async fn answer(mut router: Router, request: hyper::Request<Incoming>) -> Result<hyper::Response<Body>, Infallible> {
    tower_service::Service::call(&mut router, request).await
}
