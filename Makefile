# `make demo`, `make test`, `make docs`: each makes its own environment from a bare Python 3.11+.
PYTHON ?= python3
VENV := .venv
# `make coverage`: which lines no test reaches, with a floor; an eighth slower, so `make test` goes without.
COVERAGE := --cov=hotspot --cov-report=term:skip-covered
BIN := $(VENV)/bin
# What was compiled is kept for the second worker, for every child and for the next run, whatever the shell says.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test coverage docs bench dist wheelhouse lower clean

demo: $(VENV)/.runtime
	$(BIN)/hotspot demo --out out

test: $(VENV)/.tests
	$(BIN)/ruff check hotspot tests benchmarks notebooks docs
	$(BIN)/ruff format --check hotspot tests benchmarks notebooks docs
	$(BIN)/mypy
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder $(COVER)

coverage:
	$(MAKE) test COVER="$(COVERAGE)"

docs: $(VENV)/.docs
	$(BIN)/python docs/site/build.py build/docs

# The wheel, and the source package that holds its own tests.
dist: | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check build
	$(BIN)/python -m build --outdir dist

# Every wheel a machine without a network needs, of this Python and this platform.
wheelhouse: | $(BIN)/python
	$(BIN)/python -m pip wheel --quiet --disable-pip-version-check --constraint constraints.txt --wheel-dir wheelhouse .
	@echo "carry wheelhouse/ over, then: pip install --no-index --find-links wheelhouse hotspot"

# Are the lowest declared versions enough? An environment of exactly those, every public name, one small month, verified.
lower: $(VENV)-lower/.installed
	$(VENV)-lower/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --force-reinstall .
	cd $(VENV)-lower && rm -rf study out && bin/python -c "import hotspot as hs; [getattr(hs, name) for name in hs.__all__]; hs.write_study('study', size='small')"
	cd $(VENV)-lower && bin/hotspot month 2025-12 --study study/study.toml --quiet --out out
	cd $(VENV)-lower && bin/hotspot verify out/*/2025-12 --data study

$(VENV)-lower/.installed: pyproject.toml packaging/lower.py
	$(PYTHON) -m venv $(VENV)-lower
	$(PYTHON) packaging/lower.py > $(VENV)-lower/lowest.txt
	$(VENV)-lower/bin/python -m pip install --quiet --disable-pip-version-check -r $(VENV)-lower/lowest.txt
	touch $@

bench: $(VENV)/.tests
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[bench]'
	for script in benchmarks/*.py; do $(BIN)/python $$script || exit 1; done

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "hotspot needs Python 3.11 or newer; run: make PYTHON=/path/to/python3.11 demo"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.runtime: pyproject.toml constraints.txt | $(BIN)/python
	@echo "installing hotspot and what it needs (a few minutes the first time) ..."
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable .
	touch $@

$(VENV)/.tests: pyproject.toml constraints.txt | $(BIN)/python
	@echo "installing hotspot with its test tools (a few minutes the first time) ..."
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[tests]'
	touch $@ $(VENV)/.runtime

$(VENV)/.docs: pyproject.toml constraints.txt | $(BIN)/python
	@echo "installing what the documentation site is built with ..."
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[docs]'
	touch $@

clean:
	rm -rf $(VENV) $(VENV)-lower build out dist wheelhouse
