# The two commands of the README are `make up` and `make test`; `make help` lists the rest.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help up test check format lock clean

# Where it is set, every process that is started would translate the whole product anew.
export PYTHONDONTWRITEBYTECODE :=

VENV := .venv
BIN := $(VENV)/bin
SUPPORTED := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))
PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11; do \
	if $$python -c '$(SUPPORTED)' 2>/dev/null; then echo $$python; break; fi; done)
INSTALL := $(BIN)/uv pip install --quiet --system-certs --compile-bytecode --python $(BIN)/python
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header
MANAGE := $(BIN)/python manage.py
# What `check --deploy` judges: the settings of a server behind TLS.
PRODUCTION := LAKEHOUSE_HOME=$(VENV)/check BEHIND_TLS=true ALLOWED_HOSTS=lakehouse.example.org

help:  ## Show this list
	@echo 'make TARGET [ARGS="…"]'
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  \1\t\2/p' Makefile | expand -t 12

up: $(VENV)/installed  ## Start the lakehouse, setting it up at the first run (ARGS="--port 9000 --no-seed")
	@$(BIN)/lakehouse up $(ARGS)

test: $(VENV)/installed-dev  ## Run the whole test suite on throw-away services (ARGS="tests/unit -k name")
	@$(BIN)/python -m pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder $(ARGS)

check: $(VENV)/installed-dev  ## Lint, formatting, types, import contracts, migrations, deployment check, generated docs
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pylint lakehouse_project governance lake bronze silver gold search
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(PRODUCTION) $(MANAGE) makemigrations --check --dry-run
	$(PRODUCTION) $(MANAGE) check --deploy --fail-level WARNING
	$(PRODUCTION) $(MANAGE) diagrams --check
	$(PRODUCTION) $(MANAGE) dictionary --check
	$(PRODUCTION) $(MANAGE) openapi --check
	$(PRODUCTION) $(MANAGE) postman --check
	$(PRODUCTION) $(MANAGE) graphql_schema --check

format: $(VENV)/installed-dev  ## Format the code and mend what the linter can mend
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: $(VENV)/uv  ## Resolve pyproject.toml anew into the two lock files
	$(COMPILE) --upgrade --group build pyproject.toml --output-file requirements.lock
	$(COMPILE) --upgrade --group build --group dev --constraint requirements.lock pyproject.toml --output-file requirements-dev.lock

clean:  ## Remove the environment; the state folder stays
	rm -rf $(VENV)

# The files below record what is installed; each step runs again when what it was made from changes.

$(VENV)/uv: | $(VENV)/created
	@echo 'Installing uv'
	@awk '/^[^ #]/ {mine = /^uv==/} mine' requirements.lock > $(VENV)/uv.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement $(VENV)/uv.lock
	@touch $@

$(VENV)/created:
	@test -n '$(PYTHON)' || { echo 'lakehouse needs Python 3.11, 3.12 or 3.13 and none was found; install one or say make PYTHON=/path/to/python.' >&2; exit 1; }
	@$(PYTHON) -c '$(SUPPORTED)' || { echo 'lakehouse needs Python 3.11, 3.12 or 3.13; $(PYTHON) is another one.' >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo 'This Python cannot create environments; on Debian or Ubuntu: apt install python3-venv' >&2; exit 1; }
	@echo 'Creating the environment in $(VENV)'
	@$(PYTHON) -m venv --clear $(VENV)
	@touch $@

$(VENV)/installed: requirements.lock pyproject.toml | $(VENV)/uv
	@echo 'Installing the locked requirements'
	@$(INSTALL) --require-hashes --requirement requirements.lock
	@$(INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/installed-dev: requirements-dev.lock $(VENV)/installed
	@echo 'Installing the development tools'
	@$(INSTALL) --require-hashes --requirement requirements-dev.lock
	@touch $@
