# Each target sets up what it needs in .venv; nothing has to be installed by hand but Python 3.11+ and make.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test slow lint story peer docs bench clean
.DEFAULT_GOAL := demo

.venv/.made: pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable ".[all]" --group test --group lint
	touch $@

demo: .venv/.made
	$(BIN)/tvbo demo demo-output

test: .venv/.made
	$(BIN)/python -m pytest -n 2

# What takes longer, and needs more.
slow: .venv/.made
	$(BIN)/python -m pip install --quiet --group slow
	$(BIN)/python -m pytest -n 2 -m "slow or browser"

lint: .venv/.made
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/numpydoc lint $$(git ls-files 'src/tvbo/*.py' ':!src/tvbo/cli')

story: .venv/.made
	$(BIN)/python -m pip install --quiet --group story
	$(BIN)/python -m pytest -m story tests/story

# Side by side with the other tvbo; installs it into .peer-venv.
peer: .venv/.made
	$(BIN)/python -m pytest -m peer tests/peer

# Every page is run; a cell that fails, or a warning, fails the build.
docs: .venv/.made
	$(BIN)/python -m pip install --quiet --group docs
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m sphinx -q -W --keep-going -b html docs docs/_build/html
	@echo "docs/_build/html/index.html"

bench: .venv/.made
	$(BIN)/python benchmarks/journeys.py $(BENCH)

clean:
	rm -rf .venv demo-output docs/_build
