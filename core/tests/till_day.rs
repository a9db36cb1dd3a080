//! A till's day on a store in memory: every command, repeated commands, and the audit after each.

use counterfoil_core::catalog::{MasterRow, Product, TaxClass, Unit};
use counterfoil_core::command::{Basket, BasketLine, Command, Count, RefundLine, RefundRequest};
use counterfoil_core::currency::Currency;
use counterfoil_core::db::InMemoryBackend;
use counterfoil_core::discount::Discount;
use counterfoil_core::grant::Profile;
use counterfoil_core::id::{CommandId, CountryCode, JournalId, MasterCode, Name, OperatorCode, ProductCode};
use counterfoil_core::journal::key::SigningKey;
use counterfoil_core::money::Money;
use counterfoil_core::quantity::Quantity;
use counterfoil_core::tax::{LineTax, TaxCategory};
use counterfoil_core::tender::{Tender, TenderKind};
use counterfoil_core::till::{Issued, Outcome, SetUp, Till, TillError};
use counterfoil_core::time::{Now, Timestamp, ZoneOffset};

const NOON: i64 = 1_795_258_800_000;

fn now(minutes: i64) -> Now {
    Now { at: Timestamp(NOON + minutes * 60_000), offset: ZoneOffset(60) }
}

fn owner() -> OperatorCode {
    OperatorCode::new("owner").unwrap()
}

fn till() -> Till {
    let profile = Profile {
        store: "S01".parse().unwrap(),
        till: "T01".parse().unwrap(),
        currency: "EUR".parse::<Currency>().unwrap(),
        country: CountryCode::new("ES").unwrap(),
        zone: Name::new("Europe/Madrid").unwrap(),
        prices_include_tax: true,
        has_history: false,
    };
    let key = SigningKey::from_seed([1; 32]);
    let set_up = SetUp { profile, journal: JournalId([7; 16]), key, series_suffix: "A".to_owned() };
    let mut till = Till::create(InMemoryBackend::new(), set_up, now(0)).unwrap();
    let taxes = vec![LineTax::vat(TaxCategory::Standard, "21".parse().unwrap())];
    let class = TaxClass { code: MasterCode::new("S21").unwrap(), taxes };
    let milk = Product {
        code: ProductCode::new("01647057").unwrap(),
        name: Name::new("Mlijeko 1 l").unwrap(),
        brand: None,
        barcodes: vec!["3850334043641".parse().unwrap()],
        categories: vec![],
        unit: Unit::Piece,
        tax_class: class.code.clone(),
        price: Some("1.25".parse().unwrap()),
        cost: None,
        packs: Vec::new(),
        variant: None,
    };
    let rows = vec![MasterRow::TaxClass(class), MasterRow::Product(Box::new(milk))];
    till.execute(&Command::ChangeMasterData(rows), &owner(), now(1)).unwrap();
    till
}

fn basket(id: &str, quantity: &str) -> Basket {
    Basket::of_lines(
        CommandId::new(id).unwrap(),
        vec![BasketLine {
            code: "3850334043641".to_owned(),
            quantity: quantity.parse::<Quantity>().unwrap(),
            unit_price: None,
        }],
    )
}

fn issued(outcome: Outcome) -> Issued {
    let Outcome::Issued(issued) = outcome else { panic!("expected a document, not {outcome:?}") };
    *issued
}

fn code(result: Result<Outcome, TillError>) -> &'static str {
    match result {
        Err(TillError::Refused(refusal)) => refusal.code(),
        other => panic!("expected a refusal, not {other:?}"),
    }
}

fn audit_is_ok(till: &mut Till) {
    let audit = till.audit(InMemoryBackend::new()).unwrap();
    assert!(audit.is_ok(), "{audit:#?}");
}

#[test]
fn a_day_adds_up_and_the_audit_agrees_after_every_step() {
    let mut till = till();
    assert_eq!(code(till.execute(&Command::CompleteSale(basket("1", "1")), &owner(), now(2))), "drawer_closed");
    let float = Money::from_minor(10_000);
    till.execute(&Command::OpenDrawer(float), &owner(), now(3)).unwrap();
    let mut sale = basket("1", "3");
    sale.tenders = Some(vec![Tender::of(TenderKind::Cash, Money::from_minor(500))]);
    let sold = issued(till.execute(&Command::CompleteSale(sale.clone()), &owner(), now(4)).unwrap());
    assert_eq!(sold.document.printed.as_str(), "S01-T01-R26A-000001");
    assert_eq!(sold.document.totals.gross.minor(), 375);
    assert_eq!(sold.document.change.minor(), 125);
    audit_is_ok(&mut till);

    let again = issued(till.execute(&Command::CompleteSale(sale.clone()), &owner(), now(9)).unwrap());
    assert_eq!(again, sold);
    sale.lines[0].quantity = "4".parse().unwrap();
    assert_eq!(code(till.execute(&Command::CompleteSale(sale), &owner(), now(9))), "id_reused");

    let refund = RefundRequest {
        id: CommandId::new("r1").unwrap(),
        refund_of: "S01-T01-R26A-000001".to_owned(),
        lines: Some(vec![RefundLine { line: 1, quantity: Some("1".parse().unwrap()) }]),
        tenders: None,
        at: None,
    };
    let credited = issued(till.execute(&Command::RefundSale(refund.clone()), &owner(), now(10)).unwrap());
    assert_eq!(credited.document.printed.as_str(), "S01-T01-C26A-000001");
    assert_eq!(credited.document.totals.gross.minor(), -125);
    assert_eq!(issued(till.execute(&Command::RefundSale(refund), &owner(), now(11)).unwrap()), credited);
    let rest = RefundRequest {
        id: CommandId::new("r2").unwrap(),
        refund_of: "1".to_owned(),
        lines: None,
        tenders: None,
        at: None,
    };
    let credited = issued(till.execute(&Command::RefundSale(rest.clone()), &owner(), now(12)).unwrap());
    assert_eq!(credited.document.totals.payable.minor(), -250);
    let more = RefundRequest { id: CommandId::new("r3").unwrap(), ..rest };
    assert_eq!(code(till.execute(&Command::RefundSale(more), &owner(), now(13))), "nothing_left");
    audit_is_ok(&mut till);

    let Outcome::DrawerClosed(z) =
        till.execute(&Command::CloseDrawer(Count::Total(Money::from_minor(9_950))), &owner(), now(60)).unwrap()
    else {
        panic!("no report")
    };
    assert_eq!((z.expected.minor(), z.over_short.minor()), (10_000, -50));
    assert_eq!(z.printed.as_str(), "S01-T01-Z26A-000001");
    assert_eq!(till.z_report(None).unwrap().unwrap().z, *z);
    audit_is_ok(&mut till);
}

#[test]
fn bad_input_is_refused_with_its_field_and_uses_up_nothing() {
    let mut till = till();
    till.execute(&Command::OpenDrawer(Money::ZERO), &owner(), now(3)).unwrap();
    let head = till.head();
    type Change = fn(&mut Basket);
    let cases: [(&str, Change); 10] = [
        ("product_unknown", |basket| basket.lines[0].code = "nothing".to_owned()),
        ("quantity_zero", |basket| basket.lines[0].quantity = Quantity::ZERO),
        ("quantity_negative", |basket| basket.lines[0].quantity = "-1".parse().unwrap()),
        ("quantity_fraction", |basket| basket.lines[0].quantity = "0.5".parse().unwrap()),
        ("price_negative", |basket| basket.lines[0].unit_price = Some("-1".parse().unwrap())),
        ("too_many", |basket| basket.lines[0].quantity = "1000001".parse().unwrap()),
        ("too_many", |basket| {
            let amount = Money::from_minor(3_850_334_043_641);
            basket.tenders = Some(vec![Tender::of(TenderKind::Cash, amount)]);
        }),
        ("missing", |basket| basket.lines.clear()),
        ("backdated", |basket| basket.at = Some(now(-1))),
        ("unpaid", |basket| {
            basket.tenders = Some(vec![Tender::of(TenderKind::Cash, Money::from_minor(1))]);
        }),
    ];
    for (expected, change) in cases {
        let mut basket = basket("x", "1");
        change(&mut basket);
        assert_eq!(code(till.execute(&Command::CompleteSale(basket), &owner(), now(4))), expected);
    }
    assert_eq!(till.head(), head);
    let sold = issued(till.execute(&Command::CompleteSale(basket("x", "1")), &owner(), now(5)).unwrap());
    assert_eq!(sold.document.number, 1);
}

#[test]
fn the_series_follows_the_local_year_and_time_never_goes_back_in_it() {
    let mut till = till();
    till.execute(&Command::OpenDrawer(Money::ZERO), &owner(), now(3)).unwrap();
    let new_year = Now { at: Timestamp(1_798_758_000_000), offset: ZoneOffset(60) };
    let sold = issued(till.execute(&Command::CompleteSale(basket("n", "1")), &owner(), new_year).unwrap());
    assert_eq!(sold.document.printed.as_str(), "S01-T01-R27A-000001");
    let back = Now { at: Timestamp(new_year.at.0 - 1), ..new_year };
    let old = issued(till.execute(&Command::CompleteSale(basket("o", "1")), &owner(), back).unwrap());
    assert_eq!(old.document.printed.as_str(), "S01-T01-R26A-000001");
    let later = Now { at: Timestamp(new_year.at.0 + 69_120_000_000), ..new_year };
    let far = issued(till.execute(&Command::CompleteSale(basket("f", "1")), &owner(), later).unwrap());
    assert_eq!(far.document.printed.as_str(), "S01-T01-R29A-000001");
    let earlier = Now { at: Timestamp(later.at.0 - 5), ..later };
    let kept = issued(till.execute(&Command::CompleteSale(basket("k", "1")), &owner(), earlier).unwrap());
    assert_eq!(kept.document.issued, Some(later));
    let close = Command::CloseDrawer(Count::Total(Money::ZERO));
    till.execute(&close, &owner(), later).unwrap();
    till.execute(&Command::OpenDrawer(Money::ZERO), &owner(), earlier).unwrap();
    till.execute(&close, &owner(), earlier).unwrap();
    assert_eq!(till.z_report(None).unwrap().unwrap().closed, later);
    audit_is_ok(&mut till);
}

#[test]
fn a_clock_that_is_years_off_grants_no_series() {
    let mut till = till();
    till.execute(&Command::OpenDrawer(Money::ZERO), &owner(), now(3)).unwrap();
    for years in [-56, -1, 8, 32, 500] {
        let off = Now { at: Timestamp(NOON + years * 31_556_952_000), ..now(0) };
        assert_eq!(
            code(till.execute(&Command::CompleteSale(basket("c", "1")), &owner(), off)),
            "clock_wrong",
            "{years}"
        );
    }
    till.execute(&Command::CompleteSale(basket("c", "1")), &owner(), now(4)).unwrap();
    audit_is_ok(&mut till);
}

#[test]
fn a_refusal_in_a_new_year_grants_no_series() {
    let mut till = till();
    till.execute(&Command::OpenDrawer(Money::ZERO), &owner(), now(3)).unwrap();
    let head = till.head();
    let later = Now { at: Timestamp(NOON + 5 * 31_557_600_000), ..now(0) };
    let mut unknown = basket("u", "1");
    unknown.lines[0].code = "nothing".to_owned();
    assert_eq!(code(till.execute(&Command::CompleteSale(unknown), &owner(), later)), "product_unknown");
    assert_eq!(till.head(), head);
    let sold = issued(till.execute(&Command::CompleteSale(basket("k", "1")), &owner(), later).unwrap());
    assert_eq!((sold.document.printed.as_str(), sold.entry.seq()), ("S01-T01-R31A-000001", head.seq() + 2));
    audit_is_ok(&mut till);
}

#[test]
fn a_clock_that_is_a_century_off_is_refused() {
    let mut till = till();
    till.execute(&Command::OpenDrawer(Money::ZERO), &owner(), now(3)).unwrap();
    for years in [-100, 100, 200] {
        let wrong = Now { at: Timestamp(NOON + years * 31_556_952_000), ..now(0) };
        assert_eq!(code(till.execute(&Command::CompleteSale(basket("c", "1")), &owner(), wrong)), "clock_wrong");
    }
    audit_is_ok(&mut till);
}

#[test]
fn no_step_of_a_refund_asks_the_customer_for_money() {
    let mut till = till();
    till.execute(&Command::OpenDrawer(Money::ZERO), &owner(), now(3)).unwrap();
    // 0.03 less 0.02: the share of three quarters is 0.02 of the price and 0.02 of the discount, so that nothing is paid.
    let mut sale = basket("d", "4");
    sale.lines[0].unit_price = Some("0.0075".parse().unwrap());
    sale.discounts = vec![Discount::Amount(Money::from_minor(2))];
    let sold = issued(till.execute(&Command::CompleteSale(sale), &owner(), now(4)).unwrap());
    let mut paid = Vec::new();
    for id in ["d1", "d2", "d3", "d4"] {
        let line = RefundLine { line: 1, quantity: Some(Quantity::ONE) };
        let refund = RefundRequest {
            id: CommandId::new(id).unwrap(),
            refund_of: sold.document.printed.to_string(),
            lines: Some(vec![line]),
            tenders: None,
            at: None,
        };
        let credited = issued(till.execute(&Command::RefundSale(refund), &owner(), now(5)).unwrap());
        paid.push(-credited.document.totals.payable.minor());
    }
    assert_eq!(paid, [0, 1, 0, 0]);
    audit_is_ok(&mut till);
}

#[test]
fn two_products_of_one_command_cannot_share_a_barcode() {
    let mut till = till();
    let head = till.head();
    let known = till.resolve("01647057").unwrap().unwrap().product;
    let one = Product { code: ProductCode::new("one").unwrap(), barcodes: vec!["96385074".parse().unwrap()], ..known };
    let two = Product { code: ProductCode::new("two").unwrap(), ..one.clone() };
    let rows = [one.clone(), two].map(|product| MasterRow::Product(Box::new(product))).to_vec();
    let refused = till.execute(&Command::ChangeMasterData(rows), &owner(), now(2)).unwrap_err();
    assert!(refused.to_string().starts_with("rows[1].barcode: 96385074"), "{refused}");
    assert_eq!(till.head(), head);
    let renamed = Product { name: Name::new("Jedan").unwrap(), ..one.clone() };
    let rows = [one, renamed].map(|product| MasterRow::Product(Box::new(product))).to_vec();
    till.execute(&Command::ChangeMasterData(rows), &owner(), now(2)).unwrap();
    audit_is_ok(&mut till);
}
