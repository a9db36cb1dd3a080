//! `till quote`, `till scan` and `till tax-id`: what needs no till.

use std::path::PathBuf;

use clap::Args;
use counterfoil_core::gs1::digital_link::CANONICAL_STEM;
use counterfoil_core::in_store_code::{Mask, masks_of};
use counterfoil_core::scan::Rules;

use crate::cli::console::Console;
use crate::cli::input::Submissions;
use crate::cli::show;
use crate::clock::Clock;
use crate::failure::{Ending, Failure};
use crate::operations::Answer;
use crate::wire::quote::quote;
use crate::wire::scan::scan;
use crate::wire::tax_id::tax_id;

/// Prices baskets.
#[derive(Debug, Args)]
pub struct Quote {
    /// A file with one basket or JSON Lines of baskets, or - for standard input
    file: Option<PathBuf>,
}

impl Quote {
    /// Prices basket by basket.
    ///
    /// # Errors
    /// The input cannot be read, or nothing can be shown.
    pub fn run(&self, console: &Console) -> Result<Ending, Failure> {
        let now = Clock::in_zone("UTC")?.now();
        let submissions = Submissions::read(console.open_input(self.file.as_deref())?);
        let unreadable = |error| Failure::damaged("io", format!("the baskets cannot be read: {error}"));
        let (mut ending, mut baskets) = (Ending::Done, 0);
        loop {
            let lines = submissions.take(1).map_err(unreadable)?;
            if lines.is_empty() {
                Console::require_some(baskets)?;
                return Ok(ending);
            }
            for line in lines.iter().filter(|line| !line.is_blank()) {
                baskets += 1;
                let priced = quote(&line.text, now).map(|quote| Answer::done(&quote));
                let answer = priced.unwrap_or_else(|refusal| Answer::from(Failure::from(refusal)));
                ending = ending.max(console.show(&answer, show::fields)?);
            }
        }
    }
}

/// Decodes a barcode: EAN, UPC, GTIN, GS1 elements, GS1 Digital Link, in-store price and weight codes.
///
/// GS1 elements may be bracketed "(01)..(10)..", or as a scanner sends them: behind ^ or the character GS, or behind a
/// symbology identifier such as ]C1 ]d2 ]Q3 ]e0 ]E0 ]E4.
#[derive(Debug, Args)]
pub struct Scan {
    /// What the scanner read
    #[arg(required = true)]
    codes: Vec<String>,
    /// The country whose in-store price and weight codes apply: DK EE FI DE GB LV LT NO SE
    #[arg(long, visible_alias = "country", value_name = "COUNTRY")]
    region: Option<String>,
    /// Where an in-store code has its measure: price, weight or count, then one place for each of 12 digits, such as
    /// price:21.....{NNNDD} or weight:28....C{NNDDD} (. article, C verifier, N and D digits before and after the point);
    /// comes before the country's
    #[arg(long = "mask", value_name = "MASK")]
    masks: Vec<Mask>,
    /// What the Digital Link begins with
    #[arg(long, value_name = "URL", default_value = CANONICAL_STEM)]
    stem: String,
}

impl Scan {
    /// Decodes each code.
    ///
    /// # Errors
    /// Nothing can be shown.
    pub fn run(&self, console: &Console) -> Result<Ending, Failure> {
        let mut masks = self.masks.clone();
        masks.extend(self.region.iter().flat_map(|region| masks_of(region)));
        let rules = Rules { masks: &masks, stem: &self.stem };
        let mut ending = Ending::Done;
        for code in &self.codes {
            let found = scan(code, rules);
            let this = if found.valid { Ending::Done } else { Ending::Refused };
            ending = ending.max(console.show(&Answer::ended(this, &found), show::told_fields)?);
        }
        Ok(ending)
    }
}

/// Checks a tax id (NIF, VAT number, RUC, CUIT, RFC ...) and writes it as usual.
///
/// Spaces, points, hyphens and the letters of the country in front do not matter.
#[derive(Debug, Args)]
pub struct TaxId {
    /// The country, two letters such as ES; EU for a VAT number with its country in front
    country: String,
    /// The tax id
    #[arg(required = true)]
    id: Vec<String>,
    /// The state that gave a German Steuernummer, such as Sachsen
    #[arg(long, value_name = "STATE")]
    region: Option<String>,
}

impl TaxId {
    /// Checks it.
    ///
    /// # Errors
    /// Nothing can be shown.
    pub fn run(&self, console: &Console) -> Result<Ending, Failure> {
        let found = tax_id(&self.country, &self.id.join(" "), self.region.as_deref());
        let ending = if found.valid { Ending::Done } else { Ending::Refused };
        console.show(&Answer::ended(ending, &found), show::told_fields)
    }
}
