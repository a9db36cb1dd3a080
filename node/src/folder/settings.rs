//! Settings of one data folder that are no facts of the trade: `till.json`.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::failure::Failure;
use crate::folder::{Folder, read_small, write_whole};

const BYTES_MAX: u64 = 65_536;

/// The settings of a folder.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Where a second mark file lies, on another disk.
    pub second_mark: Option<PathBuf>,
    /// Where the shop's own in-store codes carry a measure, such as `price:21.....{NNNDD}`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub masks: Vec<String>,
}

impl Settings {
    /// Reads the settings; without a file they are empty.
    ///
    /// # Errors
    /// The file cannot be read or is not such settings.
    pub fn read(folder: &Folder) -> Result<Self, Failure> {
        let path = folder.file("till.json");
        let Some(text) = read_small(&path, BYTES_MAX)? else { return Ok(Self::default()) };
        let unreadable = |error| Failure::damaged("settings", format!("{}: {error}", path.display()));
        serde_json::from_str(&text).map_err(unreadable)
    }

    /// Writes the settings.
    ///
    /// # Errors
    /// The disk failed.
    pub fn write(&self, folder: &Folder) -> Result<(), Failure> {
        let text =
            serde_json::to_string_pretty(self).map_err(|error| Failure::damaged("settings", error.to_string()))?;
        write_whole(&folder.file("till.json"), text.as_bytes())
    }
}
