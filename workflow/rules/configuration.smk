# The configuration, read strictly and checked before anything else; what follows from it.

import csv
import functools
import json
import os
import shlex
import sys
import time
from contextlib import suppress
from functools import partial
from pathlib import Path

from snakemake.exceptions import WorkflowError
from snakemake.utils import min_version

try:
    min_version("9.17")  # as in pyproject.toml
except WorkflowError as error:
    sys.exit(f"{error} Install the versions of envs/requirements.txt: make does, in .venv")

# Where this file is, also where the workflow is a module of another one.
ROOT = Path(workflow.current_basedir.get_path_or_uri(secret_free=False)).parents[1]
MODULE = not workflow.modifier.is_main_snakefile()
PREFIX = workflow.modifier.modify_path("results").removesuffix("results")  # of a module
sys.path.insert(0, str(ROOT / "src"))

from hw1_workflow.claim_lists import (
    about,
    arms,
    check_claims,
    check_evidence,
    check_ids,
    check_left_out,
    evidence,
    left_out,
)
from hw1_workflow.configuration import check_data_files
from hw1_workflow.entries import ARMS, OWN_TABLES, products, read, style, tables_of
from hw1_workflow.estimates import peak_memory, training_seconds
from hw1.batches import PATTERN, seeds_of
from hw1.wording import outcome
from hw1_workflow.overlays import expanded, leaves, merged, settings_of_files, with_line
from hw1_workflow.runs import OF_A_RUN, Run, batch_settings, batches, dataset_name
from hw1_workflow.runs import seeds_of_experiment, start_of
from hw1_workflow.sections import sections
from hw1_workflow.sources import code, digest, missing, run_jobs_with
from snakemake_logger_plugin_hw1 import MADE, TRAININGS, status
from hw1_workflow.yaml_files import Document, load

# snakemake status: now, since a build that runs has locked the folder; not in a program that calls
# Snakemake and has arguments of its own.
if "status" in sys.argv[1:] and "snakemake" in sys.argv[0] and not MODULE:
    print(status())
    sys.exit()


def here(path):
    """A file that is no result, as an input: relative, so that a moved or freshly cloned repository
    is the same workflow; a module's prefix is put before relative paths, and spares others."""
    return os.path.abspath(path) if PREFIX else os.path.relpath(path)


def parsed(path):
    """A YAML file of the repository."""
    try:
        return load(ROOT / path, path).content
    except ValueError as error:
        sys.exit(str(error))


def command_line_files():
    """The overlays of the command line. The base is none, also when it is named again, and one that
    is given twice is one."""
    named = {os.path.realpath(path): path for path in workflow.overwrite_configfiles or []}
    named.pop(os.path.realpath(ROOT / "config.yaml"), None)
    return list(named.values())


def variants_ever(files):
    """The variants that each experiment has in any file, also those that an overlay leaves out."""
    found = {}
    for document in files.values():
        for name, entry in (document.content.get("experiments") or {}).items():
            found.setdefault(name, {}).update(dict.fromkeys((entry or {}).get("variants") or ()))
    return found


def without_lines(settings):
    """Settings that stand in no file."""
    keys = []
    for key, value in leaves(settings):
        items = range(len(value)) if isinstance(value, list) else ()
        keys += [(*key.split("."), *more) for more in ((), *((item,) for item in items))]
    return Document(settings, {key[:n]: 0 for key in keys for n in range(1, len(key) + 1)})


# The files are read again, strictly, and take the place of what Snakemake has merged. A module has
# its own settings from the workflow that it is part of, and the command line is that one's.
overlays = [] if MODULE else command_line_files()
files = {}
try:
    if workflow.config_settings.replace_workflow_config and not MODULE:
        raise ValueError(
            "--replace-workflow-config leaves out config.yaml: give --configfile alone"
        )
    for path in [ROOT / "config.yaml", *overlays]:
        name = os.path.relpath(path)
        files[name] = load(path, name)
    if MODULE:
        files["config of the module"] = without_lines(config)
        config = settings_of_files(files, os.path.relpath(ROOT))
    else:
        given = workflow.config_settings.config
        combined = merged(settings_of_files(files), given)
        files["--config"] = without_lines(given)
        config.clear()
        config.update(combined)
    ANALYSES, drawn, KINDS = read(config)
    if not MODULE:  # of which another rule of the workflow may make it
        check_data_files(config)
    downloads = expanded("downloads", config["downloads"])
    if config["device"] in ("cuda", "mps") and workflow.local_exec:
        # Only then: torch takes seconds to import, and elsewhere the jobs themselves will see.
        from hw1.devices import choose_device

        choose_device(config["device"])
    # Also what an overlay leaves out.
    ever = {key: {} for key in ("experiments", "claims")}
    for key in ever:
        for document in files.values():
            ever[key] |= document.content.get(key) or {}
    variants = variants_ever(files)
    CLAIMS = {}
    for key, entry in config["claims"].items():
        name = os.path.relpath(entry["file"])
        files[name] = load(name)
        CLAIMS[key] = files[name].content
        check_claims(CLAIMS[key], ever["experiments"], name)
        check_evidence(key, CLAIMS[key], config, ANALYSES, variants)
    check_left_out(config["claims"], CLAIMS)
    if CLAIMS.keys() == ever["claims"].keys():
        check_ids(drawn, CLAIMS.values())
    # Without those of which all that they are about was left out.
    CLAIMS = {
        key: claims
        for key, claims in CLAIMS.items()
        if evidence(claims, config, ANALYSES, ARMS[0], PREFIX)
    }
    ids = [claim["id"] for claims in CLAIMS.values() for claim in claims]
    if twice := [name for name in ids if ids.count(name) > 1]:
        raise ValueError(f"claims: found {twice[0]} twice, expected an id for each claim")
except ValueError as error:
    sys.exit(with_line(str(error), files))


# --- what follows from it

FIGURES = {f.name: f for f in drawn if f.experiment or f.name in CLAIMS}
ANALYSIS = {(analysis.experiment, analysis.name): analysis for analysis in ANALYSES}
# A job of an analysis by its scope, and where it leaves its tables; one that sees a whole experiment
# leaves what others are joined to.
JOBS = {
    "experiment": "{experiment}_{table}",
    "seeds": "{experiment}/{table}/{seeds}",
    "run": "{experiment}/{table}/{variant}/{seeds}",
}
PLACES = {
    scope: f"results/{'tables' if scope == 'experiment' else 'analyses'}/{job}.csv"
    for scope, job in JOBS.items()
}
# The analyses whose tables are joined of what single jobs leave, by table.
JOINED = {
    f"{analysis.experiment}_{table}": analysis
    for analysis in ANALYSES
    if analysis.kind.declared["scope"] != "experiment"
    for table in analysis.tables
}
AS_CODED = merged(config, parsed("presets/as_coded.yaml"))
# Of each list of claims, the arms that it is decided for.
DECIDED = {
    name: arms(partial(evidence, CLAIMS[name], config, ANALYSES, prefix=PREFIX)) for name in CLAIMS
}


wildcard_constraints:
    experiment="|".join(config["experiments"]),
    variant="|".join({v: 0 for e in config["experiments"].values() for v in e["variants"]}),
    seeds=PATTERN,
    dataset="|".join(config["datasets"]),
