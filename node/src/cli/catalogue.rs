//! `till import`, `till products` and `till operator`.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use counterfoil_core::catalog::MasterRow;
use counterfoil_core::import_options::ImportOptions;
use counterfoil_core::refusal::{Reason, Refusal};

use crate::cli::console::{Console, read_pin};
use crate::cli::show;
use crate::failure::{Ending, Failure};
use crate::import::sales::{SaleField, SalesOptions, convert_sales};
use crate::import::{ending, import_products, offers};
use crate::local::reach::{Reach, Shelf};
use crate::operations::Answer;
use crate::operations::operator::{ReadOperators, SetOperator};
use crate::operations::products::ReadProducts;

/// Takes over what a shop already has.
#[derive(Debug, Subcommand)]
pub enum Import {
    /// Add or update products from a CSV file or a JSON array of objects, plain or gzipped
    Products(Products),
    /// Add or update promotions from a JSON file: an array of them, as `till quote` takes them
    Promotions(Offers),
    /// Add or update price lists with their prices from a JSON file: an array of them, as `till quote` takes them
    PriceLists(Offers),
    /// Convert another system's invoice lines to baskets for `till sell`; needs no till
    Sales(Sales),
}

/// Imports products.
#[derive(Debug, Args)]
pub struct Products {
    /// The file
    file: PathBuf,
    /// Which column holds a field: code, name, brand, barcode, category, price, special_price, unit, tax_rate, cost
    #[arg(long, value_name = "FIELD=COLUMN")]
    map: Vec<String>,
    /// What an empty cell of a field means
    #[arg(long = "default", value_name = "FIELD=VALUE")]
    defaults: Vec<String>,
    /// The tax rate in percent of products whose row names none
    #[arg(long, value_name = "R")]
    tax_rate: Option<String>,
    /// What separates several categories or barcodes in one cell
    #[arg(long, value_name = "S")]
    category_separator: Option<String>,
    /// What tells products apart where a row has no code
    #[arg(long, value_name = "FIELD[,FIELD]", value_delimiter = ',')]
    key: Vec<String>,
}

/// Imports promotions or price lists.
#[derive(Debug, Args)]
pub struct Offers {
    /// The file
    file: PathBuf,
}

/// Converts sales.
#[derive(Debug, Args)]
pub struct Sales {
    /// The file of invoice lines
    file: PathBuf,
    /// Where the baskets go, one JSON line each; - is standard output
    #[arg(long, value_name = "FILE", default_value = "-")]
    out: PathBuf,
    /// Which column holds a field: invoice, code, quantity, at, unit_price, customer
    #[arg(long, value_name = "FIELD=COLUMN")]
    map: Vec<String>,
    /// Say when each sale was, read in this zone: for a till made with --history
    #[arg(long, value_name = "ZONE")]
    zone: Option<String>,
    /// A code that is no goods (repeatable) [default: postage, fees and the like of Online Retail]
    #[arg(long, value_name = "CODE")]
    not_goods: Vec<String>,
}

impl Import {
    /// Imports or converts.
    ///
    /// # Errors
    /// The file cannot be read, the options do not fit it, or the till refuses any import.
    pub fn run(self, console: &Console) -> Result<Ending, Failure> {
        match self {
            Self::Products(products) => products.run(console),
            Self::Promotions(Offers { file }) => {
                let mut reach = console.reach()?;
                let currency = reach.currency(console.caller())?;
                store(&offers::promotions(&file, currency)?, &mut reach, console)
            }
            Self::PriceLists(Offers { file }) => store(&offers::price_lists(&file)?, &mut console.reach()?, console),
            Self::Sales(sales) => sales.run(console),
        }
    }
}

fn store(rows: &[MasterRow], reach: &mut Reach, console: &Console) -> Result<Ending, Failure> {
    let report = offers::store(rows, &mut Shelf { reach, caller: console.caller() })?;
    console.show(&Answer::done(&report), show::fields)
}

impl Products {
    fn run(self, console: &Console) -> Result<Ending, Failure> {
        let (rate, separator) = (self.tax_rate, self.category_separator);
        let options = ImportOptions::read(&self.map, &self.defaults, rate, separator, self.key)?;
        let mut reach = console.reach()?;
        let mut shelf = Shelf { reach: &mut reach, caller: console.caller() };
        let report = import_products(&self.file, &options, &mut shelf)?;
        let answer = Answer::ended(ending(&report), &report);
        console.show(&answer, show::fields)
    }
}

impl Sales {
    fn run(self, console: &Console) -> Result<Ending, Failure> {
        let map = |text: &String| -> Result<(SaleField, String), Failure> {
            let pair = text.split_once('=');
            let refused = || Refusal::new(Reason::Malformed, "map", text, "FIELD=COLUMN, such as code=StockCode");
            let (field, column) = pair.ok_or_else(refused)?;
            Ok((field.parse()?, column.to_owned()))
        };
        let maps = self.map.iter().map(map).collect::<Result<_, _>>()?;
        let not_goods = (!self.not_goods.is_empty()).then_some(self.not_goods);
        let options = SalesOptions { maps, zone: self.zone, not_goods };
        if self.out == Path::new("-") {
            let report = convert_sales(&self.file, &options, &mut |line| console.line(line))?;
            // Standard output is for the baskets; how many lines became what is told beside them.
            let told = serde_json::to_string(&report).expect("a report always becomes JSON");
            eprintln!("{told}");
            return Ok(Ending::Done);
        }
        let io = |error| Failure::io(&self.out, &error);
        let mut out = BufWriter::new(File::create(&self.out).map_err(io)?);
        let report = convert_sales(&self.file, &options, &mut |line| writeln!(out, "{line}").map_err(io))?;
        out.flush().map_err(io)?;
        console.show(&Answer::done(&report), show::fields)
    }
}

/// Looks products up.
#[derive(Debug, Args)]
pub struct Listing {
    /// A product's code or one of its barcodes [default: all products, by pages]
    code: Option<String>,
    /// The page after this code
    #[arg(long, value_name = "CODE", conflicts_with = "code")]
    after: Option<String>,
    /// How many on a page
    #[arg(long, default_value_t = 50)]
    limit: usize,
}

impl Listing {
    /// Looks it up.
    ///
    /// # Errors
    /// The till cannot be reached, or nothing can be shown.
    pub fn run(self, console: &Console) -> Result<Ending, Failure> {
        console.ask(ReadProducts { code: self.code, after: self.after, limit: self.limit }, show::fields)
    }
}

/// Keeps operators.
#[derive(Debug, Subcommand)]
pub enum OperatorCommand {
    /// Add an operator, or change name, role or PIN of one; what is not given stays as it is
    Add(AddOperator),
    /// List all operators by pages
    List(ListOperators),
    /// Take an operator's right to work; what was done stays on record, and `operator add` brings the operator back
    Remove(RemoveOperator),
}

/// Lists operators.
#[derive(Debug, Args)]
pub struct ListOperators {
    /// The page after this code
    #[arg(long, value_name = "CODE")]
    after: Option<String>,
    /// How many on a page
    #[arg(long, default_value_t = 50)]
    limit: usize,
}

/// Removes an operator.
#[derive(Debug, Args)]
pub struct RemoveOperator {
    /// The operator's code
    code: String,
}

/// Adds an operator.
#[derive(Debug, Args)]
pub struct AddOperator {
    /// The code typed at the till
    #[arg(long)]
    code: String,
    /// The name on receipts [default: the code]
    #[arg(long)]
    name: Option<String>,
    /// admin, manager or cashier [default: cashier]
    #[arg(long)]
    role: Option<String>,
    /// A file with the new operator's PIN, or - [or TILL_NEW_PIN, or --pin-file where --operator needs none]
    #[arg(long, value_name = "FILE")]
    new_pin_file: Option<PathBuf>,
}

impl OperatorCommand {
    /// Adds, lists or removes.
    ///
    /// # Errors
    /// A PIN that cannot be read, the till cannot be reached, or nothing can be shown.
    pub fn run(self, console: &Console) -> Result<Ending, Failure> {
        match self {
            Self::Add(add) => add.run(console),
            Self::List(list) => console.ask(ReadOperators { after: list.after, limit: list.limit }, show::fields),
            Self::Remove(remove) => {
                let (code, is_active) = (remove.code, Some(false));
                console.ask(SetOperator { code, name: None, role: None, pin: None, is_active }, show::fields)
            }
        }
    }
}

impl AddOperator {
    fn run(self, console: &Console) -> Result<Ending, Failure> {
        let of_environment = std::env::var("TILL_NEW_PIN").ok();
        let of_caller = std::env::var("TILL_PIN").ok();
        let (pin, caller) = match (&self.new_pin_file, of_environment) {
            (Some(path), _) => (Some(read_pin(path)?), None),
            (None, Some(pin)) => (Some(pin), None),
            // The file holds the PIN of the operator who acts, where one is named and has no other.
            (None, None) if console.caller().operator.is_some() && of_caller.is_none() => (None, None),
            (None, None) => (console.pin_of_file(), Some(console.with_pin(of_caller))),
        };
        let set = SetOperator { code: self.code, name: self.name, role: self.role, pin, is_active: Some(true) };
        caller.as_ref().unwrap_or(console).ask(set, show::fields)
    }
}
