//! Histories made by hand: one that is honest and breaks nothing, and spoiled ones, each caught by its own check alone.

mod exports;
mod spoiled;
mod story;

use std::collections::BTreeSet;

use super::{Check, Oracle};
use crate::fleet::history::{History, What};

/// Lets an oracle read a story.
fn read(story: &[What]) -> Oracle {
    let mut history = History::default();
    let mut oracle = Oracle::new();
    for (step, what) in (1..).zip(story) {
        history.add(step, story::START_MS + i64::try_from(step).unwrap() * 1_000, what.clone());
        oracle.read(&history);
    }
    oracle
}

/// Spoils the honest story and expects exactly one check to notice.
fn check(expected: Check, spoil: impl FnOnce(&mut Vec<What>)) {
    let mut story = story::honest();
    spoil(&mut story);
    let oracle = read(&story);
    let found: BTreeSet<Check> = oracle.broken().iter().map(|broken| broken.check).collect();
    assert_eq!(found, BTreeSet::from([expected]), "{:#?}", oracle.broken());
    let told = oracle.broken()[0].to_string();
    assert!(told.contains(&expected.to_string()) && told.contains(expected.rule()), "{told}");
}

#[test]
fn an_honest_story_breaks_nothing_and_every_check_has_looked_at_it() {
    let oracle = read(&story::honest());
    assert_eq!(oracle.broken(), []);
    assert_eq!(oracle.counts().never(), []);
}

#[test]
fn a_step_tells_the_first_broken_promise_and_counts_add_up() {
    let mut history = History::default();
    let mut oracle = Oracle::new();
    assert_eq!(oracle.step(&history), Ok(()));
    assert_eq!(oracle.counts().never(), Check::ALL);
    for what in story::honest() {
        history.add(1, story::START_MS, what);
    }
    assert_eq!(oracle.step(&history), Ok(()));
    let mut both = oracle.counts().clone();
    both.add(oracle.counts());
    assert_eq!(both.of(Check::N1), 2 * oracle.counts().of(Check::N1));
    assert!(both.of(Check::N1) > 0 && both.never().is_empty());
}
