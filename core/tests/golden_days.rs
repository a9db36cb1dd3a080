//! Golden days: `golden/*.day` are scripts that an accountant can read, with what the till printed after each command.
//!
//! A line is a command; the lines behind it that begin with `| ` are what came out. The test runs the commands on a store
//! in memory and compares. `GOLDEN=write cargo test -p counterfoil-core --test golden_days` writes them anew; review the
//! difference as you would review code.

use std::fs;
use std::path::{Path, PathBuf};

use counterfoil_core::activity::DoneV1;
use counterfoil_core::addendum::Correction;
use counterfoil_core::catalog::{MasterRow, Product, TaxClass};
use counterfoil_core::command::{
    Activity, Amendment, Basket, BasketLine, CashMovement, Command, Count, ExchangeRequest, RefundLine, RefundRequest,
    ReturnRequest,
};
use counterfoil_core::currency::Currency;
use counterfoil_core::db::InMemoryBackend;
use counterfoil_core::discount::Discount;
use counterfoil_core::drawer::CashMovementKind;
use counterfoil_core::event::Event;
use counterfoil_core::grant::Profile;
use counterfoil_core::id::{CommandId, JournalId, Name, Note, OperatorCode};
use counterfoil_core::journal::key::SigningKey;
use counterfoil_core::money::Money;
use counterfoil_core::operator::Operator;
use counterfoil_core::receipt::{Print, addenda_text, document_text, x_text, z_text};
use counterfoil_core::refusal::Refusal;
use counterfoil_core::role::{Role, RoleRules};
use counterfoil_core::series::DocumentKind;
use counterfoil_core::tax::{LineTax, TaxBase};
use counterfoil_core::tender::Tender;
use counterfoil_core::till::{By, Outcome, SetUp, Till, TillError};
use counterfoil_core::time::{Date, Now, Timestamp, ZoneOffset};

struct Day {
    till: Option<Till>,
    now: Now,
    operator: OperatorCode,
    approver: Option<OperatorCode>,
}

#[test]
fn every_golden_day_prints_what_it_printed_before() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let mut days: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    days.retain(|path| path.extension().is_some_and(|extension| extension == "day"));
    days.sort();
    assert!(days.len() >= 4, "the golden days are missing");
    for path in days {
        let script = fs::read_to_string(&path).unwrap();
        let played = play(&script);
        if std::env::var_os("GOLDEN").is_some() {
            fs::write(&path, &played).unwrap();
        } else {
            for (number, (now, before)) in played.lines().zip(script.lines()).enumerate() {
                assert_eq!(now, before, "{} line {}", path.display(), number + 1);
            }
            assert_eq!(played, script, "{} has another length", path.display());
        }
    }
}

fn play(script: &str) -> String {
    let now = Now { at: Timestamp(0), offset: ZoneOffset(0) };
    let mut day = Day { till: None, now, operator: OperatorCode::new("owner").unwrap(), approver: None };
    let mut played = String::new();
    for line in script.lines().filter(|line| !line.starts_with('|')) {
        played.push_str(line);
        played.push('\n');
        let command = line.trim();
        if command.is_empty() || command.starts_with('#') {
            continue;
        }
        let printed = match day.run(command) {
            Ok(printed) => printed,
            Err(TillError::Refused(refusal)) => format!("refused ({}) {refusal}", refusal.code()),
            Err(error) => panic!("{line}: {error}"),
        };
        for line in printed.lines() {
            played.push_str(format!("| {line}").trim_end());
            played.push('\n');
        }
    }
    played
}

impl Day {
    fn run(&mut self, command: &str) -> Result<String, TillError> {
        let (verb, rest) = command.split_once(' ').unwrap_or((command, ""));
        match verb {
            "till" => self.set_up(rest),
            "clock" => {
                self.now = clock(rest);
                Ok(String::new())
            }
            "tax" => self.change(MasterRow::TaxClass(tax_class(rest)?)),
            "product" => self.change(MasterRow::Product(Box::new(product(rest)?))),
            "open" => self.execute(&Command::OpenDrawer(self.money(rest)?)),
            "sell" => self.execute(&Command::CompleteSale(self.basket(rest)?)),
            "refund" => self.execute(&Command::RefundSale(self.refund(rest)?)),
            "return" => self.execute(&Command::ReturnGoods(self.goods_return(rest)?)),
            "exchange" => self.execute(&Command::Exchange(self.exchange(rest)?)),
            "pay-in" | "pay-out" | "safe-drop" | "float-top-up" => {
                let (amount, reason) = rest.split_once(' ').unwrap_or((rest, "reason"));
                let amount = self.money(amount)?;
                let movement = CashMovement { kind: verb.parse()?, amount, reason: Note::new(reason)?, bag: None };
                self.execute(&Command::MoveCash(movement))
            }
            "as" => {
                let (operator, approver) = rest.split_once(" approved by ").map_or((rest, None), |(a, b)| (a, Some(b)));
                self.operator = operator.parse()?;
                self.approver = approver.map(str::parse).transpose()?;
                Ok(String::new())
            }
            "person" | "role" | "no-sale" | "void" | "abandon" | "bank-drop" | "amend" => {
                self.execute(&self.staff(verb, rest)?)
            }
            "z" => self.reprint_z(rest),
            "x" => Ok(x_text(self.till().profile(), self.till().session().unwrap(), self.now)?),
            "receipt" => {
                let issued = self.till().document(rest)?.unwrap();
                Ok(document_text(self.till().profile(), &issued, Print::Reprint)?)
            }
            "count" => self.execute(&Command::CloseDrawer(Count::Total(self.money(rest)?))),
            "audit" => self.audit(),
            other => panic!("a day has no command {other}"),
        }
    }

    fn set_up(&mut self, rest: &str) -> Result<String, TillError> {
        let words: Vec<&str> = rest.split_whitespace().collect();
        let [store, till, currency, country, prices] = words[..] else {
            panic!("till STORE TILL CURRENCY COUNTRY PRICES")
        };
        let profile = Profile {
            store: store.parse()?,
            till: till.parse()?,
            currency: currency.parse()?,
            country: country.parse()?,
            zone: Name::new("Etc/UTC")?,
            prices_include_tax: prices == "inclusive",
            has_history: false,
        };
        let key = SigningKey::from_seed([9; 32]);
        let set_up = SetUp { profile, journal: JournalId([9; 16]), key, series_suffix: "A".to_owned() };
        self.till = Some(Till::create(InMemoryBackend::new(), set_up, self.now)?);
        Ok(String::new())
    }

    fn change(&mut self, row: MasterRow) -> Result<String, TillError> {
        self.execute(&Command::ChangeMasterData(vec![row]))
    }

    fn execute(&mut self, command: &Command) -> Result<String, TillError> {
        let (operator, approver, now) = (self.operator.clone(), self.approver.clone(), self.now);
        let by = By { operator: &operator, approver: approver.as_ref() };
        let outcome = self.till.as_mut().unwrap().execute_by(command, by, now)?;
        Ok(match outcome {
            Outcome::Issued(issued) => document_text(self.till().profile(), &issued, Print::Original)?,
            Outcome::Exchanged(both) => {
                let print = |issued| document_text(self.till().profile(), issued, Print::Original);
                print(&both.0)? + &print(&both.1)?
            }
            Outcome::DrawerClosed(z) => z_text(self.till().profile(), &z, now, Print::Original)?,
            Outcome::DrawerOpened(session) => format!("session {session} is open"),
            Outcome::CashMoved => "moved".to_owned(),
            Outcome::Recorded(event) => recorded(&event, self.till().profile().currency),
            Outcome::MasterData(_) | Outcome::OperatorSet | Outcome::RoleSet => String::new(),
        })
    }

    /// `person CODE ROLE`, `role CODE discount 10 over-short 5.00`, `no-sale REASON`, `void QUANTITY CODE`,
    /// `abandon ID: QUANTITY CODE, ...`, `bank-drop AMOUNT BAG REASON`, `amend Z counted AMOUNT REASON` and
    /// `amend Z AMOUNT not KIND but KIND REASON`.
    fn staff(&self, verb: &str, rest: &str) -> Result<Command, TillError> {
        let words: Vec<&str> = rest.split(' ').collect();
        let last = |from: usize| Note::new(words[from..].join(" "));
        Ok(match verb {
            "person" => {
                let (code, role) = (words[0].parse()?, Role::named(words[1])?);
                Command::SetOperator(Operator { code, name: words[0].parse()?, role, is_active: true }, None)
            }
            "role" => {
                let (percent, over_short) = (words[2].parse()?, self.money(words[4])?);
                Command::SetRole(Box::new(RoleRules {
                    discount_percent_max: Some(percent),
                    over_short_max: Some(over_short),
                    ..Role::named(words[0])?.built_in()
                }))
            }
            "no-sale" => Command::RecordActivity(Activity::OpenWithoutSale(last(0)?)),
            "void" => {
                let line = BasketLine { code: words[1].to_owned(), quantity: words[0].parse()?, unit_price: None };
                Command::RecordActivity(Activity::VoidLine { basket: None, line, reason: None })
            }
            "abandon" => {
                let Basket { id, lines, .. } = self.basket(rest)?;
                Command::RecordActivity(Activity::AbandonBasket { basket: id, lines, reason: None })
            }
            "bank-drop" => {
                let (amount, bag) = (self.money(words[0])?, Some(Note::new(words[1])?));
                Command::MoveCash(CashMovement { kind: CashMovementKind::BankDrop, amount, reason: last(2)?, bag })
            }
            _ => {
                let (correction, reason) = match words[1] {
                    "counted" => (Correction::Count(self.money(words[2])?), last(3)?),
                    amount => {
                        let (from, to) = (words[3].parse()?, words[5].parse()?);
                        (Correction::Tender { from, to, amount: self.money(amount)? }, last(6)?)
                    }
                };
                Command::AmendZ(Amendment { z: words[0].to_owned(), correction, reason })
            }
        })
    }

    fn reprint_z(&self, number: &str) -> Result<String, TillError> {
        let closed = self.till().z_report(Some(number))?.expect("a Z report of that number");
        let addenda = self.till().addenda(&closed.z.printed)?;
        let profile = self.till().profile();
        let text = z_text(profile, &closed.z, closed.closed, Print::Reprint)?;
        Ok(text + &addenda_text(profile, &closed.z, &addenda)?)
    }

    /// `ID: QUANTITY CODE [@ PRICE], ...; discount 10 %; cash 20.00; card 5.00 REFERENCE`
    fn basket(&self, rest: &str) -> Result<Basket, TillError> {
        let (id, content) = rest.split_once(": ").expect("sell ID: lines; tenders");
        let mut parts = content.split("; ");
        let line = |text: &str| -> Result<BasketLine, Refusal> {
            let (sold, price) = text.split_once(" @ ").map_or((text, None), |(sold, price)| (sold, Some(price)));
            let (quantity, code) = sold.split_once(' ').expect("QUANTITY CODE");
            let unit_price = price.map(str::parse).transpose()?;
            Ok(BasketLine { code: code.to_owned(), quantity: quantity.parse()?, unit_price })
        };
        let lines = parts.next().unwrap().split(", ").map(line).collect::<Result<_, _>>()?;
        let mut basket = Basket::of_lines(CommandId::new(id)?, lines);
        for part in parts {
            match part.split_once(' ').unwrap_or((part, "")) {
                ("discount", percent) if percent.ends_with(" %") => {
                    basket.discounts.push(Discount::Percent(percent.trim_end_matches(" %").parse()?));
                }
                ("discount", amount) => basket.discounts.push(Discount::Amount(self.money(amount)?)),
                ("invoice", customer) => {
                    basket.document = DocumentKind::Invoice;
                    basket.customer = Some(Note::new(customer)?);
                }
                _ => basket.tenders.get_or_insert_default().push(self.tender(part)?),
            }
        }
        Ok(basket)
    }

    /// `ID of NUMBER[: QUANTITY of LINE, ...][; TENDER ...]`
    fn refund(&self, rest: &str) -> Result<RefundRequest, TillError> {
        let mut parts = rest.split("; ");
        let (what, lines) =
            parts.next().unwrap().split_once(": ").map_or((rest, None), |(what, lines)| (what, Some(lines)));
        let (id, refund_of) = what.split("; ").next().unwrap().split_once(" of ").expect("refund ID of NUMBER");
        let line = |text: &str| -> Result<RefundLine, Refusal> {
            let (quantity, line) = text.split_once(" of ").expect("QUANTITY of LINE");
            Ok(RefundLine { line: line.parse().unwrap(), quantity: Some(quantity.parse()?) })
        };
        let lines = lines.map(|lines| lines.split(", ").map(line).collect::<Result<Vec<_>, _>>()).transpose()?;
        let tenders = parts.map(|part| self.tender(part)).collect::<Result<Vec<_>, _>>()?;
        Ok(RefundRequest {
            id: CommandId::new(id)?,
            refund_of: refund_of.to_owned(),
            lines,
            tenders: (!tenders.is_empty()).then_some(tenders),
            at: None,
        })
    }

    /// `ID: QUANTITY CODE [@ PRICE], ...; because REASON`
    fn goods_return(&self, rest: &str) -> Result<ReturnRequest, TillError> {
        let (goods, reason) = rest.split_once("; because ").expect("return ID: lines; because REASON");
        let Basket { id, lines, .. } = self.basket(goods)?;
        Ok(ReturnRequest { id, lines, reason: Note::new(reason)?, tenders: None })
    }

    /// `ID of NUMBER[: QUANTITY of LINE, ...] for QUANTITY CODE, ...[; TENDER ...]`
    fn exchange(&self, rest: &str) -> Result<ExchangeRequest, TillError> {
        let (back, goods) = rest.split_once(" for ").expect("exchange ID of NUMBER for lines");
        let RefundRequest { id, refund_of, lines, .. } = self.refund(back)?;
        let sale = self.basket(&format!("{id}: {goods}"))?;
        Ok(ExchangeRequest { id, refund_of, back: lines, sale })
    }

    fn tender(&self, text: &str) -> Result<Tender, TillError> {
        let mut words = text.splitn(3, ' ');
        let kind = words.next().unwrap().parse()?;
        let amount = self.money(words.next().unwrap())?;
        Ok(Tender { reference: words.next().map(Note::new).transpose()?, ..Tender::of(kind, amount) })
    }

    fn audit(&mut self) -> Result<String, TillError> {
        let audit = self.till.as_mut().unwrap().audit(InMemoryBackend::new())?;
        let mut lines = vec![if audit.is_ok() { "audit ok".to_owned() } else { audit.differences.join("\n") }];
        for series in audit.series.iter().filter(|series| series.issued > 0) {
            let last = series.last.unwrap();
            let (missing, duplicates) = (series.missing.len(), series.duplicates.len());
            lines.push(format!("{} 1 to {last}: {missing} missing, {duplicates} duplicates", series.series));
        }
        for total in &audit.totals {
            let show = |money: Money| money.show(total.currency);
            let (gross, tax, cash) = (show(total.gross), show(total.tax), show(total.cash));
            lines.push(format!("{} gross {gross} tax {tax} cash {cash}", total.currency));
        }
        Ok(lines.join("\n"))
    }

    fn money(&self, text: &str) -> Result<Money, Refusal> {
        Money::read("amount", text, self.till().profile().currency)
    }

    fn till(&self) -> &Till {
        self.till.as_ref().expect("a day begins with its till")
    }
}

/// What was recorded, in a line.
fn recorded(event: &Event, currency: Currency) -> String {
    let Event::ActivityRecorded(activity) = event else { return event.code().to_owned() };
    let lines = match &activity.what {
        DoneV1::LineVoided { line, .. } => std::slice::from_ref(line),
        DoneV1::BasketAbandoned { lines, .. } => lines,
        DoneV1::OpenedWithoutSale(_) | DoneV1::Reprinted(_) => &[],
    };
    let gross = Money::sum(lines.iter().map(|line| line.gross)).unwrap();
    format!("{} {}", activity.what.code(), gross.show(currency))
}

/// `2026-11-21 09:30 +01:00`
fn clock(text: &str) -> Now {
    let (date, time) = text.split_once(' ').expect("clock DATE TIME OFFSET");
    let (time, offset) = time.split_once(' ').expect("clock DATE TIME OFFSET");
    let minutes = |text: &str| {
        let (hours, minutes) = text.split_once(':').expect("HH:MM");
        hours.parse::<i64>().unwrap() * 60 + minutes.parse::<i64>().unwrap()
    };
    let sign = if offset.starts_with('-') { -1 } else { 1 };
    let offset = sign * minutes(&offset[1..]);
    let local = date.parse::<Date>().unwrap().day() * 1440 + minutes(time);
    Now { at: Timestamp((local - offset) * 60_000), offset: ZoneOffset(i16::try_from(offset).unwrap()) }
}

/// `CODE TAX CATEGORY RATE [net|compound], ...`
fn tax_class(rest: &str) -> Result<TaxClass, TillError> {
    let (code, taxes) = rest.split_once(' ').expect("tax CODE taxes");
    let tax = |text: &str| -> Result<LineTax, Refusal> {
        let words: Vec<&str> = text.split_whitespace().collect();
        let base = if words.get(3) == Some(&"compound") { TaxBase::NetPlusEarlier } else { TaxBase::Net };
        Ok(LineTax { code: words[0].parse()?, category: words[1].parse()?, rate: words[2].parse()?, base })
    };
    Ok(TaxClass { code: code.parse()?, taxes: taxes.split(", ").map(tax).collect::<Result<_, _>>()? })
}

/// `CODE UNIT PRICE TAXCLASS NAME`
fn product(rest: &str) -> Result<Product, TillError> {
    let words: Vec<&str> = rest.splitn(5, ' ').collect();
    let [code, unit, price, class, name] = words[..] else { panic!("product CODE UNIT PRICE TAXCLASS NAME") };
    Ok(Product {
        code: code.parse()?,
        name: name.parse()?,
        brand: None,
        barcodes: Vec::new(),
        categories: Vec::new(),
        unit: unit.parse()?,
        tax_class: class.parse()?,
        price: Some(price.parse()?),
        cost: None,
        packs: Vec::new(),
        variant: None,
    })
}
