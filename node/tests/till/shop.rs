//! A shop for tests: a data folder of its own, and the real binary to run in it.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

pub(crate) const PRODUCTS: &str = "code,name,price,unit,barcode
MILK,Milk,1.25,piece,4006381333931
CHEESE,Cheese,10.00,kg,
TEA,Tea,3.10,piece,
";

/// What a run of the program gave.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ended {
    /// The one JSON object on standard output.
    pub(crate) fn json(&self) -> Value {
        let lines = self.lines();
        assert_eq!(lines.len(), 1, "{self:?}");
        lines.into_iter().next().unwrap()
    }

    pub(crate) fn lines(&self) -> Vec<Value> {
        self.out.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{self:?}"))).collect()
    }

    /// Code and field of the refusal.
    pub(crate) fn refused(&self) -> (String, String) {
        assert_eq!(self.code, 1, "{self:?}");
        refused(&self.json())
    }

    pub(crate) fn done(self) -> Self {
        assert_eq!(self.code, 0, "{self:?}");
        self
    }
}

/// Code and field of a refusal.
pub(crate) fn refused(answer: &Value) -> (String, String) {
    let text = |name: &str| answer["refused"][name].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned();
    assert!(!text("message").is_empty() && !text("limit").is_empty(), "{answer}");
    (text("code"), text("field"))
}

/// A shop with one till.
pub(crate) struct Shop {
    place: TempDir,
}

impl Shop {
    /// A folder without a till.
    pub(crate) fn empty() -> Self {
        Self { place: tempfile::tempdir().unwrap() }
    }

    /// A till with three products and an open drawer.
    pub(crate) fn open() -> Self {
        let shop = Self::with_till(&[]);
        shop.json(&["open", "--float", "100.00"]).done();
        shop
    }

    /// A till with three products.
    pub(crate) fn with_till(options: &[&str]) -> Self {
        let shop = Self::empty();
        let init = ["init", "--store", "S01", "--till", "T01", "--currency", "EUR", "--country", "ES"];
        shop.json(&[&init, options].concat()).done();
        let file = shop.file("products.csv", PRODUCTS);
        shop.json(&["import", "products", file.to_str().unwrap(), "--tax-rate", "21"]).done();
        shop
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.place.path().join("data")
    }

    /// A file beside the data folder.
    pub(crate) fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.place.path().join(name);
        fs::write(&path, text).unwrap();
        path
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.place.path().join(name)
    }

    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_till"));
        command
            .env_remove("TILL_PIN")
            .env_remove("TILL_NEW_PIN")
            .env_remove("TILL_APPROVAL_PIN")
            .arg("--data")
            .arg(self.data());
        command
    }

    /// Runs the program without `--json`.
    pub(crate) fn text(&self, arguments: &[&str]) -> Ended {
        run(self.command().args(arguments), "")
    }

    /// Runs the program with `--json`.
    pub(crate) fn json(&self, arguments: &[&str]) -> Ended {
        run(self.command().arg("--json").args(arguments), "")
    }

    /// Runs the program with `--json` and an environment variable.
    pub(crate) fn json_with(&self, variables: &[(&str, &str)], arguments: &[&str], input: &str) -> Ended {
        run(self.command().envs(variables.iter().copied()).arg("--json").args(arguments), input)
    }

    /// Sells what stands in `lines`.
    pub(crate) fn sell(&self, lines: &str) -> Ended {
        run(self.command().args(["--json", "sell"]), lines)
    }

    pub(crate) fn audit(&self) -> Value {
        let audit = self.json(&["audit"]).done().json();
        assert_eq!(audit["ok"], true, "{audit}");
        audit
    }

    /// Starts `till serve` and waits until it answers.
    pub(crate) fn serve(&self) -> Serving {
        let mut command = self.command();
        command.args(["--json", "serve", "--listen", "127.0.0.1:0"]).stdout(Stdio::piped()).stderr(Stdio::inherit());
        let mut process = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let serving: Value = serde_json::from_str(&line).unwrap();
        Serving { process, address: serving["listen"].as_str().unwrap().to_owned() }
    }
}

/// A running `till serve`; killed when dropped.
pub(crate) struct Serving {
    process: Child,
    pub(crate) address: String,
}

impl Serving {
    /// Its process.
    pub(crate) fn process(&mut self) -> &mut Child {
        &mut self.process
    }

    /// Tells it to stop and waits until it has.
    pub(crate) fn stop(mut self) -> i32 {
        signal("-TERM", &self.process);
        self.process.wait().unwrap().code().unwrap_or(-1)
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

pub(crate) fn signal(name: &str, process: &Child) {
    assert!(Command::new("kill").args([name, &process.id().to_string()]).status().unwrap().success());
}

pub(crate) fn run(command: &mut Command, input: &str) -> Ended {
    let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stdin = process.stdin.take().unwrap();
    let input = input.to_owned();
    // A program that refuses early does not read its input to the end.
    let writing = std::thread::spawn(move || drop(stdin.write_all(input.as_bytes())));
    let output = process.wait_with_output().unwrap();
    writing.join().unwrap();
    Ended {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Copies the files of a folder.
pub(crate) fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for file in fs::read_dir(from).unwrap() {
        let path = file.unwrap().path();
        fs::copy(&path, to.join(path.file_name().unwrap())).unwrap();
    }
}
