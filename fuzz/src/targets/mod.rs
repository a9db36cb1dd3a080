//! Fuzz targets: everything that comes from outside, each with the laws that hold whatever comes.
//!
//! A target takes any bytes and panics where a law is broken; that nothing else panics is the first law of all. What is
//! signed or chained is also attacked after signing the altered content anew with fixed keys, so that the bytes get past
//! signature and chain. `fuzz_targets` makes a program of each for cargo-fuzz, `tests/corpus.rs` replays them on stable.
//! Example: `run` of `quote` prices whatever basket the bytes make and adds the answer up again.

use counterfoil_core::journal::fault::Fault;
use counterfoil_core::refusal::Refusal;

pub mod draw;
pub mod mutation;
pub mod seeds;
pub mod shop;
pub mod signing;

pub mod barcode;
pub mod basket;
pub mod batch;
pub mod configuration;
pub mod delivery;
pub mod document;
pub mod envelope;
pub mod head_office_http;
pub mod parcel;
pub mod payload;
pub mod products_file;
pub mod quote;
pub mod row;
pub mod sales_file;
pub mod series;
pub mod store_image;
pub mod sync_wire;
pub mod till_http;

/// A target: what it is called, and what it does with the bytes.
pub type Target = (&'static str, fn(&[u8]));

/// All targets.
pub const TARGETS: [Target; 18] = [
    ("barcode", barcode::run),
    ("basket", basket::run),
    ("batch", batch::run),
    ("configuration", configuration::run),
    ("delivery", delivery::run),
    ("document", document::run),
    ("envelope", envelope::run),
    ("head_office_http", head_office_http::run),
    ("parcel", parcel::run),
    ("payload", payload::run),
    ("products_file", products_file::run),
    ("quote", quote::run),
    ("row", row::run),
    ("sales_file", sales_file::run),
    ("series", series::run),
    ("store_image", store_image::run),
    ("sync_wire", sync_wire::run),
    ("till_http", till_http::run),
];

/// A refusal names the field and the limit, has a code, and never carries a flood.
///
/// # Panics
/// It does not.
pub fn require_told(refusal: &Refusal) {
    assert!(!refusal.field().is_empty(), "a refusal without a field: {refusal}");
    assert!(!refusal.limit().is_empty(), "a refusal without a limit: {refusal}");
    assert!(!refusal.code().is_empty(), "a refusal without a code: {refusal}");
    assert!(refusal.value().chars().count() <= 123, "a refusal repeats {} bytes", refusal.value().len());
}

/// A fault says in words what was wrong.
///
/// # Panics
/// It does not.
pub fn require_worded(fault: &Fault) {
    let text = fault.to_string();
    assert!(!text.is_empty() && text.len() < 1_000, "a fault that says {text:?}");
    assert!(!fault.cause().to_string().is_empty());
}
