//! Taking over what a shop already has: its products, and its sales from another system.
//!
//! `till import products FILE` reads CSV or a JSON array of objects, plain or gzipped. Every row that is not imported is
//! reported with its line and the reason, and the others go on; the same file again changes nothing.
//!
//! Command lines for the files of the demonstration:
//! - a Konzum price list, whose columns need no mapping; a special price is the price, and goods without a barcode are
//!   sold by `ProductId`; the list of the other store then updates the prices that differ:
//!   `till import products konzum_store_0204_2025-07-03.csv --tax-rate 25`
//! - films, with their genres as categories; a film is known by title and release date, since titles repeat:
//!   `till import products movies.json --key "name,Release Date" --default price=9.99 --tax-rate 25`
//! - the goods of Online Retail invoices; the last price of the file is the price:
//!   `till import products online_retail_2010-12.csv.gz --key code --tax-rate 20`

use std::fs::File;
use std::path::Path;

use counterfoil_core::import_files::products;
use counterfoil_core::import_files::source::Source;
use counterfoil_core::import_options::ImportOptions;
use counterfoil_core::import_run::{Destination, ImportReport, Stopped};
use counterfoil_core::refusal::Refusal;

use crate::failure::{Ending, Failure};

pub mod offers;
pub mod progress;
pub mod sales;
pub mod sales_time;

use progress::Progress;

/// Imports a file of products into a till, showing progress on a terminal.
///
/// # Errors
/// The file cannot be read or is no table; the options do not fit it; the till refuses any import.
pub fn import_products<D>(path: &Path, options: &ImportOptions, till: &mut D) -> Result<ImportReport, Failure>
where
    D: Destination,
    D::Error: Into<Failure>,
{
    let source = open(path)?;
    let progress = Progress::start("products");
    let imported = products::import_products(&source, options, till, &mut |reached| progress.show(reached));
    imported.map_err(|stopped| match stopped {
        Stopped::Refused(refusal) => Failure::Refused(refusal),
        Stopped::Failed(error) => error.into(),
    })
}

/// How an import ended: refused if any row was.
#[must_use]
pub fn ending(report: &ImportReport) -> Ending {
    if report.rejected.is_empty() { Ending::Done } else { Ending::Refused }
}

fn open(path: &Path) -> Result<Source, Refusal> {
    Source::read(&path.display().to_string(), File::open(path))
}

#[cfg(test)]
mod tests;
