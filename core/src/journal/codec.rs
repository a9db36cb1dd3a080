//! Bytes of values: postcard for payloads, read strictly, and a bounded reader for fixed layouts.
//!
//! postcard is not self-describing and ignores what it does not need: bytes that are left over, and second spellings
//! of one number (`80 00` for `00`). A hash must fix one meaning, so [`decode`] takes bytes only if nothing is left
//! over and the value encodes to the same bytes again. Example: 1999 as `i64` is `9e 1f` and nothing else.

use postcard::ser_flavors::Flavor;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::journal::fault::Fault;

/// The bytes of a value; the inverse of [`decode`].
#[must_use]
pub fn encode<T: Serialize>(value: &T) -> Vec<u8> {
    postcard::to_stdvec(value).expect("payloads are plain structs of known length, which always encode into memory")
}

/// Reads a value from exactly these bytes; the inverse of [`encode`].
///
/// # Errors
/// The bytes are not such a value, something is left over, or they are not what the value encodes to.
pub fn decode<T: Serialize + DeserializeOwned>(bytes: &[u8]) -> Result<T, Fault> {
    let what = "payload";
    let (value, rest) = postcard::take_from_bytes::<T>(bytes)
        .map_err(|_| Fault::Malformed { what, expected: "a value of its type and version" })?;
    if !rest.is_empty() {
        let expected = bytes.len().saturating_sub(rest.len());
        return Err(Fault::TrailingBytes { what, expected, came: bytes.len() });
    }
    match postcard::serialize_with_flavor(&value, Expected(bytes)) {
        Ok(()) => Ok(value),
        Err(_) => Err(Fault::NotCanonical { what }),
    }
}

/// Takes encoded bytes as long as they are the ones that are expected next, and keeps none of them.
struct Expected<'a>(&'a [u8]);

impl Flavor for Expected<'_> {
    type Output = ();

    fn try_extend(&mut self, bytes: &[u8]) -> postcard::Result<()> {
        self.0 = self.0.strip_prefix(bytes).ok_or(postcard::Error::SerializeBufferFull)?;
        Ok(())
    }

    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        self.try_extend(&[byte])
    }

    fn finalize(self) -> postcard::Result<()> {
        if self.0.is_empty() { Ok(()) } else { Err(postcard::Error::SerializeBufferFull) }
    }
}

/// Reads a fixed layout, big-endian, from the front; never beyond the end.
#[derive(Debug)]
pub struct Reader<'a> {
    what: &'static str,
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    /// Reads `bytes`, which a fault will call `what`.
    #[must_use]
    pub const fn new(what: &'static str, bytes: &'a [u8]) -> Self {
        Self { what, bytes, at: 0 }
    }

    /// The next `count` bytes.
    ///
    /// # Errors
    /// There are fewer.
    pub fn take(&mut self, count: usize) -> Result<&'a [u8], Fault> {
        let end = self.at.saturating_add(count);
        let taken = self.bytes.get(self.at..end).ok_or(Fault::Truncated {
            what: self.what,
            expected: end,
            came: self.bytes.len(),
        })?;
        self.at = end;
        Ok(taken)
    }

    /// The next `N` bytes.
    ///
    /// # Errors
    /// There are fewer.
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], Fault> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    /// The next byte.
    ///
    /// # Errors
    /// There is none.
    pub fn u8(&mut self) -> Result<u8, Fault> {
        self.array().map(u8::from_be_bytes)
    }

    /// The next two bytes as a number.
    ///
    /// # Errors
    /// There are fewer.
    pub fn u16(&mut self) -> Result<u16, Fault> {
        self.array().map(u16::from_be_bytes)
    }

    /// The next two bytes as a number with sign.
    ///
    /// # Errors
    /// There are fewer.
    pub fn i16(&mut self) -> Result<i16, Fault> {
        self.array().map(i16::from_be_bytes)
    }

    /// The next four bytes as a number.
    ///
    /// # Errors
    /// There are fewer.
    pub fn u32(&mut self) -> Result<u32, Fault> {
        self.array().map(u32::from_be_bytes)
    }

    /// The next eight bytes as a number.
    ///
    /// # Errors
    /// There are fewer.
    pub fn u64(&mut self) -> Result<u64, Fault> {
        self.array().map(u64::from_be_bytes)
    }

    /// The next eight bytes as a number with sign.
    ///
    /// # Errors
    /// There are fewer.
    pub fn i64(&mut self) -> Result<i64, Fault> {
        self.array().map(i64::from_be_bytes)
    }

    /// A length of four bytes, and so many bytes.
    ///
    /// # Errors
    /// The length is above `bytes_max`, or there are fewer bytes.
    pub fn framed(&mut self, bytes_max: usize) -> Result<&'a [u8], Fault> {
        let came = self.u32()?;
        match usize::try_from(came) {
            Ok(length) if length <= bytes_max => self.take(length),
            _ => Err(too_large(self.what, bytes_max, u64::from(came))),
        }
    }

    /// How many bytes have been read.
    #[must_use]
    pub const fn position(&self) -> usize {
        self.at
    }

    /// Ends the reading.
    ///
    /// # Errors
    /// Bytes are left over.
    pub const fn finish(self) -> Result<(), Fault> {
        if self.at == self.bytes.len() {
            return Ok(());
        }
        Err(Fault::TrailingBytes { what: self.what, expected: self.at, came: self.bytes.len() })
    }
}

/// The fault of something that is larger than its limit.
pub(crate) fn too_large(what: &'static str, limit: usize, came: u64) -> Fault {
    Fault::TooLarge { what, limit: u64::try_from(limit).unwrap_or(u64::MAX), came }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_value_has_one_spelling() {
        assert_eq!(encode(&1999_i64), [0x9E, 0x1F]);
        assert_eq!(decode::<i64>(&[0x9E, 0x1F]), Ok(1999));
        assert_eq!(decode::<u64>(&[0x80, 0x00]), Err(Fault::NotCanonical { what: "payload" }));
        assert_eq!(decode::<u8>(&[1, 2]), Err(Fault::TrailingBytes { what: "payload", expected: 1, came: 2 }));
        for bytes in [&[][..], &[0x80], &[0xFF; 11]] {
            assert!(matches!(decode::<u64>(bytes), Err(Fault::Malformed { .. })), "{bytes:?}");
        }
    }

    #[test]
    fn a_length_beyond_its_limit_is_refused_before_it_is_read() {
        let mut reader = Reader::new("name", &[0xFF; 4]);
        let fault = Fault::TooLarge { what: "name", limit: 10, came: u64::from(u32::MAX) };
        assert_eq!(reader.framed(10), Err(fault));
        let mut reader = Reader::new("name", &[0, 0, 0, 2, 7]);
        assert_eq!(reader.framed(10), Err(Fault::Truncated { what: "name", expected: 6, came: 5 }));
    }

    #[test]
    fn nothing_may_be_left_over() {
        let mut reader = Reader::new("pair", &[0, 1, 255, 255, 9]);
        assert_eq!((reader.u16(), reader.i16()), (Ok(1), Ok(-1)));
        assert_eq!(reader.position(), 4);
        assert_eq!(reader.finish(), Err(Fault::TrailingBytes { what: "pair", expected: 4, came: 5 }));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            if let Ok(value) = decode::<(String, Vec<i64>, Option<bool>)>(&bytes) {
                prop_assert_eq!(encode(&value), bytes);
            }
        }
    }
}
