"""The plans of Snakemake's workflow, and what its rules ask besides."""

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from snakemake.io import ancient

from hw1.plan import reading
from hw1.plan.plan import Plan
from hw1.plan.published import PublishedPlan, published_plan
from hw1.plan.sources import run_jobs_with
from hw1.settings.entries import ROOT
from snakemake_logger_plugin_hw1 import TRAININGS, status


def plans(workflow: Any, config: dict) -> tuple[Plan, PublishedPlan]:
    """The plan of a build, and that of the published tables. Ends the program with one line where
    the configuration is wrong.

    The files are read strictly, whatever Snakemake makes of them. A module gets its settings,
    `config`, from the workflow that it is part of; the command line belongs to that workflow.
    """
    module = not workflow.modifier.is_main_snakefile()
    prefix = workflow.modifier.modify_path("results").removesuffix("results")
    # snakemake status is answered here, since a running build has locked the folder. A program that
    # calls Snakemake may have such an argument of its own.
    if "status" in sys.argv[1:] and "snakemake" in sys.argv[0] and not module:
        print(status())
        sys.exit()
    try:
        given = workflow.config_settings
        if given.replace_workflow_config and not module:
            raise ValueError("--replace-workflow-config leaves out config.yaml: do not give it")
        overlays = [] if module else reading.overlays(ROOT, workflow.overwrite_configfiles)
        plan = reading.planned(
            reading.files_of(ROOT, overlays),
            given={} if module else given.config,
            of_module=config if module else None,
            root=os.path.relpath(ROOT),
            here=workflow.local_exec,
            prefix=prefix,
            outer=os.path.relpath(workflow.main_snakefile) if module else "",
            options=reading.options(ROOT, overlays),
        )
        published = published_plan("results/published", prefix, plan.config)
        # Under --sdm conda jobs use the environment's Python, else the Python that runs Snakemake.
        methods = {method.name for method in workflow.deployment_settings.deployment_method}
        run_jobs_with("python" if "CONDA" in methods else sys.executable)
    except ValueError as error:
        sys.exit(str(error))
    return plan, published


class MadeOtherwise:
    """An input of every job, dated later than any result. It is ancient, so its date does not
    count, unless a result of the job carries another recipe.

    A call with the function for a job's recipe, and the places of its outputs, gives the input.
    """

    def __init__(self, plan: Plan, writes: bool) -> None:
        self.plan, self.file = plan, plan.here(".snakemake/made_otherwise")
        if writes:
            os.makedirs(os.path.dirname(self.file), exist_ok=True)
            # New content, too: Snakemake compares it.
            Path(self.file).write_text(f"{time.time_ns()}", encoding="utf-8")

    def __call__(self, recipe: Callable[[Any], str], *places: str) -> Callable[[Any], str]:
        return lambda w: (
            ancient(self.file) if self.plan.is_current(places, w, recipe) else self.file
        )


def growing(first: int) -> Callable[[Any, int], int]:
    """A request that grows with each attempt."""
    return lambda w, attempt: first * attempt


def longest_first(plan: Plan) -> Callable[[Any], int]:
    """The priority of a training, so that no long one is left alone at the end; notes its seconds
    for the terminal."""

    def priority(w: Any) -> int:
        TRAININGS["/".join(w)] = seconds = plan.seconds_of(w)
        return seconds

    return priority
