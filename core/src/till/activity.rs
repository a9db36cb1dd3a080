//! Recording what sells nothing, and making addenda to Z reports.

use crate::activity::{ActivityV1, DoneV1};
use crate::addendum::{ADDENDA_MAX, ZAddendumV1, printed};
use crate::command::{Activity, Amendment};
use crate::db::error::DbError;
use crate::db::look_up::{self, EntryRef, Tables};
use crate::db::master::Shelf;
use crate::decide::{self, Context};
use crate::event::Event;
use crate::id::{DocumentNumber, OperatorCode};
use crate::refusal::{Reason, Refusal};
use crate::time::Now;

use super::open::append;
use super::{Till, TillError};

impl Till {
    /// Records that a document was printed again, by whoever is known to have asked.
    ///
    /// # Errors
    /// This till may not write, or the disk failed.
    pub fn record_reprint(
        &mut self,
        number: &DocumentNumber,
        operator: Option<&OperatorCode>,
        now: Now,
    ) -> Result<(), TillError> {
        let result = self.record_reprint_or_fail(number, operator, now);
        self.latch(result)
    }

    fn record_reprint_or_fail(
        &mut self,
        number: &DocumentNumber,
        operator: Option<&OperatorCode>,
        now: Now,
    ) -> Result<(), TillError> {
        self.require_access()?;
        self.key_of(&self.state)?;
        if !self.state.is_open {
            return Err(
                Refusal::new(Reason::ReadOnly, "journal", "its journal is closed", "a new one is needed").into()
            );
        }
        let event = Event::ActivityRecorded(Box::new(ActivityV1 {
            session: self.state.session.as_ref().map(|session| session.session),
            operator: operator.cloned(),
            approved_by: None,
            what: DoneV1::Reprinted(number.clone()),
        }));
        let tx = self.begin()?;
        let (state, _) = append(&mut &tx, self.life, &self.state, &event, now)?;
        self.commit(tx)?;
        self.state = state;
        Ok(())
    }

    /// The addenda of a Z report, in their order.
    ///
    /// # Errors
    /// A failing or damaged store.
    pub fn addenda(&self, z: &DocumentNumber) -> Result<Vec<ZAddendumV1>, TillError> {
        let tables = self.view()?;
        let mut addenda = Vec::new();
        for number in 1..=ADDENDA_MAX {
            let Some(at) = look_up::document(&tables, printed(z, number)?.as_str())? else { break };
            addenda.push(addendum_at(&tables, at)?);
        }
        Ok(addenda)
    }

    pub(super) fn decide_activity(
        &self,
        context: &Context<'_>,
        activity: &Activity,
        generation: u8,
    ) -> Result<Event, TillError> {
        let shelf = Shelf::of(&self.store.read()?)?;
        let products = self.sellables(&shelf, activity.lines(), generation)?;
        Ok(decide::activity::decide(context, activity, &products)?)
    }

    pub(super) fn decide_amendment(&self, context: &Context<'_>, amendment: &Amendment) -> Result<Event, TillError> {
        let closed = self.z_report(Some(&amendment.z))?;
        let z = closed.as_ref().map(|closed| &closed.z);
        let before = z.map_or(Ok(0), |z| self.addenda(&z.printed).map(|addenda| addenda.len()))?;
        Ok(decide::addendum::decide(context, amendment, z, before)?)
    }
}

fn addendum_at(tables: &impl Tables, at: EntryRef) -> Result<ZAddendumV1, TillError> {
    let entry = look_up::entry(tables, at)?;
    let event = entry.map(|entry| Event::decode(&entry)).transpose()?.flatten();
    let Some(Event::ZAmended(addendum)) = event else {
        return Err(DbError::Invariant(format!("entry {} is not the addendum it is known as", at.seq)).into());
    };
    Ok(*addendum)
}
