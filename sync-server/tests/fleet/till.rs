//! A till: a data folder, and the program in a process of its own.

use std::ffi::OsString;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use counterfoil_node::cli;
use serde_json::{Value, json};
use tempfile::TempDir;

/// The arguments of the program, as a JSON array.
const ARGUMENTS: &str = "COUNTERFOIL_TEST_TILL";

/// Runs the till program where the environment says that this process is one.
pub(crate) fn run_as_program() {
    let Ok(arguments) = std::env::var(ARGUMENTS) else { return };
    let arguments: Vec<String> = serde_json::from_str(&arguments).unwrap();
    let line = std::iter::once("till".to_owned()).chain(arguments).map(OsString::from);
    std::process::exit(i32::from(cli::run_line(line).exit_code()));
}

/// What a run of the program gave: its exit code, and each JSON object on its standard output.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) answers: Vec<Value>,
}

impl Ran {
    /// The last answer.
    pub(crate) fn last(&self) -> Value {
        self.answers.last().cloned().unwrap_or_else(|| panic!("no answer: {self:?}"))
    }

    /// Code and field of the refusal.
    pub(crate) fn refused(&self) -> (String, String) {
        assert_eq!(self.code, 1, "{self:?}");
        refused(&self.last())
    }
}

/// Code and field of a refusal.
pub(crate) fn refused(answer: &Value) -> (String, String) {
    let text = |name: &str| answer["refused"][name].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned();
    (text("code"), text("field"))
}

/// A running `till serve`; killed when dropped.
pub(crate) struct Serving(Child);

impl Serving {
    /// Tells it to stop and waits until it has; tells its exit code.
    pub(crate) fn stop(mut self) -> i32 {
        let told = Command::new("kill").args(["-TERM", &self.0.id().to_string()]).status().unwrap();
        assert!(told.success());
        self.0.wait().unwrap().code().unwrap_or(-1)
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// A till under test.
pub(crate) struct Till {
    place: TempDir,
    folder: PathBuf,
    operator: Option<(String, String)>,
}

impl Till {
    /// A folder in which there is no till yet.
    pub(crate) fn nowhere() -> Self {
        let place = tempfile::tempdir().unwrap();
        let folder = place.path().join("till");
        Self { place, folder, operator: None }
    }

    /// A till on its own, with one product and an open drawer.
    pub(crate) fn alone(store: &str, till: &str) -> Self {
        let made = Self::nowhere();
        made.ok(&["init", "--store", store, "--till", till, "--currency", "EUR", "--country", "HR"]);
        let list = made.write("own.csv", "code,name,price,unit\nMILK,Milk,1.25,piece\n");
        made.ok(&["import", "products", &list, "--tax-rate", "25"]);
        made.ok(&["open", "--float", "100.00"]);
        made
    }

    /// Another device with the same files.
    pub(crate) fn copied(&self) -> Self {
        let copy = Self::nowhere();
        copy_folder(&self.folder, &copy.folder);
        copy
    }

    /// Puts the files of a copy back, or only the store of it.
    pub(crate) fn put_back(&self, copy: &Self, files: &[&str]) {
        for file in files {
            fs::copy(copy.folder.join(file), self.folder.join(file)).unwrap();
        }
    }

    /// Its data folder.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Writes a file beside its folder.
    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.path(name);
        fs::write(&path, content).unwrap();
        path
    }

    /// A path beside its folder.
    pub(crate) fn path(&self, name: &str) -> String {
        self.place.path().join(name).display().to_string()
    }

    /// Whoever calls from now on.
    pub(crate) fn by(&mut self, operator: &str, pin: &str) -> &Self {
        self.operator = Some((operator.to_owned(), pin.to_owned()));
        self
    }

    /// A run of the program that has not begun.
    fn command(&self, arguments: &[&str]) -> Command {
        let mut line = vec!["--json", "--data", self.folder.to_str().unwrap()];
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "till_program", "--nocapture", "--quiet", "--test-threads=2"]);
        command.env_remove("TILL_PIN").env("TILL_LOG", "error");
        if let Some((operator, pin)) = &self.operator {
            line.extend(["--operator", operator]);
            command.env("TILL_PIN", pin);
        }
        line.extend(arguments);
        command.env(ARGUMENTS, serde_json::to_string(&line).unwrap());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit());
        command
    }

    /// Runs the program.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        self.run_with(arguments, &[])
    }

    /// Runs the program in the background.
    pub(crate) fn start(&self, arguments: &[&str]) -> Child {
        self.command(arguments).spawn().unwrap()
    }

    /// Starts `till serve` and waits until it serves, or has said why it does not.
    pub(crate) fn serve(&self) -> Result<Serving, Ran> {
        let mut process = self.start(&["serve", "--listen", "127.0.0.1:0"]);
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines().map_while(Result::ok);
        let line = lines.find(|line| line.starts_with('{')).expect("it says where it serves, or why not");
        let answer: Value = serde_json::from_str(&line).unwrap();
        if answer["listen"].is_string() {
            return Ok(Serving(process));
        }
        Err(Ran { code: process.wait().unwrap().code().unwrap_or(-1), answers: vec![answer] })
    }

    /// Calls head office at another address from now on, as after a move, or where somebody else has taken its place.
    pub(crate) fn call_at(&self, url: &str) {
        let path = self.folder.join("head-office.json");
        let mut known: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        known["url"] = url.into();
        fs::write(&path, known.to_string()).unwrap();
    }

    fn run_with(&self, arguments: &[&str], input: &[String]) -> Ran {
        let mut program = self.start(arguments);
        let mut stdin = program.stdin.take().unwrap();
        let stdout = BufReader::new(program.stdout.take().unwrap());
        std::thread::scope(|scope| {
            // A program that refuses early does not read its input to the end.
            scope.spawn(move || drop(input.iter().try_for_each(|line| writeln!(stdin, "{line}"))));
            let lines = stdout.lines().map_while(Result::ok).filter(|line| line.starts_with('{'));
            let answers = lines.map(|line| serde_json::from_str(&line).unwrap()).collect();
            Ran { code: program.wait().unwrap().code().unwrap_or(-1), answers }
        })
    }

    /// Runs a command that must succeed.
    pub(crate) fn ok(&self, arguments: &[&str]) -> Value {
        let ran = self.run(arguments);
        assert_eq!(ran.code, 0, "{arguments:?}: {ran:?}");
        ran.last()
    }

    /// Sells baskets, all of which must be sold; tells their numbers.
    pub(crate) fn sell(&self, baskets: &[String]) -> Vec<String> {
        let ran = self.run_with(&["sell"], baskets);
        assert_eq!((ran.code, ran.answers.len()), (0, baskets.len()), "{ran:?}");
        ran.answers.iter().map(|answer| text(&answer["number"])).collect()
    }

    /// Sells so many baskets of one piece of milk in cash; tells their numbers.
    pub(crate) fn sell_milk(&self, name: &str, count: usize) -> Vec<String> {
        self.sell(&(0..count).map(|at| basket(&format!("{name}-{at}"), "MILK", "1")).collect::<Vec<_>>())
    }

    /// Tries to sell one piece of milk.
    pub(crate) fn try_to_sell(&self, id: &str) -> Ran {
        self.run_with(&["sell"], &[basket(id, "MILK", "1")])
    }

    /// Syncs, which must succeed.
    pub(crate) fn sync(&self) -> Value {
        self.ok(&["sync"])
    }

    /// Its status.
    pub(crate) fn status(&self) -> Value {
        self.ok(&["status"])
    }

    /// Its audit, which must be ok.
    pub(crate) fn audit(&self) -> Value {
        let audit = self.ok(&["audit"]);
        assert_eq!((&audit["ok"], &audit["differences"]), (&Value::from(true), &json!([])), "{audit}");
        audit
    }

    /// The id of its current journal.
    pub(crate) fn journal(&self) -> String {
        text(&self.status()["journals"].as_array().unwrap().last().unwrap()["journal"])
    }
}

/// A basket of one line, paid in cash.
pub(crate) fn basket(id: &str, code: &str, quantity: &str) -> String {
    json!({ "id": id, "lines": [{ "code": code, "quantity": quantity }] }).to_string()
}

/// The text in a value.
pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is not text")).to_owned()
}

/// Copies the files of a folder.
pub(crate) fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for file in fs::read_dir(from).unwrap() {
        let path = file.unwrap().path();
        fs::copy(&path, to.join(path.file_name().unwrap())).unwrap();
    }
}
