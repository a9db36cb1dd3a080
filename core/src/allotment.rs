//! Splitting a whole into parts so that the parts sum to the whole.
//!
//! Largest remainder: each part first gets its share cut down to the minor unit, then the units left over go to the
//! parts that lost most, the earlier one first among equals. Always: the parts sum to the whole, and the split of the
//! opposite whole is the exact opposite, so that a refund mirrors its sale. Weights may be zero or negative.
//! Example: 1.00 over weights 1, 1, 1 is 0.34, 0.33, 0.33.

use crate::money::Money;
use crate::refusal::{Reason, Refusal};

/// Splits `whole` in proportion to `weights`; in equal parts if the weights sum to nothing.
///
/// # Errors
/// Something is to be split over no weights, or a weight is beyond what 128 bits count.
pub fn allot(whole: Money, weights: &[i128]) -> Result<Vec<Money>, Refusal> {
    if whole.is_zero() {
        return Ok(vec![Money::ZERO; weights.len()]);
    }
    let sum = weights.iter().try_fold(0_i128, |sum, weight| sum.checked_add(*weight)).ok_or_else(|| overflow(whole))?;
    let equal;
    let (weights, sum) = if sum == 0 {
        equal = vec![1_i128; weights.len()];
        let count = i128::try_from(weights.len()).map_err(|_| overflow(whole))?;
        (equal.as_slice(), count)
    } else {
        (weights, sum)
    };
    if weights.is_empty() {
        return Err(Refusal::new(Reason::Missing, "lines", "", "at least one line to split an amount over"));
    }
    split(whole, weights, sum).ok_or_else(|| overflow(whole))
}

/// `sum` is the sum of the weights and not zero; neither is `whole`.
fn split(whole: Money, weights: &[i128], sum: i128) -> Option<Vec<Money>> {
    // All is counted as if whole and sum were above zero, so that an opposite whole gets exactly opposite parts.
    let size = i128::from(whole.minor()).checked_abs()?;
    let divisor = sum.checked_abs()?;
    let mut left = size;
    let mut parts = Vec::with_capacity(weights.len());
    let mut remainders = Vec::with_capacity(weights.len());
    for weight in weights {
        let weight = if sum < 0 { weight.checked_neg()? } else { *weight };
        let (part, remainder) = divide(size.checked_mul(weight)?, divisor)?;
        left = left.checked_sub(part)?;
        parts.push(part);
        remainders.push(remainder);
    }
    for index in largest(&remainders, usize::try_from(left).ok()?) {
        let part = parts.get_mut(index)?;
        *part = part.checked_add(1)?;
    }
    let signed = |part: i128| {
        let minor = i64::try_from(part).ok()?;
        if whole.is_negative() { minor.checked_neg() } else { Some(minor) }
    };
    parts.into_iter().map(|part| signed(part).map(Money::from_minor)).collect()
}

/// The quotient towards minus infinity, and what remains, which is zero or above.
fn divide(value: i128, divisor: i128) -> Option<(i128, i128)> {
    // Division of 128 bits is several times slower than of 64, and nearly every product of a shop fits 64.
    if let (Ok(value), Ok(divisor)) = (i64::try_from(value), i64::try_from(divisor)) {
        let quotient = value.checked_div_euclid(divisor)?;
        return Some((i128::from(quotient), i128::from(value.checked_rem_euclid(divisor)?)));
    }
    Some((value.checked_div_euclid(divisor)?, value.checked_rem_euclid(divisor)?))
}

/// The places of the `count` largest remainders, the earlier one first among equals.
fn largest(remainders: &[i128], count: usize) -> Vec<usize> {
    if count == 0 {
        return Vec::new();
    }
    let mut places: Vec<usize> = (0..remainders.len()).collect();
    places.sort_by_key(|place| std::cmp::Reverse(remainders.get(*place)));
    places.truncate(count);
    places
}

fn overflow(whole: Money) -> Refusal {
    Refusal::new(Reason::Overflow, "amount", format!("{whole} minor units in parts"), "38 digits")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(whole: i64, weights: &[i128], expected: &[i64]) {
        let parts = allot(Money::from_minor(whole), weights).unwrap();
        assert_eq!(parts.iter().map(|part| part.minor()).collect::<Vec<_>>(), expected, "{whole} over {weights:?}");
    }

    #[test]
    fn units_left_over_go_to_the_largest_remainder_and_then_to_the_earlier_line() {
        check(0, &[1, 2], &[0, 0]);
        check(100, &[1, 1, 1], &[34, 33, 33]);
        check(-100, &[1, 1, 1], &[-34, -33, -33]);
        check(100, &[-1, -1, -1], &[34, 33, 33]);
        check(10, &[0, 1, 0, 2], &[0, 3, 0, 7]);
        check(1, &[1, 1], &[1, 0]);
        check(-1, &[1, 1], &[-1, 0]);
        check(5, &[100, -50], &[10, -5]);
        check(1, &[300, -100], &[2, -1]);
        check(7, &[5, -5], &[4, 3]);
        check(i64::MAX, &[1, 1], &[i64::MAX / 2 + 1, i64::MAX / 2]);
    }

    #[test]
    fn what_cannot_be_split_is_refused() {
        assert_eq!(allot(Money::from_minor(1), &[]).unwrap_err().code(), "missing");
        assert_eq!(allot(Money::ZERO, &[]), Ok(Vec::new()));
        assert_eq!(allot(Money::from_minor(2), &[i128::MAX, i128::MAX]).unwrap_err().code(), "overflow");
        assert_eq!(allot(Money::from_minor(i64::MAX), &[i128::MAX]).unwrap_err().code(), "overflow");
    }

    proptest! {
        #[test]
        fn the_parts_sum_to_the_whole_and_mirror(
            whole in -10_000_000_000_i64..10_000_000_000,
            weights in proptest::collection::vec(-100_000_i128..100_000, 1..40),
        ) {
            let parts = allot(Money::from_minor(whole), &weights).unwrap();
            prop_assert_eq!(Money::sum(parts.iter().copied()).unwrap().minor(), whole);
            let opposite = allot(Money::from_minor(-whole), &weights).unwrap();
            let negated: Vec<i128> = weights.iter().map(|weight| -weight).collect();
            prop_assert_eq!(&allot(Money::from_minor(whole), &negated).unwrap(), &parts);
            for (part, opposite) in parts.iter().zip(opposite) {
                prop_assert_eq!(part.minor(), -opposite.minor());
            }
        }

        #[test]
        fn no_part_is_a_unit_or_more_from_its_share(
            whole in 0_i64..10_000_000, weights in proptest::collection::vec(0_i128..100_000, 1..40),
        ) {
            let sum: i128 = weights.iter().sum();
            prop_assume!(sum > 0);
            for (part, weight) in allot(Money::from_minor(whole), &weights).unwrap().iter().zip(&weights) {
                let distance = i128::from(part.minor()) * sum - i128::from(whole) * weight;
                prop_assert!(distance.abs() < sum);
            }
        }

        #[test]
        fn no_weights_panic(whole in any::<i64>(), weights in proptest::collection::vec(any::<i128>(), 0..5)) {
            if let Ok(parts) = allot(Money::from_minor(whole), &weights) {
                prop_assert_eq!(Money::sum(parts).unwrap().minor(), whole);
            }
        }
    }
}
