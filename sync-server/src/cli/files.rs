//! Files that commands read and write, with limits and errors that name them.

use std::fs::File;
use std::io::{Read, stdin};
use std::path::Path;

use counterfoil_core::refusal::{Reason, Refusal};
use zeroize::Zeroizing;

use crate::folder::write_public;
use crate::operation_error::OperationError;

/// The most bytes of a file; in base64 it fits into one operation.
const FILE_BYTES_MAX: u64 = 128 * 1_048_576;
const SECRET_BYTES_MAX: u64 = 4_096;

/// The bytes of a file.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, Refusal> {
    let unreadable = |error: std::io::Error| {
        Refusal::new(Reason::Malformed, "file", path.display(), format!("a file that can be read: {error}"))
    };
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(unreadable)?;
    file.take(FILE_BYTES_MAX.saturating_add(1)).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > FILE_BYTES_MAX {
        return Err(Refusal::new(Reason::TooLong, "file", path.display(), format!("{FILE_BYTES_MAX} bytes")));
    }
    Ok(bytes)
}

/// The first line of a file with a PIN or a password; `-` is standard input.
pub(super) fn read_secret(field: &str, path: &Path) -> Result<Zeroizing<String>, Refusal> {
    let mut text = Zeroizing::new(String::new());
    let read = if path == Path::new("-") {
        stdin().take(SECRET_BYTES_MAX).read_to_string(&mut text)
    } else {
        File::open(path).and_then(|file| file.take(SECRET_BYTES_MAX).read_to_string(&mut text))
    };
    read.map_err(|error| Refusal::new(Reason::Malformed, field, path.display(), format!("a file with text: {error}")))?;
    Ok(Zeroizing::new(text.lines().next().unwrap_or_default().to_owned()))
}

/// Writes a file whole or not at all.
pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<(), OperationError> {
    write_public(path, bytes).map_err(|error| {
        OperationError::Failed(anyhow::Error::from(error).context(format!("{} cannot be written", path.display())))
    })
}
