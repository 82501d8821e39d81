# Two commands do all the set-up: `make demo` and `make test`. Both need only Python (3.11 or later) and make.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
DEMO   ?= demo

# Where it is set, every process of the tests would compile all of digest anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test lint types imports unit soak coverage docs audit bench release clean

demo: $(VENV)/.installed
	$(BIN)/digest demo $(DEMO)

test: lint types imports unit

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.installed-dev
	$(BIN)/mypy

imports: $(VENV)/.installed-dev
	$(BIN)/lint-imports --no-logo

unit: $(VENV)/.installed-dev
	$(BIN)/python tests/browser.py
	$(BIN)/python -m pytest -n 2 --dist worksteal

# The same trials, many more of them.
soak: $(VENV)/.installed-dev
	$(BIN)/python tests/browser.py
	DIGEST_SOAK=1 $(BIN)/python -m pytest -n 2 --dist worksteal

# How much of the library the tests run, by line and branch, their own processes too; build/coverage.json says where.
coverage: $(VENV)/.installed-dev
	$(BIN)/python tests/browser.py
	mkdir -p build/coverage
	$(BIN)/python -m pytest -n 2 --dist worksteal --cov=digest --cov-branch --cov-report=term:skip-covered \
		--cov-report=json:build/coverage.json --cov-fail-under=95

# Ours beside its peers, in one run; QUICK=1 for a short look that refreshes no page.
bench: $(VENV)/.installed-dev
	$(BIN)/python -m benchmarks $(if $(QUICK),--quick)

# Wheel and sdist built, installed in a clean place, run and weighed; needs the package index.
release: $(VENV)/.installed-dev
	$(BIN)/python -m benchmarks.release

# Known holes in what is installed, and habits that make some in what we write.
audit: $(VENV)/.installed-dev
	$(BIN)/pip install --quiet --disable-pip-version-check bandit pip-audit
	$(BIN)/bandit --quiet --severity-level medium --recursive digest examples --configfile pyproject.toml
	$(BIN)/pip-audit --skip-editable --progress-spinner=off

# The reference anew from the code, then all pages as HTML in build/docs; a warning is an error.
docs: $(VENV)/.installed-dev
	$(BIN)/python -m docs.generate
	$(BIN)/python -m sphinx -W --keep-going -q -b html docs build/docs
	@echo "Open build/docs/index.html"

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "digest needs Python 3.11 or later; name one with: make PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv $(VENV) || { echo "python3 -m venv failed; on Debian: apt-get install python3-venv"; exit 1; }

$(VENV)/.installed: $(VENV)/bin/python pyproject.toml
	$(BIN)/pip install --quiet --disable-pip-version-check -e .
	@touch $@

$(VENV)/.installed-dev: $(VENV)/bin/python pyproject.toml
	$(BIN)/pip install --quiet --disable-pip-version-check -e ".[dev,postgresql,extract,search,scale]"
	@touch $@ $(VENV)/.installed

clean:
	rm -rf $(VENV) build dist *.egg-info $(DEMO)
