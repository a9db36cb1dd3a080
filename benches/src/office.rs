//! A head office for measuring: a real folder and store, which knows the tills whose journals arrive.

use std::path::Path;
use std::sync::Mutex;

use counterfoil_core::time::Timestamp;
use counterfoil_sync_server::folder::Folder;
use counterfoil_sync_server::office::Office;
use counterfoil_sync_server::settings::Given;
use counterfoil_sync_server::store::key::Key;
use counterfoil_sync_server::store::record::JournalRecord;
use counterfoil_sync_server::store::rows::StoredRow;
use counterfoil_sync_server::store::tables::Table;
use counterfoil_sync_server::store::{Rows, RowsMut, Store, StoreError};

use crate::journal::Journal;

/// Founds a head office that knows these tills.
#[must_use]
pub fn found(folder: &Path, journals: &[Journal]) -> Office {
    let given = Given { currency: Some("EUR".to_owned()), country: Some("HR".to_owned()), ..Given::default() };
    let office = Office::create(Folder::new(folder.join("office")), &given).expect("an empty folder");
    register(office.store(), journals);
    office
}

/// Tells a store which tills there are.
pub fn register(store: &dyn Store, journals: &[Journal]) {
    let known = |journal: &Journal| {
        let state = &journal.state;
        JournalRecord::new(state.journal, state.key, state.profile.clone(), Timestamp(0))
    };
    let written = store.write(|rows| journals.iter().try_for_each(|journal| rows.put_journal(&known(journal))));
    written.expect("the store can be written");
}

/// One row that was written: the table's place in `Table::ALL`, key and value.
pub type WrittenRow = (usize, Vec<u8>, Vec<u8>);

/// A store that remembers every row written to it, commit by commit.
pub struct Recording<S> {
    store: S,
    commits: Mutex<Vec<Vec<WrittenRow>>>,
}

impl<S: Store> Recording<S> {
    /// Remembers what is written to `store` from now on.
    pub const fn new(store: S) -> Self {
        Self { store, commits: Mutex::new(Vec::new()) }
    }

    /// What was written, commit by commit.
    pub fn into_commits(self) -> Vec<Vec<WrittenRow>> {
        self.commits.into_inner().expect("nobody has panicked")
    }
}

impl<S: Store> Store for Recording<S> {
    fn read_with(&self, work: &mut dyn FnMut(&dyn Rows) -> Result<(), StoreError>) -> Result<(), StoreError> {
        self.store.read_with(work)
    }

    fn write_with(&self, work: &mut dyn FnMut(&mut dyn RowsMut) -> Result<(), StoreError>) -> Result<(), StoreError> {
        let mut written = Vec::new();
        self.store.write_with(&mut |rows| work(&mut RecordingRows { rows, written: &mut written }))?;
        self.commits.lock().expect("nobody has panicked").push(written);
        Ok(())
    }
}

struct RecordingRows<'a> {
    rows: &'a mut dyn RowsMut,
    written: &'a mut Vec<WrittenRow>,
}

impl Rows for RecordingRows<'_> {
    fn stored(&self, table: Table, key: &Key) -> Result<Option<Vec<u8>>, StoreError> {
        self.rows.stored(table, key)
    }

    fn stored_range(
        &self,
        table: Table,
        from: &Key,
        to: Option<&Key>,
        rows_max: usize,
    ) -> Result<Vec<StoredRow>, StoreError> {
        self.rows.stored_range(table, from, to, rows_max)
    }
}

impl RowsMut for RecordingRows<'_> {
    fn store(&mut self, table: Table, key: &Key, bytes: &[u8]) -> Result<(), StoreError> {
        self.written.push((table as usize, key.as_bytes().to_vec(), bytes.to_vec()));
        self.rows.store(table, key, bytes)
    }

    fn remove(&mut self, table: Table, key: &Key) -> Result<(), StoreError> {
        self.rows.remove(table, key)
    }

    fn as_rows(&self) -> &dyn Rows {
        self
    }
}
