# make demo | test | check | bench | recovery | tour | fuzz: each sets up what it needs and starts from nothing but Python 3.11 or later.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
XVFB := xvfb-run -a -s "-screen 0 1600x1000x24"
ENGINE_LOG := .engine_tests.log

.PHONY: demo test check bench recovery tour fuzz setup system clean

demo: setup ## the main job on the embedded sample
	$(BIN)/geneglass demo --out demo_output

test: setup system ## all tests: real windows on a virtual display, and the engine's beside them
	@export OMP_NUM_THREADS=1; \
	$(BIN)/python -m pytest tests --ignore=tests/viewer > $(ENGINE_LOG) 2>&1 & engine=$$!; \
	trap 'kill $$engine' INT TERM; \
	$(XVFB) $(BIN)/python -m pytest tests/viewer; window=$$?; \
	wait $$engine; engine=$$?; \
	cat $(ENGINE_LOG); \
	test $$window -eq 0 && test $$engine -eq 0

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
	rm -rf $(VENV) $(ENGINE_LOG) demo_output tour_output recovery.json .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
