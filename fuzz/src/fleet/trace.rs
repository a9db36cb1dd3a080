//! What happened in a run, as lines of text: hashed always, kept where a person wants to read the story.
//!
//! Always: the same seed with the same options gives the same lines, so the same hash (invariant M1).

use counterfoil_core::hex;
use sha2::{Digest, Sha256};

/// The lines of a run.
#[derive(Clone, Debug)]
pub struct Trace {
    hash: Sha256,
    lines: Option<Vec<String>>,
}

impl Trace {
    /// A trace that is only hashed, or kept as a story too.
    #[must_use]
    pub fn new(wants: Wants) -> Self {
        let lines = match wants {
            Wants::Hash => None,
            Wants::Story => Some(Vec::new()),
        };
        Self { hash: Sha256::new(), lines }
    }

    /// Adds a line.
    pub fn add(&mut self, line: String) {
        self.hash.update(line.as_bytes());
        self.hash.update(b"\n");
        if let Some(lines) = &mut self.lines {
            lines.push(line);
        }
    }

    /// Adds bytes to the hash that no person would read.
    pub fn mix(&mut self, bytes: &[u8]) {
        self.hash.update(bytes);
    }

    /// The hash of all lines.
    #[must_use]
    pub fn hash(&self) -> String {
        hex::encode(&self.hash.clone().finalize())
    }

    /// The lines, where they were kept.
    #[must_use]
    pub fn lines(&self) -> &[String] {
        self.lines.as_deref().unwrap_or_default()
    }
}

/// What is wanted of a trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wants {
    /// Its hash.
    Hash,
    /// Its lines too.
    Story,
}
