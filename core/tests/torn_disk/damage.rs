//! Disks that lie, and bytes that change: what a damaged store says is told as damage, or it is true.
//!
//! A till is opened on the damaged file as the program opens it, asked everything, and audited. What it answers must be
//! what it was at some time, in every respect. No panic gets past the boundary at which the program catches it; one that
//! is caught counts as a refusal.

use std::collections::BTreeMap;

use counterfoil_core::db::InMemoryBackend;
use counterfoil_core::till::Till;
use counterfoil_disk::{Choice, Image, Lie, TornDisk, WriteFault};
use fastrand::Rng;

use crate::answers::{Answers, entries};
use crate::crash::quiet_panics;
use crate::life::guarded;
use crate::reference::{Key, Reference};
use crate::thorough::stride;
use crate::workload::{self, next_extra};

impl Found {
    /// Whether no answer was false, or it was told before.
    fn is_fine(self) -> bool {
        !matches!(self, Self::False | Self::FalseAndToldByAudit)
    }
}

/// What became of a damaged store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Found {
    /// It cannot be opened.
    Refused,
    /// A page does not have its checksum, which is told before anything is asked.
    ToldByPages,
    /// A panic that the program catches.
    Panicked,
    /// The mark beside it says that it is an older copy.
    Older,
    /// A question about it is answered with an error.
    ToldWhenAsked,
    /// Its answers are true, and its audit tells the damage.
    ToldByAudit,
    /// An answer is not true; its audit tells the damage.
    FalseAndToldByAudit,
    /// Its answers are true and it has no damage that matters.
    True,
    /// An answer is not true and nothing tells it.
    False,
}

/// Opens a store, asks it, and audits it. `last` is where it stood when its mark was written.
fn examine(reference: &Reference, image: Image, last: Option<Key>) -> Found {
    let disk = TornDisk::from_image(image);
    guarded(|| match workload::open(disk.backend()) {
        Ok(till) => examine_open(reference, till, last),
        Err(_) => Found::Refused,
    })
    .unwrap_or(Found::Panicked)
}

fn examine_open(reference: &Reference, mut till: Till, last: Option<Key>) -> Found {
    if till.check_pages().is_err() {
        return Found::ToldByPages;
    }
    let mut is_true = false;
    for station in reference.stations().filter(|station| station.mark == till.mark()) {
        match (Answers::of(&till, &station.asked), entries(&till)) {
            (Ok(answers), Ok(entries)) => is_true |= answers == station.answers && entries == station.entries,
            (Err(_), _) | (_, Err(_)) => return Found::ToldWhenAsked,
        }
    }
    if is_true && let Some(station) = last.and_then(|last| reference.station(last)) {
        let before = till.access().clone();
        match till.check_mark(&station.mark) {
            Ok(()) if *till.access() == before => {}
            Ok(()) => return Found::Older,
            Err(_) => return Found::ToldWhenAsked,
        }
    }
    let is_ok = till.audit(InMemoryBackend::new()).is_ok_and(|audit| audit.is_ok());
    match (is_true, is_ok) {
        (true, true) => Found::True,
        (true, false) => Found::ToldByAudit,
        (false, false) => Found::FalseAndToldByAudit,
        (false, true) => Found::False,
    }
}

type Tally = BTreeMap<Found, u32>;

#[test]
fn a_disk_that_lies_about_flushes_makes_no_till_say_what_is_not_true() {
    quiet_panics();
    let mut tally = Tally::new();
    let honest = Reference::of(1);
    for first in [0, 4, 20, 45] {
        let lying = Reference::planted(1, Some(Lie::From(first)));
        let mut rng = Rng::with_seed(first);
        let points = (0..=lying.history.len()).filter(|point| lying.history.moment(*point).pending().len() > 5);
        for point in points.step_by(stride(13)) {
            let moment = lying.history.moment(point);
            for _ in 0..4 {
                let choice = Choice::draw(&mut rng);
                let seed = rng.u64(..);
                let found = examine(&honest, moment.cut(choice, &mut Rng::with_seed(seed)), None);
                *tally.entry(found).or_default() += 1;
                assert!(found.is_fine(), "{found:?}: lies from {first}, point {point}, {choice:?}, seed {seed}");
            }
        }
    }
    eprintln!("lying disk: {tally:?}");
    assert!(tally.contains_key(&Found::Refused) && tally.contains_key(&Found::True), "{tally:?}");
}

/// The file after the last command, closed as it should be.
fn closed(reference: &Reference) -> (Image, Key) {
    let key = Key::of_script(reference.tasks.len());
    let disk = TornDisk::from_image(reference.image(key));
    drop(workload::open(disk.backend()).unwrap());
    (disk.live(), key)
}

/// Bits of the pages that hold anything.
fn used_bits(image: &Image) -> Vec<u64> {
    let bytes = image.to_vec();
    (0..bytes.len() as u64)
        .filter(|at| bytes[*at as usize] != 0)
        .flat_map(|at| (0..8).map(move |bit| at * 8 + bit))
        .collect()
}

#[test]
fn a_bit_that_flipped_in_the_closed_file_is_told_before_a_figure_of_it_is_used() {
    quiet_panics();
    let reference = Reference::of(1);
    let (image, last) = closed(&reference);
    let bits = used_bits(&image);
    let mut rng = Rng::with_seed(1);
    let mut tally = Tally::new();
    for _ in 0..8_000 / stride(16) {
        let bit = bits[rng.usize(..bits.len())];
        let mut flipped = image.clone();
        flipped.flip(bit);
        let found = examine(&reference, flipped, Some(last));
        *tally.entry(found).or_default() += 1;
        assert!(found.is_fine(), "{found:?}: bit {bit}");
    }
    eprintln!("bits flipped while closed: {tally:?}");
}

#[test]
fn a_write_that_went_astray_or_nowhere_is_told_or_changes_nothing() {
    quiet_panics();
    let reference = Reference::of(1);
    let mut tally = Tally::new();
    let mut rng = Rng::with_seed(1);
    for commands in (1..reference.tasks.len()).step_by(stride(4)) {
        let start = Key::of_script(commands);
        for nth in 0..40 {
            for fault in [WriteFault::Lost { nth }, WriteFault::Misdirected { nth, to: rng.u64(0..140) * 4_096 }] {
                let disk = TornDisk::from_image(reference.image(start));
                disk.spoil(fault);
                let last = guarded(|| work(&reference, start, &disk)).unwrap_or(None).unwrap_or(start);
                let found = examine(&reference, disk.live(), Some(last));
                *tally.entry(found).or_default() += 1;
                assert!(found.is_fine(), "{found:?}: command {commands}, {fault:?}");
            }
        }
    }
    eprintln!("spoiled writes: {tally:?}");
}

/// Opens the store and takes the next step. Where it stands by its own answers; `None` if it could not even be opened.
fn work(reference: &Reference, start: Key, disk: &TornDisk) -> Option<Key> {
    let mut till = Some(workload::open(disk.backend()).ok()?);
    let done = reference.tasks[start.commands].carry_out(&mut till, &|| disk.backend());
    let is_done = done.is_ok() || reference.refused.contains(&start.commands);
    Some(if is_done { Key::of_script(start.commands + 1) } else { start })
}

#[test]
fn a_bit_that_flips_under_an_open_till_is_told_or_changes_no_answer() {
    quiet_panics();
    let reference = Reference::of(1);
    let mut rng = Rng::with_seed(2);
    let mut tally = Tally::new();
    for commands in (2..reference.tasks.len()).step_by(stride(3)) {
        let start = Key::of_script(commands);
        let bits = used_bits(&reference.image(start));
        for _ in 0..20 {
            let bit = bits[rng.usize(..bits.len())];
            let disk = TornDisk::from_image(reference.image(start));
            let sold = guarded(|| sell_over_flip(&reference, start, &disk, bit));
            let Ok((key, is_as_ever)) = sold else {
                *tally.entry(Found::Panicked).or_default() += 1;
                continue;
            };
            assert!(is_as_ever, "command {commands}, bit {bit}: a sale is not what it would have been");
            let found = examine(&reference, disk.live(), Some(key));
            *tally.entry(found).or_default() += 1;
            // A page that decayed before it was read for the first time and then written anew has a right checksum: the row
            // that it lost is told by the audit alone.
            assert_ne!(found, Found::False, "bit {bit}");
        }
    }
    eprintln!("bits flipped while open: {tally:?}");
}

/// Two sales after a bit flipped under the open till. Where it stands, and whether each answered sale is byte for byte
/// what it would have been.
fn sell_over_flip(reference: &Reference, start: Key, disk: &TornDisk, bit: u64) -> (Key, bool) {
    let mut till = Some(workload::open(disk.backend()).unwrap());
    till.as_mut().unwrap().check_pages().unwrap();
    disk.flip(bit);
    let mut key = start;
    for _ in 0..2 {
        let next = next_extra(till.as_ref().unwrap(), reference.station(key).unwrap().now);
        if next.and_then(|task| task.carry_out(&mut till, &|| disk.backend())).is_err() {
            break;
        }
        key = key.next_extra();
        if reference.station(key).unwrap().mark != till.as_ref().unwrap().mark() {
            return (key, false);
        }
    }
    (key, true)
}
