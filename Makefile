# Everything a fresh machine needs beside Python 3.11+, Java 17+ and make is installed into .venv.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= $(shell for p in python3.12 python3.11 python3 python3.13; do command -v $$p >/dev/null && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin
# The system's own certificates: behind a proxy that re-signs traffic no others are valid.
UV := UV_SYSTEM_CERTS=1 UV_NATIVE_TLS=1 $(BIN)/python -m uv
INSTALL := $(UV) pip install --quiet --compile-bytecode --require-hashes
LOCKED := $(UV) pip compile setup.py --universal --python-version 3.11 --generate-hashes --no-header --quiet \
	--no-emit-index-url --no-emit-find-links

help: ## what there is to type
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

demo: .venv/.demo ## run the pipeline end to end on the offline author and drawings: no key, no GPU
	@$(BIN)/stark run
	@echo
	@$(BIN)/stark show --sessions 1
	@echo
	@$(BIN)/stark sql "select module, count(*) as images from images where chosen group by module order by module"
	@echo
	@$(BIN)/stark report
	@$(BIN)/stark evaluate retrieval --train-tiny --quiet
	@echo
	@echo 'What to type next:'
	@echo '  $(BIN)/stark view                    the episodes in a browser, with pictures, prompts and replies'
	@echo '  $(BIN)/stark show                    the whole conversation'
	@echo '  $(BIN)/stark sql "select category, count(*) from personas group by 1 order by 2 desc"'
	@echo '  $(BIN)/stark plan --target openai --episodes 1'

test: .venv/.dev ## run all tests, in two processes
	@$(BIN)/python -m pytest -q -p no:cacheprovider --numprocesses 2 --dist loadfile --no-loadscope-reorder

check: .venv/.dev ## ruff, mypy strict, import-linter
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

bench: .venv/.dev ## speed of paid calls against the project's own stub server
	$(BIN)/python -m bench.paid_calls

bench-peers: .venv/.dev ## the same calls through distilabel, Curator and Data Designer, each in its own environment
	$(BIN)/python -m bench.peers

bench-scale: .venv/.dev ## memory, rows a second and re-runs at 100,000 rows; about a quarter of an hour
	$(BIN)/python -m bench.scale

faults: .venv/.dev ## what paid calls come to under storms, outages, full disks and kill -9
	$(BIN)/python -m bench.faults

docs: .venv/.dev ## write docs/tables.md, conf/base.yml and the bundle's jobs anew
	$(BIN)/python -m stark_udfs.cli.docs

lock: .venv/.uv ## resolve the lock files anew
	$(LOCKED) --extra local --extra models --extra dev --output-file requirements/dev.txt
	$(LOCKED) --extra local --constraints requirements/dev.txt --output-file requirements/demo.txt

dist/stark.zip: setup.py .venv/.demo $(shell find stark_udfs conf -name '*.py' -o -name '*.yml')
	@rm -rf build dist
	@$(BIN)/python setup.py --quiet bdist_wheel
	@$(BIN)/python -m zipfile -e dist/stark_mcu-*.whl build/zip
	@$(BIN)/python -m compileall -q -b --invalidation-mode unchecked-hash build/zip  # or each worker compiles it anew
	@cd build/zip && $(abspath $(BIN))/python -m zipfile -c $(abspath $@) stark_udfs stark_mcu-*.dist-info

environment.tar.gz: .venv/.demo dist/stark.zip
	@$(BIN)/stark pack $@

submit-files: dist/stark.zip environment.tar.gz ## what spark-submit takes along: the wheel as .zip, and the packages for the hosts

bench-cluster: submit-files .venv/.dev ## the pipeline submitted to a cluster of two hosts on this machine: times, rows, kills
	$(BIN)/python -m bench.cluster times
	$(BIN)/python -m bench.cluster rows
	$(BIN)/python -m bench.cluster kills

clean: ## remove the demo's warehouse
	rm -rf warehouse report.html

.PHONY: help demo test check bench bench-peers bench-scale bench-cluster submit-files faults docs lock clean prerequisites

prerequisites:
	@if [ -z "$(PYTHON)" ]; then echo "Python 3.11 or newer is needed and was not found. Debian/Ubuntu: apt install python3 python3-venv; macOS: brew install python@3.12; or name one: make PYTHON=/path/to/python3 demo" >&2; exit 1; fi
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "$(PYTHON) is older than Python 3.11." >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "$(PYTHON) has no venv module. Debian/Ubuntu: apt install python3-venv" >&2; exit 1; }
	@command -v "$${JAVA_HOME:+$$JAVA_HOME/bin/}java" >/dev/null || { echo "Java 17 or newer is needed and was not found. Debian/Ubuntu: apt install openjdk-17-jre-headless; macOS: brew install openjdk@17 (then set JAVA_HOME)" >&2; exit 1; }
	@version=$$("$${JAVA_HOME:+$$JAVA_HOME/bin/}java" -version 2>&1 | sed -nE 's/.*version "([0-9]+)[."].*/\1/p' | head -1); \
	if [ "$${version:-0}" -lt 17 ]; then echo "Java $${version:-of unknown version} was found; 17 or newer is needed. Set JAVA_HOME to a newer one." >&2; exit 1; fi

.venv/.uv: | prerequisites
	@echo "making .venv with $(PYTHON)"
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check "uv>=0.9,<1"
	@touch $@

.venv/.demo: requirements/demo.txt setup.py .venv/.uv
	@echo "installing what the demo needs (first time only)"
	@$(INSTALL) -r requirements/demo.txt
	@$(UV) pip install --quiet --no-deps --editable .
	@touch $@

.venv/.dev: requirements/dev.txt .venv/.demo
	@echo "installing what tests need (first time only)"
	@$(INSTALL) -r requirements/dev.txt
	@touch $@
