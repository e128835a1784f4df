# One command each: set-up, run, test, test-all, lint, docs, proof, proof-check, notebooks, pictures, bench.
# PYTHON=python3.13 make test takes another Python.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
# Two workers: one for the tests that change what is on an engine, and one for the others (tests/e2e/conftest.py).
PYTEST := $(BIN)/python -m pytest --numprocesses=2 --dist=loadgroup --cov --cov-report=term-missing:skip-covered
JOBS ?= $(if $(filter 0,$(shell id -u)),2,1)
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check
# Data files of the wheel are copies in an editable install too.
COPIES := $(shell find labrunner/jupyter/labextension labrunner/jupyter/server/labrunner.json -type f)

.PHONY: setup run test test-all format lint types layers unit docs proof proof-check notebooks pictures bench clean

setup: $(VENV)/dev

$(VENV)/run: pyproject.toml $(COPIES)
	$(PYTHON) -m venv $(VENV)
	$(PIP) install --editable .
	$(BIN)/python -m compileall -q labrunner checks
	touch $@

$(VENV)/dev: $(VENV)/run
	$(PIP) install --editable '.[dev]'
	touch $@

run: $(VENV)/run
	scripts/prepare-host
	$(BIN)/labrunner run --all --yes

test: lint types layers docs $(VENV)/dev
	scripts/prepare-host podman runc chromium
	$(BIN)/labrunner images prepare --yes
	$(PYTEST) -m 'not slow'

test-all: lint types layers docs $(VENV)/dev
	scripts/prepare-host podman runc chromium
	$(BIN)/labrunner images prepare --yes
	$(PYTEST)
	$(BIN)/labrunner lint --prove
	$(BIN)/python benchmarks/run_all.py

# Needs no engine.
unit: $(VENV)/dev
	$(BIN)/python -m pytest tests/unit

format: $(VENV)/dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lint: $(VENV)/dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/labrunner lint

types: $(VENV)/dev
	$(BIN)/mypy

layers: $(VENV)/dev
	$(BIN)/lint-imports

# A warning or a broken link fails it.
docs: $(VENV)/dev
	$(BIN)/labrunner site build --output build/site

# Near misses and other right ways of every step; what is proven and has not changed is not proven again.
proof: $(VENV)/run
	scripts/prepare-host
	$(BIN)/labrunner images prepare --yes
	$(BIN)/labrunner lint --prove --write docs/proof.md

# The same without what is known: every step anew, nothing written into the tree, and docs/proof.md has to try the same.
# As root two steps at once, each on an engine of its own.
proof-check: $(VENV)/run
	scripts/prepare-host
	$(BIN)/labrunner images prepare --yes
	state=$$(mktemp --directory) && trap 'rm -rf --one-file-system "$$state"' EXIT && \
		XDG_STATE_HOME="$$state" $(BIN)/labrunner lint --prove --jobs $(JOBS) --write "$$state/proof.md" && \
		scripts/same-proof docs/proof.md "$$state/proof.md"

# CI fails where they are not what the labs give.
notebooks: $(VENV)/run
	$(BIN)/labrunner notebook --output notebooks

# Records on Docker what the pictures of the concepts show; as root, since it looks at other users' processes.
pictures: $(VENV)/run
	scripts/prepare-host
	$(BIN)/labrunner images prepare --yes
	$(BIN)/python -m labrunner.site.pictures.record docs/concepts/recorded

bench: $(VENV)/dev
	scripts/prepare-host
	$(BIN)/labrunner images prepare --yes
	$(BIN)/python benchmarks/run_all.py

clean:
	rm -rf --one-file-system $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .coverage*
