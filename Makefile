# Nightjar. `make` alone explains itself. Needs Python 3.11 to 3.13, Java 17 or newer, and nothing else.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help env demo demo-dataset test test-quick torture fuzz up down status lint lint-style lint-format lint-types lint-imports bench bench-nights bench-year bench-mongo bench-kafka bench-tuning bench-gate bench-reasons bench-scoring bench-commits bench-ingest bench-drift bench-drift-page bench-status status-screenshots bench-costs bench-idle bench-dags bench-many bench-triggers bench-alarms bench-learning bench-estimates bench-teacher bench-datasets bench-scale torture-teacher torture-datasets clean clean-all lock audit sbom race-commits cluster-test

VENV := .venv
BIN := $(VENV)/bin
UV_VERSION := 0.13.8
STAMP := $(VENV)/.made

# The Python of the environment: the first that fits, or yours by `make PYTHON=python3.12 ...`.
FITS := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))
PYTHON ?= $(shell for python in python3 python3.12 python3.11 python3.13; do \
	$$python -c '$(FITS)' 2>/dev/null && echo $$python && break; done)

# pytest rewrites the tests' modules: 2 s a worker where the shell forbids caching them.
PYTEST := env -u PYTHONDONTWRITEBYTECODE $(BIN)/python -m pytest

# How many kills `make torture` spreads over the platform's steps; SEED=... repeats a run.
N ?= 50
# How many commits `make race-commits` makes.
VERSIONS ?= 1000

help: ## list the targets
	@echo "Nightjar: nightly scoring and retraining on Airflow, Spark, Delta Lake and MLflow."
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo "First time: make demo. Another Python: make PYTHON=python3.12 demo."

env: $(STAMP) ## create .venv from the lock and fetch Spark's jars (every other target does this first)

$(STAMP): requirements.txt requirements-dev.txt pyproject.toml stack/jars.py
	@[ -n "$(PYTHON)" ] && $(PYTHON) -c '$(FITS)' 2>/dev/null || { \
		echo "Nightjar needs Python 3.11, 3.12 or 3.13, and $(or $(PYTHON),python3) is not: install one, then run make PYTHON=/path/to/it" >&2; exit 1; }
	@$(PYTHON) -B -m stack.java
	@if ! [ -x $(BIN)/python ] || ! $(BIN)/python -c '$(FITS)' 2>/dev/null; then \
		echo "env: creating $(VENV) with $$($(PYTHON) -V)"; \
		$(PYTHON) -m venv --clear $(VENV) || { \
			echo "$(PYTHON) cannot make an environment: install its venv module (Debian, Ubuntu: apt install python3-venv)" >&2; exit 1; }; fi
	@echo "env: installing the packages of requirements.txt (about 4 GB on disk, 2 more in the cache of uv; some minutes the first time)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --compile-bytecode --require-hashes \
		-r requirements.txt -r requirements-dev.txt
	@# Of earlier locks. jsonschema loads it wherever it is, and it makes 38 parsers: 1.5 s of each start of an Airflow process.
	@$(BIN)/uv pip uninstall --quiet --python $(BIN)/python rfc3987-syntax
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps -e .
	@echo "env: adding Delta Lake's jars and its file system to Spark's (13 MB, once)"
	@$(BIN)/python -m stack.jars
	@touch $@

demo: $(STAMP) ## the whole platform on real flights: history, training, June by night, drift, retraining
	@$(BIN)/python -m include.flight_delays.demo

demo-dataset: $(STAMP) ## a dataset for language models, offline: installed packages' READMEs to a published version, a correction, an erasure
	@$(BIN)/python -m include.package_readmes.demo

up: $(STAMP) ## start Airflow, MLflow and Spark on 127.0.0.1 and print their addresses
	@$(BIN)/python -m stack up

down: ## stop them all; leaves no process behind, also after a crash
	@if [ -x $(BIN)/python ]; then $(BIN)/python -m stack down; else echo "Nothing to stop: there is no $(VENV)."; fi

status: $(STAMP) ## which services run, where, and the login
	@$(BIN)/python -m stack status

test-quick: $(STAMP) ## the tests that need no Spark, no server and no other process: some minutes
	@$(PYTEST) tests -m quick -n 2 --dist worksteal -q --disable-warnings

test: $(STAMP) ## every test, the end-to-end test through the real scheduler included
	@$(PYTEST) tests -n 2 --dist loadfile --no-loadscope-reorder

torture: $(STAMP) ## kill jobs and Spark at N random moments (N=50 SEED=...), retry, compare every table
	@$(BIN)/python -m tests.torture --kills $(N) $(if $(SEED),--seed $(SEED))

race-commits: $(STAMP) ## VERSIONS commits (1000) by three processes to one table of an S3 server that loses answers: none lost, none twice (minutes)
	@$(BIN)/python -m tests.commit_race --versions $(VERSIONS)

torture-teacher: $(STAMP) ## kill a run of paid calls at random moments (KILLS=200), and hold its books against the service's bill (SEED=...; minutes)
	@$(BIN)/python -m tests.teacher_kills $(if $(KILLS),--kills $(KILLS)) $(if $(SEED),--seed $(SEED))

torture-datasets: $(STAMP) ## kill the stages of a dataset at random moments (KILLS=200), and compare what is published (SEED=...; minutes)
	@$(BIN)/python -m tests.dataset_kills $(if $(KILLS),--kills $(KILLS)) $(if $(SEED),--seed $(SEED))

cluster-test: $(STAMP) ## the cluster natively, as root: the main job on S3, a fault in every night, tables compared (FAULTS=... SEED=...; 25 minutes)
	@$(BIN)/python -m tests.cluster $(if $(FAULTS),--faults $(FAULTS)) $(if $(SEED),--seed $(SEED))

fuzz: $(STAMP) ## take in FILES drawn damaged deliveries (10000) and account for each of their lines (SEED=...; minutes)
	@$(BIN)/python -m tests.fuzz $(if $(FILES),--files $(FILES)) $(if $(SEED),--seed $(SEED))

lint: $(STAMP) ## ruff, mypy (strict) and the import rules
	@$(MAKE) --no-print-directory --keep-going --output-sync=target -j4 lint-style lint-format lint-types lint-imports

lint-style:
	@$(BIN)/ruff check .

lint-format:
	@$(BIN)/ruff format --check .

# Without a cache one process takes two thirds of the whole on two cores.
lint-types:
	@$(BIN)/mypy --num-workers 2

lint-imports:
	@$(BIN)/lint-imports

bench: $(STAMP) ## how long a task and a night take, after make demo (PARENT=folder: beside another clone)
	@$(BIN)/python tests/bench/night.py $(if $(PARENT),--parent $(PARENT))

bench-nights: $(STAMP) ## whether the Spark server grows over NIGHTS (60) nights, after make demo (half an hour)
	@$(BIN)/python -m tests.bench.sixty_nights $(if $(NIGHTS),--nights $(NIGHTS))

bench-year: $(STAMP) ## what a year costs: history as ranges, and the 365th night against the 30th (half an hour)
	@$(BIN)/python -m tests.bench.year

bench-mongo: $(STAMP) ## how fast a MongoDB collection is read, and in how much memory (an emulator; minutes)
	@$(BIN)/python -m tests.bench.mongo

bench-kafka: $(STAMP) ## how fast a topic of Kafka is read, and in how much memory (a real broker on loopback; two minutes)
	@$(BIN)/python -m tests.bench.kafka

bench-tuning: $(STAMP) ## how good the search is after so many seconds, against simpler ones (after make demo; ten minutes)
	@$(BIN)/python -m tests.bench.tuning

bench-gate: $(STAMP) ## how often the gate promotes equal models, and better ones (200 seeds; minutes)
	@$(BIN)/python -m tests.bench.gate

bench-ingest: $(STAMP) ## how fast a delivery of 5 million rows and 300 small ones are taken in (ROWS=...; minutes, 6 GB)
	@$(BIN)/python -m tests.bench.ingest $(if $(ROWS),--rows $(ROWS))

bench-scoring: $(STAMP) ## how fast 10 million rows are scored, beside bare XGBoost and MLflow (ROWS=...; minutes, 8 GB)
	@$(BIN)/python -m tests.bench.scoring $(if $(ROWS),--rows $(ROWS))

bench-drift: $(STAMP) ## what drift and performance of a day of 10 million rows cost beside reading it once (ROWS=...; minutes, 6 GB)
	@$(BIN)/python -m tests.bench.drift $(if $(ROWS),--rows $(ROWS))

bench-status: $(STAMP) ## what the status page takes with 50 use cases and two years of nights (minutes)
	@$(BIN)/python -m tests.bench.status_page

status-screenshots: $(STAMP) ## docs/images/status-*.png, from made-up nights (needs chromium; a minute)
	@$(BIN)/python -m tests.bench.status_screenshots

bench-drift-page: $(STAMP) ## what the nightly drift page costs, beside Evidently's (after make demo, with MLflow up)
	@. .nightjar/env.sh && $(BIN)/python -m tests.bench.drift_page

bench-alarms: $(STAMP) ## how often monitoring cries wolf, how soon it sees what happens, beside others (SEEDS=... ROWS=... FLIGHTS=folder; an hour)
	@$(BIN)/python -m tests.bench.alarms $(if $(SEEDS),--seeds $(SEEDS)) $(if $(FIRST),--first $(FIRST)) $(if $(ROWS),--rows $(ROWS)) $(if $(FLIGHTS),--flights $(FLIGHTS)) $(if $(ONLY),--only $(ONLY))

bench-commits: $(STAMP) ## what a commit and a read of a thousand rows cost, by Spark's workers and in a process (minutes)
	@$(BIN)/python -m tests.bench.small_commits

bench-costs: $(STAMP) ## what it takes to record what runs cost, and to ask for it after two years of 50 use cases (two minutes)
	@$(BIN)/python -m tests.bench.recorded_costs

bench-idle: $(STAMP) ## what the stack takes of a core and of memory at rest (after make demo; MINUTES=10, and ten more)
	@$(BIN)/python -m tests.bench.idle $(if $(MINUTES),--minutes $(MINUTES))

bench-dags: $(STAMP) ## what 1 and 100 use cases cost Airflow: parsing, the page of all DAGs, rest (ten minutes)
	@$(BIN)/python -m tests.bench.many_use_cases

bench-many: $(STAMP) ## a night of 50 use cases on 20 shared sources, two of them broken, by the jobs (USE_CASES=... SOURCES=...; minutes)
	@$(BIN)/python -m tests.bench.night_of_many $(if $(USE_CASES),--use-cases $(USE_CASES)) $(if $(SOURCES),--sources $(SOURCES))

bench-triggers: $(STAMP) ## what each trigger of a retraining would have done to the flights of July to December (KEEP=folder; half an hour)
	@$(BIN)/python -m tests.bench.triggers $(if $(KEEP),--keep $(KEEP))

bench-estimates: $(STAMP) ## how well quality is foretold before labels, on flights and NannyML's car loan (KEEP=folder NANNYML=python QUIET=worlds; ten minutes)
	@$(BIN)/python -m tests.bench.estimates $(if $(KEEP),--keep $(KEEP)) $(if $(NANNYML),--nannyml $(NANNYML)) $(if $(QUIET),--quiet $(QUIET))

bench-learning: $(STAMP) ## what half-lives, samples and class weights do to the flights' models, week by week (KEEP=folder; half an hour)
	@$(BIN)/python -m tests.bench.learning $(if $(KEEP),--keep $(KEEP))

bench-teacher: $(STAMP) ## whether 64 paid calls stay under way at a service that takes 200 ms (CALLS=6400 UNDER_WAY=64; a minute)
	@$(BIN)/python -m tests.bench.teacher $(if $(CALLS),--calls $(CALLS)) $(if $(UNDER_WAY),--under-way $(UNDER_WAY))

bench-datasets: $(STAMP) ## what 100,000 documents of a dataset cost but for the calls: documents to gate (DOCUMENTS=...; a quarter of an hour)
	@$(BIN)/python -m tests.bench.dataset_scale $(if $(DOCUMENTS),--documents $(DOCUMENTS))

bench-scale: $(STAMP) ## how a night grows with rows and Spark's workers, with a driver of 512 MB (ROWS=5000000; a quarter of an hour)
	@$(BIN)/python -m tests.bench.cluster_scale $(if $(ROWS),--rows $(ROWS))

bench-reasons: $(STAMP) ## what reasons cost the score job, side by side (after make demo, with the stack up)
	@. .nightjar/env.sh && $(BIN)/python -m tests.bench.reasons

audit: $(STAMP) ## whether the locked packages have known vulnerabilities (python -m stack.audit: exit code 80 not audited, 81 found)
	@$(BIN)/python -m stack.audit

sbom: $(STAMP) ## write sbom.json, the bill of materials in CycloneDX 1.6: the locked packages and Spark's jars
	@$(BIN)/python -m stack.bill_of_materials

clean: down ## stop the stack and remove what it wrote: state, tables, landing files (not .venv)
	rm -rf .nightjar warehouse landing .pytest_cache .mypy_cache .ruff_cache .import_linter_cache *.egg-info
	@find . -name __pycache__ -not -path './$(VENV)/*' -prune -exec rm -rf {} +

clean-all: clean ## the same, and the environment too
	rm -rf $(VENV)

lock: $(STAMP) ## compile requirements*.in into requirements*.txt
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header requirements.in -o requirements.txt
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header requirements-dev.in -o requirements-dev.txt
