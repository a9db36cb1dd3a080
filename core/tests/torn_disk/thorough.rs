//! How much is tried: a share in every test run, all of it in `make crash`.

/// One in how many cases to try.
pub(crate) fn stride(one_in: usize) -> usize {
    if is_thorough() { 1 } else { one_in }
}

/// Whether this is the long run.
pub(crate) fn is_thorough() -> bool {
    std::env::var_os("CRASH_IMAGES").is_some()
}
