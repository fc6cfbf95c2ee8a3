# make run    the main job: build, bring up a VS/NAT cluster, load it, trace it, judge it
# make test   everything that must hold
# make lab    a prompt on the cluster's director
# make bench [BENCH_CONNECTIONS=N] | bench-live     what tracing costs, beside other tools; bench-live needs root
# make power [POWER_RUNS=1000] [POWER_FLAGS=--write]     how often verdicts are right, over simulated runs
# make models [ASSIGNMENTS=20000] [SEED=n]     a real kernel's choices beside the scheduler models
# make crash [KILLS=200] [CUTS=20]     kills the store's writer, cuts its power, fails its disk, and looks at what is left
# make fuzz [SECONDS=600] [SUBJECT=packets]     random input for everything that reads what others wrote
# make install [PREFIX=/usr/local] [DESTDIR=]   build and install ipvscope, for a real director
# make format | lint | deps | clean

PREFIX ?= /usr/local
BENCH_CONNECTIONS ?= 1000000
POWER_RUNS ?= 1000
export POWER_RUNS
SWIFT ?= swift

.PHONY: help run test lab models bench bench-live power crash fuzz install format lint deps deps-build deps-pages deps-bench clean

help:
	@sed -n 's/^# \(make \)/\1/p' Makefile

run: deps
	$(SWIFT) build -c release --product ipvscope
	@rm -rf ipvscope-run
	@lab/run main ipvscope-run
	@cat lab/queries.txt

test: deps-pages
	@.ci/test

lab: deps
	@lab/shell

# BENCH_FLAGS=--write puts the tables into docs/performance.md. Benchmarks/README.md tells more.
benchmarks = $(notdir $(patsubst %/run,%,$(filter-out %/live/run,$(wildcard Benchmarks/*/run))))
export BENCH_CONNECTIONS SWIFT

bench: deps-bench
	$(SWIFT) build -c release --product ipvscope
	$(SWIFT) build -c release --product store-load
	@Benchmarks/report $(BENCH_FLAGS) $(benchmarks)

bench-live: deps-bench
	$(SWIFT) build -c release --product capture-benchmark
	@Benchmarks/report $(BENCH_FLAGS) live

# POWER_FLAGS=--write puts the table into docs/verdict.md.
power: deps-build
	@Tests/power $(POWER_FLAGS)

ASSIGNMENTS ?= 20000

models: deps
	$(SWIFT) build -c release --product ipvscope
	$(SWIFT) build -c release --product assignment-judge
	@LAB_TIMEOUT=$$(($(ASSIGNMENTS) / 10 + 300)) lab/run models ipvscope-lab $(ASSIGNMENTS) $(SEED)

KILLS ?= 200
CUTS ?= 20

crash: deps
	$(SWIFT) build -c release --product store-load
	@Tests/store/crash $(KILLS)
	@Tests/store/power-cut $(CUTS)
	@Tests/store/faults --long

SECONDS ?= 600

fuzz: deps-build
	@Fuzz/run $(SECONDS) $(SUBJECT)

# A static binary needs no Swift on the director. Only the copying may need root.
install: deps-build
	$(SWIFT) build -c release --static-swift-stdlib --scratch-path .build/install --product ipvscope
	@packaging/install-binary .build/install/release/ipvscope "$(DESTDIR)$(PREFIX)/bin"

format:
	$(SWIFT) format --in-place --recursive Package.swift Sources Tests exporters Benchmarks lab Fuzz/Package.swift Fuzz/Fuzzers

lint:
	$(SWIFT) format lint --strict --recursive Package.swift Sources Tests exporters Benchmarks lab Fuzz/Package.swift Fuzz/Fuzzers
	@.ci/fence
	shellcheck packaging/install-* .ci/* Fuzz/run lab/run lab/shell lab/list lab/selftest lab/lib/* lab/scenarios/*.sh Tests/store/power-cut-init

deps: swift-is-there
	@packaging/install-debian-packages test

deps-pages: swift-is-there
	@packaging/install-debian-packages pages

deps-bench: swift-is-there
	@packaging/install-debian-packages bench

deps-build: swift-is-there
	@packaging/install-debian-packages build

.PHONY: swift-is-there
swift-is-there:
	@command -v $(SWIFT) >/dev/null || { \
	    echo "make: no Swift toolchain on PATH; install Swift 6.3 as https://www.swift.org/install/linux/ says" >&2; exit 69; }

clean:
	rm -rf .build Fuzz/.build ipvscope-run ipvscope-lab
