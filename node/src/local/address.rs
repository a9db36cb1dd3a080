//! Where a running `till serve` answers: `local-api.json`, readable by the owner of the folder alone.
//!
//! It holds the loopback address and a random token of 32 bytes, new at each start; without the token nothing is
//! answered, so another user of the computer, or a web page in its browser, cannot sell.

use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;

use counterfoil_core::hex;
use serde::{Deserialize, Serialize};

use crate::failure::Failure;
use crate::folder::secret::random;
use crate::folder::{Folder, read_small, write_whole};

const NAME: &str = "local-api.json";
const BYTES_MAX: u64 = 4096;

/// Address and token of a running `till serve`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LocalAddress {
    /// Where it listens.
    pub address: SocketAddr,
    /// What every call must show.
    pub token: String,
    /// Its process.
    pub process: u32,
}

impl LocalAddress {
    /// The address of this process with a new token.
    ///
    /// # Errors
    /// The computer has no random numbers.
    pub fn of_this_process(address: SocketAddr) -> Result<Self, Failure> {
        Ok(Self { address, token: hex::encode(&random::<32>()?), process: std::process::id() })
    }

    /// Reads the address that lies in a folder; `None` where there is none.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn read(folder: &Folder) -> Result<Option<Self>, Failure> {
        let text = read_small(&folder.file(NAME), BYTES_MAX)?;
        Ok(text.and_then(|text| serde_json::from_str(&text).ok()))
    }

    /// Whether `token` is the token, compared without telling by time how much of it is right.
    #[must_use]
    pub fn has_token(&self, token: &str) -> bool {
        let pairs = self.token.bytes().zip(token.bytes());
        token.len() == self.token.len() && pairs.fold(0, |all, (one, other)| all | (one ^ other)) == 0
    }

    /// Publishes the address in a folder until the answer is dropped.
    ///
    /// # Errors
    /// The disk failed.
    pub fn publish(&self, folder: &Folder) -> Result<PublishedAddress, Failure> {
        let path = folder.file(NAME);
        let bytes = serde_json::to_vec(self).expect("an address and texts always become JSON");
        write_whole(&path, &bytes)?;
        Ok(PublishedAddress { path })
    }
}

/// An address that lies in its folder; dropping it removes the file.
#[derive(Debug)]
pub struct PublishedAddress {
    path: PathBuf,
}

impl Drop for PublishedAddress {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_file(&self.path) {
            tracing::warn!(%error, path = %self.path.display(), "the address of the local API stays behind");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_lies_in_its_folder_as_long_as_it_is_published() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::at(place.path());
        assert!(LocalAddress::read(&folder).unwrap().is_none());
        let local = LocalAddress::of_this_process("127.0.0.1:7301".parse().unwrap()).unwrap();
        let published = local.publish(&folder).unwrap();
        let found = LocalAddress::read(&folder).unwrap().unwrap();
        assert!(found.has_token(&local.token) && !found.has_token("") && !found.has_token(&"0".repeat(64)));
        drop(published);
        assert!(LocalAddress::read(&folder).unwrap().is_none());
    }
}
