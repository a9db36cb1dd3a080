//! Runs that failed once, kept for ever: each is a small JSON file that every later run replays first.
//!
//! Example: `{"seed":17,"steps":40,"tills":2,"faults":["cloned"],"suppressed":[],"law":"X1","date":"2026-11-21"}`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::Context;
use serde::{Deserialize, Serialize};

use super::engine::Broken;
use super::fault::FaultKind;
use super::options::Options;

/// A run that failed once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kept {
    /// The seed.
    pub seed: u64,
    /// How many steps.
    pub steps: u64,
    /// How many tills at the beginning.
    pub tills: usize,
    /// The kinds of faults that the seed brings up.
    pub faults: Vec<String>,
    /// Those that do not happen after all.
    pub suppressed: Vec<String>,
    /// The law that was broken.
    pub law: String,
    /// When it was found.
    pub date: String,
}

impl Kept {
    /// A failed run.
    #[must_use]
    pub fn new(seed: u64, options: &Options, broken: &Broken, date: String) -> Self {
        let codes = |kinds: &BTreeSet<FaultKind>| kinds.iter().map(|kind| kind.code().to_owned()).collect();
        Self {
            seed,
            steps: options.steps,
            tills: options.tills,
            faults: codes(&options.faults),
            suppressed: codes(&options.suppressed),
            law: broken.law.clone(),
            date,
        }
    }

    /// What it was made of. A kind of fault that is no longer known is an error: the run would be another.
    ///
    /// # Errors
    /// It names a kind of fault that is not known.
    pub fn options(&self) -> anyhow::Result<Options> {
        let kinds = |codes: &[String]| -> anyhow::Result<BTreeSet<FaultKind>> {
            let kind =
                |code: &String| FaultKind::of(code).with_context(|| format!("no kind of fault is called {code}"));
            codes.iter().map(kind).collect()
        };
        Ok(Options {
            steps: self.steps,
            tills: self.tills,
            faults: kinds(&self.faults)?,
            suppressed: kinds(&self.suppressed)?,
        })
    }

    /// Writes it into a folder, under a name of its own.
    ///
    /// # Errors
    /// The disk failed.
    pub fn write(&self, folder: &Path) -> anyhow::Result<PathBuf> {
        std::fs::create_dir_all(folder)?;
        let law = self.law.replace(|c: char| !c.is_ascii_alphanumeric(), "-");
        let path = folder.join(format!("{law}-{}.json", self.seed));
        std::fs::write(&path, format!("{}\n", serde_json::to_string(self)?))?;
        Ok(path)
    }
}

/// Every kept run of a folder, in the order of names.
///
/// # Errors
/// A file cannot be read or is no kept run.
pub fn read(folder: &Path) -> anyhow::Result<Vec<(PathBuf, Kept)>> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let mut paths = Vec::new();
    for found in std::fs::read_dir(folder)? {
        paths.push(found?.path());
    }
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    paths.sort();
    let kept = paths.into_iter().map(|path| {
        let text = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        let kept = serde_json::from_str(&text).with_context(|| path.display().to_string())?;
        Ok((path, kept))
    });
    kept.collect()
}
