//! `head-office serve` is killed by kill -9 at random moments while tills push and a new one joins.
//!
//! After each kill the next process is asked over its own local API: everything that it had acknowledged is there, its
//! audit is clean, and a token that was shown when it died is shown again and has made one journal. The tills push on.
//! At the end of each generation everything has arrived, and the sums of the tills are those of head office.
//! `COUNTERFOIL_KILLS=3000` kills more often; the seed is printed, and `COUNTERFOIL_SEED` repeats its choices (not the
//! timing of the machine).

use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use counterfoil_node::caller::Caller;
use counterfoil_node::folder::Folder;
use counterfoil_node::open_till::OpenTill;
use counterfoil_node::operations::sell::{Seller, SubmittedLine};
use counterfoil_node::sync::client::Client;
use counterfoil_node::sync::head_office::{HeadOffice, TlsKey};
use counterfoil_node::sync::till_side::TillSide;
use counterfoil_node::sync::trouble::Trouble;
use counterfoil_node::sync::{enrol, push, tls};
use counterfoil_sync_server::operations::{Operation, StoreOrder, TokenOrder};
use serde_json::Value;
use tokio::runtime::{Builder, Runtime};

use crate::head::{Head, figures, of_journal};
use crate::random::{Random, times};
use crate::till::{Till, basket, text};

const KILLS: u64 = 120;
/// A head office is killed so often before it is put back to its beginning, so that its audit stays short.
const KILLS_PER_GENERATION: u64 = 20;
const TILLS: [&str; 3] = ["T01", "T02", "T03"];
/// The longest time under load, in microseconds.
const LOAD_US: u64 = 40_000;

/// A till that is open in this process and pushes over TLS of its own.
struct Pusher {
    place: Till,
    till: Mutex<OpenTill>,
    journal: String,
    runtime: Runtime,
    sold: u64,
}

/// A till that shows its token until head office has answered.
struct Joining {
    place: Till,
    token: String,
}

#[test]
fn a_head_office_that_is_killed_at_any_moment_keeps_what_it_acknowledged_and_counts_nothing_twice() {
    let mut random = Random::printed("kill -9 of head-office serve");
    let (kills, begun) = (times("COUNTERFOIL_KILLS", KILLS), Instant::now());
    let mut head = Head::open_program();
    let templates = TILLS.map(|name| head.till("S01", name));
    templates.iter().for_each(|till| drop(till.sync()));
    head.stop();
    let beginning = head.copy();
    let (mut kill, mut documents, mut cut, mut joined) = (0, 0, 0, 0);
    while kill < kills {
        head.put_back(&beginning);
        head.serve_by_program();
        let mut tills: Vec<Pusher> = templates.iter().map(|till| Pusher::open(till.copied())).collect();
        let mut joining: Option<Joining> = None;
        for _ in 0..KILLS_PER_GENERATION.min(kills - kill) {
            let is_answered = joining.take().is_none_or(|joining| join(&head, &joining).map(drop).is_ok());
            assert!(is_answered, "the same token with the same keys gets the same answer");
            check(&head, &tills, joined);
            if random.below(4) == 0 {
                joined += 1;
                joining = Some(Joining { place: Till::nowhere(), token: token(&head, joined) });
            }
            cut += load_and_kill(&mut head, &mut tills, joining.as_ref(), &mut random);
            kill += 1;
        }
        if let Some(joining) = joining {
            join(&head, &joining).unwrap();
        }
        check(&head, &tills, joined);
        tills.iter_mut().for_each(|till| till.push(&head).unwrap());
        documents += settle(&head, tills);
        joined = 0;
        head.stop();
        println!("{kill} of {kills} kills, {documents} documents, {cut} exchanges cut off by a kill");
    }
    println!("{} ms per kill", begun.elapsed().as_millis() / u128::from(kills.max(1)));
    assert!(documents > kills && cut > kills / 2, "the load was too small to show anything");
}

/// Lets tills sell and push and one join, kills at a random moment, and starts anew. Tells how many were cut off.
fn load_and_kill(head: &mut Head, tills: &mut [Pusher], joining: Option<&Joining>, random: &mut Random) -> u64 {
    if random.below(8) == 0 {
        // In the midst of its start, when it may be mending what the last kill has left.
        head.stop();
        head.kill_while_starting(Duration::from_micros(random.below(LOAD_US)));
        head.serve_by_program();
        return 0;
    }
    let (pause, seeds) = (Duration::from_micros(random.below(LOAD_US)), TILLS.map(|_| random.next()));
    let process = head.process();
    let cut = thread::scope(|scope| {
        let head = &*head;
        let pushing: Vec<_> = tills
            .iter_mut()
            .zip(seeds)
            .map(|(till, seed)| scope.spawn(move || till.push_until_cut(head, &mut Random::from_seed(seed))))
            .collect();
        let joining = joining.map(|joining| scope.spawn(move || u64::from(join(head, joining).is_err())));
        thread::sleep(pause);
        crate::network::kill(process);
        let cut: u64 = pushing.into_iter().map(|till| till.join().unwrap()).sum();
        cut + joining.map_or(0, |joining| joining.join().unwrap())
    });
    head.stop();
    head.serve_by_program();
    cut
}

fn token(head: &Head, number: u64) -> String {
    let order = TokenOrder {
        store: "S02".to_owned(),
        till: format!("T{number:02}"),
        expires_s: 3_600,
        has_history: false,
        profile: StoreOrder::default(),
    };
    text(&head.ask(&Operation::Token(order))["token"])
}

/// Joins; where the till is there already, because only its last step was missing, it is told so again.
fn join(head: &Head, joining: &Joining) -> Result<(), counterfoil_node::failure::Failure> {
    let folder = Folder::at(joining.place.folder());
    let (address, token) = (head.program_url().parse().unwrap(), joining.token.parse().unwrap());
    enrol::enrol(&folder, &address, &token).map(drop)
}

/// What must hold after each kill: what the tills have signed word of is there, and nothing differs.
fn check(head: &Head, tills: &[Pusher], joined: u64) {
    let audit = head.ask(&Operation::Audit);
    assert_eq!((&audit["ok"], audit["differences"].as_array().map(Vec::len)), (&Value::Bool(true), Some(0)), "{audit}");
    for till in tills {
        let found = of_journal(&audit, &till.journal);
        let stand = till.till.journals().unwrap().pop().unwrap();
        let entries = found["entries"].as_u64().unwrap();
        assert!((stand.acknowledged..=stand.seq).contains(&entries), "{stand:?} and {found}");
    }
    for series in audit["series"].as_array().unwrap() {
        assert_eq!((&series["missing"], &series["duplicates"]), (&serde_json::json!([]), &serde_json::json!([])));
    }
    let journals = audit["journals"].as_array().unwrap().len() as u64;
    assert_eq!(journals, TILLS.len() as u64 + joined, "each token has made one journal");
}

/// All has arrived; tells how many documents there are.
fn settle(head: &Head, tills: Vec<Pusher>) -> u64 {
    let sold: u64 = tills.iter().map(|till| till.sold).sum();
    let places: Vec<Till> = tills.into_iter().map(|till| till.place).collect();
    let audits: Vec<Value> = places.iter().map(Till::audit).collect();
    let office = head.audit();
    assert_eq!(figures(&audits.iter().collect::<Vec<_>>()), figures(&[&office]));
    assert_eq!((&office["totals"][0]["documents"], &office["unreceived"]), (&sold.into(), &serde_json::json!([])));
    sold
}

impl Pusher {
    fn open(place: Till) -> Self {
        let folder = Folder::at(place.folder());
        let till = Mutex::new(OpenTill::open(folder.try_lock().unwrap().unwrap()).unwrap());
        let journal = till.journals().unwrap().pop().unwrap().journal;
        Self { place, till, journal, runtime: Builder::new_current_thread().enable_all().build().unwrap(), sold: 0 }
    }

    fn client(&self, head: &Head) -> Client {
        let folder = Folder::at(self.place.folder());
        let known = HeadOffice::require(&folder).unwrap();
        let key = TlsKey::read_or_make(&folder).unwrap().pem();
        let config = tls::enrolled(&known.authority, &known.certificate, &key, known.seen).unwrap();
        Client::new(head.program_url().parse().unwrap(), config)
    }

    fn push(&mut self, head: &Head) -> Result<(), Trouble> {
        let mut client = self.client(head);
        self.push_by(&mut client)
    }

    fn push_by(&mut self, client: &mut Client) -> Result<(), Trouble> {
        let stand = self.till.journals()?.pop().unwrap();
        let pushed = self.runtime.block_on(push::push(client, &self.till, &stand, &mut 0))?;
        assert!(!push::has_ended(pushed.verdict), "{pushed:?}");
        Ok(())
    }

    fn sell(&mut self) {
        let mut till = self.till.lock().unwrap();
        let seller = Seller::identify(&mut till, &Caller::default()).unwrap();
        let line = SubmittedLine { number: 1, text: basket(&format!("sale-{}", self.sold), "MILK", "1") };
        let answer = seller.sell(&mut till, &line).unwrap();
        assert!(answer.json.contains("\"number\""), "{answer:?}");
        self.sold += 1;
    }

    /// Sells and pushes until nobody answers; one exchange is cut off by that.
    fn push_until_cut(&mut self, head: &Head, random: &mut Random) -> u64 {
        let mut client = self.client(head);
        loop {
            (0..1 + random.below(3)).for_each(|_| self.sell());
            match self.push_by(&mut client) {
                Ok(()) => {}
                Err(Trouble::Unreachable(_)) => return 1,
                Err(other) => panic!("{other:?}"),
            }
            if random.below(4) == 0 {
                client = self.client(head);
            }
        }
    }
}
