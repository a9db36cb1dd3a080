//! The command line `till`: each command reads its options, asks one operation and shows the answer.
//!
//! Global options stand before or after the command. Exit codes: 0 done, 1 refused, 2 usage, 3 damaged data or I/O. With
//! `--json` answers and refusals are JSON on standard output, one line each; progress and diagnostics go to stderr.

use std::ffi::OsString;
use std::io::IsTerminal;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use tracing_subscriber::EnvFilter;

use crate::failure::{Ending, Failure};

pub mod catalogue;
pub mod console;
pub mod drawer;
pub mod goods_back;
pub mod input;
pub mod joining;
pub mod office;
pub mod roles;
pub mod safekeeping;
pub mod sales_report;
pub mod selling;
pub mod series;
pub mod serving;
pub mod set_up;
pub mod show;
pub mod shown;
pub mod state;
pub mod tenders;
pub mod tools;
pub mod unsold;

use console::Console;

/// Sells offline, numbers without a gap, and proves it.
#[derive(Debug, Parser)]
#[command(name = "till", version, about, max_term_width = 110)]
struct Arguments {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

/// What every command understands.
#[derive(Debug, Args)]
pub struct Global {
    /// The data folder [default: of this user]
    #[arg(long, global = true, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Answers as JSON
    #[arg(long, global = true)]
    json: bool,
    /// Who acts
    #[arg(long, global = true, value_name = "CODE")]
    operator: Option<String>,
    /// A file with the operator's PIN, or - for standard input [or the environment: TILL_PIN]
    #[arg(long, global = true, value_name = "FILE")]
    pin_file: Option<PathBuf>,
    /// A second person who approves what the operator may not do alone
    #[arg(long, global = true, value_name = "CODE")]
    approved_by: Option<String>,
    /// A file with that person's PIN [or the environment: TILL_APPROVAL_PIN]
    #[arg(long, global = true, value_name = "FILE", requires = "approved_by")]
    approval_pin_file: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make a stand-alone till
    Init(set_up::Init),
    /// Join a head office by its one-time token
    Enrol(joining::Enrol),
    /// Apply a grant or a page of master data that came as a file
    Apply(office::Apply),
    /// Take over products, or convert the sales of another system
    #[command(subcommand)]
    Import(catalogue::Import),
    /// Add, change, list or remove operators
    #[command(subcommand)]
    Operator(catalogue::OperatorCommand),
    /// Say what a role may do and up to which limits, or list the roles
    #[command(subcommand)]
    Role(roles::RoleCommand),
    /// Look up a product, or list all by pages
    Products(catalogue::Listing),
    /// Open the drawer with its float
    Open(drawer::Open),
    /// Sell one basket, or JSON Lines of baskets and refunds
    Sell(selling::Sell),
    /// Refund a document, all of it or one line
    Refund(goods_back::Refund),
    /// Verify the code on a receipt of any of our tills, with no network
    VerifyReceipt(goods_back::VerifyCode),
    /// Take goods back that come without a receipt
    Return(goods_back::Return),
    /// Take goods back by receipt and sell others, settled against each other
    Exchange(goods_back::Exchange),
    /// Put money into the drawer
    PayIn(drawer::Cash),
    /// Pay something out of the drawer
    PayOut(drawer::Cash),
    /// Take money out of the drawer to the safe
    SafeDrop(drawer::Cash),
    /// Put change money into the drawer
    FloatTopUp(drawer::Cash),
    /// Take money out of the drawer to the bank, in a numbered bag
    BankDrop(drawer::BankDrop),
    /// Open the drawer without a sale
    NoSale(drawer::NoSale),
    /// Record a line that was taken out of a basket before it was sold
    VoidLine(unsold::Void),
    /// Record a basket that was given up before it was sold
    Abandon(unsold::Abandon),
    /// Count the drawer, close it and make the Z report
    Close(drawer::Close),
    /// Read the figures of the open drawer session
    X(drawer::X),
    /// Print a Z report again, with its addenda
    Z(drawer::Z),
    /// Make a numbered addendum to a Z report, which itself never changes
    AmendZ(drawer::Amend),
    /// Show what was sold as a table: by day, hour, product, category, operator, tender or tax rate
    Report(sales_report::Report),
    /// Say how the document numbers stand and how long they last, or number from a range that the authority authorised
    #[command(subcommand)]
    Series(series::SeriesCommand),
    /// Print a document again
    Receipt(selling::Receipt),
    /// Price a basket; stores nothing, needs no till
    Quote(tools::Quote),
    /// Suggest the amounts of cash that are likely to be handed over; needs no till
    QuickCash(tenders::QuickCash),
    /// Show the kinds of tender and what each may do; needs no till
    Tenders(tenders::Tenders),
    /// Decode a barcode; needs no till
    Scan(tools::Scan),
    /// Check a tax id and write it as usual; needs no till
    TaxId(tools::TaxId),
    /// Exchange everything with head office
    Sync(joining::Sync),
    /// Write what head office does not have yet into a file
    Export(office::Export),
    /// Take head office's acknowledgement from a file
    Acknowledge(office::Acknowledge),
    /// Show how the till is
    Status(state::Status),
    /// Serve the local API
    Serve(serving::Serve),
    /// Replay the journal and check everything against it
    Audit(state::Audit),
    /// Write everything into one new file, also while the till sells
    Backup(safekeeping::Backup),
    /// Go on after a lost disk: end the old journal and open a new one
    Restore(safekeeping::RestoreTill),
    /// Bring the store to this program's schema and say what changed
    Migrate(safekeeping::MigrateStore),
}

/// Runs the program with the arguments of the process.
#[must_use]
pub fn run() -> ExitCode {
    exit(run_line(std::env::args_os()))
}

/// Runs one command line, which begins with the name of the program, and tells how it ended.
pub fn run_line(line: impl IntoIterator<Item = OsString>) -> Ending {
    let Arguments { global, command } = Arguments::parse_from(line);
    diagnose_on_stderr();
    let mut console = Console::new(&global);
    let done = catch_unwind(AssertUnwindSafe(|| {
        console.read_caller(&global)?;
        carry_out(command, &console)
    }));
    let done = done.unwrap_or_else(|_| Err(Failure::damaged("bug", "the program stopped at a defect; see stderr")));
    done.unwrap_or_else(|failure| console.tell(&failure))
}

/// Diagnostics go to stderr; `TILL_LOG` says how much of them, such as `counterfoil_node=debug`.
fn diagnose_on_stderr() {
    let filter = EnvFilter::try_from_env("TILL_LOG").unwrap_or_else(|_| EnvFilter::new("warn"));
    let is_terminal = std::io::stderr().is_terminal();
    let log = tracing_subscriber::fmt().with_writer(std::io::stderr).with_ansi(is_terminal).without_time();
    log.with_env_filter(filter).init();
    std::panic::set_hook(Box::new(|panic| tracing::error!("{panic}")));
}

fn exit(ending: Ending) -> ExitCode {
    ExitCode::from(ending.exit_code())
}

fn carry_out(command: Command, console: &Console) -> Result<Ending, Failure> {
    match command {
        Command::Init(init) => init.run(console),
        Command::Enrol(enrol) => enrol.run(console),
        Command::Apply(apply) => apply.run(console),
        Command::Import(import) => import.run(console),
        Command::Products(listing) => listing.run(console),
        Command::Operator(operator) => operator.run(console),
        Command::Role(role) => role.run(console),
        Command::Open(open) => open.run(console),
        Command::Sell(sell) => sell.run(console),
        Command::Refund(refund) => refund.run(console),
        Command::VerifyReceipt(verify) => verify.run(console),
        Command::Return(back) => back.run(console),
        Command::Exchange(exchange) => exchange.run(console),
        Command::PayIn(cash) => cash.run("pay-in", console),
        Command::PayOut(cash) => cash.run("pay-out", console),
        Command::SafeDrop(cash) => cash.run("safe-drop", console),
        Command::FloatTopUp(cash) => cash.run("float-top-up", console),
        Command::BankDrop(drop) => drop.run(console),
        Command::NoSale(no_sale) => no_sale.run(console),
        Command::VoidLine(void) => void.run(console),
        Command::Abandon(abandon) => abandon.run(console),
        Command::Close(close) => close.run(console),
        Command::X(x) => x.run(console),
        Command::Z(z) => z.run(console),
        Command::AmendZ(amend) => amend.run(console),
        Command::Report(report) => report.run(console),
        Command::Series(series) => series.run(console),
        Command::Receipt(receipt) => receipt.run(console),
        Command::Quote(quote) => quote.run(console),
        Command::QuickCash(quick) => quick.run(console),
        Command::Tenders(tenders) => tenders.run(console),
        Command::Scan(scan) => scan.run(console),
        Command::TaxId(tax_id) => tax_id.run(console),
        Command::Sync(sync) => sync.run(console),
        Command::Export(export) => export.run(console),
        Command::Acknowledge(acknowledge) => acknowledge.run(console),
        Command::Status(status) => status.run(console),
        Command::Serve(serve) => serve.run(console),
        Command::Audit(audit) => audit.run(console),
        Command::Backup(backup) => backup.run(console),
        Command::Restore(restore) => restore.run(console),
        Command::Migrate(migrate) => migrate.run(console),
    }
}
