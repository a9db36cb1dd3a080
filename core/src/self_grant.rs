//! Where a shop may choose the series of its documents by itself.
//!
//! In most countries a series is the shop's own matter, so a till that lost its journal may go on at once in a new one,
//! with a series that nobody else has: its code ends in four characters of the new journal's id. Where the authority
//! registers, communicates or authorises series or ranges, a document of another series would be void, so the till waits
//! for a grant: Portugal (ATCUD, Portaria 195/2020), and the authorised ranges or emission points of AR, BO, CL, CO, DO, EC,
//! GT, HN, PY, SV, UY and VE. Example: journal `7f3a...` of till T01 in Spain numbers `S01-T01-R267F3A-000001`.

use crate::id::{CountryCode, JournalId};

/// Countries whose authority registers or authorises series.
const REGISTERED: [&str; 13] = ["AR", "BO", "CL", "CO", "DO", "EC", "GT", "HN", "PT", "PY", "SV", "UY", "VE"];

/// How many characters of a journal's id tell its series from all others.
const SUFFIX_BYTES: usize = 4;

/// Whether a shop in this country may choose a series without asking.
#[must_use]
pub fn may_choose_series(country: &CountryCode) -> bool {
    !REGISTERED.contains(&country.as_str())
}

/// What the codes of a journal's own series may end in: four characters of its id at a time, in capitals.
pub fn suffixes(journal: JournalId) -> impl Iterator<Item = String> {
    let text = journal.to_string().to_ascii_uppercase();
    (0..text.len())
        .step_by(SUFFIX_BYTES)
        .filter_map(move |at| text.get(at..at.saturating_add(SUFFIX_BYTES)).map(str::to_owned))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shop_chooses_its_series_unless_an_authority_does() {
        let check = |country: &str, may| assert_eq!(may_choose_series(&country.parse().unwrap()), may, "{country}");
        check("ES", true);
        check("HR", true);
        check("DE", true);
        check("PT", false);
        check("EC", false);
        check("CO", false);
        check("CL", false);
    }

    #[test]
    fn suffixes_are_of_the_journals_id() {
        let id = JournalId([0x7F, 0x3A, 0x01, 0xBC, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xAB, 0xCD]);
        let all: Vec<String> = suffixes(id).collect();
        assert_eq!((all.len(), &all[0][..], &all[1][..], &all[7][..]), (8, "7F3A", "01BC", "ABCD"));
    }
}
