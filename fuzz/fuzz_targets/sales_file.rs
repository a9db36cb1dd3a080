//! The target `sales_file` for cargo-fuzz.

#![no_main]

use counterfoil_fuzz::targets::sales_file;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| sales_file::run(bytes));
