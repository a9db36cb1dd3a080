//! The till: what stands around the core so that a shop can sell with it.
//!
//! `cli` and `http` are two doors to the same `operations`, each of which turns a typed request and the open till into
//! one answer. `folder` keeps the till on disk, `clock` tells the time of the store, `wire` holds what is JSON.

pub mod caller;
pub mod cli;
pub mod clock;
pub mod failure;
pub mod folder;
pub mod http;
pub mod import;
pub mod local;
pub mod network;
pub mod open_till;
pub mod operations;
pub mod sync;
pub mod wire;
