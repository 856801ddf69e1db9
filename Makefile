# make run    a demo office at http://127.0.0.1:8000, everything installed first
# make test   all checks and tests; make quick: those of two minutes; make trial: the long runs; make bench: figures
# Stamps under .venv tell what is done, so that a second call starts at once.

PYTHON ?= python3
PORT ?= 8000
DATA ?= var/demo
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
CATALOGUES := $(wildcard kiosk/translations/*/LC_MESSAGES/*.po)

.PHONY: run setup test quick trial bench messages lint packages packages-test
.DEFAULT_GOAL := run

run: setup packages
	$(BIN)/kiosk demo --port $(PORT) --data $(DATA)

setup: .venv/.run .venv/.messages

test: .venv/.dev .venv/.messages packages packages-test lint
	$(BIN)/pytest -m "not trial"

quick: .venv/.dev .venv/.messages
	$(BIN)/ruff check
	$(BIN)/pytest -m "not trial and not journey and not office and not grown"

trial: .venv/.dev .venv/.messages packages packages-test
	$(BIN)/pytest -m trial -s

bench: .venv/.dev
	$(BIN)/python -m tests.bench

lint: .venv/.dev
	$(BIN)/ruff check
	$(BIN)/lint-imports
	$(BIN)/mypy --strict kiosk
	node --test tests/static/*.test.mjs

messages: .venv/.dev
	$(BIN)/pybabel -q extract -F babel.cfg --no-location --sort-output --omit-header -o kiosk/translations/messages.pot $(KEYWORDS) .
	$(BIN)/pybabel -q update -i kiosk/translations/messages.pot -d kiosk/translations -l en --no-fuzzy-matching --omit-header
	$(BIN)/pybabel compile -d kiosk/translations

# The sentences of a Problem are its first argument; of an Invalid the second, after the field's name.
KEYWORDS := -k Problem -k NotFound -k Forbidden -k Conflict -k Gone -k TooLarge -k TooMany -k Unavailable -k Full -k Invalid:2 -k N_

packages:
	@sh deploy/packages.sh deploy/packages.txt

packages-test: packages
	@sh deploy/packages.sh deploy/packages-test.txt

.venv/.made: deploy/venv.sh
	@sh deploy/venv.sh $(PYTHON)
	@touch $@

.venv/.run: pyproject.toml | .venv/.made
	$(PIP) -e .
	@touch $@

.venv/.dev: pyproject.toml | .venv/.made
	$(PIP) -e '.[dev]'
	@touch $@ .venv/.run

.venv/.messages: $(CATALOGUES) | .venv/.run
	$(if $(CATALOGUES),$(BIN)/pybabel -q compile -d kiosk/translations)
	@touch $@
