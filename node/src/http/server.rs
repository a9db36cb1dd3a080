//! Serving the routes on the loopback: bounded in connections, header time and body, and ended without cutting a sale.
//!
//! The lock of the folder is held from opening to the end. A signal stops the accepting; requests under way are carried
//! out and answered; then the address file is removed. After a kill the file stays behind, which the lock makes harmless.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::failure::Failure;
use crate::folder::Folder;
use crate::http::stall::Unstalled;
use crate::http::{Served, routes};
use crate::local::address::{LocalAddress, PublishedAddress};
use crate::open_till::{OpenTill, SharedTill};

const CONNECTIONS_MAX: usize = 64;
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a caller may read nothing of its answers.
const STALL_TIMEOUT: Duration = Duration::from_secs(30);
const STOP_WAIT: Duration = Duration::from_secs(10);

/// A till that listens and is not yet published.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    served: Served,
    folder: Folder,
}

/// A till that can be found.
#[derive(Debug)]
pub struct PublishedServer {
    server: Server,
    published: PublishedAddress,
}

impl std::fmt::Debug for Served {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "till served at {}", self.local.address)
    }
}

impl Server {
    /// Listens on a loopback address for the till.
    ///
    /// # Errors
    /// The address is not on the loopback, or is taken.
    pub async fn listen(till: OpenTill, address: SocketAddr) -> Result<Self, Failure> {
        if !address.ip().is_loopback() {
            let message =
                format!("--listen {address}: the local API listens on the loopback only, such as 127.0.0.1:7301");
            return Err(Failure::Usage(message));
        }
        let taken = |error| Failure::damaged("listen", format!("cannot listen on {address}: {error}"));
        let listener = TcpListener::bind(address).await.map_err(taken)?;
        let local = LocalAddress::of_this_process(listener.local_addr().map_err(taken)?)?;
        let folder = till.folder().clone();
        Ok(Self { listener, served: Served { till: Arc::new(Mutex::new(till)), local: Arc::new(local) }, folder })
    }

    /// Publishes the address in the folder.
    ///
    /// # Errors
    /// The disk failed.
    pub fn publish(self) -> Result<PublishedServer, Failure> {
        let published = self.served.local.publish(&self.folder)?;
        Ok(PublishedServer { server: self, published })
    }
}

impl PublishedServer {
    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.server.served.local.address
    }

    /// The till, for work beside the requests.
    #[must_use]
    pub fn till(&self) -> SharedTill {
        Arc::clone(&self.server.served.till)
    }

    /// Answers until the process is told to stop.
    ///
    /// # Errors
    /// The process cannot be told to stop.
    pub async fn run(self) -> Result<(), Failure> {
        let unstoppable = |error| Failure::damaged("io", format!("cannot wait for signals: {error}"));
        let mut terminate = signal(SignalKind::terminate()).map_err(unstoppable)?;
        let mut interrupt = signal(SignalKind::interrupt()).map_err(unstoppable)?;
        let Self { server: Server { listener, served, .. }, published } = self;
        let graceful = GracefulShutdown::new();
        let seats = Arc::new(Semaphore::new(CONNECTIONS_MAX));
        let router = routes(served);
        loop {
            let Some((stream, seat)) = next(&listener, &seats, &mut terminate, &mut interrupt).await else { break };
            let connection =
                http1::Builder::new().timer(TokioTimer::new()).header_read_timeout(HEADER_TIMEOUT).serve_connection(
                    TokioIo::new(Unstalled::new(stream, STALL_TIMEOUT)),
                    TowerToHyperService::new(router.clone()),
                );
            let connection = graceful.watch(connection);
            tokio::spawn(async move {
                if let Err(error) = connection.await {
                    tracing::debug!(%error, "a connection ended");
                }
                drop(seat);
            });
        }
        drop(listener);
        if tokio::time::timeout(STOP_WAIT, graceful.shutdown()).await.is_err() {
            tracing::warn!("requests were still under way when the till stopped");
        }
        drop(published);
        Ok(())
    }
}

/// The next connection with its seat, or `None` when the process is told to stop. The seat is taken first, so that
/// callers beyond the limit wait in the system's queue.
async fn next(
    listener: &TcpListener,
    seats: &Arc<Semaphore>,
    terminate: &mut Signal,
    interrupt: &mut Signal,
) -> Option<(TcpStream, OwnedSemaphorePermit)> {
    loop {
        let accepted = async {
            let seat = Arc::clone(seats).acquire_owned().await.map_err(std::io::Error::other)?;
            Ok::<_, std::io::Error>((listener.accept().await?.0, seat))
        };
        tokio::select! {
            accepted = accepted => match accepted {
                Ok(accepted) => return Some(accepted),
                // Out of file handles or the like: let go for a moment instead of spinning.
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            },
            _ = terminate.recv() => return None,
            _ = interrupt.recv() => return None,
        }
    }
}
