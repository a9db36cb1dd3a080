//! The schema of a store and its numbered migrations.
//!
//! `migrate` brings a store from any released schema to this program's, one numbered step after the other, each in a
//! transaction of its own; a store of a newer program is refused.

use crate::db::error::DbError;
use crate::db::look_up::{self, EntryRef, Tables};
use crate::db::tables::{
    BARCODES, COMMANDS, DOCUMENTS, ENTRIES, JOURNALS, LOCKOUTS, MASTER, META, PINS, REFUNDED, SERIALS, STOCK, TAIL,
};
use crate::db::{Store, WriteTransaction, row, tail};

type Step = fn(&WriteTransaction) -> Result<(), DbError>;

/// The steps; the schema of a store is how many of them it has had.
const STEPS: [Step; 2] = [make_tables, make_tail];

/// The schema that this program writes.
pub(crate) const SCHEMA: u32 = 2;

/// The schema that a store has; 0 where it has no tables.
pub(crate) fn schema_of(store: &Store) -> Result<u32, DbError> {
    let tx = store.read()?;
    let found = tx.get::<_, u32>(META, &"schema")?.unwrap_or(0);
    if found == 0 && tx.list_tables()?.next().is_some() {
        return Err(DbError::Invariant("the store has tables but no schema".to_owned()));
    }
    Ok(found)
}

/// Takes the steps that the store has not had.
pub(crate) fn migrate(store: &Store) -> Result<(), DbError> {
    let found = schema_of(store)?;
    if found > SCHEMA {
        return Err(DbError::NewerSchema { found, known: SCHEMA });
    }
    for (schema, step) in (1..).zip(STEPS).skip(usize::try_from(found).unwrap_or(usize::MAX)) {
        let tx = store.write()?;
        step(&tx)?;
        row::put::<_, u32>(&mut tx.open_table(META)?, META, &"schema", &schema)?;
        tx.commit()?;
    }
    Ok(())
}

fn make_tables(tx: &WriteTransaction) -> Result<(), DbError> {
    tx.open_table(ENTRIES)?;
    tx.open_table(JOURNALS)?;
    tx.open_table(DOCUMENTS)?;
    tx.open_table(COMMANDS)?;
    tx.open_table(REFUNDED)?;
    tx.open_table(STOCK)?;
    tx.open_table(SERIALS)?;
    tx.open_table(MASTER)?;
    tx.open_table(BARCODES)?;
    tx.open_table(META)?;
    tx.open_table(PINS)?;
    tx.open_table(LOCKOUTS)?;
    Ok(())
}

/// All entries are in the tables; the head row names the last.
fn make_tail(tx: &WriteTransaction) -> Result<(), DbError> {
    tx.open_table(TAIL)?;
    let Some((life, state)) = tx.last_state()? else { return Ok(()) };
    let last = look_up::entry(tx, EntryRef { life, seq: state.seq })?;
    tail::put_head(tx, life, &last.ok_or(DbError::MissingEntry { seq: state.seq })?)
}
