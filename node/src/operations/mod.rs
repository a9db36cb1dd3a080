//! What a till can be asked: one file per operation, called by the command line and the local API alike.
//!
//! An operation is a typed request. Carried out with the open till it gives one answer, a JSON object, or a failure.
//! Operations translate; whether the trade allows what is asked is decided in core.

use counterfoil_core::refusal::ToldRefusal;
use counterfoil_core::till::Outcome;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::caller::Caller;
use crate::failure::{Ending, Failure};
use crate::open_till::OpenTill;

pub mod activity;
pub mod amend;
pub mod audit;
pub mod drawer;
pub mod master_data;
pub mod operator;
pub mod products;
pub mod receipt;
pub mod report;
pub mod role;
pub mod safekeeping;
pub mod sales_report;
pub mod sell;
pub mod series;
pub mod status;
pub mod sync_step;
pub mod verify_receipt;

/// A request that the open till can carry out.
pub trait Operation: Serialize + DeserializeOwned + Send + 'static {
    /// Its name in the local API: `/v1/NAME`.
    const NAME: &'static str;

    /// Carries it out as `caller`.
    ///
    /// # Errors
    /// The till refuses it, or disk or data failed.
    fn perform(self, till: &mut OpenTill, caller: &Caller) -> Result<Answer, Failure>;
}

/// What came of it: one JSON object, and how it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// How it ended.
    pub ending: Ending,
    /// The object, on one line.
    pub json: String,
}

impl Answer {
    /// The answer of what was carried out.
    pub fn done<T: Serialize>(value: &T) -> Self {
        Self::ended(Ending::Done, value)
    }

    /// An answer that ended so.
    pub fn ended<T: Serialize>(ending: Ending, value: &T) -> Self {
        let json = serde_json::to_string(value).expect("answers are plain structs that always become JSON");
        Self { ending, json }
    }

    /// Reads what was answered.
    ///
    /// # Errors
    /// The answer is a refusal or a failure, or not of this form.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        #[derive(Deserialize)]
        struct Refused {
            refused: ToldRefusal,
        }
        let unreadable = || Failure::damaged("till", self.json.clone());
        match self.ending {
            Ending::Done => serde_json::from_str(&self.json).map_err(|_| unreadable()),
            Ending::Refused => match serde_json::from_str::<Refused>(&self.json) {
                Ok(Refused { refused }) => Err(refused.to_refusal().into()),
                Err(_) => Err(unreadable()),
            },
            Ending::Usage | Ending::Damaged => Err(unreadable()),
        }
    }

    /// The answer that stands on one line of a stream; its own fields tell how it ended.
    #[must_use]
    pub fn of_line(json: &str) -> Self {
        #[derive(Deserialize)]
        struct Outline {
            refused: Option<serde::de::IgnoredAny>,
            error: Option<serde::de::IgnoredAny>,
        }
        let ending = match serde_json::from_str::<Outline>(json) {
            Ok(Outline { refused: None, error: None }) => Ending::Done,
            Ok(Outline { error: None, .. }) => Ending::Refused,
            Ok(_) | Err(_) => Ending::Damaged,
        };
        Self { ending, json: json.to_owned() }
    }
}

impl From<Failure> for Answer {
    fn from(failure: Failure) -> Self {
        Self { ending: failure.ending(), json: failure.json() }
    }
}

/// The failure of a till that answered with something else than what was asked: a defect.
pub(crate) fn unexpected(outcome: &Outcome) -> Failure {
    Failure::damaged("bug", format!("what was asked was answered with {outcome:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_a_stream_tells_how_it_ended() {
        let check = |json: &str, ending| assert_eq!(Answer::of_line(json).ending, ending, "{json}");
        check(r#"{"id":"a","number":"R-1"}"#, Ending::Done);
        check(r#"{"id":"a","refused":{"code":"unpaid"}}"#, Ending::Refused);
        check(r#"{"error":{"code":"io"}}"#, Ending::Damaged);
        check(r#"{"id":"a","num"#, Ending::Damaged);
    }
}
