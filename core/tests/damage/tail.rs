//! The tail of a till whose plug was pulled, edited behind its back: the till is opened to be read up to the damage, sells
//! nothing, adds nothing up, and its audit names the first entry that is bad.

use counterfoil_core::command::Command;
use counterfoil_core::db::InMemoryBackend;
use counterfoil_core::db::row::{seal, unseal};
use counterfoil_core::event::Event;
use counterfoil_core::journal::codec::{decode, encode};
use counterfoil_core::journal::envelope::Entry;
use counterfoil_core::till::{Access, Till};
use redb::{ReadableTable, ReadableTableMetadata, TableDefinition, WriteTransaction};

use crate::rows::edited;
use crate::shop::{basket, now, owner};
use crate::store::{Kept, granted_key, own_key};

const TAIL: TableDefinition<'static, u64, &[u8]> = TableDefinition::new("tail_v1");

/// The opening tells what was edited; the till stands before it and can do nothing but be read. `whole` is how many of the
/// three entries in the tail come before the damage.
fn check(kept: &Kept, whole: u64, expected: &str, edit: impl FnOnce(&WriteTransaction)) {
    let disk = edited(kept, edit);
    for _ in 0..2 {
        let before = disk.0.lock().unwrap().clone();
        let mut till = Till::open(disk.clone(), vec![own_key(), granted_key()], Access::Full).unwrap();
        let Access::ReadOnly(told) = till.access().clone() else { panic!("nothing was told, expected: {expected}") };
        assert!(told.contains(expected), "expected: {expected}\ntold: {told}");
        let seq = kept.mark.seq - 3 + whole;
        assert_eq!(till.mark().seq, seq, "{expected}");
        till.check_mark(&kept.mark).unwrap();
        assert_eq!(*till.access(), Access::ReadOnly(told), "the damage is the reason, not an older copy");

        let sale = Command::CompleteSale(basket("after", &[("milk", "1")]));
        assert!(till.execute(&sale, &owner(), now(60)).is_err());
        assert!(till.require_whole().is_err(), "an X report would leave something out");
        assert_eq!(till.document("b3").unwrap().map(|issued| issued.document.id.to_string()).as_deref(), Some("b3"));
        for (place, id) in (1..).zip(["last-1", "last-2", "last-3"]) {
            assert_eq!(till.document(id).unwrap().is_some(), place <= whole, "{id}: {expected}");
        }
        let batch = till.batch(kept.mark.journal, seq - 1).unwrap();
        assert!(batch.is_some(), "what is whole can still be sent");
        let audit = till.audit(InMemoryBackend::new()).unwrap();
        assert_eq!(audit.first_bad_seq, Some(seq + 1), "{expected}: {:?}", audit.differences);
        assert!(audit.differences.iter().any(|told| told.contains(expected)), "{:?}", audit.differences);
        drop(till);
        assert!(*disk.0.lock().unwrap() == before, "{expected}: the file was written");
    }
}

/// The seqs in the tail, oldest first.
fn seqs(tx: &WriteTransaction) -> Vec<u64> {
    let table = tx.open_table(TAIL).unwrap();
    table.range(1..).unwrap().map(|row| row.unwrap().0.value()).collect()
}

fn entry(tx: &WriteTransaction, seq: u64) -> Entry {
    let table = tx.open_table(TAIL).unwrap();
    let stored = table.get(seq).unwrap().unwrap();
    let bytes: Vec<u8> = decode(unseal("tail_v1", &seq.to_le_bytes(), stored.value()).unwrap()).unwrap();
    Entry::read(&bytes).unwrap()
}

fn put(tx: &WriteTransaction, key: u64, value: Vec<u8>) {
    let sealed = seal("tail_v1", &key.to_le_bytes(), value);
    tx.open_table(TAIL).unwrap().insert(key, sealed.as_slice()).unwrap();
}

fn remove(tx: &WriteTransaction, key: u64) {
    tx.open_table(TAIL).unwrap().remove(key).unwrap().unwrap();
}

#[test]
fn an_entry_of_the_tail_that_is_cut_off_changed_or_added_is_told() {
    let kept = crate::files().unclosed;
    check(&kept, 3, "does not name the last entry", |tx| remove(tx, 0));
    check(&kept, 2, "is missing", |tx| remove(tx, *seqs(tx).last().unwrap()));
    check(&kept, 0, "is missing", |tx| remove(tx, seqs(tx)[0]));
    check(&kept, 0, "names another", |tx| {
        // The head row is set back together with the last entry: the others are no longer all.
        let seqs = seqs(tx);
        let (last, before) = (seqs[seqs.len() - 1], entry(tx, seqs[seqs.len() - 2]));
        put(tx, 0, encode(&(1_u16, before.seq(), before.hash())));
        remove(tx, last);
    });
    check(&kept, 3, "entries beside those", |tx| {
        let last = entry(tx, *seqs(tx).last().unwrap());
        put(tx, last.seq() + 1, encode(&last.bytes()));
    });
    check(&kept, 0, "damaged", |tx| {
        let seqs = seqs(tx);
        let (one, two) = (entry(tx, seqs[0]), entry(tx, seqs[1]));
        put(tx, seqs[0], encode(&two.bytes()));
        put(tx, seqs[1], encode(&one.bytes()));
    });
    // An entry that was written anew with a right seal is told by the one after it, or by the head row.
    for (place, whole) in [(0, 1), (1, 2), (2, 2)] {
        check(&kept, whole, if place == 2 { "names another" } else { "damaged at entry" }, |tx| {
            let old = entry(tx, seqs(tx)[place]);
            let mut event = Event::decode(&old).unwrap().unwrap();
            let (Event::SaleCompleted(document) | Event::CreditNoteIssued(document)) = &mut event else {
                panic!("{event:?} in the tail")
            };
            document.lines[0].name = "something else".parse().unwrap();
            let (journal, seq, now) = (old.journal(), old.seq(), old.now());
            let new = Entry::seal(journal, seq, old.previous(), now, event.event_type(), 1, &event.encode()).unwrap();
            put(tx, seq, encode(&new.bytes()));
        });
    }
}

#[test]
fn every_flipped_bit_of_the_tail_is_told() {
    let kept = crate::files().unclosed;
    let mut rows: Vec<(u64, Vec<u8>)> = Vec::new();
    edited(&kept, |tx| {
        let table = tx.open_table(TAIL).unwrap();
        rows = table
            .iter()
            .unwrap()
            .map(|row| row.unwrap())
            .map(|(key, value)| (key.value(), value.value().to_vec()))
            .collect();
    });
    assert_eq!(rows.len(), 4, "the head row and three entries");
    let mut told = 0;
    for (key, value) in rows {
        let whole = if key == 0 { 3 } else { key - (kept.mark.seq - 3) - 1 };
        for bit in (0..value.len() * 8).step_by(97) {
            check(&kept, whole, "damaged row", |tx| {
                let mut flipped = value.clone();
                flipped[bit / 8] ^= 1 << (bit % 8);
                tx.open_table(TAIL).unwrap().insert(key, flipped.as_slice()).unwrap();
            });
            told += 1;
        }
    }
    assert!(told > 40, "{told}");
}

#[test]
fn an_opened_tail_is_folded_by_a_clean_stop_and_audited_before_and_after() {
    let kept = crate::files().unclosed;
    let disk = edited(&kept, |tx| assert_eq!(seqs(tx).len(), 3));
    for in_tail in [3, 0] {
        let mut till = Till::open(disk.clone(), vec![own_key(), granted_key()], Access::Full).unwrap();
        assert_eq!(till.mark(), kept.mark);
        let audit = till.audit(InMemoryBackend::new()).unwrap();
        assert!(audit.is_ok(), "with {in_tail} in the tail: {:?}", audit.differences);
        drop(till);
    }
    let bytes = disk.0.lock().unwrap().clone();
    edited(&Kept { bytes, mark: kept.mark }, |tx| assert_eq!(tx.open_table(TAIL).unwrap().len().unwrap(), 1));
}
