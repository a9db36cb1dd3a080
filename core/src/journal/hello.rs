//! The hello: with it a journal opens each exchange, so that head office knows at once what it does not have yet.
//!
//! It states the head, the last number of each series and the running totals, all signed: so the unsent tail is known
//! by its count and its money before a single entry has arrived, and what head office adds up must come to these
//! totals. A hello that answers head office's fresh challenge is of now; one from a file may be old, and says `None`.
//! Example: head 812, held 700, total of 812 entries 10,000.00 EUR: 112 entries are on their way.

use serde::{Deserialize, Serialize};

use crate::currency::Currency;
use crate::id::{Hash, JournalId, SeriesCode};
use crate::journal::acknowledgement::Acknowledgement;
use crate::journal::codec::too_large;
use crate::journal::fault::Fault;
use crate::journal::key::{Domain, PublicKey, SigningKey};
use crate::journal::signed::{Statement, Unverified, Verified, sign_statement};
use crate::money::Money;
use crate::refusal::Refusal;

/// The most series of one journal that a hello states.
pub const SERIES_MAX: usize = 512;

/// The most currencies that a hello states; ISO 4217 has fewer.
pub const CURRENCIES_MAX: usize = 200;

/// Thirty-two random bytes of head office, for one exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Challenge(pub [u8; 32]);

/// What a journal's documents of one currency come to, from its first entry to its head.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunningTotal {
    /// In which currency.
    pub currency: Currency,
    /// How many documents.
    pub count: u64,
    /// Their gross, credit notes taken off.
    pub gross: Money,
    /// The tax in it.
    pub tax: Money,
    /// All cash movements, net.
    pub cash: Money,
}

impl RunningTotal {
    /// Adds it to the one of its currency, which begins with it where there is none yet.
    ///
    /// # Errors
    /// A sum beyond what can be counted exactly; then nothing is added.
    pub fn add_to(self, totals: &mut Vec<Self>) -> Result<(), Refusal> {
        let Some(sum) = totals.iter_mut().find(|sum| sum.currency == self.currency) else {
            totals.push(self);
            return Ok(());
        };
        *sum = Self {
            currency: self.currency,
            count: sum.count.saturating_add(self.count),
            gross: sum.gross.plus(self.gross)?,
            tax: sum.tax.plus(self.tax)?,
            cash: sum.cash.plus(self.cash)?,
        };
        Ok(())
    }
}

/// What a journal states about itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// Which journal.
    pub journal: JournalId,
    /// Its newest entry; 0 for none.
    pub seq: u64,
    /// The hash of that entry; zeros for none.
    pub hash: Hash,
    /// The last number of each series that has issued one, in the order of codes.
    pub series: Vec<(SeriesCode, u64)>,
    /// Totals per currency, in the order of codes.
    pub totals: Vec<RunningTotal>,
    /// The last acknowledgement that the till holds, as head office signed it: what a till says it was promised moves
    /// head office's epoch, so it must show the promise.
    pub acknowledged: Option<Vec<u8>>,
    /// Head office's challenge of this exchange; none in a file.
    pub challenge: Option<Challenge>,
}

/// A hello as it came.
pub type UnverifiedHello = Unverified<Hello>;

/// A hello that the journal's key has signed.
pub type VerifiedHello = Verified<Hello>;

/// A hello that the journal's key has signed, whose acknowledgement head office has signed.
#[derive(Clone, Debug)]
pub struct CheckedHello {
    hello: VerifiedHello,
    acknowledged: Option<Acknowledgement>,
}

impl CheckedHello {
    /// What the journal states.
    #[must_use]
    pub const fn statement(&self) -> &Hello {
        self.hello.statement()
    }

    /// The signed bytes.
    #[must_use]
    pub fn proof(&self) -> &[u8] {
        self.hello.proof()
    }

    /// The last acknowledgement that the till holds.
    #[must_use]
    pub const fn acknowledged(&self) -> Option<&Acknowledgement> {
        self.acknowledged.as_ref()
    }

    /// Up to which entry the till was acknowledged; 0 for none.
    #[must_use]
    pub fn acknowledged_seq(&self) -> u64 {
        self.acknowledged.map_or(0, |acknowledgement| acknowledgement.seq)
    }
}

impl VerifiedHello {
    /// Verifies the acknowledgement that the hello shows with the key of the head office that it is shown to.
    ///
    /// # Errors
    /// This head office has not signed it.
    pub fn check(self, head_office: &PublicKey) -> Result<CheckedHello, Fault> {
        let journal = self.statement().journal;
        let verify = |bytes: &Vec<u8>| Acknowledgement::read(bytes)?.verify(head_office);
        let verified = self.statement().acknowledged.as_ref().map(verify).transpose();
        let verified = verified.map_err(|fault| fault.at(journal, self.statement().seq))?;
        Ok(CheckedHello { acknowledged: verified.map(|verified| *verified.statement()), hello: self })
    }
}

impl Hello {
    /// Signs it with the journal's key.
    ///
    /// # Errors
    /// Too many series or currencies, out of order, or seq and hash contradict one another.
    pub fn sign(&self, key: &SigningKey) -> Result<Vec<u8>, Fault> {
        sign_statement(self, key)
    }

    /// Reads the bytes of a hello.
    ///
    /// # Errors
    /// They are not exactly one hello within its limits.
    pub fn read(bytes: &[u8]) -> Result<UnverifiedHello, Fault> {
        Unverified::read(bytes)
    }
}

impl Statement for Hello {
    const DOMAIN: Domain = Domain::Hello;

    fn check(&self) -> Result<(), Fault> {
        let at = |fault: Fault| fault.at(self.journal, self.seq);
        if self.series.len() > SERIES_MAX {
            return Err(at(too_large("series in a hello", SERIES_MAX, self.series.len() as u64)));
        }
        if self.totals.len() > CURRENCIES_MAX {
            return Err(at(too_large("currencies in a hello", CURRENCIES_MAX, self.totals.len() as u64)));
        }
        if !self.series.is_sorted_by(|left, right| left.0 < right.0) {
            return Err(at(Fault::NotCanonical { what: "order of series in a hello" }));
        }
        if !self.totals.is_sorted_by(|left, right| left.currency.code() < right.currency.code()) {
            return Err(at(Fault::NotCanonical { what: "order of currencies in a hello" }));
        }
        if (self.seq == 0) != (self.hash == Hash::ZERO) {
            return Err(at(Fault::BrokenChain { expected: Hash::ZERO, came: self.hash }));
        }
        match &self.acknowledged {
            Some(bytes) if Acknowledgement::read(bytes).map_err(at)?.claimed().journal != self.journal => {
                let expected = "the acknowledgement of its own journal";
                Err(at(Fault::Malformed { what: "hello", expected }))
            }
            Some(_) | None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::journal::acknowledgement::{Epoch, Nonce};
    use crate::time::Timestamp;

    fn key() -> SigningKey {
        SigningKey::from_seed([7; 32])
    }

    fn series(code: &str) -> SeriesCode {
        code.parse().unwrap()
    }

    fn total(code: &str) -> RunningTotal {
        let (gross, tax, cash) = (Money::from_minor(12_100), Money::from_minor(2_100), Money::from_minor(-1));
        RunningTotal { currency: code.parse().unwrap(), count: 3, gross, tax, cash }
    }

    fn head_office() -> SigningKey {
        SigningKey::from_seed([8; 32])
    }

    fn shown(journal: JournalId) -> Vec<u8> {
        let (epoch, nonce) = (Epoch { counter: 2, random: [0xC3; 8] }, Nonce([0xD4; 16]));
        let shown = Acknowledgement { journal, seq: 4, hash: Hash([0xB1; 32]), epoch, time: Timestamp(1), nonce };
        shown.sign(&head_office()).unwrap()
    }

    fn hello() -> Hello {
        Hello {
            journal: JournalId([0xA1; 16]),
            seq: 5,
            hash: Hash([0xB2; 32]),
            series: vec![(series("A"), 3)],
            totals: vec![total("EUR")],
            acknowledged: Some(shown(JournalId([0xA1; 16]))),
            challenge: Some(Challenge([0xE5; 32])),
        }
    }

    #[test]
    fn the_bytes_of_a_hello_are_golden() {
        let bytes = hello().sign(&key()).unwrap();
        let payload = [
            &[0xA1; 16][..],
            &[5],
            &[0xB2; 32],
            b"\x01\x01A\x03",
            b"\x01EUR\x03\x88\xBD\x01\xE8\x20\x01",
            b"\x01\x95\x01",
            &shown(JournalId([0xA1; 16])),
            &[1],
            &[0xE5; 32],
        ]
        .concat();
        assert_eq!(bytes[..10], *b"CFSD\x01\x02\x00\x00\x00\xF9");
        assert_eq!(bytes[10..bytes.len() - 64], payload);
        let signature: String = bytes[bytes.len() - 64..].iter().map(|byte| format!("{byte:02x}")).collect();
        let golden = concat!(
            "946a9f50166e0192321272e9af8ca0f9f2e2d4195a656b1a7ccce010563a368c",
            "f19ac83419c7a93c4705dff4dcc472fe1ce08fa7c6d0fa463c2ab593f746d200",
        );
        assert_eq!(signature, golden);
        let verified = Hello::read(&bytes).unwrap().verify(&key().public_key()).unwrap();
        assert_eq!((verified.statement(), verified.proof()), (&hello(), &bytes[..]));
    }

    #[test]
    fn totals_add_up_by_currency_or_not_at_all() {
        let mut totals = vec![total("EUR")];
        total("USD").add_to(&mut totals).unwrap();
        total("EUR").add_to(&mut totals).unwrap();
        let told = |total: &RunningTotal| (total.currency, total.count, total.gross.minor(), total.cash.minor());
        let expected = [(total("EUR").currency, 6, 24_200, -2), (total("USD").currency, 3, 12_100, -1)];
        assert_eq!(totals.iter().map(told).collect::<Vec<_>>(), expected);
        let before = totals.clone();
        let flood = RunningTotal { cash: Money::from_minor(i64::MIN), ..total("EUR") };
        assert_eq!(flood.add_to(&mut totals).unwrap_err().code(), "overflow");
        assert_eq!(totals, before);
    }

    #[test]
    fn every_bit_and_every_prefix_counts() {
        let bytes = hello().sign(&key()).unwrap();
        let verifies = |bytes: &[u8]| Hello::read(bytes).and_then(|read| read.verify(&key().public_key())).is_ok();
        assert!(verifies(&bytes));
        for bit in 0..bytes.len() * 8 {
            let mut altered = bytes.clone();
            altered[bit / 8] ^= 1 << (bit % 8);
            assert!(!verifies(&altered), "bit {bit}");
        }
        for length in 0..bytes.len() {
            assert!(!verifies(&bytes[..length]), "{length} bytes");
        }
    }

    #[test]
    fn a_hello_keeps_its_limits_and_its_order() {
        let refused = |hello: Hello| assert!(hello.sign(&key()).is_err(), "{hello:?}");
        refused(Hello { series: vec![(series("B"), 1), (series("A"), 1)], ..hello() });
        refused(Hello { series: vec![(series("A"), 1), (series("A"), 1)], ..hello() });
        refused(Hello { totals: vec![total("USD"), total("EUR")], ..hello() });
        refused(Hello { totals: vec![total("EUR"), total("EUR")], ..hello() });
        refused(Hello { seq: 0, ..hello() });
        refused(Hello { hash: Hash::ZERO, ..hello() });
        refused(Hello { acknowledged: Some(shown(JournalId([0xA2; 16]))), ..hello() });
        refused(Hello { acknowledged: Some(b"CFSD".to_vec()), ..hello() });
        let many = |count: usize| (0..count).map(|index| (series(&format!("{index:04}")), 1)).collect();
        refused(Hello { series: many(SERIES_MAX + 1), ..hello() });
        assert!(Hello { series: many(SERIES_MAX), ..hello() }.sign(&key()).is_ok());
        assert!(Hello { seq: 0, hash: Hash::ZERO, challenge: None, ..hello() }.sign(&key()).is_ok());
    }

    #[test]
    fn only_what_head_office_has_signed_was_acknowledged() {
        let verified = |hello: Hello| Hello::read(&hello.sign(&key()).unwrap()).unwrap().verify(&key().public_key());
        let checked = verified(hello()).unwrap().check(&head_office().public_key()).unwrap();
        assert_eq!((checked.acknowledged_seq(), checked.statement()), (4, &hello()));
        let fault = verified(hello()).unwrap().check(&key().public_key()).unwrap_err();
        assert!(matches!(fault.cause(), Fault::BadSignature { .. }), "{fault}");
        let none = verified(Hello { acknowledged: None, ..hello() }).unwrap();
        assert_eq!(none.check(&key().public_key()).unwrap().acknowledged_seq(), 0);
    }

    proptest! {
        #[test]
        fn any_payload_is_refused_without_a_panic(payload in proptest::collection::vec(any::<u8>(), 0..300)) {
            let bytes = crate::journal::signed::sign(Domain::Hello, &payload, &key()).unwrap();
            if let Ok(read) = Hello::read(&bytes) {
                prop_assert_eq!(read.claimed().sign(&key()).unwrap(), bytes);
            }
        }
    }
}
