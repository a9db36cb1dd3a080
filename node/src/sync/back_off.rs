//! How long to wait before trying again: twice as long each time, up to a minute, and never all tills at once.
//!
//! A shop street that gets its power back has hundreds of tills calling at one moment, so each wait is between half and
//! the whole of its length, by chance. What head office asks for counts more. Example: 0.5 s, 1 s, 2 s, ... 60 s.

use std::time::Duration;

const FIRST_MS: u64 = 500;
const LONGEST_MS: u64 = 60_000;

/// The wait before trying again, after so many failures in a row.
#[must_use]
pub fn wait(failures: u32, asked_for: Option<Duration>) -> Duration {
    let mut chance = [0; 2];
    // Without random numbers all wait their whole time, which is safe.
    let chance = getrandom::fill(&mut chance).map_or(u16::MAX, |()| u16::from_be_bytes(chance));
    wait_by_chance(failures, asked_for, chance)
}

fn wait_by_chance(failures: u32, asked_for: Option<Duration>, chance: u16) -> Duration {
    let doublings = failures.saturating_sub(1).min(16);
    let whole = FIRST_MS.saturating_mul(1 << doublings).min(LONGEST_MS);
    let half = whole / 2;
    let part = half.saturating_mul(u64::from(chance)) / u64::from(u16::MAX);
    let own = Duration::from_millis(half.saturating_add(part));
    asked_for.map_or(own, |asked| asked.saturating_add(Duration::from_millis(part)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_a_minute_and_differ_by_chance() {
        let check = |failures, chance, ms| {
            assert_eq!(wait_by_chance(failures, None, chance), Duration::from_millis(ms), "{failures}");
        };
        check(0, 0, 250);
        check(1, u16::MAX, 500);
        check(2, u16::MAX, 1_000);
        check(7, 0, 16_000);
        check(8, u16::MAX, 60_000);
        check(u32::MAX, 0, 30_000);
        let asked = wait_by_chance(1, Some(Duration::from_secs(30)), u16::MAX);
        assert_eq!(asked, Duration::from_millis(30_250));
        assert!(wait(3, None) >= Duration::from_secs(1));
    }
}
