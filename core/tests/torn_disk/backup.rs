//! Power lost while a backup is copied: under the copy, and under the till that sells meanwhile.

use counterfoil_core::db::InMemoryBackend;
use counterfoil_core::till::{Snapshot, Till};
use counterfoil_core::time::Now;
use counterfoil_disk::{Choice, History, Image, TornDisk};
use fastrand::Rng;

use crate::answers::{Answers, entries};
use crate::crash::quiet_panics;
use crate::life::guarded;
use crate::workload::{self, next_extra, open};

/// Scripts with few products, with so many that the file grows, and with what the store puts off.
const SCRIPTS: [u64; 3] = [4, 6, 3];
/// So many moments of each run, spread over all of it.
const MOMENTS: usize = 20;

/// A till at the end of a script, and when that is.
fn till_of(script: u64, disk: &TornDisk) -> (Till, Now) {
    let (mut till, mut now) = (None, None);
    for task in workload::script(script) {
        // What the rules of the trade refuse is refused in every run.
        drop(task.carry_out(&mut till, &|| disk.backend()));
        now = Some(task.now);
    }
    (till.unwrap(), now.unwrap())
}

/// Two images of each moment, from the first to the last, after everything was done.
fn images(history: &History, rng: &mut Rng) -> Vec<(usize, Image)> {
    let step = (history.len() / MOMENTS).max(1);
    let last = history.len();
    let moments = (0..last).step_by(step).chain([last]);
    let cut = |at: usize, rng: &mut Rng| (at, history.moment(at).cut(Choice::draw(rng), rng));
    moments.flat_map(|at| [cut(at, rng), cut(at, rng)]).collect()
}

/// Whether an image is a backup of this moment, by its own word.
fn is_whole(snapshot: &Snapshot, image: Image) -> bool {
    let disk = TornDisk::from_image(image);
    guarded(|| snapshot.verify(disk.backend(), InMemoryBackend::new())).expect("no panic").is_ok()
}

#[test]
fn a_backup_that_loses_power_is_refused_or_is_all_of_the_till() {
    quiet_panics();
    for script in SCRIPTS {
        let (till, _) = till_of(script, &TornDisk::new());
        let snapshot = till.snapshot().unwrap();
        let disk = TornDisk::new();
        disk.record();
        snapshot.write_to(disk.backend(), &mut |_| ()).unwrap();
        let history = disk.take_history().unwrap();
        let mut whole = 0;
        for (at, image) in images(&history, &mut Rng::with_seed(script)) {
            let is_done = at == history.len();
            if !is_whole(&snapshot, image.clone()) {
                assert!(!is_done, "script {script}: the backup was answered and is lost");
                continue;
            }
            whole += 1;
            let copy = open(TornDisk::from_image(image).backend()).unwrap();
            assert_eq!(entries(&copy).unwrap(), entries(&till).unwrap(), "script {script}, moment {at}");
            assert_eq!(copy.products(None, 50).unwrap(), till.products(None, 50).unwrap());
            assert_eq!(copy.state(), till.state());
        }
        assert!((2..MOMENTS * 2).contains(&whole), "{whole} images are whole");
    }
}

#[test]
fn a_till_that_loses_power_while_it_sells_beside_a_backup_has_all_that_was_answered() {
    quiet_panics();
    for script in SCRIPTS {
        let disk = TornDisk::new();
        let (till, now) = till_of(script, &disk);
        let mut till = Some(till);
        let snapshot = till.as_ref().unwrap().snapshot().unwrap();
        disk.record();
        disk.reset_counts();
        let operations = || usize::try_from(disk.counts().operations()).unwrap();
        let mut stood = vec![(0, till.as_ref().unwrap().mark())];
        let copy = TornDisk::new();
        let written = snapshot.write_to(copy.backend(), &mut |_| {
            let task = next_extra(till.as_ref().unwrap(), now).unwrap();
            task.carry_out(&mut till, &|| disk.backend()).unwrap();
            stood.push((operations(), till.as_ref().unwrap().mark()));
        });
        written.unwrap();
        assert!(is_whole(&snapshot, copy.live()), "script {script}: what was sold meanwhile is not in the backup");
        assert!(stood.len() > 8, "a sale for each step of the copy");
        let history = disk.take_history().unwrap();
        for (at, image) in images(&history, &mut Rng::with_seed(script)) {
            let answered = stood.iter().rposition(|(operations, _)| *operations <= at).unwrap();
            let allowed: Vec<_> = stood[answered..].iter().take(2).map(|(_, mark)| mark.seq).collect();
            let found = guarded(|| {
                let mut till = open(TornDisk::from_image(image).backend()).unwrap();
                till.check_pages().unwrap();
                assert_eq!(till.audit(InMemoryBackend::new()).unwrap().differences, Vec::<String>::new());
                (till.mark().seq, Answers::of(&till, &[]).is_ok())
            });
            let (seq, can_answer) = found.unwrap_or_else(|panic| panic!("script {script}, moment {at}: {panic}"));
            assert!(can_answer && allowed.contains(&seq), "script {script}, moment {at}: {seq} is none of {allowed:?}");
        }
    }
}
