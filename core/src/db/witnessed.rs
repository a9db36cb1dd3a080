//! A backend that reads back what it wrote, or fails.
//!
//! The storage engine does not compare a page with its checksum when it reads it, and on a page that changed under it
//! it may panic, even while it unwinds, which ends the process. So a sum of each block of 4 KiB is kept in memory when it is
//! read first, which the check of all pages at opening does, and when it is written; each later read is compared with it.
//! Always: damage that happens while a till is open is an error before the engine sees it. Example: a store of 400 MB has
//! 100,000 blocks, whose sums take 800 KB.

use std::io::{self, ErrorKind};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::db::StorageBackend;

const BLOCK_BITS: u32 = 12;
const BLOCK_BYTES: usize = 1 << BLOCK_BITS;
const LANE_BYTES: usize = 8;
const LANES: usize = 4;

/// The backend with the sums of its blocks.
#[derive(Debug)]
pub(crate) struct WitnessedBackend<B> {
    backend: B,
    sums: Mutex<Vec<Option<u64>>>,
}

impl<B: StorageBackend> WitnessedBackend<B> {
    pub(crate) const fn new(backend: B) -> Self {
        Self { backend, sums: Mutex::new(Vec::new()) }
    }

    fn sums(&self) -> MutexGuard<'_, Vec<Option<u64>>> {
        // A sum is whole or it is not there.
        self.sums.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A sum that differs wherever one block differs from another in a single word, and almost surely elsewhere.
fn sum(block: &[u8]) -> u64 {
    const FACTOR: u64 = 0x9E37_79B9_7F4A_7C15;
    let step = |lane: u64, word: u64| (lane ^ word).wrapping_mul(FACTOR).rotate_left(29);
    let mut lanes = [1_u64, 2, 3, 4];
    let (words, _) = block.as_chunks::<LANE_BYTES>();
    for chunk in words.chunks(LANES) {
        for (lane, word) in lanes.iter_mut().zip(chunk) {
            *lane = step(*lane, u64::from_le_bytes(*word));
        }
    }
    lanes.into_iter().fold(0, step)
}

/// The first block that a piece of the file holds whole, where in the piece it begins, and which blocks it touches.
fn blocks(offset: u64, length: usize) -> (usize, usize, std::ops::Range<usize>) {
    let block_bytes = BLOCK_BYTES as u64;
    let block = |at: u64| usize::try_from(at >> BLOCK_BITS).unwrap_or(usize::MAX);
    let first = offset.div_ceil(block_bytes).saturating_mul(block_bytes);
    let skipped = usize::try_from(first.saturating_sub(offset)).unwrap_or(usize::MAX).min(length);
    let end = offset.saturating_add(length as u64).saturating_add(block_bytes).saturating_sub(1);
    (block(first), skipped, block(offset)..block(end))
}

impl<B: StorageBackend> StorageBackend for WitnessedBackend<B> {
    fn len(&self) -> io::Result<u64> {
        self.backend.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.backend.read(offset, out)?;
        let (first, skipped, _) = blocks(offset, out.len());
        let (whole, _) = out.get(skipped..).unwrap_or_default().as_chunks::<BLOCK_BYTES>();
        if whole.is_empty() {
            return Ok(());
        }
        let mut sums = self.sums();
        for (block, bytes) in (first..).zip(whole) {
            if sums.len() <= block {
                sums.resize(block.saturating_add(1), None);
            }
            let Some(known) = sums.get_mut(block) else { continue };
            let came = sum(bytes);
            if *known.get_or_insert(came) != came {
                let text = format!("block {block} of the store is not what was read or written before");
                return Err(io::Error::new(ErrorKind::InvalidData, text));
            }
        }
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let (_, _, before) = blocks(0, usize::try_from(len).unwrap_or(usize::MAX));
        self.sums().truncate(before.end.saturating_sub(1));
        self.backend.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.backend.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let (first, skipped, touched) = blocks(offset, data.len());
        {
            let mut sums = self.sums();
            if sums.len() < touched.end {
                sums.resize(touched.end, None);
            }
            sums.get_mut(touched).unwrap_or_default().fill(None);
            let (whole, _) = data.get(skipped..).unwrap_or_default().as_chunks::<BLOCK_BYTES>();
            for (block, bytes) in (first..).zip(whole) {
                if let Some(known) = sums.get_mut(block) {
                    *known = Some(sum(bytes));
                }
            }
        }
        self.backend.write(offset, data)
    }

    fn close(&self) -> io::Result<()> {
        self.backend.close()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::db::InMemoryBackend;

    /// Two tills' view of one disk: what the one writes changes under the other.
    #[derive(Clone, Debug)]
    struct Shared(Arc<InMemoryBackend>);

    impl StorageBackend for Shared {
        fn len(&self) -> io::Result<u64> {
            self.0.len()
        }

        fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
            self.0.read(offset, out)
        }

        fn set_len(&self, len: u64) -> io::Result<()> {
            self.0.set_len(len)
        }

        fn sync_data(&self) -> io::Result<()> {
            Ok(())
        }

        fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
            StorageBackend::write(&*self.0, offset, data)
        }
    }

    fn both() -> (Shared, WitnessedBackend<Shared>) {
        let disk = Shared(Arc::new(InMemoryBackend::new()));
        disk.set_len(40_960).unwrap();
        (disk.clone(), WitnessedBackend::new(disk))
    }

    fn read(backend: &impl StorageBackend, offset: u64, length: usize) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; length];
        backend.read(offset, &mut bytes)?;
        Ok(bytes)
    }

    #[test]
    fn every_bit_that_changes_under_it_is_an_error() {
        let (disk, witnessed) = both();
        let written: Vec<u8> = (0..8_192_u32).map(|at| u8::try_from(at * 7 % 251).unwrap()).collect();
        witnessed.write(4_096, &written).unwrap();
        assert_eq!(read(&witnessed, 4_096, 8_192).unwrap(), written);
        for bit in (0..8_192 * 8).step_by(61) {
            let (at, mask) = (bit / 8, 1 << (bit % 8));
            disk.write(4_096 + at as u64, &[written[at] ^ mask]).unwrap();
            let error = read(&witnessed, 4_096, 8_192).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidData, "bit {bit}: {error}");
            disk.write(4_096 + at as u64, &[written[at]]).unwrap();
        }
        assert!(read(&witnessed, 0, 40_960).is_ok(), "what it sees for the first time it believes");
        disk.write(20_000, b"stray").unwrap();
        assert!(read(&witnessed, 16_384, 4_096).is_err(), "and then not another");
    }

    #[test]
    fn pieces_of_blocks_and_cut_files_are_no_false_alarm() {
        let (_, witnessed) = both();
        read(&witnessed, 0, 40_960).unwrap();
        witnessed.write(100, b"a header").unwrap();
        witnessed.write(4_000, &[1; 5_000]).unwrap();
        assert!(read(&witnessed, 0, 40_960).is_ok());
        assert_eq!(read(&witnessed, 98, 4).unwrap(), [0, 0, b'a', b' ']);
        witnessed.set_len(10_000).unwrap();
        witnessed.set_len(40_960).unwrap();
        let bytes = read(&witnessed, 0, 40_960).unwrap();
        assert_eq!((bytes[8_999], bytes[9_000], bytes[39_000]), (1, 0, 0));
    }
}
