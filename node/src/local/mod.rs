//! Finding the till of a folder: opened here, or in the hands of a running `till serve`.
//!
//! The lock of the folder decides, never the address file: who gets the lock opens the store itself, and an address
//! left behind by a killed process is of no account. Only while another process holds the lock is the address read.

pub mod address;
pub mod client;
pub mod reach;
