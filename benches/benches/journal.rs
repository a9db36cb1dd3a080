//! The journal on its way: signing and verifying, batches to bytes and back, each beside its bare peer.

use std::hint::black_box;

use counterfoil_benches::baskets::Baskets;
use counterfoil_benches::journal::Journal;
use counterfoil_core::document::DocumentV1;
use counterfoil_core::event::Event;
use counterfoil_core::id::Hash;
use counterfoil_core::journal::batch::Batch;
use counterfoil_core::journal::envelope::Entry;
use counterfoil_core::journal::hello::{Challenge, Hello};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use ed25519_dalek::Signer;

const ENTRIES: usize = 1_000;

/// A till after a thousand sales.
fn till() -> Journal {
    Journal::with_sales(0, ENTRIES, &Baskets::new("journal", 5))
}

fn sales(till: &Journal) -> &[Entry] {
    &till.entries[till.entries.len() - ENTRIES..]
}

fn bare_key(till: &Journal) -> ed25519_dalek::SigningKey {
    ed25519_dalek::SigningKey::from_bytes(&till.key.seed())
}

fn hello(till: &Journal) -> Hello {
    Hello {
        journal: till.state.journal,
        seq: till.state.seq,
        hash: till.state.hash,
        series: till.state.last_numbers(),
        totals: vec![till.state.total],
        acknowledged: None,
        challenge: Some(Challenge([5; 32])),
    }
}

/// A hello, beside Ed25519 alone over the same bytes.
fn hellos(criterion: &mut Criterion) {
    let till = till();
    let (hello, bare) = (hello(&till), bare_key(&till));
    let signed = hello.sign(&till.key).expect("a hello can be signed");
    let message = signed.as_slice();
    let signature = bare.sign(message);
    let public = till.key.public_key();
    let mut group = criterion.benchmark_group("hello");
    group.bench_function("sign", |bencher| bencher.iter(|| black_box(&hello).sign(&till.key)));
    group.bench_function("bare_sign", |bencher| bencher.iter(|| bare.sign(black_box(message))));
    group.bench_function("verify", |bencher| {
        bencher.iter(|| Hello::read(black_box(&signed)).and_then(|read| read.verify(&public)));
    });
    group.bench_function("bare_verify_strict", |bencher| {
        let key = bare.verifying_key();
        bencher.iter(|| key.verify_strict(black_box(message), &signature));
    });
    group.finish();
}

/// A batch of one sale, where the signature is all: beside Ed25519 alone over the same bytes.
fn smallest_batches(criterion: &mut Criterion) {
    let till = till();
    let bare = bare_key(&till);
    let one = &sales(&till)[..1];
    let signed = Batch::sign(one, &till.key).expect("one sale is a batch");
    let signature = bare.sign(&signed);
    let public = till.key.public_key();
    let mut group = criterion.benchmark_group("batch_of_1");
    group.bench_function("sign", |bencher| bencher.iter(|| Batch::sign(black_box(one), &till.key)));
    group.bench_function("bare_sign", |bencher| bencher.iter(|| bare.sign(black_box(&signed))));
    group.bench_function("verify", |bencher| {
        bencher.iter(|| Batch::read(black_box(&signed)).and_then(|read| read.verify(&public)));
    });
    group.bench_function("bare_verify_strict", |bencher| {
        let key = bare.verifying_key();
        bencher.iter(|| key.verify_strict(black_box(&signed), &signature));
    });
    group.finish();
}

/// A thousand sales to signed bytes and back to verified entries and events, beside JSON of the same documents.
fn batches(criterion: &mut Criterion) {
    let till = till();
    let entries = sales(&till);
    let signed = Batch::sign(entries, &till.key).expect("a thousand sales are a batch");
    let public = till.key.public_key();
    let documents: Vec<DocumentV1> = entries.iter().map(document).collect();
    let json = serde_json::to_vec(&documents).expect("documents become JSON");
    let mut group = criterion.benchmark_group("batch_of_1000");
    group.throughput(Throughput::Elements(ENTRIES as u64));
    group.bench_function("encode", |bencher| bencher.iter(|| Batch::sign(black_box(entries), &till.key)));
    group.bench_function("json_encode", |bencher| bencher.iter(|| serde_json::to_vec(black_box(&documents))));
    group.bench_function("decode", |bencher| {
        bencher.iter(|| {
            let batch = Batch::read(black_box(&signed)).and_then(|read| read.verify(&public)).expect("it was signed");
            batch.entries().iter().map(document).collect::<Vec<_>>()
        });
    });
    group.bench_function("json_decode", |bencher| {
        bencher.iter(|| serde_json::from_slice::<Vec<DocumentV1>>(black_box(&json)));
    });
    group.bench_function("verify", |bencher| {
        bencher.iter(|| Batch::read(black_box(&signed)).and_then(|read| read.verify(&public)));
    });
    group.finish();
}

fn document(entry: &Entry) -> DocumentV1 {
    let event = Event::decode(entry).expect("a sale can be read").expect("a sale is known");
    event.document().expect("a sale is a document").clone()
}

/// The hash of an entry is the floor of following a chain.
fn chain(criterion: &mut Criterion) {
    use sha2::{Digest, Sha256};
    let till = till();
    let bytes: Vec<&[u8]> = sales(&till).iter().map(Entry::bytes).collect();
    let mut group = criterion.benchmark_group("chain_of_1000");
    group.throughput(Throughput::Elements(ENTRIES as u64));
    group.bench_function("bare_sha256", |bencher| {
        let hash = |bytes: &[u8]| Hash(Sha256::digest(bytes).into());
        bencher.iter(|| bytes.iter().map(|bytes| hash(black_box(bytes))).fold(0_u8, |all, hash| all ^ hash.0[0]));
    });
    group.finish();
}

criterion_group!(journal, hellos, smallest_batches, batches, chain);
criterion_main!(journal);
