//! How a command reaches head office: through the running server's local API, or by opening the store itself.

use std::io;

use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1::handshake;
use hyper::{Request, header};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::folder::Folder;
use crate::local_api::LocalApi;
use crate::office::Office;
use crate::operation_error::OperationError;
use crate::operations::{Answer, OPERATION_BYTES_MAX, Operation, perform};
use crate::settings::Given;

/// Does an operation, here or in the server that runs.
pub(super) fn ask(folder: &Folder, given: Given, operation: Operation) -> Result<Answer, OperationError> {
    if let Some(api) = LocalApi::read(folder)? {
        match forward(&api, &operation) {
            Ok(answer) => return Ok(answer),
            // The server was killed and has left its file behind; then the store is free.
            Err(Forward::NobodyThere) => {}
            Err(Forward::Failed(error)) => return Err(error.into()),
        }
    }
    let settings = given.over(Given::read_file(&folder.settings())?).check()?;
    Ok(perform(&Office::open(folder.clone(), settings)?, operation))
}

/// Whether a server answers for this folder.
pub(super) fn is_served(folder: &Folder) -> Result<bool, OperationError> {
    let Some(api) = LocalApi::read(folder)? else { return Ok(false) };
    Ok(std::net::TcpStream::connect(api.address).is_ok())
}

enum Forward {
    NobodyThere,
    Failed(anyhow::Error),
}

fn forward(api: &LocalApi, operation: &Operation) -> Result<Answer, Forward> {
    let failed = |error: anyhow::Error| Forward::Failed(error.context("the running server did not answer"));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| failed(error.into()))?;
    let body = serde_json::to_vec(operation).map_err(|error| failed(error.into()))?;
    runtime.block_on(async {
        let stream = match TcpStream::connect(api.address).await {
            Ok(stream) => stream,
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => return Err(Forward::NobodyThere),
            Err(error) => return Err(failed(error.into())),
        };
        post(stream, api, body).await.map_err(failed)
    })
}

async fn post(stream: TcpStream, api: &LocalApi, body: Vec<u8>) -> anyhow::Result<Answer> {
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
