//! GS1 company prefixes: the digits with which a company's own numbers begin.
//!
//! Only their least length is known offline. Example: `9501101` begins the numbers of one company.

use crate::gs1::finding::Finding;

/// The least digits of a GS1 company prefix.
const COMPANY_PREFIX_DIGITS_MIN: usize = 4;

/// The component begins with a company prefix.
///
/// # Errors
/// Too short, or its first four characters are no digits.
pub(super) fn prefix_first(text: &str) -> Result<(), Finding> {
    if text.len() < COMPANY_PREFIX_DIGITS_MIN {
        return Err(Finding::TooShortForPrefix);
    }
    let start = text.get(..COMPANY_PREFIX_DIGITS_MIN);
    let is_prefix = start.is_some_and(|start| start.bytes().all(|byte| byte.is_ascii_digit()));
    if is_prefix { Ok(()) } else { Err(Finding::CompanyPrefix) }
}

/// The component has one from its second character on.
pub(super) fn prefix_second(text: &str) -> Result<(), Finding> {
    prefix_first(text.get(1..).unwrap_or(""))
}
