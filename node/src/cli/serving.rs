//! `till serve`: the local API, and sync beside it.

use std::net::SocketAddr;

use clap::Args;
use serde::Serialize;

use crate::cli::console::Console;
use crate::cli::shown::Shown;
use crate::failure::{Ending, Failure};
use crate::local::reach::Reach;
use crate::network;
use crate::operations::Answer;

/// Serves the local API until it is told to stop.
#[derive(Debug, Args)]
pub struct Serve {
    /// Where on the loopback
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:7301")]
    listen: SocketAddr,
}

#[derive(Serialize)]
struct ServingWire {
    listen: String,
    process: u32,
}

impl Serve {
    /// Serves.
    ///
    /// # Errors
    /// The till cannot be opened, or the address is taken.
    pub fn run(self, console: &Console) -> Result<Ending, Failure> {
        let till = match console.reach()? {
            Reach::Here(till) => *till,
            Reach::Served(_) => return Err(console.folder()?.held_by_another()),
        };
        network::serve(till, self.listen, |address| {
            let serving = ServingWire { listen: address.to_string(), process: std::process::id() };
            let text = |serving: &Shown| format!("serving at {} until stopped", serving.text("listen"));
            console.show(&Answer::done(&serving), text).map(drop)
        })?;
        Ok(Ending::Done)
    }
}
