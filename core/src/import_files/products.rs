//! A file of products, row by row into a till or head office.
//!
//! A row that cannot be read is rejected with its place (the line of a CSV, from 1; the place in an array, from 1), and
//! the others go on. Example: of four lines with an open quote in the second, three are imported and line 3 is rejected.

use super::csv_rows::CsvRows;
use super::json_rows::JsonRows;
use super::reached::Reached;
use super::source::{Format, Source};
use crate::import_options::ImportOptions;
use crate::import_run::{Destination, ImportReport, ImportRun, Stopped};
use crate::product_import::ProductImport;

/// Imports the products of a file, and tells after each row how far it was read.
///
/// # Errors
/// The file is no table, the options do not fit it, or the destination refuses any import.
pub fn import_products<D: Destination>(
    source: &Source,
    options: &ImportOptions,
    destination: &mut D,
    tell: &mut dyn FnMut(Reached),
) -> Result<ImportReport, Stopped<D::Error>> {
    match source.format() {
        Format::Csv => import_csv(CsvRows::new(source.bytes()).map_err(Stopped::Refused)?, options, destination, tell),
        Format::Json => {
            import_json(&JsonRows::new(source.bytes()).map_err(Stopped::Refused)?, options, destination, tell)
        }
    }
}

fn import_csv<D: Destination>(
    mut rows: CsvRows<'_>,
    options: &ImportOptions,
    destination: &mut D,
    tell: &mut dyn FnMut(Reached),
) -> Result<ImportReport, Stopped<D::Error>> {
    let columns: Vec<&str> = rows.columns().iter().map(String::as_str).collect();
    let import = ProductImport::bind(options, &columns).map_err(Stopped::Refused)?;
    let mut run = ImportRun::new(destination, import.warnings());
    while let Some(row) = rows.next() {
        let read = row.cells.and_then(|cells| import.read_row(&|place| cells.get(place)));
        run.take(row.line, read)?;
        tell(rows.reached());
    }
    run.finish()
}

fn import_json<D: Destination>(
    rows: &JsonRows,
    options: &ImportOptions,
    destination: &mut D,
    tell: &mut dyn FnMut(Reached),
) -> Result<ImportReport, Stopped<D::Error>> {
    let columns = rows.columns();
    let import = ProductImport::bind(options, &columns).map_err(Stopped::Refused)?;
    let mut run = ImportRun::new(destination, import.warnings());
    for (place, row) in (1..).zip(rows.iter()) {
        let read = row.as_ref().map_err(Clone::clone).and_then(|cells| {
            let cell = |column: usize| columns.get(column).and_then(|column| cells.get(*column)).map(String::as_str);
            import.read_row(&cell)
        });
        run.take(place, read)?;
        tell(Reached { rows: place, done: place, total: rows.total() });
    }
    run.finish()
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;
    use crate::catalog::MasterRow;
    use crate::import_run::RowCounts;
    use crate::refusal::Refusal;

    /// Takes every row, and keeps the codes of products.
    #[derive(Default)]
    struct Shelf(Vec<String>);

    impl Destination for Shelf {
        type Error = Infallible;

        fn change(&mut self, rows: Vec<MasterRow>) -> Result<Result<RowCounts, Refusal>, Infallible> {
            let before = self.0.len();
            self.0.extend(rows.into_iter().filter_map(|row| match row {
                MasterRow::Product(product) => Some(product.code.to_string()),
                MasterRow::TaxClass(_)
                | MasterRow::Category(_)
                | MasterRow::Price(_)
                | MasterRow::Operator(_)
                | MasterRow::Role(_)
                | MasterRow::PriceList(_)
                | MasterRow::ListPrice(_)
                | MasterRow::Promotion(_) => None,
            }));
            Ok(Ok(RowCounts { added: (self.0.len() - before) as u64, ..RowCounts::default() }))
        }
    }

    fn check(text: &str, codes: &[&str], rejected: &[(u64, &str)], last: Reached) {
        let source = Source::read("list", Ok(text.as_bytes())).unwrap();
        let (mut shelf, mut told) = (Shelf::default(), Vec::new());
        let report =
            import_products(&source, &ImportOptions::default(), &mut shelf, &mut |reached| told.push(reached)).unwrap();
        assert_eq!(shelf.0, codes);
        let rows: Vec<_> = report.rejected.iter().map(|rejected| (rejected.row, rejected.field.as_str())).collect();
        assert_eq!(rows, rejected);
        assert_eq!((told.len() as u64, told.last()), (report.read(), Some(&last)));
        assert!(told.is_sorted_by_key(|reached| (reached.rows, reached.done)), "{told:?}");
    }

    #[test]
    fn every_row_is_imported_or_rejected_by_its_place_and_told() {
        let text = "code,name,price,tax_rate\n1,Tea,2,25\n2,\"Milk,1,25\n3,Rum,9,25\n4,Gin,9,25\n";
        check(text, &["1", "3", "4"], &[(3, "row")], Reached { rows: 4, done: 71, total: 71 });
        let text =
            r#"[{"code":1,"name":"Tea","price":2,"tax_rate":25},5,{"code":3,"name":"Rum","price":9,"tax_rate":25}]"#;
        check(text, &["1", "3"], &[(2, "row")], Reached { rows: 3, done: 3, total: 3 });
    }

    #[test]
    fn what_is_no_table_or_lacks_a_column_is_refused_whole() {
        for (text, field) in [("", "file"), ("code,price,tax_rate\n", "name"), ("[1", "file"), ("[]", "name")] {
            let source = Source::read("list", Ok(text.as_bytes())).unwrap();
            let (options, mut shelf) = (ImportOptions::default(), Shelf::default());
            let stopped = import_products(&source, &options, &mut shelf, &mut |_| ()).unwrap_err();
            assert!(matches!(&stopped, Stopped::Refused(refusal) if refusal.field() == field), "{text}: {stopped:?}");
        }
    }
}
