//! Why a command did not succeed, and the exit code that says so.
//!
//! Four endings are told apart by every caller, be it a script or the local API: 0 done, 1 a rule said no, 2 the call
//! was wrong, 3 data or disk are damaged. A refusal has used up nothing; after damage the till does not go on.

use std::path::Path;

use counterfoil_core::journal::fault::Fault;
use counterfoil_core::refusal::{Refusal, ToldRefusal};
use serde::Serialize;

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ending {
    /// It was carried out.
    Done,
    /// A rule of the trade said no.
    Refused,
    /// It was called wrongly.
    Usage,
    /// Data are damaged, or the disk failed.
    Damaged,
}

impl Ending {
    /// The exit code of the program.
    #[must_use]
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Refused => 1,
            Self::Usage => 2,
            Self::Damaged => 3,
        }
    }
}

/// Why a command did not succeed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// A rule of the trade says no.
    Refused(Refusal),
    /// The command was called wrongly.
    Usage(String),
    /// Data are damaged, the disk failed, or another process holds the folder.
    Damaged(Damage),
}

/// What is wrong with data or disk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Damage {
    /// The stable code for programs.
    pub code: &'static str,
    /// What is wrong, naming the file.
    pub message: String,
}

impl Failure {
    /// The disk failed at `path`.
    #[must_use]
    pub fn io(path: &Path, error: &std::io::Error) -> Self {
        Self::damaged("io", format!("{}: {error}", path.display()))
    }

    /// What was found is not what was written.
    #[must_use]
    pub fn damaged(code: &'static str, message: impl Into<String>) -> Self {
        Self::Damaged(Damage { code, message: message.into() })
    }

    /// How the command ended.
    #[must_use]
    pub const fn ending(&self) -> Ending {
        match self {
            Self::Refused(_) => Ending::Refused,
            Self::Usage(_) => Ending::Usage,
            Self::Damaged(_) => Ending::Damaged,
        }
    }

    /// The failure as one JSON object: `{"refused":{...}}` or `{"error":{...}}`.
    #[must_use]
    pub fn json(&self) -> String {
        match self {
            Self::Refused(refusal) => line(&Refused { refused: ToldRefusal::from(refusal) }),
            Self::Usage(message) => line(&Wrong { error: &Damage { code: "usage", message: message.clone() } }),
            Self::Damaged(damage) => line(&Wrong { error: damage }),
        }
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Refused(refusal) => write!(formatter, "refused: {refusal}"),
            Self::Usage(message) => formatter.write_str(message),
            Self::Damaged(damage) => write!(formatter, "{}: {}", damage.code, damage.message),
        }
    }
}

impl std::error::Error for Failure {}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        Self::damaged("fault", fault.to_string())
    }
}

#[derive(Serialize)]
struct Refused {
    refused: ToldRefusal,
}

#[derive(Serialize)]
struct Wrong<'a> {
    error: &'a Damage,
}

fn line<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).expect("structs of text and numbers always become JSON")
}
