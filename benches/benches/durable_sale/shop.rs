//! The shop of this measurement: a supermarket's price list, some weeks of sales, and a till with its peers.

use std::collections::BTreeSet;
use std::fs::OpenOptions;
use std::path::Path;
use std::time::{Duration, Instant};

use counterfoil_core::catalog::{MasterRow, Product, TaxClass, Unit};
use counterfoil_core::command::{Basket, BasketLine, Command, MASTER_ROWS_MAX};
use counterfoil_core::db::{FileBackend, InMemoryBackend, StorageBackend};
use counterfoil_core::grant::Profile;
use counterfoil_core::id::{Barcode, JournalId, Name, OperatorCode};
use counterfoil_core::journal::key::SigningKey;
use counterfoil_core::money::Money;
use counterfoil_core::tax::{LineTax, TaxBase};
use counterfoil_core::till::{Issued, Outcome, SetUp, Till};
use counterfoil_core::time::{Now, Timestamp, ZoneOffset};
use tempfile::TempDir;

use crate::counted::{Counted, Counter};
use crate::peers::{Append, Blob, Normalised, Overwrite, Peer};

const LINES: usize = 5;
/// Sales of one drawer session while the shop is filled.
const SALES_A_DAY: usize = 500;

pub(crate) struct Shop {
    till: Till,
    counter: Counter,
    peers: Vec<Box<dyn Peer>>,
    in_memory: Till,
    codes: Vec<String>,
    rng: fastrand::Rng,
    sales: u64,
    now: Now,
    entry_bytes: usize,
    _folder: TempDir,
}

impl Shop {
    /// A shop whose till and peers hold so many sales already.
    pub(crate) fn stocked(sales: usize) -> Self {
        let folder = TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let file = |name: &str| folder.path().join(name);
        let products = products();
        let options = OpenOptions::new().read(true).write(true).create_new(true).open(file("till.redb"));
        let (backend, counter) = Counted::new(FileBackend::new(options.unwrap()).unwrap());
        let product_codes: Vec<_> = products.iter().map(|product| product.code.clone()).collect();
        let peers: Vec<Box<dyn Peer>> = vec![
            Box::new(Normalised::new(&file("normalised.sqlite"), &product_codes)),
            Box::new(Blob::new(&file("blob.sqlite"))),
            Box::new(Append::new(&file("append"))),
            Box::new(Overwrite::new(&file("overwrite"))),
        ];
        let mut shop = Self {
            till: till(backend, &products),
            counter,
            peers,
            in_memory: till(InMemoryBackend::new(), &products),
            codes: products.iter().map(scanned).collect(),
            rng: fastrand::Rng::with_seed(5),
            sales: 0,
            now: START,
            entry_bytes: 0,
            _folder: folder,
        };
        shop.fill(sales);
        shop
    }

    fn fill(&mut self, sales: usize) {
        let mut left = sales;
        while left > 0 {
            let today = left.min(SALES_A_DAY);
            let sold: Vec<Issued> = (0..today).map(|_| self.sell().0).collect();
            self.peers.iter_mut().for_each(|peer| peer.store_earlier(&sold));
            left -= today;
        }
    }

    pub(crate) const fn disk(&self) -> &Counter {
        &self.counter
    }

    pub(crate) const fn entry_bytes(&self) -> usize {
        self.entry_bytes
    }

    /// One sale, made by all: how long each took for its own part.
    pub(crate) fn sale(&mut self) -> [Duration; 6] {
        let (issued, till, in_memory) = self.sell();
        let mut times = [till; 6];
        for (peer, time) in self.peers.iter_mut().zip(times.iter_mut().skip(1)) {
            let start = Instant::now();
            peer.store(&issued);
            *time = start.elapsed();
        }
        times[5] = in_memory;
        times
    }

    fn sell(&mut self) -> (Issued, Duration, Duration) {
        self.sales += 1;
        self.now.at.0 += 7_000;
        let line = |rng: &mut fastrand::Rng, codes: &[String]| BasketLine {
            code: codes[rng.usize(..codes.len())].clone(),
            quantity: rng.u8(1..4).to_string().parse().unwrap(),
            unit_price: None,
        };
        let basket = Basket::of_lines(
            format!("{:032x}", self.rng.u128(..)).parse().unwrap(),
            (0..LINES).map(|_| line(&mut self.rng, &self.codes)).collect(),
        );
        let command = Command::CompleteSale(basket);
        let (_, in_memory) = timed(&mut self.in_memory, &command, self.now);
        let (issued, time) = timed(&mut self.till, &command, self.now);
        self.entry_bytes = issued.entry.bytes().len();
        (issued, time, in_memory)
    }
}

const START: Now = Now { at: Timestamp(1_767_603_600_000), offset: ZoneOffset(60) };

fn owner() -> OperatorCode {
    OperatorCode::new("owner").unwrap()
}

fn timed(till: &mut Till, command: &Command, now: Now) -> (Issued, Duration) {
    let owner = owner();
    let start = Instant::now();
    let outcome = till.execute(command, &owner, now).unwrap();
    let time = start.elapsed();
    let Outcome::Issued(issued) = outcome else { panic!("no sale: {outcome:?}") };
    (*issued, time)
}

fn till(backend: impl StorageBackend, products: &[Product]) -> Till {
    let profile = Profile {
        store: "S01".parse().unwrap(),
        till: "T01".parse().unwrap(),
        currency: "EUR".parse().unwrap(),
        country: "HR".parse().unwrap(),
        zone: Name::new("Europe/Zagreb").unwrap(),
        prices_include_tax: true,
        has_history: false,
    };
    let key = SigningKey::from_seed([1; 32]);
    let set_up = SetUp { profile, journal: JournalId([1; 16]), key, series_suffix: "A".to_owned() };
    let mut till = Till::create(backend, set_up, START).unwrap();
    let vat = LineTax {
        code: "VAT".parse().unwrap(),
        category: "S".parse().unwrap(),
        rate: "25".parse().unwrap(),
        base: TaxBase::Net,
    };
    let class = MasterRow::TaxClass(TaxClass { code: "S25".parse().unwrap(), taxes: vec![vat] });
    till.execute(&Command::ChangeMasterData(vec![class]), &owner(), START).unwrap();
    for products in products.chunks(MASTER_ROWS_MAX) {
        let rows = products.iter().map(|product| MasterRow::Product(Box::new(product.clone()))).collect();
        till.execute(&Command::ChangeMasterData(rows), &owner(), START).unwrap();
    }
    till.execute(&Command::OpenDrawer(Money::from_minor(10_000)), &owner(), START).unwrap();
    till
}

/// What is scanned of a product: its barcode, or its code where it has none.
fn scanned(product: &Product) -> String {
    product.barcodes.first().map_or_else(|| product.code.to_string(), ToString::to_string)
}

/// The articles of a real price list, all sold by the piece.
fn products() -> Vec<Product> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../node/data/konzum_store_0204_2025-07-03.csv");
    let (mut products, mut known) = (Vec::new(), BTreeSet::new());
    for row in csv::Reader::from_path(path).unwrap().records() {
        let row = row.unwrap();
        let (Ok(code), Ok(name), Ok(price)) =
            (row[1].parse(), Name::new(&row[0]), row[7].parse().or_else(|_| row[9].parse()))
        else {
            continue;
        };
        products.push(Product {
            code,
            name,
            brand: row[2].parse().ok(),
            barcodes: row[5].parse().ok().filter(|barcode| known.insert(Barcode::clone(barcode))).into_iter().collect(),
            categories: Vec::new(),
            unit: Unit::Piece,
            tax_class: "S25".parse().unwrap(),
            price: Some(price),
            cost: None,
            packs: Vec::new(),
            variant: None,
        });
    }
    products.sort_by(|one: &Product, other| one.code.cmp(&other.code));
    products.dedup_by(|one, other| one.code == other.code);
    assert!(products.len() > 10_000, "only {} products", products.len());
    products
}
