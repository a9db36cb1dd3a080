//! `till open`, `till close`, cash in and out, `till no-sale`, `till x`, `till z`, `till amend-z`.

use clap::Args;
use counterfoil_core::refusal::{Reason, Refusal};

use crate::cli::console::{Console, Form};
use crate::cli::show;
use crate::cli::shown::Shown;
use crate::failure::{Ending, Failure};
use crate::operations::activity::OpenWithoutSale;
use crate::operations::amend::AmendZ;
use crate::operations::drawer::{CloseDrawer, Denomination, MoveCash, OpenDrawer};
use crate::operations::receipt::{Format, Printing};
use crate::operations::report::{ReadX, ReadZ};
use crate::wire::read::DecimalText;

/// Opens the drawer.
#[derive(Debug, Args)]
pub struct Open {
    /// The change money in the drawer
    #[arg(long, value_name = "AMOUNT", allow_negative_numbers = true)]
    float: String,
}

impl Open {
    /// Opens it.
    ///
    /// # Errors
    /// The till cannot be reached, or nothing can be shown.
    pub fn run(self, console: &Console) -> Result<Ending, Failure> {
        console.ask(OpenDrawer { float: DecimalText(self.float) }, |opened| {
            let field = |name: &str| opened.text(name);
            let (session, float, currency) = (field("session"), field("float"), field("currency"));
            format!("drawer session {session} is open with a float of {float} {currency}")
        })
    }
}

/// Moves cash.
#[derive(Debug, Args)]
pub struct Cash {
    /// How much
    #[arg(allow_negative_numbers = true)]
    amount: String,
    /// Why
    #[arg(long)]
    reason: String,
}

impl Cash {
    /// Moves cash of that kind.
    ///
    /// # Errors
    /// The till cannot be reached, or nothing can be shown.
    pub fn run(self, kind: &str, console: &Console) -> Result<Ending, Failure> {
        let (kind, amount) = (kind.to_owned(), DecimalText(self.amount));
        console.ask(MoveCash { kind, amount, reason: self.reason, bag: None }, |moved| {
            let field = |name: &str| moved.text(name);
            format!("{} of {} {}: {}", field("kind"), field("amount"), field("currency"), field("reason"))
        })
    }
}

/// Takes money to the bank.
#[derive(Debug, Args)]
pub struct BankDrop {
    /// How much
    #[arg(allow_negative_numbers = true)]
    amount: String,
    /// The number on the bag
    #[arg(long)]
    bag: String,
    /// Why
    #[arg(long, default_value = "to the bank")]
    reason: String,
}

impl BankDrop {
    /// Takes it out of the drawer.
    ///
    /// # Errors
    /// The till cannot be reached, or nothing can be shown.
    pub fn run(self, console: &Console) -> Result<Ending, Failure> {
        let (kind, amount) = ("bank-drop".to_owned(), DecimalText(self.amount));
        console.ask(MoveCash { kind, amount, reason: self.reason, bag: Some(self.bag) }, show::fields)
    }
}

/// Opens the drawer without a sale.
#[derive(Debug, Args)]
pub struct NoSale {
    /// Why
    #[arg(long)]
    reason: String,
}

impl NoSale {
    /// Records it; whoever prints opens the drawer.
    ///
    /// # Errors
    /// The till cannot be reached, or nothing can be shown.
    pub fn run(self, console: &Console) -> Result<Ending, Failure> {
        console.ask(OpenWithoutSale { reason: self.reason }, show::told_fields)
    }
}

/// Makes an addendum to a Z report.
#[derive(Debug, Args)]
pub struct Amend {
    /// The number of the Z report, in full or plainly such as 7
    number: String,
    /// What was really in the drawer
    #[arg(long, value_name = "AMOUNT", conflicts_with_all = ["from", "to", "amount"])]
    counted: Option<String>,
    /// The kind of tender that was recorded, such as cash
    #[arg(long, value_name = "KIND", requires_all = ["to", "amount"])]
    from: Option<String>,
    /// The kind of tender that it was, such as card
    #[arg(long, value_name = "KIND", requires = "from")]
    to: Option<String>,
    /// How much was recorded as another kind of tender
    #[arg(long, requires = "from")]
    amount: Option<String>,
    /// Why
    #[arg(long)]
    reason: String,
}

impl Amend {
    /// Makes it.
    ///
    /// # Errors
    /// The till cannot be reached, or nothing can be shown.
    pub fn run(self, console: &Console) -> Result<Ending, Failure> {
        let Self { number, counted, from, to, amount, reason } = self;
        let (counted, amount) = (counted.map(DecimalText), amount.map(DecimalText));
        console.ask(AmendZ { number, counted, from, to, amount, reason }, show::told_fields)
    }
}

/// Closes the drawer.
#[derive(Debug, Args)]
#[group(id = "counted", required = true, multiple = false)]
pub struct Close {
    /// What was counted in all
    #[arg(long, value_name = "AMOUNT", group = "counted", allow_negative_numbers = true)]
    count: Option<String>,
    /// What was counted by face value, such as 50x2,0.20x7
    #[arg(long, value_name = "FACExPIECES,...", group = "counted", allow_hyphen_values = true)]
    denominations: Option<String>,
}

impl Close {
    /// Closes it; people see the Z report as it is printed.
    ///
    /// # Errors
    /// A denomination that cannot be read, the till cannot be reached, or nothing can be shown.
    pub fn run(self, console: &Console) -> Result<Ending, Failure> {
        let denominations = self.denominations.as_deref().map(read_denominations).transpose()?;
        let close = CloseDrawer { count: self.count.map(DecimalText), denominations };
        let mut reach = console.reach()?;
        let closed = reach.perform(console.caller(), close);
        match (console.form(), Shown::read(&closed.json).field("number")) {
            (Form::Text, Some(number)) => {
                let z = ReadZ { number: Some(number.to_string()), format: Format::Text, print: Printing::Original };
                console.show(&reach.perform(console.caller(), z), show::print)
            }
            (Form::Json | Form::Text, _) => console.show(&closed, show::fields),
        }
    }
}

/// Reads the figures of the open session.
#[derive(Debug, Args)]
pub struct X {}

impl X {
    /// Shows the X report.
    ///
    /// # Errors
    /// The till cannot be reached, or nothing can be shown.
    pub fn run(self, console: &Console) -> Result<Ending, Failure> {
        console.ask(ReadX { format: format(console) }, show::print)
    }
}

/// Prints a Z report again.
#[derive(Debug, Args)]
pub struct Z {
    /// Its number, in full or plainly such as 7 [default: the last one]
    number: Option<String>,
}

impl Z {
    /// Shows the Z report.
    ///
    /// # Errors
    /// The till cannot be reached, or nothing can be shown.
    pub fn run(self, console: &Console) -> Result<Ending, Failure> {
        console.ask(ReadZ { number: self.number, format: format(console), print: Printing::Reprint }, show::print)
    }
}

const fn format(console: &Console) -> Format {
    match console.form() {
        Form::Json => Format::Json,
        Form::Text => Format::Text,
    }
}

/// Reads `50x2,0.20x7`: face value, times, pieces.
fn read_denominations(text: &str) -> Result<Vec<Denomination>, Refusal> {
    let refused = |one: &str| Refusal::new(Reason::Malformed, "denominations", one, "a face value and pieces: 50x2");
    let read = text.split(',').map(|one| {
        let (face, pieces) = one.trim().split_once('x').ok_or_else(|| refused(one))?;
        let pieces = pieces.trim().parse().map_err(|_| refused(one))?;
        Ok(Denomination { face: DecimalText(face.trim().to_owned()), pieces })
    });
    read.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn denominations_are_face_values_times_pieces() {
        let read = read_denominations("50x2, 0.20x7").unwrap();
        let read: Vec<_> = read.iter().map(|one| (one.face.as_str(), one.pieces)).collect();
        assert_eq!(read, [("50", 2), ("0.20", 7)]);
        for text in ["", "50", "50x", "50x-1", "x", "50x2,", "50x99999999999"] {
            let refused = read_denominations(text).is_err_and(|refusal| refusal.field() == "denominations");
            assert!(refused || text == "x", "{text}");
        }
    }
}
