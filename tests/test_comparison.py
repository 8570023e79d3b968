"""Does a build agree with the published seeds: p by hand, error rates, a real build."""

import json
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import ROOT
from repository import run_script

from hw1.claims import comparison
from hw1.claims.comparison import compare, in_spreads, independent, p_apart, rows_of
from hw1.claims.sample import Sample
from hw1.plan.published import published_plan
from hw1.plan.reading import files_of, planned
from hw1.results import tables
from hw1.settings.claims import Claim, Region, Rule
from hw1.settings.overlays import settings_of_files


def sample(*values: float, **kind) -> Sample:
    return Sample(np.array(values, float), **kind)


@pytest.mark.parametrize(
    "ours, theirs, p",
    [
        # 1 of the 12 places at either end.
        (sample(99), sample(*range(11)), 2 / 12),
        (sample(-1), sample(*range(39)), 2 / 40),
        (sample(5.5), sample(*range(11)), 1),
        (sample(1), sample(1, 0, 0, 0, 0), 2 * 2 / 6),  # as far out as one of theirs
        # 2 of the 20 ways to choose three of six.
        (sample(4, 5, 6), sample(1, 2, 3), 2 / 20),
        (sample(0, 0, 0), sample(0, 0, 0, 0), 1),
        # 2 of the 70 ways to choose four of eight.
        (sample(1, 1, 1, 1, share=True), sample(0, 0, 0, 0, share=True), 2 / 70),
        (sample(1, share=True), sample(0, 0, 0, share=True), 1 / 4),
    ],
)
def test_p_by_hand(ours, theirs, p):
    assert p_apart(ours, theirs) == pytest.approx(p)


def tied(rng, n):
    return np.round(rng.normal(size=n))


@pytest.mark.parametrize("n, m", [(1, 11), (1, 99), (2, 12), (12, 12), (3, 80)])
@pytest.mark.parametrize("draw", [lambda rng, n: rng.standard_cauchy(n), tied])
def test_what_is_from_one_population_differs_in_no_more_than_5_percent(n, m, draw, monkeypatch):
    monkeypatch.setattr(comparison, "PERMUTATIONS", 199)
    rng = np.random.default_rng(n + m)
    draws = [(Sample(draw(rng, n)), Sample(draw(rng, m))) for _ in range(300)]
    wrong = sum(p_apart(*pair) <= 0.05 for pair in draws)
    assert wrong <= 28  # 15 expected; more in 0.1 % of cases


def test_differences_are_in_standard_deviations_of_a_seed():
    assert in_spreads(sample(7), sample(1, 2, 3)) == pytest.approx(5)
    ratios = sample(1, np.e, np.e**2, null=1)
    assert in_spreads(sample(np.e**4, null=1), ratios) == pytest.approx(3)
    assert in_spreads(sample(1), sample(2, 2)) is None
    assert in_spreads(sample(0, null=1), ratios) is None


@pytest.mark.parametrize(
    "ours, theirs, expected",
    [
        ({0}, {0, 1, 2}, ({0}, {1, 2})),
        ({0, 1, 2, 3}, {0, 1}, ({2, 3}, {0, 1})),
        ({0, 1}, {0, 1}, (set(), set())),
        ({5}, {0, 1}, ({5}, {0, 1})),
    ],
)
def test_no_seed_is_on_both_sides(ours, theirs, expected):
    assert independent(ours, theirs) == expected


RULE = Rule(
    measure="accuracy",
    statistic="final_accuracy",
    of={"experiment": "e", "split": "test", "variant": "v"},
    confirmed=Region(above=50),
)
CLAIM = Claim(
    id="C1", experiment="e", where="here", claim="It learns.", known="nothing", parts=(RULE,)
)


def accuracies(values: dict[int, float]) -> dict[str, pd.DataFrame]:
    rows = [
        {"variant": "v", "seed": seed, "epoch": 1, "split": "test", "accuracy": value, "loss": 1.0}
        for seed, value in values.items()
    ]
    return {"e_metrics": pd.DataFrame(rows)}


PUBLISHED = {seed: 0.90 + 0.001 * seed for seed in range(12)}


@pytest.mark.parametrize(
    "ours, verdict, difference",
    [
        ({20 + seed: 0.9002 + 0.001 * seed for seed in range(12)}, "in line", 0.0555),
        ({20 + seed: 0.95 + 0.001 * seed for seed in range(6)}, "differs", 13),
        ({20: 0.9051}, "in line", -0.111),
        ({20: 0.95}, "outside their range", 12.3),
    ],
)
def test_planted_differences(ours, verdict, difference):
    pairs = compare([CLAIM], accuracies(ours), accuracies(PUBLISHED), ["e"])
    (row,) = rows_of(pairs)
    assert row["verdict"] == verdict
    assert row["difference"] == pytest.approx(difference, abs=0.05)
    assert row["theirs_n"] == 12


def test_a_seed_that_both_have_is_not_compared_with_itself():
    (row,) = rows_of(compare([CLAIM], accuracies({0: 0.9}), accuracies(PUBLISHED), ["e"]))
    assert (row["ours_n"], row["theirs_n"], row["verdict"]) == (1, 11, "outside their range")
    assert "as 16.7 % of such runs are" in row["sentence"]
    assert compare([CLAIM], accuracies(PUBLISHED), accuracies(PUBLISHED), ["e"]) == []


def test_what_cannot_be_computed_is_said():
    ours = accuracies({0: np.nan})
    (row,) = rows_of(compare([CLAIM], ours, accuracies(PUBLISHED), ["e"]))
    assert row["verdict"] == "not compared" and "accuracy is nan" in row["sentence"]


def test_only_what_both_have_is_compared(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    # A part of another arm, an analysis of one's own, and none of the claims about some.
    part = tmp_path / "as_coded/results/tables/function_fit_metrics.csv"
    part.parent.mkdir(parents=True)
    part.touch()
    mine = {"kind": "distances", "view": "model"}
    overlay = {
        "claims": {"controls": None},
        "experiments": {"trajectory": {"analyses": {"mine": mine}}},
    }
    Path("mine.yaml").write_text(json.dumps(overlay), encoding="utf-8")
    plan = planned(files_of(ROOT, ["mine.yaml"]))
    published = published_plan("results/published", "", plan.config)
    compared = published.tables_compared(plan, "as_written")
    assert "dying_relu_metrics" in compared
    assert "trajectory_distances_model" in compared
    assert not [table for table in compared if "mine" in table or table == "dying_relu_history"]
    assert published.tables_compared(plan, "as_coded") == ["function_fit_metrics"]


def test_published_settings_are_what_they_were_whatever_the_defaults_are_now(monkeypatch):
    plan = planned(files_of(ROOT, []))
    before = published_plan("results/published", "", plan.config).experiments

    def other_defaults(files):
        said = settings_of_files(files)
        training = said["defaults"]["training"] | {"weight_decay": 0.5, "precision": "bf16"}
        return said | {"defaults": said["defaults"] | {"training": training}}

    monkeypatch.setattr("hw1.plan.published.settings_of_files", other_defaults)
    assert published_plan("results/published", "", plan.config).experiments == before


def publish(repository, *arguments: str) -> subprocess.CompletedProcess:
    of = ("--results", "results", *arguments)
    return run_script("workflow/publish.py", *of, cwd=repository.folder, root=repository.folder)


def said(repository) -> str:
    return repository.snakemake("compare").stdout


@pytest.mark.slow
def test_a_build_is_compared_with_the_published_seeds(repository):
    run = publish(repository)
    assert run.returncode == 0, run.stderr
    assert "as_written/capacity: one seed published" in run.stdout
    for arguments, line in (
        (["capacitty"], "publish: experiments: found 'capacitty': did you mean capacity?"),
        (["--results", "none"], "publish: none/checkpoints: found no experiment of config.yaml"),
    ):
        run = publish(repository, *arguments)
        assert (run.returncode, run.stderr.strip()) == (1, line)
    text = said(repository)
    for name in ("function_fit", "mnist_cnn", "interpolation"):
        both = f"{name}: 2 seeds, published 2; of 2 seeds that both have the same numbers"
        assert both in text
    # Another seed is compared with those that are published, and trains only what it has to.
    repository.write_config(lambda c: c["experiments"]["random_labels"].update(seeds=[2]))
    repository.write_config(lambda c: c["experiments"]["capacity"]["training"].update(epochs=2))
    assert {job for job in repository.plan("compare") if job.startswith("train")} == {
        "train random_labels/lenet5/seed2"
    }
    text = said(repository)
    assert "random_labels: one seed, published 2; of 6 measures of claims" in text
    assert "capacity: not compared, training.epochs of cnn1 is 2, published is 1." in text
    rows = repository.rows("comparison_as_written", experiment="random_labels")
    # Of one epoch there is no line to take off.
    assert {(row["ours_n"], row["theirs_n"]) for row in rows} == {("1", "2"), ("", "")}
    # What is published already is not published again with other settings.
    run = publish(repository, "capacity")
    assert run.returncode != 0 and "Traceback" not in run.stderr
    assert "other settings than config.yaml" in run.stderr
    # Nor is an analysis of fewer seeds, or one of other settings beside the published one.
    path = repository.folder / "results/tables/interpolation_lines.csv"
    lines = tables.read(path)
    tables.write(path, tables.records(lines[lines["seed"] == 0]))
    run = publish(repository, "interpolation")
    assert run.returncode == 1
    assert run.stderr.strip().endswith("interpolation_lines.csv: found no seed 1: build it again")
    for variant in "ab":
        (repository.folder / f"results/checkpoints/interpolation/{variant}/seed1.pt").unlink()
    run = publish(repository, "interpolation")
    assert run.returncode == 0, run.stderr
    repository.write_config(
        lambda c: c["experiments"]["interpolation"]["analyses"]["lines"].update(points=4)
    )
    run = publish(repository, "interpolation")
    assert run.returncode == 1
    assert "lines is of all runs together, or of other settings than the published" in run.stderr
