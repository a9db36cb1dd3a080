//! Bytes of a sale on the wire: a month of one till in signed batches, and the same documents as JSON.

use anyhow::{Context, Result};
use counterfoil_benches::baskets::Baskets;
use counterfoil_benches::figure::keep;
use counterfoil_benches::journal::Journal;
use counterfoil_core::event::Event;
use counterfoil_core::journal::batch::{Batch, ENTRIES_MAX};

const SALES: usize = 30_000;
const LONG_ID: &str = "3f1c8a52-7d0e-4b6f-9a31";

/// Counts them.
///
/// # Errors
/// The disk failed.
pub(crate) fn count() -> Result<()> {
    let baskets = Baskets::new("wire", 5);
    let till = Journal::with_sales(0, SALES, &baskets);
    let bytes = |till: &Journal| -> u64 { till.batches().iter().map(|batch| batch.len() as u64).sum() };
    keep(
        "wire_sale",
        bytes(&till) / SALES as u64,
        "mean of 30,000 sales in signed batches, headers and heads included",
    )?;

    let mut long = Journal::open(0);
    for (number, mut filled) in (0..).zip(baskets.named("S01T01").take(SALES)) {
        // Twelve digits that do not pack, as in a random id.
        let tail = fnv(number) & 0xFFFF_FFFF_FFFF;
        filled.basket.id = format!("{LONG_ID}-{tail:012x}").parse()?;
        long.sell(&filled);
    }
    keep(
        "wire_sale_long_id",
        bytes(&long) / SALES as u64,
        "the same with ids of the form of a UUID, a third of it random",
    )?;

    let (mut json_bytes, mut packed_bytes) = (0_u64, 0_u64);
    for run in till.entries.chunks(ENTRIES_MAX) {
        let mut lines = Vec::new();
        for entry in run {
            let event = Event::decode(entry)?.context("an event of this version")?;
            let Some(document) = event.document() else { continue };
            serde_json::to_writer(&mut lines, document)?;
            lines.push(b'\n');
        }
        json_bytes += lines.len() as u64;
        packed_bytes += lz4_flex::block::compress(&lines).len() as u64;
    }
    keep("wire_json", json_bytes / SALES as u64, "the same documents as JSON Lines")?;
    keep("wire_json_lz4", packed_bytes / SALES as u64, "the same JSON Lines, a thousand at a time through lz4")?;
    Batch::read(&till.batches()[0])?.verify(&till.key.public_key())?;
    Ok(())
}

fn fnv(number: u64) -> u64 {
    number
        .to_be_bytes()
        .iter()
        .fold(0xCBF2_9CE4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01B3))
}
