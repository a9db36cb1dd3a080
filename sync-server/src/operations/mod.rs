//! What head office can be asked from its own machine: each operation once, called by the command line and by the
//! running server's local API alike.
//!
//! An operation goes in as JSON and an answer comes out as JSON, with how it ended. What it means stands in the modules
//! named after its noun; here it is only read, called and told.

mod answers;
mod feed;
mod orders;
mod removal;
mod slots;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use counterfoil_core::id::StoreCode;
use counterfoil_core::refusal::{Reason, Refusal, ToldRefusal};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use crate::operation_error::OperationError;
pub use feed::FeedOrder;
pub use orders::{
    AdministratorOrder, GrantOrder, IngestOrder, OperatorOrder, ProductsOrder, ReportOrder, StoreOrder, TokenOrder,
};
pub use removal::RemoveOrder;
pub use slots::RevokeOrder;

use crate::office::Office;
use crate::store::StoreError;

/// The most bytes of an operation with its file, in base64.
pub const OPERATION_BYTES_MAX: usize = 256 * 1_048_576;

/// One operation.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "operation", rename_all = "snake_case")]
pub enum Operation {
    /// A token for a till slot.
    Token(TokenOrder),
    /// A grant as a file.
    Grant(GrantOrder),
    /// Master data as a file.
    Feed(FeedOrder),
    /// A person who administers.
    Administrator(AdministratorOrder),
    /// An operator of tills.
    Operator(OperatorOrder),
    /// An operator that is no more.
    RemoveOperator(RemoveOrder),
    /// A product that is no more.
    RemoveProduct(RemoveOrder),
    /// Products or prices, as an import sends them.
    ChangeProducts(ProductsOrder),
    /// What a till exported to a file.
    Ingest(IngestOrder),
    /// A till that is not trusted any more.
    Revoke(RevokeOrder),
    /// The folder was put back from a copy: a new epoch begins.
    Restore,
    /// Everything is read and compared.
    Audit,
    /// Totals by day.
    Report(ReportOrder),
}

/// How an operation ended; the exit code of the command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// All of it was done.
    Done,
    /// A rule said no, to all or to a part.
    Refused,
    /// Data are damaged, or the disk failed.
    Damaged,
}

impl Ending {
    /// The exit code.
    #[must_use]
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Refused => 1,
            Self::Damaged => 3,
        }
    }
}

/// What an operation answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// How it ended.
    pub ending: Ending,
    /// The object for programs.
    pub body: Value,
}

impl Answer {
    /// All of it was done.
    #[must_use]
    pub const fn done(body: Value) -> Self {
        Self { ending: Ending::Done, body }
    }

    /// Reads what was answered.
    ///
    /// # Errors
    /// The answer is a refusal or a failure, or not of this form.
    pub fn read<T: DeserializeOwned>(mut self) -> Result<T, OperationError> {
        let refused = self.body.get_mut("refused").map(Value::take);
        match (self.ending, refused.map(serde_json::from_value::<ToldRefusal>)) {
            (Ending::Refused, Some(Ok(refused))) => Err(refused.to_refusal().into()),
            (Ending::Done, None) => serde_json::from_value(self.body).map_err(|error| {
                OperationError::Failed(anyhow::Error::from(error).context("head office answered with something else"))
            }),
            (Ending::Done | Ending::Refused | Ending::Damaged, _) => {
                Err(OperationError::Failed(anyhow::anyhow!("head office answered {}", self.body)))
            }
        }
    }
}

impl From<OperationError> for Answer {
    fn from(error: OperationError) -> Self {
        let refused = |refusal: &Refusal| Self {
            ending: Ending::Refused,
            body: serde_json::json!({ "refused": ToldRefusal::from(refusal) }),
        };
        match error {
            OperationError::Refused(refusal) => refused(&refusal),
            OperationError::Fault(fault) => {
                refused(&Refusal::new(Reason::Malformed, "file", "what came", format!("whole and unaltered: {fault}")))
            }
            OperationError::Failed(cause) => Self {
                ending: Ending::Damaged,
                body: serde_json::json!({ "error": { "code": code_of(&cause), "message": format!("{cause:#}") } }),
            },
        }
    }
}

/// What failed, for programs: the disk, what is written there, or something else.
fn code_of(cause: &anyhow::Error) -> &'static str {
    match cause.downcast_ref::<StoreError>() {
        Some(StoreError::Corrupted(_) | StoreError::Damaged { .. } | StoreError::Invariant(_)) => "damaged",
        Some(StoreError::Backend(_)) => "io",
        Some(StoreError::NewerSchema { .. } | StoreError::Locked | StoreError::Refused(_)) => "failed",
        None if cause.chain().any(|error| error.is::<std::io::Error>()) => "io",
        None => "failed",
    }
}

/// Does an operation.
#[must_use]
pub fn perform(office: &Office, operation: Operation) -> Answer {
    let done = match operation {
        Operation::Token(order) => order.perform(office),
        Operation::Grant(order) => order.perform(office),
        Operation::Feed(order) => order.perform(office),
        Operation::Administrator(order) => order.perform(office),
        Operation::Operator(order) => order.perform(office),
        Operation::RemoveOperator(order) => order.remove_operator(office),
        Operation::RemoveProduct(order) => order.remove_product(office),
        Operation::ChangeProducts(order) => order.perform(office),
        Operation::Ingest(order) => order.perform(office),
        Operation::Revoke(order) => order.perform(office),
        Operation::Restore => slots::restore(office),
        Operation::Audit => answers::audit(office),
        Operation::Report(order) => order.perform(office),
    };
    done.unwrap_or_else(Answer::from)
}

fn decode(field: &str, base64: &str) -> Result<Vec<u8>, Refusal> {
    STANDARD.decode(base64).map_err(|_| Refusal::new(Reason::Malformed, field, "what came", "base64"))
}

/// A store that head office knows; any other is a slip of the pen.
fn require_store(office: &Office, store: &StoreCode) -> Result<(), OperationError> {
    let stores = office.store().read(|rows| rows.stores())?;
    if stores.iter().any(|known| known.store == *store) {
        return Ok(());
    }
    let known: Vec<String> = stores.iter().map(|known| known.store.to_string()).collect();
    let limit = match known.as_slice() {
        [] => "there is no store yet; a token or a grant makes it".to_owned(),
        stores => format!("known are {}", stores.join(", ")),
    };
    Err(Refusal::new(Reason::Declined, "store", format!("there is no store {store}"), limit).into())
}
