//! `till void-line` and `till abandon`.

use std::io::Read;
use std::path::PathBuf;

use clap::Args;

use crate::cli::console::Console;
use crate::cli::show;
use crate::failure::{Ending, Failure};
use crate::operations::activity::{AbandonBasket, VoidLine};
use crate::wire::basket::BasketLineWire;
use crate::wire::read::{DecimalText, OBJECT_BYTES_MAX, read};

/// Records a line that was taken out of a basket.
#[derive(Debug, Args)]
pub struct Void {
    /// The product's code or barcode
    code: String,
    /// How much of it
    #[arg(long, default_value = "1", allow_negative_numbers = true)]
    quantity: String,
    /// The typed price, where one was typed
    #[arg(long)]
    unit_price: Option<String>,
    /// The basket's id
    #[arg(long, value_name = "ID")]
    basket: Option<String>,
    /// Why
    #[arg(long)]
    reason: Option<String>,
}

impl Void {
    /// Records it.
    ///
    /// # Errors
    /// The till cannot be reached, or nothing can be shown.
    pub fn run(self, console: &Console) -> Result<Ending, Failure> {
        let unit_price = self.unit_price.map(DecimalText);
        let line = BasketLineWire { code: self.code, quantity: DecimalText(self.quantity), unit_price };
        console.ask(VoidLine { basket: self.basket, line, reason: self.reason }, show::told_fields)
    }
}

/// Records a basket that was given up.
#[derive(Debug, Args)]
pub struct Abandon {
    /// A file with one basket as JSON: its id, its lines and perhaps the reason; - for standard input
    file: Option<PathBuf>,
}

impl Abandon {
    /// Records it.
    ///
    /// # Errors
    /// The file cannot be read, the till cannot be reached, or nothing can be shown.
    pub fn run(&self, console: &Console) -> Result<Ending, Failure> {
        let mut text = String::new();
        let input = console.open_input(self.file.as_deref())?;
        let unreadable = |error| Failure::damaged("io", format!("the basket cannot be read: {error}"));
        input.take(OBJECT_BYTES_MAX as u64 + 1).read_to_string(&mut text).map_err(unreadable)?;
        console.ask(read::<AbandonBasket>(&text)?, show::told_fields)
    }
}
