//! Where commands on this machine find a running server: `admin-api.json` in the data folder.
//!
//! The file holds the loopback address and a random token, is readable by its owner only, and is gone when the server
//! has stopped. One that was left by a server that was killed counts for nothing: who serves is told by the lock of the
//! folder, and the file must be of that process.

use std::io;
use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

use crate::folder::{Folder, write_secret};

/// Address and token of a running server's local API.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LocalApi {
    /// Where it listens, on loopback.
    pub address: SocketAddr,
    /// What each call must show.
    pub token: String,
    /// The server's process.
    pub process: u32,
}

impl LocalApi {
    /// What the folder says; `None` where no server runs.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn read(folder: &Folder) -> io::Result<Option<Self>> {
        match std::fs::read(folder.admin_api()) {
            Ok(bytes) => serde_json::from_slice(&bytes).map(Some).map_err(io::Error::from),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Tells commands where the server is.
    ///
    /// # Errors
    /// The system refuses.
    pub fn write(&self, folder: &Folder) -> io::Result<()> {
        write_secret(&folder.admin_api(), &serde_json::to_vec(self)?)
    }

    /// No server runs any more.
    ///
    /// # Errors
    /// The system refuses.
    pub fn remove(folder: &Folder) -> io::Result<()> {
        match std::fs::remove_file(folder.admin_api()) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            Ok(()) | Err(_) => Ok(()),
        }
    }
}
