//! The target `configuration` for cargo-fuzz.

#![no_main]

use counterfoil_fuzz::targets::configuration;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| configuration::run(bytes));
