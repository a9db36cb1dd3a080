//! A run of an import: rows become commands of at most 200 rows of master data, and every row is counted once.
//!
//! Always: `read = added + updated + unchanged + rejected`. Where the till refuses a command because of a row, its rows
//! are tried one by one, so that one bad row is rejected alone. A later row of the same file with the same code counts
//! as updated or unchanged. A refusal that is not about a row (no permission, fed by head office) stops the run.
//! Example: 10,950 rows of a price list are 55 commands; the same file again is 10,950 unchanged.

use std::collections::{BTreeMap, BTreeSet};

use serde::ser::SerializeStruct;
use serde::{Deserialize, Serialize, Serializer};

use crate::catalog::{MasterKey, MasterRow};
use crate::command::MASTER_ROWS_MAX;
use crate::product_import::ImportedProduct;
use crate::refusal::{Reason, Refusal};

/// The most different warnings that a report lists.
pub const WARNINGS_MAX: usize = 1_000;

/// What became of the rows of one command.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowCounts {
    /// Rows that were not there before.
    pub added: u64,
    /// Rows that were there and have changed.
    pub updated: u64,
    /// Rows that were there just so.
    pub unchanged: u64,
}

/// Where imported rows go: the till, its local API, or head office.
pub trait Destination {
    /// What can go wrong besides a refusal.
    type Error;

    /// Stores all rows, at most `MASTER_ROWS_MAX`, or none.
    ///
    /// # Errors
    /// The inner one is a refusal, with nothing stored; the outer one ends the run.
    fn change(&mut self, rows: Vec<MasterRow>) -> Result<Result<RowCounts, Refusal>, Self::Error>;
}

/// A row that was not imported.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RejectedRow {
    /// Where it stands in the file: the line of a CSV, the place from 1 in an array.
    pub row: u64,
    /// Which field.
    pub field: String,
    /// What it held.
    pub value: String,
    /// What was wrong with it.
    pub reason: String,
}

/// What became of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImportReport {
    /// Products that are new.
    pub added: u64,
    /// Products that changed.
    pub updated: u64,
    /// Products that were just so.
    pub unchanged: u64,
    /// Rows that were not imported.
    pub rejected: Vec<RejectedRow>,
    /// What was not as expected, each once with the first row and the number of rows.
    pub warnings: Vec<String>,
}

impl ImportReport {
    /// The number of rows read.
    #[must_use]
    pub fn read(&self) -> u64 {
        let rejected = u64::try_from(self.rejected.len()).unwrap_or(u64::MAX);
        self.added.saturating_add(self.updated).saturating_add(self.unchanged).saturating_add(rejected)
    }
}

/// Told by till and head office as
/// `{"read","added","updated","unchanged","rejected":[{"row","field","value","reason"}],"warnings":[]}`.
impl Serialize for ImportReport {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut told = serializer.serialize_struct("ImportReport", 6)?;
        told.serialize_field("read", &self.read())?;
        told.serialize_field("added", &self.added)?;
        told.serialize_field("updated", &self.updated)?;
        told.serialize_field("unchanged", &self.unchanged)?;
        told.serialize_field("rejected", &self.rejected)?;
        told.serialize_field("warnings", &self.warnings)?;
        told.end()
    }
}

/// Why a run ended early. What was stored before stays, and the same import may be run again.
#[derive(Debug, PartialEq, Eq)]
pub enum Stopped<E> {
    /// The till refuses any such command.
    Refused(Refusal),
    /// Something broke.
    Failed(E),
}

/// An import under way.
#[derive(Debug)]
pub struct ImportRun<'d, D> {
    destination: &'d mut D,
    pending: Vec<(u64, ImportedProduct)>,
    known: BTreeSet<MasterKey>,
    warnings: BTreeMap<String, (u64, u64)>,
    report: ImportReport,
}

impl<'d, D: Destination> ImportRun<'d, D> {
    /// A run of which nothing was read yet, with what is to be told once about the whole file.
    pub fn new(destination: &'d mut D, warnings: &[String]) -> Self {
        let report = ImportReport { warnings: warnings.to_vec(), ..ImportReport::default() };
        Self { destination, pending: Vec::new(), known: BTreeSet::new(), warnings: BTreeMap::new(), report }
    }

    /// Takes the next row, as it was read.
    ///
    /// # Errors
    /// The run ended early.
    pub fn take(&mut self, row: u64, read: Result<ImportedProduct, Refusal>) -> Result<(), Stopped<D::Error>> {
        let imported = match read {
            Ok(imported) => imported,
            Err(refusal) => {
                self.reject(row, &refusal);
                return Ok(());
            }
        };
        for warning in &imported.warnings {
            if self.warnings.len() < WARNINGS_MAX || self.warnings.contains_key(warning) {
                let (_, rows) = self.warnings.entry(warning.clone()).or_insert((row, 0));
                *rows = rows.saturating_add(1);
            }
        }
        let is_repeat = self.pending.iter().any(|(_, earlier)| earlier.product.code == imported.product.code);
        if is_repeat || self.pending.len() >= MASTER_ROWS_MAX {
            self.flush()?;
        }
        self.pending.push((row, imported));
        Ok(())
    }

    /// Stores what is left and tells what became of the file.
    ///
    /// # Errors
    /// The run ended early.
    pub fn finish(mut self) -> Result<ImportReport, Stopped<D::Error>> {
        self.flush()?;
        for (warning, (row, rows)) in self.warnings {
            self.report.warnings.push(match rows {
                1 => format!("row {row}: {warning}"),
                _ => format!("row {row} and {} more: {warning}", rows.saturating_sub(1)),
            });
        }
        self.report.rejected.sort_by_key(|rejected| rejected.row);
        Ok(self.report)
    }

    fn flush(&mut self) -> Result<(), Stopped<D::Error>> {
        let pending = std::mem::take(&mut self.pending);
        let products = pending.iter().map(|(_, imported)| product_row(imported)).collect();
        let stored = match self.lay_foundation(&pending)? {
            Ok(()) => self.change(products)?,
            Err(refusal) => Err(refusal),
        };
        if let Ok(counts) = stored {
            self.count(counts);
            return Ok(());
        }
        for (row, imported) in pending {
            let stored = match self.lay_foundation(&[(row, imported.clone())])? {
                Ok(()) => self.change(vec![product_row(&imported)])?,
                Err(refusal) => Err(refusal),
            };
            match stored {
                Ok(counts) => self.count(counts),
                Err(refusal) => self.reject(row, &refusal),
            }
        }
        Ok(())
    }

    /// Stores the tax classes and categories that these products refer to and this run has not stored yet.
    fn lay_foundation(
        &mut self,
        products: &[(u64, ImportedProduct)],
    ) -> Result<Result<(), Refusal>, Stopped<D::Error>> {
        let mut rows: BTreeMap<MasterKey, MasterRow> = BTreeMap::new();
        for row in products.iter().flat_map(|(_, imported)| imported.foundation()) {
            if !self.known.contains(&row.key()) {
                rows.entry(row.key()).or_insert(row);
            }
        }
        let rows: Vec<MasterRow> = rows.into_values().collect();
        for some in rows.chunks(MASTER_ROWS_MAX) {
            if let Err(refusal) = self.change(some.to_vec())? {
                return Ok(Err(refusal));
            }
            self.known.extend(some.iter().map(MasterRow::key));
        }
        Ok(Ok(()))
    }

    fn change(&mut self, rows: Vec<MasterRow>) -> Result<Result<RowCounts, Refusal>, Stopped<D::Error>> {
        if rows.is_empty() {
            return Ok(Ok(RowCounts::default()));
        }
        match self.destination.change(rows).map_err(Stopped::Failed)? {
            Err(refusal) if !is_about_row(refusal.reason()) => Err(Stopped::Refused(refusal)),
            stored => Ok(stored),
        }
    }

    fn count(&mut self, counts: RowCounts) {
        self.report.added = self.report.added.saturating_add(counts.added);
        self.report.updated = self.report.updated.saturating_add(counts.updated);
        self.report.unchanged = self.report.unchanged.saturating_add(counts.unchanged);
    }

    fn reject(&mut self, row: u64, refusal: &Refusal) {
        // Which row of the command it was says nothing to whoever reads the file.
        let field = refusal.field().strip_prefix("rows[0].").unwrap_or(refusal.field());
        let refusal = Refusal::new(refusal.reason(), field, refusal.value(), refusal.limit());
        let (field, value) = (field.to_owned(), refusal.value().to_owned());
        self.report.rejected.push(RejectedRow { row, field, value, reason: refusal.to_string() });
    }
}

fn product_row(imported: &ImportedProduct) -> MasterRow {
    MasterRow::Product(Box::new(imported.product.clone()))
}

/// Whether a refusal is about what a row holds; the others hold for every row.
fn is_about_row(reason: Reason) -> bool {
    !matches!(
        reason,
        Reason::ReadOnly
            | Reason::FedByHeadOffice
            | Reason::OperatorMissing
            | Reason::OperatorUnknown
            | Reason::PinLocked
            | Reason::PinWrong
            | Reason::NotPermitted
            | Reason::ClockWrong
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import_options::{Field, ImportOptions};
    use crate::product_import::ProductImport;

    /// Keeps rows like a till, refuses the product `BAD`, and remembers the size of each command.
    #[derive(Default)]
    struct Shelf {
        rows: BTreeMap<MasterKey, MasterRow>,
        sizes: Vec<usize>,
        refusal: Option<Refusal>,
    }

    impl Destination for Shelf {
        type Error = String;

        fn change(&mut self, rows: Vec<MasterRow>) -> Result<Result<RowCounts, Refusal>, String> {
            if let Some(refusal) = &self.refusal {
                return Ok(Err(refusal.clone()));
            }
            let is_bad = |row: &MasterRow| matches!(row, MasterRow::Product(product) if product.name.as_str() == "BAD");
            if rows.iter().any(is_bad) {
                return Ok(Err(Refusal::new(Reason::Malformed, "rows[0].barcode", "123", "free")));
            }
            self.sizes.push(rows.len());
            let mut counts = RowCounts::default();
            for row in rows {
                match self.rows.insert(row.key(), row.clone()) {
                    None => counts.added += 1,
                    Some(before) if before == row => counts.unchanged += 1,
                    Some(_) => counts.updated += 1,
                }
            }
            Ok(Ok(counts))
        }
    }

    fn run(shelf: &mut Shelf, rows: &[[&str; 4]]) -> Result<ImportReport, Stopped<String>> {
        let defaults = vec![(Field::TaxRate, "25".to_owned())];
        let options = ImportOptions { defaults, ..ImportOptions::default() };
        let import = ProductImport::bind(&options, &["code", "name", "price", "category"]).unwrap();
        let mut run = ImportRun::new(shelf, import.warnings());
        for (row, cells) in (2..).zip(rows) {
            run.take(row, import.read_row(&|place| cells.get(place).copied()))?;
        }
        run.finish()
    }

    fn figures(report: &ImportReport) -> [u64; 5] {
        [report.read(), report.added, report.updated, report.unchanged, report.rejected.len() as u64]
    }

    #[test]
    fn every_row_is_counted_once_and_a_second_import_changes_nothing() {
        let mut shelf = Shelf::default();
        let rows = [["1", "Tea", "2", "Drink"], ["2", "Milk", "x", "Drink"], ["3", "Rum", "9", "Drink"]];
        let report = run(&mut shelf, &rows).unwrap();
        assert_eq!(figures(&report), [3, 2, 0, 0, 1]);
        assert_eq!((report.rejected[0].row, report.rejected[0].field.as_str()), (3, "price"));
        assert_eq!(figures(&run(&mut shelf, &rows).unwrap()), [3, 0, 0, 2, 1]);
        assert_eq!(figures(&run(&mut shelf, &[["1", "Tea", "3", "Drink"]]).unwrap()), [1, 0, 1, 0, 0]);
        assert_eq!(shelf.rows.len(), 4);
    }

    #[test]
    fn a_code_that_comes_again_in_one_file_is_updated_or_unchanged() {
        let rows = [["1", "Tea", "2", ""], ["1", "Tea", "2", ""], ["1", "Tea", "3", ""]];
        assert_eq!(figures(&run(&mut Shelf::default(), &rows).unwrap()), [3, 1, 1, 1, 0]);
    }

    #[test]
    fn a_refused_row_is_rejected_alone() {
        let mut shelf = Shelf::default();
        let rows = [["1", "Tea", "2", "A"], ["2", "BAD", "2", "B"], ["3", "Rum", "9", "C"]];
        let report = run(&mut shelf, &rows).unwrap();
        assert_eq!(figures(&report), [3, 2, 0, 0, 1]);
        let rejected = &report.rejected[0];
        assert_eq!((rejected.row, rejected.field.as_str(), rejected.value.as_str()), (3, "barcode", "123"));
        assert_eq!(rejected.reason, "barcode: 123 is not free");
    }

    #[test]
    fn commands_stay_within_their_limit() {
        let codes: Vec<String> = (0..450).map(|code| code.to_string()).collect();
        let rows: Vec<[&str; 4]> = codes.iter().map(|code| [code.as_str(), "Tea", "2", code.as_str()]).collect();
        let mut shelf = Shelf::default();
        assert_eq!(figures(&run(&mut shelf, &rows).unwrap()), [450, 450, 0, 0, 0]);
        assert!(shelf.sizes.iter().all(|size| *size <= MASTER_ROWS_MAX), "{:?}", shelf.sizes);
        assert_eq!(shelf.sizes.iter().sum::<usize>(), 450 + 450 + 1);
    }

    #[test]
    fn a_refusal_of_the_till_itself_stops_the_run() {
        let refusal = Refusal::new(Reason::FedByHeadOffice, "products", "master data", "import it there");
        let mut shelf = Shelf { refusal: Some(refusal.clone()), ..Shelf::default() };
        assert_eq!(run(&mut shelf, &[["1", "Tea", "2", ""]]), Err(Stopped::Refused(refusal)));
    }

    #[test]
    fn the_report_has_the_fields_that_others_rely_on() {
        let rejected = RejectedRow { row: 3, field: "price".into(), value: "x".into(), reason: "y".into() };
        let report = ImportReport { added: 1, rejected: vec![rejected], ..ImportReport::default() };
        let expected = r#"{"read":2,"added":1,"updated":0,"unchanged":0,"rejected":[{"row":3,"field":"price","value":"x","reason":"y"}],"warnings":[]}"#;
        assert_eq!(serde_json::to_string(&report).unwrap(), expected);
    }
}
