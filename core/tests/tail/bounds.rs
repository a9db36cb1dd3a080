//! How much the tail holds, and what a till does there.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use counterfoil_core::command::Command;
use counterfoil_core::db::StorageBackend;
use counterfoil_core::db::row::{seal, unseal};
use counterfoil_core::journal::batch::Batch;
use counterfoil_core::journal::codec::{decode, encode};
use counterfoil_core::money::Money;
use counterfoil_core::till::{Access, Till, TillError};
use counterfoil_disk::TornDisk;
use redb::{Database, ReadableDatabase, ReadableTableMetadata, TableDefinition};

use super::{Disk, answers, assert_audited, key, made, opened, sale};
use crate::shop::{GOODS, basket, now, owner};

const TAIL: TableDefinition<'static, u64, &[u8]> = TableDefinition::new("tail_v1");
const ENTRIES_MAX: usize = 256;
const BYTES_MAX: usize = 1 << 20;

/// How many entries are in the tail on a disk, and their bytes.
fn tail(disk: &Disk) -> (usize, usize) {
    let database = Database::builder().create_with_backend(disk.copy()).unwrap();
    let table = database.begin_read().unwrap().open_table(TAIL).unwrap();
    let rows = table.range(1..).unwrap().map(|row| row.unwrap());
    let sizes: Vec<usize> = rows
        .map(|(key, stored)| {
            let bytes = unseal("tail_v1", &key.value().to_le_bytes(), stored.value()).unwrap();
            decode::<Vec<u8>>(bytes).unwrap().len()
        })
        .collect();
    (sizes.len(), sizes.iter().sum())
}

fn selling() -> (Disk, Till) {
    let (disk, mut till) = made();
    till.execute(&Command::OpenDrawer(Money::ZERO), &owner(), now(1)).unwrap();
    (disk, till)
}

/// A sale of so many lines.
fn long_sale(number: usize, lines: usize) -> Command {
    let lines: Vec<(&str, &str)> = (0..lines).map(|line| (GOODS[line % GOODS.len()].0, "1")).collect();
    Command::CompleteSale(basket(&number.to_string(), &lines))
}

#[test]
fn the_tail_is_bounded_by_bytes_too() {
    let (disk, mut till) = selling();
    let mut most = 0;
    for number in 0..80 {
        till.execute(&long_sale(number, 800), &owner(), now(1)).unwrap();
        let (entries, bytes) = tail(&disk);
        assert!(entries <= ENTRIES_MAX && bytes <= BYTES_MAX, "{entries} entries of {bytes} bytes");
        most = most.max(bytes);
    }
    assert!(most > BYTES_MAX / 2, "{most}: the sales are too short to reach the bound");
    assert!(tail(&disk).0 < 80, "it was folded");
    assert_eq!(answers(&opened(&disk.copy()), 80), answers(&till, 80));
    assert_audited(&mut opened(&disk.copy()));
}

#[test]
fn a_refusal_at_a_full_tail_changes_nothing_and_the_next_sale_folds_it() {
    let (disk, mut till) = selling();
    for number in 0..ENTRIES_MAX {
        till.execute(&sale(number, number % GOODS.len(), 2), &owner(), now(1)).unwrap();
    }
    assert_eq!(tail(&disk).0, ENTRIES_MAX);
    let (before, said) = (disk.bytes(), answers(&till, ENTRIES_MAX));
    let unknown = Command::CompleteSale(basket("none", &[("no such thing", "1")]));
    for command in [unknown, Command::OpenDrawer(Money::ZERO)] {
        let refused = till.execute(&command, &owner(), now(1));
        assert!(matches!(refused, Err(TillError::Refused(_))), "{refused:?}");
        assert_eq!(answers(&till, ENTRIES_MAX), said);
    }
    assert!(disk.bytes() == before, "a refusal writes nothing");
    till.execute(&sale(ENTRIES_MAX, 3, 1), &owner(), now(1)).unwrap();
    assert_eq!(tail(&disk).0, 0, "the sale that finds it full folds it");
    till.execute(&sale(ENTRIES_MAX + 1, 3, 1), &owner(), now(1)).unwrap();
    assert_eq!(tail(&disk).0, 1);
    assert_audited(&mut opened(&disk.copy()));
}

#[test]
fn more_entries_than_the_tail_may_hold_are_not_served() {
    let (disk, mut till) = selling();
    for number in 0..ENTRIES_MAX {
        till.execute(&sale(number, 1, 1), &owner(), now(1)).unwrap();
    }
    let full = disk.copy();
    // The next entry, as another till made it that did not look at the bound.
    till.execute(&sale(ENTRIES_MAX, 1, 1), &owner(), now(1)).unwrap();
    let seq = till.mark().seq;
    let batch = till.batch(till.mark().journal, seq).unwrap().unwrap();
    let batch = Batch::read(&batch).unwrap().verify(&key().public_key()).unwrap();
    let entry = batch.entries()[0].clone();
    let database = Database::builder().create_with_backend(full.clone()).unwrap();
    let tx = database.begin_write().unwrap();
    let mut table = tx.open_table(TAIL).unwrap();
    let put = |key: u64, value: Vec<u8>| (key, seal("tail_v1", &key.to_le_bytes(), value));
    for (key, sealed) in [put(seq, encode(&entry.bytes())), put(0, encode(&(1_u16, seq, entry.hash())))] {
        table.insert(key, sealed.as_slice()).unwrap();
    }
    assert_eq!(table.len().unwrap(), ENTRIES_MAX as u64 + 2);
    drop(table);
    tx.commit().unwrap();
    drop(database);

    let till = Till::open(full, vec![key()], Access::Full).unwrap();
    let Access::ReadOnly(told) = till.access() else { panic!("it sells") };
    assert!(told.contains("more than table tail_v1 may hold"), "{told}");
    assert_eq!(till.mark().seq, seq - 1);
}

/// The sale that finds the tail full needs far more room than any other: it fails as a whole, and with room the till goes
/// on from the one before it.
#[test]
fn a_disk_that_is_full_when_the_tail_is_folded_loses_nothing() {
    let (made_on, mut till) = selling();
    for number in 0..ENTRIES_MAX {
        till.execute(&sale(number, number % GOODS.len(), 2), &owner(), now(1)).unwrap();
    }
    let (said, mark) = (answers(&till, ENTRIES_MAX), till.mark());
    let bytes = made_on.bytes();
    let next = sale(ENTRIES_MAX, 3, 1);
    let mut failed = 0;
    for spare in [0, 4_096, 16_384, 65_536, 1 << 22] {
        let disk = TornDisk::new();
        disk.backend().set_len(bytes.len() as u64).unwrap();
        disk.backend().write(0, &bytes).unwrap();
        let mut till = Till::open(disk.backend(), vec![key()], Access::Full).unwrap();
        till.check_pages().unwrap();
        disk.set_capacity(disk.live().allocated_bytes() + spare);
        let sold = till.execute(&next, &owner(), now(1));
        let Err(error) = sold else { continue };
        assert!(matches!(&error, TillError::Db(error) if error.is_disk_full()), "{error}");
        failed += 1;
        drop(till);
        disk.mend();
        let mut till = Till::open(disk.backend(), vec![key()], Access::Full).unwrap();
        till.check_pages().unwrap();
        till.check_mark(&mark).unwrap();
        assert_eq!(*till.access(), Access::Full, "{spare} spare bytes");
        if till.mark() == mark {
            assert_eq!(answers(&till, ENTRIES_MAX), said);
        }
        assert_audited(&mut till);
        till.execute(&next, &owner(), now(1)).unwrap();
        assert_eq!(till.mark().seq, mark.seq + 1, "sold once, whatever the failing disk kept");
        assert_audited(&mut till);
    }
    assert!((1..5).contains(&failed), "{failed}");
}

/// A disk whose next write panics, as a bug in its driver would.
#[derive(Clone, Debug)]
struct Panicking(Disk, Arc<AtomicBool>);

impl StorageBackend for Panicking {
    fn len(&self) -> io::Result<u64> {
        self.0.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.0.read(offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.0.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        assert!(!self.1.swap(false, Ordering::Relaxed), "a bug in the driver");
        self.0.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.0.write(offset, data)
    }
}

#[test]
fn a_till_that_is_dropped_after_a_panic_was_caught_loses_nothing() {
    let (disk, till) = selling();
    drop(till);
    let panics = Arc::new(AtomicBool::new(false));
    for in_tail in [0, 1, 3, ENTRIES_MAX] {
        let disk = disk.copy();
        let mut till = Till::open(Panicking(disk.clone(), Arc::clone(&panics)), vec![key()], Access::Full).unwrap();
        for number in 0..in_tail {
            till.execute(&sale(number, number % GOODS.len(), 2), &owner(), now(1)).unwrap();
        }
        let mark = till.mark();
        panics.store(true, Ordering::Relaxed);
        let next = sale(in_tail, 3, 1);
        let caught = catch_unwind(AssertUnwindSafe(|| till.execute(&next, &owner(), now(1)).map(|_| ())));
        assert!(caught.is_err(), "{in_tail} in the tail: {caught:?}");
        // The program that caught it stops the till; a clean stop would fold what it does not know.
        drop(till);
        let mut till = opened(&disk);
        till.check_pages().unwrap();
        till.check_mark(&mark).unwrap();
        assert_eq!(*till.access(), Access::Full);
        till.execute(&next, &owner(), now(1)).unwrap();
        assert_eq!(till.mark().seq, mark.seq + 1);
        assert_audited(&mut till);
        drop(till);
        assert_audited(&mut opened(&disk));
    }
}
