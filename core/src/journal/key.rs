//! Keys and signatures: Ed25519 (RFC 8032), verified strictly, each for one purpose only.
//!
//! A journal's key is made on the till and lives in its own file; head office has one of its own. What is signed is
//! never bare bytes but domain text and bytes, each framed by its length, so that no message of one kind ever verifies
//! as another. Strict verification refuses weak keys and second spellings of a signature, so that a signature that
//! verifies here verifies everywhere. Example: a batch is signed as `19 | counterfoil-batch/1 | length | bytes`.

use std::fmt;
use std::str::FromStr;

use ed25519_dalek::Signer;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::Zeroizing;

use crate::hex;
use crate::journal::fault::Fault;
use crate::planted::{Bug, is_alive};
use crate::refusal::{Reason, Refusal};

/// What a signature is for. The text is part of what is signed, the kind a byte of the document's header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Domain {
    /// A run of entries, signed by the journal.
    Batch,
    /// The opening of an exchange, signed by the journal.
    Hello,
    /// Head office has the goods, signed by head office.
    Acknowledgement,
    /// A journal and its series, signed by head office.
    Grant,
    /// A page of master data, signed by head office.
    Feed,
    /// A journal must not go on, signed by head office.
    Stop,
    /// A till asks for a journal, signed by the new journal's key.
    Request,
    /// The code on a receipt, signed by the journal.
    Receipt,
    /// Whose key the journal's is, signed by head office.
    Certificate,
}

impl Domain {
    /// Every domain.
    pub const ALL: &'static [Self] = &[
        Self::Batch,
        Self::Hello,
        Self::Acknowledgement,
        Self::Grant,
        Self::Feed,
        Self::Stop,
        Self::Request,
        Self::Receipt,
        Self::Certificate,
    ];

    /// The text that is signed with every message of this domain. Never changes; a new version is a new domain.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Batch => "counterfoil-batch/1",
            Self::Hello => "counterfoil-hello/1",
            Self::Acknowledgement => "counterfoil-acknowledgement/1",
            Self::Grant => "counterfoil-grant/1",
            Self::Feed => "counterfoil-feed/1",
            Self::Stop => "counterfoil-stop/1",
            Self::Request => "counterfoil-request/1",
            Self::Receipt => "counterfoil-receipt/1",
            Self::Certificate => "counterfoil-certificate/1",
        }
    }

    /// The byte that says it in a document's header.
    #[must_use]
    pub const fn kind(self) -> u8 {
        match self {
            Self::Batch => 1,
            Self::Hello => 2,
            Self::Acknowledgement => 3,
            Self::Grant => 4,
            Self::Feed => 5,
            Self::Stop => 6,
            Self::Request => 7,
            Self::Receipt => 8,
            Self::Certificate => 9,
        }
    }

    /// What a fault calls a document of this domain.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Batch => "batch",
            Self::Hello => "hello",
            Self::Acknowledgement => "acknowledgement",
            Self::Grant => "grant",
            Self::Feed => "feed page",
            Self::Stop => "stop",
            Self::Request => "journal request",
            Self::Receipt => "receipt code",
            Self::Certificate => "certificate",
        }
    }

    /// Domain text and message, each framed by its length.
    fn frame(self, message: &[u8]) -> Vec<u8> {
        let text = self.text().as_bytes();
        let (text_length, length) = (text.len() as u64, message.len() as u64);
        [&text_length.to_be_bytes(), text, &length.to_be_bytes(), message].concat()
    }
}

/// A secret key, wiped from memory when dropped and never shown.
#[derive(Clone)]
pub struct SigningKey(ed25519_dalek::SigningKey);

impl SigningKey {
    /// The key that these 32 random bytes are.
    #[must_use]
    pub fn from_seed(seed: [u8; 32]) -> Self {
        let seed = Zeroizing::new(seed);
        Self(ed25519_dalek::SigningKey::from_bytes(&seed))
    }

    /// The 32 bytes for the key file; the inverse of [`SigningKey::from_seed`].
    #[must_use]
    pub fn seed(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.0.to_bytes())
    }

    /// The public half.
    #[must_use]
    pub fn public_key(&self) -> PublicKey {
        PublicKey(self.0.verifying_key())
    }

    /// Signs `message` for `domain`; the inverse of [`PublicKey::verify`].
    #[must_use]
    pub fn sign(&self, domain: Domain, message: &[u8]) -> Signature {
        Signature(self.0.sign(&domain.frame(message)).to_bytes())
    }
}

/// Shows whose key it is and nothing of the key.
impl fmt::Debug for SigningKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "signing key of {}", self.public_key())
    }
}

/// The key by which others know a journal or head office.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PublicKey(ed25519_dalek::VerifyingKey);

impl PublicKey {
    /// Reads 32 bytes.
    ///
    /// # Errors
    /// They are no point of the curve in its one spelling, or a weak one with which anything verifies.
    pub fn from_bytes(bytes: [u8; 32]) -> Result<Self, Fault> {
        let fault = Fault::Malformed { what: "public key", expected: "a key of Ed25519" };
        let key = ed25519_dalek::VerifyingKey::from_bytes(&bytes).map_err(|_| fault.clone())?;
        if key.is_weak() || !is_canonical(bytes) { Err(fault) } else { Ok(Self(key)) }
    }

    /// The 32 bytes; the inverse of [`PublicKey::from_bytes`].
    #[must_use]
    pub fn to_bytes(&self) -> [u8; 32] {
        self.0.to_bytes()
    }

    /// Checks that this key signed `message` for `domain`; the inverse of [`SigningKey::sign`].
    ///
    /// # Errors
    /// It did not.
    pub fn verify(&self, domain: Domain, message: &[u8], signature: &Signature) -> Result<(), Fault> {
        if is_alive(Bug::SignatureNotChecked) {
            return Ok(());
        }
        let signature = ed25519_dalek::Signature::from_bytes(&signature.0);
        self.0
            .verify_strict(&domain.frame(message), &signature)
            .map_err(|_| Fault::BadSignature { what: domain.name() })
    }
}

/// Whether 32 bytes spell their y as a number below p = 2^255 - 19 (RFC 8032, 5.1.3). The other point with two spellings,
/// x = 0 with its sign set, is a weak one.
fn is_canonical(mut bytes: [u8; 32]) -> bool {
    let mut p = [0xff; 32];
    (p[0], p[31]) = (0xed, 0x7f);
    bytes[31] &= 0x7f;
    bytes.iter().rev().lt(p.iter().rev())
}

impl fmt::Display for PublicKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        hex::write(&self.to_bytes(), formatter)
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl FromStr for PublicKey {
    type Err = Refusal;

    fn from_str(text: &str) -> Result<Self, Refusal> {
        let refused = || Refusal::new(Reason::Malformed, "key", text, "64 hexadecimal digits of a key of Ed25519");
        hex::decode(text).and_then(|bytes| Self::from_bytes(bytes).ok()).ok_or_else(refused)
    }
}

impl Serialize for PublicKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_bytes().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for PublicKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::from_bytes(<[u8; 32]>::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

/// The 64 bytes of a signature.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Signature(pub [u8; 64]);

impl fmt::Debug for Signature {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        hex::write(&self.0, formatter)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn key(seed: u8) -> SigningKey {
        SigningKey::from_seed([seed; 32])
    }

    #[test]
    fn a_signature_is_of_one_key_one_domain_and_one_message() {
        let signature = key(1).sign(Domain::Batch, b"message");
        assert_eq!(key(1).public_key().verify(Domain::Batch, b"message", &signature), Ok(()));
        let refused = |public_key: PublicKey, domain: Domain, message: &[u8]| {
            assert!(public_key.verify(domain, message, &signature).is_err(), "{domain:?} {message:?}");
        };
        refused(key(2).public_key(), Domain::Batch, b"message");
        refused(key(1).public_key(), Domain::Batch, b"messagf");
        refused(key(1).public_key(), Domain::Batch, b"");
        for domain in Domain::ALL.iter().filter(|domain| **domain != Domain::Batch) {
            refused(key(1).public_key(), *domain, b"message");
        }
    }

    #[test]
    fn every_bit_of_a_signature_counts() {
        let signature = key(1).sign(Domain::Hello, b"message");
        for bit in 0..512 {
            let mut altered = signature;
            altered.0[bit / 8] ^= 1 << (bit % 8);
            assert!(key(1).public_key().verify(Domain::Hello, b"message", &altered).is_err(), "bit {bit}");
        }
    }

    #[test]
    fn domains_differ_in_text_and_kind() {
        let texts: BTreeSet<_> = Domain::ALL.iter().map(|domain| domain.text()).collect();
        let kinds: BTreeSet<_> = Domain::ALL.iter().map(|domain| domain.kind()).collect();
        assert_eq!((texts.len(), kinds.len()), (Domain::ALL.len(), Domain::ALL.len()));
    }

    #[test]
    fn keys_read_back_and_secrets_are_not_shown() {
        let key = key(7);
        assert_eq!(*key.seed(), [7; 32]);
        assert!(!format!("{key:?}").contains("0707"));
        let public_key = key.public_key();
        assert_eq!(PublicKey::from_bytes(public_key.to_bytes()), Ok(public_key));
        assert_eq!(public_key.to_string().parse::<PublicKey>(), Ok(public_key));
        for wrong in ["", "12", &"0".repeat(64), &"g".repeat(64), &public_key.to_string()[1..]] {
            let refusal = wrong.parse::<PublicKey>().unwrap_err();
            assert_eq!((refusal.code(), refusal.field()), ("malformed", "key"), "{wrong}");
        }
        assert_eq!(format!("{:?}", Signature([0xAB; 64])), "ab".repeat(64));
    }

    #[test]
    fn a_point_is_a_key_in_its_one_spelling_only() {
        let mut p = [0xFF; 32];
        (p[0], p[31]) = (0xED, 0x7F);
        let (mut accepted, mut second_spellings) = (0, 0);
        for sign in [0, 0x80] {
            for y in 0..19 {
                let (mut small, mut large) = ([0; 32], p);
                small[0] = y;
                large[0] += y;
                small[31] |= sign;
                large[31] |= sign;
                accepted += usize::from(PublicKey::from_bytes(small).is_ok());
                let other = ed25519_dalek::VerifyingKey::from_bytes(&large);
                second_spellings += usize::from(other.is_ok_and(|key| !key.is_weak()));
                assert!(PublicKey::from_bytes(large).is_err(), "p + {y}, sign {sign}");
            }
        }
        assert!(accepted > 0 && accepted == second_spellings, "{accepted} and {second_spellings}");
    }

    #[test]
    fn weak_keys_and_other_bytes_are_no_keys() {
        let mut one = [0; 32];
        one[0] = 1;
        for bytes in [[0; 32], one, [0xFF; 32]] {
            assert!(PublicKey::from_bytes(bytes).is_err(), "{bytes:?}");
        }
        assert_eq!("12".parse::<PublicKey>().unwrap_err().code(), "malformed");
    }
}
