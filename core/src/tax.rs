//! The taxes that a line carries.
//!
//! A line has up to four taxes, each with the tax's code, its category of UNCL5305 (the code list of EN 16931), its
//! rate and its base: the net amount, or the net amount plus the taxes before it on the line (Canada before 2013,
//! Ecuador, Brazil). Always: only the categories S, L and M have a rate above zero. Example: 5 % on the net and then
//! 10 % on net plus that is 5 % and 10.5 % of the net.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::money::Money;
use crate::quantity::Percent;
use crate::ratio::Ratio;
use crate::refusal::{Reason, Refusal};

/// The most taxes that one line carries.
pub const TAXES_PER_LINE_MAX: usize = 4;

/// The highest rate of a tax, in percent.
pub const RATE_MAX: i64 = 1000;

/// Whether prices are shown without tax (wholesale, North America) or with it (retail elsewhere).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum PriceMode {
    /// Tax is added to the price.
    Exclusive,
    /// Tax is contained in the price.
    Inclusive,
}

/// Why a tax is or is not due, by the codes of UNCL5305.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum TaxCategory {
    /// S: standard or reduced rate.
    Standard,
    /// Z: zero-rated.
    ZeroRated,
    /// E: exempt.
    Exempt,
    /// AE: reverse charge.
    ReverseCharge,
    /// K: supply to another country of the European Union.
    IntraCommunity,
    /// G: export.
    Export,
    /// O: outside the scope of the tax.
    OutsideScope,
    /// L: general indirect tax of the Canary Islands.
    CanaryIslands,
    /// M: tax of Ceuta and Melilla.
    CeutaMelilla,
}

impl TaxCategory {
    /// Every category.
    pub const ALL: [Self; 9] = [
        Self::Standard,
        Self::ZeroRated,
        Self::Exempt,
        Self::ReverseCharge,
        Self::IntraCommunity,
        Self::Export,
        Self::OutsideScope,
        Self::CanaryIslands,
        Self::CeutaMelilla,
    ];

    /// The code of UNCL5305.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Standard => "S",
            Self::ZeroRated => "Z",
            Self::Exempt => "E",
            Self::ReverseCharge => "AE",
            Self::IntraCommunity => "K",
            Self::Export => "G",
            Self::OutsideScope => "O",
            Self::CanaryIslands => "L",
            Self::CeutaMelilla => "M",
        }
    }

    /// Whether a rate above zero is possible.
    #[must_use]
    pub const fn has_rate(self) -> bool {
        match self {
            Self::Standard | Self::CanaryIslands | Self::CeutaMelilla => true,
            Self::ZeroRated
            | Self::Exempt
            | Self::ReverseCharge
            | Self::IntraCommunity
            | Self::Export
            | Self::OutsideScope => false,
        }
    }
}

impl FromStr for TaxCategory {
    type Err = Refusal;

    fn from_str(text: &str) -> Result<Self, Refusal> {
        let known = Self::ALL.into_iter().find(|category| category.code() == text);
        known.ok_or_else(|| Refusal::new(Reason::Malformed, "category", text, "one of S Z E AE K G O L M"))
    }
}

impl fmt::Display for TaxCategory {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.code())
    }
}

/// What a tax is a share of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum TaxBase {
    /// The net amount.
    Net,
    /// The net amount plus the taxes that stand before this one on the line.
    NetPlusEarlier,
}

impl FromStr for TaxBase {
    type Err = Refusal;

    /// Hyphens, underscores, spaces, plus signs and capitals do not matter: `net+taxes` is `net-plus-taxes`.
    fn from_str(text: &str) -> Result<Self, Refusal> {
        let plain: String = text.replace('+', "plus").chars().filter(char::is_ascii_alphanumeric).collect();
        match plain.to_ascii_lowercase().as_str() {
            "net" => Ok(Self::Net),
            "netplusearlier" | "netplusearliertaxes" | "netplustaxes" | "compound" => Ok(Self::NetPlusEarlier),
            _ => Err(Refusal::new(Reason::Malformed, "base", text, "net or net-plus-earlier")),
        }
    }
}

impl fmt::Display for TaxBase {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Net => "net",
            Self::NetPlusEarlier => "net-plus-earlier",
        })
    }
}

/// The name of a tax, such as `VAT`, `GST` or `ICE`: 1 to 12 printable characters, kept in place.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TaxCode([u8; TaxCode::BYTES_MAX]);

impl TaxCode {
    /// The most bytes of a tax's name.
    pub const BYTES_MAX: usize = 12;

    /// Value added tax, which a tax is if nothing else is said.
    pub const VAT: Self = Self(*b"VAT\0\0\0\0\0\0\0\0\0");

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        let end = self.0.iter().position(|byte| *byte == 0).unwrap_or(Self::BYTES_MAX);
        self.0.get(..end).and_then(|bytes| std::str::from_utf8(bytes).ok()).unwrap_or_default()
    }
}

impl FromStr for TaxCode {
    type Err = Refusal;

    fn from_str(text: &str) -> Result<Self, Refusal> {
        if text.len() > Self::BYTES_MAX {
            return Err(Refusal::new(Reason::TooLong, "code", text, "12 bytes"));
        }
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Refusal::new(Reason::Malformed, "code", text, "1 to 12 printable ASCII characters"));
        }
        let mut bytes = [0; Self::BYTES_MAX];
        for (place, byte) in bytes.iter_mut().zip(text.bytes()) {
            *place = byte;
        }
        Ok(Self(bytes))
    }
}

impl fmt::Display for TaxCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

impl fmt::Debug for TaxCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), formatter)
    }
}

impl Serialize for TaxCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.as_str().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for TaxCode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// One tax of a line. Taxes that are equal in all four are added up together on the document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct LineTax {
    /// Which tax.
    pub code: TaxCode,
    /// Why it is or is not due.
    pub category: TaxCategory,
    /// How many percent of the base.
    pub rate: Percent,
    /// Of what.
    pub base: TaxBase,
}

impl LineTax {
    /// Value added tax of a category and rate on the net amount.
    #[must_use]
    pub const fn vat(category: TaxCategory, rate: Percent) -> Self {
        Self { code: TaxCode::VAT, category, rate, base: TaxBase::Net }
    }
}

/// A tax on the whole document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaxTotal {
    /// Which tax.
    pub tax: LineTax,
    /// The sum that it is a share of.
    pub taxable: Money,
    /// The tax, rounded once.
    pub amount: Money,
}

/// What a list of taxes makes of one unit of net amount, exactly.
#[derive(Clone, Copy, Debug)]
pub struct Shares {
    bases: [Ratio; TAXES_PER_LINE_MAX],
    gross: Ratio,
}

impl Shares {
    /// Checks a line's taxes and works out their shares.
    ///
    /// # Errors
    /// More than `TAXES_PER_LINE_MAX`, one listed twice, a rate below zero, above `RATE_MAX` or in a category without.
    pub fn of(taxes: &[LineTax]) -> Result<Self, Refusal> {
        if taxes.len() > TAXES_PER_LINE_MAX {
            return Err(Refusal::new(Reason::TooMany, "taxes", taxes.len(), format!("{TAXES_PER_LINE_MAX} taxes")));
        }
        let mut bases = [Ratio::ONE; TAXES_PER_LINE_MAX];
        let mut gross = Ratio::ONE;
        for (index, (tax, base)) in taxes.iter().zip(&mut bases).enumerate() {
            let earlier = taxes.get(..index).unwrap_or_default();
            check(tax, earlier).map_err(|refusal| refusal.inside(&format!("taxes[{index}]")))?;
            if tax.base == TaxBase::NetPlusEarlier {
                *base = gross;
            }
            gross = gross.plus(base.times(Ratio::of_percent(tax.rate))?)?;
        }
        Ok(Self { bases, gross })
    }

    /// The base of the tax at this place, of one unit of net amount.
    #[must_use]
    pub fn base(&self, place: usize) -> Ratio {
        self.bases.get(place).copied().unwrap_or(Ratio::ONE)
    }

    /// One unit of net amount with all its taxes.
    #[must_use]
    pub const fn gross(&self) -> Ratio {
        self.gross
    }
}

fn check(tax: &LineTax, earlier: &[LineTax]) -> Result<(), Refusal> {
    if earlier.contains(tax) {
        return Err(Refusal::new(Reason::Malformed, "code", tax.code, "a tax that the line does not have yet"));
    }
    if tax.rate.is_negative() {
        return Err(Refusal::new(Reason::Negative, "rate", tax.rate, "0 or more percent"));
    }
    if !tax.rate.is_zero() && !tax.category.has_rate() {
        return Err(Refusal::new(
            Reason::Malformed,
            "rate",
            tax.rate,
            format!("0, as category {} has it", tax.category),
        ));
    }
    if tax.rate.decimal() > RATE_MAX.into() {
        return Err(Refusal::new(Reason::Overflow, "rate", tax.rate, format!("{RATE_MAX} percent")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tax(category: TaxCategory, rate: &str, base: TaxBase) -> LineTax {
        LineTax { base, ..LineTax::vat(category, rate.parse().unwrap()) }
    }

    #[test]
    fn categories_and_bases_read_back() {
        for category in TaxCategory::ALL {
            assert_eq!(category.code().parse::<TaxCategory>().unwrap(), category);
        }
        for base in [TaxBase::Net, TaxBase::NetPlusEarlier] {
            assert_eq!(base.to_string().parse::<TaxBase>().unwrap(), base);
        }
        assert_eq!("IC".parse::<TaxCategory>().unwrap_err().code(), "malformed");
        for text in ["net_plus_earlier", "Net plus earlier taxes", "net+taxes", "compound"] {
            assert_eq!(text.parse::<TaxBase>().unwrap(), TaxBase::NetPlusEarlier, "{text}");
        }
        for text in ["gross", "", "netto", "net-plus"] {
            assert_eq!(text.parse::<TaxBase>().unwrap_err().code(), "malformed", "{text}");
        }
    }

    #[test]
    fn a_tax_is_few_bytes_and_reads_back() {
        let tax = tax(TaxCategory::Standard, "21", TaxBase::Net);
        let bytes = postcard::to_stdvec(&tax).unwrap();
        assert_eq!(bytes, [3, b'V', b'A', b'T', 0, 42, 0, 0]);
        assert_eq!(postcard::from_bytes::<LineTax>(&bytes).unwrap(), tax);
        assert!(postcard::from_bytes::<TaxCode>(&[0]).is_err());
        assert_eq!("PROVINCIAL-TX".parse::<TaxCode>().unwrap_err().code(), "too_long");
        let longest: TaxCode = "IRBPNR-12345".parse().unwrap();
        assert_eq!((longest.as_str(), format!("{longest:?}")), ("IRBPNR-12345", r#""IRBPNR-12345""#.to_owned()));
        assert_eq!(format!("{:>5}|{:<5}|", TaxCode::VAT, TaxCode::VAT), "  VAT|VAT  |");
        for text in ["", "V T", "V\u{e4}T", "VAT\0"] {
            assert_eq!(text.parse::<TaxCode>().unwrap_err().code(), "malformed", "{text}");
        }
    }

    #[test]
    fn later_taxes_may_stand_on_earlier_ones() {
        let five = tax(TaxCategory::Standard, "5", TaxBase::Net);
        let ten = tax(TaxCategory::Standard, "10", TaxBase::NetPlusEarlier);
        let shares = Shares::of(&[five, ten]).unwrap();
        assert_eq!(shares.base(1).reduced().to_string(), "21/20");
        assert_eq!(shares.gross().reduced().to_string(), "231/200");
        assert_eq!(Shares::of(&[]).unwrap().gross().to_string(), "1");
    }

    /// RATE_MAX is ten times the net, so 1000 % makes eleven of one.
    #[test]
    fn four_taxes_and_the_highest_rate_are_still_possible() {
        let most = tax(TaxCategory::CanaryIslands, "1000", TaxBase::Net);
        assert_eq!(Shares::of(&[most]).unwrap().gross().reduced().to_string(), "11");
        let four = ["1", "2", "3", "4"].map(|rate| tax(TaxCategory::Standard, rate, TaxBase::Net));
        assert_eq!(Shares::of(&four).unwrap().gross().reduced().to_string(), "11/10");
        let none = [TaxCategory::ZeroRated, TaxCategory::Exempt, TaxCategory::ReverseCharge, TaxCategory::Export];
        assert_eq!(Shares::of(&none.map(|none| tax(none, "0", TaxBase::Net))).unwrap().gross().to_string(), "100/100");
    }

    fn refused(taxes: &[LineTax], code: &str, field: &str) {
        let refusal = Shares::of(taxes).unwrap_err();
        assert_eq!((refusal.code(), refusal.field()), (code, field));
    }

    #[test]
    fn what_no_tax_can_be_is_refused() {
        let standard = |rate| tax(TaxCategory::Standard, rate, TaxBase::Net);
        refused(&[standard("-1")], "negative", "taxes[0].rate");
        refused(&[standard("21"), standard("1000.5")], "overflow", "taxes[1].rate");
        refused(&[standard("21"), standard("21.0")], "malformed", "taxes[1].code");
        for category in TaxCategory::ALL {
            let has_rate = [TaxCategory::Standard, TaxCategory::CanaryIslands, TaxCategory::CeutaMelilla];
            if !has_rate.contains(&category) {
                refused(&[tax(category, "21", TaxBase::Net)], "malformed", "taxes[0].rate");
            }
        }
        refused(&[standard("1"), standard("2"), standard("3"), standard("4"), standard("5")], "too_many", "taxes");
    }
}
