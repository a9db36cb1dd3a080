//! Returns without a receipt and exchanges: what is refused, what is settled, and the same id again.

use counterfoil_core::command::{Command, ExchangeRequest, RefundLine, ReturnRequest};
use counterfoil_core::db::InMemoryBackend;
use counterfoil_core::id::Note;
use counterfoil_core::money::Money;
use counterfoil_core::series::DocumentKind;
use counterfoil_core::tender::{Tender, TenderKind};
use counterfoil_core::till::{Issued, Outcome, Till};

use crate::refund::finnish_till;
use crate::{basket, card_number, closed_till, execute, issue, open_till, refund, refused, sell, tender};

fn goods_return(id: &str, lines: &[(&str, &str)], reason: &str) -> ReturnRequest {
    let lines = basket(id, lines).lines;
    ReturnRequest { id: id.parse().unwrap(), lines, reason: Note::new(reason).unwrap(), tenders: None }
}

fn exchange(id: &str, of: &str, back: &[(u16, &str)], lines: &[(&str, &str)]) -> ExchangeRequest {
    let line = |(line, quantity): &(u16, &str)| RefundLine { line: *line, quantity: Some(quantity.parse().unwrap()) };
    ExchangeRequest {
        id: id.parse().unwrap(),
        refund_of: of.to_owned(),
        back: Some(back.iter().map(line).collect()),
        sale: basket(id, lines),
    }
}

fn exchanged_of(till: &mut Till, request: &ExchangeRequest) -> (Issued, Issued) {
    let outcome = execute(till, &Command::Exchange(request.clone())).unwrap();
    let Outcome::Exchanged(both) = outcome else { panic!("{outcome:?}") };
    *both
}

fn paid(issued: &Issued) -> Vec<(TenderKind, i64)> {
    issued.document.tenders.iter().map(|tender| (tender.kind, tender.amount.minor())).collect()
}

/// Finland rounds cash to 0.05. The credit note pays back exactly; what rounding the difference adds or takes is the sale's.
#[test]
fn the_cash_of_an_exchange_is_whole_coins() {
    // A bag is 0.01: pieces back, pieces sold, and what is exchanged, paid (below zero: paid back) and rounded.
    let cases: [(u32, u32, [i64; 3]); 9] = [
        (100, 100, [100, 0, 0]),
        (100, 102, [100, 0, -2]),
        (100, 103, [100, 5, 2]),
        (100, 98, [100, 0, 2]),
        (100, 97, [95, -5, -2]),
        (172, 100, [102, -70, 2]),
        (173, 100, [98, -75, -2]),
        (1, 1, [1, 0, 0]),
        (3, 1, [3, 0, 2]),
    ];
    for (back, sold, [exchanged, cash, rounding]) in cases {
        let mut till = finnish_till();
        let mut first = basket("s", &[("bag", "200")]);
        first.tenders = Some(vec![tender(TenderKind::Cash, 200)]);
        sell(&mut till, first);
        let (back, sold) = (back.to_string(), sold.to_string());
        let (credit_note, sale) = exchanged_of(&mut till, &exchange("e", "s", &[(1, &back)], &[("bag", &sold)]));
        let of = |issued: &Issued, kind| {
            let amounts = issued.document.tenders.iter().filter(|tender| tender.kind == kind);
            amounts.map(|tender| tender.amount.minor()).sum::<i64>()
        };
        let found = [of(&sale, TenderKind::Exchange), of(&sale, TenderKind::Cash) + of(&credit_note, TenderKind::Cash)];
        let totals = (&credit_note.document.totals, &sale.document.totals);
        assert_eq!((found, totals.1.rounding.minor()), ([exchanged, cash], rounding), "{back} for {sold}");
        assert_eq!(of(&credit_note, TenderKind::Exchange), -exchanged);
        assert_eq!((totals.0.payable.minor(), totals.0.rounding.minor()), (-back.parse::<i64>().unwrap(), 0));
        audited(&mut till);
    }
}

fn audited(till: &mut Till) {
    let audit = till.audit(InMemoryBackend::new()).unwrap();
    assert!(audit.is_ok(), "{audit:#?}");
}

#[test]
fn goods_without_a_receipt_come_back_on_a_document_of_their_own() {
    let back = Command::ReturnGoods(goods_return("n", &[("milk", "2"), ("cheese", "0.5")], "no receipt"));
    refused(&mut closed_till(false), &back, "drawer_closed", "drawer");
    let mut till = open_till();
    let empty = Command::ReturnGoods(goods_return("n", &[], "no receipt"));
    refused(&mut till, &empty, "missing", "lines");
    let unknown = Command::ReturnGoods(goods_return("n", &[("nothing", "1")], "no receipt"));
    refused(&mut till, &unknown, "product_unknown", "lines[0].code");
    let card = ReturnRequest { reason: card_number(), ..goods_return("n", &[("milk", "1")], "x") };
    refused(&mut till, &Command::ReturnGoods(card), "card_number", "reason");
    let too_little = ReturnRequest {
        tenders: Some(vec![tender(TenderKind::Card, 100)]),
        ..goods_return("n", &[("milk", "1")], "no receipt")
    };
    refused(&mut till, &Command::ReturnGoods(too_little), "unpaid", "tenders");
    let issued = issue(&mut till, &back);
    let document = &issued.document;
    assert_eq!((document.kind, document.printed.as_str()), (DocumentKind::Return, "S01-T01-N26A-000001"));
    assert_eq!((document.totals.gross.minor(), document.totals.payable.minor()), (-925, -925));
    assert_eq!(till.stock(&"milk".parse().unwrap()).unwrap().to_string(), "2");
    assert_eq!(issue(&mut till, &back), issued);
    let other = Command::ReturnGoods(goods_return("n", &[("milk", "2"), ("cheese", "0.5")], "other"));
    refused(&mut till, &other, "id_reused", "reason");
    refused(&mut till, &Command::RefundSale(refund("r", "n", None)), "wrong_document", "refund_of");
    assert_eq!(till.session().unwrap().refunds_gross.minor(), -925);
    audited(&mut till);
}

#[test]
fn an_exchange_pays_only_the_difference() {
    let mut till = open_till();
    sell(&mut till, basket("s", &[("book", "2")]));
    // One book of 19.90 for cheese of 26.98: 7.08 is paid.
    let (credit_note, sale) = exchanged_of(&mut till, &exchange("e1", "s", &[(1, "1")], &[("cheese", "2")]));
    assert_eq!(paid(&credit_note), [(TenderKind::Exchange, -1_990)]);
    assert_eq!(paid(&sale), [(TenderKind::Cash, 708), (TenderKind::Exchange, 1_990)]);
    assert_eq!(sale.document.id.as_str(), "e1/sale");
    assert_eq!(credit_note.entry.seq() + 1, sale.entry.seq());
    // The other for milk of 2.50: 17.40 is paid back.
    let (credit_note, sale) = exchanged_of(&mut till, &exchange("e2", "s", &[(1, "1")], &[("milk", "2")]));
    assert_eq!(paid(&credit_note), [(TenderKind::Cash, -1_740), (TenderKind::Exchange, -250)]);
    assert_eq!(paid(&sale), [(TenderKind::Exchange, 250)]);
    // Like for like moves no money.
    sell(&mut till, basket("t", &[("milk", "1")]));
    let (credit_note, sale) = exchanged_of(&mut till, &exchange("e3", "t", &[(1, "1")], &[("milk", "1")]));
    assert_eq!((paid(&credit_note).len(), paid(&sale).len()), (1, 1));
    assert_eq!(till.session().unwrap().cash_taken().minor(), 3_980 + 708 - 1_740 + 125);
    audited(&mut till);
}

#[test]
fn an_exchange_is_whole_or_nothing_and_the_same_again_is_the_same() {
    let mut till = open_till();
    sell(&mut till, basket("s", &[("book", "2")]));
    let asked = exchange("e", "s", &[(1, "1")], &[("cheese", "2")]);
    let refused_as = |till: &mut Till, request: ExchangeRequest, code: &str, field: &str| {
        refused(till, &Command::Exchange(request), code, field);
    };
    refused_as(&mut till, exchange("e", "nothing", &[(1, "1")], &[("milk", "1")]), "document_unknown", "exchange_of");
    refused_as(&mut till, exchange("e", "s", &[(1, "3")], &[("milk", "1")]), "nothing_left", "back[0].quantity");
    refused_as(&mut till, exchange("e", "s", &[(1, "1")], &[("nothing", "1")]), "product_unknown", "lines[0].code");
    let mut unpaid = asked.clone();
    unpaid.sale.tenders = Some(vec![tender(TenderKind::Cash, 100)]);
    refused_as(&mut till, unpaid, "unpaid", "tenders");
    let mut needless = exchange("e", "s", &[(1, "1")], &[("milk", "1")]);
    needless.sale.tenders = Some(vec![tender(TenderKind::Cash, 100)]);
    refused_as(&mut till, needless, "tender_not_allowed", "tenders");
    sell(&mut till, basket("f/sale", &[("milk", "1")]));
    refused_as(&mut till, exchange("f", "s", &[(1, "1")], &[("milk", "1")]), "id_reused", "id");
    let both = exchanged_of(&mut till, &asked);
    let head = till.head();
    assert_eq!(exchanged_of(&mut till, &asked), both);
    assert_eq!(till.head(), head);
    refused_as(&mut till, exchange("e", "s", &[(1, "1")], &[("cheese", "1")]), "id_reused", "lines[0].quantity");
    refused_as(&mut till, exchange("e", "s", &[(1, "2")], &[("cheese", "2")]), "id_reused", "back[0].quantity");
    let alone = Command::RefundSale(refund("e", "s", Some(&[(1, "1")])));
    refused(&mut till, &alone, "id_reused", "id");
    let mut alone = basket("e/sale", &[("cheese", "2")]);
    refused(&mut till, &Command::CompleteSale(alone.clone()), "id_reused", "id");
    alone.id = "s".parse().unwrap();
    refused_as(&mut till, exchange("s", "s", &[(1, "1")], &[("book", "2")]), "id_reused", "id");
    let by_itself = Tender::of(TenderKind::Exchange, Money::from_minor(125));
    let mut sale = basket("x", &[("milk", "1")]);
    sale.tenders = Some(vec![by_itself.clone()]);
    refused(&mut till, &Command::CompleteSale(sale), "tender_not_allowed", "tenders[0].kind");
    let mut back = refund("y", "s", None);
    back.tenders = Some(vec![by_itself]);
    refused(&mut till, &Command::RefundSale(back), "tender_not_allowed", "tenders[0].kind");
    audited(&mut till);
}
