//! The target `basket` for cargo-fuzz.

#![no_main]

use counterfoil_fuzz::targets::basket;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| basket::run(bytes));
