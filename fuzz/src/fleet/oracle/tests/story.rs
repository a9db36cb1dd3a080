//! An honest day of a small fleet, made by hand: milk at 1.25 with 25 % tax in it, paid in cash or by card.

use std::collections::BTreeMap;

use super::exports::{AtOffice, office, sums};
use crate::fleet::history::{
    Acknowledgement, Asked, Attack, AttackKind, Device, Document, Drawer, DrawerAct, Entry, Epoch, Fact, FeedTold,
    Grant, Hash, Journal, JournalTold, Kind, Line, Paper, PaperZ, PinTried, Refused, SeriesTold, Session, TaxOf,
    TillAudit, TillTold, Truth, Verdict, What, Wish, Word, Zed,
};

/// 2026-03-02 08:00 UTC.
pub(super) const START_MS: i64 = 1_772_438_400_000;
pub(super) const DAY: &str = "2026-03-02";
pub(super) const EPOCH: Epoch = Epoch { counter: 1, random: [7; 8] };
pub(super) const TAX: &str = "VAT S 25 %";

/// A till with its one journal.
#[derive(Clone)]
pub(super) struct Life {
    device: Device,
    pub(super) journal: Journal,
    pub(super) till: String,
    /// Tells the branches of a copied journal apart.
    branch: u8,
    pub(super) entries: Vec<Entry>,
    told: usize,
    numbers: BTreeMap<String, u64>,
    session: Option<Session>,
    sessions: u64,
    acknowledged: u64,
    stopped: Option<String>,
}

impl Life {
    fn new(device: Device, journal: u8, till: &str) -> Self {
        let mut life = Self {
            device,
            journal: [journal; 16],
            till: till.to_owned(),
            branch: 0,
            entries: Vec::new(),
            told: 0,
            numbers: BTreeMap::new(),
            session: None,
            sessions: 0,
            acknowledged: 0,
            stopped: None,
        };
        let series = life.series();
        life.append(Fact::Opened { predecessor: None, series, session: None, is_granted: true });
        life
    }

    fn code(&self, letter: char) -> String {
        format!("S01-{}-{letter}26A", self.till)
    }

    pub(super) fn series(&self) -> Vec<String> {
        ['R', 'C', 'Z'].map(|letter| self.code(letter)).to_vec()
    }

    fn granted(&self) -> What {
        let (store, till) = ("S01".to_owned(), self.till.clone());
        What::Granted(Grant { token: self.till.clone(), store, till, journal: self.journal, series: self.series() })
    }

    fn append(&mut self, fact: Fact) -> Entry {
        let seq = self.entries.len() as u64 + 1;
        let mut hash: Hash = [0; 32];
        (hash[0], hash[1], hash[2]) = (self.journal[0], self.branch, u8::try_from(seq).unwrap());
        let previous = self.entries.last().map_or([0; 32], |entry| entry.hash);
        let time_ms = START_MS + i64::try_from(seq).unwrap() * 1_000;
        let day = DAY.to_owned();
        let entry = Entry { seq, hash, previous, time_ms, day, bytes: hash.to_vec(), fact };
        self.entries.push(entry.clone());
        entry
    }

    fn open(&mut self, float: i64) -> Vec<What> {
        self.sessions += 1;
        let session = self.sessions;
        self.session = Some(Session { session, float, ..Session::default() });
        self.append(Fact::DrawerOpened { session, float });
        vec![asked(self.device, "", Wish::Open(float)), self.drawer(session, DrawerAct::Opened(float))]
    }

    fn move_cash(&mut self, amount: i64) -> Vec<What> {
        let session = self.session.as_mut().unwrap();
        session.moved += amount;
        let session = session.session;
        self.append(Fact::CashMoved { session, kind: "pay-in".to_owned(), amount });
        vec![asked(self.device, "", Wish::Move(amount)), self.drawer(session, DrawerAct::Moved(amount))]
    }

    fn drawer(&self, session: u64, what: DrawerAct) -> What {
        What::Drawer(Drawer { device: self.device, journal: self.journal, session, what })
    }

    fn number(&mut self, letter: char) -> (String, u64) {
        let series = self.code(letter);
        let number = self.numbers.entry(series.clone()).or_insert(0);
        *number += 1;
        (series, *number)
    }

    /// Sells one milk, or takes the one of a document back.
    fn document(&mut self, id: &str, tender: &str, preceding: Option<&str>) -> Vec<What> {
        let sign = if preceding.is_some() { -1 } else { 1 };
        let (series, number) = self.number(if preceding.is_some() { 'C' } else { 'R' });
        let change = if tender == "cash" && sign > 0 { 75 } else { 0 };
        let session = self.session.as_mut().unwrap();
        let document = Document {
            kind: if preceding.is_some() { Kind::CreditNote } else { Kind::Receipt },
            id: id.to_owned(),
            printed: format!("{series}-{number:06}"),
            series,
            number,
            session: session.session,
            currency: "EUR".to_owned(),
            day: DAY.to_owned(),
            issued_ms: START_MS + i64::try_from(self.entries.len()).unwrap() * 1_000,
            is_imported: false,
            has_tax_in_price: true,
            preceding: preceding.map(str::to_owned),
            lines: vec![milk(sign, u16::from(preceding.is_some()))],
            taxes: vec![TaxOf { name: TAX.to_owned(), taxable: sign * 100, amount: sign * 25 }],
            net: sign * 100,
            tax: sign * 25,
            gross: sign * 125,
            rounding: 0,
            payable: sign * 125,
            tenders: vec![(tender.to_owned(), sign * 125 + change)],
            change,
        };
        fold(session, &document);
        let entry = self.append(Fact::Document(Box::new(document.clone())));
        let wish = match preceding {
            Some(number) => Wish::GiveBack(number.to_owned(), Vec::new()),
            None => Wish::Buy(vec![("MILK".to_owned(), 1_000_000)]),
        };
        vec![asked(self.device, id, wish), What::Printed(self.paper(&document, &entry, false))]
    }

    fn paper(&self, document: &Document, entry: &Entry, is_copy: bool) -> Paper {
        Paper {
            device: self.device,
            text: text(document, is_copy),
            is_copy,
            id: document.id.clone(),
            journal: self.journal,
            seq: entry.seq,
            hash: entry.hash,
            series: document.series.clone(),
            number: document.number,
            has_tax_in_price: true,
            shown: vec![("MILK".to_owned(), "1.25".to_owned())],
        }
    }

    fn copy_of(&self, seq: usize) -> What {
        let entry = &self.entries[seq - 1];
        let Fact::Document(document) = &entry.fact else { panic!("entry {seq} is no document") };
        What::Printed(self.paper(document, entry, true))
    }

    fn close(&mut self, counted: i64) -> Vec<What> {
        let session = self.session.take().unwrap();
        let cash: i64 = session.tenders.iter().filter(|(kind, _)| kind == "cash").map(|(_, amount)| amount).sum();
        let expected = session.float + cash + session.moved;
        let over_short = counted - expected;
        let (series, number) = self.number('Z');
        let printed = format!("{series}-{number:06}");
        let text = z_text(&session, cash, expected, counted);
        let issued_ms = START_MS + i64::try_from(self.entries.len()).unwrap() * 1_000;
        let zed = Zed {
            series: series.clone(),
            number,
            printed,
            issued_ms,
            day: DAY.to_owned(),
            session: session.clone(),
            expected,
            counted,
            over_short,
        };
        let entry = self.append(Fact::DrawerClosed(Box::new(zed)));
        let act = DrawerAct::Closed { counted, expected, over_short };
        let (device, journal) = (self.device, self.journal);
        let paper = PaperZ { device, text, journal, seq: entry.seq, hash: entry.hash, series, number };
        vec![asked(self.device, "", Wish::Close(counted)), What::PrintedZ(paper), self.drawer(session.session, act)]
    }

    fn refused(&self, id: &str, code: &str) -> Vec<What> {
        let head = (self.journal, self.entries.len() as u64);
        let refused =
            Refused { device: self.device, id: id.to_owned(), code: code.to_owned(), before: head, after: head };
        vec![asked(self.device, id, Wish::Buy(Vec::new())), What::Refused(refused)]
    }

    fn crash(&self) -> Vec<What> {
        let (device, id) = (self.device, "lost".to_owned());
        vec![
            asked(device, &id, Wish::Buy(Vec::new())),
            What::Failed { device, id },
            self.refused("lost", "read_only").remove(1),
            What::Truth(Truth::HonestCrash { device }),
        ]
    }

    fn tell(&mut self) -> What {
        let entries = self.entries.split_off(self.told);
        self.entries.extend(entries.iter().cloned());
        self.told = self.entries.len();
        let last = self.entries.last().unwrap();
        let journal = JournalTold {
            journal: self.journal,
            seq: last.seq,
            hash: last.hash,
            is_open: true,
            acknowledged: self.acknowledged,
            acknowledged_epoch: u64::from(self.acknowledged > 0),
            stopped: self.stopped.clone(),
            entries,
        };
        let sold: i64 = documents(&self.entries).iter().flat_map(|one| &one.lines).map(|line| line.quantity).sum();
        let issued = |series: &String| {
            documents(&self.entries).iter().filter(|one| one.series == *series).count()
                + zeds(&self.entries).iter().filter(|one| one.series == *series).count()
        };
        let series = self.series().into_iter().map(|series| {
            let issued = issued(&series) as u64;
            SeriesTold { series, first: 1, last: issued, issued, missing: Vec::new(), duplicates: Vec::new() }
        });
        What::Till(Box::new(TillTold {
            device: self.device,
            store: "S01".to_owned(),
            till: self.till.clone(),
            currency: "EUR".to_owned(),
            read_only: self.stopped.clone(),
            journals: vec![journal],
            session: self.session.clone(),
            stock: vec![("MILK".to_owned(), -sold)],
            feed: Some(FeedTold { epoch: EPOCH, revision: 3, rows: rows() }),
            audit: Some(TillAudit {
                is_ok: true,
                differences: Vec::new(),
                series: series.collect(),
                totals: sums(&self.entries),
                sessions: self.sessions,
            }),
        }))
    }

    /// Says hello, sends everything, and stores the acknowledgement.
    fn push(&mut self) -> Vec<What> {
        let seq = self.entries.len() as u64;
        let held = self.acknowledged;
        self.acknowledged = seq;
        let acknowledgement = self.acknowledgement();
        vec![
            self.judged(Word::Hello, seq, "append", held),
            self.judged(Word::Batch, seq, "append", seq),
            What::Acknowledged(acknowledgement),
            What::Stored { device: self.device, acknowledgement },
        ]
    }

    fn acknowledgement(&self) -> Acknowledgement {
        let seq = self.acknowledged;
        let hash = self.entries[usize::try_from(seq).unwrap() - 1].hash;
        Acknowledgement { journal: self.journal, epoch: EPOCH, seq, hash }
    }

    fn judged(&self, of: Word, seq: u64, code: &str, held: u64) -> What {
        What::Verdict(Verdict {
            device: Some(self.device),
            journal: self.journal,
            of,
            seq,
            hash: self.entries[usize::try_from(seq).unwrap() - 1].hash,
            code: code.to_owned(),
            held,
            has_stop: !matches!(code, "append" | "duplicate"),
        })
    }
}

fn asked(device: Device, id: &str, wish: Wish) -> What {
    What::Asked(Asked { device, id: id.to_owned(), wish })
}

fn milk(sign: i64, preceding_line: u16) -> Line {
    Line {
        product: "MILK".to_owned(),
        name: "Milk".to_owned(),
        quantity: sign * 1_000_000,
        unit_price: "1.25".to_owned(),
        has_typed_price: false,
        net: sign * 100,
        discount: 0,
        tax: sign * 25,
        preceding_line,
    }
}

pub(super) fn rows() -> Vec<String> {
    vec!["MILK Milk 1.25 VAT S 25".to_owned()]
}

fn fold(session: &mut Session, document: &Document) {
    if document.kind == Kind::CreditNote {
        (session.refunds, session.refunds_gross) = (session.refunds + 1, session.refunds_gross + document.gross);
    } else {
        (session.sales, session.sales_gross) = (session.sales + 1, session.sales_gross + document.gross);
    }
    (session.net, session.tax) = (session.net + document.net, session.tax + document.tax);
    if session.taxes.is_empty() {
        session.taxes.push((TAX.to_owned(), 0, 0));
    }
    (session.taxes[0].1, session.taxes[0].2) = (session.net, session.tax);
    let kind = &document.tenders[0].0;
    match session.tenders.iter_mut().find(|(known, _)| known == kind) {
        Some(sum) => sum.1 += document.payable,
        None => session.tenders.push((kind.clone(), document.payable)),
    }
}

fn euro(amount: i64) -> String {
    let sign = if amount < 0 { "-" } else { "" };
    format!("{sign}{}.{:02}", amount.abs() / 100, amount.abs() % 100)
}

fn text(document: &Document, is_copy: bool) -> String {
    let title = if document.kind == Kind::CreditNote { "CREDIT NOTE" } else { "RECEIPT" };
    let copy = if is_copy { "   * COPY *\n" } else { "" };
    let rule = "-".repeat(42);
    let (gross, tax, net) = (euro(document.gross), euro(document.tax), euro(document.net));
    let quantity = document.lines[0].quantity / 1_000_000;
    let (tender, paid) = (&document.tenders[0].0, euro(document.tenders[0].1));
    let change = if document.change == 0 { String::new() } else { format!("Change   {} EUR\n", euro(document.change)) };
    format!(
        "   {title}\n{copy}   {}\n{DAY} 08:00\nStore S01  Till T01   owner\n{rule}\nMilk\n  {quantity} x 1.25   {gross}\n{rule}\n\
         TOTAL   {gross} EUR\n{tender}   {paid} EUR\n{change}{rule}\n{TAX} of {net}   {tax}\n{rule}\n   279d985f4c\n",
        document.printed
    )
}

fn z_text(session: &Session, cash: i64, expected: i64, counted: i64) -> String {
    let gross = session.sales_gross + session.refunds_gross;
    format!(
        "   Z REPORT\nTOTAL   {} EUR\nNet   {} EUR\nTax   {} EUR\nFloat   {} EUR\nCash of sales and refunds   {} EUR\n\
         Pay-in   {} EUR\nExpected in the drawer   {} EUR\nCounted   {} EUR\nOver/short   {} EUR\n",
        euro(gross),
        euro(session.net),
        euro(session.tax),
        euro(session.float),
        euro(cash),
        euro(session.moved),
        euro(expected),
        euro(counted),
        euro(counted - expected)
    )
}

pub(super) fn documents(entries: &[Entry]) -> Vec<&Document> {
    let document = |entry: &'_ Entry| matches!(entry.fact, Fact::Document(_));
    let of = entries.iter().filter(|entry| document(entry));
    of.map(|entry| if let Fact::Document(document) = &entry.fact { &**document } else { panic!() }).collect()
}

pub(super) fn zeds(entries: &[Entry]) -> Vec<&Zed> {
    let zed = |entry: &'_ Entry| matches!(entry.fact, Fact::DrawerClosed(_));
    let of = entries.iter().filter(|entry| zed(entry));
    of.map(|entry| if let Fact::DrawerClosed(zed) = &entry.fact { &**zed } else { panic!() }).collect()
}

/// The story: an ordinary till, one that crashes, and at a second quiet point a copied one and a dead one.
pub(super) fn honest() -> Vec<What> {
    let mut story = Vec::new();
    let [mut one, mut two] = [Life::new(1, 0xA1, "T01"), Life::new(2, 0xB2, "T02")];
    for life in [&mut one, &mut two] {
        story.push(life.granted());
        story.push(life.tell());
        story.extend(life.open(10_000));
        let name = life.till.clone();
        story.extend(life.document(&format!("{name}-a"), "cash", None));
        story.push(life.copy_of(3));
        story.extend(life.document(&format!("{name}-b"), "card", None));
        story.extend(life.document(&format!("{name}-c"), "cash", Some(&format!("S01-{name}-R26A-000001"))));
        story.extend(life.move_cash(500));
        story.push(life.tell());
        story.extend(life.document(&format!("{name}-d"), "card", None));
        story.extend(life.refused(&format!("{name}-e"), "tendered_too_little"));
    }
    story.extend(one.crash());
    story.push(one.tell());
    story.push(What::Truth(Truth::ClockSet { device: Some(1), off_ms: -86_400_000 }));
    story.extend(one.document("T01-f", "cash", None));
    story.push(What::Truth(Truth::ClockSet { device: Some(1), off_ms: 0 }));
    story.extend(one.close(10_600));
    story.extend(pins());
    story.extend(attacks());
    for life in [&mut one, &mut two] {
        story.extend(life.push());
        story.push(life.tell());
    }
    story.push(What::Truth(Truth::OfficeCrash));
    story.push(office(&[AtOffice::open(&one), AtOffice::open(&two)]));
    story.push(What::Quiet);
    later(story, one, two)
}

/// After the first quiet point: till 2 is copied to device 3, till 4 dies, till 5 takes its place.
fn later(mut story: Vec<What>, mut one: Life, mut two: Life) -> Vec<What> {
    let shared = two.entries.len() as u64;
    let mut three = Life { device: 3, branch: 1, told: 0, ..two.clone() };
    story.push(What::Truth(Truth::Cloned { from: 2, to: 3, journal: two.journal, shared }));
    story.push(three.tell());
    story.extend(two.document("T02-g", "cash", None));
    story.extend(three.document("T02-h", "card", None));
    story.extend(two.push());
    story.push(three.judged(Word::Hello, shared + 1, "fork", shared + 1));
    three.stopped = Some("fork".to_owned());
    story.push(two.judged(Word::Hello, shared + 1, "fork", shared + 1));
    two.stopped = Some("fork".to_owned());

    let [mut four, mut five] = [Life::new(4, 0xD4, "T04"), Life::new(5, 0xE5, "T05")];
    story.push(four.granted());
    story.extend(four.open(0));
    story.extend(four.push());
    story.extend(four.document("T04-a", "card", None));
    story.push(What::Truth(Truth::Replaced { dead: 4, by: 5, journal: four.journal }));
    story.push(What::Truth(Truth::Ended { journal: four.journal, is_revoked: false }));
    story.push(five.granted());
    story.extend(five.open(0));
    story.push(What::Truth(Truth::Salvaged { device: 4 }));
    let held = four.acknowledged;
    story.push(four.judged(Word::Batch, held + 1, "closed", held));
    story.extend(five.push());
    for life in [&mut one, &mut two, &mut three, &mut four, &mut five] {
        story.push(life.tell());
    }
    let at = usize::try_from(held).unwrap();
    let of_four = AtOffice { standing: "closed", applied: at, because: "closed", ..AtOffice::open(&four) };
    let forked = AtOffice {
        standing: "quarantined",
        because: "disputed",
        other: Some(&three),
        evidence: &["fork"],
        ..AtOffice::open(&two)
    };
    story.push(office(&[AtOffice::open(&one), forked, of_four, AtOffice::open(&five)]));
    story.push(What::Quiet);
    story
}

fn pins() -> Vec<What> {
    let tried = |is_right: bool, code: &str| {
        let (device, operator, code) = (1, "ana".to_owned(), code.to_owned());
        What::Pin(PinTried { device, operator, is_right, is_let_in: is_right, code })
    };
    vec![tried(false, "pin_wrong"), tried(false, "pin_wrong"), tried(true, "")]
}

fn attacks() -> Vec<What> {
    use AttackKind::{Foreign, Forged, ForgedAnswer, OtherKind, Replayed, TokenAgain};
    let kinds = [Forged, Foreign, Replayed, TokenAgain, ForgedAnswer, OtherKind];
    kinds.map(|kind| What::Attack(Attack { kind, was_taken: false })).to_vec()
}
