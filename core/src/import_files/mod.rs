//! What a shop brings along: files of products and sales as CSV, with commas, semicolons or tabs, or as a JSON array of
//! objects, plain or gzipped.
//!
//! Behind the feature `import-files`, because core itself speaks no JSON and an integrator who embeds it may have no
//! files to read. It stands here at all because the till and head office import the same files and must count, reject
//! and report the same rows: one reader, so that no file means one thing in the shop and another at head office. Files
//! are opened by the programs and come as a reader. Nothing else in core may use this module.

pub mod source;
pub mod reached;
pub mod csv_rows;
pub mod json_rows;
pub mod products;
