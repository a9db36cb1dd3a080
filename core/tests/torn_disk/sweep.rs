//! Crash images by the thousand: every moment of a run, every choice among the unflushed writes, and power lost again in
//! the lives that follow.
//!
//! One run of a script gives the images of all of its moments, so nothing is run twice. From each life after a crash one
//! moment is drawn in which power is lost again, up to three times in a row. A thread takes every so many-th script; what
//! it does depends on the seeds and on its number of images alone.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use counterfoil_disk::{Choice, History, Image, Lengths};
use fastrand::Rng;

use crate::case::{Case, Cut};
use crate::life::{Finding, Life, Outcome, live};
use crate::reference::{Key, LEVELS, Reference};
use crate::workload::{Step, is_long};

/// Failures are counted; of so many each is told.
const FAILURES_TOLD: usize = 50;

/// A script gives so many images, so that a run of some thousand has scripts of every kind.
const IMAGES_PER_SCRIPT: u64 = 1_000;
/// A long session takes ten times as long to audit.
const IMAGES_PER_LONG_SCRIPT: u64 = 100;

/// What was tried and what came of it.
#[derive(Debug, Default)]
pub(crate) struct Summary {
    /// Images by how often power was lost, from once.
    pub(crate) by_level: [u64; LEVELS],
    /// Images by the choice among unflushed writes.
    pub(crate) by_choice: BTreeMap<Choice, u64>,
    /// Images by what the till was doing.
    pub(crate) by_doing: BTreeMap<&'static str, u64>,
    /// Moments of scripts at which power was lost first.
    pub(crate) points: u64,
    /// Scripts that were begun.
    pub(crate) scripts: u64,
    /// Images of a file that was not yet a store, and no answer had been given.
    pub(crate) unborn: u64,
    /// Images that were the same as another of their moment, which are not counted.
    pub(crate) repeats: u64,
    /// What must not be.
    pub(crate) failures: Vec<(Case, Finding)>,
    /// How often it was.
    pub(crate) failed: u64,
}

impl Summary {
    /// How many images a till was opened on.
    pub(crate) fn images(&self) -> u64 {
        self.by_level.iter().sum()
    }

    fn add(&mut self, other: Self) {
        self.by_level.iter_mut().zip(other.by_level).for_each(|(sum, part)| *sum += part);
        other.by_choice.into_iter().for_each(|(choice, part)| *self.by_choice.entry(choice).or_default() += part);
        other.by_doing.into_iter().for_each(|(doing, part)| *self.by_doing.entry(doing).or_default() += part);
        self.points += other.points;
        self.scripts += other.scripts;
        self.unborn += other.unborn;
        self.repeats += other.repeats;
        self.failed += other.failed;
        self.failures.extend(other.failures);
        self.failures.truncate(FAILURES_TOLD);
    }

    fn fail(&mut self, case: Case, finding: Finding) {
        self.failed += 1;
        if self.failures.len() < FAILURES_TOLD {
            self.failures.push((case, finding));
        }
    }
}

/// How much is to be tried.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    pub(crate) images: u64,
    /// The seed of the first script.
    pub(crate) seed: u64,
    pub(crate) threads: u64,
}

/// Carries out a plan; `told` is called now and then with the number of further images and of all failures.
pub(crate) fn sweep(plan: Plan, told: &(dyn Fn(u64, u64) + Sync)) -> Summary {
    let all = Mutex::new(Summary::default());
    let failed = AtomicU64::new(0);
    std::thread::scope(|scope| {
        for thread in 0..plan.threads {
            let (all, failed) = (&all, &failed);
            scope.spawn(move || {
                let share = plan.images / plan.threads + u64::from(thread < plan.images % plan.threads);
                let mut scripts = (plan.seed + thread..).step_by(usize::try_from(plan.threads).unwrap());
                let mut done = 0;
                while done < share {
                    let mut summary = Summary { scripts: 1, ..Summary::default() };
                    let script = scripts.next().unwrap();
                    let most = if is_long(script) { IMAGES_PER_LONG_SCRIPT } else { IMAGES_PER_SCRIPT };
                    let reference = Reference::of(script);
                    sweep_script(&reference, most.min(share - done), &mut summary, &mut |images, failures| {
                        let failures = failed.fetch_add(failures, Ordering::Relaxed) + failures;
                        told(images, failures);
                    });
                    done += summary.images();
                    all.lock().unwrap().add(summary);
                }
            });
        }
    });
    all.into_inner().unwrap()
}

/// The moments of a script in a drawn order, one of each thing that the till does before all others, until there are enough
/// images.
fn sweep_script(reference: &Reference, images_max: u64, summary: &mut Summary, told: &mut dyn FnMut(u64, u64)) {
    let mut rng = Rng::with_seed(reference.seed);
    let mut points: Vec<usize> = (0..=reference.history.len()).collect();
    rng.shuffle(&mut points);
    // The file seldom grows; a moment at which it does comes first, so that few images try the lengths too.
    if let Some(grows) = points.iter().position(|point| reference.history.moment(*point).has_new_length()) {
        points.swap(0, grows);
    }
    let mut known = BTreeSet::new();
    let (first, rest): (Vec<_>, Vec<_>) = points.into_iter().partition(|point| known.insert(doing(reference, *point)));
    for point in first.into_iter().chain(rest) {
        if summary.images() >= images_max {
            return;
        }
        let (images, failed) = (summary.images(), summary.failed);
        sweep_point(reference, point, images_max, &mut rng, summary);
        summary.points += 1;
        told(summary.images() - images, summary.failed - failed);
    }
}

/// Every choice of some moments.
pub(crate) fn sweep_points(reference: &Reference, points: impl Iterator<Item = usize>) -> Summary {
    let mut summary = Summary::default();
    let mut rng = Rng::with_seed(reference.seed);
    points.for_each(|point| sweep_point(reference, point, u64::MAX, &mut rng, &mut summary));
    summary
}

/// Every choice of one moment.
fn sweep_point(reference: &Reference, point: usize, images_max: u64, rng: &mut Rng, summary: &mut Summary) {
    let moment = reference.history.moment(point);
    let allowed = reference.allowed(point);
    let doing = doing(reference, point);
    let mut known: Vec<Image> = Vec::new();
    for choice in 0..Choice::ALL.len() {
        if summary.images() >= images_max {
            return;
        }
        if Choice::ALL[choice].lengths == Lengths::Dropped && !moment.has_new_length() {
            continue;
        }
        let cut = Cut { point, choice, seed: rng.u32(..) };
        let image = cut.image(&moment);
        if known.contains(&image) {
            summary.repeats += 1;
            continue;
        }
        known.push(image.clone());
        *summary.by_doing.entry(doing).or_default() += 1;
        if moment.has_new_length() {
            *summary.by_doing.entry("while the file grew or shrank").or_default() += 1;
        }
        let case = Case { script: reference.seed, cuts: vec![cut] };
        try_image(reference, image, allowed.clone(), case, rng, summary);
    }
}

/// Lives on an image, and on images of power lost in that life.
fn try_image(reference: &Reference, image: Image, allowed: Vec<Key>, case: Case, rng: &mut Rng, summary: &mut Summary) {
    let (mut image, mut allowed, mut case) = (image, allowed, case);
    loop {
        summary.by_level[case.cuts.len() - 1] += 1;
        let choice = case.cuts[case.cuts.len() - 1].choice;
        *summary.by_choice.entry(Choice::ALL[choice]).or_default() += 1;
        let life = match live(reference, image, allowed) {
            Ok(Outcome::Sound(life)) => life,
            Ok(Outcome::Unborn) => {
                summary.unborn += 1;
                return;
            }
            Err(finding) => return summary.fail(case, finding),
        };
        if case.cuts.len() == LEVELS {
            return;
        }
        let cut = draw(&life, rng);
        let doing = if cut.point < life.opened { "in recovery" } else { "in the sales after a recovery" };
        *summary.by_doing.entry(doing).or_default() += 1;
        image = cut.image(&life.history.moment(cut.point));
        allowed = life.allowed(cut.point);
        case = case.then(cut);
    }
}

/// A moment of a life and a choice: half of them before the store was open.
fn draw(life: &Life, rng: &mut Rng) -> Cut {
    let point = if rng.bool() { rng.usize(..=life.opened) } else { rng.usize(..=life.history.len()) };
    let has_new_length = life.history.moment(point).has_new_length();
    let of_length = Choice::ALL.iter().filter(|choice| choice.lengths == Lengths::Dropped).count();
    let choices = if has_new_length { Choice::ALL.len() } else { Choice::ALL.len() - of_length };
    Cut { point, choice: rng.usize(1..choices), seed: rng.u32(..) }
}

/// Makes the image of a case again and lives on it.
pub(crate) fn replay(case: &Case) -> Result<(), Finding> {
    let reference = Reference::of(case.script);
    let (mut history, mut allowed): (History, Box<dyn Fn(usize) -> Vec<Key> + '_>) =
        (reference.history.clone(), Box::new(|at| reference.allowed(at)));
    for cut in &case.cuts {
        let image = cut.image(&history.moment(cut.point));
        match live(&reference, image, allowed(cut.point))? {
            Outcome::Unborn => return Ok(()),
            Outcome::Sound(life) => {
                history = life.history.clone();
                allowed = Box::new(move |at| life.allowed(at));
            }
        }
    }
    Ok(())
}

/// What the till was doing.
fn doing(reference: &Reference, point: usize) -> &'static str {
    use counterfoil_core::command::Command;
    match reference.task(point).map(|task| &task.step) {
        Some(Step::Create | Step::Prologue(_)) => "making the store",
        Some(Step::Do(command)) => match command.as_ref() {
            Command::ChangeMasterData(_) | Command::SetOperator(..) | Command::SetRole(_) => {
                "changing products or operators"
            }
            Command::OpenDrawer(_) => "opening the drawer",
            Command::MoveCash(_) => "moving cash",
            Command::CompleteSale(_) => "selling",
            Command::RefundSale(_) | Command::ReturnGoods(_) => "refunding",
            Command::Exchange(_) => "exchanging",
            Command::CloseDrawer(_) => "closing the drawer",
            Command::RecordActivity(_) | Command::AmendZ(_) | Command::AddSeries(_) => "recording",
        },
        Some(Step::Enrol(_)) => "opening a granted journal",
        Some(Step::Feed(_)) => "taking a page of the feed",
        Some(Step::Acknowledge) => "storing an acknowledgement",
        Some(Step::Stop) => "storing a stop",
        Some(Step::Reopen) => "closing and opening the store",
        None => "closing the store for good",
    }
}

/// The moments of scripts, by what the till was doing.
pub(crate) fn all_doings() -> BTreeSet<&'static str> {
    let reference = Reference::of(1);
    (0..=reference.history.len()).map(|point| doing(&reference, point)).collect()
}
