//! Changing master data on a stand-alone till: the rows of one command, as an import sends them.
//!
//! The rows travel in core's own encoding, as base64, so that no second form of a product has to be kept in step.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use counterfoil_core::catalog::MasterRow;
use counterfoil_core::command::Command;
use counterfoil_core::import_run::RowCounts;
use counterfoil_core::journal::codec;
use counterfoil_core::refusal::{Reason, Refusal};
use counterfoil_core::till::Outcome;
use serde::{Deserialize, Serialize};

use crate::caller::Caller;
use crate::failure::Failure;
use crate::open_till::OpenTill;
use crate::operations::{Answer, Operation, unexpected};

/// Adds or changes rows of master data.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChangeMasterData {
    rows: String,
}

impl ChangeMasterData {
    /// The request to store these rows.
    #[must_use]
    pub fn of(rows: &[MasterRow]) -> Self {
        Self { rows: STANDARD.encode(codec::encode(&rows)) }
    }
}

impl Operation for ChangeMasterData {
    const NAME: &'static str = "change-master-data";

    fn perform(self, till: &mut OpenTill, caller: &Caller) -> Result<Answer, Failure> {
        let malformed = || Refusal::new(Reason::Malformed, "rows", "what came", "rows of master data in base64");
        let bytes = STANDARD.decode(&self.rows).map_err(|_| malformed())?;
        let rows: Vec<MasterRow> = codec::decode(&bytes).map_err(|_| malformed())?;
        let operator = till.identify_for_set_up(caller)?;
        let outcome = till.execute_by(&Command::ChangeMasterData(rows), operator.by())?;
        let Outcome::MasterData(counts) = outcome else { return Err(unexpected(&outcome)) };
        Ok(Answer::done(&counts))
    }
}

/// Reads the answer to such a request.
///
/// # Errors
/// The inner one is a refusal; the outer one, that the till failed.
pub fn read_counts(answer: &Answer) -> Result<Result<RowCounts, Refusal>, Failure> {
    match answer.read() {
        Ok(counts) => Ok(Ok(counts)),
        Err(Failure::Refused(refusal)) => Ok(Err(refusal)),
        Err(failure) => Err(failure),
    }
}
