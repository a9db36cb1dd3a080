//! Products from a file into head office: the catalogue with its base prices, or the prices of one store.
//!
//! What a row means is decided by core's `product_import`, as at a till. With a store, a product that is in the catalogue
//! gets a price of that store; one that is not is added without a base price, so that only that store can sell it.
//! Example: store S02's list has 6,801 rows, 147 of them new: 6,801 prices of S02, and 147 products for all.

use std::collections::BTreeMap;

use counterfoil_core::catalog::{MasterRow, Product, StorePrice};
use counterfoil_core::id::StoreCode;
use counterfoil_core::import_options::ImportOptions;
use counterfoil_core::import_run::{Destination, ImportReport, ImportRun, RowCounts, Stopped};
use counterfoil_core::product_import::{LIST_SEPARATOR, ProductImport};
use counterfoil_core::refusal::{Reason, Refusal};
use csv::{ReaderBuilder, StringRecord};
use serde_json::value::RawValue;

use crate::master_data::{self, MasterChange};
use crate::operation_error::OperationError;
use crate::store::{RowsMut, Store, StoreError};

/// What a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// Lines of separated values with a header.
    Csv,
    /// An array of objects.
    Json,
}

/// Imports the bytes of a file; `store` says whose prices they are.
///
/// # Errors
/// The file is no table, the options do not fit it, or the store failed. Bad rows are in the report.
pub fn import_products(
    kept_in: &dyn Store,
    store: Option<&StoreCode>,
    options: &ImportOptions,
    format: Format,
    bytes: &[u8],
) -> Result<ImportReport, OperationError> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let table = match format {
        Format::Csv => read_csv(bytes)?,
        Format::Json => read_json(bytes)?,
    };
    let columns: Vec<&str> = table.columns.iter().map(String::as_str).collect();
    let import = ProductImport::bind(options, &columns)?;
    let mut shelves = Shelves { kept_in, store };
    let mut run = ImportRun::new(&mut shelves, import.warnings());
    for (row, cells) in &table.rows {
        let read = match cells {
            Ok(cells) => import.read_row(&|column| cells.get(column).and_then(|cell| cell.as_deref())),
            Err(refusal) => Err(refusal.clone()),
        };
        run.take(*row, read).map_err(stopped)?;
    }
    run.finish().map_err(stopped)
}

fn stopped(stopped: Stopped<StoreError>) -> OperationError {
    match stopped {
        Stopped::Refused(refusal) => refusal.into(),
        Stopped::Failed(error) => error.into(),
    }
}

/// Where the rows go.
struct Shelves<'a> {
    kept_in: &'a dyn Store,
    store: Option<&'a StoreCode>,
}

impl Destination for Shelves<'_> {
    type Error = StoreError;

    fn change(&mut self, rows: Vec<MasterRow>) -> Result<Result<RowCounts, Refusal>, StoreError> {
        let changed = self.kept_in.write(|kept| match self.store {
            Some(store) => change_of_store(kept, store, &rows),
            None => {
                let changes: Vec<_> = rows.iter().cloned().map(|row| MasterChange::set(None, row)).collect();
                master_data::change(kept, &changes)
            }
        });
        match changed {
            Ok(counts) => Ok(Ok(counts)),
            Err(StoreError::Refused(refusal)) => Ok(Err(refusal)),
            Err(error) => Err(error),
        }
    }
}

/// Prices of one store, and what they need that the company does not have yet. Counted are the prices.
fn change_of_store(kept: &mut dyn RowsMut, store: &StoreCode, rows: &[MasterRow]) -> Result<RowCounts, StoreError> {
    let (mut ahead, mut prices) = (Vec::new(), Vec::new());
    for row in rows {
        let MasterRow::Product(product) = row else {
            ahead.push(MasterChange::set(None, row.clone()));
            continue;
        };
        let known = kept.as_rows().master(None, &row.key())?.and_then(|record| record.row);
        if known.is_none() {
            let unpriced = Product { price: None, ..(**product).clone() };
            ahead.push(MasterChange::set(None, MasterRow::Product(Box::new(unpriced))));
        }
        if let Some(price) = product.price {
            let price = StorePrice { product: product.code.clone(), price };
            prices.push(MasterChange::set(Some(store.clone()), MasterRow::Price(price)));
        }
    }
    let first = master_data::change(kept, &ahead)?;
    if prices.is_empty() { Ok(first) } else { master_data::change(kept, &prices) }
}

/// The cells of one row by column, or why it is none.
type Row = Result<Vec<Option<String>>, Refusal>;

struct Table {
    columns: Vec<String>,
    rows: Vec<(u64, Row)>,
}

fn read_csv(bytes: &[u8]) -> Result<Table, Refusal> {
    let header = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let count = |separator: u8| header.iter().filter(|byte| **byte == separator).count();
    let separator = [b'\t', b';', b','].into_iter().max_by_key(|separator| count(*separator)).unwrap_or(b',');
    let mut reader = ReaderBuilder::new().flexible(true).delimiter(separator).from_reader(bytes);
    let unreadable = |error: csv::Error| Refusal::new(Reason::Malformed, "file", error, "a table with a header");
    let columns: Vec<String> =
        reader.headers().map_err(unreadable)?.iter().map(|name| name.trim().to_owned()).collect();
    if columns.iter().all(String::is_empty) {
        return Err(Refusal::new(Reason::Malformed, "file", "an empty file", "a table with a header"));
    }
    let mut rows = Vec::new();
    for record in reader.byte_records() {
        let record = record.map_err(unreadable)?;
        let line = record.position().map_or(0, csv::Position::line);
        let cells = if record.len() == columns.len() {
            StringRecord::from_byte_record(record)
                .map(|cells| cells.iter().map(|cell| Some(cell.to_owned())).collect())
                .map_err(|_| Refusal::new(Reason::Malformed, "row", "the row", "UTF-8 text"))
        } else {
            let limit = format!("{} cells as the header has", columns.len());
            Err(Refusal::new(Reason::Malformed, "row", format!("a row of {} cells", record.len()), limit))
        };
        rows.push((line, cells));
    }
    Ok(Table { columns, rows })
}

fn read_json(bytes: &[u8]) -> Result<Table, Refusal> {
    let elements: Vec<&RawValue> = serde_json::from_slice(bytes)
        .map_err(|error| Refusal::new(Reason::Malformed, "file", "the file", format!("a JSON array: {error}")))?;
    let objects: Vec<Result<BTreeMap<String, &RawValue>, Refusal>> = elements
        .iter()
        .map(|element| {
            serde_json::from_str(element.get())
                .map_err(|error| Refusal::new(Reason::Malformed, "row", element.get(), format!("an object: {error}")))
        })
        .collect();
    let mut columns: Vec<String> = objects.iter().flatten().flat_map(BTreeMap::keys).cloned().collect();
    columns.sort_unstable();
    columns.dedup();
    let cells = |object: BTreeMap<String, &RawValue>| {
        columns.iter().map(|column| object.get(column).and_then(|value| cell(value.get()))).collect()
    };
    let rows = (1..).zip(objects.into_iter().map(|object| object.map(cells))).collect();
    Ok(Table { columns, rows })
}

/// A list gives several values, null and objects none.
fn cell(value: &str) -> Option<String> {
    match value.as_bytes().first() {
        Some(b'"') => serde_json::from_str(value).ok(),
        Some(b'[') => {
            let elements: Vec<&RawValue> = serde_json::from_str(value).ok()?;
            let texts: Vec<String> =
                elements.iter().filter(|one| !one.get().starts_with('[')).filter_map(|one| cell(one.get())).collect();
            Some(texts.join(&LIST_SEPARATOR.to_string()))
        }
        Some(b'-' | b'0'..=b'9' | b't' | b'f') => Some(value.to_owned()),
        _ => None,
    }
}
