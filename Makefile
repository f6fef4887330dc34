# Everything starts here: `make run` runs the sample pilot, `make test` runs every gate. Both set up what they need.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
TEST_WORKERS ?= 2
export PYTHONDONTWRITEBYTECODE =
export MLFLOW_DISABLE_TELEMETRY = true
export DO_NOT_TRACK = 1
export LITELLM_LOCAL_MODEL_COST_MAP = True
export HF_HUB_OFFLINE = 1

.PHONY: help run test lab docs ui soak bench gates notebooks lint types pytest lock clean

help:
	@echo "make run    set up and run the sample pilot: ten notebooks, one go/no-go"
	@echo "make test   set up and run all gates of the project"
	@echo "make lab    JupyterLab on the project"
	@echo "make docs   the library's site, in _docs/site"
	@echo "make ui     MLflow on loopback"
	@echo "make soak   the long counts"
	@echo "make bench  the benchmarks"

$(READY): requirements.lock bootstrap.lock pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(0 if (3, 11) <= v <= (3, 13) else f"Python {v[0]}.{v[1]} found, 3.11 to 3.13 needed. Name one: make PYTHON=python3.12 run")'
	@echo "Setting up $(VENV) (about half a minute with a warm package cache, some minutes with a cold one)"
	@$(PYTHON) -m venv $(VENV) || { echo "Python's venv module is missing (Debian: install python3-venv)."; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r bootstrap.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes --compile-bytecode -r requirements.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@$(BIN)/python -m compileall -q pilot_to_prod
	@touch $(READY)

run: $(READY)
	@$(BIN)/pilot run; code=$$?; if [ $$code -eq 1 ]; then echo "A gate failed: a computed no-go is a normal outcome."; exit 0; fi; exit $$code

test: $(READY) gates
	@echo "all gates passed"

gates: lint types notebooks pytest

lint: $(READY)
	$(BIN)/ruff check pilot_to_prod tests bench

types: $(READY)
	$(BIN)/mypy

notebooks: $(READY)
	$(BIN)/nbdev-test --n-workers $(TEST_WORKERS) --skip-folder-re '^([_.]|stages$$)'

pytest: $(READY)
	$(BIN)/python -m pytest -n $(TEST_WORKERS)

lab: $(READY)
	$(BIN)/jupyter lab

docs: $(READY)
	$(BIN)/python -c 'from pilot_to_prod.notebook.library import main; main()'

ui: $(READY)
	$(BIN)/pilot ui

soak: $(READY)
	P2P_SOAK=1 $(BIN)/python -m pytest -m slow

bench: $(READY)
	for f in bench/*.py; do $(BIN)/python $$f || exit 1; done

lock:
	rm -f requirements.lock bootstrap.lock
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --all-extras pyproject.toml -o requirements.lock
	echo "uv" | $(BIN)/uv pip compile - --quiet --universal --python-version 3.11 --generate-hashes --no-header -o bootstrap.lock

clean:
	rm -rf $(VENV) _docs _proc dist .pytest_cache .mypy_cache .ruff_cache
