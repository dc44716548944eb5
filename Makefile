# Two commands matter: `make demo` shows the main job working, `make test` passes. Python 3.11+ and make are enough.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DEMO := GOODWORD_ENV=demo GOODWORD_DATA=demo-data GOODWORD_CLOCK=demo-data/clock

.PHONY: demo demo-reset test check format lock browser bench bench-full chaos clean

demo: $(VENV)/installed
	@$(DEMO) $(BIN)/goodword demo

demo-reset: $(VENV)/installed
	@$(DEMO) $(BIN)/goodword demo --reset

test: $(VENV)/installed-dev
	$(BIN)/python -m pytest -n auto --dist loadgroup

check: $(VENV)/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m tests.check_migrations
	$(BIN)/python -m tests.check_translations

# Ratios of one run, beside their targets; bench/RESULTS.md says what each means.
bench: $(VENV)/installed-dev
	$(BIN)/python -m bench

bench-full: $(VENV)/installed-dev
	$(BIN)/python -m bench --full

# The proofs under fire at full size; a short form of them is part of `make test`.
chaos: $(VENV)/installed-dev
	CHAOS=full $(BIN)/python -m pytest tests/chaos tests/test_draw_kills.py -n 0 -s -v --durations=0 --durations-min=1

format: $(VENV)/installed-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: $(VENV)/installed-dev
	$(BIN)/pip install --quiet pip-tools
	$(BIN)/pip-compile --quiet --strip-extras --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --no-header --upgrade -o requirements.txt pyproject.toml
	$(BIN)/pip-compile --quiet --strip-extras --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --no-header --upgrade --extra dev -c requirements.txt -o requirements-dev.txt pyproject.toml

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/installed: $(VENV)/bin/python requirements.txt pyproject.toml
	@echo "Installing Goodword into $(VENV) (once, about a minute)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
	@touch $@

$(VENV)/installed-dev: $(VENV)/installed requirements-dev.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

clean:
	rm -rf $(VENV) demo-data .pytest_cache .mypy_cache .ruff_cache
