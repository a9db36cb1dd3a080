//! What concerns a till's slot or every till at once: the end of trust, the new epoch after a restore.

use counterfoil_core::id::{StoreCode, TillCode};
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

/// Begins a new epoch, after a backup was put back.
pub(super) fn restore(office: &Office) -> Result<Answer, OperationError> {
    let fresh = random()?;
    let epoch = office.store().write(|rows| grants::begin_epoch(rows, fresh))?;
    Ok(Answer::done(json!({ "epoch": epoch.counter })))
}
