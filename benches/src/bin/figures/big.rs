//! A till with 100,000 products and 1,000,000 sales: how long it takes to open, to look up a barcode, and its memory.
//!
//! The store is made once, without flushes, and stays in `target/bench-store`; `SALES=n` makes one of another size. Each
//! opening is a process of its own, so that its memory is its own; the file is in the system's cache, as on a till that
//! is started again. A kill -9 comes right after a durable sale.

use std::fs::{self, File, OpenOptions};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command as Process, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use counterfoil_benches::baskets::{Baskets, Filled};
use counterfoil_benches::figure::{keep, target};
use counterfoil_benches::goods;
use counterfoil_benches::journal::{SALES_A_DAY, profile, time_of};
use counterfoil_benches::unsynced::UnsyncedFile;
use counterfoil_core::catalog::{MasterRow, Product};
use counterfoil_core::command::{Basket, BasketLine, Command, Count};
use counterfoil_core::db::FileBackend;
use counterfoil_core::id::JournalId;
use counterfoil_core::journal::key::SigningKey;
use counterfoil_core::money::Money;
use counterfoil_core::operator::Operator;
use counterfoil_core::quantity::Quantity;
use counterfoil_core::till::{Access, SetUp, StorageBackend, Till};

use crate::programs::peak_memory;

const PRODUCTS: usize = 100_000;
const ROWS_PER_COMMAND: usize = 200;
const LOOK_UPS: usize = 20_000;

fn sales() -> u64 {
    std::env::var("SALES").ok().and_then(|sales| sales.parse().ok()).unwrap_or(1_000_000)
}

fn path() -> PathBuf {
    target().join("bench-store").join(format!("till-{}.redb", sales()))
}

fn key() -> SigningKey {
    SigningKey::from_seed([3; 32])
}

/// Measures all of it.
///
/// # Errors
/// A process or the disk failed.
pub(crate) fn measure() -> Result<()> {
    if !is_made() {
        make(&path())?;
    }
    // The first opening after the making is not counted; it settles what the maker left.
    child("big-sell")?;
    child("big-open-clean")?;
    die()?;
    child("big-open-killed")
}

fn is_made() -> bool {
    open(&path()).is_ok_and(|till| till.state().total.count >= sales())
}

fn open(path: &Path) -> Result<Till> {
    let file = OpenOptions::new().read(true).write(true).open(path)?;
    Ok(Till::open(FileBackend::new(file)?, vec![key()], Access::Full)?)
}

fn make(path: &Path) -> Result<()> {
    let count = sales();
    fs::create_dir_all(path.parent().context("a folder")?)?;
    println!("making {} with {count} sales; this takes minutes and is done once", path.display());
    let unfinished = path.with_extension("new");
    let file = File::options().read(true).write(true).create(true).truncate(true).open(&unfinished)?;
    let mut till = found(UnsyncedFile(FileBackend::new(file)?))?;
    let owner = Operator::owner().code;
    let mut baskets = Baskets::new("big", 5);
    for number in 0..count {
        let now = time_of(number);
        if number.is_multiple_of(SALES_A_DAY) {
            if number > 0 {
                till.execute(&Command::CloseDrawer(Count::Total(Money::from_minor(10_000))), &owner, now)?;
            }
            till.execute(&Command::OpenDrawer(Money::from_minor(10_000)), &owner, now)?;
        }
        if number.is_multiple_of(100_000) {
            println!("  {number} sales");
        }
        till.execute(&sale(baskets.next().context("an endless stream")?), &owner, now)?;
    }
    drop(till);
    File::open(&unfinished)?.sync_all()?;
    fs::rename(&unfinished, path)?;
    Ok(())
}

fn sale(filled: Filled) -> Command {
    Command::CompleteSale(filled.basket)
}

fn found(backend: impl StorageBackend) -> Result<Till> {
    let journal = JournalId([3; 16]);
    let set_up = SetUp { profile: profile(0), journal, key: key(), series_suffix: "A".to_owned() };
    let mut till = Till::create(backend, set_up, time_of(0))?;
    let products = goods::catalogue(PRODUCTS).into_iter().map(|product| MasterRow::Product(Box::new(product)));
    let rows: Vec<MasterRow> = goods::tax_classes().into_iter().chain(products).collect();
    for rows in rows.chunks(ROWS_PER_COMMAND) {
        till.execute(&Command::ChangeMasterData(rows.to_vec()), &Operator::owner().code, time_of(0))?;
    }
    Ok(till)
}

fn child(name: &str) -> Result<()> {
    let status = Process::new(std::env::current_exe()?).arg(name).status()?;
    ensure!(status.success(), "{name} failed");
    Ok(())
}

/// Starts a till that sells once, and kills it.
fn die() -> Result<()> {
    let mut selling = Process::new(std::env::current_exe()?).arg("big-wait").stdout(Stdio::piped()).spawn()?;
    let mut line = String::new();
    BufReader::new(selling.stdout.take().context("a pipe")?).read_line(&mut line)?;
    selling.kill()?;
    selling.wait()?;
    ensure!(line == "sold\n", "the till that was to be killed said {line}");
    Ok(())
}

/// Sells once more and closes the till, or waits to be killed.
///
/// # Errors
/// The store cannot be opened or written.
pub(crate) fn sell_once(is_waiting: bool) -> Result<()> {
    let mut till = open(&path())?;
    let seq = till.mark().seq;
    let basket = Baskets::new(&format!("more{seq}"), 5).next().context("an endless stream")?;
    let now = till.state().series.iter().filter_map(|series| series.last_issued).max_by_key(|now| now.at);
    till.execute(&sale(basket), &Operator::owner().code, now.context("it has sold")?)?;
    if is_waiting {
        println!("sold");
        std::thread::sleep(std::time::Duration::from_secs(600));
    }
    Ok(())
}

/// Opens the till and keeps how long that took; then, after a clean stop, look-ups and memory.
///
/// # Errors
/// The store cannot be opened or read.
pub(crate) fn open_timed(is_clean: bool) -> Result<()> {
    let start = Instant::now();
    let till = open(&path())?;
    let nanoseconds = u64::try_from(start.elapsed().as_nanos())?;
    let sales = till.state().total.count;
    if !is_clean {
        return keep("big_open_killed", nanoseconds, &format!("Till::open of {sales} sales after kill -9"));
    }
    keep("big_open_clean", nanoseconds, &format!("Till::open of {sales} sales after a clean stop"))?;
    let barcodes = barcodes(&till)?;
    let mut found = 0;
    let start = Instant::now();
    for place in 0..LOOK_UPS {
        let barcode = &barcodes[place * 7_919 % barcodes.len()];
        found += usize::from(till.resolve(barcode)?.is_some());
    }
    let each = start.elapsed() / u32::try_from(LOOK_UPS)?;
    ensure!(found == LOOK_UPS, "only {found} barcodes were found");
    keep(
        "big_barcode",
        u64::try_from(each.as_nanos())?,
        "mean of 20,000 look-ups of different barcodes: product, price, taxes",
    )?;
    let mut till = till;
    sell_a_hundred(&mut till, &barcodes)?;
    let memory = peak_memory(std::process::id()).context("the system tells it")?;
    keep("big_memory", memory, "VmHWM after opening, 20,000 look-ups and 100 sales, a list of all barcodes included")
}

/// The barcodes of all products, as the till lists them; nothing else of them is kept.
fn barcodes(till: &Till) -> Result<Vec<String>> {
    let mut barcodes = Vec::with_capacity(PRODUCTS);
    let mut last = None;
    loop {
        let products = till.products(last.as_ref(), ROWS_PER_COMMAND)?;
        let Some(newest) = products.last() else { return Ok(barcodes) };
        last = Some(newest.code.clone());
        let first = |product: &Product| Some(product.barcodes.first()?.as_str().to_owned());
        barcodes.extend(products.iter().filter_map(first));
    }
}

fn sell_a_hundred(till: &mut Till, barcodes: &[String]) -> Result<()> {
    let seq = till.mark().seq;
    let now = till.state().series.iter().filter_map(|series| series.last_issued).max_by_key(|now| now.at);
    let now = now.context("it has sold")?;
    for (number, five) in barcodes.chunks(5).take(100).enumerate() {
        let line = |code: &String| BasketLine { code: code.clone(), quantity: Quantity::ONE, unit_price: None };
        let basket = Basket::of_lines(format!("hundred-{seq}-{number}").parse()?, five.iter().map(line).collect());
        till.execute(&Command::CompleteSale(basket), &Operator::owner().code, now)?;
    }
    Ok(())
}
