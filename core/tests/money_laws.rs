//! Laws that hold for every document, whatever is on it.

use counterfoil_core::discount::{Discount, DocumentAdjustment};
use counterfoil_core::line::{Adjustment, Direction, Extent, LineInput};
use counterfoil_core::money::Money;
use counterfoil_core::quantity::{Decimal, Percent, Quantity, UnitPrice};
use counterfoil_core::tax::{LineTax, TaxBase, TaxCategory};
use counterfoil_core::totals::{DocumentInput, PriceMode, PricedDocument, price};
use proptest::collection::vec;
use proptest::prelude::*;

const RATES: [i64; 6] = [2100, 1000, 400, 500, 998, 0];

fn taxes() -> impl Strategy<Value = Vec<LineTax>> {
    let bases = prop_oneof![Just(TaxBase::Net), Just(TaxBase::NetPlusEarlier)];
    vec((0..RATES.len(), bases), 0..4).prop_map(|drawn| {
        let mut taxes: Vec<LineTax> = Vec::new();
        for (index, base) in drawn {
            let rate = Percent::new(Decimal::new(RATES[index], 2));
            let tax = LineTax { base, ..LineTax::vat(TaxCategory::Standard, rate) };
            if !taxes.contains(&tax) {
                taxes.push(tax);
            }
        }
        taxes
    })
}

fn adjustment() -> impl Strategy<Value = Adjustment> {
    let extents = prop_oneof![
        (0_i64..500).prop_map(|minor| Extent::Amount(Money::from_minor(minor))),
        (0_i64..3000, 0_i64..10_000).prop_map(|(rate, minor)| {
            Extent::PercentOf(Percent::new(Decimal::new(rate, 2)), Money::from_minor(minor))
        }),
    ];
    (prop_oneof![Just(Direction::Allowance), Just(Direction::Charge)], extents)
        .prop_map(|(direction, extent)| Adjustment { direction, extent })
}

fn line() -> impl Strategy<Value = LineInput> {
    let quantities = prop_oneof![1_i64..5_000, -2_000_i64..-1];
    (quantities, 0_i64..1_000_000, taxes(), vec(adjustment(), 0..3)).prop_map(
        |(quantity, price, taxes, adjustments)| LineInput {
            quantity: Quantity::new(Decimal::new(quantity, 3)),
            unit_price: UnitPrice::new(Decimal::new(price, 4)),
            base_quantity: Quantity::ONE,
            price_discount: UnitPrice::ZERO,
            taxes,
            adjustments,
        },
    )
}

fn document() -> impl Strategy<Value = DocumentInput> {
    let modes = prop_oneof![Just(PriceMode::Exclusive), Just(PriceMode::Inclusive)];
    let discounts = vec((0_i64..4_000).prop_map(|rate| Discount::Percent(Percent::new(Decimal::new(rate, 2)))), 0..3);
    let pinned = (adjustment(), taxes()).prop_map(|(adjustment, taxes)| DocumentAdjustment { adjustment, taxes });
    (modes, vec(line(), 1..30), discounts, vec(pinned, 0..3)).prop_map(|(prices, lines, discounts, pinned)| {
        let currency = "EUR".parse().unwrap();
        DocumentInput { currency, prices, lines, discounts, document_adjustments: pinned }
    })
}

fn sum(amounts: impl Iterator<Item = Money>) -> i64 {
    Money::sum(amounts).unwrap().minor()
}

fn opposite(document: &DocumentInput) -> DocumentInput {
    let mut opposite = document.clone();
    let negated = |extent| match extent {
        Extent::Amount(amount) => Extent::Amount(amount.negated().unwrap()),
        Extent::Percent(percent) => Extent::Percent(percent),
        Extent::PercentOf(percent, base) => Extent::PercentOf(percent, base.negated().unwrap()),
    };
    for line in &mut opposite.lines {
        line.quantity = line.quantity.negated();
        for adjustment in &mut line.adjustments {
            adjustment.extent = negated(adjustment.extent);
        }
    }
    for pinned in &mut opposite.document_adjustments {
        pinned.adjustment.extent = negated(pinned.adjustment.extent);
    }
    opposite
}

fn figures(priced: &PricedDocument) -> Vec<i64> {
    let lines = priced.lines.iter().flat_map(|line| [line.net, line.discount, line.tax, line.gross]);
    let taxes = priced.taxes.iter().flat_map(|total| [total.taxable, total.amount]);
    let totals = [priced.line_sum, priced.allowances, priced.charges, priced.net, priced.tax, priced.gross];
    lines.chain(taxes).chain(totals).map(Money::minor).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn every_figure_of_a_document_adds_up(document in document()) {
        // Two discounts of up to 40 % each are never more than the sum.
        let priced = price(&document).unwrap();
        let adjusted = sum(priced.adjustments.iter().map(|adjustment| adjustment.amount));
        let adjusted_tax = sum(priced.adjustments.iter().map(|adjustment| adjustment.tax));
        prop_assert_eq!(priced.net.minor() + priced.tax.minor(), priced.gross.minor());
        prop_assert_eq!(sum(priced.taxes.iter().map(|total| total.amount)), priced.tax.minor());
        prop_assert_eq!(sum(priced.lines.iter().map(|line| line.tax)) + adjusted_tax, priced.tax.minor());
        let discounts = sum(priced.lines.iter().map(|line| line.discount));
        prop_assert_eq!(discounts - adjusted, priced.allowances.minor() - priced.charges.minor());
        for line in &priced.lines {
            prop_assert_eq!(line.net.minor() - line.discount.minor() + line.tax.minor(), line.gross.minor());
            prop_assert_eq!(sum(line.taxes.iter().copied()), line.tax.minor());
        }
        let lines_gross = sum(priced.lines.iter().map(|line| line.gross));
        let lines_net = sum(priced.lines.iter().map(|line| line.net));
        match document.prices {
            PriceMode::Exclusive => {
                prop_assert_eq!(lines_gross + adjusted + adjusted_tax, priced.gross.minor());
                prop_assert_eq!(lines_net, priced.line_sum.minor());
            }
            PriceMode::Inclusive => {
                // The shelf prices are what is paid, to the cent, whatever the taxes in them.
                prop_assert_eq!(lines_gross + adjusted, priced.gross.minor());
                prop_assert_eq!(priced.line_sum.minor() - discounts + adjusted, priced.gross.minor());
            }
        }
    }

    #[test]
    fn the_opposite_document_has_the_opposite_figures(document in document()) {
        let priced = figures(&price(&document).unwrap());
        let mirrored = figures(&price(&opposite(&document)).unwrap());
        prop_assert_eq!(mirrored.into_iter().map(|minor| -minor).collect::<Vec<_>>(), priced);
    }

    #[test]
    fn the_largest_figures_are_refused_or_add_up(
        quantity in -999_999_999_999_999_i64..999_999_999_999_999, price_minor in 0_i64..999_999_999_999_999,
        base in 1_i64..999_999_999_999_999, scale in 0_u32..6, rate in 0_i64..1_000_000_000, taxes in 0_usize..4,
    ) {
        prop_assume!(quantity != 0);
        let tax = |index: i64| LineTax {
            base: TaxBase::NetPlusEarlier,
            ..LineTax::vat(TaxCategory::Standard, Percent::new(Decimal::new(rate + index, 6)))
        };
        let line = LineInput {
            quantity: Quantity::new(Decimal::new(quantity, scale)),
            unit_price: UnitPrice::new(Decimal::new(price_minor, scale)),
            base_quantity: Quantity::new(Decimal::new(base, scale)),
            price_discount: UnitPrice::ZERO,
            taxes: (0..i64::try_from(taxes).unwrap()).map(tax).collect(),
            adjustments: Vec::new(),
        };
        for prices in [PriceMode::Exclusive, PriceMode::Inclusive] {
            let currency = "CLF".parse().unwrap();
            let lines = vec![line.clone(), line.clone()];
            let document =
                DocumentInput { currency, prices, lines, discounts: Vec::new(), document_adjustments: Vec::new() };
            match price(&document) {
                Ok(priced) => prop_assert_eq!(priced.net.plus(priced.tax).unwrap(), priced.gross),
                Err(refusal) => prop_assert_eq!(refusal.code(), "overflow"),
            }
        }
    }
}
