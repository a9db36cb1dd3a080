//! The target `till_http` for cargo-fuzz.

#![no_main]

use counterfoil_fuzz::targets::till_http;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| till_http::run(bytes));
