//! The command line of `head-office`.
//!
//! Global options stand before or after the command. Exit codes: 0 done, 1 refused, 2 usage, 3 damaged data or I/O. With
//! `--json` one object goes to stdout; a refusal is `{"refused":{...}}` there. Each setting can come as a flag, as a
//! `COUNTERFOIL_*` variable or from `head-office.toml`, in this order.

mod args;
mod commands;
mod files;
mod import;
mod init;
mod progress;
mod reach;
mod serve;
mod show;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

use clap::Parser;
use serde_json::json;

use crate::folder::Folder;
use crate::operations::{Answer, Ending};
use crate::store::error::DAMAGED_ADVICE;
use args::{Arguments, Command, of_environment};

/// Runs the program with the arguments of the process.
#[must_use]
pub fn run() -> ExitCode {
    let arguments = Arguments::parse();
    let is_json = arguments.json;
    // A damaged store may make the engine panic; that too is an answer with exit code 3.
    let answer = catch_unwind(AssertUnwindSafe(|| dispatch(arguments))).unwrap_or_else(|_| Answer {
        ending: Ending::Damaged,
        body: json!({ "error": { "code": "damaged", "message": unreadable() } }),
    });
    show::print(&answer, is_json);
    ExitCode::from(answer.ending.exit_code())
}

/// What is said where the database itself stopped while it read.
fn unreadable() -> String {
    format!("head-office.redb cannot be read to its end, see above; {DAMAGED_ADVICE}")
}

fn dispatch(arguments: Arguments) -> Answer {
    let Arguments { data, json, settings, command } = arguments;
    let folder = data.map_or_else(Folder::of_user, Folder::new);
    let given = settings.given().over(of_environment());
    let done = match command {
        Command::Init(options) => init::run(folder, given, options),
        Command::Serve(settings) => serve::run(folder, settings.given().over(given), json),
        Command::Token(options) => commands::token(&folder, given, options),
        Command::Grant(options) => commands::grant(&folder, given, options),
        Command::Feed(options) => commands::feed(&folder, given, options),
        Command::Admin(options) => commands::admin(&folder, given, options),
        Command::Operator(options) => commands::operator(&folder, given, options),
        Command::Products(options) => commands::products(&folder, given, options),
        Command::Import(options) => import::run(&folder, given, options),
        Command::Ingest(options) => commands::ingest(&folder, given, &options),
        Command::Revoke(options) => commands::revoke(&folder, given, options),
        Command::Restore => commands::restore(&folder, given),
        Command::Audit => commands::audit(&folder, given),
        Command::Report(options) => commands::report(&folder, given, options),
    };
    done.unwrap_or_else(Answer::from)
}
