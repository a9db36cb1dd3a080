//! Head office: merges the journals of all tills and proves that no number is missing.
//!
//! Modules stand in reading order: what a claim means, where things are kept, how the two become one.

pub mod verdict;

pub mod store;

pub mod projection;
pub mod merge;
pub mod writer;
