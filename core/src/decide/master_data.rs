//! Changing master data and operators on a stand-alone till.
//!
//! Rows that are already so are not stored again, so a repeated import changes nothing. A barcode belongs to one product.

use std::collections::BTreeMap;

use crate::approval::Authority;
use crate::barcode::comparison_key;
use crate::catalog::MasterRow;
use crate::command::MASTER_ROWS_MAX;
use crate::decide::Context;
use crate::event::{Event, MasterDataChangedV1, OperatorSetV1};
use crate::id::{Barcode, ProductCode};
use crate::import_run::RowCounts;
use crate::operator::Operator;
use crate::refusal::{Reason, Refusal};
use crate::role::{Permission, Role, RoleRules};

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
    let authority = context.require(Permission::ChangeMasterData)?;
    if rows.len() > MASTER_ROWS_MAX {
        return Err(Refusal::new(Reason::TooMany, "rows", rows.len(), MASTER_ROWS_MAX));
    }
    let mut counts = RowCounts::default();
    let mut changed: Vec<MasterRow> = Vec::new();
    let mut owners: BTreeMap<Barcode, &ProductCode> = BTreeMap::new();
    for (index, (row, known)) in rows.iter().zip(known).enumerate() {
        let checked = check(row, known).and_then(|()| claim_barcodes(row, &mut owners));
        checked.map_err(|refusal| refusal.inside(&format!("rows[{index}]")))?;
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
    Ok((Some(changed_event(context, changed, authority)), counts))
}

fn changed_event(context: &Context<'_>, rows: Vec<MasterRow>, authority: Authority<'_>) -> Event {
    let (operator, approved_by) = (context.operator.code.clone(), authority.into_approval());
    Event::MasterDataChanged(Box::new(MasterDataChangedV1 { rows, operator, approved_by }))
}

fn check(row: &MasterRow, known: &KnownRow) -> Result<(), Refusal> {
    row.check()?;
    match (row, &known.barcode_taken) {
        (MasterRow::Operator(operator), _) => {
            Err(Refusal::new(Reason::Malformed, "operator", &operator.code, "a product, category, tax class or price"))
        }
        (MasterRow::Role(rules), _) => {
            Err(Refusal::new(Reason::Malformed, "role", &rules.role, "a product, category, tax class or price"))
        }
        (MasterRow::Product(product), Some((other, barcode))) if *other != product.code => {
            let limit = format!("free; it belongs to product {other}");
            Err(Refusal::new(Reason::Malformed, "barcode", barcode, limit))
        }
        _ => Ok(()),
    }
}

/// Refuses a barcode that an earlier row of the same command gave to another product.
fn claim_barcodes<'r>(row: &'r MasterRow, owners: &mut BTreeMap<Barcode, &'r ProductCode>) -> Result<(), Refusal> {
    let MasterRow::Product(product) = row else { return Ok(()) };
    for barcode in &product.barcodes {
        let owner = *owners.entry(comparison_key(barcode)).or_insert(&product.code);
        if *owner != product.code {
            let limit = format!("free; it belongs to product {owner}");
            return Err(Refusal::new(Reason::Malformed, "barcode", barcode, limit));
        }
    }
    Ok(())
}

/// Decides to add or change an operator; no event where nothing but the PIN changes.
///
/// # Errors
/// Not permitted, a role that nobody knows, or the till would be left without an active admin.
pub fn set_operator(
    context: &Context<'_>,
    operator: &Operator,
    known: Option<&Operator>,
    other_admins: usize,
    has_rules: bool,
) -> Result<Option<Event>, Refusal> {
    let authority = context.require(Permission::ChangeOperators)?;
    if matches!(operator.role, Role::Named(_)) && !has_rules {
        return Err(Refusal::new(
            Reason::Malformed,
            "role",
            &operator.role,
            "admin, manager, cashier or a role of the shop",
        ));
    }
    let stays_admin = operator.is_active && operator.role == Role::Admin;
    let was_admin = known.is_some_and(|known| known.is_active && known.role == Role::Admin);
    if was_admin && !stays_admin && other_admins == 0 {
        let limit = "one active admin must remain";
        return Err(Refusal::new(Reason::NotPermitted, "role", &operator.role, limit));
    }
    if known == Some(operator) {
        return Ok(None);
    }
    let (by, approved_by) = (context.operator.code.clone(), authority.into_approval());
    let set = OperatorSetV1 { set: operator.clone(), operator: by, approved_by };
    Ok(Some(Event::OperatorSet(Box::new(set))))
}

/// Decides what a role allows; no event where it is already so.
///
/// # Errors
/// Not permitted, or rules that contradict themselves.
pub fn set_role(context: &Context<'_>, rules: &RoleRules, known: Option<&MasterRow>) -> Result<Option<Event>, Refusal> {
    let authority = context.require(Permission::ChangeOperators)?;
    rules.check()?;
    let row = MasterRow::Role(Box::new(rules.clone()));
    Ok((known != Some(&row)).then(|| changed_event(context, vec![row], authority)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::{Product, Unit};
    use crate::id::{MasterCode, Name};

    fn product(code: &str, barcode: &str) -> MasterRow {
        MasterRow::Product(Box::new(Product {
            code: code.parse().unwrap(),
            name: Name::new("Tea").unwrap(),
            brand: None,
            barcodes: vec![barcode.parse().unwrap()],
            categories: vec![],
            unit: Unit::Piece,
            tax_class: MasterCode::new("S25").unwrap(),
            price: None,
            cost: None,
            packs: Vec::new(),
            variant: None,
        }))
    }

    fn check(rows: &[MasterRow], refused: Option<&str>) {
        let mut owners = BTreeMap::new();
        let claimed = rows.iter().try_for_each(|row| claim_barcodes(row, &mut owners));
        assert_eq!(claimed.err().map(|refusal| refusal.value().to_owned()).as_deref(), refused);
    }

    #[test]
    fn a_barcode_belongs_to_one_product_of_a_command() {
        check(&[product("1", "3850334018236"), product("2", "3850334043641")], None);
        check(&[product("1", "3850334018236"), product("1", "3850334018236")], None);
        check(&[product("1", "3850334018236"), product("2", "3850334018236")], Some("3850334018236"));
        check(&[product("1", "036000291452"), product("2", "0036000291452")], Some("0036000291452"));
    }
}
