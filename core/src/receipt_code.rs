//! The code on a receipt, by which another till of the company verifies it with no network and refunds it.
//!
//! Text: `CFR1` and base32 (RFC 4648, no padding) of postcard of [`ReceiptCodeV1`] and the 64 bytes of the journal's
//! signature over it; capitals and digits only, so that a QR code holds it densely and a keyboard scanner types it. The code
//! brings the journal's key with head office's certificate of it, taken from the grant: whoever knows head office's key can
//! verify the code of any till, also of one that was enrolled a minute ago. It tells lines, taxes and tenders as sold, so
//! that what was paid can be paid back exactly; names are looked up. A receipt with more than fits has no code, and is
//! refunded where it was sold. What another till has refunded already cannot be known offline: head office finds it.

use serde::{Deserialize, Serialize};

use crate::catalog::Unit;
use crate::currency::Currency;
use crate::document::{DocumentV1, Issued, LineV1, TotalsV1};
use crate::grant::Profile;
use crate::id::{
    CommandId, DocumentNumber, JournalId, Name, OperatorCode, ProductCode, SeriesCode, StoreCode, TillCode,
};
use crate::journal::codec;
use crate::journal::key::{Domain, PublicKey, Signature, SigningKey};
use crate::money::Money;
use crate::promotion::Claims;
use crate::quantity::{Quantity, UnitPrice};
use crate::refusal::{Reason, Refusal};
use crate::series::DocumentKind;
use crate::tax::TaxTotal;
use crate::tender::Tender;
use crate::time::Now;

/// The most characters of a code: what a QR code of the largest size and level M holds.
pub const CODE_CHARS_MAX: usize = 3_391;

const PREFIX: &str = "CFR1";
const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const SIGNATURE_BYTES: usize = 64;

/// What head office certifies of a journal: whose key it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CertifiedV1 {
    /// The journal.
    pub journal: JournalId,
    /// Its public key.
    pub key: PublicKey,
    /// The store.
    pub store: StoreCode,
    /// The till.
    pub till: TillCode,
}

impl CertifiedV1 {
    /// Head office's signature over it, as a grant brings it.
    #[must_use]
    pub fn sign(&self, head_office: &SigningKey) -> Vec<u8> {
        head_office.sign(Domain::Certificate, &codec::encode(self)).0.to_vec()
    }

    fn is_signed(&self, certificate: &[u8], head_office: &PublicKey) -> bool {
        let signature = <[u8; SIGNATURE_BYTES]>::try_from(certificate);
        signature.is_ok_and(|it| head_office.verify(Domain::Certificate, &codec::encode(self), &Signature(it)).is_ok())
    }
}

/// What the code of a receipt says. Version 1.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceiptCodeV1 {
    /// The till that issued it.
    pub issuer: CertifiedV1,
    /// Head office's signature over the issuer.
    pub certificate: Vec<u8>,
    /// Receipt or invoice.
    pub kind: DocumentKind,
    /// Its series.
    pub series: SeriesCode,
    /// Its number in the series.
    pub number: u64,
    /// The number as printed.
    pub printed: DocumentNumber,
    /// When it was issued.
    pub issued: Now,
    /// The currency.
    pub currency: Currency,
    /// Whether unit prices include tax.
    pub prices_include_tax: bool,
    /// What was sold.
    pub lines: Vec<CodeLineV1>,
    /// The tax table.
    pub taxes: Vec<TaxTotal>,
    /// The sums.
    pub totals: TotalsV1,
    /// What was paid with.
    pub tenders: Vec<Tender>,
    /// Cash handed back.
    pub change: Money,
}

/// One line in a code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeLineV1 {
    /// The product's code.
    pub code: ProductCode,
    /// How it is sold.
    pub unit: Unit,
    /// How much.
    pub quantity: Quantity,
    /// The price of one unit as sold.
    pub unit_price: UnitPrice,
    /// The amount without tax, before discounts on the sale.
    pub net: Money,
    /// The line's share of the discounts on the sale.
    pub discount: Money,
    /// The line's share of each of its taxes: index into the tax table, and amount.
    pub taxes: Vec<(u8, Money)>,
}

/// Whether a text is meant as a code.
#[must_use]
pub fn is_code(text: &str) -> bool {
    text.get(..PREFIX.len()).is_some_and(|start| start.eq_ignore_ascii_case(PREFIX))
}

impl ReceiptCodeV1 {
    /// What the code of a document says; `None` where it is no sale.
    #[must_use]
    pub fn of(profile: &Profile, key: PublicKey, certificate: &[u8], issued: &Issued) -> Option<Self> {
        let Issued { entry, document } = issued;
        match document.kind {
            DocumentKind::Receipt | DocumentKind::Invoice => {}
            DocumentKind::CreditNote | DocumentKind::ZReport | DocumentKind::Return => return None,
        }
        let (store, till) = (profile.store.clone(), profile.till.clone());
        let line = |line: &LineV1| CodeLineV1 {
            code: line.code.clone(),
            unit: line.unit,
            quantity: line.quantity,
            unit_price: line.unit_price,
            net: line.net,
            discount: line.discount,
            taxes: line.taxes.clone(),
        };
        Some(Self {
            issuer: CertifiedV1 { journal: entry.journal(), key, store, till },
            certificate: certificate.to_vec(),
            kind: document.kind,
            series: document.series.clone(),
            number: document.number,
            printed: document.printed.clone(),
            issued: document.issued_at(entry.now()),
            currency: profile.currency,
            prices_include_tax: document.prices_include_tax,
            lines: document.lines.iter().map(line).collect(),
            taxes: document.taxes.clone(),
            totals: document.totals,
            tenders: document.tenders.clone(),
            change: document.change,
        })
    }

    /// The code as printed; `None` where it would be longer than a QR code holds. The inverse of [`Self::verify`].
    #[must_use]
    pub fn sign(&self, key: &SigningKey) -> Option<String> {
        let mut bytes = codec::encode(self);
        let signature = key.sign(Domain::Receipt, &bytes);
        bytes.extend_from_slice(&signature.0);
        let text = format!("{PREFIX}{}", base32(&bytes));
        (text.len() <= CODE_CHARS_MAX).then_some(text)
    }

    /// What a code claims, whoever wrote it, and the bytes that its signature is over.
    ///
    /// # Errors
    /// `malformed`.
    pub fn read(text: &str) -> Result<(Self, Vec<u8>, Signature), Refusal> {
        let malformed = || Refusal::new(Reason::Malformed, "code", text, "a code as it is printed on a receipt");
        let text = text.split_ascii_whitespace().collect::<String>();
        if text.len() > CODE_CHARS_MAX || !is_code(&text) {
            return Err(malformed());
        }
        let bytes = text.get(PREFIX.len()..).and_then(unbase32).ok_or_else(malformed)?;
        let (signed, signature) = bytes.split_last_chunk::<SIGNATURE_BYTES>().ok_or_else(malformed)?;
        let code = codec::decode::<Self>(signed).map_err(|_| malformed())?;
        Ok((code, signed.to_vec(), Signature(*signature)))
    }

    /// Reads a code and verifies who signed it: a journal of this till by `own`, any other by head office's certificate.
    ///
    /// # Errors
    /// `malformed`; `wrong_document` where it is not signed by a till of this company, or does not add up.
    pub fn verify(
        text: &str,
        own: impl Fn(JournalId) -> Option<PublicKey>,
        head_office: Option<&PublicKey>,
    ) -> Result<Self, Refusal> {
        let (code, signed, signature) = Self::read(text)?;
        let refused = |limit: &str| Refusal::new(Reason::WrongDocument, "code", &code.printed, limit);
        let issuer = &code.issuer;
        let is_certified = head_office.is_some_and(|key| issuer.is_signed(&code.certificate, key));
        let key = match own(issuer.journal) {
            Some(key) => key,
            None if is_certified => issuer.key,
            None => return Err(refused("not certified by the head office of this till")),
        };
        key.verify(Domain::Receipt, &signed, &signature).map_err(|_| refused("not as the till signed it"))?;
        if code.as_document().is_balanced() { Ok(code) } else { Err(refused("not a document that adds up")) }
    }

    /// The document as far as a refund needs it; names are the products' codes.
    #[must_use]
    pub fn as_document(&self) -> DocumentV1 {
        let line = |line: &CodeLineV1| LineV1 {
            code: line.code.clone(),
            name: Name::new(line.code.as_str()).expect("a code of a product is a name"),
            category: None,
            unit: line.unit,
            quantity: line.quantity,
            unit_price: line.unit_price,
            has_typed_price: false,
            price_list: None,
            promotions: Vec::new(),
            scanned: 0,
            net: line.net,
            discount: line.discount,
            taxes: line.taxes.clone(),
            preceding_line: 0,
            scans: None,
            trace: None,
        };
        DocumentV1 {
            id: CommandId::new(self.printed.as_str()).expect("a printed number is shorter than an id may be"),
            kind: self.kind,
            series: self.series.clone(),
            number: self.number,
            printed: self.printed.clone(),
            issued: Some(self.issued),
            is_imported: false,
            session: 0,
            operator: OperatorCode::new("owner").expect("a code of an operator"),
            approved_by: None,
            customer: None,
            claims: Claims::default(),
            reason: None,
            prices_include_tax: self.prices_include_tax,
            preceding: None,
            preceding_journal: None,
            lines: self.lines.iter().map(line).collect(),
            discounts: Vec::new(),
            taxes: self.taxes.clone(),
            totals: self.totals,
            tenders: self.tenders.clone(),
            has_named_tenders: true,
            has_named_lines: true,
            change: self.change,
            regime: Vec::new(),
        }
    }
}

fn base32(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().saturating_mul(8).div_ceil(5));
    let (mut bits, mut held) = (0_u32, 0_u32);
    let letter = |value: u32| char::from(ALPHABET[usize::try_from(value & 31).unwrap_or(0)]);
    for byte in bytes {
        bits = (bits << 8 | u32::from(*byte)) & 0xfff;
        held = held.saturating_add(8);
        while held >= 5 {
            held = held.saturating_sub(5);
            text.push(letter(bits >> held));
        }
    }
    if held > 0 {
        text.push(letter(bits << 5_u32.saturating_sub(held)));
    }
    text
}

/// The inverse of [`base32`], of capitals and small letters; `None` for anything else, bits left over included.
fn unbase32(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    let (mut bits, mut held) = (0_u32, 0_u32);
    for letter in text.bytes() {
        let value = ALPHABET.iter().position(|known| *known == letter.to_ascii_uppercase())?;
        bits = (bits << 5 | u32::try_from(value).ok()?) & 0xfff;
        held = held.saturating_add(5);
        if held >= 8 {
            held = held.saturating_sub(8);
            bytes.push(u8::try_from(bits >> held & 0xff).ok()?);
        }
    }
    let left = bits & (1_u32 << held).saturating_sub(1);
    (held < 5 && left == 0).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::time::{Timestamp, ZoneOffset};

    fn key(seed: u8) -> SigningKey {
        SigningKey::from_seed([seed; 32])
    }

    fn code(lines: usize) -> ReceiptCodeV1 {
        let issuer = CertifiedV1 {
            journal: JournalId([7; 16]),
            key: key(1).public_key(),
            store: "S01".parse().unwrap(),
            till: "T01".parse().unwrap(),
        };
        let line = CodeLineV1 {
            code: "3850334043641".parse().unwrap(),
            unit: Unit::Piece,
            quantity: Quantity::ONE,
            unit_price: "1.25".parse().unwrap(),
            net: Money::from_minor(125),
            discount: Money::ZERO,
            taxes: Vec::new(),
        };
        let sum = Money::from_minor(125 * i64::try_from(lines).unwrap());
        let totals = TotalsV1 { net: sum, tax: Money::ZERO, gross: sum, rounding: Money::ZERO, payable: sum };
        ReceiptCodeV1 {
            certificate: issuer.sign(&key(9)),
            issuer,
            kind: DocumentKind::Receipt,
            series: "S01-T01-R26A".parse().unwrap(),
            number: 12,
            printed: "S01-T01-R26A-000012".parse().unwrap(),
            issued: Now { at: Timestamp(1_795_258_800_000), offset: ZoneOffset(60) },
            currency: "EUR".parse().unwrap(),
            prices_include_tax: true,
            lines: vec![line; lines],
            taxes: Vec::new(),
            totals,
            tenders: vec![Tender::of(crate::tender::TenderKind::Cash, sum)],
            change: Money::ZERO,
        }
    }

    #[test]
    fn a_code_is_verified_by_head_offices_key_alone() {
        let code = code(3);
        let text = code.sign(&key(1)).unwrap();
        assert!(text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit()), "{text}");
        let (office, other) = (key(9).public_key(), key(8).public_key());
        let nobody = |_| None;
        assert_eq!(ReceiptCodeV1::verify(&text, nobody, Some(&office)), Ok(code.clone()));
        assert_eq!(ReceiptCodeV1::verify(&text.to_lowercase(), nobody, Some(&office)), Ok(code.clone()));
        let spaced = format!(" {} {}\n", &text[..42], &text[42..]);
        assert_eq!(ReceiptCodeV1::verify(&spaced, nobody, Some(&office)), Ok(code.clone()));
        let refused = |text: &str, office| ReceiptCodeV1::verify(text, nobody, office).unwrap_err().to_string();
        let stranger = "code: S01-T01-R26A-000012 is not certified by the head office of this till";
        assert_eq!(refused(&text, Some(&other)), stranger);
        assert_eq!(refused(&text, None), stranger);
        let forged = ReceiptCodeV1 { number: 13, ..code.clone() }.sign(&key(2)).unwrap();
        assert_eq!(refused(&forged, Some(&office)), "code: S01-T01-R26A-000012 is not as the till signed it");
        let own = |journal| (journal == JournalId([7; 16])).then(|| key(1).public_key());
        assert_eq!(ReceiptCodeV1::verify(&text, own, None), Ok(code), "its own journal needs no certificate");
    }

    #[test]
    fn a_certificate_is_of_one_key_and_till() {
        let mut stolen = code(1);
        stolen.issuer.key = key(2).public_key();
        let text = stolen.sign(&key(2)).unwrap();
        let refusal = ReceiptCodeV1::verify(&text, |_| None, Some(&key(9).public_key())).unwrap_err();
        assert_eq!((refusal.code(), refusal.field()), ("wrong_document", "code"));
        let mut unbalanced = code(1);
        unbalanced.totals.gross = Money::from_minor(1);
        let text = unbalanced.sign(&key(1)).unwrap();
        assert!(ReceiptCodeV1::verify(&text, |_| None, Some(&key(9).public_key())).is_err());
    }

    #[test]
    fn every_character_counts() {
        let text = code(2).sign(&key(1)).unwrap();
        let verifies = |text: &str| ReceiptCodeV1::verify(text, |_| None, Some(&key(9).public_key())).is_ok();
        assert!(verifies(&text));
        for at in 0..text.len() {
            let other = if text.as_bytes()[at] == b'A' { "B" } else { "A" };
            assert!(!verifies(&format!("{}{other}{}", &text[..at], &text[at + 1..])), "character {at}");
            assert!(!verifies(&text[..at]), "{at} characters");
        }
        assert!(!verifies(&format!("{text}A")));
    }

    #[test]
    fn a_receipt_longer_than_a_qr_code_has_none() {
        let length = |lines: usize| code(lines).sign(&key(1)).map(|text| text.len());
        assert!(length(5).unwrap() < 700, "{:?}", length(5));
        assert!(length(50).is_some());
        assert_eq!(length(90), None);
    }

    proptest! {
        #[test]
        fn base32_reads_back(bytes in proptest::collection::vec(any::<u8>(), 0..100), text in "[A-Z2-7]{0,40}") {
            prop_assert_eq!(unbase32(&base32(&bytes)), Some(bytes));
            if let Some(bytes) = unbase32(&text) {
                prop_assert_eq!(base32(&bytes), text);
            }
        }
    }
}
