//! Products into head office: the catalogue with its base prices, or the prices of one store.
//!
//! A command reads the file and sends its rows here. What a row means is decided by core's `product_import`, as at a
//! till. With a store, a product that is in the catalogue gets a price of that store; one that is not is added without a
//! base price, so that only that store can sell it.
//! Example: store S02's list has 6,801 rows, 147 of them new: 6,801 prices of S02, and 147 products for all.

use counterfoil_core::catalog::{MasterRow, Product, StorePrice};
use counterfoil_core::id::StoreCode;
use counterfoil_core::import_run::{Destination, RowCounts};
use counterfoil_core::refusal::Refusal;

use crate::master_data::{self, MasterChange};
use crate::store::{RowsMut, Store, StoreError};

/// Where imported rows go.
pub struct Shelves<'a> {
    /// The store of head office.
    pub kept_in: &'a dyn Store,
    /// Whose prices they are; none for the catalogue.
    pub store: Option<&'a StoreCode>,
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
