//! The signed document: what every message between till and head office is, whether it travels by TLS or on a stick.
//!
//! Layout, big-endian: magic `CFSD` | format `u8` = 1 | kind `u8` (see [`Domain::kind`]) | payload length `u32` |
//! payload | signature `[64]` over all before it. Transport is never trusted, only the signature; and because all bytes
//! are signed, a document cannot be altered without being refused. A [`Statement`] is a payload with a meaning; its
//! bytes come in as [`Unverified`], and only a key turns that into [`Verified`].

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::journal::codec::{Reader, decode, encode, too_large};
use crate::journal::fault::Fault;
use crate::journal::key::{Domain, PublicKey, Signature, SigningKey};

/// The most bytes of one payload: 1 MiB, for a page of master data.
pub const PAYLOAD_BYTES_MAX: usize = 1_048_576;

/// The bytes of a document around its payload.
pub const FRAME_BYTES: usize = 74;

/// The most bytes of one document; a receiver need not read more.
pub const DOCUMENT_BYTES_MAX: usize = PAYLOAD_BYTES_MAX + FRAME_BYTES;

const MAGIC: [u8; 4] = *b"CFSD";
const FORMAT: u8 = 1;
const SIGNATURE_BYTES: usize = 64;

/// Signs a payload into a document; the inverse of [`open`].
///
/// # Errors
/// The payload is larger than [`PAYLOAD_BYTES_MAX`].
pub fn sign(domain: Domain, payload: &[u8], key: &SigningKey) -> Result<Vec<u8>, Fault> {
    let length = u32::try_from(payload.len()).unwrap_or(u32::MAX);
    if payload.len() > PAYLOAD_BYTES_MAX {
        return Err(too_large(domain.name(), PAYLOAD_BYTES_MAX, u64::from(length)));
    }
    let mut bytes = Vec::with_capacity(payload.len().saturating_add(FRAME_BYTES));
    bytes.extend_from_slice(&MAGIC);
    bytes.push(FORMAT);
    bytes.push(domain.kind());
    bytes.extend_from_slice(&length.to_be_bytes());
    bytes.extend_from_slice(payload);
    let signature = key.sign(domain, &bytes);
    bytes.extend_from_slice(&signature.0);
    Ok(bytes)
}

/// The payload of a document of this domain, signed by this key; the inverse of [`sign`].
///
/// # Errors
/// The bytes are not exactly one such document, or the signature is not of this key.
pub fn open(domain: Domain, bytes: &[u8], key: &PublicKey) -> Result<Vec<u8>, Fault> {
    let sealed = Sealed::read(domain, bytes)?;
    sealed.verify(key)?;
    Ok(sealed.payload().to_vec())
}

/// The payload of a document of this domain that anybody may have written: to find the key that it should open with,
/// and for nothing else.
///
/// # Errors
/// The frame is not exactly that of such a document.
pub fn unverified_payload(domain: Domain, bytes: &[u8]) -> Result<&[u8], Fault> {
    let mut reader = Reader::new(domain.name(), bytes);
    let payload = read_frame(domain, &mut reader)?;
    reader.finish()?;
    Ok(payload)
}

/// Splits a document of this domain from what follows it.
pub(crate) fn split(domain: Domain, bytes: &[u8]) -> Result<(&[u8], &[u8]), Fault> {
    let mut reader = Reader::new(domain.name(), bytes);
    read_frame(domain, &mut reader)?;
    Ok(bytes.split_at(reader.position()))
}

fn read_frame<'a>(domain: Domain, reader: &mut Reader<'a>) -> Result<&'a [u8], Fault> {
    let what = domain.name();
    if reader.array()? != MAGIC {
        return Err(Fault::Malformed { what, expected: "a signed document, which begins with CFSD" });
    }
    let format = reader.u8()?;
    if format != FORMAT {
        return Err(Fault::UnknownFormat { what, expected: u64::from(FORMAT), came: u64::from(format) });
    }
    let came = reader.u8()?;
    if came != domain.kind() {
        return Err(Fault::WrongKind { what, expected: domain.kind(), came });
    }
    let payload = reader.framed(PAYLOAD_BYTES_MAX)?;
    reader.take(SIGNATURE_BYTES)?;
    Ok(payload)
}

/// A document whose frame is right and whose signature has not been checked.
#[derive(Clone, Debug)]
struct Sealed {
    domain: Domain,
    bytes: Vec<u8>,
}

impl Sealed {
    /// Checks the frame: magic, format, kind, length, and nothing left over.
    fn read(domain: Domain, bytes: &[u8]) -> Result<Self, Fault> {
        unverified_payload(domain, bytes)?;
        Ok(Self { domain, bytes: bytes.to_vec() })
    }

    /// What the document says, whoever wrote it.
    fn payload(&self) -> &[u8] {
        let signed = self.bytes.len().saturating_sub(SIGNATURE_BYTES);
        self.bytes.get(FRAME_BYTES.saturating_sub(SIGNATURE_BYTES)..signed).unwrap_or_default()
    }

    /// The exact bytes, signature included.
    fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Checks whose it is.
    fn verify(&self, key: &PublicKey) -> Result<(), Fault> {
        let bad = Fault::BadSignature { what: self.domain.name() };
        let (signed, signature) = self.bytes.split_last_chunk::<SIGNATURE_BYTES>().ok_or(bad)?;
        key.verify(self.domain, signed, &Signature(*signature))
    }
}

/// A payload with a meaning, of one domain.
pub trait Statement: Serialize + DeserializeOwned {
    /// What it is signed for.
    const DOMAIN: Domain;

    /// Checks the limits that the type itself does not set.
    ///
    /// # Errors
    /// One is exceeded.
    fn check(&self) -> Result<(), Fault>;
}

/// Signs a statement; the inverse of [`Unverified::read`] and [`Unverified::verify`].
///
/// # Errors
/// The statement exceeds its limits.
pub fn sign_statement<T: Statement>(statement: &T, key: &SigningKey) -> Result<Vec<u8>, Fault> {
    statement.check()?;
    sign(T::DOMAIN, &encode(statement), key)
}

/// A statement that anybody may have written.
#[derive(Clone, Debug)]
pub struct Unverified<T> {
    sealed: Sealed,
    claimed: T,
}

impl<T: Statement> Unverified<T> {
    /// Reads the bytes of a document.
    ///
    /// # Errors
    /// They are not exactly one document of this domain with a statement within its limits.
    pub fn read(bytes: &[u8]) -> Result<Self, Fault> {
        let sealed = Sealed::read(T::DOMAIN, bytes)?;
        let claimed = decode::<T>(sealed.payload())?;
        claimed.check()?;
        Ok(Self { sealed, claimed })
    }

    /// What it says, to find the key that it should verify with, and for nothing else.
    #[must_use]
    pub const fn claimed(&self) -> &T {
        &self.claimed
    }

    /// Checks whose it is.
    ///
    /// # Errors
    /// The signature is not of this key.
    pub fn verify(self, key: &PublicKey) -> Result<Verified<T>, Fault> {
        self.sealed.verify(key)?;
        Ok(Verified { sealed: self.sealed, statement: self.claimed })
    }
}

/// A statement that the owner of the key has made, with the proof.
#[derive(Clone, Debug)]
pub struct Verified<T> {
    sealed: Sealed,
    statement: T,
}

impl<T> Verified<T> {
    /// What was stated.
    #[must_use]
    pub const fn statement(&self) -> &T {
        &self.statement
    }

    /// The signed document, which proves it to others.
    #[must_use]
    pub fn proof(&self) -> &[u8] {
        self.sealed.bytes()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key() -> SigningKey {
        SigningKey::from_seed([3; 32])
    }

    #[test]
    fn a_document_opens_only_as_what_it_was_signed_as() {
        let bytes = sign(Domain::Grant, b"series", &key()).unwrap();
        assert_eq!(bytes.len(), FRAME_BYTES + 6);
        assert_eq!(bytes[..16], *b"CFSD\x01\x04\x00\x00\x00\x06series");
        assert_eq!(open(Domain::Grant, &bytes, &key().public_key()).unwrap(), b"series");
        let fault = open(Domain::Stop, &bytes, &key().public_key()).unwrap_err();
        assert_eq!(fault, Fault::WrongKind { what: "stop", expected: 6, came: 4 });
        let mut renamed = bytes.clone();
        renamed[5] = Domain::Stop.kind();
        let fault = open(Domain::Stop, &renamed, &key().public_key()).unwrap_err();
        assert_eq!(fault, Fault::BadSignature { what: "stop" });
        let other = SigningKey::from_seed([4; 32]).public_key();
        assert_eq!(open(Domain::Grant, &bytes, &other).unwrap_err(), Fault::BadSignature { what: "grant" });
    }

    #[test]
    fn every_bit_every_prefix_and_every_addition_is_noticed() {
        let bytes = sign(Domain::Feed, b"page", &key()).unwrap();
        let opens = |bytes: &[u8]| open(Domain::Feed, bytes, &key().public_key()).is_ok();
        assert!(opens(&bytes));
        for bit in 0..bytes.len() * 8 {
            let mut altered = bytes.clone();
            altered[bit / 8] ^= 1 << (bit % 8);
            assert!(!opens(&altered), "bit {bit}");
        }
        for length in 0..bytes.len() {
            assert!(!opens(&bytes[..length]), "{length} bytes");
        }
        assert!(!opens(&[&bytes[..], &[0]].concat()));
    }

    #[test]
    fn a_payload_has_a_limit_on_both_sides() {
        assert!(sign(Domain::Feed, &vec![0; PAYLOAD_BYTES_MAX], &key()).is_ok());
        let limit = PAYLOAD_BYTES_MAX as u64;
        let fault = Fault::TooLarge { what: "feed page", limit, came: limit + 1 };
        assert_eq!(sign(Domain::Feed, &vec![0; PAYLOAD_BYTES_MAX + 1], &key()).unwrap_err(), fault);
        let claimed = [b"CFSD\x01\x05".as_slice(), &(PAYLOAD_BYTES_MAX as u32 + 1).to_be_bytes()].concat();
        assert_eq!(open(Domain::Feed, &claimed, &key().public_key()).unwrap_err(), fault);
    }

    proptest! {
        #[test]
        fn any_bytes_are_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            for domain in Domain::ALL {
                prop_assert!(open(*domain, &bytes, &key().public_key()).is_err());
                let framed = [b"CFSD\x01".as_slice(), &[domain.kind()], &bytes].concat();
                prop_assert!(open(*domain, &framed, &key().public_key()).is_err());
            }
        }
    }
}
