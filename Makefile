# The two commands of the README are `make demo` and `make test`; both do all of their own set-up, once.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:

PYTHON311 = $(firstword $(wildcard /usr/bin/python3.11) $(shell command -v python3.11))
PYTHON312 = $(lastword $(sort $(wildcard $(or $(PYENV_ROOT),$(HOME)/.pyenv)/versions/3.12.*/bin/python3.12 /usr/bin/python3.12 /usr/local/bin/python3.12)))
PYTHON ?= $(or $(PYTHON311),$(PYTHON312))
VENV = .venv
BIN = $(VENV)/bin
STAMPS = .setup
DEBIAN = mariadb-server-core mariadb-client chromium fonts-dejavu-core \
	gcc libsystemd-dev systemd pkg-config python3-dev python3-venv $(if $(shell command -v npm),,npm)

TESTS = tests/unit tests/contract tests/ml
# Of the tests with TensorFlow those that train, load and judge: the others test numbers, not the language.
TESTS_312 = -m 'not slow' tests/unit tests/contract $(addprefix tests/ml/test_,training.py bundle.py classifier.py)

.PHONY: help demo test setup check lint types unit system test-312 generated clean

help:  ## say what can be made
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

demo: setup  ## set everything up and watch synthetic plots being judged (Ctrl-C ends it)
	@$(BIN)/hydra demo $(DEMO)

test: setup $(STAMPS)/npm  ## everything that CI runs: lint, types, contracts, tests on Python 3.11 and, where there is one, 3.12
	@$(MAKE) --no-print-directory lint types unit system test-312

setup: $(STAMPS)/debian $(STAMPS)/venv  ## Debian packages and virtual environment

$(STAMPS)/debian:
	@mkdir -p $(STAMPS)
	@if ! command -v apt-get >/dev/null; then echo "not Debian: install the like of $(DEBIAN)" >&2; \
	elif dpkg -s $(DEBIAN) >/dev/null 2>&1; then echo "Debian packages are there"; \
	else root=$$([ "$$(id -u)" = 0 ] || echo sudo); \
	  $$root apt-get update -q; DEBIAN_FRONTEND=noninteractive $$root apt-get install -y -q --no-install-recommends $(DEBIAN); fi
	@touch $@

$(STAMPS)/venv: pyproject.toml | $(STAMPS)/debian
	@test -n "$(PYTHON)" || { echo "Python 3.11 or 3.12 is needed: install one, or call make with PYTHON=..." >&2; exit 2; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q --disable-pip-version-check -e '.[all,dev]'
	@mkdir -p $(STAMPS); touch $@

$(STAMPS)/npm: package-lock.json $(STAMPS)/debian
	npm ci --no-audit --no-fund --silent
	@mkdir -p $(STAMPS); touch $@

lint:  ## ruff, formatting, import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

types:  ## mypy
	$(BIN)/mypy

unit:  ## unit, contract and TensorFlow tests
	$(BIN)/pytest -n 2 --dist loadfile --durations 15 $(TESTS)

system:  ## whole processes: libca, MariaDB, Chromium
	$(BIN)/pytest --durations 10 tests/system

check: lint types unit  ## what to run before a commit

test-312:  ## the same on Python 3.12, without slow tests
	@if [ -z "$(PYTHON312)" ] || $(BIN)/python -c 'import sys; sys.exit(sys.version_info[:2] != (3, 12))'; then \
	  echo "no second Python (3.12) here, tested on $$($(BIN)/python -V)"; \
	else $(MAKE) --no-print-directory VENV=$(VENV)-312 STAMPS=$(STAMPS)/312 PYTHON=$(PYTHON312) TESTS="$(TESTS_312)" setup unit; fi

generated:  ## write the committed generated files anew
	$(BIN)/hydra config schema > config/schema.json
	$(BIN)/python -m db_schema
	$(BIN)/python docs/generate.py
	$(BIN)/python docs/openapi.py > docs/reference/openapi.json.new && mv docs/reference/openapi.json.new docs/reference/openapi.json
	$(BIN)/hydra opi build -c config/hall-d.example.yaml --out opi/hall-d

clean:  ## remove everything that set-up and tests made
	rm -rf $(VENV) $(VENV)-312 $(STAMPS) node_modules .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
