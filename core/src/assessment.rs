//! Taxes on the whole document, and each part's share of them.
//!
//! A part is a line after its discount, or an adjustment of the document. Equal taxes are added up over the parts and
//! rounded once per tax (EN 16931, BR-CO-17), never per line. Exclusive prices: the taxable sum is rounded, then its tax.
//! A tax that stands on earlier ones is of the net plus those taxes as they are rounded and shown, so that every taxable
//! sum can be added up from the document. Inclusive prices: each tax is its exact share of the gross sum, rounded; what is
//! left of the gross is the net. Always: the shares of the parts sum to the tax. Sums are exact fractions; where very many
//! different lists of taxes in one document would take more than 128 bits, they are counted in billionths of a minor unit
//! instead. Example: 52.50 with 12 % included holds 5.63 tax and 46.87 net.

use crate::allotment::allot;
use crate::money::Money;
use crate::ratio::Ratio;
use crate::refusal::Refusal;
use crate::rounding::{Mode, round_ratio};
use crate::tax::{LineTax, PriceMode, Shares, TAXES_PER_LINE_MAX, TaxBase, TaxTotal};

/// An amount with the taxes on it: net with exclusive prices, gross with inclusive ones.
#[derive(Clone, Copy, Debug)]
pub struct Part<'a> {
    /// What is taxed.
    pub amount: Money,
    /// With which taxes.
    pub taxes: &'a [LineTax],
}

/// The taxes of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assessment {
    /// One per distinct tax, in the order in which they first appear.
    pub totals: Vec<TaxTotal>,
    /// Per part, its share of each of its taxes, in their order.
    pub shares: Vec<Vec<Money>>,
}

/// Works out the taxes of all parts together.
///
/// # Errors
/// A part's taxes are not possible, or a sum is beyond what can be counted. The field is `parts[N]` and what is inside.
pub fn assess(prices: PriceMode, parts: &[Part<'_>]) -> Result<Assessment, Refusal> {
    let (bundles, bundle_of) = bundle(prices, parts)?;
    let mut shares: Vec<Vec<Money>> = parts.iter().map(|part| vec![Money::ZERO; part.taxes.len()]).collect();
    let groups = group(&bundles);
    let mut amounts: Vec<Option<TaxTotal>> = vec![None; groups.len()];
    for _ in 0..groups.len() {
        let Some(next) = next(prices, &groups, &bundles, &amounts) else { break };
        let Some(group) = groups.get(next.group) else { break };
        let basket = Basket { parts, bundle_of: &bundle_of, shares: &shares };
        let total = total_of(prices, group, &bundles, &basket, next.base)?;
        hand_out(total.amount, group, parts, &bundle_of, &mut shares)?;
        if let Some(place) = amounts.get_mut(next.group) {
            *place = Some(total);
        }
    }
    let mut totals: Vec<TaxTotal> = amounts.into_iter().flatten().collect();
    if prices == PriceMode::Inclusive {
        let basket = Basket { parts, bundle_of: &bundle_of, shares: &shares };
        for (total, group) in totals.iter_mut().zip(&groups) {
            total.taxable = basket.taxable(prices, group)?;
        }
    }
    Ok(Assessment { totals, shares })
}

/// All parts with the same list of taxes.
struct Bundle<'a> {
    taxes: &'a [LineTax],
    amount: Money,
    /// The base of each tax, of one unit of a part's amount.
    bases: [Ratio; TAXES_PER_LINE_MAX],
}

/// One tax and where it stands.
struct Group {
    tax: LineTax,
    members: Vec<Member>,
}

/// A place of a tax in a bundle: its base of one unit of a part's amount.
struct Member {
    bundle: usize,
    place: usize,
    base: Ratio,
}

fn bundle<'a>(prices: PriceMode, parts: &[Part<'a>]) -> Result<(Vec<Bundle<'a>>, Vec<usize>), Refusal> {
    let mut bundles: Vec<Bundle<'a>> = Vec::new();
    let mut bundle_of = Vec::with_capacity(parts.len());
    for (index, part) in parts.iter().enumerate() {
        let found = bundles.iter_mut().enumerate().find(|(_, bundle)| bundle.taxes == part.taxes);
        if let Some((place, bundle)) = found {
            bundle.amount = bundle.amount.plus(part.amount)?;
            bundle_of.push(place);
            continue;
        }
        let bases = bases(prices, part.taxes).map_err(|refusal| refusal.inside(&format!("parts[{index}]")))?;
        bundle_of.push(bundles.len());
        bundles.push(Bundle { taxes: part.taxes, amount: part.amount, bases });
    }
    Ok((bundles, bundle_of))
}

fn bases(prices: PriceMode, taxes: &[LineTax]) -> Result<[Ratio; TAXES_PER_LINE_MAX], Refusal> {
    let shares = Shares::of(taxes)?;
    let mut bases = [Ratio::ONE; TAXES_PER_LINE_MAX];
    for (place, base) in bases.iter_mut().enumerate().take(taxes.len()) {
        *base = match prices {
            PriceMode::Exclusive => shares.base(place),
            PriceMode::Inclusive => shares.base(place).divided_by(shares.gross())?,
        };
    }
    Ok(bases)
}

fn group(bundles: &[Bundle<'_>]) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for (index, bundle) in bundles.iter().enumerate() {
        for (place, (tax, base)) in bundle.taxes.iter().zip(bundle.bases).enumerate() {
            let member = Member { bundle: index, place, base };
            match groups.iter_mut().find(|group| group.tax == *tax) {
                Some(group) => group.members.push(member),
                None => groups.push(Group { tax: *tax, members: vec![member] }),
            }
        }
    }
    groups
}

/// Which tax is worked out next, and of what.
struct Next {
    group: usize,
    base: Base,
}

/// How the base of a tax is found.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Base {
    /// From the amounts and the rounded taxes before it.
    Rounded,
    /// As an exact share: of what contains the tax, or where two taxes stand on each other.
    Exact,
}

/// The first tax that is not worked out and stands only on taxes that are; in a circle simply the first.
fn next(prices: PriceMode, groups: &[Group], bundles: &[Bundle<'_>], totals: &[Option<TaxTotal>]) -> Option<Next> {
    let is_known = |tax: &LineTax| totals.iter().flatten().any(|total| total.tax == *tax);
    let stands_on_known = |group: &Group| {
        group.tax.base == TaxBase::Net
            || group.members.iter().all(|member| {
                let taxes = bundles.get(member.bundle).map_or(&[][..], |bundle| bundle.taxes);
                taxes.iter().take(member.place).all(is_known)
            })
    };
    let mut left = groups.iter().enumerate().zip(totals).filter(|(_, total)| total.is_none()).map(|(group, _)| group);
    let first = left.clone().next()?.0;
    if prices == PriceMode::Inclusive {
        return Some(Next { group: first, base: Base::Exact });
    }
    let ready = left.find(|(_, group)| stands_on_known(group));
    Some(ready.map_or(Next { group: first, base: Base::Exact }, |(group, _)| Next { group, base: Base::Rounded }))
}

/// The parts with what was worked out so far.
struct Basket<'a> {
    parts: &'a [Part<'a>],
    bundle_of: &'a [usize],
    shares: &'a [Vec<Money>],
}

impl Basket<'_> {
    /// What a tax is a share of: the net of its parts, and the taxes before it where it stands on them.
    fn taxable(&self, prices: PriceMode, group: &Group) -> Result<Money, Refusal> {
        let mut taxable = Money::ZERO;
        for ((part, bundle), shares) in self.parts.iter().zip(self.bundle_of).zip(self.shares) {
            let Some(member) = group.members.iter().find(|member| member.bundle == *bundle) else { continue };
            taxable = taxable.plus(part.amount)?;
            if prices == PriceMode::Inclusive {
                taxable = taxable.minus(Money::sum(shares.iter().copied())?)?;
            }
            if group.tax.base == TaxBase::NetPlusEarlier {
                taxable = taxable.plus(Money::sum(shares.iter().take(member.place).copied())?)?;
            }
        }
        Ok(taxable)
    }
}

fn total_of(
    prices: PriceMode,
    group: &Group,
    bundles: &[Bundle<'_>],
    basket: &Basket<'_>,
    base: Base,
) -> Result<TaxTotal, Refusal> {
    let rate = Ratio::of_percent(group.tax.rate);
    let taxable = match base {
        Base::Rounded => basket.taxable(prices, group)?,
        Base::Exact => {
            let mut terms = Vec::with_capacity(group.members.len());
            for member in &group.members {
                let amount = bundles.get(member.bundle).map_or(Money::ZERO, |bundle| bundle.amount);
                terms.push(Ratio::of_minor(amount).times(member.base)?);
            }
            let base = sum(&terms)?;
            if prices == PriceMode::Inclusive {
                // What is taxable is known only when all taxes are.
                let amount = round_ratio(base.times(rate)?, Mode::HalfUp)?;
                return Ok(TaxTotal { tax: group.tax, taxable: Money::ZERO, amount });
            }
            round_ratio(base, Mode::HalfUp)?
        }
    };
    let amount = round_ratio(Ratio::of_minor(taxable).times(rate)?, Mode::HalfUp)?;
    Ok(TaxTotal { tax: group.tax, taxable, amount })
}

/// Gives each part its share of one tax, by what it adds to the tax's base.
fn hand_out(
    amount: Money,
    group: &Group,
    parts: &[Part<'_>],
    bundle_of: &[usize],
    shares: &mut [Vec<Money>],
) -> Result<(), Refusal> {
    if amount.is_zero() {
        return Ok(());
    }
    let mut places = Vec::with_capacity(parts.len());
    let mut amounts = Vec::with_capacity(parts.len());
    for (index, (part, bundle)) in parts.iter().zip(bundle_of).enumerate() {
        let found = group.members.iter().enumerate().find(|(_, member)| member.bundle == *bundle);
        let Some((position, member)) = found else { continue };
        amounts.push((part.amount, position));
        places.push((index, member.place));
    }
    for ((index, place), share) in places.into_iter().zip(split(amount, &amounts, &group.members)?) {
        if let Some(kept) = shares.get_mut(index).and_then(|shares| shares.get_mut(place)) {
            *kept = share;
        }
    }
    Ok(())
}

/// Splits a tax over amounts by the base that each adds; an amount comes with the position of its member.
fn split(tax: Money, amounts: &[(Money, usize)], members: &[Member]) -> Result<Vec<Money>, Refusal> {
    let by = |factors: &[i128]| {
        let mut weights = Vec::with_capacity(amounts.len());
        for (amount, position) in amounts {
            let factor = factors.get(*position).copied().unwrap_or(0);
            weights.push(Ratio::of_minor(*amount).times(Ratio::whole(factor))?.numerator());
        }
        allot(tax, &weights)
    };
    if members.len() == 1 {
        return by(&[1]);
    }
    let bases: Vec<Ratio> = members.iter().map(|member| member.base).collect();
    let exact = Ratio::over_one_denominator(&bases).and_then(|(factors, _)| by(&factors));
    exact.or_else(|_| {
        let factors: Result<Vec<i128>, Refusal> = bases.iter().map(|base| base.billionths()).collect();
        by(&factors?)
    })
}

/// The sum of all terms, in billionths if it cannot be counted exactly.
fn sum(terms: &[Ratio]) -> Result<Ratio, Refusal> {
    let exact = terms.iter().try_fold(Ratio::ZERO, |sum, term| sum.plus(*term));
    exact.or_else(|_| {
        let mut sum = Ratio::ZERO;
        for term in terms {
            sum = sum.plus(Ratio::of_billionths(term.billionths()?))?;
        }
        Ok(sum)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tax::TaxCategory;

    const EXCLUSIVE: PriceMode = PriceMode::Exclusive;
    const INCLUSIVE: PriceMode = PriceMode::Inclusive;

    fn tax(code: &str, rate: &str, base: TaxBase) -> LineTax {
        let rate = rate.parse().unwrap();
        LineTax { code: code.parse().unwrap(), category: TaxCategory::Standard, rate, base }
    }

    fn vat(rate: &str) -> Vec<LineTax> {
        vec![tax("VAT", rate, TaxBase::Net)]
    }

    fn check(prices: PriceMode, parts: &[(i64, Vec<LineTax>)], totals: &[(i64, i64)], shares: &[&[i64]]) {
        let parts: Vec<Part<'_>> =
            parts.iter().map(|(amount, taxes)| Part { amount: Money::from_minor(*amount), taxes }).collect();
        let assessment = assess(prices, &parts).unwrap();
        let found: Vec<_> =
            assessment.totals.iter().map(|total| (total.taxable.minor(), total.amount.minor())).collect();
        assert_eq!(found, totals, "{parts:?}");
        let found: Vec<Vec<i64>> =
            assessment.shares.iter().map(|shares| shares.iter().map(|share| share.minor()).collect()).collect();
        assert_eq!(found, shares, "{parts:?}");
    }

    #[test]
    fn tax_is_rounded_once_per_rate_and_then_shared() {
        check(EXCLUSIVE, &[(0, vat("21"))], &[(0, 0)], &[&[0]]);
        check(EXCLUSIVE, &[(10, vat("5"))], &[(10, 1)], &[&[1]]);
        check(EXCLUSIVE, &[(-10, vat("5"))], &[(-10, -1)], &[&[-1]]);
        check(EXCLUSIVE, &[(3, vat("21")), (3, vat("21"))], &[(6, 1)], &[&[1], &[0]]);
        check(
            EXCLUSIVE,
            &[(100, vat("21")), (100, vat("10")), (100, vat("21"))],
            &[(200, 42), (100, 10)],
            &[&[21], &[10], &[21]],
        );
        check(EXCLUSIVE, &[(1000, Vec::new())], &[], &[&[]]);
    }

    #[test]
    fn included_tax_is_rounded_before_the_net() {
        check(INCLUSIVE, &[(5250, vat("12"))], &[(4687, 563)], &[&[563]]);
        check(INCLUSIVE, &[(-5250, vat("12"))], &[(-4687, -563)], &[&[-563]]);
        check(INCLUSIVE, &[(1190, vat("21"))], &[(983, 207)], &[&[207]]);
        check(INCLUSIVE, &[(100, vat("0"))], &[(100, 0)], &[&[0]]);
    }

    #[test]
    fn taxes_may_stand_on_taxes() {
        let compound = vec![tax("GST", "5", TaxBase::Net), tax("QST", "9.5", TaxBase::NetPlusEarlier)];
        check(EXCLUSIVE, &[(10000, compound.clone())], &[(10000, 500), (10500, 998)], &[&[500, 998]]);
        check(INCLUSIVE, &[(11498, compound)], &[(10000, 500), (10500, 998)], &[&[500, 998]]);
        let both = vec![tax("GST", "5", TaxBase::Net), tax("QST", "9.975", TaxBase::Net)];
        let one = vec![tax("GST", "5", TaxBase::Net)];
        check(
            EXCLUSIVE,
            &[(10000, both.clone()), (999, one.clone())],
            &[(10999, 550), (10000, 998)],
            &[&[500, 998], &[50]],
        );
        // 114.98 / 1.14975 = 100.0043... and 10.50 / 1.05 = 10.00: GST 5 % of 110.0043, QST 9.975 % of 100.0043.
        check(INCLUSIVE, &[(11498, both), (1050, one)], &[(11000, 550), (10000, 998)], &[&[500, 998], &[50]]);
    }

    /// 5 % of 100.10 is 5.005, shown as 5.01; 9.5 % of 105.11 is 9.985, shown as 9.99; the last is of 115.10, where the
    /// exact product would be 115.09.
    #[test]
    fn a_tax_on_taxes_is_of_what_the_document_shows() {
        let (one, two) = (tax("A", "5", TaxBase::Net), tax("B", "9.5", TaxBase::NetPlusEarlier));
        let taxes = vec![one, two, tax("C", "10", TaxBase::NetPlusEarlier)];
        check(EXCLUSIVE, &[(10010, taxes.clone())], &[(10010, 501), (10511, 999), (11510, 1151)], &[&[501, 999, 1151]]);
        check(INCLUSIVE, &[(12661, taxes)], &[(10010, 501), (10511, 999), (11510, 1151)], &[&[501, 999, 1151]]);
    }

    /// On the first line B stands on A, on the second on C; the taxable sum of B is the nets with both.
    #[test]
    fn what_a_tax_stands_on_differs_by_line() {
        let b = tax("B", "10", TaxBase::NetPlusEarlier);
        let (first, second) = (vec![tax("A", "5", TaxBase::Net), b], vec![tax("C", "7", TaxBase::Net), b]);
        check(
            EXCLUSIVE,
            &[(1000, first), (1000, second)],
            &[(1000, 50), (2120, 212), (1000, 70)],
            &[&[50, 105], &[70, 107]],
        );
    }

    #[test]
    fn taxes_that_stand_on_each_other_are_exact_shares() {
        let (a, b) = (tax("A", "10", TaxBase::NetPlusEarlier), tax("B", "20", TaxBase::NetPlusEarlier));
        // A: 10.00 and 12.00; B: 11.00 and 10.00.
        check(
            EXCLUSIVE,
            &[(1000, vec![a, b]), (1000, vec![b, a])],
            &[(2200, 220), (2100, 420)],
            &[&[100, 220], &[200, 120]],
        );
    }

    #[test]
    fn impossible_taxes_name_the_part() {
        let taxes = vat("-1");
        let refusal = assess(EXCLUSIVE, &[Part { amount: Money::ZERO, taxes: &taxes }]).unwrap_err();
        assert_eq!((refusal.code(), refusal.field()), ("negative", "parts[0].taxes[0].rate"));
        let most = [Part { amount: Money::from_minor(i64::MAX), taxes: &[] }; 2];
        assert_eq!(assess(EXCLUSIVE, &most).unwrap_err().code(), "overflow");
    }
}
