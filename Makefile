# `make help` lists what there is. Works with uv where it is installed, else with Python's own venv and pip.

VENV := .venv
BIN := $(VENV)/bin

# The Python that makes .venv: `make install PYTHON=python3.12`. TensorFlow has no release for 3.14 yet.
PYTHON ?= python3
SUPPORTED := >=3.11,<3.14

# uv where it is installed; `make UV= ...` does without it.
UV ?= $(shell command -v uv 2>/dev/null)

# A lock holds everything that is needed, so it is installed as it is: a resolver would look for the newest release of what
# an extra such as coverage[toml] names and miss its hash in the lock. The check then says whether the lock was complete.
LOCKED := --no-deps --require-hashes

ifneq ($(UV),)
UV_PYTHON_REQUEST = $(if $(filter file,$(origin PYTHON)),$(SUPPORTED),$(PYTHON))
CREATE_VENV = '$(UV)' venv --quiet --python '$(UV_PYTHON_REQUEST)' $(VENV)
PIP_INSTALL = '$(UV)' pip install --quiet --python $(BIN)/python
PIP_CHECK = '$(UV)' pip check --python $(BIN)/python
else
CREATE_VENV = $(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 1; }
# A .venv that uv made has no pip; ensurepip does nothing where there is one.
PIP_INSTALL = $(BIN)/python -m ensurepip >/dev/null && \
	$(BIN)/python -m pip install --quiet --disable-pip-version-check
PIP_CHECK = $(BIN)/python -m pip --disable-pip-version-check check
endif
CHECK_INSTALLED = $(PIP_CHECK) >&2 || { \
	echo 'The packages in $(VENV) do not fit together. Start over: make clean, then the same command again.' >&2; exit 1; }

# Extras of pyproject.toml that `make install` adds: EXTRAS=jax, EXTRAS="jax torch". Each has a lock of what it adds to
# requirements.lock; all of them fit together.
EXTRAS :=
comma := ,
EXTRAS_WANTED = $(subst $(comma), ,$(EXTRAS))
EXTRAS_KNOWN := $(shell sed -n '/^\[project.optional-dependencies\]/,/^$$/s/^\([a-z-]*\) *=.*/\1/p' pyproject.toml)
ifneq ($(filter-out $(EXTRAS_KNOWN),$(EXTRAS_WANTED)),)
$(error EXTRAS: expected some of: $(EXTRAS_KNOWN); received: $(EXTRAS))
endif

.DEFAULT_GOAL := help
.PHONY: help install dev run test coverage lint check smoke bench results docs lock clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

install: $(VENV)/.installed $(EXTRAS_WANTED:%=$(VENV)/.installed-%) ## Make .venv with the locked versions and the project (EXTRAS="jax torch")

dev: $(VENV)/.installed-dev ## The same, with the tools for tests and checks

run: install ## Train on the bundled digits: about ten seconds after start-up
	$(BIN)/mnist-lab run configs/quickstart.yaml

test: dev ## Run the tests (ARGS="-k name" for some of them)
	$(BIN)/python -m pytest -n 2 --dist worksteal $(ARGS)

coverage: dev ## Run the tests and list the lines and branches they miss
	$(BIN)/python -m pytest --cov --cov-report=term-missing:skip-covered $(ARGS)

lint: dev ## Check format, style, types and the order of imports
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/pyright
	$(BIN)/lint-imports

check: lint test ## Run lint and test: what must pass before a commit

smoke: install ## Train for a few seconds in a temporary folder: on MNIST if available, else on the bundled digits
	@results=$$(mktemp -d) && trap 'rm -rf "$$results"' EXIT && \
	mnist="$${MNIST_LAB_DATA:-../shared/mnist}" && \
	if [ -d "$$mnist" ]; then \
		echo "Smoke run on MNIST, from $$mnist"; set -- --data-dir "$$mnist"; \
	else \
		echo "Smoke run on the bundled digits: no MNIST in $$mnist"; set -- --dataset digits; \
	fi && \
	$(BIN)/mnist-lab run configs/mlp_512.yaml --subset 1000 --epochs 2 --results "$$results" "$$@" && \
	ls "$$results"/mlp_512/*/metrics.json >/dev/null

bench: dev ## Measure against plain Keras scripts and PyTorch: about 70 minutes (ARGS="--only mlp_512", ARGS=--full)
	$(BIN)/python -m benchmarks $(ARGS)

results: install ## Regenerate results/published/ from its runs, without training (IMPORT=DIR: add finished runs first)
	$(BIN)/python -m evidence $(if $(IMPORT),--import '$(IMPORT)')

docs: install ## Regenerate the reference of all keys, what searches found and the output examples in README and docs
	$(BIN)/python -m tools

lock: ## Regenerate the lock files, with uv (UPGRADE=--upgrade for the newest versions)
	uv pip compile $(UPGRADE) $(LOCK_OPTIONS) --output-file requirements.lock pyproject.toml
	set -e; constraints='--constraint requirements.lock'; \
	base=$$(sed -n 's/^\([^ =]*\)==.*/--no-emit-package \1/p' requirements.lock | sort -u); \
	for extra in $(EXTRAS_KNOWN); do \
		uv pip compile $(UPGRADE) $(LOCK_OPTIONS) $$constraints --extra $$extra $$base \
			--output-file requirements-$$extra.lock pyproject.toml; \
		constraints="$$constraints --constraint requirements-$$extra.lock"; \
	done; \
	uv pip compile $(UPGRADE) $(LOCK_OPTIONS) $$constraints --output-file requirements-dev.lock \
		--group dev --extra jax --extra dask --extra slurm --extra export --extra tune --extra tensorboard --extra mlflow pyproject.toml

LOCK_OPTIONS = --quiet --universal --generate-hashes --no-emit-index-url --no-emit-find-links \
	--custom-compile-command 'make lock'

clean: ## Remove .venv, build outputs and caches; results stay
	rm -rf $(VENV) build dist .coverage htmlcov .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find mnist_lab tests benchmarks evidence tools -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@$(CREATE_VENV)
	@$@ -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' || { \
		rm -rf $(VENV); \
		echo 'mnist-lab needs Python $(SUPPORTED). Name one: make install PYTHON=python3.12' >&2; exit 1; }

$(VENV)/.installed: requirements.lock pyproject.toml | $(BIN)/python
	@echo 'Installing TensorFlow and the rest into $(VENV), which takes a minute or more.'
	@$(PIP_INSTALL) $(LOCKED) -r requirements.lock
	@$(PIP_INSTALL) --no-deps --editable .
	@$(CHECK_INSTALLED)
	@touch $@

# requirements-dev.lock has all of requirements.lock, in the same versions, so it stands for both.
$(VENV)/.installed-dev: requirements-dev.lock pyproject.toml | $(BIN)/python
	@echo 'Installing TensorFlow, JAX, Dask, Optuna and the development tools into $(VENV), which takes a minute or more.'
	@$(PIP_INSTALL) $(LOCKED) -r requirements-dev.lock
	@$(PIP_INSTALL) --no-deps --editable .
	@$(CHECK_INSTALLED)
	@touch $(VENV)/.installed $@

$(VENV)/.installed-%: requirements-%.lock | $(VENV)/.installed
	@echo 'Installing the extra $* into $(VENV).'
	@$(PIP_INSTALL) $(LOCKED) -r $<
	@$(CHECK_INSTALLED)
	@touch $@
