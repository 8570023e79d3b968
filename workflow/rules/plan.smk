# The configuration is read strictly and checked before anything else. The plan follows from it; the
# other files ask the plan.

import gc
import json
import os
import shlex
import sys
from pathlib import Path

from snakemake.exceptions import WorkflowError
from snakemake.utils import min_version

try:
    min_version("9.17")  # as in pyproject.toml
except WorkflowError as error:
    sys.exit(f"{error} Install the versions of envs/requirements.txt: make does, in .venv")

# To look for garbage after every 700 objects, most of which stay, takes a fifth of the time.
gc.set_threshold(300_000)

# The repository, also if the workflow is a module of another one.
REPOSITORY = Path(workflow.current_basedir.get_path_or_uri(secret_free=False)).parents[1]
sys.path.insert(0, f"{REPOSITORY}/src")

from hw1.plan.plan import ANSWER, BATCH, JOBS, TEMPLATE, among, either, followed_by, recipe_of
from hw1.plan.rules import MadeOtherwise, growing, longest_first, plans
from hw1.plan.sources import code
from hw1.settings.batches import PATTERN
from hw1.settings.overlays import expanded
from snakemake_logger_plugin_hw1 import MADE

plan, published = plans(workflow, config)
made_otherwise = MadeOtherwise(plan, workflow.is_main_process)
ENVIRONMENT = f"{REPOSITORY}/envs/environment.yaml"


def shown(w):
    """The plan of a ledger, a figure or a page: of this build, or of the published tables."""
    return published if w.published else plan


wildcard_constraints:
    experiment=among(plan.experiments),
    variant=among(v for e in plan.experiments.values() for v in e.variants),
    seeds=PATTERN,
    dataset=among(plan.config.datasets),
    arm=among([*plan.arms, *published.arms]),
    published="()" if published.problem else "(published/)?",
