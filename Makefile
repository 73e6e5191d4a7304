# The interpreter that makes the virtual environment; everything after runs in it.
PYTHON ?= python3
VENV ?= .venv
# One worker a processor, as many as memory bears; PYTEST_ARGS= runs the tests in one process.
PYTEST_ARGS ?= -n logical --maxprocesses 4 --dist worksteal

BIN := $(VENV)/bin
PLUGINS := $(wildcard plugins/*/pyproject.toml)
INSTALLED := $(VENV)/installed

.DEFAULT_GOAL := help
.PHONY: help venv browser shells fit test test-all lint format types layers schemas schemas-check docs docs-check static check bench

help: ## Show this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{ printf "%-20s %s\n", $$1, $$2 }'

venv: $(INSTALLED) ## Set up .venv with ymltrain, its development tools and the distributions in plugins/

$(INSTALLED): pyproject.toml constraints.txt $(PLUGINS)
	@$(PYTHON) -c 'import sys; sys.exit("ymltrain needs Python 3.11 or newer, $(PYTHON) is %d.%d; try make PYTHON=python3.11" % sys.version_info[:2] if sys.version_info < (3, 11) else 0)'
	@echo "Setting up $(VENV) (the first time takes some minutes) ..."
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install -qq --disable-pip-version-check -c constraints.txt -e '.[dev]' $(PLUGINS:%/pyproject.toml=-e ./%)
	@$(BIN)/python -m compileall -q ymltrain || true  # as pip does for what it does not link
	@touch $@

browser: ## Install Chromium, in which the tests look at HTML pages (Debian, as root)
	@command -v chromium >/dev/null || { apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium; }

shells: ## Install zsh and fish, in which the tests complete command lines (Debian, as root)
	@{ command -v zsh && command -v fish; } >/dev/null || { apt-get update -qq && apt-get install -y -qq --no-install-recommends zsh fish; }

fit: venv ## Train recipes/diamonds.yaml
	$(BIN)/ymltrain fit recipes/diamonds.yaml

test: venv ## Run the tests, but for the slow ones and those with real services
	$(BIN)/python -m pytest -m 'not slow and not services' $(PYTEST_ARGS)

test-all: venv browser shells ## Run every test
	$(BIN)/python -m pytest $(PYTEST_ARGS)

lint: venv ## Check style and formatting
	$(BIN)/ruff check
	$(BIN)/ruff format --check

format: venv ## Mend style and formatting where that can be done by itself
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

types: venv ## Check types, in the package and in each distribution of plugins/
	$(BIN)/mypy
	set -e; for source in $(PLUGINS:%/pyproject.toml=%/src); do $(BIN)/mypy $$source; done

layers: venv ## Check that imports go downward only
	$(BIN)/lint-imports

schemas: venv ## Write schemas/ anew from the code
	$(BIN)/python -m ymltrain schema --write schemas

schemas-check: venv ## Check that schemas/ is current
	$(BIN)/python -m ymltrain schema --check schemas

docs: venv ## Write the generated parts of docs/ anew
	$(BIN)/python docs/build.py

docs-check: venv ## Check that the generated parts of docs/ are current and all links lead somewhere
	$(BIN)/python docs/build.py --check

static: lint types layers schemas-check docs-check ## All of check but the tests

check: static test ## All that CI checks

bench: venv ## Run each benchmark in turn
	@failed=0; for benchmark in benchmarks/*.py; do echo "== $$benchmark"; $(BIN)/python $$benchmark || failed=1; done; exit $$failed
