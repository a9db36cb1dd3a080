//! Packing: bytes to one lz4 block, smaller than fast packers make it.
//!
//! Sales repeat names, codes and prices, but seldom in the neighbouring sale; so all places of the last 64 KiB are
//! looked at, not the last one of each hash alone. A block is a series of: literals, then a copy of at least 4 bytes
//! from at most 65,535 bytes before; it ends in at least 5 literals, and no copy begins in its last 12 bytes (lz4 block
//! format). Any lz4 reader unpacks it. Example: 12 sales of milk take little more than one.

/// The shortest copy.
const COPY_BYTES_MIN: usize = 4;
/// The farthest that a copy comes from.
const DISTANCE_MAX: usize = 65_535;
/// The last bytes of a block, in which no copy begins.
const END_BYTES: usize = 12;
/// The last bytes of a block, which are always literals.
const END_LITERALS: usize = 5;
/// How many earlier places are looked at for each.
const LOOKS_MAX: usize = 24;
const HASH_BITS: u32 = 15;

/// Packs bytes into one lz4 block.
pub(crate) fn pack(raw: &[u8]) -> Vec<u8> {
    let mut packed = Vec::with_capacity(raw.len() / 2);
    let mut places = Places::of(raw);
    let end = raw.len().saturating_sub(END_BYTES);
    let (mut literals_from, mut at) = (0, 0_usize);
    while at < end {
        let Some(copy) = places.longest(at) else {
            places.note(at);
            at = at.saturating_add(1);
            continue;
        };
        places.note(at);
        let next = at.saturating_add(1);
        // One literal more is worth it where a copy that is longer by more begins behind it.
        if next < end && places.longest(next).is_some_and(|later| later.length > copy.length.saturating_add(1)) {
            at = next;
            continue;
        }
        put_literals(&mut packed, raw.get(literals_from..at).unwrap_or_default(), Some(copy));
        let after = at.saturating_add(copy.length);
        (next..after.min(end)).for_each(|place| places.note(place));
        (literals_from, at) = (after, after);
    }
    put_literals(&mut packed, raw.get(literals_from..).unwrap_or_default(), None);
    packed
}

/// So many bytes from so far before.
#[derive(Clone, Copy)]
struct Copy {
    distance: usize,
    length: usize,
}

/// Where in the bytes so far each four bytes stand, newest first.
struct Places<'a> {
    raw: &'a [u8],
    /// By hash: one more than the newest place.
    newest: Vec<u32>,
    /// By place: one more than the place before it with the same hash.
    before: Vec<u32>,
}

impl<'a> Places<'a> {
    fn of(raw: &'a [u8]) -> Self {
        Self { raw, newest: vec![0; 1 << HASH_BITS], before: vec![0; raw.len()] }
    }

    fn hash(&self, at: usize) -> Option<usize> {
        let four = self.raw.get(at..at.saturating_add(COPY_BYTES_MIN))?;
        let number = four.iter().fold(0_u32, |number, byte| number << 8 | u32::from(*byte));
        usize::try_from(number.wrapping_mul(0x9E37_79B1) >> (32_u32.saturating_sub(HASH_BITS))).ok()
    }

    fn note(&mut self, at: usize) {
        let Some(hash) = self.hash(at) else { return };
        let (Some(newest), Some(before)) = (self.newest.get_mut(hash), self.before.get_mut(at)) else { return };
        *before = std::mem::replace(newest, u32::try_from(at.saturating_add(1)).unwrap_or(0));
    }

    /// The longest copy for what stands at a place.
    fn longest(&self, at: usize) -> Option<Copy> {
        let limit = self.raw.len().saturating_sub(END_LITERALS);
        let wanted = self.raw.get(at..limit)?;
        let mut best: Option<Copy> = None;
        let mut next = *self.newest.get(self.hash(at)?)?;
        for _ in 0..LOOKS_MAX {
            let Some(place) = usize::try_from(next).ok().and_then(|next| next.checked_sub(1)) else { break };
            let distance = at.saturating_sub(place);
            if distance > DISTANCE_MAX || distance == 0 {
                break;
            }
            let longer_than = best.map_or(COPY_BYTES_MIN.saturating_sub(1), |best| best.length);
            let offered = self.raw.get(place..).unwrap_or_default();
            if offered.get(longer_than) == wanted.get(longer_than) {
                let length = common(offered, wanted);
                if length > longer_than {
                    best = Some(Copy { distance, length });
                }
            }
            next = self.before.get(place).copied().unwrap_or(0);
        }
        best
    }
}

/// How many bytes two runs begin with alike.
fn common(one: &[u8], other: &[u8]) -> usize {
    let ((ones, _), (others, _)) = (one.as_chunks::<8>(), other.as_chunks::<8>());
    let whole = ones.iter().zip(others).take_while(|(one, other)| one == other).count().saturating_mul(8);
    let [one, other] = [one, other].map(|run| run.get(whole..).unwrap_or_default());
    whole.saturating_add(one.iter().zip(other).take_while(|(one, other)| one == other).count())
}

/// Writes literals and the copy that follows them; the last ones of a block have none.
fn put_literals(packed: &mut Vec<u8>, literals: &[u8], copy: Option<Copy>) {
    let beyond = copy.map(|copy| copy.length.saturating_sub(COPY_BYTES_MIN));
    let nibble = |length: usize| u8::try_from(length.min(15)).unwrap_or(15);
    packed.push(nibble(literals.len()) << 4 | beyond.map_or(0, nibble));
    put_rest(packed, literals.len());
    packed.extend_from_slice(literals);
    if let (Some(copy), Some(beyond)) = (copy, beyond) {
        packed.extend_from_slice(&u16::try_from(copy.distance).unwrap_or(u16::MAX).to_le_bytes());
        put_rest(packed, beyond);
    }
}

/// What of a length does not fit into its four bits: bytes of 255, and one below.
fn put_rest(packed: &mut Vec<u8>, length: usize) {
    let Some(mut rest) = length.checked_sub(15) else { return };
    while let Some(less) = rest.checked_sub(255) {
        packed.push(255);
        rest = less;
    }
    packed.push(u8::try_from(rest).unwrap_or(254));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(raw: &[u8]) -> usize {
        let packed = pack(raw);
        assert_eq!(lz4_flex::block::decompress(&packed, raw.len()).unwrap(), raw);
        packed.len()
    }

    #[test]
    fn what_repeats_is_packed_once() {
        let sale = |number: usize| format!("S01-T01-R26A-{number:06} milk 1 l 1.25 {number} ");
        let sales = |count: usize| (0..count).map(sale).collect::<String>().into_bytes();
        assert!(check(&sales(1_000)) < sales(1_000).len() / 3);
        assert!(check(&[0; 100_000]) < 500);
        let far: Vec<u8> = [&sales(100)[..], &vec![7; DISTANCE_MAX], &sales(100)].concat();
        check(&far);
    }

    #[test]
    fn the_lengths_at_which_another_byte_begins_are_read_back() {
        for length in [0, 1, 4, 5, 11, 12, 13, 14, 15, 16, 18, 19, 20, 269, 270, 271, 273, 274, 275, 525, 530] {
            check(&vec![9; length]);
            let distinct: Vec<u8> = (0..length).map(|place| (place * 7 % 251) as u8).collect();
            check(&distinct);
            check(&[&distinct[..], &distinct, b"123456789012"].concat());
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_back(parts in proptest::collection::vec((0_u8..4, 0_usize..40), 0..200)) {
            let raw: Vec<u8> = parts.iter().flat_map(|(byte, count)| vec![*byte; *count]).collect();
            let packed = pack(&raw);
            prop_assert_eq!(lz4_flex::block::decompress(&packed, raw.len()).unwrap(), raw);
        }
    }
}
