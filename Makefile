# Each target makes what it needs: a virtual environment, the install, the viewer's build.

PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
PORT   ?= 8080

# Whole sites, brokers and browsers run in real time beside each other: what fails is tried again, and the summary
# names it (RERUN), because what comes and goes is a fault to be looked at.
AGAIN  := --reruns 2 -raR --max-worker-restart 0

.DEFAULT_GOAL := help
.PHONY: help demo test test-slow test-train test-web lint format bench viewer api-types wheel clean

help: ## what can be made
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /|/' | awk -F'|' '{printf "  make %-10s %s\n", $$1, $$2}'

demo: $(VENV)/.ready viewer ## a whole site on this machine: virtual cameras, gateway, centre, viewer
	@$(BIN)/lamppost demo --port $(PORT)

test: $(VENV)/.ready viewer ## all tests; what the machine lacks of servers is skipped and named
	@$(BIN)/python -m pytest -q -n 3 --dist loadgroup --no-loadscope-reorder $(AGAIN)

test-slow: $(VENV)/.ready viewer ## soak, crash and accuracy runs; LAMPPOST_KILLS, _CUTS, _STEPS and _CASES say how many
	@$(BIN)/python -m pytest -q -n 4 --dist loadgroup --no-loadscope-reorder $(AGAIN) -m slow --durations=8

test-train: .venv-train/.ready ## the tests of the training code that need PyTorch
	@.venv-train/bin/python -m pytest -q models/train/tests

test-web: $(VENV)/.ready ## the viewer's own unit tests
	@$(BIN)/python packaging/build_viewer.py --test

lint: $(VENV)/.ready ## types, style, import contracts
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: $(VENV)/.ready ## put the code into shape
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

bench: $(VENV)/.ready ## ratios against peers and bare loops, as JSON in tests/output
	@$(BIN)/python -m tests.bench

viewer: $(VENV)/.ready ## the viewer's static files, built when older than their sources
	@$(BIN)/python packaging/build_viewer.py

api-types: $(VENV)/.ready ## the viewer's types of the API, after a change of the API
	@$(BIN)/python packaging/api_types.py

wheel: $(VENV)/.ready ## dist/lamppost-*.whl with the viewer inside
	@packaging/build-wheel.sh

clean: ## remove what was built
	rm -rf $(VENV) .venv-train build dist agent/central/static agent/central/web/node_modules tests/output

$(VENV)/.ready: pyproject.toml packaging/hatch_build.py
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Lamppost needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) -V 2>&1). Name one: make PYTHON=python3.12 ..." >&2; exit 2; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "This Python cannot make virtual environments. On Debian and Ubuntu: apt-get install python3-venv" >&2; exit 2; }
	@echo "Setting up $(VENV) (once; a minute or two) ..."
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install -q --disable-pip-version-check -e '.[dev]'
	@touch $@

.venv-train/.ready: pyproject.toml models/train/requirements.txt
	@$(PYTHON) -m venv .venv-train
	@.venv-train/bin/python -m pip install -q --disable-pip-version-check -e '.[dev]' -r models/train/requirements.txt
	@touch $@
