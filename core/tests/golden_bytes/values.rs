//! One example of every stored and signed value, with each optional part present somewhere.

use counterfoil_core::activity::{ActivityV1, DoneV1, UnsoldLineV1};
use counterfoil_core::addendum::{Correction, ZAddendumV1};
use counterfoil_core::approval::{ApprovalV1, OverShortStanding};
use counterfoil_core::catalog::{Category, MasterKey, MasterRow, Product, StorePrice, TaxClass, Unit};
use counterfoil_core::discount::Discount;
use counterfoil_core::document::{DocumentV1, LinePromotionV1, LineV1, TotalsV1};
use counterfoil_core::drawer::{
    CashMovedV1, CashMovementKind, DrawerClosedV1, DrawerOpenedV1, DrawerSession, IssuedRange, Tally, ZReportV1,
};
use counterfoil_core::event::{
    Event, GrantedByV1, JournalClosedV1, JournalOpenedV1, MasterDataChangedV1, OperatorLockedV1, OperatorSetV1,
    SeriesGrantedV1,
};
use counterfoil_core::feed::{FeedPageV1, FeedRow, StateHash};
use counterfoil_core::goods_label::TraceV1;
use counterfoil_core::grant::{GrantV1, JournalRequestV1, PredecessorV1, Profile, StopV1};
use counterfoil_core::id::{Hash, JournalId};
use counterfoil_core::journal::acknowledgement::{Acknowledgement, Epoch, Nonce};
use counterfoil_core::journal::hello::{Challenge, Hello, RunningTotal};
use counterfoil_core::journal::key::SigningKey;
use counterfoil_core::money::Money;
use counterfoil_core::operator::{Operator, Pin, Role};
use counterfoil_core::price_list::{ListPrice, PriceList};
use counterfoil_core::promotion::{
    Benefit, BundlePart, Claims, Combining, Condition, Hours, Promotion, Selection, Weekdays,
};
use counterfoil_core::quantity::Quantity;
use counterfoil_core::role::{Permission, RoleRules};
use counterfoil_core::series::{DocumentKind, Series};
use counterfoil_core::tax::{LineTax, TaxBase, TaxCategory, TaxTotal};
use counterfoil_core::tender::{Tender, TenderKind};
use counterfoil_core::time::{Now, Timestamp, ZoneOffset};

pub(crate) fn key() -> SigningKey {
    SigningKey::from_seed([7; 32])
}

fn money(minor: i64) -> Money {
    Money::from_minor(minor)
}

pub(crate) fn now() -> Now {
    Now { at: Timestamp(1_795_258_800_123), offset: ZoneOffset(-210) }
}

fn profile() -> Profile {
    Profile {
        store: "S01".parse().unwrap(),
        till: "T07".parse().unwrap(),
        currency: "EUR".parse().unwrap(),
        country: "ES".parse().unwrap(),
        zone: "Europe/Madrid".parse().unwrap(),
        prices_include_tax: true,
        has_history: false,
    }
}

fn predecessor() -> PredecessorV1 {
    PredecessorV1 {
        journal: JournalId([0xA1; 16]),
        key: key().public_key(),
        seq: 812,
        hash: Hash([0xB2; 32]),
        perpetual_gross: money(123_456_789),
        sessions: 41,
    }
}

fn series() -> Vec<Series> {
    let profile = profile();
    let receipt = Series::standard(&profile.store, &profile.till, DocumentKind::Receipt, 2026, "A").unwrap();
    let mut invoice = Series::standard(&profile.store, &profile.till, DocumentKind::Invoice, 2027, "A").unwrap();
    invoice.template = "FT A/{number}".parse().unwrap();
    (invoice.first, invoice.last) = (990, Some(99_000));
    vec![receipt, invoice]
}

fn vat() -> LineTax {
    LineTax::vat(TaxCategory::Standard, "21".parse().unwrap())
}

fn surtax() -> LineTax {
    LineTax {
        code: "ICE".parse().unwrap(),
        category: TaxCategory::Standard,
        rate: "5.2".parse().unwrap(),
        base: TaxBase::NetPlusEarlier,
    }
}

fn operator() -> Operator {
    Operator { code: "ana".parse().unwrap(), name: "Ana Perić".parse().unwrap(), role: Role::Cashier, is_active: true }
}

fn role() -> RoleRules {
    RoleRules {
        role: Role::named("trainee").unwrap(),
        name: "Trainee".parse().unwrap(),
        permissions: vec![Permission::Sell, Permission::GiveDiscount],
        discount_percent_max: Some("7.5".parse().unwrap()),
        over_short_max: Some(money(500)),
    }
}

fn approval() -> ApprovalV1 {
    ApprovalV1 { approver: "mia".parse().unwrap(), lent: vec![Permission::GiveDiscount, Permission::OverridePrice] }
}

/// One row of every kind.
pub(crate) fn rows() -> [MasterRow; 9] {
    let product = Product {
        code: "01647057".parse().unwrap(),
        name: "Mlijeko 1 l".parse().unwrap(),
        brand: Some("Dukat".parse().unwrap()),
        barcodes: vec!["3850334043641".parse().unwrap()],
        categories: vec!["dairy".parse().unwrap(), "offers".parse().unwrap()],
        unit: Unit::Litre,
        tax_class: "S25".parse().unwrap(),
        price: Some("1.25".parse().unwrap()),
        cost: Some("0.875".parse().unwrap()),
        packs: Vec::new(),
        variant: None,
    };
    let category = Category {
        code: "dairy".parse().unwrap(),
        name: "Dairy".parse().unwrap(),
        parent: Some("food".parse().unwrap()),
    };
    [
        MasterRow::TaxClass(TaxClass { code: "S25".parse().unwrap(), taxes: vec![vat(), surtax()] }),
        MasterRow::Category(category),
        MasterRow::Product(Box::new(product)),
        MasterRow::Price(StorePrice { product: "01647057".parse().unwrap(), price: "1.3".parse().unwrap() }),
        MasterRow::Operator(operator()),
        MasterRow::Role(Box::new(role())),
        MasterRow::PriceList(Box::new(price_list())),
        MasterRow::ListPrice(Box::new(ListPrice {
            list: "VIP".parse().unwrap(),
            product: "01647057".parse().unwrap(),
            from_quantity: "10".parse().unwrap(),
            price: "1.2".parse().unwrap(),
        })),
        MasterRow::Promotion(Box::new(promotion())),
    ]
}

fn price_list() -> PriceList {
    PriceList {
        code: "VIP".parse().unwrap(),
        name: "Friends of the house".parse().unwrap(),
        stores: vec!["S01".parse().unwrap()],
        customer_groups: vec!["VIP".parse().unwrap()],
        from: Some("2026-12-01".parse().unwrap()),
        to: None,
        priority: 5,
    }
}

fn promotion() -> Promotion {
    let goods = |product: &str, category: &str| Selection {
        products: vec![product.parse().unwrap()],
        categories: vec![category.parse().unwrap()],
    };
    Promotion {
        code: "XY".parse().unwrap(),
        name: "Buy two, get one".parse().unwrap(),
        goods: goods("01647057", "dairy"),
        benefit: Benefit::BuyGet {
            buy: 2,
            get: 1,
            percent: "50".parse().unwrap(),
            gets: Some(BundlePart { goods: goods("tea", "drinks"), count: 1 }),
        },
        condition: Condition {
            stores: vec!["S01".parse().unwrap()],
            customer_groups: vec!["VIP".parse().unwrap()],
            from: Some("2026-11-01".parse().unwrap()),
            to: Some("2026-11-30".parse().unwrap()),
            weekdays: Weekdays(0b1_0000),
            hours: Some(Hours { from: 1_020, to: 1_140 }),
            coupon: Some("SAVE5".parse().unwrap()),
            minimum: Some(money(1_000)),
            minimum_quantity: Some("3".parse().unwrap()),
        },
        priority: -1,
        combining: Combining::Combinable,
    }
}

/// One key of every kind.
pub(crate) fn keys() -> [MasterKey; 9] {
    rows().map(|row| row.key())
}

fn line() -> LineV1 {
    LineV1 {
        code: "01647057".parse().unwrap(),
        name: "Mlijeko 1 l".parse().unwrap(),
        category: Some("dairy".parse().unwrap()),
        unit: Unit::Kilogram,
        quantity: "0.35".parse().unwrap(),
        unit_price: "28.57".parse().unwrap(),
        has_typed_price: true,
        price_list: Some("VIP".parse().unwrap()),
        promotions: vec![LinePromotionV1 {
            code: "XY".parse().unwrap(),
            name: "Buy two, get one".parse().unwrap(),
            amount: money(50),
        }],
        scanned: 0xDEAD_BEEF,
        net: money(1_000),
        discount: money(100),
        taxes: vec![(0, money(189)), (1, money(57))],
        preceding_line: 0,
        scans: Some(Quantity::ONE),
        trace: Some(Box::new(TraceV1 {
            lot: Some("AB-1".parse().unwrap()),
            expiry: Some("2027-01-31".parse().unwrap()),
            serial: Some("S-1".parse().unwrap()),
            is_expired: true,
            is_sold_before: false,
        })),
    }
}

fn taxes() -> Vec<TaxTotal> {
    vec![
        TaxTotal { tax: vat(), taxable: money(900), amount: money(189) },
        TaxTotal { tax: surtax(), taxable: money(1_089), amount: money(57) },
    ]
}

fn tender(kind: TenderKind, minor: i64, reference: Option<&str>) -> Tender {
    Tender { reference: reference.map(|text| text.parse().unwrap()), ..Tender::of(kind, money(minor)) }
}

fn sale() -> DocumentV1 {
    DocumentV1 {
        id: "web-17".parse().unwrap(),
        kind: DocumentKind::Invoice,
        series: "S01-T07-F26A".parse().unwrap(),
        number: 12,
        printed: "S01-T07-F26A-000012".parse().unwrap(),
        issued: Some(now()),
        is_imported: true,
        session: 3,
        operator: "owner".parse().unwrap(),
        approved_by: Some(approval()),
        customer: Some("B12345674".parse().unwrap()),
        claims: Claims { customer_groups: vec!["VIP".parse().unwrap()], coupons: vec!["SAVE5".parse().unwrap()] },
        reason: None,
        prices_include_tax: false,
        preceding: None,
        preceding_journal: None,
        lines: vec![line()],
        discounts: vec![Discount::Percent("7.5".parse().unwrap()), Discount::Amount(money(25))],
        taxes: taxes(),
        totals: TotalsV1 {
            net: money(900),
            tax: money(246),
            gross: money(1_146),
            rounding: money(-1),
            payable: money(1_145),
        },
        tenders: vec![tender(TenderKind::Card, 500, Some("auth 123456")), tender(TenderKind::Cash, 1_000, None)],
        has_named_tenders: true,
        has_named_lines: true,
        change: money(355),
        regime: vec![(3, vec![1, 2, 3])],
    }
}

fn credit_note() -> DocumentV1 {
    let sold = sale();
    let minus = |money: Money| money.negated().unwrap();
    let totals = sold.totals;
    DocumentV1 {
        id: "back-1".parse().unwrap(),
        kind: DocumentKind::CreditNote,
        series: "S01-T07-C26A".parse().unwrap(),
        number: 1,
        printed: "S01-T07-C26A-000001".parse().unwrap(),
        issued: None,
        is_imported: false,
        customer: None,
        reason: Some("too small".parse().unwrap()),
        preceding: Some(sold.printed.clone()),
        preceding_journal: Some(JournalId([0xE5; 16])),
        lines: vec![LineV1 {
            quantity: "-0.35".parse().unwrap(),
            net: money(-1_000),
            discount: money(-100),
            taxes: vec![(0, money(-189)), (1, money(-57))],
            preceding_line: 1,
            ..line()
        }],
        discounts: Vec::new(),
        taxes: taxes()
            .into_iter()
            .map(|tax| TaxTotal { taxable: minus(tax.taxable), amount: minus(tax.amount), ..tax })
            .collect(),
        totals: TotalsV1 {
            net: minus(totals.net),
            tax: minus(totals.tax),
            gross: minus(totals.gross),
            rounding: minus(totals.rounding),
            payable: minus(totals.payable),
        },
        tenders: vec![tender(TenderKind::Transfer, -1_145, None)],
        has_named_tenders: false,
        has_named_lines: false,
        change: money(0),
        regime: Vec::new(),
        ..sold
    }
}

fn closed() -> DrawerClosedV1 {
    let operator = || "owner".parse().unwrap();
    let opened = DrawerOpenedV1 { session: 3, float: money(10_000), operator: operator(), approved_by: None };
    let session = DrawerSession {
        sales: 2,
        sales_gross: money(2_292),
        refunds: 1,
        refunds_gross: money(-1_146),
        net: money(900),
        tax: money(246),
        rounding: money(-1),
        taxes: taxes(),
        tenders: vec![(TenderKind::Cash, money(645)), (TenderKind::Voucher, money(500))],
        tips: money(30),
        foreign: vec![("USD".parse().unwrap(), money(2_000))],
        movements: vec![(CashMovementKind::PayOut, money(50))],
        issued: vec![IssuedRange { series: "S01-T07-F26A".parse().unwrap(), first: 11, last: 12 }],
        operators: vec![("ana".parse().unwrap(), Tally { count: 3, gross: money(1_146) })],
        hours: vec![(9, Tally { count: 3, gross: money(1_146) })],
        categories: vec![
            (Some("dairy".parse().unwrap()), Tally { count: 2, gross: money(5) }),
            (None, Tally::default()),
        ],
        no_sales: 2,
        voided: Tally { count: 1, gross: money(95) },
        abandoned: Tally { count: 1, gross: money(2_285) },
        reprints: 4,
        ..DrawerSession::start(&opened, now())
    };
    let z = ZReportV1 {
        series: "S01-T07-Z26A".parse().unwrap(),
        number: 3,
        printed: "S01-T07-Z26A-000003".parse().unwrap(),
        session,
        expected: money(10_595),
        counted: money(10_600),
        over_short: money(5),
        over_short_standing: OverShortStanding::Unapproved,
        approved_by: Some(approval()),
        issued: None,
        perpetual_gross: money(1_146),
    };
    DrawerClosedV1 { z, denominations: vec![(money(5_000), 2), (money(200), 3)], operator: "ana".parse().unwrap() }
}

fn abandoned() -> ActivityV1 {
    let line =
        UnsoldLineV1 { code: "01647057".parse().unwrap(), quantity: "0.5".parse().unwrap(), gross: money(2_000) };
    let what = DoneV1::BasketAbandoned {
        basket: "b-1".parse().unwrap(),
        lines: vec![line],
        reason: Some("no money".parse().unwrap()),
    };
    ActivityV1 { session: Some(3), operator: Some("ana".parse().unwrap()), approved_by: Some(approval()), what }
}

fn addendum() -> ZAddendumV1 {
    ZAddendumV1 {
        z: "S01-T07-Z26A-000003".parse().unwrap(),
        number: 2,
        correction: Correction::Tender { from: TenderKind::Cash, to: TenderKind::Card, amount: money(1_000) },
        reason: "the terminal was offline".parse().unwrap(),
        operator: "mia".parse().unwrap(),
        approved_by: None,
    }
}

/// Every event.
pub(crate) fn events() -> Vec<Event> {
    let opened = JournalOpenedV1 {
        profile: profile(),
        key: key().public_key(),
        predecessor: Some(predecessor()),
        series: series(),
        granted_by: GrantedByV1::HeadOffice(vec![9; 5]),
        session: None,
    };
    let moved = CashMovedV1 {
        session: 3,
        kind: CashMovementKind::SafeDrop,
        amount: money(50_000),
        reason: "to the safe".parse().unwrap(),
        bag: Some("B-17".parse().unwrap()),
        operator: "owner".parse().unwrap(),
        approved_by: Some(approval()),
    };
    vec![
        Event::JournalOpened(Box::new(opened)),
        Event::JournalClosed(Box::new(JournalClosedV1 { reason: "a new journal was granted".parse().unwrap() })),
        Event::SeriesGranted(Box::new(SeriesGrantedV1 { series: series(), granted_by: GrantedByV1::Till })),
        Event::MasterDataChanged(Box::new(MasterDataChangedV1 {
            rows: rows().to_vec(),
            operator: "owner".parse().unwrap(),
            approved_by: None,
        })),
        Event::OperatorSet(Box::new(OperatorSetV1 {
            set: operator(),
            operator: "owner".parse().unwrap(),
            approved_by: None,
        })),
        Event::OperatorLocked(Box::new(OperatorLockedV1 { locked: "ana".parse().unwrap() })),
        Event::DrawerOpened(Box::new(DrawerOpenedV1 {
            session: 3,
            float: money(10_000),
            operator: "owner".parse().unwrap(),
            approved_by: None,
        })),
        Event::CashMoved(Box::new(moved)),
        Event::SaleCompleted(Box::new(sale())),
        Event::CreditNoteIssued(Box::new(credit_note())),
        Event::DrawerClosed(Box::new(closed())),
        Event::ActivityRecorded(Box::new(abandoned())),
        Event::ZAmended(Box::new(addendum())),
    ]
}

pub(crate) fn grant() -> GrantV1 {
    GrantV1 {
        journal: JournalId([0xC3; 16]),
        key: SigningKey::from_seed([8; 32]).public_key(),
        profile: profile(),
        series: series(),
        certificate: vec![0x5A; 64],
        head_office: key().public_key(),
        epoch: Epoch { counter: 2, random: [0xD4; 8] },
        granted: Timestamp(1_795_258_800_123),
    }
}

pub(crate) fn request() -> JournalRequestV1 {
    JournalRequestV1 {
        journal: JournalId([0xC3; 16]),
        key: key().public_key(),
        slot: Some(("S01".parse().unwrap(), "T07".parse().unwrap())),
        predecessor: Some(predecessor()),
    }
}

pub(crate) fn page() -> FeedPageV1 {
    let pin = Pin::new("471100", &Role::Manager).unwrap().hash([5; 16]);
    let [class, ..] = rows();
    let set = rows().map(FeedRow::Set);
    FeedPageV1 {
        store: "S01".parse().unwrap(),
        epoch: Epoch { counter: 2, random: [0xD4; 8] },
        from_revision: 7,
        to_revision: 300,
        rows: set.into_iter().chain(keys().map(FeedRow::Remove)).collect(),
        pins: vec![("ana".parse().unwrap(), pin)],
        state: Some(StateHash::default().with(&class)),
        grants: vec![vec![1, 2]],
    }
}

pub(crate) fn stop() -> StopV1 {
    StopV1 { journal: JournalId([0xC3; 16]), verdict: "fork".parse().unwrap(), stopped: now().at }
}

pub(crate) fn hello() -> Hello {
    let (epoch, nonce) = (Epoch { counter: 2, random: [0xD4; 8] }, Nonce([0xE5; 16]));
    let journal = JournalId([0xC3; 16]);
    let shown = Acknowledgement { journal, seq: 700, hash: Hash([0xA7; 32]), epoch, time: now().at, nonce };
    let total = RunningTotal {
        currency: "EUR".parse().unwrap(),
        count: 800,
        gross: money(1_000_000),
        tax: money(173_554),
        cash: money(-5),
    };
    Hello {
        journal: JournalId([0xC3; 16]),
        seq: 812,
        hash: Hash([0xB2; 32]),
        series: vec![("S01-T07-C26A".parse().unwrap(), 2), ("S01-T07-R26A".parse().unwrap(), 798)],
        totals: vec![total],
        acknowledged: Some(shown.sign(&SigningKey::from_seed([9; 32])).unwrap()),
        challenge: Some(Challenge([0xF6; 32])),
    }
}
