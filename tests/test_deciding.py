"""Seeds where they decide most: what they cost, which come next, and a run that is interrupted."""

import os
import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest
import yaml
from conftest import ROOT

import decide
from hw1.claims.decisions import Finding, Part
from hw1.plan import deciding
from hw1.settings.claims import Claim, Region, Rule
from hw1.settings.entries import read
from hw1.settings.estimates import training_seconds
from hw1.settings.experiments import Experiment, experiments_of
from hw1.settings.runs import Start
from hw1.settings.yaml_files import load


def rule(statistic: str = "final_loss", decides: bool = True, **of: str) -> Rule:
    region = Region(above=0)
    return Rule(measure="m", statistic=statistic, of=of, confirmed=region, decides=decides)


def claim(name: str, *experiments: str, more: tuple[Rule, ...] = ()) -> Claim:
    about = {"id": name, "experiment": experiments[0], "where": "here", "claim": "so it is"}
    own = (rule(experiment=experiment) for experiment in experiments)
    return Claim(**about, known="nothing", parts=(*own, *more))


def finding(about: Claim, needed: int | None, verdict: str = "inconclusive", *parts) -> Finding:
    return Finding(about, [*parts], 1.0, 1.0, 600.0, verdict, 0, needed)


@pytest.fixture
def config(config):
    """The default configuration, with seeds that the numbers below are of."""
    seeds = {"mnist_cnn": "0-1", "capacity": [0], "connectivity": "0-5", "dying_relu": "0-9"}
    seeds |= dict.fromkeys(("trajectory", "gradient_norm", "interpolation"), "0-11")
    for name, text in (seeds | {"random_labels": "0-11", "function_fit": "0-19"}).items():
        config["experiments"][name]["seeds"] = text
    config["experiments"]["trajectory"]["seeds_per_job"] = 4
    return config


@pytest.fixture
def experiments(config):
    return experiments_of(config)


def planted(experiments: dict[str, Experiment], costs: dict[str, float]) -> dict[str, float]:
    return dict.fromkeys(experiments, 1.0) | costs


def took(results: Path, batch: str, seconds: object) -> None:
    path = results / f"benchmarks/{batch}.tsv"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"s\th:m:s\n{seconds}\t0:00:00\n", encoding="utf-8")


# --- what a seed costs


def test_a_seed_costs_what_its_jobs_took_here(tmp_path, config):
    experiments, analyses = (found := read(config)).experiments, found.analyses
    for variant, seconds in (("a", 30), ("b", 12)):
        took(tmp_path, f"train/interpolation/{variant}/seeds0-2", seconds)
        took(tmp_path, f"evaluate/interpolation/{variant}/seeds0-2", 3)
        took(tmp_path, f"snapshot/interpolation/{variant}/seeds0-2", 1.5)
    took(tmp_path, "interpolate/interpolation/lines/seeds0-2", 6)
    took(tmp_path, "train/trajectory/mlp/seed0", 1000)  # another experiment
    cost = deciding.seconds_per_seed(experiments, "interpolation", analyses, tmp_path)
    assert cost == pytest.approx((30 + 12 + 2 * 3 + 2 * 1.5 + 6) / 3)


def test_a_seed_in_batches_that_were_cut_otherwise_was_trained_once(tmp_path):
    took(tmp_path, "train/e/v/seeds12-13", 20)
    took(tmp_path, "train/e/v/seeds12-17", 40)  # of which 12 and 13 were there
    assert deciding.measured(tmp_path / "benchmarks/train/e/v") == 60 / 6
    took(tmp_path, "train/e/v/seed20", "")  # cut off
    (tmp_path / "benchmarks/train/e/v/seed21.tsv").write_text("", encoding="utf-8")
    took(tmp_path, "train/e/v/seeds9-1", 5)  # no batch
    assert deciding.measured(tmp_path / "benchmarks/train/e/v") == 60 / 6
    assert deciding.measured(tmp_path / "benchmarks/evaluate/e/v") is None


def test_what_was_never_trained_is_estimated(tmp_path, experiments):
    took(tmp_path, "train/mnist_cnn/shallow/seed0", 7)
    estimate = training_seconds(experiments["mnist_cnn"].variants["deep"])
    assert deciding.seconds_per_seed(experiments, "mnist_cnn", [], tmp_path) == 7 + estimate


def test_cores_are_shared_by_as_many_jobs_as_there_are(experiments):
    added = {"trajectory": [12, 13, 14, 15, 16]}  # one variant, four seeds a job
    assert deciding.time_of(experiments, added, {"trajectory": 10}, 1) == 50
    assert deciding.time_of(experiments, added, {"trajectory": 10}, 8) == 25
    assert deciding.time_of(experiments, {"capacity": [1]}, {"capacity": 100}, 8) == 100 / 8


# --- the choice


def test_the_experiments_of_a_claim_are_those_that_decide_it(experiments):
    table = rule("growth", table="aligned_runs_aligned_distances")
    beside = rule("arrives", experiment="born_dead", decides=False)
    count = rule("parameter_count", experiment="capacity")
    about = claim("X", "trajectory", more=(table, beside, count))
    assert deciding.experiments_behind(about, experiments) == ["trajectory", "aligned_runs"]


def test_the_cheapest_decision_comes_first_and_half_of_what_it_lacks(experiments):
    costs = planted(experiments, {"mnist_cnn": 100, "random_labels": 40, "capacity": 1})
    found = [
        finding(claim("C5", "mnist_cnn"), 12),  # lacks 10 seeds at 100 s: 1000 s
        finding(claim("C16", "random_labels"), 32),  # 20 at 40 s: 800 s
        finding(claim("C15", "random_labels"), 60),
        finding(claim("C12", "capacity"), 20, "refuted"),
        finding(claim("C13", "capacity"), None),
    ]
    step = deciding.choose(found, experiments, costs, 1, 10_000)
    assert step == ("random_labels", {"random_labels": [*range(12, 22)]}, ["C16", "C15"], 400)
    # Six fit in 250 s; none in 30, nor of the other in 99.
    assert deciding.choose(found, experiments, costs, 1, 250).added == {
        "random_labels": [*range(12, 18)]
    }
    assert deciding.choose(found, experiments, costs, 1, 30) is None
    # All twenty, and what follows them, where that takes longer than they do.
    step = deciding.choose(found, experiments, costs, 1, 2000, beyond=800)
    assert (len(step.added["random_labels"]), step.seconds) == (20, 1600)
    step = deciding.choose(found, experiments, costs, 1, 2000, beyond=799)
    assert len(step.added["random_labels"]) == 10
    step = deciding.choose(found, experiments, costs, 1, 1000, beyond=900)
    assert (len(step.added["random_labels"]), step.seconds) == (2, 980)
    # What can have no more seeds is passed over.
    step = deciding.choose(found, experiments, costs, 1, 10_000, ["random_labels"])
    assert step == ("mnist_cnn", {"mnist_cnn": [2, 3, 4, 5, 6]}, ["C5"], 500)
    assert deciding.choose(found[3:], experiments, costs, 1, 10_000) is None


@pytest.mark.parametrize(
    "experiment, needed, count",
    [
        ("trajectory", 13, 2),  # of 12: two at least
        ("trajectory", 17, 4),  # a batch of four rather than half of five
        ("trajectory", 40, 14),
        ("dying_relu", 13, 3),  # no more than it lacks, though ten are a batch
    ],
)
def test_a_step_is_half_of_what_is_missing_or_a_batch(experiments, experiment, needed, count):
    found = [finding(claim("C", experiment), needed, "not enough seeds")]
    step = deciding.choose(found, experiments, planted(experiments, {}), 2, 1e9)
    assert len(step.added[experiment]) == count


def test_what_one_seed_gives_no_value_of_gets_as_many_as_decide_where_all_agree(experiments):
    none = Part(rule(), None, "found 1 seed, expected 2 or more")
    found = [finding(claim("C13", "capacity"), None, "not enough seeds", none)]
    # 11 values that agree have an evidence of 749, 10 of 391; 600 are needed.
    assert deciding.missing(found[0], experiments) == {"capacity": 10}
    assert deciding.choose(found, experiments, planted(experiments, {}), 1, 1e9).added == {
        "capacity": [1, 2, 3, 4, 5]
    }
    beside = none._replace(rule=rule(decides=False))
    assert not deciding.missing(finding(claim("C", "capacity"), None, "", beside), experiments)
    experiments["capacity"] = experiments["capacity"]._replace(seeds=[*range(11)])
    assert deciding.summary(found, experiments, planted(experiments, {}), 1, {}) == [
        "C13 not enough seeds: found 1 seed, expected 2 or more, and more may not change that"
    ]


def test_of_several_experiments_each_gets_what_it_lacks(experiments):
    found = [finding(claim("K", "interpolation", "connectivity", "trajectory"), 12)]
    step = deciding.choose(found, experiments, planted(experiments, {}), 1, 1e9)
    assert step.added == {"connectivity": [6, 7, 8]}


def test_a_run_that_starts_from_another_has_it_get_the_same_seeds(experiments):
    variants = experiments["capacity"].variants
    start = Start(experiment="trajectory", variant="mlp")
    variants["more"] = msgspec.structs.replace(variants["cnn1"], start=start)
    assert deciding.next_seeds(experiments, "capacity", 12) == {
        "capacity": [*range(1, 13)],
        "trajectory": [12],
    }
    costs = planted(experiments, {"trajectory": 1000, "capacity": 5})
    step = deciding.choose([finding(claim("C", "capacity"), 25)], experiments, costs, 1, 1e9)
    assert step.seconds == 12 * 5 + 1000


# --- the overlay


def test_the_seeds_stand_over_all_that_the_overlays_say(experiments, tmp_path):
    mnist_cnn = {"title": "1e-3", "seeds": [0, 1, 5]}
    first = {"experiments": {"capacity": None, "mnist_cnn": mnist_cnn}}
    second = {"figures": {"dpi": 60}, "experiments": {"capacity": None}}
    overlay = deciding.laid_over(first, second)
    assert overlay == first | second | {"experiments": first["experiments"]}
    experiments["mnist_cnn"] = experiments["mnist_cnn"]._replace(seeds=[0, 1, 5])
    added = {"mnist_cnn": [6, 7], "trajectory": [12]}
    decided = deciding.with_seeds(overlay, experiments, added)
    assert decided["experiments"] == {
        "capacity": None,
        "mnist_cnn": mnist_cnn | {"seeds": [0, 1, 5, 6, 7]},
        "trajectory": {"seeds": "0-12"},
    }
    path = tmp_path / "decided.yaml"
    path.write_text(deciding.overlay_text(decided, "make decide", "snakemake"), encoding="utf-8")
    assert load(path).content == decided
    deciding.check_same(decided, overlay, "decided.yaml")
    with pytest.raises(ValueError, match=r"^decided.yaml has other settings .*\(figures.dpi\)"):
        deciding.check_same(decided, overlay | {"figures": {"dpi": 61}}, "decided.yaml")
    with pytest.raises(ValueError, match=r"other settings .*\(device\)"):
        deciding.check_same(decided, overlay | {"device": "cpu"}, "decided.yaml")
    with pytest.raises(ValueError, match=r"^experiments.capacity: found null in one overlay"):
        deciding.laid_over(first, {"experiments": {"capacity": {"seeds": "0-3"}}})


# --- what is said


def test_a_look_is_a_line(experiments):
    before = [finding(claim(name, "trajectory"), 20) for name in ("C7", "C8", "C9")]
    now = [finding(claim("C7", "trajectory"), None, "refuted"), *before[1:]]
    assert deciding.news([], now, experiments) == "of 3 claims, 1 refuted, 2 inconclusive"
    assert deciding.news(before, before, experiments) == "nothing decided"
    assert deciding.news(before, now, experiments) == "C7 refuted at 12 seeds"
    assert deciding.news(now, before, experiments) == "C7 inconclusive at 12 seeds"
    step = deciding.Step("capacity", {"capacity": [1, 2, 3], "trajectory": [12]}, ["C8"], 240)
    assert deciding.plan(step, 600, True) == (
        "next capacity, seeds 1 to 3 with trajectory, seed 12, for C8, about 4 min; 10 min left"
    )
    assert deciding.plan(None, -3, True) == "no further seed fits, 0 s left"
    assert deciding.plan(None, 30, False) == "nothing to train, 30 s left"


def test_what_is_left_is_named_with_what_it_takes(experiments):
    found = [
        finding(claim("C7", "trajectory"), 20),
        finding(claim("C8", "trajectory"), None),
        finding(claim("C9", "gradient_norm"), 20, "not enough seeds"),
        finding(claim("C1", "function_fit"), None, "confirmed"),
        finding(claim("C2", "function_fit"), 20),
    ]
    costs = planted(experiments, {"trajectory": 60})
    assert deciding.summary(found, experiments, costs, 1, {"gradient_norm": "too many files"}) == [
        "C7 inconclusive: at 20 seeds, 8 more of trajectory, about 8 min",
        "C8 inconclusive: further seeds as these would not decide it, or it takes over 1000",
        "C9 not enough seeds: gradient_norm can have no more seeds (too many files)",
        "C2 inconclusive: its experiments have the seeds that it needs",
    ]


# --- for real


def one_experiment(config: dict) -> None:
    """Networks of four units on digits, and others that no claim is about."""
    model = {"kind": "mlp", "hidden": [4]}
    training = {"optimizer": "adam", "learning_rate": 0.001, "batch_size": 100, "epochs": 1}
    config["experiments"] = {
        name: {
            "title": name,
            "dataset": "digits",
            "seeds": [0, 1],
            "seeds_per_job": 2,
            "training": training,
            "variants": {"v": {"model": model}},
        }
        for name in ("tiny", "other", "unwanted")
    }


def run_decide(folder: Path, *arguments: str) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "workflow/decide.py", "--directory", "d", *arguments],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(folder / "src")},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@pytest.mark.slow
def test_claims_are_decided_also_when_interrupted(fresh):
    fresh.write_config(one_experiment)
    part = {"measure": "accuracy", "statistic": "final_accuracy", "confirmed": {"above": 0.01}}
    own = [
        {"id": name, "where": "here", "claim": "It learns.", "known": "nothing", "experiment": e}
        | {"parts": [part | {"of": {"experiment": e, "split": "test", "variant": "v"}}]}
        for name, e in (("X1", "tiny"), ("X2", "other"))
    ]
    over = fresh.folder / "over"
    over.mkdir()
    (over / "own.yaml").write_text(yaml.safe_dump(own), encoding="utf-8")
    text = "x-y: 1\nclaims: {own: {title: Own, file: own.yaml}}\nexperiments: {unwanted: null}\n"
    (over / "over.yaml").write_text(text, encoding="utf-8")
    decided, log = fresh.folder / "d/decided.yaml", fresh.folder / "d/results/logs/decide.log"
    arguments = ("--minutes", "30", "--configfile", "over/over.yaml", "--only", "X1")

    mistyped = run_decide(fresh.folder, *arguments, "X22")
    assert mistyped.communicate()[0] == "decide: ONLY: found 'X22': did you mean X2?\n"
    assert not decided.exists()

    # The time is over in the first build; Snakemake fails.
    process = run_decide(fresh.folder, *arguments, "--minutes", "0.05")
    said = process.communicate()[0]
    assert process.returncode == 0, said
    assert said.startswith("The time is over; Snakemake was stopped")
    failing = run_decide(fresh.folder, *arguments, "--options=--no-such-option")
    said = failing.communicate()[0].splitlines()
    assert failing.returncode == 1
    assert said[-2].endswith("error: unrecognized arguments: --no-such-option")
    assert said[-1].startswith("decide: Snakemake failed, as its last lines say")

    # Interrupted in the first build, and in one that has more seeds.
    for ready in (lambda: log.exists() and log.stat().st_size, lambda: "0-4" in written(decided)):
        log.unlink()
        process = run_decide(fresh.folder, *arguments)
        while not ready():
            assert process.poll() is None, process.communicate()[0]
            time.sleep(0.05)
        time.sleep(1)
        process.send_signal(signal.SIGINT)
        said = process.communicate()[0]
        assert process.returncode == 130, said
        assert said.splitlines()[-1].startswith("Stopped; what is finished is kept")
        assert "make decide MINUTES=30 ONLY=X1 DIRECTORY=d CONFIGFILE=over/over.yaml" in said

    process = run_decide(fresh.folder, *arguments)
    said = process.communicate()[0]
    assert process.returncode == 0, said
    # One of two claims takes an evidence of 80: eight values that agree have 108, seven 58. Steps
    # are of 3, 2 and 2 seeds.
    lines = [line.partition("  ")[2] for line in said.splitlines() if re.match(r"\d\d:", line)]
    assert lines[-1].startswith("X1 confirmed at 9 seeds; nothing to train"), said
    assert "of one claim, 1 confirmed" in said
    found = load(decided).content
    assert found["claims"] == {"own": {"title": "Own", "file": "../over/own.yaml"}}
    assert found["experiments"].keys() == {"unwanted", "tiny"}
    trained = {path.parent.parent.name for path in decided.parent.glob("results/history/*/*/*.csv")}
    assert trained == {"tiny"}, "only what the claim needs"

    # A later one goes on from there, and has all it needs.
    again = run_decide(fresh.folder, "--minutes", "30", "--only", "X1").communicate()[0]
    assert "of one claim, 1 confirmed; nothing to train" in again
    assert load(decided).content == found
    target = "results/tables/tiny_metrics.csv"
    plan = fresh.snakemake("-n", target, "--directory", "d", "--configfile", "d/decided.yaml")
    assert "Nothing to be done" in plan.stdout + plan.stderr


@pytest.mark.parametrize(
    "arguments, message",
    [
        (
            ["--minutes", "1", "--cores", "two"],
            "CORES or OPTIONS: invalid literal for int() with base 10: 'two'",
        ),
        (
            ["--minutes", "1", "--options=--rerun-incomplete --configfile=x.yaml"],
            "OPTIONS: found --configfile=x.yaml: say it with CONFIGFILE or DIRECTORY, or to "
            "snakemake itself",
        ),
    ],
)
def test_a_mistake_is_one_line_before_anything_else(tmp_path, monkeypatch, arguments, message):
    monkeypatch.setattr(sys, "argv", ["decide.py", "--directory", str(tmp_path / "d"), *arguments])
    monkeypatch.setattr(decide, "signal", None)  # what it would need next
    with pytest.raises(SystemExit) as stopped:
        decide.main()
    assert stopped.value.code == f"decide: {message}" and not (tmp_path / "d").exists()


def written(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""


def test_make_hands_on_what_it_is_given():
    given = ("MINUTES=3", "ONLY=C5 C13", "DIRECTORY=demo", "CONFIGFILE=presets/demo.yaml")
    make = ["make", "-n", "-o", ".venv/installed", "decide", *given, "OPTIONS=--quiet all"]
    # A make that is started by another one says which directories it enters.
    alone = {key: value for key, value in os.environ.items() if not key.startswith("MAKE")}
    run = subprocess.run([*make, "CORES=2"], cwd=ROOT, env=alone, capture_output=True, text=True)
    expected = (
        ".venv/bin/python workflow/decide.py --minutes 3 --only C5 C13 --directory demo "
        "--configfile presets/demo.yaml --cores 2 '--options=--quiet all'"
    )
    assert shlex.split(run.stdout.replace("\\\n", "")) == shlex.split(expected)
