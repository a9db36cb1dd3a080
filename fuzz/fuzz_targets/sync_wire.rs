//! The target `sync_wire` for cargo-fuzz.

#![no_main]

use counterfoil_fuzz::targets::sync_wire;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| sync_wire::run(bytes));
