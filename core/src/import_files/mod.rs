//! The rows of the files that a shop brings along: CSV with commas, semicolons or tabs, and JSON arrays of objects.
//!
//! Behind the feature `import-files`, because core itself speaks no JSON and an integrator who embeds it may have no
//! files to read. It stands here at all because the till and head office import the same files and must count, reject
//! and report the same rows: one reader, so that no file means one thing in the shop and another at head office. Nothing
//! else in core may use it.

pub mod source;
pub mod csv_rows;
pub mod json_rows;
