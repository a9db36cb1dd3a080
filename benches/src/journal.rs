//! Journals of real sales, made as a till makes them but without a store: decided, sealed, folded and signed by core.

use counterfoil_core::approval::Actor;
use counterfoil_core::decide::{self, Context};
use counterfoil_core::event::{Event, GrantedByV1, JournalOpenedV1};
use counterfoil_core::grant::Profile;
use counterfoil_core::id::JournalId;
use counterfoil_core::journal::batch::{Batch, ENTRIES_MAX};
use counterfoil_core::journal::envelope::{ChainHead, Entry};
use counterfoil_core::journal::key::SigningKey;
use counterfoil_core::journal_state::JournalState;
use counterfoil_core::money::Money;
use counterfoil_core::series::{DocumentKind, Series};
use counterfoil_core::time::{Now, Timestamp, ZoneOffset};

use crate::baskets::{Baskets, Filled};

/// 2026-07-01 08:00 in Zagreb.
const MORNING: i64 = 1_782_885_600_000;
const MINUTE: i64 = 60_000;
const DAY: i64 = 86_400_000;
/// How many sales one till makes in a day: one in 43 seconds over twelve hours.
pub const SALES_A_DAY: u64 = 1_000;

/// A till that keeps its journal in memory.
#[derive(Debug)]
pub struct Journal {
    /// The key that it signs with.
    pub key: SigningKey,
    /// Where it stands.
    pub state: JournalState,
    /// All entries.
    pub entries: Vec<Entry>,
    operator: Actor,
    sales: u64,
}

/// The till of a number: ten tills to a store.
#[must_use]
pub fn profile(number: u16) -> Profile {
    let text = "text of the right form";
    Profile {
        store: format!("S{:02}", number / 10 + 1).parse().expect(text),
        till: format!("T{:02}", number % 10 + 1).parse().expect(text),
        currency: "EUR".parse().expect(text),
        country: "HR".parse().expect(text),
        zone: "Europe/Zagreb".parse().expect(text),
        prices_include_tax: true,
        has_history: false,
    }
}

/// The time of a sale, by how many came before it.
#[must_use]
pub fn time_of(sales: u64) -> Now {
    let (day, place) = (sales / SALES_A_DAY, sales % SALES_A_DAY);
    let [day, place] = [day, place].map(|number| i64::try_from(number).expect("a few million sales"));
    let seconds = 43_199;
    let at = MORNING + day * DAY + place * seconds + (place * 7_919) % MINUTE;
    Now { at: Timestamp(at), offset: ZoneOffset(120) }
}

impl Journal {
    /// The till of a number, with its drawer open.
    #[must_use]
    pub fn open(number: u16) -> Self {
        let [high, low] = number.to_be_bytes();
        let mut seed = [7; 32];
        (seed[0], seed[1]) = (high, low);
        let mut journal = [9; 16];
        (journal[0], journal[1]) = (high, low);
        let (key, profile) = (SigningKey::from_seed(seed), profile(number));
        let series = DocumentKind::ALL.map(|kind| {
            Series::standard(&profile.store, &profile.till, kind, 2026, "A").expect("a suffix of one letter")
        });
        let opened = JournalOpenedV1 {
            profile,
            key: key.public_key(),
            predecessor: None,
            series: series.to_vec(),
            granted_by: GrantedByV1::Till,
            session: None,
        };
        let event = Event::JournalOpened(Box::new(opened.clone()));
        let (first, _) = sealed(ChainHead::start(JournalId(journal)), &event, time_of(0));
        let state = JournalState::open(&first, &opened);
        let mut till = Self { key, state, entries: vec![first], operator: Actor::owner(), sales: 0 };
        let now = time_of(0);
        let context = Context { state: &till.state, operator: &till.operator, approver: None, now };
        let opened = decide::drawer::open(&context, Money::from_minor(10_000)).expect("the drawer is closed");
        till.append(&opened, now);
        till
    }

    /// The till of a number after so many sales of five lines.
    #[must_use]
    pub fn with_sales(number: u16, count: usize, baskets: &Baskets) -> Self {
        let mut till = Self::open(number);
        let name = format!("{}{}", till.state.profile.store, till.state.profile.till);
        baskets.named(&name).take(count).for_each(|filled| till.sell(&filled));
        till
    }

    /// Sells a basket.
    pub fn sell(&mut self, filled: &Filled) {
        let now = time_of(self.sales);
        let context = Context { state: &self.state, operator: &self.operator, approver: None, now };
        let sold = decide::sale::decide(
            &context,
            &filled.basket,
            &filled.products,
            &counterfoil_core::promotion::Promotions::default(),
            None,
        )
        .expect("a basket to be sold");
        self.append(&sold, now);
        self.sales += 1;
    }

    fn append(&mut self, event: &Event, now: Now) {
        let (entry, _) = sealed(self.state.chain_head(), event, now);
        self.state = self.state.clone().after(&entry, Some(event)).expect("what was decided follows");
        self.entries.push(entry);
    }

    /// Everything as signed batches.
    #[must_use]
    pub fn batches(&self) -> Vec<Vec<u8>> {
        let sign = |run: &[Entry]| Batch::sign(run, &self.key).expect("a thousand sales fit into a batch");
        self.entries.chunks(ENTRIES_MAX).map(sign).collect()
    }
}

fn sealed(head: ChainHead, event: &Event, now: Now) -> (Entry, ChainHead) {
    let sealed = head.append(now, event.event_type(), Event::SCHEMA_VERSION, &event.encode());
    sealed.expect("a sale is far smaller than an entry may be")
}
