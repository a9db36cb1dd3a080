//! The batch: a run of entries on its way, signed by their journal's key.
//!
//! Layout: a signed document with the [`BatchHead`], then the packed entries (one lz4 block) to the end. The head is
//! signed and fixes the packed bytes by their hash; so it can be kept, at 200 bytes, as the journal's proof that these
//! entries are its own. Of each entry only what follows its previous hash is packed; the receiver rebuilds format,
//! journal, seq and previous hash, and so the identical bytes, whose hashes must lead to the head.
//! Example: three entries make a signed head of less than 220 bytes, followed by what they pack to.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::id::{Hash, JournalId};
use crate::journal::codec::too_large;
use crate::journal::envelope::{self, ChainHead, Entry};
use crate::journal::fault::Fault;
use crate::journal::key::{Domain, PublicKey, SigningKey};
use crate::journal::pack::pack;
use crate::journal::signed::{self, Statement, Unverified, Verified, sign_statement};

/// The most entries of one batch.
pub const ENTRIES_MAX: usize = 1_000;

/// The most bytes of a batch's entries before they are packed.
pub const RAW_BYTES_MAX: usize = 1_048_576;

/// The most bytes that entries take which do not compress: lz4 adds one byte in 255, and its end.
const PACKED_BYTES_MAX: usize = RAW_BYTES_MAX + RAW_BYTES_MAX / 255 + 64;

/// The most bytes of one batch; a receiver need not read more.
pub const BATCH_BYTES_MAX: usize = PACKED_BYTES_MAX + 512;

/// What a journal states about a run of its entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchHead {
    /// Whose journal.
    pub journal: JournalId,
    /// The seq of the first entry.
    pub first_seq: u64,
    /// The hash of the entry before it; zeros where the first is entry 1.
    pub previous: Hash,
    /// The seq of the last entry.
    pub seq: u64,
    /// The hash of the last entry.
    pub hash: Hash,
    /// The bytes of the entries before they were packed.
    pub raw_bytes: u32,
    /// The SHA-256 of the packed entries.
    pub packed: Hash,
}

impl Statement for BatchHead {
    const DOMAIN: Domain = Domain::Batch;

    fn check(&self) -> Result<(), Fault> {
        let at = |fault: Fault| fault.at(self.journal, self.first_seq);
        if usize::try_from(self.raw_bytes).unwrap_or(usize::MAX) > RAW_BYTES_MAX {
            return Err(at(too_large("bytes of entries in a batch", RAW_BYTES_MAX, u64::from(self.raw_bytes))));
        }
        let count = self.seq.checked_sub(self.first_seq).and_then(|steps| steps.checked_add(1));
        match count {
            Some(count) if self.first_seq > 0 && count <= ENTRIES_MAX as u64 => Ok(()),
            Some(count) if self.first_seq > 0 => Err(at(too_large("entries in a batch", ENTRIES_MAX, count))),
            Some(_) | None => Err(at(Fault::OutOfSequence { expected: self.first_seq.max(1), came: self.seq })),
        }
    }
}

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
            return Err(Fault::Malformed { what: "batch", expected: "a run of 1 to 1000 entries" });
        };
        let mut head = ChainHead::at(first.journal(), first.seq().saturating_sub(1), first.previous());
        let mut raw = Vec::new();
        for entry in entries {
            head = head.verify_next(entry)?;
            raw.extend_from_slice(entry.unlinked());
        }
        write(first, &head, &raw, key)
    }

    /// Reads the bytes of a batch as far as is safe before it is known who wrote them.
    ///
    /// # Errors
    /// They are not exactly one batch within its limits. Nothing has been unpacked.
    pub fn read(bytes: &[u8]) -> Result<UnverifiedBatch, Fault> {
        let (document, packed) = signed::split(Domain::Batch, bytes)?;
        let head = Unverified::<BatchHead>::read(document)?;
        let BatchHead { journal, first_seq, packed: expected, .. } = *head.claimed();
        let at = |fault: Fault| fault.at(journal, first_seq);
        if packed.len() > PACKED_BYTES_MAX {
            return Err(at(too_large("bytes of packed entries", PACKED_BYTES_MAX, packed.len() as u64)));
        }
        if sha256(packed) != expected {
            return Err(at(Fault::Malformed { what: "packed entries", expected: "the bytes whose hash is stated" }));
        }
        Ok(UnverifiedBatch { head, packed: packed.to_vec() })
    }
}

fn write(first: &Entry, head: &ChainHead, raw: &[u8], key: &SigningKey) -> Result<Vec<u8>, Fault> {
    let packed = pack(raw);
    let stated = BatchHead {
        journal: first.journal(),
        first_seq: first.seq(),
        previous: first.previous(),
        seq: head.seq(),
        hash: head.hash(),
        raw_bytes: u32::try_from(raw.len()).unwrap_or(u32::MAX),
        packed: sha256(&packed),
    };
    let mut bytes = sign_statement(&stated, key)?;
    bytes.extend_from_slice(&packed);
    Ok(bytes)
}

fn sha256(bytes: &[u8]) -> Hash {
    Hash(Sha256::digest(bytes).into())
}

/// A batch that anybody may have written. It gives no entries.
#[derive(Clone, Debug)]
pub struct UnverifiedBatch {
    head: Unverified<BatchHead>,
    packed: Vec<u8>,
}

impl UnverifiedBatch {
    /// Whose journal it claims to be of, to find the key that it should verify with.
    #[must_use]
    pub const fn journal(&self) -> JournalId {
        self.head.claimed().journal
    }

    /// The seq of the last entry that it claims to hold, to find the batch that follows.
    #[must_use]
    pub const fn last_seq(&self) -> u64 {
        self.head.claimed().seq
    }

    /// The hash of that entry, as claimed.
    #[must_use]
    pub const fn last_hash(&self) -> Hash {
        self.head.claimed().hash
    }

    /// The first entry that it claims to hold, which nobody has vouched for yet: to find the key of a journal that is not
    /// known, where the entry carries a proof of its own.
    ///
    /// # Errors
    /// What is packed does not begin with an entry that follows from what is stated.
    pub fn claimed_first(&self) -> Result<Option<Entry>, Fault> {
        let stated = self.head.claimed();
        let at = |fault: Fault| fault.at(stated.journal, stated.first_seq);
        let raw = unpack(&self.packed, stated.raw_bytes).map_err(at)?;
        Ok(rebuild(stated, &raw)?.0.into_iter().next())
    }

    /// Checks the signature, then unpacks the entries and follows their chain to the head.
    ///
    /// # Errors
    /// The signature is not of this key; or what the key signed is not a run of entries that leads to its head.
    pub fn verify(self, key: &PublicKey) -> Result<VerifiedBatch, Fault> {
        let BatchHead { journal, first_seq, .. } = *self.head.claimed();
        let at = |fault: Fault| fault.at(journal, first_seq);
        let verified = self.head.verify(key).map_err(at)?;
        let stated = verified.statement();
        let raw = unpack(&self.packed, stated.raw_bytes).map_err(at)?;
        let (entries, head) = rebuild(stated, &raw)?;
        if head.seq() != stated.seq {
            return Err(at(Fault::OutOfSequence { expected: stated.seq, came: head.seq() }));
        }
        if head.hash() != stated.hash {
            return Err(at(Fault::BrokenChain { expected: head.hash(), came: stated.hash }));
        }
        Ok(VerifiedBatch { head: verified, entries })
    }
}

fn unpack(packed: &[u8], raw_bytes: u32) -> Result<Vec<u8>, Fault> {
    let mut raw = vec![0; usize::try_from(raw_bytes).unwrap_or(0)];
    match lz4_flex::block::decompress_into(packed, &mut raw) {
        Ok(length) if length == raw.len() => Ok(raw),
        Ok(_) | Err(_) => {
            Err(Fault::Malformed { what: "packed entries", expected: "lz4 of the length that is stated" })
        }
    }
}

/// Puts before each entry what was left out; each names the hash of the one rebuilt before it.
fn rebuild(stated: &BatchHead, raw: &[u8]) -> Result<(Vec<Entry>, ChainHead), Fault> {
    let mut head = ChainHead::at(stated.journal, stated.first_seq.saturating_sub(1), stated.previous);
    let mut entries = Vec::new();
    let mut rest = raw;
    while !rest.is_empty() {
        let place = head.seq();
        let (unlinked, after) = envelope::split_unlinked(rest).map_err(|fault| fault.at(stated.journal, place))?;
        if entries.len() == ENTRIES_MAX {
            let fault = too_large("entries in a batch", ENTRIES_MAX, entries.len().saturating_add(1) as u64);
            return Err(fault.at(stated.journal, place));
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
    head: Verified<BatchHead>,
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

    /// What the journal has stated, with the signed document that proves it to others.
    #[must_use]
    pub const fn head(&self) -> &Verified<BatchHead> {
        &self.head
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

    /// Signs a head that an honest till never writes.
    fn forged(head: BatchHead, packed: &[u8]) -> Fault {
        let document = signed::sign(Domain::Batch, &encode(&head), &key()).unwrap();
        verify(&[&document, packed].concat()).unwrap_err().cause().clone()
    }

    /// Signs a run whether its entries follow from one another or not.
    fn run_of(entries: &[&Entry], last: &Entry) -> Result<VerifiedBatch, Fault> {
        let raw: Vec<u8> = entries.iter().flat_map(|entry| entry.unlinked().to_vec()).collect();
        verify(&write(entries[0], &last.head(), &raw, &key())?)
    }

    fn cause(result: Result<VerifiedBatch, Fault>) -> Fault {
        result.unwrap_err().cause().clone()
    }

    #[test]
    fn a_batch_rebuilds_the_identical_entries() {
        let entries = small();
        for part in [&entries[..], &entries[1..], &entries[2..]] {
            let bytes = Batch::sign(part, &key()).unwrap();
            let read = Batch::read(&bytes).unwrap();
            assert_eq!((read.journal(), read.last_seq()), (JOURNAL, 3));
            assert_eq!(read.claimed_first().unwrap().as_ref(), part.first(), "before anybody vouched for it");
            let batch = verify(&bytes).unwrap();
            assert_eq!((batch.entries(), batch.journal()), (part, JOURNAL));
            let proof = batch.head().proof();
            assert!(bytes.starts_with(proof) && proof.len() < 220, "the proof is short: {} bytes", proof.len());
            assert_eq!((batch.first(), batch.last()), (&part[0], &entries[2]));
        }
    }

    #[test]
    fn the_bytes_of_a_batch_are_golden() {
        let bytes = Batch::sign(&small()[..1], &key()).unwrap();
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let golden = concat!(
            "43465344010100000073a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a101000000000000000000000000000000000000000000",
            "00000000000000000000000188afb55d6119d1d786cf25903ad14cd85fefeec907549b4c01b1049067f409b115de257c",
            "9c218ed180501b0e9ffb03768b0e4c0a2c73b8a5aa362311944d9dfbfc661dc5ff4b76f87e7abc97c05a97b5a1b4c704",
            "7ba0eb561f8f5e95fadf68286831027ffdf179a509ea14901069f319afe8417e2bc8b7fd77fda45d629bbd9409f00600",
            "0001a1fd1f7a4b003c00030001000000036f6e65",
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
        let broken = |entries: &[&Entry]| cause(run_of(entries, &three));
        assert!(matches!(broken(&[&one, &three, &two]), Fault::BrokenChain { .. }));
        assert!(matches!(broken(&[&one, &two, &two]), Fault::BrokenChain { .. }));
        assert_eq!(broken(&[&one, &three]), Fault::OutOfSequence { expected: 3, came: 2 });
        assert_eq!(broken(&[&one, &two, &two, &three]), Fault::OutOfSequence { expected: 3, came: 4 });
        let foreign = ChainHead::start(JournalId([9; 16])).append(one.now(), 3, 1, b"x").unwrap().0;
        assert!(matches!(Batch::sign(&[one, foreign], &key()).unwrap_err(), Fault::ForeignJournal { .. }));
    }

    #[test]
    fn what_is_too_much_is_refused_before_it_is_unpacked() {
        let good = *verify(&Batch::sign(&small(), &key()).unwrap()).unwrap().head().statement();
        let refused = |head: BatchHead, packed: &[u8]| {
            let bytes = signed::sign(Domain::Batch, &encode(&head), &key()).unwrap();
            Batch::read(&[&bytes, packed].concat()).map(|_| ()).unwrap_err().cause().clone()
        };
        let raw_bytes = RAW_BYTES_MAX as u32 + 1;
        let limit = RAW_BYTES_MAX as u64;
        let fault = Fault::TooLarge { what: "bytes of entries in a batch", limit, came: limit + 1 };
        assert_eq!(refused(BatchHead { raw_bytes, ..good }, &[]), fault);
        assert!(matches!(refused(BatchHead { first_seq: 0, ..good }, &[]), Fault::OutOfSequence { .. }));
        assert!(matches!(refused(BatchHead { first_seq: 9, ..good }, &[]), Fault::OutOfSequence { .. }));
        assert!(matches!(refused(BatchHead { seq: 1_001, ..good }, &[]), Fault::TooLarge { .. }));
        assert!(matches!(refused(BatchHead { seq: u64::MAX, ..good }, &[]), Fault::TooLarge { .. }));
        assert!(matches!(refused(good, &vec![0; PACKED_BYTES_MAX + 1]), Fault::TooLarge { .. }));
        assert!(matches!(refused(good, &[]), Fault::Malformed { .. }));
    }

    #[test]
    fn what_does_not_unpack_to_its_stated_length_is_refused() {
        let bytes = Batch::sign(&small(), &key()).unwrap();
        let good = *verify(&bytes).unwrap().head().statement();
        let (_, packed) = signed::split(Domain::Batch, &bytes).unwrap();
        for raw_bytes in [0, 1, good.raw_bytes - 1, good.raw_bytes + 1, 1_000_000] {
            let fault = forged(BatchHead { raw_bytes, ..good }, packed);
            assert!(matches!(fault, Fault::Malformed { what: "packed entries", .. }), "{raw_bytes}");
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
        assert!(bytes.len() <= BATCH_BYTES_MAX);
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
        fn any_packed_bytes_are_refused_without_a_panic(packed in proptest::collection::vec(any::<u8>(), 0..300)) {
            let good = *verify(&Batch::sign(&small(), &key()).unwrap()).unwrap().head().statement();
            forged(BatchHead { packed: sha256(&packed), raw_bytes: 300, ..good }, &packed);
            let plain = lz4_flex::block::compress(&packed);
            let raw_bytes = u32::try_from(packed.len()).unwrap();
            forged(BatchHead { packed: sha256(&plain), raw_bytes, ..good }, &plain);
        }

        #[test]
        fn any_payload_is_refused_without_a_panic(payload in proptest::collection::vec(any::<u8>(), 0..300)) {
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
