//! A disk that reports errors, at every call of every step: nothing is answered as done after an error, nothing that was
//! answered is lost, and the till goes on once the disk works again.

use std::io::ErrorKind;

use counterfoil_core::command::Command;
use counterfoil_core::till::TillError;
use counterfoil_core::time::Now;
use counterfoil_disk::{Choice, Counts, Failure, Kind, Repeats, TornDisk};
use fastrand::Rng;

use crate::answers::Answers;
use crate::life::{Finding, Outcome, Wrong, guarded, live};
use crate::reference::{Key, Reference};
use crate::shop::{self, basket};
use crate::thorough::stride;
use crate::workload::{self, Step, Task, next_extra};

/// How often an error was tried, and how often it met a call.
#[derive(Debug, Default)]
struct Tally {
    tried: u32,
    met: u32,
}

/// What a till does on a disk: it is opened, takes the step of the script, two more, and is closed. Gives where it stood
/// last and the first error; an answer after an error is a finding.
fn work(reference: &Reference, start: Key, disk: &TornDisk) -> Result<(Key, Option<String>), Finding> {
    let mut till = None;
    if start.commands > 0 {
        match workload::open(disk.backend()) {
            Ok(opened) => till = Some(opened),
            Err(error) => return Ok((start, Some(error.to_string()))),
        }
    }
    let mut key = start;
    let mut failed = None;
    for step in 0..3 {
        let next = match &mut till {
            // A till that failed may only be read; here it is asked for a sale all the same.
            Some(_) if failed.is_some() => Ok(sale_after_error(reference.station(key).map(|station| station.now))),
            Some(open) if step > 0 => next_extra(open, reference.station(key).expect("it stands there").now),
            Some(_) | None => Ok(reference.tasks[start.commands].clone()),
        };
        let expected = if step == 0 { Key::of_script(start.commands + 1) } else { key.next_extra() };
        let done = next.and_then(|task| task.carry_out(&mut till, &|| disk.backend()));
        // What the trade refuses in the script leads to the next place too.
        let is_refused = step == 0 && reference.refused.contains(&start.commands);
        match (done, &failed) {
            (Ok(()), Some(error)) => {
                return Err((Wrong::State, format!("step {step} was answered as done after an error: {error}")));
            }
            (Ok(()), None) => key = expected,
            (Err(TillError::Refused(_)), None) if is_refused => key = expected,
            (Err(error), None) => failed = Some(error.to_string()),
            (Err(_), Some(_)) => {}
        }
        if till.is_none() {
            break;
        }
    }
    Ok((key, failed))
}

fn sale_after_error(now: Option<Now>) -> Task {
    let sale = Command::CompleteSale(basket("after-an-error", &[("milk", "1")]));
    Task { step: Step::Do(Box::new(sale)), now: now.unwrap_or_else(|| shop::now(0)) }
}

/// Takes a step on a failing disk, and then lives on what is left of it: all of it, and after losing power as well.
fn check(reference: &Reference, start: Key, failure: Failure, tally: &mut Tally) -> Result<(), Finding> {
    let disk = TornDisk::from_image(reference.image(start));
    disk.fail(failure);
    tally.tried += 1;
    let worked = guarded(|| work(reference, start, &disk));
    let (key, failed) = worked.unwrap_or_else(|panic| Err((Wrong::Panic, panic)))?;
    if failed.is_none() {
        // The call came while closing, or not at all.
        return lives(reference, &disk, vec![key, key.next_extra()]);
    }
    tally.met += 1;
    let next = if key == start { Key::of_script(start.commands + 1) } else { key.next_extra() };
    lives(reference, &disk, vec![key, next])
}

fn lives(reference: &Reference, disk: &TornDisk, allowed: Vec<Key>) -> Result<(), Finding> {
    let mut rng = Rng::with_seed(disk.counts().operations());
    let cut = disk.power_cut_with(Choice::draw(&mut rng), &mut rng);
    for image in [disk.live(), cut] {
        match live(reference, image, allowed.clone())? {
            Outcome::Sound(_) => {}
            Outcome::Unborn if allowed[0].commands == 0 => {}
            Outcome::Unborn => return Err((Wrong::Lost, "there is no till".to_owned())),
        }
    }
    Ok(())
}

/// How many calls of a kind a step makes from opening to closing.
fn calls(reference: &Reference, start: Key, kind: Kind) -> u64 {
    let disk = TornDisk::from_image(reference.image(start));
    work(reference, start, &disk).unwrap();
    let Counts { reads, writes, set_lens, flushes, .. } = disk.counts();
    match kind {
        Kind::Read => reads,
        Kind::Write => writes,
        Kind::SetLen => set_lens,
        Kind::Flush => flushes,
    }
}

fn every_call(kinds: &[Kind], error: ErrorKind, repeats: &[Repeats], one_in: usize) -> Tally {
    let reference = Reference::of(1);
    let mut tally = Tally::default();
    let mut findings = Vec::new();
    let mut cases = Vec::new();
    for commands in 0..reference.tasks.len() {
        for kind in kinds {
            let calls = calls(&reference, Key::of_script(commands), *kind);
            let failures = (0..calls).flat_map(|nth| repeats.iter().map(move |repeats| (nth, *repeats)));
            cases.extend(failures.map(|(nth, repeats)| (commands, Failure { kind: *kind, nth, repeats, error })));
        }
    }
    for (commands, failure) in cases.into_iter().step_by(stride(one_in)) {
        if let Err(finding) = check(&reference, Key::of_script(commands), failure, &mut tally) {
            findings.push((commands, failure, finding));
        }
    }
    assert!(findings.is_empty(), "{} findings, the first {:#?}", findings.len(), &findings[..findings.len().min(5)]);
    tally
}

#[test]
fn after_an_error_of_any_call_nothing_is_answered_as_done_and_nothing_answered_is_lost() {
    let repeats = [Repeats::Once, Repeats::ForEver];
    let tally = every_call(&Kind::ALL, ErrorKind::Other, &repeats, 29);
    eprintln!("I/O errors: {tally:?}");
    assert!(tally.met * 2 > tally.tried, "{tally:?}: most errors met no call");
}

#[test]
fn a_disk_that_is_full_at_any_call_fails_that_sale_alone() {
    let writing = [Kind::Write, Kind::SetLen, Kind::Flush];
    let tally = every_call(&writing, ErrorKind::StorageFull, &[Repeats::ForEver], 17);
    eprintln!("full disk: {tally:?}");
    assert!(tally.met * 2 > tally.tried, "{tally:?}: most errors met no call");
}

/// A step on a disk without room beyond `spare` bytes. Whether it did not fit; then it failed cleanly, the till refuses to
/// work on, and opened again on the disk that is still full it shows all that was answered.
fn fill(reference: &Reference, start: Key, spare: usize) -> Result<bool, Finding> {
    let disk = TornDisk::from_image(reference.image(start));
    let mut till = Some(workload::open(disk.backend()).unwrap());
    disk.set_capacity(disk.live().allocated_bytes() + spare);
    let done = reference.tasks[start.commands].carry_out(&mut till, &|| disk.backend());
    let Err(TillError::Db(_)) = done else { return Ok(false) };
    let sale = sale_after_error(None).carry_out(&mut till, &|| disk.backend());
    if sale.is_ok() {
        return Err((Wrong::State, "a sale was answered as done after the disk was full".to_owned()));
    }
    drop(till);
    let failed = |error: TillError| (Wrong::NotOpenable, format!("on the full disk: {error}"));
    let till = workload::open(disk.backend()).map_err(failed)?;
    let allowed = [start, Key::of_script(start.commands + 1)];
    let stations = allowed.iter().filter_map(|key| reference.station(*key));
    let found = stations
        .filter(|station| station.mark == till.mark())
        .any(|station| Answers::of(&till, &station.asked).is_ok_and(|answers| answers == station.answers));
    if !found {
        return Err((Wrong::State, format!("on the full disk the till stands at {:?}", till.mark())));
    }
    drop(till);
    disk.mend();
    lives(reference, &disk, allowed.to_vec())?;
    Ok(true)
}

#[test]
fn on_a_full_disk_a_step_fails_cleanly_and_everything_can_be_read() {
    let reference = Reference::of(1);
    let mut full = 0;
    for commands in (1..reference.tasks.len()).step_by(stride(4)) {
        for spare in [0, 4_096, 8_192, 16_384] {
            let filled = guarded(|| fill(&reference, Key::of_script(commands), spare));
            let filled = filled.unwrap_or_else(|panic| Err((Wrong::Panic, panic)));
            full += u32::from(filled.unwrap_or_else(|found| panic!("command {commands}, {spare} bytes: {found:?}")));
        }
    }
    assert!(full >= 4, "only {full} steps did not fit");
}
