//! North American coupon codes inside a GS1 element: AI 8110 (the older form) and AI 8112 (the positive offer file).
//!
//! A coupon is a run of digits. Many fields are led by a length indicator (VLI). Source: the North American Coupon
//! Application Guideline and the coupon data specification of AI 8112. Example: `106141416543213500110000310123196000`
//! is a coupon of maker 0614141.

use crate::gs1::company_prefix::prefix_first;
use crate::gs1::date::date_with_day;
use crate::gs1::finding::Finding;

/// What is left of the digits.
struct Reader<'a>(&'a str);

impl<'a> Reader<'a> {
    fn new(data: &'a str) -> Result<Self, Finding> {
        if data.bytes().all(|byte| byte.is_ascii_digit()) { Ok(Self(data)) } else { Err(Finding::NonDigit) }
    }

    fn take(&mut self, length: usize, cut: Finding) -> Result<&'a str, Finding> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(cut)?;
        self.0 = rest;
        Ok(taken)
    }

    /// One digit that must be among `allowed`.
    fn digit(&mut self, allowed: &str, missing: Finding, wrong: Finding) -> Result<usize, Finding> {
        let digit = self.take(1, missing)?;
        if !allowed.contains(digit) {
            return Err(wrong);
        }
        digit.parse().map_err(|_| wrong)
    }

    /// A field led by its length, to which `more` is added.
    fn led(&mut self, allowed: &str, more: usize, [missing, wrong, cut]: [Finding; 3]) -> Result<&'a str, Finding> {
        let length = self.digit(allowed, missing, wrong)?;
        self.take(length.saturating_add(more), cut)
    }

    /// Passes over the mark of an optional field, where it stands.
    fn has(&mut self, mark: char) -> bool {
        self.0.strip_prefix(mark).is_some_and(|rest| {
            self.0 = rest;
            true
        })
    }

    fn end(&self) -> Result<(), Finding> {
        if self.0.is_empty() { Ok(()) } else { Err(Finding::CouponExcess) }
    }
}

const ANY: &str = "0123456789";
const REQUIREMENTS: &str = "012349";
const OFFER_DIGITS: usize = 6;

/// Checks the content of AI 8112.
///
/// # Errors
/// The first field that is missing, cut or wrong, or excess data.
pub(super) fn positive_offer(data: &str) -> Result<(), Finding> {
    let mut reader = Reader::new(data)?;
    reader.digit("01", Finding::CouponFormatMissing, Finding::CouponFormat)?;
    reader.led("0123456", 6, [Finding::CouponFunderMissing, Finding::CouponFunderLength, Finding::CouponFunderCut])?;
    reader.take(OFFER_DIGITS, Finding::CouponOfferCut)?;
    serial(&mut reader)?;
    reader.end()
}

/// Checks the content of AI 8110.
///
/// # Errors
/// The first field that is missing, cut or wrong, or excess data.
pub(super) fn coupon_code(data: &str) -> Result<(), Finding> {
    let mut reader = Reader::new(data)?;
    let primary = [Finding::CouponPrefixMissing, Finding::CouponPrefixLength, Finding::CouponPrefixCut];
    prefix_first(reader.led("0123456", 6, primary)?)?;
    reader.take(OFFER_DIGITS, Finding::CouponOfferCut)?;
    reader.led("12345", 0, [Finding::CouponSaveMissing, Finding::CouponSaveLength, Finding::CouponSaveCut])?;
    reader.led("12345", 0, [Finding::Coupon1stMissing, Finding::Coupon1stLength, Finding::Coupon1stCut])?;
    reader.digit(REQUIREMENTS, Finding::Coupon1stCodeMissing, Finding::Coupon1stCode)?;
    reader.take(3, Finding::Coupon1stFamilyCut)?;
    if reader.has('1') {
        reader.digit("0123", Finding::CouponRulesMissing, Finding::CouponRules)?;
        further_purchase(&mut reader, &SECOND)?;
    }
    if reader.has('2') {
        further_purchase(&mut reader, &THIRD)?;
    }
    dates(&mut reader)?;
    if reader.has('5') {
        serial(&mut reader)?;
    }
    if reader.has('6') {
        let retailer = [Finding::CouponRetailerMissing, Finding::CouponRetailerLength, Finding::CouponRetailerCut];
        prefix_first(reader.led("1234567", 6, retailer)?)?;
    }
    if reader.has('9') {
        reader.digit("01256", Finding::CouponValueCodeMissing, Finding::CouponValueCode)?;
        reader.digit("012", Finding::CouponItemMissing, Finding::CouponItem)?;
        reader.take(1, Finding::CouponStoreMissing)?;
        reader.digit("01", Finding::CouponMultiplyMissing, Finding::CouponMultiply)?;
    }
    reader.end()
}

struct Further {
    requirement: [Finding; 3],
    code: [Finding; 2],
    family: Finding,
    prefix: [Finding; 3],
}

const SECOND: Further = Further {
    requirement: [Finding::Coupon2ndMissing, Finding::Coupon2ndLength, Finding::Coupon2ndCut],
    code: [Finding::Coupon2ndCodeMissing, Finding::Coupon2ndCode],
    family: Finding::Coupon2ndFamilyCut,
    prefix: [Finding::Coupon2ndPrefixMissing, Finding::Coupon2ndPrefixLength, Finding::Coupon2ndPrefixCut],
};

const THIRD: Further = Further {
    requirement: [Finding::Coupon3rdMissing, Finding::Coupon3rdLength, Finding::Coupon3rdCut],
    code: [Finding::Coupon3rdCodeMissing, Finding::Coupon3rdCode],
    family: Finding::Coupon3rdFamilyCut,
    prefix: [Finding::Coupon3rdPrefixMissing, Finding::Coupon3rdPrefixLength, Finding::Coupon3rdPrefixCut],
};

fn further_purchase(reader: &mut Reader<'_>, of: &Further) -> Result<(), Finding> {
    reader.led("12345", 0, of.requirement)?;
    reader.digit(REQUIREMENTS, of.code[0], of.code[1])?;
    reader.take(3, of.family)?;
    // A 9 says that the maker is the primary one.
    if reader.has('9') {
        return Ok(());
    }
    prefix_first(reader.led("0123456", 6, of.prefix)?)
}

fn dates(reader: &mut Reader<'_>) -> Result<(), Finding> {
    let mut expiry = None;
    if reader.has('3') {
        let date = reader.take(6, Finding::CouponExpiryCut)?;
        date_with_day(date).map_err(|_| Finding::CouponExpiry)?;
        expiry = Some(date);
    }
    if reader.has('4') {
        let date = reader.take(6, Finding::CouponStartCut)?;
        date_with_day(date).map_err(|_| Finding::CouponStart)?;
        if expiry.is_some_and(|expiry| expiry < date) {
            return Err(Finding::CouponEndsFirst);
        }
    }
    Ok(())
}

fn serial(reader: &mut Reader<'_>) -> Result<(), Finding> {
    let serial = [Finding::CouponSerialMissing, Finding::CouponSerialCut, Finding::CouponSerialCut];
    reader.led(ANY, 6, serial).map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(rule: fn(&str) -> Result<(), Finding>, data: &str, expected: Option<Finding>) {
        assert_eq!(rule(data).err(), expected, "{data}");
    }

    #[test]
    fn a_positive_offer_is_read_field_by_field() {
        let rule = positive_offer;
        check(rule, "", Some(Finding::CouponFormatMissing));
        check(rule, "2", Some(Finding::CouponFormat));
        check(rule, "0", Some(Finding::CouponFunderMissing));
        check(rule, "08", Some(Finding::CouponFunderLength));
        check(rule, "00555", Some(Finding::CouponFunderCut));
        check(rule, "0055555577", Some(Finding::CouponOfferCut));
        check(rule, "00555555777777", Some(Finding::CouponSerialMissing));
        check(rule, "00555555777777122", Some(Finding::CouponSerialCut));
        check(rule, "005555557777770222222", None);
        check(rule, "0055555577777702222229", Some(Finding::CouponExcess));
        check(rule, "00555x", Some(Finding::NonDigit));
    }

    #[test]
    fn an_older_coupon_is_read_field_by_field() {
        let rule = coupon_code;
        // Maker of 7 digits, offer 654321, save value 350, two items of code 1 and family 100.
        let least = "1061414165432133501101000";
        let least = &least[..24];
        check(rule, least, None);
        for (length, finding) in [
            (0, Finding::CouponPrefixMissing),
            (5, Finding::CouponPrefixCut),
            (10, Finding::CouponOfferCut),
            (14, Finding::CouponSaveMissing),
            (16, Finding::CouponSaveCut),
            (18, Finding::Coupon1stMissing),
            (19, Finding::Coupon1stCut),
            (20, Finding::Coupon1stCodeMissing),
            (22, Finding::Coupon1stFamilyCut),
        ] {
            check(rule, &least[..length], Some(finding));
        }
        let with = |more: &str| format!("{least}{more}");
        for (more, finding) in [
            ("1", Some(Finding::CouponRulesMissing)),
            ("14", Some(Finding::CouponRules)),
            ("10", Some(Finding::Coupon2ndMissing)),
            ("106", Some(Finding::Coupon2ndLength)),
            ("1012", Some(Finding::Coupon2ndCodeMissing)),
            ("10125", Some(Finding::Coupon2ndCode)),
            ("1012112", Some(Finding::Coupon2ndFamilyCut)),
            ("10121123", Some(Finding::Coupon2ndPrefixMissing)),
            ("101211238", Some(Finding::Coupon2ndPrefixLength)),
            ("1012112301", Some(Finding::Coupon2ndPrefixCut)),
            ("101211239", None),
            ("10121123921311239", None),
            ("3991332", Some(Finding::CouponExpiry)),
            ("399", Some(Finding::CouponExpiryCut)),
            ("32601314260131", None),
            ("32601314260201", Some(Finding::CouponEndsFirst)),
            ("42613", Some(Finding::CouponStartCut)),
            ("4261301", Some(Finding::CouponStart)),
            ("5", Some(Finding::CouponSerialMissing)),
            ("50123456", None),
            ("68", Some(Finding::CouponRetailerLength)),
            ("61123456", Some(Finding::CouponRetailerCut)),
            ("611234567", None),
            ("93", Some(Finding::CouponValueCode)),
            ("913", Some(Finding::CouponItem)),
            ("910", Some(Finding::CouponStoreMissing)),
            ("9100", Some(Finding::CouponMultiplyMissing)),
            ("91002", Some(Finding::CouponMultiply)),
            ("91001", None),
            ("910017", Some(Finding::CouponExcess)),
            ("7", Some(Finding::CouponExcess)),
        ] {
            check(rule, &with(more), finding);
        }
    }
}
