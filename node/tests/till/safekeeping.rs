//! Backups, going on after a lost disk, an older copy, a copied folder and a lost key: by the commands of the shop.

use std::fs;
use std::thread;

use serde_json::Value;

use crate::shop::{Shop, copy_folder, run};

const SALE: &str = r#"{"id":"a","lines":[{"code":"TEA","quantity":"1"}]}"#;

fn sale(id: &str) -> String {
    SALE.replace("\"a\"", &format!("\"{id}\""))
}

/// The same program on a second device.
struct Device<'a> {
    shop: &'a Shop,
    data: &'static str,
}

impl Device<'_> {
    fn json(&self, arguments: &[&str]) -> crate::shop::Ended {
        self.sell_or(arguments, "")
    }

    fn sell(&self, line: &str) -> crate::shop::Ended {
        self.sell_or(&["sell"], line)
    }

    fn sell_or(&self, arguments: &[&str], input: &str) -> crate::shop::Ended {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_till"));
        command.env_remove("TILL_PIN").arg("--data").arg(self.shop.path(self.data)).arg("--json").args(arguments);
        run(&mut command, input)
    }
}

/// The suffix of the only receipt series of this year.
fn receipt_series(restored: &Value) -> String {
    let series = restored["series"].as_array().unwrap();
    let code = series.iter().map(|code| code.as_str().unwrap()).find(|code| code.starts_with("S01-T01-R26"));
    code.unwrap().to_owned()
}

#[test]
fn a_backup_made_while_selling_goes_on_in_a_new_journal_on_another_device() {
    let shop = Shop::open();
    shop.sell(SALE).done();
    let file = shop.path("backup.redb");
    let serving = shop.serve();
    let backed_up = thread::scope(|scope| {
        let selling = scope.spawn(|| (0..20).for_each(|number| drop(shop.sell(&sale(&format!("s{number}"))).done())));
        let backed_up = shop.json(&["backup", file.to_str().unwrap()]).done().json();
        selling.join().unwrap();
        backed_up
    });
    assert_eq!(backed_up["verified"], true);
    let entries = backed_up["entries"].as_u64().unwrap();
    assert_eq!(shop.json(&["backup", file.to_str().unwrap()]).refused(), ("declined".into(), "file".into()));
    assert_eq!(serving.stop(), 0);
    assert_eq!(fs::read_dir(shop.path("")).unwrap().filter(|file| is_left_over(file.as_ref().unwrap())).count(), 0);

    let device = Device { shop: &shop, data: "second" };
    let restored = device.json(&["restore", file.to_str().unwrap()]).done().json();
    let journal = restored["journal"].as_str().unwrap().to_ascii_uppercase();
    let series = receipt_series(&restored);
    assert!(series.ends_with(&journal[..4]), "{series} of journal {journal}");
    assert_eq!((&restored["can_sell"], &restored["drawer_session"]), (&Value::Bool(true), &Value::from(1)));

    let before = device.json(&["x"]).done().json();
    let sold = device.sell(&sale("new")).done().json();
    assert_eq!(sold["number"], format!("{series}-000001"));
    assert_eq!(device.json(&["receipt", "S01-T01-R26A-000001"]).done().json()["number"], "S01-T01-R26A-000001");
    device.json(&["refund", "S01-T01-R26A-000001"]).done();
    let again = device.json(&["refund", "S01-T01-R26A-000001"]);
    assert_eq!(again.code, 1, "twice is once too often: {again:?}");
    let x = device.json(&["x"]).done().json();
    assert_eq!(x["session"], before["session"], "the open drawer goes on");
    let z = device.json(&["close", "--count", "103.10"]).done().json();
    assert!(z.to_string().contains("000001"), "{z}");

    let audit = device.json(&["audit"]).done().json();
    assert_eq!(audit["ok"], true, "{audit}");
    let journals = audit["journals"].as_array().unwrap();
    assert_eq!((journals.len(), journals[0]["entries"].as_u64()), (2, Some(entries)), "what came later is not in it");
    assert_eq!(device.json(&["restore"]).refused(), ("declined".into(), "data".into()), "it is in order now");
    assert_eq!(device.json(&["restore", file.to_str().unwrap()]).refused(), ("declined".into(), "data".into()));
    shop.audit();
}

fn is_left_over(file: &fs::DirEntry) -> bool {
    file.file_name().to_string_lossy().ends_with(".new")
}

#[test]
fn a_backup_holds_neither_key_nor_pepper_nor_pin() {
    let shop = Shop::open();
    let set_pin = [("TILL_NEW_PIN", "482913")];
    shop.json_with(&set_pin, &["operator", "add", "--code", "owner", "--role", "admin", "--name", "Owner"], "").done();
    let file = shop.path("backup.redb");
    shop.json(&["backup", file.to_str().unwrap()]).done();
    let secret: Value = serde_json::from_str(&fs::read_to_string(shop.data().join("secret.json")).unwrap()).unwrap();
    let hidden = [secret["pepper"].clone(), secret["keys"][0].clone()];
    let bytes = fs::read(&file).unwrap();
    let holds = |needle: &[u8]| bytes.windows(needle.len()).any(|window| window == needle);
    for hex in hidden.iter().map(|text| text.as_str().unwrap()) {
        let raw: Vec<u8> =
            (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect();
        assert!(raw.len() >= 32 && !holds(&raw) && !holds(hex.as_bytes()), "a secret is in the backup");
    }
    let store = fs::read(shop.data().join("store.redb")).unwrap();
    let rows = |bytes: &[u8]| {
        let path = shop.path("look.redb");
        fs::write(&path, bytes).unwrap();
        let database = redb::Database::create(&path).unwrap();
        let tx = redb::ReadableDatabase::begin_read(&database).unwrap();
        let table = tx.open_table(redb::TableDefinition::<&str, &[u8]>::new("pins_v1")).unwrap();
        redb::ReadableTableMetadata::len(&table).unwrap()
    };
    assert_eq!((rows(&store), rows(&bytes)), (1, 0), "PINs stay where the pepper is");
}

#[test]
fn a_damaged_backup_leaves_the_folder_without_a_till() {
    let shop = Shop::open();
    shop.sell(SALE).done();
    let file = shop.path("backup.redb");
    shop.json(&["backup", file.to_str().unwrap()]).done();
    let device = Device { shop: &shop, data: "second" };
    let whole = fs::read(&file).unwrap();
    let at = whole.windows(10).position(|window| window == b"S01-T01-R2").unwrap();
    let mut damaged = whole.clone();
    damaged[at] ^= 1;
    for bytes in [damaged, whole[..whole.len() / 2].to_vec(), b"no backup".to_vec()] {
        fs::write(&file, bytes).unwrap();
        assert_eq!(device.json(&["restore", file.to_str().unwrap()]).code, 3);
        assert!(!shop.path("second").join("store.redb").exists());
    }
    assert_eq!(device.json(&["restore", shop.path("none").to_str().unwrap()]).code, 3);
    fs::write(&file, whole).unwrap();
    device.json(&["restore", file.to_str().unwrap()]).done();
    device.sell(&sale("b")).done();
}

/// What befalls a data folder.
type Damage = fn(&Shop);

/// Why a till may only be read, by `till status`, which must name what to do.
fn read_only(shop: &Shop) -> String {
    assert_eq!(shop.sell(&sale("x")).refused().0, "read_only");
    let status = shop.json(&["status"]).done().json();
    assert_eq!(status["can_sell"], false, "{status}");
    let text = shop.text(&["sell", shop.file("x.json", &sale("x")).to_str().unwrap()]);
    assert!(format!("{}{}", text.out, text.err).contains("till restore"), "{text:?}");
    status["read_only"].as_str().unwrap().to_owned()
}

#[test]
fn an_older_copy_a_copied_folder_and_a_lost_key_are_told_and_go_on_in_a_new_journal() {
    let cases: [(&str, Damage); 3] = [
        ("older copy", |shop| {
            let copy = shop.path("copy.redb");
            fs::copy(shop.data().join("store.redb"), &copy).unwrap();
            shop.sell(&sale("lost")).done();
            fs::copy(&copy, shop.data().join("store.redb")).unwrap();
        }),
        ("another machine", |shop| {
            let path = shop.data().join("secret.json");
            let text = fs::read_to_string(&path).unwrap();
            let machine = serde_json::from_str::<Value>(&text).unwrap()["machine"].as_str().unwrap().to_owned();
            fs::write(&path, text.replace(&machine, &"0".repeat(64))).unwrap();
        }),
        ("secret file is missing", |shop| fs::remove_file(shop.data().join("secret.json")).unwrap()),
    ];
    for (told, damage) in cases {
        let shop = Shop::open();
        shop.sell(SALE).done();
        damage(&shop);
        let why = read_only(&shop);
        assert!(why.contains(told), "{told}: {why}");
        let restored = shop.json(&["restore"]).done().json();
        let series = receipt_series(&restored);
        assert_eq!(shop.sell(&sale("b")).done().json()["number"], format!("{series}-000001"), "{told}");
        shop.json(&["refund", "S01-T01-R26A-000001"]).done();
        assert_eq!(shop.audit()["journals"].as_array().unwrap().len(), 2);
        assert_eq!(shop.json(&["restore"]).refused(), ("declined".into(), "data".into()));
        // A copy of the restored folder is the same till again; what is sold in it is an older copy here.
        let copy = shop.path("copied");
        copy_folder(&shop.data(), &copy);
        shop.sell(&sale("c")).done();
        fs::copy(copy.join("store.redb"), shop.data().join("store.redb")).unwrap();
        assert!(read_only(&shop).contains("older copy"));
    }
}

#[test]
fn where_an_authority_registers_series_a_restored_till_waits_for_its_grant() {
    let shop = Shop::empty();
    shop.json(&["init", "--store", "S01", "--till", "T01", "--currency", "EUR", "--country", "PT"]).done();
    let products = shop.file("products.csv", crate::shop::PRODUCTS);
    shop.json(&["import", "products", products.to_str().unwrap(), "--tax-rate", "23"]).done();
    shop.json(&["open", "--float", "10.00"]).done();
    shop.sell(SALE).done();
    let file = shop.path("backup.redb");
    shop.json(&["backup", file.to_str().unwrap()]).done();
    let device = Device { shop: &shop, data: "second" };
    let restored = device.json(&["restore", file.to_str().unwrap()]).done().json();
    assert_eq!(restored["can_sell"], false);
    assert!(restored["next"].as_str().unwrap().contains("grant"), "{restored}");
    for _ in 0..2 {
        assert_eq!(device.sell(&sale("b")).refused().0, "read_only");
        assert_eq!(device.json(&["restore"]).done().json()["can_sell"], false, "asking again changes nothing");
    }
    let status = device.json(&["status"]).done().json();
    assert!(status["read_only"].as_str().unwrap().contains("restored from a backup"), "{status}");
    assert_eq!(device.json(&["receipt", "FS S01-T01-R26A/1"]).done().code, 0, "it stays readable");
    assert_eq!(device.json(&["audit"]).done().json()["ok"], true);
}

#[test]
fn migrate_says_what_there_is_and_that_nothing_is_to_do() {
    let shop = Shop::open();
    shop.sell(SALE).done();
    let check = || {
        let migrated = shop.json(&["migrate"]).done().json();
        assert_eq!(migrated["schema_before"], migrated["schema_after"]);
        assert!(migrated["result"].as_str().unwrap().starts_with("nothing to do"), "{migrated}");
        let tables = migrated["tables"].as_array().unwrap();
        let rows = |name: &str| tables.iter().find(|table| table["table"] == name).unwrap()["rows"].as_u64();
        assert_eq!(rows("documents_v1"), Some(1));
        assert!(rows("entries_v1") > Some(3));
    };
    check();
    let serving = shop.serve();
    check();
    assert_eq!(serving.stop(), 0);
}
