# Every target sets up what it needs: python3 (3.11 or later) and make suffice. `make` alone lists the targets.

# PYTHON chooses the Python that makes .venv; ARGS goes to the program behind a target.
PYTHON ?=
ARGS ?=
ROUNDS ?= 34
# Of `make soak`: storms of 24 faults each, and the seed of the first one.
STORMS ?= 5
SEED ?= 1
export PYTHON

.DEFAULT_GOAL := help
.PHONY: help demo test lint types imports schema audit check bench soak lock clean environment environment-dev environment-peers peers

RUN := .venv/bin/python
# The tests start over a hundred programs. Where the user's Python is told to keep no compiled modules, each of them
# would compile a thousand anew, for seconds: here they are kept, and beside no source.
TESTS := PYTHONDONTWRITEBYTECODE= PYTHONPYCACHEPREFIX="$$PWD/.venv/bytecode" $(RUN) -m pytest
UV_COMPILE := $(RUN) -m uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --all-extras \
	--no-emit-index-url --custom-compile-command 'make lock'

# In braces for the shell's own printf: nothing but make and a shell is needed to be told what there is.
help:
	@{ printf '%s\n' \
	  'make demo     everything on this machine: embedded Kafka and Redis, simulated firms, alerts as they land' \
	  'make test     all tests, on all cores and real servers (ARGS="-k name" chooses, ARGS="-n 0": one process)' \
	  'make check    lint, types, imports and schema' \
	  'make lint     ruff, style and format' \
	  'make types    mypy, strict' \
	  'make imports  the packages import downwards only' \
	  'make schema   the published event schema is that of the code' \
	  'make audit    every dependency pinned by hash; known vulnerabilities, where PyPI answers' \
	  'make bench    throughput, latency and detection, with the figures of this machine' \
	  'make peers    Vigie beside Faust, Quix Streams and Bytewax on the same work (docs/performance.md)' \
	  'make soak     workers, servers and network broken over two hundred times, at moments of a seed (ROUNDS=34 of three' \
  '              kills, STORMS=5 of 24 faults, SEED=1)' \
	  'make lock     requirements.lock, requirements-dev.lock and requirements-peers.lock anew, from pyproject.toml' \
	  'make clean    remove .venv and all caches of this folder' \
	  '' \
	  'PYTHON=/path/to/python3 chooses the Python; fetched files are kept in ~/.cache/vigie (VIGIE_CACHE).'; }

demo: environment
	@$(RUN) -m vigie demo $(ARGS)

test: environment-dev
	@$(TESTS) -n auto --dist worksteal $(ARGS)

check: lint types imports schema

lint: environment-dev
	@$(RUN) -m ruff check .
	@$(RUN) -m ruff format --check .

types: environment-dev
	@$(RUN) -m mypy

imports: environment-dev
	@$(RUN) -c 'import sys; from importlinter.cli import lint_imports_command; sys.exit(lint_imports_command())'

schema: environment-dev
	@$(RUN) -m streams.schema --check docs/schema

audit: environment-dev
	@$(RUN) -m deploy.dependencies requirements.lock requirements-dev.lock requirements-peers.lock

bench: environment-dev
	@$(RUN) -m benchmarks $(ARGS)

peers: environment-peers
	@$(RUN) -m benchmarks.peers $(ARGS)

soak: environment-dev
	@VIGIE_SOAK_ROUNDS=$(ROUNDS) VIGIE_SOAK_STORMS=$(STORMS) VIGIE_SOAK_SEED=$(SEED) VIGIE_SOAK_RACES=1000 \
	  $(TESTS) tests/acceptance/test_restart.py tests/faults tests/browser/test_case.py \
	  tests/alerts/api/test_fuzz.py $(ARGS)

# uv is needed here alone, and so is in no lock.
lock: environment-dev
	@$(RUN) -m uv --version >/dev/null 2>&1 || $(RUN) -m pip install --quiet --disable-pip-version-check uv
	@$(UV_COMPILE) --output-file requirements.lock pyproject.toml
	@$(UV_COMPILE) --group dev --constraint requirements.lock --output-file requirements-dev.lock pyproject.toml
	@$(UV_COMPILE) --group dev --group peers --constraint requirements-dev.lock \
	  --output-file requirements-peers.lock pyproject.toml

clean:
	rm -rf .venv .make .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The first of the usual names that is a Python of a version in the lock, else the first that is new enough at all.
set_up = @if [ -n "$$PYTHON" ]; then set -- "$$PYTHON"; else set -- python3 python3.13 python3.12 python3.11; fi; \
	for limit in '(3, 14)' '(4,)'; do for python; do \
	  if "$$python" -c "import sys; sys.exit(not (3, 11) <= sys.version_info < $$limit)" 2>/dev/null; \
	  then exec "$$python" -m deploy.environment $(1); fi; \
	done; done; \
	echo "Vigie needs Python 3.11 or later; none of these is: $$*. Install one (Debian 12, Ubuntu 24.04: apt install" \
	  "python3 python3-venv), or name it, as in: make $(MAKECMDGOALS) PYTHON=/path/to/python3" >&2; exit 2

environment:
	$(call set_up)

environment-dev:
	$(call set_up,--dev)

environment-peers:
	$(call set_up,--peers)
