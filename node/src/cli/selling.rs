//! `till sell`, `till refund`, `till receipt`.

use std::path::PathBuf;

use clap::Args;
use counterfoil_core::hex;
use counterfoil_core::refusal::{Refusal, ToldRefusal};
use serde::{Deserialize, Serialize};

use crate::cli::console::{Console, Form};
use crate::cli::input::Submissions;
use crate::cli::show;
use crate::cli::shown::Shown;
use crate::failure::{Ending, Failure};
use crate::folder::secret::random;
use crate::local::reach::Reach;
use crate::operations::Answer;
use crate::operations::receipt::{PrintReceipt, Printing};
use crate::operations::sell::SubmittedLine;
use crate::operations::status::ReadStatus;
use crate::wire::basket::{RefundLineWire, RefundWire};
use crate::wire::read::DecimalText;

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

/// Refunds a document.
#[derive(Debug, Args)]
pub struct Refund {
    /// The number on the receipt, or the id of the sale
    number: String,
    /// Only this line, from 1
    #[arg(long, value_name = "N")]
    line: Option<u16>,
    /// Only so much of the line
    #[arg(long, value_name = "Q", requires = "line", allow_negative_numbers = true)]
    quantity: Option<String>,
    /// The id of this refund, used once for ever [default: a random one]
    #[arg(long)]
    id: Option<String>,
}

impl Refund {
    /// Refunds.
    ///
    /// # Errors
    /// The till cannot be reached, or nothing can be shown.
    pub fn run(self, console: &Console) -> Result<Ending, Failure> {
        let has_own_id = self.id.is_some();
        let id = match self.id {
            Some(id) => id,
            None => format!("refund-{}", hex::encode(&random::<16>()?)),
        };
        let quantity = self.quantity.map(DecimalText);
        let lines = self.line.map(|line| vec![RefundLineWire { line, quantity }]).unwrap_or_default();
        let wire = RefundWire { id, refund_of: self.number, lines, tenders: Vec::new(), at: None };
        let text = serde_json::to_string(&wire).expect("texts and numbers always become JSON");
        let mut reach = console.reach()?;
        let currency = currency(console, &mut reach);
        let mut ending = Ending::Done;
        let line = SubmittedLine { number: 1, text };
        let flow = reach.sell(&mut None, console.caller(), &[line], &mut |answer| {
            ending = ending.max(answer.ending);
            let answer = of_arguments(answer, has_own_id);
            console.show(&answer, |sold| sold_text(sold, &currency)).map(drop)
        });
        flow.map(|_| ending)
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

/// A refusal of what stood on the command line names its arguments, and no id that nobody gave.
fn of_arguments(answer: &Answer, has_own_id: bool) -> Answer {
    #[derive(Serialize, Deserialize)]
    struct Refused {
        #[serde(default)]
        id: Option<String>,
        refused: ToldRefusal,
    }
    let Ok(Refused { id, refused }) = serde_json::from_str(&answer.json) else { return answer.clone() };
    let refusal = refused.to_refusal();
    let field = match refusal.field() {
        "lines[0].line" => "line",
        "lines[0].quantity" => "quantity",
        "refund_of" => "number",
        other => other,
    };
    let refusal = Refusal::new(refusal.reason(), field, refusal.value(), refusal.limit());
    let id = id.filter(|_| has_own_id);
    Answer::ended(answer.ending, &Refused { id, refused: ToldRefusal::from(&refusal) })
}

/// The currency of the till, which an answer for people names with each amount.
fn currency(console: &Console, reach: &mut Reach) -> String {
    match console.form() {
        Form::Json => String::new(),
        Form::Text => {
            let status = reach.perform(console.caller(), ReadStatus {});
            Shown::read(&status.json).text("currency")
        }
    }
}

fn sold_text(sold: &Shown, currency: &str) -> String {
    let field = |name: &str| sold.text(name);
    let payable = field("payable");
    let mut shown = format!("{}  {payable:>10} {currency}", field("number"));
    let change = field("change");
    if change.contains(|digit: char| digit.is_ascii_digit() && digit != '0') {
        shown.push_str(&format!("  change {change} {currency}"));
    }
    shown
}
