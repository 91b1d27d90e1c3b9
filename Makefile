# Every target sets itself up first: a fresh clone needs only Python 3.11 or later, make and a package registry.

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
PYTHON ?= $(shell for name in python3.13 python3.12 python3.11 python3; do \
	"$$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$name" && break; done)

# Colours and progress bars are for people.
ifdef CI
PIP_FLAGS := --progress-bar off
endif

.DEFAULT_GOAL := help
.PHONY: help setup demo test check bench docs generate constraints clean

help: ## list what can be made
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' Makefile

setup: $(READY) ## make .venv with everything the project needs

# Runs again only when what is to be installed changed. The stamp is written last, so that a setup that was cut
# off is done again.
$(READY): pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { \
		echo "setup: Python 3.11 or later is needed; found: $$(python3 --version 2>&1 || echo none)." >&2; \
		echo "Install one, or name it: make setup PYTHON=/path/to/python3.12" >&2; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "setup: $(PYTHON) is $$($(PYTHON) --version 2>&1); Python 3.11 or later is needed." >&2; exit 1; }
	@$(BIN)/python -c 'import sys, pip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
		|| "$(PYTHON)" -m venv --clear $(VENV) \
		|| { echo "setup: $(PYTHON) cannot make a virtual environment; on Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }
	$(BIN)/python -m pip install --disable-pip-version-check $(PIP_FLAGS) -c constraints.txt -e '.[dev]'
	@touch $@

demo: $(READY) ## invented brands and listings: catalog, scan and report in matcher-demo/
	$(BIN)/matcher demo --out matcher-demo

test: $(READY) ## run the tests, a file a process, on up to four cores
	$(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadfile

check: $(READY) ## style, types, layers and documentation
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/python -m pytest -q tests/test_layers.py tests/test_docs.py tests/test_configs.py
	$(BIN)/python -m sphinx -W --keep-going -q -b html docs docs/_build/html

bench: $(READY) ## a small benchmark on made photos; results in bench-out/
	$(BIN)/python -m benchmarks speed --photos 16 --rounds 3 --references 200 --listings 400 \
		--folder bench-out/made --out bench-out/results/speed.json
	$(BIN)/python -m benchmarks accuracy --task copies --dataset bench-out/made/references \
		--references 100 --edited 28 --distractors 28 --resamples 200 --out bench-out/results/copies.json
	$(BIN)/python -m benchmarks report bench-out/results
	$(BIN)/python -m benchmarks run configs/bench/small.toml --out bench-out/small \
		--check benchmarks/results/small-baseline.json

docs: $(READY) ## build the documentation into docs/_build/html
	$(BIN)/python -m sphinx -W --keep-going -q -b html docs docs/_build/html
	@echo "docs/_build/html/index.html"

generate: $(READY) ## write configs/default.toml and the tables of the documentation anew
	$(BIN)/python docs/generate.py

constraints: $(READY) ## write constraints.txt from what .venv holds
	{ sed -n '/^#/p' constraints.txt; $(BIN)/python -m pip freeze --exclude-editable \
		| sed -n '/^[A-Za-z0-9._-]*==/p' | sed 's/+.*//' | grep -viE '^(nvidia|cuda|triton)'; } > constraints.new
	mv constraints.new constraints.txt
	touch $(READY)

clean: ## remove what was made; .venv stays
	rm -rf matcher-demo bench-out docs/_build build dist *.egg-info constraints.new
	rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find benchmarks configs docs indexes matcher tests training -name __pycache__ -type d -prune -exec rm -rf {} +
