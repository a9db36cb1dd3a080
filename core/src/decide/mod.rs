//! Whether the trade allows what is asked, and what has then happened.
//!
//! Every function here is pure: the state, what was looked up, the command and one reading of the clock go in; an event
//! or a refusal comes out. A refusal has used up nothing. The order of checks is the order of precedence.

pub mod drawer;
pub mod master_data;
pub mod sale;
pub mod refund;
pub mod goods_return;
pub mod exchange;
pub mod repeat;
pub mod activity;
pub mod addendum;
pub mod authorised_range;

use crate::approval::{Actor, Authority};
use crate::journal_state::{JournalState, SeriesState, issue_time};
use crate::refusal::{Reason, Refusal};
use crate::role::Permission;
use crate::series::{Allotted, DocumentKind};
use crate::time::Now;

/// Who asks, when, and where the journal stands.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// Where the journal stands.
    pub state: &'a JournalState,
    /// Who asks, already identified.
    pub operator: &'a Actor,
    /// Who approves it, already identified.
    pub approver: Option<&'a Actor>,
    /// The clock.
    pub now: Now,
}

impl<'a> Context<'a> {
    /// The authority of who asks and who approves, which must allow this and may be asked for more.
    pub(crate) fn require(&self, permission: Permission) -> Result<Authority<'a>, Refusal> {
        let mut authority = Authority::new(self.operator, self.approver)?;
        authority.require(permission)?;
        if self.state.is_open {
            return Ok(authority);
        }
        let limit = "open a new journal by enrolling again or by a grant";
        Err(Refusal::new(Reason::ReadOnly, "journal", "its journal is closed", limit))
    }

    pub(crate) fn session(&self) -> Result<u64, Refusal> {
        let session = self.state.session.as_ref().ok_or_else(crate::journal_state::drawer_closed)?;
        Ok(session.session)
    }

    /// Takes the next number for a document of `kind`, and tells the time at which it is issued.
    pub(crate) fn allot(&self, kind: DocumentKind, at: Option<Now>) -> Result<(Allotted, Now), Refusal> {
        let wanted = at.unwrap_or(self.now);
        let series = self.series_for(kind, wanted)?;
        let issued = match (at, series.last_issued) {
            (Some(at), Some(last)) if at.at < last.at => {
                let limit = format!("the last document of series {}, {last}", series.head.series().code);
                return Err(Refusal::new(Reason::Backdated, "at", at, limit));
            }
            (Some(at), _) => at,
            (None, last) => issue_time(self.now, last),
        };
        let profile = &self.state.profile;
        let (allotted, _) = series.head.clone().allot(&profile.store, &profile.till)?;
        Ok((allotted, issued))
    }

    fn series_for(&self, kind: DocumentKind, at: Now) -> Result<&SeriesState, Refusal> {
        let year = at.date().year();
        let missing = || {
            let limit = format!("it needs a grant for {year} from head office, or a range: `till series add`");
            Refusal::new(Reason::SeriesMissing, "series", format!("{kind} of {year}"), limit)
        };
        self.state.series_for(kind, year).ok_or_else(missing)
    }
}

/// The issue time to store: none where it is the time of the entry itself.
pub(crate) fn stored_issue(issued: Now, now: Now) -> Option<Now> {
    (issued != now).then_some(issued)
}

/// Refuses a date of the past where only imported history may have one.
pub(crate) fn check_at(context: &Context<'_>, at: Option<Now>) -> Result<(), Refusal> {
    match at {
        Some(at) if !context.state.profile.has_history => {
            let limit = format!("now ({}); only a till made with --history takes over the past", context.now);
            Err(Refusal::new(Reason::Backdated, "at", at, limit))
        }
        Some(at) if at.at > context.now.at => {
            let limit = format!("a time that has passed (now is {})", context.now);
            Err(Refusal::new(Reason::Malformed, "at", at, limit))
        }
        _ => Ok(()),
    }
}
