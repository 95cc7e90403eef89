# Set-up is automatic: every target makes what it needs, once. PYTHON chooses the interpreter that .venv is made with.
PYTHON ?= python3
VENV := .venv
BENCHMARK_VENV := .cache/benchmark-venv
TABLES_VENV := .cache/tables-venv
BIN := $(VENV)/bin
# Bytecode is left to first use: compiling every file would cost time and 140 MiB.
PIP := -m pip install -qq --disable-pip-version-check --no-compile

.DEFAULT_GOAL := help
.PHONY: help demo quantum test thorough lint wheel benchmark gap trainability multi-basis registers estimators shots benchmark-shots benchmark-embedded learning-on study tables one-network mutants clean

help: ## show this list
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/  make \1|\2/p' Makefile | awk -F'|' '{ printf "%-18s %s\n", $$1, $$2 }'
	@echo "  PYTHON=...       the interpreter (3.11 or newer) for a new .venv; 'make clean' first to change it"

demo: $(VENV)/.core ## compare MLE, ELBO and SELBO on iris; plots in runs/demo
	$(BIN)/hyperborn compare iris --classes versicolor,virginica --objectives mle,elbo,selbo --seeds 5 --out runs/demo --force

quantum: $(VENV)/.quantum ## set up .venv for Qiskit and PennyLane: simulators, fake devices, real processors

test: $(VENV)/.dev ## run the tests; a few minutes
	$(BIN)/python -m pytest

thorough: $(VENV)/.dev ## run all tests, with many more deaths, flipped bits and examples; before a release
	JAX_DISABLE_MOST_OPTIMIZATIONS=0 XLA_FLAGS= $(BIN)/python -m pytest -m "thorough or not thorough" --hypothesis-profile=thorough

lint: $(VENV)/.dev ## ruff, pyright, the import contracts, and that the mutants fit the code
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	PYRIGHT_PYTHON_IGNORE_WARNINGS=1 $(BIN)/pyright
	$(BIN)/lint-imports
	$(BIN)/python experiments/mutants/run.py --list > /dev/null

wheel: $(VENV)/.dev ## build the wheel into dist/
	rm -rf dist
	$(BIN)/python -m build --wheel --outdir dist

benchmark: $(BENCHMARK_VENV)/.bench $(VENV)/.core ## time the gradient beside its peers; about half an hour
	$(BENCHMARK_VENV)/bin/python benchmarks/gradient.py --readme
	$(BENCHMARK_VENV)/bin/python benchmarks/gradient.py --circuits --readme
	$(BIN)/python benchmarks/gradient.py --first-result --readme
	$(BENCHMARK_VENV)/bin/python benchmarks/gradient.py --memory --readme
	$(BIN)/python benchmarks/own_energies.py
	$(BIN)/python benchmarks/grid.py

gap: $(VENV)/.core ## the gap of every family to the exact posterior, docs/elbo-gap.md; about half an hour
	$(BIN)/python experiments/elbo_gap/run.py

trainability: $(VENV)/.core ## gradients, depth and restarts, docs/trainability.md; about ten minutes
	$(BIN)/python experiments/trainability/run.py

registers: $(VENV)/.core ## networks of any size beside the baselines, docs/registers.md; two processes, about an hour
	$(BIN)/python experiments/registers/run.py 2> /dev/null & $(BIN)/python experiments/registers/run.py; wait

multi-basis: $(VENV)/.core ## what two weights a qubit cost, docs/multi-basis.md; about three minutes
	$(BIN)/python experiments/multi_basis/run.py

estimators: $(VENV)/.core ## estimators beside the exact gradient, docs/estimators.md; about three minutes
	$(BIN)/python experiments/estimators/run.py

learning-on: $(VENV)/.core ## what is kept of earlier examples, docs/learning-on.md; about ten minutes
	$(BIN)/python experiments/learning_on/run.py

shots: $(VENV)/.dev ## training from shots, docs/shots.md; two processes, about half an hour
	export OMP_NUM_THREADS=1; $(BIN)/python experiments/shots/run.py 2> /dev/null & \
	  OMP_NUM_THREADS=1 $(BIN)/python experiments/shots/run.py; wait

benchmark-shots: $(VENV)/.dev ## steps, samples and MMD from shots beside PennyLane and Qiskit; about a quarter of an hour
	$(BIN)/python benchmarks/shots.py --readme

EMBEDDED := .cache/embedded

benchmark-embedded: $(VENV)/.core $(EMBEDDED)/.packages ## exported networks beside emlearn's and micromlgen's, on emulated cores
	PYTHONPATH=$(EMBEDDED) $(BIN)/python -W ignore benchmarks/embedded.py --readme

STUDY := $(BIN)/hyperborn study --out runs/elbo-vs-mle

study: $(VENV)/.study ## ELBO against MLE and ten baselines, docs/elbo-vs-mle.md; two processes, about two hours
	$(STUDY) 2> /dev/null & $(STUDY); wait
	$(BIN)/python experiments/elbo_vs_mle/report.py runs/elbo-vs-mle

tables: $(TABLES_VENV)/.packages $(VENV)/.core ## tables of public packages beside scikit-learn, docs/tables.md; about half an hour
	$(BIN)/python experiments/tables/run.py

one-network: $(TABLES_VENV)/.packages $(VENV)/.core ## which single network is exported, docs/one-network.md; about half an hour
	$(BIN)/python experiments/one_network/run.py

mutants: $(VENV)/.dev ## whether the tests notice planted faults; about a quarter of an hour
	$(BIN)/python experiments/mutants/run.py

clean: ## remove the environments, caches and builds; runs/ stays
	rm -rf $(VENV) .cache dist build .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find src tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +

# $(call install,folder of the environment,what to install)
define install
	@echo "Installing into $(1) (a minute or two, this once) ..."
	@$(1)/bin/python $(PIP) --editable '$(2)'
	@touch $@
endef

# A stamp is written only after its install succeeded, so that an interrupted one starts again.
# bin/python is a link to an older file: it counts by being there, and the stamps lie inside what is remade with it.
$(VENV)/.core: pyproject.toml $(BIN)/python
	$(call install,$(VENV),.)

# Reports of studies are Parquet tables.
$(VENV)/.study: pyproject.toml $(BIN)/python
	$(call install,$(VENV),.[parquet])
	@touch $(VENV)/.core

# Aer, fake and real IBM devices, PennyLane's simulators.
# In a variable, for a comma written in a call would end the argument.
QUANTUM := .[pennylane,qiskit]
$(VENV)/.quantum: pyproject.toml $(BIN)/python
	$(call install,$(VENV),$(QUANTUM))
	@touch $(VENV)/.core

$(VENV)/.dev: pyproject.toml $(BIN)/python
	$(call install,$(VENV),.[dev])
	@touch $(VENV)/.core $(VENV)/.study $(VENV)/.quantum

# Their files are read, and none of them is imported: without what they depend on.
$(TABLES_VENV)/.packages: experiments/tables/requirements.txt $(TABLES_VENV)/bin/python
	@echo "Installing into $(TABLES_VENV) ..."
	@$(TABLES_VENV)/bin/python $(PIP) --no-deps --requirement experiments/tables/requirements.txt
	@touch $@

# Beside the environment: what they depend on is there.
$(EMBEDDED)/.packages: benchmarks/embedded-requirements.txt $(BIN)/python
	@echo "Installing into $(EMBEDDED) ..."
	@rm -rf $(EMBEDDED)
	@$(BIN)/python $(PIP) --no-deps --target $(EMBEDDED) --requirement $<
	@touch $@

$(BENCHMARK_VENV)/.bench: pyproject.toml $(BENCHMARK_VENV)/bin/python
	$(call install,$(BENCHMARK_VENV),.[bench])

%/bin/python:
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "error: '$(PYTHON)' is not Python 3.11 or newer ($$("$(PYTHON)" --version 2>&1 | head -n 1)): name one with PYTHON=..." >&2; exit 1; }
	@"$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "error: '$(PYTHON)' has no venv module: install it (Debian, Ubuntu: apt-get install python3-venv) or name another Python with PYTHON=..." >&2; exit 1; }
	@"$(PYTHON)" -m venv --clear $* || { rm -rf $*; echo "error: no virtual environment could be made at $*" >&2; exit 1; }

.PRECIOUS: %/bin/python
