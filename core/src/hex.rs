//! Bytes as hexadecimal digits, the form in which ids, keys and hashes are shown, stored as text and read.
//!
//! Lower case is written, both cases are read. Always: `decode(&encode(bytes)) == Some(bytes)`.
//! Example: the bytes 0, 171, 255 are `00abff`.

use std::fmt;

/// The digits of these bytes; the inverse of [`decode`].
#[must_use]
pub fn encode(bytes: &[u8]) -> String {
    let mut text = String::new();
    write(bytes, &mut text).expect("writing to a String never fails");
    text
}

/// So many bytes of exactly twice as many digits; the inverse of [`encode`].
#[must_use]
pub fn decode<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digits = text.as_bytes();
    let mut bytes = [0; N];
    if digits.len() != N.checked_mul(2)? || !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(bytes)
}

/// Writes the digits of these bytes.
pub(crate) fn write(bytes: &[u8], to: &mut impl fmt::Write) -> fmt::Result {
    bytes.iter().try_for_each(|byte| write!(to, "{byte:02x}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_read_back_and_nothing_else_is_read() {
        assert_eq!(encode(&[0, 171, 255]), "00abff");
        assert_eq!(decode::<3>("00abff"), Some([0, 171, 255]));
        assert_eq!(decode::<3>("00ABff"), Some([0, 171, 255]));
        assert_eq!((encode(&[]), decode::<0>("")), (String::new(), Some([])));
        for text in ["", "00", "00abff00", "+0ff00", "zzzzzz", "00ab€"] {
            assert_eq!(decode::<3>(text), None, "{text}");
        }
    }
}
