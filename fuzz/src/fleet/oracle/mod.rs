//! The oracle: reads the history of a fleet and says which promise was broken.
//!
//! It is written apart from the product: its sums are its own, of whole minor units in 128 bits, and it calls no rule of
//! core. Each invariant has the letter and number of the reliability notes and is one named check that counts how often
//! it looked at something. What costs little is checked as it happens, the rest when the fleet is quiet.
//! Example: a number on two receipts of two sales is `N1`, unless the till was copied and everybody is told so.

#![expect(clippy::wildcard_enum_match_arm, reason = "a check looks at what it is about, and at nothing else")]

mod branch;
mod cash;
mod day;
mod disk;
mod feed;
mod ledger;
mod numbering;
mod office_numbers;
mod paper;
mod refund;
mod security;
mod stock;
mod sync;
mod truth;
mod verdict;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;

use super::history::{History, Seen, What};
use ledger::Ledger;

macro_rules! checks {
    ($($(#[$doc:meta])* $name:ident = $rule:literal;)*) => {
        /// One invariant, by the letter and number of the reliability notes.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Check { $($(#[$doc])* $name,)* }

        impl Check {
            /// Every check.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// What must hold.
            #[must_use]
            pub const fn rule(self) -> &'static str {
                match self { $(Self::$name => $rule,)* }
            }
        }

        impl fmt::Display for Check {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.pad(match self { $(Self::$name => stringify!($name),)* })
            }
        }
    };
}

checks! {
    /// One number, one document.
    N1 = "a number is issued at most once in the whole fleet; with copies, the doubles are those that head office names";
    /// No hole.
    N2 = "the numbers of a series are 1..n at the till, without a hole";
    /// All or nothing.
    N3 = "number, sale, cash and entry stand together; a refusal leaves nothing";
    /// Paper is durable.
    N4 = "what was printed is in the journal, for ever";
    /// Never freed.
    N5 = "a refund, a failure or a reprint frees no number";
    /// Order.
    N6 = "numbers follow the order of entries, and issue times of a series never go back";
    /// One owner.
    N7 = "a series belongs to one journal for ever; a closed journal issues nothing";
    /// Gaps.
    N8 = "head office lists exactly the numbers and entries that it has not received";
    /// Years.
    N9 = "a document has a number of the series of its year, and each series begins at 1";
    /// Sums of a document.
    C1 = "lines, tax and rounding come to the total, on paper, in entries, in sessions and days";
    /// Payment.
    C2 = "tenders less change come to what was to be paid";
    /// Drawer.
    C3 = "what the drawer should hold is the fold of its entries, and the Z report repeats it";
    /// Totals.
    C4 = "the tills' documents come to head office's days, by currency, tax, tender and day";
    /// Refunds.
    C5 = "no more is given back of a line or a document than was sold and paid";
    /// Prices stay.
    C8 = "a sale keeps the price and the figures that it was made with";
    /// Stock at tills.
    S1 = "stock is the sum of movements, at the till and at head office";
    /// Once.
    S2 = "each movement counts once at head office, whatever was repeated";
    /// Negative stock.
    S5 = "negative stock stops no sale";
    /// After a crash.
    D1 = "after a crash everything that was answered is there";
    /// Nothing else.
    D2 = "after a crash there is nothing that nobody asked for, and nothing twice";
    /// Latched.
    D5 = "after a failure nothing succeeds until the till was opened again";
    /// Everything arrives.
    Y1 = "every entry reaches head office once the network is whole";
    /// Once.
    Y2 = "the effect of an entry is there exactly once";
    /// Prefix.
    Y3 = "head office holds a byte-identical prefix of each journal";
    /// Kept.
    Y4 = "nothing is dropped before an acknowledgement covers it";
    /// Cursor.
    Y5 = "the cursor moves only with its rows: one revision shows one set of rows";
    /// Acknowledgements.
    Y6 = "acknowledgements never go back within an epoch, and what was acknowledged is held";
    /// Found.
    Y7 = "a copy, fork or till put back is found at first contact, and both sides are kept with their proofs";
    /// No false alarm.
    Y8 = "an honest crash never looks like a fork, a rollback or a fault of head office";
    /// Apart.
    Y9 = "one journal's quarantine delays no other";
    /// Converged.
    Y10 = "all tills and head office show the same master data when it is quiet";
    /// Order of arrival.
    Y11 = "head office's totals are the sum of the tills' own, whatever came first";
    /// Clocks.
    Y15 = "a wrong clock changes neither what a sale costs nor whether it counts";
    /// Replaced.
    Y16 = "a dead till's successor has its own journal and series, and what is salvaged is held";
    /// Signatures.
    X1 = "nothing forged or replayed changes anything";
    /// Ended.
    X2 = "nothing of an ended journal is counted after its end; it is kept";
    /// Tokens.
    X3 = "a token works once";
    /// PINs.
    X4 = "wrong PINs are bounded, across restarts and crashes";
    /// Own journal.
    X5 = "no till speaks for another's journal";
    /// Domains.
    X11 = "no message of one kind stands for another, and no till's key for head office's";
}

/// How often each check looked at something.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts(BTreeMap<Check, u64>);

impl Counts {
    /// How often one did.
    #[must_use]
    pub fn of(&self, check: Check) -> u64 {
        self.0.get(&check).copied().unwrap_or(0)
    }

    /// Adds those of another run.
    pub fn add(&mut self, other: &Self) {
        for (check, count) in &other.0 {
            *self.0.entry(*check).or_default() += count;
        }
    }

    /// Those that never looked at anything. After many runs that is a failure: they prove nothing.
    #[must_use]
    pub fn never(&self) -> Vec<Check> {
        Check::ALL.iter().copied().filter(|check| self.of(*check) == 0).collect()
    }
}

/// A broken promise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// Which.
    pub check: Check,
    /// At which step.
    pub step: u64,
    /// What was seen.
    pub text: String,
}

impl fmt::Display for Broken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { check, step, text } = self;
        write!(formatter, "step {step}: {check} is broken: {text} (always: {})", check.rule())
    }
}

impl std::error::Error for Broken {}

/// Where checks put what they find.
#[derive(Debug, Default)]
struct Findings {
    step: u64,
    counts: Counts,
    broken: Vec<Broken>,
}

impl Findings {
    /// Counts one look, and notes what is told where the promise does not hold.
    fn check(&mut self, check: Check, holds: bool, text: impl FnOnce() -> String) {
        *self.counts.0.entry(check).or_default() += 1;
        if !holds {
            self.broken.push(Broken { check, step: self.step, text: text() });
        }
    }

    /// Counts one look at two figures that must be equal.
    fn equal<T: PartialEq + fmt::Debug>(&mut self, check: Check, is: &T, must: &T, what: impl FnOnce() -> String) {
        self.check(check, is == must, || format!("{}: it is {is:?}, it must be {must:?}", what()));
    }
}

/// The oracle of one run.
#[derive(Debug, Default)]
pub struct Oracle {
    read: usize,
    ledger: Ledger,
    findings: Findings,
}

impl Oracle {
    /// One that has seen nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads what is new and checks it.
    ///
    /// # Errors
    /// The first promise that is broken.
    pub fn step(&mut self, history: &History) -> Result<(), Broken> {
        self.read(history);
        self.findings.broken.first().cloned().map_or(Ok(()), Err)
    }

    /// How often each check looked at something.
    #[must_use]
    pub const fn counts(&self) -> &Counts {
        &self.findings.counts
    }

    /// Every broken promise so far.
    #[must_use]
    pub fn broken(&self) -> &[Broken] {
        &self.findings.broken
    }

    fn read(&mut self, history: &History) {
        for seen in history.since(self.read) {
            self.findings.step = seen.step;
            self.see(seen);
        }
        self.read = history.seen().len();
    }

    /// Checks what was seen against what was known, takes it up, and checks what follows from both.
    fn see(&mut self, seen: &Seen) {
        let Self { ledger, findings, .. } = self;
        numbering::before(ledger, seen, findings);
        disk::before(ledger, seen, findings);
        verdict::before(ledger, seen, findings);
        sync::before(ledger, seen, findings);
        security::before(ledger, seen, findings);
        ledger.take(seen);
        sync::after(ledger, seen, findings);
        numbering::after(ledger, seen, findings);
        disk::after(ledger, seen, findings);
        cash::after(ledger, seen, findings);
        feed::after(ledger, seen, findings);
        stock::after(ledger, seen, findings);
        if matches!(seen.what, What::Quiet) {
            branch::quiet(ledger, findings);
            numbering::quiet(ledger, findings);
            office_numbers::quiet(ledger, findings);
            disk::quiet(ledger, findings);
            verdict::quiet(ledger, findings);
            sync::quiet(ledger, findings);
            day::quiet(ledger, findings);
            stock::quiet(ledger, findings);
            refund::quiet(ledger, findings);
            cash::quiet(ledger, findings);
            feed::quiet(ledger, findings);
            ledger.end_quiet();
        }
    }
}
