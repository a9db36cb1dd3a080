//! Attacks Counterfoil: a simulated fleet of tills with faults, and fuzz targets for all that comes from outside.

pub mod fleet;
pub mod targets;
