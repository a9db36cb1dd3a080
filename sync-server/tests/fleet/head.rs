//! A head office: a data folder, served inside the test or by the program, and the program's commands.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use counterfoil_core::id::JournalId;
use counterfoil_sync_server::folder::Folder;
use counterfoil_sync_server::local_api::LocalApi;
use counterfoil_sync_server::office::Office;
use counterfoil_sync_server::operations::Operation;
use counterfoil_sync_server::server::Server;
use counterfoil_sync_server::settings::Given;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::line::Line;
use crate::till::{Ran, Till, copy_folder, text};

/// The catalogue of every test.
const CATALOGUE: &str = "code,name,price,unit,barcode
MILK,Milk,1.25,piece,4006381333931
CHEESE,Cheese,10.00,kg,
TEA,Tea,3.10,piece,
";

/// Who serves.
enum Serving {
    Nobody,
    Here(Box<Server>),
    Program(Child, SocketAddr),
}

/// A head office under test, at the end of a line.
pub(crate) struct Head {
    pub(crate) line: Line,
    serving: Serving,
    runtime: Runtime,
    place: TempDir,
}

impl Head {
    /// Founds one with three products and serves it inside the test.
    pub(crate) fn open() -> Self {
        let mut head = Self::founded();
        head.serve();
        head.import(CATALOGUE, &[]);
        head
    }

    /// Founds one with three products and serves it by the program.
    pub(crate) fn open_program() -> Self {
        let mut head = Self::founded();
        head.import(CATALOGUE, &[]);
        head.serve_by_program();
        head
    }

    fn founded() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let place = tempfile::tempdir().unwrap();
        drop(Office::create(Folder::new(place.path().join("office")), &given()).unwrap());
        Self { line: Line::lay(SocketAddr::from(([127, 0, 0, 1], 9))), serving: Serving::Nobody, runtime, place }
    }

    /// Serves inside the test.
    pub(crate) fn serve(&mut self) {
        let office = Office::open(Folder::new(self.data()), given().check().unwrap()).unwrap();
        let server = self.runtime.block_on(Server::start(office)).unwrap();
        self.line.lead_to(server.address());
        self.serving = Serving::Here(Box::new(server));
    }

    /// Serves by the program.
    pub(crate) fn serve_by_program(&mut self) {
        let mut server = self.start();
        let mut line = String::new();
        BufReader::new(server.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let listening: Value = serde_json::from_str(&line).unwrap_or_else(|_| panic!("head office said {line:?}"));
        let address = text(&listening["listening"]).parse().unwrap();
        self.line.lead_to(address);
        self.serving = Serving::Program(server, address);
    }

    /// Starts the program to serve, and does not wait until it does.
    pub(crate) fn start(&self) -> Child {
        let mut command = self.command(&["serve", "--listen", "127.0.0.1:0"]);
        command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap()
    }

    /// Starts the program and kills it after this time.
    pub(crate) fn kill_while_starting(&self, after: Duration) {
        let mut server = self.start();
        std::thread::sleep(after);
        server.kill().unwrap();
        server.wait().unwrap();
    }

    /// Where the program that serves listens itself, beside the line.
    pub(crate) fn program_address(&self) -> SocketAddr {
        match &self.serving {
            Serving::Program(_, address) => *address,
            Serving::Nobody | Serving::Here(_) => panic!("no program serves"),
        }
    }

    /// The same, as tills are told it.
    pub(crate) fn program_url(&self) -> String {
        format!("https://{}", self.program_address())
    }

    /// Puts a line before all that the settings file says.
    pub(crate) fn write_settings(&self, line: &str) {
        let path = self.data().join("head-office.toml");
        let settings = std::fs::read_to_string(&path).unwrap();
        std::fs::write(path, format!("{line}{settings}")).unwrap();
    }

    /// What the program that serves, or was killed, has left in the folder for commands.
    pub(crate) fn local_api(&self) -> LocalApi {
        LocalApi::read(&Folder::new(self.data())).unwrap().unwrap()
    }

    /// Asks the program that serves over its local API, as a command would, without starting one.
    pub(crate) fn ask(&self, operation: &Operation) -> Value {
        let api = self.local_api();
        let body = serde_json::to_string(operation).unwrap();
        let head = format!(
            "POST /admin/operation HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\nauthorization: Bearer {}\r\ncontent-length: {}\r\n\r\n",
            api.token,
            body.len()
        );
        let mut stream = TcpStream::connect(api.address).unwrap();
        stream.write_all(format!("{head}{body}").as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 200"), "{answer}");
        let answer: Value = serde_json::from_str(body).unwrap();
        assert_eq!(answer["ending"], "done", "{answer}");
        answer["body"].clone()
    }

    /// The process id of the program that serves.
    pub(crate) fn process(&self) -> u32 {
        match &self.serving {
            Serving::Program(server, _) => server.id(),
            Serving::Nobody | Serving::Here(_) => panic!("no program serves"),
        }
    }

    /// Stops serving, orderly or, where the program serves, by a kill -9.
    pub(crate) fn stop(&mut self) {
        match std::mem::replace(&mut self.serving, Serving::Nobody) {
            Serving::Nobody => {}
            Serving::Here(server) => self.runtime.block_on(server.stop()).unwrap(),
            Serving::Program(mut server, _) => {
                // It may have been killed already.
                drop(server.kill());
                server.wait().unwrap();
            }
        }
    }

    /// What it is that serves inside the test.
    pub(crate) fn office(&self) -> Arc<Office> {
        match &self.serving {
            Serving::Here(server) => Arc::clone(server.office()),
            Serving::Nobody | Serving::Program(..) => panic!("head office is not served inside the test"),
        }
    }

    /// Where it listens itself, beside the line.
    pub(crate) fn address(&self) -> SocketAddr {
        match &self.serving {
            Serving::Here(server) => server.address(),
            Serving::Nobody | Serving::Program(..) => panic!("head office is not served inside the test"),
        }
    }

    /// Opens what nobody serves, for something that no command does.
    pub(crate) fn with_office<T>(&self, act: impl FnOnce(&Office) -> T) -> T {
        act(&Office::open(Folder::new(self.data()), given().check().unwrap()).unwrap())
    }

    /// Its data folder.
    pub(crate) fn data(&self) -> PathBuf {
        self.place.path().join("office")
    }

    /// Copies its folder, of which nobody may serve.
    pub(crate) fn copy(&self) -> TempDir {
        let copy = tempfile::tempdir().unwrap();
        copy_folder(&self.data(), copy.path());
        copy
    }

    /// Puts a copy back in the place of its folder.
    pub(crate) fn put_back(&self, copy: &TempDir) {
        std::fs::remove_dir_all(self.data()).unwrap();
        copy_folder(copy.path(), &self.data());
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_head-office"));
        command.args(arguments).args(["--json", "--data"]).arg(self.data());
        command
    }

    /// Runs a command of the program.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        let ran = self.command(arguments).output().unwrap();
        let text = String::from_utf8(ran.stdout).unwrap();
        let answers = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        Ran { code: ran.status.code().unwrap_or(-1), answers }
    }

    /// Runs a command that must succeed.
    pub(crate) fn ok(&self, arguments: &[&str]) -> Value {
        let ran = self.run(arguments);
        assert_eq!(ran.code, 0, "{arguments:?}: {ran:?}");
        ran.last()
    }

    /// Imports products or, with `--store`, prices of a store.
    pub(crate) fn import(&self, list: &str, options: &[&str]) -> Value {
        let file = self.write("list.csv", list);
        self.ok(&[&["import", "products", &file, "--tax-rate", "25"], options].concat())
    }

    /// Writes a file beside its folder.
    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.path(name);
        std::fs::write(&path, content).unwrap();
        path
    }

    /// A path beside its folder.
    pub(crate) fn path(&self, name: &str) -> String {
        self.place.path().join(name).display().to_string()
    }

    /// A one-time token.
    pub(crate) fn token(&self, store: &str, till: &str, options: &[&str]) -> String {
        let order = ["token", "--store", store, "--till", till];
        text(&self.ok(&[&order, options].concat())["token"])
    }

    /// Lets a till join by a new token.
    pub(crate) fn enrol(&self, till: &Till, store: &str, name: &str) -> Value {
        till.ok(&["enrol", &self.line.url(), &self.token(store, name, &[])])
    }

    /// A till that has joined, with the catalogue and an open drawer.
    pub(crate) fn till(&self, store: &str, name: &str) -> Till {
        let till = Till::nowhere();
        self.enrol(&till, store, name);
        till.sync();
        till.ok(&["open", "--float", "100.00"]);
        till
    }

    /// The audit, which must be ok.
    pub(crate) fn audit(&self) -> Value {
        let audit = self.ok(&["audit"]);
        assert_eq!((&audit["ok"], &audit["differences"]), (&json!(true), &json!([])), "{audit}");
        audit
    }

    /// The audit of a fork that nobody has resolved: not ok, and nothing differs from what it says.
    pub(crate) fn disputed_audit(&self) -> Value {
        let ran = self.run(&["audit"]);
        let audit = ran.last();
        assert_eq!((ran.code, &audit["ok"], &audit["differences"]), (3, &json!(false), &json!([])), "{audit}");
        audit
    }

    /// The audit, in which nothing may be missing or odd.
    pub(crate) fn clean_audit(&self) -> Value {
        let audit = self.audit();
        assert_eq!((&audit["findings"], &audit["unreceived"]), (&json!([]), &json!([])), "{audit}");
        audit
    }
}

impl Drop for Head {
    fn drop(&mut self) {
        self.stop();
    }
}

/// How many entries of a journal are applied.
pub(crate) fn applied(office: &Office, journal: &str) -> u64 {
    let journal: JournalId = journal.parse().unwrap();
    office.store().read(|rows| rows.journal(journal)).unwrap().map_or(0, |record| record.seq)
}

fn given() -> Given {
    Given {
        listen: Some("127.0.0.1:0".to_owned()),
        currency: Some("EUR".to_owned()),
        country: Some("HR".to_owned()),
        ..Given::default()
    }
}

/// What an audit tells of a journal.
pub(crate) fn of_journal(audit: &Value, journal: &str) -> Value {
    let journals = audit["journals"].as_array().unwrap().iter();
    journals.clone().find(|found| found["journal"] == journal).unwrap_or_else(|| panic!("{journal}: {audit}")).clone()
}

/// What is compared between two audits: the money, and the numbers of each series that are counted.
pub(crate) fn figures(audits: &[&Value]) -> Value {
    let mut totals = std::collections::BTreeMap::new();
    let mut series = std::collections::BTreeMap::new();
    for audit in audits {
        for total in audit["totals"].as_array().unwrap() {
            let sums = totals.entry(text(&total["currency"])).or_insert([0_i64; 3]);
            for (sum, name) in sums.iter_mut().zip(["gross", "tax", "cash"]) {
                *sum += text(&total[name]).replace('.', "").parse::<i64>().unwrap();
            }
        }
        for one in audit["series"].as_array().unwrap().iter().filter(|one| one["issued"] != 0) {
            let numbers = json!([one["first"], one["last"], one["issued"], one["missing"]]);
            assert_eq!(series.insert(text(&one["series"]), numbers), None, "{one}");
        }
    }
    json!({ "totals": totals, "series": series })
}
