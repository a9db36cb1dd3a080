//! A fleet of tills and their head office under attack, in one thread, from one seed.

pub mod boundary;
pub mod history;
pub mod observe;
pub mod oracle;
#[cfg(feature = "planted-bugs")]
pub mod planted;
