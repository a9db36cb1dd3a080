//! Head office: merges the journals of all tills and proves that no number is missing.
//!
//! Modules stand in reading order: what a claim means, where things are kept, how the two become one.

pub mod verdict;
pub mod store;
pub mod projection;
pub mod read_batch;
mod totals_text;
pub mod said;
pub mod branch;
pub mod merge;
pub mod writer;

// what head office is, and who may come in
pub mod clock;
pub mod folder;
pub mod authority;
pub mod token;
pub mod settings;

// what it gives: journals with their series, master data
pub mod operation_error;
pub mod enrolment;
pub mod grants;
pub mod master_data;
pub mod feed;
pub mod import;
pub mod removal;

// the whole, and what is asked of it
pub mod desk;
pub mod office;
pub mod forgotten_grant;
pub mod exchange;
pub mod ingest;
pub mod admin;
pub mod audit;
pub mod report;
pub mod wire;
pub mod operations;

// connections
pub mod stall;
pub mod listener;
pub mod local_api;
pub mod http;
pub mod server;

// the command line
pub mod cli;
