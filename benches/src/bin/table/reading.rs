//! Where a value comes from, and how it is shown.

use std::fmt;
use std::fs;

use counterfoil_benches::figure::{kept, target};
use serde_json::Value;

/// Where a value comes from.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Source {
    /// The median of a benchmark of criterion, in nanoseconds: `group/function`.
    Criterion(&'static str),
    /// A figure that was kept.
    Kept(&'static str),
}

/// What a value is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Unit {
    /// Nanoseconds.
    Time,
    /// So many elements took the nanoseconds that were measured.
    Rate(u64),
    /// Bytes.
    Bytes,
    /// Things.
    Count,
    /// Hundredths of things.
    Hundredths,
}

/// A value in its unit; of a rate, elements a second.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Read(pub(crate) u64);

/// The value of a source, where it was measured.
pub(crate) fn read(source: Source, unit: Unit) -> Option<Read> {
    let value = match source {
        Source::Criterion(name) => median(name)?,
        Source::Kept(name) => kept(name)?.value,
    };
    Some(Read(match unit {
        Unit::Rate(elements) => elements * 1_000_000_000 / value.max(1),
        Unit::Time | Unit::Bytes | Unit::Count | Unit::Hundredths => value,
    }))
}

fn median(name: &str) -> Option<u64> {
    let path = target().join("criterion").join(name).join("new/estimates.json");
    let estimates: Value = serde_json::from_slice(&fs::read(path).ok()?).ok()?;
    let nanoseconds = estimates["median"]["point_estimate"].as_f64()?;
    format!("{nanoseconds:.0}").parse().ok()
}

/// A value for people.
pub(crate) struct Shown(pub(crate) Read, pub(crate) Unit);

impl fmt::Display for Shown {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(Read(value), unit) = *self;
        match unit {
            Unit::Time => {
                let (divisor, name) = match value {
                    0..1_000 => return write!(formatter, "{value} ns"),
                    1_000..1_000_000 => (1_000, "us"),
                    1_000_000..1_000_000_000 => (1_000_000, "ms"),
                    _ => (1_000_000_000, "s"),
                };
                write!(formatter, "{}.{:02} {name}", value / divisor, value % divisor * 100 / divisor)
            }
            Unit::Rate(_) => write!(formatter, "{value}/s"),
            Unit::Bytes if value >= 10 << 20 => {
                write!(formatter, "{}.{} MiB", value >> 20, ((value % (1 << 20)) * 10) >> 20)
            }
            Unit::Bytes => write!(formatter, "{value} B"),
            Unit::Count => write!(formatter, "{value}"),
            Unit::Hundredths => write!(formatter, "{}.{:02}", value / 100, value % 100),
        }
    }
}
