//! Damage is told by every opening, not by the first alone: looking for it repairs nothing, and what the storage engine
//! goes back to when it opens a store is missed by the mark.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, Mutex};

use counterfoil_core::command::Command;
use counterfoil_core::db::InMemoryBackend;
use counterfoil_core::grant::StopV1;
use counterfoil_core::id::{JournalId, OperatorCode};
use counterfoil_core::operator::{Pepper, Pin, Role};
use counterfoil_core::till::{Access, Mark, Till, TillError};
use counterfoil_core::time::Timestamp;

use crate::shop::{basket, now, owner};
use crate::store::{Disk, acknowledge, granted_key, office_key, own_key};
use crate::{Chance, files};

fn disk(bytes: &[u8]) -> Disk {
    Disk(Arc::new(Mutex::new(bytes.to_vec())))
}

fn sale(id: &str) -> Command {
    Command::CompleteSale(basket(id, &[("milk", "1")]))
}

/// Every entry, byte for byte.
fn entries(till: &Till) -> Vec<Option<Vec<u8>>> {
    till.journals().unwrap().iter().map(|journal| till.batch(journal.journal, 1).unwrap()).collect()
}

fn bytes(disk: &Disk) -> Vec<u8> {
    disk.0.lock().unwrap().clone()
}

fn open(disk: &Disk) -> Result<Till, TillError> {
    let mut till = Till::open(disk.clone(), vec![own_key(), granted_key()], Access::Full)?;
    till.set_pepper(Pepper::new([6; 32]));
    Ok(till)
}

/// As the program opens a till: its pages are checked before anything is asked of it.
fn told(disk: &Disk) -> Option<String> {
    match open(disk).and_then(|mut till| till.check_pages()) {
        Ok(()) => None,
        Err(error) => Some(error.to_string()),
    }
}

#[test]
fn looking_at_a_store_changes_no_byte_of_it_and_damage_is_told_again() {
    let files = files();
    let mut chance = Chance(0xA6A1);
    for kept in [&files.closed, &files.unclosed] {
        let used: Vec<usize> = (0..kept.bytes.len()).filter(|at| kept.bytes[*at] != 0).collect();
        let mut found = 0;
        for _ in 0..200 {
            let mut flipped = kept.bytes.clone();
            flipped[used[chance.next(used.len())]] ^= 1 << chance.next(8);
            let disk = disk(&flipped);
            // A panic is told by the program.
            let first = catch_unwind(AssertUnwindSafe(|| told(&disk)));
            let Ok(Some(first)) = first else { continue };
            assert!(bytes(&disk) == flipped, "the check has written: {first}");
            assert_eq!(told(&disk).as_deref(), Some(&first[..]), "the second opening");
            found += 1;
        }
        assert!(found > 10, "{found}");
    }
}

#[test]
fn damage_that_an_audit_has_told_is_told_by_the_next_opening() {
    let files = files();
    let mut found = 0;
    for at in (0..files.unclosed.bytes.len()).filter(|at| files.unclosed.bytes[*at] != 0).step_by(1_997) {
        let disk = disk(&files.unclosed.bytes);
        let mut till = open(&disk).unwrap();
        till.check_pages().unwrap();
        // Something is written, so that the engine's file and its memory go on from here.
        till.execute(&sale("more"), &owner(), now(2)).unwrap();
        let (mark, said) = (till.mark(), entries(&till));
        disk.0.lock().unwrap()[at] ^= 4;
        let damaged = bytes(&disk);
        let audit = till.audit(InMemoryBackend::new());
        if audit.is_ok_and(|audit| audit.is_ok()) {
            continue;
        }
        found += 1;
        assert!(bytes(&disk) == damaged, "the audit has written; byte {at}");
        drop(till);
        let again = open(&disk).and_then(|mut till| {
            till.check_pages()?;
            till.check_mark(&mark)?;
            let is_ok = till.audit(InMemoryBackend::new())?.is_ok();
            Ok((is_ok && *till.access() == Access::Full).then(|| (till.mark(), entries(&till))))
        });
        // Where it was in dead space, the next opening has no damage to tell.
        let Ok(Some(found)) = again else { continue };
        assert!(found == (mark, said), "byte {at}: the next opening sells from an earlier commit");
    }
    assert!(found > 5, "{found}");
}

/// The file before and after something was stored beside the journal, as a pulled plug leaves it, and the mark after it.
fn changed(change: impl FnOnce(&mut Till)) -> (Vec<u8>, Vec<u8>, Mark) {
    let disk = disk(&files().closed.bytes);
    let mut till = open(&disk).unwrap();
    till.check_pages().unwrap();
    till.execute(&sale("before"), &owner(), now(2)).unwrap();
    let before = bytes(&disk);
    change(&mut till);
    (before, bytes(&disk), till.mark())
}

/// A flipped bit in what the last commit wrote makes the engine go back to the one before it; the mark tells.
fn check_lost(what: &str, change: impl FnOnce(&mut Till)) {
    let (before, after, mark) = changed(change);
    assert_eq!(open(&disk(&after)).unwrap().mark(), mark, "{what}: undamaged");
    let written: Vec<usize> = (0..after.len()).filter(|at| before.get(*at) != Some(&after[*at])).collect();
    let mut gone_back = 0;
    for at in written.iter().step_by(written.len() / 40 + 1) {
        let mut flipped = after.clone();
        flipped[*at] ^= 1;
        let opened = catch_unwind(AssertUnwindSafe(|| {
            let disk = disk(&flipped);
            for _ in 0..2 {
                let mut till = open(&disk)?;
                till.check_pages()?;
                if till.mark() != mark {
                    till.check_mark(&mark)?;
                    assert!(matches!(till.access(), Access::ReadOnly(_)), "{what}, byte {at}: nobody tells");
                    gone_back += 1;
                }
            }
            Ok::<_, TillError>(())
        }));
        // What is told by an error or a caught panic is told.
        if let Err(panic) = opened
            && panic.downcast_ref::<String>().is_some_and(|text| text.contains("nobody tells"))
        {
            resume_unwind(panic);
        }
    }
    assert!(gone_back > 3, "{what}: {gone_back} of {}", written.len());
}

#[test]
fn a_lost_stop_acknowledgement_or_wrong_pin_is_missed() {
    check_lost("an acknowledgement", |till| acknowledge(till, till.mark()));
    check_lost("a stop", |till| {
        let stop = StopV1 { journal: JournalId([2; 16]), verdict: "fork".parse().unwrap(), stopped: Timestamp(0) };
        till.accept_stop(&stop.sign(&office_key()).unwrap()).unwrap();
    });
    check_lost("a wrong PIN", |till| {
        let ana = OperatorCode::new("ana").unwrap();
        let wrong = Pin::new("000000", &Role::Cashier).unwrap();
        assert!(till.identify(Some(&ana), Some(&wrong), now(3)).is_err());
    });
}
