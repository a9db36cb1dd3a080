//! Rows and entries edited behind the till's back, with right checksums and with wrong ones: the audit names each.

use std::sync::{Arc, Mutex};

use counterfoil_core::db::InMemoryBackend;
use counterfoil_core::db::row::{seal, unseal};
use counterfoil_core::event::Event;
use counterfoil_core::id::{Hash, JournalId};
use counterfoil_core::journal::acknowledgement::{Acknowledgement, Epoch, Nonce};
use counterfoil_core::journal::codec::{decode, encode};
use counterfoil_core::journal::envelope::Entry;
use counterfoil_core::journal::key::SigningKey;
use counterfoil_core::journal_state::JournalState;
use counterfoil_core::money::Money;
use counterfoil_core::series::SeriesHead;
use counterfoil_core::till::{Access, Audit, Till};
use counterfoil_core::time::Timestamp;
use redb::{Database, Key, ReadableTable, TableDefinition, TableHandle, WriteTransaction};

use crate::store::{Disk, Kept, granted_key, own_key};

type Rows<K> = TableDefinition<'static, K, &'static [u8]>;

const ENTRIES: Rows<(u16, u64)> = TableDefinition::new("entries_v1");
const TAIL: Rows<u64> = TableDefinition::new("tail_v1");
const JOURNALS: Rows<u16> = TableDefinition::new("journals_v1");
const DOCUMENTS: Rows<&str> = TableDefinition::new("documents_v1");
const COMMANDS: Rows<[u8; 16]> = TableDefinition::new("commands_v1");
const REFUNDED: Rows<(u16, u64, u16)> = TableDefinition::new("refunded_v1");
const STOCK: Rows<&str> = TableDefinition::new("stock_v1");
const MASTER: Rows<(u8, &[u8])> = TableDefinition::new("master_v1");
const BARCODES: Rows<(u8, &str)> = TableDefinition::new("barcodes_v1");
const META: Rows<&str> = TableDefinition::new("meta_v1");
const PINS: Rows<&str> = TableDefinition::new("pins_v1");
const LOCKOUTS: Rows<&str> = TableDefinition::new("lockouts_v1");

/// The bytes of a file after an edit through the storage engine itself.
pub(crate) fn edited(kept: &Kept, edit: impl FnOnce(&WriteTransaction)) -> Disk {
    let disk = Disk(Arc::new(Mutex::new(kept.bytes.clone())));
    let database = Database::builder().create_with_backend(disk.clone()).unwrap();
    let tx = database.begin_write().unwrap();
    edit(&tx);
    tx.commit().unwrap();
    drop(database);
    disk
}

fn audit(disk: Disk) -> Result<Audit, String> {
    let till = Till::open(disk, vec![own_key(), granted_key()], Access::Full);
    till.and_then(|mut till| till.audit(InMemoryBackend::new())).map_err(|error| error.to_string())
}

/// The audit, or the opening, tells what was edited.
fn check(kept: &Kept, expected: &str, edit: impl FnOnce(&WriteTransaction)) {
    let told = match audit(edited(kept, edit)) {
        Ok(audit) => {
            assert!(!audit.is_ok(), "nothing was told, expected: {expected}");
            audit.differences.join("\n")
        }
        Err(error) => error,
    };
    assert!(told.contains(expected), "expected: {expected}\ntold: {told}");
}

fn entry(tx: &WriteTransaction, at: (u16, u64)) -> Entry {
    let table = tx.open_table(ENTRIES).unwrap();
    let bytes = table.get(at).unwrap().unwrap().value().to_vec();
    Entry::read(&bytes).unwrap()
}

fn put_entry(tx: &WriteTransaction, at: (u16, u64), bytes: &[u8]) {
    tx.open_table(ENTRIES).unwrap().insert(at, bytes).unwrap();
}

fn state(tx: &WriteTransaction, life: u16) -> JournalState {
    let table = tx.open_table(JOURNALS).unwrap();
    let stored = table.get(life).unwrap().unwrap();
    decode(unseal("journals_v1", &life.to_le_bytes(), stored.value()).unwrap()).unwrap()
}

fn put_state(tx: &WriteTransaction, life: u16, state: &JournalState) {
    let sealed = seal("journals_v1", &life.to_le_bytes(), encode(state));
    tx.open_table(JOURNALS).unwrap().insert(life, sealed.as_slice()).unwrap();
    if life == 2 {
        put_head(tx, state);
    }
}

/// Names the end of the current journal, which is the second, as the till itself does.
fn put_head(tx: &WriteTransaction, state: &JournalState) {
    let sealed = seal("tail_v1", &0_u64.to_le_bytes(), encode(&(2_u16, state.seq, state.hash)));
    tx.open_table(TAIL).unwrap().insert(0, sealed.as_slice()).unwrap();
}

/// Writes the entries of a life from `seq` on anew, after `change` has changed the first event; the whole chain and the
/// state after it are right again.
fn forge(tx: &WriteTransaction, life: u16, seq: u64, change: impl FnOnce(&mut Event)) {
    let last = state(tx, life).seq;
    let mut folded: Option<JournalState> = None;
    let mut change = Some(change);
    for at in 1..=last {
        let old = entry(tx, (life, at));
        let mut event = Event::decode(&old).unwrap().unwrap();
        if let Some(change) = change.take_if(|_| at == seq) {
            change(&mut event);
        }
        let previous = folded.as_ref().map_or(Hash::ZERO, |state| state.hash);
        let payload = event.encode();
        let new = Entry::seal(old.journal(), at, previous, old.now(), event.event_type(), 1, &payload).unwrap();
        put_entry(tx, (life, at), new.bytes());
        folded = Some(match (folded, &event) {
            (Some(state), event) => state.after(&new, Some(event)).unwrap(),
            (None, Event::JournalOpened(opened)) => JournalState::open(&new, opened),
            (None, other) => panic!("{other:?} opens no journal"),
        });
    }
    put_state(tx, life, &folded.unwrap());
}

/// The first sale of a life.
fn first_sale(tx: &WriteTransaction, life: u16) -> u64 {
    let is_sale = |seq: &u64| matches!(Event::decode(&entry(tx, (life, *seq))), Ok(Some(Event::SaleCompleted(_))));
    (1..=state(tx, life).seq).find(is_sale).unwrap()
}

fn rename(event: &mut Event) {
    let Event::SaleCompleted(document) = event else { panic!("no sale") };
    document.lines[0].name = "something else".parse().unwrap();
}

#[test]
fn entries_removed_swapped_or_edited_are_told_by_their_seq() {
    let (kept, _) = crate::kept();
    check(&kept, "entry 7: it is missing", |tx| {
        tx.open_table(ENTRIES).unwrap().remove((1, 7)).unwrap();
    });
    check(&kept, "entry 9: ", |tx| {
        let (one, two) = (entry(tx, (2, 9)), entry(tx, (2, 12)));
        put_entry(tx, (2, 9), two.bytes());
        put_entry(tx, (2, 12), one.bytes());
    });
    check(&kept, "it is missing", |tx| {
        let last = state(tx, 2).seq;
        tx.open_table(ENTRIES).unwrap().remove((2, last)).unwrap();
    });
    check(&kept, "expected seq", |tx| {
        let last = entry(tx, (2, state(tx, 2).seq));
        put_entry(tx, (2, last.seq() + 1), last.bytes());
    });
    check(&kept, "has entries after its head", |tx| {
        let last = entry(tx, (2, state(tx, 2).seq));
        put_entry(tx, (2, last.seq() + 2), last.bytes());
    });
    check(&kept, "its journal was closed before it", |tx| {
        let mut state = state(tx, 1);
        let sale = Event::decode(&entry(tx, (1, first_sale(tx, 1)))).unwrap().unwrap();
        let now = entry(tx, (1, state.seq)).now();
        let more = Entry::seal(state.journal, state.seq + 1, state.hash, now, sale.event_type(), 1, &sale.encode());
        let more = more.unwrap();
        put_entry(tx, (1, more.seq()), more.bytes());
        (state.seq, state.hash) = (more.seq(), more.hash());
        put_state(tx, 1, &state);
    });
    check(&kept, "entries_v1", |tx| {
        let first = entry(tx, (2, 1));
        put_entry(tx, (3, 1), first.bytes());
    });
    for life in [1, 2] {
        let mut seq = 0;
        let mut edit = |tx: &WriteTransaction| {
            seq = first_sale(tx, life);
            let old = entry(tx, (life, seq));
            let mut event = Event::decode(&old).unwrap().unwrap();
            rename(&mut event);
            let (journal, now) = (old.journal(), old.now());
            let new = Entry::seal(journal, seq, old.previous(), now, event.event_type(), 1, &event.encode()).unwrap();
            put_entry(tx, (life, seq), new.bytes());
        };
        let disk = edited(&kept, &mut edit);
        assert_eq!(audit(disk).unwrap().first_bad_seq, Some(seq), "its successor names another hash");
    }
}

#[test]
fn a_chain_forged_to_its_end_is_told_by_what_others_hold_of_it() {
    let (kept, _) = crate::kept();
    // Head office acknowledged the second journal, and the second journal names the head of the first.
    check(&kept, "is not the one that head office acknowledged", |tx| forge(tx, 2, first_sale(tx, 2), rename));
    check(&kept, "predecessor", |tx| forge(tx, 1, first_sale(tx, 1), rename));
    check(&kept, "does not add up", |tx| {
        forge(tx, 2, first_sale(tx, 2), |event| {
            let Event::SaleCompleted(document) = event else { panic!("no sale") };
            document.lines[0].net = document.lines[0].net.plus(Money::from_minor(1)).unwrap();
        });
    });
    check(&kept, "Z report", |tx| {
        let last = state(tx, 1).seq;
        forge(tx, 1, last - 1, |event| {
            let Event::DrawerClosed(closed) = event else { panic!("no close") };
            closed.z.session.sales_gross = Money::from_minor(1);
        });
    });
    // What nobody else has seen can be forged; only the mark beside the store tells.
    let disk = edited(&kept, |tx| forge(tx, 2, state(tx, 2).seq, rename));
    let mut till = Till::open(disk, vec![own_key(), granted_key()], Access::Full).unwrap();
    assert!(till.audit(InMemoryBackend::new()).unwrap().is_ok());
    till.check_mark(&kept.mark).unwrap();
    assert!(matches!(till.access(), Access::ReadOnly(_)));
}

#[test]
fn a_journal_set_back_is_told() {
    let (kept, _) = crate::kept();
    check(&kept, "table journals_v1 differs", |tx| {
        let mut state = state(tx, 2);
        let issued = |series: &&mut counterfoil_core::journal_state::SeriesState| series.head.last_issued().is_some();
        let series = state.series.iter_mut().find(issued).unwrap();
        series.head = SeriesHead::start(series.head.series().clone());
        put_state(tx, 2, &state);
    });
    check(&kept, "documents_v1 holds key", |tx| {
        let last = state(tx, 2).seq;
        tx.open_table(ENTRIES).unwrap().remove((2, last)).unwrap();
        forge_back(tx, last - 1);
    });
    check(&kept, "tail_v1 names another", |tx| {
        tx.open_table(JOURNALS).unwrap().remove(2).unwrap();
    });
}

/// Sets the second journal's state to what it was after `seq`.
fn forge_back(tx: &WriteTransaction, seq: u64) {
    let mut folded: Option<JournalState> = None;
    for at in 1..=seq {
        let entry = entry(tx, (2, at));
        let event = Event::decode(&entry).unwrap().unwrap();
        folded = Some(match (folded, &event) {
            (Some(state), event) => state.after(&entry, Some(event)).unwrap(),
            (None, Event::JournalOpened(opened)) => JournalState::open(&entry, opened),
            (None, other) => panic!("{other:?} opens no journal"),
        });
    }
    put_state(tx, 2, &folded.unwrap());
}

/// The first two rows whose keys `is_meant` picks: their keys' and their values' bytes.
fn two<K: Key + 'static>(tx: &WriteTransaction, table: Rows<K>, is_meant: &dyn Fn(&[u8]) -> bool) -> Vec<[Vec<u8>; 2]> {
    let table = tx.open_table(table).unwrap();
    let rows = table.iter().unwrap().map(|row| {
        let (key, value) = row.unwrap();
        [K::as_bytes(&key.value()).as_ref().to_vec(), value.value().to_vec()]
    });
    rows.filter(|[key, _]| is_meant(key)).take(2).collect()
}

/// Damages a row, gives it another's content, and removes it.
fn check_table<K: Key + 'static>(kept: &Kept, rows: Rows<K>, is_meant: impl Fn(&[u8]) -> bool, has_replay: bool) {
    let name = rows.name();
    let put = |tx: &WriteTransaction, key: &[u8], value: &[u8]| {
        tx.open_table(rows).unwrap().insert(K::from_bytes(key), value).unwrap();
    };
    check(kept, &format!("table {name} holds a damaged row"), |tx| {
        let [key, mut value] = two(tx, rows, &is_meant).remove(0);
        value[0] ^= 1;
        put(tx, &key, &value);
    });
    if !has_replay {
        return;
    }
    check(kept, &format!("table {name} differs"), |tx| {
        let found = two(tx, rows, &is_meant);
        let other = unseal(name, &found[1][0], &found[1][1]).unwrap();
        put(tx, &found[0][0], &seal(name, &found[0][0], other.to_vec()));
    });
    check(kept, &format!("table {name} lacks"), |tx| {
        let [key, _] = two(tx, rows, &is_meant).remove(0);
        tx.open_table(rows).unwrap().remove(K::from_bytes(&key)).unwrap();
    });
}

#[test]
fn every_kind_of_derived_row_is_told_by_its_table() {
    let (kept, _) = crate::kept();
    check_table(&kept, DOCUMENTS, |_| true, true);
    check_table(&kept, COMMANDS, |_| true, true);
    check_table(&kept, STOCK, |_| true, true);
    // Rows of lines, not of whole documents: the line is the last part of the key.
    check_table(&kept, REFUNDED, |key| key[10] == 1, true);
    let of = |generation: u8| move |key: &[u8]| key.contains(&3) && key[..key.len().min(6)].contains(&generation);
    check_table(&kept, MASTER, of(0), true);
    check_table(&kept, JOURNALS, |key| key[0] == 1, false);
    check_table(&kept, META, |_| true, false);
    check_table(&kept, PINS, |_| true, false);
    check(&kept, "table lockouts_v1 holds a damaged row", |tx| {
        tx.open_table(LOCKOUTS).unwrap().insert("ana", [1; 20].as_slice()).unwrap();
    });
    check(&kept, "table barcodes_v1 differs", |tx| barcode(tx, 0, "bread"));
    check(&kept, "table barcodes_v1", |tx| barcode(tx, 1, "bread"));
    check(&kept, "table barcodes_v1", |tx| barcode(tx, 1, "nothing"));
    check(&kept, "the feed's rows", |tx| {
        let rows: Vec<_> = {
            let table = tx.open_table(MASTER).unwrap();
            let range = table.range((1, [3].as_slice())..(1, [4].as_slice())).unwrap();
            range.map(|row| row.unwrap().0.value().1.to_vec()).collect()
        };
        tx.open_table(MASTER).unwrap().remove((1, rows[0].as_slice())).unwrap();
    });
}

/// Lets every barcode of a generation stand for another product.
fn barcode(tx: &WriteTransaction, generation: u8, product: &str) {
    let mut table = tx.open_table(BARCODES).unwrap();
    let keys: Vec<String> = table.iter().unwrap().map(|row| row.unwrap().0.value().1.to_owned()).collect();
    let key = (generation, keys[0].as_str());
    let bytes = <(u8, &str) as redb::Value>::as_bytes(&key);
    table.insert(key, seal("barcodes_v1", bytes.as_ref(), encode(&product.to_owned())).as_slice()).unwrap();
}

#[test]
fn what_head_office_signed_cannot_be_replaced() {
    let (kept, _) = crate::kept();
    let stranger = SigningKey::from_seed([8; 32]);
    let put = |tx: &WriteTransaction, key: &str, value: Vec<u8>| {
        let sealed = seal("meta_v1", key.as_bytes(), value);
        tx.open_table(META).unwrap().insert(key, sealed.as_slice()).unwrap();
    };
    check(&kept, "head office", |tx| put(tx, "head_office", encode(&stranger.public_key())));
    check(&kept, "acknowledgement", |tx| {
        let last = state(tx, 2);
        let forged = Acknowledgement {
            journal: JournalId([2; 16]),
            seq: last.seq,
            hash: last.hash,
            epoch: Epoch { counter: 1, random: [4; 8] },
            time: Timestamp(0),
            nonce: Nonce([5; 16]),
        };
        put(tx, "acknowledgement/2", encode(&forged.sign(&stranger).unwrap()));
    });
}
