//! A fleet of tills and their head office under attack, in one thread, from one seed.

pub mod history;
pub mod observe;
pub mod oracle;
