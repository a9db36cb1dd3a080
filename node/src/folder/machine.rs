//! Which machine this is, so that a copied folder is noticed before two tills number from one series.
//!
//! Source: `/etc/machine-id` (systemd's machine-id(5)), which asks that the id itself be kept private; so only its hash
//! is stored. A machine without one has no binding: its folder counts as its own everywhere.

use std::fs;

use counterfoil_core::hex;
use sha2::{Digest, Sha256};

const FILES: [&str; 2] = ["/etc/machine-id", "/var/lib/dbus/machine-id"];

/// The hash of this machine's id, for the secret file.
#[must_use]
pub fn machine_hash() -> String {
    let read = FILES.iter().filter_map(|path| fs::read_to_string(path).ok());
    let id = read.map(|id| id.trim().to_owned()).find(|id| !id.is_empty()).unwrap_or_default();
    let digest = Sha256::new().chain_update(b"counterfoil-machine/1\n").chain_update(id).finalize();
    hex::encode(&digest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_always_the_same() {
        assert_eq!(machine_hash(), machine_hash());
        assert_eq!(machine_hash().len(), 64);
    }
}
