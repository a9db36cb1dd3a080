//! The target `payload` for cargo-fuzz.

#![no_main]

use counterfoil_fuzz::targets::payload;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| payload::run(bytes));
