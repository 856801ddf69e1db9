# make run    a demo office at http://127.0.0.1:8000, everything installed first
# make test   all checks and tests; make quick: those of two minutes; make trial: the long runs; make bench: figures
# make sheet  the contact sheet of all kinds and themes, anew
# Stamps under .venv tell what is done, so that a second call starts at once.

PYTHON ?= python3
PORT ?= 8000
DATA ?= var/demo
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
CATALOGUES := $(wildcard kiosk/translations/*/LC_MESSAGES/*.po)

.PHONY: run setup test quick trial bench sheet messages lint packages packages-test
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

bench: .venv/.dev .venv/.messages packages packages-test
	$(BIN)/python -m tests.bench

sheet: .venv/.dev packages packages-test
	$(BIN)/python -m tests.support.contact

lint: .venv/.dev
	$(BIN)/ruff check
	$(BIN)/lint-imports
	$(BIN)/mypy --strict kiosk
	node --test tests/static/*.test.mjs

messages: .venv/.dev
	@mkdir -p kiosk/translations
	$(BIN)/pybabel -q extract -F babel.cfg --no-location --sort-output -k N_ $(PROBLEMS) -o $(WORDS).pot .
	@test -e $(ENGLISH) || $(BIN)/pybabel -q init -i $(WORDS).pot -d kiosk/translations -l en && sed -i '/^#, fuzzy$$/d' $(ENGLISH)
	$(BIN)/pybabel -q update -i $(WORDS).pot -d kiosk/translations -l en --no-fuzzy-matching --ignore-pot-creation-date
	$(BIN)/pybabel compile -d kiosk/translations

WORDS := kiosk/translations/messages
ENGLISH := kiosk/translations/en/LC_MESSAGES/messages.po
# The sentence of every Problem is its first argument; of an Invalid and of the framework's errors the second.
KIND := (Problem|NotFound|Forbidden|Conflict|Gone|TooLarge|TooMany|Unavailable|Full)
PROBLEMS = -k Problem -k Invalid:2 -k _Page:2 $(shell grep -rhE '^class \w+\($(KIND)\)' --include='*.py' kiosk \
	| sed -E 's/^class (\w+).*/-k \1/' | grep -vE ' (Invalid|_Page)$$' | sort -u)

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
