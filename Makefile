# Needs only make and Python 3.11 or newer; `make PYTHON=python3.12 demo` picks another Python.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PORT   ?=
ONCE   ?=
SCENARIO ?= V03
CALLS ?= 500
PYTEST_ARGS ?=

export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help demo test quick rigs js fuzz bench bench-paint bench-report lint format check clean soak

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(VENV)/.run ## start the service, fire one sample order at it, print the card (PORT=, SCENARIO=V01, ONCE=1)
	@$(BIN)/python -m cds_service.demo --scenario "$(SCENARIO)" $(if $(PORT),--port "$(PORT)") $(if $(ONCE),--once)

test: $(VENV)/.test ## run every test that needs no extra server
	$(BIN)/python -m pytest $(PYTEST_ARGS)

quick: $(VENV)/.test ## the same without the tests that build and install
	$(BIN)/python -m pytest -m "not integration" $(PYTEST_ARGS)

lint: $(VENV)/.dev ## ruff and mypy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/mypy --allow-untyped-defs --allow-incomplete-defs --allow-untyped-calls \
	  --allow-untyped-decorators tests

format: $(VENV)/.dev ## let ruff format and sort
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

check: $(VENV)/.run ## validate cards, statements, value sets and settings
	@$(BIN)/cds-service check

fuzz: $(VENV)/.test ## 100,000 changes of a good token, 200,000 calls made up from the description (takes hours)
	FUZZ=100000 $(BIN)/python -m pytest tests/adapters/callers/test_token_mutations.py $(PYTEST_ARGS)
	bounds=yes; for seed in $$(seq 32); do CDS_FUZZ_BOUNDS=$$bounds CDS_FUZZ_CASES=3000 $(BIN)/python -m pytest \
	  tests/test_api_by_description.py --hypothesis-seed=$$seed $(PYTEST_ARGS) || exit 1; bounds=no; done

rigs: $(VENV)/.test tests/rigs/node_modules/.package-lock.json ## install the FHIR server and the accessibility checks of the integration tests; needs Node and npm

js: tests/js/node_modules/.package-lock.json ## types and lint of the scripts of the pages; needs Node and npm
	cd tests/js && npm run --silent check

bench: $(VENV)/.test ## measure the service, in development and production mode, beside a floor; writes build/bench.md and build/bench.json
	PYTHONPATH=tests $(BIN)/python -m bench

bench-paint: $(VENV)/.test ## time the first paint of the pages in Chromium
	PYTHONPATH=tests $(BIN)/python -m bench.paint

bench-report: $(VENV)/.test ## time the default report on 10 million cards in PostgreSQL and 1 million in SQLite, fails above 10 s once weeks are counted; writes build/bench-report.md (POSTGRESQL=, SQLITE= cards, 0 for none)
	PYTHONPATH=tests $(BIN)/python -m bench.large $(if $(POSTGRESQL),--postgresql $(POSTGRESQL)) $(if $(SQLITE),--sqlite $(SQLITE))

soak: $(VENV)/.test ## reloads and restarts under load, then 500 calls whose FHIR server is in each of its faults, beside a client whose is well, as fast as they are answered and at a steady rate, then kills while feedback is written; takes half an hour (CALLS=, BREAKER=off, KILLS="200 100")
	PYTHONPATH=tests $(BIN)/python -m soak
	PYTHONPATH=tests $(BIN)/python -m bench.faults $(CALLS)
	PYTHONPATH=tests $(BIN)/python -m bench.faults $(CALLS) --every 0.5
	PYTHONPATH=tests $(BIN)/python -m soak.kill $(KILLS)

clean: ## remove what the targets made
	rm -rf $(VENV) tests/rigs/node_modules tests/js/node_modules build dist .coverage .hypothesis .mypy_cache .pytest_cache .ruff_cache

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "$(PYTHON) is missing or older than 3.11; try: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { \
	  echo "no virtual environment: on Debian and Ubuntu install python3-venv" >&2; rm -rf $(VENV); exit 1; }

$(VENV)/.run: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --editable .
	@touch $@

$(VENV)/.test: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --editable '.[test]'
	@touch $@ $(VENV)/.run

$(VENV)/.dev: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --editable '.[test,dev]'
	@touch $@ $(VENV)/.test $(VENV)/.run

tests/%/node_modules/.package-lock.json: tests/%/package-lock.json
	@command -v npm >/dev/null || { echo "npm is missing: on Debian and Ubuntu install nodejs and npm" >&2; exit 1; }
	cd $(@D)/.. && npm ci --ignore-scripts --loglevel=error
	@touch $@
