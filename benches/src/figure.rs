//! A figure that is measured once, by a program and not by criterion: one JSON file each, for the table.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

/// A figure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figure {
    /// Its name, by which the table finds it.
    pub name: String,
    /// What it is, in its unit.
    pub value: u64,
    /// How it was measured, for people.
    pub how: String,
}

/// The build folder, where figures and large stores are kept.
#[must_use]
pub fn target() -> PathBuf {
    let own = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../target");
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(own, PathBuf::from)
}

fn path(name: &str) -> PathBuf {
    target().join("figures").join(format!("{name}.json"))
}

/// Keeps a figure for the table and shows it.
///
/// # Errors
/// The disk failed.
pub fn keep(name: &str, value: u64, how: &str) -> Result<()> {
    let figure = Figure { name: name.to_owned(), value, how: how.to_owned() };
    let path = path(name);
    fs::create_dir_all(target().join("figures"))?;
    fs::write(&path, serde_json::to_vec(&figure)?).with_context(|| format!("{} cannot be written", path.display()))?;
    println!("{name}: {value} ({how})");
    Ok(())
}

/// A figure that was kept; none where it was not measured.
#[must_use]
pub fn kept(name: &str) -> Option<Figure> {
    serde_json::from_slice(&fs::read(path(name)).ok()?).ok()
}
