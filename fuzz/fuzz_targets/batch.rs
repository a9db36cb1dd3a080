//! The target `batch` for cargo-fuzz.

#![no_main]

use counterfoil_fuzz::targets::batch;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| batch::run(bytes));
