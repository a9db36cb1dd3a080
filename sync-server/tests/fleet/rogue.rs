//! A head office that misbehaves: what listens at its address does one thing wrong, again and again.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;

use counterfoil_core::time::Timestamp;
use counterfoil_sync_server::authority::Authority;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::line::PATIENCE;

/// What is answered to a request, its head and body together.
pub(crate) type Answer = Box<dyn Fn(&str) -> Vec<u8> + Send + Sync>;

/// What follows an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Then {
    /// The connection is closed.
    Close,
    /// Nothing, for ever.
    Hold,
    /// It says that no more comes, and stays.
    HalfClose,
    /// More bytes, without an end.
    Flood,
    /// The next request is read.
    Listen,
}

/// How it behaves.
pub(crate) struct Manner {
    /// With which certificate; none speaks without TLS.
    pub(crate) tls: Option<Arc<ServerConfig>>,
    /// What it says.
    pub(crate) answer: Answer,
    /// And then.
    pub(crate) then: Then,
}

/// Who is on the line.
#[derive(Default)]
struct Callers {
    calls: usize,
    answers: usize,
    held: usize,
}

/// A head office that misbehaves, for ever.
#[derive(Clone)]
pub(crate) struct Rogue {
    address: SocketAddr,
    callers: Arc<(Mutex<Callers>, Condvar)>,
}

impl Rogue {
    /// Begins to listen.
    pub(crate) fn start(manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let rogue = Self { address: listener.local_addr().unwrap(), callers: Arc::default() };
        let (own, manner) = (rogue.clone(), Arc::new(manner));
        thread::spawn(move || {
            for tcp in listener.incoming().flatten() {
                let (own, manner) = (own.clone(), Arc::clone(&manner));
                // A caller that goes away is no failure.
                thread::spawn(move || drop(own.meet(tcp, &manner)));
            }
        });
        rogue
    }

    /// Where it listens.
    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where tills find it.
    pub(crate) fn url(&self) -> String {
        format!("https://{}", self.address)
    }

    /// Waits until somebody has said something to it.
    pub(crate) fn wait_for_call(&self) {
        self.wait_while(|callers| callers.calls == 0);
    }

    /// Waits until it has answered somebody.
    pub(crate) fn wait_for_answer(&self) {
        self.wait_while(|callers| callers.answers == 0);
    }

    fn wait_while(&self, is_early: impl Fn(&Callers) -> bool) {
        let (callers, called) = &*self.callers;
        let waited = called.wait_timeout_while(callers.lock().unwrap(), PATIENCE, |callers| is_early(callers)).unwrap();
        assert!(!waited.1.timed_out(), "nobody has called");
    }

    /// How many callers wait for an answer that does not come.
    pub(crate) fn held(&self) -> usize {
        self.callers.0.lock().unwrap().held
    }

    fn meet(&self, tcp: TcpStream, manner: &Manner) -> io::Result<()> {
        let raw = tcp.try_clone()?;
        match &manner.tls {
            None => self.speak(tcp, &raw, manner),
            Some(config) => {
                let tls = ServerConnection::new(Arc::clone(config)).map_err(io::Error::other)?;
                self.count(|callers| callers.calls += 1);
                self.speak(StreamOwned::new(tls, tcp), &raw, manner)
            }
        }
    }

    fn speak(&self, mut stream: impl Read + Write, raw: &TcpStream, manner: &Manner) -> io::Result<()> {
        loop {
            let request = if manner.tls.is_some() { read_request(&mut stream)? } else { read_some(&mut stream)? };
            self.count(|callers| callers.calls += 1);
            stream.write_all(&(manner.answer)(&request))?;
            stream.flush()?;
            self.count(|callers| callers.answers += 1);
            match manner.then {
                Then::Listen => {}
                Then::Close => return raw.shutdown(Shutdown::Both),
                Then::HalfClose | Then::Hold => {
                    if manner.then == Then::HalfClose {
                        raw.shutdown(Shutdown::Write)?;
                    }
                    self.count(|callers| callers.held += 1);
                    let gone = stream.read_to_end(&mut Vec::new());
                    self.count(|callers| callers.held -= 1);
                    return gone.map(drop);
                }
                Then::Flood => loop {
                    stream.write_all(&[b'x'; 16_384])?;
                },
            }
        }
    }

    fn count(&self, change: impl FnOnce(&mut Callers)) {
        change(&mut self.callers.0.lock().unwrap());
        self.callers.1.notify_all();
    }
}

fn read_some(stream: &mut impl Read) -> io::Result<String> {
    let mut buffer = [0; 4_096];
    let count = stream.read(&mut buffer)?;
    if count == 0 { Err(ErrorKind::UnexpectedEof.into()) } else { Ok(String::new()) }
}

/// One request with its body, as text as far as it is text.
fn read_request(stream: &mut impl Read) -> io::Result<String> {
    let mut bytes = Vec::new();
    let mut byte = [0];
    while !bytes.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte)?;
        bytes.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&bytes).to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    stream.read_exact(&mut body)?;
    bytes.extend(body);
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The TLS side of a server with a certificate of this authority for these hosts, made at this time.
pub(crate) fn tls(authority: &Authority, hosts: &[&str], made: Timestamp) -> Arc<ServerConfig> {
    let hosts: Vec<String> = hosts.iter().map(|host| (*host).to_owned()).collect();
    let certificate = authority.server_certificate(&hosts, made).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(certificate.chain, certificate.key);
    Arc::new(config.unwrap())
}

/// A response with this status line, these further header lines and this body.
pub(crate) fn response(status: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 {status}\r\n{headers}content-length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}
