//! The line between tills and head office: a forwarder on loopback that is cut where a test wants it.
//!
//! What is said on it is encrypted, so a cut is told by what has gone through: so many bytes up, or the moment at which
//! head office has done something and begins to answer.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Duration;

/// How long a test waits for what must happen.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// What is done with bytes on their way.
type Watch = Box<dyn FnMut(Way, usize) -> Fate + Send>;

/// Which way bytes go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// From the till to head office.
    Up,
    /// From head office to the till.
    Down,
}

/// What becomes of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// They go through.
    Pass,
    /// They are lost with their connection; others go through.
    Lose,
    /// They are lost, and the line is cut until it is mended.
    Cut,
}

struct State {
    head_office: SocketAddr,
    is_cut: bool,
    watch: Option<Watch>,
    losses: u32,
}

/// A line; clones are the same one.
#[derive(Clone)]
pub(crate) struct Line {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    lost: Arc<Condvar>,
}

impl Line {
    /// Lays a line to head office.
    pub(crate) fn lay(head_office: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let state = State { head_office, is_cut: false, watch: None, losses: 0 };
        let line = Self { address, state: Arc::new(Mutex::new(state)), lost: Arc::default() };
        let own = line.clone();
        thread::spawn(move || {
            for till in listener.incoming().flatten() {
                // A head office that is down, or a line that is cut, lets the till alone.
                drop(own.forward(till));
            }
        });
        line
    }

    /// Where tills find head office.
    pub(crate) fn url(&self) -> String {
        format!("https://{}", self.address)
    }

    /// Leads to another address from now on.
    pub(crate) fn lead_to(&self, head_office: SocketAddr) {
        self.state.lock().unwrap().head_office = head_office;
    }

    /// Lets everything through again.
    pub(crate) fn mend(&self) {
        let mut state = self.state.lock().unwrap();
        state.is_cut = false;
        state.watch = None;
    }

    /// Asks for the fate of all bytes from now on, until some are lost.
    pub(crate) fn watch(&self, watch: impl FnMut(Way, usize) -> Fate + Send + 'static) {
        let mut state = self.state.lock().unwrap();
        state.watch = Some(Box::new(watch));
        state.losses = 0;
    }

    /// Waits until a watch has lost or cut something.
    pub(crate) fn wait_for_loss(&self) {
        let state = self.state.lock().unwrap();
        let waited = self.lost.wait_timeout_while(state, PATIENCE, |state| state.losses == 0).unwrap();
        assert!(!waited.1.timed_out(), "nothing was lost on the line");
    }

    fn forward(&self, till: TcpStream) -> io::Result<()> {
        let (head_office, is_cut) = {
            let state = self.state.lock().unwrap();
            (state.head_office, state.is_cut)
        };
        if is_cut {
            return till.shutdown(Shutdown::Both);
        }
        let office = TcpStream::connect(head_office)?;
        till.set_nodelay(true)?;
        office.set_nodelay(true)?;
        self.copy(Way::Up, till.try_clone()?, office.try_clone()?);
        self.copy(Way::Down, office, till);
        Ok(())
    }

    fn copy(&self, way: Way, mut from: TcpStream, mut to: TcpStream) {
        let line = self.clone();
        thread::spawn(move || {
            let mut buffer = [0; 16_384];
            while let Ok(count @ 1..) = from.read(&mut buffer) {
                if line.fate(way, count) != Fate::Pass || to.write_all(&buffer[..count]).is_err() {
                    break;
                }
            }
            drop(to.shutdown(Shutdown::Both));
            drop(from.shutdown(Shutdown::Both));
        });
    }

    fn fate(&self, way: Way, count: usize) -> Fate {
        let mut state = self.state.lock().unwrap();
        if state.is_cut {
            return Fate::Cut;
        }
        let fate = state.watch.as_mut().map_or(Fate::Pass, |watch| watch(way, count));
        if fate != Fate::Pass {
            state.is_cut = fate == Fate::Cut;
            state.watch = None;
            state.losses += 1;
            self.lost.notify_all();
        }
        fate
    }
}
