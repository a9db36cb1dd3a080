//! A flipped byte in the store is found: the audit says so, or the till does not open. Exit code 3, never a wrong answer.

use std::fs;

use redb::{Database, ReadableTable, TableDefinition};
use serde_json::Value;

use crate::shop::Shop;

fn sold_shop() -> Shop {
    let shop = Shop::open();
    let lines: Vec<String> = (0..5)
        .map(|sale| {
            format!(r#"{{"id":"sale-{sale}","lines":[{{"code":"TEA","quantity":"2"}}],"customer":"WITNESS-{sale}"}}"#)
        })
        .collect();
    shop.sell(&lines.join("\n")).done();
    shop
}

/// Flips one bit in every place where `text` stands in the store, one after the other, and gives how often it was found.
fn flip_each(shop: &Shop, text: &[u8], mut check: impl FnMut(&Shop)) -> usize {
    let path = shop.data().join("store.redb");
    let sound = fs::read(&path).unwrap();
    let places: Vec<usize> =
        sound.windows(text.len()).enumerate().filter(|(_, window)| *window == text).map(|(place, _)| place).collect();
    for place in &places {
        let mut bytes = sound.clone();
        bytes[place + text.len() / 2] ^= 1;
        fs::write(&path, &bytes).unwrap();
        check(shop);
    }
    fs::write(&path, &sound).unwrap();
    places.len()
}

fn audit_fails(shop: &Shop) -> bool {
    let ended = shop.json(&["audit"]);
    let answer = ended.json();
    match ended.code {
        0 => false,
        3 if answer["ok"] == Value::Bool(false) => {
            assert!(!answer["differences"].as_array().unwrap().is_empty(), "{answer}");
            true
        }
        3 => {
            let message = answer["error"]["message"].as_str().unwrap_or_else(|| panic!("{answer}"));
            assert!(message.contains("store.redb"), "{message}");
            true
        }
        code => panic!("exit {code}: {answer}"),
    }
}

#[test]
fn a_flipped_byte_inside_a_sale_is_found_by_the_audit() {
    let shop = sold_shop();
    let mut found = 0;
    // The text may also stand in pages that are free by now; a flip there changes nothing.
    let flips = flip_each(&shop, b"WITNESS-2", |shop| found += usize::from(audit_fails(shop)));
    assert!(found >= 1, "{found} of {flips} flips were found");
    shop.audit();
}

#[test]
fn a_damaged_sale_is_never_printed_as_if_it_were_sound() {
    let shop = sold_shop();
    let sound = shop.text(&["receipt", "sale-2", "--original"]).done().out;
    flip_each(&shop, b"WITNESS-2", |shop| {
        let printed = shop.text(&["receipt", "sale-2", "--original"]);
        assert!(printed.code == 3 || printed.out == sound, "{printed:?}");
    });
}

const ENTRIES: TableDefinition<'static, (u16, u64), &[u8]> = TableDefinition::new("entries_v1");
const DOCUMENTS: TableDefinition<'static, &str, &[u8]> = TableDefinition::new("documents_v1");

/// What somebody does who opens the store with its own engine, so that every page has its right checksum.
enum Forgery {
    RemoveEntry(u64),
    EditEntry(u64),
    RemoveDocumentRow,
}

fn forge(shop: &Shop, forgery: &Forgery) {
    let database = Database::open(shop.data().join("store.redb")).unwrap();
    let tx = database.begin_write().unwrap();
    {
        let mut entries = tx.open_table(ENTRIES).unwrap();
        let mut documents = tx.open_table(DOCUMENTS).unwrap();
        match forgery {
            Forgery::RemoveEntry(seq) => drop(entries.remove((1, *seq)).unwrap().unwrap()),
            Forgery::EditEntry(seq) => {
                let mut bytes = entries.get((1, *seq)).unwrap().unwrap().value().to_vec();
                let place = bytes.windows(3).position(|window| window == b"TEA").unwrap();
                bytes[place] = b'S';
                entries.insert((1, *seq), bytes.as_slice()).unwrap();
            }
            Forgery::RemoveDocumentRow => drop(documents.pop_first().unwrap().unwrap()),
        }
    }
    tx.commit().unwrap();
}

#[test]
fn a_removed_entry_an_edited_sale_and_a_removed_row_are_found_by_the_audit() {
    let shop = sold_shop();
    let entries = shop.audit()["journals"][0]["entries"].as_u64().unwrap();
    let path = shop.data().join("store.redb");
    let sound = fs::read(&path).unwrap();
    let check = |forgery: Forgery, first_bad_seq: Option<u64>| {
        forge(&shop, &forgery);
        let ended = shop.json(&["audit"]);
        let answer = ended.json();
        assert_eq!((ended.code, &answer["ok"]), (3, &Value::Bool(false)), "{answer}");
        assert_eq!(answer["first_bad_seq"].as_u64(), first_bad_seq, "{answer}");
        fs::write(&path, &sound).unwrap();
    };
    for seq in [1, 3, entries - 1, entries] {
        check(Forgery::RemoveEntry(seq), Some(seq));
    }
    // An edited entry shows in the hash that the next one names, the last one in the head.
    check(Forgery::EditEntry(entries - 1), Some(entries - 1));
    check(Forgery::EditEntry(entries), Some(entries));
    check(Forgery::RemoveDocumentRow, None);
    // The last entry is the one that the mark knows, so a till that was tampered with there does not even sell.
    forge(&shop, &Forgery::EditEntry(entries));
    assert_eq!(shop.sell(r#"{"id":"z","lines":[{"code":"TEA","quantity":"2"}]}"#).code, 3);
    fs::write(&path, &sound).unwrap();
    shop.audit();
}

#[test]
fn a_file_that_is_no_store_is_told_by_name() {
    let shop = sold_shop();
    let path = shop.data().join("store.redb");
    let sound = fs::read(&path).unwrap();
    let cut = &sound[..sound.len() / 2];
    let mut headless = sound.clone();
    headless[..4096].fill(0);
    let rows: [&[u8]; 5] = [b"", b"no store at all", cut, &headless, &[0xFF; 65_536]];
    for (row, bytes) in rows.into_iter().enumerate() {
        fs::write(&path, bytes).unwrap();
        let ended = shop.json(&["audit"]);
        assert!(matches!(ended.code, 1 | 3), "row {row}: {ended:?}");
        let sold = shop.sell(r#"{"id":"z","lines":[{"code":"TEA","quantity":"2"}]}"#);
        assert!(matches!(sold.code, 1 | 3), "row {row}: {sold:?}");
    }
    fs::write(&path, &sound).unwrap();
    shop.audit();
}
