//! What is told to take a product or an operator out.

use counterfoil_core::id::{OperatorCode, ProductCode};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Answer, OperationError};
use crate::office::Office;
use crate::removal::{remove_operator, remove_product};

/// What to remove.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RemoveOrder {
    /// Its code.
    pub code: String,
}

impl RemoveOrder {
    pub(super) fn remove_product(self, office: &Office) -> Result<Answer, OperationError> {
        let code = ProductCode::new(self.code)?;
        remove_product(office.store(), &code)?;
        Ok(Answer::done(json!({ "product": code, "removed": true })))
    }

    pub(super) fn remove_operator(self, office: &Office) -> Result<Answer, OperationError> {
        let code = OperatorCode::new(self.code)?;
        remove_operator(office.store(), &code)?;
        Ok(Answer::done(json!({ "operator": code, "removed": true })))
    }
}
