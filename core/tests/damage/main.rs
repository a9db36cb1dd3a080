//! Damage of a till's file: flipped bits, cut files, older copies, edited rows. It is told, or it was in dead space and
//! no answer differs.

mod again;
mod rows;
mod schema;
#[path = "../shop/mod.rs"]
mod shop;
mod store;
mod tail;

use counterfoil_core::id::JournalId;
use counterfoil_core::till::Mark;
use store::{Files, Found, Kept, examine, worked};

/// How many single bits are flipped; `DAMAGE_CASES` sets another number.
const CASES: usize = 300;

fn files() -> Files {
    worked(tempfile::tempdir().unwrap().path())
}

fn kept() -> (Kept, Kept) {
    let Files { closed, older, .. } = files();
    (closed, older)
}

fn answers(kept: &Kept) -> String {
    match examine(kept.bytes.clone(), &kept.mark) {
        Found::Answers(answers) => answers,
        Found::Told(what) => panic!("the undamaged store: {what}"),
    }
}

/// A small generator (xorshift*), so that a failing position is found again.
struct Chance(u64);

impl Chance {
    fn next(&mut self, below: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        usize::try_from(self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33).unwrap() % below
    }
}

/// The damage is told, or it was in dead space: then every answer is that of the undamaged store.
fn check(kept: &Kept, expected: &str, what: &str, damage: impl FnOnce(&mut Vec<u8>)) -> bool {
    let mut bytes = kept.bytes.clone();
    damage(&mut bytes);
    match examine(bytes, &kept.mark) {
        Found::Told(_) => true,
        Found::Answers(answers) => {
            let differs = answers.lines().zip(expected.lines()).find(|(one, other)| one != other);
            assert!(differs.is_none(), "{what}: nothing was told, but {differs:?}");
            assert_eq!(answers.len(), expected.len(), "{what}: nothing was told, but an answer is missing");
            false
        }
    }
}

#[test]
fn a_flipped_bit_or_a_wiped_run_is_told_or_changes_no_answer() {
    check_flips(&files().closed);
}

#[test]
fn the_same_holds_for_a_till_whose_plug_was_pulled() {
    let files = files();
    assert_eq!(answers(&files.unclosed), answers(&files.closed), "the tail is replayed");
    check_flips(&files.unclosed);
}

fn check_flips(kept: &Kept) {
    let expected = answers(kept);
    let used: Vec<usize> = (0..kept.bytes.len()).filter(|at| kept.bytes[*at] != 0).collect();
    let mut chance = Chance(0x5EED);
    let mut told = 0;
    let cases = std::env::var("DAMAGE_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(CASES);
    for case in 0..cases {
        let at = if case % 4 == 0 { chance.next(kept.bytes.len()) } else { used[chance.next(used.len())] };
        let bit = chance.next(8);
        let is_told = match case % 8 {
            7 => check(kept, &expected, &format!("512 bytes wiped at {at}"), |bytes| {
                let end = bytes.len().min(at + 512);
                bytes[at..end].fill(0);
            }),
            _ => check(kept, &expected, &format!("bit {bit} of byte {at}"), |bytes| bytes[at] ^= 1 << bit),
        };
        told += usize::from(is_told);
    }
    assert!(told > cases / 20, "only {told} of {cases} were told: the positions miss what is in use");
}

#[test]
fn a_table_that_loses_its_name_is_missed() {
    let (kept, _) = kept();
    let expected = answers(&kept);
    for name in [
        "entries",
        "journals",
        "documents",
        "commands",
        "refunded",
        "stock",
        "master",
        "barcodes",
        "meta",
        "pins",
        "tail",
    ] {
        let name = format!("{name}_v1");
        let places = kept.bytes.windows(name.len()).enumerate().filter(|(_, window)| *window == name.as_bytes());
        let mut told = 0;
        for (at, _) in places {
            told += usize::from(check(&kept, &expected, &format!("{name} at {at}"), |bytes| bytes[at + 1] ^= 1));
        }
        assert!(told > 0, "{name} was never missed");
    }
}

#[test]
fn an_older_copy_is_only_read() {
    let (kept, older) = kept();
    assert!(matches!(examine(older.bytes.clone(), &older.mark), Found::Answers(_)));
    let Found::Told(why) = examine(older.bytes, &kept.mark) else { panic!("an older copy was taken for the newest") };
    assert!(why.starts_with("read only: ") && why.contains("an older copy"), "{why}");
    let other = Mark { journal: JournalId([8; 16]), ..kept.mark };
    let Found::Told(why) = examine(kept.bytes, &other) else { panic!("another till's store was taken for this one") };
    assert!(why.contains("does not hold journal"), "{why}");
}

#[test]
fn a_file_cut_short_empty_or_of_garbage_is_told() {
    let (kept, _) = kept();
    let expected = answers(&kept);
    let mut chance = Chance(0xC0DE);
    let length = kept.bytes.len();
    let random = (0..60).map(|_| chance.next(length)).collect::<Vec<_>>();
    for cut in
        [0, 1, 63, 64, 319, 320, 4095, 4096, 8192, length / 2, length - 4096, length - 1].into_iter().chain(random)
    {
        check(&kept, &expected, &format!("cut to {cut} bytes"), |bytes| bytes.truncate(cut));
    }
    for bytes in [b"not a store".to_vec(), vec![0; 4096], vec![0xFF; 65_536], b"redb".repeat(4096)] {
        assert!(matches!(examine(bytes, &kept.mark), Found::Told(_)));
    }
    assert!(matches!(examine(Vec::new(), &kept.mark), Found::Told(_)));
    let longer = |bytes: &mut Vec<u8>| bytes.extend_from_slice(&[0; 8192]);
    check(&kept, &expected, "zeros behind the end", longer);
}
