//! How a command reaches head office: through the running server's local API, or by opening the store itself.

use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1::handshake;
use hyper::{Request, header};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::runtime::{Builder, Runtime};

use crate::folder::Folder;
use crate::local_api::LocalApi;
use crate::office::Office;
use crate::operation_error::OperationError;
use crate::operations::{Answer, OPERATION_BYTES_MAX, Operation, perform};
use crate::settings::Given;

/// Head office of a folder, within reach.
pub(super) enum Reach {
    /// Opened by this process.
    Here(Box<Office>),
    /// Served by another process.
    Served(LocalApi, Runtime),
}

impl Reach {
    /// Opens the head office of a folder, or finds the server that has it.
    ///
    /// # Errors
    /// There is none, a setting is wrong, another command has it, or it is damaged.
    pub(super) fn of(folder: &Folder, given: Given) -> Result<Self, OperationError> {
        if let Some(api) = server_of(folder)? {
            let runtime = Builder::new_current_thread().enable_all().build()?;
            return Ok(Self::Served(api, runtime));
        }
        let settings = given.over(Given::read_file(&folder.settings())?).check()?;
        Ok(Self::Here(Box::new(Office::open(folder.clone(), settings)?)))
    }

    /// Does an operation.
    ///
    /// # Errors
    /// The server did not answer.
    pub(super) fn perform(&self, operation: Operation) -> Result<Answer, OperationError> {
        match self {
            Self::Here(office) => Ok(perform(office, operation)),
            Self::Served(api, runtime) => {
                let answer = serde_json::to_vec(&operation).map_err(anyhow::Error::from);
                let answer = answer.and_then(|body| runtime.block_on(post(api, body)));
                Ok(answer.map_err(|error| error.context("the running server did not answer"))?)
            }
        }
    }
}

/// Does one operation, here or in the server that runs.
pub(super) fn ask(folder: &Folder, given: Given, operation: Operation) -> Result<Answer, OperationError> {
    Reach::of(folder, given)?.perform(operation)
}

/// Whether a server answers for this folder.
pub(super) fn is_served(folder: &Folder) -> Result<bool, OperationError> {
    Ok(server_of(folder)?.is_some())
}

/// Where the server of this folder answers, if one serves it. An address that a killed server left behind may belong to a
/// stranger by now, who is neither asked nor shown the token.
pub(super) fn server_of(folder: &Folder) -> Result<Option<LocalApi>, OperationError> {
    let Some(server) = folder.server()? else { return Ok(None) };
    Ok(LocalApi::read(folder)?.filter(|api| api.process == server))
}

async fn post(api: &LocalApi, body: Vec<u8>) -> anyhow::Result<Answer> {
    let stream = TcpStream::connect(api.address).await?;
    let (mut sender, connection) = handshake(TokioIo::new(stream)).await?;
    let driver = tokio::spawn(connection);
    let request = Request::post("/admin/operation")
        .header(header::HOST, api.address.to_string())
        .header(header::AUTHORIZATION, format!("Bearer {}", api.token))
        .header(header::CONTENT_TYPE, "application/json")
        .body(Full::<hyper::body::Bytes>::from(body))?;
    let response = sender.send_request(request).await?;
    let status = response.status();
    let body = Limited::new(response.into_body(), OPERATION_BYTES_MAX).collect().await;
    let bytes = body.map_err(|error| anyhow::anyhow!("{error}"))?.to_bytes();
    drop(sender);
    driver.await??;
    if !status.is_success() {
        anyhow::bail!("{status}: {}", String::from_utf8_lossy(&bytes));
    }
    Ok(serde_json::from_slice(&bytes)?)
}
