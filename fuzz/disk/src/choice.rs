//! Which of the writes that no flush confirmed are on the disk after power was lost.
//!
//! A disk may write its cache in any order and may be in the middle of anything. A choice names how much of it is kept
//! and how a write is torn; a seed decides the rest. Example: `Percent(50)` with `Sectors` keeps about half of the
//! 512-byte sectors of all unflushed writes.

use fastrand::Rng;

use crate::history::Operation;
use crate::image::Image;

/// What a disk writes as a whole or not at all.
const SECTOR_BYTES: usize = 512;

/// How much of the cache is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Keep {
    /// Only what was flushed.
    Nothing,
    /// Every operation in its order; a tear hits the last write.
    All,
    /// About this share of the operations, in their order.
    Percent(u8),
    /// Every operation, in another order.
    Shuffled,
}

/// How a write that is kept arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Tear {
    /// As a whole.
    Whole,
    /// Some of its 512-byte sectors.
    Sectors,
    /// Its beginning or its end, cut at a byte.
    Bytes,
}

/// What becomes of a new length of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Lengths {
    /// It is chosen like a write.
    Chosen,
    /// It is lost; a write beyond the old end makes the file as long as it needs.
    Dropped,
}

/// What is on the disk after power was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Choice {
    /// How much of the cache is kept.
    pub keep: Keep,
    /// How a write that is kept arrives.
    pub tear: Tear,
    /// What becomes of a new length of the file.
    pub lengths: Lengths,
}

impl Choice {
    /// Every choice, the plain ones first.
    pub const ALL: [Self; 22] = {
        const fn of(keep: Keep, tear: Tear, lengths: Lengths) -> Choice {
            Choice { keep, tear, lengths }
        }
        use Keep::{All, Nothing, Percent, Shuffled};
        use Lengths::{Chosen, Dropped};
        use Tear::{Bytes, Sectors, Whole};
        [
            of(Nothing, Whole, Chosen),
            of(All, Whole, Chosen),
            of(All, Sectors, Chosen),
            of(All, Bytes, Chosen),
            of(Percent(10), Whole, Chosen),
            of(Percent(10), Sectors, Chosen),
            of(Percent(10), Bytes, Chosen),
            of(Percent(50), Whole, Chosen),
            of(Percent(50), Sectors, Chosen),
            of(Percent(50), Bytes, Chosen),
            of(Percent(90), Whole, Chosen),
            of(Percent(90), Sectors, Chosen),
            of(Percent(90), Bytes, Chosen),
            of(Shuffled, Whole, Chosen),
            of(Shuffled, Sectors, Chosen),
            of(Shuffled, Bytes, Chosen),
            of(All, Whole, Dropped),
            of(All, Bytes, Dropped),
            of(Percent(50), Whole, Dropped),
            of(Percent(50), Sectors, Dropped),
            of(Percent(90), Whole, Dropped),
            of(Shuffled, Whole, Dropped),
        ]
    };

    /// One of [`Choice::ALL`].
    #[must_use]
    pub fn draw(rng: &mut Rng) -> Self {
        Self::ALL[rng.usize(..Self::ALL.len())]
    }

    /// The image that is left of flushed bytes and the operations since.
    pub(crate) fn apply(self, durable: &Image, pending: &[Operation], rng: &mut Rng) -> Image {
        let mut image = durable.clone();
        if self.keep == Keep::Nothing {
            return image;
        }
        let mut order: Vec<usize> = (0..pending.len()).collect();
        if self.keep == Keep::Shuffled {
            rng.shuffle(&mut order);
        }
        for at in order {
            match &pending[at] {
                Operation::Write { offset, data } => {
                    let is_last = at + 1 == pending.len();
                    self.write(&mut image, *offset, data, is_last, rng);
                }
                Operation::SetLen(len) if self.lengths == Lengths::Chosen && self.is_kept(rng) => image.set_len(*len),
                Operation::SetLen(_) | Operation::Flush => {}
            }
        }
        image
    }

    fn write(self, image: &mut Image, offset: usize, data: &[u8], is_last: bool, rng: &mut Rng) {
        // In order, only the write that power was lost in can be torn.
        let tear = if self.keep == Keep::All && !is_last { Tear::Whole } else { self.tear };
        match tear {
            Tear::Whole if self.is_kept(rng) => image.write(offset, data),
            Tear::Bytes if self.is_kept(rng) => {
                let cut = rng.usize(..=data.len());
                if rng.bool() {
                    image.write(offset, &data[..cut]);
                } else {
                    image.write(offset + cut, &data[cut..]);
                }
            }
            Tear::Whole | Tear::Bytes => {}
            Tear::Sectors => {
                let mut from = 0;
                while from < data.len() {
                    let to = data.len().min(from + SECTOR_BYTES - (offset + from) % SECTOR_BYTES);
                    let is_kept = match self.keep {
                        Keep::All | Keep::Shuffled => rng.bool(),
                        Keep::Percent(_) | Keep::Nothing => self.is_kept(rng),
                    };
                    if is_kept {
                        image.write(offset + from, &data[from..to]);
                    }
                    from = to;
                }
            }
        }
    }

    fn is_kept(self, rng: &mut Rng) -> bool {
        match self.keep {
            Keep::Nothing => false,
            Keep::All | Keep::Shuffled => true,
            Keep::Percent(percent) => rng.u8(..100) < percent,
        }
    }
}
