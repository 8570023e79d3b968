"""A configuration that is accepted builds to its end: figures, ledger and page included."""

import json
from copy import deepcopy
from pathlib import Path

import pytest
from conftest import ROOT, once
from repository import Repository, reduced, settings_in

from hw1.settings import claims, entries
from hw1.settings.claim_lists import check_evidence

DEFAULT = settings_in()
FIT = "experiments.function_fit."
HOSTILE = "<script>alert(1)</script> $(touch pwned) `touch pwned` ' \" ; touch pwned {x}"
# Settings that a figure, an analysis, a claim or the page may stumble over, each with the values
# at its borders; None leaves the setting as it is.
EXTREMES = {
    "datasets.sinc.points": [2, 3, 40],
    "datasets.sinc.low": [-0.1, 0.4, 5],
    "datasets.sign.high": [0.01, 100],
    "datasets.digits.size": [8, 31],
    "datasets.digits.test_share": [0.01, 0.99],
    "datasets.digits.title": [
        HOSTILE, "$x_{1}$ \\alpha {y} % <b>&amp;</b> \U0001f600", "x" * 300, "_^",
    ],
    "defaults.stream": [4294967295],
    "defaults.training.history_every": [7, 10**6],
    FIT + "seeds": [[3], [4294967295, 0], [5, 1, 2]],
    FIT + "seeds_per_job": [1, 100],
    FIT + "training.epochs": [1, 2, 5],
    FIT + "training.optimizer": ["sgd"],
    FIT + "training.snapshot_epochs": [[0], [0, 1]],
    FIT + "variants.sinc_deep.model.hidden": [[], [1]],
    FIT + "variants.extra": [{"dataset": "sign", "model": {"kind": "mlp", "hidden": [2]}}],
    "experiments.mnist_cnn.seeds": [[0], "3-5"],
    "experiments.mnist_cnn.seeds_per_job": [2],
    "experiments.mnist_cnn.training.epochs": [2],
    "experiments.mnist_cnn.inputs": [{"range": [0, 0]}, {"range": [5, -5]}, {"labels": "random"}],
    "experiments.mnist_cnn.variants.deep": [{"model": {"kind": "mlp", "hidden": []}}],
    "experiments.trajectory.seeds": [[0], [0, 1, 2]],
    "experiments.trajectory.training.snapshot_epochs": [[], [1], [0, 1]],
    "experiments.trajectory.training.epochs": [1, 2],
    "experiments.trajectory.variants.b": [{"model": {"kind": "mlp", "hidden": [128, 64]}}],
    "experiments.gradient_norm.training.batch_size": ["full", 1437, 700],
    "experiments.gradient_norm.dataset": ["sinc"],
    "experiments.gradient_norm.seeds": [[0]],
    "experiments.interpolation.analyses.lines": [
        {"kind": "interpolate", "start": 0, "stop": 1, "points": 2},
        {"kind": "interpolate", "start": -1, "stop": 1, "points": 3, "variants": ["?"]},
    ],
    "experiments.interpolation.variants.c": [
        {"training": {"optimizer": "sgd", "learning_rate": 0.1, "batch_size": 99, "epochs": 1}},
    ],
    "experiments.interpolation.seeds": [[0]],
    "experiments.interpolation.variants.b.stream": [0],
    "experiments.capacity.training.evaluate_each_epoch": [["train"]],
    "experiments.capacity.training.precision": ["bf16"],
    "experiments.capacity.variants": [
        {"only": {"model": {"conv": [1], "hidden": []}}},
        {n: {"model": {"conv": [2], "hidden": []}} for n in ("a", "b")},
    ],
    "experiments.random_labels.inputs.labels": ["given"],
    FIT + "model": [
        {"activation": "tanh", "initialisation": "xavier"},
        {"activation": "leaky_relu", "slope": 0.1, "gain": 2},
    ],
    FIT + "training.stop": [{"batch_loss": 0.09}],
    "experiments.mnist_cnn.training.schedule": [{"kind": "cosine", "warmup": 0.5}],
    "experiments.mnist_cnn.training.stop": [{"batch_loss": 9}],
    "experiments.trajectory.stream": [{"batches": 3}],
    "experiments.trajectory.training.momentum": [0.9],
    "experiments.trajectory.training.stop": [{"batch_loss": 2.2}],
    "experiments.gradient_norm.inputs": [{"examples": 700}, {"labels": 0.5}],
    "experiments.capacity.model.activation": ["gelu", "selu"],
    "experiments.mnist_cnn.model": [{"batch_norm": True, "dropout": 0.5}],
    FIT + "training.phases": [[{"after": 1, "optimizer": "sgd", "momentum": 0.9}]],
    "experiments.trajectory.training.phases": [[{"after": 1, "objective": "gradient_norm"}]],
    "experiments.gradient_norm.training.objective": ["gradient_norm"],
    "experiments.gradient_norm.start": [
        {"experiment": "trajectory", "variant": "mlp"},
        {"experiment": "trajectory", "variant": "mlp", "epoch": 1},
    ],
    "experiments.random_labels.model": [{"batch_norm": True}],
    "experiments.random_labels.seeds": [[0]],
    "experiments.random_labels.training.learning_rate": [1e-12],
    "figures.dpi": [50],
    "figures.runs": ["turbo"],
}  # fmt: skip
# The experiments that each of the builds does without.
WITHOUT = [
    (), ("trajectory",), ("function_fit", "interpolation"), ("mnist_cnn", "random_labels"),
    ("gradient_norm", "capacity"),
]  # fmt: skip


def base() -> dict:
    """The reduced configuration, reduced further."""
    config = reduced(deepcopy(DEFAULT))
    config["datasets"]["digits"]["size"] = 10
    for name in ("sinc", "sign"):
        config["datasets"][name]["points"] = 60
    for experiment in config["experiments"].values():
        experiment["inputs"] = experiment.get("inputs", {}) | {"size": 28}
    config["experiments"]["random_labels"]["inputs"]["size"] = 32
    capacity = config["experiments"]["capacity"]
    capacity["variants"] = {name: capacity["variants"][name] for name in ("cnn1", "cnn2")}
    config["figures"]["dpi"] = 50
    return config


def changed(config: dict, path: str, value: object) -> dict | None:
    """A configuration with another setting; None if it has no place for it."""
    config, (*parents, last) = deepcopy(config), path.split(".")
    node = config
    for key in parents:
        node = node.get(key, {})
    if not node:
        return None
    node[last] = deepcopy(value)
    return config


def is_accepted(config: dict) -> bool:
    """Whether a configuration is accepted before anything is built."""
    try:
        found = entries.read(config)
        for name, entry in config["claims"].items():
            check_evidence(name, claims.read(ROOT / entry["file"]), found, {})
    except ValueError:
        return False
    return True


def accepted(folder: Path) -> None:
    """Write a configuration for each build. Each setting at a border is in the first of them that
    is accepted with it; what none takes is refused before anything is built."""
    configs, refused = [base() for _ in WITHOUT], []
    for config, names in zip(configs, WITHOUT):
        for name in names:
            del config["experiments"][name]
    done: list[set[str]] = [set() for _ in configs]
    for path, values in EXTREMES.items():
        for value in values:
            for place, config in enumerate(configs):
                found = None if path in done[place] else changed(config, path, value)
                if found and is_accepted(found):
                    configs[place] = found
                    done[place].add(path)
                    break
            else:
                refused.append((path, value))
    assert len(refused) < 15, refused  # else the property would be about little
    folder.mkdir()
    (folder / "configs.json").write_text(json.dumps(configs), encoding="utf-8")


@pytest.mark.slow
@pytest.mark.parametrize("part", range(len(WITHOUT)))
def test_an_accepted_configuration_builds_to_its_end(tmp_path, python, part):
    configs = (once("accepted", accepted) / "configs.json").read_text(encoding="utf-8")
    copy = Repository(tmp_path / "copy", python)
    copy.write_config(lambda _: json.loads(configs)[part])
    run = copy.snakemake(check=False)
    said = [line for line in run.stderr.splitlines() if "rror" in line or ": " in line]
    assert run.returncode == 0, "\n".join(said[-40:])
    page = (copy.folder / "results/index.html").read_text("utf-8")
    assert "<script>alert" not in page and (part or "&lt;script&gt;" in page)
    assert not [*copy.folder.rglob("pwned")]  # no title has reached a shell
