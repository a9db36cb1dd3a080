//! Comparing the derived tables of two stores, byte for byte.

use redb::{Key, ReadTransaction, ReadableTable, TableDefinition, TableHandle, Value};

use crate::db::error::DbError;
use crate::db::row;
use crate::db::tables::{
    BARCODES, COMMANDS, DOCUMENTS, JOURNALS, LOCKOUTS, MASTER, META, PINS, REFUNDED, SERIALS, STOCK,
};
use crate::db::tail::View;
use crate::hex;

/// Compares every derived table with the tail before it, and tells each row that is missing, left over, damaged or different.
pub(crate) fn compare(
    stored: &View<'_, ReadTransaction>,
    replayed: &ReadTransaction,
    differs: &mut dyn FnMut(String),
) -> Result<(), DbError> {
    table(stored, replayed, JOURNALS, |_| true, differs)?;
    table(stored, replayed, DOCUMENTS, |_| true, differs)?;
    table(stored, replayed, COMMANDS, |_| true, differs)?;
    table(stored, replayed, REFUNDED, |_| true, differs)?;
    table(stored, replayed, STOCK, |_| true, differs)?;
    table(stored, replayed, SERIALS, |_| true, differs)?;
    table(stored, replayed, MASTER, |key| key.0 == 0, differs)?;
    table(stored, replayed, BARCODES, |key| key.0 == 0, differs)
}

/// Tells each damaged row of the tables that no replay can rebuild.
pub(crate) fn seals(stored: &ReadTransaction, differs: &mut dyn FnMut(String)) -> Result<(), DbError> {
    for definition in [META, PINS, LOCKOUTS] {
        let name = definition.name();
        for found in stored.open_table(definition)?.iter()? {
            let (key, value) = found?;
            let key = key.value().as_bytes();
            if row::unseal(name, key, value.value()).is_err() {
                differs(damaged(name, key));
            }
        }
    }
    Ok(())
}

fn damaged(name: &str, key: &[u8]) -> String {
    format!("table {name} holds a damaged row at key {}", hex::encode(key))
}

fn table<K: Key + 'static>(
    stored: &View<'_, ReadTransaction>,
    replayed: &ReadTransaction,
    definition: TableDefinition<'static, K, &'static [u8]>,
    is_derived: impl Fn(&K::SelfType<'_>) -> bool,
    differs: &mut dyn FnMut(String),
) -> Result<(), DbError> {
    let (name, tail) = (definition.name(), stored.tail());
    let (stored, replayed) = (stored.tables().open_table(definition)?, replayed.open_table(definition)?);
    let check = |key: &[u8], value: &[u8], differs: &mut dyn FnMut(String)| -> Result<(), DbError> {
        match replayed.get(K::from_bytes(key))? {
            Some(expected) if expected.value() == value => {}
            Some(_) => differs(format!("table {name} differs from the journal at key {}", hex::encode(key))),
            None => {
                differs(format!("table {name} holds key {}, of which the journal knows nothing", hex::encode(key)));
            }
        }
        Ok(())
    };
    for found in stored.iter()? {
        let (key, value) = found?;
        let key = key.value();
        let shown = <K as Value>::as_bytes(&key);
        if row::unseal(name, shown.as_ref(), value.value()).is_err() {
            differs(damaged(name, shown.as_ref()));
        } else if is_derived(&key) && tail.row(name, shown.as_ref()).is_none() {
            check(shown.as_ref(), value.value(), differs)?;
        }
    }
    for (key, value) in tail.rows(name) {
        check(key, value, differs)?;
    }
    for expected in replayed.iter()? {
        let (key, _) = expected?;
        let key = key.value();
        let shown = <K as Value>::as_bytes(&key);
        if is_derived(&key) && tail.row(name, shown.as_ref()).is_none() && stored.get(&key)?.is_none() {
            differs(format!("table {name} lacks key {}", hex::encode(shown.as_ref())));
        }
    }
    Ok(())
}
