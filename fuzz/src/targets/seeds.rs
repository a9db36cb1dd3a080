//! The seeds of the corpus: real rows, published vectors, golden bytes, and what a small shop writes.
//!
//! Always the same bytes for the same program: `cargo run -p counterfoil-fuzz --bin seeds` writes them into
//! `fuzz/corpus/<target>`, where what was found lies beside them.

use std::fs;
use std::io::Read;
use std::path::Path;

use counterfoil_core::db::InMemoryBackend;
use counterfoil_core::feed::{FeedPageV1, FeedRow, StateHash};
use counterfoil_core::grant::StopV1;
use counterfoil_core::id::Hash;
use counterfoil_core::import_files::source::Source;
use counterfoil_core::journal::acknowledgement::{Acknowledgement, Nonce};
use counterfoil_core::journal::batch::Batch;
use counterfoil_core::journal::codec::encode;
use counterfoil_core::journal::envelope::Entry;
use counterfoil_core::journal::parcel::{self, Item, ItemKind};
use counterfoil_core::journal::signed::unverified_payload;
use serde_json::Value;

use super::head_office_http::{self, request};
use super::shop::{EPOCH, JOURNAL, goods, grant, key, now, office_key, profile, series, sold};
use super::signing::DOMAINS;
use super::till_http;

/// Target, name and bytes of a seed.
pub type Seed = (&'static str, String, Vec<u8>);

const GOLDEN: &str = include_str!("../../../core/tests/golden/payloads.txt");

/// The golden bytes of that name.
///
/// # Panics
/// There are none.
#[must_use]
pub fn golden(name: &str) -> Vec<u8> {
    let found = GOLDEN.lines().filter_map(|line| line.split_once(' ')).find(|(known, _)| *known == name);
    let (_, hex) = found.unwrap_or_else(|| panic!("no golden bytes of {name}"));
    let digits = hex.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).expect("hexadecimal digits"));
    digits.map(|pair| u8::from_str_radix(pair, 16).expect("hexadecimal digits")).collect()
}

/// All seeds.
///
/// # Panics
/// The workspace's data are not there.
#[must_use]
pub fn all() -> Vec<Seed> {
    [entries_and_payloads(), documents(), texts(), of_files(), http(), stores()].concat()
}

fn entries_and_payloads() -> Vec<Seed> {
    let till = sold(InMemoryBackend::new());
    let batch = till.batch(JOURNAL, 1).expect("a till in memory").expect("entries");
    let run = Batch::read(&batch).and_then(|batch| batch.verify(&key().public_key())).expect("our own batch");
    let mut seeds = vec![("envelope", "golden".to_owned(), golden("entry"))];
    let mut drawn = vec![2];
    for entry in run.entries() {
        let name = format!("type-{}-seq-{}", entry.event_type(), entry.seq());
        seeds.push(("envelope", name.clone(), entry.bytes().to_vec()));
        seeds.push(("payload", name, payload_of(entry)));
        let length = u16::try_from(entry.payload().len()).expect("entries of a small shop are small");
        drawn.extend([u8::try_from(entry.event_type()).expect("a small number"), 0]);
        drawn.truncate(drawn.len() - 1);
        drawn.extend(length.to_be_bytes());
        drawn.extend(entry.payload());
    }
    let names = ["journal_opened", "journal_closed", "series_granted", "master_data_changed", "operator_set"];
    let names = names.into_iter().chain(["operator_locked", "drawer_opened", "cash_moved", "sale_completed"]);
    for (number, name) in (1_u8..).zip(names.chain(["credit_note_issued", "drawer_closed"])) {
        seeds.push(("payload", format!("golden-{name}"), [&[number, 0, 0], golden(name).as_slice()].concat()));
        seeds.push((
            "payload",
            format!("odd-time-{name}"),
            [&[number, 0, 255, 127, 255], golden(name).as_slice()].concat(),
        ));
    }
    seeds.push(("batch", "whole".to_owned(), [&[0], batch.as_slice()].concat()));
    seeds.push(("batch", "drawn".to_owned(), drawn));
    seeds.push(("batch", "claims-1-gib".to_owned(), [&[1, 0, 1, 0, 5, 64, 0, 0, 0], [7; 40].as_slice()].concat()));
    let unlinked: Vec<u8> = run.entries().iter().flat_map(|entry| entry.bytes()[57..].to_vec()).collect();
    seeds.push(("batch", "raw".to_owned(), [&[3, 5, 9], unlinked.as_slice()].concat()));
    seeds
}

fn payload_of(entry: &Entry) -> Vec<u8> {
    let event_type = u8::try_from(entry.event_type()).expect("a small number");
    [&[event_type, 0, 0], entry.payload()].concat()
}

fn page() -> FeedPageV1 {
    let rows = goods();
    FeedPageV1 {
        store: profile().store,
        epoch: EPOCH,
        from_revision: 0,
        to_revision: 13,
        state: Some(rows.iter().fold(StateHash::default(), StateHash::with)),
        rows: rows.into_iter().map(FeedRow::Set).collect(),
        pins: Vec::new(),
        grants: vec![grant().sign(&office_key()).expect("a small grant")],
    }
}

/// Each kind of signed document, whole and as its payload.
fn documents() -> Vec<Seed> {
    let till = sold(InMemoryBackend::new());
    let (key, office) = (key(), office_key());
    let (seq, hash) = (till.head().seq(), till.head().hash());
    let (epoch, time) = (EPOCH, now(9).at);
    let acknowledgement = Acknowledgement { journal: JOURNAL, seq, hash, epoch, time, nonce: Nonce([4; 16]) };
    let none = Acknowledgement { seq: 0, hash: Hash::ZERO, ..acknowledgement };
    let stop = StopV1 { journal: JOURNAL, verdict: "fork".parse().expect("a short note"), stopped: time };
    let batch = till.batch(JOURNAL, 1).expect("a till in memory").expect("entries");
    let head = Batch::read(&batch).and_then(|batch| batch.verify(&key.public_key())).expect("our own batch");
    let hello = till.hello(JOURNAL, None).expect("a till in memory");
    let signed = [
        ("batch-head", 0, head.head().proof().to_vec()),
        ("hello", 1, hello.clone()),
        ("acknowledgement", 2, acknowledgement.sign(&office).expect("small")),
        ("acknowledgement-of-none", 2, none.sign(&office).expect("small")),
        ("grant", 3, grant().sign(&office).expect("small")),
        ("page", 4, page().sign(&office).expect("small")),
        ("stop", 5, stop.sign(&office).expect("small")),
        ("request", 6, request(JOURNAL, &key)),
        ("golden-hello", 1, golden("hello")),
        ("golden-grant", 3, golden("grant")),
        ("golden-page", 4, golden("feed_page")),
        ("golden-stop", 5, golden("stop")),
        ("golden-request", 6, golden("journal_request")),
    ];
    let mut seeds: Vec<Seed> = Vec::new();
    for (name, domain, bytes) in &signed {
        let payload = unverified_payload(DOMAINS[usize::from(*domain)], bytes).expect("a signed document");
        // 133 and more is of the same kind and at least 128: to be signed.
        seeds.push(("document", (*name).to_owned(), [&[*domain], bytes.as_slice()].concat()));
        seeds.push(("document", format!("payload-of-{name}"), [&[133 + *domain], payload].concat()));
        let kind = match *domain {
            4 => 0,
            2 => 1,
            5 => 2,
            3 => 3,
            _ => continue,
        };
        seeds.push(("delivery", format!("payload-of-{name}"), [&[kind, 1], payload].concat()));
        seeds.push(("delivery", (*name).to_owned(), [&[kind, 0], bytes.as_slice()].concat()));
    }
    let item = |kind, bytes: &[u8]| Item { kind, bytes: bytes.to_vec() };
    let up = [item(ItemKind::Hello, &hello), item(ItemKind::Batch, &batch)];
    let down = [item(ItemKind::Grant, &signed[4].2), item(ItemKind::FeedPage, &signed[5].2)];
    for (name, items) in [("up", up.as_slice()), ("down", &down), ("empty", &[])] {
        seeds.push(("parcel", name.to_owned(), parcel::encode(items).expect("small items")));
    }
    seeds.push(("parcel", "claims-2-gib".to_owned(), b"CFX1\x02\x7f\xff\xff\xffabc".to_vec()));
    seeds
}

/// The workspace's file at this path.
fn file(path: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path);
    fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn first_lines(bytes: &[u8], count: usize) -> Vec<u8> {
    bytes.split_inclusive(|byte| *byte == b'\n').take(count).flatten().copied().collect()
}

fn texts() -> Vec<Seed> {
    let mut seeds: Vec<Seed> = Vec::new();
    let vectors = |name: &str| -> Vec<Value> {
        serde_json::from_slice(&file(&format!("node/tests/vectors/{name}"))).expect("vectors are JSON")
    };
    for case in vectors("barcode_check_digits.json").iter().chain(vectors("barcode_upc_e.json").iter().step_by(9)) {
        for code in ["value", "upce6", "upce8", "upca"].iter().filter_map(|name| case[*name].as_str()) {
            seeds.push(("barcode", code.to_owned(), code.as_bytes().to_vec()));
        }
    }
    let files = ["bracketed", "fnc1", "associations", "content_linters", "scanner_input", "digital_link_parse"];
    for (file, name) in files.into_iter().zip(["input", "input", "input", "input", "scan", "uri"]) {
        for (number, case) in vectors(&format!("barcode_gs1_{file}.json")).iter().enumerate().step_by(3) {
            let code = case[name].as_str().unwrap_or_default();
            seeds.push(("barcode", format!("gs1-{file}-{number}"), code.as_bytes().to_vec()));
        }
    }
    let quotes = [
        r#"{"currency":"EUR","lines":[{"quantity":"2","unit_price":"10.00","tax_rate":"21"}]}"#,
        r#"{"currency":"EUR","prices_include_tax":true,"country":"SK","lines":[{"id":"1","quantity":"3","unit_price":"0.333","tax_rate":"20"}],"tenders":[{"kind":"cash","amount":"50.00"}]}"#,
        r#"{"currency":"EUR","prices_include_tax":false,"lines":[{"id":"1","quantity":"2","unit_price":"10.00","base_quantity":"1","price_discount":"0","tax_category":"S","tax_rate":"21","allowances_charges":[{"charge":false,"amount":"1.00"},{"charge":true,"percent":"5","base":"19.00"}]}],"discounts":[{"percent":"10"},{"amount":"5.00"}],"document_allowances_charges":[{"charge":false,"amount":"5.00","tax_category":"S","tax_rate":"21"}],"cash_rounding":{"increment":"0.05","mode":"half-up"},"tenders":[{"kind":"cash","amount":"50.00"}]}"#,
        r#"{"currency":"JPY","lines":[{"quantity":-1,"unit_price":1e3,"taxes":[{"code":"ICE","rate":"35"},{"code":"VAT","rate":"12","base":"net_plus_earlier"}]}]}"#,
    ];
    for (number, text) in quotes.iter().enumerate() {
        seeds.push(("quote", format!("text-{number}"), text.as_bytes().to_vec()));
    }
    let baskets = [
        r#"{"id":"a","lines":[{"code":"3850334043641","quantity":"2"},{"code":"cheese","quantity":0.35}],"tenders":[{"kind":"cash","amount":"20.00"}]}"#,
        r#"{"id":"b","lines":[{"code":"wine","quantity":"1","unit_price":"18.00"}],"discounts":[{"percent":"10"}],"tenders":[{"kind":"card","amount":"16.20","reference":"auth 1234"}],"document":"invoice","customer":"ACME"}"#,
        r#"{"id":"first-back","refund_of":"first","lines":[{"line":1,"quantity":"1"}]}"#,
        r#"{"id":"c","lines":[{"code":"milk","quantity":"1"}],"at":"2026-11-21T08:15:30+01:00"}"#,
    ];
    for (number, text) in baskets.iter().enumerate() {
        seeds.push(("basket", format!("text-{number}"), text.as_bytes().to_vec()));
    }
    for number in 0..12_u8 {
        let bytes: Vec<u8> =
            (0..90_u8).map(|place| place.wrapping_mul(37).wrapping_add(number.wrapping_mul(101))).collect();
        let bytes = [&[number], bytes.as_slice()].concat();
        seeds.push(("quote", format!("drawn-{number}"), bytes.clone()));
        seeds.push(("basket", format!("drawn-{number}"), bytes));
    }
    for (number, template) in
        ["{series}-{number:6}", "001-002-{number:9}", "FT A/{number}", "{store}{till}{year}{number:20}"]
            .iter()
            .enumerate()
    {
        let head = [0, 0, 0, 0, 0, 0, 0, 0, 1, 9, 76, 12];
        seeds.push((
            "series",
            format!("template-{number}"),
            [&head, b"S01-T01-R26A".as_slice(), template.as_bytes()].concat(),
        ));
    }
    for series in series().iter().step_by(3) {
        seeds.push(("series", format!("stored-{}", series.code), [&[1], encode(series).as_slice()].concat()));
    }
    seeds.push(("series", "found".to_owned(), vec![2, 1, 0, 1, 2, 2, 5, 9, 9, 9, 200]));
    seeds.push(("row", "small".to_owned(), b"\x08stock_v1\x04milk\x00\x03\x01some value of a row".to_vec()));
    let sealed = counterfoil_core::db::row::seal("stock_v1", b"milk", b"value".to_vec());
    seeds.push(("row", "sealed".to_owned(), [b"\x08stock_v1\x04milk\x00\x03\x01".as_slice(), &sealed].concat()));
    seeds
}

fn of_files() -> Vec<Seed> {
    let konzum = |store: &str| file(&format!("node/data/konzum_store_{store}_2025-07-03.csv"));
    let gzip = file("node/data/online_retail_2010-12.csv.gz");
    let retail = Source::read("retail.csv.gz", Ok(gzip.as_slice())).expect("a real file");
    let movies = file("node/data/movies.json");
    let mut array: Vec<Value> = serde_json::from_slice(&movies).expect("a real file");
    array.truncate(12);
    let array = serde_json::to_vec(&array).expect("values become JSON");
    let semicolons = String::from_utf8_lossy(&first_lines(&konzum("0901"), 12)).replace(',', ";");
    let mut packed = Vec::new();
    let few = first_lines(&konzum("0204"), 8);
    flate2::read::GzEncoder::new(few.as_slice(), flate2::Compression::best()).read_to_end(&mut packed).expect("memory");
    let bombs = flate2::read::GzEncoder::new(std::io::repeat(b'a').take(1 << 16), flate2::Compression::best());
    let mut bomb = Vec::new();
    { bombs }.read_to_end(&mut bomb).expect("memory");
    let with = |choice: u8, bytes: &[u8]| [&[choice], bytes].concat();
    let retail_lines = first_lines(retail.bytes(), 60);
    let cancelled: Vec<u8> = retail
        .bytes()
        .split_inclusive(|byte| *byte == b'\n')
        .filter(|line| line.starts_with(b"C"))
        .take(20)
        .flatten()
        .copied()
        .collect();
    vec![
        ("products_file", "konzum-0204".to_owned(), with(0, &first_lines(&konzum("0204"), 40))),
        ("products_file", "konzum-0901-unit-price".to_owned(), with(12, &first_lines(&konzum("0901"), 40))),
        ("products_file", "semicolons".to_owned(), with(4, semicolons.as_bytes())),
        ("products_file", "movies".to_owned(), with(1 + 8 + 16, &array)),
        ("products_file", "gzip".to_owned(), with(3, &packed)),
        ("products_file", "gzip-of-64-kib".to_owned(), with(3, &bomb)),
        ("products_file", "open-quote".to_owned(), with(0, b"code,name,price\n1,\"a,2\n3,b,4\n5,\"c\"\"d\",6\n")),
        ("products_file", "retail".to_owned(), with(16, &retail_lines)),
        ("sales_file", "retail".to_owned(), with(1, &retail_lines)),
        ("sales_file", "cancelled".to_owned(), with(3, &[retail_lines.as_slice(), &cancelled].concat())),
    ]
}

fn http() -> Vec<Seed> {
    let mut seeds: Vec<Seed> = Vec::new();
    let bodies = [
        r#"{"id":"a","lines":[{"code":"milk","quantity":"1"}]}"#,
        r#"{"float":"100.00"}"#,
        r#"{"kind":"pay-in","amount":"10.00","reason":"change"}"#,
        r#"{"count":"350.00"}"#,
        "{}",
        r#"{"number":"S01-T01-Z26A-000001"}"#,
        r#"{"number":"first"}"#,
        "{}",
        r#"{"limit":10}"#,
        r#"{"code":"ana","name":"Ana","role":"cashier"}"#,
        r#"{"limit":10}"#,
        r#"{"rows":""}"#,
        r#"{"step":"stand"}"#,
        "",
        "",
    ];
    for (route, body) in (0_u8..).zip(bodies) {
        let name = till_http::ROUTES[usize::from(route)].replace('/', "-");
        seeds.push(("till_http", format!("route{name}"), [&[route, 0], body.as_bytes()].concat()));
        seeds.push(("till_http", format!("somebody{name}"), [&[route, 3, 0, 1], body.as_bytes()].concat()));
    }
    let close = r#"{"denominations":[{"face":"50.00","pieces":7},{"face":"0.01","pieces":3}]}"#;
    seeds.push(("till_http", "denominations".to_owned(), [&[3, 0], close.as_bytes()].concat()));
    for (number, step) in [
        r#"{"step":"request_journal"}"#,
        r#"{"step":"batch","journal":"01","from_seq":1}"#,
        r#"{"step":"feed_page","bytes":"Q0ZTRA=="}"#,
    ]
    .iter()
    .enumerate()
    {
        seeds.push(("till_http", format!("step-{number}"), [&[12, 0], step.as_bytes()].concat()));
        seeds.push(("sync_wire", format!("step-{number}"), [&[11], step.as_bytes()].concat()));
    }
    seeds.extend(of_head_office());
    let messages = [
        (0, r#"{"token":"CF1-","request":"AQL/","csr":"x"}"#),
        (1, r#"{"grant":"AQL/","certificate":"c","ca":"a"}"#),
        (2, r#"{"verdict":"append","expected_seq":5,"acknowledgement":"AQL/","stop":null}"#),
        (3, r#"{"csr":"x","hello":"AQL/"}"#),
        (4, r#"{"certificate":"c"}"#),
        (
            5,
            r#"{"journals":[{"journal":"a","seq":1,"acknowledged":1,"sent":0,"verdict":"append"}],"feed_rows":1,"feed_revision":2,"notes":[]}"#,
        ),
        (6, r#"{"answer":"cursor","cursor":[1,"00",3]}"#),
        (7, r#"{"operation":"report","store":"S01","from":"2026-01-01","to":null}"#),
        (8, r#"{"ending":"refused","body":{"refused":{}}}"#),
        (9, r#"{"code":"unpaid","message":"m","field":"tenders","value":"5.00","limit":"7.35"}"#),
        (10, r#"{"detail":"no","refused":null}"#),
    ];
    for (number, message) in messages {
        seeds.push(("sync_wire", format!("message-{number}"), [&[number], message.as_bytes()].concat()));
    }
    seeds
}

fn of_head_office() -> Vec<Seed> {
    let mut seeds: Vec<Seed> = Vec::new();
    for (route, path) in (0_u8..).zip(head_office_http::ROUTES) {
        let name = path.split('?').next().unwrap_or(path).replace('/', "-");
        seeds.push(("head_office_http", format!("route{name}"), vec![route, 0]));
        seeds.push(("head_office_http", format!("nobody{name}"), vec![route, 254]));
        seeds.push(("head_office_http", format!("query{name}"), vec![route, 253, b'j', b'=']));
    }
    let sale = golden("sale_completed");
    let length = u16::try_from(sale.len()).expect("one sale");
    let drawn = [&[0, 1, 9], length.to_be_bytes().as_slice(), &sale].concat();
    seeds.push(("head_office_http", "a-sale-of-nobody".to_owned(), drawn));
    let drawer = golden("drawer_opened");
    let length = u16::try_from(drawer.len()).expect("one drawer");
    seeds.push((
        "head_office_http",
        "a-drawer".to_owned(),
        [&[0, 1, 7], length.to_be_bytes().as_slice(), &drawer].concat(),
    ));
    seeds.push(("head_office_http", "an-unknown-event".to_owned(), vec![0, 1, 13, 0, 2, 1, 1]));
    seeds.push(("head_office_http", "golden-hello".to_owned(), [&[1, 2], golden("hello").as_slice()].concat()));
    let hello = sold(InMemoryBackend::new()).hello(JOURNAL, None).expect("a till in memory");
    seeds.push(("head_office_http", "hello".to_owned(), [&[1, 0], hello.as_slice()].concat()));
    seeds.push(("head_office_http", "request".to_owned(), [&[2, 0], request(JOURNAL, &key()).as_slice()].concat()));
    let orders = [
        r#"{"operation":"token","store":"S01","till":"T02","expires_s":60,"has_history":false,"profile":{}}"#,
        r#"{"operation":"audit"}"#,
        r#"{"operation":"restore"}"#,
        r#"{"operation":"report","store":"S01","from":"2026-01-01","to":"2026-12-31"}"#,
        r#"{"operation":"feed","store":"S01","till":null,"after":0}"#,
        r#"{"operation":"remove_product","code":"milk"}"#,
        r#"{"operation":"change_products","store":null,"rows":"AA=="}"#,
        r#"{"operation":"ingest","content":"Q0ZYMQ=="}"#,
        r#"{"operation":"grant","request":"AA==","store":"S01","till":"T01","has_history":true,"profile":{"zone":"Europe/Madrid"}}"#,
    ];
    for (number, order) in orders.iter().enumerate() {
        seeds.push(("head_office_http", format!("order-{number}"), [&[5, 0], order.as_bytes()].concat()));
        seeds.push(("sync_wire", format!("order-{number}"), [&[7], order.as_bytes()].concat()));
    }
    seeds
}

fn stores() -> Vec<Seed> {
    let settings = "profile = \"test\"\nlisten = \"127.0.0.1:7443\"\nhosts = [\"head.example\"]\nconnections_max = 16\ncurrency = \"EUR\"\ncountry = \"HR\"\nzone = \"Europe/Zagreb\"\nprices = \"inclusive\"\n";
    let head_office = r#"{"url":"https://127.0.0.1:7443","authority":"a","certificate":"c","seen_ms":1,"token":"0000000000000000000000000000000000000000000000000000000000000000","grant":"AQL/","epoch":1,"finished":[]}"#;
    let mark = r#"{"journal":"01010101010101010101010101010101","seq":812,"hash":"0909090909090909090909090909090909090909090909090909090909090909","starts":3}"#;
    let zeros = "0".repeat(64);
    let secret = format!(r#"{{"machine":"m","pepper":"{zeros}","keys":["{zeros}"],"pending":null}}"#);
    let token = counterfoil_sync_server::token::Token::new([7; 20], [9; 32]).to_string();
    let texts = [
        (0, "toml", settings),
        (2, "token", token.as_str()),
        (3, "address", "https://head.example:7443"),
        (3, "address-v6", "https://[::1]:7443"),
        (4, "till", r#"{"second_mark":"/media/stick/mark.json"}"#),
        (5, "head-office", head_office),
        (6, "mark", mark),
        (7, "secret", secret.as_str()),
    ];
    let text = |(choice, name, text): &(u8, &str, &str)| -> Seed {
        ("configuration", (*name).to_owned(), [&[*choice], text.as_bytes()].concat())
    };
    let mut seeds: Vec<Seed> = texts.iter().map(text).collect();
    for number in 0..24_u8 {
        let changes =
            (0..=number % 3).flat_map(|place| [number / 4, number.wrapping_mul(89), place * 77, 1 << (number % 8)]);
        let head = if number % 8 == 7 { 250 } else { 0 };
        seeds.push(("store_image", format!("flips-{number}"), std::iter::once(head).chain(changes).collect()));
    }
    seeds
}
