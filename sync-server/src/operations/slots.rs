//! What concerns a till's slot or every till at once: the end of trust, the new epoch after a restore.

use counterfoil_core::id::{StoreCode, TillCode};
use counterfoil_core::journal::acknowledgement::Epoch;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Answer, OperationError};
use crate::grants;
use crate::office::{Office, random};

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
