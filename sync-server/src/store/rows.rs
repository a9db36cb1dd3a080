//! The rows of one transaction, by record.
//!
//! A backend gives four operations on bytes; everything else stands here once. Each value is sealed with a checksum
//! over table, key and value when it is written and checked when it is read, so no figure is taken from a row that has
//! decayed or stands under another key.

use counterfoil_core::db::row::{seal, unseal};
use counterfoil_core::id::{Hash, JournalId, SeriesCode, StoreCode};
use counterfoil_core::journal::acknowledgement::Epoch;
use counterfoil_core::journal::codec;
use counterfoil_core::journal::envelope::Entry;
use counterfoil_core::journal_state::JournalState;
use counterfoil_core::time::Date;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::store::error::StoreError;
use crate::store::key::Key;
use crate::store::record::{DocumentRecord, Evidence, Finding, JournalRecord, KeptEntry, RollUp, RollUpKey};
use crate::store::tables::Table;

/// Room for the checksum behind a value.
const SEAL_BYTES: usize = 8;

/// The stored bytes of a key and of its value.
pub type StoredRow = (Vec<u8>, Vec<u8>);

/// One unchanging view of all rows.
pub trait Rows {
    /// The stored bytes under a key.
    ///
    /// # Errors
    /// The backend failed.
    fn stored(&self, table: Table, key: &Key) -> Result<Option<Vec<u8>>, StoreError>;

    /// At most `rows_max` rows from `from` on and before `to`, in the order of keys.
    ///
    /// # Errors
    /// The backend failed.
    fn stored_range(
        &self,
        table: Table,
        from: &Key,
        to: Option<&Key>,
        rows_max: usize,
    ) -> Result<Vec<StoredRow>, StoreError>;
}

/// All rows, to be changed together or not at all.
pub trait RowsMut: Rows {
    /// Stores bytes under a key, in place of any before.
    ///
    /// # Errors
    /// The backend failed.
    fn store(&mut self, table: Table, key: &Key, bytes: &[u8]) -> Result<(), StoreError>;

    /// Removes a key and its bytes, if there.
    ///
    /// # Errors
    /// The backend failed.
    fn remove(&mut self, table: Table, key: &Key) -> Result<(), StoreError>;

    /// The same rows, to be read only.
    fn as_rows(&self) -> &dyn Rows;
}

pub(super) fn bytes_at(rows: &dyn Rows, table: Table, key: &Key) -> Result<Option<Vec<u8>>, StoreError> {
    let Some(mut stored) = rows.stored(table, key)? else { return Ok(None) };
    let length = unseal(table.name(), key.as_bytes(), &stored)?.len();
    stored.truncate(length);
    Ok(Some(stored))
}

pub(super) fn value_at<T: Serialize + DeserializeOwned>(
    rows: &dyn Rows,
    table: Table,
    key: &Key,
) -> Result<Option<T>, StoreError> {
    bytes_at(rows, table, key)?.map(|bytes| read_value(table, key.as_bytes(), &bytes)).transpose()
}

fn read_value<T: Serialize + DeserializeOwned>(table: Table, key: &[u8], bytes: &[u8]) -> Result<T, StoreError> {
    codec::decode(bytes).map_err(|_| StoreError::damaged(table.name(), key))
}

pub(super) fn range<T>(
    rows: &dyn Rows,
    table: Table,
    (from, to): (&Key, Option<&Key>),
    rows_max: usize,
    read: impl Fn(&[u8], &[u8]) -> Result<T, StoreError>,
) -> Result<Vec<T>, StoreError> {
    let stored = rows.stored_range(table, from, to, rows_max)?;
    stored.iter().map(|(key, value)| read(key, unseal(table.name(), key, value)?)).collect()
}

/// All rows whose key begins with `prefix`.
pub(super) fn all_of<T: Serialize + DeserializeOwned>(
    rows: &dyn Rows,
    table: Table,
    prefix: &Key,
    rows_max: usize,
) -> Result<Vec<T>, StoreError> {
    let between = (prefix, prefix.after_all());
    range(rows, table, (between.0, between.1.as_ref()), rows_max, |key, bytes| read_value(table, key, bytes))
}

pub(super) fn put_bytes(rows: &mut dyn RowsMut, table: Table, key: &Key, bytes: Vec<u8>) -> Result<(), StoreError> {
    rows.store(table, key, &seal(table.name(), key.as_bytes(), bytes))
}

/// A row as it is stored, made before the transaction that stores it.
#[derive(Clone, Debug)]
pub struct SealedRow {
    table: Table,
    key: Key,
    bytes: Vec<u8>,
}

impl SealedRow {
    /// The row of an applied entry.
    #[must_use]
    pub fn entry(entry: &Entry) -> Self {
        let mut bytes = Vec::with_capacity(entry.bytes().len().saturating_add(SEAL_BYTES));
        bytes.extend_from_slice(entry.bytes());
        Self::new(Table::Entries, Key::journal(entry.journal()).and(entry.seq()), bytes)
    }

    /// The row that says where a document is to be found.
    #[must_use]
    pub fn document(document: &DocumentRecord) -> Self {
        let key = Key::text(document.series.as_str()).and(document.number);
        let key = key.and_journal(document.journal).and(document.seq);
        Self::new(Table::Documents, key, codec::encode(document))
    }

    fn new(table: Table, key: Key, bytes: Vec<u8>) -> Self {
        let bytes = seal(table.name(), key.as_bytes(), bytes);
        Self { table, key, bytes }
    }
}

pub(super) fn put_value<T: Serialize>(
    rows: &mut dyn RowsMut,
    table: Table,
    key: &Key,
    value: &T,
) -> Result<(), StoreError> {
    put_bytes(rows, table, key, codec::encode(value))
}

/// The key of a roll-up; all of one store and day stand together.
#[must_use]
pub fn roll_up_key(key: &RollUpKey) -> Key {
    Key::text(key.store.as_str())
        .and_signed(key.day.day())
        .and_text(key.currency.code())
        .and_bytes(&codec::encode(&key.dimension))
}

fn read_roll_up(key: &[u8], bytes: &[u8]) -> Result<(RollUpKey, RollUp), StoreError> {
    codec::decode(bytes).map_err(|_| StoreError::damaged(Table::RollUps.name(), key))
}

/// Reading by record.
///
/// # Errors
/// Every function: the backend failed, or a row is damaged.
#[expect(clippy::missing_errors_doc, reason = "all fail in the two ways that stand above")]
impl dyn Rows + '_ {
    /// A journal.
    pub fn journal(&self, journal: JournalId) -> Result<Option<JournalRecord>, StoreError> {
        value_at(self, Table::Journals, &Key::journal(journal))
    }

    /// All journals.
    pub fn journals(&self) -> Result<Vec<JournalRecord>, StoreError> {
        all_of(self, Table::Journals, &Key::default(), usize::MAX)
    }

    /// Where a journal stands after its applied entries.
    pub fn state(&self, journal: JournalId) -> Result<Option<JournalState>, StoreError> {
        value_at(self, Table::States, &Key::journal(journal))
    }

    /// An applied entry.
    pub fn entry(&self, journal: JournalId, seq: u64) -> Result<Option<Entry>, StoreError> {
        let key = Key::journal(journal).and(seq);
        bytes_at(self, Table::Entries, &key)?.map(|bytes| read_entry(key.as_bytes(), &bytes)).transpose()
    }

    /// Applied entries from `from` on, in order.
    pub fn entries(&self, journal: JournalId, from: u64, rows_max: usize) -> Result<Vec<Entry>, StoreError> {
        let (start, end) = (Key::journal(journal).and(from), Key::journal(journal).after_all());
        range(self, Table::Entries, (&start, end.as_ref()), rows_max, read_entry)
    }

    /// The signed head of the first batch that reaches up to `seq` or beyond: it proves entry `seq` as we hold it.
    pub fn proof_covering(&self, journal: JournalId, seq: u64) -> Result<Option<Vec<u8>>, StoreError> {
        let (start, end) = (Key::journal(journal).and(seq), Key::journal(journal).after_all());
        let found = range(self, Table::Proofs, (&start, end.as_ref()), 1, |_, bytes| Ok(bytes.to_vec()))?;
        Ok(found.into_iter().next())
    }

    /// The newest signed hello of a journal.
    pub fn hello(&self, journal: JournalId) -> Result<Option<Vec<u8>>, StoreError> {
        bytes_at(self, Table::Hellos, &Key::journal(journal))
    }

    /// Signed hellos before the newest one, about entries that have not come yet, in order of seq.
    pub fn words(&self, journal: JournalId) -> Result<Vec<Vec<u8>>, StoreError> {
        let (start, end) = (Key::journal(journal), Key::journal(journal).after_all());
        range(self, Table::Words, (&start, end.as_ref()), usize::MAX, |_, bytes| Ok(bytes.to_vec()))
    }

    /// Entries that are kept and not applied, in order of seq.
    pub fn kept(&self, journal: JournalId, rows_max: usize) -> Result<Vec<KeptEntry>, StoreError> {
        all_of(self, Table::Kept, &Key::journal(journal), rows_max)
    }

    /// The entries that are kept and not applied behind one of them, or from the first on, in order of seq and hash.
    pub fn kept_after(
        &self,
        journal: JournalId,
        after: Option<(u64, Hash)>,
        rows_max: usize,
    ) -> Result<Vec<Entry>, StoreError> {
        // The key after this one is this one with a zero byte behind it.
        let behind = |(seq, hash)| Key::journal(journal).and(seq).and_hash(hash).and_bytes(&[0]);
        let start = after.map_or_else(|| Key::journal(journal), behind);
        range(self, Table::Kept, (&start, Key::journal(journal).after_all().as_ref()), rows_max, |key, bytes| {
            let kept: KeptEntry = read_value(Table::Kept, key, bytes)?;
            Entry::read(&kept.bytes).map_err(|_| StoreError::damaged(Table::Kept.name(), key))
        })
    }

    /// Whether this very entry is kept and not applied.
    pub fn is_kept(&self, journal: JournalId, seq: u64, hash: Hash) -> Result<bool, StoreError> {
        let key = Key::journal(journal).and(seq).and_hash(hash);
        Ok(self.stored(Table::Kept, &key)?.is_some())
    }

    /// An entry that is kept and not applied.
    pub fn kept_entry(&self, journal: JournalId, seq: u64, hash: Hash) -> Result<Option<KeptEntry>, StoreError> {
        value_at(self, Table::Kept, &Key::journal(journal).and(seq).and_hash(hash))
    }

    /// The signed head of the batch that brought kept entries and ended with this hash.
    pub fn kept_proof(&self, journal: JournalId, last: Hash) -> Result<Option<Vec<u8>>, StoreError> {
        bytes_at(self, Table::KeptProofs, &Key::journal(journal).and_hash(last))
    }

    /// Evidence about a journal.
    pub fn evidence(&self, journal: JournalId) -> Result<Vec<Evidence>, StoreError> {
        all_of(self, Table::Evidence, &Key::journal(journal), usize::MAX)
    }

    /// Findings about a journal.
    pub fn findings(&self, journal: JournalId, rows_max: usize) -> Result<Vec<Finding>, StoreError> {
        all_of(self, Table::Findings, &Key::journal(journal), rows_max)
    }

    /// The documents of one number; more than one is a finding.
    pub fn documents(&self, series: &SeriesCode, number: u64) -> Result<Vec<DocumentRecord>, StoreError> {
        all_of(self, Table::Documents, &Key::text(series.as_str()).and(number), usize::MAX)
    }

    /// The documents of a series from a number on, in order.
    pub fn documents_from(
        &self,
        series: &SeriesCode,
        number: u64,
        rows_max: usize,
    ) -> Result<Vec<DocumentRecord>, StoreError> {
        let (start, end) = (Key::text(series.as_str()).and(number), Key::text(series.as_str()).after_all());
        let read = |key: &[u8], bytes: &[u8]| read_value(Table::Documents, key, bytes);
        range(self, Table::Documents, (&start, end.as_ref()), rows_max, read)
    }

    /// The roll-up under a key of [`roll_up_key`]; zero where nothing happened.
    pub fn roll_up(&self, at: &Key) -> Result<RollUp, StoreError> {
        let found: Option<(RollUpKey, RollUp)> = value_at(self, Table::RollUps, at)?;
        Ok(found.map_or(RollUp::ZERO, |(_, roll_up)| roll_up))
    }

    /// All roll-ups of a store from day `from` to day `to`, both included.
    pub fn roll_ups(&self, store: &StoreCode, from: Date, to: Date) -> Result<Vec<(RollUpKey, RollUp)>, StoreError> {
        let store = Key::text(store.as_str());
        let (start, end) = (store.clone().and_signed(from.day()), store.and_signed(to.day()).after_all());
        range(self, Table::RollUps, (&start, end.as_ref()), usize::MAX, read_roll_up)
    }

    /// Every roll-up.
    pub fn all_roll_ups(&self) -> Result<Vec<(RollUpKey, RollUp)>, StoreError> {
        range(self, Table::RollUps, (&Key::default(), None), usize::MAX, read_roll_up)
    }

    /// The epoch of head office, set when it is founded.
    pub fn epoch(&self) -> Result<Epoch, StoreError> {
        self.setting("epoch")?.ok_or_else(|| StoreError::Invariant("head office has no epoch yet".to_owned()))
    }

    /// A single value by its name.
    pub fn setting<T: Serialize + DeserializeOwned>(&self, name: &str) -> Result<Option<T>, StoreError> {
        value_at(self, Table::Settings, &Key::text(name))
    }
}

/// Writing by record. What was there under the same key is replaced.
///
/// # Errors
/// Every function: the backend failed.
#[expect(clippy::missing_errors_doc, reason = "all fail in the one way that stands above")]
impl dyn RowsMut + '_ {
    /// Keeps a journal.
    pub fn put_journal(&mut self, record: &JournalRecord) -> Result<(), StoreError> {
        put_value(self, Table::Journals, &Key::journal(record.journal), record)
    }

    /// Keeps where a journal stands.
    pub fn put_state(&mut self, state: &JournalState) -> Result<(), StoreError> {
        put_value(self, Table::States, &Key::journal(state.journal), state)
    }

    /// Keeps an applied entry.
    pub fn put_entry(&mut self, entry: &Entry) -> Result<(), StoreError> {
        self.put_sealed(&SealedRow::entry(entry))
    }

    /// Keeps a row that was made before.
    pub fn put_sealed(&mut self, row: &SealedRow) -> Result<(), StoreError> {
        self.store(row.table, &row.key, &row.bytes)
    }

    /// Keeps the signed head of an applied batch that ended with `seq`.
    pub fn put_proof(&mut self, journal: JournalId, seq: u64, proof: &[u8]) -> Result<(), StoreError> {
        put_bytes(self, Table::Proofs, &Key::journal(journal).and(seq), proof.to_vec())
    }

    /// Keeps the newest signed hello of a journal.
    pub fn put_hello(&mut self, journal: JournalId, proof: &[u8]) -> Result<(), StoreError> {
        put_bytes(self, Table::Hellos, &Key::journal(journal), proof.to_vec())
    }

    /// Keeps a signed hello about an entry that has not come yet, beside the newest one.
    pub fn put_word(&mut self, journal: JournalId, seq: u64, proof: &[u8]) -> Result<(), StoreError> {
        put_bytes(self, Table::Words, &Key::journal(journal).and(seq), proof.to_vec())
    }

    /// Forgets a hello about an entry that has come.
    pub fn remove_word(&mut self, journal: JournalId, seq: u64) -> Result<(), StoreError> {
        self.remove(Table::Words, &Key::journal(journal).and(seq))
    }

    /// Keeps an entry that is not applied.
    pub fn put_kept(&mut self, entry: &Entry, kept: &KeptEntry) -> Result<(), StoreError> {
        let key = Key::journal(entry.journal()).and(entry.seq()).and_hash(entry.hash());
        put_value(self, Table::Kept, &key, kept)
    }

    /// Keeps the signed head of a batch whose entries are not applied.
    pub fn put_kept_proof(&mut self, journal: JournalId, last: Hash, proof: &[u8]) -> Result<(), StoreError> {
        put_bytes(self, Table::KeptProofs, &Key::journal(journal).and_hash(last), proof.to_vec())
    }

    /// Keeps evidence, unless there is some of this kind about this seq.
    pub fn put_evidence(&mut self, journal: JournalId, evidence: &Evidence) -> Result<(), StoreError> {
        let key = Key::journal(journal).and_bytes(&[evidence.of as u8]).and(evidence.seq);
        if self.as_rows().stored(Table::Evidence, &key)?.is_some() {
            return Ok(());
        }
        put_value(self, Table::Evidence, &key, evidence)
    }

    /// Keeps a finding.
    pub fn put_finding(&mut self, journal: JournalId, finding: &Finding) -> Result<(), StoreError> {
        put_value(self, Table::Findings, &Key::journal(journal).and(finding.seq).and_text(&finding.code), finding)
    }

    /// Keeps a roll-up.
    pub fn put_roll_up(&mut self, key: &RollUpKey, roll_up: &RollUp) -> Result<(), StoreError> {
        self.put_roll_up_at(&roll_up_key(key), key, roll_up)
    }

    /// Keeps a roll-up under its key of [`roll_up_key`].
    pub fn put_roll_up_at(&mut self, at: &Key, key: &RollUpKey, roll_up: &RollUp) -> Result<(), StoreError> {
        put_value(self, Table::RollUps, at, &(key, roll_up))
    }

    /// Begins an epoch of head office.
    pub fn put_epoch(&mut self, epoch: Epoch) -> Result<(), StoreError> {
        self.put_setting("epoch", &epoch)
    }

    /// Keeps a single value by its name.
    pub fn put_setting<T: Serialize>(&mut self, name: &str, value: &T) -> Result<(), StoreError> {
        put_value(self, Table::Settings, &Key::text(name), value)
    }

    /// Empties a derived table, so that it can be built again.
    pub fn clear(&mut self, table: Table) -> Result<(), StoreError> {
        loop {
            let rows = self.as_rows().stored_range(table, &Key::default(), None, 1_000)?;
            if rows.is_empty() {
                return Ok(());
            }
            for (key, _) in rows {
                self.remove(table, &Key::bytes(&key))?;
            }
        }
    }
}

fn read_entry(key: &[u8], bytes: &[u8]) -> Result<Entry, StoreError> {
    let entry = Entry::read(bytes).map_err(|_| StoreError::damaged(Table::Entries.name(), key))?;
    let expected = Key::journal(entry.journal()).and(entry.seq());
    if expected.as_bytes() == key { Ok(entry) } else { Err(StoreError::damaged(Table::Entries.name(), key)) }
}
