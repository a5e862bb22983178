# Two commands do all the set-up on a machine that has Python 3.11: `make certify` and `make test`.
PYTHON ?= python3.11
BIN := .venv/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)

certify: $(BIN)/.locked
	snakemake --cores 8 certify

test: $(BIN)/.locked lint
	pytest
	snakemake --cores 8 certify

fast: $(BIN)/.locked
	pytest -m "not slow"

lint: $(BIN)/.locked
	ruff check .
	ruff format --check .
	snakefmt --check Snakefile rules
	snakemake --lint

$(BIN)/.locked: envs/requirements.lock
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r envs/requirements.lock
	touch $@

.PHONY: certify test fast lint
