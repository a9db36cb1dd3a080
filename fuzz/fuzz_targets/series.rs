//! The target `series` for cargo-fuzz.

#![no_main]

use counterfoil_fuzz::targets::series;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| series::run(bytes));
