//! The target `head_office_http` for cargo-fuzz.

#![no_main]

use counterfoil_fuzz::targets::head_office_http;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| head_office_http::run(bytes));
