# Two commands do it all on a fresh machine: `make run` and `make test`.
# Every target first makes sure of its tools: it installs what is missing where the system's package manager allows,
# and prints the one command to do so where it does not.

CARGO ?= cargo
DATA_DIR ?= studyhall-data
LISTEN ?= 127.0.0.1:8080
KILLS ?= 100
SEEDS ?= 1000
OUTAGE_S ?= 60
ROUNDS ?= 1
# Programs and tests in one go: built apart, they ask different features of what they share, and much is built twice.
BUILD = $(CARGO) build --workspace --bins --tests
BENCH_OPTIONS = --rounds $(ROUNDS) $(if $(QUICK),--quick)

.PHONY: run test pages unit unit-on-cql unit-long unit-parts test-cql browser api bench bench-micro bench-baseline bench-imports bench-reads chaos lint tools-build tools-test clean

run: tools-build            ## build and start with the embedded store and a demo deck
	$(CARGO) run --release --bin studyhall -- demo --data-dir $(DATA_DIR) --listen $(LISTEN)

# Pages come last, by themselves: a browser beside two lanes of tests on two cores stands still for half a minute now and then.
test: tools-test            ## everything that is tested
	$(BUILD)
	scripts/cassandra.sh with -- $(MAKE) --no-print-directory unit-on-cql
	$(MAKE) --no-print-directory pages

pages:
	$(MAKE) --no-print-directory --output-sync=target browser api

# Properties are tried with the same cases each time: a check tells what a change broke. New cases are looked for by
# `make chaos`, and by `cargo test` alone.
unit test test-cql: export PROPTEST_RNG_SEED ?= 20261122

unit: tools-test            ## every test of the workspace, against real parts
	$(BUILD)
	scripts/cassandra.sh with -- $(MAKE) --no-print-directory unit-on-cql

# Every target with tests but `it`, the name that the long ones have: `house::` knows when one is missing.
PARTS = cluster local redis core shell storm on_cql lesson lesson_codec owner_sim session_protocol sim faults memory stall \
	buckets hearing broken cards examples

# Beside a CQL server, in two lanes, since much of either is waiting: the long tests on the embedded store; and everything
# else with the promises on the other store, imports among them, but for those in which hundreds come at once: each is
# claimed by compare-and-set, of a server that shares this machine.
PROMISES_ON_CQL = promises:: imports::life::a_package_is_tried imports::reviews::

unit-on-cql:
	$(MAKE) --no-print-directory -j2 unit-long unit-parts

unit-long:
	$(CARGO) test --workspace --no-fail-fast --test it

unit-parts:
	$(CARGO) test --workspace --no-fail-fast --lib --bins $(PARTS:%=--test %)
	$(CARGO) test --workspace --doc
	[ -z "$$STUDYHALL_TEST_CQL" ] || STUDYHALL_TEST_STORE=cql $(CARGO) test --workspace --test it --no-fail-fast -- $(PROMISES_ON_CQL) --skip p6_a_crowd

# Left out: what is about the embedded store's own files, what has no store, and crowds (see above).
NOT_ON_CQL = cli:: house:: conformance_ws:: ws_layer:: cluster:: faults::kill:: p6_a_crowd

test-cql: tools-test        ## the end-to-end suite on the CQL store, all of it: minutes
	$(BUILD)
	STUDYHALL_TEST_STORE=cql scripts/cassandra.sh with -- \
		$(CARGO) test --test it --no-fail-fast -- $(NOT_ON_CQL:%=--skip %)

browser: tools-test         ## the pages in a real Chromium
	$(BUILD)
	STUDYHALL_BIN=$(CURDIR)/target/debug/studyhall tests/browser/run.sh

api: tools-test             ## a property-based tester over all routes, by the server's own document
	$(BUILD)
	scripts/api_test.py target/debug/studyhall target/tools/api/bin/schemathesis

chaos: tools-test           ## new cases of properties, many kills, seeds and long outages: make chaos KILLS=1000 SEEDS=5000 OUTAGE_S=1800
	$(BUILD)
	$(CARGO) test -p domain -p anki -p ports -p protocol -p client -p optimizer
	STUDYHALL_KILLS=$(KILLS) $(CARGO) test --workspace --test it faults::kill -- --nocapture
	SIM_SEEDS=$(SEEDS) $(CARGO) test -p domain --test owner_sim -- --nocapture
	STUDYHALL_OUTAGE_S=$(OUTAGE_S) scripts/cassandra.sh with -- $(CARGO) test --workspace --test it cluster:: -- --nocapture

bench: tools-build          ## the server beside its ceilings: echo, append, an ordinary web application
	$(CARGO) build --release -p studyhall -p loadtest -p ceiling
	target/release/loadtest ceiling

bench-micro: tools-bench    ## micro-benches beside the stored figures: make bench-micro FILTER=session
	scripts/bench.py micro $(BENCH_OPTIONS) $(FILTER)

bench-imports: tools-build  ## four files through a server: rows a second, processor time and memory; ROUNDS=2
	$(CARGO) build --release -p studyhall
	scripts/import_bench.py target/release/studyhall --rounds $(ROUNDS)

bench-reads: tools-build    ## what pages ask, first after a start and again: ROUNDS=5 starts
	$(CARGO) build --release -p studyhall
	scripts/reads_bench.py target/release/studyhall $(if $(filter-out 1,$(ROUNDS)),--starts $(ROUNDS))

bench-baseline: tools-bench ## stores the micro-benches' figures, on an idle machine
	scripts/bench.py baseline $(BENCH_OPTIONS)

lint: tools-build           ## format, lints and docs, as the checks run them
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --workspace --no-deps

tools-build:
	@scripts/tools.sh build

tools-bench:
	@scripts/tools.sh bench

tools-test:
	@scripts/tools.sh test

clean:
	$(CARGO) clean
