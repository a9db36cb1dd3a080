//! Head office takes what tills push: signatures and chains verified, entries, documents and roll-ups durable.
//!
//! Each till is a thread that hands in its batches of a thousand sales one after the other, as it would over the wire,
//! and waits for each signed acknowledgement. The peer writes the very same rows, recorded from such a run, into redb
//! and nothing else, with as many rows to a commit.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use counterfoil_benches::baskets::Baskets;
use counterfoil_benches::journal::Journal;
use counterfoil_benches::office::{Recording, WrittenRow, found, register};
use counterfoil_core::journal::acknowledgement::Epoch;
use counterfoil_core::journal::batch::Batch;
use counterfoil_core::journal::key::PublicKey;
use counterfoil_core::time::Timestamp;
use counterfoil_sync_server::exchange::take_batch;
use counterfoil_sync_server::merge::{Moment, Word};
use counterfoil_sync_server::office::Office;
use counterfoil_sync_server::store::tables::Table;
use counterfoil_sync_server::store::{RedbStore, Store};
use counterfoil_sync_server::writer;
use criterion::{BenchmarkId, Criterion, SamplingMode, Throughput, criterion_group, criterion_main};
use redb::{Database, Durability, TableDefinition};

const SALES: usize = 50_000;
const CACHE_BYTES: usize = 256 << 20;

fn ingest(criterion: &mut Criterion) {
    let baskets = Baskets::new("ingest", 5);
    let mut group = criterion.benchmark_group("ingest");
    group.sample_size(10).sampling_mode(SamplingMode::Flat).throughput(Throughput::Elements(SALES as u64));
    group.warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(8));
    for tills in [1_u16, 10, 100] {
        let sales = SALES / usize::from(tills);
        let journals: Vec<_> = (0..tills).map(|till| Journal::with_sales(till, sales, &baskets)).collect();
        let pushes: Vec<_> = journals.iter().map(Journal::batches).collect();
        group.bench_function(BenchmarkId::new("counterfoil", tills), |bencher| {
            bencher.iter_custom(|times| (0..times).map(|_| push_all(&journals, &pushes)).sum());
        });
        let commits = record(&journals, &pushes);
        group.bench_function(BenchmarkId::new("bare_redb", tills), |bencher| {
            bencher.iter_custom(|times| (0..times).map(|_| write_bare(&commits)).sum());
        });
    }
    group.finish();
}

/// The time from the first byte handed in to the last acknowledgement signed.
fn push_all(journals: &[Journal], pushes: &[Vec<Vec<u8>>]) -> Duration {
    let place = tempfile::tempdir().expect("a folder for a while");
    let office = found(place.path(), journals);
    let start = Instant::now();
    thread::scope(|scope| {
        for batches in pushes {
            let office: &Office = &office;
            scope.spawn(move || {
                for batch in batches {
                    let answer = take_batch(office, batch, None).expect("a batch that verifies");
                    assert_eq!((answer.verdict, answer.acknowledgement.is_some()), ("append", true));
                }
            });
        }
    });
    start.elapsed()
}

/// What such a run writes, commit by commit.
fn record(journals: &[Journal], pushes: &[Vec<Vec<u8>>]) -> Vec<Vec<WrittenRow>> {
    let place = tempfile::tempdir().expect("a folder for a while");
    let store = RedbStore::create(&place.path().join("head-office.redb")).expect("an empty folder");
    let founded = (&store as &dyn Store).write(|rows| rows.put_epoch(Epoch { counter: 1, random: [1; 8] }));
    founded.expect("the store can be written");
    register(&store, journals);
    let store = Arc::new(Recording::new(store));
    let moments = Box::new(|| Moment { now: Timestamp(0), fresh: [0; 8] });
    let (inbox, writer) = writer::start(Arc::clone(&store) as Arc<dyn Store>, moments).expect("a thread");
    thread::scope(|scope| {
        for (journal, batches) in journals.iter().zip(pushes) {
            let inbox = &inbox;
            let key: PublicKey = journal.state.key;
            scope.spawn(move || {
                for batch in batches {
                    let batch = Batch::read(batch).and_then(|read| read.verify(&key)).expect("it was signed");
                    inbox.merge(Word::batch(batch, &journal.state.profile)).expect("a batch that can be merged");
                }
            });
        }
    });
    drop(inbox);
    writer.join().expect("the writer has not panicked");
    Arc::into_inner(store).expect("nobody else has the store").into_commits()
}

/// The time to make the same rows durable, and nothing else.
fn write_bare(commits: &[Vec<WrittenRow>]) -> Duration {
    let place = tempfile::tempdir().expect("a folder for a while");
    let mut builder = Database::builder();
    let database = builder.set_cache_size(CACHE_BYTES).create(place.path().join("bare.redb")).expect("a new file");
    let start = Instant::now();
    for commit in commits {
        let mut tx = database.begin_write().expect("nobody else writes");
        tx.set_durability(Durability::Immediate).expect("the usual durability");
        let definition = |table: &Table| TableDefinition::<&[u8], &[u8]>::new(table.name());
        let tables = Table::ALL.iter().map(|table| tx.open_table(definition(table)).expect("tables of bytes"));
        let mut tables: Vec<_> = tables.collect();
        for (table, key, value) in commit {
            tables[*table].insert(key.as_slice(), value.as_slice()).expect("the disk has room");
        }
        drop(tables);
        tx.commit().expect("the disk has room");
    }
    start.elapsed()
}

criterion_group!(benches, ingest);
criterion_main!(benches);
