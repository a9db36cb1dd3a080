//! The rows of the table: what is measured, beside what, and what it should come to.

use crate::reading::{Read, Shown, Source, Unit};

use Goal::{AtLeast, AtMost, RatioAtLeast, RatioAtMost};
use Source::{Criterion, Kept};
use Unit::{Bytes, Count, Hundredths, Rate, Time};

/// What a figure should come to.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Goal {
    /// The value itself.
    AtMost(u64),
    /// The value itself.
    AtLeast(u64),
    /// Hundredths of the peer's value.
    RatioAtMost(u64),
    /// Hundredths of the peer's value.
    RatioAtLeast(u64),
}

impl Goal {
    /// The goal for people.
    pub(crate) fn text(&self, unit: Unit) -> String {
        let ratio = |limit: u64| format!("{}.{:02}", limit / 100, limit % 100);
        match *self {
            AtMost(limit) => format!("<= {}", Shown(Read(limit), unit)),
            AtLeast(limit) => format!(">= {}", Shown(Read(limit), unit)),
            RatioAtMost(limit) => format!("ratio <= {}", ratio(limit)),
            RatioAtLeast(limit) => format!("ratio >= {}", ratio(limit)),
        }
    }
}

/// A row.
pub(crate) struct Row {
    pub(crate) what: &'static str,
    pub(crate) figure: Source,
    pub(crate) unit: Unit,
    pub(crate) peer: Option<(&'static str, Source)>,
    pub(crate) goals: &'static [Goal],
    /// What stands under `met` where there is no value.
    pub(crate) missing: &'static str,
}

const NOT_MEASURED: &str = "not measured";
const SALES: u64 = 50_000;
const MS: u64 = 1_000_000;
const MIB: u64 = 1 << 20;
const MB: u64 = 1_000_000;

type Peer = Option<(&'static str, Source)>;

const fn row(what: &'static str, figure: Source, unit: Unit, peer: Peer, goals: &'static [Goal]) -> Row {
    Row { what, figure, unit, peer, goals, missing: NOT_MEASURED }
}

/// Every row, in the order of the goals.
pub(crate) const ROWS: &[Row] = &[
    row(
        "durable sale of 5 lines",
        Criterion("durable_sale/till"),
        Time,
        Some(("SQLite, normalised", Criterion("durable_sale/sqlite_normalised"))),
        &[RatioAtMost(100)],
    ),
    row(
        "the same, beside one blob and index",
        Criterion("durable_sale/till"),
        Time,
        Some(("SQLite, blob", Criterion("durable_sale/sqlite_blob"))),
        &[],
    ),
    row(
        "the same, beside its entry appended",
        Criterion("durable_sale/till"),
        Time,
        Some(("append + fdatasync", Criterion("durable_sale/append"))),
        &[],
    ),
    row("flushes per sale", Kept("durable_sale_flushes"), Hundredths, None, &[AtMost(200)]),
    row("bytes written per sale", Kept("durable_sale_bytes"), Bytes, None, &[]),
    row("price a basket of 20 lines", Criterion("price/20_lines"), Time, None, &[AtMost(5_000)]),
    row(
        "the same while 50 promotions are active",
        Criterion("promote/20_lines_50_offers"),
        Time,
        None,
        &[AtMost(25_000)],
    ),
    row("price a basket of 5 lines", Criterion("price/5_lines"), Time, None, &[]),
    row("decide a sale of 5 lines", Criterion("decide/5_line_sale"), Time, None, &[]),
    row(
        "allot a number",
        Criterion("allot/number"),
        Time,
        Some(("its text alone", Criterion("allot/bare_format"))),
        &[],
    ),
    row("scan an EAN", Criterion("scan/ean"), Time, None, &[AtMost(2_000)]),
    row("scan a scale's code", Criterion("scan/in_store"), Time, None, &[AtMost(2_000)]),
    row("scan GS1 elements with lot and expiry", Criterion("scan/elements"), Time, None, &[]),
    row("sign a hello", Criterion("hello/sign"), Time, Some(("Ed25519 alone", Criterion("hello/bare_sign"))), &[]),
    row(
        "verify a hello",
        Criterion("hello/verify"),
        Time,
        Some(("verify_strict alone", Criterion("hello/bare_verify_strict"))),
        &[],
    ),
    row(
        "sign a batch of 1 sale",
        Criterion("batch_of_1/sign"),
        Time,
        Some(("Ed25519 alone", Criterion("batch_of_1/bare_sign"))),
        &[],
    ),
    row(
        "verify a batch of 1 sale",
        Criterion("batch_of_1/verify"),
        Time,
        Some(("verify_strict alone", Criterion("batch_of_1/bare_verify_strict"))),
        &[],
    ),
    row(
        "1,000 sales to a signed batch",
        Criterion("batch_of_1000/encode"),
        Rate(1_000),
        Some(("JSON, unsigned", Criterion("batch_of_1000/json_encode"))),
        &[],
    ),
    row(
        "1,000 sales verified and decoded",
        Criterion("batch_of_1000/decode"),
        Rate(1_000),
        Some(("JSON, unsigned", Criterion("batch_of_1000/json_decode"))),
        &[],
    ),
    row(
        "1,000 sales verified",
        Criterion("batch_of_1000/verify"),
        Rate(1_000),
        Some(("SHA-256 alone", Criterion("chain_of_1000/bare_sha256"))),
        &[],
    ),
    row(
        "ingest from 1 till",
        Criterion("ingest/counterfoil/1"),
        Rate(SALES),
        Some(("same rows, bare redb", Criterion("ingest/bare_redb/1"))),
        &[AtLeast(50_000), RatioAtLeast(50)],
    ),
    row(
        "ingest from 10 tills",
        Criterion("ingest/counterfoil/10"),
        Rate(SALES),
        Some(("same rows, bare redb", Criterion("ingest/bare_redb/10"))),
        &[AtLeast(50_000), RatioAtLeast(50)],
    ),
    row(
        "ingest from 100 tills",
        Criterion("ingest/counterfoil/100"),
        Rate(SALES),
        Some(("same rows, bare redb", Criterion("ingest/bare_redb/100"))),
        &[AtLeast(50_000), RatioAtLeast(50)],
    ),
    row("a sale on the wire", Kept("wire_sale"), Bytes, Some(("JSON", Kept("wire_json"))), &[AtMost(250)]),
    row("the same, ids of 36 characters", Kept("wire_sale_long_id"), Bytes, None, &[AtMost(250)]),
    row("the same, beside packed JSON", Kept("wire_sale"), Bytes, Some(("JSON + lz4", Kept("wire_json_lz4"))), &[]),
    row("30,000 sales pushed over TLS", Kept("push_time"), Time, None, &[AtMost(10_000 * MS)]),
    row(
        "memory of the till that pushes",
        Kept("push_till_memory"),
        Bytes,
        Some(("at a tenth", Kept("push_till_memory_at_a_tenth"))),
        &[AtMost(64 * MIB)],
    ),
    row(
        "memory of head office meanwhile",
        Kept("push_office_memory"),
        Bytes,
        Some(("at a tenth", Kept("push_office_memory_at_a_tenth"))),
        &[],
    ),
    row("open: 1,000,000 sales, clean stop", Kept("big_open_clean"), Time, None, &[AtMost(500 * MS)]),
    row("open: 1,000,000 sales, kill -9", Kept("big_open_killed"), Time, None, &[AtMost(2_000 * MS)]),
    row("barcode look-up in 100,000 products", Kept("big_barcode"), Time, None, &[AtMost(50_000)]),
    Row {
        missing: "not built yet",
        ..row("text search in 100,000 products", Kept("big_search"), Time, None, &[AtMost(20 * MS)])
    },
    row("resident memory of that till", Kept("big_memory"), Bytes, None, &[AtMost(64 * MIB)]),
    row(
        "sale while 100,000 products come down, p99",
        Kept("feed_sale_p99"),
        Time,
        Some(("idle, p99", Kept("feed_idle_p99"))),
        &[],
    ),
    row("the same, above idle", Kept("feed_sale_above_idle"), Time, None, &[AtMost(50 * MS)]),
    row("a day's report over 10,000,000 sales", Kept("report_time"), Time, None, &[AtMost(20 * MS)]),
    row("the program till", Kept("size_till"), Bytes, None, &[AtMost(12 * MB)]),
    row("the program head-office", Kept("size_head_office"), Bytes, None, &[AtMost(16 * MB)]),
    row("crates below core", Kept("core_crates"), Count, None, &[AtMost(50)]),
];
