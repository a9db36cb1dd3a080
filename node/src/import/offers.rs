//! Taking over promotions and price lists: a JSON array of them in a file.
//!
//! A row that is wrong is refused with its place, and nothing of the file is stored; the same file again changes nothing.
//! An offer ends by its `to`. Example: `[{"code":"3F2","kind":"buy-get","buy":2,"get":1,"products":["SOAP"]}]`.

use std::path::Path;

use counterfoil_core::catalog::MasterRow;
use counterfoil_core::command::MASTER_ROWS_MAX;
use counterfoil_core::currency::Currency;
use counterfoil_core::import_run::{Destination, RowCounts};
use counterfoil_core::refusal::{Reason, Refusal};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::failure::Failure;
use crate::wire::price_list::PriceListWire;
use crate::wire::promotion::PromotionWire;
use crate::wire::read::{each, read};

/// What became of the rows of a file.
#[derive(Debug, Default, Serialize)]
pub struct OffersReport {
    /// How many rows the file had.
    pub read: u64,
    /// How many are new.
    pub added: u64,
    /// How many are other than before.
    pub updated: u64,
    /// How many were so already.
    pub unchanged: u64,
}

#[derive(Deserialize)]
struct PromotionsFile {
    promotions: Vec<PromotionWire>,
}

#[derive(Deserialize)]
struct PriceListsFile {
    price_lists: Vec<PriceListWire>,
}

/// The promotions of a file, for prices in `currency`.
///
/// # Errors
/// The file cannot be read, or a promotion makes no sense.
pub fn promotions(path: &Path, currency: Currency) -> Result<Vec<MasterRow>, Failure> {
    let file: PromotionsFile = read_array(path, "promotions")?;
    let read = |promotion: &PromotionWire| {
        let promotion = promotion.read(currency)?;
        promotion.check()?;
        Ok(MasterRow::Promotion(Box::new(promotion)))
    };
    Ok(each("promotions", &file.promotions, read)?)
}

/// The price lists of a file, each followed by its prices.
///
/// # Errors
/// The file cannot be read, or a list or a price makes no sense.
pub fn price_lists(path: &Path) -> Result<Vec<MasterRow>, Failure> {
    let file: PriceListsFile = read_array(path, "price_lists")?;
    let lists = each("price_lists", &file.price_lists, PriceListWire::read)?;
    let rows = lists.into_iter().flat_map(|(list, prices)| {
        let prices = prices.into_iter().map(|price| MasterRow::ListPrice(Box::new(price)));
        std::iter::once(MasterRow::PriceList(Box::new(list))).chain(prices)
    });
    Ok(rows.collect())
}

/// Stores rows at a till, as many in one command as it takes.
///
/// # Errors
/// The till refuses them, or it failed.
pub fn store<D: Destination<Error = Failure>>(rows: &[MasterRow], till: &mut D) -> Result<OffersReport, Failure> {
    let mut report = OffersReport::default();
    for some in rows.chunks(MASTER_ROWS_MAX) {
        let RowCounts { added, updated, unchanged, .. } = till.change(some.to_vec())??;
        report.read += some.len() as u64;
        report.added += added;
        report.updated += updated;
        report.unchanged += unchanged;
    }
    Ok(report)
}

/// Reads a JSON array as the field `name` of an object, so that a mistake is told by its place: `promotions[2].kind`.
fn read_array<T: DeserializeOwned>(path: &Path, name: &str) -> Result<T, Failure> {
    let text = std::fs::read_to_string(path).map_err(|error| Failure::io(path, &error))?;
    if !text.trim_start().starts_with('[') {
        let limit = format!("a JSON array of {name}");
        return Err(Refusal::new(Reason::Malformed, "file", path.display(), limit).into());
    }
    Ok(read(&format!("{{\"{name}\":{text}}}"))?)
}
