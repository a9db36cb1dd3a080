//! A rule of the trade says no.
//!
//! A refusal names the field, the value that was given and the limit that it broke, and uses up nothing: no
//! number, no cash, no id. `Reason` stands in order of precedence: where two rules refuse, the earlier is told.
//! Example: code `unpaid`, field `tenders`, value `5.00`, limit `7.35`, and the text
//! `tenders: tendered 5.00 is less than payable 7.35`.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Longest value that a refusal repeats, in characters; the rest is cut, so that an error never carries a flood.
const SHOWN_CHARS_MAX: usize = 120;

macro_rules! reasons {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $text:literal;)*) => {
        /// Why a command is refused, in order of precedence.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Reason { $($(#[$doc])* $name,)* }

        impl Reason {
            /// Every reason, in order of precedence.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The stable code for programs.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }

            const fn text(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }
    };
}

reasons! {
    /// The input cannot be read as what the field holds.
    Malformed = "malformed", "{value} is not {limit}";
    /// A required field is absent or empty.
    Missing = "missing", "missing; needed is {limit}";
    /// More digits after the point than the currency or the unit has.
    TooManyDigits = "too_many_digits", "{value} has more digits than the limit of {limit}";
    /// Longer than its limit.
    TooLong = "too_long", "{value} is longer than the limit of {limit}";
    /// More items than the limit.
    TooMany = "too_many", "{value} is more than the limit of {limit}";
    /// An amount beyond what can be counted exactly.
    Overflow = "overflow", "{value} is beyond the limit of {limit}";
    /// A number that looks like that of a payment card, which is never stored.
    CardNumber = "card_number", "{value} looks like a card number; write {limit}";
    /// The same id was used before with other content.
    IdReused = "id_reused", "{value} differs from what this id was used for before: {limit}";
    /// This store may only be read until it is restored or checked.
    ReadOnly = "read_only", "this till may only be read: {value}; {limit}";
    /// The disk has no room left for what only makes more.
    DiskFull = "disk_full", "the disk is nearly full: {value}; {limit}";
    /// Master data comes from head office on this till.
    FedByHeadOffice = "fed_by_head_office", "{value} comes from head office on this till; {limit}";
    /// An operator must be named.
    OperatorMissing = "operator_missing", "name the operator; {limit}";
    /// No such operator, or no longer.
    OperatorUnknown = "operator_unknown", "{value} is not an operator of this till; {limit}";
    /// Too many wrong PINs.
    PinLocked = "pin_locked", "{value} is locked after too many wrong PINs until {limit}";
    /// The PIN is not the operator's.
    PinWrong = "pin_wrong", "the PIN is wrong; {limit}";
    /// The operator's role does not allow it.
    NotPermitted = "not_permitted", "{value} may not do this; it needs {limit}";
    /// The role allows it only up to a limit, and nobody whose limit is higher has approved it.
    ApprovalNeeded = "approval_needed", "{value} is above the limit of {limit}; --approved-by someone with a higher one";
    /// The clock stands where documents cannot be issued.
    ClockWrong = "clock_wrong", "the clock says {value}; {limit}";
    /// A document dated back where only imported history may be.
    Backdated = "backdated", "{value} is before {limit}";
    /// No drawer session is open.
    DrawerClosed = "drawer_closed", "the drawer is closed; {limit}";
    /// A drawer session is open already.
    DrawerOpen = "drawer_open", "drawer session {value} is open already; {limit}";
    /// No such product, barcode, category or tax class.
    ProductUnknown = "product_unknown", "{value} is not a product or barcode of this till; {limit}";
    /// The product has no price here.
    NoPrice = "no_price", "{value} has no price in this store; {limit}";
    /// No such document or earlier id.
    DocumentUnknown = "document_unknown", "{value} is not a document of this till; {limit}";
    /// The document is of a kind that this cannot be done with.
    WrongDocument = "wrong_document", "{value} is {limit}";
    /// A quantity of zero says nothing.
    QuantityZero = "quantity_zero", "quantity {value} sells nothing; it must be {limit}";
    /// A sale cannot have a negative quantity; a refund has its own command.
    QuantityNegative = "quantity_negative", "quantity {value} is negative; it must be {limit}";
    /// Pieces cannot be sold in fractions.
    QuantityFraction = "quantity_fraction", "quantity {value} is not whole; the product is sold by the {limit}";
    /// A sale cannot have a negative price.
    PriceNegative = "price_negative", "price {value} is negative; it must be {limit}";
    /// An amount that must be above zero is not.
    NotPositive = "not_positive", "{value} is not above zero; it must be {limit}";
    /// An amount that must not be below zero is.
    Negative = "negative", "{value} is negative; it must be {limit}";
    /// More is discounted than there is.
    DiscountTooLarge = "discount_too_large", "discount {value} is more than {limit}";
    /// More is refunded than is left of the line.
    NothingLeft = "nothing_left", "{value} cannot be refunded; what is left is {limit}";
    /// The kind of tender cannot be used so.
    TenderNotAllowed = "tender_not_allowed", "tender {value} cannot be used here; {limit}";
    /// Non-cash tenders above the total, without a tip or cash-out.
    NonCashAboveGross = "non_cash_above_gross", "non-cash tenders of {value} are above the total of {limit}";
    /// Tenders below what is to be paid.
    Unpaid = "unpaid", "tendered {value} is less than payable {limit}";
    /// The journal has no series for this kind of document and period.
    SeriesMissing = "series_missing", "this till has no number series for {value}; {limit}";
    /// The series has no number left.
    SeriesExhausted = "series_exhausted", "series {value} is used up; {limit}";
    /// A token that is unknown, expired or used.
    TokenInvalid = "token_invalid", "the token is {value}; {limit}";
    /// The other side said no for a reason of its own.
    Declined = "declined", "{value}; {limit}";
}

/// The answer of a rule that says no: code, field, value and limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    reason: Reason,
    field: String,
    value: String,
    limit: String,
}

impl Refusal {
    /// Refuses `field`, which was given as `value`, because of `limit`.
    pub fn new(reason: Reason, field: impl Into<String>, value: impl fmt::Display, limit: impl fmt::Display) -> Self {
        Self { reason, field: field.into(), value: shown(&value.to_string()), limit: limit.to_string() }
    }

    /// Why.
    #[must_use]
    pub const fn reason(&self) -> Reason {
        self.reason
    }

    /// The stable code for programs, such as `unpaid`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        self.reason.code()
    }

    /// The field, as in the input: `lines[2].quantity`.
    #[must_use]
    pub fn field(&self) -> &str {
        &self.field
    }

    /// The value that was given, cut to 120 characters.
    #[must_use]
    pub fn value(&self) -> &str {
        &self.value
    }

    /// What would have been accepted, or what to do.
    #[must_use]
    pub fn limit(&self) -> &str {
        &self.limit
    }

    /// The same refusal, of a field inside `outer`: `quantity` becomes `lines[2].quantity`.
    #[must_use]
    pub fn inside(mut self, outer: &str) -> Self {
        self.field = if self.field.is_empty() { outer.to_owned() } else { format!("{outer}.{}", self.field) };
        self
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.field.is_empty() {
            write!(formatter, "{}: ", self.field)?;
        }
        let mut rest = self.reason.text();
        while let Some((before, after)) = rest.split_once('{') {
            let (name, tail) = after.split_once('}').unwrap_or((after, ""));
            formatter.write_str(before)?;
            formatter.write_str(if name == "value" { &self.value } else { &self.limit })?;
            rest = tail;
        }
        formatter.write_str(rest)
    }
}

impl std::error::Error for Refusal {}

/// A refusal as it is told to programs, under the key `refused` in the JSON of till and head office.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToldRefusal {
    /// The stable code for programs.
    pub code: String,
    /// The sentence for people.
    pub message: String,
    /// The path of the field.
    pub field: String,
    /// The value that was given.
    pub value: String,
    /// What would have been accepted.
    pub limit: String,
}

impl From<&Refusal> for ToldRefusal {
    fn from(refusal: &Refusal) -> Self {
        Self {
            code: refusal.code().to_owned(),
            message: refusal.to_string(),
            field: refusal.field().to_owned(),
            value: refusal.value().to_owned(),
            limit: refusal.limit().to_owned(),
        }
    }
}

impl ToldRefusal {
    /// The refusal that was told; one of a code that this program does not know is `declined`.
    #[must_use]
    pub fn to_refusal(&self) -> Refusal {
        let known = Reason::ALL.iter().copied().find(|reason| reason.code() == self.code);
        Refusal::new(known.unwrap_or(Reason::Declined), self.field.as_str(), &self.value, &self.limit)
    }
}

fn shown(value: &str) -> String {
    if value.chars().count() <= SHOWN_CHARS_MAX {
        return value.to_owned();
    }
    value.chars().take(SHOWN_CHARS_MAX).chain("...".chars()).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_refusal_names_field_value_and_limit() {
        let refusal = Refusal::new(Reason::Unpaid, "tenders", "5.00", "7.35");
        assert_eq!(refusal.to_string(), "tenders: tendered 5.00 is less than payable 7.35");
        assert_eq!(refusal.inside("basket").field(), "basket.tenders");
    }

    #[test]
    fn codes_are_unique_and_texts_use_known_figures() {
        let codes: BTreeSet<_> = Reason::ALL.iter().map(|reason| reason.code()).collect();
        assert_eq!(codes.len(), Reason::ALL.len());
        for reason in Reason::ALL {
            let text = reason.text().replace("{value}", "").replace("{limit}", "");
            assert!(!text.contains(['{', '}']), "{reason:?}");
        }
    }

    #[test]
    fn a_refusal_that_was_told_reads_back() {
        let refusal = Refusal::new(Reason::Unpaid, "tenders", "5.00", "7.35");
        let told = ToldRefusal::from(&refusal);
        let json = r#"{"code":"unpaid","message":"tenders: tendered 5.00 is less than payable 7.35","field":"tenders","value":"5.00","limit":"7.35"}"#;
        assert_eq!(serde_json::to_string(&told).unwrap(), json);
        assert_eq!(told.to_refusal(), refusal);
        let unknown = ToldRefusal { code: "of_tomorrow".to_owned(), ..told };
        assert_eq!(unknown.to_refusal().code(), "declined");
        let long = Refusal::new(Reason::TooLong, "id", "x".repeat(200), "short");
        assert_eq!(ToldRefusal::from(&long).to_refusal(), long);
    }

    #[test]
    fn a_flood_is_cut() {
        assert_eq!(Refusal::new(Reason::Malformed, "id", "x".repeat(1_000_000), "short").value().len(), 123);
    }
}
