//! A till's store file with bytes changed or cut off: it opens and is right, or it says that it is damaged.
//!
//! The storage engine may panic over a damaged file; the programs open it behind a boundary, and so does this target.
//! A panic of our own code is a failure. Always: where the audit of the altered store agrees, its figures are those of
//! the store before it was altered, or of an earlier commit of it, whose entries are all there.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Once, OnceLock};

use counterfoil_core::db::InMemoryBackend;
use counterfoil_core::till::{Access, Audit, Till, TillError};
use counterfoil_disk::{Image, TornDisk};

use super::draw::Draw;
use super::shop::{JOURNAL, key, sold};

/// The store after a plain day, and its heads after each entry.
struct Before {
    image: Image,
    audit: Audit,
}

/// Changes: a place and what its byte is flipped by; the first byte says whether the file is cut short too.
///
/// # Panics
/// Damage was served, or our own code panicked over it.
pub fn run(bytes: &[u8]) {
    static BEFORE: OnceLock<Before> = OnceLock::new();
    let before = BEFORE.get_or_init(plain_day);
    let mut altered = before.image.to_vec();
    let mut draw = Draw::from(bytes);
    if draw.byte() >= 240 {
        altered.truncate(usize::try_from(draw.number(3)).unwrap_or(0) % (altered.len() + 1));
    }
    while !draw.is_empty() && !altered.is_empty() {
        let place = usize::try_from(draw.number(3)).unwrap_or(0) % altered.len();
        altered[place] ^= draw.byte();
    }
    let outcome = guarded(move || look(altered));
    match outcome {
        Ok(Ok(audit)) if audit.is_ok() => require_same(&before.audit, &audit),
        Ok(Ok(_)) => {}
        Ok(Err(error)) => assert!(!error.to_string().is_empty()),
        Err(place) => assert!(place.contains("redb"), "our own code panicked over a damaged store: {place}"),
    }
}

fn plain_day() -> Before {
    let disk = TornDisk::new();
    let mut till = sold(disk.backend());
    let audit = till.audit(InMemoryBackend::new()).expect("a whole store");
    drop(till);
    Before { image: disk.power_cut(0), audit }
}

/// Opens the store and reads all that is in it.
fn look(image: Vec<u8>) -> Result<Audit, TillError> {
    let disk = TornDisk::from_image(image);
    let mut till = Till::open(disk.backend(), vec![key()], Access::Full)?;
    till.status()?;
    till.products(None, 1_000)?;
    till.document("first")?;
    till.batch(JOURNAL, 1)?;
    till.audit(InMemoryBackend::new())
}

/// An altered store may have fallen back to an earlier commit of the same journal, and to nothing else.
fn require_same(before: &Audit, after: &Audit) {
    for journal in &after.journals {
        let same = before.journals.iter().find(|other| other.journal == journal.journal);
        let same = same.expect("a journal that never was");
        assert!(journal.entries <= same.entries, "entries that never were");
        assert!(journal.entries < same.entries || journal.head == same.head, "another head of the same length");
    }
    if after.journals == before.journals {
        assert_eq!(after.totals, before.totals);
        assert_eq!(after.series, before.series);
    }
}

thread_local! {
    static GUARDED: Cell<bool> = const { Cell::new(false) };
    static PANICKED: Cell<Option<String>> = const { Cell::new(None) };
}

/// Runs what may panic, and says where it did. The hook stands before that of the fuzzer, which ends the process.
fn guarded<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let outer = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if !GUARDED.get() {
                return outer(info);
            }
            let place = info.location().map_or_else(String::new, ToString::to_string);
            PANICKED.set(Some(place));
        }));
    });
    GUARDED.set(true);
    let result = catch_unwind(AssertUnwindSafe(work));
    GUARDED.set(false);
    let first = PANICKED.take();
    result.map_err(|_| first.unwrap_or_default())
}
