//! Files of products: CSV with commas, semicolons or tabs, JSON arrays, plain or gzipped.
//!
//! Always: each row is counted once, a rejected row has its place and a reason, and the same file again rejects the same
//! rows and adds none.

use std::collections::BTreeMap;
use std::convert::Infallible;

use counterfoil_core::catalog::{MasterKey, MasterRow};
use counterfoil_core::command::MASTER_ROWS_MAX;
use counterfoil_core::import_files::products::import_products;
use counterfoil_core::import_files::reached::Reached;
use counterfoil_core::import_files::source::Source;
use counterfoil_core::import_options::ImportOptions;
use counterfoil_core::import_run::{Destination, ImportReport, RowCounts, Stopped};
use counterfoil_core::refusal::Refusal;

use super::draw::Draw;
use super::require_told;

/// A byte for the name and options, then the file.
///
/// # Panics
/// A law of imports is broken.
pub fn run(bytes: &[u8]) {
    let mut draw = Draw::from(bytes);
    let choice = draw.byte();
    let name = ["list.csv", "list.json", "list", "list.csv.gz"][usize::from(choice) % 4];
    let source = match Source::read(name, Ok(draw.rest())) {
        Ok(source) => source,
        Err(refusal) => return require_told(&refusal),
    };
    if source.bytes().len() > 1 << 20 {
        return;
    }
    let options = options(choice / 4);
    let mut shelf = Shelf::default();
    let first = import(&source, &options, &mut shelf);
    let held = shelf.rows.clone();
    let again = import(&source, &options, &mut shelf);
    if let (Some(first), Some(again)) = (first, again) {
        assert_eq!(first.read(), again.read());
        assert_eq!(first.rejected, again.rejected, "the same file rejects other rows");
        assert_eq!(again.added, 0, "the same file adds rows again");
        assert_eq!(held, shelf.rows, "the same file changes what is there");
    }
}

fn options(choice: u8) -> ImportOptions {
    let text = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    let (maps, defaults): (&[&str], &[&str]) = match choice % 4 {
        0 => (&[], &[]),
        1 => (&[], &["price=9.99"]),
        2 => (&["name=Title", "category=Major Genre"], &["price=9.99", "unit=piece"]),
        _ => (&["price=UnitPrice"], &["name=thing"]),
    };
    let key = if choice & 4 == 0 { text(&[]) } else { text(&["name"]) };
    let separator = (choice & 8 != 0).then(|| "|".to_owned());
    ImportOptions::read(&text(maps), &text(defaults), Some("25".to_owned()), separator, key).expect("fixed options")
}

fn import(source: &Source, options: &ImportOptions, shelf: &mut Shelf) -> Option<ImportReport> {
    let mut last = None;
    let mut tell = |reached: Reached| {
        assert!(reached.done <= reached.total, "{reached:?}");
        last = Some(reached.rows);
    };
    match import_products(source, options, shelf, &mut tell) {
        Ok(report) => {
            assert_eq!(report.read(), last.unwrap_or(0), "not every row was counted once");
            for row in &report.rejected {
                assert!(row.row > 0 && !row.field.is_empty() && !row.reason.is_empty(), "{row:?}");
                assert!(row.value.chars().count() <= 123, "{row:?}");
            }
            Some(report)
        }
        Err(Stopped::Refused(refusal)) => {
            require_told(&refusal);
            None
        }
    }
}

/// Keeps rows as a till would, by key.
#[derive(Default)]
struct Shelf {
    rows: BTreeMap<MasterKey, MasterRow>,
}

impl Destination for Shelf {
    type Error = Infallible;

    fn change(&mut self, rows: Vec<MasterRow>) -> Result<Result<RowCounts, Refusal>, Infallible> {
        assert!(rows.len() <= MASTER_ROWS_MAX, "{} rows in one command", rows.len());
        if let Some(refusal) = rows.iter().find_map(|row| row.check().err()) {
            return Ok(Err(refusal));
        }
        let mut counts = RowCounts::default();
        for row in rows {
            let count = match self.rows.insert(row.key(), row.clone()) {
                None => &mut counts.added,
                Some(before) if before == row => &mut counts.unchanged,
                Some(_) => &mut counts.updated,
            };
            *count += 1;
        }
        Ok(Ok(counts))
    }
}
