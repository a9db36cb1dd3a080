//! Which elements must stand together on one item, and which must not.
//!
//! Always judged: an AI given twice has one value, and AIs that exclude each other do not meet. What an AI needs beside
//! it is judged only where the whole item is stated: in the bracketed form, and there only if it names a key such as a
//! GTIN. A scanner reads one symbol, and the needed element may be in another on the same item (the dictionary says:
//! pairings are to be evaluated over all carriers that mark an item). Example: `(02)...` without `(37)` is refused, while
//! `(10)LOT(17)270131` from the small symbol beside an EAN is not.

use crate::gs1::element::{Element, Problem};

/// Checks what is wrong in every form: unequal repeats and pairs that exclude each other.
///
/// # Errors
/// The first such pair.
pub fn check_pairs(elements: &[Element]) -> Result<(), Problem> {
    for (place, element) in elements.iter().enumerate() {
        let later = elements.iter().skip(place.saturating_add(1));
        if later.filter(|other| other.ai == element.ai).any(|other| other.value != element.value) {
            return Err(Problem::new(format!("Multiple instances of AI ({}) have different values", element.ai)));
        }
        for pattern in element.entry().iter().flat_map(|entry| &entry.excludes) {
            if let Some(other) = find(elements, pattern, &element.ai) {
                let text = format!("It is invalid to pair AI ({}) with AI ({})", element.ai, other.ai);
                return Err(Problem::new(text));
            }
        }
    }
    check_signed_key(elements)
}

/// Checks that each AI has what it needs beside it, where the elements name a key.
///
/// # Errors
/// The first AI whose condition no alternative meets.
pub fn check_needs(elements: &[Element]) -> Result<(), Problem> {
    if !elements.iter().filter_map(Element::entry).any(|entry| entry.is_key()) {
        return Ok(());
    }
    for element in elements {
        for alternatives in element.entry().iter().flat_map(|entry| &entry.requires) {
            let is_met = |group: &Vec<&str>| group.iter().all(|ai| find(elements, ai, &element.ai).is_some());
            if !alternatives.iter().any(is_met) {
                let wanted: Vec<String> = alternatives.iter().map(|group| group.join("+")).collect();
                let (ai, wanted) = (&element.ai, wanted.join(","));
                return Err(Problem::new(format!("Required AIs for AI ({ai}) are not satisfied: {wanted}")));
            }
        }
    }
    Ok(())
}

/// The first element that a pattern such as `31nn` names, other than the AI itself.
fn find<'a>(elements: &'a [Element], pattern: &str, itself: &str) -> Option<&'a Element> {
    let digits = pattern.trim_end_matches('n');
    let is_named = |ai: &str| ai.len() == pattern.len() && ai.starts_with(digits) && ai != itself;
    elements.iter().find(|element| is_named(&element.ai))
}

/// A digital signature (8030) beside a key whose serial part is optional needs that part.
fn check_signed_key(elements: &[Element]) -> Result<(), Problem> {
    if !elements.iter().any(|element| element.ai == "8030") {
        return Ok(());
    }
    for element in elements {
        let bare = match element.ai.as_str() {
            "253" | "255" => 13,
            "8003" => 14,
            _ => continue,
        };
        if element.value.len() <= bare {
            let ai = &element.ai;
            let text = format!("Serial component must be present for AI ({ai}) when used with AI (8030)");
            return Err(Problem::new(text));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gs1::element::read_bracketed;

    fn check(text: &str, pairs: Option<&str>, needs: Option<&str>) {
        let elements = read_bracketed(text).unwrap();
        let told = |result: Result<(), Problem>| result.err().map(|problem| problem.to_string());
        assert_eq!(told(check_pairs(&elements)).as_deref(), pairs, "{text}");
        assert_eq!(told(check_needs(&elements)).as_deref(), needs, "{text}");
    }

    #[test]
    fn elements_need_and_exclude_each_other() {
        let gtin = "(01)09501101530003";
        check(&format!("{gtin}(10)A(17)270131"), None, None);
        check("(10)A(17)270131", None, None);
        check(&format!("{gtin}(10)A(10)A"), None, None);
        let twice = "Multiple instances of AI (10) have different values";
        check(&format!("{gtin}(10)A(10)B"), Some(twice), None);
        let weights = "It is invalid to pair AI (3103) with AI (3102)";
        check(&format!("{gtin}(3103)000500(3102)000050"), Some(weights), None);
        let price = "Required AIs for AI (3922) are not satisfied: 30,31nn,32nn,35nn,36nn";
        check(&format!("{gtin}(3922)150"), None, Some(price));
        check(&format!("{gtin}(3103)000500(3922)150"), None, None);
        let content = "Required AIs for AI (02) are not satisfied: 37";
        check("(02)09501101530003", None, Some(content));
        let unit = "Required AIs for AI (8041) are not satisfied: 01+21+8040";
        check(&format!("{gtin}(8041)123456789012345"), None, Some(unit));
    }

    #[test]
    fn a_signed_key_is_serialised() {
        let bare = "Serial component must be present for AI (253) when used with AI (8030)";
        check("(253)9501101530003(8030)AB", Some(bare), None);
        check("(253)9501101530003A(8030)AB", None, None);
    }
}
