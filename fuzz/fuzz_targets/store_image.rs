//! The target `store_image` for cargo-fuzz.

#![no_main]

use counterfoil_fuzz::targets::store_image;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| store_image::run(bytes));
