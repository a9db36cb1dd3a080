//! One way to ask the till of a folder, whether it is opened here or served by another process.
//!
//! Both ways call the same operations, so a command means the same with `till serve` running and without.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use counterfoil_core::catalog::MasterRow;
use counterfoil_core::currency::Currency;
use counterfoil_core::import_run::{Destination, RowCounts};
use counterfoil_core::refusal::Refusal;
use serde::Deserialize;

use crate::caller::Caller;
use crate::failure::{Ending, Failure};
use crate::folder::Folder;
use crate::local::client::LocalClient;
use crate::open_till::OpenTill;
use crate::operations::master_data::{ChangeMasterData, read_counts};
use crate::operations::sell::{Seller, SubmittedLine};
use crate::operations::status::ReadStatus;
use crate::operations::{Answer, Operation};

/// How long a command waits for another short command to let go of the folder.
const WAIT: Duration = Duration::from_secs(3);
const PAUSE: Duration = Duration::from_millis(20);

/// The till of a folder, within reach.
#[derive(Debug)]
pub enum Reach {
    /// Opened by this process.
    Here(Box<OpenTill>),
    /// Served by another process.
    Served(Box<LocalClient>),
}

impl Reach {
    /// Opens the till of a folder, or connects to the process that has it open.
    ///
    /// # Errors
    /// There is no till, it cannot be opened, or a process that does not serve keeps it for itself.
    pub fn of(folder: &Folder) -> Result<Self, Failure> {
        folder.require_till()?;
        let deadline = Instant::now() + WAIT;
        loop {
            if let Some(lock) = folder.try_lock()? {
                return Ok(Self::Here(Box::new(OpenTill::open(lock)?)));
            }
            if let Some(client) = LocalClient::connect(folder)? {
                return Ok(Self::Served(Box::new(client)));
            }
            if Instant::now() >= deadline {
                return Err(folder.held_by_another());
            }
            std::thread::sleep(PAUSE);
        }
    }

    /// Carries out an operation; a failure is an answer too.
    pub fn perform<O: Operation>(&mut self, caller: &Caller, operation: O) -> Answer {
        let answer = match self {
            Self::Here(till) => operation.perform(till, caller),
            Self::Served(client) => {
                let body = serde_json::to_string(&operation).expect("operations are plain structs that become JSON");
                client.post(&format!("/v1/{}", O::NAME), "application/json", caller, None, body)
            }
        };
        answer.unwrap_or_else(Answer::from)
    }

    /// The currency of the till.
    ///
    /// # Errors
    /// The till failed.
    pub fn currency(&mut self, caller: &Caller) -> Result<Currency, Failure> {
        #[derive(Deserialize)]
        struct Outline {
            currency: String,
        }
        let outline: Outline = self.perform(caller, ReadStatus {}).read()?;
        Ok(outline.currency.parse()?)
    }

    /// Sells the lines of a stream one after the other and tells each answer as soon as it is durable. The stream is over
    /// when the caller is refused, or when disk, data or the connection fail: that is the last answer told then.
    ///
    /// # Errors
    /// An answer cannot be told.
    pub fn sell(
        &mut self,
        seller: &mut Option<Seller>,
        caller: &Caller,
        lines: &[SubmittedLine],
        tell: &mut dyn FnMut(&Answer) -> Result<(), Failure>,
    ) -> Result<ControlFlow<()>, Failure> {
        match self {
            Self::Here(till) => {
                for line in lines.iter().filter(|line| !line.is_blank()) {
                    let sold = sell_here(till, seller, caller, line);
                    let is_over = sold.is_err();
                    tell(&sold.unwrap_or_else(Answer::from))?;
                    if is_over {
                        return Ok(ControlFlow::Break(()));
                    }
                }
                Ok(ControlFlow::Continue(()))
            }
            Self::Served(client) => sell_there(client, caller, lines, tell),
        }
    }

    /// How many lines of a stream are worth sending at once.
    #[must_use]
    pub const fn lines_at_once(&self) -> usize {
        match self {
            Self::Here(_) => 1,
            Self::Served(_) => 32,
        }
    }
}

fn sell_here(
    till: &mut OpenTill,
    seller: &mut Option<Seller>,
    caller: &Caller,
    line: &SubmittedLine,
) -> Result<Answer, Failure> {
    let seller = match seller {
        Some(seller) => seller,
        None => seller.insert(Seller::identify(till, caller)?),
    };
    seller.sell(till, line)
}

fn sell_there(
    client: &mut LocalClient,
    caller: &Caller,
    lines: &[SubmittedLine],
    tell: &mut dyn FnMut(&Answer) -> Result<(), Failure>,
) -> Result<ControlFlow<()>, Failure> {
    let Some(first) = lines.first() else { return Ok(ControlFlow::Continue(())) };
    let body = lines.iter().map(|line| format!("{}\n", line.text)).collect();
    let posted = client.post("/v1/sell", "application/x-ndjson", caller, Some(first.number), body);
    let answer = posted.unwrap_or_else(Answer::from);
    if answer.ending != Ending::Done {
        return tell(&answer).map(ControlFlow::Break);
    }
    for line in answer.json.lines().map(Answer::of_line) {
        tell(&line)?;
        if line.ending == Ending::Damaged {
            return Ok(ControlFlow::Break(()));
        }
    }
    Ok(ControlFlow::Continue(()))
}

/// A till within reach, as the destination of an import.
#[derive(Debug)]
pub struct Shelf<'a> {
    /// The till.
    pub reach: &'a mut Reach,
    /// Who imports.
    pub caller: &'a Caller,
}

impl Destination for Shelf<'_> {
    type Error = Failure;

    fn change(&mut self, rows: Vec<MasterRow>) -> Result<Result<RowCounts, Refusal>, Failure> {
        read_counts(&self.reach.perform(self.caller, ChangeMasterData::of(&rows)))
    }
}
