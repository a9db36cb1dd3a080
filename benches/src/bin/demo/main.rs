//! The demonstration: a head office and two tills of two stores on real data, with the network cut and a till killed.
//!
//! It runs the released programs as a shop would, by their commands alone, and proves at the end, from the tills' own
//! audits and head office's, that nothing is missing. `make demo` builds and runs it; `KEEP=1` leaves it running.

mod baskets;
mod network;
mod programs;
mod proof;
mod shop;

use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, Result, ensure};

use crate::network::Line;
use crate::programs::{HeadOffice, TillProgram};
use crate::shop::{SHOPS, Shop};

const DATA: &str = "node/data";
const FOLDER: &str = "demo-data";
const PRICES_COMPARED: usize = 20;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("the demonstration failed: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let started = Instant::now();
    let folder = Path::new(FOLDER);
    if folder.exists() {
        std::fs::remove_dir_all(folder).with_context(|| format!("{FOLDER} of an earlier run cannot be removed"))?;
    }
    std::fs::create_dir_all(folder)?;

    step("head office opens: private CA, keys, catalogue and the prices of two stores");
    let head_office = HeadOffice::set_up(&folder.join("head-office"))?;
    let line = Line::lay(head_office.address())?;

    step("two tills of two stores enrol with one-time tokens and fetch their catalogue");
    let mut tills = Vec::new();
    for shop in &SHOPS {
        let till = TillProgram::enrol(&folder.join(shop.folder), shop, &head_office, &line)?;
        println!("    {} {} sells from {}", shop.store, shop.till, shop.price_list);
        tills.push(till);
    }
    compare_prices(&tills)?;
    for till in &tills {
        till.ok(&["open", "--float", "200.00"])?;
    }

    step("the network is cut; the shops do not notice");
    line.cut();
    for till in &tills {
        ensure!(!till.run(&["sync"])?.is_ok, "a till synced although the network is cut");
    }
    let sold = sell_offline(&tills)?;

    step("the network is back; both journals go up");
    line.mend();
    let syncing = Instant::now();
    for till in &tills {
        till.ok(&["sync"])?;
    }
    println!("    {} documents pushed in {:.1} s", sold.documents, syncing.elapsed().as_secs_f32());
    for till in &tills {
        let x = till.ok(&["x"])?;
        let expected = x["expected"].as_str().context("the X report has no expected cash")?.to_owned();
        till.ok(&["close", "--count", &expected])?;
        till.ok(&["sync"])?;
    }

    step("the proof, from the tills' own audits and head office's");
    proof::print(&tills, &head_office, &sold)?;
    println!("\ndone in {:.0} s", started.elapsed().as_secs_f32());
    for till in &tills {
        let (shop, folder) = (till.shop(), till.folder().display());
        println!("till {} {}: target/release/till --data {folder} status", shop.store, shop.till);
    }
    if std::env::var_os("KEEP").is_some_and(|keep| keep == "1") {
        println!("head office https://{} stays up until Ctrl-C", head_office.address());
        return head_office.stay();
    }
    println!("head office has stopped; KEEP=1 leaves it up");
    Ok(())
}

/// What was sold with the network cut.
pub(crate) struct Sold {
    documents: usize,
    seconds: f32,
    by_till: Vec<baskets::Answers>,
}

fn sell_offline(tills: &[TillProgram<'_>]) -> Result<Sold> {
    let mut by_till = Vec::new();
    let selling = Instant::now();
    for (index, till) in tills.iter().enumerate() {
        let stream = baskets::stream(till, Path::new(DATA))?;
        let answers = if index == 0 { kill_and_go_on(till, &stream)? } else { till.sell(&stream)? };
        println!(
            "    {} {}: {} sales, {} refunds, {} refused",
            till.shop().store,
            till.shop().till,
            answers.sales,
            answers.refunds,
            answers.refused
        );
        by_till.push(answers);
    }
    let seconds = selling.elapsed().as_secs_f32();
    let documents = by_till.iter().map(|answers| answers.sales + answers.refunds).sum();
    println!("    {documents} documents in {seconds:.1} s, each one durable before it was answered");
    Ok(Sold { documents, seconds, by_till })
}

/// Sells until half of the stream is answered, kills the till with -9, audits, and sends the whole stream again.
fn kill_and_go_on(till: &TillProgram<'_>, stream: &[String]) -> Result<baskets::Answers> {
    let before = till.sell_until_killed(stream, stream.len() / 2)?;
    println!("    {} {} was killed with -9 after {} answers", till.shop().store, till.shop().till, before.len());
    let audit = till.ok(&["audit"])?;
    ensure!(audit["ok"] == true, "the audit after the kill is not ok: {audit}");
    let answers = till.sell(stream)?;
    for (line, acknowledged) in before.iter().enumerate() {
        ensure!(answers.lines[line] == *acknowledged, "answer {line} changed after the kill: {acknowledged}");
    }
    println!("    every one of them got the same answer again, number and hash included");
    Ok(answers)
}

/// Shows that the two stores sell the same article at different prices, as in their files.
fn compare_prices(tills: &[TillProgram<'_>]) -> Result<()> {
    let lists = SHOPS.iter().map(|shop| Shop::prices(shop, Path::new(DATA))).collect::<Result<Vec<_>>>()?;
    let differs = |(code, price): &(&String, &String)| lists[1].get(*code).is_some_and(|other| other != *price);
    let differing: Vec<&String> = lists[0].iter().filter(differs).map(|(code, _)| code).collect();
    for code in differing.iter().step_by(differing.len().div_ceil(PRICES_COMPARED)) {
        for (till, list) in tills.iter().zip(&lists) {
            let (price, expected) = (normal(&till.price(code)?), normal(&list[*code]));
            ensure!(price == expected, "{code} costs {price} at {}, but {expected} in its file", till.shop().store);
        }
    }
    println!("    {} articles have another price in the other store, at the tills as in the files", differing.len());
    Ok(())
}

/// A price in its shortest form: 0.90 is 0.9.
fn normal(price: &str) -> String {
    if price.contains('.') { price.trim_end_matches('0').trim_end_matches('.').to_owned() } else { price.to_owned() }
}

fn step(text: &str) {
    println!("* {text}");
}
