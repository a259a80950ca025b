# make demo | test | check | bench | recovery | tour | fuzz: each sets up what it needs and starts from nothing but Python 3.11 or later.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
XVFB := xvfb-run -a -s "-screen 0 1600x1000x24"
OTHER_LOG := .other_tests.log
REAL := $(wildcard tests/viewer/test_real_*.py)
# Else every process that the tests start compiles the sources anew, where the environment forbids to keep the result.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: demo test check bench recovery tour fuzz other-tests setup system clean

demo: setup ## the main job on the embedded sample
	$(BIN)/geneglass demo --out demo_output

test: setup system ## all tests, in two halves that take about as long: windows with contracts, and the rest with windows on real tissue
	@export OMP_NUM_THREADS=1; \
	$(MAKE) --no-print-directory other-tests > $(OTHER_LOG) 2>&1 & other=$$!; \
	trap 'kill $$other' INT TERM; \
	$(XVFB) $(BIN)/python -m pytest tests/viewer $(REAL:%=--ignore=%); window=$$?; \
	$(BIN)/python -m pytest tests/contracts; contracts=$$?; \
	wait $$other; other=$$?; \
	cat $(OTHER_LOG); \
	test $$window -eq 0 && test $$contracts -eq 0 && test $$other -eq 0

other-tests: ## the half of `test` beside the windows
	@$(BIN)/python -m pytest tests --ignore=tests/viewer --ignore=tests/contracts; other=$$?; \
	$(XVFB) $(BIN)/python -m pytest $(REAL); real=$$?; \
	test $$other -eq 0 && test $$real -eq 0

check: setup ## style, types, room contract
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: setup system ## ratios within one run, printed
	$(BIN)/python benchmarks/bench_training.py
	$(BIN)/python benchmarks/bench_fine_tuning.py
	$(BIN)/python benchmarks/bench_embedding.py
	$(BIN)/python benchmarks/bench_retrieval.py
	$(BIN)/python benchmarks/bench_genes.py
	$(BIN)/python benchmarks/bench_memory.py
	$(BIN)/python benchmarks/bench_reading.py
	$(BIN)/python benchmarks/bench_visium_hd.py
	$(XVFB) $(BIN)/python benchmarks/bench_viewer.py

recovery: setup ## planted genes found again, and those that no picture shows not, in 20 invented cohorts
	OMP_NUM_THREADS=1 PYTHONPATH=sample_data $(BIN)/python benchmarks/recovery.py --out recovery.json

tour: setup system ## a picture of each state of the window, on the sample
	PYTHONPATH=tests/viewer $(XVFB) $(BIN)/python -m tour --out tour_output

fuzz: setup ## 500 damaged copies of a file of each format: opened or refused in one sentence
	$(BIN)/python tests/fuzz/fuzz_formats.py

setup: $(STAMP)

$(STAMP): pyproject.toml .ci/venv
	PYTHON="$(PYTHON)" sh .ci/venv $(VENV)
	$(BIN)/python -m pip install --quiet --editable ".[dev]"
	touch $(STAMP)

system: ## X libraries for windows on a virtual display
	sh .ci/system

clean:
	rm -rf $(VENV) $(OTHER_LOG) demo_output tour_output recovery.json .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
