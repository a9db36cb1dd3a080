//! The program `head-office`: its commands, answers and exit codes, with and without a server that runs.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use counterfoil_core::db::InMemoryBackend;
use counterfoil_core::grant::JournalRequestV1;
use counterfoil_core::id::JournalId;
use counterfoil_core::journal::key::SigningKey;
use counterfoil_core::journal::parcel::{self, Item, ItemKind};
use counterfoil_core::till::Till;
use counterfoil_sync_server::clock;
use serde_json::Value;
use tempfile::TempDir;

/// A data folder and the program.
struct Place {
    folder: TempDir,
}

impl Place {
    /// An empty place.
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    /// A place with a head office.
    fn founded() -> Self {
        let place = Self::new();
        place.ok(&["init", "--currency", "EUR", "--country", "HR", "--zone", "Europe/Zagreb"]);
        place
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("office")
    }

    fn file(&self, name: &str, content: &[u8]) -> String {
        let path = self.folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        path.display().to_string()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_head-office"));
        command.args(arguments).args(["--json", "--data"]).arg(self.data());
        command
    }

    /// The exit code and the object on standard output.
    fn run(&self, arguments: &[&str]) -> (i32, Value) {
        let ran = self.command(arguments).output().unwrap();
        let text = String::from_utf8(ran.stdout).unwrap();
        (ran.status.code().unwrap(), serde_json::from_str(&text).unwrap_or(Value::Null))
    }

    fn ok(&self, arguments: &[&str]) -> Value {
        let (code, answer) = self.run(arguments);
        assert_eq!(code, 0, "{arguments:?}: {answer}");
        answer
    }

    /// A refusal's code and field.
    fn refused(&self, arguments: &[&str]) -> (String, String) {
        let (code, answer) = self.run(arguments);
        assert_eq!(code, 1, "{arguments:?}: {answer}");
        let text = |name: &str| answer["refused"][name].as_str().unwrap_or_default().to_owned();
        assert!(!text("message").is_empty() && !answer["refused"]["limit"].is_null(), "{answer}");
        (text("code"), text("field"))
    }

    /// The code and the message of what failed.
    fn failed(&self, arguments: &[&str]) -> (String, String) {
        let (code, answer) = self.run(arguments);
        assert_eq!(code, 3, "{arguments:?}: {answer}");
        let text = |name: &str| answer["error"][name].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned();
        (text("code"), text("message"))
    }

    /// A server that has begun to listen.
    fn serve(&self) -> Child {
        let mut serve = self.command(&["serve", "--listen", "127.0.0.1:0"]);
        let mut server = serve.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(server.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        assert!(line.contains("listening"), "{line}");
        server
    }
}

fn pair(code: &str, field: &str) -> (String, String) {
    (code.to_owned(), field.to_owned())
}

#[test]
fn a_head_office_is_founded_once() {
    let place = Place::new();
    assert_eq!(place.refused(&["init", "--zone", "Europe/Atlantis"]), pair("malformed", "zone"));
    assert_eq!(place.refused(&["init", "--currency", "EURO"]), pair("malformed", "currency"));
    assert_eq!(place.refused(&["audit"]).1, "data");
    let short = place.file("short", b"too short\n");
    assert_eq!(place.refused(&["init", "--password-file", &short]), pair("malformed", "password"));
    assert!(!place.data().exists());
    let founded = place.ok(&["init", "--host", "office.example", "--prices", "exclusive"]);
    assert_eq!(founded["password"].as_str().unwrap().len(), 23);
    assert_eq!(founded["hosts"][0], "office.example");
    let before = std::fs::read(place.data().join("authority.pem")).unwrap();
    assert_eq!(place.refused(&["init"]), pair("declined", "data"));
    assert_eq!(std::fs::read(place.data().join("authority.pem")).unwrap(), before);
    let settings = std::fs::read_to_string(place.data().join("head-office.toml")).unwrap();
    assert_eq!(settings, "hosts = [\"office.example\"]\nprices = \"exclusive\"\n");
    for secret in ["authority-key.pem", "signing-key", "head-office.redb"] {
        assert_eq!(mode(&place.data().join(secret)), 0o600, "{secret}");
    }
}

#[cfg(unix)]
fn mode(path: &Path) -> u32 {
    std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(path).unwrap().permissions()) & 0o777
}

#[test]
fn what_cannot_be_typed_is_usage_and_what_is_set_wrongly_is_refused() {
    let place = Place::founded();
    for arguments in [&["sell"][..], &["token"], &["token", "--store", "S01"], &["import"], &["init", "--prices", "x"]]
    {
        assert_eq!(place.run(arguments).0, 2, "{arguments:?}");
    }
    let settings = place.data().join("head-office.toml");
    std::fs::write(&settings, "conections_max = 5").unwrap();
    assert_eq!(place.refused(&["audit"]), pair("malformed", "settings"));
    std::fs::write(&settings, "connections_max = 0").unwrap();
    assert_eq!(place.refused(&["audit"]), pair("too_many", "connections_max"));
    let ran = place.command(&["audit"]).env("COUNTERFOIL_CONNECTIONS_MAX", "5").output().unwrap();
    assert_eq!(ran.status.code(), Some(0));
}

#[test]
fn tokens_operators_and_people_are_checked_by_name() {
    let place = Place::founded();
    let token = place.ok(&["token", "--store", "S01", "--till", "T01", "--expires", "7d"]);
    assert!(token["token"].as_str().unwrap().starts_with("CF1-"));
    let slot = ["token", "--store", "S01", "--till", "T02"];
    let with = |more: &[&'static str]| [&slot[..], more].concat();
    assert_eq!(place.refused(&with(&["--expires", "soon"])), pair("malformed", "expires"));
    assert_eq!(place.refused(&with(&["--expires", "91d"])), pair("malformed", "expires"));
    assert_eq!(place.refused(&with(&["--currency", "USD"])), pair("id_reused", "currency"));
    assert_eq!(place.refused(&["token", "--store", "s1", "--till", "T01"]), pair("malformed", "store"));
    place.ok(&["token", "--store", "S02", "--till", "T01", "--currency", "USD", "--country", "US"]);

    let pin = place.file("pin", b"123456\n");
    let ana = ["operator", "add", "--code", "ana", "--name", "Ana", "--role", "manager"];
    assert_eq!(place.refused(&ana), pair("missing", "pin"));
    let with_pin = [&ana[..], &["--pin-file", &pin]].concat();
    assert_eq!(place.ok(&with_pin)["added"], 1);
    assert_eq!(place.ok(&ana)["unchanged"], 1);
    let short = place.file("short", b"12\n");
    assert_eq!(place.refused(&[&ana[..], &["--pin-file", &short]].concat()), pair("malformed", "pin"));
    let chief = ["operator", "add", "--code", "ana", "--name", "Ana", "--role", "chief"];
    assert_eq!(place.refused(&chief), pair("malformed", "role"));

    let password = place.file("password", b"correct horse battery\n");
    assert_eq!(place.ok(&["admin", "create", "--name", "eva", "--password-file", &password])["password"], Value::Null);
    assert_eq!(place.refused(&["admin", "create", "--name", "eva"]), pair("id_reused", "name"));
}

#[test]
fn an_operator_s_pin_comes_by_variable_too_and_who_is_removed_is_added_anew() {
    let place = Place::founded();
    let eva = ["operator", "add", "--code", "eva", "--name", "Eva", "--role", "cashier"];
    let (_, refused) = place.run(&eva);
    let limit = refused["refused"]["limit"].as_str().unwrap();
    assert!(limit.contains("--pin-file") && limit.contains("HEAD_OFFICE_NEW_PIN"), "{limit}");
    let added = place.command(&eva).env("HEAD_OFFICE_NEW_PIN", "4711").output().unwrap();
    assert_eq!(added.status.code(), Some(0));
    assert_eq!(place.ok(&["operator", "remove", "eva"])["removed"], true);
    assert_eq!(place.refused(&["operator", "remove", "eva"]), pair("declined", "code"));
    assert_eq!(place.ok(&["audit"])["ok"], true);
}

#[test]
fn a_product_that_is_removed_takes_its_prices_along_and_goes_down_the_feed() {
    let place = Place::founded();
    place.ok(&["token", "--store", "S01", "--till", "T01"]);
    let list = place.file("list.csv", b"code,name,price,barcode\nTEA,Tea,2.00,4006381333931\n");
    place.ok(&["import", "products", &list, "--tax-rate", "25"]);
    place.ok(&["import", "products", &list, "--tax-rate", "25", "--store", "S01"]);
    assert_eq!(place.ok(&["products", "remove", "TEA"])["removed"], true);
    assert_eq!(place.refused(&["products", "remove", "TEA"]), pair("declined", "code"));
    // The tax class and the two rows that are no more.
    let out = place.folder.path().join("feed").display().to_string();
    assert_eq!(place.ok(&["feed", "--store", "S01", "--out", &out])["rows"], 3);
    let audit = place.ok(&["audit"]);
    assert_eq!((&audit["ok"], &audit["differences"]), (&Value::from(true), &Value::Array(vec![])));
    // Its barcode is free again.
    let other = place.file("other.csv", b"code,name,price,barcode\nRUM,Rum,9.00,4006381333931\n");
    assert_eq!(place.ok(&["import", "products", &other, "--tax-rate", "25"])["added"], 1);
}

#[test]
fn a_file_that_cannot_be_read_is_told_apart_from_one_that_is_wrong() {
    let place = Place::founded();
    let missing = place.folder.path().join("missing").display().to_string();
    let grant = |file: &str| {
        ["grant", "--store", "S01", "--till", "T01", "--out", "/dev/null", "--journal-request", file].map(str::to_owned)
    };
    let (code, message) = place.failed(&["ingest", &missing]);
    assert_eq!(code, "io");
    assert!(message.starts_with(&format!("{missing} cannot be read: ")), "{message}");
    assert_eq!(place.failed(&grant(&missing).each_ref().map(String::as_str)).0, "io");
    let pin = ["operator", "add", "--code", "a", "--name", "A", "--role", "cashier", "--pin-file", missing.as_str()];
    assert_eq!(place.failed(&pin).0, "io");
    let foreign = place.file("list.csv", b"code,name\n");
    let text = place.run(&["ingest", &foreign]).1["refused"]["message"].as_str().unwrap().to_owned();
    assert_eq!(text, format!("file: {foreign} is not a parcel, as the till or head office writes it"));
    let altered = place.file("altered", b"CFSD and nothing that was signed");
    assert_eq!(place.refused(&grant(&altered).each_ref().map(String::as_str)), pair("malformed", "journal-request"));
}

#[test]
fn a_damaged_store_is_told_once_with_what_to_do() {
    let place = Place::founded();
    let store = place.data().join("head-office.redb");
    let mut bytes = std::fs::read(&store).unwrap();
    bytes.iter_mut().skip(4_096).for_each(|byte| *byte ^= 0x55);
    std::fs::write(&store, bytes).unwrap();
    let (code, message) = place.failed(&["report"]);
    assert_eq!(code, "damaged", "{message}");
    assert!(message.contains("head-office.redb") && message.contains("put its last backup back"), "{message}");
    let (code, audit) = place.run(&["audit"]);
    assert_eq!((code, &audit["ok"]), (3, &Value::from(false)));
    assert!(audit["differences"][0].as_str().unwrap().contains("put its last backup back"), "{audit}");
}

#[test]
fn the_settings_of_the_server_are_told_where_they_matter() {
    let place = Place::new();
    let help = |command: &str| String::from_utf8(place.command(&[command, "--help"]).output().unwrap().stdout).unwrap();
    for (command, is_server, counts) in
        [("serve", true, true), ("init", true, true), ("token", false, true), ("report", false, false)]
    {
        let text = help(command);
        assert_eq!(text.contains("--connections-max"), is_server, "{text}");
        assert_eq!(text.contains("--currency"), counts, "{text}");
        assert!(text.contains("--data") && text.contains("--json") && text.contains("--log"), "{text}");
    }
}

#[test]
fn an_import_counts_every_row_and_a_store_gets_its_own_prices() {
    let place = Place::founded();
    let list = place.file("list.csv", b"code,name,price\n1,Tea,2.00\n2,Milk,x\n3,Rum\n4,Gin,9.00\n");
    let import = ["import", "products", list.as_str(), "--tax-rate", "25"];
    let (code, report) = place.run(&import);
    assert_eq!((code, &report["read"], &report["added"]), (1, &Value::from(4), &Value::from(2)));
    let rejected: Vec<_> =
        report["rejected"].as_array().unwrap().iter().map(|row| (&row["row"], &row["field"])).collect();
    assert_eq!(rejected, [(&Value::from(3), &Value::from("price")), (&Value::from(4), &Value::from("row"))]);
    assert_eq!(place.run(&import).1["unchanged"], 2);
    let other = place.file("other.csv", b"code,name,price\n1,Tea,2.50\n5,Ale,3.00\n");
    let of_store = ["import", "products", other.as_str(), "--tax-rate", "25", "--store", "S02"];
    assert_eq!(place.ok(&of_store)["added"], 2);
    assert_eq!(place.ok(&of_store)["unchanged"], 2);
    let films = place.file("films.json", br#"[{"Title":"1776","Genre":["War","Song"]},{"Title":null}]"#);
    let arguments =
        ["import", "products", films.as_str(), "--default", "price=9.99", "--tax-rate", "25", "--key", "name"];
    let (code, report) = place.run(&arguments);
    assert_eq!((code, &report["added"], &report["rejected"][0]["row"]), (1, &Value::from(1), &Value::from(2)));
    assert_eq!(place.failed(&["import", "products", "/nowhere.csv"]).0, "io");
    assert_eq!(place.refused(&["import", "products", &list]).0, "missing");
    assert_eq!(place.ok(&["audit"])["ok"], true);
}

#[test]
fn a_stray_quote_costs_one_row_of_an_import_whether_head_office_is_served_or_not() {
    let list = b"code;name;price\n1;\"Tea\";2.00\n2;\"Milk;1.00\n3;Rum \"Dark\";9.00\n4;Gin;8.00\n";
    let check = |place: &Place| {
        let list = place.file("list.csv", list);
        let (code, report) = place.run(&["import", "products", list.as_str(), "--tax-rate", "25"]);
        let rejected = report["rejected"].as_array().unwrap();
        let rejected: Vec<_> = rejected.iter().map(|row| (row["row"].as_u64(), row["field"].as_str())).collect();
        assert_eq!(rejected, [(Some(3), Some("row"))], "{report}");
        assert_eq!((code, report["read"].as_u64()), (1, Some(4)));
        report["added"].as_u64().unwrap()
    };
    let place = Place::founded();
    assert_eq!(check(&place), 3);
    let place = Place::founded();
    let mut server = place.serve();
    assert_eq!(check(&place), 3);
    assert_eq!(check(&place), 0);
    server.kill().unwrap();
    server.wait().unwrap();
    assert_eq!(place.ok(&["audit"])["ok"], true);
}

#[test]
fn a_till_without_a_line_gets_its_journal_and_its_counterfoil_by_file() {
    let place = Place::founded();
    let key = SigningKey::from_seed([1; 32]);
    let request =
        JournalRequestV1 { journal: JournalId([1; 16]), key: key.public_key(), slot: None, predecessor: None };
    let request = place.file("request", &request.sign(&key).unwrap());
    let out = place.folder.path().join("grant").display().to_string();
    let grant = ["grant", "--journal-request", request.as_str(), "--out", &out, "--store", "S01", "--till", "T01"];
    assert_eq!(place.ok(&grant)["series"].as_array().unwrap().len(), 10);
    let first = std::fs::read(&out).unwrap();
    place.ok(&grant);
    assert_eq!(std::fs::read(&out).unwrap(), first);
    let item = parcel::decode(&first).unwrap().remove(0);
    let now = clock::at("Europe/Zagreb", clock::now());
    let mut till = Till::create_granted(InMemoryBackend::new(), key, &item.bytes, now).unwrap();

    let journal = JournalId([1; 16]);
    let hello = Item { kind: ItemKind::Hello, bytes: till.hello(journal, None).unwrap() };
    let batch = Item { kind: ItemKind::Batch, bytes: till.batch(journal, 1).unwrap().unwrap() };
    let export = parcel::encode(&[hello, batch]).unwrap();
    let file = place.file("export", &export);
    let back = place.folder.path().join("back").display().to_string();
    let answer = place.ok(&["ingest", &file, "--acknowledgement", &back]);
    assert_eq!(
        (&answer["items"][1]["verdict"], &answer["acknowledgement"]),
        (&Value::from("append"), &Value::from(back.as_str()))
    );
    let acknowledgement = parcel::decode(&std::fs::read(&back).unwrap()).unwrap().remove(0);
    assert_eq!(till.accept_acknowledgement(&acknowledgement.bytes).unwrap(), 1);
    let cut = place.file("cut", &export[..export.len() - 1]);
    assert_eq!(place.refused(&["ingest", &cut]), pair("malformed", "file"));
    let journals = place.ok(&["audit"])["journals"].clone();
    assert_eq!((&journals[0]["acknowledged"], &journals[0]["quarantined"]), (&Value::from(1), &Value::from(false)));
    assert_eq!(place.ok(&["report", "--from", "2026-01-01", "--to", "2026-12-31"])["days"], Value::Array(vec![]));
    assert_eq!(place.refused(&["report", "--from", "yesterday"]), pair("malformed", "from"));
}

#[test]
fn the_feed_goes_into_a_file_from_a_revision_on_for_a_store_that_is_known() {
    let place = Place::founded();
    let out = place.folder.path().join("feed").display().to_string();
    let feed = |more: &[&'static str]| [&["feed", "--out", out.as_str()], more].concat();
    assert_eq!(place.refused(&feed(&["--store", "S01"])), pair("declined", "store"));
    place.ok(&["token", "--store", "S01", "--till", "T01"]);
    assert_eq!(place.refused(&feed(&["--store", "S02"])), pair("declined", "store"));
    assert_eq!(place.refused(&feed(&["--store", "S01", "--till", "T02"])), pair("not_permitted", "till"));
    assert_eq!(place.refused(&["report", "--store", "S02"]), pair("declined", "store"));
    assert_eq!(place.ok(&["report", "--store", "S01"])["days"], Value::Array(vec![]));
    let rows: String = (0..600).map(|code| format!("{code},Tea,2.00\n")).collect();
    let list = place.file("list.csv", format!("code,name,price\n{rows}").as_bytes());
    place.ok(&["import", "products", &list, "--tax-rate", "25"]);
    // 600 products and their tax class: a page holds 500 rows.
    let answer = place.ok(&feed(&["--store", "S01"]));
    assert_eq!((answer["pages"].as_u64(), answer["rows"].as_u64()), (Some(2), Some(601)), "{answer}");
    assert_eq!(answer["parcel"], out.as_str());
    let items = parcel::decode(&std::fs::read(&out).unwrap()).unwrap();
    assert!(items.len() == 2 && items.iter().all(|item| item.kind == ItemKind::FeedPage));
    let later = place.ok(&feed(&["--store", "S01", "--till", "T01", "--after", "600"]));
    assert_eq!((later["pages"].as_u64(), later["rows"].as_u64()), (Some(1), Some(1)));
    assert_eq!(place.refused(&feed(&["--store", "S01", "--after", "602"])), pair("declined", "revision"));
}

#[cfg(unix)]
#[test]
fn commands_work_while_the_server_runs_and_after_it_was_stopped_or_killed() {
    let place = Place::founded();
    let api = place.data().join("admin-api.json");
    let mut server = place.serve();
    assert_eq!(mode(&api), 0o600);
    place.ok(&["token", "--store", "S01", "--till", "T01"]);
    assert_eq!(place.ok(&["audit"])["ok"], true);
    assert_eq!(
        place.refused(&["token", "--store", "S01", "--till", "T01", "--zone", "UTC"]),
        pair("id_reused", "zone")
    );
    // A second server cannot have the store as well.
    let (code, refused) = place.run(&["serve", "--listen", "127.0.0.1:0"]);
    let running = format!("process {} serves ", server.id());
    assert!(code == 1 && refused["refused"]["value"].as_str().unwrap().starts_with(&running), "{refused}");
    place.ok(&["audit"]);
    let stopped = Command::new("kill").arg(server.id().to_string()).status().unwrap();
    assert!(stopped.success() && server.wait().unwrap().success());
    assert!(!api.exists());
    place.ok(&["token", "--store", "S01", "--till", "T02"]);

    let mut server = place.serve();
    server.kill().unwrap();
    server.wait().unwrap();
    assert!(api.exists());
    place.ok(&["token", "--store", "S01", "--till", "T03"]);
    assert_eq!(place.ok(&["audit"])["ok"], true);
}
