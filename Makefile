# Everything sets itself up: it takes Python 3.11 to 3.13 with venv, and make.
PYTHON ?= python3
PORT ?= 8000
DATA ?= .roomkey
SECONDS ?= 600
OPERATIONS ?= 10000

BIN = .venv/bin
NODE_MODULES = tests/node/node_modules/.package-lock.json
BENCH_MODULES = bench/speed/node/node_modules/.package-lock.json
LOCK = $(BIN)/uv pip compile -q pyproject.toml --universal --python-version 3.11 --generate-hashes --no-header --upgrade

.PHONY: serve test agreement fuzz bench check update lock clean help

serve: .venv/run  ## Start on http://127.0.0.1:8000 with an embedded database (PORT=, DATA=)
	@$(BIN)/roomkey serve --port "$(PORT)" --data "$(DATA)" --demo

test: .venv/dev $(NODE_MODULES)  ## Run the whole suite
	@$(BIN)/pytest

fuzz: .venv/dev  ## Let Schemathesis make up operations against a server (SECONDS=)
	@$(BIN)/python -m tests.fuzz --seconds "$(SECONDS)"

agreement: .venv/dev  ## Compare compiled documents with graphql-core, at length (OPERATIONS=)
	@AGREEMENT_OPERATIONS="$(OPERATIONS)" $(BIN)/pytest -q -s tests/compiled

bench: .venv/dev $(BENCH_MODULES)  ## Measure, beside other GraphQL servers (ARGUMENTS=)
	@$(BIN)/python -m bench.speed $(ARGUMENTS)

check: .venv/dev  ## Formatter, linter, types, layers, snapshots
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/pytest -q tests/snapshots

update: .venv/dev  ## Format, and rewrite the snapshots
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .
	@$(BIN)/pytest -q tests/snapshots --update

lock: .venv/dev  ## Take the newest versions of the dependencies
	$(LOCK) --extra build -o requirements.lock
	$(LOCK) --extra build --extra dev -c requirements.lock -o requirements-dev.lock
	cd tests/node && ../../$(BIN)/npm update --package-lock-only
	cd bench/speed/node && ../../../$(BIN)/npm update --package-lock-only

help:  ## Show this
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 10

clean:  ## Remove what was set up, but not the data
	rm -rf .venv *.egg-info tests/node/node_modules bench/speed/node/node_modules

.venv/run: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' \
		|| { echo "Roomkey needs Python 3.11 to 3.13: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@echo "Setting up .venv, once ..."
	@$(PYTHON) -m venv .venv
	@$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements.lock \
		|| { echo "The dependencies could not be installed: is there a network?"; exit 1; }
	@$(BIN)/pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

.venv/dev: .venv/run requirements-dev.lock
	@$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

# npm writes this file last.
$(NODE_MODULES): tests/node/package-lock.json | .venv/dev
	@echo "Setting up the GraphQL clients of the tests, once ..."
	@cd tests/node && ../../$(BIN)/npm ci --silent \
		|| { echo "The npm packages of the tests could not be installed: is there a network?"; exit 1; }
	@touch $@

$(BENCH_MODULES): bench/speed/node/package-lock.json | .venv/dev
	@echo "Setting up the servers in Node that are measured, once ..."
	@cd bench/speed/node && ../../../$(BIN)/npm ci --silent \
		|| { echo "The npm packages of the benchmark could not be installed: is there a network?"; exit 1; }
	@touch $@
