//! Fifty offers that a supermarket could have in one week, over the articles of the baskets.

use counterfoil_core::id::{MasterCode, Name};
use counterfoil_core::money::Money;
use counterfoil_core::promotion::{Benefit, BundlePart, Combining, Condition, Promotion, Promotions, Selection};

/// How many categories the articles are spread over.
const CATEGORIES: u64 = 40;

/// The category of an article: the same for the same code.
///
/// # Panics
/// Never: letters and digits are a code.
#[must_use]
pub fn category(product: &str) -> MasterCode {
    named(product.bytes().fold(7, |sum, byte| sum * 31 % 1_000_003 + u64::from(byte)) % CATEGORIES)
}

fn named(number: u64) -> MasterCode {
    MasterCode::new(format!("C{number}")).expect("letters and digits are a code")
}

fn of(numbers: &[u64]) -> Selection {
    Selection { products: Vec::new(), categories: numbers.iter().map(|number| named(number % CATEGORIES)).collect() }
}

fn benefit(number: u64) -> Benefit {
    let cents = |cents: i64| Money::from_minor(cents);
    let percent = |text: &str| text.parse().expect("digits are a percentage");
    match number % 10 {
        0..=3 => Benefit::Percent(percent(["5", "10", "15", "20"][usize::try_from(number % 4).unwrap_or(0)])),
        4 => Benefit::AmountEach(cents(20)),
        5 => Benefit::FixedPrice("0.99".parse().expect("digits are a price")),
        6 => Benefit::BuyGet { buy: 2, get: 1, percent: percent("100"), gets: None },
        7 => Benefit::MixAndMatch { count: 3, price: cents(500) },
        8 => {
            let part = |number| BundlePart { goods: of(&[number]), count: 1 };
            Benefit::Bundle { parts: vec![part(number), part(number + 5)], price: cents(300) }
        }
        _ => Benefit::AmountOnce(cents(100)),
    }
}

/// Fifty offers without conditions of time, so that all are active.
///
/// # Panics
/// Never: the offers are as offers may be.
#[must_use]
pub fn fifty() -> Promotions {
    let offers = (0..50).map(|number| {
        let code = named(number);
        let is_combinable = number % 10 == 9;
        Promotion {
            name: Name::new(code.as_str()).expect("a code is a name"),
            code,
            goods: of(&[number, number + 17]),
            benefit: benefit(number),
            condition: Condition::default(),
            priority: 0,
            combining: if is_combinable { Combining::Combinable } else { Combining::Exclusive },
        }
    });
    Promotions::new(offers.collect()).expect("the offers are as offers may be")
}
