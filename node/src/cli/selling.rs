//! `till sell`, `till receipt`.

use std::path::PathBuf;

use clap::Args;

use crate::cli::console::{Console, Form};
use crate::cli::input::Submissions;
use crate::cli::show;
use crate::cli::shown::Shown;
use crate::failure::{Ending, Failure};
use crate::local::reach::Reach;
use crate::operations::receipt::{PrintReceipt, Printing};
use crate::operations::status::ReadStatus;

/// Sells baskets.
///
/// The code of a line is looked up in this order: as a product's code; as a barcode (that of a pack sells as many as are
/// in it); then as a scanned code: an in-store code by the masks of the shop and of its country, whose weight sets the
/// quantity and whose price sets the amount; GS1 elements and Digital Links by their GTIN, with lot, expiry and serial on
/// the line. Goods that have expired and a serial that was sold before are sold, with a warning in the answer.
#[derive(Debug, Args)]
pub struct Sell {
    /// A file with one basket or JSON Lines of baskets and refunds, or - for standard input
    file: Option<PathBuf>,
}

impl Sell {
    /// Sells line by line; each answer is shown as soon as the sale is on the disk.
    ///
    /// # Errors
    /// The till cannot be reached, the input cannot be read, or nothing can be shown.
    pub fn run(&self, console: &Console) -> Result<Ending, Failure> {
        let mut reach = console.reach()?;
        let submissions = Submissions::read(console.open_input(self.file.as_deref())?);
        let unreadable = |error| Failure::damaged("io", format!("the baskets cannot be read: {error}"));
        let currency = currency(console, &mut reach);
        let (mut seller, mut ending, mut baskets) = (None, Ending::Done, 0);
        loop {
            let lines = submissions.take(reach.lines_at_once()).map_err(unreadable)?;
            if lines.is_empty() {
                Console::require_some(baskets)?;
                return Ok(ending);
            }
            baskets += lines.iter().filter(|line| !line.is_blank()).count();
            let flow = reach.sell(&mut seller, console.caller(), &lines, &mut |answer| {
                ending = ending.max(answer.ending);
                console.show(answer, |sold| sold_text(sold, &currency)).map(drop)
            })?;
            if flow.is_break() {
                return Ok(ending);
            }
        }
    }
}

/// Prints a document again.
#[derive(Debug, Args)]
pub struct Receipt {
    /// The number on the document, or the id of its sale
    number: String,
    /// In which form
    #[arg(long, value_parser = ["text"], default_value = "text")]
    format: String,
    /// It is the first print, not a copy
    #[arg(long)]
    original: bool,
}

impl Receipt {
    /// Prints.
    ///
    /// # Errors
    /// The till cannot be reached, or nothing can be shown.
    pub fn run(self, console: &Console) -> Result<Ending, Failure> {
        let print = if self.original { Printing::Original } else { Printing::Reprint };
        console.ask(PrintReceipt { number: self.number, print }, show::print)
    }
}

/// The currency of the till, which an answer for people names with each amount.
pub(crate) fn currency(console: &Console, reach: &mut Reach) -> String {
    match console.form() {
        Form::Json => String::new(),
        Form::Text => {
            let status = reach.perform(console.caller(), ReadStatus {});
            Shown::read(&status.json).text("currency")
        }
    }
}

/// Number, amount and change of a document that was issued.
pub(crate) fn sold_text(sold: &Shown, currency: &str) -> String {
    let field = |name: &str| sold.text(name);
    let payable = field("payable");
    let mut shown = format!("{}  {payable:>10} {currency}", field("number"));
    let change = field("change");
    if change.contains(|digit: char| digit.is_ascii_digit() && digit != '0') {
        shown.push_str(&format!("  change {change} {currency}"));
    }
    shown
}
