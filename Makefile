# Everything is installed into .venv of this checkout and, with root or sudo, Debian packages by name.
# A second run does no set-up work: each step leaves a stamp.
PYTHON ?= python3
BIN := .venv/bin
STAMPS := build/stamps
PATHS := proctor_sfu cli tui etc man tests
WEB := proctor_sfu/web
# Tests start psfu hundreds of times: whoever forbids bytecode would have it compiled each time.
export PYTHONDONTWRITEBYTECODE :=
WEB_SOURCES := $(shell find $(WEB)/src -type f) $(WEB)/build.mjs $(WEB)/tsconfig.json

# What building the mediasoup worker and the pages needs.
DEBIAN := g++ pkg-config libuv1-dev libssl-dev libsrtp2-dev libabsl-dev libflatbuffers-dev flatbuffers-compiler npm
# What tests and benches need besides: browsers, a TURN server, promtool, man page lint, the shells that complete,
# systemd-analyze, a container to boot the unit in, and other tools that read recordings.
DEBIAN_TEST := chromium firefox-esr coturn prometheus mandoc zsh fish systemd systemd-container tmux janus-tools ffmpeg e2fsprogs

.PHONY: serve check test bench man web wheel clean

serve: .venv/installed $(STAMPS)/debian $(STAMPS)/web
	@$(BIN)/psfu serve $(ARGS)

check: .venv/installed $(STAMPS)/web
	$(BIN)/ruff format --check $(PATHS)
	$(BIN)/ruff check $(PATHS)
	$(BIN)/mypy
	$(BIN)/lint-imports
	npm --prefix $(WEB) run --silent check

# Tests that measure nothing wait now and then for a disk or a process: one more at a time than there are cores.
# Tests that measure delays, rates, or what the machine carries have it for themselves.
ALONE := tests/proctor_sfu/recording/sizing tests/psfu_cli/commands/test_plan.py \
	$(addprefix tests/end_to_end/,test_attention.py test_endings.py test_media.py test_quality.py \
	test_recording_kills.py test_simulate.py test_true_numbers.py \
	browser/test_exam.py browser/test_recovery.py browser/test_restart.py browser/test_wall.py)
# The others with real media wait more than they compute, so that two share the machine, but not with what computes.
MEDIA := tests/end_to_end

test: .venv/installed $(STAMPS)/debian $(STAMPS)/debian-test $(STAMPS)/web
ifdef ARGS
	$(BIN)/pytest $(ARGS)
else
	$(BIN)/pytest --numprocesses $(shell expr $$(nproc) + 1) --dist loadfile $(addprefix --ignore ,$(MEDIA) $(ALONE))
	$(BIN)/pytest --numprocesses 2 --dist loadfile $(MEDIA) $(addprefix --ignore ,$(ALONE))
	$(BIN)/pytest $(ALONE)
endif

bench: .venv/installed $(STAMPS)/debian $(STAMPS)/debian-test
	$(BIN)/python tests/bench/cli.py
	$(BIN)/python tests/bench/monitor.py
	PYTHONPATH=tests $(BIN)/python -m bench.host
	PYTHONPATH=tests $(BIN)/python -m bench.quality
	PYTHONPATH=tests $(BIN)/python -m bench.recording

# What follows from the code: man pages, etc/psfu.toml, completion scripts.
man: .venv/installed
	$(BIN)/python man/generate.py

wheel: .venv/installed $(STAMPS)/web
	$(BIN)/python -m build --outdir dist .

.venv/installed: pyproject.toml
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || etc/debian-packages python3-venv
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

# The pages: their tools and libraries as package-lock.json has them, then the bundle psfu serves.
web: $(STAMPS)/web

$(STAMPS)/node: $(WEB)/package-lock.json | $(STAMPS)/debian
	npm --prefix $(WEB) ci
	@mkdir -p $(@D) && touch $@

$(STAMPS)/web: $(STAMPS)/node $(WEB_SOURCES)
	npm --prefix $(WEB) run --silent build
	@mkdir -p $(@D) && touch $@

$(STAMPS)/debian: Makefile etc/debian-packages
	@etc/debian-packages $(DEBIAN)
	@mkdir -p $(@D) && touch $@

$(STAMPS)/debian-test: Makefile etc/debian-packages
	@etc/debian-packages $(DEBIAN_TEST)
	@mkdir -p $(@D) && touch $@

clean:
	rm -rf .venv build dist $(WEB)/node_modules $(WEB)/static
