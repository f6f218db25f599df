# Everything here works on a fresh machine with Python 3.10 or later, make and a C compiler.
# `make run ARGS="--port 0 --json"` hands flags to the emulator; `make test PYTEST="tests/braze -x"` runs a part.

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
SETUP := setup.cfg setup.py pyproject.toml
ARGS ?=
PYTEST ?= -n auto --dist loadfile

.DEFAULT_GOAL := help
.PHONY: help run test lint format types demo bench clean

help: ## List the targets.
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile

run: $(VENV)/ready ## Install into .venv and start the emulator on 127.0.0.1:27293.
	@$(BIN)/braze-emulator serve $(ARGS)

test: lint types ## Install what tests need; run lint, types and the whole suite.
	$(BIN)/python -m pytest $(PYTEST)

lint: $(VENV)/ready-for-tests ## Check style and formatting.
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: $(VENV)/ready-for-tests ## Repair style and formatting where that can be done.
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

types: $(VENV)/ready-for-tests ## Check the type hints.
	$(BIN)/mypy

demo: $(VENV)/ready ## Replay the scenarios and tell what was sent, what was recorded and what it means.
	@$(BIN)/braze-emulator replay --explain $(ARGS) scenarios/

bench: $(VENV)/ready-for-tests ## Compare the emulator's speed with its peers; results go to bench/results/.
	bench/run $(ARGS)

clean: ## Remove .venv and everything else that was built.
	rm -rf $(VENV) build dist ./*.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find emulator tests bench -name __pycache__ -type d -prune -exec rm -rf {} +

# Installed once, and again when the list of dependencies changes.

$(VENV)/made:
	@python=$$(for name in $(PYTHON) python3.11 python3.12 python3.13 python3.10 python3 python; do \
		$$name -c 'import sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null && echo $$name && break; done); \
	test -n "$$python" || { echo "Python 3.10 or later is needed; name it: make PYTHON=/path/to/python"; exit 1; }; \
	$$python -m venv $(VENV)
	@touch $@

$(VENV)/ready: $(VENV)/made $(SETUP)
	@echo "Installing braze-emulator into $(VENV) …"
	@$(PIP) --editable .
	@touch $@

$(VENV)/ready-for-tests: $(VENV)/ready
	@echo "Installing what the tests need into $(VENV) …"
	@$(PIP) --editable '.[test]'
	@command -v curl > /dev/null || { apt-get -qq update && apt-get -qq install -y curl; } || \
		{ echo "The tests run the documentation's commands, which use curl: install it."; exit 1; }
	@touch $@
