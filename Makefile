# Everything is installed into .venv of this checkout and, with root or sudo, Debian packages by name.
# A second run does no set-up work: each step leaves a stamp.
PYTHON ?= python3
BIN := .venv/bin
STAMPS := build/stamps
DEBIAN := g++ pkg-config libuv1-dev libssl-dev libsrtp2-dev libabsl-dev libflatbuffers-dev flatbuffers-compiler npm mandoc
PATHS := proctor_sfu cli tests

.PHONY: check test bench clean

check: $(STAMPS)/venv
	$(BIN)/ruff format --check $(PATHS)
	$(BIN)/ruff check $(PATHS)
	$(BIN)/mypy
	$(BIN)/lint-imports

test: $(STAMPS)/venv $(STAMPS)/debian
	$(BIN)/pytest

bench: $(STAMPS)/venv $(STAMPS)/debian
	$(BIN)/python tests/bench/host.py

$(STAMPS)/venv: pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@mkdir -p $(@D) && touch $@

$(STAMPS)/debian: etc/debian-packages
	etc/debian-packages $(DEBIAN)
	@mkdir -p $(@D) && touch $@

clean:
	rm -rf .venv build dist
