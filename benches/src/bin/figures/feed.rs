//! A sale while a snapshot of 100,000 products comes down, beside the same till at rest.
//!
//! Head office is restored, which begins a new epoch: so the till fetches everything anew into shadow tables while it
//! sells on. Both share the till as in `till serve`: each step of the sync has it for itself, and the network never.

use std::fmt::Write;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use counterfoil_benches::baskets::Baskets;
use counterfoil_benches::figure::keep;
use counterfoil_benches::goods;
use counterfoil_core::command::Command;
use counterfoil_core::operator::Operator;
use counterfoil_node::folder::Folder;
use counterfoil_node::open_till::OpenTill;
use counterfoil_node::sync;

use crate::programs::{head_office, till};

const PRODUCTS: usize = 100_000;
const IDLE_SALES: usize = 1_000;

/// Measures it.
///
/// # Errors
/// A program failed.
pub(crate) fn measure() -> Result<()> {
    let place = tempfile::tempdir()?;
    let list = place.path().join("products.csv");
    std::fs::write(&list, catalogue()?)?;
    let (office, server) = head_office(place.path(), &list)?;
    let address = server.address.clone();
    let program = till(place.path(), &office, &server)?;
    drop(server);
    office.run(&["restore"])?;
    let server = office.serve_at(&address)?;

    let folder = Folder::at(&program.folder);
    let lock = folder.try_lock()?.context("nobody else has the till")?;
    let till = Mutex::new(OpenTill::open(lock)?);
    let mut baskets = Baskets::new("feed", 5);
    let mut idle: Vec<Duration> = Vec::with_capacity(IDLE_SALES);
    for _ in 0..IDLE_SALES {
        idle.push(sell(&till, &mut baskets)?);
    }
    let is_synced = AtomicBool::new(false);
    let (busy, report) = std::thread::scope(|scope| -> Result<_> {
        let syncing = scope.spawn(|| {
            let report = sync::sync(&till, &folder);
            is_synced.store(true, Ordering::Relaxed);
            report
        });
        let mut busy = Vec::new();
        while !is_synced.load(Ordering::Relaxed) {
            busy.push(sell(&till, &mut baskets)?);
            // A cashier is not faster than this, and a lock that is never free for the other measures only itself.
            std::thread::sleep(Duration::from_millis(2));
        }
        let report = syncing.join().map_err(|_| anyhow::anyhow!("the sync panicked"))??;
        Ok((busy, report))
    })?;
    drop(server);
    ensure!(report.feed_rows as usize >= PRODUCTS, "only {} rows came down", report.feed_rows);
    let [idle, busy] = [percentile(idle)?, percentile(busy)?];
    keep("feed_idle_p99", idle, "p99 of 1,000 sales of a till with 100,000 products at rest")?;
    keep("feed_sale_p99", busy, "p99 of sales while all products come down anew")?;
    keep("feed_sale_above_idle", busy.saturating_sub(idle), "the difference")
}

/// The time of one sale, waiting for the till included.
fn sell(till: &Mutex<OpenTill>, baskets: &mut Baskets) -> Result<Duration> {
    let mut basket = baskets.next().context("an endless stream")?.basket;
    basket.tenders = None;
    let command = Command::CompleteSale(basket);
    let start = Instant::now();
    let sold =
        till.lock().map_err(|_| anyhow::anyhow!("the sync panicked"))?.execute(&command, &Operator::owner().code);
    let time = start.elapsed();
    match sold {
        Ok(_) => Ok(time),
        Err(failure) => anyhow::bail!("a sale failed: {failure}"),
    }
}

fn percentile(mut times: Vec<Duration>) -> Result<u64> {
    ensure!(times.len() >= 100, "only {} sales were made", times.len());
    times.sort_unstable();
    Ok(u64::try_from(times[times.len() * 99 / 100].as_nanos())?)
}

fn catalogue() -> Result<String> {
    let mut text = "code,name,price,unit,barcode\n".to_owned();
    for product in goods::catalogue(PRODUCTS) {
        let name = product.name.as_str().replace('"', "");
        let price = product.price.map_or_else(String::new, |price| price.to_string());
        let barcode = product.barcodes.first().map_or("", |barcode| barcode.as_str());
        writeln!(text, "{},\"{name}\",{price},{},{barcode}", product.code, product.unit)?;
    }
    Ok(text)
}
