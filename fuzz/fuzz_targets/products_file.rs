//! The target `products_file` for cargo-fuzz.

#![no_main]

use counterfoil_fuzz::targets::products_file;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| products_file::run(bytes));
