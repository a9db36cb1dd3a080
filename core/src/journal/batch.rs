//! The batch: a run of entries on its way, signed by their journal's key.
//!
//! Payload of the signed document, big-endian: journal `[16]` | first seq `u64` | previous hash `[32]` | raw length
//! `u32` | packed length `u32` | packed entries (lz4 block) | head seq `u64` | head hash `[32]`. Of each entry only what
//! follows its previous hash is packed; the receiver rebuilds format, journal, seq and previous hash, and so the identical
//! bytes, whose hashes must lead to the head. Example: a sale of five lines takes about 170 bytes on the wire.

use crate::id::{Hash, JournalId};
use crate::journal::codec::{Reader, too_large};
use crate::journal::envelope::{self, ChainHead, Entry};
use crate::journal::fault::Fault;
use crate::journal::key::{Domain, PublicKey, SigningKey};
use crate::journal::signed::{self, Sealed};

/// The most entries of one batch.
pub const ENTRIES_MAX: usize = 1_000;

/// The most bytes of a batch's entries before they are packed.
pub const RAW_BYTES_MAX: usize = 1_048_576;

/// The most bytes that entries take which do not compress: lz4 adds one byte in 255, and its end.
const PACKED_BYTES_MAX: usize = RAW_BYTES_MAX + RAW_BYTES_MAX / 255 + 64;

const WHAT: &str = "batch";

/// Writes and reads batches.
#[derive(Clone, Copy, Debug)]
pub enum Batch {}

impl Batch {
    /// How many of these entries, from the first on, fit into one batch.
    #[must_use]
    pub fn fitting(entries: &[Entry]) -> usize {
        let mut raw_bytes = 0_usize;
        let fits = |entry: &&Entry| {
            raw_bytes = raw_bytes.saturating_add(entry.unlinked().len());
            raw_bytes <= RAW_BYTES_MAX
        };
        entries.iter().take(ENTRIES_MAX).take_while(fits).count()
    }

    /// Signs a run of entries of one journal; the inverse of [`Batch::read`] and [`UnverifiedBatch::verify`].
    ///
    /// # Errors
    /// There are none, more than fit, or they do not follow from one another.
    pub fn sign(entries: &[Entry], key: &SigningKey) -> Result<Vec<u8>, Fault> {
        let Some(first) = entries.first() else {
            return Err(Fault::Malformed { what: WHAT, expected: "a run of 1 to 1000 entries" });
        };
        if entries.len() > ENTRIES_MAX {
            return Err(too_large("entries in a batch", ENTRIES_MAX, entries.len() as u64));
        }
        let mut head = ChainHead::at(first.journal(), first.seq().saturating_sub(1), first.previous());
        let mut raw = Vec::new();
        for entry in entries {
            head = head.verify_next(entry)?;
            raw.extend_from_slice(entry.unlinked());
        }
        if raw.len() > RAW_BYTES_MAX {
            return Err(too_large("bytes of entries in a batch", RAW_BYTES_MAX, raw.len() as u64));
        }
        signed::sign(Domain::Batch, &payload(first, &head, &raw), key)
    }

    /// Reads the bytes of a batch as far as is safe before it is known who wrote them.
    ///
    /// # Errors
    /// They are not exactly one batch within its limits. Nothing has been unpacked.
    pub fn read(bytes: &[u8]) -> Result<UnverifiedBatch, Fault> {
        let sealed = Sealed::read(Domain::Batch, bytes)?;
        let header = Header::read(sealed.payload())?;
        Ok(UnverifiedBatch { sealed, header })
    }
}

fn payload(first: &Entry, head: &ChainHead, raw: &[u8]) -> Vec<u8> {
    let packed = lz4_flex::block::compress(raw);
    let length = |bytes: &[u8]| u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes();
    [
        &first.journal().0[..],
        &first.seq().to_be_bytes(),
        &first.previous().0,
        &length(raw),
        &length(&packed),
        &packed,
        &head.seq().to_be_bytes(),
        &head.hash().0,
    ]
    .concat()
}

/// What a batch says about itself; the packed entries stand between `packed_at` and the head.
#[derive(Clone, Copy, Debug)]
struct Header {
    journal: JournalId,
    first_seq: u64,
    previous: Hash,
    raw_bytes: usize,
    packed_at: usize,
    packed_bytes: usize,
    head_seq: u64,
    head_hash: Hash,
}

impl Header {
    fn read(payload: &[u8]) -> Result<Self, Fault> {
        let mut reader = Reader::new(WHAT, payload);
        let journal = JournalId(reader.array()?);
        let first_seq = reader.u64()?;
        let previous = Hash(reader.array()?);
        let rest = |mut reader: Reader<'_>| {
            let claimed = reader.u32()?;
            let raw_bytes = usize::try_from(claimed).unwrap_or(usize::MAX);
            if raw_bytes > RAW_BYTES_MAX {
                return Err(too_large("bytes of entries in a batch", RAW_BYTES_MAX, u64::from(claimed)));
            }
            let packed_bytes = reader.framed(PACKED_BYTES_MAX)?.len();
            let packed_at = reader.position().saturating_sub(packed_bytes);
            let (head_seq, head_hash) = (reader.u64()?, Hash(reader.array()?));
            reader.finish()?;
            Ok(Self { journal, first_seq, previous, raw_bytes, packed_at, packed_bytes, head_seq, head_hash })
        };
        let at = |fault: Fault| fault.at(journal, first_seq);
        let header = rest(reader).map_err(at)?;
        let count = header.head_seq.checked_sub(first_seq).and_then(|steps| steps.checked_add(1));
        match count {
            Some(count) if first_seq > 0 && count <= ENTRIES_MAX as u64 => Ok(header),
            Some(count) if first_seq > 0 => Err(at(too_large("entries in a batch", ENTRIES_MAX, count))),
            Some(_) | None => Err(at(Fault::OutOfSequence { expected: first_seq.max(1), came: header.head_seq })),
        }
    }
}

/// A batch that anybody may have written. It gives no entries.
#[derive(Clone, Debug)]
pub struct UnverifiedBatch {
    sealed: Sealed,
    header: Header,
}

impl UnverifiedBatch {
    /// Whose journal it claims to be of, to find the key that it should verify with.
    #[must_use]
    pub const fn journal(&self) -> JournalId {
        self.header.journal
    }

    /// Checks the signature, then unpacks the entries and follows their chain to the head.
    ///
    /// # Errors
    /// The signature is not of this key; or what the key signed is not a run of entries that leads to its head.
    pub fn verify(self, key: &PublicKey) -> Result<VerifiedBatch, Fault> {
        let Self { sealed, header } = self;
        let at = |fault: Fault| fault.at(header.journal, header.first_seq);
        sealed.verify(key).map_err(at)?;
        let raw = unpack(&sealed, &header).map_err(at)?;
        let (entries, head) = rebuild(&header, &raw)?;
        if head.seq() != header.head_seq {
            return Err(at(Fault::OutOfSequence { expected: header.head_seq, came: head.seq() }));
        }
        if head.hash() != header.head_hash {
            return Err(at(Fault::BrokenChain { expected: head.hash(), came: header.head_hash }));
        }
        Ok(VerifiedBatch { sealed, entries })
    }
}

fn unpack(sealed: &Sealed, header: &Header) -> Result<Vec<u8>, Fault> {
    let packed_end = header.packed_at.saturating_add(header.packed_bytes);
    let packed = sealed.payload().get(header.packed_at..packed_end).unwrap_or_default();
    let mut raw = vec![0; header.raw_bytes];
    match lz4_flex::block::decompress_into(packed, &mut raw) {
        Ok(length) if length == raw.len() => Ok(raw),
        Ok(_) | Err(_) => {
            Err(Fault::Malformed { what: "packed entries", expected: "lz4 of the length that is stated" })
        }
    }
}

/// Puts before each entry what was left out; each names the hash of the one rebuilt before it.
fn rebuild(header: &Header, raw: &[u8]) -> Result<(Vec<Entry>, ChainHead), Fault> {
    let mut head = ChainHead::at(header.journal, header.first_seq.saturating_sub(1), header.previous);
    let mut entries = Vec::new();
    let mut rest = raw;
    while !rest.is_empty() {
        let place = head.seq();
        let (unlinked, after) = envelope::split_unlinked(rest).map_err(|fault| fault.at(header.journal, place))?;
        if entries.len() == ENTRIES_MAX {
            let fault = too_large("entries in a batch", ENTRIES_MAX, entries.len().saturating_add(1) as u64);
            return Err(fault.at(header.journal, place));
        }
        let (entry, next) = head.link(unlinked)?;
        entries.push(entry);
        (head, rest) = (next, after);
    }
    Ok((entries, head))
}

/// A run of entries that the journal's key has signed: at least one, each following from the one before.
#[derive(Clone, Debug)]
pub struct VerifiedBatch {
    sealed: Sealed,
    entries: Vec<Entry>,
}

impl VerifiedBatch {
    /// Whose journal.
    #[must_use]
    pub fn journal(&self) -> JournalId {
        self.first().journal()
    }

    /// The entries in order; at least one.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The first entry.
    #[must_use]
    pub fn first(&self) -> &Entry {
        self.entries.first().expect("a verified batch has at least one entry: its head was compared with the last")
    }

    /// The last entry, which is the head that was signed.
    #[must_use]
    pub fn last(&self) -> &Entry {
        self.entries.last().expect("a verified batch has at least one entry: its head was compared with the last")
    }

    /// The signed document, which proves it to others.
    #[must_use]
    pub fn proof(&self) -> &[u8] {
        self.sealed.bytes()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::Serialize;

    use super::*;
    use crate::journal::codec::encode;
    use crate::time::{Now, Timestamp, ZoneOffset};

    const JOURNAL: JournalId = JournalId([0xA1; 16]);

    fn key() -> SigningKey {
        SigningKey::from_seed([7; 32])
    }

    fn run(payloads: &[Vec<u8>]) -> Vec<Entry> {
        let mut head = ChainHead::start(JOURNAL);
        let mut at = 1_795_248_000_000;
        let mut append = |payload: &Vec<u8>| {
            at += 61_003;
            let now = Now { at: Timestamp(at), offset: ZoneOffset(60) };
            let (entry, next) =
                std::mem::replace(&mut head, ChainHead::start(JOURNAL)).append(now, 3, 1, payload).unwrap();
            head = next;
            entry
        };
        payloads.iter().map(&mut append).collect()
    }

    fn small() -> Vec<Entry> {
        run(&[b"one".to_vec(), b"two".to_vec(), vec![]])
    }

    fn verify(bytes: &[u8]) -> Result<VerifiedBatch, Fault> {
        Batch::read(bytes)?.verify(&key().public_key())
    }

    /// Signs a payload that an honest till never writes.
    fn forged(payload: &[u8]) -> Fault {
        let bytes = signed::sign(Domain::Batch, payload, &key()).unwrap();
        verify(&bytes).unwrap_err().cause().clone()
    }

    /// The payload of a run, whether its entries follow from one another or not.
    fn payload_of(entries: &[Entry], head: &Entry) -> Vec<u8> {
        let raw: Vec<u8> = entries.iter().flat_map(|entry| entry.unlinked().to_vec()).collect();
        payload(&entries[0], &head.head(), &raw)
    }

    #[test]
    fn a_batch_rebuilds_the_identical_entries() {
        let entries = small();
        for part in [&entries[..], &entries[1..], &entries[2..]] {
            let bytes = Batch::sign(part, &key()).unwrap();
            assert_eq!(Batch::read(&bytes).unwrap().journal(), JOURNAL);
            let batch = verify(&bytes).unwrap();
            assert_eq!((batch.entries(), batch.proof(), batch.journal()), (part, &bytes[..], JOURNAL));
            assert_eq!((batch.first(), batch.last()), (&part[0], &entries[2]));
        }
    }

    #[test]
    fn the_bytes_of_a_batch_are_golden() {
        let bytes = Batch::sign(&small()[..1], &key()).unwrap();
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let golden = concat!(
            "4346534401010000007fa1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a100000000000000010000000000000000000000000000",
            "0000000000000000000000000000000000000000001500000017f006000001a1fd1f7a4b003c00030001000000036f6e",
            "65000000000000000188afb55d6119d1d786cf25903ad14cd85fefeec907549b4c01b1049067f409b1f9884ad2b07402",
            "5b5cf76d9f5209fdb0d6ae8128018755f4117af2a873eede52bbc0ab26253371efc332d1f4ce5b6a3207e8ccd49fc91b",
            "a6d32bae4d6f970603",
        );
        assert_eq!(hex, golden);
    }

    #[test]
    fn every_bit_every_prefix_and_every_addition_is_noticed() {
        let bytes = Batch::sign(&small(), &key()).unwrap();
        for bit in 0..bytes.len() * 8 {
            let mut altered = bytes.clone();
            altered[bit / 8] ^= 1 << (bit % 8);
            assert!(verify(&altered).is_err(), "bit {bit}");
        }
        for length in 0..bytes.len() {
            assert!(verify(&bytes[..length]).is_err(), "{length} bytes");
        }
        assert!(verify(&[&bytes[..], &[0]].concat()).is_err());
        let other = SigningKey::from_seed([8; 32]).public_key();
        let fault = Batch::read(&bytes).unwrap().verify(&other).unwrap_err();
        assert_eq!((fault.cause(), fault.place()), (&Fault::BadSignature { what: "batch" }, Some((JOURNAL, 1))));
    }

    #[test]
    fn swapped_dropped_and_repeated_entries_do_not_lead_to_the_head() {
        let [one, two, three] = small().try_into().unwrap();
        for entries in [vec![&two, &one], vec![&one, &three], vec![&one, &one, &two]] {
            let entries: Vec<Entry> = entries.into_iter().cloned().collect();
            assert!(Batch::sign(&entries, &key()).is_err(), "an honest till refuses to sign {entries:?}");
        }
        let of = |entries: &[&Entry]| payload_of(&entries.iter().copied().cloned().collect::<Vec<_>>(), &three);
        assert!(matches!(forged(&of(&[&one, &three, &two])), Fault::BrokenChain { .. }));
        assert!(matches!(forged(&of(&[&one, &two, &two])), Fault::BrokenChain { .. }));
        assert_eq!(forged(&of(&[&one, &three])), Fault::OutOfSequence { expected: 3, came: 2 });
        assert_eq!(forged(&of(&[&one, &two, &two, &three])), Fault::OutOfSequence { expected: 3, came: 4 });
        let foreign = ChainHead::start(JournalId([9; 16])).append(one.now(), 3, 1, b"x").unwrap().0;
        assert!(matches!(Batch::sign(&[one, foreign], &key()).unwrap_err(), Fault::ForeignJournal { .. }));
    }

    #[test]
    fn lengths_are_refused_before_anything_is_unpacked() {
        let entries = small();
        let good = payload_of(&entries, &entries[2]);
        let altered = |at: usize, bytes: &[u8]| {
            let mut payload = good.clone();
            payload[at..at + bytes.len()].copy_from_slice(bytes);
            let bytes = signed::sign(Domain::Batch, &payload, &key()).unwrap();
            Batch::read(&bytes).map(|_| ()).unwrap_err().cause().clone()
        };
        let bomb = RAW_BYTES_MAX as u32 + 1;
        let limit = RAW_BYTES_MAX as u64;
        let fault = Fault::TooLarge { what: "bytes of entries in a batch", limit, came: limit + 1 };
        assert_eq!(altered(56, &bomb.to_be_bytes()), fault);
        assert!(matches!(altered(60, &u32::MAX.to_be_bytes()), Fault::TooLarge { .. }));
        assert!(matches!(altered(60, &[0, 0, 0, 1]), Fault::TrailingBytes { .. }));
        assert!(matches!(altered(16, &[0; 8]), Fault::OutOfSequence { .. }));
        assert!(matches!(altered(16, &9_u64.to_be_bytes()), Fault::OutOfSequence { .. }));
        let head_seq_at = good.len() - 40;
        assert!(matches!(altered(head_seq_at, &1_001_u64.to_be_bytes()), Fault::TooLarge { .. }));
    }

    #[test]
    fn what_does_not_unpack_to_its_stated_length_is_refused() {
        let entries = small();
        let mut payload = payload_of(&entries, &entries[2]);
        for stated in [0_u32, 1, 1_000_000] {
            payload[56..60].copy_from_slice(&stated.to_be_bytes());
            assert!(matches!(forged(&payload), Fault::Malformed { what: "packed entries", .. }), "{stated}");
        }
    }

    #[test]
    fn a_batch_has_limits() {
        assert!(Batch::sign(&[], &key()).is_err());
        let entries = run(&vec![vec![]; ENTRIES_MAX + 1]);
        assert_eq!(Batch::fitting(&entries), ENTRIES_MAX);
        assert!(Batch::sign(&entries, &key()).is_err());
        let bytes = Batch::sign(&entries[..ENTRIES_MAX], &key()).unwrap();
        assert_eq!(verify(&bytes).unwrap().entries().len(), ENTRIES_MAX);
    }

    #[test]
    fn entries_that_do_not_compress_fit_too() {
        let mut state = 1_u32;
        let mut noise = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state.to_be_bytes()[0]
        };
        let payloads: Vec<Vec<u8>> = (0..17).map(|_| (0..65_536).map(|_| noise()).collect()).collect();
        let entries = run(&payloads);
        assert_eq!(Batch::fitting(&entries), 15);
        assert!(Batch::sign(&entries[..16], &key()).is_err());
        let bytes = Batch::sign(&entries[..15], &key()).unwrap();
        assert!(bytes.len() <= signed::DOCUMENT_BYTES_MAX);
        assert_eq!(verify(&bytes).unwrap().entries(), &entries[..15]);
    }

    #[derive(Serialize)]
    struct Line {
        code: String,
        name: String,
        quantity: (i128, u32),
        price: (i128, u32),
        net: i64,
        tax: i64,
        tax_class: &'static str,
    }

    #[test]
    fn a_sale_of_five_lines_takes_at_most_250_bytes_on_the_wire() {
        let names =
            ["Mlijeko svježe 2,8% 1l", "Kruh polubijeli 500g", "Jabuka Zlatni delišes", "Sir gauda narezani", "Ulje"];
        let payloads: Vec<Vec<u8>> = (0..1_000_u32)
            .map(|sale| {
                let line = |index: u32| {
                    let product =
                        (sale.wrapping_mul(2_654_435_761) >> 7).wrapping_add(index.wrapping_mul(40_503)) % 10_000;
                    Line {
                        code: format!("{:08}", product),
                        name: format!("{} {}", names[(product % 5) as usize], product / 5),
                        quantity: (i128::from(1 + product % 3), 0),
                        price: (i128::from(product % 2_000), 2),
                        net: i64::from(product % 2_000),
                        tax: i64::from(product % 400),
                        tax_class: "standard",
                    }
                };
                let lines: Vec<Line> = (0..5).map(line).collect();
                encode(&(format!("sale-{sale}"), "S01-T01-R26A", sale, "ana", lines, ("cash", 5_000_i64), "EUR"))
            })
            .collect();
        let bytes = Batch::sign(&run(&payloads), &key()).unwrap();
        assert!(bytes.len() <= 250 * 1_000, "{} bytes per sale", bytes.len() / 1_000);
    }

    proptest! {
        #[test]
        fn any_payload_is_refused_without_a_panic(
            mut payload in proptest::collection::vec(any::<u8>(), 0..300), lengths: bool,
        ) {
            if lengths && payload.len() > 104 {
                let packed = u32::try_from(payload.len() - 104).unwrap();
                payload[16..24].copy_from_slice(&1_u64.to_be_bytes());
                payload[56..60].copy_from_slice(&300_u32.to_be_bytes());
                payload[60..64].copy_from_slice(&packed.to_be_bytes());
                let at = payload.len() - 40;
                payload[at..at + 8].copy_from_slice(&3_u64.to_be_bytes());
            }
            let bytes = signed::sign(Domain::Batch, &payload, &key()).unwrap();
            prop_assert!(verify(&bytes).is_err());
        }

        #[test]
        fn any_run_reads_back(payloads in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..80), 1..20)) {
            let entries = run(&payloads);
            let batch = verify(&Batch::sign(&entries, &key()).unwrap()).unwrap();
            prop_assert_eq!(batch.entries(), &entries[..]);
        }
    }
}
