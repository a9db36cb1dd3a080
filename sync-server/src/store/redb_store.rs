//! The embedded store: one file of redb.
//!
//! A new file is made under a temporary name, gets all its tables in one commit and is then renamed, so that a file
//! under its own name is always complete. Commits are durable at once (`Durability::Immediate`); quick repair stays off,
//! because on a disk that lies about flushing it can serve what was never whole. One process at a time has the file.

use std::path::Path;

use redb::{Database, Durability, ReadOnlyTable, ReadableDatabase, ReadableTable, StorageBackend, TableDefinition};

use crate::store::Store;
use crate::store::error::StoreError;
use crate::store::key::Key;
use crate::store::rows::{Rows, RowsMut, StoredRow};
use crate::store::tables::Table;

/// The schema that this program writes.
pub const SCHEMA: u32 = 1;

/// How much of the file is kept in memory.
const CACHE_BYTES: usize = 256 * 1024 * 1024;

type Definition = TableDefinition<'static, &'static [u8], &'static [u8]>;

/// Head office's rows in one file.
#[derive(Debug)]
pub struct RedbStore {
    database: Database,
}

impl RedbStore {
    /// Makes a new store.
    ///
    /// # Errors
    /// There is one already, or the disk failed.
    pub fn create(path: &Path) -> Result<Self, StoreError> {
        let exists = || std::io::Error::new(std::io::ErrorKind::AlreadyExists, format!("{} exists", path.display()));
        if path.exists() {
            return Err(StoreError::backend(exists()));
        }
        let unfinished = path.with_extension("new");
        match std::fs::remove_file(&unfinished) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(StoreError::backend(error)),
            Ok(()) | Err(_) => {}
        }
        create_for_owner(&unfinished).map_err(StoreError::backend)?;
        let database = builder().create(&unfinished).map_err(failed)?;
        let store = Self { database };
        (&store as &dyn Store).write(|rows| rows.put_setting("schema", &SCHEMA))?;
        drop(store);
        std::fs::rename(&unfinished, path).map_err(StoreError::backend)?;
        sync_folder(path)?;
        Self::open(path)
    }

    /// Makes a new store in an empty backend.
    ///
    /// # Errors
    /// The backend failed, or holds a store already.
    pub fn create_on(backend: impl StorageBackend) -> Result<Self, StoreError> {
        let database = builder().create_with_backend(backend).map_err(failed)?;
        let store = Self { database };
        let taken = || StoreError::Invariant("the backend holds a store already".to_owned());
        (&store as &dyn Store).write(|rows| match rows.as_rows().setting::<u32>("schema")? {
            None => rows.put_setting("schema", &SCHEMA),
            Some(_) => Err(taken()),
        })?;
        Ok(store)
    }

    /// Opens the store of a backend.
    ///
    /// # Errors
    /// It holds none, is damaged, or was written by a newer program.
    pub fn open_on(backend: impl StorageBackend) -> Result<Self, StoreError> {
        Self::check(builder().create_with_backend(backend).map_err(failed)?)
    }

    /// Opens a store.
    ///
    /// # Errors
    /// There is none, another process has it, it is damaged, or it was written by a newer program.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        Self::check(builder().open(path).map_err(failed)?)
    }

    fn check(database: Database) -> Result<Self, StoreError> {
        let store = Self { database };
        let schema: Option<u32> = (&store as &dyn Store).read(|rows| rows.setting("schema"))?;
        match schema {
            Some(found) if found > SCHEMA => Err(StoreError::NewerSchema { found, known: SCHEMA }),
            Some(_) => Ok(store),
            None => Err(StoreError::Invariant("the store has no schema version".to_owned())),
        }
    }

    /// Whether every page of a store that nobody has open is what was written.
    ///
    /// # Errors
    /// There is none, another process has it, or it cannot be read at all.
    pub fn is_intact(path: &Path) -> Result<bool, StoreError> {
        builder().open(path).and_then(|mut database| database.check_integrity()).map_err(failed)
    }
}

/// What the database says, told apart by what a person can do about it.
fn failed(error: impl Into<redb::Error>) -> StoreError {
    let error = error.into();
    if matches!(error, redb::Error::DatabaseAlreadyOpen) {
        return StoreError::Locked;
    }
    if let redb::Error::Corrupted(what) = error {
        return StoreError::Corrupted(what);
    }
    StoreError::backend(error)
}

fn builder() -> redb::Builder {
    let mut builder = Database::builder();
    builder.set_cache_size(CACHE_BYTES);
    builder
}

/// Makes an empty file that only its owner can read: it will hold the hashes of PINs, passwords and tokens.
fn create_for_owner(path: &Path) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(|_| ())
}

/// Makes a rename last through a power cut.
fn sync_folder(path: &Path) -> Result<(), StoreError> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::File::open(folder).and_then(|folder| folder.sync_all()).map_err(StoreError::backend)
}

const fn definition(table: Table) -> Definition {
    TableDefinition::new(table.name())
}

impl Store for RedbStore {
    fn read_with(&self, work: &mut dyn FnMut(&dyn Rows) -> Result<(), StoreError>) -> Result<(), StoreError> {
        let transaction = self.database.begin_read().map_err(failed)?;
        work(&View { transaction })
    }

    fn write_with(&self, work: &mut dyn FnMut(&mut dyn RowsMut) -> Result<(), StoreError>) -> Result<(), StoreError> {
        let mut transaction = self.database.begin_write().map_err(failed)?;
        transaction.set_durability(Durability::Immediate).map_err(failed)?;
        let tables: Result<Vec<_>, _> =
            Table::ALL.iter().map(|table| transaction.open_table(definition(*table))).collect();
        let mut open = OpenTables { tables: tables.map_err(failed)? };
        let result = work(&mut open);
        drop(open);
        match result {
            Ok(()) => transaction.commit().map_err(failed),
            Err(error) => {
                transaction.abort().map_err(failed)?;
                Err(error)
            }
        }
    }
}

/// A snapshot; each table is opened when it is asked for.
struct View {
    transaction: redb::ReadTransaction,
}

impl View {
    fn table(&self, table: Table) -> Result<ReadOnlyTable<&'static [u8], &'static [u8]>, StoreError> {
        self.transaction.open_table(definition(table)).map_err(failed)
    }
}

impl Rows for View {
    fn stored(&self, table: Table, key: &Key) -> Result<Option<Vec<u8>>, StoreError> {
        stored(&self.table(table)?, key)
    }

    fn stored_range(
        &self,
        table: Table,
        from: &Key,
        to: Option<&Key>,
        rows_max: usize,
    ) -> Result<Vec<StoredRow>, StoreError> {
        stored_range(&self.table(table)?, from, to, rows_max)
    }
}

/// All tables of one write transaction, in the order of [`Table::ALL`].
struct OpenTables<'tx> {
    tables: Vec<redb::Table<'tx, &'static [u8], &'static [u8]>>,
}

impl Rows for OpenTables<'_> {
    fn stored(&self, table: Table, key: &Key) -> Result<Option<Vec<u8>>, StoreError> {
        stored(&self.tables[table as usize], key)
    }

    fn stored_range(
        &self,
        table: Table,
        from: &Key,
        to: Option<&Key>,
        rows_max: usize,
    ) -> Result<Vec<StoredRow>, StoreError> {
        stored_range(&self.tables[table as usize], from, to, rows_max)
    }
}

impl RowsMut for OpenTables<'_> {
    fn store(&mut self, table: Table, key: &Key, bytes: &[u8]) -> Result<(), StoreError> {
        self.tables[table as usize].insert(key.as_bytes(), bytes).map_err(failed)?;
        Ok(())
    }

    fn remove(&mut self, table: Table, key: &Key) -> Result<(), StoreError> {
        self.tables[table as usize].remove(key.as_bytes()).map_err(failed)?;
        Ok(())
    }

    fn as_rows(&self) -> &dyn Rows {
        self
    }
}

fn stored(table: &impl ReadableTable<&'static [u8], &'static [u8]>, key: &Key) -> Result<Option<Vec<u8>>, StoreError> {
    let found = table.get(key.as_bytes()).map_err(failed)?;
    Ok(found.map(|value| value.value().to_vec()))
}

fn stored_range(
    table: &impl ReadableTable<&'static [u8], &'static [u8]>,
    from: &Key,
    to: Option<&Key>,
    rows_max: usize,
) -> Result<Vec<StoredRow>, StoreError> {
    let found = match to {
        Some(to) if to.as_bytes() <= from.as_bytes() => return Ok(Vec::new()),
        Some(to) => table.range(from.as_bytes()..to.as_bytes()),
        None => table.range(from.as_bytes()..),
    };
    let mut rows = Vec::new();
    for row in found.map_err(failed)?.take(rows_max) {
        let (key, value) = row.map_err(failed)?;
        rows.push((key.value().to_vec(), value.value().to_vec()));
    }
    Ok(rows)
}
