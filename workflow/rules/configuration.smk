# The configuration, read strictly and checked before anything else; what follows from it.

import functools
import json
import os
import shlex
import sys
from functools import partial
from pathlib import Path

ROOT = Path(workflow.basedir)
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "workflow")]

from command_line import delete_kept, parsed_options, unknown_target, weakened
from entries import (
    ARMS,
    OWN_TABLES,
    arms,
    evidence,
    products,
    read,
    style,
    tables_of,
)
from estimates import peak_memory, training_seconds
from hw1.batches import PATTERN, seeds_of
from overlays import expanded, leaves, merged, settings_of_files, with_line
from runs import OF_A_RUN, Run, batch_settings, batches, dataset_name, start_of
from sections import sections
from sources import digest, missing, modules
from validation import check_schema
from yaml_files import Document, load


def parsed(path):
    """A YAML file of the repository."""
    try:
        return load(ROOT / path, path).content
    except ValueError as error:
        sys.exit(str(error))


# The files are read again, strictly, and take the place of what Snakemake has merged. The base is
# no overlay, also when it is named again, and an overlay given twice is one.
named = {os.path.realpath(path): path for path in workflow.overwrite_configfiles or []}
named.pop(os.path.realpath(ROOT / "config.yaml"), None)
overlays = list(named.values())
files = {}
try:
    if workflow.config_settings.replace_workflow_config:
        raise ValueError(
            "--replace-workflow-config leaves out config.yaml: give --configfile alone"
        )
    for path in [ROOT / "config.yaml", *overlays]:
        name = os.path.relpath(path)
        files[name] = load(path, name)
    given = workflow.config_settings.config
    combined = merged(settings_of_files(files), given)
    files["--config"] = Document(given, {tuple(key.split(".")): 0 for key, _ in leaves(given)})
    config.clear()
    config.update(combined)
    ANALYSES, drawn, KINDS = read(
        config,
        parsed("workflow/schemas/config.schema.yaml"),
        parsed("workflow/schemas/kind.schema.yaml"),
    )
    downloads = expanded("downloads", config["downloads"])
    if config["device"] in ("cuda", "mps") and workflow.local_exec:
        # Only then: torch takes seconds to import, and elsewhere the jobs themselves will see.
        from hw1.devices import choose_device

        choose_device(config["device"])
    CLAIMS = {}
    for key, entry in config["claims"].items():
        name = os.path.relpath(entry["file"])
        files[name] = load(name)
        CLAIMS[key] = files[name].content
        check_schema(CLAIMS[key], parsed("workflow/schemas/claims.schema.yaml"), name)
        if not evidence(CLAIMS[key], config, ANALYSES, ARMS[0]):
            del CLAIMS[key]  # all that it is about was left out
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
DECIDED = {name: arms(partial(evidence, CLAIMS[name], config, ANALYSES)) for name in CLAIMS}


wildcard_constraints:
    experiment="|".join(config["experiments"]),
    variant="|".join({v: 0 for e in config["experiments"].values() for v in e["variants"]}),
    seeds=PATTERN,
    dataset="|".join(config["datasets"]),
