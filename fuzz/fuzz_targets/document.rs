//! The target `document` for cargo-fuzz.

#![no_main]

use counterfoil_fuzz::targets::document;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| document::run(bytes));
