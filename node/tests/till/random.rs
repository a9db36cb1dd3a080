//! Pseudo-random numbers from a seed that is printed, so that a failure can be looked for again.

/// How often something is done: what the environment variable says, or else this many times.
pub(crate) fn times(variable: &str, otherwise: u64) -> u64 {
    std::env::var(variable).map_or(otherwise, |text| text.parse().unwrap_or_else(|_| panic!("{variable}={text}")))
}

/// A small generator (splitmix64).
#[derive(Clone, Debug)]
pub(crate) struct Random(u64);

impl Random {
    /// Begins with the seed of the environment, or with a fresh one, and prints which.
    pub(crate) fn printed(what: &str) -> Self {
        let seed = times("COUNTERFOIL_SEED", getrandom::u64().unwrap());
        println!("{what}: COUNTERFOIL_SEED={seed}");
        Self(seed)
    }

    /// Begins with this seed.
    pub(crate) const fn from_seed(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number.
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }
}
