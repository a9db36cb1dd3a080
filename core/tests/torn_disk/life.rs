//! One life of a till after a crash: it is opened on what the disk kept, compared with the run that nothing disturbed,
//! audited, and sells on.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

use counterfoil_core::db::InMemoryBackend;
use counterfoil_core::till::{Access, Till, TillError};
use counterfoil_disk::{History, Image, TornDisk};

use crate::answers::{Answers, entries};
use crate::reference::{EXTRA_SALES, Key, Reference, Station};
use crate::workload::{self, is_sale, next_extra};

/// What a life did to its disk, so that power can be lost in it again.
pub(crate) struct Life {
    pub(crate) history: History,
    /// How many operations it took to open the store.
    pub(crate) opened: usize,
    /// Where the till stood after so many operations, in their order.
    stands: Vec<(usize, Key)>,
    /// Where it could stand before it was open.
    before: Vec<Key>,
}

impl Life {
    /// Where a till can stand whose disk lost power before operation `at` of this life.
    pub(crate) fn allowed(&self, at: usize) -> Vec<Key> {
        match self.stands.iter().rev().find(|(operations, _)| *operations <= at) {
            Some((_, key)) => vec![*key, key.next_extra()],
            None => self.before.clone(),
        }
    }
}

/// How a life went.
pub(crate) enum Outcome {
    /// All is there and it sells.
    Sound(Life),
    /// Power was lost before the making of the store was answered, and the file is not one yet.
    Unborn,
}

/// What must not be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Wrong {
    /// Something that was answered is not there.
    Lost,
    /// The state is none that the commands lead to.
    State,
    /// The store cannot be opened, or the till refuses to work.
    NotOpenable,
    /// A panic.
    Panic,
}

/// What was found, and in words.
pub(crate) type Finding = (Wrong, String);

thread_local! {
    static IS_LIVING: Cell<bool> = const { Cell::new(false) };
}

/// Whether this thread is on an image, where a panic is a finding.
pub(crate) fn is_living() -> bool {
    IS_LIVING.get()
}

/// Calls a till, whose panic is a finding.
pub(crate) fn guarded<T>(call: impl FnOnce() -> T) -> Result<T, String> {
    let before = IS_LIVING.replace(true);
    let called = catch_unwind(AssertUnwindSafe(call));
    IS_LIVING.set(before);
    called.map_err(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned())).unwrap_or_default()
    })
}

/// Lives on an image. `allowed` is where the till can stand, what was answered first.
pub(crate) fn live(reference: &Reference, image: Image, allowed: Vec<Key>) -> Result<Outcome, Finding> {
    guarded(|| live_on(reference, image, allowed)).unwrap_or_else(|panic| Err((Wrong::Panic, panic)))
}

fn live_on(reference: &Reference, image: Image, allowed: Vec<Key>) -> Result<Outcome, Finding> {
    let disk = TornDisk::from_image(image);
    disk.record();
    let operations = || usize::try_from(disk.counts().operations()).unwrap();
    let mut till = match workload::open(disk.backend()) {
        Ok(till) => till,
        Err(error) if allowed[0].commands == 0 => match error {
            // The store is made but holds no till: making it goes on from there.
            TillError::Refused(_) => return make_again(reference, &disk, allowed),
            TillError::Db(_) | TillError::Fault(_) => return Ok(Outcome::Unborn),
        },
        Err(error) => return Err((Wrong::NotOpenable, error.to_string())),
    };
    till.check_pages().map_err(|error| (Wrong::NotOpenable, error.to_string()))?;
    let opened = operations();
    let key = check(reference, &mut till, &allowed)?;
    let mut life = Life { history: History::default(), opened, stands: vec![(opened, key)], before: allowed };
    sell_on(reference, till, &disk, &mut life)?;
    life.history = disk.take_history().expect("it is recorded");
    Ok(Outcome::Sound(life))
}

fn make_again(reference: &Reference, disk: &TornDisk, allowed: Vec<Key>) -> Result<Outcome, Finding> {
    let mut till = None;
    let made = reference.tasks[0].carry_out(&mut till, &|| disk.backend());
    made.map_err(|error| (Wrong::NotOpenable, format!("no till can be made in the store: {error}")))?;
    let mut till = till.expect("it was made");
    let opened = usize::try_from(disk.counts().operations()).unwrap();
    let key = check(reference, &mut till, &[Key::of_script(1)])?;
    let mut life = Life { history: History::default(), opened, stands: vec![(opened, key)], before: allowed };
    sell_on(reference, till, disk, &mut life)?;
    life.history = disk.take_history().expect("it is recorded");
    Ok(Outcome::Sound(life))
}

/// Where the till stands: at one of the allowed places, in every respect, without a false alarm.
fn check(reference: &Reference, till: &mut Till, allowed: &[Key]) -> Result<Key, Finding> {
    let failed = |error: TillError| (Wrong::NotOpenable, error.to_string());
    if let Some(answered) = reference.station(allowed[0]) {
        let before = till.access().clone();
        till.check_mark(&answered.mark).map_err(failed)?;
        if *till.access() != before {
            let kind = if matches!(before, Access::Full) { Wrong::Lost } else { Wrong::State };
            return Err((
                kind,
                format!("{:?} at {:?}, though {:?} was answered", till.access(), till.mark(), allowed[0]),
            ));
        }
    }
    let mut found = None;
    let mut differs = String::new();
    for key in allowed {
        let Some(station) = reference.station(*key).filter(|station| station.mark == till.mark()) else { continue };
        let answers = Answers::of(till, &station.asked).map_err(failed)?;
        // The hash of the head, which the mark names, and the audit cover every entry; the bytes are compared as well in
        // a share of the lives, since signing them takes its time.
        let has_entries = !is_deep(station) || entries(till).map_err(failed)? == station.entries;
        if has_entries && answers == station.answers {
            found = Some(*key);
        } else {
            differs = format!("\nis  {answers:?}\nnot {:?}", station.answers);
        }
    }
    let Some(key) = found else {
        let text = format!("the till stands at {:?}, which is none of {allowed:?}{differs}", till.mark());
        return Err((Wrong::State, text));
    };
    let audit = till.audit(InMemoryBackend::new()).map_err(failed)?;
    if !audit.is_ok() {
        return Err((Wrong::State, format!("the audit says {:?}", audit.differences)));
    }
    Ok(key)
}

const fn is_deep(station: &Station) -> bool {
    station.mark.seq.is_multiple_of(4)
}

/// Sells on until three further sales are made, each of which leads where it must.
fn sell_on(reference: &Reference, till: Till, disk: &TornDisk, life: &mut Life) -> Result<(), Finding> {
    let (_, mut key) = life.stands[0];
    let mut till = Some(till);
    let mut sales = 0;
    let now = reference.station(key).expect("the till stands there").now;
    while sales < EXTRA_SALES {
        let failed = |error: TillError| (Wrong::NotOpenable, format!("after {key:?}: {error}"));
        let task = next_extra(till.as_ref().expect("it is open"), now).map_err(failed)?;
        task.carry_out(&mut till, &|| disk.backend()).map_err(failed)?;
        sales += usize::from(is_sale(&task));
        key = key.next_extra();
        life.stands.push((usize::try_from(disk.counts().operations()).unwrap(), key));
        let mark = till.as_ref().map(Till::mark);
        if reference.station(key).map(|station| station.mark) != mark {
            return Err((Wrong::State, format!("a further sale leads to {mark:?} and not to {key:?}")));
        }
    }
    let station = reference.station(key).expect("the marks were compared");
    let till = till.expect("it is open");
    if !is_deep(station) {
        return Ok(());
    }
    let answers = Answers::of(&till, &station.asked);
    let answers = answers.map_err(|error| (Wrong::NotOpenable, error.to_string()))?;
    if answers == station.answers {
        return Ok(());
    }
    Err((Wrong::State, format!("after further sales\nis  {answers:?}\nnot {:?}", station.answers)))
}
