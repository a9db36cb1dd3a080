# Two commands do everything: `make demo` and `make test`.
.PHONY: demo bench test tools fmt core-alone clippy unit doc bench-build crash kills fleet fleet-test fleet-planted fuzz coverage mutants clean

CARGO ?= cargo

## The main job on real data: a head office, two tills, a cut network, a kill -9, and the proof (KEEP=1 leaves it running).
demo: tools
	$(CARGO) build --release --locked -p counterfoil-node -p counterfoil-sync-server -p counterfoil-benches
	target/release/demo

## Every figure beside its peer and its goal, in one table. The first run makes a store of a million sales, which stays
## in target/ for later runs.
bench: tools
	$(CARGO) build --release --locked -p counterfoil-node -p counterfoil-sync-server -p counterfoil-benches
	$(CARGO) bench --locked -p counterfoil-benches
	target/release/figures
	@target/release/table

## Every check that there is.
test: tools fmt core-alone clippy unit fleet-test fleet-planted doc bench-build
	@echo "every check passed"

## A C compiler is all that the build needs besides Rust.
tools:
	@command -v cc >/dev/null || { apt-get update && apt-get install -y --no-install-recommends gcc libc6-dev; }
	@$(CARGO) fmt --version >/dev/null 2>&1 || rustup component add rustfmt
	@$(CARGO) clippy --version >/dev/null 2>&1 || rustup component add clippy

fmt:
	$(CARGO) fmt --all --check

## What embeds core gets it without the features that our programs switch on.
core-alone:
	$(CARGO) check -p counterfoil-core --locked

clippy:
	$(CARGO) clippy --workspace --all-targets --locked -- -D warnings

unit:
	$(CARGO) test --workspace --locked

doc:
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --workspace --no-deps --locked

bench-build:
	$(CARGO) bench --workspace --no-run --locked

## Power cuts by the million: make crash N=1000000 SEED=1; CASE=... makes one image again and tells what is wrong.
N ?= 1000000
SEED ?= 1
CRASH = whatever_a_power_cut_leaves_all_that_was_answered_is_there_and_the_till_sells_on
crash: tools
	CRASH_IMAGES=$(N) CRASH_SEED=$(SEED) $(if $(CASE),CRASH_CASE=$(CASE)) \
		$(CARGO) test --profile crash --locked -p counterfoil-core --test torn_disk -- --exact crash::$(CRASH) --nocapture

## kill -9 of the real programs, N times in each test, at moments that a seed chooses (SEED=... repeats the choices).
kills: N = 3000
kills: KILLS = COUNTERFOIL_KILLS=$(N) $(if $(filter command,$(origin SEED)),COUNTERFOIL_SEED=$(SEED)) $(CARGO) test --locked
kills: tools
	$(KILLS) -p counterfoil-node --test till served_kills -- --nocapture
	$(KILLS) -p counterfoil-sync-server --test fleet kills:: -- --nocapture --test-threads=1

## A simulated company under faults, SEEDS times on both cores; what fails is shrunk, told and kept in fuzz/corpus/fleet.
SEEDS ?= 10000
fleet: tools
	$(CARGO) run --release --locked -p counterfoil-fuzz --bin fleet -- --seeds $(SEEDS) $(if $(FROM),--from $(FROM))

## Defects planted one by one in the simulated fleet: each must be found by the check that is named for it.
fleet-planted: tools
	$(CARGO) run --locked -p counterfoil-fuzz --features planted-bugs --bin fleet -- --planted --seeds 80

## Its 200 seeds and what failed once, as the tests are built; every kind of fault must happen and every check must look.
fleet-test:
	$(CARGO) run --locked -p counterfoil-fuzz --bin fleet -- --seeds 200

## Each fuzz target for T seconds: make fuzz T=60, or make fuzz TARGETS="quote batch".
T ?= 60
fuzz: tools
	@command -v c++ >/dev/null || { apt-get update && apt-get install -y --no-install-recommends g++; }
	@command -v cargo-fuzz >/dev/null || $(CARGO) install --locked cargo-fuzz
	fuzz/fuzz.sh $(T) $(TARGETS)

## Lines of core that its tests run, file by file, the tests themselves not counted; below COVERAGE_MIN percent it fails.
## SHOW=1 names the lines that no test runs.
COVERAGE_MIN ?= 95
LLVM_TOOLS = "$$(rustc --print target-libdir)/../bin"
coverage: tools
	@command -v cargo-llvm-cov >/dev/null || $(CARGO) install --locked cargo-llvm-cov
	@test -x $(LLVM_TOOLS)/llvm-cov || rustup component add llvm-tools \
		|| { apt-get update && apt-get install -y --no-install-recommends llvm-19; }
	@mkdir -p target
	test -x $(LLVM_TOOLS)/llvm-cov || export LLVM_COV=llvm-cov-19 LLVM_PROFDATA=llvm-profdata-19; \
		$(CARGO) llvm-cov --locked -p counterfoil-core --all-features --lcov --output-path target/coverage.lcov
	@awk -v ROOT="$(CURDIR)/" -v MIN=$(COVERAGE_MIN) -v SHOW=$(SHOW) -f fuzz/coverage.awk target/coverage.lcov

## Changes the code that counts money in one place at a time (`.cargo/mutants.toml` says which), and asks that a test
## notices. SHARD=0/8 takes an eighth of the changes, FILTER=REGEX some; RESUME=1 leaves out those noticed before.
MUTANTS = PROPTEST_CASES=64 PROPTEST_MAX_SHRINK_ITERS=0 CARGO_PROFILE_DEV_DEBUG=none CARGO_TARGET_DIR="$(CURDIR)/target/mutants" \
	$(CARGO) mutants $(if $(SHARD),--shard $(SHARD)) $(if $(FILTER),--re '$(FILTER)') $(if $(RESUME),--iterate) --timeout 120
mutants: tools
	@command -v cargo-mutants >/dev/null || $(CARGO) install --locked cargo-mutants
	@mkdir -p target/mutants/core target/mutants/head-office
	$(MUTANTS) -p counterfoil-core -o target/mutants/core \
		-- --lib --test till_day --test golden_days --test refusals --test laws || test $$? -eq 3
	$(MUTANTS) -p counterfoil-sync-server -o target/mutants/head-office -- --lib verdict || test $$? -eq 3
	@echo "every change was noticed; one that makes a test run for ever is noticed too"

clean:
	$(CARGO) clean
	rm -rf demo-data
