//! The shop that targets attack: fixed keys, a fixed clock, goods of every kind of price and tax, and its tills.

use counterfoil_core::catalog::{MasterRow, Product, TaxClass, Unit};
use counterfoil_core::command::{Basket, BasketLine, Command, RefundRequest};
use counterfoil_core::db::InMemoryBackend;
use counterfoil_core::grant::{GrantV1, Profile};
use counterfoil_core::id::{JournalId, MasterCode, Name, OperatorCode, ProductCode};
use counterfoil_core::journal::acknowledgement::Epoch;
use counterfoil_core::journal::key::SigningKey;
use counterfoil_core::money::Money;
use counterfoil_core::series::{DocumentKind, Series};
use counterfoil_core::tax::{LineTax, TaxBase};
use counterfoil_core::till::{SetUp, StorageBackend, Till};
use counterfoil_core::time::{Now, Timestamp, ZoneOffset};

/// The journal of the till.
pub const JOURNAL: JournalId = JournalId([1; 16]);

/// The epoch of head office.
pub const EPOCH: Epoch = Epoch { counter: 1, random: [1; 8] };

/// The key of the till's journal.
#[must_use]
pub fn key() -> SigningKey {
    SigningKey::from_seed([7; 32])
}

/// The key by which head office signs.
#[must_use]
pub fn office_key() -> SigningKey {
    SigningKey::from_seed([9; 32])
}

/// So many minutes after 2026-11-21 12:00 at +01:00.
#[must_use]
pub const fn now(minutes: i64) -> Now {
    Now { at: Timestamp(1_795_258_800_000 + minutes * 60_000), offset: ZoneOffset(60) }
}

/// Who sells.
#[must_use]
pub fn owner() -> OperatorCode {
    OperatorCode::new("owner").expect("a code of five letters")
}

/// What the till is.
#[must_use]
pub fn profile() -> Profile {
    Profile {
        store: read("S01"),
        till: read("T01"),
        currency: read("EUR"),
        country: read("FI"),
        zone: Name::new("Europe/Helsinki").expect("a short name"),
        prices_include_tax: true,
        has_history: false,
    }
}

/// Code, unit, price and tax class of the goods; milk has a barcode too.
pub const GOODS: [(&str, &str, &str, &str); 8] = [
    ("milk", "piece", "1.25", "standard"),
    ("sugar", "piece", "0.333", "reduced"),
    ("gift", "piece", "0", "standard"),
    ("book", "piece", "19.9", "zero"),
    ("cheese", "kg", "13.49", "standard"),
    ("oil", "l", "4.05", "two"),
    ("wine", "piece", "250", "compound"),
    ("rope", "m", "0.07", "two"),
];

fn read<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
    text.parse().expect("texts of the shop are well formed")
}

/// The rows of the goods and of their tax classes.
#[must_use]
pub fn goods() -> Vec<MasterRow> {
    let tax = |(code, rate, base): &(&str, &str, TaxBase)| LineTax {
        code: read(code),
        category: read(if *rate == "0" { "Z" } else { "S" }),
        rate: read(rate),
        base: *base,
    };
    let net = TaxBase::Net;
    let classes = [
        ("standard", vec![("VAT", "21", net)]),
        ("reduced", vec![("VAT", "5.5", net)]),
        ("zero", vec![("VAT", "0", net)]),
        ("two", vec![("GST", "5", net), ("QST", "9.975", net)]),
        ("compound", vec![("ICE", "35", net), ("VAT", "12", TaxBase::NetPlusEarlier)]),
    ];
    let class = |(code, taxes): (&str, Vec<_>)| TaxClass { code: read(code), taxes: taxes.iter().map(tax).collect() };
    let product = |(code, unit, price, class): (&str, &str, &str, &str)| Product {
        code: ProductCode::new(code).expect("a short code"),
        name: Name::new(code).expect("a short name"),
        brand: None,
        barcodes: if code == "milk" { vec![read("3850334043641")] } else { Vec::new() },
        categories: Vec::new(),
        unit: unit.parse::<Unit>().expect("a known unit"),
        tax_class: MasterCode::new(class).expect("a short code"),
        price: Some(read(price)),
        cost: None,
        packs: Vec::new(),
        variant: None,
    };
    let classes = classes.into_iter().map(|row| MasterRow::TaxClass(class(row)));
    classes.chain(GOODS.into_iter().map(|row| MasterRow::Product(Box::new(product(row))))).collect()
}

/// The series of every kind for two years.
#[must_use]
pub fn series() -> Vec<Series> {
    let (profile, mut all) = (profile(), Vec::new());
    for kind in DocumentKind::ALL {
        for year in [2026, 2027] {
            let series = Series::standard(&profile.store, &profile.till, kind, year, "A");
            all.push(series.expect("the codes are short"));
        }
    }
    all
}

/// What head office grants the till.
#[must_use]
pub fn grant() -> GrantV1 {
    GrantV1 {
        journal: JOURNAL,
        key: key().public_key(),
        head_office: office_key().public_key(),
        profile: profile(),
        certificate: Vec::new(),
        series: series(),
        epoch: EPOCH,
        granted: now(0).at,
    }
}

/// A stand-alone till with goods and an open drawer, of which one sale and a part of it back are in the journal.
///
/// # Panics
/// The till cannot do what any till can.
pub fn sold(backend: impl StorageBackend) -> Till {
    let set_up = SetUp { profile: profile(), journal: JOURNAL, key: key(), series_suffix: "A".to_owned() };
    let mut till = Till::create(backend, set_up, now(0)).expect("an empty store");
    let commands = [
        Command::ChangeMasterData(goods()),
        Command::OpenDrawer(Money::from_minor(10_000)),
        Command::CompleteSale(basket("first", &["milk", "cheese", "oil", "wine"])),
        Command::CompleteSale(basket("second", &["milk", "sugar"])),
        Command::RefundSale(RefundRequest {
            id: read("back"),
            refund_of: "second".to_owned(),
            lines: None,
            tenders: None,
            at: None,
        }),
    ];
    for (minutes, command) in (1..).zip(&commands) {
        till.execute(command, &owner(), now(minutes)).expect("a plain day");
    }
    till
}

/// A till of head office, in memory, with nothing but its grant.
///
/// # Panics
/// The grant is not taken.
#[must_use]
pub fn granted() -> Till {
    let grant = grant().sign(&office_key()).expect("a grant within its limits");
    Till::create_granted(InMemoryBackend::new(), key(), &grant, now(0)).expect("an empty store")
}

/// Two of each of these, paid in cash.
#[must_use]
pub fn basket(id: &str, codes: &[&str]) -> Basket {
    let line = |code: &&str| BasketLine { code: (*code).to_owned(), quantity: read("2"), unit_price: None };
    Basket::of_lines(read(id), codes.iter().map(line).collect())
}

/// A folder of its own, in memory where the system has such a place: nothing in it need outlive the process.
///
/// # Panics
/// No folder can be made.
#[must_use]
pub fn place() -> tempfile::TempDir {
    let memory = std::path::Path::new("/dev/shm");
    let made = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    made.or_else(|_| tempfile::tempdir()).expect("a temporary folder can be made")
}
