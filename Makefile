# Everything behind a virtual environment of its own; see README.md.
PYTHON ?= python3
VENV ?= .venv
CORES ?= all
SNAKEMAKE = $(VENV)/bin/snakemake --cores $(CORES)

.PHONY: all demo test check pins

# All experiments on MNIST.
all: $(VENV)/installed
	$(SNAKEMAKE)

# All experiments in minutes, on data that scikit-learn ships, under demo/.
demo: $(VENV)/installed
	$(SNAKEMAKE) --directory demo --configfile presets/demo.yaml

test: $(VENV)/installed
	$(VENV)/bin/python -m pytest

# Style, formatting and Snakemake's own linter.
check: $(VENV)/installed
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/snakefmt --check Snakefile workflow
	$(VENV)/bin/snakemake --lint

# New pins after a change of envs/requirements.in.
pins:
	rm -rf $(VENV)
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install -r envs/requirements.in
	$(VENV)/bin/python envs/pin.py

$(VENV)/installed: envs/requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "make: Python 3.11 or later is needed, $(PYTHON) is $$($(PYTHON) --version): make PYTHON=python3.11"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install --quiet -r envs/requirements.txt
	$(VENV)/bin/python -m pip install --quiet --no-deps --editable .
	touch $@
