# What the rules share: the validated configuration, the files of a run, the code of a script.

import json
import os
import shlex
import sys
from pathlib import Path

import yaml

ROOT = Path(workflow.basedir)
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "workflow")]

from configuration import (
    Run,
    all_runs,
    alpha_grid,
    check,
    dataset_name,
    run_settings,
    training_seconds,
)
from sources import sources

try:
    check(config, yaml.safe_load((ROOT / "workflow/schemas/config.schema.yaml").read_text()))
except ValueError as error:
    sys.exit(f"config: {error}")

# Relative, so that a moved or freshly cloned repository is the same workflow.
SCRIPTS = os.path.relpath(ROOT / "workflow/scripts")
# Under --sdm conda or apptainer python is the environment's; else the one that runs Snakemake,
# which need not be the first on PATH.
DEPLOYED = bool(workflow.deployment_settings.deployment_method)
PYTHON = "python" if DEPLOYED else shlex.quote(sys.executable)
ENVIRONMENT = f"{ROOT}/envs/environment.yaml"
RESUME_INTERVAL = config["resume_interval"]

# The scripts import the hw1 that lies beside them, whichever one may be installed, and not each
# other: a script called tabulate.py must not stand in for the package of that name.
shell.prefix(f"export PYTHONSAFEPATH=1 PYTHONPATH={shlex.quote(str(ROOT / 'src'))}; ")


wildcard_constraints:
    experiment="|".join(config["experiments"]),
    variant="|".join({v for e in config["experiments"].values() for v in e["variants"]}),
    seed=r"\d+",
    dataset="|".join(config["datasets"]),


def modules(*scripts):
    """The modules of hw1 that `scripts` import.

    As inputs of a rule they are compared by content: an edit reruns it, a touch does not.
    """
    files = {
        file
        for script in scripts
        for file in sources(ROOT / f"workflow/scripts/{script}.py", ROOT / "src")
        if file.is_relative_to(ROOT / "src")
    }
    return sorted(map(os.path.relpath, files))


def run_of(wildcards):
    """The run that the wildcards of a job name."""
    return Run(wildcards.experiment, wildcards.variant, int(wildcards.seed))


def settings_of(wildcards):
    """All settings of a run as one JSON text: Snakemake compares params as a set of values."""
    return json.dumps(run_settings(config, run_of(wildcards)), sort_keys=True)


def data_of(run):
    """The data file of a run, ancient: preparing the same data again reruns nothing.

    What it holds is a function of code and settings, which data_version follows.
    """
    return ancient(f"results/data/{dataset_name(config, run)}.npz")


def version_of(run):
    """The small file that changes with the content of a run's data."""
    return f"results/data/{dataset_name(config, run)}.version"


def files_of(experiment, kind, ending, **only):
    """The files of one kind of all runs of `experiment`, or of those whose fields are `only`."""
    return [
        f"results/{kind}/{run}.{ending}"
        for run in all_runs(config, experiment)
        if all(getattr(run, field) == value for field, value in only.items())
    ]

