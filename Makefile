# Everything is installed into .venv of this checkout and, with root or sudo, Debian packages by name.
# A second run does no set-up work: each step leaves a stamp.
PYTHON ?= python3
BIN := .venv/bin
STAMPS := build/stamps
DEBIAN := g++ pkg-config libuv1-dev libssl-dev libsrtp2-dev libabsl-dev libflatbuffers-dev flatbuffers-compiler npm mandoc \
	chromium
PATHS := proctor_sfu cli tests
WEB := proctor_sfu/web
WEB_SOURCES := $(shell find $(WEB)/src -type f) $(WEB)/build.mjs $(WEB)/tsconfig.json

.PHONY: check test bench web clean

check: $(STAMPS)/venv $(STAMPS)/web
	$(BIN)/ruff format --check $(PATHS)
	$(BIN)/ruff check $(PATHS)
	$(BIN)/mypy
	$(BIN)/lint-imports
	npm --prefix $(WEB) run --silent check

test: $(STAMPS)/venv $(STAMPS)/debian $(STAMPS)/web
	$(BIN)/pytest

bench: $(STAMPS)/venv $(STAMPS)/debian
	$(BIN)/python tests/bench/host.py

$(STAMPS)/venv: pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@mkdir -p $(@D) && touch $@

# The pages: their tools and libraries as package-lock.json has them, then the bundle psfu serves.
web: $(STAMPS)/web

$(STAMPS)/node: $(WEB)/package-lock.json | $(STAMPS)/debian
	npm --prefix $(WEB) ci
	@mkdir -p $(@D) && touch $@

$(STAMPS)/web: $(STAMPS)/node $(WEB_SOURCES)
	npm --prefix $(WEB) run --silent build
	@mkdir -p $(@D) && touch $@

$(STAMPS)/debian: etc/debian-packages Makefile
	etc/debian-packages $(DEBIAN)
	@mkdir -p $(@D) && touch $@

clean:
	rm -rf .venv build dist $(WEB)/node_modules $(WEB)/static
