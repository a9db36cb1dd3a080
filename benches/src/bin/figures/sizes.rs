//! How large the programs are, and how many crates stand below core.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use counterfoil_benches::figure::{keep, target};

/// Counts both.
///
/// # Errors
/// A program is not built, or cargo failed.
pub(crate) fn count() -> Result<()> {
    for (program, name) in [("till", "size_till"), ("head-office", "size_head_office")] {
        let path = target().join("release").join(program);
        let size = fs::metadata(&path).with_context(|| format!("{} is not built", path.display()))?.len();
        keep(name, size, "bytes of the release binary, symbols stripped")?;
    }
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let arguments = ["tree", "--locked", "--offline", "-p", "counterfoil-core", "-e", "normal", "--prefix", "none"];
    let tree = Command::new(cargo).args(arguments).args(["--format", "{p}"]).output()?;
    ensure!(tree.status.success(), "cargo tree failed: {}", String::from_utf8_lossy(&tree.stderr));
    let text = String::from_utf8(tree.stdout)?;
    let crates: BTreeSet<&str> = text.lines().map(|line| line.trim_end_matches(" (*)")).collect();
    keep(
        "core_crates",
        crates.len().saturating_sub(1) as u64,
        "cargo tree -p counterfoil-core -e normal, without itself",
    )
}
