//! A fleet of tills and their head office under attack, in one thread, from one seed.

pub mod boundary;
pub mod history;
pub mod observe;
pub mod oracle;
#[cfg(feature = "planted-bugs")]
pub mod planted;

// what a run is made of
pub mod fault;
pub mod options;
pub mod trace;
mod shop;
mod device;
mod office;
mod line;
mod world;

// what happens in it
mod network;
mod power;
mod people;
mod machines;
mod attack;
mod newer;
mod pins;
mod mishap;
mod quiet;
pub mod engine;

// what is made of many runs
pub mod shrink;
pub mod corpus;
pub mod summary;
