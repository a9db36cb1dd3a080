//! What of this program waits for others: the local API, and head office.
//!
//! Between the command line, which knows neither, and `http` and `sync`, which do not know each other. While the local
//! API is served, a thread of its own syncs beside it; selling never waits for that.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::runtime::Builder;

use crate::failure::Failure;
use crate::folder::Folder;
use crate::http::server::Server;
use crate::open_till::OpenTill;
use crate::sync;
use crate::sync::address::{Address, Token};
use crate::sync::lent_till::LentTill;
use crate::wire::sync::{Enrolled, SyncReport};

/// Serves the local API of an open till until the process is told to stop, and syncs beside it.
///
/// # Errors
/// The address is not on the loopback or is taken, or `tell` fails.
pub fn serve(
    till: OpenTill,
    listen: SocketAddr,
    tell: impl FnOnce(SocketAddr) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.map_err(|error| Failure::damaged("io", format!("cannot start serving: {error}")))?;
    let folder = till.folder().clone();
    runtime.block_on(async {
        let server = Server::listen(till, listen).await?.publish()?;
        tell(server.address())?;
        let is_stopped = Arc::new(AtomicBool::new(false));
        let (shared, is_over) = (server.till(), Arc::clone(&is_stopped));
        // Not waited for at the end: it may hang on a slow network, and a sync may be cut off anywhere.
        std::thread::spawn(move || {
            sync::watch(&*shared, &folder, &is_over, &mut |synced| match synced {
                Ok(report) => tracing::debug!(?report, "synced"),
                Err(failure) => tracing::debug!(%failure, "not synced"),
            });
        });
        let served = server.run().await;
        is_stopped.store(true, Ordering::Relaxed);
        served
    })
}

/// Joins head office by a one-time token.
///
/// # Errors
/// The address or token is none, head office cannot be reached or refuses, or the till refuses.
pub fn enrol(folder: &Folder, url: &str, token: &str) -> Result<Enrolled, Failure> {
    let (address, token): (Address, Token) = (url.parse()?, token.parse()?);
    sync::enrol::enrol(folder, &address, &token)
}

/// Exchanges everything with head office once. Others may have the till while this waits for the network.
///
/// # Errors
/// The till is on its own, head office cannot be reached or refuses, or disk or data failed.
pub fn sync_once(folder: &Folder) -> Result<SyncReport, Failure> {
    LentTill::borrow(folder, |till| sync::sync(till, folder))?
}

/// Syncs again and again and lets go of the till in between, until `tell` fails.
///
/// # Errors
/// That of `tell`.
pub fn sync_for_ever(
    folder: &Folder,
    tell: &mut dyn FnMut(Result<SyncReport, Failure>) -> Result<(), Failure>,
) -> Result<(), Failure> {
    loop {
        tell(sync_once(folder))?;
        std::thread::sleep(sync::WATCH_INTERVAL);
    }
}
