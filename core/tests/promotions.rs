//! What offers take off baskets, and the laws that hold for any offers and any basket.

use counterfoil_core::id::{MasterCode, Name};
use counterfoil_core::money::Money;
use counterfoil_core::promotion::{
    Applied, Benefit, BundlePart, Combining, Condition, Good, Occasion, PROMOTIONS_MAX, Promotion, Promotions,
    Selection,
};
use counterfoil_core::quantity::{Decimal, Quantity};
use counterfoil_core::time::{Now, Timestamp, ZoneOffset};
use proptest::prelude::*;

/// A line: product, categories, quantity and the price of one in cents.
type Row<'a> = (&'a str, &'a str, &'a str, i64);

fn code(text: &str) -> MasterCode {
    MasterCode::new(text).unwrap()
}

fn goods(words: &str) -> Selection {
    let (categories, products): (Vec<&str>, Vec<&str>) =
        words.split_whitespace().partition(|word| word.starts_with('#'));
    Selection {
        products: products.into_iter().map(|word| word.parse().unwrap()).collect(),
        categories: categories.into_iter().map(|word| code(word.trim_start_matches('#'))).collect(),
    }
}

fn offer(name: &str, of: &str, benefit: Benefit) -> Promotion {
    Promotion {
        code: code(name),
        name: Name::new(name).unwrap(),
        goods: goods(of),
        benefit,
        condition: Condition::default(),
        priority: 0,
        combining: Combining::Exclusive,
    }
}

fn percent(text: &str) -> Benefit {
    Benefit::Percent(text.parse().unwrap())
}

fn each(minor: i64) -> Benefit {
    Benefit::AmountEach(Money::from_minor(minor))
}

fn buy_get(buy: u32, get: u32, off: &str) -> Benefit {
    Benefit::BuyGet { buy, get, percent: off.parse().unwrap(), gets: None }
}

fn mixed(count: u32, minor: i64) -> Benefit {
    Benefit::MixAndMatch { count, price: Money::from_minor(minor) }
}

fn bundle(parts: &[(&str, u32)], minor: i64) -> Benefit {
    let part = |(of, count): &(&str, u32)| BundlePart { goods: goods(of), count: *count };
    Benefit::Bundle { parts: parts.iter().map(part).collect(), price: Money::from_minor(minor) }
}

fn combinable(offer: Promotion) -> Promotion {
    Promotion { combining: Combining::Combinable, ..offer }
}

struct Basket {
    rows: Vec<(String, Vec<MasterCode>, Quantity, Money)>,
}

impl Basket {
    fn of(rows: &[Row<'_>]) -> Self {
        let row = |(product, categories, quantity, price): &Row<'_>| {
            let quantity: Quantity = quantity.parse().unwrap();
            let amount = (quantity.decimal() * Decimal::from(*price)).round();
            let categories = categories.split_whitespace().map(code).collect();
            ((*product).to_owned(), categories, quantity, Money::from_minor(i64::try_from(amount.mantissa()).unwrap()))
        };
        Self { rows: rows.iter().map(row).collect() }
    }

    fn work_out(&self, offers: &[Promotion]) -> Vec<Vec<(String, i64)>> {
        let promotions = Promotions::new(offers.to_vec()).unwrap();
        let row = |(product, categories, quantity, amount): &(String, Vec<MasterCode>, Quantity, Money)| {
            (product.clone(), categories.clone(), *quantity, *amount)
        };
        let rows: Vec<_> = self.rows.iter().map(row).collect();
        let goods: Vec<Good<'_>> = rows
            .iter()
            .map(|(product, categories, quantity, amount)| Good {
                product: Some(product),
                categories,
                quantity: *quantity,
                amount: *amount,
            })
            .collect();
        let now = Now { at: Timestamp(0), offset: ZoneOffset(0) };
        let occasion = Occasion { store: None, customer_groups: &[], coupons: &[code("SAVE")], now };
        let applied = promotions.work_out(&goods, &occasion, "EUR".parse().unwrap()).unwrap();
        let name = |applied: &Applied| (promotions.offers()[applied.offer].code.to_string(), applied.amount.minor());
        applied.iter().map(|line| line.iter().map(name).collect()).collect()
    }

    fn saved(&self, offers: &[Promotion]) -> i64 {
        self.work_out(offers).iter().flatten().map(|(_, amount)| amount).sum()
    }
}

/// `expected` is per line what each offer takes off: `A 100, B 50`.
fn check(rows: &[Row<'_>], offers: &[Promotion], expected: &[&str]) {
    let found = Basket::of(rows).work_out(offers);
    let shown = |line: &Vec<(String, i64)>| {
        line.iter().map(|(code, amount)| format!("{code} {amount}")).collect::<Vec<_>>().join(", ")
    };
    assert_eq!(found.iter().map(shown).collect::<Vec<_>>(), expected, "{rows:?}\n{offers:?}");
}

#[test]
fn single_goods_cost_less_by_percent_amount_or_price() {
    let rows = [("A", "tea", "3", 333), ("B", "tea", "0.35", 1299), ("C", "", "1", 500)];
    check(&rows, &[offer("TEN", "", percent("10"))], &["TEN 100", "TEN 46", "TEN 50"]);
    check(&rows, &[offer("TEA", "#tea", percent("100"))], &["TEA 999", "TEA 455", ""]);
    check(&rows, &[offer("OFF", "A C", each(400))], &["OFF 999", "", "OFF 400"]);
    check(&rows, &[offer("KILO", "B", each(200))], &["", "KILO 70", ""]);
    let fixed = |price: &str| Benefit::FixedPrice(price.parse().unwrap());
    check(&rows, &[offer("FIX", "A B C", fixed("4.00"))], &["", "FIX 315", "FIX 100"]);
    let once = Benefit::AmountOnce(Money::from_minor(1000));
    check(&rows, &[offer("ONCE", "A C", once.clone())], &["ONCE 666", "", "ONCE 334"]);
    check(&rows, &[offer("ALL", "C", once)], &["", "", "ALL 500"]);
}

#[test]
fn the_cheapest_of_what_is_bought_are_free_and_all_cost_their_share() {
    check(&[("A", "", "3", 300)], &[offer("3F2", "A", buy_get(2, 1, "100"))], &["3F2 300"]);
    check(&[("A", "", "2", 300)], &[offer("3F2", "A", buy_get(2, 1, "100"))], &[""]);
    check(&[("A", "", "8", 300)], &[offer("3F2", "A", buy_get(2, 1, "100"))], &["3F2 600"]);
    // The dearest three go together: 5.00, 4.00 and 3.00, of which 3.00 is taken off; 1.00 is paid.
    let rows = [("A", "x", "1", 300), ("B", "x", "1", 500), ("C", "x", "1", 400), ("D", "x", "1", 100)];
    check(&rows, &[offer("3F2", "#x", buy_get(2, 1, "100"))], &["3F2 75", "3F2 125", "3F2 100", ""]);
    check(&rows, &[offer("HALF", "#x", buy_get(1, 1, "50"))], &["HALF 38", "HALF 111", "HALF 89", "HALF 12"]);
    let gets = Some(BundlePart { goods: goods("B"), count: 0 });
    let other = Benefit::BuyGet { buy: 2, get: 1, percent: "100".parse().unwrap(), gets };
    check(&[("A", "", "4", 300), ("B", "", "2", 200)], &[offer("XY", "A", other)], &["XY 300", "XY 100"]);
}

#[test]
fn pieces_go_together_for_a_price() {
    let rows = [("A", "x", "2", 250), ("B", "x", "1", 150), ("C", "x", "1", 100)];
    check(&rows, &[offer("MIX", "#x", mixed(3, 500))], &["MIX 115", "MIX 35", ""]);
    check(&rows, &[offer("DEAR", "#x", mixed(3, 650))], &["", "", ""]);
    check(&rows, &[offer("SET", "", bundle(&[("A", 1), ("B", 1)], 300))], &["SET 63", "SET 37", ""]);
    check(&rows, &[offer("SET", "", bundle(&[("A", 1), ("Z", 1)], 1))], &["", "", ""]);
    // A part that few lines can be is taken first, so that the set is found.
    check(&rows, &[offer("SET", "", bundle(&[("#x", 2), ("A", 1)], 500))], &["SET 116", "SET 34", ""]);
}

#[test]
fn the_best_price_wins_and_priority_decides_between_equals() {
    let rows = [("A", "x", "3", 300)];
    let three_for_two = offer("3F2", "A", buy_get(2, 1, "100"));
    check(&rows, &[offer("P30", "A", percent("30")), three_for_two.clone()], &["3F2 300"]);
    check(&rows, &[offer("P40", "A", percent("40")), three_for_two.clone()], &["P40 360"]);
    // What is left beside the three has the offer of single goods.
    check(&[("A", "x", "5", 300)], &[offer("P10", "A", percent("10")), three_for_two], &["3F2 300, P10 60"]);
    let first = Promotion { priority: 7, ..offer("Z", "A", percent("10")) };
    check(&rows, &[offer("B", "A", percent("10")), first], &["Z 90"]);
    check(&rows, &[offer("B", "A", percent("10")), offer("A", "A", percent("10"))], &["A 90"]);
}

#[test]
fn combinable_offers_add_up_and_an_exclusive_one_stands_alone() {
    let rows = [("A", "x", "1", 1000)];
    let both = [combinable(offer("C1", "A", percent("10"))), combinable(offer("C2", "A", each(250)))];
    check(&rows, &both, &["C1 100, C2 250"]);
    let with = |exclusive: Promotion| [both.as_slice(), &[exclusive]].concat();
    check(&rows, &with(offer("E", "A", percent("30"))), &["C1 100, C2 250"]);
    check(&rows, &with(offer("E", "A", percent("40"))), &["E 400"]);
    let all = [combinable(offer("C1", "A", percent("80"))), combinable(offer("C2", "A", percent("40")))];
    check(&rows, &all, &["C1 667, C2 333"]);
    let of_three = combinable(offer("3F2", "A", buy_get(2, 1, "100")));
    check(&[("A", "", "3", 100)], &[of_three, both[0].clone()], &["3F2 100, C1 30"]);
}

#[test]
fn coupons_and_minimums_are_asked_for() {
    let rows = [("A", "x", "1", 1000), ("B", "x", "1", 500), ("C", "", "1", 500)];
    let with = |condition: Condition| [Promotion { condition, ..offer("P", "#x", percent("10")) }];
    let coupon = |text: &str| Condition { coupon: Some(code(text)), ..Condition::default() };
    check(&rows, &with(coupon("SAVE")), &["P 100", "P 50", ""]);
    check(&rows, &with(coupon("OTHER")), &["", "", ""]);
    let minimum = |minor| Condition { minimum: Some(Money::from_minor(minor)), ..Condition::default() };
    check(&rows, &with(minimum(1500)), &["P 100", "P 50", ""]);
    check(&rows, &with(minimum(1501)), &["", "", ""]);
    let quantity = |text: &str| Condition { minimum_quantity: Some(text.parse().unwrap()), ..Condition::default() };
    check(&rows, &with(quantity("2")), &["P 100", "P 50", ""]);
    check(&rows, &with(quantity("3")), &["", "", ""]);
}

#[test]
fn what_is_not_sold_has_no_offer() {
    let rows = [("A", "", "-1", 1000), ("A", "", "1", 0)];
    check(&rows, &[offer("P", "", percent("10")), offer("3F2", "", buy_get(1, 1, "100"))], &["", ""]);
    check(&[("A", "", "2.5", 100)], &[offer("3F2", "A", buy_get(1, 1, "100"))], &[""]);
    check(&[], &[offer("P", "", percent("10"))], &[]);
}

#[test]
fn an_offer_that_makes_no_sense_is_refused() {
    let refused = |offer: Promotion, code: &str, field: &str| {
        let refusal = Promotions::new(vec![offer]).unwrap_err();
        assert_eq!((refusal.code(), refusal.field()), (code, field));
    };
    refused(offer("P", "", percent("0")), "not_positive", "promotions[0].percent");
    refused(offer("P", "", percent("100.01")), "too_many", "promotions[0].percent");
    refused(offer("P", "", each(0)), "not_positive", "promotions[0].amount");
    refused(offer("P", "", mixed(0, 1)), "not_positive", "promotions[0].count");
    refused(offer("P", "", mixed(101, 1)), "too_many", "promotions[0].count");
    refused(offer("P", "", mixed(3, -1)), "price_negative", "promotions[0].price");
    refused(offer("P", "", bundle(&[], 1)), "missing", "promotions[0].bundle");
    refused(offer("P", "", bundle(&[("A", 60), ("B", 60)], 1)), "too_many", "promotions[0].bundle[1].count");
    let twice = vec![offer("P", "", percent("1")), offer("P", "", percent("2"))];
    assert_eq!(Promotions::new(twice).unwrap_err().field(), "promotions[1].code");
    let many: Vec<_> = (0..=PROMOTIONS_MAX).map(|number| offer(&number.to_string(), "", percent("1"))).collect();
    assert_eq!(Promotions::new(many).unwrap_err().code(), "too_many");
}

fn any_benefit() -> impl Strategy<Value = Benefit> {
    prop_oneof![
        (1_u32..=100).prop_map(|off| percent(&off.to_string())),
        (1_i64..400).prop_map(each),
        (1_i64..900).prop_map(|minor| Benefit::AmountOnce(Money::from_minor(minor))),
        (0_i64..400)
            .prop_map(|minor| Benefit::FixedPrice(format!("{}.{:02}", minor / 100, minor % 100).parse().unwrap())),
        (1_u32..4, 1_u32..3, 1_u32..=100).prop_map(|(buy, get, off)| buy_get(buy, get, &off.to_string())),
        (1_u32..5, 0_i64..1500).prop_map(|(count, minor)| mixed(count, minor)),
        (1_u32..3, 1_u32..3, 0_i64..1500).prop_map(|(one, two, minor)| bundle(&[("A #x", one), ("#y", two)], minor)),
        (1_u32..3, 1_u32..3).prop_map(|(buy, get)| {
            let gets = Some(BundlePart { goods: goods("#y B"), count: get });
            Benefit::BuyGet { buy, get, percent: "100".parse().unwrap(), gets }
        }),
    ]
}

fn any_offers() -> impl Strategy<Value = Vec<Promotion>> {
    let goods = prop_oneof![Just(""), Just("#x"), Just("#y"), Just("A B"), Just("C #y"), Just("D")];
    let one = (goods, any_benefit(), 0_i32..3, any::<bool>(), 0_i64..800);
    proptest::collection::vec(one, 0..6).prop_map(|drawn| {
        let offers = drawn.into_iter().enumerate().map(|(index, (of, benefit, priority, is_combinable, minimum))| {
            let minimum = (minimum > 400).then(|| Money::from_minor(minimum));
            let condition = Condition { minimum, ..Condition::default() };
            let offer = Promotion { priority, condition, ..offer(&format!("P{index}"), of, benefit) };
            if is_combinable { combinable(offer) } else { offer }
        });
        offers.collect()
    })
}

/// Four products, each with its categories and, as a till has it, one price.
fn any_rows() -> impl Strategy<Value = Vec<(usize, i64)>> {
    proptest::collection::vec((0_usize..4, 1_i64..6), 1..6)
}

fn basket(rows: &[(usize, i64)], prices: &[i64]) -> Basket {
    let known = [("A", "x"), ("B", "x y"), ("C", "y"), ("D", "")];
    let quantities: Vec<String> = rows.iter().map(|(_, quantity)| quantity.to_string()).collect();
    let row = |((product, _), quantity): (&(usize, i64), &'_ String)| {
        (known[*product].0.to_owned(), known[*product].1.to_owned(), quantity.clone(), prices[*product])
    };
    let rows: Vec<_> = rows.iter().zip(&quantities).map(row).collect();
    let rows: Vec<Row<'_>> = rows
        .iter()
        .map(|(product, categories, quantity, price)| {
            (product.as_str(), categories.as_str(), quantity.as_str(), *price)
        })
        .collect();
    Basket::of(&rows)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_line_goes_below_zero_and_no_part_is_nothing(
        rows in any_rows(), prices in proptest::collection::vec(1_i64..500, 4), offers in any_offers(),
    ) {
        let basket = basket(&rows, &prices);
        for (line, (.., amount)) in basket.work_out(&offers).iter().zip(&basket.rows) {
            prop_assert!(line.iter().all(|(_, part)| *part > 0));
            prop_assert!(line.iter().map(|(_, part)| part).sum::<i64>() <= amount.minor());
        }
    }

    #[test]
    fn the_order_of_lines_and_of_offers_changes_no_total(
        rows in any_rows(), prices in proptest::collection::vec(1_i64..500, 4), offers in any_offers(),
    ) {
        let saved = basket(&rows, &prices).saved(&offers);
        let backwards: Vec<_> = rows.iter().rev().copied().collect();
        let mut turned = offers.clone();
        turned.reverse();
        prop_assert_eq!(basket(&backwards, &prices).saved(&offers), saved);
        prop_assert_eq!(basket(&rows, &prices).saved(&turned), saved);
    }

    #[test]
    fn one_more_offer_never_makes_a_basket_dearer(
        rows in any_rows(), prices in proptest::collection::vec(1_i64..500, 4), offers in any_offers(), without in 0_usize..6,
    ) {
        let basket = basket(&rows, &prices);
        let saved = basket.saved(&offers);
        let mut fewer = offers.clone();
        if without < fewer.len() {
            fewer.remove(without);
        }
        prop_assert!(basket.saved(&fewer) <= saved, "{} without {without}, {saved} with it", basket.saved(&fewer));
    }
}
