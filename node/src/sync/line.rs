//! The line to head office, as an exchange sees it: bytes go up, bytes come back, or it is told why not.
//!
//! The product's line is one TLS connection ([`super::client::Client`]); whoever brings another (a simulated network)
//! drives the same exchange over it. Always: a request may have been carried out though its answer never came, so
//! everything that goes over a line can be repeated.

use counterfoil_core::id::JournalId;
use serde::de::DeserializeOwned;

use super::trouble::Trouble;

/// A line over which head office can be asked.
pub trait Line {
    /// Asks for bytes.
    ///
    /// # Errors
    /// Head office cannot be reached, is busy or refuses.
    fn get(&mut self, path: &str) -> impl Future<Output = Result<Vec<u8>, Trouble>>;

    /// Sends bytes and gets bytes.
    ///
    /// # Errors
    /// Head office cannot be reached, is busy or refuses.
    fn post(&mut self, path: &str, body: Vec<u8>) -> impl Future<Output = Result<Vec<u8>, Trouble>>;

    /// Sends bytes and gets JSON.
    ///
    /// # Errors
    /// As `post`, and an answer that is not such JSON.
    fn post_for<A: DeserializeOwned>(&mut self, path: &str, body: Vec<u8>) -> impl Future<Output = Result<A, Trouble>> {
        async move { read_json(path, &self.post(path, body).await?) }
    }

    /// A fresh challenge for a journal.
    ///
    /// # Errors
    /// As `get`, and an answer of another length.
    fn challenge(&mut self, journal: JournalId) -> impl Future<Output = Result<[u8; 32], Trouble>> {
        async move {
            let bytes = self.get(&format!("/sync/challenge?journal={journal}")).await?;
            <[u8; 32]>::try_from(&bytes[..])
                .map_err(|_| Trouble::unexpected(format!("{} bytes", bytes.len()), "a challenge has 32 bytes"))
        }
    }
}

/// Reads the JSON of a route.
pub(super) fn read_json<A: DeserializeOwned>(path: &str, body: &[u8]) -> Result<A, Trouble> {
    serde_json::from_slice(body)
        .map_err(|error| Trouble::unexpected(format!("{path} with {error}"), "the JSON of this route"))
}
