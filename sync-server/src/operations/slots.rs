//! What concerns a till's slot or every till at once: the feed as a file, the end of trust, the new epoch after a restore.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use counterfoil_core::id::{StoreCode, TillCode};
use counterfoil_core::journal::acknowledgement::Epoch;
use counterfoil_core::journal::parcel::{self, Item, ItemKind};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Answer, OperationError};
use crate::feed;
use crate::grants;
use crate::office::{Office, random};

/// Master data and further series for a till, as a file.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FeedOrder {
    /// The store.
    pub store: String,
    /// The till.
    pub till: String,
}

impl FeedOrder {
    pub(super) fn perform(self, office: &Office) -> Result<Answer, OperationError> {
        let (store, till) = (StoreCode::new(self.store)?, TillCode::new(self.till)?);
        office.store().read(|rows| grants::slot_in_use(rows, &store, &till))??;
        let pages = feed::pages(office.store(), (&store, &till), office.granting())?;
        let items: Vec<Item> = pages.into_iter().map(|bytes| Item { kind: ItemKind::FeedPage, bytes }).collect();
        let (count, parcel) = (items.len(), STANDARD.encode(parcel::encode(&items)?));
        Ok(Answer::done(json!({ "store": store, "till": till, "pages": count, "parcel": parcel })))
    }
}

/// A till that is not trusted any more: lost, stolen or taken out of use.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RevokeOrder {
    /// The store.
    pub store: String,
    /// The till.
    pub till: String,
}

impl RevokeOrder {
    pub(super) fn perform(self, office: &Office) -> Result<Answer, OperationError> {
        let (store, till) = (StoreCode::new(self.store)?, TillCode::new(self.till)?);
        let journals = office.store().write(|rows| grants::revoke(rows, &store, &till))?;
        let journals: Vec<String> = journals.iter().map(ToString::to_string).collect();
        Ok(Answer::done(json!({ "store": store, "till": till, "revoked": journals })))
    }
}

/// Begins a new epoch. What tills were told in the one before may be lost here; each of them says so at its next hello and
/// sends it again, and tokens from before are void.
pub(super) fn restore(office: &Office) -> Result<Answer, OperationError> {
    let fresh = random()?;
    let epoch = office.store().write(|rows| {
        let counter = rows.as_rows().epoch()?.counter.saturating_add(1);
        let epoch = Epoch { counter, random: fresh };
        rows.put_epoch(epoch)?;
        Ok(epoch)
    })?;
    Ok(Answer::done(json!({ "epoch": epoch.counter })))
}
