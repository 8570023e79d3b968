# Everything runs in a virtual environment of its own; see README.md.
PYTHON ?= python3
VENV ?= .venv
CORES ?= all
# TORCH=cpu: torch without CUDA's libraries. Both indexes have 2.13.0; pip takes 2.13.0+cpu.
TORCH_INDEX = $(if $(filter cpu,$(TORCH)),--extra-index-url https://download.pytorch.org/whl/cpu)
# Tools run as modules, since scripts in .venv/bin name the folder that they were installed in.
RUN = $(VENV)/bin/python -P -m
SNAKEMAKE = $(RUN) snakemake --cores $(CORES)

# Set for another project, they would keep this Python from starting or finding its packages.
unexport PYTHONHOME PYTHONPATH PYTHONSTARTUP

.PHONY: all help status demo decide published publish verify test test-all check pins

# All experiments on MNIST.
all: $(VENV)/installed
	$(SNAKEMAKE)

# All targets of the workflow, a line each.
help: $(VENV)/installed
	@$(SNAKEMAKE) --quiet all -- help

# How far a build is, from another terminal. For the demo: make status DIRECTORY=demo
status: $(VENV)/installed
	@test -d $(or $(DIRECTORY),.) || { echo "make: DIRECTORY: there is no folder $(DIRECTORY)"; exit 1; }
	@$(SNAKEMAKE) --quiet all --directory $(or $(DIRECTORY),.) -- status

# All experiments in minutes, on data that scikit-learn ships, under demo/.
demo: $(VENV)/installed
	$(SNAKEMAKE) --directory demo --configfile presets/demo.yaml

# More seeds where they decide most, for so many minutes. For some claims alone: ONLY="C5 C13"
# For the demo: make decide MINUTES=10 DIRECTORY=demo CONFIGFILE=presets/demo.yaml
# On a cluster: OPTIONS="--workflow-profile profiles/slurm"
decide: $(VENV)/installed
	@$(VENV)/bin/python workflow/decide.py --minutes $(or $(MINUTES),60) $(if $(ONLY),--only $(ONLY)) \
	  --directory $(or $(DIRECTORY),.) $(if $(CONFIGFILE),--configfile $(CONFIGFILE)) \
	  --cores $(CORES) '--options=$(OPTIONS)'

# The answer from the published tables, without any training. To add the seeds of a build to them:
# make publish RESULTS=results (of another arm: ARM=as_coded)
published: $(VENV)/installed
	$(SNAKEMAKE) -- published

publish: $(VENV)/installed
	$(VENV)/bin/python workflow/publish.py --results $(RESULTS) $(if $(ARM),--arm $(ARM))

# Are the results as they were written?
verify: $(VENV)/installed
	$(SNAKEMAKE) --quiet all -- verify

# make test: before each commit, in minutes. make test-all: also kills, full disks, Slurm and the like.
test: $(VENV)/installed
	$(RUN) pytest -n auto -m "not slow"

test-all: $(VENV)/installed
	$(RUN) pytest -n auto --durations 12

# Style, formatting, types and Snakemake's own linter.
check: $(VENV)/installed
	$(RUN) ruff check .
	$(RUN) ruff format --check .
	$(RUN) mypy
	$(RUN) snakefmt --check Snakefile workflow
	$(RUN) snakemake --lint

# New pins after a change of envs/requirements.in.
pins:
	rm -rf $(VENV)
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install -r envs/requirements.in
	$(VENV)/bin/python envs/pin.py

$(VENV)/installed: envs/requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "make: Python 3.11 or later is needed, $(PYTHON) is $$($(PYTHON) --version): make PYTHON=python3.11"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install --quiet $(TORCH_INDEX) -r envs/requirements.txt
	@# hw1 itself, by a relative path: the checkout may be moved.
	$(VENV)/bin/python -c 'import os, sysconfig; site = sysconfig.get_path("purelib"); \
	  open(f"{site}/hw1.pth", "w").write(os.path.relpath("src", site) + "\n")'
	touch $@
