//! The two programs, run as processes: their answers, and the memory that they take.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

const LOOK: Duration = Duration::from_millis(5);

/// What a process took.
pub(crate) struct Took {
    /// From its start to its end.
    pub(crate) time: Duration,
    /// The most resident memory, in bytes.
    pub(crate) memory: u64,
}

/// A program with its data folder.
pub(crate) struct Program {
    name: &'static str,
    pub(crate) folder: PathBuf,
}

impl Program {
    /// A program of this build.
    pub(crate) fn new(name: &'static str, folder: &Path) -> Self {
        Self { name, folder: folder.to_owned() }
    }

    fn command(&self, arguments: &[&str]) -> Result<Command> {
        let path = std::env::current_exe()?.with_file_name(self.name);
        ensure!(path.exists(), "{} is not built", path.display());
        let mut command = Command::new(path);
        command.args(arguments).arg("--json").arg("--data").arg(&self.folder).stdin(Stdio::null());
        Ok(command)
    }

    /// Runs a command that must succeed, and gives its last answer.
    pub(crate) fn run(&self, arguments: &[&str]) -> Result<Value> {
        let output = self.command(arguments)?.output()?;
        let text = String::from_utf8(output.stdout)?;
        let told = || format!("{} {arguments:?}: {text} {}", self.name, String::from_utf8_lossy(&output.stderr));
        ensure!(output.status.success(), told());
        serde_json::from_str(text.lines().last().unwrap_or("null")).with_context(told)
    }

    /// Runs a command that must succeed, and watches it.
    pub(crate) fn watch(&self, arguments: &[&str]) -> Result<Took> {
        let start = Instant::now();
        let mut child = self.command(arguments)?.stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
        let mut memory = 0;
        let status = loop {
            memory = memory.max(peak_memory(child.id()).unwrap_or(0));
            if let Some(status) = child.try_wait()? {
                break status;
            }
            thread::sleep(LOOK);
        };
        ensure!(status.success(), "{} {arguments:?} failed", self.name);
        Ok(Took { time: start.elapsed(), memory })
    }

    /// Hands a command a stream of lines; gives how many of its answers were no refusals.
    pub(crate) fn stream(&self, arguments: &[&str], lines: impl Iterator<Item = String> + Send) -> Result<usize> {
        let mut child = self.command(arguments)?.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let mut input = child.stdin.take().context("a pipe")?;
        let output = child.stdout.take().context("a pipe")?;
        let done = thread::scope(|scope| {
            scope.spawn(move || lines.into_iter().try_for_each(|line| writeln!(input, "{line}")));
            let answers = BufReader::new(output).lines().map_while(Result::ok);
            answers.filter(|answer| !answer.contains("\"refused\"")).count()
        });
        child.wait()?;
        Ok(done)
    }

    /// Starts `serve` and waits for its address.
    pub(crate) fn serve(&self) -> Result<Server> {
        self.serve_at("127.0.0.1:0")
    }

    /// Starts `serve` at an address.
    pub(crate) fn serve_at(&self, address: &str) -> Result<Server> {
        let mut command = self.command(&["serve", "--listen", address])?;
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().context("a pipe")?).read_line(&mut line)?;
        let listening: Value = serde_json::from_str(&line).with_context(|| format!("serve said {line}"))?;
        let address = listening["listening"].as_str().context("an address")?.to_owned();
        Ok(Server { child, address })
    }
}

/// A program that serves, until it is dropped.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: String,
}

impl Server {
    /// Its most resident memory so far, in bytes.
    pub(crate) fn memory(&self) -> Result<u64> {
        peak_memory(self.child.id()).context("it is running")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _killed = self.child.kill();
        let _ended = self.child.wait();
    }
}

/// The most resident memory of a process so far (VmHWM), in bytes.
pub(crate) fn peak_memory(process: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1_024)
}

/// Founds a head office that sells these products, and serves it.
pub(crate) fn head_office(folder: &Path, products: &Path) -> Result<(Program, Server)> {
    let office = Program::new("head-office", &folder.join("office"));
    office.run(&[
        "init",
        "--currency",
        "EUR",
        "--country",
        "HR",
        "--zone",
        "Europe/Zagreb",
        "--prices",
        "inclusive",
    ])?;
    office.run(&["import", "products", &products.display().to_string(), "--tax-rate", "25"])?;
    let server = office.serve()?;
    Ok((office, server))
}

/// A till that has joined, with the products and an open drawer.
pub(crate) fn till(folder: &Path, office: &Program, server: &Server) -> Result<Program> {
    let till = Program::new("till", &folder.join("till"));
    let token = office.run(&["token", "--store", "S01", "--till", "T01"])?;
    let token = token["token"].as_str().context("a token")?.to_owned();
    till.run(&["enrol", &format!("https://{}", server.address), &token])?;
    till.run(&["sync"])?;
    till.run(&["open", "--float", "100.00"])?;
    Ok(till)
}
