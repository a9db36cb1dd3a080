//! `head-office serve`: until it is told to stop, by SIGTERM or Ctrl-C.

use std::io::Write;

use counterfoil_core::refusal::{Reason, Refusal};
use serde_json::json;
use tracing_subscriber::EnvFilter;

use super::reach;
use crate::folder::Folder;
use crate::office::Office;
use crate::operation_error::OperationError;
use crate::operations::Answer;
use crate::server::Server;
use crate::settings::Given;

pub(super) fn run(folder: Folder, given: Given, json: bool) -> Result<Answer, OperationError> {
    if let Some(api) = reach::server_of(&folder)? {
        let running = format!("process {} serves {} already", api.process, folder.path().display());
        let limit = "stop it first, or name another folder by --data";
        return Err(Refusal::new(Reason::Declined, "data", running, limit).into());
    }
    let settings = given.over(Given::read_file(&folder.settings())?).check()?;
    let filter = EnvFilter::try_new(&settings.log)
        .map_err(|error| Refusal::new(Reason::Malformed, "log", error, "a filter such as info"))?;
    let subscriber = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(false);
    subscriber.try_init().map_err(|error| anyhow::anyhow!("the log cannot be started: {error}"))?;
    let office = Office::open(folder, settings)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    Ok(runtime.block_on(serve(office, json))?)
}

async fn serve(office: Office, json: bool) -> anyhow::Result<Answer> {
    let server = Server::start(office).await?;
    let address = server.address().to_string();
    let mut stdout = std::io::stdout();
    if json {
        writeln!(stdout, "{}", json!({ "listening": address }))?;
    } else {
        writeln!(stdout, "head office listens on https://{address}")?;
    }
    stdout.flush()?;
    told_to_stop().await?;
    server.stop().await?;
    Ok(Answer::done(json!({ "stopped": address })))
}

#[cfg(unix)]
async fn told_to_stop() -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        result = tokio::signal::ctrl_c() => result,
        _ = terminate.recv() => Ok(()),
    }
}

#[cfg(not(unix))]
async fn told_to_stop() -> std::io::Result<()> {
    tokio::signal::ctrl_c().await
}
