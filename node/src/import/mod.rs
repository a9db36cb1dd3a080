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

use std::path::Path;

use counterfoil_core::import_files::csv_rows::CsvRows;
use counterfoil_core::import_files::json_rows::JsonRows;
use counterfoil_core::import_files::source::{Format, Source};
use counterfoil_core::import_options::ImportOptions;
use counterfoil_core::import_run::{Destination, ImportReport, ImportRun, Stopped};
use counterfoil_core::product_import::ProductImport;

use crate::failure::{Ending, Failure};

pub mod progress;
pub mod sales;
pub mod sales_time;

use progress::Progress;

/// Imports a file of products into a till or head office, showing progress on a terminal.
///
/// # Errors
/// The file cannot be read or is no table; the options do not fit it; the till refuses any import.
pub fn import_products<D>(path: &Path, options: &ImportOptions, till: &mut D) -> Result<ImportReport, Failure>
where
    D: Destination,
    D::Error: Into<Failure>,
{
    let source = Source::read(path)?;
    let report = match source.format() {
        Format::Csv => import_csv(&mut CsvRows::new(source.bytes())?, options, till),
        Format::Json => import_json(&JsonRows::new(source.bytes())?, options, till),
    };
    report.map_err(|stopped| match stopped {
        Stopped::Refused(refusal) => Failure::Refused(refusal),
        Stopped::Failed(error) => error.into(),
    })
}

/// How an import ended: refused if any row was.
#[must_use]
pub fn ending(report: &ImportReport) -> Ending {
    if report.rejected.is_empty() { Ending::Done } else { Ending::Refused }
}

fn import_csv<D: Destination>(
    rows: &mut CsvRows<'_>,
    options: &ImportOptions,
    till: &mut D,
) -> Result<ImportReport, Stopped<D::Error>> {
    let columns: Vec<String> = rows.columns().to_vec();
    let names: Vec<&str> = columns.iter().map(String::as_str).collect();
    let import = ProductImport::bind(options, &names).map_err(Stopped::Refused)?;
    let progress = Progress::start("products", rows.bytes_total());
    let mut run = ImportRun::new(till, import.warnings());
    while let Some(row) = rows.next() {
        let read = row.cells.and_then(|cells| import.read_row(&|place| cells.get(place)));
        run.take(row.line, read)?;
        progress.reach(rows.bytes_read());
    }
    run.finish()
}

fn import_json<D: Destination>(
    rows: &JsonRows,
    options: &ImportOptions,
    till: &mut D,
) -> Result<ImportReport, Stopped<D::Error>> {
    let columns = rows.columns();
    let import = ProductImport::bind(options, &columns).map_err(Stopped::Refused)?;
    let progress = Progress::start("products", rows.total());
    let mut run = ImportRun::new(till, import.warnings());
    for (place, row) in (1..).zip(rows.iter()) {
        let cell =
            |column: usize| columns.get(column).and_then(|column| row.as_ref().ok()?.get(*column)).map(String::as_str);
        let read = row.as_ref().map_err(Clone::clone).and_then(|_| import.read_row(&cell));
        run.take(place, read)?;
        progress.reach(place);
    }
    run.finish()
}

#[cfg(test)]
mod tests;
