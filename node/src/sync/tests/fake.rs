//! A head office of the tests, over real TLS: it keeps hashes, answers by the rules of the wire, and has mishaps on demand.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use counterfoil_core::feed::{FeedPageV1, FeedRow, StateHash};
use counterfoil_core::grant::{GrantV1, JournalRequestV1, Profile, StopV1};
use counterfoil_core::id::{Hash, JournalId, Note, OperatorCode};
use counterfoil_core::journal::acknowledgement::{Acknowledgement, Epoch, Nonce};
use counterfoil_core::journal::batch::Batch;
use counterfoil_core::journal::hello::{Challenge, Hello};
use counterfoil_core::journal::key::{PublicKey, SigningKey};
use counterfoil_core::operator::PinHash;
use counterfoil_core::series::{DocumentKind, Series};
use counterfoil_core::time::Timestamp;
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use rcgen::{
    BasicConstraints, CertificateParams, CertificateSigningRequestParams, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256,
};
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use sha2::{Digest, Sha256};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::sync::address::{Address, Token};
use crate::wire::sync::{Document, EnrolAnswer, EnrolRequest, RenewAnswer, RenewRequest, SyncAnswer, VerdictWire};

/// When the fake grants.
pub(super) const GRANTED_MS: i64 = 1_795_000_000_000;

/// What goes wrong with the next request.
#[derive(Clone, Debug)]
pub(super) enum Mishap {
    /// Nothing.
    None,
    /// It is carried out and its answer is lost.
    LoseAnswer,
    /// It is answered with this status, and a time to wait.
    Status(u16, Option<u64>),
}

/// What the fake knows.
pub(super) struct State {
    pub(super) mishaps: VecDeque<Mishap>,
    pub(super) requests: Vec<String>,
    /// Per journal: its key, and the hash of each entry held.
    pub(super) journals: BTreeMap<JournalId, (PublicKey, Vec<Hash>)>,
    /// The verdict that a journal gets instead of the right one, with a stop.
    pub(super) stopped: BTreeMap<JournalId, VerdictWire>,
    /// Entries of another branch of a journal, and where it began.
    pub(super) disputed: BTreeMap<JournalId, (u64, Vec<u64>)>,
    pub(super) rows: Vec<FeedRow>,
    /// The PINs that come with the first page.
    pub(super) pins: Vec<(OperatorCode, PinHash)>,
    pub(super) further_grants: Vec<Vec<u8>>,
    /// From when to when the certificates of tills are valid.
    pub(super) validity_ms: Option<(u64, u64)>,
    /// The certificate that counts as ended.
    pub(super) ended: Option<Vec<u8>>,
    pub(super) epoch: Epoch,
    /// Its clock.
    pub(super) time_ms: i64,
    /// Journals that were granted and have ended before their till knew of them.
    pub(super) used_up: BTreeSet<JournalId>,
    pub(super) token_used_by: Option<(PublicKey, Vec<u8>)>,
    pub(super) profile: Profile,
    key: SigningKey,
    challenge: [u8; 32],
    proven: u64,
    authority: Arc<Authority>,
    suffixes: u8,
}

struct Authority {
    certificate: CertificateDer<'static>,
    pem: String,
    issuer: Issuer<'static, KeyPair>,
}

/// A running fake.
pub(super) struct FakeHeadOffice {
    pub(super) address: Address,
    pub(super) token: Token,
    state: Arc<Mutex<State>>,
}

impl FakeHeadOffice {
    /// Starts one for this host name in its certificate.
    pub(super) fn start(profile: Profile, host: &str) -> Self {
        let authority = Arc::new(authority());
        let pin = Sha256::digest(&authority.certificate);
        let token = format!("CF1-{}", URL_SAFE_NO_PAD.encode([&[7; 20], pin.as_slice()].concat())).parse().unwrap();
        let acceptor = acceptor(&authority, host);
        let state = Arc::new(Mutex::new(State {
            mishaps: VecDeque::new(),
            requests: Vec::new(),
            journals: BTreeMap::new(),
            stopped: BTreeMap::new(),
            disputed: BTreeMap::new(),
            rows: Vec::new(),
            pins: Vec::new(),
            further_grants: Vec::new(),
            validity_ms: None,
            ended: None,
            epoch: Epoch { counter: 1, random: [1; 8] },
            time_ms: GRANTED_MS + 500,
            used_up: BTreeSet::new(),
            token_used_by: None,
            profile,
            key: SigningKey::from_seed([42; 32]),
            challenge: [0; 32],
            proven: 0,
            authority,
            suffixes: 0,
        }));
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("https://{}", listener.local_addr().unwrap()).parse().unwrap();
        listener.set_nonblocking(true).unwrap();
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async { accept(TcpListener::from_std(listener).unwrap(), acceptor, shared).await });
        });
        Self { address, token, state }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// A token of the same head office that nobody has used.
    pub(super) fn another_token(&self) -> Token {
        self.state().token_used_by = None;
        let bytes = [&[8; 20], self.token.pin().as_slice()].concat();
        format!("CF1-{}", URL_SAFE_NO_PAD.encode(bytes)).parse().unwrap()
    }

    /// How many entries of the journal are held.
    pub(super) fn held(&self, journal: JournalId) -> usize {
        self.state().journals[&journal].1.len()
    }
}

async fn accept(listener: TcpListener, acceptor: TlsAcceptor, state: Arc<Mutex<State>>) {
    while let Ok((tcp, _)) = listener.accept().await {
        let (acceptor, state) = (acceptor.clone(), Arc::clone(&state));
        tokio::spawn(async move {
            let Ok(tls) = acceptor.accept(tcp).await else { return };
            let certificate = tls.get_ref().1.peer_certificates().and_then(|chain| Some(chain.first()?.to_vec()));
            let service = service_fn(move |request| answer(request, certificate.clone(), Arc::clone(&state)));
            let _ = http1::Builder::new().serve_connection(TokioIo::new(tls), service).await;
        });
    }
}

async fn answer(
    request: Request<Incoming>,
    certificate: Option<Vec<u8>>,
    state: Arc<Mutex<State>>,
) -> Result<Response<Full<Bytes>>, std::io::Error> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map_err(std::io::Error::other)?.to_bytes();
    let mut state = state.lock().unwrap();
    let path = head.uri.path_and_query().unwrap().as_str().to_owned();
    state.requests.push(path.clone());
    let mishap = state.mishaps.pop_front();
    if let Some(Mishap::Status(status, wait)) = mishap {
        let wait = wait.map_or_else(String::new, |wait| wait.to_string());
        let answer = Response::builder().status(status).header("retry-after", wait);
        return answer.body(Full::default()).map_err(std::io::Error::other);
    }
    let (status, bytes) = match state.handle(&path, &body, certificate.as_deref()) {
        Ok(bytes) => (200, bytes),
        Err((status, "")) => {
            let problem = serde_json::json!({"type": "about:blank", "status": status, "detail": "it has ended"});
            (status, problem.to_string().into_bytes())
        }
        Err((status, code)) => {
            let field = match code {
                "declined" => "revision",
                "id_reused" => "journal",
                _ => "token",
            };
            let refused = serde_json::json!({"code": code, "message": "", "field": field, "value": "v", "limit": "l"});
            let problem =
                serde_json::json!({"type": "about:blank", "status": status, "detail": "no", "refused": refused});
            (status, problem.to_string().into_bytes())
        }
    };
    if matches!(mishap, Some(Mishap::LoseAnswer)) {
        return Err(std::io::Error::other("the answer is lost"));
    }
    Response::builder().status(status).body(Full::from(bytes)).map_err(std::io::Error::other)
}

impl State {
    fn handle(&mut self, path: &str, body: &[u8], certificate: Option<&[u8]>) -> Result<Vec<u8>, (u16, &'static str)> {
        if path == "/enrol" {
            return self.enrol(&serde_json::from_slice(body).unwrap());
        }
        let Some(certificate) = certificate else { return Err((401, "not_permitted")) };
        let is_for_ended = path == "/sync/renew" || path.starts_with("/sync/challenge");
        if self.ended.as_deref() == Some(certificate) && !is_for_ended {
            return Err((403, ""));
        }
        match path.split('?').next().unwrap() {
            "/sync/challenge" => {
                self.challenge[0] += 1;
                Ok(self.challenge.to_vec())
            }
            "/sync/hello" => {
                let hello = Hello::read(body).unwrap();
                let Some((key, held)) = self.journals.get(&hello.claimed().journal) else {
                    return Ok(self.verdict(hello.claimed().journal, VerdictWire::UnknownJournal));
                };
                let hello = hello.verify(key).unwrap();
                assert_eq!(hello.statement().challenge, Some(Challenge(self.challenge)));
                let office = self.key.public_key();
                let proven = hello.clone().check(&office).unwrap().acknowledged_seq();
                if let Some((from, _)) = self.disputed.get_mut(&hello.statement().journal) {
                    *from = proven + 1;
                }
                self.proven = proven;
                let is_behind = held.len() as u64 > hello.statement().seq;
                let verdict = if is_behind { VerdictWire::Duplicate } else { VerdictWire::Append };
                Ok(self.verdict(hello.statement().journal, verdict))
            }
            "/sync/batch" => Ok(self.batch(body)),
            "/sync/request" => {
                let request = JournalRequestV1::verify(body).unwrap();
                if self.used_up.contains(&request.journal) { Err((409, "id_reused")) } else { Ok(self.grant(&request)) }
            }
            "/sync/renew" => {
                let request: RenewRequest = serde_json::from_slice(body).unwrap();
                let hello = request.hello.expect("a hello goes along");
                let hello = Hello::read(&hello.0).unwrap();
                let (key, _) = &self.journals[&hello.claimed().journal];
                let hello = hello.verify(key).unwrap();
                assert_eq!(hello.statement().challenge, Some(Challenge(self.challenge)));
                Ok(serde_json::to_vec(&RenewAnswer { certificate: self.certificate(&request.csr) }).unwrap())
            }
            "/sync/feed" => self.feed(path),
            other => panic!("no such route: {other}"),
        }
    }

    fn enrol(&mut self, request: &EnrolRequest) -> Result<Vec<u8>, (u16, &'static str)> {
        let asked = JournalRequestV1::verify(&request.request.0).unwrap();
        if self.used_up.contains(&asked.journal) {
            return Err((409, "id_reused"));
        }
        let grant = match &self.token_used_by {
            Some((key, _)) if *key != asked.key => return Err((403, "token_invalid")),
            Some((_, grant)) => grant.clone(),
            None => self.grant(&asked),
        };
        self.token_used_by = Some((asked.key, grant.clone()));
        let (certificate, ca) = (self.certificate(&request.csr), self.authority.pem.clone());
        Ok(serde_json::to_vec(&EnrolAnswer { grant: Document(grant), certificate, ca }).unwrap())
    }

    fn certificate(&self, csr: &str) -> String {
        let mut request = CertificateSigningRequestParams::from_pem(csr).unwrap();
        request.params.distinguished_name.push(DnType::CommonName, "S01/T01");
        request.params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        if let Some(validity) = self.validity_ms {
            let at = |ms| rcgen::date_time_ymd(1970, 1, 1) + Duration::from_millis(ms);
            (request.params.not_before, request.params.not_after) = (at(validity.0), at(validity.1));
        }
        request.signed_by(&self.authority.issuer).unwrap().pem()
    }

    fn grant(&mut self, request: &JournalRequestV1) -> Vec<u8> {
        // A till that was on its own has numbered with A.
        let suffix = char::from(b'B' + self.suffixes).to_string();
        self.suffixes += 1;
        let series = [2025, 2026, 2027].into_iter().flat_map(|year| DocumentKind::ALL.map(|kind| (kind, year)));
        let standard =
            |(kind, year)| Series::standard(&self.profile.store, &self.profile.till, kind, year, &suffix).unwrap();
        let grant = GrantV1 {
            journal: request.journal,
            key: request.key,
            profile: self.profile.clone(),
            certificate: Vec::new(),
            series: series.map(standard).collect(),
            head_office: self.key.public_key(),
            epoch: self.epoch,
            granted: Timestamp(GRANTED_MS),
        };
        self.journals.insert(request.journal, (request.key, Vec::new()));
        if let Some(predecessor) = &request.predecessor {
            self.journals.entry(predecessor.journal).or_insert((predecessor.key, Vec::new()));
        }
        grant.sign(&self.key).unwrap()
    }

    fn batch(&mut self, body: &[u8]) -> Vec<u8> {
        let batch = Batch::read(body).unwrap();
        let journal = batch.journal();
        let (key, held) = self.journals.get_mut(&journal).unwrap();
        let batch = batch.verify(key).unwrap();
        if batch.first().seq() > held.len() as u64 + 1 {
            return self.verdict(journal, VerdictWire::Gap);
        }
        let before = usize::try_from(batch.first().seq() - 1).unwrap();
        let is_ours = before == 0 || held[before - 1] == batch.head().statement().previous;
        let is_same = batch.entries().iter().zip(&held[before..]).all(|(entry, held)| entry.hash() == *held);
        if !is_ours || !is_same || self.disputed.contains_key(&journal) {
            let (_, kept) = self.disputed.entry(journal).or_insert((self.proven + 1, Vec::new()));
            kept.extend(batch.entries().iter().map(|entry| entry.seq()));
            self.stopped.insert(journal, VerdictWire::Fork);
            return self.verdict(journal, VerdictWire::Fork);
        }
        for entry in batch.entries() {
            if entry.seq() == held.len() as u64 + 1 {
                held.push(entry.hash());
            }
        }
        self.verdict(journal, VerdictWire::Append)
    }

    fn verdict(&self, journal: JournalId, verdict: VerdictWire) -> Vec<u8> {
        let held = self.journals.get(&journal).map_or(&[][..], |(_, held)| held);
        let stopped = self.stopped.get(&journal);
        let stop = stopped.map(|verdict| {
            let verdict = Note::new(verdict.code()).unwrap();
            Document(StopV1 { journal, verdict, stopped: Timestamp(1) }.sign(&self.key).unwrap())
        });
        let acknowledgement = Acknowledgement {
            journal,
            seq: held.len() as u64,
            hash: held.last().copied().unwrap_or(Hash::ZERO),
            epoch: self.epoch,
            time: Timestamp(self.time_ms),
            nonce: Nonce([held.len() as u8; 16]),
        };
        let is_known = self.journals.contains_key(&journal);
        let verdict = stopped.copied().unwrap_or(verdict);
        let is_told = is_known && verdict != VerdictWire::Fork;
        let acknowledgement = is_told.then(|| Document(acknowledgement.sign(&self.key).unwrap()));
        let expected_seq = self.disputed.get(&journal).map_or(held.len() as u64 + 1, |(from, _)| *from);
        let answer = SyncAnswer { verdict, expected_seq, acknowledgement, stop };
        serde_json::to_vec(&answer).unwrap()
    }

    /// Two rows to a page. A revision is the number of rows before it.
    fn feed(&self, path: &str) -> Result<Vec<u8>, (u16, &'static str)> {
        let asked = |name: &str| path.split(['?', '&']).find_map(|part| part.strip_prefix(name)?.strip_prefix('='));
        let is_ours = asked("epoch_counter").is_some_and(|counter| counter == self.epoch.counter.to_string());
        let from = if is_ours { asked("revision").unwrap().parse::<usize>().unwrap() } else { 0 };
        if from > self.rows.len() {
            return Err((409, "declined"));
        }
        let to = (from + 2).min(self.rows.len());
        let mut state = StateHash::default();
        for row in &self.rows {
            let FeedRow::Set(row) = row else { panic!("the fake only sets rows") };
            state = state.with(row);
        }
        let is_last = to == self.rows.len();
        let page = FeedPageV1 {
            store: self.profile.store.clone(),
            epoch: self.epoch,
            from_revision: from as u64,
            to_revision: to as u64,
            rows: self.rows[from..to].to_vec(),
            pins: if from == 0 { self.pins.clone() } else { Vec::new() },
            state: is_last.then_some(state),
            grants: if is_last { self.further_grants.clone() } else { Vec::new() },
        };
        Ok(page.sign(&self.key).unwrap())
    }
}

fn authority() -> Authority {
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    params.distinguished_name.push(DnType::CommonName, "the fake's authority");
    let certificate = params.self_signed(&key).unwrap();
    let (pem, certificate) = (certificate.pem(), certificate.der().clone());
    Authority { certificate, pem, issuer: Issuer::new(params, key) }
}

fn acceptor(authority: &Authority, host: &str) -> TlsAcceptor {
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
    let mut params = CertificateParams::new([host.to_owned()]).unwrap();
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let certificate = params.signed_by(&key, &authority.issuer).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut roots = RootCertStore::empty();
    roots.add(authority.certificate.clone()).unwrap();
    let clients = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider));
    let config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .with_client_cert_verifier(clients.allow_unauthenticated().build().unwrap())
        .with_single_cert(
            vec![certificate.der().clone(), authority.certificate.clone()],
            PrivatePkcs8KeyDer::from(key.serialize_der()).into(),
        );
    TlsAcceptor::from(Arc::new(config.unwrap()))
}
