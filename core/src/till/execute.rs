//! Carrying out a command: one write transaction from look-up to durable commit.

use crate::catalog::MasterRow;
use crate::command::{Command, ExchangeRequest};
use crate::db::apply::apply;
use crate::db::error::DbError;
use crate::db::look_up::{self, Tables};
use crate::db::{WriteTransaction, master, tail};
use crate::decide::master_data::KnownRow;
use crate::decide::{self, Context};
use crate::event::Event;
use crate::id::OperatorCode;
use crate::journal_state::JournalState;
use crate::planted::{Bug, is_alive};
use crate::refusal::{Reason, Refusal};
use crate::time::Now;

use super::actors::{Actors, By};
use super::issued::{issued, unexpected_event};
use super::open::append;
use super::outcome::Outcome;
use super::{Space, Till, TillError};

impl Till {
    /// Carries out a command for an identified operator. When this returns `Ok`, it is on the disk.
    ///
    /// # Errors
    /// A refusal uses up nothing. A failing disk stops the till until it is opened again.
    pub fn execute(&mut self, command: &Command, operator: &OperatorCode, now: Now) -> Result<Outcome, TillError> {
        self.execute_by(command, By { operator, approver: None }, now)
    }

    /// Carries out a command for an identified operator, with what an identified approver lends.
    ///
    /// # Errors
    /// As [`Till::execute`].
    pub fn execute_by(&mut self, command: &Command, by: By<'_>, now: Now) -> Result<Outcome, TillError> {
        let result = self.execute_or_fail(command, by, now);
        self.latch(result)
    }

    fn execute_or_fail(&mut self, command: &Command, by: By<'_>, now: Now) -> Result<Outcome, TillError> {
        if let Some(earlier) = self.earlier_answer(command)? {
            return Ok(earlier);
        }
        self.require_access()?;
        self.require_space(command)?;
        self.key_of(&self.state)?;
        let granted = self.own_series_due(command, now)?;
        let result = if command.is_document() && granted.is_none() {
            self.issue(command, by, now)
        } else {
            self.execute_into_tables(command, granted.as_ref(), by, now)
        };
        if result.is_err() && is_alive(Bug::RefusalBurnsNumber) {
            self.state = self.state.clone().with_numbers_burnt();
        }
        if result.is_ok() && is_alive(Bug::NumberFreedByRefund) && matches!(command, Command::RefundSale(_)) {
            self.state = self.state.clone().with_numbers_freed();
        }
        result
    }

    /// Issues a document. It goes into the tail; where that has no room, the tail and it go into the tables.
    fn issue(&mut self, command: &Command, by: By<'_>, now: Now) -> Result<Outcome, TillError> {
        // Reading in a view of its own is cheaper than in the transaction that writes, and sees the same: nobody else writes.
        let mut view = self.view()?;
        let generation = look_up::feed_state(&view)?.active;
        let actors = Actors::of(&view, generation, by)?;
        let context = actors.context(&self.state, now);
        let event = self.decide_document(&view, &context, command, generation)?;
        let (state, entry) = append(&mut view, self.life, &self.state, &event, now)?;
        let rows = view.into_rows();
        if is_alive(Bug::AnsweredBeforeCommit) && matches!(command, Command::CompleteSale(_)) {
            return Ok(Outcome::Issued(Box::new(issued(entry, event)?)));
        }
        if self.tail.has_room_for(entry.bytes()) {
            let tx = self.store.write()?;
            tail::append(&tx, self.life, &entry)?;
            tx.commit().map_err(DbError::from)?;
            self.tail.take_up(rows);
            self.state = state;
        } else {
            let tx = self.begin()?;
            apply(&mut &tx, self.life, &entry, Some(&event), &state)?;
            self.commit_after(tx, Some(state))?;
        }
        Ok(Outcome::Issued(Box::new(issued(entry, event)?)))
    }

    fn execute_into_tables(
        &mut self,
        command: &Command,
        granted: Option<&Event>,
        by: By<'_>,
        now: Now,
    ) -> Result<Outcome, TillError> {
        // What is decided here may look at any table, so the tail is in them.
        let tx = self.begin()?;
        let granted = granted.map(|event| append(&mut &tx, self.life, &self.state, event, now)).transpose()?;
        let granted = granted.map(|(state, _)| state);
        let carried = self.carry_out(&tx, granted.as_ref().unwrap_or(&self.state), command, by, now)?;
        let state = carried.state.or(granted);
        if state.is_some() {
            self.commit_after(tx, state)?;
        } else if carried.has_pin {
            let changes = self.count_change(&tx)?;
            self.commit(tx)?;
            self.changes = changes;
        }
        Ok(carried.outcome)
    }

    /// On a disk that is nearly full the day can still be ended: what is sold is taken back, cash is put away and the
    /// drawer is closed; nothing else begins.
    fn require_space(&self, command: &Command) -> Result<(), Refusal> {
        let Space::Scarce(why) = &self.space else { return Ok(()) };
        match command {
            Command::RefundSale(_)
            | Command::ReturnGoods(_)
            | Command::MoveCash(_)
            | Command::CloseDrawer(_)
            | Command::RecordActivity(_)
            | Command::AddSeries(_)
            | Command::AmendZ(_) => Ok(()),
            Command::CompleteSale(_)
            | Command::Exchange(_)
            | Command::OpenDrawer(_)
            | Command::ChangeMasterData(_)
            | Command::SetOperator(..)
            | Command::SetRole(_) => {
                let limit = "close the drawer, sync, and make room on the disk";
                Err(Refusal::new(Reason::DiskFull, "disk", why, limit))
            }
        }
    }

    fn carry_out(
        &self,
        tx: &WriteTransaction,
        state: &JournalState,
        command: &Command,
        by: By<'_>,
        now: Now,
    ) -> Result<Carried, TillError> {
        let generation = look_up::feed_state(tx)?.active;
        let actors = Actors::of(tx, generation, by)?;
        let context = actors.context(state, now);
        let session = |state: &JournalState| Outcome::DrawerOpened(state.sessions);
        match command {
            Command::ChangeMasterData(rows) => self.change_master_data(tx, &context, rows),
            Command::SetOperator(set, pin) => self.set_operator(tx, &context, set, pin.as_ref()),
            Command::SetRole(rules) => self.set_role(tx, &context, rules),
            Command::OpenDrawer(float) => self.record(tx, &context, decide::drawer::open(&context, *float)?, session),
            Command::MoveCash(movement) => {
                self.record(tx, &context, decide::drawer::move_cash(&context, movement)?, |_| Outcome::CashMoved)
            }
            Command::Exchange(request) => self.exchange(tx, &context, request, generation),
            Command::CompleteSale(_) | Command::RefundSale(_) | Command::ReturnGoods(_) => {
                let event = self.decide_document(tx, &context, command, generation)?;
                let (state, entry) = append(&mut &*tx, self.life, context.state, &event, now)?;
                let outcome = Outcome::Issued(Box::new(issued(entry, event)?));
                Ok(Carried { outcome, state: Some(state), has_pin: false })
            }
            Command::RecordActivity(activity) => {
                let event = self.decide_activity(&context, activity, generation)?;
                self.record_event(tx, &context, event)
            }
            Command::AddSeries(new) => {
                let event = decide::authorised_range::add(&context, new, &self.series_codes(tx)?)?;
                self.record_event(tx, &context, event)
            }
            Command::AmendZ(amendment) => {
                let event = self.decide_amendment(&context, amendment)?;
                self.record_event(tx, &context, event)
            }
            Command::CloseDrawer(count) => {
                let event = decide::drawer::close(&context, count)?;
                let Event::DrawerClosed(closed) = &event else { return Err(unexpected_event(event.code())) };
                let z = Box::new(closed.z.clone());
                self.record(tx, &context, event, |_| Outcome::DrawerClosed(z))
            }
        }
    }

    fn decide_document(
        &self,
        tables: &impl Tables,
        context: &Context<'_>,
        command: &Command,
        generation: u8,
    ) -> Result<Event, TillError> {
        match command {
            Command::CompleteSale(basket) => self.decide_sale(tables, context, basket, generation),
            Command::RefundSale(request) => self.decide_refund(tables, context, request),
            Command::ReturnGoods(request) => self.decide_return(tables, context, request, generation),
            Command::Exchange(_)
            | Command::ChangeMasterData(_)
            | Command::SetOperator(..)
            | Command::SetRole(_)
            | Command::OpenDrawer(_)
            | Command::MoveCash(_)
            | Command::CloseDrawer(_)
            | Command::RecordActivity(_)
            | Command::AddSeries(_)
            | Command::AmendZ(_) => Err(DbError::Invariant("a command of no document".to_owned()).into()),
        }
    }

    /// Both documents of an exchange, one after the other in the same transaction.
    fn exchange(
        &self,
        tx: &WriteTransaction,
        context: &Context<'_>,
        request: &ExchangeRequest,
        generation: u8,
    ) -> Result<Carried, TillError> {
        let (credit_note, sale) = self.decide_exchange(tx, context, request, generation)?;
        let (state, first) = append(&mut &*tx, self.life, context.state, &credit_note, context.now)?;
        let (state, second) = append(&mut &*tx, self.life, &state, &sale, context.now)?;
        let both = (issued(first, credit_note)?, issued(second, sale)?);
        Ok(Carried { outcome: Outcome::Exchanged(Box::new(both)), state: Some(state), has_pin: false })
    }

    pub(super) fn record(
        &self,
        tx: &WriteTransaction,
        context: &Context<'_>,
        event: Event,
        outcome: impl FnOnce(&JournalState) -> Outcome,
    ) -> Result<Carried, TillError> {
        let (state, _) = append(&mut &*tx, self.life, context.state, &event, context.now)?;
        Ok(Carried { outcome: outcome(&state), state: Some(state), has_pin: false })
    }

    fn record_event(&self, tx: &WriteTransaction, context: &Context<'_>, event: Event) -> Result<Carried, TillError> {
        let recorded = Box::new(event.clone());
        self.record(tx, context, event, |_| Outcome::Recorded(recorded))
    }

    fn change_master_data(
        &self,
        tx: &WriteTransaction,
        context: &Context<'_>,
        rows: &[MasterRow],
    ) -> Result<Carried, TillError> {
        self.require_own_master_data("products")?;
        let mut known = Vec::with_capacity(rows.len());
        for row in rows {
            let mut barcode_taken = None;
            if let MasterRow::Product(product) = row {
                for barcode in &product.barcodes {
                    let owner = master::product_of_barcode(tx, 0, barcode)?;
                    if let Some(owner) = owner.filter(|owner| *owner != product.code) {
                        barcode_taken = Some((owner, barcode.clone()));
                    }
                }
            }
            known.push(KnownRow { row: master::row(tx, 0, &row.key())?, barcode_taken });
        }
        let (event, counts) = decide::master_data::change(context, rows, &known)?;
        match event {
            Some(event) => self.record(tx, context, event, |_| Outcome::MasterData(counts)),
            None => Ok(Carried { outcome: Outcome::MasterData(counts), state: None, has_pin: false }),
        }
    }

    /// Refuses to change here what head office feeds.
    pub(super) fn require_own_master_data(&self, what: &str) -> Result<(), TillError> {
        if self.is_enrolled()? {
            let value = format!("what this till knows of {what}");
            return Err(Refusal::new(Reason::FedByHeadOffice, what, value, "change it there").into());
        }
        Ok(())
    }
}

/// What a command did, and the state after it where it made an entry.
pub(super) struct Carried {
    pub(super) outcome: Outcome,
    pub(super) state: Option<JournalState>,
    /// Whether it set a PIN, which is in no entry.
    pub(super) has_pin: bool,
}
