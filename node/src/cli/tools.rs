//! `till quote` and `till scan`: what needs no till.

use std::path::PathBuf;

use clap::Args;

use crate::cli::console::Console;
use crate::cli::input::Submissions;
use crate::cli::show;
use crate::clock::Clock;
use crate::failure::{Ending, Failure};
use crate::operations::Answer;
use crate::wire::quote::quote;
use crate::wire::scan::scan;

/// Prices baskets.
#[derive(Debug, Args)]
pub struct Quote {
    /// A file with one basket or JSON Lines of baskets, or - for standard input
    file: Option<PathBuf>,
}

impl Quote {
    /// Prices basket by basket.
    ///
    /// # Errors
    /// The input cannot be read, or nothing can be shown.
    pub fn run(&self, console: &Console) -> Result<Ending, Failure> {
        let today = Clock::in_zone("UTC")?.now().date();
        let submissions = Submissions::read(console.open_input(self.file.as_deref())?);
        let unreadable = |error| Failure::damaged("io", format!("the baskets cannot be read: {error}"));
        let (mut ending, mut baskets) = (Ending::Done, 0);
        loop {
            let lines = submissions.take(1).map_err(unreadable)?;
            if lines.is_empty() {
                Console::require_some(baskets)?;
                return Ok(ending);
            }
            for line in lines.iter().filter(|line| !line.is_blank()) {
                baskets += 1;
                let priced = quote(&line.text, today).map(|quote| Answer::done(&quote));
                let answer = priced.unwrap_or_else(|refusal| Answer::from(Failure::from(refusal)));
                ending = ending.max(console.show(&answer, show::fields)?);
            }
        }
    }
}

/// Decodes a barcode.
#[derive(Debug, Args)]
pub struct Scan {
    /// What the scanner read
    code: String,
}

impl Scan {
    /// Decodes it.
    ///
    /// # Errors
    /// Nothing can be shown.
    pub fn run(&self, console: &Console) -> Result<Ending, Failure> {
        let found = scan(&self.code);
        let ending = if found.valid { Ending::Done } else { Ending::Refused };
        console.show(&Answer::ended(ending, &found), show::told_fields)
    }
}
