//! A head office that serves on loopback, and tills that join it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use counterfoil_core::catalog::{MasterRow, Product, TaxClass, Unit};
use counterfoil_core::command::{Basket, BasketLine, Command};
use counterfoil_core::db::InMemoryBackend;
use counterfoil_core::grant::JournalRequestV1;
use counterfoil_core::id::{CommandId, JournalId, OperatorCode};
use counterfoil_core::journal::hello::Challenge;
use counterfoil_core::journal::key::SigningKey;
use counterfoil_core::money::Money;
use counterfoil_core::series::DocumentKind;
use counterfoil_core::tax::{LineTax, TaxCategory};
use counterfoil_core::till::Till;
use counterfoil_core::time::Now;
use counterfoil_sync_server::clock;
use counterfoil_sync_server::folder::Folder;
use counterfoil_sync_server::master_data::{self, MasterChange};
use counterfoil_sync_server::office::Office;
use counterfoil_sync_server::operations::{Operation, StoreOrder, TokenOrder, perform};
use counterfoil_sync_server::server::Server;
use counterfoil_sync_server::settings::Given;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::client::{Answered, Client, Identity, new_key, signing_request};

/// A head office under test.
pub(crate) struct Head {
    pub(crate) server: Server,
    pub(crate) root: String,
    pub(crate) place: TempDir,
}

impl Head {
    /// Founds one and serves it.
    pub(crate) async fn open() -> Self {
        let place = tempfile::tempdir().unwrap();
        let given = Given { listen: Some("127.0.0.1:0".to_owned()), ..Given::default() };
        let office = Office::create(Folder::new(place.path().join("office")), &given).unwrap();
        let root = office.authority().certificate_pem().to_owned();
        office.store().write(|rows| master_data::change(rows, &catalogue())).unwrap();
        Self { server: Server::start(office).await.unwrap(), root, place }
    }

    /// A token for a till.
    pub(crate) fn token(&self, store: &str, till: &str) -> String {
        let order = TokenOrder {
            store: store.to_owned(),
            till: till.to_owned(),
            expires_s: 3_600,
            has_history: false,
            profile: StoreOrder::default(),
        };
        let answer = perform(self.server.office(), Operation::Token(order));
        answer.body["token"].as_str().unwrap_or_else(|| panic!("{answer:?}")).to_owned()
    }

    /// A connection, with or without a client certificate.
    pub(crate) async fn connect(&self, identity: Option<&Identity>) -> Client {
        Client::connect(self.server.address(), &self.root, identity).await.unwrap()
    }

    /// Shows a token.
    pub(crate) async fn enrol(&self, token: &str, request: &[u8], csr: &str) -> Answered {
        let body = json!({ "token": token, "request": STANDARD.encode(request), "csr": csr });
        self.connect(None).await.post("/enrol", body.to_string()).await
    }

    /// A till that has joined, with its drawer open and the catalogue fetched.
    pub(crate) async fn join(&self, store: &str, till: &str, number: u8) -> Joined {
        let key = SigningKey::from_seed([number; 32]);
        let (tls_key, csr) = new_key();
        let answered = self.enrol(&self.token(store, till), &journal_request(number), &csr).await;
        let answer = answered.json();
        let grant = STANDARD.decode(text(&answer["grant"])).unwrap();
        let till = Till::create_granted(InMemoryBackend::new(), key, &grant, now()).unwrap();
        let identity = Identity { key: tls_key, certificate: text(&answer["certificate"]).to_owned() };
        let journal = JournalId([number; 16]);
        let mut joined = Joined { till, journal, client: self.connect(Some(&identity)).await, identity };
        joined.pull().await;
        joined.till.execute(&Command::OpenDrawer(Money::from_minor(10_000)), &owner(), now()).unwrap();
        joined
    }
}

/// A till that has joined.
pub(crate) struct Joined {
    pub(crate) till: Till,
    pub(crate) journal: JournalId,
    pub(crate) client: Client,
    pub(crate) identity: Identity,
}

impl Joined {
    /// Sells two pieces of milk.
    pub(crate) fn sell(&mut self, id: &str) {
        let line = BasketLine { code: "milk".to_owned(), quantity: "2".parse().unwrap(), unit_price: None };
        let basket = Basket {
            id: CommandId::new(id).unwrap(),
            lines: vec![line],
            discounts: vec![],
            tenders: None,
            document: DocumentKind::Receipt,
            customer: None,
            claims: Default::default(),
            at: None,
        };
        self.till.execute(&Command::CompleteSale(basket), &owner(), now()).unwrap();
    }

    /// A fresh challenge.
    pub(crate) async fn challenge(&mut self) -> Challenge {
        let answered = self.client.get(&format!("/sync/challenge?journal={}", self.journal)).await;
        Challenge(<[u8; 32]>::try_from(&answered.body[..]).unwrap())
    }

    /// Says hello, and keeps what head office signed.
    pub(crate) async fn hello(&mut self) -> Value {
        let challenge = self.challenge().await;
        let hello = self.till.hello(self.journal, Some(challenge)).unwrap();
        let answer = self.client.post("/sync/hello", hello).await.json();
        self.keep(&answer);
        answer
    }

    /// Sends the entries from a seq on, and keeps what head office signed.
    pub(crate) async fn push(&mut self, from: u64) -> Value {
        let batch = self.till.batch(self.journal, from).unwrap().unwrap();
        let answer = self.client.post("/sync/batch", batch).await.json();
        self.keep(&answer);
        answer
    }

    fn keep(&mut self, answer: &Value) {
        if let Some(bytes) = answer["acknowledgement"].as_str() {
            self.till.accept_acknowledgement(&STANDARD.decode(bytes).unwrap()).unwrap();
        }
        if let Some(bytes) = answer["stop"].as_str() {
            self.till.accept_stop(&STANDARD.decode(bytes).unwrap()).unwrap();
        }
    }

    /// Fetches and applies pages until nothing follows; tells how many rows came.
    pub(crate) async fn pull(&mut self) -> usize {
        let mut rows = 0;
        loop {
            let path = match self.till.feed_cursor().unwrap() {
                None => "/sync/feed?revision=0".to_owned(),
                Some(cursor) => {
                    let random = counterfoil_core::hex::encode(&cursor.epoch.random);
                    let (counter, revision) = (cursor.epoch.counter, cursor.revision);
                    format!("/sync/feed?epoch_counter={counter}&epoch_random={random}&revision={revision}")
                }
            };
            let page = self.client.get(&path).await;
            assert_eq!(page.status, 200, "{page:?}");
            let progress = self.till.apply_feed_page(&page.body, now()).unwrap();
            rows += progress.rows;
            if progress.is_complete {
                return rows;
            }
        }
    }
}

/// A signed request for the journal of a number.
pub(crate) fn journal_request(number: u8) -> Vec<u8> {
    let key = SigningKey::from_seed([number; 32]);
    let (journal, slot, predecessor) = (JournalId([number; 16]), None, None);
    JournalRequestV1 { journal, key: key.public_key(), slot, predecessor }.sign(&key).unwrap()
}

/// The text in a JSON value.
pub(crate) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("{value} is not text"))
}

/// Another request to certify the same key.
pub(crate) fn csr_again(identity: &Identity) -> String {
    signing_request(&identity.key)
}

/// The time now in Madrid.
pub(crate) fn now() -> Now {
    clock::at("Europe/Madrid", clock::now())
}

/// The operator of a till with no other.
pub(crate) fn owner() -> OperatorCode {
    OperatorCode::new("owner").unwrap()
}

/// One product.
pub(crate) fn milk(price: &str) -> MasterRow {
    MasterRow::Product(Box::new(Product {
        code: "milk".parse().unwrap(),
        name: "Milk".parse().unwrap(),
        brand: None,
        barcodes: vec!["3850334043641".parse().unwrap()],
        categories: vec![],
        unit: Unit::Piece,
        tax_class: "S10".parse().unwrap(),
        price: Some(price.parse().unwrap()),
        cost: None,
    }))
}

fn catalogue() -> Vec<MasterChange> {
    let tax = LineTax::vat(TaxCategory::Standard, "10".parse().unwrap());
    let class = MasterRow::TaxClass(TaxClass { code: "S10".parse().unwrap(), taxes: vec![tax] });
    vec![MasterChange::set(None, class), MasterChange::set(None, milk("1.25"))]
}
