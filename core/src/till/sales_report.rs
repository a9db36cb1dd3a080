//! Tables of what was sold, from the journals themselves, while the till sells on.

use std::collections::BTreeMap;

use crate::catalog::{MasterKey, MasterRow};
use crate::db::error::DbError;
use crate::db::tail::{Tail, View};
use crate::db::{ReadTransaction, entries, look_up, master};
use crate::document::LineV1;
use crate::event::Event;
use crate::id::{MasterCode, Name, OperatorCode, ProductCode};
use crate::quantity::UnitPrice;
use crate::sales_report::{By, Period, SalesReport};

use super::{Till, TillError};

/// The journals of a till as they stood at one moment. It borrows nothing: the till may sell on while they are read.
pub struct Journals {
    tx: ReadTransaction,
    tail: Tail,
    life: u16,
    /// Which generation of master data was served.
    generation: u8,
}

impl std::fmt::Debug for Journals {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Journals").field("life", &self.life).finish_non_exhaustive()
    }
}

impl Till {
    /// All journals of this till as they stand now.
    ///
    /// # Errors
    /// The newest entries are damaged, or a failing store.
    pub fn journals_now(&self) -> Result<Journals, TillError> {
        self.require_whole()?;
        let tx = self.store.read()?;
        let generation = look_up::feed_state(&tx)?.active;
        Ok(Journals { tx, tail: self.tail.clone(), life: self.life, generation })
    }
}

impl Journals {
    /// How many entries there are to read.
    ///
    /// # Errors
    /// A failing or damaged store.
    pub fn entries(&self) -> Result<u64, TillError> {
        let view = View::new(&self.tx, &self.tail);
        let seq = |life| look_up::state(&view, life).map(|state| state.seq);
        Ok((1..=self.life).map(seq).sum::<Result<u64, DbError>>()?)
    }

    /// Reads every entry and makes a table. `reached` is called with the number of entries read so far.
    ///
    /// # Errors
    /// A damaged entry, a sum beyond what can be counted, or a failing store.
    pub fn sales_report(&self, by: By, period: Period, reached: &mut dyn FnMut(u64)) -> Result<SalesReport, TillError> {
        let mut report = SalesReport::new(by, period);
        let mut costs = Costs { journals: self, known: BTreeMap::new() };
        let mut read = 0_u64;
        for life in 1..=self.life {
            let state = look_up::state(&View::new(&self.tx, &self.tail), life)?;
            let currency = state.profile.currency;
            entries::each_entry(&self.tx, &self.tail, life, &state, &mut |entry| -> Result<(), TillError> {
                read = read.saturating_add(1);
                reached(read);
                let damaged = |fault| DbError::DamagedEntry { seq: entry.seq(), fault };
                let event = Event::decode(entry).map_err(damaged)?;
                let Some(document) = event.as_ref().and_then(Event::document) else { return Ok(()) };
                let issued = document.issued_at(entry.now());
                if report.has(issued) {
                    report.add(document, issued, currency, &costs.of(&document.lines)?)?;
                }
                Ok(())
            })?;
        }
        Ok(report)
    }

    /// What a category is called now.
    ///
    /// # Errors
    /// A failing or damaged store.
    pub fn category_name(&self, code: &MasterCode) -> Result<Option<Name>, TillError> {
        match self.master_row(&MasterKey::Category(code.clone()))? {
            Some(MasterRow::Category(category)) => Ok(Some(category.name)),
            _ => Ok(None),
        }
    }

    /// What an operator is called now.
    ///
    /// # Errors
    /// A failing or damaged store.
    pub fn operator_name(&self, code: &OperatorCode) -> Result<Option<Name>, TillError> {
        Ok(master::operator(&self.tx, self.generation, code)?.map(|operator| operator.name))
    }

    fn master_row(&self, key: &MasterKey) -> Result<Option<MasterRow>, DbError> {
        master::row(&self.tx, self.generation, key)
    }
}

/// What products cost now, each looked up once.
struct Costs<'a> {
    journals: &'a Journals,
    known: BTreeMap<ProductCode, Option<UnitPrice>>,
}

impl Costs<'_> {
    fn of(&mut self, lines: &[LineV1]) -> Result<Vec<Option<UnitPrice>>, DbError> {
        lines.iter().map(|line| self.of_product(&line.code)).collect()
    }

    fn of_product(&mut self, code: &ProductCode) -> Result<Option<UnitPrice>, DbError> {
        if let Some(known) = self.known.get(code) {
            return Ok(*known);
        }
        let cost = match self.journals.master_row(&MasterKey::Product(code.clone()))? {
            Some(MasterRow::Product(product)) => product.cost,
            _ => None,
        };
        self.known.insert(code.clone(), cost);
        Ok(cost)
    }
}
