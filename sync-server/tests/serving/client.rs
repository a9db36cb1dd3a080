//! What connects: TLS 1.3 with or without a client certificate, and HTTP/1.1 over it.

use std::net::SocketAddr;
use std::sync::Arc;

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{Method, Request, StatusCode, header};
use hyper_util::rt::TokioIo;
use rcgen::{CertificateParams, KeyPair};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};
use serde_json::Value;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// A key of a client, and the certificate that it got for it.
pub(crate) struct Identity {
    pub(crate) key: KeyPair,
    pub(crate) certificate: String,
}

/// A new key and the request to certify it.
pub(crate) fn new_key() -> (KeyPair, String) {
    let key = KeyPair::generate().unwrap();
    let request = signing_request(&key);
    (key, request)
}

/// A request to certify a key.
pub(crate) fn signing_request(key: &KeyPair) -> String {
    CertificateParams::default().serialize_request(key).unwrap().pem().unwrap()
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answered {
    pub(crate) status: StatusCode,
    pub(crate) kind: String,
    pub(crate) body: Bytes,
}

impl Answered {
    /// The body as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("{self:?}"))
    }

    /// The status and the code of the refusal.
    pub(crate) fn refused(&self) -> (u16, String) {
        assert_eq!(self.kind, "application/problem+json", "{self:?}");
        let json = self.json();
        assert_eq!(json["status"], self.status.as_u16());
        (self.status.as_u16(), json["refused"]["code"].as_str().unwrap_or_default().to_owned())
    }
}

/// One connection.
pub(crate) struct Client(SendRequest<Full<Bytes>>);

impl Client {
    /// Shakes hands; what fails later, such as a refused certificate, is told by the first request.
    pub(crate) async fn connect(address: SocketAddr, root: &str, identity: Option<&Identity>) -> anyhow::Result<Self> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(root.as_bytes())?)?;
        let builder = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_protocol_versions(&[&rustls::version::TLS13])?
            .with_root_certificates(roots);
        let config = match identity {
            None => builder.with_no_client_auth(),
            Some(identity) => builder.with_client_auth_cert(
                vec![CertificateDer::from_pem_slice(identity.certificate.as_bytes())?],
                PrivateKeyDer::from_pem_slice(identity.key.serialize_pem().as_bytes())?,
            )?,
        };
        let name = rustls::pki_types::ServerName::try_from("localhost")?;
        let stream = TcpStream::connect(address).await?;
        let stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        Ok(Self(sender))
    }

    /// Sends a request and reads the answer.
    pub(crate) async fn send(&mut self, method: Method, path: &str, body: Vec<u8>) -> anyhow::Result<Answered> {
        let request =
            Request::builder().method(method).uri(path).header(header::HOST, "localhost").body(Full::from(body))?;
        self.0.ready().await?;
        let response = self.0.send_request(request).await?;
        let status = response.status();
        let kind = response.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let kind = kind.unwrap_or_default().to_owned();
        assert!(response.headers().contains_key("x-request-id"));
        Ok(Answered { status, kind, body: response.into_body().collect().await?.to_bytes() })
    }

    /// `GET`.
    pub(crate) async fn get(&mut self, path: &str) -> Answered {
        self.send(Method::GET, path, Vec::new()).await.unwrap()
    }

    /// `POST` of bytes.
    pub(crate) async fn post(&mut self, path: &str, body: impl Into<Vec<u8>>) -> Answered {
        self.send(Method::POST, path, body.into()).await.unwrap()
    }
}
