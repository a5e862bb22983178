# Two commands do all the set-up on a machine that has Python 3.11 to 3.13: `make certify` and `make test`.
PYTHON ?= $(shell command -v python3.11 || command -v python3.12 || command -v python3.13)
BIN := .venv/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)

certify: $(BIN)/.locked
	snakemake --cores 8 certify

# Processes side by side, each shown when it ends; without a cache, which they would share.
SIDE_BY_SIDE := --no-print-directory --output-sync -j2
PYTEST := pytest -p no:cacheprovider

test: $(BIN)/.locked lint
	$(MAKE) $(SIDE_BY_SIDE) test-runs test-code
	snakemake --cores 8 certify

test-runs:
	$(PYTEST) tests/e2e
test-code:
	$(PYTEST) --ignore=tests/e2e

# Under a minute.
fast: $(BIN)/.locked
	$(MAKE) $(SIDE_BY_SIDE) fast-code fast-dag
fast-code:
	$(PYTEST) tests/unit tests/contract
fast-dag:
	$(PYTEST) tests/dag

lint: $(BIN)/.locked
	ruff check .
	ruff format --check .
	mypy
	snakefmt --check Snakefile rules
	snakemake --lint

# Snakemake does not quote the path of its Python.
$(BIN)/.locked: envs/requirements.lock
	@case "$(CURDIR)" in *" "*) echo "The path of this folder has a space: move it, or make the environment elsewhere (README.md)" >&2; exit 1;; esac
	@test -n "$(PYTHON)" || { echo "No Python 3.11, 3.12 or 3.13 here: install one with its venv module, or name it: make PYTHON=/path/to/python" >&2; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r envs/requirements.lock
	touch $@

# Through a real Slurm of two nodes, started and ended here: root, and Debian's munge slurmctld slurmd slurm-client.
cluster-test: .venv-cluster/.locked
	CLUSTER_PYTHON=.venv-cluster/bin/python $(BIN)/pytest tests/cluster $(ONLY)

.venv-cluster/.locked: envs/cluster.lock envs/requirements.lock
	$(PYTHON) -m venv .venv-cluster
	.venv-cluster/bin/pip install --quiet --disable-pip-version-check --require-hashes -r envs/requirements.lock -r envs/cluster.lock
	touch $@

# Ten minutes and 5 GB of disk; figures to read, not to pass (tests/benchmarks/README.md).
bench: $(BIN)/.locked
	python -m tests.benchmarks

.PHONY: certify test test-runs test-code fast fast-code fast-dag lint bench cluster-test
