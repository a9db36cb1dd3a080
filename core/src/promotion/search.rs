//! The cheapest way to lay exclusive offers of several pieces over a basket.
//!
//! Offers are taken in the order of their priority, each as often as there are pieces and less often one by one, and what
//! the pieces left over save by offers of single goods is counted with them. Offers that share no goods do not matter to
//! each other and are searched apart. Of two ways that come to the same, the first stays, which is that of the higher
//! priority. Since a further offer only adds ways, it never makes a basket dearer; that is so for every basket whose ways
//! are fewer than `WAYS_MAX` for each set of offers that share goods, and beyond it the best of those tried is taken.

use crate::promotion::Benefit;
use crate::promotion::pieces::{Group, Line, Pieces};
use crate::refusal::Refusal;

/// The most ways that are tried for offers that share goods.
pub(super) const WAYS_MAX: usize = 2_000;

/// An offer with the lines of its selections, from the dearest.
#[derive(Debug)]
pub(super) struct Candidate<'a> {
    /// Its place among the offers.
    pub(super) offer: usize,
    pub(super) benefit: &'a Benefit,
    pub(super) selections: &'a [Vec<usize>],
}

/// The best way: each offer as it is laid, in order.
///
/// # Errors
/// Beyond what can be counted.
pub(super) fn cheapest(lines: &[Line], mut candidates: Vec<Candidate<'_>>) -> Result<Vec<(usize, Group)>, Refusal> {
    // An offer that saves nothing on all pieces saves nothing on fewer of them.
    let mut pieces = Pieces::of(lines);
    let mut index = 0;
    while let Some(candidate) = candidates.get(index) {
        match pieces.take(candidate.benefit, candidate.selections)? {
            Some(group) => {
                pieces.give_back(&group.pieces);
                index = index.saturating_add(1);
            }
            None => {
                candidates.remove(index);
            }
        }
    }
    let mut laid = Vec::new();
    for component in components(lines.len(), &candidates) {
        laid.extend(cheapest_of(lines, &component)?);
    }
    Ok(laid)
}

fn cheapest_of(lines: &[Line], candidates: &[&Candidate<'_>]) -> Result<Vec<(usize, Group)>, Refusal> {
    let mut pieces = Pieces::of(lines);
    let mut way: Vec<(usize, Group)> = Vec::new();
    let mut gain = 0_i64;
    let (mut best, mut best_gain) = (Vec::new(), 0_i64);
    let mut at = 0_usize;
    for _ in 0..WAYS_MAX {
        while let Some(candidate) = candidates.get(at) {
            match pieces.take(candidate.benefit, candidate.selections)? {
                Some(group) => {
                    gain = gain.saturating_add(group.gain());
                    way.push((at, group));
                }
                None => at = at.saturating_add(1),
            }
        }
        if gain > best_gain {
            best_gain = gain;
            best.clone_from(&way);
        }
        // The next way: the last offer once less, and those after it anew.
        let Some((last, group)) = way.pop() else { break };
        pieces.give_back(&group.pieces);
        gain = gain.saturating_sub(group.gain());
        at = last.saturating_add(1);
    }
    Ok(best.into_iter().filter_map(|(at, group)| Some((candidates.get(at)?.offer, group))).collect())
}

/// The candidates in sets that share no line with another set.
fn components<'c, 'a>(lines: usize, candidates: &'c [Candidate<'a>]) -> Vec<Vec<&'c Candidate<'a>>> {
    let mut set_of: Vec<Option<usize>> = vec![None; lines];
    let mut sets: Vec<Vec<&'c Candidate<'a>>> = Vec::new();
    for candidate in candidates {
        let own = sets.len();
        sets.push(vec![candidate]);
        for line in candidate.selections.iter().flatten() {
            let Some(met) = set_of.get(*line).copied() else { continue };
            if let Some(met) = met.filter(|met| *met != own) {
                let joined = sets.get_mut(met).map(std::mem::take).unwrap_or_default();
                if let Some(set) = sets.get_mut(own) {
                    set.extend(joined);
                }
                set_of.iter_mut().filter(|set| **set == Some(met)).for_each(|set| *set = Some(own));
            }
            if let Some(set) = set_of.get_mut(*line) {
                *set = Some(own);
            }
        }
    }
    sets.retain(|set| !set.is_empty());
    for set in &mut sets {
        set.sort_by_key(|candidate| candidate.offer);
    }
    sets
}
