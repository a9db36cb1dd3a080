//! What can be typed.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::settings::{Environment, Given, Prices};

/// Head office: merges the journals of all tills and proves that no number is missing.
#[derive(Debug, Parser)]
#[command(name = "head-office", version)]
pub(super) struct Arguments {
    /// The data folder
    #[arg(long, global = true, env = "COUNTERFOIL_DATA", value_name = "DIR")]
    pub(super) data: Option<PathBuf>,
    /// Answers as JSON
    #[arg(long, global = true)]
    pub(super) json: bool,
    #[command(flatten)]
    pub(super) settings: CommonSettings,
    #[command(subcommand)]
    pub(super) command: Command,
}

/// Settings of every command.
#[derive(Debug, Args)]
pub(super) struct CommonSettings {
    /// In which surroundings the program runs
    #[arg(long, global = true, env = "COUNTERFOIL_PROFILE", value_enum)]
    profile: Option<Environment>,
    /// A filter of the diagnostics log, such as info
    #[arg(long, global = true, env = "COUNTERFOIL_LOG", value_name = "FILTER")]
    log: Option<String>,
}

/// Settings of the server.
#[derive(Debug, Args)]
pub(super) struct ServerSettings {
    /// Where tills connect
    #[arg(long, env = "COUNTERFOIL_LISTEN", value_name = "ADDRESS:PORT")]
    listen: Option<String>,
    /// A name or address by which tills know the server (repeatable)
    #[arg(long = "host", env = "COUNTERFOIL_HOSTS", value_delimiter = ',', value_name = "HOST")]
    hosts: Vec<String>,
    /// How many connections at once
    #[arg(long, env = "COUNTERFOIL_CONNECTIONS_MAX", value_name = "COUNT")]
    connections_max: Option<usize>,
    #[command(flatten)]
    stores: StoreSettings,
}

/// How new stores count.
#[derive(Debug, Args)]
pub(super) struct StoreSettings {
    /// The currency of new stores, ISO 4217
    #[arg(long, env = "COUNTERFOIL_CURRENCY", value_name = "CODE")]
    currency: Option<String>,
    /// The country of new stores, ISO 3166
    #[arg(long, env = "COUNTERFOIL_COUNTRY", value_name = "CODE")]
    country: Option<String>,
    /// The zone of new stores, such as Europe/Madrid
    #[arg(long, env = "COUNTERFOIL_ZONE", value_name = "ZONE")]
    zone: Option<String>,
    /// Whether prices of new stores include tax
    #[arg(long, env = "COUNTERFOIL_PRICES", value_enum)]
    prices: Option<Prices>,
}

/// What the environment sets for every command, also for those that have no flag for it.
#[derive(Debug, Parser)]
struct EnvironmentSettings {
    #[command(flatten)]
    common: CommonSettings,
    #[command(flatten)]
    server: ServerSettings,
}

/// What the environment says.
pub(super) fn of_environment() -> Given {
    let EnvironmentSettings { common, server } = EnvironmentSettings::parse_from(["head-office"]);
    common.given().over(server.given())
}

impl CommonSettings {
    /// What they say.
    pub(super) fn given(self) -> Given {
        Given { profile: self.profile, log: self.log, ..Given::default() }
    }
}

impl ServerSettings {
    /// What they say.
    pub(super) fn given(self) -> Given {
        Given {
            listen: self.listen,
            hosts: (!self.hosts.is_empty()).then_some(self.hosts),
            connections_max: self.connections_max,
            ..self.stores.given()
        }
    }
}

impl StoreSettings {
    /// What they say.
    pub(super) fn given(self) -> Given {
        Given {
            currency: self.currency,
            country: self.country,
            zone: self.zone,
            prices: self.prices,
            ..Given::default()
        }
    }
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Makes a head office: certificate authority, keys, store, and a first administrator
    Init(InitOptions),
    /// Serves tills until it is stopped
    Serve(ServerSettings),
    /// Makes a one-time token for a till
    Token(TokenOptions),
    /// Grants a journal that was asked for by file
    Grant(GrantOptions),
    /// Writes the master data of a store into a file, for till apply
    Feed(FeedOptions),
    /// The people who administer head office
    Admin(AdminOptions),
    /// The operators of tills
    Operator(OperatorOptions),
    /// The products of the catalogue
    Products(ProductsOptions),
    /// Takes over the products of a shop
    Import(ImportOptions),
    /// Takes what a till exported to a file
    Ingest(IngestOptions),
    /// Trusts a till no longer: it gets nothing more, and what it says is kept and not counted
    Revoke(RevokeOptions),
    /// Begins a new epoch, after the data folder was put back from a copy; tills then send again what was lost
    Restore,
    /// Reads and compares everything
    Audit,
    /// Totals by day
    Report(ReportOptions),
}

#[derive(Debug, Args)]
pub(super) struct InitOptions {
    /// The name of the first administrator
    #[arg(long, default_value = "admin")]
    pub(super) admin: String,
    /// A file with the first administrator's password, or - ; one is made and shown once otherwise
    #[arg(long, value_name = "FILE")]
    pub(super) password_file: Option<PathBuf>,
    #[command(flatten)]
    pub(super) settings: ServerSettings,
}

#[derive(Debug, Args)]
pub(super) struct SlotOptions {
    /// The store
    #[arg(long)]
    pub(super) store: String,
    /// The till
    #[arg(long)]
    pub(super) till: String,
    /// The till may take over documents of the past
    #[arg(long)]
    pub(super) history: bool,
    #[command(flatten)]
    pub(super) counts: StoreSettings,
}

#[derive(Debug, Args)]
pub(super) struct TokenOptions {
    #[command(flatten)]
    pub(super) slot: SlotOptions,
    /// How long it is good, such as 30m, 24h or 7d
    #[arg(long, default_value = "24h", value_name = "TIME")]
    pub(super) expires: String,
}

#[derive(Debug, Args)]
pub(super) struct GrantOptions {
    /// The file with the journal request
    #[arg(long, value_name = "FILE")]
    pub(super) journal_request: PathBuf,
    /// Where the grant and the master data of the store go
    #[arg(long, value_name = "FILE")]
    pub(super) out: PathBuf,
    #[command(flatten)]
    pub(super) slot: SlotOptions,
}

#[derive(Debug, Args)]
pub(super) struct FeedOptions {
    /// The store
    #[arg(long)]
    pub(super) store: String,
    /// The till that gets its further series too; otherwise the file is for all tills of the store
    #[arg(long)]
    pub(super) till: Option<String>,
    /// Only what changed after the revision that the till has
    #[arg(long, value_name = "REVISION")]
    pub(super) after: Option<u64>,
    /// Where the pages go
    #[arg(long, value_name = "FILE")]
    pub(super) out: PathBuf,
}

#[derive(Debug, Args)]
pub(super) struct AdminOptions {
    #[command(subcommand)]
    pub(super) command: AdminCommand,
}

#[derive(Debug, Subcommand)]
pub(super) enum AdminCommand {
    /// Adds a person
    Create {
        /// The name
        #[arg(long)]
        name: String,
        /// A file with the password, or - ; one is made and shown once otherwise
        #[arg(long, value_name = "FILE")]
        password_file: Option<PathBuf>,
    },
}

#[derive(Debug, Args)]
pub(super) struct OperatorOptions {
    #[command(subcommand)]
    pub(super) command: OperatorCommand,
}

#[derive(Debug, Subcommand)]
pub(super) enum OperatorCommand {
    /// Adds or changes an operator; it goes down to tills at their next sync
    Add {
        /// The code typed at the till
        #[arg(long)]
        code: String,
        /// The name on receipts
        #[arg(long)]
        name: String,
        /// admin, manager or cashier
        #[arg(long)]
        role: String,
        /// A file with the PIN, or - [or HEAD_OFFICE_NEW_PIN]
        #[arg(long, value_name = "FILE")]
        pin_file: Option<PathBuf>,
        /// The one store; all of them otherwise
        #[arg(long)]
        store: Option<String>,
        /// The person may not work any more
        #[arg(long)]
        inactive: bool,
    },
    /// Removes an operator; it is gone from tills after their next sync
    Remove {
        /// The code typed at the till
        code: String,
    },
}

#[derive(Debug, Args)]
pub(super) struct ProductsOptions {
    #[command(subcommand)]
    pub(super) command: ProductsCommand,
}

#[derive(Debug, Subcommand)]
pub(super) enum ProductsCommand {
    /// Removes a product with all its prices; documents that name it stay as they are
    Remove {
        /// The product's code
        code: String,
    },
}

#[derive(Debug, Args)]
pub(super) struct ImportOptions {
    #[command(subcommand)]
    pub(super) command: ImportCommand,
}

#[derive(Debug, Subcommand)]
pub(super) enum ImportCommand {
    /// Products from CSV or a JSON array, plain or gzipped
    Products(ProductOptions),
}

#[derive(Debug, Args)]
pub(super) struct ProductOptions {
    /// The file
    pub(super) file: PathBuf,
    /// The prices are those of this store only
    #[arg(long)]
    pub(super) store: Option<String>,
    /// FIELD=COLUMN (repeatable)
    #[arg(long, value_name = "FIELD=COLUMN")]
    pub(super) map: Vec<String>,
    /// FIELD=VALUE for empty cells (repeatable)
    #[arg(long, value_name = "FIELD=VALUE")]
    pub(super) default: Vec<String>,
    /// Short for --default tax_rate=R
    #[arg(long, value_name = "R")]
    pub(super) tax_rate: Option<String>,
    /// Separates several categories or barcodes in one cell
    #[arg(long, value_name = "S")]
    pub(super) category_separator: Option<String>,
    /// What tells products without a code apart
    #[arg(long, value_name = "FIELD[,FIELD]", value_delimiter = ',')]
    pub(super) key: Vec<String>,
}

#[derive(Debug, Args)]
pub(super) struct IngestOptions {
    /// The file that a till exported
    pub(super) file: PathBuf,
    /// Where the acknowledgement for the till goes
    #[arg(long, value_name = "OUT")]
    pub(super) acknowledgement: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct RevokeOptions {
    /// The store
    #[arg(long)]
    pub(super) store: String,
    /// The till
    #[arg(long)]
    pub(super) till: String,
}

#[derive(Debug, Args)]
pub(super) struct ReportOptions {
    /// One store; all of them otherwise
    #[arg(long)]
    pub(super) store: Option<String>,
    /// The first day, such as 2026-11-01
    #[arg(long, value_name = "DATE")]
    pub(super) from: Option<String>,
    /// The last day
    #[arg(long, value_name = "DATE")]
    pub(super) to: Option<String>,
}
