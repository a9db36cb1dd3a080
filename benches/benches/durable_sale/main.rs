//! One durable sale of five lines, beside its peers on the same disk.
//!
//! Our figure is a whole `Till::execute`: the id is looked up, the products are found, the basket is priced, taxed and
//! numbered, the entry is sealed into the chain, stored, and on the disk when it returns. Nothing is signed there: the
//! journal's key signs batches and hellos when they are sent. The peers store only, what the till has decided:
//! `sqlite_normalised` the facts in tables with their keys, `sqlite_blob` the entry with one index, `append` the entry at
//! the end of a file, `overwrite` the entry in a file that has its length already. Each sale is made by all of them, one
//! after the other, and each figure counts only its own part of it; so all meet the same disk at the same time.

mod counted;
mod peers;
mod shop;

use std::time::Duration;

use counterfoil_benches::figure::keep;
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use shop::Shop;

const NAMES: [&str; 6] = ["till", "sqlite_normalised", "sqlite_blob", "append", "overwrite", "till_in_memory"];

/// Sales before anything is measured; `SALES` sets another number.
const SALES_BEFORE: usize = 30_000;
/// Sales of the table of medians.
const SALES_OF_TABLE: usize = 4_000;

fn durable_sale(criterion: &mut Criterion) {
    let before = std::env::var("SALES").ok().and_then(|sales| sales.parse().ok()).unwrap_or(SALES_BEFORE);
    let mut shop = Shop::stocked(before);
    print_table(&mut shop);
    let mut group = criterion.benchmark_group("durable_sale");
    for (place, name) in NAMES.into_iter().enumerate() {
        group.bench_function(BenchmarkId::from_parameter(name), |bencher| {
            bencher.iter_custom(|sales| (0..sales).map(|_| shop.sale()[place]).sum());
        });
    }
    group.finish();
}

/// The figures of one interleaved run, and what was counted at the till's own backend.
fn print_table(shop: &mut Shop) {
    let before = shop.disk().counts();
    let mut times: Vec<Vec<Duration>> = vec![Vec::with_capacity(SALES_OF_TABLE); NAMES.len()];
    for _ in 0..SALES_OF_TABLE {
        for (of_peer, time) in times.iter_mut().zip(shop.sale()) {
            of_peer.push(time);
        }
    }
    let after = shop.disk().counts();
    println!(
        "{SALES_OF_TABLE} sales of 5 lines, interleaved; microseconds, and the till's mean in percent of the peer's"
    );
    println!("{:<20}{:>10}{:>10}{:>10}{:>12}", "", "mean", "median", "p99", "till in %");
    let mean = |times: &[Duration]| times.iter().sum::<Duration>().as_nanos() / (times.len() as u128).max(1);
    let till = mean(&times[0]);
    for (name, of_peer) in NAMES.into_iter().zip(&mut times) {
        of_peer.sort_unstable();
        let (median, p99) = (of_peer[of_peer.len() / 2].as_micros(), of_peer[of_peer.len() * 99 / 100].as_micros());
        let mean = mean(of_peer);
        println!("{name:<20}{:>10}{median:>10}{p99:>10}{:>12}", mean / 1_000, till * 100 / mean.max(1));
    }
    let sales = SALES_OF_TABLE as u64;
    let hundredths = |count: u64| format!("{}.{:02}", count / sales, count * 100 / sales % 100);
    println!("flushes per sale       {}", hundredths(after.flushes - before.flushes));
    println!("writes per sale        {}", hundredths(after.writes - before.writes));
    println!("bytes written per sale {}", (after.bytes - before.bytes) / sales);
    println!("bytes of one entry     {}", shop.entry_bytes());
    let flushes = (after.flushes - before.flushes) * 100 / sales;
    let how = "counted at the till's own backend over 4,000 sales";
    keep("durable_sale_flushes", flushes, how).expect("the build folder can be written");
    keep("durable_sale_bytes", (after.bytes - before.bytes) / sales, how).expect("the build folder can be written");
}

criterion_group!(benches, durable_sale);
criterion_main!(benches);
