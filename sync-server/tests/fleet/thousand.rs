//! A thousand tills at one head office at once: all join, all fetch the catalogue, all sell, and all push at one moment.
//!
//! Head office is the program. The tills are the product's own state machine over real TLS, one connection each, with
//! their stores in memory so that one machine can hold them. Who is not served comes again after the product's own wait,
//! which obeys what head office asks for. `COUNTERFOIL_TILLS` says how many; where the system lets this process open
//! fewer files than that, fewer speak at once, and the test says so.

use std::rc::Rc;
use std::sync::Mutex;
use std::time::Instant;

use counterfoil_core::command::{Basket, BasketLine, Command};
use counterfoil_core::db::InMemoryBackend;
use counterfoil_core::grant::{GrantV1, JournalRequestV1};
use counterfoil_core::id::{CommandId, Hash, JournalId, OperatorCode};
use counterfoil_core::journal::key::SigningKey;
use counterfoil_core::money::Money;
use counterfoil_core::series::DocumentKind;
use counterfoil_core::till::{Till, TillError};
use counterfoil_core::time::{Now, Timestamp};
use counterfoil_node::failure::Failure;
use counterfoil_node::operations::sync_step::{StepAnswer, SteppedTill, SyncStep};
use counterfoil_node::sync::client::Client;
use counterfoil_node::sync::head_office::{HeadOffice, Keeper};
use counterfoil_node::sync::till_side::TillSide;
use counterfoil_node::sync::trouble::Trouble;
use counterfoil_node::sync::{back_off, send_and_fetch, tls};
use counterfoil_node::wire::sync::{Document, EnrolAnswer, EnrolRequest, SyncReport};
use counterfoil_sync_server::clock;
use counterfoil_sync_server::grants::{History, add_token};
use counterfoil_sync_server::operations::Operation;
use counterfoil_sync_server::store::record::{StoreRecord, TokenRecord};
use counterfoil_sync_server::token::Token;
use rcgen::{CertificateParams, KeyPair};
use serde_json::json;
use tokio::sync::{Barrier, Semaphore};
use tokio::task::LocalSet;

use crate::head::Head;
use crate::random::times;

const TILLS: u64 = 1_000;
const SALES: u64 = 2;
/// Files that this process has open besides its connections.
const OTHER_FILES: u64 = 200;
/// Far above what is needed; without any bound each till would cost a megabyte.
const SERVER_KIB_MAX: u64 = 1 << 20;

/// A till whose store is in memory.
struct MemoryTill(Till);

impl SteppedTill for MemoryTill {
    fn now(&self) -> Now {
        now()
    }

    fn read<T>(&mut self, ask: impl FnOnce(&Till) -> Result<T, TillError>) -> Result<T, Failure> {
        Ok(ask(&self.0).unwrap())
    }

    fn write<T>(&mut self, act: impl FnOnce(&mut Till) -> Result<T, TillError>) -> Result<T, Failure> {
        Ok(act(&mut self.0).unwrap())
    }

    fn pending_key(&mut self) -> Result<SigningKey, Failure> {
        panic!("no till of this test asks for another journal")
    }

    fn enrol(&mut self, _: &[u8]) -> Result<(), Failure> {
        panic!("no till of this test gets another journal")
    }

    fn sync_marks(&mut self) -> Result<(), Failure> {
        Ok(())
    }
}

/// A till with what it knows of head office.
struct Small {
    till: Mutex<MemoryTill>,
    known: Mutex<HeadOffice>,
    tls_key: String,
}

impl TillSide for Small {
    fn ask(&self, step: SyncStep) -> Result<StepAnswer, Failure> {
        step.carry_out(&mut *self.till.lock().unwrap())
    }
}

impl Keeper for Small {
    fn keep(&self, known: &HeadOffice) -> Result<(), Failure> {
        *self.known.lock().unwrap() = known.clone();
        Ok(())
    }
}

/// How often head office or the network put tills off.
#[derive(Clone, Copy, Debug, Default)]
struct PutOff {
    busy: u64,
    unreachable: u64,
}

/// What all tills share.
struct Street {
    url: String,
    seats: Semaphore,
    put_off: Mutex<PutOff>,
}

#[test]
fn a_thousand_tills_that_push_at_one_moment_all_arrive() {
    let tills = times("COUNTERFOIL_TILLS", TILLS);
    let mut head = Head::open_program();
    head.stop();
    let tokens = tokens(&head, tills);
    head.serve_by_program();
    let at_once = tills.min(files_max().saturating_sub(OTHER_FILES)).max(1);
    println!("{tills} tills, {at_once} of them at once");
    let seats = Semaphore::new(usize::try_from(at_once).unwrap());
    let street = Rc::new(Street { url: head.program_url(), seats, put_off: Mutex::default() });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    LocalSet::new().block_on(&runtime, async {
        let begun = Instant::now();
        let joining: Vec<_> = (0_u64..)
            .zip(tokens)
            .map(|(number, token)| tokio::task::spawn_local(join(Rc::clone(&street), number, token)))
            .collect();
        let mut all = Vec::new();
        for joining in joining {
            all.push(Rc::new(joining.await.unwrap()));
        }
        println!("joined and fed in {} ms, {:?}", begun.elapsed().as_millis(), street.put_off.lock().unwrap());
        all.iter().for_each(|till| sell(&mut till.till.lock().unwrap().0));
        *street.put_off.lock().unwrap() = PutOff::default();
        let (barrier, begun) = (Rc::new(Barrier::new(all.len())), Instant::now());
        let pushing: Vec<_> = all
            .iter()
            .map(|till| {
                let (till, street, barrier) = (Rc::clone(till), Rc::clone(&street), Rc::clone(&barrier));
                tokio::task::spawn_local(async move {
                    barrier.wait().await;
                    exchange(&street, &till).await
                })
            })
            .collect();
        for pushing in pushing {
            let report = pushing.await.unwrap();
            assert_eq!(report.journals[0].acknowledged, report.journals[0].seq, "{report:?}");
        }
        println!("pushed in {} ms, {:?}", begun.elapsed().as_millis(), street.put_off.lock().unwrap());
    });
    let peak = peak_kib(head.process());
    println!("head office used at most {peak} KiB");
    assert!(peak < SERVER_KIB_MAX, "{peak} KiB");
    let audit = head.ask(&Operation::Audit);
    assert_eq!((&audit["ok"], &audit["differences"], &audit["unreceived"]), (&json!(true), &json!([]), &json!([])));
    assert_eq!(audit["journals"].as_array().unwrap().len() as u64, tills);
    assert_eq!(audit["totals"][0]["documents"], tills * SALES);
    assert!(audit["series"].as_array().unwrap().iter().all(|series| series["missing"] == json!([])), "{audit}");
}

/// One token for each till, all of them made in one transaction.
fn tokens(head: &Head, tills: u64) -> Vec<Token> {
    head.with_office(|office| {
        let pin = office.authority().pin();
        let settings = &office.settings().store;
        let store = StoreRecord {
            store: "S01".parse().unwrap(),
            currency: settings.currency,
            country: settings.country.clone(),
            zone: settings.zone.clone(),
            prices_include_tax: true,
        };
        office
            .store()
            .write(|rows| {
                let epoch = rows.as_rows().epoch()?;
                let expires = Timestamp(clock::now().0 + 86_400_000);
                let mut tokens = Vec::new();
                for till in 0..tills {
                    let mut secret = [0; 20];
                    secret[..8].copy_from_slice(&till.to_be_bytes());
                    let token = Token::new(secret, pin);
                    let (store_code, till) = (store.store.clone(), format!("T{till:04}").parse().unwrap());
                    let kept = TokenRecord { store: store_code, till, expires, epoch, used: None, refused: 0 };
                    add_token(rows, token.hash(), &kept, &store, History::Refused)?;
                    tokens.push(token);
                }
                Ok(tokens)
            })
            .unwrap()
    })
}

/// How many files this process may have open, as the system says.
fn files_max() -> u64 {
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap();
    let line = limits.lines().find(|line| line.starts_with("Max open files")).unwrap();
    line.split_whitespace().nth(3).unwrap().parse().unwrap_or(u64::MAX)
}

/// The most memory that a process has had, as the system says.
fn peak_kib(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

fn now() -> Now {
    clock::at("Europe/Zagreb", clock::now())
}

fn owner() -> OperatorCode {
    OperatorCode::new("owner").unwrap()
}

/// Joins by a token, fetches the catalogue and opens the drawer.
async fn join(street: Rc<Street>, number: u64, token: Token) -> Small {
    let mut seed = [7; 32];
    seed[..8].copy_from_slice(&number.to_be_bytes());
    let (key, tls_key) = (SigningKey::from_seed(seed), KeyPair::generate().unwrap());
    let journal = JournalId(seed[..16].try_into().unwrap());
    let request = JournalRequestV1 { journal, key: key.public_key(), slot: None, predecessor: None };
    let request = EnrolRequest {
        token: token.to_string(),
        request: Document(request.sign(&key).unwrap()),
        csr: CertificateParams::default().serialize_request(&tls_key).unwrap().pem().unwrap(),
    };
    let answer: EnrolAnswer = until_served(&street, async || {
        let mut client = Client::new(street.url.parse().unwrap(), tls::pinned(token.pin()).unwrap());
        client.post_json("/enrol", &request).await
    })
    .await;
    let grant = answer.grant.0;
    let granted = GrantV1::verify(&grant).unwrap();
    let known = HeadOffice {
        address: street.url.parse().unwrap(),
        authority: answer.ca,
        certificate: answer.certificate,
        seen: granted.granted,
        token: Hash([0; 32]),
        grant: grant.clone(),
        epoch: granted.epoch.counter,
        finished: vec![],
    };
    let till = Till::create_granted(InMemoryBackend::new(), key, &grant, now()).unwrap();
    let small =
        Small { till: Mutex::new(MemoryTill(till)), known: Mutex::new(known), tls_key: tls_key.serialize_pem() };
    let report = exchange(&street, &small).await;
    assert!(report.feed_rows > 0, "{report:?}");
    let open = Command::OpenDrawer(Money::from_minor(10_000));
    small.till.lock().unwrap().0.execute(&open, &owner(), now()).unwrap();
    small
}

fn sell(till: &mut Till) {
    for sale in 0..SALES {
        let line = BasketLine { code: "MILK".to_owned(), quantity: "2".parse().unwrap(), unit_price: None };
        let basket = Basket {
            id: CommandId::new(format!("sale-{sale}")).unwrap(),
            lines: vec![line],
            discounts: vec![],
            tenders: None,
            document: DocumentKind::Receipt,
            customer: None,
            claims: Default::default(),
            at: None,
        };
        till.execute(&Command::CompleteSale(basket), &owner(), now()).unwrap();
    }
}

/// One whole exchange over a connection of its own.
async fn exchange(street: &Street, small: &Small) -> SyncReport {
    until_served(street, async || {
        let mut known = small.known.lock().unwrap().clone();
        let config = tls::enrolled(&known.authority, &known.certificate, &small.tls_key, known.seen)?;
        let (mut client, mut report) = (Client::new(known.address.clone(), config), SyncReport::default());
        send_and_fetch(&mut client, small, small, &mut known, &mut report).await?;
        Ok(report)
    })
    .await
}

/// Tries until it is served, and waits in between as long as the product does.
async fn until_served<T>(street: &Street, attempt: impl AsyncFn() -> Result<T, Trouble>) -> T {
    let mut failures = 0;
    loop {
        let seat = street.seats.acquire().await.unwrap();
        let tried = attempt().await;
        drop(seat);
        let asked = match tried {
            Ok(done) => return done,
            Err(Trouble::Busy(wait)) => {
                street.put_off.lock().unwrap().busy += 1;
                wait
            }
            Err(Trouble::Unreachable(_)) => {
                street.put_off.lock().unwrap().unreachable += 1;
                None
            }
            Err(other) => panic!("{other:?}"),
        };
        failures += 1;
        tokio::time::sleep(back_off::wait(failures, asked)).await;
    }
}
