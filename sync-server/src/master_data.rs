//! Master data: each row once, with the revision that changed it last, and what each store sees of it.
//!
//! A row is of the whole company or of one store (its prices, its operators). A change takes the next revision; revisions
//! have no gap when they are given, and a row that changes again moves to its newest one, so that the feed holds each row
//! once. A till sees the rows of the company and of its own store, in the order of revisions.
//! Example: product at 7, its price in S01 at 8, the product again at 9: S01 from 0 gets 8 and 9, S02 gets 9.

use counterfoil_core::barcode::comparison_key;
use counterfoil_core::catalog::{MasterKey, MasterRow};
use counterfoil_core::feed::{FeedRow, ROWS_PER_PAGE_MAX, StateHash};
use counterfoil_core::id::{Barcode, OperatorCode, ProductCode, StoreCode};
use counterfoil_core::import_run::RowCounts;
use counterfoil_core::journal::codec;
use counterfoil_core::operator::PinHash;
use counterfoil_core::refusal::{Reason, Refusal};

use crate::store::record::MasterRecord;
use crate::store::{Rows, RowsMut, StoreError};

/// The most bytes of rows in one page; a signed document holds a little more.
const PAGE_BYTES_MAX: usize = 900_000;
/// How many revisions are read at a time, and at most for one page.
const REVISIONS_PER_STEP: usize = 1_000;
const STEPS_MAX: usize = 20;

/// One change of master data.
#[derive(Clone, Debug)]
pub struct MasterChange {
    /// Of one store, or of the whole company.
    pub store: Option<StoreCode>,
    /// The row as it is to be.
    pub row: FeedRow,
    /// With an operator: the hash of the PIN, if it is to be set.
    pub pin: Option<PinHash>,
}

impl MasterChange {
    /// A row that is to be.
    #[must_use]
    pub const fn set(store: Option<StoreCode>, row: MasterRow) -> Self {
        Self { store, row: FeedRow::Set(row), pin: None }
    }
}

/// What the tills of a store must learn after a revision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedSlice {
    /// The rows, oldest change first.
    pub rows: Vec<FeedRow>,
    /// PIN hashes of operators among them.
    pub pins: Vec<(OperatorCode, PinHash)>,
    /// The revision that a till has after these.
    pub to_revision: u64,
    /// The newest revision of all.
    pub newest: u64,
    /// If nothing follows: the hash of all rows that the store then holds.
    pub state: Option<StateHash>,
}

/// Changes rows, in order. What is so already takes no revision. Where a row is refused the caller's transaction fails
/// with it, so that none of them is changed.
///
/// # Errors
/// A row refers to what is not there, or has a barcode of another product; the store failed.
pub fn change(rows: &mut dyn RowsMut, changes: &[MasterChange]) -> Result<RowCounts, StoreError> {
    let mut counts = RowCounts::default();
    for change in changes {
        let key = match &change.row {
            FeedRow::Set(row) => row.key(),
            FeedRow::Remove(key) => key.clone(),
        };
        let row = match &change.row {
            FeedRow::Set(row) => Some(row),
            FeedRow::Remove(_) => None,
        };
        let store = change.store.as_ref();
        let known = rows.as_rows().master(store, &key)?.and_then(|record| record.row);
        let is_pin_new = match (&key, &change.pin) {
            (MasterKey::Operator(code), Some(pin)) => rows.as_rows().pin(code)?.as_ref() != Some(pin),
            _ => false,
        };
        if known.as_ref() == row && !is_pin_new {
            counts.unchanged = counts.unchanged.saturating_add(1);
            continue;
        }
        if let Some(row) = row {
            check(rows.as_rows(), row, change.pin.as_ref())?;
        }
        if let (MasterKey::Operator(code), Some(pin)) = (&key, &change.pin) {
            rows.put_pin(code, pin)?;
        }
        set(rows, store, &key, known.as_ref(), row)?;
        match known {
            None => counts.added = counts.added.saturating_add(1),
            Some(_) => counts.updated = counts.updated.saturating_add(1),
        }
    }
    Ok(counts)
}

fn set(
    rows: &mut dyn RowsMut,
    store: Option<&StoreCode>,
    key: &MasterKey,
    before: Option<&MasterRow>,
    after: Option<&MasterRow>,
) -> Result<(), StoreError> {
    let mut state = rows.as_rows().master_state(store)?;
    state = before.map_or(state, |row| state.without(row));
    state = after.map_or(state, |row| state.with(row));
    rows.put_master_state(store, &state)?;
    if let MasterKey::Product(code) = key {
        for barcode in barcodes(before) {
            rows.put_barcode(&comparison_key(barcode), None)?;
        }
        for barcode in barcodes(after) {
            rows.put_barcode(&comparison_key(barcode), Some(code))?;
        }
    }
    rows.renew_master(store, key, after.cloned())
}

/// The barcodes of a row; only products have any.
#[must_use]
pub fn barcodes(row: Option<&MasterRow>) -> &[Barcode] {
    match row {
        Some(MasterRow::Product(product)) => &product.barcodes,
        Some(
            MasterRow::TaxClass(_)
            | MasterRow::Category(_)
            | MasterRow::Price(_)
            | MasterRow::Operator(_)
            | MasterRow::Role(_)
            | MasterRow::PriceList(_)
            | MasterRow::ListPrice(_)
            | MasterRow::Promotion(_),
        )
        | None => &[],
    }
}

/// What a row refers to must be there; a barcode belongs to one product only.
fn check(rows: &dyn Rows, row: &MasterRow, pin: Option<&PinHash>) -> Result<(), StoreError> {
    row.check()?;
    match row {
        MasterRow::Product(product) => {
            require(rows, "tax_class", product.tax_class.as_str(), &MasterKey::TaxClass(product.tax_class.clone()))?;
            for category in &product.categories {
                require(rows, "category", category.as_str(), &MasterKey::Category(category.clone()))?;
            }
            product.barcodes.iter().try_for_each(|barcode| check_barcode(rows, barcode, &product.code))
        }
        MasterRow::Price(price) => {
            require(rows, "code", price.product.as_str(), &MasterKey::Product(price.product.clone()))
        }
        MasterRow::Operator(operator) if pin.is_none() && rows.pin(&operator.code)?.is_none() => Err(Refusal::new(
            Reason::Missing,
            "pin",
            "",
            "the PIN of a new operator: --pin-file FILE or HEAD_OFFICE_NEW_PIN",
        )
        .into()),
        MasterRow::ListPrice(price) => {
            require(rows, "list", price.list.as_str(), &MasterKey::PriceList(price.list.clone()))?;
            require(rows, "product", price.product.as_str(), &MasterKey::Product(price.product.clone()))
        }
        MasterRow::TaxClass(_)
        | MasterRow::Category(_)
        | MasterRow::Operator(_)
        | MasterRow::Role(_)
        | MasterRow::PriceList(_)
        | MasterRow::Promotion(_) => Ok(()),
    }
}

fn check_barcode(rows: &dyn Rows, barcode: &Barcode, product: &ProductCode) -> Result<(), StoreError> {
    let owner = rows.product_of_barcode(&comparison_key(barcode))?;
    match owner.filter(|owner| owner != product) {
        Some(owner) => {
            let limit = format!("product {owner} has this barcode");
            Err(Refusal::new(Reason::IdReused, "barcode", barcode, limit).into())
        }
        None => Ok(()),
    }
}

fn require(rows: &dyn Rows, field: &str, code: &str, key: &MasterKey) -> Result<(), StoreError> {
    match rows.master(None, key)?.and_then(|record| record.row) {
        Some(_) => Ok(()),
        None => Err(Refusal::new(Reason::ProductUnknown, field, code, "import the catalogue first").into()),
    }
}

/// What the tills of a store must learn after a revision, bounded by rows and bytes.
///
/// # Errors
/// The store failed or is damaged.
pub fn feed(rows: &dyn Rows, store: &StoreCode, after: u64) -> Result<FeedSlice, StoreError> {
    let newest = rows.revision()?;
    let mut slice = FeedSlice { rows: Vec::new(), pins: Vec::new(), to_revision: after, newest, state: None };
    let mut bytes = 0_usize;
    for _ in 0..STEPS_MAX {
        let records = rows.master_after(slice.to_revision, REVISIONS_PER_STEP)?;
        let is_last = records.len() < REVISIONS_PER_STEP;
        for record in records {
            if record.store.as_ref().is_some_and(|own| own != store) {
                slice.to_revision = record.revision;
                continue;
            }
            bytes = bytes.saturating_add(codec::encode(&record).len());
            if slice.rows.len() == ROWS_PER_PAGE_MAX || bytes > PAGE_BYTES_MAX {
                return Ok(slice);
            }
            take(rows, &mut slice, record)?;
        }
        if is_last {
            slice.to_revision = slice.to_revision.max(newest);
            slice.state = Some(rows.master_state(None)?.plus(rows.master_state(Some(store))?));
            return Ok(slice);
        }
    }
    Ok(slice)
}

fn take(rows: &dyn Rows, slice: &mut FeedSlice, record: MasterRecord) -> Result<(), StoreError> {
    slice.to_revision = record.revision;
    if let (MasterKey::Operator(code), Some(_)) = (&record.key, &record.row)
        && let Some(pin) = rows.pin(code)?
    {
        slice.pins.push((code.clone(), pin));
    }
    slice.rows.push(record.row.map_or(FeedRow::Remove(record.key), FeedRow::Set));
    Ok(())
}

/// Computes again what is derived from the rows, and gives what differs.
///
/// # Errors
/// The store failed, or a row is damaged.
pub fn audit(rows: &dyn Rows) -> Result<Vec<String>, StoreError> {
    let mut findings = Vec::new();
    let mut states: std::collections::BTreeMap<Option<StoreCode>, StateHash> = std::collections::BTreeMap::new();
    let (mut newest, mut barcode_count) = (0, 0_usize);
    let records = rows.all_master()?;
    for record in &records {
        newest = newest.max(record.revision);
        let state = states.entry(record.store.clone()).or_default();
        *state = record.row.as_ref().map_or(*state, |row| state.with(row));
        for barcode in barcodes(record.row.as_ref()) {
            barcode_count = barcode_count.saturating_add(1);
            if let Err(StoreError::Refused(refusal)) = check_barcode_index(rows, barcode, &record.key) {
                findings.push(refusal.to_string());
            }
        }
    }
    if rows.barcode_count()? != barcode_count {
        findings.push(format!("{barcode_count} barcodes of products, but {} in their index", rows.barcode_count()?));
    }
    if rows.revision()? != newest {
        findings.push(format!("the newest row of master data is of revision {newest}, not {}", rows.revision()?));
    }
    let in_feed = rows.master_after(0, usize::MAX)?;
    let mut ordered: Vec<&MasterRecord> = records.iter().collect();
    ordered.sort_by_key(|record| record.revision);
    if !in_feed.iter().eq(ordered) {
        findings.push("the feed does not hold each row of master data once, in order".to_owned());
    }
    for (store, state) in rows.master_states()? {
        if states.remove(&store).unwrap_or_default() != state {
            let whose = store.map_or_else(|| "all stores".to_owned(), |store| store.to_string());
            findings.push(format!("the state hash of the master data of {whose} is not that of its rows"));
        }
    }
    if states.values().any(|state| *state != StateHash::default()) {
        findings.push("a state hash of master data is missing".to_owned());
    }
    Ok(findings)
}

fn check_barcode_index(rows: &dyn Rows, barcode: &Barcode, key: &MasterKey) -> Result<(), StoreError> {
    let owner = rows.product_of_barcode(&comparison_key(barcode))?;
    if matches!((owner, key), (Some(owner), MasterKey::Product(code)) if owner == *code) {
        return Ok(());
    }
    Err(Refusal::new(Reason::IdReused, "barcode", barcode, "its product, as the index of barcodes must say").into())
}
