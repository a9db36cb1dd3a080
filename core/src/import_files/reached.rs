//! How far a file was read, for whoever watches.
//!
//! Lines are not counted before they are read, so the share of a CSV file that is done is told in bytes; the elements of
//! a JSON array are known once it was opened. Always: `done <= total`. Example: row 4,000 of a list may be 310,000 of
//! 846,000 bytes.

/// How far a file was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reached {
    /// Rows read, good and bad.
    pub rows: u64,
    /// What is done of `total`: bytes of a CSV file, elements of a JSON array.
    pub done: u64,
    /// What there is in all.
    pub total: u64,
}
