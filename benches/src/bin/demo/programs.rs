//! The two programs, run as processes.

use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use crate::baskets::Answers;
use crate::network::Line;
use crate::shop::{SHOPS, Shop};

/// What a command printed and whether it exited with 0.
pub(crate) struct Ran {
    pub(crate) is_ok: bool,
    pub(crate) stdout: String,
    stderr: String,
}

impl Ran {
    fn json(&self, what: &str) -> Result<Value> {
        ensure!(self.is_ok, "{what} failed: {} {}", self.stdout.trim(), self.stderr.trim());
        let last = self.stdout.lines().last().unwrap_or("null");
        serde_json::from_str(&self.stdout)
            .or_else(|_| serde_json::from_str(last))
            .with_context(|| format!("{what} printed no JSON: {}", self.stdout))
    }
}

fn program(name: &str) -> Result<PathBuf> {
    let own = std::env::current_exe()?;
    let path = own.with_file_name(name);
    ensure!(path.exists(), "{} is not built", path.display());
    Ok(path)
}

fn run(command: &mut Command) -> Result<Ran> {
    let output = command.stdin(Stdio::null()).output()?;
    Ok(Ran {
        is_ok: output.status.success(),
        stdout: String::from_utf8(output.stdout)?,
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    })
}

/// A running head office.
pub(crate) struct HeadOffice {
    folder: PathBuf,
    address: SocketAddr,
    server: Child,
}

impl HeadOffice {
    /// Makes a head office with both price lists and starts it.
    pub(crate) fn set_up(folder: &Path) -> Result<Self> {
        let set_up = ["--currency", "EUR", "--country", "HR", "--zone", "Europe/Zagreb", "--prices", "inclusive"];
        command_json(folder, &[&["init"], &set_up[..]].concat())?;
        // The catalogue of both lists; the first shop's list comes last, so that its prices are the base.
        for shop in SHOPS.iter().rev() {
            let file = format!("{}/{}", crate::DATA, shop.price_list);
            import(folder, &[&file, "--tax-rate", "25"])?;
        }
        for shop in &SHOPS {
            let file = format!("{}/{}", crate::DATA, shop.price_list);
            import(folder, &[&file, "--tax-rate", "25", "--store", shop.store])?;
        }
        let address = free_address()?;
        let server =
            serve(folder, address)?.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
        let head_office = Self { folder: folder.to_owned(), address, server };
        head_office.wait_until_reached()?;
        Ok(head_office)
    }

    fn wait_until_reached(&self) -> Result<()> {
        for _ in 0..100 {
            if std::net::TcpStream::connect(self.address).is_ok() {
                return Ok(());
            }
            thread::sleep(Duration::from_millis(100));
        }
        bail!("head office did not answer at {} within 10 s", self.address)
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Becomes the server: the process of this program is that of head office from now on, so that whatever stops the one
    /// stops the other.
    pub(crate) fn stay(mut self) -> Result<()> {
        self.server.kill()?;
        self.server.wait()?;
        Err(serve(&self.folder, self.address)?.exec()).context("head office cannot be started again")
    }

    /// Runs a command of head office beside the server.
    pub(crate) fn ok(&self, arguments: &[&str]) -> Result<Value> {
        command_json(&self.folder, arguments)
    }
}

impl Drop for HeadOffice {
    fn drop(&mut self) {
        // The server may have ended already.
        let _killed = self.server.kill();
        let _waited = self.server.wait();
    }
}

fn serve(folder: &Path, address: SocketAddr) -> Result<Command> {
    let mut command = Command::new(program("head-office")?);
    command.args(["serve", "--listen", &address.to_string(), "--data"]).arg(folder);
    Ok(command)
}

fn command_json(folder: &Path, arguments: &[&str]) -> Result<Value> {
    let mut command = Command::new(program("head-office")?);
    let ran = run(command.args(arguments).arg("--json").arg("--data").arg(folder))?;
    ran.json(&format!("head-office {}", arguments.join(" ")))
}

fn import(folder: &Path, arguments: &[&str]) -> Result<()> {
    let report = command_json(folder, &[&["import", "products"], arguments].concat())?;
    ensure!(report["rejected"].as_array().is_some_and(Vec::is_empty), "rows were rejected: {}", report["rejected"]);
    println!("    {} rows of {}", report["read"], arguments[0]);
    Ok(())
}

fn free_address() -> Result<SocketAddr> {
    Ok(std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}

/// The till program with its data folder.
pub(crate) struct TillProgram<'a> {
    folder: PathBuf,
    shop: &'a Shop,
}

impl<'a> TillProgram<'a> {
    /// Enrols a new till over the line and fetches what head office feeds it.
    pub(crate) fn enrol(folder: &Path, shop: &'a Shop, head_office: &HeadOffice, line: &Line) -> Result<Self> {
        let token = head_office.ok(&["token", "--store", shop.store, "--till", shop.till])?;
        let token = token["token"].as_str().context("head office gave no token")?.to_owned();
        let till = Self { folder: folder.to_owned(), shop };
        till.ok(&["enrol", &format!("https://{}", line.address()), &token])?;
        till.ok(&["sync"])?;
        Ok(till)
    }

    /// Which shop it stands in.
    pub(crate) fn shop(&self) -> &Shop {
        self.shop
    }

    /// Its data folder.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The price of an article at this till.
    pub(crate) fn price(&self, code: &str) -> Result<String> {
        let found = self.ok(&["products", code])?;
        Ok(found["products"][0]["price"].as_str().with_context(|| format!("{code} has no price"))?.to_owned())
    }

    /// Runs a command.
    pub(crate) fn run(&self, arguments: &[&str]) -> Result<Ran> {
        run(self.command()?.args(arguments))
    }

    /// Runs a command that must succeed, and reads its JSON.
    pub(crate) fn ok(&self, arguments: &[&str]) -> Result<Value> {
        self.run(arguments)?.json(&format!("till {}", arguments.join(" ")))
    }

    fn command(&self) -> Result<Command> {
        let mut command = Command::new(program("till")?);
        command.arg("--json").arg("--data").arg(&self.folder);
        Ok(command)
    }

    /// Sells a stream of baskets, and tells what was answered.
    pub(crate) fn sell(&self, stream: &[String]) -> Result<Answers> {
        let (answers, _) = self.sell_with(stream, usize::MAX)?;
        Answers::read(answers, stream.len())
    }

    /// Sells until so many answers have come, then kills the till with -9. Returns what was answered before.
    pub(crate) fn sell_until_killed(&self, stream: &[String], answers: usize) -> Result<Vec<String>> {
        let (answered, was_killed) = self.sell_with(stream, answers)?;
        ensure!(was_killed, "the till ended before it could be killed");
        Ok(answered)
    }

    fn sell_with(&self, stream: &[String], kill_after: usize) -> Result<(Vec<String>, bool)> {
        let mut till = self
            .command()?
            .args(["sell", "-"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let mut input = till.stdin.take().context("the till has no input")?;
        let output = till.stdout.take().context("the till has no output")?;
        let mut answers = Vec::new();
        let mut was_killed = false;
        thread::scope(|scope| -> Result<()> {
            // A till that was killed no longer reads; what could not be written is sent again with the next stream.
            scope.spawn(move || stream.iter().try_for_each(|basket| writeln!(input, "{basket}")));
            for line in BufReader::new(output).lines() {
                answers.push(line?);
                if answers.len() >= kill_after && !was_killed {
                    till.kill()?;
                    was_killed = true;
                }
            }
            Ok(())
        })?;
        till.wait()?;
        Ok((answers, was_killed))
    }
}
