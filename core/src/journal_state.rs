//! Where a journal stands: the fold of its entries.
//!
//! Till and head office fold the same entries with this one function, so they cannot disagree by a cent: series heads,
//! running totals, the open drawer session, the perpetual gross. A number that is not the next of its series is a
//! refusal here, which for a till is a broken invariant and for head office a finding.

use serde::{Deserialize, Serialize};

use crate::document::DocumentV1;
use crate::drawer::{DrawerClosedV1, DrawerSession};
use crate::event::{Event, GrantedByV1, JournalOpenedV1};
use crate::grant::{PredecessorV1, Profile};
use crate::id::{Hash, JournalId, SeriesCode};
use crate::journal::envelope::{ChainHead, Entry};
use crate::journal::hello::RunningTotal;
use crate::journal::key::PublicKey;
use crate::money::Money;
use crate::planted::{Bug, is_alive};
use crate::refusal::{Reason, Refusal};
use crate::series::{DocumentKind, EVERY_YEAR, Series, SeriesHead};
use crate::time::Now;

/// A series of this journal, and when it issued last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeriesState {
    /// Which number comes next.
    pub head: SeriesHead,
    /// The issue time of its last document.
    pub last_issued: Option<Now>,
}

/// Where a journal stands after its last entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JournalState {
    /// Which journal.
    pub journal: JournalId,
    /// Its public key.
    pub key: PublicKey,
    /// What the till is.
    pub profile: Profile,
    /// Whether the till may grant itself further series.
    pub is_self_granted: bool,
    /// Whether it may still grow.
    pub is_open: bool,
    /// The seq of the last entry.
    pub seq: u64,
    /// The hash of the last entry.
    pub hash: Hash,
    /// The series.
    pub series: Vec<SeriesState>,
    /// Documents, gross, tax and cash since the journal's first entry.
    pub total: RunningTotal,
    /// The gross since the till's first journal.
    pub perpetual_gross: Money,
    /// How many drawer sessions the till has had.
    pub sessions: u64,
    /// The open drawer session.
    pub session: Option<DrawerSession>,
    /// Entries whose type or version this program does not know.
    pub unread: u64,
}

impl JournalState {
    /// The state after a journal's first entry.
    #[must_use]
    pub fn open(entry: &Entry, opened: &JournalOpenedV1) -> Self {
        let predecessor = opened.predecessor.as_ref();
        let series = opened.series.iter().cloned().map(start);
        Self {
            journal: entry.journal(),
            key: opened.key,
            profile: opened.profile.clone(),
            is_self_granted: matches!(opened.granted_by, GrantedByV1::Till),
            is_open: true,
            seq: entry.seq(),
            hash: entry.hash(),
            series: series.collect(),
            total: RunningTotal {
                currency: opened.profile.currency,
                count: 0,
                gross: Money::ZERO,
                tax: Money::ZERO,
                cash: Money::ZERO,
            },
            perpetual_gross: predecessor.map_or(Money::ZERO, |predecessor| predecessor.perpetual_gross),
            sessions: predecessor.map_or(0, |predecessor| predecessor.sessions),
            session: opened.session.clone(),
            unread: 0,
        }
    }

    /// The state after one more entry; `None` is an entry that this program cannot read.
    ///
    /// # Errors
    /// What the entry says does not follow from this state: a number out of turn, a session that is not open, a sum
    /// beyond 64 bits.
    pub fn after(mut self, entry: &Entry, event: Option<&Event>) -> Result<Self, Refusal> {
        self.seq = entry.seq();
        self.hash = entry.hash();
        match event {
            None => self.unread = self.unread.saturating_add(1),
            Some(Event::JournalOpened(_)) => {
                return Err(Refusal::new(Reason::WrongDocument, "journal", self.journal, "open already"));
            }
            Some(Event::JournalClosed(_)) => self.is_open = false,
            Some(Event::SeriesGranted(granted)) => self.series.extend(granted.series.iter().cloned().map(start)),
            Some(Event::DrawerOpened(opened)) => {
                self.sessions = opened.session;
                self.session = Some(DrawerSession::start(opened, entry.now()));
            }
            Some(Event::CashMoved(moved)) => {
                self.session = Some(self.open_session()?.with_movement(moved)?);
                if !is_alive(Bug::MoveNotInTotal) {
                    self.total.cash = self.total.cash.plus(moved.kind.signed(moved.amount)?)?;
                }
            }
            Some(Event::SaleCompleted(document) | Event::CreditNoteIssued(document)) => {
                return self.after_document(document, document.issued_at(entry.now()));
            }
            Some(Event::DrawerClosed(closed)) => return self.after_close(closed, closed.z.issued_at(entry.now())),
            Some(Event::ActivityRecorded(activity)) => {
                if activity.session.is_some() {
                    self.session = Some(self.open_session()?.with_activity(&activity.what)?);
                }
            }
            Some(Event::ZAmended(addendum)) => {
                self.total.cash = self.total.cash.plus(addendum.correction.cash()?)?;
            }
            Some(Event::MasterDataChanged(_) | Event::OperatorSet(_) | Event::OperatorLocked(_)) => {}
        }
        Ok(self)
    }

    fn after_document(mut self, document: &DocumentV1, issued: Now) -> Result<Self, Refusal> {
        self.session = Some(self.open_session()?.with_document(document, issued)?);
        self.take_number(&document.series, document.number, issued)?;
        self.total.count = self.total.count.saturating_add(1);
        self.total.gross = self.total.gross.plus(document.totals.gross)?;
        self.total.tax = self.total.tax.plus(document.totals.tax)?;
        self.total.cash = self.total.cash.plus(document.cash()?)?;
        self.perpetual_gross = self.perpetual_gross.plus(document.totals.gross)?;
        Ok(self)
    }

    fn after_close(mut self, closed: &DrawerClosedV1, issued: Now) -> Result<Self, Refusal> {
        self.open_session()?;
        self.take_number(&closed.z.series, closed.z.number, issued)?;
        self.session = None;
        Ok(self)
    }

    /// The last number of each series given free: what only a planted defect does.
    pub(crate) fn with_numbers_freed(mut self) -> Self {
        self.series.iter_mut().for_each(|state| state.head = state.head.clone().before_last());
        self
    }

    /// The next number of each series used up by nothing: what only a planted defect does.
    pub(crate) fn with_numbers_burnt(mut self) -> Self {
        let profile = self.profile.clone();
        for state in &mut self.series {
            if let Ok((_, head)) = state.head.clone().allot(&profile.store, &profile.till) {
                state.head = head;
            }
        }
        self
    }

    fn open_session(&mut self) -> Result<DrawerSession, Refusal> {
        self.session.take().ok_or_else(drawer_closed)
    }

    fn take_number(&mut self, code: &SeriesCode, number: u64, issued: Now) -> Result<(), Refusal> {
        let missing = || Refusal::new(Reason::SeriesMissing, "series", code, "granted to this journal");
        let state = self.series.iter_mut().find(|state| state.head.series().code == *code).ok_or_else(missing)?;
        let (allotted, head) = state.head.clone().allot(&self.profile.store, &self.profile.till)?;
        if allotted.number != number {
            let limit = format!("the next number {}", allotted.number);
            return Err(Refusal::new(Reason::Malformed, "number", format!("{code} {number}"), limit));
        }
        *state = SeriesState { head, last_issued: Some(issued) };
        Ok(())
    }

    /// The series that numbers documents of a kind issued on a local date of `year`.
    #[must_use]
    pub fn series_for(&self, kind: DocumentKind, year: i64) -> Option<&SeriesState> {
        let is_year = |series: &Series| series.numbers(year) || is_alive(Bug::YearIgnored);
        let fits = |state: &&SeriesState| state.head.series().kind == kind && is_year(state.head.series());
        // Where a range was authorised, nothing else numbers; one is used up before the next is begun.
        let is_range = |state: &&SeriesState| fits(state) && state.head.series().year == EVERY_YEAR;
        let unused = self.series.iter().filter(is_range).find(|state| state.head.next().is_some());
        unused.or_else(|| self.series.iter().rfind(is_range)).or_else(|| self.series.iter().rfind(fits))
    }

    /// The last number of each series that has issued one, in the order of codes.
    #[must_use]
    pub fn last_numbers(&self) -> Vec<(SeriesCode, u64)> {
        let issued = |state: &SeriesState| Some((state.head.series().code.clone(), state.head.last_issued()?));
        let mut numbers: Vec<_> = self.series.iter().filter_map(issued).collect();
        numbers.sort();
        numbers
    }

    /// The head, for the next entry.
    #[must_use]
    pub const fn chain_head(&self) -> ChainHead {
        ChainHead::at(self.journal, self.seq, self.hash)
    }

    /// What a journal that follows this one says of it.
    #[must_use]
    pub const fn as_predecessor(&self) -> PredecessorV1 {
        PredecessorV1 {
            journal: self.journal,
            key: self.key,
            seq: self.seq,
            hash: self.hash,
            perpetual_gross: self.perpetual_gross,
            sessions: self.sessions,
        }
    }
}

/// The refusal of what needs an open drawer.
#[must_use]
pub fn drawer_closed() -> Refusal {
    Refusal::new(Reason::DrawerClosed, "drawer", "closed", "open it with its float first")
}

/// The issue time: now, or the last issue time of the series where the clock went back.
#[must_use]
pub fn issue_time(now: Now, last: Option<Now>) -> Now {
    match last {
        Some(last) if last.at > now.at && !is_alive(Bug::TimeGoesBack) => last,
        _ => now,
    }
}

const fn start(series: Series) -> SeriesState {
    SeriesState { head: SeriesHead::start(series), last_issued: None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::{Timestamp, ZoneOffset};

    fn check(now: (i64, i16), last: Option<(i64, i16)>, expected: (i64, i16)) {
        let time = |(at, offset)| Now { at: Timestamp(at), offset: ZoneOffset(offset) };
        assert_eq!(issue_time(time(now), last.map(time)), time(expected), "{now:?} after {last:?}");
    }

    #[test]
    fn the_issue_time_of_a_series_never_goes_back() {
        check((5_000, 60), None, (5_000, 60));
        check((5_000, 60), Some((4_999, 60)), (5_000, 60));
        check((5_000, 60), Some((5_000, 120)), (5_000, 60));
        check((5_000, 60), Some((5_001, 120)), (5_001, 120));
    }
}
