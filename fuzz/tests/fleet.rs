//! The simulator itself: the same seed gives the same run, and a run that is told is the run that was hashed.

use counterfoil_fuzz::fleet::engine::run;
use counterfoil_fuzz::fleet::options::Options;
use counterfoil_fuzz::fleet::trace::Wants;

#[test]
fn the_same_seed_gives_the_same_trace() {
    for seed in [3, 1_000_003] {
        let options = Options { steps: 120, ..Options::of_seed(seed) };
        let (first, again) = (run(seed, &options, Wants::Hash), run(seed, &options, Wants::Story));
        assert_eq!(first.trace_hash, again.trace_hash, "seed {seed}");
        assert_eq!((first.tally, first.faults), (again.tally, again.faults), "seed {seed}");
        assert!(again.story.len() > 50 && again.failure.is_none(), "{:?}", again.failure);
    }
    let options = Options { steps: 40, ..Options::of_seed(3) };
    assert_ne!(run(3, &options, Wants::Hash).trace_hash, run(4, &options, Wants::Hash).trace_hash);
}
