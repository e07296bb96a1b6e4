# Every target sets up what it needs first; `make help` lists them.
SHELL := bash
BIN := .venv/bin

# On Linux, tests and screenshots get a screen of their own, so that they neither need nor disturb a desktop.
SCREEN := $(if $(filter Linux,$(shell uname -s)),xvfb-run -a -s "-screen 0 1920x1080x24" env QT_QPA_PLATFORM=xcb,env)

# Threads that wait without spinning leave the processor to whatever else runs.
export OMP_WAIT_POLICY := passive
unexport OMP_NUM_THREADS

.PHONY: help setup demo test lint fmt lock docs wheel sbom screenshots bench clean
.DEFAULT_GOAL := help

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## /\1	/p' Makefile | expand -t 14

setup: ## install everything into .venv (the other targets do this themselves)
	@scripts/setup.sh

demo: setup ## run the main job on the sample data, in a window where there is a screen
	@$(BIN)/napari-unlearn demo

test: lint docs ## all checks and all tests, as CI runs them
	scripts/wheel.sh --linked
	OMP_NUM_THREADS=1 $(SCREEN) $(BIN)/python -m pytest --numprocesses 2 --dist loadgroup $(ARGS)

.PHONY: pyside oldest
# The tests that the binding and the version of napari matter to.
WINDOW := tests/plugin tests/e2e

pyside: setup ## the tests of the window with PySide6 in place of PyQt6, in .venv-pyside
	@scripts/second_venv.sh pyside
	$(SCREEN) QT_API=pyside6 .venv-pyside/bin/python -m pytest $(or $(ARGS),$(WINDOW))

oldest: setup ## the tests of the window with the oldest versions that are allowed, in .venv-oldest
	@scripts/second_venv.sh oldest
	$(SCREEN) .venv-oldest/bin/python -m pytest $(or $(ARGS),$(WINDOW))

lint: setup ## style, layers, docstrings and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/typos
	$(BIN)/validate-pyproject pyproject.toml
	$(BIN)/lint-imports
	$(BIN)/numpydoc lint $$(find src -name '*.py')
	$(BIN)/mypy

fmt: setup ## sort imports, mend what ruff can mend, format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: setup ## choose the newest versions that fit and write them, with hashes, to requirements.lock
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile pyproject.toml --extra all --group test --group lint --group docs --group release --universal \
		--python-version 3.11 --generate-hashes --no-header --no-annotate --prerelease disallow --upgrade \
		--quiet --output-file requirements.lock

docs: setup ## build the documentation into site/
	$(BIN)/python scripts/list_operators.py
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

wheel: setup ## build what is released into dist/, and run the demo from it in an empty environment (downloads gigabytes)
	scripts/wheel.sh

sbom: setup ## write the bill of materials of a release to dist/
	$(BIN)/python scripts/bill_of_materials.py

screenshots: setup ## draw the pictures in docs/images anew
	$(SCREEN) $(BIN)/python scripts/screenshots.py

bench: setup ## run the measurements in benchmarks/
	@for script in benchmarks/*.py; do $(BIN)/python "$$script" || exit 1; done

clean: ## remove what was built, except .venv and its kin
	rm -rf build dist site demo-output .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find src tests scripts benchmarks -name __pycache__ -prune -exec rm -rf {} +
