//! The running server: the listener for tills, the local API for commands, and an orderly stop.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use counterfoil_core::hex;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::folder::ServerLock;
use crate::listener::{self, Certificates};
use crate::local_api::LocalApi;
use crate::office::{Office, random};
use crate::{clock, http};

/// How many commands may run at once beside the server.
const LOCAL_CONNECTIONS_MAX: usize = 16;
/// How often the server's own certificate is renewed; it is valid for 397 days.
const CERTIFICATE_RENEWAL: Duration = Duration::from_secs(30 * 86_400);

/// A server that accepts connections.
pub struct Server {
    office: Arc<Office>,
    address: SocketAddr,
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
    _lock: ServerLock,
}

impl Server {
    /// Begins to listen, and tells commands in the data folder where.
    ///
    /// # Errors
    /// An address is taken, a certificate cannot be made, or the folder cannot be written.
    pub async fn start(office: Office) -> anyhow::Result<Self> {
        let lock = office.folder().lock_to_serve()?;
        let office = Arc::new(office);
        let settings = office.settings();
        let listener = TcpListener::bind(settings.listen)
            .await
            .with_context(|| format!("head office cannot listen on {}", settings.listen))?;
        let address = listener.local_addr()?;
        let certify = |office: &Office| office.authority().server_certificate(&office.settings().hosts, clock::now());
        let certificates = Certificates::new(certify(&office)?)?;
        let tls = listener::tls(office.authority(), Arc::clone(&certificates))?;
        let (stop, stopped) = watch::channel(false);

        let local = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let api = LocalApi {
            address: local.local_addr()?,
            token: hex::encode(&random::<32>()?),
            process: std::process::id(),
        };
        let local_routes = http::local_routes(Arc::clone(&office), api.token.clone());
        api.write(office.folder())?;

        let routes = http::routes(Arc::clone(&office));
        let connections_max = settings.connections_max;
        let renewal = {
            let (office, mut stopped) = (Arc::clone(&office), stopped.clone());
            async move {
                while tokio::time::timeout(CERTIFICATE_RENEWAL, stopped.wait_for(|is_stopping| *is_stopping))
                    .await
                    .is_err()
                {
                    let renewed = certify(&office).map_err(anyhow::Error::from);
                    if let Err(error) = renewed.and_then(|certificate| Ok(certificates.change(certificate)?)) {
                        tracing::error!(%error, "the server's certificate could not be renewed");
                    }
                }
            }
        };
        let tasks = vec![
            tokio::spawn(listener::run(listener, Some(tls), routes, connections_max, stopped.clone())),
            tokio::spawn(listener::run(local, None, local_routes, LOCAL_CONNECTIONS_MAX, stopped)),
            tokio::spawn(renewal),
        ];
        tracing::info!(%address, "head office listens");
        Ok(Self { office, address, stop, tasks, _lock: lock })
    }

    /// Where tills connect.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The head office that it serves.
    #[must_use]
    pub const fn office(&self) -> &Arc<Office> {
        &self.office
    }

    /// Takes no more connections, lets requests end, and closes the store.
    ///
    /// # Errors
    /// A part of the server had panicked, or the folder cannot be written.
    pub async fn stop(self) -> anyhow::Result<()> {
        LocalApi::remove(self.office.folder())?;
        self.stop.send_replace(true);
        for task in self.tasks {
            task.await?;
        }
        tracing::info!("head office has stopped");
        Ok(())
    }
}
