//! Head office's audit says ok of what is whole, and names what was removed, edited, flipped or not sent yet.

use std::path::Path;
use std::process::Command;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use counterfoil_core::command::{Basket, BasketLine, Command as TillCommand};
use counterfoil_core::db::InMemoryBackend;
use counterfoil_core::db::row::seal;
use counterfoil_core::grant::JournalRequestV1;
use counterfoil_core::id::{CommandId, JournalId, OperatorCode};
use counterfoil_core::import_files::products::import_products;
use counterfoil_core::import_files::source::Source;
use counterfoil_core::import_options::{Field, ImportOptions};
use counterfoil_core::journal::acknowledgement::{Acknowledgement, Epoch, Nonce};
use counterfoil_core::journal::envelope::{ChainHead, Entry};
use counterfoil_core::journal::hello::Hello;
use counterfoil_core::journal::key::SigningKey;
use counterfoil_core::journal::parcel;
use counterfoil_core::money::Money;
use counterfoil_core::till::Till;
use counterfoil_core::time::{Now, Timestamp};
use counterfoil_sync_server::audit::{Audit, audit};
use counterfoil_sync_server::clock;
use counterfoil_sync_server::exchange::{take_batch, take_hello};
use counterfoil_sync_server::folder::Folder;
use counterfoil_sync_server::import::Shelves;
use counterfoil_sync_server::office::Office;
use counterfoil_sync_server::operations::{GrantOrder, Operation, StoreOrder, perform};
use counterfoil_sync_server::settings::Given;
use counterfoil_sync_server::store::key::Key;
use counterfoil_sync_server::store::record::{Dimension, RollUp};
use counterfoil_sync_server::store::tables::Table;
use counterfoil_sync_server::store::{RowsMut, StoreError};

const JOURNAL: JournalId = JournalId([1; 16]);

fn key() -> SigningKey {
    SigningKey::from_seed([1; 32])
}

fn now() -> Now {
    clock::at("Europe/Madrid", clock::now())
}

/// A head office with a catalogue and one till, whose five sales have arrived.
fn office_with_sales(folder: &Path) -> (Office, Till) {
    let office = Office::create(Folder::new(folder), &Given::default()).unwrap();
    let options = ImportOptions { defaults: vec![(Field::TaxRate, "10".to_owned())], ..ImportOptions::default() };
    let list = b"code,name,price,barcode\nmilk,Milk,1.25,3850334043641\nbread,Bread,2.10,\n";
    let list = Source::read("list.csv", Ok(&list[..])).unwrap();
    let mut shelves = Shelves { kept_in: office.store(), store: None };
    let report = import_products(&list, &options, &mut shelves, &mut |_| ()).unwrap();
    assert_eq!((report.added, report.rejected.len()), (2, 0));
    let request = JournalRequestV1 { journal: JOURNAL, key: key().public_key(), slot: None, predecessor: None };
    let order = GrantOrder {
        request: STANDARD.encode(request.sign(&key()).unwrap()),
        store: "S01".to_owned(),
        till: "T01".to_owned(),
        has_history: false,
        profile: StoreOrder::default(),
    };
    let answer = perform(&office, Operation::Grant(order));
    let file = STANDARD.decode(answer.body["parcel"].as_str().unwrap_or_else(|| panic!("{answer:?}"))).unwrap();
    let grant = parcel::decode(&file).unwrap().remove(0).bytes;
    let mut till = Till::create_granted(InMemoryBackend::new(), key(), &grant, now()).unwrap();
    let asked = counterfoil_sync_server::feed::Asked { epoch: None, revision: 0, journal: None };
    let slot = ("S01".parse().unwrap(), "T01".parse().unwrap());
    let page = counterfoil_sync_server::feed::page(office.store(), (&slot.0, &slot.1), asked, office.granting());
    till.apply_feed_page(&page.unwrap(), now()).unwrap();
    till.execute(&TillCommand::OpenDrawer(Money::from_minor(10_000)), &owner(), now()).unwrap();
    for id in ["a", "b", "c", "d", "e"] {
        sell(&mut till, id);
    }
    push(&office, &till, 1);
    say(&office, &till);
    (office, till)
}

fn owner() -> OperatorCode {
    OperatorCode::new("owner").unwrap()
}

fn sell(till: &mut Till, id: &str) {
    let line = |code: &str| BasketLine { code: code.to_owned(), quantity: "2".parse().unwrap(), unit_price: None };
    let basket = Basket::of_lines(CommandId::new(id).unwrap(), vec![line("milk"), line("bread")]);
    till.execute(&TillCommand::CompleteSale(basket), &owner(), now()).unwrap();
}

fn push(office: &Office, till: &Till, from: u64) {
    let batch = till.batch(JOURNAL, from).unwrap().unwrap();
    assert_eq!(take_batch(office, &batch, None).unwrap().verdict, "append");
}

fn say(office: &Office, till: &Till) {
    take_hello(office, &till.hello(JOURNAL, None).unwrap(), None).unwrap();
}

fn run(office: &Office) -> Audit {
    office.store().read(audit).unwrap()
}

/// Changes rows behind head office's back, and expects the audit to say so.
fn tampered(expected: &str, change: impl Fn(&mut dyn RowsMut) -> Result<(), StoreError>) -> Audit {
    let place = tempfile::tempdir().unwrap();
    let (office, _) = office_with_sales(&place.path().join("office"));
    assert!(run(&office).is_ok());
    office.store().write(|rows| change(rows)).unwrap();
    let found = run(&office);
    assert!(!found.is_ok(), "{expected}");
    assert!(found.differences.iter().any(|text| text.contains(expected)), "{expected}: {:?}", found.differences);
    found
}

#[test]
fn what_is_whole_is_ok_and_adds_up_to_what_the_till_says() {
    let place = tempfile::tempdir().unwrap();
    let (office, mut till) = office_with_sales(&place.path().join("office"));
    let found = run(&office);
    assert_eq!((found.differences.len(), found.findings.len(), found.unread), (0, 0, 0));
    assert_eq!((found.journals[0].entries, found.drawer_sessions, found.series.len()), (7, 1, 10));
    let till_audit = till.audit(InMemoryBackend::new()).unwrap();
    assert_eq!(found.totals, till_audit.totals);
    let receipts = found.series.iter().find(|series| series.series.code.as_str().contains("-R26")).unwrap();
    assert_eq!((receipts.issued, receipts.last, receipts.missing.len()), (5, Some(5), 0));
}

#[test]
fn what_a_till_has_signed_for_and_not_sent_is_named() {
    let place = tempfile::tempdir().unwrap();
    let (office, mut till) = office_with_sales(&place.path().join("office"));
    sell(&mut till, "f");
    sell(&mut till, "g");
    say(&office, &till);
    let found = run(&office);
    assert!(found.is_ok());
    let missing = &found.unreceived[0];
    assert_eq!((missing.from, missing.to, missing.totals[0].count), (8, 9, 2));
    assert_eq!(missing.totals[0].gross, Money::from_minor(2 * 670));
    let (series, from, to) = &missing.numbers[0];
    assert_eq!((series.as_str().contains("-R26"), *from, *to), (true, 6, 7));
    push(&office, &till, 8);
    assert_eq!(run(&office).unreceived, []);
}

#[test]
fn totals_that_the_till_signed_otherwise_are_a_difference() {
    let place = tempfile::tempdir().unwrap();
    let (office, till) = office_with_sales(&place.path().join("office"));
    let mut hello: Hello = Hello::read(&till.hello(JOURNAL, None).unwrap()).unwrap().claimed().clone();
    hello.totals[0].gross = Money::from_minor(1);
    take_hello(&office, &hello.sign(&key()).unwrap(), None).unwrap();
    let found = run(&office);
    assert!(!found.is_ok());
    assert!(found.differences[0].contains("totals that its till signed"), "{:?}", found.differences);
}

#[test]
fn a_promise_that_head_office_did_not_sign_moves_nothing() {
    let place = tempfile::tempdir().unwrap();
    let (office, till) = office_with_sales(&place.path().join("office"));
    let mut hello: Hello = Hello::read(&till.hello(JOURNAL, None).unwrap()).unwrap().claimed().clone();
    let epoch = Epoch { counter: 900, random: [1; 8] };
    let (seq, hash, time, nonce) = (hello.seq, hello.hash, Timestamp(1), Nonce([1; 16]));
    let claimed = Acknowledgement { journal: JOURNAL, seq, hash, epoch, time, nonce };
    let before = office.store().read(|rows| rows.epoch()).unwrap();
    for (signed_by, verdict, counter) in [(&key(), "bad_signature", before.counter), (office.key(), "duplicate", 901)] {
        hello.acknowledged = Some(claimed.sign(signed_by).unwrap());
        let answer = take_hello(&office, &hello.sign(&key()).unwrap(), None).unwrap();
        assert_eq!(answer.verdict, verdict);
        assert_eq!(office.store().read(|rows| rows.epoch()).unwrap().counter, counter, "{verdict}");
    }
}

#[test]
fn a_removed_entry_is_noticed() {
    for seq in [1, 4, 7] {
        let found = tampered("journal", |rows| rows.remove(Table::Entries, &Key::journal(JOURNAL).and(seq)));
        assert_eq!(found.first_bad_seq, Some(seq));
    }
}

#[test]
fn an_edited_sale_is_noticed_even_if_every_hash_and_seal_is_made_anew() {
    let edit = |entry: &Entry| {
        let mut payload = entry.payload().to_vec();
        let last = payload.len() - 1;
        payload[last] ^= 1;
        payload
    };
    let found = tampered("journal", |rows| {
        let entry = rows.as_rows().entry(JOURNAL, 4)?.unwrap();
        let mut bytes = entry.bytes().to_vec();
        let last = bytes.len() - 1;
        bytes[last] ^= 1;
        let at = Key::journal(JOURNAL).and(4);
        rows.store(Table::Entries, &at, &seal(Table::Entries.name(), at.as_bytes(), bytes))
    });
    assert_eq!(found.first_bad_seq, Some(4));
    tampered("signature", |rows| {
        let entries = rows.as_rows().entries(JOURNAL, 4, 100)?;
        let before = rows.as_rows().entry(JOURNAL, 3)?.unwrap();
        let mut head: ChainHead = before.head();
        for entry in &entries {
            let payload = if entry.seq() == 4 { edit(entry) } else { entry.payload().to_vec() };
            let (made, next) = head.append(entry.now(), entry.event_type(), entry.schema_version(), &payload).unwrap();
            rows.put_entry(&made)?;
            head = next;
        }
        let mut record = rows.as_rows().journal(JOURNAL)?.unwrap();
        record.hash = head.hash();
        rows.put_journal(&record)
    });
}

#[test]
fn entries_cut_off_at_the_end_are_noticed_even_if_the_journal_s_row_agrees() {
    tampered("signature", |rows| {
        rows.remove(Table::Entries, &Key::journal(JOURNAL).and(7))?;
        let last = rows.as_rows().entry(JOURNAL, 6)?.unwrap();
        let mut record = rows.as_rows().journal(JOURNAL)?.unwrap();
        (record.seq, record.hash) = (6, last.hash());
        rows.put_journal(&record)
    });
}

#[test]
fn derived_rows_that_differ_from_a_replay_are_noticed() {
    tampered("roll-up", |rows| {
        let (key, roll_up) = rows.as_rows().all_roll_ups()?.remove(0);
        rows.put_roll_up(&key, &RollUp { gross: roll_up.gross + 1, ..roll_up })
    });
    tampered("no entries for the roll-up", |rows| {
        let (mut key, roll_up) = rows.as_rows().all_roll_ups()?.remove(0);
        key.dimension = Dimension::Hour(77);
        rows.put_roll_up(&key, &roll_up)
    });
    tampered("index of documents", |rows| rows.clear(Table::Documents));
    tampered("stored state", |rows| rows.clear(Table::States));
    tampered("not known", |rows| rows.clear(Table::Journals));
    tampered("not known", |rows| rows.clear(Table::Series));
    tampered("barcode", |rows| rows.clear(Table::Barcodes));
    tampered("feed does not hold", |rows| rows.clear(Table::Revisions));
    tampered("state hash", |rows| rows.clear(Table::MasterStates));
    tampered("newest row", |rows| rows.put_setting("revision", &99_u64));
}

#[test]
fn a_flipped_byte_in_the_file_is_noticed() {
    let place = tempfile::tempdir().unwrap();
    let (folder, copy) = (place.path().join("office"), place.path().join("copy"));
    let (office, till) = office_with_sales(&folder);
    let entries = till.batch(JOURNAL, 1).unwrap().unwrap();
    let entries = counterfoil_core::journal::batch::Batch::read(&entries).unwrap().verify(&key().public_key()).unwrap();
    drop(office);
    std::fs::create_dir(&copy).unwrap();
    for file in std::fs::read_dir(&folder).unwrap() {
        let file = file.unwrap();
        std::fs::copy(file.path(), copy.join(file.file_name())).unwrap();
    }
    let store = copy.join("head-office.redb");
    let whole = std::fs::read(&store).unwrap();
    let ok = audit_of(&copy);
    assert_eq!(ok.0, 0, "{}", ok.1);
    let mut flipped_at = Vec::new();
    for entry in entries.entries() {
        let at = whole.windows(entry.bytes().len()).position(|bytes| bytes == entry.bytes()).unwrap();
        flipped_at.extend([at, at + 30, at + entry.bytes().len() - 1]);
    }
    for at in &flipped_at {
        flip(&store, &whole, *at);
        let (code, answer) = audit_of(&copy);
        assert_eq!((code, answer.contains("\"ok\":false")), (3, true), "byte {at}: {answer}");
    }
    // Anywhere else in the file: noticed, or of no matter, and never a wrong figure.
    for at in (0..whole.len()).step_by(whole.len() / 40) {
        flip(&store, &whole, at);
        let found = audit_of(&copy);
        assert!(found.0 == 3 || found == ok, "byte {at}: {found:?}");
    }
}

fn flip(store: &Path, whole: &[u8], at: usize) {
    let mut bytes = whole.to_vec();
    bytes[at] ^= 0x10;
    std::fs::write(store, bytes).unwrap();
}

fn audit_of(folder: &Path) -> (i32, String) {
    let ran = Command::new(env!("CARGO_BIN_EXE_head-office"))
        .args(["audit", "--json", "--data"])
        .arg(folder)
        .output()
        .unwrap();
    (ran.status.code().unwrap_or(-1), String::from_utf8(ran.stdout).unwrap())
}
