//! The bytes of a file, in pages that images share until one of them is written to.
//!
//! A store of some megabytes is copied in microseconds; pages that nobody wrote take no memory and read as zeros.

use std::fmt;
use std::io;
use std::sync::Arc;

const PAGE_BYTES: usize = 4_096;
type Page = [u8; PAGE_BYTES];

/// What a file holds.
#[derive(Clone, Default)]
pub struct Image {
    len: usize,
    pages: Vec<Option<Arc<Page>>>,
}

impl Image {
    /// A file without a byte.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How many bytes the file has.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether the file has no byte.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Bytes of the pages that were written to, which is what the file takes on a disk.
    #[must_use]
    pub fn allocated_bytes(&self) -> usize {
        self.pages.iter().flatten().count() * PAGE_BYTES
    }

    /// Whether a write of `len` bytes at `offset` falls on pages that all take room already.
    #[must_use]
    pub fn is_allocated(&self, offset: usize, len: usize) -> bool {
        let pages = offset / PAGE_BYTES..(offset + len).div_ceil(PAGE_BYTES);
        pages.into_iter().all(|page| self.pages.get(page).is_some_and(Option::is_some))
    }

    /// Copies what stands at `offset` into `out`.
    ///
    /// # Errors
    /// `UnexpectedEof` beyond the end.
    pub fn read(&self, offset: usize, out: &mut [u8]) -> io::Result<()> {
        let end = offset.checked_add(out.len()).filter(|end| *end <= self.len);
        end.ok_or(io::ErrorKind::UnexpectedEof)?;
        let mut at = offset;
        let mut rest = out;
        while !rest.is_empty() {
            let within = at % PAGE_BYTES;
            let (part, after) = rest.split_at_mut(rest.len().min(PAGE_BYTES - within));
            match self.pages.get(at / PAGE_BYTES).and_then(Option::as_deref) {
                Some(page) => part.copy_from_slice(&page[within..within + part.len()]),
                None => part.fill(0),
            }
            at += part.len();
            rest = after;
        }
        Ok(())
    }

    /// Writes at `offset`; the file grows where the bytes lie beyond its end.
    pub fn write(&mut self, offset: usize, data: &[u8]) {
        if offset + data.len() > self.len {
            self.set_len(offset + data.len());
        }
        let mut at = offset;
        let mut rest = data;
        while !rest.is_empty() {
            let within = at % PAGE_BYTES;
            let (part, after) = rest.split_at(rest.len().min(PAGE_BYTES - within));
            let page = self.pages[at / PAGE_BYTES].get_or_insert_with(|| Arc::new([0; PAGE_BYTES]));
            Arc::make_mut(page)[within..within + part.len()].copy_from_slice(part);
            at += part.len();
            rest = after;
        }
    }

    /// Cuts the file, or lengthens it with zeros.
    pub fn set_len(&mut self, len: usize) {
        let within = len % PAGE_BYTES;
        if len < self.len
            && within > 0
            && let Some(page) = self.pages[len / PAGE_BYTES].as_mut()
        {
            Arc::make_mut(page)[within..].fill(0);
        }
        self.pages.resize(len.div_ceil(PAGE_BYTES), None);
        self.len = len;
    }

    /// Turns one bit around. Bit 0 is the lowest bit of the first byte; a bit beyond the end changes nothing.
    pub fn flip(&mut self, bit: u64) {
        let mut byte = [0];
        let Ok(at) = usize::try_from(bit / 8) else { return };
        if self.read(at, &mut byte).is_ok() {
            self.write(at, &[byte[0] ^ (1 << (bit % 8))]);
        }
    }

    /// All bytes in one piece.
    #[must_use]
    pub fn to_vec(&self) -> Vec<u8> {
        let mut bytes = vec![0; self.len];
        self.read(0, &mut bytes).expect("the range is the file's own");
        bytes
    }

    fn page_is_equal(&self, other: &Self, at: usize) -> bool {
        match (&self.pages[at], &other.pages[at]) {
            (Some(own), Some(others)) => Arc::ptr_eq(own, others) || own == others,
            (None, None) => true,
            (Some(page), None) | (None, Some(page)) => page.iter().all(|byte| *byte == 0),
        }
    }
}

impl From<Vec<u8>> for Image {
    fn from(bytes: Vec<u8>) -> Self {
        let mut image = Self::new();
        image.set_len(bytes.len());
        for (at, part) in bytes.chunks(PAGE_BYTES).enumerate().filter(|(_, part)| part.iter().any(|byte| *byte != 0)) {
            image.write(at * PAGE_BYTES, part);
        }
        image
    }
}

impl PartialEq for Image {
    fn eq(&self, other: &Self) -> bool {
        self.len == other.len && (0..self.pages.len()).all(|at| self.page_is_equal(other, at))
    }
}

impl Eq for Image {}

impl fmt::Debug for Image {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Image({} bytes, {} written)", self.len, self.allocated_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_holds_what_a_plain_vector_holds() {
        let mut rng = fastrand::Rng::with_seed(1);
        let (mut image, mut plain) = (Image::new(), Vec::new());
        for _ in 0..2_000 {
            match rng.u8(0..4) {
                0 => {
                    let len = rng.usize(0..40_000);
                    image.set_len(len);
                    plain.resize(len, 0);
                }
                1 if !plain.is_empty() => {
                    let bit = rng.usize(0..plain.len() * 8);
                    image.flip(bit as u64);
                    plain[bit / 8] ^= 1 << (bit % 8);
                }
                _ => {
                    let data = vec![rng.u8(..); rng.usize(0..9_000)];
                    let offset = rng.usize(0..40_000);
                    image.write(offset, &data);
                    plain.resize(plain.len().max(offset + data.len()), 0);
                    plain[offset..offset + data.len()].copy_from_slice(&data);
                }
            }
            assert_eq!(image.len(), plain.len());
        }
        assert_eq!(image.to_vec(), plain);
        assert_eq!(image, Image::from(plain));
    }

    #[test]
    fn a_copy_is_not_changed_by_what_is_written_to_the_original() {
        let mut image = Image::from(vec![7; 10_000]);
        let copy = image.clone();
        image.write(5_000, &[1, 2, 3]);
        assert_eq!(copy.to_vec(), vec![7; 10_000]);
        assert_ne!(image, copy);
    }

    #[test]
    fn beyond_the_end_there_is_nothing_to_read_or_flip() {
        let mut image = Image::from(vec![7; 10]);
        assert_eq!(image.read(5, &mut [0; 6]).unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
        image.flip(80);
        assert_eq!(image.to_vec(), vec![7; 10]);
    }
}
