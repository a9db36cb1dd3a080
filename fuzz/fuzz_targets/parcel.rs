//! The target `parcel` for cargo-fuzz.

#![no_main]

use counterfoil_fuzz::targets::parcel;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| parcel::run(bytes));
