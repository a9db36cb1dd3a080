//! What the benchmarks share: real goods, real baskets, journals of any length, stores, and how a figure is kept.

pub mod figure;
pub mod goods;
pub mod baskets;
pub mod journal;
pub mod offers;
pub mod unsynced;
pub mod office;
