//! Opening and closing the drawer, and moving cash.
//!
//! A close is never refused because of a difference: it is counted, booked as over/short and printed. Example: expected
//! 120.00 and counted 119.50 closes with over/short -0.50.

use crate::command::{CashMovement, Count, DENOMINATIONS_MAX};
use crate::decide::{Context, stored_issue};
use crate::drawer::{CashMovedV1, CashMovementKind, DrawerClosedV1, DrawerOpenedV1, ZReportV1};
use crate::event::Event;
use crate::id::refuse_card_number;
use crate::journal_state::drawer_closed;
use crate::money::Money;
use crate::refusal::{Reason, Refusal};
use crate::role::Permission;
use crate::series::DocumentKind;

/// Decides to begin a session.
///
/// # Errors
/// Not permitted, a session is open, or the float is negative.
pub fn open(context: &Context<'_>, float: Money) -> Result<Event, Refusal> {
    let authority = context.require(Permission::RunDrawer)?;
    if let Some(session) = &context.state.session {
        return Err(Refusal::new(Reason::DrawerOpen, "drawer", session.session, "close it first"));
    }
    not_negative(context, "float", float)?;
    Ok(Event::DrawerOpened(Box::new(DrawerOpenedV1 {
        session: context.state.sessions.saturating_add(1),
        float,
        operator: context.operator.code.clone(),
        approved_by: authority.into_approval(),
    })))
}

/// Decides to move cash outside a sale.
///
/// # Errors
/// Not permitted, the drawer is closed, the amount is not above zero, or the reason holds a card number.
pub fn move_cash(context: &Context<'_>, movement: &CashMovement) -> Result<Event, Refusal> {
    let authority = context.require(Permission::MoveCash)?;
    refuse_card_number("reason", movement.reason.as_str())?;
    check_bag(movement)?;
    let session = context.session()?;
    if !movement.amount.is_positive() {
        let shown = movement.amount.show(context.state.profile.currency);
        return Err(Refusal::new(Reason::NotPositive, "amount", shown, "above zero"));
    }
    Ok(Event::CashMoved(Box::new(CashMovedV1 {
        session,
        kind: movement.kind,
        amount: movement.amount,
        reason: movement.reason.clone(),
        bag: movement.bag.clone(),
        operator: context.operator.code.clone(),
        approved_by: authority.into_approval(),
    })))
}

/// What goes to the bank goes in a numbered bag, and nothing else does.
fn check_bag(movement: &CashMovement) -> Result<(), Refusal> {
    match (movement.kind, &movement.bag) {
        (CashMovementKind::BankDrop, None) => {
            Err(Refusal::new(Reason::Missing, "bag", "", "the number of the bag that goes to the bank"))
        }
        (CashMovementKind::BankDrop, Some(bag)) => refuse_card_number("bag", bag.as_str()),
        (
            CashMovementKind::FloatTopUp
            | CashMovementKind::PayIn
            | CashMovementKind::PayOut
            | CashMovementKind::SafeDrop,
            Some(bag),
        ) => Err(Refusal::new(Reason::Malformed, "bag", bag, "of a bank-drop only")),
        (
            CashMovementKind::FloatTopUp
            | CashMovementKind::PayIn
            | CashMovementKind::PayOut
            | CashMovementKind::SafeDrop,
            None,
        ) => Ok(()),
    }
}

/// Decides to end the session with a count.
///
/// # Errors
/// Not permitted, no session is open, or the count itself makes no sense (negative, or beyond its limits).
pub fn close(context: &Context<'_>, count: &Count) -> Result<Event, Refusal> {
    let mut authority = context.require(Permission::RunDrawer)?;
    let session = context.state.session.clone().ok_or_else(drawer_closed)?;
    let (counted, denominations) = counted(context, count)?;
    let expected = session.expected()?;
    let (allotted, issued) = context.allot(DocumentKind::ZReport, None)?;
    let over_short = counted.minus(expected)?;
    let over_short_standing = authority.accept_over_short(over_short);
    let z = ZReportV1 {
        series: allotted.series,
        number: allotted.number,
        printed: allotted.printed,
        issued: stored_issue(issued, context.now),
        session,
        expected,
        counted,
        over_short,
        over_short_standing,
        approved_by: authority.into_approval(),
        perpetual_gross: context.state.perpetual_gross,
    };
    let operator = context.operator.code.clone();
    Ok(Event::DrawerClosed(Box::new(DrawerClosedV1 { z, denominations, operator })))
}

fn counted(context: &Context<'_>, count: &Count) -> Result<(Money, Vec<(Money, u32)>), Refusal> {
    match count {
        Count::Total(total) => {
            not_negative(context, "count", *total)?;
            Ok((*total, Vec::new()))
        }
        Count::Denominations(pieces) => {
            if pieces.len() > DENOMINATIONS_MAX {
                return Err(Refusal::new(Reason::TooMany, "denominations", pieces.len(), DENOMINATIONS_MAX));
            }
            let mut total = Money::ZERO;
            for (face, count) in pieces {
                let shown = face.show(context.state.profile.currency);
                if !face.is_positive() {
                    return Err(Refusal::new(Reason::NotPositive, "denominations", shown, "above zero"));
                }
                let sum = face.minor().checked_mul(i64::from(*count)).map(Money::from_minor);
                let overflow = || Refusal::new(Reason::Overflow, "denominations", shown, "what 64 bits count");
                total = total.plus(sum.ok_or_else(overflow)?)?;
            }
            Ok((total, pieces.clone()))
        }
    }
}

fn not_negative(context: &Context<'_>, field: &str, amount: Money) -> Result<(), Refusal> {
    if amount.is_negative() {
        let shown = amount.show(context.state.profile.currency);
        return Err(Refusal::new(Reason::Negative, field, shown, "zero or more"));
    }
    Ok(())
}
