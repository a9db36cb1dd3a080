//! Laws of a till: whatever is asked of it, in whatever order and at whatever time, the books agree.
//!
//! Random commands run on a real store in memory; an independent ledger adds up the answers. `PROPTEST_CASES` sets how
//! many sequences are tried.

mod ledger;
#[path = "../shop/mod.rs"]
mod shop;
mod tables;

use counterfoil_core::catalog::MasterRow;
use counterfoil_core::command::{Basket, CashMovement, Command, Count, RefundLine, RefundRequest};
use counterfoil_core::currency::Currency;
use counterfoil_core::db::InMemoryBackend;
use counterfoil_core::discount::Discount;
use counterfoil_core::drawer::{CashMovementKind, DrawerSession};
use counterfoil_core::id::{JournalId, Note};
use counterfoil_core::journal::key::SigningKey;
use counterfoil_core::money::Money;
use counterfoil_core::quantity::{Decimal, Quantity};
use counterfoil_core::refusal::Refusal;
use counterfoil_core::series::DocumentKind;
use counterfoil_core::tender::{Tender, TenderKind};
use counterfoil_core::till::{Issued, Outcome, SetUp, Till, TillError};
use counterfoil_core::time::{Now, Timestamp};
use ledger::Ledger;
use proptest::prelude::*;
use shop::{GOODS, basket, goods, now, owner, profile, refund};

/// Country, currency, whether prices include tax.
const WORLDS: [(&str, &str, bool); 12] = [
    ("ES", "EUR", true),
    ("ES", "EUR", false),
    ("SK", "EUR", true),
    ("BE", "EUR", true),
    ("CH", "CHF", true),
    ("CZ", "CZK", true),
    ("HU", "HUF", false),
    ("CA", "CAD", false),
    ("CL", "CLP", true),
    ("JP", "JPY", false),
    ("KW", "KWD", true),
    ("SE", "SEK", true),
];

const CASES: u32 = 64;

#[derive(Clone, Debug)]
enum Step {
    Sell(SaleStep),
    Refund { of: usize, lines: Vec<(usize, u32)>, pay: Pay },
    RefundTooMuch { of: usize, line: usize },
    Repeat { of: usize },
    RepeatAltered { of: usize },
    Move { kind: usize, amount: i64 },
    Open { float: i64 },
    Close { over_short: i64 },
    Clock { minutes: i64 },
}

#[derive(Clone, Debug)]
struct SaleStep {
    /// Which of the goods, thousandths of a unit, and a typed price in hundredths.
    lines: Vec<(usize, u32, Option<u32>)>,
    /// Tenths of a percent, or hundredths of a currency unit.
    discounts: Vec<(bool, u32)>,
    pay: Pay,
    is_invoice: bool,
    /// How many minutes ago, where the past is taken over.
    ago: Option<i64>,
}

/// How it is paid: what nobody named, all in cash with change, all or a share of it by card.
#[derive(Clone, Copy, Debug)]
enum Pay {
    Unnamed,
    Cash { more: i64 },
    Card,
    Split { percent: i64 },
}

fn pay() -> impl Strategy<Value = Pay> {
    prop_oneof![
        Just(Pay::Unnamed),
        (0_i64..10_000).prop_map(|more| Pay::Cash { more }),
        Just(Pay::Card),
        (1_i64..100).prop_map(|percent| Pay::Split { percent }),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let line = (0..GOODS.len(), 1_u32..5_000, proptest::option::weighted(0.2, 0_u32..3_000));
    let lines = proptest::collection::vec(line, 1..8);
    let discounts = proptest::collection::vec((any::<bool>(), 0_u32..1_000), 0..3);
    let ago = proptest::option::weighted(0.1, -5_i64..1_000_000);
    let back = proptest::collection::vec((0..8_usize, 1_u32..=100), 0..4);
    let of = || 0..1_000_usize;
    prop_oneof![
        12 => (lines, discounts, pay(), any::<bool>(), ago).prop_map(|(lines, discounts, pay, is_invoice, ago)| {
            Step::Sell(SaleStep { lines, discounts, pay, is_invoice, ago })
        }),
        12 => (of(), back, pay()).prop_map(|(of, lines, pay)| Step::Refund { of, lines, pay }),
        1 => (of(), 0..8_usize).prop_map(|(of, line)| Step::RefundTooMuch { of, line }),
        2 => of().prop_map(|of| Step::Repeat { of }),
        1 => of().prop_map(|of| Step::RepeatAltered { of }),
        2 => (0..4_usize, -5_i64..50_000).prop_map(|(kind, amount)| Step::Move { kind, amount }),
        2 => (-5_i64..50_000).prop_map(|float| Step::Open { float }),
        1 => (-500_i64..500).prop_map(|over_short| Step::Close { over_short }),
        3 => (-2_000_i64..20_000).prop_map(|minutes| Step::Clock { minutes }),
        1 => (-10_000_000_i64..10_000_000).prop_map(|minutes| Step::Clock { minutes }),
    ]
}

/// A till, its book, its clock, and every command that issued a document with its answer.
struct World {
    till: Till,
    ledger: Ledger,
    now: Now,
    answers: Vec<(Command, Issued)>,
    closed: Vec<DrawerSession>,
    ids: u32,
    currency: Currency,
}

impl World {
    fn new((country, currency, prices_include_tax): (&str, &str, bool)) -> Self {
        let mut profile = profile(country, currency, prices_include_tax);
        profile.has_history = prices_include_tax;
        let currency = profile.currency;
        let key = SigningKey::from_seed([1; 32]);
        let set_up = SetUp { profile, journal: JournalId([7; 16]), key, series_suffix: "A".to_owned() };
        let mut till = Till::create(InMemoryBackend::new(), set_up, now(0)).unwrap();
        till.execute(&Command::ChangeMasterData(costed_goods()), &owner(), now(0)).unwrap();
        let ledger = Ledger::default();
        let mut world = Self { till, ledger, now: now(0), answers: Vec::new(), closed: Vec::new(), ids: 0, currency };
        world.open(10_000);
        world
    }

    /// Carries out a command; a refusal leaves the head where it was.
    fn execute(&mut self, command: &Command) -> Result<Outcome, Refusal> {
        let before = self.till.head();
        match self.till.execute(command, &owner(), self.now) {
            Ok(outcome) => Ok(outcome),
            Err(TillError::Refused(refusal)) => {
                assert_eq!(self.till.head(), before, "{refusal} used something up");
                Err(refusal)
            }
            Err(error) => panic!("{command:?}: {error}"),
        }
    }

    fn issue(&mut self, command: &Command) -> Result<(), Refusal> {
        let Outcome::Issued(issued) = self.execute(command)? else { panic!("{command:?} issued nothing") };
        self.ledger.issue(&issued.document);
        self.answers.push((command.clone(), *issued));
        Ok(())
    }

    fn id(&mut self) -> String {
        self.ids += 1;
        format!("id-{}", self.ids)
    }

    fn tender(kind: TenderKind, minor: i64) -> Tender {
        Tender::of(kind, Money::from_minor(minor))
    }

    fn money(&self, text: &str) -> i64 {
        Money::read("amount", text, self.currency).unwrap().minor()
    }

    fn take(&mut self, step: &Step) {
        match step {
            Step::Sell(sale) => self.sell(sale),
            Step::Refund { of, lines, pay } => self.refund(*of, lines, *pay),
            Step::RefundTooMuch { of, line } => self.refund_too_much(*of, *line),
            Step::Repeat { of } => self.repeat(*of),
            Step::RepeatAltered { of } => self.repeat_altered(*of),
            Step::Move { kind, amount } => self.move_cash(CashMovementKind::ALL[*kind], *amount),
            Step::Open { float } => self.open(*float),
            Step::Close { over_short } => self.close(*over_short),
            Step::Clock { minutes } => {
                let at = self.now.at.0 + minutes * 60_000;
                // 2010 to 2090: two-digit years stay apart.
                self.now.at = Timestamp(at.clamp(1_262_304_000_000, 3_786_912_000_000));
            }
        }
        self.ledger.agrees(&self.till);
    }

    fn sell(&mut self, SaleStep { lines, discounts, pay, is_invoice, ago }: &SaleStep) {
        let quantity = |product: usize, milli: u32| match GOODS[product].1 {
            "piece" => (milli / 500 + 1).to_string(),
            _ => Decimal::new(i64::from(milli), 3).to_string(),
        };
        let sold: Vec<_> = lines.iter().map(|(product, milli, _)| (*product, quantity(*product, *milli))).collect();
        let sold: Vec<_> = sold.iter().map(|(product, quantity)| (GOODS[*product].0, quantity.as_str())).collect();
        let mut sale = basket(&self.id(), &sold);
        for (line, (_, _, typed)) in sale.lines.iter_mut().zip(lines) {
            line.unit_price = typed.map(|typed| Decimal::new(i64::from(typed), 2).to_string().parse().unwrap());
        }
        sale.discounts = discounts.iter().map(|discount| self.discount(*discount)).collect();
        sale.at = ago.map(|ago| Now { at: Timestamp(self.now.at.0 - ago * 60_000), ..self.now });
        sale.document = if *is_invoice { DocumentKind::Invoice } else { DocumentKind::Receipt };
        sale.tenders = match self.gross_of(&sale) {
            Some(gross) => Self::tenders(*pay, gross),
            None => None,
        };
        let refused = self.issue(&Command::CompleteSale(sale)).err();
        let codes: &[&str] = match ago {
            None => &["drawer_closed", "clock_wrong", "discount_too_large"],
            Some(..0) if self.till.profile().has_history => &["malformed"],
            Some(_) => &["backdated", "drawer_closed", "clock_wrong", "discount_too_large"],
        };
        assert!(refused.as_ref().is_none_or(|refusal| codes.contains(&refusal.code())), "{refused:?}");
    }

    fn discount(&self, (is_percent, amount): (bool, u32)) -> Discount {
        if is_percent {
            return Discount::Percent(Decimal::new(i64::from(amount), 1).to_string().parse().unwrap());
        }
        Discount::Amount(Money::from_minor(i64::from(amount) * 10_i64.pow(self.currency.digits()) / 100))
    }

    /// The gross of a basket, as a refusal of too large a card payment tells it.
    fn gross_of(&mut self, sale: &Basket) -> Option<i64> {
        let tenders = Some(vec![Self::tender(TenderKind::Card, i64::MAX / 4)]);
        let refusal = self.execute(&Command::CompleteSale(Basket { tenders, ..sale.clone() })).unwrap_err();
        (refusal.code() == "non_cash_above_gross").then(|| self.money(refusal.limit()))
    }

    fn tenders(pay: Pay, gross: i64) -> Option<Vec<Tender>> {
        // Cash is rounded by at most one coin, and no coin is above 500 minor units.
        let cash = |rest: i64, more: i64| Self::tender(TenderKind::Cash, rest + 500 + more);
        match pay {
            Pay::Unnamed => None,
            Pay::Cash { more } => Some(vec![cash(gross, more)]),
            Pay::Card if gross == 0 => Some(Vec::new()),
            Pay::Card => Some(vec![Self::tender(TenderKind::Card, gross)]),
            Pay::Split { percent } => {
                let card = gross * percent / 100;
                let by_card = (card > 0).then(|| Self::tender(TenderKind::Card, card));
                Some(by_card.into_iter().chain([cash(gross - card, 0)]).collect())
            }
        }
    }

    fn refund(&mut self, of: usize, lines: &[(usize, u32)], pay: Pay) {
        let id = self.id();
        let Some(sold) = self.ledger.sold.get(of % self.ledger.sold.len().max(1)) else { return };
        let mut wanted: Vec<RefundLine> = Vec::new();
        for (line, percent) in lines {
            let index = line % sold.left.len();
            let (line, left) = (u16::try_from(index + 1).unwrap(), sold.left[index]);
            let part = (left * Decimal::from(*percent) / Decimal::from(100)).round_dp(3);
            let is_piece = sold.document.lines[index].unit.code() == "piece";
            let part = if is_piece { part.round_dp(0) } else { part };
            if !part.is_zero() && wanted.iter().all(|known| known.line != line) {
                wanted.push(RefundLine { line, quantity: Some(Quantity::new(part)) });
            }
        }
        // The sale is named by its number or by the id of its command.
        let name = if of.is_multiple_of(2) { sold.document.printed.as_str() } else { sold.document.id.as_str() };
        let mut request = refund(&id, name, None);
        request.lines = (!lines.is_empty()).then_some(wanted);
        let command = |tenders| Command::RefundSale(RefundRequest { tenders, ..request.clone() });
        let kind = match pay {
            Pay::Unnamed => None,
            Pay::Cash { .. } => Some(TenderKind::Cash),
            Pay::Card => Some(TenderKind::Card),
            Pay::Split { .. } => Some(TenderKind::Voucher),
        };
        let tenders = match kind {
            None => None,
            Some(kind) => {
                let most = Some(vec![Self::tender(kind, i64::MAX / 4)]);
                let refusal = self.execute(&command(most)).unwrap_err();
                let payable = refusal.limit().strip_prefix("exactly ").and_then(|text| text.split(' ').next());
                let payable = payable.map(|text| self.money(text)).filter(|payable| *payable > 0);
                payable.map(|payable| vec![Self::tender(kind, payable)])
            }
        };
        let refused = self.issue(&command(tenders)).err();
        let codes = ["drawer_closed", "clock_wrong", "nothing_left", "missing"];
        assert!(refused.as_ref().is_none_or(|refusal| codes.contains(&refusal.code())), "{refused:?}");
    }

    fn refund_too_much(&mut self, of: usize, line: usize) {
        let id = self.id();
        let Some(sold) = self.ledger.sold.get(of % self.ledger.sold.len().max(1)) else { return };
        let index = line % sold.left.len();
        let line = u16::try_from(index + 1).unwrap();
        let mut request = refund(&id, sold.document.printed.as_str(), None);
        let quantity = Some(Quantity::new(sold.left[index] + Decimal::ONE));
        request.lines = Some(vec![RefundLine { line, quantity }]);
        let refusal = self.execute(&Command::RefundSale(request)).unwrap_err();
        assert!(["drawer_closed", "clock_wrong", "nothing_left"].contains(&refusal.code()), "{refusal}");
    }

    fn repeat(&mut self, of: usize) {
        let Some((command, answer)) = self.answers.get(of % self.answers.len().max(1)).cloned() else { return };
        let before = self.till.head();
        assert_eq!(self.execute(&command).unwrap(), Outcome::Issued(Box::new(answer)));
        assert_eq!(self.till.head(), before, "a repeat added an entry");
    }

    fn repeat_altered(&mut self, of: usize) {
        let Some((mut altered, _)) = self.answers.get(of % self.answers.len().max(1)).cloned() else { return };
        if let Command::CompleteSale(sale) = &mut altered {
            sale.lines[0].quantity = sale.lines[0].quantity.checked_add(Quantity::ONE).unwrap();
        }
        if let Command::RefundSale(request) = &mut altered {
            request.lines = if request.lines.is_some() { None } else { Some(Vec::new()) };
        }
        assert_eq!(self.execute(&altered).unwrap_err().code(), "id_reused");
    }

    fn move_cash(&mut self, kind: CashMovementKind, amount: i64) {
        let reason = Note::new("for a reason").unwrap();
        let movement = CashMovement { kind, amount: Money::from_minor(amount), reason, bag: None };
        if self.execute(&Command::MoveCash(movement)).is_ok() {
            assert!(amount > 0);
            let is_in = matches!(kind, CashMovementKind::FloatTopUp | CashMovementKind::PayIn);
            self.ledger.move_cash(if is_in { amount } else { -amount });
        }
    }

    fn open(&mut self, float: i64) {
        let float = Money::from_minor(float);
        if let Ok(outcome) = self.execute(&Command::OpenDrawer(float)) {
            self.ledger.open(float);
            assert_eq!(outcome, Outcome::DrawerOpened(self.ledger.sessions));
        }
    }

    fn close(&mut self, over_short: i64) {
        let counted = (self.ledger.expected() + over_short).max(0);
        match self.execute(&Command::CloseDrawer(Count::Total(Money::from_minor(counted)))) {
            Ok(Outcome::DrawerClosed(z)) => {
                self.ledger.close(&z, counted);
                self.closed.push(z.session.clone());
                for number in [Some(z.printed.as_str()), None] {
                    assert_eq!(self.till.z_report(number).unwrap().unwrap().z, *z);
                }
            }
            other => assert!(["drawer_closed", "clock_wrong"].contains(&other.unwrap_err().code())),
        }
    }

    fn tables_agree(&self) {
        let documents: Vec<&Issued> = self.answers.iter().map(|(_, issued)| issued).collect();
        let sessions: Vec<&DrawerSession> = self.closed.iter().chain(self.till.session()).collect();
        tables::agree(&self.till, &documents, &sessions);
    }

    fn audit_agrees(&mut self) {
        let audit = self.till.audit(InMemoryBackend::new()).unwrap();
        assert!(audit.is_ok(), "{audit:#?}");
        assert_eq!(audit.totals, [self.till.state().total]);
        assert_eq!(audit.drawer_sessions, self.ledger.sessions);
        let issued: u64 = audit.series.iter().map(|series| series.issued).sum();
        let last: u64 = self.till.state().last_numbers().iter().map(|(_, last)| *last).sum();
        assert_eq!(issued, last);
        assert_eq!(audit.journals[0].entries, self.till.head().seq());
    }
}

/// The goods of the shop, most of them with a cost.
fn costed_goods() -> Vec<MasterRow> {
    let mut rows = goods();
    for row in &mut rows {
        if let MasterRow::Product(product) = row {
            product.cost = tables::cost_of(product.code.as_str()).map(|cost| cost.to_string().parse().unwrap());
        }
    }
    rows
}

fn cases() -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(CASES)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, max_shrink_iters: 4_000, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_asked_the_books_agree(world in 0..WORLDS.len(), steps in proptest::collection::vec(step(), 1..40)) {
        let mut world = World::new(WORLDS[world]);
        for step in &steps {
            world.take(step);
        }
        world.audit_agrees();
        world.tables_agree();
        // A clock that was set years off is set right, or nothing could be taken back.
        world.now = now(0);
        if world.till.session().is_none() {
            world.open(0);
        }
        for (index, pay) in (0..world.ledger.sold.len()).zip([Pay::Unnamed, Pay::Card].into_iter().cycle()) {
            world.take(&Step::Refund { of: index, lines: Vec::new(), pay });
        }
        world.ledger.is_all_taken_back();
        world.close(0);
        world.ledger.agrees(&world.till);
        world.audit_agrees();
        world.tables_agree();
        for (command, answer) in world.answers.clone() {
            prop_assert_eq!(world.execute(&command).unwrap(), Outcome::Issued(Box::new(answer)));
        }
    }
}
