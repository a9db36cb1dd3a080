//! `till series list` and `till series add`.

use clap::{Args, Subcommand};

use crate::cli::console::Console;
use crate::cli::show;
use crate::failure::{Ending, Failure};
use crate::operations::series::{AddSeries, ReadSeries};

/// The document numbers of this till.
#[derive(Debug, Subcommand)]
pub enum SeriesCommand {
    /// Show each series of this year: what comes next, how many numbers are left and when they run out
    List,
    /// Number documents from a range that the authority has authorised, such as a resolution or a CAF
    Add(Add),
}

/// Takes a range into use.
///
/// From now on documents of this kind take their numbers from ranges alone: one range is used up before the next is begun,
/// and once none is left such documents are refused before they are paid, until a further range is added. Year for year
/// the numbers go on.
#[derive(Debug, Args)]
pub struct Add {
    /// receipt, invoice, credit_note or return
    #[arg(long)]
    kind: String,
    /// The prefix that the authority gave, or a code that names the range
    #[arg(long)]
    code: String,
    /// The first number
    #[arg(long, value_name = "NUMBER")]
    first: u64,
    /// The last number
    #[arg(long, value_name = "NUMBER")]
    last: u64,
    /// How a number is printed, such as {series}{number} [default: as the country asks for]
    #[arg(long)]
    template: Option<String>,
}

impl SeriesCommand {
    /// Shows the series, or adds one.
    ///
    /// # Errors
    /// The till cannot be reached, or nothing can be shown.
    pub fn run(self, console: &Console) -> Result<Ending, Failure> {
        match self {
            Self::List => console.ask(ReadSeries {}, show::fields),
            Self::Add(Add { kind, code, first, last, template }) => {
                console.ask(AddSeries { kind, code, first, last, template }, show::told_fields)
            }
        }
    }
}
