//! Changing master data and operators on a stand-alone till.
//!
//! Rows that are already so are not stored again, so a repeated import changes nothing. A barcode belongs to one product.

use crate::catalog::MasterRow;
use crate::command::MASTER_ROWS_MAX;
use crate::decide::Context;
use crate::event::{Event, MasterDataChangedV1, OperatorSetV1};
use crate::id::{Barcode, ProductCode};
use crate::import_run::RowCounts;
use crate::operator::{Operator, Permission, Role};
use crate::refusal::{Reason, Refusal};

/// What is known of a row before it is changed.
#[derive(Clone, Debug)]
pub struct KnownRow {
    /// The row as it is now.
    pub row: Option<MasterRow>,
    /// Another product that has one of its barcodes, with that barcode.
    pub barcode_taken: Option<(ProductCode, Barcode)>,
}

/// Decides a change of master data; no event where every row is already so.
///
/// # Errors
/// Not permitted, too many rows, or a row that is refused: the refusal names `rows[index]`.
pub fn change(
    context: &Context<'_>,
    rows: &[MasterRow],
    known: &[KnownRow],
) -> Result<(Option<Event>, RowCounts), Refusal> {
    context.require(Permission::ChangeMasterData)?;
    if rows.len() > MASTER_ROWS_MAX {
        return Err(Refusal::new(Reason::TooMany, "rows", rows.len(), MASTER_ROWS_MAX));
    }
    let mut counts = RowCounts::default();
    let mut changed: Vec<MasterRow> = Vec::new();
    for (index, (row, known)) in rows.iter().zip(known).enumerate() {
        check(row, known).map_err(|refusal| refusal.inside(&format!("rows[{index}]")))?;
        let earlier = changed.iter().rfind(|earlier| earlier.key() == row.key());
        match earlier.or(known.row.as_ref()) {
            Some(same) if same == row => counts.unchanged = counts.unchanged.saturating_add(1),
            Some(_) => counts.updated = counts.updated.saturating_add(1),
            None => counts.added = counts.added.saturating_add(1),
        }
        if earlier.or(known.row.as_ref()) != Some(row) {
            changed.push(row.clone());
        }
    }
    if changed.is_empty() {
        return Ok((None, counts));
    }
    let event = MasterDataChangedV1 { rows: changed, operator: context.operator.code.clone() };
    Ok((Some(Event::MasterDataChanged(Box::new(event))), counts))
}

fn check(row: &MasterRow, known: &KnownRow) -> Result<(), Refusal> {
    row.check()?;
    match (row, &known.barcode_taken) {
        (MasterRow::Operator(operator), _) => {
            Err(Refusal::new(Reason::Malformed, "operator", &operator.code, "a product, category, tax class or price"))
        }
        (MasterRow::Product(product), Some((other, barcode))) if *other != product.code => {
            let limit = format!("free; it belongs to product {other}");
            Err(Refusal::new(Reason::Malformed, "barcode", barcode, limit))
        }
        _ => Ok(()),
    }
}

/// Decides to add or change an operator; no event where nothing but the PIN changes.
///
/// # Errors
/// Not permitted, or the till would be left without an active admin.
pub fn set_operator(
    context: &Context<'_>,
    operator: &Operator,
    known: Option<&Operator>,
    other_admins: usize,
) -> Result<Option<Event>, Refusal> {
    context.require(Permission::ChangeOperators)?;
    let stays_admin = operator.is_active && operator.role == Role::Admin;
    let was_admin = known.is_some_and(|known| known.is_active && known.role == Role::Admin);
    if was_admin && !stays_admin && other_admins == 0 {
        let limit = "one active admin must remain";
        return Err(Refusal::new(Reason::NotPermitted, "role", operator.role, limit));
    }
    if known == Some(operator) {
        return Ok(None);
    }
    let set = OperatorSetV1 { set: operator.clone(), operator: context.operator.code.clone() };
    Ok(Some(Event::OperatorSet(Box::new(set))))
}
