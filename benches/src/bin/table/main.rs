//! The table of `make bench`: every figure beside its peer, its goal, and whether it is met.
//!
//! Reads what criterion estimated (the median of each benchmark) and what the program `figures` and the benchmarks kept.
//! What was not measured says so; nothing is carried over from anywhere else.

mod reading;
mod rows;

use reading::{Shown, read};
use rows::{Goal, ROWS, Row};

const TITLES: [&str; 6] = ["figure", "measured", "peer", "ratio", "goal", "met"];

fn main() {
    let lines: Vec<[String; 6]> = ROWS.iter().map(line).collect();
    let titles = TITLES.map(str::to_owned);
    let width = |column: usize| {
        let cells = std::iter::once(&titles).chain(&lines).map(|line| line[column].chars().count());
        cells.max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..TITLES.len()).map(width).collect();
    print_line(&titles, &widths);
    println!("|{}|", widths.iter().map(|width| "-".repeat(width + 2)).collect::<Vec<_>>().join("|"));
    lines.iter().for_each(|line| print_line(line, &widths));
}

fn print_line(cells: &[String; 6], widths: &[usize]) {
    let padded = cells.iter().zip(widths).map(|(cell, width)| format!(" {cell:<width$} "));
    println!("|{}|", padded.collect::<Vec<_>>().join("|"));
}

fn line(row: &Row) -> [String; 6] {
    let measured = read(row.figure, row.unit);
    let peer = row.peer.and_then(|(name, source)| Some((name, read(source, row.unit)?)));
    let hundredths = measured.zip(peer.as_ref()).map(|(own, (_, peer))| own.0 * 100 / peer.0.max(1));
    let shown_peer = peer.map_or_else(String::new, |(name, value)| format!("{name}: {}", Shown(value, row.unit)));
    let ratio = hundredths.map_or_else(String::new, |ratio| format!("{}.{:02}", ratio / 100, ratio % 100));
    let goals: Vec<String> = row.goals.iter().map(|goal| goal.text(row.unit)).collect();
    let met = match measured {
        None => row.missing,
        Some(_) if row.goals.is_empty() => "",
        Some(value) if row.goals.iter().all(|goal| is_met(goal, value.0, hundredths)) => "yes",
        Some(_) => "NO",
    };
    let shown = measured.map_or_else(String::new, |value| Shown(value, row.unit).to_string());
    [row.what.to_owned(), shown, shown_peer, ratio, goals.join(", "), met.to_owned()]
}

fn is_met(goal: &Goal, value: u64, hundredths: Option<u64>) -> bool {
    match *goal {
        Goal::AtMost(limit) => value <= limit,
        Goal::AtLeast(limit) => value >= limit,
        Goal::RatioAtMost(limit) => hundredths.is_some_and(|ratio| ratio <= limit),
        Goal::RatioAtLeast(limit) => hundredths.is_some_and(|ratio| ratio >= limit),
    }
}
