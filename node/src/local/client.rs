//! A client of the local API: the same requests that the command line carries out itself, sent to `till serve`.

use std::time::Duration;

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::runtime::{Builder, Runtime};

use crate::caller::Caller;
use crate::failure::{Ending, Failure};
use crate::folder::Folder;
use crate::local::address::LocalAddress;
use crate::operations::Answer;

/// The header with the operator's code.
pub const OPERATOR: &str = "x-operator";
/// The header with the PIN.
pub const PIN: &str = "x-pin";
/// The header with the code of who approves.
pub const APPROVER: &str = "x-approved-by";
/// The header with that person's PIN.
pub const APPROVAL_PIN: &str = "x-approval-pin";
/// The header with the number of the first line of a stream.
pub const FIRST_LINE: &str = "x-first-line";

const CONNECT_WAIT: Duration = Duration::from_secs(2);

/// A connection to a running `till serve`.
#[derive(Debug)]
pub struct LocalClient {
    local: LocalAddress,
    runtime: Background,
    sender: Option<SendRequest<Full<Bytes>>>,
}

/// The runtime of a client, which may be dropped wherever the client is.
#[derive(Debug)]
struct Background(Option<Runtime>);

impl Drop for Background {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

impl std::fmt::Debug for LocalAddress {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "local API at {}", self.address)
    }
}

impl LocalClient {
    /// Connects to the process that serves this folder; `None` while nobody answers there.
    ///
    /// # Errors
    /// The address file cannot be read.
    pub fn connect(folder: &Folder) -> Result<Option<Self>, Failure> {
        let Some(local) = LocalAddress::read(folder)? else { return Ok(None) };
        // An address that a killed process left behind may belong to a stranger by now, who is not shown the token.
        if folder.holder() != Some(local.process) {
            return Ok(None);
        }
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| Failure::damaged("io", format!("cannot start a client: {error}")))?;
        let mut client = Self { local, runtime: Background(Some(runtime)), sender: None };
        match client.sender() {
            Ok(sender) => client.sender = Some(sender),
            Err(_) => return Ok(None),
        }
        Ok(Some(client))
    }

    /// Posts `body` to `path` as `caller` and gives the answer, whatever it is.
    ///
    /// # Errors
    /// The connection broke: what was asked may or may not have been carried out; asking again with the same id tells.
    pub fn post(
        &mut self,
        path: &str,
        content_type: &str,
        caller: &Caller,
        first_line: Option<u64>,
        body: String,
    ) -> Result<Answer, Failure> {
        let mut sender = match self.sender.take().filter(|sender| !sender.is_closed()) {
            Some(sender) => sender,
            None => self.sender().map_err(|error| self.broken(&error))?,
        };
        let mut request = Request::builder()
            .method(Method::POST)
            .uri(path)
            .header(HOST, self.local.address.to_string())
            .header(CONTENT_TYPE, content_type)
            .header(AUTHORIZATION, format!("Bearer {}", self.local.token));
        if let Some(operator) = &caller.operator {
            request = request.header(OPERATOR, operator.as_str());
        }
        if let Some(pin) = &caller.pin {
            request = request.header(PIN, pin.trim_end());
        }
        if let Some(approver) = &caller.approver {
            request = request.header(APPROVER, approver.as_str());
        }
        if let Some(pin) = &caller.approval_pin {
            request = request.header(APPROVAL_PIN, pin.trim_end());
        }
        if let Some(line) = first_line {
            request = request.header(FIRST_LINE, line);
        }
        let unusable = |error| Failure::Usage(format!("this cannot be sent to the local API: {error}"));
        let request = request.body(Full::from(body)).map_err(unusable)?;
        let exchanged = self.wait_for(async {
            let response = sender.send_request(request).await?;
            let status = response.status();
            let body = response.into_body().collect().await?.to_bytes();
            sender.ready().await.map(|()| (status, body, sender))
        });
        let (status, body, sender) = exchanged.map_err(|error| self.broken(&error))?;
        self.sender = Some(sender);
        Ok(Answer { ending: ending(status), json: String::from_utf8_lossy(&body).into_owned() })
    }

    fn sender(&self) -> Result<SendRequest<Full<Bytes>>, std::io::Error> {
        let address = self.local.address;
        self.wait_for(async move {
            let stream = tokio::time::timeout(CONNECT_WAIT, TcpStream::connect(address)).await??;
            stream.set_nodelay(true)?;
            let (sender, connection) = handshake(TokioIo::new(stream)).await.map_err(std::io::Error::other)?;
            tokio::spawn(async move {
                if let Err(error) = connection.await {
                    tracing::debug!(%error, "the connection to the local API ended");
                }
            });
            Ok(sender)
        })
    }

    /// Waits for the network on a thread of its own: the caller may itself be at work for another network, as a sync is.
    fn wait_for<T: Send>(&self, work: impl Future<Output = T> + Send) -> T {
        let runtime = self.runtime.0.as_ref().expect("the runtime is there until the client is dropped");
        std::thread::scope(|scope| match scope.spawn(|| runtime.block_on(work)).join() {
            Ok(value) => value,
            Err(panic) => std::panic::resume_unwind(panic),
        })
    }

    fn broken(&self, error: &dyn std::error::Error) -> Failure {
        let message = format!("till serve (process {}) stopped answering: {error}", self.local.process);
        Failure::damaged("local_api", message)
    }
}

fn ending(status: StatusCode) -> Ending {
    match status {
        StatusCode::OK => Ending::Done,
        StatusCode::UNPROCESSABLE_ENTITY => Ending::Refused,
        StatusCode::INTERNAL_SERVER_ERROR => Ending::Damaged,
        _ => Ending::Usage,
    }
}
