//! Rows of what head office knows before any entry arrives: stores, slots, tokens, grants, series, master data, people.

use counterfoil_core::catalog::{MasterKey, MasterRow};
use counterfoil_core::feed::StateHash;
use counterfoil_core::id::{
    Barcode, Hash, JournalId, Name, OperatorCode, ProductCode, SeriesCode, StoreCode, TillCode,
};
use counterfoil_core::journal::codec;
use counterfoil_core::operator::PinHash;

use crate::store::error::StoreError;
use crate::store::key::Key;
use crate::store::record::{
    AdministratorRecord, GrantRecord, MasterRecord, SeriesRecord, SlotRecord, StoreRecord, TokenRecord,
};
use crate::store::rows::{Rows, RowsMut, all_of, put_bytes, put_value, range, value_at};
use crate::store::tables::Table;

fn master_key(store: Option<&StoreCode>, key: &MasterKey) -> Key {
    Key::text(store.map_or("", StoreCode::as_str)).and_bytes(&codec::encode(key))
}

fn scope_key(store: Option<&StoreCode>) -> Key {
    Key::text(store.map_or("", StoreCode::as_str))
}

fn slot_key(store: &StoreCode, till: &TillCode) -> Key {
    Key::text(store.as_str()).and_text(till.as_str())
}

/// Reading by record.
///
/// # Errors
/// Every function: the backend failed, or a row is damaged.
#[expect(clippy::missing_errors_doc, reason = "all fail in the two ways that stand above")]
impl dyn Rows + '_ {
    /// A row of master data of one store, or of the whole company.
    pub fn master(&self, store: Option<&StoreCode>, key: &MasterKey) -> Result<Option<MasterRecord>, StoreError> {
        value_at(self, Table::Master, &master_key(store, key))
    }

    /// Master data changed after a revision, in order of revisions.
    pub fn master_after(&self, revision: u64, rows_max: usize) -> Result<Vec<MasterRecord>, StoreError> {
        let from = Key::number(revision.saturating_add(1));
        let keys = range(self, Table::Revisions, (&from, None), rows_max, |_, bytes| Ok(Key::bytes(bytes)))?;
        let record = |key: Key| {
            let lost = || StoreError::damaged(Table::Master.name(), key.as_bytes());
            value_at(self, Table::Master, &key)?.ok_or_else(lost)
        };
        keys.into_iter().map(record).collect()
    }

    /// The newest revision of master data; 0 before the first.
    pub fn revision(&self) -> Result<u64, StoreError> {
        Ok(self.setting("revision")?.unwrap_or(0))
    }

    /// The hash of an operator's PIN.
    pub fn pin(&self, operator: &OperatorCode) -> Result<Option<PinHash>, StoreError> {
        value_at(self, Table::Pins, &Key::text(operator.as_str()))
    }

    /// An enrolment token by its hash.
    pub fn token(&self, hash: Hash) -> Result<Option<TokenRecord>, StoreError> {
        value_at(self, Table::Tokens, &Key::bytes(&hash.0))
    }

    /// A series.
    pub fn series(&self, series: &SeriesCode) -> Result<Option<SeriesRecord>, StoreError> {
        value_at(self, Table::Series, &Key::text(series.as_str()))
    }

    /// All series.
    pub fn all_series(&self) -> Result<Vec<SeriesRecord>, StoreError> {
        all_of(self, Table::Series, &Key::default(), usize::MAX)
    }

    /// The grants of a journal.
    pub fn grant(&self, journal: JournalId) -> Result<Option<GrantRecord>, StoreError> {
        value_at(self, Table::Grants, &Key::journal(journal))
    }

    /// Every row of master data, removed ones too.
    pub fn all_master(&self) -> Result<Vec<MasterRecord>, StoreError> {
        all_of(self, Table::Master, &Key::default(), usize::MAX)
    }

    /// The product that has a barcode, by the barcode's comparison key.
    pub fn product_of_barcode(&self, barcode: &Barcode) -> Result<Option<ProductCode>, StoreError> {
        value_at(self, Table::Barcodes, &Key::text(barcode.as_str()))
    }

    /// How many barcodes there are.
    pub fn barcode_count(&self) -> Result<usize, StoreError> {
        Ok(all_of::<ProductCode>(self, Table::Barcodes, &Key::default(), usize::MAX)?.len())
    }

    /// The hash of all rows of master data of one store, or of the whole company.
    pub fn master_state(&self, store: Option<&StoreCode>) -> Result<StateHash, StoreError> {
        let found: Option<(Option<StoreCode>, StateHash)> = value_at(self, Table::MasterStates, &scope_key(store))?;
        Ok(found.map(|(_, state)| state).unwrap_or_default())
    }

    /// The hashes of all rows of master data by store; `None` is the whole company.
    pub fn master_states(&self) -> Result<Vec<(Option<StoreCode>, StateHash)>, StoreError> {
        all_of(self, Table::MasterStates, &Key::default(), usize::MAX)
    }

    /// A store.
    pub fn store_record(&self, store: &StoreCode) -> Result<Option<StoreRecord>, StoreError> {
        value_at(self, Table::Stores, &Key::text(store.as_str()))
    }

    /// All stores.
    pub fn stores(&self) -> Result<Vec<StoreRecord>, StoreError> {
        all_of(self, Table::Stores, &Key::default(), usize::MAX)
    }

    /// A till's slot.
    pub fn slot(&self, store: &StoreCode, till: &TillCode) -> Result<Option<SlotRecord>, StoreError> {
        value_at(self, Table::Slots, &slot_key(store, till))
    }

    /// All slots.
    pub fn slots(&self) -> Result<Vec<SlotRecord>, StoreError> {
        all_of(self, Table::Slots, &Key::default(), usize::MAX)
    }

    /// All tokens.
    pub fn tokens(&self) -> Result<Vec<TokenRecord>, StoreError> {
        all_of(self, Table::Tokens, &Key::default(), usize::MAX)
    }

    /// All grants.
    pub fn grants(&self) -> Result<Vec<GrantRecord>, StoreError> {
        all_of(self, Table::Grants, &Key::default(), usize::MAX)
    }

    /// A person who administers.
    pub fn administrator(&self, name: &Name) -> Result<Option<AdministratorRecord>, StoreError> {
        value_at(self, Table::Administrators, &Key::text(name.as_str()))
    }

    /// All people who administer.
    pub fn administrators(&self) -> Result<Vec<AdministratorRecord>, StoreError> {
        all_of(self, Table::Administrators, &Key::default(), usize::MAX)
    }
}

/// Writing by record. What was there under the same key is replaced.
///
/// # Errors
/// Every function: the backend failed.
#[expect(clippy::missing_errors_doc, reason = "all fail in the one way that stands above")]
impl dyn RowsMut + '_ {
    /// Sets a row of master data, or removes it with `None`, at the next revision. A row that is so already keeps its
    /// revision. Gives whether anything changed.
    pub fn put_master(
        &mut self,
        store: Option<&StoreCode>,
        key: &MasterKey,
        row: Option<MasterRow>,
    ) -> Result<bool, StoreError> {
        let before = self.as_rows().master(store, key)?;
        if before.as_ref().map_or(row.is_none(), |record| record.row == row) {
            return Ok(false);
        }
        self.renew_master(store, key, row)?;
        Ok(true)
    }

    /// Sets a row of master data at the next revision, even if it is so already: what goes with it has changed.
    pub fn renew_master(
        &mut self,
        store: Option<&StoreCode>,
        key: &MasterKey,
        row: Option<MasterRow>,
    ) -> Result<(), StoreError> {
        if let Some(before) = self.as_rows().master(store, key)? {
            self.remove(Table::Revisions, &Key::number(before.revision))?;
        }
        let revision = self.as_rows().revision()?.saturating_add(1);
        let at = master_key(store, key);
        put_bytes(self, Table::Revisions, &Key::number(revision), at.as_bytes().to_vec())?;
        self.put_setting("revision", &revision)?;
        put_value(self, Table::Master, &at, &MasterRecord { store: store.cloned(), key: key.clone(), revision, row })
    }

    /// Keeps which product has a barcode, or that none has it.
    pub fn put_barcode(&mut self, barcode: &Barcode, product: Option<&ProductCode>) -> Result<(), StoreError> {
        match product {
            Some(product) => put_value(self, Table::Barcodes, &Key::text(barcode.as_str()), product),
            None => self.remove(Table::Barcodes, &Key::text(barcode.as_str())),
        }
    }

    /// Keeps the hash of all rows of master data of one store, or of the whole company.
    pub fn put_master_state(&mut self, store: Option<&StoreCode>, state: &StateHash) -> Result<(), StoreError> {
        put_value(self, Table::MasterStates, &scope_key(store), &(store, state))
    }

    /// Keeps a store.
    pub fn put_store(&mut self, record: &StoreRecord) -> Result<(), StoreError> {
        put_value(self, Table::Stores, &Key::text(record.store.as_str()), record)
    }

    /// Keeps a till's slot.
    pub fn put_slot(&mut self, record: &SlotRecord) -> Result<(), StoreError> {
        put_value(self, Table::Slots, &slot_key(&record.store, &record.till), record)
    }

    /// Keeps a person who administers.
    pub fn put_administrator(&mut self, name: &Name, record: &AdministratorRecord) -> Result<(), StoreError> {
        put_value(self, Table::Administrators, &Key::text(name.as_str()), record)
    }

    /// Keeps the hash of an operator's PIN.
    pub fn put_pin(&mut self, operator: &OperatorCode, pin: &PinHash) -> Result<(), StoreError> {
        put_value(self, Table::Pins, &Key::text(operator.as_str()), pin)
    }

    /// Keeps an enrolment token by its hash.
    pub fn put_token(&mut self, hash: Hash, token: &TokenRecord) -> Result<(), StoreError> {
        put_value(self, Table::Tokens, &Key::bytes(&hash.0), token)
    }

    /// Keeps a series.
    pub fn put_series(&mut self, record: &SeriesRecord) -> Result<(), StoreError> {
        put_value(self, Table::Series, &Key::text(record.series.code.as_str()), record)
    }

    /// Keeps the grants of a journal.
    pub fn put_grant(&mut self, journal: JournalId, record: &GrantRecord) -> Result<(), StoreError> {
        put_value(self, Table::Grants, &Key::journal(journal), record)
    }
}
