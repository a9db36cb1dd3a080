//! All that a till says of itself when asked: the measure by which two states are the same.

use counterfoil_core::catalog::Product;
use counterfoil_core::decide::sale::Sellable;
use counterfoil_core::document::Issued;
use counterfoil_core::feed::FeedCursor;
use counterfoil_core::journal_state::JournalState;
use counterfoil_core::operator::Operator;
use counterfoil_core::quantity::Quantity;
use counterfoil_core::till::{ClosedSession, Status, Till, TillError};

use crate::shop::GOODS;

/// What a till says of itself.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Answers {
    state: JournalState,
    status: Status,
    is_enrolled: bool,
    stock: Vec<Quantity>,
    goods: Vec<Option<Sellable>>,
    barcode: Option<Sellable>,
    products: Vec<Product>,
    operators: Vec<Operator>,
    cursor: Option<FeedCursor>,
    documents: Vec<Option<Issued>>,
    last_z: Option<ClosedSession>,
}

impl Answers {
    /// Asks a till; `documents` are ids of commands, of which some are known to it.
    pub(crate) fn of(till: &Till, documents: &[String]) -> Result<Self, TillError> {
        let status = till.status()?;
        let codes = || GOODS.iter().map(|(code, ..)| *code);
        Ok(Self {
            state: till.state().clone(),
            is_enrolled: till.is_enrolled()?,
            stock: codes().map(|code| till.stock(&code.parse()?)).collect::<Result<_, _>>()?,
            goods: codes().map(|code| till.resolve(code)).collect::<Result<_, _>>()?,
            barcode: till.resolve("3850334043641")?,
            products: till.products(None, 50)?,
            operators: till.operators()?,
            cursor: till.feed_cursor()?,
            documents: documents.iter().map(|id| till.document(id)).collect::<Result<_, _>>()?,
            last_z: till.z_report(None)?,
            status,
        })
    }
}

/// Every entry of every journal, byte for byte, as signed batches.
pub(crate) fn entries(till: &Till) -> Result<Vec<Option<Vec<u8>>>, TillError> {
    till.journals()?.iter().map(|journal| till.batch(journal.journal, 1)).collect()
}
