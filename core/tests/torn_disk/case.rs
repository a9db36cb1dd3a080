//! A crash image by its name, so that a failing one can be made again: `seed:point.choice.seed`, one part for each time
//! that power was lost. Example: `7:120.9.33:4.1.5` is script 7, cut before operation 120, and again in recovery.

use std::fmt;
use std::str::FromStr;

use counterfoil_disk::{Choice, Image, Moment};
use fastrand::Rng;

/// One loss of power.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cut {
    /// Before which operation of the life.
    pub(crate) point: usize,
    /// Which of [`Choice::ALL`].
    pub(crate) choice: usize,
    /// What decides the rest.
    pub(crate) seed: u32,
}

impl Cut {
    pub(crate) fn image(self, moment: &Moment<'_>) -> Image {
        moment.cut(Choice::ALL[self.choice], &mut Rng::with_seed(u64::from(self.seed)))
    }
}

/// A crash image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Case {
    /// The seed of the script.
    pub(crate) script: u64,
    /// How power was lost, each time in the life that followed on the one before.
    pub(crate) cuts: Vec<Cut>,
}

impl Case {
    pub(crate) fn then(&self, cut: Cut) -> Self {
        let mut cuts = self.cuts.clone();
        cuts.push(cut);
        Self { script: self.script, cuts }
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.script)?;
        self.cuts.iter().try_for_each(|cut| write!(f, ":{}.{}.{}", cut.point, cut.choice, cut.seed))
    }
}

impl FromStr for Case {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text} is not seed:point.choice.seed");
        let mut parts = text.split(':');
        let script = parts.next().and_then(|seed| seed.parse().ok()).ok_or_else(wrong)?;
        let cut = |part: &str| {
            let numbers: Option<Vec<u32>> = part.split('.').map(|number| number.parse().ok()).collect();
            match numbers.as_deref() {
                Some(&[point, choice, seed]) if (choice as usize) < Choice::ALL.len() => {
                    Ok(Cut { point: point as usize, choice: choice as usize, seed })
                }
                Some(_) | None => Err(wrong()),
            }
        };
        Ok(Self { script, cuts: parts.map(cut).collect::<Result<_, _>>()? })
    }
}

#[test]
fn a_case_reads_back_as_it_is_written() {
    let text = "7:120.9.33:4.1.5";
    let case: Case = text.parse().unwrap();
    assert_eq!((case.to_string().as_str(), case.cuts.len()), (text, 2));
    for wrong in ["", "x", "7:1.2", "7:1.99.3", "7:1.2.3.4"] {
        assert!(wrong.parse::<Case>().is_err(), "{wrong}");
    }
}
