//! A small mutator of our own, so that the corpus is also attacked where cargo-fuzz is not at hand.
//!
//! Deterministic: the same input, neighbours and seed give the same bytes. Example: 500 mutations of a golden batch flip
//! bits in its signature, cut it short, repeat its entries, and claim lengths of four gigabytes.

use fastrand::Rng;

/// The most bytes that a mutation grows to.
pub const BYTES_MAX: usize = 131_072;

const NUMBERS: [u64; 9] = [0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFF_FFFF, 0xFFFF_FFFF];
const TEXTS: [&str; 14] =
    ["-", "0", "9", ".", "e", "\"", "{", "}", "[", "\n", ",", "9999999999999999999", "0.00000001", "\u{fe}"];

/// Alters `bytes` one to eight times; what is copied in may come from `others`.
#[must_use]
pub fn mutate(bytes: &[u8], others: &[Vec<u8>], rng: &mut Rng) -> Vec<u8> {
    let mut altered = bytes.to_vec();
    for _ in 0..rng.usize(1..=8) {
        alter(&mut altered, others, rng);
    }
    altered.truncate(BYTES_MAX);
    altered
}

fn alter(bytes: &mut Vec<u8>, others: &[Vec<u8>], rng: &mut Rng) {
    let at = rng.usize(0..=bytes.len());
    let end = (at + rng.usize(0..=16)).min(bytes.len());
    match rng.u8(0..10) {
        0 | 1 if at < bytes.len() => bytes[at] ^= 1 << rng.u8(0..8),
        2 if at < bytes.len() => bytes[at] = rng.u8(..),
        3 => drop(bytes.drain(at..end)),
        4 => bytes.truncate(at),
        5 => insert(bytes, at, TEXTS[rng.usize(0..TEXTS.len())].as_bytes()),
        6 => {
            let piece = bytes[at..end].to_vec();
            insert(bytes, rng.usize(0..=bytes.len()), &piece);
        }
        7 => overwrite(bytes, at, NUMBERS[rng.usize(0..NUMBERS.len())], rng),
        8 if !others.is_empty() => {
            let other = &others[rng.usize(0..others.len())];
            let from = rng.usize(0..=other.len());
            let to = (from + rng.usize(0..=256)).min(other.len());
            bytes.splice(at..end, other[from..to].iter().copied());
        }
        _ => {
            if let Some(place) = bytes.iter().skip(at).position(u8::is_ascii_digit) {
                bytes[at + place] = rng.u8(b'0'..=b'9');
            }
        }
    }
}

fn insert(bytes: &mut Vec<u8>, at: usize, piece: &[u8]) {
    bytes.splice(at..at, piece.iter().copied());
}

fn overwrite(bytes: &mut [u8], at: usize, number: u64, rng: &mut Rng) {
    let width = [1, 2, 4, 8][rng.usize(0..4)];
    let number = number.to_be_bytes();
    let number = &number[8 - width..];
    bytes.iter_mut().skip(at).zip(number).for_each(|(to, from)| *to = *from);
}
