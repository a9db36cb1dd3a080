//! `head-office import`: reads a file, shows how far it is, and sends its rows to head office.

use counterfoil_core::catalog::MasterRow;
use counterfoil_core::id::StoreCode;
use counterfoil_core::import_files::products::import_products;
use counterfoil_core::import_files::source::Source;
use counterfoil_core::import_options::ImportOptions as Asked;
use counterfoil_core::import_run::{Destination, RowCounts, Stopped};
use counterfoil_core::refusal::Refusal;
use serde_json::json;

use super::args::{ImportCommand, ImportOptions};
use super::files;
use super::progress::Progress;
use super::reach::Reach;
use crate::folder::Folder;
use crate::operation_error::OperationError;
use crate::operations::{Answer, Ending, Operation, ProductsOrder};
use crate::settings::Given;

pub(super) fn run(folder: &Folder, given: Given, options: ImportOptions) -> Result<Answer, OperationError> {
    let ImportCommand::Products(options) = options.command;
    let source = Source::read(&options.file.display().to_string(), Ok(files::open(&options.file)?))?;
    let (rate, separator) = (options.tax_rate, options.category_separator);
    let asked = Asked::read(&options.map, &options.default, rate, separator, options.key)?;
    let store = options.store.map(StoreCode::new).transpose()?;
    let reach = Reach::of(folder, given)?;
    let mut shelf = Shelf { reach: &reach, store: store.as_ref() };
    let progress = Progress::start("products");
    let imported = import_products(&source, &asked, &mut shelf, &mut |reached| progress.show(reached));
    let report = imported.map_err(|stopped| match stopped {
        Stopped::Refused(refusal) => refusal.into(),
        Stopped::Failed(error) => error,
    })?;
    let ending = if report.rejected.is_empty() { Ending::Done } else { Ending::Refused };
    Ok(Answer { ending, body: json!(report) })
}

/// Head office within reach, as the destination of an import: the catalogue, or the prices of a store.
struct Shelf<'a> {
    reach: &'a Reach,
    store: Option<&'a StoreCode>,
}

impl Destination for Shelf<'_> {
    type Error = OperationError;

    fn change(&mut self, rows: Vec<MasterRow>) -> Result<Result<RowCounts, Refusal>, OperationError> {
        let order = ProductsOrder::of(self.store, &rows);
        match self.reach.perform(Operation::ChangeProducts(order))?.read() {
            Ok(counts) => Ok(Ok(counts)),
            Err(OperationError::Refused(refusal)) => Ok(Err(refusal)),
            Err(error @ (OperationError::Fault(_) | OperationError::Failed(_))) => Err(error),
        }
    }
}
