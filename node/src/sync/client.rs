//! One connection to head office, kept open for the requests of an exchange.
//!
//! Everything has a limit: 5 s to connect, 5 s for the handshake, 60 s for a request with its answer, 2 MiB for the
//! answer. A connection that broke is opened again with the next request; the exchange that broke is repeated whole.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use counterfoil_core::refusal::{Reason, Refusal};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::{CONTENT_TYPE, HOST, RETRY_AFTER, USER_AGENT};
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::address::Address;
use super::line::{Line, read_json};
use super::trouble::Trouble;
use crate::wire::sync::ProblemWire;

/// How long connecting may take, and then the handshake.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a request may take, its answer included.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(60);
/// The most bytes of an answer.
pub const ANSWER_BYTES_MAX: usize = 2_097_152;
/// The longest wait that head office may ask for.
const RETRY_AFTER_MAX: u64 = 600;

const JSON: &str = "application/json";
const BYTES: &str = "application/octet-stream";

/// A connection to head office.
pub struct Client {
    address: Address,
    tls: TlsConnector,
    sender: Option<SendRequest<Full<Bytes>>>,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Client of {}", self.address)
    }
}

impl Client {
    /// A client that is not connected yet.
    #[must_use]
    pub fn new(address: Address, config: Arc<ClientConfig>) -> Self {
        Self { address, tls: TlsConnector::from(config), sender: None }
    }

    /// Connects by another configuration from the next request on.
    pub fn connect_anew(&mut self, config: Arc<ClientConfig>) {
        (self.tls, self.sender) = (TlsConnector::from(config), None);
    }

    /// Sends JSON and gets JSON.
    ///
    /// # Errors
    /// As `post`, and an answer that is not such JSON.
    pub async fn post_json<Q: Serialize, A: DeserializeOwned>(&mut self, path: &str, body: &Q) -> Result<A, Trouble> {
        let body = serde_json::to_vec(body).expect("requests are plain structs that always become JSON");
        read_json(path, &self.call(Method::POST, path, JSON, Bytes::from(body)).await?)
    }

    async fn call(&mut self, method: Method, path: &str, kind: &str, body: Bytes) -> Result<Bytes, Trouble> {
        let result = within(REQUEST_TIMEOUT, "the request", self.exchange(method, path, kind, body)).await;
        if result.is_err() {
            self.sender = None;
        }
        let (status, retry_after, body) = result?;
        if status.is_success() { Ok(body) } else { Err(trouble(status, retry_after, &body)) }
    }

    async fn exchange(
        &mut self,
        method: Method,
        path: &str,
        kind: &str,
        body: Bytes,
    ) -> Result<(StatusCode, Option<Duration>, Bytes), Trouble> {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(HOST, self.address.authority())
            .header(USER_AGENT, concat!("counterfoil-till/", env!("CARGO_PKG_VERSION")))
            .header(CONTENT_TYPE, kind)
            .body(Full::new(body))
            .map_err(|error| Trouble::unexpected(error, "a request that can be sent"))?;
        let sender = self.connected().await?;
        sender.ready().await.map_err(|error| broken(&error))?;
        let answer = sender.send_request(request).await.map_err(|error| broken(&error))?;
        let status = answer.status();
        let retry_after = answer.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
        let body = Limited::new(answer.into_body(), ANSWER_BYTES_MAX).collect().await;
        let body = body.map_err(|error| Trouble::Unreachable(format!("the answer broke off: {error}")))?;
        Ok((status, retry_after.map(|wait| Duration::from_secs(wait.min(RETRY_AFTER_MAX))), body.to_bytes()))
    }

    async fn connected(&mut self) -> Result<&mut SendRequest<Full<Bytes>>, Trouble> {
        let sender = match self.sender.take().filter(|sender| !sender.is_closed()) {
            Some(sender) => sender,
            None => self.connect().await?,
        };
        Ok(self.sender.insert(sender))
    }

    async fn connect(&self) -> Result<SendRequest<Full<Bytes>>, Trouble> {
        let name = self.address.server_name()?;
        let connecting = TcpStream::connect((self.address.host(), self.address.port()));
        let tcp =
            within(CONNECT_TIMEOUT, "connecting", async { connecting.await.map_err(|error| broken(&error)) }).await?;
        tcp.set_nodelay(true).map_err(|error| broken(&error))?;
        let shaking = self.tls.connect(name, tcp);
        let handshake = async { shaking.await.map_err(|error| Trouble::Unreachable(not_shaken(&error))) };
        let tls = within(CONNECT_TIMEOUT, "the TLS handshake", handshake).await?;
        let (sender, connection) = http1::handshake(TokioIo::new(tls)).await.map_err(|error| broken(&error))?;
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "the connection to head office ended");
            }
        });
        Ok(sender)
    }
}

impl Line for Client {
    async fn get(&mut self, path: &str) -> Result<Vec<u8>, Trouble> {
        Ok(self.call(Method::GET, path, BYTES, Bytes::new()).await?.into())
    }

    async fn post(&mut self, path: &str, body: Vec<u8>) -> Result<Vec<u8>, Trouble> {
        Ok(self.call(Method::POST, path, BYTES, Bytes::from(body)).await?.into())
    }
}

async fn within<T>(limit: Duration, what: &str, act: impl Future<Output = Result<T, Trouble>>) -> Result<T, Trouble> {
    let late = |_| Trouble::Unreachable(format!("{what} took longer than {} s", limit.as_secs()));
    timeout(limit, act).await.map_err(late)?
}

/// Why TLS did not come about; most often the address is that of another head office.
fn not_shaken(error: &std::io::Error) -> String {
    let told = error.to_string();
    if told.contains("UnknownIssuer") {
        return "TLS: this is not your head office; another authority has signed its certificate".to_owned();
    }
    format!("TLS: {told}")
}

fn broken(error: &dyn std::error::Error) -> Trouble {
    let cause = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
    Trouble::Unreachable(format!("{error}{cause}"))
}

/// What an answer other than success means.
fn trouble(status: StatusCode, retry_after: Option<Duration>, body: &[u8]) -> Trouble {
    if matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT) || status.is_server_error() {
        return Trouble::Busy(retry_after);
    }
    let problem = serde_json::from_slice::<ProblemWire>(body).unwrap_or_default();
    if let Some(refused) = &problem.refused {
        return Trouble::Refused(refused.to_refusal());
    }
    let told = if problem.detail.is_empty() { "no reason".to_owned() } else { problem.detail };
    if status == StatusCode::FORBIDDEN {
        return Trouble::NotLetIn(told);
    }
    Trouble::Refused(Refusal::new(Reason::Declined, "head_office", format!("it answered {status}"), told))
}
