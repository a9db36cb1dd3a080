//! What came of a command.

use crate::document::Issued;
use crate::drawer::ZReportV1;
use crate::event::Event;
use crate::import_run::RowCounts;

/// What a command did. It is durable when it is returned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Rows of master data were compared and, where new, stored.
    MasterData(RowCounts),
    /// The operator is as asked.
    OperatorSet,
    /// The role is as asked.
    RoleSet,
    /// A document was issued, or had been by the same command before.
    Issued(Box<Issued>),
    /// A credit note was issued and a sale completed in exchange, now or by the same command before.
    Exchanged(Box<(Issued, Issued)>),
    /// The session began.
    DrawerOpened(u64),
    /// Cash was moved.
    CashMoved,
    /// The session ended with this report.
    DrawerClosed(Box<ZReportV1>),
    /// This was recorded.
    Recorded(Box<Event>),
}
