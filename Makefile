# Two commands do everything: `make demo` and `make test`.
.PHONY: demo bench test tools fmt core-alone clippy unit doc bench-build crash kills fuzz clean

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
test: tools fmt core-alone clippy unit doc bench-build
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
		$(CARGO) test --release --locked -p counterfoil-core --test torn_disk -- --exact crash::$(CRASH) --nocapture

## kill -9 of the real programs, N times in each test, at moments that a seed chooses (SEED=... repeats the choices).
kills: N = 3000
kills: KILLS = COUNTERFOIL_KILLS=$(N) $(if $(filter command,$(origin SEED)),COUNTERFOIL_SEED=$(SEED)) $(CARGO) test --locked
kills: tools
	$(KILLS) -p counterfoil-node --test till served_kills -- --nocapture
	$(KILLS) -p counterfoil-sync-server --test fleet kills:: -- --nocapture --test-threads=1

## Each fuzz target for T seconds: make fuzz T=60, or make fuzz TARGETS="quote batch".
T ?= 60
fuzz: tools
	@command -v c++ >/dev/null || { apt-get update && apt-get install -y --no-install-recommends g++; }
	@command -v cargo-fuzz >/dev/null || $(CARGO) install --locked cargo-fuzz
	fuzz/fuzz.sh $(T) $(TARGETS)

clean:
	$(CARGO) clean
	rm -rf demo-data
