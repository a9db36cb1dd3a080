//! Who is at the till: the operator and the PIN.
//!
//! A till begins with the operator `owner` and asks for nobody else; once a second operator has been added, every command
//! that sells or moves cash names its operator and proves it by PIN.

use crate::db::error::DbError;
use crate::db::look_up::{self, FeedState, Tables};
use crate::db::tables::{LOCKOUTS, META, PINS};
use crate::db::{WriteTransaction, master, row};
use crate::event::{Event, OperatorLockedV1};
use crate::id::OperatorCode;
use crate::operator::{Lockout, Operator, Pepper, Pin, PinVerifier, Role};
use crate::planted::{Bug, is_alive};
use crate::refusal::{Reason, Refusal};
use crate::time::Now;

use super::open::append;
use super::{Till, TillError};

impl Till {
    /// Tells who asks. The failure is stored before the PIN is compared, so that pulling the plug does not undo it.
    ///
    /// # Errors
    /// The operator is missing, unknown or locked, or the PIN is missing or wrong.
    pub fn identify(
        &mut self,
        operator: Option<&OperatorCode>,
        pin: Option<&Pin>,
        now: Now,
    ) -> Result<Operator, TillError> {
        let result = self.identify_or_fail(operator, pin, now);
        self.latch(result)
    }

    fn identify_or_fail(
        &mut self,
        operator: Option<&OperatorCode>,
        pin: Option<&Pin>,
        now: Now,
    ) -> Result<Operator, TillError> {
        let known = self.operators()?;
        let is_alone = known.iter().filter(|operator| operator.is_active).count() <= 1;
        let Some(code) = operator else {
            if is_alone {
                return Ok(Operator::owner());
            }
            let limit = "--operator CODE with --pin-file FILE or TILL_PIN, since this till has several";
            return Err(Refusal::new(Reason::OperatorMissing, "operator", "", limit).into());
        };
        let found = known.into_iter().find(|known| known.code == *code && known.is_active);
        let unknown = || Refusal::new(Reason::OperatorUnknown, "operator", code, "add the operator first");
        let found = found.ok_or_else(unknown)?;
        if is_alone {
            return Ok(found);
        }
        self.require_access()?;
        self.check_pin(&found, pin, "--pin-file FILE or TILL_PIN", now)?;
        Ok(found)
    }

    /// Tells who approves: another person than the operator, who proves by PIN to be there.
    ///
    /// # Errors
    /// As of [`Till::identify`], of the fields `approved_by` and `approval_pin`; nobody approves for themselves.
    pub fn identify_approver(
        &mut self,
        operator: &OperatorCode,
        approver: &OperatorCode,
        pin: Option<&Pin>,
        now: Now,
    ) -> Result<Operator, TillError> {
        let result = self.identify_approver_or_fail(operator, approver, pin, now);
        self.latch(result).map_err(of_approver)
    }

    fn identify_approver_or_fail(
        &mut self,
        operator: &OperatorCode,
        approver: &OperatorCode,
        pin: Option<&Pin>,
        now: Now,
    ) -> Result<Operator, TillError> {
        if operator == approver {
            let limit = "someone other than the operator";
            return Err(Refusal::new(Reason::NotPermitted, "operator", approver, limit).into());
        }
        let found = self.operators()?.into_iter().find(|known| known.code == *approver && known.is_active);
        let unknown = || Refusal::new(Reason::OperatorUnknown, "operator", approver, "add the operator first");
        let found = found.ok_or_else(unknown)?;
        self.require_access()?;
        self.check_pin(&found, pin, "--approval-pin-file FILE or TILL_APPROVAL_PIN", now)?;
        Ok(found)
    }

    /// Whether an active admin has a PIN. Until then nobody could prove to be one, and a shop that added its first cashier
    /// before that would be locked out of its own till.
    ///
    /// # Errors
    /// A failing or damaged store.
    pub fn has_admin_with_pin(&self) -> Result<bool, TillError> {
        let tx = self.store.read()?;
        for operator in self.operators()? {
            let is_admin = operator.is_active && operator.role == Role::Admin;
            if is_admin && tx.get::<_, PinVerifier>(PINS, &operator.code.as_str())?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Every operator of this till: its own and those of the feed.
    ///
    /// # Errors
    /// A failing or damaged store.
    pub fn operators(&self) -> Result<Vec<Operator>, TillError> {
        let tx = self.store.read()?;
        let active = look_up::feed_state(&tx)?.active;
        let mut operators = master::operators(&tx, active)?;
        if active != 0 {
            for own in master::operators(&tx, 0)? {
                if !operators.iter().any(|fed| fed.code == own.code) {
                    operators.push(own);
                }
            }
        }
        Ok(operators)
    }

    /// Forgets every PIN, for a device whose secret was lost: they were sealed with it and can prove nothing any more. The
    /// feed is asked for anew from its first row, so that the PINs of head office come again.
    ///
    /// # Errors
    /// A failing disk.
    pub fn forget_pins(&mut self) -> Result<(), TillError> {
        let result = self.forget_pins_or_fail().map_err(TillError::from);
        self.latch(result)
    }

    fn forget_pins_or_fail(&mut self) -> Result<(), DbError> {
        let tx = self.store.write()?;
        tx.open_table(PINS)?.retain(|_, _| false)?;
        tx.open_table(LOCKOUTS)?.retain(|_, _| false)?;
        let feed = FeedState { cursor: None, building: None, ..look_up::feed_state(&tx)? };
        row::put(&mut tx.open_table(META)?, META, &"feed", &feed)?;
        self.commit_change(tx)
    }

    fn check_pin(&mut self, operator: &Operator, pin: Option<&Pin>, option: &str, now: Now) -> Result<(), TillError> {
        let code = operator.code.as_str();
        let wrong = |limit: &str| Refusal::new(Reason::PinWrong, "pin", "what was typed", limit);
        let missing = |limit: String| Refusal::new(Reason::Missing, "pin", "", limit);
        let tx = self.store.read()?;
        let verifier = tx.get::<_, PinVerifier>(PINS, &code)?;
        let lockout = tx.get::<_, Lockout>(LOCKOUTS, &code)?.unwrap_or(Lockout::NONE);
        drop(tx);
        let unset =
            || missing(format!("a PIN for {code}, who has none yet: TILL_NEW_PIN=... till operator add --code {code}"));
        let verifier = verifier.ok_or_else(unset)?;
        let pin = pin.ok_or_else(|| missing(format!("the PIN of {code}: {option}")))?;
        let counted = lockout.count_try(&operator.code, now.at)?;
        let tx = self.store.write()?;
        put_lockout(&tx, code, if is_alive(Bug::WrongPinNotCounted) { Lockout::NONE } else { counted })?;
        self.commit_change(tx)?;
        let pepper: &Pepper = self.pepper.as_ref().ok_or_else(|| wrong("the device's secret is missing"))?;
        if !verifier.is_pin(pin, pepper) {
            if counted.is_locking() {
                self.record_lock(operator, now)?;
            }
            return Err(wrong("after five wrong PINs in a row the operator must wait").into());
        }
        let tx = self.store.write()?;
        put_lockout(&tx, code, Lockout::NONE)?;
        self.commit_change(tx)?;
        Ok(())
    }

    /// Writes into the journal that an operator was locked out.
    fn record_lock(&mut self, operator: &Operator, now: Now) -> Result<(), TillError> {
        if !self.state.is_open || self.key_of(&self.state).is_err() {
            return Ok(());
        }
        let event = Event::OperatorLocked(Box::new(OperatorLockedV1 { locked: operator.code.clone() }));
        let tx = self.begin()?;
        let (state, _) = append(&mut &tx, self.life, &self.state, &event, now)?;
        self.commit(tx)?;
        self.state = state;
        Ok(())
    }
}

/// A refusal about the second person, told by the fields in which that person was named.
fn of_approver(error: TillError) -> TillError {
    let TillError::Refused(refusal) = error else { return error };
    let field = match refusal.field() {
        "operator" => "approved_by",
        "pin" => "approval_pin",
        other => other,
    };
    Refusal::new(refusal.reason(), field, refusal.value(), refusal.limit()).into()
}

fn put_lockout(tx: &WriteTransaction, code: &str, lockout: Lockout) -> Result<(), DbError> {
    row::put(&mut tx.open_table(LOCKOUTS)?, LOCKOUTS, &code, &lockout)
}
