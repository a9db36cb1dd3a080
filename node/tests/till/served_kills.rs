//! `till serve` is killed by kill -9 at random moments while three callers sell and refund over its local API.
//!
//! After each kill the next process is asked, over the same API: each unanswered command is submitted again and must
//! make exactly one document in all, each answered number must print, the audit must be clean and no series may have a
//! hole. `COUNTERFOIL_KILLS=3000` kills more often; the seed is printed, and `COUNTERFOIL_SEED` repeats its choices
//! (not the timing of the machine).

use std::collections::{BTreeMap, BTreeSet};
use std::process::{Child, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::api::{Api, token};
use crate::random::{Random, times};
use crate::shop::{Serving, Shop, copy_folder};

const KILLS: u64 = 200;
/// A till is killed so often before the next one takes its place, so that its audit stays short.
const KILLS_PER_TILL: u64 = 20;
const SELLERS: u64 = 3;
/// The longest time under load, in microseconds; a start takes as long.
const LOAD_US: u64 = 30_000;

/// A command that was submitted, and the number that was answered, if one was.
#[derive(Clone, Debug)]
struct Submitted {
    id: String,
    body: String,
    number: Option<String>,
}

/// A till that is killed again and again, and what it was asked and has answered.
struct Besieged {
    shop: Shop,
    answered: BTreeMap<String, (String, String)>,
    open: Vec<Submitted>,
    fresh: Vec<String>,
}

#[test]
fn a_served_till_that_is_killed_at_any_moment_keeps_every_answer_and_makes_no_document_twice() {
    let mut random = Random::printed("kill -9 of till serve");
    let (kills, begun) = (times("COUNTERFOIL_KILLS", KILLS), Instant::now());
    let template = Shop::open();
    let (mut documents, mut unanswered, mut kill) = (0, 0, 0);
    while kill < kills {
        let mut till = Besieged::new(&template);
        for _ in 0..KILLS_PER_TILL.min(kills - kill) {
            till.live_and_die(kill, &mut random);
            unanswered += till.open.len();
            kill += 1;
        }
        let mut serving = till.shop.serve();
        till.check(&mut serving);
        documents += till.answered.len();
        println!("{kill} of {kills} kills, {documents} documents, {unanswered} commands left unanswered by a kill");
    }
    println!("{} ms per kill", begun.elapsed().as_millis() / u128::from(kills.max(1)));
    assert!(documents as u64 > kills && unanswered > 0, "the load was too small to show anything");
}

impl Besieged {
    fn new(template: &Shop) -> Self {
        let shop = Shop::empty();
        copy_folder(&template.data(), &shop.data());
        Self { shop, answered: BTreeMap::new(), open: Vec::new(), fresh: Vec::new() }
    }

    /// One process: started, asked for what the one before has left, put under load, killed.
    fn live_and_die(&mut self, kill: u64, random: &mut Random) {
        if random.below(8) == 0 {
            // In the midst of its start, when it may be mending what the last kill has left.
            let starting = self.start();
            thread::sleep(Duration::from_micros(random.below(LOAD_US)));
            return finish_off(starting);
        }
        let mut serving = self.shop.serve();
        self.check(&mut serving);
        let (address, token) = (serving.address.clone(), token(&self.shop));
        let pause = Duration::from_micros(random.below(LOAD_US));
        let sellers: Vec<_> = (0..SELLERS)
            .map(|seller| {
                let (address, token, seed) = (address.clone(), token.clone(), random.next());
                thread::spawn(move || sell_until_cut(&address, &token, &format!("k{kill}-{seller}"), seed))
            })
            .collect();
        thread::sleep(pause);
        drop(serving);
        for submitted in sellers.into_iter().flat_map(|seller| seller.join().unwrap()) {
            self.note(submitted);
        }
    }

    fn start(&self) -> Child {
        let mut command = self.shop.command();
        command.args(["--json", "serve", "--listen", "127.0.0.1:0"]);
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    }

    fn note(&mut self, submitted: Submitted) {
        match submitted.number {
            Some(number) => {
                self.fresh.push(number.clone());
                assert_eq!(self.answered.insert(submitted.id, (submitted.body, number)), None);
            }
            None => self.open.push(submitted),
        }
    }

    /// All that must hold after a kill.
    fn check(&mut self, serving: &mut Serving) {
        let mut api = Api::connect(&serving.address, &token(&self.shop)).unwrap();
        for Submitted { id, body, .. } in std::mem::take(&mut self.open) {
            let number = sold(&api.ask("sell", &body), &id);
            assert_eq!(sold(&api.ask("sell", &body), &id), number);
            self.note(Submitted { id, body, number: Some(number) });
        }
        for number in std::mem::take(&mut self.fresh) {
            let printed = api.ask("receipt", &json!({ "number": number }).to_string());
            assert!(printed.to_string().contains(&number), "{printed}");
        }
        if let Some((id, (body, number))) = self.answered.first_key_value() {
            assert_eq!(sold(&api.ask("sell", body), id), *number);
        }
        self.check_series(&api.ask("audit", ""));
    }

    /// Each id has made one document, the numbers of which are 1 to n without a hole.
    fn check_series(&self, audit: &Value) {
        assert_eq!((&audit["ok"], &audit["differences"]), (&json!(true), &json!([])), "{audit}");
        let numbers: BTreeSet<&str> = self.answered.values().map(|(_, number)| number.as_str()).collect();
        assert_eq!(numbers.len(), self.answered.len(), "a number was given twice");
        let mut issued = 0;
        for series in audit["series"].as_array().unwrap().iter().filter(|series| series["issued"] != 0) {
            assert_eq!((&series["missing"], &series["duplicates"]), (&json!([]), &json!([])), "{audit}");
            assert_eq!((&series["first"], &series["last"]), (&json!(1), &series["issued"]), "{audit}");
            let prefix = series["series"].as_str().unwrap();
            let known = numbers.iter().filter(|number| number.starts_with(prefix)).count() as u64;
            assert_eq!(series["issued"], known, "{prefix}: more or fewer documents than commands");
            issued += known;
        }
        assert_eq!(issued, numbers.len() as u64);
    }
}

fn finish_off(mut process: Child) {
    process.kill().unwrap();
    process.wait().unwrap();
}

/// The number in the answer to one basket.
fn sold(answer: &Value, id: &str) -> String {
    assert_eq!(answer["id"], id, "{answer}");
    answer["number"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
}

/// Sells one to three baskets at a time, now and then a refund, until the connection is cut.
fn sell_until_cut(address: &str, token: &str, name: &str, seed: u64) -> Vec<Submitted> {
    let mut random = Random::from_seed(seed);
    let mut all: Vec<Submitted> = Vec::new();
    let Ok(mut api) = Api::connect(address, token) else { return all };
    for place in 0_u64.. {
        let refunded = all.last().filter(|last| last.number.is_some() && !last.body.contains("refund_of"));
        let refund = refunded.filter(|_| random.below(6) == 0).map(|last| last.id.clone());
        let baskets: Vec<Submitted> = match refund {
            Some(of) => vec![command(format!("{name}-{place}-r"), |id| json!({ "id": id, "refund_of": of }))],
            None => (0..1 + random.below(3)).map(|at| basket(format!("{name}-{place}-{at}"), &mut random)).collect(),
        };
        let body: Vec<&str> = baskets.iter().map(|basket| basket.body.as_str()).collect();
        let answered = api.post("/v1/sell", &body.join("\n"));
        let Ok((status, answers)) = answered else {
            all.extend(baskets);
            return all;
        };
        assert_eq!((status, answers.lines().count()), (200, baskets.len()), "{answers}");
        for (basket, line) in baskets.into_iter().zip(answers.lines()) {
            let number = sold(&serde_json::from_str(line).unwrap(), &basket.id);
            all.push(Submitted { number: Some(number), ..basket });
        }
    }
    all
}

fn command(id: String, body: impl FnOnce(&str) -> Value) -> Submitted {
    let body = body(&id).to_string();
    Submitted { id, body, number: None }
}

fn basket(id: String, random: &mut Random) -> Submitted {
    let quantity = (1 + random.below(3)).to_string();
    command(
        id,
        |id| json!({ "id": id, "lines": [{ "code": "TEA", "quantity": quantity }, { "code": "CHEESE", "quantity": "0.2" }] }),
    )
}
