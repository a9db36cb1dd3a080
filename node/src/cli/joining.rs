//! `till enrol` and `till sync`: head office over the network.

use clap::Args;

use crate::cli::console::Console;
use crate::cli::show;
use crate::failure::{Ending, Failure};
use crate::network;
use crate::operations::Answer;

/// Joins head office.
#[derive(Debug, Args)]
pub struct Enrol {
    /// Where head office is: https://HOST:PORT
    url: String,
    /// The one-time token of head office
    token: String,
}

impl Enrol {
    /// Joins it; in a folder without a till it makes one.
    ///
    /// # Errors
    /// Head office cannot be reached or refuses, or the till refuses.
    pub fn run(&self, console: &Console) -> Result<Ending, Failure> {
        let enrolled = network::enrol(&console.folder()?, &self.url, &self.token)?;
        console.show(&Answer::done(&enrolled), show::fields)
    }
}

/// Exchanges everything with head office.
#[derive(Debug, Args)]
pub struct Sync {
    /// Again and again until stopped
    #[arg(long)]
    watch: bool,
}

impl Sync {
    /// Syncs.
    ///
    /// # Errors
    /// The till is on its own, head office cannot be reached or refuses, or disk or data failed.
    pub fn run(&self, console: &Console) -> Result<Ending, Failure> {
        let folder = console.folder()?;
        folder.require_till()?;
        if !self.watch {
            return console.show(&Answer::done(&network::sync_once(&folder)?), show::fields);
        }
        network::sync_for_ever(&folder, &mut |synced| {
            let answer = synced.map_or_else(Answer::from, |report| Answer::done(&report));
            console.show(&answer, show::fields).map(drop)
        })?;
        Ok(Ending::Done)
    }
}
