//! The bytes of a file to import, unpacked if it is gzip, without a byte order mark.
//!
//! The program opens the file. What it holds is told by its name, or else by its first character: `[` begins a JSON
//! array. The whole file is held in memory, so it has a limit: 512 MiB unpacked, ten times a year of a large shop's
//! invoice lines.

use std::io::{Error, Read};

use flate2::read::MultiGzDecoder;

use crate::refusal::{Reason, Refusal};

/// The most bytes of a file, unpacked.
pub const FILE_BYTES_MAX: u64 = 512 * 1_048_576;

const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// What a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Lines of separated values with a header.
    Csv,
    /// An array of objects.
    Json,
}

/// A file to import.
#[derive(Debug)]
pub struct Source {
    bytes: Vec<u8>,
    format: Format,
}

impl Source {
    /// Reads a file by the name under which it was opened, or refuses it by that name.
    ///
    /// # Errors
    /// It cannot be opened, read or unpacked, or is larger than `FILE_BYTES_MAX`.
    pub fn read(name: &str, opened: Result<impl Read, Error>) -> Result<Self, Refusal> {
        let unreadable =
            |error: Error| Refusal::new(Reason::Malformed, "file", name, format!("a file to import: {error}"));
        let packed = opened.and_then(limited).map_err(unreadable)?;
        let bytes = if packed.starts_with(&GZIP_MAGIC) {
            limited(MultiGzDecoder::new(packed.as_slice())).map_err(unreadable)?
        } else {
            packed
        };
        if bytes.len() as u64 > FILE_BYTES_MAX {
            return Err(Refusal::new(Reason::TooLong, "file", name, format!("{FILE_BYTES_MAX} bytes")));
        }
        let format = format_of(name, &bytes);
        Ok(Self { bytes, format })
    }

    /// What is in it.
    #[must_use]
    pub const fn format(&self) -> Format {
        self.format
    }

    /// Its bytes, without a byte order mark.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        self.bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&self.bytes)
    }
}

/// All bytes, or one more than the limit.
fn limited(from: impl Read) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    from.take(FILE_BYTES_MAX.saturating_add(1)).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn format_of(name: &str, bytes: &[u8]) -> Format {
    let name = name.to_lowercase();
    let name = name.strip_suffix(".gz").unwrap_or(&name);
    let bytes = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes);
    if name.ends_with(".json") {
        Format::Json
    } else if name.ends_with(".csv") || bytes.trim_ascii_start().first() != Some(&b'[') {
        Format::Csv
    } else {
        Format::Json
    }
}

#[cfg(test)]
mod tests {
    use std::io::{ErrorKind, Write};

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn check(name: &str, bytes: &[u8], format: Format, expected: &[u8]) {
        let source = Source::read(name, Ok(bytes)).unwrap();
        assert_eq!((source.format(), source.bytes()), (format, expected), "{name}");
    }

    #[test]
    fn a_file_is_told_by_its_name_or_its_first_character() {
        check("a.csv", b"\xef\xbb\xbfcode", Format::Csv, b"code");
        check("a.json", b"[1]", Format::Json, b"[1]");
        check("a", b" [1]", Format::Json, b" [1]");
        check("a.txt", b"code,name", Format::Csv, b"code,name");
        check("a.csv", b"[code],name", Format::Csv, b"[code],name");
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(b"[2]").unwrap();
        check("a.JSON.gz", &encoder.finish().unwrap(), Format::Json, b"[2]");
    }

    #[test]
    fn a_file_that_is_not_there_or_broken_is_refused_by_name() {
        let check = |opened: Result<&[u8], Error>| {
            let refusal = Source::read("a.csv.gz", opened).unwrap_err();
            assert_eq!((refusal.field(), refusal.value()), ("file", "a.csv.gz"));
        };
        check(Err(Error::from(ErrorKind::NotFound)));
        check(Ok(&[0x1f, 0x8b, 8, 0, 1, 2, 3]));
    }
}
