//! A store of an earlier program: it is brought to this program's schema, told what changed, and not touched while damaged.

use counterfoil_core::db::InMemoryBackend;
use counterfoil_core::db::row::seal;
use counterfoil_core::journal::codec::encode;
use counterfoil_core::till::{Access, Till};
use counterfoil_disk::{Choice, TornDisk};
use redb::TableDefinition;

use crate::rows::edited;
use crate::store::{Disk, granted_key, own_key};

/// The store as schema 1 was: without a tail.
fn of_schema_1() -> Disk {
    let kept = crate::files().closed;
    edited(&kept, |tx| {
        assert!(tx.delete_table(TableDefinition::<u64, &[u8]>::new("tail_v1")).unwrap());
        let sealed = seal("meta_v1", b"schema", encode(&1_u32));
        tx.open_table(TableDefinition::<&str, &[u8]>::new("meta_v1")).unwrap().insert("schema", &sealed[..]).unwrap();
    })
}

fn open(disk: &Disk) -> Till {
    Till::open(disk.clone(), vec![own_key(), granted_key()], Access::Full).unwrap()
}

#[test]
fn a_store_of_an_earlier_schema_is_brought_to_this_one_and_says_so() {
    let (kept, disk) = (crate::files().closed, of_schema_1());
    let mut till = open(&disk);
    let migration = till.migration().unwrap();
    assert_eq!((migration.before, migration.after), (1, 2));
    assert_eq!(till.mark(), kept.mark);
    assert!(till.audit(InMemoryBackend::new()).unwrap().is_ok());
    drop(till);
    let migration = open(&disk).migration().unwrap();
    assert_eq!((migration.before, migration.after), (2, 2), "nothing is to do the second time");
}

#[test]
fn power_that_is_lost_in_a_migration_leaves_a_store_that_the_next_opening_brings_to_its_end() {
    let (kept, old) = (crate::files().closed, of_schema_1());
    let keys = || vec![own_key(), granted_key()];
    let disk = TornDisk::from_image(old.0.lock().unwrap().clone());
    disk.record();
    let mut till = Till::open(disk.backend(), keys(), Access::Full).unwrap();
    till.check_pages().unwrap();
    drop(till);
    let history = disk.take_history().unwrap();
    let mut from_schema = [0_u32; 3];
    for (at, moment) in history.moments().enumerate() {
        for choice in Choice::ALL {
            let disk = TornDisk::from_image(moment.cut(choice, &mut fastrand::Rng::with_seed(at as u64)));
            let mut till = Till::open(disk.backend(), keys(), Access::Full).unwrap();
            till.check_pages().unwrap();
            let migration = till.migration().unwrap();
            from_schema[migration.before as usize] += 1;
            assert_eq!((migration.after, till.mark()), (2, kept.mark), "operation {at}, {choice:?}");
            assert!(till.audit(InMemoryBackend::new()).unwrap().is_ok(), "operation {at}, {choice:?}");
        }
    }
    assert!(from_schema[1] > 0 && from_schema[2] > 0, "power was lost before the commit and after it: {from_schema:?}");
}

#[test]
fn a_damaged_store_is_not_migrated() {
    let disk = of_schema_1();
    let at = {
        let mut bytes = disk.0.lock().unwrap();
        let at = bytes.windows(9).rposition(|window| window == b"S01-T01-R").unwrap();
        bytes[at] ^= 1;
        at
    };
    let damaged = disk.0.lock().unwrap().clone();
    for _ in 0..2 {
        let opened = Till::open(disk.clone(), vec![own_key(), granted_key()], Access::Full);
        if let Ok(till) = opened {
            panic!("byte {at}: opened as {till:?}");
        }
        assert!(*disk.0.lock().unwrap() == damaged, "it was written");
    }
}
