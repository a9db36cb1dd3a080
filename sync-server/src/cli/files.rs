//! Files that commands read and write, with limits and errors that name them.

use std::fs::File;
use std::io::{Read, stdin};
use std::path::Path;

use counterfoil_core::journal::parcel;
use counterfoil_core::refusal::{Reason, Refusal};
use zeroize::Zeroizing;

use crate::folder::write_public;
use crate::operation_error::OperationError;

/// The most bytes of a file; in base64 it fits into one operation.
const FILE_BYTES_MAX: u64 = 128 * 1_048_576;
/// How a signed document begins that is in no parcel.
const SIGNED_MAGIC: &[u8] = b"CFSD";
const SECRET_BYTES_MAX: u64 = 4_096;

/// Opens a file.
pub(super) fn open(path: &Path) -> Result<File, OperationError> {
    File::open(path).map_err(|error| unreadable(path, error))
}

/// The bytes of a parcel or of one signed document. A parcel that is cut short or not whole is refused by its name.
pub(super) fn read_parcel(path: &Path) -> Result<Vec<u8>, OperationError> {
    let mut bytes = Vec::new();
    let file = open(path)?;
    file.take(FILE_BYTES_MAX.saturating_add(1)).read_to_end(&mut bytes).map_err(|error| unreadable(path, error))?;
    if bytes.len() as u64 > FILE_BYTES_MAX {
        return Err(Refusal::new(Reason::TooLong, "file", path.display(), format!("{FILE_BYTES_MAX} bytes")).into());
    }
    if !bytes.starts_with(SIGNED_MAGIC) {
        parcel::open(&path.display().to_string(), &bytes)?;
    }
    Ok(bytes)
}

/// The first line of a file with a PIN or a password; `-` is standard input.
pub(super) fn read_secret(field: &str, path: &Path) -> Result<Zeroizing<String>, OperationError> {
    let mut bytes = Zeroizing::new(Vec::new());
    let read = if path == Path::new("-") {
        stdin().take(SECRET_BYTES_MAX).read_to_end(&mut bytes)
    } else {
        open(path)?.take(SECRET_BYTES_MAX).read_to_end(&mut bytes)
    };
    read.map_err(|error| unreadable(path, error))?;
    let not_text = |_| Refusal::new(Reason::Malformed, field, path.display(), "a file with text");
    let text = std::str::from_utf8(&bytes).map_err(not_text)?;
    Ok(Zeroizing::new(text.lines().next().unwrap_or_default().to_owned()))
}

fn unreadable(path: &Path, error: std::io::Error) -> OperationError {
    OperationError::Failed(anyhow::Error::from(error).context(format!("{} cannot be read", path.display())))
}

/// Writes a file whole or not at all.
pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<(), OperationError> {
    write_public(path, bytes).map_err(|error| {
        OperationError::Failed(anyhow::Error::from(error).context(format!("{} cannot be written", path.display())))
    })
}
