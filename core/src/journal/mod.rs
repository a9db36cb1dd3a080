//! The journal: what happened on one till, chained, signed, and proven to have arrived.
//!
//! An *entry* is sealed once into bytes that are stored, hashed and sent exactly as first written; each names the hash
//! of the one before, so the newest hash (the *head*) fixes all of them. Nothing here knows what an entry means: bytes
//! go in, bytes or a [`fault::Fault`] come out. The chain makes a change visible, the signature says whose it is.
//! What is read from outside is first `Unverified...`; only a check against a public key turns it into `Verified...`.

// bytes
pub mod fault;
pub mod codec;
pub mod envelope;
mod pack;

// signatures
pub mod key;
pub mod signed;

// what till and head office say to one another
pub mod acknowledgement;
pub mod batch;
pub mod hello;
pub mod parcel;
