# Two commands matter: `make demo` and `make test`. Both set up all they need inside this checkout.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

BIN := .venv/bin
FLASK := $(BIN)/python -m flask --app wsgi
PYTEST := $(BIN)/python -m pytest -n 2 --dist loadscope
ARGS ?=

# Caches stay inside the checkout, also where there is no home directory.
export XDG_CACHE_HOME := $(CURDIR)/var/cache
export PYTHON
# Compiled modules are kept, whatever the surroundings say: each process would compile a thousand modules anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help setup assets models demo verify test test-web test-sweep test-work test-long test-rules test-services test-pages services lint format lock clean

help: ## show what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "%-15s %s\n", $$1, $$2}'

setup: ## virtual environment, locked packages, system libraries, page components
	@scripts/setup.sh

assets: setup ## page components and fonts, from the npm lock

models: setup ## face models, downloaded and checked once
	@$(BIN)/python -m app.matching.installer $(or $(CORROBORATE_MODELS_DIR),var/models)

demo: models ## drive one case through the portal and leave it running (ARGS=--exit to stop after the case)
	@CORROBORATE_MODE=demonstration $(FLASK) demo $(ARGS)

verify: setup ## the portal's own checks on the world that the demonstration left
	@CORROBORATE_MODE=demonstration $(FLASK) audit verify
	@CORROBORATE_MODE=demonstration $(FLASK) policy check

test: models ## rules and verbs: what a change breaks first
	@$(PYTEST) -m "not long" tests/policy tests/rules tests/unit $(ARGS)

test-web: models ## pages and forms
	@$(PYTEST) -m "not long" tests/web $(ARGS)

test-sweep: models ## every route and byte as everybody, every end of every workflow
	@$(PYTEST) -m "not long" tests/sweep $(ARGS)

test-work: models ## what workers, documents, networks and migrations do
	@$(PYTEST) -m "not long" tests/jobs tests/documents tests/matching tests/migrations $(ARGS)

test-long: models ## real servers and processes, killed and started again; accuracy over hundreds of faces
	@$(PYTEST) -m long tests/policy tests/rules tests/unit tests/web tests/sweep tests/jobs tests/documents tests/matching tests/migrations $(ARGS)

test-rules: models ## take each rule away in turn; a test must miss it (ARGS="--changed --sample 40 --minutes 10": a part)
	@CORROBORATE_MODE=demonstration $(BIN)/python -m tools.rules $(ARGS)

services: setup ## real PostgreSQL, Redis, OpenLDAP and Chromium, installed as root or named
	@scripts/services.sh

test-services: models services ## tests against real PostgreSQL, Redis, OpenLDAP and Chromium
	@CORROBORATE_REQUIRE_SERVICES=1 $(BIN)/python -m pytest tests/services tests/browser \
		--ignore=tests/browser/test_axe_sweep.py $(ARGS)

test-pages: models services ## axe-core on every page of the portal, ten minutes
	@CORROBORATE_REQUIRE_SERVICES=1 $(BIN)/python -m pytest tests/browser/test_axe_sweep.py $(ARGS)

lint: setup ## style, likely mistakes, types, and which package may import which
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/lint-imports
	@$(BIN)/mypy

format: setup ## rewrite the code in the one style
	@$(BIN)/ruff check --fix --quiet .
	@$(BIN)/ruff format .

lock: ## bring requirements.lock up to pyproject.toml (ARGS=--upgrade for newer versions)
	@scripts/lock.sh $(ARGS)

clean: ## remove all that set-up and running made, the demonstration's data included
	@rm -rf .venv node_modules app/static/vendor var .pytest_cache .ruff_cache .hypothesis
	@find . -name __pycache__ -prune -exec rm -rf {} +
