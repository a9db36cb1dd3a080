//! What can be wrong with the content of an element: a stable code and a sentence.
//!
//! The codes are those of the component tests of the GS1 Barcode Syntax Dictionary. Example: `131313` as a production
//! date is `ILLEGAL_MONTH`.

use std::fmt;

macro_rules! findings {
    ($($name:ident = $code:literal, $text:literal;)*) => {
        /// What is wrong with a component of an element.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[expect(missing_docs, reason = "each has its sentence below")]
        pub enum Finding { $($name,)* }

        impl Finding {
            /// Every finding.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The stable code, as in the GS1 component tests.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }

            /// The sentence for people.
            #[must_use]
            pub const fn text(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }
    };
}

findings! {
    NonDigit = "NON_DIGIT_CHARACTER", "A non-digit character was found where a digit is expected.";
    NonCset82 = "INVALID_CSET82_CHARACTER",
        "A non-CSET 82 character was found where a CSET 82 character is expected.";
    NonCset39 = "INVALID_CSET39_CHARACTER",
        "A non-CSET 39 character was found where a CSET 39 character is expected.";
    NonCset64 = "INVALID_CSET64_CHARACTER",
        "A non-CSET 64 character was found where a CSET 64 character is expected.";
    Cset64Padding = "INVALID_CSET64_PADDING", "The CSET 64 data ends in a wrong number of pad characters.";
    CheckDigit = "INCORRECT_CHECK_DIGIT", "The numeric check digit is incorrect.";
    TooShortForCheckDigit = "TOO_SHORT_FOR_CHECK_DIGIT", "The component is too short to have a check digit.";
    CheckPair = "INCORRECT_CHECK_PAIR", "The alphanumeric check-character pair are incorrect.";
    TooShortForCheckPair = "TOO_SHORT_FOR_CHECK_PAIR", "The component is too short to have a check-character pair.";
    TooLongForCheckPair = "TOO_LONG_FOR_CHECK_PAIR_IMPLEMENTATION",
        "The component is too long to have a check-character pair.";
    TooShortForPrefix = "TOO_SHORT_FOR_GCP", "The component is shorter than the minimum length GS1 Company Prefix.";
    CompanyPrefix = "INVALID_GCP_PREFIX", "The GS1 Company Prefix is invalid.";
    ImporterIndexLength = "IMPORTER_IDX_MUST_BE_ONE_CHARACTER", "The Importer Index must be a single character.";
    ImporterIndex = "INVALID_IMPORT_IDX_CHARACTER", "The Importer Index is an invalid character.";
    ZeroValue = "ILLEGAL_ZERO_VALUE", "A non-zero value is required.";
    NotZero = "NOT_ZERO", "A zero is required.";
    ZeroPrefix = "ILLEGAL_ZERO_PREFIX", "A zero prefix is not permitted.";
    NotZeroOrOne = "NOT_ZERO_OR_ONE", "A \"0\" or \"1\" is required.";
    Winding = "INVALID_WINDING_DIRECTION", "The winding direction must be \"0\", \"1\" or \"9\".";
    Country = "NOT_ISO3166", "A valid ISO 3166 three-digit country code is required.";
    CountryOr999 = "NOT_ISO3166_OR_999", "A valid ISO 3166 three-digit country code or \"999\" is required.";
    CountryAlpha2 = "NOT_ISO3166_ALPHA2", "A valid ISO 3166 two-character country code is required.";
    Currency = "NOT_ISO4217", "A valid ISO 4217 three-digit currency code is required.";
    IbanTooShort = "IBAN_TOO_SHORT", "The IBAN is too short.";
    IbanTooLong = "IBAN_TOO_LONG", "The IBAN is too long.";
    IbanCharacter = "INVALID_IBAN_CHARACTER", "The IBAN contains an invalid character.";
    IbanCountry = "ILLEGAL_IBAN_COUNTRY_CODE",
        "The IBAN must start with a valid ISO 3166 two-character country code.";
    IbanChecksum = "INCORRECT_IBAN_CHECKSUM", "The check characters of the IBAN are incorrect.";
    DateTooShort = "DATE_TOO_SHORT", "The date is too short.";
    DateTooLong = "DATE_TOO_LONG", "The date is too long.";
    HourMinuteTooShort = "HOUR_WITH_MINUTE_TOO_SHORT", "The hour with minute is too short for HHMM.";
    HourMinuteTooLong = "HOUR_WITH_MINUTE_TOO_LONG", "The hour with minute is too long for HHMM.";
    HourTooShort = "HOUR_TOO_SHORT", "The hour is too short for HH.";
    HourTooLong = "HOUR_TOO_LONG", "The hour is too long for HH.";
    MinuteTooShort = "MINUTE_TOO_SHORT", "The minute is too short for MM.";
    MinuteTooLong = "MINUTE_TOO_LONG", "The minute is too long for MM.";
    SecondTooShort = "SECOND_TOO_SHORT", "The second is too short for SS.";
    SecondTooLong = "SECOND_TOO_LONG", "The second is too long for SS.";
    Month = "ILLEGAL_MONTH", "The date contains an illegal month of the year.";
    Day = "ILLEGAL_DAY", "The date contains an illegal day of the month.";
    Hour = "ILLEGAL_HOUR", "The time contains an illegal hour.";
    Minute = "ILLEGAL_MINUTE", "The time contains an illegal minute.";
    Second = "ILLEGAL_SECOND", "The time contains an illegal seconds.";
    PieceLength = "INVALID_LENGTH_FOR_PIECE_OF_TOTAL",
        "The piece and the total must be written with equally many digits.";
    PieceZero = "ZERO_PIECE_NUMBER", "The piece number must not have a value of zero.";
    TotalZero = "ZERO_TOTAL_PIECES", "The piece total must not have a value of zero.";
    PieceAboveTotal = "PIECE_NUMBER_EXCEEDS_TOTAL", "The piece number must not exceed the piece total.";
    PercentSequence = "INVALID_PERCENT_SEQUENCE",
        "The input contains an invalid percent hex-encoding \"%hh\" sequence.";
    LatitudeLength = "LATITUDE_INVALID_LENGTH", "The latitude must be 10 digits.";
    Latitude = "INVALID_LATITUDE", "The latitude is outside of the range \"0000000000\" to \"1800000000\".";
    LongitudeLength = "LONGITUDE_INVALID_LENGTH", "The longitude must be 10 digits.";
    Longitude = "INVALID_LONGITUDE", "The longitude is outside of the range \"0000000000\" to \"3600000000\".";
    MediaType = "INVALID_MEDIA_TYPE", "A valid AIDC media type is required.";
    PackageType = "INVALID_PACKAGE_TYPE", "A valid package type of UN/ECE Recommendation 21 is required.";
    Sex = "INVALID_BIOLOGICAL_SEX_CODE", "A valid ISO/IEC 5218 biological sex code required.";
    NotHyphen = "NOT_HYPHEN", "Only hyphens are permitted.";
    NeedsNonDigit = "REQUIRES_NON_DIGIT_CHARACTER", "A non-digit character is required.";
    SequenceForm = "POSITION_IN_SEQUENCE_MALFORMED", "The position in the sequence must be written as \"1/3\".";
    PositionAboveEnd = "POSITION_EXCEEDS_END", "The position must not exceed the end of the sequence.";
    CouponFormatMissing = "COUPON_MISSING_FORMAT_CODE", "The coupon's Format Code is missing.";
    CouponFormat = "COUPON_INVALID_FORMAT_CODE", "The coupon's Format Code must be \"0\" or \"1\".";
    CouponFunderMissing = "COUPON_MISSING_FUNDER_VLI", "The coupon's Funder VLI is missing.";
    CouponFunderLength = "COUPON_INVALID_FUNDER_LENGTH", "The coupon's Funder VLI must be \"0\" to \"6\".";
    CouponFunderCut = "COUPON_TRUNCATED_FUNDER",
        "The coupon's Funder is shorter than what is indicated by its VLI.";
    CouponOfferCut = "COUPON_TRUNCATED_OFFER_CODE", "The coupon's Offer Code is shorter than six digits.";
    CouponSerialMissing = "COUPON_MISSING_SERIAL_NUMBER_VLI", "The coupon's Serial Number VLI is missing.";
    CouponSerialCut = "COUPON_TRUNCATED_SERIAL_NUMBER",
        "The coupon's Serial Number is shorter than what is indicated by its VLI.";
    CouponPrefixMissing = "COUPON_MISSING_GCP_VLI", "The coupon's primary GS1 Company Prefix VLI is missing.";
    CouponPrefixLength = "COUPON_INVALID_GCP_LENGTH",
        "The coupon's primary GS1 Company Prefix VLI must be \"0\" to \"6\".";
    CouponPrefixCut = "COUPON_TRUNCATED_GCP",
        "The coupon's primary GS1 Company Prefix is shorter than what is indicated by its VLI.";
    CouponSaveMissing = "COUPON_MISSING_SAVE_VALUE_VLI", "The coupon's Save Value VLI is missing.";
    CouponSaveLength = "COUPON_INVALID_SAVE_VALUE_LENGTH", "The coupon's Save Value VLI must be \"1\" to \"5\".";
    CouponSaveCut = "COUPON_TRUNCATED_SAVE_VALUE",
        "The coupon's Save Value is shorter than what is indicated by its VLI.";
    Coupon1stMissing = "COUPON_MISSING_1ST_PURCHASE_REQUIREMENT_VLI",
        "The coupon's primary purchase Requirement VLI is missing.";
    Coupon1stLength = "COUPON_INVALID_1ST_PURCHASE_REQUIREMENT_LENGTH",
        "The coupon's primary purchase Requirement VLI must be \"1\" to \"5\".";
    Coupon1stCut = "COUPON_TRUNCATED_1ST_PURCHASE_REQUIREMENT",
        "The coupon's primary purchase Requirement is shorter than what is indicated by its VLI.";
    Coupon1stCodeMissing = "COUPON_MISSING_1ST_PURCHASE_REQUIREMENT_CODE",
        "The coupon's primary purchase Requirement Code is missing.";
    Coupon1stCode = "COUPON_INVALID_1ST_PURCHASE_REQUIREMENT_CODE",
        "The coupon's primary purchase Requirement Code must be \"0\" to \"4\" or \"9\".";
    Coupon1stFamilyCut = "COUPON_TRUNCATED_1ST_PURCHASE_FAMILY_CODE",
        "The coupon's primary purchase Family Code is shorter than three digits.";
    CouponRulesMissing = "COUPON_MISSING_ADDITIONAL_PURCHASE_RULES_CODE",
        "The coupon's Additional Purchase Rules Code is missing.";
    CouponRules = "COUPON_INVALID_ADDITIONAL_PURCHASE_RULES_CODE",
        "The coupon's Additional Purchase Rules Code must be \"0\" to \"3\".";
    Coupon2ndMissing = "COUPON_MISSING_2ND_PURCHASE_REQUIREMENT_VLI",
        "The coupon's second purchase Requirement VLI is missing.";
    Coupon2ndLength = "COUPON_INVALID_2ND_PURCHASE_REQUIREMENT_LENGTH",
        "The coupon's second purchase Requirement VLI must be \"1\" to \"5\".";
    Coupon2ndCut = "COUPON_TRUNCATED_2ND_PURCHASE_REQUIREMENT",
        "The coupon's second purchase Requirement is shorter than what is indicated by its VLI.";
    Coupon2ndCodeMissing = "COUPON_MISSING_2ND_PURCHASE_REQUIREMENT_CODE",
        "The coupon's second purchase Requirement Code is missing.";
    Coupon2ndCode = "COUPON_INVALID_2ND_PURCHASE_REQUIREMENT_CODE",
        "The coupon's second purchase Requirement Code must be \"0\" to \"4\" or \"9\".";
    Coupon2ndFamilyCut = "COUPON_TRUNCATED_2ND_PURCHASE_FAMILY_CODE",
        "The coupon's second purchase Family Code is shorter than three digits.";
    Coupon2ndPrefixMissing = "COUPON_MISSING_2ND_PURCHASE_GCP_VLI",
        "The coupon's second purchase GS1 Company Prefix VLI is missing.";
    Coupon2ndPrefixLength = "COUPON_INVALID_2ND_PURCHASE_GCP_LENGTH",
        "The coupon's second purchase GS1 Company Prefix VLI must be \"0\" to \"6\" or \"9\".";
    Coupon2ndPrefixCut = "COUPON_TRUNCATED_2ND_PURCHASE_GCP",
        "The coupon's second purchase GS1 Company Prefix is shorter than what is indicated by its VLI.";
    Coupon3rdMissing = "COUPON_MISSING_3RD_PURCHASE_REQUIREMENT_VLI",
        "The coupon's third purchase Requirement VLI is missing.";
    Coupon3rdLength = "COUPON_INVALID_3RD_PURCHASE_REQUIREMENT_LENGTH",
        "The coupon's third purchase Requirement VLI must be \"1\" to \"5\".";
    Coupon3rdCut = "COUPON_TRUNCATED_3RD_PURCHASE_REQUIREMENT",
        "The coupon's third purchase Requirement is shorter than what is indicated by its VLI.";
    Coupon3rdCodeMissing = "COUPON_MISSING_3RD_PURCHASE_REQUIREMENT_CODE",
        "The coupon's third purchase Requirement Code is missing.";
    Coupon3rdCode = "COUPON_INVALID_3RD_PURCHASE_REQUIREMENT_CODE",
        "The coupon's third purchase Requirement Code must be \"0\" to \"4\" or \"9\".";
    Coupon3rdFamilyCut = "COUPON_TRUNCATED_3RD_PURCHASE_FAMILY_CODE",
        "The coupon's third purchase Family Code is shorter than three digits.";
    Coupon3rdPrefixMissing = "COUPON_MISSING_3RD_PURCHASE_GCP_VLI",
        "The coupon's third purchase GS1 Company Prefix VLI is missing.";
    Coupon3rdPrefixLength = "COUPON_INVALID_3RD_PURCHASE_GCP_LENGTH",
        "The coupon's third purchase GS1 Company Prefix VLI must be \"0\" to \"6\" or \"9\".";
    Coupon3rdPrefixCut = "COUPON_TRUNCATED_3RD_PURCHASE_GCP",
        "The coupon's third purchase GS1 Company Prefix is shorter than what is indicated by its VLI.";
    CouponExpiryCut = "COUPON_TOO_SHORT_FOR_EXPIRATION_DATE", "The coupon's expiration date is too short for YYMMDD.";
    CouponExpiry = "COUPON_INVALID_EXIPIRATION_DATE", "The coupon's expiration date is invalid.";
    CouponStartCut = "COUPON_TOO_SHORT_FOR_START_DATE", "The coupon's start date is too short for YYMMDD.";
    CouponStart = "COUPON_INVALID_START_DATE", "The coupon's start date is invalid.";
    CouponEndsFirst = "COUPON_EXPIRATION_BEFORE_START", "The coupon's expiration date is before its start date.";
    CouponRetailerMissing = "COUPON_MISSING_RETAILER_GCP_OR_GLN_VLI", "The coupon's Retailer GCP/GLN VLI is missing.";
    CouponRetailerLength = "COUPON_INVALID_RETAILER_GCP_OR_GLN_LENGTH",
        "The coupon's Retailer GCP/GLN VLI must be \"1\" to \"7\".";
    CouponRetailerCut = "COUPON_TRUNCATED_RETAILER_GCP_OR_GLN",
        "The coupon's Retailer GCP/GLN is shorter than what is indicated by its VLI.";
    CouponValueCodeMissing = "COUPON_MISSING_SAVE_VALUE_CODE", "The coupon's Save Value Code is missing.";
    CouponValueCode = "COUPON_INVALID_SAVE_VALUE_CODE",
        "The coupon's Save Value Code must be \"0\", \"1\", \"2\", \"5\" or \"6\".";
    CouponItemMissing = "COUPON_MISSING_SAVE_VALUE_APPLIES_TO_ITEM",
        "The coupon's Save Value Applies to Item is missing.";
    CouponItem = "COUPON_INVALID_SAVE_VALUE_APPLIES_TO_ITEM",
        "The coupon's Save Value Applies to Item must be \"0\" to \"2\".";
    CouponStoreMissing = "COUPON_MISSING_STORE_COUPON_FLAG", "The coupon's Store Coupon Flag is missing.";
    CouponMultiplyMissing = "COUPON_MISSING_DONT_MULTIPLY_FLAG", "The coupon's Don't Multiply Flag is missing.";
    CouponMultiply = "COUPON_INVALID_DONT_MULTIPLY_FLAG", "The coupon's Don't Multiply Flag must be \"0\" or \"1\".";
    CouponExcess = "COUPON_EXCESS_DATA", "The coupon contains excess data after its last field.";
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.text())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_finding_has_its_own_code_and_sentence() {
        let codes: BTreeSet<_> = Finding::ALL.iter().map(|finding| finding.code()).collect();
        let texts: BTreeSet<_> = Finding::ALL.iter().map(ToString::to_string).collect();
        assert_eq!((codes.len(), texts.len()), (Finding::ALL.len(), Finding::ALL.len()));
    }
}
