//! Runs the simulated fleet over many seeds, the kept ones first, and tells the story of whatever fails.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use clap::Parser;
use counterfoil_fuzz::fleet::corpus::{self, Kept};
use counterfoil_fuzz::fleet::engine::{Ran, run};
use counterfoil_fuzz::fleet::options::Options;
use counterfoil_fuzz::fleet::shrink::shrink;
use counterfoil_fuzz::fleet::summary::Summary;
use counterfoil_fuzz::fleet::trace::Wants;
use counterfoil_sync_server::clock;
use indicatif::{ProgressBar, ProgressStyle};

/// The most failing seeds that are shrunk and told.
const TOLD_MAX: usize = 5;

/// A simulated fleet of tills with faults.
#[derive(Parser)]
struct Arguments {
    /// How many seeds.
    #[arg(long, default_value_t = 200)]
    seeds: u64,
    /// The first seed.
    #[arg(long, default_value_t = 1)]
    from: u64,
    /// How many threads.
    #[arg(long, default_value_t = 2)]
    threads: usize,
    /// How many steps per seed, in place of the usual number.
    #[arg(long)]
    steps: Option<u64>,
    /// Tells the story of one seed, and runs no other.
    #[arg(long)]
    story: Option<u64>,
    /// Tells the story of one kept run, by its file.
    #[arg(long)]
    kept: Option<PathBuf>,
    /// Where failing runs are kept.
    #[arg(long, default_value = concat!(env!("CARGO_MANIFEST_DIR"), "/corpus/fleet"))]
    corpus: PathBuf,
    /// Does not keep what fails.
    #[arg(long)]
    forget: bool,
    /// Shows the messages of panics, which are caught and judged.
    #[arg(long)]
    loud: bool,
    /// Does not shrink what fails.
    #[arg(long)]
    raw: bool,
    /// Plants each defect in turn, and looks whether the check that is named for it finds it. Needs a build with
    /// `--features planted-bugs`.
    #[arg(long)]
    planted: bool,
}

impl Arguments {
    fn options(&self, seed: u64) -> Options {
        let options = Options::of_seed(seed);
        Options { steps: self.steps.unwrap_or(options.steps), ..options }
    }
}

fn main() -> anyhow::Result<ExitCode> {
    let arguments = Arguments::parse();
    // A panic of core is caught and judged; its message belongs to the story, not to the terminal.
    if !arguments.loud {
        std::panic::set_hook(Box::new(|_| {}));
    }
    if let Some(seed) = arguments.story {
        return Ok(tell(seed, &arguments.options(seed)));
    }
    if let Some(path) = &arguments.kept {
        let kept: Kept = serde_json::from_str(&std::fs::read_to_string(path)?)?;
        return Ok(tell(kept.seed, &kept.options()?));
    }
    if arguments.planted {
        return planted_defects(&arguments);
    }
    let mut is_good = replay(&arguments)?;
    let (summary, failed) = run_all(&arguments);
    println!("{summary}");
    let never = summary.never();
    if !never.0.is_empty() || !never.1.is_empty() {
        println!("faults that never happened: {:?}; checks that never looked: {:?}", never.0, never.1);
        is_good = false;
    }
    for ran in failed.iter().take(TOLD_MAX) {
        report(&arguments, ran)?;
    }
    if failed.len() > TOLD_MAX {
        let others: Vec<String> = failed.iter().skip(TOLD_MAX).map(one_line).collect();
        println!("further failing seeds:\n{}", others.join("\n"));
    }
    is_good &= failed.is_empty();
    Ok(if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn tell(seed: u64, options: &Options) -> ExitCode {
    let ran = run(seed, options, Wants::Story);
    println!("{}", ran.story.join("\n"));
    println!("{:?}\ntrace {}", ran.tally, ran.trace_hash);
    if ran.failure.is_none() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Runs what failed once; says whether all of it holds now.
fn replay(arguments: &Arguments) -> anyhow::Result<bool> {
    let kept = corpus::read(&arguments.corpus)?;
    let mut is_good = true;
    for (path, kept) in &kept {
        let ran = run(kept.seed, &kept.options()?, Wants::Hash);
        if ran.failure.is_some() {
            println!("{} fails again: {}\n  replay: --kept {}", path.display(), one_line(&ran), path.display());
            is_good = false;
        }
    }
    println!("{} kept runs replayed", kept.len());
    Ok(is_good)
}

fn run_all(arguments: &Arguments) -> (Summary, Vec<Ran>) {
    let next = AtomicU64::new(0);
    let (sender, receiver) = channel();
    thread::scope(|scope| {
        for _ in 0..arguments.threads.max(1) {
            let (sender, next) = (sender.clone(), &next);
            scope.spawn(move || {
                loop {
                    let place = next.fetch_add(1, Ordering::Relaxed);
                    if place >= arguments.seeds {
                        return;
                    }
                    let seed = arguments.from.wrapping_add(place);
                    let ran = run(seed, &arguments.options(seed), Wants::Hash);
                    if sender.send(ran).is_err() {
                        return;
                    }
                }
            });
        }
        drop(sender);
        gather(arguments, &receiver)
    })
}

fn gather(arguments: &Arguments, receiver: &Receiver<Ran>) -> (Summary, Vec<Ran>) {
    let bar = ProgressBar::new(arguments.seeds);
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {pos}/{len} seeds, {per_sec}, {eta} left {msg}") {
        bar.set_style(style);
    }
    let (mut runs, mut failures) = (Vec::new(), 0);
    while let Ok(ran) = receiver.recv() {
        failures += usize::from(ran.failure.is_some());
        if failures > 0 {
            bar.set_message(format!("{failures} failed"));
        }
        bar.inc(1);
        runs.push(ran);
    }
    bar.finish();
    runs.sort_by_key(|ran| ran.seed.wrapping_sub(arguments.from));
    let mut summary = Summary::default();
    runs.iter().for_each(|ran| summary.add(ran));
    runs.retain(|ran| ran.failure.is_some());
    (summary, runs)
}

fn one_line(ran: &Ran) -> String {
    let text = ran.failure.as_ref().map(|broken| format!("{} at step {}: {}", broken.law, broken.step, broken.text));
    format!("seed {}: {}", ran.seed, text.unwrap_or_default())
}

/// Shrinks a failing run, tells its story, and keeps it.
fn report(arguments: &Arguments, ran: &Ran) -> anyhow::Result<()> {
    println!("\n{}", one_line(ran));
    let options = arguments.options(ran.seed);
    let small = if arguments.raw { options } else { shrink(ran, &options) };
    let told = run(ran.seed, &small, Wants::Story);
    let Some(broken) = &told.failure else { return Ok(()) };
    let faults: Vec<&str> = small.faults.difference(&small.suppressed).map(|kind| kind.code()).collect();
    println!("shrunk to {} steps, {} tills, faults {}:", small.steps, small.tills, faults.join(" "));
    println!("{}", told.story.join("\n"));
    if arguments.forget {
        return Ok(());
    }
    let today = clock::at("UTC", clock::now()).date().to_string();
    let path = Kept::new(ran.seed, &small, broken, today).write(&arguments.corpus)?;
    println!("replay: cargo run --release -p counterfoil-fuzz --bin fleet -- --kept {}", path.display());
    Ok(())
}

#[cfg(not(feature = "planted-bugs"))]
fn planted_defects(_: &Arguments) -> anyhow::Result<ExitCode> {
    anyhow::bail!("this program was built without the feature planted-bugs")
}

/// Lets each defect live over as many seeds as it takes, at most those that were asked for.
#[cfg(feature = "planted-bugs")]
fn planted_defects(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    use counterfoil_fuzz::fleet::planted::{EXPECTED, find, unproven};
    use std::sync::Mutex;

    anyhow::ensure!(unproven().is_empty(), "without a defect or without a check: {:?}", unproven());
    let next = AtomicU64::new(0);
    let rows = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..arguments.threads.max(1) {
            scope.spawn(|| {
                while let Some(expected) =
                    EXPECTED.get(usize::try_from(next.fetch_add(1, Ordering::Relaxed)).unwrap_or(usize::MAX))
                {
                    let seeds = arguments.from..arguments.from.saturating_add(arguments.seeds);
                    let run = |seed| run(seed, &arguments.options(seed), Wants::Hash).failure.map(|broken| broken.law);
                    let found = find(expected, seeds, run);
                    rows.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push((expected, found));
                }
            });
        }
    });
    let mut rows = rows.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    rows.sort_by_key(|(expected, _)| (expected.check, expected.planted.to_string()));
    let mut is_good = true;
    for (expected, found) in rows {
        let told = match found {
            Ok(found) => format!("found by {} with seed {}{}", found.by, found.seed, others(&found.before)),
            Err(before) => {
                is_good = false;
                format!("NOT FOUND{}", others(&before))
            }
        };
        println!("{:>4}  {:<24} {told}", expected.check.to_string(), expected.planted.to_string());
    }
    Ok(if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

#[cfg(feature = "planted-bugs")]
fn others(laws: &std::collections::BTreeSet<String>) -> String {
    if laws.is_empty() {
        String::new()
    } else {
        format!(" (other seeds broke {})", laws.iter().cloned().collect::<Vec<_>>().join(" "))
    }
}
