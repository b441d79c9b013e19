# Everything is installed into .venv of this checkout; a second run does no set-up work.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready

.PHONY: check test clean
check: $(READY)
	$(BIN)/ruff format --check proctor_sfu tests
	$(BIN)/ruff check proctor_sfu tests
	$(BIN)/mypy
	$(BIN)/lint-imports

test: $(READY)
	$(BIN)/pytest

$(READY): pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check -e '.[dev]'
	touch $@

clean:
	rm -rf .venv build dist
