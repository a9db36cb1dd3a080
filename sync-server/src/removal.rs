//! Taking products and operators out of what tills know.
//!
//! Nothing that was sold changes: documents carry what they name. The row goes down the feed as a removal, in the
//! company and in every store that has it; a product takes its prices in stores along. What is not there is refused.
//! Example: product MILK with a price in S01 takes two revisions to remove; S02's tills learn of one of them.

use counterfoil_core::catalog::MasterKey;
use counterfoil_core::feed::FeedRow;
use counterfoil_core::id::{OperatorCode, ProductCode, StoreCode};
use counterfoil_core::refusal::{Reason, Refusal};

use crate::master_data::{self, MasterChange};
use crate::operation_error::OperationError;
use crate::store::{Rows, Store, StoreError};

/// Removes a product with its prices in all stores.
///
/// # Errors
/// There is no such product, or the store failed.
pub fn remove_product(store: &dyn Store, code: &ProductCode) -> Result<(), OperationError> {
    let keys = [MasterKey::Price(code.clone()), MasterKey::Product(code.clone())];
    remove(store, "product", &code.to_string(), &keys)
}

/// Removes an operator from the company and from every store.
///
/// # Errors
/// There is no such operator, or the store failed.
pub fn remove_operator(store: &dyn Store, code: &OperatorCode) -> Result<(), OperationError> {
    remove(store, "operator", &code.to_string(), &[MasterKey::Operator(code.clone())])
}

fn remove(store: &dyn Store, what: &str, code: &str, keys: &[MasterKey]) -> Result<(), OperationError> {
    Ok(store.write(|rows| {
        let mut changes = Vec::new();
        for key in keys {
            for scope in scopes_of(rows.as_rows(), key)? {
                changes.push(MasterChange { store: scope, row: FeedRow::Remove(key.clone()), pin: None });
            }
        }
        if changes.is_empty() {
            let value = format!("head office has no {what} {code}");
            return Err(Refusal::new(Reason::Declined, "code", value, "nothing was removed").into());
        }
        master_data::change(rows, &changes).map(|_| ())
    })?)
}

/// Where a row is now; `None` inside is the whole company.
pub(crate) fn scopes_of(rows: &dyn Rows, key: &MasterKey) -> Result<Vec<Option<StoreCode>>, StoreError> {
    let mut scopes = Vec::new();
    for (scope, _) in rows.master_states()? {
        if rows.master(scope.as_ref(), key)?.is_some_and(|record| record.row.is_some()) {
            scopes.push(scope);
        }
    }
    Ok(scopes)
}
