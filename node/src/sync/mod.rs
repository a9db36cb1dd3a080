//! The till's side of head office: joining it, sending journals up, getting master data down.
//!
//! A sync never holds the till while it waits for the network: it asks for one short step after the other and the till
//! sells in between. Everything may be repeated at any point; what was acknowledged is never needed again.
//! Here alone in this program is `async`, together with the local API.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use counterfoil_core::refusal::Reason;

use crate::failure::Failure;
use crate::folder::Folder;
use crate::operations::sync_step::{JournalStand, SyncStep};
use crate::wire::sync::{Document, SyncReport, VerdictWire};

pub mod address;
pub mod back_off;
pub mod client;
pub mod enrol;
pub mod feed;
pub mod head_office;
pub mod lent_till;
pub mod line;
pub mod push;
pub mod renew;
pub mod till_side;
pub mod tls;
pub mod trouble;
pub mod turn;

use client::Client;
use head_office::{HeadOffice, Keeper, TlsKey};
use line::Line;
use push::Pushed;
use till_side::TillSide;
use trouble::Trouble;
use turn::Turn;

/// How often a sync that a person asked for is tried while head office cannot be reached.
pub const TRIES: u32 = 4;
/// How long a till that syncs in the background waits after a sync.
pub const WATCH_INTERVAL: Duration = Duration::from_secs(5);

/// Waiting happens in pieces of this length, so that a till that is told to stop stops.
const NAP: Duration = Duration::from_millis(100);
const DAY_MS: i64 = 86_400_000;

/// Exchanges everything with head office once, trying a few times while it cannot be reached.
///
/// # Errors
/// The till is on its own; head office cannot be reached or refuses; disk or data failed.
pub fn sync(till: &dyn TillSide, folder: &Folder) -> Result<SyncReport, Failure> {
    let mut failures = 0;
    loop {
        match exchange(till, folder) {
            Ok(report) => return Ok(report),
            Err(trouble) if trouble.is_passing() && failures + 1 < TRIES => {
                failures += 1;
                tracing::info!(?trouble, failures, "head office cannot be reached; trying again");
                std::thread::sleep(back_off::wait(failures, asked_for(&trouble)));
            }
            Err(trouble) => return Err(trouble.into()),
        }
    }
}

/// Syncs until told to stop, and tells what each sync did. Blocks; it is meant for a thread of its own.
pub fn watch(
    till: &dyn TillSide,
    folder: &Folder,
    is_stopped: &AtomicBool,
    tell: &mut dyn FnMut(Result<SyncReport, Failure>),
) {
    let mut failures: u32 = 0;
    while !is_stopped.load(Ordering::Relaxed) {
        let result = exchange(till, folder);
        let wait = match &result {
            Ok(_) => {
                failures = 0;
                WATCH_INTERVAL
            }
            Err(trouble) => {
                failures = failures.saturating_add(1);
                back_off::wait(failures, asked_for(trouble)).max(WATCH_INTERVAL)
            }
        };
        tell(result.map_err(Failure::from));
        let mut waited = Duration::ZERO;
        while waited < wait && !is_stopped.load(Ordering::Relaxed) {
            std::thread::sleep(NAP);
            waited = waited.saturating_add(NAP);
        }
    }
}

fn asked_for(trouble: &Trouble) -> Option<Duration> {
    match trouble {
        Trouble::Busy(wait) => *wait,
        Trouble::Unreachable(_) | Trouble::NotLetIn(_) | Trouble::Refused(_) | Trouble::Failed(_) => None,
    }
}

/// Runs the network's work to its end on this thread.
fn block_on<T>(work: impl Future<Output = Result<T, Trouble>>) -> Result<T, Trouble> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::damaged("io", format!("the network cannot be used: {error}")))?;
    runtime.block_on(work)
}

/// One exchange: certificate, journals up, master data down.
fn exchange(till: &dyn TillSide, folder: &Folder) -> Result<SyncReport, Trouble> {
    let _turn = Turn::wait(folder)?;
    enrol::take_next_if_opened(till, folder)?;
    let mut head_office = HeadOffice::require(folder)?;
    let key = TlsKey::read_or_make(folder)?;
    let config = tls::enrolled(&head_office.authority, &head_office.certificate, &key.pem(), head_office.seen)?;
    let seen_before = head_office.seen;
    let report = block_on(async {
        let mut client = Client::new(head_office.address.clone(), config);
        exchange_with(&mut client, till, folder, &mut head_office).await
    })?;
    if head_office.seen.0.saturating_sub(seen_before.0) >= DAY_MS {
        head_office.write(folder)?;
    }
    till.ask(SyncStep::Finish)?;
    Ok(report)
}

async fn exchange_with(
    client: &mut Client,
    till: &dyn TillSide,
    folder: &Folder,
    head_office: &mut HeadOffice,
) -> Result<SyncReport, Trouble> {
    let mut report = SyncReport::default();
    if renew::is_renewable(&head_office.certificate, head_office.seen)? {
        match renew::renew(client, till, folder, head_office).await {
            Err(Trouble::Refused(refusal)) => report.notes.push(format!("the certificate was not renewed: {refusal}")),
            renewed => renewed?,
        }
    }
    match send_and_fetch(client, till, folder, head_office, &mut report).await {
        Err(Trouble::NotLetIn(why)) => {
            tracing::info!(why, "the certificate is renewed");
            renew::renew(client, till, folder, head_office).await?;
            send_and_fetch(client, till, folder, head_office, &mut report).await?;
        }
        exchanged => exchanged?,
    }
    Ok(report)
}

/// Journals up, master data down, over any line.
///
/// # Errors
/// Head office cannot be reached or refuses; the till refuses a step; disk or data failed.
pub async fn send_and_fetch<L: Line>(
    line: &mut L,
    till: &dyn TillSide,
    keeper: &dyn Keeper,
    head_office: &mut HeadOffice,
    report: &mut SyncReport,
) -> Result<(), Trouble> {
    push_all(line, till, keeper, head_office, report).await?;
    let pulled = feed::pull(line, till).await?;
    report.feed_rows = pulled.rows;
    report.feed_revision = Some(pulled.revision);
    if pulled.has_grants {
        push_all(line, till, keeper, head_office, report).await?;
    }
    Ok(())
}

/// Sends every journal of the folder, oldest first, and asks for a new one where the current one has ended.
async fn push_all<L: Line>(
    line: &mut L,
    till: &dyn TillSide,
    keeper: &dyn Keeper,
    head_office: &mut HeadOffice,
    report: &mut SyncReport,
) -> Result<(), Trouble> {
    let journals = till.journals()?;
    for (place, stand) in (1..).zip(&journals) {
        let is_current = place == journals.len();
        if !stand.has_key {
            if stand.acknowledged < stand.seq {
                report.notes.push(format!("the key of journal {} is not here; it cannot be sent", stand.journal));
            }
            continue;
        }
        if !is_current && (stand.acknowledged >= stand.seq || head_office.finished.contains(&stand.journal)) {
            continue;
        }
        let pushed = push::push(line, till, stand, &mut head_office.seen.0).await?;
        let has_ended = push::has_ended(pushed.verdict);
        let is_told = has_ended || !is_current && pushed.report.acknowledged >= stand.seq;
        if is_told && !head_office.finished.contains(&stand.journal) {
            head_office.finished.push(stand.journal.clone());
            keeper.keep(head_office)?;
        }
        match (is_current, has_ended) {
            (true, true) => {
                note(report, stand, pushed);
                replace(line, till, head_office, report).await?;
            }
            (false, true) => {}
            (true | false, false) => note(report, stand, pushed),
        }
    }
    ask_again(line, till, keeper, head_office, report).await
}

/// Head office may have lost what it once had of journals that have ended: in a new epoch, or without knowing it where
/// its disk was exchanged for an older one. So each is asked about once in each epoch and once a day.
async fn ask_again<L: Line>(
    line: &mut L,
    till: &dyn TillSide,
    keeper: &dyn Keeper,
    head_office: &mut HeadOffice,
    report: &mut SyncReport,
) -> Result<(), Trouble> {
    let journals = till.journals()?;
    let Some((current, ended)) = journals.split_last() else { return Ok(()) };
    let is_new_day = head_office.seen.0.saturating_sub(head_office.asked.0) >= DAY_MS;
    if current.acknowledged_epoch > head_office.epoch || is_new_day {
        head_office.epoch = head_office.epoch.max(current.acknowledged_epoch);
        head_office.asked = head_office.seen;
        head_office.finished.clear();
        keeper.keep(head_office)?;
    }
    for stand in ended {
        if head_office.finished.contains(&stand.journal) || !stand.has_key {
            continue;
        }
        let pushed = push::push(line, till, stand, &mut head_office.seen.0).await?;
        if pushed.report.sent > 0 {
            note(report, stand, pushed);
        }
        head_office.finished.push(stand.journal.clone());
        keeper.keep(head_office)?;
    }
    report.journals.sort_by_key(|told| journals.iter().position(|stand| stand.journal == told.journal));
    Ok(())
}

/// Puts a journal into the report, in place of what was said of it before.
fn note(report: &mut SyncReport, stand: &JournalStand, pushed: Pushed) {
    for text in pushed.verdicts.iter().filter_map(|verdict| advice(*verdict)) {
        let text = format!("journal {}: {text}", stand.journal);
        if !report.notes.contains(&text) {
            report.notes.push(text);
        }
    }
    match report.journals.iter_mut().find(|known| known.journal == stand.journal) {
        Some(known) => {
            known.sent = known.sent.saturating_add(pushed.report.sent);
            (known.seq, known.acknowledged, known.verdict) =
                (pushed.report.seq, pushed.report.acknowledged, pushed.report.verdict);
        }
        None => report.journals.push(pushed.report),
    }
}

/// What a person should know of a verdict.
const fn advice(verdict: VerdictWire) -> Option<&'static str> {
    use VerdictWire as Verdict;
    match verdict {
        Verdict::Append | Verdict::Duplicate | Verdict::Gap => None,
        Verdict::ServerRestored => Some("head office was restored; what it had lost was sent again"),
        Verdict::ServerFault => Some("head office had lost entries; they were sent again, and it has raised an alarm"),
        Verdict::Fork => Some("two records of this till exist; head office keeps both and a person must decide"),
        Verdict::Rollback => Some("this till is an older copy of what head office has; it needs a new journal"),
        Verdict::Closed => Some("head office has closed it; what is new is kept there and not applied"),
        Verdict::Revoked => Some("head office trusts its key no longer; ask head office"),
        Verdict::UnknownJournal => Some("head office does not know it; join with a new token"),
        Verdict::BrokenChain => Some("head office found its chain broken; run till audit"),
        Verdict::BadSignature => Some("head office could not verify its signature; run till audit"),
    }
}

/// Asks for a journal in place of the current one, and sends its first entries. Where head office or the till says no,
/// that is told and the rest of the exchange goes on.
async fn replace<L: Line>(
    line: &mut L,
    till: &dyn TillSide,
    head_office: &mut HeadOffice,
    report: &mut SyncReport,
) -> Result<(), Trouble> {
    let granted = match ask_for_journal(line, till).await {
        Err(Trouble::Refused(refusal)) if enrol::is_key_used_up(&refusal) => {
            till.ask(SyncStep::GiveUpKey)?;
            ask_for_journal(line, till).await
        }
        granted => granted,
    };
    let opened = granted.and_then(|grant| Ok(till.ask(SyncStep::Enrol { grant: Document(grant) })?));
    match opened {
        Ok(_) => report.notes.push("a new journal was granted and opened".to_owned()),
        Err(Trouble::Refused(refusal)) if refusal.reason() == Reason::DrawerOpen => {
            report.notes.push(format!("a new journal waits until the drawer is closed: {refusal}"));
            return Ok(());
        }
        Err(Trouble::Refused(refusal)) => {
            report.notes.push(format!("no new journal: {refusal}; ask head office for a token and run till enrol"));
            return Ok(());
        }
        Err(trouble) => return Err(trouble),
    }
    let journals = till.journals()?;
    if let Some(stand) = journals.last() {
        let pushed = push::push(line, till, stand, &mut head_office.seen.0).await?;
        note(report, stand, pushed);
    }
    Ok(())
}

async fn ask_for_journal<L: Line>(line: &mut L, till: &dyn TillSide) -> Result<Vec<u8>, Trouble> {
    let request = till.document(SyncStep::RequestJournal)?;
    line.post("/sync/request", request).await
}

#[cfg(test)]
mod tests;
