//! The acknowledgement (the *counterfoil*): head office has this journal up to this entry.
//!
//! The till keeps the signed bytes; they are its proof that the goods have arrived, and by epoch and nonce a later
//! hello shows which answer the till has seen last. The epoch is new at every restore or promotion of head office and
//! never below what any till shows; within one epoch the acknowledged seq of a journal never goes back.
//! Example: epoch 2, seq 812 above a head of 700 in epoch 3 means that head office was restored and lost 112 entries.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::hex;
use crate::id::{Hash, JournalId};
use crate::journal::fault::Fault;
use crate::journal::key::{Domain, SigningKey};
use crate::journal::signed::{Statement, Unverified, Verified, sign_statement};
use crate::time::Timestamp;

/// One life of head office's store. Two epochs with one counter are still two, told apart by their random bits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Epoch {
    /// Higher at every restore or promotion.
    pub counter: u64,
    /// 64 random bits.
    pub random: [u8; 8],
}

impl fmt::Display for Epoch {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}-", self.counter)?;
        hex::write(&self.random, formatter)
    }
}

impl fmt::Debug for Epoch {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

/// Sixteen random bytes that make one acknowledgement different from any other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Nonce(pub [u8; 16]);

/// What head office states to a till.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acknowledgement {
    /// Whose journal.
    pub journal: JournalId,
    /// The newest entry that head office holds; 0 for none.
    pub seq: u64,
    /// Its hash; zeros for none.
    pub hash: Hash,
    /// The epoch of head office.
    pub epoch: Epoch,
    /// Head office's clock.
    pub time: Timestamp,
    /// Makes it different from any other.
    pub nonce: Nonce,
}

/// An acknowledgement as it came.
pub type UnverifiedAcknowledgement = Unverified<Acknowledgement>;

/// An acknowledgement that head office has signed.
pub type VerifiedAcknowledgement = Verified<Acknowledgement>;

impl Acknowledgement {
    /// Signs it with head office's key.
    ///
    /// # Errors
    /// Seq and hash contradict one another.
    pub fn sign(&self, key: &SigningKey) -> Result<Vec<u8>, Fault> {
        sign_statement(self, key)
    }

    /// Reads the bytes of an acknowledgement.
    ///
    /// # Errors
    /// They are not exactly one acknowledgement.
    pub fn read(bytes: &[u8]) -> Result<UnverifiedAcknowledgement, Fault> {
        Unverified::read(bytes)
    }
}

impl Statement for Acknowledgement {
    const DOMAIN: Domain = Domain::Acknowledgement;

    fn check(&self) -> Result<(), Fault> {
        if (self.seq == 0) == (self.hash == Hash::ZERO) {
            return Ok(());
        }
        Err(Fault::BrokenChain { expected: Hash::ZERO, came: self.hash }.at(self.journal, self.seq))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn acknowledgement() -> Acknowledgement {
        Acknowledgement {
            journal: JournalId([0xA1; 16]),
            seq: 300,
            hash: Hash([0xB2; 32]),
            epoch: Epoch { counter: 2, random: [0xC3; 8] },
            time: Timestamp(1_795_248_000_123),
            nonce: Nonce([0xD4; 16]),
        }
    }

    #[test]
    fn the_bytes_of_an_acknowledgement_are_golden() {
        let key = SigningKey::from_seed([7; 32]);
        let bytes = acknowledgement().sign(&key).unwrap();
        let payload = [
            &[0xA1; 16][..],
            &[0xAC, 0x02],
            &[0xB2; 32],
            &[2],
            &[0xC3; 8],
            &[0xF6, 0xB1, 0xF4, 0xD1, 0xBF, 0x68],
            &[0xD4; 16],
        ]
        .concat();
        assert_eq!(bytes[..10], *b"CFSD\x01\x03\x00\x00\x00\x51");
        assert_eq!(bytes[10..91], payload);
        let signature = concat!(
            "ef00b3799115de47f274ec28b1a5883272d964d604188c7723024cf5346f59dd",
            "d350f605079fa820d572ea17f37fa63aa7a7880a81582082eb298d18c87a110c",
        );
        assert_eq!(hex::encode(&bytes[91..]), signature);
        let verified = Acknowledgement::read(&bytes).unwrap().verify(&key.public_key()).unwrap();
        assert_eq!((verified.statement(), verified.proof()), (&acknowledgement(), &bytes[..]));
    }

    #[test]
    fn every_bit_counts() {
        let key = SigningKey::from_seed([7; 32]);
        let bytes = acknowledgement().sign(&key).unwrap();
        for bit in 0..bytes.len() * 8 {
            let mut altered = bytes.clone();
            altered[bit / 8] ^= 1 << (bit % 8);
            let verified = Acknowledgement::read(&altered).and_then(|read| read.verify(&key.public_key()));
            assert!(verified.is_err(), "bit {bit}");
        }
    }

    #[test]
    fn nothing_held_has_no_hash() {
        let key = SigningKey::from_seed([7; 32]);
        assert!(Acknowledgement { seq: 0, ..acknowledgement() }.sign(&key).is_err());
        assert!(Acknowledgement { hash: Hash::ZERO, ..acknowledgement() }.sign(&key).is_err());
        assert!(Acknowledgement { seq: 0, hash: Hash::ZERO, ..acknowledgement() }.sign(&key).is_ok());
    }
}
