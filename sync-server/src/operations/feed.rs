//! The feed as a file: what a till that has no line takes with `till apply`.
//!
//! With a till, the file also brings that till's grants of further years; without one, every till of the store can take it.
//! A page follows the revision before it, so that a till takes a file that begins at or before its own revision and
//! refuses one that leaves a gap. Example: `--after 10950` at revision 10,957 writes one page of 7 rows.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use counterfoil_core::id::{StoreCode, TillCode};
use counterfoil_core::journal::parcel::{self, Item, ItemKind};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Answer, OperationError, require_store};
use crate::feed::{self, Pages};
use crate::grants;
use crate::office::Office;

/// Master data for the tills of a store, as a file.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FeedOrder {
    /// The store.
    pub store: String,
    /// One till, which then gets its further series too; all tills of the store otherwise.
    pub till: Option<String>,
    /// The revision that the till has; everything if not said.
    pub after: Option<u64>,
}

impl FeedOrder {
    pub(super) fn perform(self, office: &Office) -> Result<Answer, OperationError> {
        let store = StoreCode::new(self.store)?;
        let till = self.till.map(TillCode::new).transpose()?;
        require_store(office, &store)?;
        if let Some(till) = &till {
            office.store().read(|rows| grants::slot_in_use(rows, &store, till))??;
        }
        let slot = (&store, till.as_ref());
        let pages = feed::pages(office.store(), slot, self.after.unwrap_or(0), office.granting())?;
        let (count, rows, revision) = (pages.signed.len(), pages.rows, pages.revision);
        let parcel = STANDARD.encode(parcel::encode(&items(pages))?);
        Ok(Answer::done(json!({
            "store": store, "till": till, "pages": count, "rows": rows, "revision": revision, "parcel": parcel,
        })))
    }
}

/// A grant and the master data that a till needs in order to sell, as the file that `till apply` takes.
pub(super) fn parcel_of_grant(grant: Vec<u8>, pages: Pages) -> Result<Vec<u8>, OperationError> {
    let mut all = vec![Item { kind: ItemKind::Grant, bytes: grant }];
    all.extend(items(pages));
    Ok(parcel::encode(&all)?)
}

fn items(pages: Pages) -> Vec<Item> {
    pages.signed.into_iter().map(|bytes| Item { kind: ItemKind::FeedPage, bytes }).collect()
}
