//! Tills and head office together: the real programs, real TLS on loopback, real files.
//!
//! A till is the program `till` in a process of its own. Head office is served inside the test, so that a test may look
//! into its store, or as the program `head-office`, so that it can be killed; its commands are the program in any case.
//! What is expected is what both programs tell: `status` and `audit` of the till, `audit` of head office.

mod head;
mod line;
#[path = "../../../node/tests/till/random.rs"]
mod random;
mod rogue;
mod till;

mod copies;
mod days;
mod doubles;
mod endings;
mod files;
mod kills;
mod losses;
mod master_data;
mod misbehaviour;
mod moved;
mod network;
mod offline;
mod refunds;
mod refusals;
mod restores;
mod strangers;
mod thousand;
mod till_kills;
mod years;

/// No test by itself: the till program, which the tests run as a process of its own by this name.
#[test]
fn till_program() {
    till::run_as_program();
}
