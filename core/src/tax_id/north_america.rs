//! Tax ids of the United States and Canada.
//!
//! Sources: the IRS on EIN, SSN and ITIN; the CRA on business numbers. Example: the EIN 91-1144442.

use super::kind::{Checked, DIGITS, Fault, Kind, is_digits, luhn, number, require};

pub(super) const UNITED_STATES: [Kind; 5] = [
    Kind::own("EIN", ein_us).written("##-#######"),
    Kind::own("SSN", ssn_us).written("###-##-####"),
    Kind::own("ITIN", itin_us).written("###-##-####"),
    Kind::own("ATIN", |text| {
        require(text.len() == 9, Fault::Length)?;
        require(is_digits(text), Fault::Format)?;
        require(number(text, 0, 1) == 9 && number(text, 3, 5) == 93, Fault::Format)
    })
    .written("###-##-####"),
    Kind::own("PTIN", |text| {
        require(text.len() == 9, Fault::Length)?;
        require(text.strip_prefix('P').is_some_and(is_digits), Fault::Format)
    }),
];
pub(super) const CANADA: [Kind; 2] =
    [Kind::own("BN", business_number_ca), Kind::own("SIN", sin_ca).written("###-###-###")];

/// The first two digits that the campuses of the IRS give out.
const EIN_PREFIXES_NOT: [i64; 17] = [0, 7, 8, 9, 17, 18, 19, 28, 29, 49, 69, 70, 78, 79, 89, 96, 97];

fn ein_us(text: &str) -> Checked {
    require(text.len() == 9, Fault::Length)?;
    require(is_digits(text), Fault::Format)?;
    require(!EIN_PREFIXES_NOT.contains(&number(text, 0, 2)), Fault::Component)
}

fn ssn_us(text: &str) -> Checked {
    require(text.len() == 9, Fault::Length)?;
    require(is_digits(text), Fault::Format)?;
    let (area, group, serial) = (number(text, 0, 3), number(text, 3, 5), number(text, 5, 9));
    let is_given = !matches!(area, 0 | 666 | 900..) && group > 0 && serial > 0;
    require(is_given && !matches!(text, "078051120" | "457555462" | "219099999"), Fault::Component)
}

fn itin_us(text: &str) -> Checked {
    require(text.len() == 9, Fault::Length)?;
    require(is_digits(text), Fault::Format)?;
    let is_given = text.starts_with('9') && matches!(number(text, 3, 5), 50..=65 | 70..=88 | 90..=92 | 94..=99);
    require(is_given, Fault::Component)
}

fn business_number_ca(text: &str) -> Checked {
    require(matches!(text.len(), 9 | 15), Fault::Length)?;
    let (body, program) = text.split_at_checked(9).ok_or(Fault::Format)?;
    require(is_digits(body), Fault::Format)?;
    luhn(body, DIGITS)?;
    match program.split_at_checked(2) {
        Some((kind, account)) => {
            require(matches!(kind, "RC" | "RM" | "RP" | "RT"), Fault::Component)?;
            require(is_digits(account), Fault::Format)
        }
        None => Ok(()),
    }
}

fn sin_ca(text: &str) -> Checked {
    require(text.len() == 9, Fault::Length)?;
    require(is_digits(text), Fault::Format)?;
    require(!text.starts_with(['0', '8']), Fault::Component)?;
    luhn(text, DIGITS)
}
