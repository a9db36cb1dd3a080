//! The till.

use std::process::ExitCode;

fn main() -> ExitCode {
    counterfoil_node::cli::run()
}
