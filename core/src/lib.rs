//! Counterfoil's core: the trade, the journal and the store of one till.
//!
//! Modules stand in reading order; a module uses only what is declared above it.

#![deny(clippy::arithmetic_side_effects)]
#![cfg_attr(test, expect(clippy::arithmetic_side_effects, reason = "a test that overflows has failed"))]

// values
pub mod currency;
pub mod id;
pub mod money;
pub mod quantity;
pub mod refusal;
pub mod rounding;
pub mod time;

// journal
pub mod journal;
