# The configuration is read strictly and checked before anything else. The plan follows from it; the
# other files ask the plan.

import json
import os
import shlex
import sys
import time
from pathlib import Path

from snakemake.exceptions import WorkflowError
from snakemake.utils import min_version

try:
    min_version("9.17")  # as in pyproject.toml
except WorkflowError as error:
    sys.exit(f"{error} Install the versions of envs/requirements.txt: make does, in .venv")

# The repository, also if the workflow is a module of another one.
ROOT = Path(workflow.current_basedir.get_path_or_uri(secret_free=False)).parents[1]
MODULE = not workflow.modifier.is_main_snakefile()
PREFIX = workflow.modifier.modify_path("results").removesuffix("results")  # of a module
ENVIRONMENT = f"{ROOT}/envs/environment.yaml"
sys.path.insert(0, str(ROOT / "src"))

from hw1.settings.batches import PATTERN
from hw1.plan import reading
from hw1.settings.overlays import expanded
from hw1.plan.plan import ANSWER, BATCH, JOBS, TEMPLATE, among, either, followed_by, recipe_of
from hw1.plan.published import published_plan
from hw1.plan.sources import code, run_jobs_with
from snakemake_logger_plugin_hw1 import MADE, TRAININGS, status

# snakemake status is answered here, since a running build has locked the folder. A program that
# calls Snakemake may have such an argument of its own.
if "status" in sys.argv[1:] and "snakemake" in sys.argv[0] and not MODULE:
    print(status())
    sys.exit()

# The files are read again, strictly, in place of Snakemake's merged configuration. A module gets
# its settings from the workflow that it is part of, and the command line belongs to that workflow.
try:
    given = workflow.config_settings
    if given.replace_workflow_config and not MODULE:
        raise ValueError(
            "--replace-workflow-config leaves out config.yaml: give --configfile alone"
        )
    overlays = [] if MODULE else reading.overlays(ROOT, workflow.overwrite_configfiles)
    plan = reading.planned(
        reading.files_of(ROOT, overlays),
        given={} if MODULE else given.config,
        of_module=config if MODULE else None,
        root=os.path.relpath(ROOT),
        here=workflow.local_exec,
        prefix=PREFIX,
        outer=os.path.relpath(workflow.main_snakefile) if MODULE else "",
        options=reading.options(ROOT, overlays),
    )
    published = published_plan("results/published", PREFIX)
    # Under --sdm conda jobs use the environment's Python, else the Python that runs Snakemake.
    methods = {method.name for method in workflow.deployment_settings.deployment_method}
    run_jobs_with("python" if "CONDA" in methods else sys.executable)
except ValueError as error:
    sys.exit(str(error))

# Every job has this file as an input, and it is dated later than any result. It is ancient, so its
# date does not count, unless a result of the job carries another recipe.
OTHERWISE = plan.here(".snakemake/made_otherwise")
if workflow.is_main_process:
    os.makedirs(os.path.dirname(OTHERWISE), exist_ok=True)
    Path(OTHERWISE).write_text(f"{time.time_ns()}")  # new content, too: Snakemake compares it


def made_otherwise(recipe, *places):
    """An input function, from the places of a job's outputs and the function for its recipe."""
    return lambda w: ancient(OTHERWISE) if plan.is_current(places, w, recipe) else OTHERWISE


def growing(first):
    """A request that grows with each attempt."""
    return lambda w, attempt: first * attempt


def longest_first(w):
    """The priority of a training, so that no long one is left alone at the end."""
    TRAININGS["/".join(w)] = seconds = plan.seconds_of(w)
    return seconds


def shown(w):
    """The plan of a ledger, a figure or a page: of this build, or of the published tables."""
    return published if w.published else plan


wildcard_constraints:
    experiment=among(plan.config["experiments"]),
    variant=among(v for e in plan.config["experiments"].values() for v in e["variants"]),
    seeds=PATTERN,
    dataset=among(plan.config["datasets"]),
    arm=among([*plan.arms, *published.arms]),
    published="()" if published.problem else "(published/)?",
