//! The audit: replays every journal of the folder and compares all that was derived from it.
//!
//! The answer has the same form whether all is well or not; where it is not, `ok` is false and the exit code is 3.

use counterfoil_core::money::Money;
use counterfoil_core::till::{Audit, JournalAudit, SeriesAudit};
use serde::{Deserialize, Serialize};

use crate::caller::Caller;
use crate::failure::{Ending, Failure};
use crate::open_till::{OpenTill, scratch};
use crate::operations::{Answer, Operation};

/// Audits the till.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuditTill {}

#[derive(Serialize)]
struct AuditWire {
    ok: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    first_bad_seq: Option<u64>,
    journals: Vec<JournalWire>,
    series: Vec<SeriesWire>,
    drawer_sessions: u64,
    totals: Vec<TotalWire>,
    differences: Vec<String>,
    unread: u64,
}

#[derive(Serialize)]
struct JournalWire {
    journal: String,
    entries: u64,
    head: String,
    chain: String,
}

#[derive(Serialize)]
struct SeriesWire {
    series: String,
    kind: &'static str,
    first: u64,
    last: Option<u64>,
    issued: u64,
    missing: Vec<[u64; 2]>,
    duplicates: Vec<u64>,
}

#[derive(Serialize)]
struct TotalWire {
    currency: String,
    gross: String,
    tax: String,
    cash: String,
}

impl Operation for AuditTill {
    const NAME: &'static str = "audit";

    fn perform(self, till: &mut OpenTill, _caller: &Caller) -> Result<Answer, Failure> {
        let scratch = scratch(till.folder())?;
        let audit = till.inspect(|core| core.audit(scratch))?;
        let ending = if audit.is_ok() { Ending::Done } else { Ending::Damaged };
        Ok(Answer::ended(ending, &AuditWire::from(audit)))
    }
}

impl From<Audit> for AuditWire {
    fn from(audit: Audit) -> Self {
        Self {
            ok: audit.is_ok(),
            first_bad_seq: audit.first_bad_seq,
            journals: audit.journals.into_iter().map(JournalWire::from).collect(),
            series: audit.series.into_iter().map(SeriesWire::from).collect(),
            drawer_sessions: audit.drawer_sessions,
            totals: audit
                .totals
                .into_iter()
                .map(|total| {
                    let show = |amount: Money| amount.show(total.currency);
                    TotalWire {
                        currency: total.currency.to_string(),
                        gross: show(total.gross),
                        tax: show(total.tax),
                        cash: show(total.cash),
                    }
                })
                .collect(),
            differences: audit.differences,
            unread: audit.unread,
        }
    }
}

impl From<JournalAudit> for JournalWire {
    fn from(found: JournalAudit) -> Self {
        let JournalAudit { journal, entries, head, chain } = found;
        Self { journal: journal.to_string(), entries, head, chain }
    }
}

impl From<SeriesAudit> for SeriesWire {
    fn from(found: SeriesAudit) -> Self {
        Self {
            series: found.series.to_string(),
            kind: found.kind.code(),
            first: found.first,
            last: found.last,
            issued: found.issued,
            missing: found.missing.into_iter().map(|(from, to)| [from, to]).collect(),
            duplicates: found.duplicates,
        }
    }
}
