//! Files that commands read and write, with limits and errors that name them.

use std::fs::File;
use std::io::{Read, stdin};
use std::path::Path;

use counterfoil_core::refusal::{Reason, Refusal};
use flate2::read::MultiGzDecoder;
use zeroize::Zeroizing;

use crate::folder::write_public;
use crate::import::Format;
use crate::operation_error::OperationError;

/// The most bytes of a file, unpacked; in base64 it fits into one operation.
const FILE_BYTES_MAX: u64 = 128 * 1_048_576;
const SECRET_BYTES_MAX: u64 = 4_096;
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// The bytes of a file.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, Refusal> {
    let unreadable = |error: std::io::Error| {
        Refusal::new(Reason::Malformed, "file", path.display(), format!("a file that can be read: {error}"))
    };
    limited(path, File::open(path).map_err(unreadable)?, FILE_BYTES_MAX)
}

/// The bytes of a file to import, unpacked if it is gzip, and what it holds.
pub(super) fn read_table(path: &Path) -> Result<(Vec<u8>, Format), Refusal> {
    let packed = read(path)?;
    let bytes = if packed.starts_with(&GZIP_MAGIC) {
        limited(path, MultiGzDecoder::new(packed.as_slice()), FILE_BYTES_MAX)?
    } else {
        packed
    };
    let first = bytes.iter().find(|byte| !byte.is_ascii_whitespace() && !b"\xef\xbb\xbf".contains(byte));
    let format = if first == Some(&b'[') { Format::Json } else { Format::Csv };
    Ok((bytes, format))
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

fn limited(path: &Path, from: impl Read, bytes_max: u64) -> Result<Vec<u8>, Refusal> {
    let mut bytes = Vec::new();
    from.take(bytes_max.saturating_add(1)).read_to_end(&mut bytes).map_err(|error| {
        Refusal::new(Reason::Malformed, "file", path.display(), format!("a file that can be read: {error}"))
    })?;
    if bytes.len() as u64 > bytes_max {
        return Err(Refusal::new(Reason::TooLong, "file", path.display(), format!("{bytes_max} bytes")));
    }
    Ok(bytes)
}
