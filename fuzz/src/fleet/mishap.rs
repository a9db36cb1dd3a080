//! What goes wrong besides single messages: lines, clocks, disks, whole machines. The seed says what and when.

use super::fault::FaultKind;
use super::history::Truth;
use super::world::{Cut, Event, Role, World};

const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 86_400_000;

impl World {
    /// One thing goes wrong, among those that the options allow.
    pub(crate) fn go_wrong(&mut self) {
        let drawn: Vec<FaultKind> =
            FaultKind::ALL.iter().copied().filter(|kind| self.options.is_drawn(*kind)).collect();
        let Some(kind) = self.rng.choice(drawn) else { return };
        let Some(seat) = self.pick(|seat| seat.role == Role::InUse) else { return };
        if !self.options.is_enabled(kind) {
            return;
        }
        match kind {
            FaultKind::PartitionBoth => self.cut_line(seat, Cut::Both, 5 * MINUTE_MS, 600 * MINUTE_MS),
            FaultKind::PartitionUp => self.cut_line(seat, Cut::Up, 5 * MINUTE_MS, 300 * MINUTE_MS),
            FaultKind::PartitionDown => self.cut_line(seat, Cut::Down, 5 * MINUTE_MS, 300 * MINUTE_MS),
            FaultKind::DiskError | FaultKind::DiskFull => self.spoil_disk(seat, kind),
            FaultKind::OfficeCrash => {
                let ahead = self.rng.u64(..40);
                self.office.disk.crash_at(self.office.disk.counts().operations().saturating_add(ahead));
            }
            FaultKind::WeeksOffline => {
                self.cut_line(seat, Cut::Both, 34 * DAY_MS, 40 * DAY_MS);
                self.after(40 * MINUTE_MS, Event::Weeks(seat));
            }
            FaultKind::TwoBackAtOnce => {
                let Some(other) = self.pick(|seat| seat.role == Role::InUse) else { return };
                let wait = self.rng.i64(20 * MINUTE_MS..120 * MINUTE_MS);
                self.cut_line(seat, Cut::Both, wait, wait.saturating_add(1));
                self.cut_line(other, Cut::Both, wait, wait.saturating_add(1));
            }
            FaultKind::Cloned => self.clone_disk(),
            FaultKind::RestoredWithMark | FaultKind::RestoredStoreOnly => self.roll_back(kind),
            FaultKind::Replaced => self.replace_dead(),
            FaultKind::Salvaged => self.salvage(),
            FaultKind::TokenTwice => self.use_token_twice(),
            FaultKind::OfficeRestored | FaultKind::OfficeLost => self.put_office_back(kind),
            FaultKind::Revoked => self.revoke(),
            FaultKind::UnknownEntry => self.run_newer_till(),
            FaultKind::WrongPins => self.guess_pins(seat),
            FaultKind::ClockSeconds | FaultKind::ClockYears | FaultKind::ClockBack | FaultKind::Clock1970 => {
                self.upset_clock(seat, kind);
            }
            FaultKind::ForgedKey
            | FaultKind::ForeignJournal
            | FaultKind::FlippedByte
            | FaultKind::OtherKind
            | FaultKind::ReplayedBatch
            | FaultKind::ReplayedHello => self.attack_office(kind),
            FaultKind::ReplayedAcknowledgement | FaultKind::ReplayedFeedPage | FaultKind::ReplayedGrant => {
                self.replay_to_till(kind);
            }
            // These happen to single messages and commands, or by the calendar.
            FaultKind::RequestLost
            | FaultKind::AnswerLost
            | FaultKind::Delayed
            | FaultKind::Duplicated
            | FaultKind::StaleDuplicate
            | FaultKind::Reordered
            | FaultKind::CutRequest
            | FaultKind::CutAnswer
            | FaultKind::TillCrash
            | FaultKind::CrashInRecovery
            | FaultKind::CrashBeforePrint
            | FaultKind::SummerTime => {}
        }
    }

    fn cut_line(&mut self, seat: usize, cut: Cut, least_ms: i64, most_ms: i64) {
        self.seats[seat].cut = cut;
        self.truth(Truth::Line { device: seat, is_whole: false });
        self.tell(format_args!("the line of {} is cut: {cut:?}", self.name(seat)));
        let wait = self.rng.i64(least_ms..most_ms);
        self.after(wait, Event::Heal(seat));
    }

    fn upset_clock(&mut self, seat: usize, kind: FaultKind) {
        let now = self.time.get();
        let off_ms = if kind == FaultKind::ClockYears {
            self.rng.i64(365 * DAY_MS..7_300 * DAY_MS)
        } else if kind == FaultKind::ClockBack {
            // Within the year as often as beyond it, where there is no series to sell in.
            let most = if self.rng.bool() { DAY_MS } else { 400 * DAY_MS };
            -self.rng.i64(60 * MINUTE_MS..most)
        } else if kind == FaultKind::Clock1970 {
            self.rng.i64(0..DAY_MS) - now
        } else {
            self.rng.i64(-90_000..90_000)
        };
        self.seats[seat].wrong_clock = Some(kind);
        self.set_clock(seat, off_ms);
        let wait = self.rng.i64(10 * MINUTE_MS..240 * MINUTE_MS);
        self.after(wait, Event::SetClock(seat));
    }

    /// Weeks pass; a till whose line is still cut has sold before and sells after without having synced.
    pub(crate) fn let_weeks_pass(&mut self, seat: usize) {
        if self.seats[seat].cut == Cut::Whole || self.is_calm {
            return;
        }
        let weeks_ms = self.rng.i64(14 * DAY_MS..30 * DAY_MS);
        self.time.set(self.time.get().saturating_add(weeks_ms));
        self.fault(FaultKind::WeeksOffline);
        self.tell(format_args!("{} days pass while {} is cut off", weeks_ms / DAY_MS, self.name(seat)));
        self.after(30 * MINUTE_MS, Event::Heal(seat));
    }
}
