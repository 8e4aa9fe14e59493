# Everything is set up in .venv from the lock file; the targets below need nothing else installed
# than Python 3.11 or later. `make help` lists them.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

VENV := .venv
BIN := $(VENV)/bin
PY := $(BIN)/python
PIP := $(PY) -m pip --disable-pip-version-check
STAMP := $(VENV)/.installed
BENCH_STAMP := $(VENV)/.installed-bench
CODE := adapters coalition settlement partner_sdk

# The first that runs and is new enough; `make PYTHON=/path/to/python3.12 …` chooses another.
PYTHON ?= $(firstword $(foreach p,python3 python3.13 python3.12 python3.11,$(shell \
	$(p) -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && echo $(p))))

.PHONY: help
help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' Makefile | sed -E 's/:[^#]*## /\t/' | expand -t 14

.PHONY: setup
setup: $(STAMP) ## install what the lock file names into .venv

$(STAMP): requirements.lock pyproject.toml
	@test -n '$(PYTHON)' || { echo 'Python 3.11 or later is needed (make PYTHON=…)'; exit 1; }
	@began=$$(date +%s); \
	test -x $(PY) || $(PYTHON) -m venv $(VENV); \
	$(PIP) install --quiet --require-hashes --no-deps -r requirements.lock; \
	$(PIP) install --quiet --no-index --no-deps --no-build-isolation -e .; \
	touch $@; \
	echo "set-up took $$(( $$(date +%s) - began )) s"

$(BENCH_STAMP): requirements-bench.lock $(STAMP)
	@$(PIP) install --quiet --require-hashes --no-deps -r requirements-bench.lock
	@touch $@

.PHONY: tools
tools: ## install the programs that judge our files (pdfsig, xmllint, SoftHSM), where we may
	@tests/install_tools.sh

.PHONY: test
test: $(STAMP) tools ## run the tests, on all cores
	$(PY) -m pytest --numprocesses auto --dist loadfile $(ARGS)

.PHONY: prove
prove: $(STAMP) tools ## run the long proofs: the whole year, many kills, many threads
	$(PY) -m pytest -m prove $(ARGS)

.PHONY: check
check: $(STAMP) ## style, types, arrows between modules; migrations and documents in step
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(PY) -m pytest -q tests/architecture tests/integration/test_migrations.py $(filter-out %/test_tutorial.py,$(wildcard tests/docs/test_*.py))

.PHONY: format
format: $(STAMP) ## format the code
	$(BIN)/ruff check --fix-only --quiet
	$(BIN)/ruff format --quiet

# Variables on make's command line reach the command in its environment.
.PHONY: demo
demo: $(STAMP) ## replay real purchases and settle them: DAYS=14 SERVE=1 RESET=0
	$(BIN)/coalition demo

.PHONY: serve
serve: $(STAMP) ## run the hub
	$(BIN)/coalition serve

.PHONY: bench
bench: $(BENCH_STAMP) ## measure, and write docs/benchmarks.md
	$(PY) -m tests.bench $(ARGS)

.PHONY: docs
docs: $(STAMP) ## write the generated parts of the reference anew
	$(PY) -m tests.docs.generate

.PHONY: migration
migration: $(STAMP) ## write a migration for changed tables: MESSAGE='what and why' [SET=hub]
	@test -n '$(MESSAGE)' || { echo "make migration MESSAGE='what and why' [SET=hub]"; exit 1; }
	$(BIN)/coalition migrate --revise '$(MESSAGE)' --set '$(or $(SET),hub)'

.PHONY: wheels
wheels: $(STAMP) ## build the hub's and the partner's wheels into dist/
	$(PY) -m hatchling build -t wheel -d $(CURDIR)/dist
	cd partner_sdk && ../$(PY) -m hatchling build -t wheel -d $(CURDIR)/dist

# The lock names versions and the hashes of their files for every platform, and no index: it works
# with whichever index pip is configured for. Compiled with the oldest Python supported.
COMPILE := $(VENV)/lock/bin/pip-compile --quiet --generate-hashes --strip-extras --no-header \
	--no-emit-index-url --no-emit-trusted-host --no-emit-find-links --no-annotate \
	$(if $(UPGRADE),--upgrade)

.PHONY: lock
lock: ## write the lock files anew: UPGRADE=1 takes newer versions
	test -x $(VENV)/lock/bin/pip-compile || { $(PYTHON) -m venv $(VENV)/lock && \
		$(VENV)/lock/bin/pip --disable-pip-version-check install --quiet 'pip-tools>=7.5,<8'; }
	$(COMPILE) --extra demo --extra dev --extra pkcs11 --extra vendors -o requirements.lock pyproject.toml
	$(COMPILE) --extra bench -c requirements.lock -o requirements-bench.lock pyproject.toml

.PHONY: clean
clean: ## remove what tools left behind (not .venv, not var)
	rm -rf dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find $(CODE) tests -name __pycache__ -type d -prune -exec rm -rf {} +
