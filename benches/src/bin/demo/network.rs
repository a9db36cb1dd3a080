//! The line between tills and head office: a forwarder on loopback that can be cut and mended.

use std::io;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use anyhow::Result;

/// A line that forwards connections to head office until it is cut.
pub(crate) struct Line {
    address: SocketAddr,
    is_cut: Arc<AtomicBool>,
    open: Arc<Mutex<Vec<TcpStream>>>,
}

impl Line {
    /// Lays the line.
    pub(crate) fn lay(head_office: SocketAddr) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let line = Self {
            address: listener.local_addr()?,
            is_cut: Arc::new(AtomicBool::new(false)),
            open: Arc::new(Mutex::new(Vec::new())),
        };
        let (is_cut, open) = (Arc::clone(&line.is_cut), Arc::clone(&line.open));
        thread::spawn(move || {
            for till in listener.incoming().flatten() {
                if is_cut.load(Ordering::SeqCst) {
                    drop(till);
                } else if let Err(error) = forward(till, head_office, &open) {
                    eprintln!("the line could not reach head office: {error}");
                }
            }
        });
        Ok(line)
    }

    /// Where the tills find head office.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Cuts every connection and lets none through.
    pub(crate) fn cut(&self) {
        self.is_cut.store(true, Ordering::SeqCst);
        for connection in self.open.lock().iter_mut().flat_map(|open| open.drain(..)) {
            // A connection that has ended already needs no cut.
            let _ended = connection.shutdown(Shutdown::Both);
        }
    }

    /// Lets connections through again.
    pub(crate) fn mend(&self) {
        self.is_cut.store(false, Ordering::SeqCst);
    }
}

fn forward(till: TcpStream, head_office: SocketAddr, open: &Mutex<Vec<TcpStream>>) -> io::Result<()> {
    let office = TcpStream::connect(head_office)?;
    if let Ok(mut open) = open.lock() {
        open.push(till.try_clone()?);
        open.push(office.try_clone()?);
    }
    copy(till.try_clone()?, office.try_clone()?);
    copy(office, till);
    Ok(())
}

fn copy(mut from: TcpStream, mut to: TcpStream) {
    thread::spawn(move || {
        let _copied = io::copy(&mut from, &mut to);
        let _ended = to.shutdown(Shutdown::Write);
    });
}
