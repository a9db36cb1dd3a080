//! A shop for tests: real tills on stores in memory, and a head office on a real file.

use std::path::Path;
use std::sync::Arc;

use counterfoil_core::catalog::{MasterRow, Product, TaxClass, Unit};
use counterfoil_core::command::{Basket, BasketLine, Command, Count, RefundRequest};
use counterfoil_core::db::InMemoryBackend;
use counterfoil_core::grant::Profile;
use counterfoil_core::id::{CommandId, JournalId, OperatorCode};
use counterfoil_core::journal::acknowledgement::Epoch;
use counterfoil_core::journal::batch::{Batch, VerifiedBatch};
use counterfoil_core::journal::envelope::Entry;
use counterfoil_core::journal::hello::{Challenge, CheckedHello, Hello};
use counterfoil_core::journal::key::SigningKey;
use counterfoil_core::money::Money;
use counterfoil_core::series::DocumentKind;
use counterfoil_core::tax::{LineTax, TaxCategory};
use counterfoil_core::till::{SetUp, Till};
use counterfoil_core::time::{Now, Timestamp, ZoneOffset};
use counterfoil_sync_server::merge::{Moment, Outcome, Word};
use counterfoil_sync_server::store::key::Key;
use counterfoil_sync_server::store::record::JournalRecord;
use counterfoil_sync_server::store::tables::Table;
use counterfoil_sync_server::store::{RedbStore, Store};
use counterfoil_sync_server::verdict::Asked;
use counterfoil_sync_server::writer::merge_together;

/// The epoch in which head office begins.
pub(crate) const EPOCH: Epoch = Epoch { counter: 1, random: [1; 8] };

const NOON: i64 = 1_795_258_800_000;

/// A till with one product at 1.25, whose every step takes a minute, so that two shops that do the same write the same.
pub(crate) struct Shop {
    /// The till.
    pub(crate) till: Till,
    /// Its journal.
    pub(crate) journal: JournalId,
    key: SigningKey,
    minutes: i64,
}

impl Shop {
    /// The till of a number, with its drawer open.
    pub(crate) fn open(number: u8) -> Self {
        let (journal, key) = (JournalId([number; 16]), SigningKey::from_seed([number; 32]));
        let set_up = SetUp { profile: profile(number), journal, key: key.clone(), series_suffix: "A".to_owned() };
        let till = Till::create(InMemoryBackend::new(), set_up, now(0)).unwrap();
        let mut shop = Self { till, journal, key, minutes: 0 };
        shop.execute(&Command::ChangeMasterData(catalogue()));
        shop.execute(&Command::OpenDrawer(Money::from_minor(10_000)));
        shop
    }

    /// Sells three pieces, once for each id.
    pub(crate) fn sell(&mut self, ids: impl IntoIterator<Item = String>) {
        for id in ids {
            let line = BasketLine { code: "milk".to_owned(), quantity: "3".parse().unwrap(), unit_price: None };
            self.execute(&Command::CompleteSale(Basket {
                id: CommandId::new(id).unwrap(),
                lines: vec![line],
                discounts: vec![],
                tenders: None,
                document: DocumentKind::Receipt,
                customer: None,
                claims: Default::default(),
                at: None,
            }));
        }
    }

    /// Takes a sale back.
    pub(crate) fn refund(&mut self, id: &str, refund_of: &str) {
        let (id, refund_of) = (CommandId::new(id).unwrap(), refund_of.to_owned());
        self.execute(&Command::RefundSale(RefundRequest { id, refund_of, lines: None, tenders: None, at: None }));
    }

    /// Closes the drawer.
    pub(crate) fn close(&mut self) {
        self.execute(&Command::CloseDrawer(Count::Total(Money::from_minor(10_000))));
    }

    fn execute(&mut self, command: &Command) {
        self.minutes += 1;
        self.till.execute(command, &OperatorCode::new("owner").unwrap(), now(self.minutes)).unwrap();
    }

    /// The newest entry.
    pub(crate) fn seq(&self) -> u64 {
        self.till.mark().seq
    }

    /// The verified batch of all entries from `from` on.
    pub(crate) fn batch(&self, from: u64) -> VerifiedBatch {
        let bytes = self.till.batch(self.journal, from).unwrap().unwrap();
        Batch::read(&bytes).unwrap().verify(&self.key.public_key()).unwrap()
    }

    /// The word of a batch of these entries, whoever wrote them.
    pub(crate) fn signed(&self, entries: &[Entry]) -> Word {
        let bytes = Batch::sign(entries, &self.key).unwrap();
        let batch = Batch::read(&bytes).unwrap().verify(&self.key.public_key()).unwrap();
        Word::batch(batch, &profile(self.journal.0[0]))
    }

    /// The word of a batch of the entries `from..=to`.
    pub(crate) fn run(&self, from: u64, to: u64) -> Word {
        let entries = self.batch(from).entries().to_vec();
        let count = usize::try_from(to - from + 1).unwrap();
        self.signed(&entries[..count])
    }

    /// The word of all entries from `from` on.
    pub(crate) fn all_from(&self, from: u64) -> Word {
        Word::batch(self.batch(from), &profile(self.journal.0[0]))
    }

    /// The word of a hello that answers the challenge.
    pub(crate) fn hello(&self) -> Word {
        let challenge = Some(Challenge([9; 32]));
        let bytes = self.till.hello(self.journal, challenge).unwrap();
        Word::Hello(Box::new(self.verified(&bytes)), just_asked(challenge))
    }

    /// The word of a hello from a file.
    pub(crate) fn hello_from_file(&self) -> Word {
        let bytes = self.till.hello(self.journal, None).unwrap();
        Word::Hello(Box::new(self.verified(&bytes)), None)
    }

    /// The word of a hello that says something else.
    pub(crate) fn hello_with(&self, change: impl FnOnce(&mut Hello)) -> Word {
        let challenge = Some(Challenge([9; 32]));
        let bytes = self.till.hello(self.journal, challenge).unwrap();
        let mut hello = self.verified(&bytes).statement().clone();
        change(&mut hello);
        Word::Hello(Box::new(self.verified(&hello.sign(&self.key).unwrap())), just_asked(challenge))
    }

    fn verified(&self, bytes: &[u8]) -> CheckedHello {
        let hello = Hello::read(bytes).unwrap().verify(&self.key.public_key()).unwrap();
        hello.check(&head_office_key().public_key()).unwrap()
    }

    /// The journal as head office knows it before anything arrived.
    pub(crate) fn record(&self) -> JournalRecord {
        JournalRecord::new(self.journal, self.key.public_key(), profile(self.journal.0[0]), Timestamp(NOON))
    }
}

/// The key by which head office signs.
pub(crate) fn head_office_key() -> SigningKey {
    SigningKey::from_seed([0xF0; 32])
}

/// A challenge given with all that is applied.
fn just_asked(challenge: Option<Challenge>) -> Option<Asked> {
    challenge.map(|challenge| Asked { challenge, seq: u64::MAX })
}

fn profile(number: u8) -> Profile {
    Profile {
        store: "S01".parse().unwrap(),
        till: format!("T{number:02}").parse().unwrap(),
        currency: "EUR".parse().unwrap(),
        country: "ES".parse().unwrap(),
        zone: "Europe/Madrid".parse().unwrap(),
        prices_include_tax: true,
        has_history: false,
    }
}

fn catalogue() -> Vec<MasterRow> {
    let taxes = vec![LineTax::vat(TaxCategory::Standard, "21".parse().unwrap())];
    let class = TaxClass { code: "S21".parse().unwrap(), taxes };
    let milk = Product {
        code: "milk".parse().unwrap(),
        name: "Mlijeko 1 l".parse().unwrap(),
        brand: None,
        barcodes: vec![],
        categories: vec![],
        unit: Unit::Piece,
        tax_class: class.code.clone(),
        price: Some("1.25".parse().unwrap()),
        cost: None,
    };
    vec![MasterRow::TaxClass(class), MasterRow::Product(Box::new(milk))]
}

fn now(minutes: i64) -> Now {
    Now { at: Timestamp(NOON + minutes * 60_000), offset: ZoneOffset(60) }
}

/// The names of sales: `a0`, `a1` and so on.
pub(crate) fn ids(prefix: &str, count: usize) -> Vec<String> {
    (0..count).map(|index| format!("{prefix}{index}")).collect()
}

/// Head office's clock and its random bits.
pub(crate) const MOMENT: Moment = Moment { now: Timestamp(NOON), fresh: [2; 8] };

/// A new head office that knows these tills.
pub(crate) fn head_office(folder: &Path, shops: &[&Shop]) -> Arc<dyn Store> {
    let store: Arc<dyn Store> = Arc::new(RedbStore::create(&folder.join("head-office.redb")).unwrap());
    store
        .write(|rows| {
            rows.put_epoch(EPOCH)?;
            shops.iter().try_for_each(|shop| rows.put_journal(&shop.record()))
        })
        .unwrap();
    store
}

/// Merges one word.
pub(crate) fn merge(store: &dyn Store, word: Word) -> Outcome {
    merge_together(store, &[word], MOMENT).unwrap().remove(0)
}

/// Every stored row.
pub(crate) fn dump(store: &dyn Store) -> Vec<(&'static str, Vec<u8>, Vec<u8>)> {
    let all = |table: &Table| {
        let rows = store.read(|rows| rows.stored_range(*table, &Key::default(), None, usize::MAX)).unwrap();
        rows.into_iter().map(|(key, value)| (table.name(), key, value)).collect::<Vec<_>>()
    };
    Table::ALL.iter().flat_map(all).collect()
}
