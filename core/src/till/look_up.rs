//! What a till can be asked without changing anything.

use crate::catalog::Product;
use crate::db::look_up::{self, EntryRef, Tables};
use crate::db::master::{self, Shelf};
use crate::db::tables::STOCK;
use crate::decide::sale::Sellable;
use crate::document::Issued;
use crate::drawer::{DrawerSession, ZReportV1};
use crate::event::Event;
use crate::id::ProductCode;
use crate::journal_state::SeriesState;
use crate::quantity::Quantity;
use crate::refusal::{Reason, Refusal};
use crate::series::DocumentKind;
use crate::time::Now;

use super::issued::{find_document, issued_at};
use super::journals::JournalSummary;
use super::{Access, Till, TillError};

/// How the till is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// Whether it may write.
    pub access: Access,
    /// Whether it belongs to a head office.
    pub is_enrolled: bool,
    /// Its journals, oldest first.
    pub journals: Vec<JournalSummary>,
    /// The open drawer session.
    pub session: Option<u64>,
    /// How many entries head office has not acknowledged.
    pub unsent: u64,
    /// The revision of the feed that is served.
    pub feed_revision: Option<u64>,
}

/// A Z report with when it was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClosedSession {
    /// When the session was closed.
    pub closed: Now,
    /// The report.
    pub z: ZReportV1,
}

impl Till {
    /// How the till is.
    ///
    /// # Errors
    /// A failing or damaged store.
    pub fn status(&self) -> Result<Status, TillError> {
        let journals = self.journals()?;
        let unsent =
            |sum: u64, journal: &JournalSummary| sum.saturating_add(journal.seq.saturating_sub(journal.acknowledged));
        let served = super::feed::served(&self.view()?)?;
        Ok(Status {
            access: self.access.clone(),
            is_enrolled: self.is_enrolled()?,
            unsent: journals.iter().fold(0, unsent),
            journals,
            session: self.state.session.as_ref().map(|session| session.session),
            feed_revision: served.map(|(_, cursor)| cursor.revision),
        })
    }

    /// What a product code or barcode stands for here: the product, its price in this store and its taxes.
    ///
    /// # Errors
    /// A failing or damaged store.
    pub fn resolve(&self, code: &str) -> Result<Option<Sellable>, TillError> {
        let tx = self.store.read()?;
        let generation = look_up::feed_state(&tx)?.active;
        Ok(master::sellable(&Shelf::of(&tx)?, generation, code, &|| self.masks())?)
    }

    /// Products in the order of their codes, after `after`, at most `limit`.
    ///
    /// # Errors
    /// A failing or damaged store.
    pub fn products(&self, after: Option<&ProductCode>, limit: usize) -> Result<Vec<Product>, TillError> {
        let tx = self.store.read()?;
        let generation = look_up::feed_state(&tx)?.active;
        Ok(master::products(&tx, generation, after, limit)?)
    }

    /// The sum of a product's movements on this till.
    ///
    /// # Errors
    /// A failing or damaged store.
    pub fn stock(&self, code: &ProductCode) -> Result<Quantity, TillError> {
        let found = self.view()?.get(STOCK, &code.as_str())?;
        Ok(found.unwrap_or(Quantity::ZERO))
    }

    /// A document by its printed number, or by the id of the command that issued it.
    ///
    /// # Errors
    /// The number is of a Z report, or a failing or damaged store.
    pub fn document(&self, number_or_id: &str) -> Result<Option<Issued>, TillError> {
        let tx = self.view()?;
        find_document(&tx, number_or_id)?.map(|at| issued_at(&tx, at)).transpose()
    }

    /// The open drawer session: the figures of an X report.
    #[must_use]
    pub const fn session(&self) -> Option<&DrawerSession> {
        self.state.session.as_ref()
    }

    /// A Z report by its number, or by the plain number that it has in the newest series of Z reports that has one; without
    /// a number the last one.
    ///
    /// # Errors
    /// The number is of another document, or a failing or damaged store.
    pub fn z_report(&self, number: Option<&str>) -> Result<Option<ClosedSession>, TillError> {
        let tx = self.view()?;
        if let Some(number) = number {
            let at = match number.parse() {
                Ok(plain) => self.z_numbered(&tx, plain)?,
                Err(_) => look_up::document(&tx, &number.to_ascii_uppercase())?,
            };
            return z_at(&tx, at);
        }
        let is_issued_z = |state: &&SeriesState| {
            state.head.series().kind == DocumentKind::ZReport && state.head.last_issued().is_some()
        };
        for life in (1..=self.life).rev() {
            let state = look_up::state(&tx, life)?;
            let mut last = None;
            // Each year has its own series; the last report is the last entry, whatever the clock said.
            for series in state.series.iter().filter(is_issued_z) {
                let printed = series.head.last_printed(&state.profile.store, &state.profile.till)?;
                let at = printed.map(|printed| look_up::document(&tx, printed.as_str())).transpose()?.flatten();
                last = last.max(at);
            }
            if last.is_some() {
                return z_at(&tx, last);
            }
        }
        Ok(None)
    }

    /// The Z report of that number in the newest journal's newest year that has one.
    fn z_numbered(&self, tx: &impl Tables, number: u64) -> Result<Option<EntryRef>, TillError> {
        for life in (1..=self.life).rev() {
            let state = look_up::state(tx, life)?;
            let is_z = |state: &&SeriesState| state.head.series().kind == DocumentKind::ZReport;
            let mut series: Vec<_> = state.series.iter().filter(is_z).collect();
            series.sort_by_key(|state| std::cmp::Reverse(state.head.series().year));
            for one in series {
                if let Some(printed) = one.head.printed(&state.profile.store, &state.profile.till, number)? {
                    return Ok(look_up::document(tx, printed.as_str())?);
                }
            }
        }
        Ok(None)
    }
}

fn z_at(tx: &impl Tables, at: Option<EntryRef>) -> Result<Option<ClosedSession>, TillError> {
    let Some(at) = at else { return Ok(None) };
    let Some(entry) = look_up::entry(tx, at)? else { return Ok(None) };
    match Event::decode(&entry)? {
        Some(Event::DrawerClosed(closed)) => {
            Ok(Some(ClosedSession { closed: closed.z.issued_at(entry.now()), z: closed.z }))
        }
        _ => {
            let value = format!("entry {} of this till", at.seq);
            Err(Refusal::new(Reason::WrongDocument, "number", value, "no Z report").into())
        }
    }
}
