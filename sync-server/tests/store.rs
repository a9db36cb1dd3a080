//! What every store of head office must do; the embedded one is put through it here.

use counterfoil_core::catalog::{Category, MasterKey, MasterRow};
use counterfoil_core::id::{MasterCode, StoreCode};
use counterfoil_core::journal::acknowledgement::Epoch;
use counterfoil_sync_server::store::key::Key;
use counterfoil_sync_server::store::tables::Table;
use counterfoil_sync_server::store::{RedbStore, Store, StoreError};
use tempfile::tempdir;

fn category(code: &str, name: &str) -> MasterRow {
    MasterRow::Category(Category { code: code.parse().unwrap(), name: name.parse().unwrap(), parent: None })
}

fn key(code: &str) -> MasterKey {
    MasterKey::Category(MasterCode::new(code).unwrap())
}

fn put(store: &dyn Store, shop: Option<&str>, code: &str, row: Option<MasterRow>) -> bool {
    let shop = shop.map(|shop| StoreCode::new(shop).unwrap());
    store.write(|rows| rows.put_master(shop.as_ref(), &key(code), row.clone())).unwrap()
}

fn changed_after(store: &dyn Store, revision: u64) -> Vec<(u64, MasterKey)> {
    let rows = store.read(|rows| rows.master_after(revision, 100)).unwrap();
    rows.into_iter().map(|record| (record.revision, record.key)).collect()
}

fn conforms(store: &dyn Store) {
    a_failed_transaction_leaves_nothing(store);
    rows_come_in_the_order_of_keys(store);
    a_decayed_or_moved_row_is_noticed(store);
    revisions_have_no_gap_at_the_end_and_name_each_row_once(store);
}

fn a_failed_transaction_leaves_nothing(store: &dyn Store) {
    let epoch = Epoch { counter: 1, random: [1; 8] };
    store.write(|rows| rows.put_epoch(epoch)).unwrap();
    let failed = store.write(|rows| {
        rows.put_epoch(Epoch { counter: 2, ..epoch })?;
        assert_eq!(rows.as_rows().epoch()?.counter, 2, "a transaction reads what it has written");
        Err::<(), _>(StoreError::Invariant("enough".to_owned()))
    });
    assert!(failed.is_err());
    assert_eq!(store.read(|rows| rows.epoch()).unwrap(), epoch);
}

fn rows_come_in_the_order_of_keys(store: &dyn Store) {
    let numbers = [300, 2, 1, 255, 256];
    let read = |from: u64, to: Option<u64>, rows_max: usize| {
        let to = to.map(Key::number);
        let found = store.read(|rows| rows.stored_range(Table::Pins, &Key::number(from), to.as_ref(), rows_max));
        found.unwrap().into_iter().map(|(_, value)| value[0]).collect::<Vec<_>>()
    };
    let add = |number: &u64| (Key::number(*number), [number.to_be_bytes()[7]]);
    store
        .write(|rows| numbers.iter().map(add).try_for_each(|(key, value)| rows.store(Table::Pins, &key, &value)))
        .unwrap();
    assert_eq!(read(0, None, 100), [1, 2, 255, 0, 44]);
    assert_eq!(read(2, Some(256), 100), [2, 255]);
    assert_eq!(read(0, None, 2), [1, 2]);
    assert_eq!(read(9, Some(3), 100), [0_u8; 0]);
    store.write(|rows| rows.remove(Table::Pins, &Key::number(2))).unwrap();
    assert_eq!(read(0, Some(3), 100), [1]);
    store.write(|rows| rows.clear(Table::Pins)).unwrap();
    assert_eq!(read(0, None, 100), [0_u8; 0]);
}

fn a_decayed_or_moved_row_is_noticed(store: &dyn Store) {
    let at = Key::text("fact");
    store.write(|rows| rows.put_setting("fact", &7_u64)).unwrap();
    let stored = store.read(|rows| rows.stored(Table::Settings, &at)).unwrap().unwrap();
    for bit in 0..stored.len() * 8 {
        let mut flipped = stored.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        store.write(|rows| rows.store(Table::Settings, &at, &flipped)).unwrap();
        let read = store.read(|rows| rows.setting::<u64>("fact"));
        assert!(matches!(read, Err(StoreError::Damaged { .. })), "bit {bit}");
    }
    store.write(|rows| rows.store(Table::Settings, &Key::text("other"), &stored)).unwrap();
    assert!(store.read(|rows| rows.setting::<u64>("other")).is_err());
    store.write(|rows| rows.store(Table::Settings, &at, &stored)).unwrap();
    assert_eq!(store.read(|rows| rows.setting::<u64>("fact")).unwrap(), Some(7));
}

fn revisions_have_no_gap_at_the_end_and_name_each_row_once(store: &dyn Store) {
    assert!(put(store, None, "a", Some(category("a", "one"))));
    assert!(put(store, None, "b", Some(category("b", "two"))));
    assert!(put(store, Some("S01"), "a", Some(category("a", "one here"))));
    assert!(!put(store, None, "b", Some(category("b", "two"))), "a row that is so already keeps its revision");
    assert!(!put(store, None, "c", None), "what was never there is not removed");
    assert_eq!(changed_after(store, 0), [(1, key("a")), (2, key("b")), (3, key("a"))]);
    assert!(put(store, None, "a", Some(category("a", "other"))));
    assert!(put(store, None, "b", None));
    assert_eq!(changed_after(store, 0), [(3, key("a")), (4, key("a")), (5, key("b"))]);
    assert_eq!(changed_after(store, 4), [(5, key("b"))]);
    assert_eq!(changed_after(store, 5), []);
    let removed = store.read(|rows| rows.master(None, &key("b"))).unwrap().unwrap();
    assert_eq!((removed.row, removed.revision), (None, 5));
    assert_eq!(store.read(|rows| rows.revision()).unwrap(), 5);
}

#[test]
fn the_embedded_store_conforms() {
    let folder = tempdir().unwrap();
    conforms(&RedbStore::create(&folder.path().join("store.redb")).unwrap());
}

#[test]
fn a_store_is_made_once_and_opened_by_one() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("store.redb");
    assert!(RedbStore::open(&path).is_err(), "there is none yet");
    std::fs::write(path.with_extension("new"), "left by a crash").unwrap();
    let store = RedbStore::create(&path).unwrap();
    assert!(!path.with_extension("new").exists());
    assert!(RedbStore::create(&path).is_err(), "there is one already");
    assert!(RedbStore::open(&path).is_err(), "one process has it");
    (&store as &dyn Store).write(|rows| rows.put_setting("schema", &99_u32)).unwrap();
    drop(store);
    assert!(matches!(RedbStore::open(&path), Err(StoreError::NewerSchema { found: 99, known: 1 })));
}

#[test]
fn a_file_that_is_no_store_is_refused() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("store.redb");
    std::fs::write(&path, "not a store").unwrap();
    assert!(RedbStore::open(&path).is_err());
}
