"""A small training on real MNIST, through the command line, as the workflow runs it."""

import csv
import json

import numpy as np
import pytest
from conftest import ROOT, needs_mnist
from msgspec.structs import replace
from repository import Repository, leave_out, run_script

from hw1.data import datasets
from hw1.results import arrays, published, tables
from hw1.settings.experiments import settings_of


@needs_mnist
def test_one_epoch_on_real_mnist_classifies_most_of_the_test_images(config, tmp_path):
    settings = settings_of(config, "trajectory", "mlp")
    training = replace(
        settings.training, optimizer="adam", learning_rate=0.001, epochs=1, snapshot_epochs=(0,),
        evaluate_each_epoch=("test",),
    )  # fmt: skip
    arrays.save(tmp_path / "mnist.npz", datasets.mnist(ROOT / "data"))
    run = run_script(
        "workflow/scripts/train.py",
        "--settings", replace(settings, training=training).text, "--data", tmp_path / "mnist.npz",
        "--code", __file__, "--device", "cpu", "--resume-interval", "60",
        "--checkpoint", tmp_path / "seed0.pt", "--history", tmp_path / "seed0.csv",
        "--provenance", tmp_path, cwd=tmp_path,
    )  # fmt: skip
    assert run.returncode == 0, run.stdout + run.stderr
    with open(tmp_path / "seed0.csv", encoding="utf-8") as file:
        (row,) = csv.DictReader(file)
    assert int(row["iteration"]) == int(np.ceil(60_000 / 64))
    assert float(row["test_accuracy"]) > 0.93
    assert float(row["test_loss"]) == pytest.approx(-np.log(0.8), abs=0.15)


# Of these the first epochs alone are trained and compared, by their history: no setting of theirs
# makes an epoch depend on how many follow.
SHORT = {"trajectory": 2, "interpolation": 2, "random_labels": 2}


@pytest.mark.slow
@needs_mnist
@pytest.mark.parametrize(
    "cheap",
    [("function_fit", "gradient_norm", "gradient_zero", "double_descent"), (*SHORT,)],
    ids="_".join,
)
def test_a_published_seed_trained_anew_has_its_numbers_or_some_like_the_others(
    tmp_path, python, cheap
):
    # The same numbers on the same processor with the same versions. On another one sums are rounded
    # otherwise, which thousands of steps make another run of the same kind: within four standard
    # deviations of the published seeds.
    copy = Repository(tmp_path / "anew", python)
    held = published.manifest(ROOT / "published")["arms"]["as_written"]
    first = {name: held[name]["seeds"][0] for name in cheap}

    def one_seed(config: dict) -> None:
        config["downloads"] = str(ROOT / "data")
        for name in cheap:
            config["experiments"][name]["seeds"] = [first[name]]
        for name, epochs in SHORT.items():
            entry = config["experiments"][name]
            for part in (entry, *entry["variants"].values()):
                if "training" in part:
                    part["training"]["epochs"] = epochs
        config["experiments"]["trajectory"]["training"]["snapshot_epochs"] = [0, 1]
        for variant in ("sinc_medium", "sign_medium", "sign_shallow"):
            del config["experiments"]["function_fit"]["variants"][variant]
        leave_out(config["claims"]["claims"], "C0 C1 C2 C3 C4 C17 C18 C25")
        variants = config["experiments"]["double_descent"]["variants"]
        for variant in set(variants) - {"width2", "width64"}:
            del variants[variant]

    copy.write_config(one_seed)
    kinds = {name: "history" if name in SHORT else "metrics" for name in cheap}
    copy.snakemake(*(f"results/tables/{name}_{kind}.csv" for name, kind in kinds.items()))
    for name, kind in kinds.items():
        by, loss = (["variant"], "batch_loss")
        if kind == "metrics":
            by, loss = (["variant", "parameters", "split"], "loss")
        key = [*by, "seed", "epoch"]
        ours = tables.read(copy.folder / f"results/tables/{name}_{kind}.csv")
        theirs = tables.read(ROOT / f"published/as_written/{name}_{kind}.csv.xz")
        assert len(ours.merge(theirs[theirs["seed"] == first[name]], on=key)) == len(ours)
        # Trainings in SHORT end before the published ones.
        if published.same(ours, theirs.merge(ours[key]), key) is None:
            continue
        # Nothing is known of the processor of the first that were published.
        runs = tables.read(ROOT / f"published/as_written/{name}_runs.csv.xz")
        runs = runs[runs["seed"] == first[name]]
        (here, *_) = copy.folder.glob(f"results/provenance/{name}/*/seed{first[name]}.json")
        here = json.loads(here.read_text("utf-8"))
        before, versions = runs.get("processor"), set(runs["torch"])
        assert before is None or set(before) != {here["processor"]} or versions != {here["torch"]}
        for place, rows in ours.groupby(by):
            last = rows.loc[rows["epoch"].idxmax()]
            chosen = (theirs[[*by, "epoch"]] == [*place, last["epoch"]]).all(axis=1)
            others = np.log(theirs[chosen][loss])
            away = abs(np.log(last[loss]) - others.mean()) / others.std()
            assert away < 4, (name, *place, away)
