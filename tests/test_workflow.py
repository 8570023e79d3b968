"""The whole workflow on small data: what it builds, and what it builds again.

One build of a reduced configuration (the digits, few epochs, three capacity models) in a copy of
the repository; each test looks at it, or changes and runs a copy of its own.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time

import pytest
import yaml
from browser import faults, look_at, needs_chromium
from conftest import ROOT
from repository import Repository, of, reduced, with_controls

from hw1.settings.batches import seed_list
from hw1.settings.claim_lists import METRICS
from hw1.settings.entries import read

FIGURES = [
    f"fig_{name}"
    for name in (
        "sinc_loss sign_loss sinc_fit sign_fit cnn_loss cnn_accuracy pca_layer1 pca_model "
        "distances_layer1 distances_model grad_norm interp params random_labels collapse claims"
    ).split()
]
# What every changed table is part of.
LEDGER = {"claims claims/as_written", "figure claims", "page index"}
TABLES = ("history", "metrics")  # of every experiment
VOLATILE = ("logs", "benchmarks", "provenance")  # differ between attempts, and nothing reads them


def test_everything_is_built(built):
    results = built.folder / "results"
    for figure in FIGURES:
        assert (results / f"{figure}.png").stat().st_size > 5_000
        assert (results / f"{figure}.svg").stat().st_size > 5_000
    assert sorted(path.stem for path in results.glob("fig_*.png")) == sorted(FIGURES)
    leftovers = {p.suffix for p in (results / "checkpoints").rglob("*") if p.is_file()} - {".pt"}
    assert leftovers == set()


def test_metrics_hold_every_run_and_split_with_its_parameters(built):
    rows = built.rows("mnist_cnn_metrics")
    assert list(rows[0]) == METRICS
    keys = {(row["variant"], row["seed"], row["split"]) for row in rows}
    assert len(keys) == len(rows) == 2 * 2 * 2
    assert {row["parameters"] for row in rows} == {"108618", "390410"}
    assert {row["examples"] for row in rows} == {"1437", "360"}


def test_every_job_has_a_log_and_a_benchmark(built):
    results = built.folder / "results"
    for kind, ending in (("logs", "log"), ("benchmarks", "tsv")):
        assert len(list((results / kind / "train").rglob(f"*.{ending}"))) == 20
    facts = json.loads(
        (results / "provenance/capacity/cnn1/seed0.json").read_text(encoding="utf-8")
    )
    assert facts["training_seconds"] > 0


def test_second_run_does_nothing(repository):
    before = repository.digests("checkpoints", "metrics", "tables", ".")
    assert "Nothing to be done" in repository.snakemake().stderr
    assert repository.digests("checkpoints", "metrics", "tables", ".") == before


def test_other_dates_comments_and_places_of_the_sources_do_nothing(built, fresh):
    for name in ("results", ".snakemake"):
        shutil.copytree(built.folder / name, fresh.folder / name)
    for name in (
        "workflow/scripts/train.py",
        "src/hw1/training/loop.py",
        "src/hw1/figures/collapse.py",
    ):
        path = fresh.folder / name
        text = path.read_text(encoding="utf-8")
        told = text.replace('"""', '"""Said better: ', 1)
        path.write_text(f"# A comment.\n\n{told}", encoding="utf-8")
    for path in fresh.folder.rglob("*"):
        if path.is_file() and not {"results", ".snakemake"} & set(path.parts):
            path.touch()
    assert fresh.plan() == set()


def test_a_width_retrains_that_model_and_what_aggregates_it(repository):
    def widen(config):
        config["experiments"]["capacity"]["variants"]["cnn2"]["model"]["hidden"] = [21]
        config["experiments"]["capacity"]["figures"]["params"]["colours"] = {"test": "#AA0000"}

    repository.write_config(widen)
    assert repository.plan() == {
        "train capacity/cnn2/seed0",
        "evaluate capacity/cnn2/seed0",
        "tabulate capacity/metrics",
        "tabulate capacity/history",
        "figure params",
        *LEDGER,
    }
    before = repository.digests("checkpoints", "metrics", "tables", ".")
    repository.snakemake()
    changed = {
        name
        for name, digest in repository.digests("checkpoints", "metrics", "tables", ".").items()
        if before[name] != digest and name.split("/")[1] not in VOLATILE
    }
    svg = (repository.folder / "results/fig_params.svg").read_text(encoding="utf-8")
    assert "#aa0000" in svg
    # Ranks of losses may stay as they were, and with them the ledger.
    ledger = {
        "results/tables/claims_as_written.csv",
        "results/tables/claims_parts_as_written.csv",
        "results/fig_claims.png",
        "results/fig_claims.svg",
    }
    assert changed - ledger == {
        "results/checkpoints/capacity/cnn2/seed0.pt",
        "results/history/capacity/cnn2/seed0.csv",
        "results/metrics/capacity/cnn2/seed0.csv",
        "results/tables/capacity_metrics.csv",
        "results/tables/capacity_history.csv",
        "results/fig_params.png",
        "results/fig_params.svg",
        "results/index.html",
    }

    def narrow(config):
        config["experiments"]["capacity"]["variants"]["cnn2"]["model"]["hidden"] = [20]

    repository.write_config(narrow)
    repository.snakemake()
    # the same settings give the same bytes again
    after = repository.digests("checkpoints", "metrics", "tables")
    assert after == {name: before[name] for name in after}


def test_preparing_the_same_data_again_does_nothing_more(repository):
    before = repository.digests("data")
    repository.snakemake("--force", "results/data/digits.npz")
    assert repository.digests("data") == before
    assert repository.plan() == set()


def test_seeds_in_other_batches_are_not_trained_again_and_have_the_same_bytes(repository):
    """Of functions, which see the same batches, of networks that train one after another, and of
    MLPs with batches of their own."""

    def cut(config):
        config["experiments"]["function_fit"] |= {"seeds": [0, 1, 2], "seeds_per_job": 3}
        config["experiments"]["mnist_cnn"] |= {"seeds": [0, 1, 2], "seeds_per_job": 3}
        config["experiments"]["gradient_norm"] |= {"seeds": [0, 1, 2], "seeds_per_job": 3}

    experiments = ("function_fit", "mnist_cnn", "gradient_norm")
    targets = [f"results/tables/{name}_{kind}.csv" for name in experiments for kind in TABLES]
    made = (*(f"checkpoints/{name}" for name in experiments), "tables")

    def lines() -> dict[str, list[str]]:
        texts = {file: (repository.folder / file).read_text(encoding="utf-8") for file in targets}
        return {file: text.splitlines() for file, text in texts.items()}

    apart = lines()  # the first two seeds of networks and MLPs each trained alone
    repository.write_config(cut)
    run = repository.snakemake("--verbose", *targets)
    # Snakemake looks for jobs when one has ended, and not ever more often (see terminal.smk).
    rounds, ended = (run.stderr.count(words) for words in ("Ready jobs: ", "Finished jobid: "))
    assert 0 < rounds <= ended + 1
    logs = [
        log.read_text(encoding="utf-8")
        for experiment in experiments
        for log in (repository.folder / "results/logs/train" / experiment).glob("*/seeds0-2.log")
    ]
    assert len(logs) == 3 + 2 + 1
    assert all(log.count("of the result that is there") == 2 for log in logs)
    assert all("training seed2" in log for log in logs)
    before = repository.digests(*made)
    # All three together: the bytes are those of seeds that were trained apart.
    for kind in ("checkpoints", "history", "metrics"):
        for experiment in experiments:
            shutil.rmtree(repository.folder / "results" / kind / experiment)
    for target in targets:
        (repository.folder / target).unlink()
    repository.snakemake(*targets)
    again = repository.digests(*made)
    assert again == {name: before[name] for name in again}
    together = lines()
    for file in targets:
        assert len(together[file]) > len(apart[file]) and {*apart[file]} <= {*together[file]}


def test_a_rule_is_named_once_and_options_reach_all_of_it(repository):
    """Rules, not variants, have names: what is said of `train` holds for every training. The
    longest comes first."""
    epochs = {"epochs": 90_000}
    repository.write_config(lambda c: c["experiments"]["function_fit"]["training"].update(epochs))
    run = repository.snakemake(
        "--dry-run", "--until", "train", "--set-resources", "train:mem_mb=8123", "--set-threads",
        "train=1",
    )  # fmt: skip
    said = run.stdout + run.stderr
    assert len(re.findall(r"^    resources: .*mem_mb=8123", said, re.MULTILINE)) == 3
    priority = dict(re.findall(r"variant=(\w+), seeds=seeds0-1\n\s+priority: (\d+)", said))
    assert len(priority) == 3 and int(priority["sinc_shallow"]) > int(priority["sinc_deep"])
    graph = repository.snakemake("--rulegraph").stdout
    named = set(re.findall(r'label = "([^"]+)"', graph))
    assert {"train", "evaluate", "snapshot", "pca", "distances", "interpolate", "predict"} <= named
    assert not {name for name in named if re.search(r"\d|function_fit|mnist", name)}


def test_a_figure_is_a_target_by_its_short_name_and_runs_only_its_own_experiment(fresh):
    runs = [f"interpolation/{variant}/seed{seed}" for variant in "ab" for seed in (0, 1)]
    assert fresh.plan("fig_interp") == {
        "prepare_data digits",
        *(f"{rule} {run}" for rule in ("train", "snapshot") for run in runs),
        "interpolate interpolation/lines/seed0",
        "interpolate interpolation/lines/seed1",
        "tabulate interpolation/lines",
        "figure interp",
        "fig_interp",
    }


@pytest.mark.slow
def test_the_longest_command_of_what_is_accepted_is_one_that_can_run(fresh):
    """Of as many batches as there may be; Linux takes no argument of 128 KiB."""

    config = fresh.config()

    def accepted(batches):
        config["experiments"]["trajectory"] |= {"seeds": f"0-{batches - 1}", "seeds_per_job": 1}
        try:
            return bool(read(config))
        except ValueError:
            return False

    most, too_many = 1, 10_000
    while most < too_many - 1:
        middle = (most + too_many) // 2
        most, too_many = (middle, too_many) if accepted(middle) else (most, middle)
    assert accepted(most) and most > 1000
    fresh.write_config(lambda _: config)
    tables = [f"results/tables/trajectory_{table}.csv" for table in ("metrics", "pca_layer1")]
    planned = fresh.snakemake("--dry-run", "--printshellcmds", *tables)
    lines = (planned.stdout + planned.stderr).splitlines()
    commands = [line for line in lines if "python.sh" in line]
    assert 60_000 < max(map(len, commands)) < 131_072 - 20_000


def test_cores_do_not_change_the_bytes(built, fresh):
    fresh.snakemake("results/tables/mnist_cnn_metrics.csv", "--cores", "1")
    checkpoints = fresh.digests("checkpoints/mnist_cnn")
    assert len(checkpoints) == 4
    assert checkpoints == built.digests("checkpoints/mnist_cnn")


def test_a_killed_training_resumes_and_ends_in_the_same_bytes(tmp_path, python):
    """SIGKILL to a training after its first save; the next plain run goes on from there."""

    def long(config):
        reduced(config)
        config["resume_interval"] = 1
        config["experiments"]["random_labels"]["seeds"] = [0]
        config["experiments"]["random_labels"]["training"]["epochs"] = 16

    target = "results/checkpoints/random_labels/lenet5/seed0.pt"
    disturbed, undisturbed = (Repository(tmp_path / name, python) for name in ("killed", "whole"))
    for copy in (disturbed, undisturbed):
        copy.write_config(long)
    undisturbed.snakemake(target)

    resume = (disturbed.folder / target).with_suffix(".resume")
    killed = subprocess.Popen(
        [sys.executable, "-m", "snakemake", "--cores", "2", target],
        cwd=disturbed.folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # a process group of its own, to be killed as a whole
    )
    while not resume.exists():
        assert killed.poll() is None, "the training ended before it was saved"
        time.sleep(0.01)
    os.killpg(killed.pid, signal.SIGKILL)
    assert killed.wait() != 0
    assert not (disturbed.folder / target).exists()
    disturbed.snakemake("--unlock", target)
    disturbed.snakemake(target)
    log = disturbed.folder / "results/logs/train/random_labels/lenet5/seed0.log"
    assert "resuming at epoch" in log.read_text(encoding="utf-8")
    assert disturbed.digests("checkpoints", "history") == undisturbed.digests(
        "checkpoints", "history"
    )


def test_the_demo_builds_every_figure_on_data_that_need_no_network(repository):
    """In a directory of its own; the results beside it stay as they are."""
    repository.write_config(with_controls)
    before = repository.digests(".")
    demo = ("--directory", "demo", "--configfile", "presets/demo.yaml")
    planned = repository.plan(*demo)
    controls = {
        "born_dead", "barriers", "label_noise", "true_labels", "controls", "minimal_ratio",
        "aligned_distances", "descent", "double_descent",
    }  # fmt: skip
    drawn = {f"fig_{figure}" for figure in of(planned, "figure")}
    assert drawn == {*FIGURES, *(f"fig_{name}" for name in controls)}
    assert of(planned, "prepare_data") == {"digits", "sinc", "sinc_100", "sign"}
    repository.snakemake("results/data/sign.npz", *demo)
    assert (repository.folder / "demo/results/data/sign.npz").exists()
    assert repository.digests(".") == before


def test_a_new_experiment_is_an_entry_and_a_target(repository):
    def add(config):
        config["experiments"]["width"] = {
            "title": "Width",
            "dataset": "digits",
            "seeds": [0],
            "training": {"optimizer": "sgd", "learning_rate": 0.1, "batch_size": 64, "epochs": 1},
            "variants": {"wide": {"model": {"kind": "mlp", "hidden": [64]}}},
        }

    repository.write_config(add)
    run = "width/wide/seed0"
    planned = {f"train {run}", f"evaluate {run}", "tabulate width/metrics"}
    assert repository.plan("all", "width") == planned | {"page index", "width"}


@pytest.mark.slow
def test_missing_mnist_ends_in_one_line_that_says_what_to_do(repository, tmp_path, monkeypatch):
    # A proxy that is not there: as on a machine without network.
    for name in ("http_proxy", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    run = repository.snakemake("results/data/mnist.npz", check=False)
    assert run.returncode != 0 and "Error in rule prepare_data" in run.stdout + run.stderr
    assert "MissingOutputException" not in run.stdout + run.stderr  # the job itself has failed
    log = (repository.folder / "results/logs/prepare_data/mnist.log").read_text(encoding="utf-8")
    last = log.strip().splitlines()[-1]
    assert re.match(r"prepare_data: MNIST is not in data/MNIST/raw .* run the demo", last), log
    assert "Traceback" not in log


def test_report_is_one_file_with_a_caption_for_each_figure(repository, tmp_path):
    report = tmp_path / "report.html"
    repository.snakemake("--report", str(report))
    page = report.read_text(encoding="utf-8")
    assert all(figure in page for figure in FIGURES)
    captions = re.findall(r'"caption": ?"((?:[^"\\]|\\.)*)"', page)
    assert len([caption for caption in captions if caption.strip()]) >= len(FIGURES)


def test_help_names_all_targets(fresh):
    said = fresh.snakemake("--quiet", "all", "--", "help").stdout
    targets = {line.split()[0] for line in said.splitlines() if line}
    assert targets >= {"all", "published", "compare", "verify", *FIGURES[:-1], "capacity"}
    assert fresh.snakemake(*targets - {"help", "published"}, "--dry-run", "--quiet").returncode == 0


@pytest.mark.slow
def test_architectures_as_coded_get_verdicts_of_their_own(repository):
    coded = ["--directory", "as_coded", "--configfile", "presets/as_coded.yaml"]
    repository.snakemake("mnist_cnn", *coded)
    assert repository.plan() == {"claims claims/as_coded", "page index"}
    repository.snakemake()
    other = Repository.at(repository.folder / "as_coded")
    for copy, parameters in ((repository, "108618"), (other, "215370")):
        assert copy.rows("mnist_cnn_metrics")[0]["parameters"] == parameters
    claims = [row["claim"] for row in repository.rows("claims_as_coded")]
    assert claims == ["C5", "C6", "C19", "C21"]
    page = (repository.folder / "results/index.html").read_text(encoding="utf-8")
    assert "As coded:" in page and "Not of the settings" not in page
    # Tables there that are of other settings than the preset's are named.
    other = {"experiments": {"mnist_cnn": {"training": {"learning_rate": 0.01}}}}
    (repository.folder / "other.yaml").write_text(yaml.safe_dump(other), encoding="utf-8")
    repository.snakemake("mnist_cnn", *coded, "other.yaml")
    repository.snakemake()
    page = (repository.folder / "results/index.html").read_text(encoding="utf-8")
    said = page.partition("Not of the settings")[2].partition("</p>")[0]
    assert "as_coded/results/tables/mnist_cnn_metrics.csv" in said
    assert "results/tables/mnist_cnn_metrics.csv" not in said.replace("as_coded/results", "")


def test_replication_is_of_other_seeds_and_nothing_else(config):
    more = yaml.safe_load((ROOT / "presets/replication.yaml").read_text(encoding="utf-8"))
    assert set(more) == {"experiments"} and set(more["experiments"]) == set(config["experiments"])
    for experiment in more["experiments"].values():
        assert set(experiment) == {"seeds"}
        assert min(seed_list(experiment["seeds"])) >= 12  # those before were looked at


@pytest.mark.slow
@needs_chromium
def test_the_page_on_a_dark_screen(built):
    assert faults(look_at(built.folder / "results/index.html", dark=True)) == []


@needs_chromium
def test_the_page_in_a_browser(built):
    looks = look_at(built.folder / "results/index.html")
    assert faults(looks) == []
    found = looks["400"]
    assert len(found["images"]) == len(FIGURES)
    others = built.config()["claims"]["claims"]["leave_out"]
    for name in [f"C{number}" for number in range(26)]:
        assert (f"{name}. " in found["text"]) == (name not in others)
    left_out = re.search(r"does not decide (.*) \(its variants are not built\)", found["text"])
    assert left_out and left_out[1].split(", ") == list(others)
    assert "This build used scikit-learn digits in place of MNIST" in found["text"]
