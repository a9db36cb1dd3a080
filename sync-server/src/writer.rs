//! The writer: one thread that merges what all tills push, many words in one durable commit.
//!
//! A commit costs a flush of the disk, whatever is in it. So the thread takes all words that are waiting, up to a limit,
//! merges them in one transaction and answers each only after the commit. If that transaction fails, each word gets one
//! of its own, so that a damaged row of one journal delays no other. Example: 40 tills push at once; one flush, 40
//! answers.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;

use crate::merge::{Moment, Outcome, Word, merge};
use crate::projection::Projection;
use crate::store::{Store, StoreError};

/// The most words that wait; beyond it tills are told to come back later.
pub const WAITING_MAX: usize = 256;

/// The most words of one commit: at most 64 batches of 1 MiB are in memory for it.
pub const WORDS_PER_COMMIT_MAX: usize = 64;

/// The exit code after a panic of the writer.
const EXIT_PANICKED: i32 = 3;

/// Gives the time and fresh random bits.
pub type MomentSource = Box<dyn FnMut() -> Moment + Send>;

/// Takes the outcome of a word, once it is durable.
pub type Reply = Box<dyn FnOnce(Result<Outcome, StoreError>) + Send>;

struct Job {
    word: Word,
    reply: Reply,
}

/// Why a word was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotTaken {
    /// Too many are waiting.
    #[error("{WAITING_MAX} pushes are waiting already")]
    Busy,
    /// The writer has ended.
    #[error("head office is stopping")]
    Stopped,
}

/// Where words are handed in, from any thread.
#[derive(Clone, Debug)]
pub struct Inbox {
    sender: SyncSender<Job>,
}

impl Inbox {
    /// Hands in a word. The reply comes from the writer's thread and must not wait for anything.
    ///
    /// # Errors
    /// Too many words are waiting, or the writer has ended; then there is no reply.
    pub fn submit(&self, word: Word, reply: Reply) -> Result<(), NotTaken> {
        self.sender.try_send(Job { word, reply }).map_err(|error| match error {
            TrySendError::Full(_) => NotTaken::Busy,
            TrySendError::Disconnected(_) => NotTaken::Stopped,
        })
    }

    /// Hands in a word and waits for its outcome, on a thread that may wait.
    ///
    /// # Errors
    /// The writer has ended, or the store failed.
    pub fn merge(&self, word: Word) -> Result<Outcome, StoreError> {
        let stopped = || StoreError::Invariant(NotTaken::Stopped.to_string());
        let (answer, outcome) = sync_channel(1);
        let reply: Reply = Box::new(move |result| {
            // Whoever asked may have gone; the word is merged all the same.
            let _gone = answer.send(result);
        });
        self.sender.send(Job { word, reply }).map_err(|_| stopped())?;
        outcome.recv().map_err(|_| stopped())?
    }
}

/// Starts the writer's thread. It ends, with all that was handed in merged, when the last inbox is dropped. Should it
/// panic, the whole process ends: one that takes words and merges none is worse than one that is started again.
///
/// # Errors
/// The system gives no thread.
pub fn start(store: Arc<dyn Store>, moments: MomentSource) -> std::io::Result<(Inbox, JoinHandle<()>)> {
    start_with(store, moments, || std::process::exit(EXIT_PANICKED))
}

/// As [`start`], with what is to be done after a panic.
fn start_with(
    store: Arc<dyn Store>,
    moments: MomentSource,
    panicked: impl FnOnce() + Send + 'static,
) -> std::io::Result<(Inbox, JoinHandle<()>)> {
    let (sender, receiver) = sync_channel(WAITING_MAX);
    let work = move || {
        // Nothing of what the panic left behind is used again but the store, whose transaction was not committed.
        if catch_unwind(AssertUnwindSafe(|| run(&*store, &receiver, moments))).is_err() {
            tracing::error!("the writer has panicked; head office ends");
            panicked();
        }
    };
    let thread = std::thread::Builder::new().name("writer".to_owned()).spawn(work)?;
    Ok((Inbox { sender }, thread))
}

fn run(store: &dyn Store, receiver: &Receiver<Job>, mut moments: MomentSource) {
    while let Ok(first) = receiver.recv() {
        let mut jobs = vec![first];
        jobs.extend(receiver.try_iter().take(WORDS_PER_COMMIT_MAX.saturating_sub(1)));
        let (words, replies): (Vec<_>, Vec<_>) = jobs.into_iter().map(|job| (job.word, job.reply)).unzip();
        let outcomes = merge_all(store, &words, &mut moments);
        replies.into_iter().zip(outcomes).for_each(|(reply, outcome)| reply(outcome));
    }
}

/// Merges words in one transaction, or each in its own where that fails.
fn merge_all(store: &dyn Store, words: &[Word], moments: &mut MomentSource) -> Vec<Result<Outcome, StoreError>> {
    if let Ok(outcomes) = merge_together(store, words, moments()) {
        return outcomes.into_iter().map(Ok).collect();
    }
    let merge_one = |word: &Word| merge_together(store, std::slice::from_ref(word), moments());
    words.iter().map(merge_one).map(|outcomes| outcomes.and_then(only)).collect()
}

fn only(outcomes: Vec<Outcome>) -> Result<Outcome, StoreError> {
    outcomes.into_iter().next().ok_or_else(|| StoreError::Invariant("a word without an outcome".to_owned()))
}

/// Merges words in one transaction; the outcomes are durable when this returns.
///
/// # Errors
/// The store failed, or a row is damaged; then nothing has changed.
pub fn merge_together(store: &dyn Store, words: &[Word], moment: Moment) -> Result<Vec<Outcome>, StoreError> {
    store.write(|rows| {
        let mut projection = Projection::default();
        let mut outcomes = Vec::with_capacity(words.len());
        for word in words {
            outcomes.push(merge(rows, &mut projection, word, moment)?);
        }
        projection.write(rows)?;
        Ok(outcomes)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Rows;
    use crate::store::rows::RowsMut;

    /// A store whose transactions panic.
    struct Broken;

    impl Store for Broken {
        fn read_with(&self, _: &mut dyn FnMut(&dyn Rows) -> Result<(), StoreError>) -> Result<(), StoreError> {
            panic!("a bug")
        }

        fn write_with(&self, _: &mut dyn FnMut(&mut dyn RowsMut) -> Result<(), StoreError>) -> Result<(), StoreError> {
            panic!("a bug")
        }
    }

    #[test]
    fn a_panic_of_the_writer_ends_the_process() {
        use counterfoil_core::grant::Profile;
        use counterfoil_core::id::JournalId;
        use counterfoil_core::journal::batch::Batch;
        use counterfoil_core::journal::envelope::ChainHead;
        use counterfoil_core::journal::key::SigningKey;
        use counterfoil_core::time::{Now, Timestamp, ZoneOffset};

        let (ended, has_ended) = sync_channel(1);
        let moments = Box::new(|| Moment { now: Timestamp(0), fresh: [0; 8] });
        let (inbox, thread) = start_with(Arc::new(Broken), moments, move || ended.send(()).unwrap()).unwrap();
        let key = SigningKey::from_seed([1; 32]);
        let now = Now { at: Timestamp(0), offset: ZoneOffset(0) };
        let (entry, _) = ChainHead::start(JournalId([1; 16])).append(now, 9, 1, b"x").unwrap();
        let batch = Batch::read(&Batch::sign(&[entry], &key).unwrap()).unwrap().verify(&key.public_key()).unwrap();
        let text = "text of the right form";
        let profile = Profile {
            store: "S01".parse().expect(text),
            till: "T01".parse().expect(text),
            currency: "EUR".parse().expect(text),
            country: "ES".parse().expect(text),
            zone: "Etc/UTC".parse().expect(text),
            prices_include_tax: true,
            has_history: false,
        };
        assert!(inbox.merge(Word::batch(batch, &profile)).is_err());
        has_ended.recv().unwrap();
        thread.join().unwrap();
    }
}
