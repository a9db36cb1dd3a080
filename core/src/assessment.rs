//! Taxes on the whole document, and each part's share of them.
//!
//! A part is a line after its discount, or an adjustment of the document. Equal taxes are added up over the parts and
//! rounded once per tax (EN 16931, BR-CO-17), never per line. Exclusive prices: the taxable sum is rounded, then its tax.
//! Inclusive prices: the tax is the exact share of the gross sum, rounded; what is left is taxable. Always: the shares
//! of the parts sum to the tax. Sums are exact fractions; where very many different lists of taxes in one document would
//! take more than 128 bits, they are counted in billionths of a minor unit instead. Example: 52.50 with 12 % included holds 5.63 tax and 46.87 net.

use crate::allotment::allot;
use crate::money::Money;
use crate::ratio::Ratio;
use crate::refusal::Refusal;
use crate::rounding::{Mode, round_ratio};
use crate::tax::{LineTax, PriceMode, Shares, TAXES_PER_LINE_MAX, TaxTotal};

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
    let mut totals = Vec::with_capacity(groups.len());
    for group in &groups {
        let total = total_of(prices, group, &bundles)?;
        hand_out(total.amount, group, parts, &bundle_of, &mut shares)?;
        totals.push(total);
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

fn total_of(prices: PriceMode, group: &Group, bundles: &[Bundle<'_>]) -> Result<TaxTotal, Refusal> {
    let mut whole = Money::ZERO;
    let mut is_alone = true;
    let mut terms = Vec::with_capacity(group.members.len());
    for (member, bundle) in group.members.iter().filter_map(|member| Some((member, bundles.get(member.bundle)?))) {
        terms.push(Ratio::of_minor(bundle.amount).times(member.base)?);
        whole = whole.plus(bundle.amount)?;
        is_alone = is_alone && bundle.taxes.len() == 1;
    }
    let base = sum(&terms)?;
    let rate = Ratio::of_percent(group.tax.rate);
    let (taxable, amount) = match prices {
        PriceMode::Exclusive => {
            let taxable = round_ratio(base, Mode::HalfUp)?;
            (taxable, round_ratio(Ratio::of_minor(taxable).times(rate)?, Mode::HalfUp)?)
        }
        PriceMode::Inclusive => {
            let amount = round_ratio(base.times(rate)?, Mode::HalfUp)?;
            (if is_alone { whole.minus(amount)? } else { round_ratio(base, Mode::HalfUp)? }, amount)
        }
    };
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
    use crate::tax::{TaxBase, TaxCategory};

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

    #[test]
    fn impossible_taxes_name_the_part() {
        let taxes = vat("-1");
        let refusal = assess(EXCLUSIVE, &[Part { amount: Money::ZERO, taxes: &taxes }]).unwrap_err();
        assert_eq!((refusal.code(), refusal.field()), ("negative", "parts[0].taxes[0].rate"));
        let most = [Part { amount: Money::from_minor(i64::MAX), taxes: &[] }; 2];
        assert_eq!(assess(EXCLUSIVE, &most).unwrap_err().code(), "overflow");
    }
}
