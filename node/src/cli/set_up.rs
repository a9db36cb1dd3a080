//! `till init`: a stand-alone till with its own series.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use counterfoil_core::grant::Profile;
use counterfoil_core::id::{CountryCode, Name};
use counterfoil_core::in_store_code::Mask;
use counterfoil_core::zone::{require_known, zone_of};
use serde::Serialize;

use crate::cli::console::Console;
use crate::cli::show;
use crate::clock::Clock;
use crate::failure::{Ending, Failure};
use crate::folder::lost::require_none_lost;
use crate::folder::settings::Settings;
use crate::open_till::OpenTill;
use crate::operations::Answer;

/// Countries whose shops show prices without tax.
const EXCLUSIVE: [&str; 2] = ["US", "CA"];

/// Makes a stand-alone till.
#[derive(Debug, Args)]
pub struct Init {
    /// The store's code: 1 to 8 capital letters or digits
    #[arg(long, value_name = "CODE")]
    store: String,
    /// The till's code in its store: 1 to 8 capital letters or digits
    #[arg(long, value_name = "CODE")]
    till: String,
    /// The one currency of its documents, such as EUR
    #[arg(long, value_name = "ISO")]
    currency: String,
    /// The country whose rules hold, such as ES
    #[arg(long, value_name = "ISO")]
    country: String,
    /// The store's time zone, such as Europe/Madrid [default: that of most people in the country]
    #[arg(long)]
    zone: Option<String>,
    /// Whether prices include tax [default: inclusive; exclusive in the US and Canada]
    #[arg(long, value_enum)]
    prices: Option<Prices>,
    /// Sales of the past may be taken over from another system
    #[arg(long)]
    history: bool,
    /// Where a second mark file lies, on another disk
    #[arg(long, value_name = "FILE")]
    second_mark: Option<PathBuf>,
    /// Where the shop's own price and weight codes have their measure, such as weight:21.....{NNDDD}; before the country's
    #[arg(long = "mask", value_name = "MASK")]
    masks: Vec<Mask>,
}

/// Whether prices include tax.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Prices {
    Inclusive,
    Exclusive,
}

#[derive(Serialize)]
struct MadeWire<'a> {
    store: &'a str,
    till: &'a str,
    currency: &'a str,
    country: &'a str,
    zone: &'a str,
    prices_include_tax: bool,
    has_history: bool,
    operator: &'static str,
    data: String,
}

impl Init {
    /// Makes the till.
    ///
    /// # Errors
    /// A code that is none, a folder that has a till already, or a failing disk.
    pub fn run(self, console: &Console) -> Result<Ending, Failure> {
        let second_mark = self.second_mark.as_deref().map(std::path::absolute).transpose();
        let second_mark = second_mark.map_err(|error| Failure::Usage(format!("--second-mark: {error}")))?;
        let masks = self.masks.iter().map(ToString::to_string).collect();
        let profile = self.profile()?;
        let folder = console.folder()?;
        folder.require_no_till()?;
        require_none_lost(&folder)?;
        folder.make()?;
        let lock = folder.try_lock()?.ok_or_else(|| folder.held_by_another())?;
        let till = OpenTill::create(lock, profile, &Settings { second_mark, masks })?;
        let profile = till.profile();
        let made = Answer::done(&MadeWire {
            store: profile.store.as_str(),
            till: profile.till.as_str(),
            currency: profile.currency.code(),
            country: profile.country.as_str(),
            zone: profile.zone.as_str(),
            prices_include_tax: profile.prices_include_tax,
            has_history: profile.has_history,
            operator: "owner",
            data: folder.path().display().to_string(),
        });
        console.show(&made, show::fields)
    }

    fn profile(self) -> Result<Profile, Failure> {
        let country: CountryCode = self.country.parse()?;
        require_known(&country)?;
        let zone = self.zone.unwrap_or_else(|| zone_of(&country).to_owned());
        Clock::in_zone(&zone)?;
        let prices_include_tax = match self.prices {
            Some(Prices::Inclusive) => true,
            Some(Prices::Exclusive) => false,
            None => !EXCLUSIVE.contains(&country.as_str()),
        };
        Ok(Profile {
            store: self.store.parse()?,
            till: self.till.parse()?,
            currency: self.currency.parse()?,
            country,
            zone: Name::new(zone)?,
            prices_include_tax,
            has_history: self.history,
        })
    }
}
