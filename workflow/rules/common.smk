# What the rules share: the validated configuration, the files of a run, the code of a script.

import json
import os
import shlex
import sys
from functools import cache, partial
from hashlib import sha256
from pathlib import Path

ROOT = Path(workflow.basedir)
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "workflow")]

from catalogue import FIGURES, arms, drawn, evidence, products, style
from command_line import delete_second_names, parsed_options, unknown_target, weakened
from configuration import (
    Run,
    all_runs,
    alpha_grid,
    check,
    check_schema,
    dataset_name,
    expanded,
    leaves,
    jobs,
    merged,
    run_settings,
    settings_of_files,
    single_run_experiments,
    training_seconds,
    with_line,
)
from sections import sections
from sources import missing, sources
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
    check(config, parsed("workflow/schemas/config.schema.yaml"))
    downloads = expanded("downloads", config["downloads"])
    if config["device"] in ("cuda", "mps") and workflow.local_exec:
        # Only then: torch takes seconds to import, and elsewhere the jobs themselves will see.
        from hw1.devices import choose_device

        choose_device(config["device"])
except ValueError as error:
    sys.exit(with_line(str(error), files))
try:
    name = os.path.relpath(ROOT / "workflow/claims.yaml")
    files = {name: load(name)}
    check_schema(
        files[name].content, parsed("workflow/schemas/claims.schema.yaml"), "the list of claims"
    )
except ValueError as error:
    sys.exit(with_line(str(error), files))


wildcard_constraints:
    experiment="|".join(config["experiments"]),
    variant="|".join(v for e in config["experiments"].values() for v in e["variants"]),
    seed=r"\d+",
    dataset="|".join(config["datasets"]),


def modules(script):
    """The modules of hw1 that `script` imports."""
    files = sources(ROOT / f"workflow/scripts/{script}.py", ROOT / "src")
    return [os.path.relpath(file) for file in files if file.is_relative_to(ROOT / "src")]


@cache
def digest(script):
    """Digest of a script and its modules: an edit runs a job again, whatever its date."""
    files = sources(ROOT / f"workflow/scripts/{script}.py", ROOT / "src")
    return sha256(b"".join(sha256(file.read_bytes()).digest() for file in files)).hexdigest()


def settings_of(job, wildcards):
    """All settings of the runs of a job as one JSON text: Snakemake compares params as a set."""
    return json.dumps([run_settings(config, run) for run in job.runs(wildcards)], sort_keys=True)


def data_of(run):
    """The data file of a run."""
    return f"results/data/{dataset_name(config, run)}.npz"


def data_of_job(job, wildcards):
    """The data file of the runs of a job."""
    return data_of(job.runs(wildcards)[0])


def files_of(experiment, kind, ending):
    """The files of one kind of all runs of `experiment`."""
    return [f"results/{kind}/{run}.{ending}" for run in all_runs(config, experiment)]


def dataset_settings(wildcards):
    """The settings of a data set as one JSON text, without the title that figures show."""
    settings = config["datasets"][wildcards.dataset]
    return json.dumps({k: v for k, v in settings.items() if k != "title"}, sort_keys=True)


def expected_seconds(job, wildcards):
    """A rough estimate of the time that a job trains."""
    runs = job.runs(wildcards)
    return 1 + round(sum(training_seconds(run_settings(config, run)) for run in runs))


def growing(first, wildcards, attempt):
    """A request that grows with each attempt."""
    return first * attempt


def time_limit(job, wildcards, attempt):
    """Minutes after which a cluster may stop a training, which then resumes on the next try."""
    return growing(20 + expected_seconds(job, wildcards) // 15, wildcards, attempt)


def tabulated(wildcards):
    """The tables of single runs (of seeds, for lines) that one table of an experiment joins."""
    if wildcards.kind != "lines":
        return files_of(wildcards.experiment, wildcards.kind, "csv")
    seeds = config["experiments"][wildcards.experiment]["seeds"]
    return [f"results/lines/{wildcards.experiment}/seed{seed}.csv" for seed in seeds]


def line_end(index, wildcards):
    """The weights of the first or second variant of an interpolation."""
    variant = list(config["experiments"][wildcards.experiment]["variants"])[index]
    return f"results/weights/{wildcards.experiment}/{variant}/seed{wildcards.seed}.npz"


def category_of(wildcards):
    """Where a figure stands in Snakemake's report: under its experiment."""
    experiment = FIGURES[wildcards.figure].experiment
    return config["experiments"][experiment]["title"] if experiment else "Claims"


def command_line():
    """What makes this build again, from the folder of the repository."""
    place = os.path.relpath(os.getcwd(), ROOT)
    directory = ["--directory", place] if place != "." else []
    paths = [os.path.relpath(path, ROOT) for path in overlays]
    return shlex.join(["snakemake", *directory, *(["--configfile", *paths] if paths else [])])
