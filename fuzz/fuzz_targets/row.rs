//! The target `row` for cargo-fuzz.

#![no_main]

use counterfoil_fuzz::targets::row;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| row::run(bytes));
