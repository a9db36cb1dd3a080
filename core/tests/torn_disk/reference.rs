//! The run that no power cut disturbed: every operation on its disk, and what the till said after each command.

use std::sync::OnceLock;

use counterfoil_core::till::{Mark, Till};
use counterfoil_core::time::Now;
use counterfoil_disk::{History, Image, Lie, TornDisk};

use crate::answers::{Answers, entries};
use crate::workload::{self, Step, Task, is_sale, next_extra};

/// How many sales a till makes after each crash.
pub(crate) const EXTRA_SALES: usize = 3;
/// How often power is lost in a row at most.
pub(crate) const LEVELS: usize = 3;
/// What a stopped till without goods and with a closed drawer needs before it sells.
const EXTRA_STEPS_MAX: usize = 3 + EXTRA_SALES * LEVELS;
/// How many earlier documents are asked for.
const ASKED_BACK: usize = 3;

/// Where a till stands: after so many commands of the script, and so many further ones after a crash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Key {
    pub(crate) commands: usize,
    pub(crate) extras: usize,
}

impl Key {
    pub(crate) const fn of_script(commands: usize) -> Self {
        Self { commands, extras: 0 }
    }

    pub(crate) const fn next_extra(self) -> Self {
        Self { extras: self.extras + 1, ..self }
    }
}

/// What a till must be at one place.
#[derive(Debug)]
pub(crate) struct Station {
    pub(crate) mark: Mark,
    pub(crate) answers: Answers,
    pub(crate) entries: Vec<Option<Vec<u8>>>,
    /// The ids that the answers are about: documents just before, and the one that comes next.
    pub(crate) asked: Vec<String>,
    pub(crate) now: Now,
    image: Image,
}

/// The run of one script.
pub(crate) struct Reference {
    pub(crate) seed: u64,
    pub(crate) tasks: Vec<Task>,
    pub(crate) history: History,
    /// How many operations the disk had done when each command was answered.
    pub(crate) answered: Vec<usize>,
    stations: Vec<Station>,
    extras: Vec<OnceLock<Vec<Station>>>,
    /// Which steps were refused, by the rules of the trade.
    pub(crate) refused: Vec<usize>,
}

impl Reference {
    pub(crate) fn of(seed: u64) -> Self {
        Self::planted(seed, None)
    }

    /// The run on a disk that may lie: a bug that the oracle must find.
    pub(crate) fn planted(seed: u64, planted: Option<Lie>) -> Self {
        let tasks = workload::script(seed);
        let ids: Vec<String> = tasks.iter().filter_map(Task::issues).collect();
        let disk = TornDisk::new();
        disk.record();
        if let Some(lie) = planted {
            disk.lie(lie);
        }
        let (mut till, mut answered, mut stations) = (None, Vec::new(), Vec::new());
        let (mut issued, mut refused) = (0, Vec::new());
        for (at, task) in tasks.iter().enumerate() {
            if task.carry_out(&mut till, &|| disk.backend()).is_err() {
                refused.push(at);
            }
            if matches!(task.step, Step::Prologue(_)) {
                disk.reset_counts();
                disk.record();
            }
            answered.push(usize::try_from(disk.counts().operations()).unwrap());
            issued += usize::from(task.issues().is_some());
            let asked = ids[issued.saturating_sub(ASKED_BACK)..ids.len().min(issued + 1)].to_vec();
            stations.push(Station::of(till.as_ref().unwrap(), asked, task.now, &disk));
        }
        drop(till);
        let history = disk.take_history().unwrap();
        let extras = stations.iter().map(|_| OnceLock::new()).collect();
        Self { seed, tasks, history, answered, stations, extras, refused }
    }

    /// What a till must be there; `None` where there is none yet.
    pub(crate) fn station(&self, key: Key) -> Option<&Station> {
        let at = key.commands.checked_sub(1)?;
        match key.extras.checked_sub(1) {
            None => self.stations.get(at),
            Some(extra) => self.extras[at].get_or_init(|| self.stations[at].go_on()).get(extra),
        }
    }

    /// Every place that the script leads to.
    pub(crate) fn stations(&self) -> impl Iterator<Item = &Station> {
        let further = self.extras.iter().filter_map(OnceLock::get).flatten();
        self.stations.iter().chain(further)
    }

    /// The file after so many commands; empty before the first.
    pub(crate) fn image(&self, key: Key) -> Image {
        self.station(key).map_or_else(Image::new, |station| station.image.clone())
    }

    /// Where a till can stand whose disk lost power before operation `at`: after the last command that was answered, or
    /// after the one that was not.
    pub(crate) fn allowed(&self, at: usize) -> Vec<Key> {
        let commands = self.answered.partition_point(|answered| *answered <= at);
        let last = self.stations.len();
        [commands, commands + 1].into_iter().filter(|commands| *commands <= last).map(Key::of_script).collect()
    }

    /// What the till was about to do before operation `at`.
    pub(crate) fn task(&self, at: usize) -> Option<&Task> {
        self.tasks.get(self.answered.partition_point(|answered| *answered <= at))
    }
}

impl Station {
    fn of(till: &Till, asked: Vec<String>, now: Now, disk: &TornDisk) -> Self {
        let answers = Answers::of(till, &asked).unwrap();
        let entries = entries(till).unwrap();
        Self { mark: till.mark(), answers, entries, asked, now, image: disk.live() }
    }

    /// Where the till stands after each step that it takes from here after a crash.
    fn go_on(&self) -> Vec<Self> {
        let disk = TornDisk::from_image(self.image.clone());
        let mut till = Some(workload::open(disk.backend()).unwrap());
        let mut stations = Vec::new();
        let mut sales = 0;
        while sales < EXTRA_SALES * LEVELS && stations.len() < EXTRA_STEPS_MAX {
            let task = next_extra(till.as_ref().unwrap(), self.now).unwrap();
            task.carry_out(&mut till, &|| disk.backend()).unwrap();
            sales += usize::from(is_sale(&task));
            let asked = task.issues().into_iter().chain(self.asked.iter().cloned()).collect();
            stations.push(Self::of(till.as_ref().unwrap(), asked, self.now, &disk));
        }
        stations
    }
}

#[test]
fn the_scripts_do_what_they_are_for() {
    for seed in 0..16 {
        let reference = Reference::of(seed);
        let step = |at: usize| &reference.tasks[at].step;
        let is_long = matches!(step(0), Step::Prologue(_));
        assert_eq!(is_long, workload::is_long(seed));
        // The page with a wrong state hash is refused, and now and then a refund of a gift.
        assert!(reference.refused.len() <= 3, "{seed}: {:?}", reference.refused);
        assert_eq!(reference.refused.iter().any(|at| matches!(step(*at), Step::Feed(_))), !is_long);
        assert!(reference.station(Key::of_script(reference.tasks.len())).is_some());
    }
}
