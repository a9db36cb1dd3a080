//! What is recorded although nothing was sold: the drawer opened without a sale, lines voided, baskets abandoned, prints
//! repeated.
//!
//! None of it moves money or takes a number. Each is an entry all the same, and the X and Z report count them, because
//! this is where theft hides (France: BOI-TVA-DECLA-30-10-30 asks for the traces of corrections and cancellations).
//! Example: a basket of 12.50 is scanned and abandoned: one entry with its lines, and `Abandoned (1) 12.50` on the Z.

use serde::{Deserialize, Serialize};

use crate::approval::ApprovalV1;
use crate::id::{CommandId, DocumentNumber, Note, OperatorCode, ProductCode};
use crate::money::Money;
use crate::quantity::Quantity;

/// Something was done that is recorded although nothing was sold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActivityV1 {
    /// In which session, where one was open.
    pub session: Option<u64>,
    /// By whom; a reprint may be asked for by nobody in particular.
    pub operator: Option<OperatorCode>,
    /// Who lent what the operator could not do alone.
    pub approved_by: Option<ApprovalV1>,
    /// What.
    pub what: DoneV1,
}

/// What was done. Frozen order: it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum DoneV1 {
    /// The drawer was opened without a sale.
    OpenedWithoutSale(Note),
    /// A line was taken out of a basket that was not sold yet.
    LineVoided {
        /// The basket, where it had an id.
        basket: Option<CommandId>,
        /// The line.
        line: UnsoldLineV1,
        /// Why, where it was said.
        reason: Option<Note>,
    },
    /// A basket was given up before it was sold.
    BasketAbandoned {
        /// The basket.
        basket: CommandId,
        /// What was in it.
        lines: Vec<UnsoldLineV1>,
        /// Why, where it was said.
        reason: Option<Note>,
    },
    /// A document was printed again.
    Reprinted(DocumentNumber),
}

/// A line that was not sold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnsoldLineV1 {
    /// The product.
    pub code: ProductCode,
    /// How much of it.
    pub quantity: Quantity,
    /// What it would have come to, with tax.
    pub gross: Money,
}

impl DoneV1 {
    /// The code used in answers.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::OpenedWithoutSale(_) => "opened_without_sale",
            Self::LineVoided { .. } => "line_voided",
            Self::BasketAbandoned { .. } => "basket_abandoned",
            Self::Reprinted(_) => "reprinted",
        }
    }
}
