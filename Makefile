# make demo: the main job, from nothing.  make test: all that CI runs.  Needs Python 3.9 or later, and nothing else.
PYTHON ?= python3
VENV := .venv
ifeq ($(OS),Windows_NT)
BIN := $(VENV)/Scripts
else
BIN := $(VENV)/bin
endif

.DEFAULT_GOAL := help
.PHONY: help demo test generate format bench clean

help: ## show this
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' Makefile

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.9 or later is needed (make PYTHON=...), this is " + sys.version.split()[0] if sys.version_info < (3, 9) else 0)'
	$(PYTHON) -m venv $(VENV)

$(VENV)/demo: setup.py pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --editable '.[emulator]'
	@touch $@

$(VENV)/tox: | $(BIN)/python
	$(BIN)/python -m pip install --quiet 'tox>=4.11'
	@touch $@

$(VENV)/dev: setup.py pyproject.toml $(wildcard *requirements*.txt */requirements.txt test/typing/requirements.txt) | $(BIN)/python
	$(BIN)/python -m pip install --quiet --editable '.[emulator,progress]' --requirement requirements-dev.txt
	@touch $@

demo: $(VENV)/demo ## run examples/quickstart.py against the local emulator
	$(BIN)/python examples/quickstart.py

test: $(VENV)/tox ## run all that CI runs, on every Python from 3.9 to 3.13 that is there
	$(BIN)/python .ci/check.py

generate: $(VENV)/dev ## write the generated files anew from openapi/
	$(BIN)/python -m generator

format: $(VENV)/dev ## mend what ruff can mend by itself
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

bench: | $(BIN)/python ## measure this client beside the official one and bare urllib3 (takes some minutes)
	$(BIN)/python -m benchmarks

clean: ## remove everything that was made here
	rm -rf $(VENV) .tox build dist *.egg-info .coverage* htmlcov .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
