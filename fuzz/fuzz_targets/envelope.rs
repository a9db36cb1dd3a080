//! The target `envelope` for cargo-fuzz.

#![no_main]

use counterfoil_fuzz::targets::envelope;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| envelope::run(bytes));
