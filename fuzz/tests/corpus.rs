//! Every fuzz target on its corpus, and on some thousand seeded mutations of it; on stable, without cargo-fuzz.

use std::fs;
use std::path::Path;

use counterfoil_fuzz::targets::{TARGETS, mutation::mutate};
use fastrand::Rng;

/// The mutations of one target, all its files together; targets that make a store for each run get fewer.
const fn mutations(target: &str) -> usize {
    match target.as_bytes() {
        b"store_image" => 60,
        b"head_office_http" | b"till_http" => 120,
        b"basket" | b"delivery" | b"configuration" | b"products_file" | b"sales_file" => 400,
        _ => 2_000,
    }
}

/// The corpus of a target, by name.
fn corpus(target: &str) -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target);
    let files = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{target} has no corpus: {error}"));
    let mut files: Vec<_> = files
        .map(|file| file.unwrap().path())
        .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), fs::read(&path).unwrap()))
        .collect();
    files.sort();
    files
}

fn replay(name: &str) {
    let (_, run) = TARGETS.into_iter().find(|(target, _)| *target == name).unwrap();
    let files = corpus(name);
    assert!(!files.is_empty(), "{name} has no corpus");
    for (file, bytes) in &files {
        println!("{name}/{file}");
        run(bytes);
    }
    let inputs: Vec<Vec<u8>> = files.into_iter().map(|(_, bytes)| bytes).collect();
    for seed in 0..mutations(name) {
        let mut rng = Rng::with_seed(seed as u64);
        let bytes = mutate(&inputs[seed % inputs.len()], &inputs, &mut rng);
        println!("{name}: mutation {seed} of {:?}", String::from_utf8_lossy(&bytes[..bytes.len().min(400)]));
        run(&bytes);
    }
}

#[test]
fn every_target_has_a_corpus_a_test_and_a_program() {
    let own = include_str!("corpus.rs");
    let manifest = include_str!("../Cargo.toml");
    let folders = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus")).unwrap();
    // The runs of the fleet simulator are no inputs of a target.
    let folders = folders.filter(|folder| folder.as_ref().unwrap().file_name() != "fleet");
    assert_eq!(folders.count(), TARGETS.len(), "a corpus without a target");
    for (name, _) in TARGETS {
        assert!(own.contains(&format!("(\"{name}\");")), "{name} is not replayed");
        assert!(manifest.contains(&format!("path = \"fuzz_targets/{name}.rs\"")), "{name} is no program of cargo-fuzz");
        let bytes: usize = corpus(name).iter().map(|(_, bytes)| bytes.len()).sum();
        assert!(bytes < 262_144, "the corpus of {name} has {bytes} bytes");
    }
}

#[test]
fn scanned_codes_keep_their_laws() {
    replay("barcode");
}

#[test]
fn baskets_keep_their_laws() {
    replay("basket");
}

#[test]
fn batches_keep_their_laws() {
    replay("batch");
}

#[test]
fn configuration_keep_their_laws() {
    replay("configuration");
}

#[test]
fn deliveries_keep_their_laws() {
    replay("delivery");
}

#[test]
fn signed_documents_keep_their_laws() {
    replay("document");
}

#[test]
fn envelopes_keep_their_laws() {
    replay("envelope");
}

#[test]
fn bodies_to_head_office_keep_their_laws() {
    replay("head_office_http");
}

#[test]
fn parcels_keep_their_laws() {
    replay("parcel");
}

#[test]
fn payloads_keep_their_laws() {
    replay("payload");
}

#[test]
fn files_of_products_keep_their_laws() {
    replay("products_file");
}

#[test]
fn quotes_keep_their_laws() {
    replay("quote");
}

#[test]
fn stored_rows_keep_their_laws() {
    replay("row");
}

#[test]
fn files_of_sales_keep_their_laws() {
    replay("sales_file");
}

#[test]
fn series_keep_their_laws() {
    replay("series");
}

#[test]
fn damaged_stores_keep_their_laws() {
    replay("store_image");
}

#[test]
fn messages_of_a_sync_keep_their_laws() {
    replay("sync_wire");
}

#[test]
fn bodies_to_the_till_keep_their_laws() {
    replay("till_http");
}
