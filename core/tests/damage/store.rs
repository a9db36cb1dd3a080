//! A till's file with some weeks of work in it, and everything that can be asked of it.

use std::fmt::Write as _;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::{Arc, Mutex};

use counterfoil_core::catalog::MasterRow;
use counterfoil_core::command::{Command, Count};
use counterfoil_core::db::{FileBackend, InMemoryBackend, StorageBackend};
use counterfoil_core::feed::{FeedPageV1, FeedRow, StateHash};
use counterfoil_core::grant::GrantV1;
use counterfoil_core::id::{JournalId, OperatorCode};
use counterfoil_core::journal::acknowledgement::{Acknowledgement, Epoch, Nonce};
use counterfoil_core::journal::key::SigningKey;
use counterfoil_core::money::Money;
use counterfoil_core::operator::{Operator, Pepper, Pin, Role};
use counterfoil_core::series::{DocumentKind, Series};
use counterfoil_core::till::{Access, Mark, SetUp, Till, TillError};
use counterfoil_core::time::Timestamp;

use crate::shop::{GOODS, basket, goods, now, owner, profile, refund};

const EPOCH: Epoch = Epoch { counter: 1, random: [4; 8] };

pub(crate) fn own_key() -> SigningKey {
    SigningKey::from_seed([1; 32])
}

pub(crate) fn granted_key() -> SigningKey {
    SigningKey::from_seed([2; 32])
}

pub(crate) fn office_key() -> SigningKey {
    SigningKey::from_seed([9; 32])
}

/// The file of a till that was closed, and the mark that was kept beside it.
pub(crate) struct Kept {
    pub(crate) bytes: Vec<u8>,
    pub(crate) mark: Mark,
}

/// The same till's file at three moments.
pub(crate) struct Files {
    /// After a clean stop.
    pub(crate) closed: Kept,
    /// Just before it, as a pulled plug leaves it: the last entries are in the tail.
    pub(crate) unclosed: Kept,
    /// Some sales earlier.
    pub(crate) older: Kept,
}

/// A till that sold on its own, was enrolled and fed, and sold on; head office acknowledged all but the last entries.
pub(crate) fn worked(folder: &Path) -> Files {
    let path = folder.join("till.redb");
    let file = || {
        let file = std::fs::File::options().read(true).write(true).create(true).truncate(false).open(&path);
        FileBackend::new(file.unwrap()).unwrap()
    };
    let profile = profile("SK", "EUR", true);
    let set_up = SetUp { profile, journal: JournalId([1; 16]), key: own_key(), series_suffix: "A".to_owned() };
    let mut till = Till::create(file(), set_up, now(0)).unwrap();
    till.set_pepper(Pepper::new([6; 32]));
    run(&mut till, Command::ChangeMasterData(goods()));
    work(&mut till, "a", 20);
    run(&mut till, Command::CloseDrawer(Count::Total(Money::from_minor(10_000))));
    enrol_and_feed(&mut till);
    work(&mut till, "b", 30);
    let head = till.mark();
    acknowledge(&mut till, head);
    drop(till);
    let older = Kept { bytes: std::fs::read(&path).unwrap(), mark: head };
    let mut till = Till::open(file(), vec![own_key(), granted_key()], Access::Full).unwrap();
    run(&mut till, Command::CompleteSale(basket("last-1", &[("milk", "2")])));
    run(&mut till, Command::RefundSale(refund("last-2", "b3", None)));
    run(&mut till, Command::CompleteSale(basket("last-3", &[("book", "1")])));
    let mark = till.mark();
    let unclosed = Kept { bytes: std::fs::read(&path).unwrap(), mark };
    drop(till);
    Files { closed: Kept { bytes: std::fs::read(&path).unwrap(), mark }, unclosed, older }
}

fn run(till: &mut Till, command: Command) {
    till.execute(&command, &owner(), now(1)).unwrap();
}

fn work(till: &mut Till, name: &str, sales: usize) {
    run(till, Command::OpenDrawer(Money::from_minor(5_000)));
    for number in 0..sales {
        let one = GOODS[number % GOODS.len()].0;
        let two = GOODS[(number * 7 + 3) % GOODS.len()].0;
        run(till, Command::CompleteSale(basket(&format!("{name}{number}"), &[(one, "3"), (two, "1")])));
        if number % 4 == 0 {
            let lines: &[(u16, &str)] = &[(1, "1")];
            run(
                till,
                Command::RefundSale(refund(&format!("{name}{number}r"), &format!("{name}{number}"), Some(lines))),
            );
        }
    }
}

fn enrol_and_feed(till: &mut Till) {
    let profile = profile("SK", "EUR", true);
    let series = [2026, 2027].into_iter().flat_map(|year| DocumentKind::ALL.map(|kind| (kind, year)));
    let series = series.map(|(kind, year)| Series::standard(&profile.store, &profile.till, kind, year, "H").unwrap());
    let (office, key) = (office_key(), granted_key());
    let grant = GrantV1 {
        journal: JournalId([2; 16]),
        key: key.public_key(),
        certificate: Vec::new(),
        series: series.collect(),
        profile,
        head_office: office.public_key(),
        epoch: EPOCH,
        granted: Timestamp(0),
    };
    till.enrol(key, &grant.sign(&office).unwrap(), now(1)).unwrap();
    let ana = OperatorCode::new("ana").unwrap();
    let operator = Operator { code: ana.clone(), name: "Ana".parse().unwrap(), role: Role::Cashier, is_active: true };
    let mut rows = goods();
    rows.push(MasterRow::Operator(operator));
    let page = FeedPageV1 {
        store: "S01".parse().unwrap(),
        epoch: EPOCH,
        from_revision: 0,
        to_revision: 1,
        state: Some(rows.iter().fold(StateHash::default(), StateHash::with)),
        rows: rows.into_iter().map(FeedRow::Set).collect(),
        pins: vec![(ana, Pin::new("471100", &Role::Cashier).unwrap().hash([3; 16]))],
        grants: Vec::new(),
    };
    till.apply_feed_page(&page.sign(&office).unwrap(), now(1)).unwrap();
}

pub(crate) fn acknowledge(till: &mut Till, head: Mark) {
    let Mark { journal, seq, hash, .. } = head;
    let acknowledgement =
        Acknowledgement { journal, seq, hash, epoch: EPOCH, time: Timestamp(0), nonce: Nonce([5; 16]) };
    till.accept_acknowledgement(&acknowledgement.sign(&office_key()).unwrap()).unwrap();
}

/// What became of an open till.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// Every answer, as text; the audit said ok.
    Answers(String),
    /// The damage was told: by an error, by the audit, by reading only, or by a panic that was caught.
    Told(String),
}

/// Opens a file's bytes, compares the mark, audits, and asks everything.
pub(crate) fn examine(bytes: Vec<u8>, mark: &Mark) -> Found {
    let disk = Disk(Arc::new(Mutex::new(bytes)));
    let asked = catch_unwind(AssertUnwindSafe(|| ask(disk, mark)));
    match asked {
        Ok(Ok(found)) => found,
        Ok(Err(error)) => Found::Told(error.to_string()),
        Err(panic) => {
            let text = panic.downcast_ref::<String>().cloned();
            let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
            Found::Told(format!("panic: {}", text.unwrap_or_default()))
        }
    }
}

fn ask(disk: Disk, mark: &Mark) -> Result<Found, TillError> {
    let mut till = Till::open(disk, vec![own_key(), granted_key()], Access::Full)?;
    till.check_mark(mark)?;
    if let Access::ReadOnly(why) = till.access() {
        return Ok(Found::Told(format!("read only: {why}")));
    }
    let audit = till.audit(InMemoryBackend::new())?;
    if !audit.is_ok() {
        return Ok(Found::Told(format!("audit: {}", audit.differences.join("; "))));
    }
    let mut text = format!("{audit:?}\n{:?}\n", till.status()?);
    for journal in till.journals()? {
        writeln!(text, "{:?}", till.batch(journal.journal, 1)?).unwrap();
        writeln!(text, "{:?}", till.hello(journal.journal, None)?).unwrap();
    }
    for series in &audit.series {
        for number in 1..=series.issued {
            let printed = format!("{}-{number:06}", series.series);
            match series.kind {
                DocumentKind::ZReport => writeln!(text, "{:?}", till.z_report(Some(&printed))?).unwrap(),
                DocumentKind::Receipt | DocumentKind::Invoice | DocumentKind::CreditNote | DocumentKind::Return => {
                    let document = till.document(&printed)?;
                    let id = document.as_ref().map(|issued| issued.document.id.to_string());
                    writeln!(text, "{document:?} {:?}", till.document(&id.unwrap_or_default())?).unwrap();
                }
            }
        }
    }
    for (code, ..) in GOODS {
        writeln!(text, "{:?} {}", till.resolve(code)?, till.stock(&code.parse()?)?).unwrap();
    }
    writeln!(text, "{:?} {:?}", till.resolve("3850334043641")?, till.products(None, 1_000)?).unwrap();
    writeln!(text, "{:?} {:?} {:?}", till.operators()?, till.session(), till.feed_cursor()?).unwrap();
    // What is left to refund shows in what a refund of everything pays back.
    let all = till.execute(&Command::RefundSale(refund("probe", "b4", None)), &owner(), now(51))?;
    writeln!(text, "{all:?}").unwrap();
    Ok(Found::Answers(text))
}

/// A file in memory, which cannot grow beyond all bounds because a length in it was damaged.
#[derive(Clone, Debug)]
pub(crate) struct Disk(pub(crate) Arc<Mutex<Vec<u8>>>);

const DISK_BYTES_MAX: usize = 64 << 20;

impl StorageBackend for Disk {
    fn len(&self) -> io::Result<u64> {
        Ok(self.0.lock().unwrap().len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let bytes = self.0.lock().unwrap();
        let start = usize::try_from(offset).map_err(io::Error::other)?;
        let end = start.checked_add(out.len()).filter(|end| *end <= bytes.len());
        out.copy_from_slice(&bytes[start..end.ok_or(io::ErrorKind::UnexpectedEof)?]);
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let len = usize::try_from(len).ok().filter(|len| *len <= DISK_BYTES_MAX).ok_or(io::ErrorKind::StorageFull)?;
        self.0.lock().unwrap().resize(len, 0);
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let mut bytes = self.0.lock().unwrap();
        let start = usize::try_from(offset).map_err(io::Error::other)?;
        let end = start.checked_add(data.len()).filter(|end| *end <= bytes.len());
        bytes[start..end.ok_or(io::ErrorKind::UnexpectedEof)?].copy_from_slice(data);
        Ok(())
    }
}
