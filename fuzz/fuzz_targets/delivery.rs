//! The target `delivery` for cargo-fuzz.

#![no_main]

use counterfoil_fuzz::targets::delivery;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| delivery::run(bytes));
