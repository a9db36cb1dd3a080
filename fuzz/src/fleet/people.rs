//! What people do at a till: sell, refund, move cash, open and close the drawer, and ask again where no answer came.
//!
//! Whoever got no answer does not know whether the sale was booked; most ask again with the same id, as the screen does,
//! and get the same document. A receipt is printed only when the till has answered.

use counterfoil_core::catalog::Unit;
use counterfoil_core::command::{Basket, BasketLine, CashMovement, Command, Count, RefundLine, RefundRequest};
use counterfoil_core::drawer::CashMovementKind;
use counterfoil_core::id::{CommandId, Note};
use counterfoil_core::money::Money;
use counterfoil_core::quantity::Quantity;
use counterfoil_core::receipt::Print;
use counterfoil_core::series::DocumentKind;
use counterfoil_core::tender::{Tender, TenderKind};
use counterfoil_core::till::Outcome;
use counterfoil_node::failure::Failure;
use counterfoil_node::operations::sync_step::SteppedTill;
use rust_decimal::Decimal;

use super::fault::FaultKind;
use super::history::{Asked, Drawer, DrawerAct, Refused, What, Wish};
use super::observe;
use super::shop::{CASHIER, MANAGER, PRODUCTS, operator_code};
use super::world::World;

const MILLION: i64 = 1_000_000;

impl World {
    /// Somebody does something at a till that is on.
    pub(crate) fn do_something(&mut self, seat: usize) {
        if !self.seats[seat].device.borrow().is_up() {
            return;
        }
        if let Some(command) = self.seats[seat].unanswered.take() {
            if self.rng.u8(..4) > 0 {
                self.is_asked_again = true;
                self.perform(seat, &command);
                self.is_asked_again = false;
            }
            return;
        }
        let device = self.device(seat);
        let session = device.borrow_mut().till().and_then(|till| till.session().cloned());
        let Some(session) = session else {
            let float = self.rng.i64(0..30_000);
            return self.perform(seat, &Command::OpenDrawer(Money::from_minor(float)));
        };
        if self.rng.u8(..40) == 0 {
            return self.print_copy(seat);
        }
        let command = match self.rng.u8(..100) {
            0..74 => self.basket(),
            74..86 => match self.refund(seat) {
                Some(refund) => refund,
                None => self.basket(),
            },
            86..95 => self.cash_movement(),
            _ => {
                let expected = session.expected().map_or(0, Money::minor);
                Command::CloseDrawer(Count::Total(Money::from_minor(
                    expected.saturating_add(self.rng.i64(-50..50)).max(0),
                )))
            }
        };
        self.perform(seat, &command);
    }

    fn command_id(&mut self) -> CommandId {
        let number = self.number();
        CommandId::new(format!("c{number}")).expect("a letter and a number are an id")
    }

    fn basket(&mut self) -> Command {
        let lines = (0..self.rng.usize(1..4)).map(|_| {
            let (code, _, unit, ..) = PRODUCTS[self.rng.usize(..PRODUCTS.len())];
            let quantity = match unit {
                Unit::Piece => Decimal::from(self.rng.i64(1..4)),
                Unit::Kilogram | Unit::Litre | Unit::Metre => Decimal::new(self.rng.i64(1..3_000), 3),
            };
            BasketLine { code: code.to_owned(), quantity: Quantity::new(quantity), unit_price: None }
        });
        let lines: Vec<BasketLine> = lines.collect();
        let tender = |kind, minor| Tender::of(kind, Money::from_minor(minor));
        let tenders = match self.rng.u8(..6) {
            0 => Some(vec![tender(TenderKind::Cash, 50_000)]),
            1 => Some(vec![tender(TenderKind::Card, self.rng.i64(1..10)), tender(TenderKind::Cash, 50_000)]),
            _ => None,
        };
        let document = if self.rng.u8(..8) == 0 { DocumentKind::Invoice } else { DocumentKind::Receipt };
        let customer =
            (document == DocumentKind::Invoice).then(|| Note::new("Customer 17").expect("a short text is a note"));
        let id = self.command_id();
        Command::CompleteSale(Basket {
            id,
            lines,
            discounts: Vec::new(),
            tenders,
            document,
            customer,
            claims: Default::default(),
            at: None,
        })
    }

    fn refund(&mut self, seat: usize) -> Option<Command> {
        let refund_of = self.rng.choice(self.seats[seat].printed.clone())?;
        let id = self.command_id();
        let lines = (self.rng.bool()).then(|| vec![RefundLine { line: 1, quantity: Some(Quantity::ONE) }]);
        Some(Command::RefundSale(RefundRequest { id, refund_of, lines, tenders: None, at: None }))
    }

    /// Somebody wants another copy of a receipt.
    fn print_copy(&mut self, seat: usize) {
        let Some(number) = self.rng.choice(self.seats[seat].printed.clone()) else { return };
        let device = self.device(seat);
        let mut device = device.borrow_mut();
        let copy = device.till().and_then(|till| {
            let issued = till.document(&number).ok().flatten()?;
            observe::paper(seat, till, &issued, Print::Reprint).ok()
        });
        drop(device);
        if let Some(copy) = copy {
            self.tell(format_args!("{} prints a copy of {number}", self.name(seat)));
            self.see(copy);
        }
    }

    fn cash_movement(&mut self) -> Command {
        // All but what goes to the bank in a bag.
        let kind = CashMovementKind::ALL[self.rng.usize(..4)];
        let amount = Money::from_minor(self.rng.i64(1..2_000));
        let reason = Note::new("change").expect("a short text is a note");
        Command::MoveCash(CashMovement { kind, amount, reason, bag: None })
    }

    /// Gives the till a command and prints what it answers.
    pub(crate) fn perform(&mut self, seat: usize, command: &Command) {
        let device = self.device(seat);
        let is_managers = matches!(command, Command::MoveCash(_)) || self.rng.bool();
        let operator = operator_code(if is_managers { MANAGER } else { CASHIER });
        let (id, wish) = wish(command);
        self.see(What::Asked(Asked { device: seat, id: id.clone(), wish }));
        self.aim_at_power(seat);
        let (result, before, after, now) = {
            let mut device = device.borrow_mut();
            let head = |till: &mut counterfoil_core::till::Till| (till.mark().journal.0, till.mark().seq);
            let before = device.till().map(head);
            let now = device.now();
            let result = device.act(|till| till.execute(command, &operator, now));
            (result, before, device.till().map(head), now)
        };
        let name = self.name(seat);
        self.note_clock(seat, now.offset.0);
        match result {
            Ok(outcome) => {
                if self.has_fault(FaultKind::CrashBeforePrint, 40) {
                    self.fault(FaultKind::CrashBeforePrint);
                    self.tell(format_args!("{name} loses power after {} and before it has printed", short(command)));
                    self.see(What::Failed { device: seat, id });
                    self.seats[seat].unanswered = Some(command.clone());
                    self.lose_power(seat);
                    return;
                }
                self.print(seat, command, &outcome, now);
            }
            Err(Failure::Refused(refusal)) => {
                self.tell(format_args!("{name} refuses {}: {refusal}", short(command)));
                if let (Some(before), Some(after)) = (before, after) {
                    let code = refusal.code().to_owned();
                    self.see(What::Refused(Refused { device: seat, id, code, before, after }));
                }
            }
            Err(failure @ (Failure::Usage(_) | Failure::Damaged(_))) => {
                self.tell(format_args!("{name} fails at {}: {failure}", short(command)));
                self.see(What::Failed { device: seat, id });
                self.seats[seat].unanswered = Some(command.clone());
                if !self.has_lost_power(seat) {
                    self.judge_failure(seat, &failure);
                }
            }
        }
    }

    /// A sale that was booked when it was asked for the first time has the prices of that time, not those shown now.
    fn at_its_own_time(&self, mut paper: What) -> What {
        if let (true, What::Printed(printed)) = (self.is_asked_again, &mut paper) {
            printed.shown.clear();
        }
        paper
    }

    /// Counts a wrong clock, or a change between summer and winter time, that a command has met.
    fn note_clock(&mut self, seat: usize, offset: i16) {
        if let Some(kind) = self.seats[seat].wrong_clock.take() {
            self.fault(kind);
        }
        let is_right = self.seats[seat].device.borrow().clock_off_ms == 0;
        if is_right && self.seats[seat].offset.replace(offset).is_some_and(|before| before != offset) {
            self.fault(FaultKind::SummerTime);
        }
    }

    /// The printer prints, and the drawer does what the till says. Nothing is printed that the till has not answered.
    fn print(&mut self, seat: usize, command: &Command, outcome: &Outcome, now: counterfoil_core::time::Now) {
        let device = self.device(seat);
        let mut device = device.borrow_mut();
        let head = device.head_seq();
        let mut drawer = None;
        let printed = device.till().map(|till| {
            let (journal, sessions) = (till.mark().journal.0, till.state().sessions);
            let act = |what| What::Drawer(Drawer { device: seat, journal, session: sessions, what });
            match outcome {
                Outcome::Issued(issued) => Some(observe::paper(seat, till, issued, Print::Original)),
                Outcome::DrawerClosed(z) => {
                    let minor = |amount: Money| amount.minor();
                    let (counted, expected) = (minor(z.counted), minor(z.expected));
                    drawer = Some(act(DrawerAct::Closed { counted, expected, over_short: minor(z.over_short) }));
                    Some(observe::paper_z(seat, till, z, now))
                }
                Outcome::DrawerOpened(_) => {
                    if let Command::OpenDrawer(float) = command {
                        drawer = Some(act(DrawerAct::Opened(float.minor())));
                    }
                    None
                }
                Outcome::CashMoved => {
                    if let Command::MoveCash(movement) = command {
                        let amount = movement.kind.signed(movement.amount).map_or(0, Money::minor);
                        drawer = Some(act(DrawerAct::Moved(amount)));
                    }
                    None
                }
                Outcome::MasterData(_)
                | Outcome::OperatorSet
                | Outcome::RoleSet
                | Outcome::Recorded(_)
                | Outcome::Exchanged(_) => None,
            }
        });
        // The till program makes the mark durable when the drawer opens or closes.
        if matches!(outcome, Outcome::DrawerOpened(_) | Outcome::DrawerClosed(_)) {
            let _durable = device.sync_marks();
        }
        drop(device);
        let name = self.name(seat);
        drawer.into_iter().for_each(|drawer| self.see(drawer));
        match printed.flatten() {
            Some(Ok(paper)) => self.see(self.at_its_own_time(paper)),
            Some(Err(error)) => self.break_off("N4", format_args!("{name} cannot print: {error}")),
            None => {}
        }
        let number = match outcome {
            Outcome::Issued(issued) => {
                self.tally.sales = self.tally.sales.saturating_add(1);
                let number = issued.document.printed.as_str().to_owned();
                if matches!(command, Command::CompleteSale(_)) {
                    self.seats[seat].printed.push(number.clone());
                }
                format!(" {number} {}", issued.document.totals.gross.minor())
            }
            Outcome::DrawerClosed(z) => format!(" {}", z.printed),
            Outcome::MasterData(_)
            | Outcome::OperatorSet
            | Outcome::RoleSet
            | Outcome::DrawerOpened(_)
            | Outcome::CashMoved
            | Outcome::Recorded(_)
            | Outcome::Exchanged(_) => String::new(),
        };
        self.tell(format_args!("{name} {}{number} (entry {head})", short(command)));
    }
}

/// What a person wished for, in plain figures.
fn wish(command: &Command) -> (String, Wish) {
    match command {
        Command::CompleteSale(basket) => {
            let lines = basket.lines.iter().map(|line| (line.code.clone(), observe::millionths(line.quantity)));
            (basket.id.as_str().to_owned(), Wish::Buy(lines.collect()))
        }
        Command::RefundSale(refund) => {
            let of = |line: &RefundLine| (line.line, line.quantity.map_or(MILLION, observe::millionths));
            let lines = refund.lines.iter().flatten().map(of).collect();
            (refund.id.as_str().to_owned(), Wish::GiveBack(refund.refund_of.clone(), lines))
        }
        Command::OpenDrawer(float) => (String::new(), Wish::Open(float.minor())),
        Command::MoveCash(movement) => {
            let amount = movement.kind.signed(movement.amount).map_or(0, Money::minor);
            (String::new(), Wish::Move(amount))
        }
        Command::CloseDrawer(Count::Total(counted)) => (String::new(), Wish::Close(counted.minor())),
        Command::CloseDrawer(Count::Denominations(_))
        | Command::ChangeMasterData(_)
        | Command::SetOperator(..)
        | Command::SetRole(_)
        | Command::RecordActivity(_)
        | Command::AmendZ(_)
        | Command::AddSeries(_)
        | Command::ReturnGoods(_)
        | Command::Exchange(_) => (String::new(), Wish::Close(0)),
    }
}

/// A command in a few words.
fn short(command: &Command) -> String {
    match command {
        Command::CompleteSale(basket) => format!("sale {} of {} lines", basket.id, basket.lines.len()),
        Command::RefundSale(refund) => format!("refund {} of {}", refund.id, refund.refund_of),
        Command::OpenDrawer(float) => format!("opens the drawer with {}", float.minor()),
        Command::MoveCash(movement) => format!("{:?} of {}", movement.kind, movement.amount.minor()),
        Command::CloseDrawer(_) => "closes the drawer".to_owned(),
        Command::ChangeMasterData(_) => "changes master data".to_owned(),
        Command::SetOperator(..) => "sets an operator".to_owned(),
        Command::SetRole(_) => "sets a role".to_owned(),
        Command::RecordActivity(_) => "records what sells nothing".to_owned(),
        Command::AmendZ(_) => "amends a Z report".to_owned(),
        Command::AddSeries(new) => format!("numbers from range {}", new.code),
        Command::ReturnGoods(request) => format!("return {}", request.id),
        Command::Exchange(request) => format!("exchange {} of {}", request.id, request.refund_of),
    }
}
