//! Article codes as scanners read them: EAN-8, EAN-13, UPC-A, UPC-E and GTIN-14.
//!
//! The last digit checks the others (GS1 General Specifications 7.9: weights 3, 1, 3, 1 ... from the right). All but
//! UPC-E are one number, the GTIN, written with more or fewer zeros in front: they are compared padded to 14 digits. A
//! UPC-E is a UPC-A with zeros squeezed out; padding it would give another article. Example: UPC-E 04252614 is UPC-A
//! 042100005264 and GTIN 00042100005264.

use std::fmt;

use crate::id::Barcode;
use crate::refusal::{Reason, Refusal};

/// How a code is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Symbology {
    /// 8 digits.
    Ean8,
    /// 12 digits.
    UpcA,
    /// 8 digits for a UPC-A with zeros squeezed out.
    UpcE,
    /// 13 digits.
    Ean13,
    /// 14 digits, mostly on cases.
    Gtin14,
    /// 18 digits, on pallets and parcels.
    Sscc,
    /// Interleaved 2 of 5.
    Itf,
    /// Code 39.
    Code39,
    /// Code 128 without GS1 data.
    Code128,
    /// Code 128 with GS1 elements.
    Gs1128,
    /// GS1 DataBar, or a composite.
    DataBar,
    /// Data Matrix.
    DataMatrix,
    /// QR code.
    Qr,
    /// DotCode.
    DotCode,
    /// GS1 elements in brackets or with FNC1, whatever symbol they came from.
    ElementString,
    /// A web address with GS1 elements.
    DigitalLink,
}

impl Symbology {
    /// The name in commands and reports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ean8 => "ean-8",
            Self::UpcA => "upc-a",
            Self::UpcE => "upc-e",
            Self::Ean13 => "ean-13",
            Self::Gtin14 => "gtin-14",
            Self::Sscc => "sscc",
            Self::Itf => "itf",
            Self::Code39 => "code-39",
            Self::Code128 => "code-128",
            Self::Gs1128 => "gs1-128",
            Self::DataBar => "gs1-databar",
            Self::DataMatrix => "data-matrix",
            Self::Qr => "qr",
            Self::DotCode => "dotcode",
            Self::ElementString => "gs1-element-string",
            Self::DigitalLink => "gs1-digital-link",
        }
    }
}

/// The number of an article: 14 digits with a valid check digit.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Gtin([u8; 14]);

impl Gtin {
    /// Pads a code of at most 14 digits, whose check digit is known to be valid.
    fn padded(digits: &str) -> Self {
        let mut gtin = [b'0'; 14];
        for (place, digit) in gtin.iter_mut().rev().zip(digits.bytes().rev()) {
            *place = digit;
        }
        Self(gtin)
    }

    /// The number of 8, 12, 13 or 14 digits, if its check digit is right. A UPC-E must be expanded first.
    #[must_use]
    pub fn new(digits: &str) -> Option<Self> {
        let is_whole = matches!(digits.len(), 8 | 12 | 13 | 14) && verify_check_digit(digits).is_ok();
        is_whole.then(|| Self::padded(digits))
    }

    /// The same number as 13 digits, unless it needs all 14.
    #[must_use]
    pub fn as_thirteen(&self) -> Option<&str> {
        self.as_str().strip_prefix('0')
    }

    /// Whether the number circulates in one country or company only: GS1 prefixes 02, 04 and 20 to 29 of 13 digits, and
    /// 8 digits that begin with 0 or 2.
    #[must_use]
    pub fn is_restricted(&self) -> bool {
        match self.as_str().strip_prefix("000000") {
            Some(eight) => eight.starts_with(['0', '2']),
            None => self.as_thirteen().is_some_and(|code| code.starts_with('2') || matches!(&code[..2], "02" | "04")),
        }
    }

    /// The 14 digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("a GTIN is made of ASCII digits only")
    }
}

impl fmt::Display for Gtin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

impl fmt::Debug for Gtin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// An article code that has been read: how it is written and which article it names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ArticleCode {
    /// How it is written.
    pub symbology: Symbology,
    /// Which article.
    pub gtin: Gtin,
}

/// Reads an article code of 8, 12, 13 or 14 digits.
///
/// Eight digits that begin with 0 are a UPC-E where they can be one, since no EAN-8 of trade begins so; other eight
/// digits are an EAN-8.
///
/// # Errors
/// Other lengths, other characters, or a wrong check digit.
pub fn read(code: &str) -> Result<ArticleCode, Refusal> {
    if !is_digits(code) {
        return Err(Refusal::new(Reason::Malformed, "barcode", code, "8, 12, 13 or 14 digits"));
    }
    let symbology = match code.len() {
        8 if code.starts_with('0') => match upc_e_to_upc_a(code) {
            Ok(upc_a) => return Ok(ArticleCode { symbology: Symbology::UpcE, gtin: Gtin::padded(&upc_a) }),
            Err(_) => Symbology::Ean8,
        },
        8 => Symbology::Ean8,
        12 => Symbology::UpcA,
        13 => Symbology::Ean13,
        14 => Symbology::Gtin14,
        _ => return Err(Refusal::new(Reason::Malformed, "barcode", code, "8, 12, 13 or 14 digits")),
    };
    verify_check_digit(code)?;
    Ok(ArticleCode { symbology, gtin: Gtin::padded(code) })
}

/// What two codes of one article have in common: the GTIN of 14 digits, or the text of a code of the shop's own.
///
/// Eight digits are taken as an EAN-8; a UPC-E must be expanded first.
#[must_use]
pub fn comparison_key(barcode: &Barcode) -> Barcode {
    let text = barcode.as_str();
    let gtin = Gtin::new(text).and_then(|gtin| Barcode::new(gtin.as_str()).ok());
    gtin.unwrap_or_else(|| barcode.clone())
}

/// The digit that checks a payload of digits, or nothing for other text.
#[must_use]
pub fn check_digit(payload: &str) -> Option<char> {
    if !is_digits(payload) {
        return None;
    }
    let weights = [3_u64, 1].into_iter().cycle();
    let products =
        payload.bytes().rev().zip(weights).map(|(digit, weight)| u64::from(digit & 0x0F).saturating_mul(weight));
    let excess = products.fold(0, u64::saturating_add).checked_rem(10)?;
    char::from_digit(u32::try_from(10_u64.checked_sub(excess)?.checked_rem(10)?).ok()?, 10)
}

/// Checks the last digit of a code of any length (EAN, UPC, GTIN, SSCC, GLN).
///
/// # Errors
/// Not digits only, or the last is not the check digit of the others.
pub fn verify_check_digit(code: &str) -> Result<(), Refusal> {
    let malformed = |limit: String| Refusal::new(Reason::Malformed, "barcode", code, limit);
    if !is_digits(code) || code.len() < 2 {
        return Err(malformed("digits only".to_owned()));
    }
    let (payload, last) = code.split_at(code.len().saturating_sub(1));
    match check_digit(payload) {
        Some(expected) if last.starts_with(expected) => Ok(()),
        Some(expected) => Err(malformed(format!("a code with check digit {expected}"))),
        None => Err(malformed("digits only".to_owned())),
    }
}

/// Expands a UPC-E to the 12 digits of its UPC-A.
///
/// Eight digits are number system (0 or 1), six digits and check digit; seven lack the check digit; six lack the number
/// system too, which is then 0.
///
/// # Errors
/// Not such digits, or the check digit is not that of the UPC-A.
pub fn upc_e_to_upc_a(code: &str) -> Result<String, Refusal> {
    let refused = |limit| Refusal::new(Reason::Malformed, "barcode", code, limit);
    if !is_digits(code) || !matches!(code.len(), 6..=8) {
        return Err(refused("a UPC-E of 6 to 8 digits"));
    }
    let full = if code.len() == 6 { format!("0{code}") } else { code.to_owned() };
    let (system, rest) = full.split_at(1);
    let (six, check) = rest.split_at(6);
    if !matches!(system, "0" | "1") {
        return Err(refused("a UPC-E of number system 0 or 1"));
    }
    let (maker, last) = six.split_at(5);
    let payload = match last {
        "0" | "1" | "2" => format!("{system}{}{last}0000{}", &maker[..2], &maker[2..]),
        "3" => format!("{system}{}00000{}", &maker[..3], &maker[3..]),
        "4" => format!("{system}{}00000{}", &maker[..4], &maker[4..]),
        _ => format!("{system}{maker}0000{last}"),
    };
    let expected = check_digit(&payload).ok_or_else(|| refused("digits only"))?;
    if !check.is_empty() && !check.starts_with(expected) {
        return Err(refused("a UPC-E with the check digit of its UPC-A"));
    }
    Ok(format!("{payload}{expected}"))
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(code: &str, symbology: Symbology, gtin: &str) {
        let article = read(code).unwrap();
        assert_eq!((article.symbology, article.gtin.as_str()), (symbology, gtin), "{code}");
        assert_eq!(
            (format!("{:>16}", article.gtin), format!("{:?}", article.gtin)),
            (format!("  {gtin}"), gtin.into())
        );
    }

    #[test]
    fn a_symbology_is_told_by_its_name() {
        for (code, name) in [
            ("96385074", "ean-8"),
            ("416000336108", "upc-a"),
            ("04252614", "upc-e"),
            ("4006381333931", "ean-13"),
            ("12345678901231", "gtin-14"),
        ] {
            assert_eq!(read(code).unwrap().symbology.as_str(), name);
        }
    }

    /// The five ways of squeezing zeros out (GS1 General Specifications 5.2.2.4.2), with and without its outer digits.
    #[test]
    fn a_upc_e_expands_by_its_last_digit() {
        for (short, full) in [
            ("01234505", "012000003455"),
            ("01234514", "012100003454"),
            ("01234531", "012300000451"),
            ("01234543", "012340000053"),
            ("01234558", "012345000058"),
        ] {
            assert_eq!(upc_e_to_upc_a(short).as_deref(), Ok(full), "{short}");
            assert_eq!(upc_e_to_upc_a(&short[..7]).as_deref(), Ok(full), "{short} without its check digit");
            assert_eq!(upc_e_to_upc_a(&short[1..7]).as_deref(), Ok(full), "{short} without its outer digits");
        }
        for wrong in ["12345", "123456789", "1234x6", ""] {
            assert_eq!(upc_e_to_upc_a(wrong).unwrap_err().limit(), "a UPC-E of 6 to 8 digits", "{wrong}");
        }
    }

    #[test]
    fn a_code_names_its_article() {
        check("96385074", Symbology::Ean8, "00000096385074");
        check("416000336108", Symbology::UpcA, "00416000336108");
        check("4006381333931", Symbology::Ean13, "04006381333931");
        check("12345678901231", Symbology::Gtin14, "12345678901231");
        check("04252614", Symbology::UpcE, "00042100005264");
        check("00012348", Symbology::Ean8, "00000000012348");
    }

    #[test]
    fn a_wrong_digit_or_length_is_refused() {
        for code in [
            "",
            "4006381333930",
            "042100005263",
            "123",
            "123456789",
            " 4006381333931",
            "400638133393٣",
            "40063813339x1",
        ] {
            assert_eq!(read(code).unwrap_err().code(), "malformed", "{code}");
        }
        let text = read("4006381333930").unwrap_err().to_string();
        assert_eq!(text, "barcode: 4006381333930 is not a code with check digit 1");
        assert!(upc_e_to_upc_a("24252614").is_err());
        assert!(upc_e_to_upc_a("04252615").is_err());
    }

    #[test]
    fn a_number_of_one_country_or_company_is_known_as_such() {
        for (code, is_restricted) in [
            ("2211114002394", true),
            ("0212345678909", true),
            ("0412345678903", true),
            ("4006381333931", false),
            ("0042100005264", false),
            ("96385074", false),
            ("20123451", true),
            ("00012348", true),
            ("12345678901231", false),
        ] {
            assert_eq!(Gtin::new(code).unwrap().is_restricted(), is_restricted, "{code}");
        }
        assert_eq!((Gtin::new("4006381333930"), Gtin::new("123456789012345675")), (None, None));
    }

    #[test]
    fn zeros_in_front_do_not_make_another_article() {
        let key = |code: &str| comparison_key(&Barcode::new(code).unwrap()).to_string();
        assert_eq!(key("0042100005264"), key("042100005264"));
        assert_eq!(key("4006381333930"), "4006381333930");
        assert_eq!(key("SHELF-7"), "SHELF-7");
    }

    proptest! {
        #[test]
        fn one_altered_digit_is_always_found(payload in "[0-9]{12}", place in 0_usize..13, other in 1_u8..10) {
            let code = format!("{payload}{}", check_digit(&payload).unwrap());
            prop_assert!(read(&code).is_ok());
            let mut bytes = code.into_bytes();
            bytes[place] = b'0' + (bytes[place] - b'0' + other) % 10;
            prop_assert!(read(&String::from_utf8(bytes).unwrap()).is_err());
        }

        #[test]
        fn no_text_panics(text in ".{0,20}") {
            let _answers = (read(&text), upc_e_to_upc_a(&text), verify_check_digit(&text), check_digit(&text));
        }
    }
}
