"""Results tell what they were made by, whatever Snakemake remembers of it."""

import json
import re
import shutil
import subprocess

import pytest
from repository import Repository, of, rules

from hw1.results import recipes, tables
from hw1.training import checkpoints

BATCH = "results/checkpoints/trajectory/mlp/seed0.pt"


def learning_rate(rate: float):
    """A change of the configuration."""

    def change(config: dict) -> None:
        config["experiments"]["trajectory"]["training"]["learning_rate"] = rate

    return change


def forget(repository: Repository) -> None:
    """What a user does who is told that a folder is locked."""
    shutil.rmtree(repository.folder / ".snakemake")


# Each makes Snakemake take results of other settings for current.
WEAKENED = {
    "metadata lost": (forget, ()),
    "settings alone": (forget, ("--rerun-triggers", "params")),
    "touched": (lambda repository: repository.snakemake("--touch"), ()),
}


@pytest.mark.parametrize("name", WEAKENED)
def test_what_was_made_by_other_settings_is_made_anew(repository, name):
    weaken, options = WEAKENED[name]
    repository.write_config(learning_rate(0.05))
    weaken(repository)
    jobs = repository.plan(*options)
    assert of(jobs, "train") == {"trajectory/mlp/seed0", "trajectory/mlp/seed1"}
    assert {"claims claims/as_written", "page index", "figure pca_model"} <= jobs
    # And back: nothing is to be done, but of what Snakemake believes to be of the others.
    repository.write_config(learning_rate(0.01))
    assert (repository.plan(*options) == set()) == (name != "touched")


def test_a_build_that_lost_its_metadata_states_and_joins_what_was_run(repository):
    forget(repository)
    repository.write_config(learning_rate(0.05))
    repository.write_config(lambda c: c["experiments"]["trajectory"].update(seeds=[0, 1, 2]))
    repository.snakemake("--drop-metadata")
    rates = {
        json.loads(run["settings"])["training"]["learning_rate"]
        for seed in (0, 1, 2)
        for run in checkpoints.load(
            repository.folder / BATCH.replace("seed0", f"seed{seed}")
        ).values()
    }
    assert rates == {0.05}
    page = (repository.folder / "results/index.html").read_text(encoding="utf-8")
    assert '<td>sgd</td><td class="n">0.05</td><td class="n">64</td>' in page
    assert "Not of the settings" not in page
    assert repository.plan() == set()


def test_what_was_made_by_other_code_is_made_anew_without_metadata(repository):
    """Of which code a job is part stands in test_plan."""
    with open(repository.folder / "src/hw1/analyses/pca.py", "a", encoding="utf-8") as file:
        file.write("\nUNUSED = 1\n")
    forget(repository)
    planned = rules(repository.plan())
    assert "pca" in planned and "train" not in planned


def test_files_of_another_folder_are_not_taken_for_ones_own(repository, built, tmp_path):
    """A checkpoint, a table and a figure, with older dates, and all of what is remembered."""
    other = Repository.at(tmp_path / "other", repository.python)
    shutil.copytree(built.folder, other.folder, symlinks=True)
    other.write_config(learning_rate(0.05))
    other.snakemake("trajectory")
    results = repository.folder / "results"
    alone = {  # none is made from another
        "checkpoints/trajectory/mlp/seed0.pt": "train trajectory/mlp/seed0",
        "weights/trajectory/mlp/seed1.npz": "snapshot trajectory/mlp/seed1",
    }
    ends = {
        "tables/trajectory_metrics.csv": "tabulate trajectory/metrics",
        "fig_distances_model.png": "figure distances_model",
        "fig_distances_layer1.svg": "figure distances_layer1",
    }
    for taken, spared in ((alone, "train trajectory/mlp/seed1"), (ends, "distances")):
        own = [path for n in taken for path in (results / n, recipes.beside(results / n))]
        before = {path: path.read_bytes() for path in own if path.exists()}
        for path in before:
            shutil.copy2(other.folder / "results" / path.relative_to(results), path)
        planned = repository.plan()
        assert {*taken.values()} <= planned
        assert not [job for job in planned if job.startswith(spared)]
        for path, content in before.items():
            path.write_bytes(content)
    # A table without the file beside it is refused where it is read.
    name = "tables/trajectory_metrics.csv"
    shutil.copy(other.folder / "results" / name, results / name)
    run = repository.snakemake("--forcerun", "results/fig_pca_model.png", check=False)
    assert run.returncode and "trajectory_metrics.csv is damaged" in run.stdout + run.stderr


def test_a_page_says_what_is_not_of_the_settings_that_it_states(repository):
    """Where Snakemake is not even allowed to make it anew."""
    metrics = repository.folder / "results/tables/trajectory_metrics.csv"
    beside = recipes.beside(metrics)
    beside.write_text(re.sub(r"by \w+", "by " + "0" * 64, beside.read_text()), encoding="utf-8")
    repository.snakemake("--allowed-rules", "page", "--forcerun", "page", "results/index.html")
    page = (repository.folder / "results/index.html").read_text(encoding="utf-8")
    said = re.search(r"Not of the settings and the code.*?</p>", page, re.DOTALL)
    assert said and "tables/trajectory_metrics.csv" in said[0] and "capacity" not in said[0]
    tables.read(metrics)  # it is whole


API = """
import sys
from pathlib import Path
from snakemake.api import SnakemakeApi
from snakemake.settings.types import ConfigSettings, ResourceSettings, DAGSettings

with SnakemakeApi() as api:
    workflow = api.workflow(
        resource_settings=ResourceSettings(cores=2), snakefile=Path("Snakefile"),
    )
    workflow.dag(DAGSettings(targets={"results/data/sinc.npz"})).execute_workflow()
print("the caller goes on")
"""


def test_a_program_that_calls_snakemake_has_arguments_of_its_own(fresh):
    (fresh.folder / "run_api.py").write_text(API, encoding="utf-8")
    run = subprocess.run(
        [fresh.python, "run_api.py", "mydata.txt", "status", "--configfile"],
        cwd=fresh.folder,
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert "the caller goes on" in run.stdout
    assert (fresh.folder / "results/data/sinc.npz").stat().st_size > 1000


def test_what_is_said_at_the_end_fails_no_build(repository):
    """The ledgers are gone by then."""
    options = ("--all-temp", "--forcerun", "claims", "--", "results/index.html")
    run = repository.snakemake(*options)
    assert not list((repository.folder / "results/tables").glob("claims_*.csv"))
    assert f"the page: {repository.folder / 'results/index.html'}" in run.stderr
