//! The target `quote` for cargo-fuzz.

#![no_main]

use counterfoil_fuzz::targets::quote;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| quote::run(bytes));
