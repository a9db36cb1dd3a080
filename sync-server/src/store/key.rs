//! Keys of rows: bytes whose order is the order of their parts.
//!
//! Numbers are big-endian, signed ones with the sign bit turned over; a text ends in a zero byte, which none contains
//! (every code refuses control characters). Example: day -1 comes before day 0, and store `S1` before `S10`.

use counterfoil_core::id::{Hash, JournalId};

const ROOM_BYTES: usize = 64;

/// A key in the making.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Key(Vec<u8>);

impl Key {
    /// A key that begins with a journal.
    #[must_use]
    pub fn journal(journal: JournalId) -> Self {
        Self::default().and_journal(journal)
    }

    /// A key that begins with a text.
    #[must_use]
    pub fn text(text: &str) -> Self {
        Self::default().and_text(text)
    }

    /// A key of a number alone.
    #[must_use]
    pub fn number(number: u64) -> Self {
        Self::default().and(number)
    }

    /// A key of bytes alone.
    #[must_use]
    pub fn bytes(bytes: &[u8]) -> Self {
        Self::default().and_bytes(bytes)
    }

    /// Then a number.
    #[must_use]
    pub fn and(self, number: u64) -> Self {
        self.and_bytes(&number.to_be_bytes())
    }

    /// Then a number with sign.
    #[must_use]
    pub fn and_signed(self, number: i64) -> Self {
        self.and_bytes(&(number ^ i64::MIN).to_be_bytes())
    }

    /// Then a text.
    #[must_use]
    pub fn and_text(self, text: &str) -> Self {
        self.and_bytes(text.as_bytes()).and_bytes(&[0])
    }

    /// Then a journal.
    #[must_use]
    pub fn and_journal(self, journal: JournalId) -> Self {
        self.and_bytes(&journal.0)
    }

    /// Then a hash.
    #[must_use]
    pub fn and_hash(self, hash: Hash) -> Self {
        self.and_bytes(&hash.0)
    }

    /// Then bytes of which nothing follows, or always as many.
    #[must_use]
    pub fn and_bytes(mut self, bytes: &[u8]) -> Self {
        // Most keys are a few parts: room for all of them at once.
        if self.0.capacity() == 0 {
            self.0.reserve(bytes.len().max(ROOM_BYTES));
        }
        self.0.extend_from_slice(bytes);
        self
    }

    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The first key after all that begin with this one; `None` where no key can follow.
    #[must_use]
    pub fn after_all(&self) -> Option<Self> {
        let mut bytes = self.0.clone();
        while let Some(last) = bytes.pop() {
            if let Some(next) = last.checked_add(1) {
                bytes.push(next);
                return Some(Self(bytes));
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_ordered_as_their_parts() {
        let day = |day: i64| Key::text("S1").and_signed(day);
        let keys = [day(i64::MIN), day(-1), day(0), day(1), day(i64::MAX), Key::text("S10").and_signed(-5)];
        assert!(keys.is_sorted_by(|left, right| left.as_bytes() < right.as_bytes()));
        assert!(Key::number(255).as_bytes() < Key::number(256).as_bytes());
    }

    #[test]
    fn a_prefix_ends_where_the_next_begins() {
        assert_eq!(Key::bytes(&[1, 255, 255]).after_all(), Some(Key::bytes(&[2])));
        assert_eq!(Key::bytes(&[255, 255]).after_all(), None);
        assert_eq!(Key::bytes(&[]).after_all(), None);
    }
}
