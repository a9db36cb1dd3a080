//! Clients of head office that are slow, silent, half gone or too many: each is cut off, and tills go on meanwhile.
//!
//! Head office runs as a program. How many connections it has at once is counted by the system, in `/proc`.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use crate::head::{Head, figures};
use crate::till::Till;

/// How long a stranger may stay that should have been cut off; head office's own limits are 5 and 30 s.
const PATIENCE: Duration = Duration::from_secs(240);
const SECOND: Duration = Duration::from_secs(1);
/// How many connections head office takes at once in the second test, and how many come.
const SEATS: usize = 16;
const STRANGERS: usize = 80;
/// Listeners, the local API, and what the runtime needs for itself.
const OTHER_SOCKETS: usize = 12;

type Tls = StreamOwned<ClientConnection, TcpStream>;

fn connect(head: &Head) -> TcpStream {
    let stream = TcpStream::connect(head.program_address()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// A connection that has shaken hands, without the certificate of a till.
fn shaken(head: &Head) -> Tls {
    let mut roots = RootCertStore::empty();
    let root = std::fs::read(head.data().join("authority.pem")).unwrap();
    roots.add(CertificateDer::from_pem_slice(&root).unwrap()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let tls = ClientConnection::new(Arc::new(config), "localhost".try_into().unwrap()).unwrap();
    let mut stream = StreamOwned::new(tls, connect(head));
    while stream.conn.is_handshaking() {
        stream.conn.complete_io(&mut stream.sock).unwrap();
    }
    stream
}

fn said(mut stream: Tls, begun: &str) -> Tls {
    stream.write_all(begun.as_bytes()).unwrap();
    stream.flush().unwrap();
    stream
}

/// Whether an error says that there is nothing yet.
fn is_waiting(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::WouldBlock | ErrorKind::TimedOut)
}

/// Waits until head office has ended the connection, whatever it says before.
fn wait_for_end(mut stream: impl Read) {
    // A connection may be reset or end without the farewell of TLS.
    let is_over = stream.read_to_end(&mut Vec::new()).map_or_else(|error| !is_waiting(error.kind()), |_| true);
    assert!(is_over, "still connected after {} s", PATIENCE.as_secs());
}

/// Writes one byte a second until head office has had enough.
fn drip(mut stream: impl Read + Write, sock: &TcpStream, bytes: &[u8]) {
    sock.set_read_timeout(Some(SECOND)).unwrap();
    for byte in bytes.iter().cycle().take(usize::try_from(PATIENCE.as_secs()).unwrap()) {
        if stream.write_all(&[*byte]).and_then(|()| stream.flush()).is_err() {
            return;
        }
        match stream.read(&mut [0; 512]) {
            Ok(1..) => {}
            Err(error) if is_waiting(error.kind()) => {}
            Ok(0) | Err(_) => return,
        }
    }
    panic!("one byte a second was listened to for {} s", PATIENCE.as_secs());
}

/// Asks again and again and reads no answer, until head office has had enough.
fn ask_and_never_read(mut stream: Tls) {
    stream.sock.set_write_timeout(Some(SECOND)).unwrap();
    let asked = "GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n".repeat(200);
    let mut waited = 0;
    while waited < PATIENCE.as_secs() {
        let written = stream.conn.writer().write(asked.as_bytes());
        match written.and_then(|_| stream.conn.write_tls(&mut stream.sock)) {
            Ok(_) => {}
            Err(error) if is_waiting(error.kind()) => waited += 1,
            Err(_) => return,
        }
    }
    panic!("a client that never reads kept its place for {} s", PATIENCE.as_secs());
}

fn drip_tls(stream: Tls, bytes: &'static [u8]) {
    let sock = stream.sock.try_clone().unwrap();
    drip(stream, &sock, bytes);
}

/// How many sockets the program has open.
fn sockets(head: &Head) -> usize {
    let is_socket = |file: &Path| std::fs::read_link(file).is_ok_and(|to| to.to_string_lossy().starts_with("socket"));
    let files = std::fs::read_dir(format!("/proc/{}/fd", head.process())).unwrap();
    files.filter(|file| is_socket(&file.as_ref().unwrap().path())).count()
}

#[test]
fn slow_silent_and_half_gone_clients_are_cut_off_while_tills_push() {
    let head = Head::open_program();
    let tills = [head.till("S01", "T01"), head.till("S02", "T01")];
    tills.iter().for_each(|till| drop(till.sync()));
    let post = "POST /enrol HTTP/1.1\r\nhost: localhost\r\ncontent-length: 4000\r\n\r\n";
    let mut strangers: Vec<thread::JoinHandle<()>> = Vec::new();
    let silent = connect(&head);
    strangers.push(thread::spawn(move || wait_for_end(silent)));
    let silent = shaken(&head);
    strangers.push(thread::spawn(move || wait_for_end(silent)));
    let half_said = said(shaken(&head), &format!("{post}half of a body"));
    strangers.push(thread::spawn(move || wait_for_end(half_said)));
    let half_gone = said(shaken(&head), post);
    half_gone.sock.shutdown(Shutdown::Write).unwrap();
    strangers.push(thread::spawn(move || wait_for_end(half_gone)));
    let slow_hands = connect(&head);
    // The record of a `ClientHello` of 512 bytes, and then nothing but its beginning.
    strangers.push(thread::spawn(move || {
        drip(slow_hands.try_clone().unwrap(), &slow_hands, &[22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3]);
    }));
    let slow_header = said(shaken(&head), "GET /health HTTP/1.1\r\nx-slow: ");
    strangers.push(thread::spawn(move || drip_tls(slow_header, b"a")));
    let slow_body = said(shaken(&head), post);
    strangers.push(thread::spawn(move || drip_tls(slow_body, b" ")));
    let never_reads = shaken(&head);
    strangers.push(thread::spawn(move || ask_and_never_read(never_reads)));
    for round in 0..3 {
        for till in &tills {
            till.sell_milk(&format!("round-{round}"), 5);
            assert_eq!(till.sync()["journals"][0]["sent"], 5);
        }
    }
    strangers.into_iter().for_each(|stranger| stranger.join().unwrap());
    assert!(sockets(&head) <= OTHER_SOCKETS, "{} sockets are left open", sockets(&head));
    let audits = tills.each_ref().map(Till::audit);
    assert_eq!(figures(&audits.each_ref()), figures(&[&head.clean_audit()]));
}

#[test]
fn more_clients_than_there_are_seats_delay_the_tills_and_take_no_more_than_the_seats() {
    let mut head = Head::open_program();
    let till = head.till("S01", "T01");
    till.sync();
    head.stop();
    head.write_settings(&format!("connections_max = {SEATS}\n"));
    head.serve_by_program();
    let strangers: Vec<TcpStream> = (0..STRANGERS).map(|_| connect(&head)).collect();
    let mut most = 0;
    till.sell_milk("meanwhile", 3);
    // Each tries several times by itself; the strangers are cut off by sixteens.
    while till.run(&["sync"]).code != 0 {
        most = most.max(sockets(&head));
    }
    assert!(most <= SEATS + OTHER_SOCKETS, "{most} sockets were open for {SEATS} seats");
    strangers.into_iter().for_each(wait_for_end);
    assert!(sockets(&head) <= OTHER_SOCKETS, "{} sockets are left open", sockets(&head));
    assert_eq!(figures(&[&till.audit()]), figures(&[&head.clean_audit()]));
}
