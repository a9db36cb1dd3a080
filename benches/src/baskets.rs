//! Real baskets: their shapes are those of 42,000 invoice lines of a British shop in December 2010 (see NOTICE).
//!
//! Each of the shop's stock codes stands for one article of the supermarket, so that some sell often and most seldom, as
//! they did. Lines are taken in the order of the invoices, so many to a sale. When the invoices end they begin anew, and
//! the codes stand for other articles. Half of the sales are paid by card, a quarter with a banknote, a quarter exactly;
//! one in twenty has a discount.

use std::io::Read;

use counterfoil_core::catalog::Unit;
use counterfoil_core::command::{Basket, BasketLine};
use counterfoil_core::decide::sale::Sellable;
use counterfoil_core::discount::Discount;
use counterfoil_core::line::{self, LineInput};
use counterfoil_core::money::Money;
use counterfoil_core::quantity::{Quantity, UnitPrice};
use counterfoil_core::series::DocumentKind;
use counterfoil_core::tender::{Tender, TenderKind};
use flate2::read::GzDecoder;

use crate::goods;

const INVOICES: &str = "online_retail_2010-12.csv.gz";
const PIECES_MAX: u64 = 6;

/// A basket with what its lines stand for.
#[derive(Clone, Debug)]
pub struct Filled {
    /// What is submitted.
    pub basket: Basket,
    /// What the till finds for each line.
    pub products: Vec<Option<Sellable>>,
}

/// An endless stream of baskets, the same for the same name.
#[derive(Clone, Debug)]
pub struct Baskets {
    articles: Vec<Sellable>,
    shape: Vec<(u64, u64)>,
    name: String,
    lines: usize,
    count: u64,
}

impl Baskets {
    /// Baskets of so many lines, whose ids begin with `name`.
    #[must_use]
    pub fn new(name: &str, lines: usize) -> Self {
        Self { articles: goods::articles(), shape: shape(), name: name.to_owned(), lines, count: 0 }
    }

    /// The same stream under another name, with other articles.
    #[must_use]
    pub fn named(&self, name: &str) -> Self {
        Self { name: name.to_owned(), count: 0, ..self.clone() }
    }

    fn line(&self, at: u64) -> (BasketLine, Sellable) {
        let length = self.shape.len() as u64;
        let (round, place) = (at / length, at % length);
        let (code, pieces) = self.shape[usize::try_from(place).expect("a place in memory")];
        let drawn = digest(&format!("{} {round} {code}", self.name));
        let article = &self.articles[usize::try_from(drawn % self.articles.len() as u64).expect("a place in memory")];
        let quantity = match article.product.unit {
            Unit::Kilogram => format!("0.{:03}", 50 + digest(&format!("{drawn} {at}")) % 900),
            Unit::Piece | Unit::Litre | Unit::Metre => pieces.clamp(1, PIECES_MAX).to_string(),
        };
        let product = &article.product;
        let code = product.barcodes.first().map_or_else(|| product.code.to_string(), ToString::to_string);
        let quantity = quantity.parse().expect("digits are a quantity");
        (BasketLine { code, quantity, unit_price: None }, article.clone())
    }
}

impl Iterator for Baskets {
    type Item = Filled;

    fn next(&mut self) -> Option<Filled> {
        let lines = self.lines as u64;
        let filled: Vec<_> = (0..lines).map(|line| self.line(self.count * lines + line)).collect();
        self.count += 1;
        let number = self.count;
        let is_discounted = number.is_multiple_of(20);
        let amounts = filled.iter().map(|(line, article)| amount(line, article));
        let gross = Money::sum(amounts).expect("a small amount").minor();
        let tender = |kind, amount: i64, reference: Option<String>| Tender {
            reference: reference.map(|text| text.parse().expect("digits are a reference")),
            ..Tender::of(kind, Money::from_minor(amount))
        };
        let tenders = match number % 4 {
            _ if is_discounted => None,
            0 => Some(vec![tender(TenderKind::Cash, gross / 1_000 * 1_000 + 1_000, None)]),
            1 | 2 => Some(vec![tender(
                TenderKind::Card,
                gross,
                Some(format!("{:06}", digest(&self.name) % 997 * number % 1_000_000)),
            )]),
            _ => None,
        };
        let (lines, products) = filled.into_iter().map(|(line, article)| (line, Some(article))).unzip();
        let basket = Basket {
            id: format!("{}-{number:06}", self.name).parse().expect("letters and digits are an id"),
            lines,
            discounts: if is_discounted { vec![Discount::Percent("5".parse().expect("a number"))] } else { Vec::new() },
            tenders,
            document: DocumentKind::Receipt,
            customer: None,
            claims: Default::default(),
            at: None,
        };
        Some(Filled { basket, products })
    }
}

/// What the till will ask for a line.
fn amount(line: &BasketLine, article: &Sellable) -> Money {
    let input = LineInput {
        quantity: line.quantity,
        unit_price: article.price.expect("every article has a price"),
        base_quantity: Quantity::ONE,
        price_discount: UnitPrice::ZERO,
        taxes: Vec::new(),
        adjustments: Vec::new(),
    };
    line::amount(&input, "EUR".parse().expect("a currency")).expect("a small amount")
}

/// Stock code, as a digest, and pieces of each line that was sold.
fn shape() -> Vec<(u64, u64)> {
    let path = goods::data().join(INVOICES);
    let packed = std::fs::File::open(path).expect("the invoices lie in the repository");
    let mut text = String::new();
    GzDecoder::new(packed).read_to_string(&mut text).expect("the invoices are text");
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let rows = reader.records().map(|row| row.expect("the invoices are CSV"));
    let sold = rows.filter_map(|row| Some((digest(&row[1]), row[3].parse().ok()?)));
    sold.filter(|(_, pieces)| *pieces > 0).collect()
}

/// FNV-1a: the same on every run.
fn digest(text: &str) -> u64 {
    text.bytes().fold(0xCBF2_9CE4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3))
}
