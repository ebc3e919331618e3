PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt
SERVE ?=
VERIFY ?=
BENCH ?=

.DEFAULT_GOAL := help
.PHONY: help serve verify test lint audit check bench bench-detection bench-soundness clean

help: ## Show what there is
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 24

serve: .venv/serve ## Run the mock server; SERVE="--api mega --port 9000" passes options
	@exec $(BIN)/leadmock serve $(SERVE)

verify: .venv/verify ## Try an implementation: VERIFY="mega --target mega.toml"; without a target, the mock
	@$(BIN)/leadmock verify $(VERIFY)

test: .venv/test node_modules/.installed ## Run all tests
	$(BIN)/python -m pytest --numprocesses 3 $(TESTS)

lint: .venv/test node_modules/.installed ## Check the specs, the style and the types
	$(BIN)/python -m mockserver.contract $(filter-out specs/control.yaml,$(wildcard specs/*.yaml))
	for spec in specs/*.yaml; do $(BIN)/python -m openapi_spec_validator $$spec || exit 1; done
	npm run --silent lint:specs
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

audit: .venv/test ## Look for known vulnerabilities of the dependencies
	@$(BIN)/python scripts/audit.py constraints.txt

check: lint audit test ## What CI runs

bench: .venv/test benchmarks/.venv/serve benchmarks/peers/node_modules/.installed ## Measure it beside other mock servers; BENCH="--quick"
	@$(BIN)/python -m benchmarks.speed $(BENCH)

bench-detection: .venv/test node_modules/.installed ## Compare what is found with other tools; BENCH="--faults 12" passes options
	$(BIN)/python -m benchmarks.detection $(BENCH)

bench-soundness: .venv/test ## Kill, attack and soak in earnest; BENCH="kill --times 50" does one of them
	$(BIN)/python -m benchmarks.soundness $(BENCH)

clean: ## Remove what make has installed
	rm -rf .venv node_modules benchmarks/.venv benchmarks/peers/node_modules

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/serve: .venv/bin/python pyproject.toml constraints.txt
	@echo "Installing leadmock into .venv"
	@$(PIP) --editable .
	@$(BIN)/python -m compileall -q mockserver
	@touch $@

.venv/verify: .venv/bin/python pyproject.toml constraints.txt
	@echo "Installing leadmock and its contract suite into .venv"
	@$(PIP) --editable '.[verify]'
	@touch $@

.venv/test: .venv/bin/python pyproject.toml constraints.txt
	@echo "Installing leadmock and its tests into .venv"
	@$(PIP) --editable '.[test,lint]'
	@touch $@

node_modules/.installed: package.json scripts/tools.sh
	@scripts/tools.sh
	@echo "Installing the Node.js tools into node_modules"
	@npm install --no-package-lock --no-audit --no-fund --loglevel=error
	@touch $@

benchmarks/.venv/serve: pyproject.toml constraints.txt
	@echo "Installing leadmock alone into benchmarks/.venv"
	@$(PYTHON) -m venv benchmarks/.venv
	@$(subst .venv,benchmarks/.venv,$(PIP)) --editable .
	@$(subst .venv,benchmarks/.venv,$(BIN))/python -m compileall -q mockserver benchmarks
	@touch $@

benchmarks/peers/node_modules/.installed: benchmarks/peers/package.json scripts/tools.sh
	@scripts/tools.sh node npm wrk java
	@echo "Installing the other mock servers into benchmarks/peers/node_modules"
	@npm install --prefix benchmarks/peers --no-package-lock --no-audit --no-fund --loglevel=error
	@touch $@
