# Every target sets up what it needs; `make help` lists them.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
LOCK := deploy/requirements/dev.txt
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help setup demo test check fix lock bench bench-engine bench-exports fuzz-api sheets clean

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-13s %s\n", $$1, $$2}'

setup: $(STAMP) ## Create .venv with the `refinery` command in it (quick when nothing changed)

$(STAMP): $(LOCK) pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "error: $(PYTHON) not found; install Python 3.11 or set PYTHON="; exit 1; }
	@echo "Setting up $(VENV) (about a minute the first time) ..."
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --require-hashes -r $(LOCK)
	@$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

demo: setup ## Start the real stack, refine a sample logo, show its life and the picture, stop
	@$(BIN)/refinery demo

test: check ## Everything: check, then all tests against real servers
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest
	$(BIN)/coverage report --skip-covered --fail-under=85

check: setup ## Format, lint, import rules and types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports --no-logo
	$(BIN)/mypy

fix: setup ## Format and mend what the linter can mend
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: setup ## Measure accepts per second and request-to-view latency on this machine
	$(BIN)/python -m tests.bench

bench-engine: setup ## Measure the local engine: time and memory by size of the picture
	$(BIN)/python -m tests.bench.engine

bench-exports: setup ## Export 100,000 events, check, replay elsewhere and compare, with numbers
	$(BIN)/python -m tests.bench.exports

fuzz-api: setup ## Fuzz the API by its own description: thousands of requests (SEED=n for others)
	$(BIN)/python -m tests.fuzz --max-examples 300 $(if $(SEED),--seed $(SEED))

sheets: setup ## Show what the local engine makes of prompts, as pictures in docs/pictures/engine
	$(BIN)/python -m tests.sheets

lock: setup ## Pin every dependency again, with hashes and without index addresses
	$(BIN)/python -m venv $(VENV)/lock && $(VENV)/lock/bin/pip install --quiet uv
	$(VENV)/lock/bin/uv pip compile pyproject.toml --extra embedded --group dev --universal \
	  --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --quiet --upgrade -o $(LOCK)
	$(VENV)/lock/bin/uv pip compile pyproject.toml --universal \
	  --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --quiet --upgrade \
	  -c $(LOCK) -o deploy/requirements/runtime.txt

clean: ## Remove the environment and everything made here
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis .coverage refinery-data demo-output
