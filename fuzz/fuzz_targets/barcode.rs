//! The target `barcode` for cargo-fuzz.

#![no_main]

use counterfoil_fuzz::targets::barcode;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| barcode::run(bytes));
