//! `till quick-cash` and `till tenders`: what is paid with; needs no till.

use clap::Args;
use counterfoil_core::cash_rounding::CashRounding;
use counterfoil_core::currency::Currency;
use counterfoil_core::id::CountryCode;
use counterfoil_core::money::Money;
use counterfoil_core::quick_cash::suggestions;
use counterfoil_core::settlement::settle_in_cash;
use counterfoil_core::tender::TenderKind;
use serde::Serialize;

use crate::cli::console::Console;
use crate::cli::show;
use crate::clock::Clock;
use crate::failure::{Ending, Failure};
use crate::operations::Answer;

/// Suggests amounts of cash.
#[derive(Debug, Args)]
pub struct QuickCash {
    /// What is to be paid
    amount: String,
    /// The currency
    #[arg(long, default_value = "EUR")]
    currency: String,
    /// The country whose smallest coin counts, such as FI
    #[arg(long)]
    country: Option<String>,
}

#[derive(Serialize)]
struct Suggested {
    currency: String,
    payable: String,
    amounts: Vec<String>,
}

impl QuickCash {
    /// Suggests them.
    ///
    /// # Errors
    /// The amount is none, or nothing can be shown.
    pub fn run(&self, console: &Console) -> Result<Ending, Failure> {
        let currency: Currency = self.currency.parse()?;
        let amount = Money::read("amount", &self.amount, currency)?;
        let country: Option<CountryCode> = self.country.as_deref().map(str::parse).transpose()?;
        let today = Clock::in_zone("UTC")?.now().date();
        let coins = country.and_then(|country| CashRounding::of_country(&country, currency, today));
        let payable = settle_in_cash(amount, coins)?.payable();
        let amounts = suggestions(payable, currency)?.into_iter().map(|amount| amount.show(currency)).collect();
        let suggested = Suggested { currency: currency.to_string(), payable: payable.show(currency), amounts };
        console.show(&Answer::done(&suggested), show::fields)
    }
}

/// Shows the kinds of tender.
#[derive(Debug, Args)]
pub struct Tenders {}

#[derive(Serialize)]
struct Kinds {
    kinds: Vec<Kind>,
}

#[derive(Serialize)]
struct Kind {
    kind: &'static str,
    gives_change: bool,
    opens_drawer: bool,
    needs_reference: bool,
    refundable: bool,
    stored_value: bool,
    takes_tip: bool,
    takes_cash_out: bool,
}

impl Tenders {
    /// Shows each kind and what it may do.
    ///
    /// # Errors
    /// Nothing can be shown.
    pub fn run(&self, console: &Console) -> Result<Ending, Failure> {
        let kind = |kind: TenderKind| {
            let rules = kind.rules();
            Kind {
                kind: kind.as_str(),
                gives_change: rules.gives_change,
                opens_drawer: rules.opens_drawer,
                needs_reference: rules.needs_reference,
                refundable: rules.is_refundable,
                stored_value: rules.is_stored_value,
                takes_tip: rules.takes_tip,
                takes_cash_out: rules.takes_cash_out,
            }
        };
        let kinds = TenderKind::NAMED.into_iter().map(kind).collect();
        console.show(&Answer::done(&Kinds { kinds }), show::fields)
    }
}
