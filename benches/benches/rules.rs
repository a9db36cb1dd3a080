//! The rules of the trade: pricing a basket, deciding a sale, taking a number, reading a scanned code.

use std::hint::black_box;

use counterfoil_benches::baskets::{Baskets, Filled};
use counterfoil_benches::journal::{Journal, time_of};
use counterfoil_benches::offers::{category, fifty};
use counterfoil_core::approval::Actor;
use counterfoil_core::decide::{self, Context};
use counterfoil_core::id::MasterCode;
use counterfoil_core::in_store_code::masks_of;
use counterfoil_core::line::LineInput;
use counterfoil_core::promotion::{Named, Occasion, Promotions};
use counterfoil_core::quantity::{Quantity, UnitPrice};
use counterfoil_core::scan::{Rules, scan};
use counterfoil_core::series::{DocumentKind, SeriesHead};
use counterfoil_core::totals::{DocumentInput, PriceMode, price};
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};

/// What `till quote` and every sale hand to `price`.
fn document(filled: Filled) -> DocumentInput {
    let lines = filled.basket.lines.into_iter().zip(filled.products.into_iter().flatten());
    let input = lines.map(|(line, sellable)| LineInput {
        quantity: line.quantity,
        unit_price: sellable.price.expect("every article has a price"),
        base_quantity: Quantity::ONE,
        price_discount: UnitPrice::ZERO,
        taxes: sellable.taxes,
        adjustments: Vec::new(),
    });
    DocumentInput {
        currency: "EUR".parse().expect("a currency"),
        prices: PriceMode::Inclusive,
        lines: input.collect(),
        discounts: filled.basket.discounts,
        document_adjustments: Vec::new(),
    }
}

fn pricing(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("price");
    for lines in [5, 20] {
        let documents: Vec<_> = Baskets::new("price", lines).take(100).map(document).collect();
        let mut next = documents.iter().cycle();
        group.throughput(Throughput::Elements(1));
        group.bench_function(format!("{lines}_lines"), |bencher| {
            bencher.iter(|| price(black_box(next.next().expect("an endless cycle"))));
        });
    }
    group.finish();
}

/// Twenty lines while fifty offers are active: what is taken off, and then the totals.
fn promoting(criterion: &mut Criterion) {
    let promotions = fifty();
    let occasion = Occasion { store: None, customer_groups: &[], coupons: &[], now: time_of(1) };
    let baskets = Baskets::new("promote", 20).take(100).map(|filled| {
        let products = filled.products.iter().flatten().map(|sellable| sellable.product.code.to_string());
        let named: Vec<_> = products.map(|code| (vec![category(&code)], code)).collect();
        (document(filled), named)
    });
    let baskets: Vec<_> = baskets.collect();
    let mut next = baskets.iter().cycle();
    let take_off = |(input, named): &mut (DocumentInput, Vec<(Vec<MasterCode>, String)>)| {
        let named = named.iter().map(|(categories, code)| Some(Named { product: Some(code), categories }));
        let named: Vec<_> = named.collect();
        let applied = promotions.take_off(&mut input.lines, &named, &occasion, input.currency).expect("small");
        (applied, price(input))
    };
    let applied = baskets.clone().iter_mut().map(|basket| take_off(basket).0).collect::<Vec<_>>();
    let busy = applied.iter().filter(|lines| lines.iter().any(|line| !line.is_empty())).count();
    assert!(busy > 90, "only {busy} of 100 baskets have an offer");
    let mut group = criterion.benchmark_group("promote");
    group.bench_function("20_lines_50_offers", |bencher| {
        let basket = || next.next().expect("an endless cycle").clone();
        bencher.iter_batched_ref(basket, |basket| take_off(black_box(basket)), BatchSize::SmallInput);
    });
    group.finish();
}

fn deciding(criterion: &mut Criterion) {
    let till = Journal::open(0);
    let operator = Actor::owner();
    let context = Context { state: &till.state, operator: &operator, approver: None, now: time_of(1) };
    let baskets: Vec<_> = Baskets::new("decide", 5).take(100).collect();
    let mut next = baskets.iter().cycle();
    let mut group = criterion.benchmark_group("decide");
    group.bench_function("5_line_sale", |bencher| {
        bencher.iter(|| {
            let filled = black_box(next.next().expect("an endless cycle"));
            decide::sale::decide(&context, &filled.basket, &filled.products, &Promotions::default(), None)
        });
    });
    group.finish();
}

/// Taking a number, beside writing down one of the same form.
fn allotting(criterion: &mut Criterion) {
    let till = Journal::open(0);
    let profile = &till.state.profile;
    let head = till.state.series_for(DocumentKind::Receipt, 2026).expect("a series of receipts").head.clone();
    let code = head.series().code.clone();
    let mut group = criterion.benchmark_group("allot");
    group.bench_function("number", |bencher| {
        let allot = |head: SeriesHead| head.allot(&profile.store, &profile.till);
        bencher.iter_batched(|| head.clone(), allot, BatchSize::SmallInput);
    });
    group.bench_function("bare_format", |bencher| {
        let mut number = 0_u64;
        bencher.iter(|| {
            number += 1;
            format!("{}-{:06}", black_box(&code), black_box(number))
        });
    });
    group.finish();
}

/// Reading what a scanner read: an article code, a scale's code by the rules of a country, elements with lot and expiry.
fn scanning(criterion: &mut Criterion) {
    let masks = masks_of("DE");
    let rules = Rules { masks: &masks, ..Rules::default() };
    let mut group = criterion.benchmark_group("scan");
    for (name, code) in [
        ("ean", "4006381333931"),
        ("in_store", "2811111068708"),
        ("elements", "]C1019501101530003310300019517270131\u{1D}10AB-123"),
    ] {
        group.bench_function(name, |bencher| bencher.iter(|| scan(black_box(code), rules)));
    }
    group.finish();
}

criterion_group!(rules, pricing, promoting, deciding, allotting, scanning);
criterion_main!(rules);
