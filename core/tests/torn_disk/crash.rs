//! The crash images of `make test`, and the long run of `make crash`.
//!
//! `CRASH_IMAGES`, `CRASH_SEED` and `CRASH_THREADS` set another size; `CRASH_CASE` makes one image again and lives on it.

use std::fmt::Write as _;
use std::io::IsTerminal;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use counterfoil_disk::{Choice, Lie, Operation};
use indicatif::{ProgressBar, ProgressStyle};

use crate::case::Case;
use crate::life::{Finding, Wrong};
use crate::reference::Reference;
use crate::sweep::{Plan, Summary, all_doings, replay, sweep, sweep_points};

/// How many images every test run tries.
const IMAGES: u64 = 2_000;
/// Where no bar can be shown, a line is printed after so many images, so that a run that is cut short tells how far it was.
const IMAGES_PER_WORD: u64 = 20_000;
/// From how many images on each choice must have come; the rarest is one image in 1,600.
const IMAGES_OF_EVERY_CHOICE: u64 = 20_000;

fn number(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.replace(['_', ','], "").parse().unwrap_or_else(|_| panic!("{name}={text} is not a number")))
}

/// Panics of a till are findings; they are told with their case and not as they happen.
pub(crate) fn quiet_panics() {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if !crate::life::is_living() {
            before(info);
        }
    }));
}

#[test]
fn whatever_a_power_cut_leaves_all_that_was_answered_is_there_and_the_till_sells_on() {
    if let Ok(case) = std::env::var("CRASH_CASE") {
        let case = case.parse().unwrap();
        let found = replay(&case);
        eprintln!("{case}: {found:?}");
        assert!(found.is_ok(), "{case}: {found:?}");
        return;
    }
    quiet_panics();
    let cores = std::thread::available_parallelism().map_or(1, |cores| cores.get() as u64);
    let images = number("CRASH_IMAGES");
    let plan = Plan {
        images: images.unwrap_or(IMAGES),
        seed: number("CRASH_SEED").unwrap_or(1),
        threads: number("CRASH_THREADS").unwrap_or(cores).max(1),
    };
    let bar = bar(plan.images);
    let begun = Instant::now();
    let tried = AtomicU64::new(0);
    let summary = sweep(plan, &|images, failed| {
        bar.inc(images);
        let before = tried.fetch_add(images, Ordering::Relaxed);
        if bar.is_hidden() && (before + images) / IMAGES_PER_WORD > before / IMAGES_PER_WORD {
            eprintln!(
                "{} of {} images, {failed} failed, {} s",
                before + images,
                plan.images,
                begun.elapsed().as_secs()
            );
        }
        if failed > 0 {
            bar.set_message(format!("{failed} FAILED"));
        }
    });
    bar.finish_and_clear();
    let text = describe(plan, &summary, begun.elapsed());
    eprintln!("{text}");
    assert!(summary.failures.is_empty(), "{text}");
    assert!(summary.images() >= plan.images);
    if plan.images >= IMAGES {
        let has = |is_like: &dyn Fn(&Choice) -> bool| summary.by_choice.keys().any(is_like);
        let is_tried = |choice: &&Choice| match plan.images >= IMAGES_OF_EVERY_CHOICE {
            true => has(&|tried| tried == *choice),
            false => {
                has(&|tried| tried.keep == choice.keep)
                    && has(&|tried| tried.tear == choice.tear)
                    && has(&|tried| tried.lengths == choice.lengths)
            }
        };
        let untried: Vec<_> = Choice::ALL.iter().filter(|choice| !is_tried(choice)).collect();
        assert!(untried.is_empty(), "no image of {untried:?}");
        let missed: Vec<_> = all_doings().into_iter().filter(|doing| !summary.by_doing.contains_key(doing)).collect();
        assert!(missed.is_empty(), "power was never lost while {missed:?}");
    }
}

#[test]
fn a_disk_that_reports_one_flush_too_early_is_found() {
    quiet_panics();
    let honest = Reference::of(1);
    for command in [2, 4, 18, 30] {
        let done = |answered: usize| &honest.history.operations()[..answered];
        let flushes = done(honest.answered[command]).iter().filter(|done| **done == Operation::Flush).count();
        let planted = Reference::planted(1, Some(Lie::Only(flushes as u64 - 1)));
        // From the answer to the flush of the next command the answered one is at the mercy of the disk.
        let summary = sweep_points(&planted, planted.answered[command]..planted.answered[command + 1]);
        // What makes no entry, such as a page of the feed, is missed by the answers and not by the mark.
        let is_missed = |(_, (wrong, _)): &(Case, Finding)| matches!(wrong, Wrong::Lost | Wrong::State);
        assert!(summary.failures.iter().any(is_missed), "nobody missed command {command}");
        let summary = sweep_points(&honest, honest.answered[command]..honest.answered[command + 1]);
        assert!(summary.failures.is_empty(), "{:?}", summary.failures);
    }
}

fn bar(images: u64) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = "{bar:40} {human_pos} of {human_len} images, {per_sec}, {eta} left {msg}";
    ProgressBar::new(images).with_style(ProgressStyle::with_template(style).expect("the template is well formed"))
}

fn describe(plan: Plan, summary: &Summary, took: Duration) -> String {
    let mut text = String::new();
    let Summary { points, scripts, unborn, repeats, by_level, .. } = summary;
    let images = summary.images();
    let rate = images * 1_000 / u64::try_from(took.as_millis()).unwrap().max(1);
    writeln!(text, "{images} crash images of {scripts} scripts from seed {}, {points} crash points", plan.seed)
        .unwrap();
    writeln!(text, "{} s on {} threads, {rate} images a second", took.as_secs(), plan.threads).unwrap();
    let [one, two, three] = by_level;
    writeln!(text, "power lost once {one}, twice {two}, three times {three}").unwrap();
    writeln!(text, "not yet a store, nothing answered: {unborn}; same as another, not counted: {repeats}").unwrap();
    for (doing, images) in &summary.by_doing {
        writeln!(text, "  {images:>9} {doing}").unwrap();
    }
    for (choice, images) in &summary.by_choice {
        writeln!(text, "  {images:>9} {:?}, {:?}, lengths {:?}", choice.keep, choice.tear, choice.lengths).unwrap();
    }
    let count = |wrong: Wrong| summary.failures.iter().filter(|(_, (found, _))| *found == wrong).count();
    let (lost, state) = (count(Wrong::Lost), count(Wrong::State));
    let (closed, panics) = (count(Wrong::NotOpenable), count(Wrong::Panic));
    writeln!(text, "lost {lost}, wrong {state}, not openable {closed}, panics {panics}").unwrap();
    if summary.failed > 0 {
        writeln!(text, "{} images failed; the first:", summary.failed).unwrap();
    }
    for (case, (wrong, what)) in &summary.failures {
        let what: String = what.chars().take(400).collect();
        writeln!(text, "{wrong:?}: {what}\n  again: make crash CASE={case}").unwrap();
    }
    text
}
