//! What the simulated disk promises to those who build on it.

use std::io;

use counterfoil_disk::{Choice, Failure, Image, Keep, Kind, Lengths, Lie, Repeats, Tear, TornDisk, WriteFault};
use fastrand::Rng;
use redb::StorageBackend;

const OLD: u8 = 1;
const NEW: u8 = 2;

/// A disk with 8 KiB of flushed old bytes.
fn disk() -> TornDisk {
    TornDisk::from_image(vec![OLD; 8_192])
}

/// The image after `NEW` was written over the first 4 KiB and power was lost.
fn cut(choice: Choice, seed: u64) -> Vec<u8> {
    let disk = disk();
    disk.backend().write(0, &[NEW; 4_096]).unwrap();
    disk.power_cut_with(choice, &mut Rng::with_seed(seed)).to_vec()
}

fn of(keep: Keep, tear: Tear) -> Choice {
    Choice { keep, tear, lengths: Lengths::Chosen }
}

#[test]
fn what_was_flushed_is_in_every_image() {
    for seed in 0..500 {
        let disk = TornDisk::new();
        let backend = disk.backend();
        backend.set_len(8_192).unwrap();
        backend.write(0, &[OLD; 8_192]).unwrap();
        backend.sync_data().unwrap();
        backend.write(0, &[NEW; 100]).unwrap();
        let image = disk.power_cut(seed).to_vec();
        assert_eq!(image[100..], [OLD; 8_092]);
        assert!(!disk.has_power());
        assert!(backend.read(0, &mut [0]).is_err() && backend.sync_data().is_err() && backend.len().is_err());
    }
}

#[test]
fn a_write_is_lost_kept_or_torn_as_chosen() {
    assert_eq!(cut(of(Keep::Nothing, Tear::Whole), 1), vec![OLD; 8_192]);
    assert_eq!(cut(of(Keep::All, Tear::Whole), 1)[..4_096], [NEW; 4_096]);
    let (mut lost, mut kept) = (0, 0);
    for seed in 0..200 {
        match cut(of(Keep::Percent(50), Tear::Whole), seed)[..4_096] {
            [OLD, .., OLD] => lost += 1,
            [NEW, .., NEW] => kept += 1,
            _ => panic!("a whole write was torn"),
        }
        let sectors = cut(of(Keep::Percent(50), Tear::Sectors), seed);
        assert!(sectors.chunks(512).all(|sector| sector.iter().all(|byte| *byte == sector[0])));
        let bytes = cut(of(Keep::All, Tear::Bytes), seed);
        let changes = bytes[..4_096].windows(2).filter(|pair| pair[0] != pair[1]).count();
        assert!(changes <= 1, "a cut leaves a beginning or an end");
    }
    assert!(lost > 50 && kept > 50, "{lost} lost, {kept} kept");
}

#[test]
fn the_same_seed_gives_the_same_image() {
    let images = |seed| {
        let disk = disk();
        let backend = disk.backend();
        for at in 0..20 {
            backend.set_len(8_192 + at * 100).unwrap();
            backend.write(at * 300, &[NEW; 700]).unwrap();
        }
        disk.power_cut(seed)
    };
    let distinct = (0..100).filter(|seed| images(*seed) != images(0)).count();
    assert!((0..100).all(|seed| images(seed) == images(seed)));
    assert!(distinct > 80, "only {distinct} of 99 images differ from the first");
}

#[test]
fn a_new_length_is_kept_or_dropped() {
    let grown = |lengths| {
        let disk = disk();
        disk.backend().set_len(20_000).unwrap();
        disk.power_cut_with(Choice { keep: Keep::All, tear: Tear::Whole, lengths }, &mut Rng::with_seed(1)).len()
    };
    assert_eq!((grown(Lengths::Chosen), grown(Lengths::Dropped)), (20_000, 8_192));
}

#[test]
fn power_is_lost_at_the_operation_named() {
    let disk = disk();
    let backend = disk.backend();
    disk.crash_at(2);
    backend.write(0, &[NEW]).unwrap();
    backend.sync_data().unwrap();
    assert!(disk.has_power());
    assert!(backend.write(1, &[NEW]).is_err());
    assert!(!disk.has_power() && backend.len().is_err());
    assert_eq!(disk.power_cut(0).to_vec()[..2], [NEW, OLD]);
    assert_eq!(disk.counts().operations(), 2);
}

#[test]
fn a_failure_hits_its_call_once_or_for_ever() {
    let disk = disk();
    let backend = disk.backend();
    let error = io::ErrorKind::StorageFull;
    disk.fail(Failure { kind: Kind::Write, nth: 1, repeats: Repeats::Once, error });
    disk.fail(Failure { kind: Kind::Read, nth: 1, repeats: Repeats::ForEver, error: io::ErrorKind::TimedOut });
    let writes: Vec<_> = (0..3).map(|_| backend.write(0, &[NEW]).map_err(|error| error.kind())).collect();
    assert_eq!(writes, [Ok(()), Err(error), Ok(())]);
    let reads: Vec<_> = (0..3).map(|_| backend.read(0, &mut [0]).is_ok()).collect();
    assert_eq!(reads, [true, false, false]);
    disk.mend();
    assert!(backend.read(0, &mut [0]).is_ok());
}

#[test]
fn a_failed_flush_loses_writes_that_no_later_flush_brings_back() {
    let disk = disk();
    let backend = disk.backend();
    let failure = Failure { kind: Kind::Flush, nth: 0, repeats: Repeats::Once, error: io::ErrorKind::Other };
    disk.fail(failure);
    for at in 0..16 {
        backend.write(at * 512, &[NEW; 512]).unwrap();
    }
    assert!(backend.sync_data().is_err());
    backend.sync_data().unwrap();
    assert_eq!(disk.live().to_vec(), vec![NEW; 8_192], "reads show what was written");
    let durable = disk.durable().to_vec();
    assert!(durable.contains(&OLD) && durable.contains(&NEW), "some writes are lost");
}

#[test]
fn a_flush_that_lies_keeps_nothing() {
    let disk = disk();
    let backend = disk.backend();
    disk.lie(Lie::Only(0));
    backend.write(0, &[NEW]).unwrap();
    backend.sync_data().unwrap();
    assert_eq!(disk.durable().to_vec()[0], OLD);
    backend.sync_data().unwrap();
    assert_eq!(disk.durable().to_vec()[0], NEW);
    disk.lie(Lie::From(2));
    backend.write(0, &[OLD]).unwrap();
    backend.sync_data().unwrap();
    backend.sync_data().unwrap();
    assert_eq!(disk.durable().to_vec()[0], NEW);
}

#[test]
fn a_spoiled_write_is_elsewhere_or_nowhere() {
    let disk = disk();
    let backend = disk.backend();
    disk.spoil(WriteFault::Lost { nth: 0 });
    disk.spoil(WriteFault::Misdirected { nth: 1, to: 100 });
    backend.write(0, &[NEW]).unwrap();
    backend.write(1, &[NEW]).unwrap();
    backend.write(2, &[NEW]).unwrap();
    let bytes = disk.live().to_vec();
    assert_eq!((bytes[..3].to_vec(), bytes[100]), (vec![OLD, OLD, NEW], NEW));
}

#[test]
fn a_full_disk_takes_nothing_more_until_it_has_room() {
    let disk = TornDisk::from_image(vec![OLD; 4_096]);
    let backend = disk.backend();
    disk.set_capacity(8_192);
    assert_eq!(backend.set_len(8_193).unwrap_err().kind(), io::ErrorKind::StorageFull);
    backend.set_len(8_192).unwrap();
    disk.set_capacity(4_096);
    assert_eq!(backend.write(4_096, &[NEW]).unwrap_err().kind(), io::ErrorKind::StorageFull);
    backend.write(0, &[NEW]).unwrap();
    disk.mend();
    backend.write(4_096, &[NEW]).unwrap();
}

#[test]
fn a_bit_flips_under_an_open_file() {
    let disk = disk();
    disk.flip(8 * 5 + 1);
    let mut byte = [0];
    disk.backend().read(5, &mut byte).unwrap();
    assert_eq!((byte[0], disk.durable().to_vec()[5]), (OLD ^ 2, OLD ^ 2));
}

#[test]
fn a_history_gives_each_moment_of_a_run() {
    let disk = disk();
    let backend = disk.backend();
    disk.record();
    backend.set_len(9_000).unwrap();
    backend.write(8_500, &[NEW; 500]).unwrap();
    backend.sync_data().unwrap();
    backend.write(0, &[NEW; 10]).unwrap();
    let history = disk.take_history().unwrap();
    assert_eq!(history.len(), 4);
    let all = of(Keep::All, Tear::Whole);
    let images: Vec<Image> = history.moments().map(|moment| moment.cut(all, &mut Rng::with_seed(1))).collect();
    let lens: Vec<usize> = images.iter().map(Image::len).collect();
    assert_eq!(lens, [8_192, 9_000, 9_000, 9_000, 9_000]);
    assert_eq!(images[4], disk.live());
    for (at, moment) in history.moments().enumerate() {
        let again = history.moment(at);
        assert_eq!((moment.durable(), moment.pending()), (again.durable(), again.pending()));
        assert_eq!(moment.has_new_length(), at == 1 || at == 2);
    }
    let flushed: Vec<usize> = history.moments().map(|moment| moment.durable().len()).collect();
    assert_eq!(flushed, [8_192, 8_192, 8_192, 9_000, 9_000]);
}

#[test]
fn counts_are_of_calls_and_bytes() {
    let disk = disk();
    let backend = disk.backend();
    backend.read(0, &mut [0; 7]).unwrap();
    backend.write(0, &[NEW; 9]).unwrap();
    backend.set_len(10).unwrap();
    backend.sync_data().unwrap();
    let counts = disk.counts();
    assert_eq!((counts.reads, counts.writes, counts.set_lens, counts.flushes), (1, 1, 1, 1));
    assert_eq!((counts.bytes_read, counts.bytes_written, counts.operations()), (7, 9, 3));
    disk.reset_counts();
    assert_eq!(disk.counts().operations(), 0);
}
