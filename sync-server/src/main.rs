//! The program `head-office`.

use std::process::ExitCode;

fn main() -> ExitCode {
    counterfoil_sync_server::cli::run()
}
