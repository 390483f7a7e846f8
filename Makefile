# Everything sets itself up: it takes Python 3.11 to 3.14 with venv, and make.
PYTHON ?= python3
PORT ?= 8000
DATA ?= .roomkey
SECONDS ?= 600
OPERATIONS ?= 10000

BIN = .venv/bin
NODE_MODULES = tests/e2e/node/node_modules/.package-lock.json
BENCH_MODULES = bench/speed/node/node_modules/.package-lock.json
PROSE_MODULES = tools/prose/node_modules/.package-lock.json
PROSE = $(wildcard *.md docs/*.md docs/*/*.md web/src/graphiql/examples/*.md) .env.example schema/schema.graphql \
	$(foreach folder,api cli db demo embedded engine schema bench,$(wildcard $(folder)/*.py $(folder)/*/*.py $(folder)/*/*/*.py))
WEB_MODULES = web/node_modules/.package-lock.json
WEB_SOURCES = $(shell find web -type d \( -name node_modules -o -name gql \) -prune -o -type f ! -name '*.test.ts' -print)
# The machine's npm where its Node is 20.19 or newer; or else the one of the development tools, where they are set up.
NEW_ENOUGH = const [major, minor] = process.versions.node.split(`.`); process.exit(major * 100 + +minor < 2019 ? 1 : 0)
NPM = $(shell node -e '$(NEW_ENOUGH)' 2>/dev/null && command -v npm || ls $(CURDIR)/$(BIN)/npm 2>/dev/null)
NO_NODE = install Node 20.19 or newer, and run: make web
# Each process of the test runner has its own Postgres and server, so a few are enough. The tests of a file share fixtures.
PARALLEL = --numprocesses auto --maxprocesses 4 --dist loadfile
# Without browsers, the tests mostly wait, so that three processes suit two processors.
PARALLEL_SERVER = --numprocesses 3 --dist loadfile
LOCK = $(BIN)/uv pip compile -q pyproject.toml --universal --python-version 3.11 --generate-hashes --no-header --upgrade

.PHONY: serve web test test-server test-pgbouncer agreement fuzz faults bench screenshots check prose update lock clean help

serve: .venv/run  ## Start on http://127.0.0.1:8000 with an embedded database (PORT=, DATA=)
	@if [ -n "$(NPM)" ]; then $(MAKE) -s web || true; \
		elif [ ! -e api/built ]; then echo "The console is not built: $(NO_NODE)"; fi
	@$(BIN)/roomkey serve --port "$(PORT)" --data "$(DATA)" --demo

web: api/built/documents.json  ## Build the console and GraphiQL

test: .venv/dev $(NODE_MODULES) web  ## Run the whole suite
	@$(BIN)/pytest $(PARALLEL)

test-server: .venv/dev web  ## Run the suite without browsers and real clients, in a few minutes
	@$(BIN)/pytest $(PARALLEL_SERVER) --ignore tests/e2e

test-pgbouncer: .venv/dev $(NODE_MODULES) web  ## Run the suite through PgBouncer in transaction mode (PGBOUNCER=)
	@$(BIN)/python -m tests.e2e.pgbouncer

fuzz: .venv/dev  ## Send generated and hostile operations to a server (SECONDS=)
	@$(BIN)/python -m tests.e2e.fuzz --seconds "$(SECONDS)"

agreement: .venv/dev  ## Compare compiled documents with graphql-core, at length (OPERATIONS=)
	@AGREEMENT_OPERATIONS="$(OPERATIONS)" $(BIN)/pytest -q -s tests/engine/compiled

faults: .venv/dev web  ## Show each promise under load, faults and attack (ROWS=)
	@$(BIN)/python -m bench.faults $(ROWS)

bench: .venv/dev $(BENCH_MODULES)  ## Measure, beside other GraphQL servers (ARGUMENTS=)
	@$(BIN)/python -m bench.speed --growth $(ARGUMENTS)

screenshots: .venv/dev web  ## Retake the pictures in docs/screenshots
	@$(BIN)/python -m tests.e2e.console.screenshots

check: .venv/dev $(WEB_MODULES) prose  ## Formatter, linters, types, layers, the console's unit tests, snapshots
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@cd web && PATH="$(dir $(NPM)):$$PATH" npm run --silent check
	@$(BIN)/pytest -q tests/snapshots

prose: $(PROSE_MODULES)  ## Lint the documents, the schema's descriptions, and comments in Python
	@$(BIN)/node --test --test-reporter dot tools/prose/lint.test.js
	@$(BIN)/node tools/prose/lint.js $(PROSE)

update: .venv/dev $(WEB_MODULES)  ## Format, and rewrite the snapshots
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .
	@cd web && PATH="$(dir $(NPM)):$$PATH" npm run --silent format
	@$(BIN)/pytest -q tests/snapshots --update

lock: .venv/dev  ## Update the dependencies
	$(LOCK) --extra build -o requirements.lock
	$(LOCK) --extra build --extra dev -c requirements.lock -o requirements-dev.lock
	cd tests/e2e/node && ../../../$(BIN)/npm update --package-lock-only
	cd bench/speed/node && ../../../$(BIN)/npm update --package-lock-only
	cd tools/prose && ../../$(BIN)/npm update --package-lock-only
	cd web && ../$(BIN)/npm update --package-lock-only

help:  ## Show this help
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 17

clean:  ## Remove installed and built files, but keep the data
	rm -rf .venv *.egg-info tests/e2e/node/node_modules bench/speed/node/node_modules tools/prose/node_modules web/node_modules web/src/gql api/built

.venv/run: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15))' \
		|| { echo "Roomkey needs Python 3.11 to 3.14: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
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
$(NODE_MODULES): tests/e2e/node/package-lock.json | .venv/dev
	@echo "Setting up the GraphQL clients of the tests, once ..."
	@cd tests/e2e/node && ../../../$(BIN)/npm ci --silent \
		|| { echo "The npm packages of the tests could not be installed: is there a network?"; exit 1; }
	@touch $@

$(BENCH_MODULES): bench/speed/node/package-lock.json | .venv/dev
	@echo "Setting up the servers in Node that are measured, once ..."
	@cd bench/speed/node && ../../../$(BIN)/npm ci --silent \
		|| { echo "The npm packages of the benchmark could not be installed: is there a network?"; exit 1; }
	@touch $@

$(PROSE_MODULES): tools/prose/package-lock.json | .venv/dev
	@echo "Setting up the prose linter, once ..."
	@cd tools/prose && ../../$(BIN)/npm ci --silent \
		|| { echo "The npm packages of the prose linter could not be installed: is there a network?"; exit 1; }
	@touch $@

$(WEB_MODULES): web/package-lock.json
	@[ -n "$(NPM)" ] || { echo "The console cannot be built: $(NO_NODE)"; exit 1; }
	@echo "Setting up the console's npm packages, once ..."
	@cd web && PATH="$(dir $(NPM)):$$PATH" npm ci --loglevel error --no-audit --no-fund \
		|| { echo "The console's npm packages could not be installed, as said above: is there a network?"; exit 1; }
	@touch $@

api/built/documents.json: $(WEB_MODULES) $(WEB_SOURCES) schema/schema.graphql
	@echo "Building the console and GraphiQL ..."
	@cd web && PATH="$(dir $(NPM)):$$PATH" npm run --silent build
	@touch $@
