//! Signs altered content anew, so that an attack gets past signatures, hashes and chains.
//!
//! Example: a payload of a hello with one bit flipped, signed by the test key, is a hello that its till really said.

use counterfoil_core::id::Hash;
use counterfoil_core::journal::batch::BatchHead;
use counterfoil_core::journal::codec::encode;
use counterfoil_core::journal::envelope::{ChainHead, Entry};
use counterfoil_core::journal::key::{Domain, SigningKey};
use counterfoil_core::journal::signed;
use sha2::{Digest, Sha256};

use super::draw::Draw;
use super::shop::{JOURNAL, now};

/// Every purpose of a signature.
pub const DOMAINS: [Domain; 7] =
    [Domain::Batch, Domain::Hello, Domain::Acknowledgement, Domain::Grant, Domain::Feed, Domain::Stop, Domain::Request];

/// Whatever these bytes are, signed for a purpose.
#[must_use]
pub fn sign(domain: Domain, payload: &[u8], key: &SigningKey) -> Option<Vec<u8>> {
    signed::sign(domain, payload, key).ok()
}

/// The document with its payload signed anew, if it has the frame of one.
#[must_use]
pub fn resign(domain: Domain, document: &[u8], key: &SigningKey) -> Option<Vec<u8>> {
    sign(domain, signed::unverified_payload(domain, document).ok()?, key)
}

/// A batch whose packed bytes are these and whose head says so, signed by `key`.
///
/// # Panics
/// A batch head is larger than a signed document, which it is not.
#[must_use]
pub fn batch_of(head: BatchHead, packed: &[u8], key: &SigningKey) -> Vec<u8> {
    let head = BatchHead { packed: Hash(Sha256::digest(packed).into()), ..head };
    let mut bytes = signed::sign(Domain::Batch, &encode(&head), key).expect("a head is small");
    bytes.extend_from_slice(packed);
    bytes
}

/// A run of entries that follow `head` and each other; what each says is drawn from the bytes.
#[must_use]
pub fn entries(mut head: ChainHead, bytes: &[u8]) -> Vec<Entry> {
    let mut draw = Draw::from(bytes);
    let (mut entries, mut minutes) = (Vec::new(), 0);
    while !draw.is_empty() && entries.len() < 64 {
        minutes += 1;
        let (event_type, version) = (u16::from(draw.byte() % 14), u16::from(draw.byte() / 128 + 1));
        let length = usize::try_from(draw.number(2)).unwrap_or(0);
        let payload = draw.bytes(length);
        match head.append(now(minutes), event_type, version, payload) {
            Ok((entry, next)) => {
                entries.push(entry);
                head = next;
            }
            Err(_) => break,
        }
    }
    entries
}

/// The chain before the first entry of the test till's journal.
#[must_use]
pub const fn start() -> ChainHead {
    ChainHead::start(JOURNAL)
}
