# Run `make` to list the targets. You need Python 3.9 or later; everything else is
# installed into .venv when it is first needed.
PYTHON ?= python3
VENV := .venv
ifeq ($(OS),Windows_NT)
BIN := $(VENV)/Scripts
else
BIN := $(VENV)/bin
endif

.DEFAULT_GOAL := help
.PHONY: help demo test docs generate format bench clean

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## /  \1\t/p' Makefile | expand -t 12

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.9 or later is required (make PYTHON=...); this is " + sys.version.split()[0] if sys.version_info < (3, 9) else 0)'
	$(PYTHON) -m venv $(VENV)

$(VENV)/demo: setup.py pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --editable '.[emulator]'
	@touch $@

$(VENV)/tox: | $(BIN)/python
	$(BIN)/python -m pip install --quiet 'tox>=4.11'
	@touch $@

$(VENV)/dev: setup.py pyproject.toml $(wildcard *requirements*.txt */requirements.txt test/typing/requirements.txt) | $(BIN)/python
	$(BIN)/python -m pip install --quiet --editable '.[emulator,packages,progress]' --requirement requirements-dev.txt
	@touch $@

$(VENV)/docs: docs/requirements.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet --requirement docs/requirements.txt
	@touch $@

demo: $(VENV)/demo ## run examples/quickstart.py on the emulator
	$(BIN)/python examples/quickstart.py

test: $(VENV)/tox ## run everything that CI runs, on every installed Python from 3.9 to 3.13
	$(BIN)/python .ci/check.py

docs: $(VENV)/docs ## build the documentation site in site/
	$(BIN)/python .ci/site.py

generate: $(VENV)/dev ## regenerate the generated files from openapi/
	$(BIN)/python -m generator

format: $(VENV)/dev ## format the code and apply ruff's fixes
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

bench: | $(BIN)/python ## run the benchmarks and update docs/benchmarks.md (takes about 15 minutes)
	$(BIN)/python -m benchmarks

clean: ## remove the environments, caches and build results
	rm -rf $(VENV) .tox .cache site build dist *.egg-info .coverage* htmlcov .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
