//! Which machine this is, so that a copied folder is noticed before two tills number from one series.
//!
//! Source: `/etc/machine-id` (systemd's machine-id(5)), which asks that the id itself be kept private; so only its hash
//! is stored. A machine without one has no binding: its folder counts as its own everywhere.

use std::fmt::Write;
use std::fs;

use sha2::{Digest, Sha256};

const FILES: [&str; 2] = ["/etc/machine-id", "/var/lib/dbus/machine-id"];

/// The hash of this machine's id, for the secret file.
#[must_use]
pub fn machine_hash() -> String {
    let read = FILES.iter().filter_map(|path| fs::read_to_string(path).ok());
    let id = read.map(|id| id.trim().to_owned()).find(|id| !id.is_empty()).unwrap_or_default();
    let digest = Sha256::new().chain_update(b"counterfoil-machine/1\n").chain_update(id).finalize();
    hex(&digest)
}

/// Bytes as hexadecimal digits.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("writing to a String never fails");
        text
    })
}

/// Hexadecimal digits as so many bytes; the inverse of [`hex`].
#[must_use]
pub fn read_hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    if text.len() != N * 2 || !text.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    for (index, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(index * 2..index * 2 + 2)?, 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_always_the_same_and_hex_reads_back() {
        assert_eq!(machine_hash(), machine_hash());
        assert_eq!(read_hex::<3>(&hex(&[0, 171, 255])), Some([0, 171, 255]));
        for text in ["", "00", "+0ff00", "zzzzzz", "00ab€"] {
            assert_eq!(read_hex::<3>(text), None, "{text}");
        }
    }
}
