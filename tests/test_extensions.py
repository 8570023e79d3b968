"""The project extended by files alone: an overlay, a folder of kinds, a list of claims.

Nothing of the repository is edited; each extension is built for real, to its figure, its row in the
ledger and its section of the page.
"""

import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from repository import ROOT, Repository, of, rules

import hw1
from hw1.data import datasets
from hw1.data.inputs import Data
from hw1.plan import reading
from hw1.settings.dataset import Arrays
from hw1.settings.entries import KindOfAnalysis, KindOfFigure, check_declaration, known_kinds, read
from hw1.settings.experiments import settings_of
from hw1.settings.runs import Run, Start
from hw1.training import checkpoints

# Of the repository's own experiments, only the one that is quickest is left for company.
MLP = {
    "dataset": "digits",
    "seeds": [0, 1],
    "model": {"kind": "mlp", "hidden": [16]},
    "training": {"optimizer": "sgd", "learning_rate": 0.1, "batch_size": 64, "epochs": 2},
}


DISTANCES = {"kind": "distances", "view": "model"}
MY_CLAIMS = {"title": "t", "file": "claims.yaml"}


def written(folder: Path, overlay: dict, files: dict[str, str]) -> str:
    """The path of an overlay, written into a folder with files beside it."""
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        path = folder / name.replace("__", "/")
        path = path.with_name(path.name.replace("_py", ".py").replace("_yaml", ".yaml"))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    path = folder / "overlay.yaml"
    path.write_text(yaml.safe_dump(overlay, sort_keys=False), encoding="utf-8")
    return str(path)


@pytest.fixture
def extended(tmp_path, python):
    """A function that builds an overlay, beside which its files lie, and returns the copy."""

    def build(overlay: dict, *targets: str, **files: str) -> Repository:
        copy = Repository(tmp_path / "copy", python)
        before = copy.sources()
        path = written(tmp_path / "mine", overlay, files)
        copy.snakemake(*targets, "--configfile", path)
        assert copy.sources() == before
        return copy

    return build


def test_a_training_that_starts_from_the_weights_of_another(extended):
    first = MLP | {
        "title": "First",
        "seeds": "0-2",
        "seeds_per_job": 2,
        "training": MLP["training"] | {"snapshot_epochs": [1]},
        "variants": {"mlp": {}},
    }
    begin = {"experiment": "first", "variant": "mlp", "epoch": 1}
    second = MLP | {"title": "Second", "seeds": [1, 2], "start": begin}
    second["training"] = MLP["training"] | {"snapshot_epochs": [0], "optimizer": "adam"}
    second["variants"] = {"mlp": {}, "dropped": {"model": {"dropout": 0.5}}}
    copy = extended({"experiments": {"first": first, "second": second}}, "second")
    folder = copy.folder / "results/checkpoints"
    for seed, batch in ((1, "seeds0-1"), (2, "seed2")):
        before = hw1.load(folder / f"first/mlp/{batch}.pt", seed, epoch=1)
        made = checkpoints.load(folder / f"first/mlp/{batch}.pt")[seed]["fingerprint"]
        for variant in second["variants"]:
            after = hw1.load(folder / f"second/{variant}/seed{seed}.pt", epoch=0)
            ours, theirs = after.network.state_dict(), before.network.state_dict()
            assert all(torch.equal(ours[name], theirs[name]) for name in theirs)
            assert after.settings.start == Start(**begin)
            assert made and after.settings.start_fingerprint == made

    overlay = copy.folder.parent / "mine/overlay.yaml"
    written = overlay.read_text(encoding="utf-8")

    def trained(change: str, by: str) -> set[str]:
        overlay.write_text(written.replace(change, by), encoding="utf-8")
        return of(copy.plan("second", "--configfile", str(overlay)), "train")

    assert not trained("", "")
    assert trained("optimizer: adam", "optimizer: adamw") == {
        f"second/{variant}/seed{seed}" for variant in second["variants"] for seed in (1, 2)
    }
    # Seeds 2 and 3 are a batch now. What starts from one of them asks for another file, and finds
    # that it is trained.
    again = trained("seeds: 0-2", "seeds: 0-3")
    assert again == {"first/mlp/seeds2-3", "second/mlp/seed2", "second/dropped/seed2"}
    digests = copy.digests("checkpoints/second")
    copy.snakemake("second", "--configfile", str(overlay))
    assert copy.digests("checkpoints/second") == digests
    log = (copy.folder / "results/logs/train/second/mlp/seed2.log").read_text(encoding="utf-8")
    assert "are those of the result that is there" in log and "training" not in log
    # Its weights are another function of the seed, and so are those of what starts from them.
    assert len(trained("seeds: 0-2\n", "seeds: 0-2\n    stream: 1\n")) == 2 + 4
    copy.snakemake("second", "--configfile", str(overlay))
    moved = hw1.load(folder / "second/mlp/seed2.pt", epoch=0).network.state_dict()
    assert not torch.equal(moved["0.weight"], theirs["0.weight"])


NORMS = '''"""The norms of trained networks."""

import numpy as np

from hw1.results import tables

KIND = {
    "scope": "run",
    "data": False,
    "tables": {"": ["experiment", "variant", "seed", "norm"]},
    "settings": {"order": {"type": "integer", "minimum": 1}},
}


def analyse(runs, settings, data):
    return {
        "": [
            row
            for run in runs
            for row in tables.identify(
                run.settings, [{"norm": float(np.linalg.norm(run.weights[-1], settings["order"]))}]
            )
        ]
    }
'''
NEED = """
def few(settings, seeds):
    if (order := settings["order"]) >= seeds:
        raise ValueError(f"order: found {order}, expected less than the seeds ({seeds})")
"""

STRIP = '''"""A point per network."""

from hw1.drawing import panels, seeds

KIND = {"tables": ["norms"], "colours": ["guide"], "look": [], "settings": {}}


def draw(style, norms):
    figure, axes = panels(1, 1, (4, 3), f"Norms, {style['dataset']}, {seeds(norms)}")
    axes.plot(norms["seed"], norms["norm"], "o", color=style["colours"]["guide"])
    axes.set(xlabel="seed", ylabel="norm")
    return figure
'''
CLAIMS = """
- id: N1
  experiment: mine
  where: my notebook
  claim: My networks have as many parameters as I think.
  known: nothing
  parts:
    - measure: parameters
      statistic: parameter_count
      of: {experiment: mine, variant: mlp}
      confirmed: {within: [1273e1, 1273e1]}
"""
PART = """    - measure: norm
      statistic: mean_norm
      of: {table: mine_norms, variant: mlp}
      confirmed: {above: 0}
      decides: false
"""
MEAN_NORM = """
from hw1.claims.keys import Table, Variant
from hw1.claims.reading import Tables, rows
from hw1.claims.sample import Sample, median


def mean_norm(tables: Tables, table: Table, variant: Variant) -> Sample:
    found = rows(tables, table, ("seed",), ["norm"], variant)
    return median(found.groupby("seed")["norm"].mean())


def helper(found):
    return found
"""


def test_an_analysis_a_figure_and_a_claim_of_ones_own(extended):
    mine = MLP | {
        "title": "My norms",
        "variants": {"mlp": {}},
        "analyses": {"norms": {"kind": "norms", "order": 2}},
        "figures": {"my_norms": {"draw": "strip", "caption": "A point per network."}},
    }
    overlay = {
        "extensions": {"mine": "."},
        "claims": {"notebook": {"title": "My claims", "file": "claims.yaml"}},
        "experiments": {"mine": mine},
    }
    files = {"analyses__norms_py": NORMS, "claims_yaml": CLAIMS + PART}
    files["statistics__norms_py"] = MEAN_NORM
    targets = ("mine", "results/tables/notebook_as_written.csv")
    files["figures__strip_py"] = STRIP.replace('["colours"]["guide"]', '["colours"][COLOUR]')
    files["figures__strip_py"] = "from _shared import COLOUR\n" + files["figures__strip_py"]
    copy = extended(overlay, *targets, **files, figures___shared_py="COLOUR = 'guide'\n")
    shared = copy.folder.parent / "mine/figures/_shared.py"
    assert {row["seed"] for row in copy.rows("mine_norms")} == {"0", "1"}
    (verdict,) = copy.rows("notebook_as_written")
    assert (verdict["claim"], verdict["verdict"]) == ("N1", "confirmed")
    _, part = copy.rows("notebook_parts_as_written")
    norms = [float(row["norm"]) for row in copy.rows("mine_norms")]
    assert float(part["estimate"]) == pytest.approx(sum(norms) / 2)
    # An edit of a statistic decides again, and does nothing else.
    statistic = copy.folder.parent / "mine/statistics/norms.py"
    overlaid = ("--configfile", str(copy.folder.parent / "mine/overlay.yaml"))
    statistic.write_text(MEAN_NORM.replace(".mean()", ".max()"), encoding="utf-8")
    assert rules(copy.plan(*targets, *overlaid)) == {"claims"}
    statistic.write_text(MEAN_NORM, encoding="utf-8")
    # An edit of the kind runs what uses it again, and nothing else.
    kind = copy.folder.parent / "mine/analyses/norms.py"
    kind.write_text(NORMS + "\nEDITED = True\n", encoding="utf-8")
    planned = copy.plan(*targets, *overlaid)
    assert rules(planned) <= {"norms", "tabulate", "figure", "claims", "mine"}
    assert {"norms mine/norms/mlp/seed0", "figure my_norms"} <= planned
    # So does one of what lies beside it.
    shared.write_text("COLOUR = 'guide'\nEDITED = True\n", encoding="utf-8")
    kind.write_text(NORMS, encoding="utf-8")
    assert of(copy.plan(*targets, *overlaid), "figure") == {"my_norms"}
    # Its section of the page, with figure and claim.
    plan = reading.planned(reading.files_of(ROOT, overlaid[1:]))
    assert "my_norms" in plan.figures_on("index") and "notebook" in plan.lists_on("index")


def test_a_file_is_of_the_experiment_that_has_such_a_table(tmp_path, python):
    """Also where another one's name is the beginning of this one's."""
    counted = {"kind": "dead_units"}
    entries = {
        "e_x": MLP | {"title": "One"},
        "e": MLP | {"title": "Two", "analyses": {"x_y": counted}},
        "third": MLP | {"title": "Three", "analyses": {"y": counted, "a_b": counted}},
    }
    entries["e"]["analyses"]["a"] = {"kind": "pca", "view": "model"}
    for entry in entries.values():
        entry["variants"] = {"mlp": {}}
        entry["training"] = MLP["training"] | {"snapshot_epochs": [0]}
    entries["third"]["analyses"]["a_variance"] = counted
    targets = [f"results/tables/{t}.csv" for t in ("e_x_y", "e_a_variance", "third_a_variance")]
    overlay = written(tmp_path / "mine", {"experiments": entries}, {})
    planned = Repository(tmp_path / "copy", python).plan(*targets, "--configfile", overlay)
    assert {"tabulate e/x_y", "pca e/a", "tabulate third/a_variance"} <= planned


@pytest.mark.parametrize(
    "files, message",
    [
        ({"analyses__norms_py": "x = 1\n"}, "norms.py: KIND is missing: see src/hw1/analyses"),
        ({"analyses__norms_py": "KIND = {'scope': open}\n"}, "norms.py: KIND has more than plain"),
        ({"analyses__norms_py": "KIND = {\n"}, "norms.py, line 1: no Python"),
        (
            {"analyses__norms_py": "KIND = {'scope': 'all'}\n"},
            "norms.py: KIND: the key 'data' is missing",
        ),
        ({"analyses__pca_py": NORMS}, "analyses/pca.py: "),
        (
            {"analyses__x_py": NORMS.replace('"integer"', '"intger"')},
            "x.py: settings: no JSON Schema ('intger'",
        ),
        ({"analyses__x_py": NORMS.replace('"order"', '"kind"')}, "x.py: settings: kind means some"),
        (
            {"analyses__x_py": NORMS.replace('"variant", "seed"', '"seed"')},
            "x.py: tables: found the columns experiment, seed, norm, expected experiment, ",
        ),
        ({"analyses__train_py": NORMS}, "train.py: the workflow makes the target train, too"),
        (
            {"analyses__x_py": NORMS.replace('"scope"', '"needs": ["mine"], "scope"')},
            "x.py: needs.0: found 'mine': allowed are alike, batch_",
        ),
        (
            {"analyses__x_py": NORMS.replace('"scope"', '"needs": ["recorded"], "scope"')},
            "x.py: needs.0: found 'recorded': did you mean test_recorded?",
        ),
        ({"requirements_py": "x = = 1\n"}, "requirements.py: cannot be imported (SyntaxError: "),
        ({"requirements_py": NEED.replace("few", "alike")}, "alike is a need already: rename"),
    ],
)
def test_a_mistake_in_a_kind_is_one_line(config, tmp_path, files, message):
    written(tmp_path / "mine", {}, files)
    with pytest.raises(ValueError) as caught:
        read(config | {"extensions": {"mine": str(tmp_path / "mine")}})
    assert message in str(caught.value) and "\n" not in str(caught.value)
    assert str(caught.value).startswith(str(tmp_path)), "it blames a file of the library"


def test_the_kinds_of_the_library_pass_the_checks_of_an_extensions():
    for noun in (KindOfAnalysis, KindOfFigure):
        for kind in known_kinds(noun, ()).values():
            check_declaration(kind.declared)


@pytest.mark.parametrize(
    "change, message",
    [
        ({"extensions": {"mine": "none"}}, "none, which is no folder: name one that is"),
        (
            {"claims": {"mine": MY_CLAIMS}, "experiments": {"mine": MLP}},
            "found C1 twice, expected an id for each claim",
        ),
        (
            {"experiments": {"mine": MLP | {"analyses": {"norms": {"kind": "norms", "order": 2}}}}},
            "experiments.mine.analyses.norms.order: found 2, expected less than the seeds (2)",
        ),
        (
            {"experiments": {"mine": MLP | {"analyses": {"norms": {"kind": "fails", "order": 2}}}}},
            "requirements.py failed (AttributeError: 'tuple' object has no attribute 'nope')",
        ),
        (
            {"experiments": {"mine": MLP | {"figures": {"f": {"draw": "strip", "caption": "c"}}}}},
            "experiments.mine.figures.f.colours: mine is missing: say it here or in figures",
        ),
        (
            {"experiments": {"mine": MLP | {"figures": {"f": {"draw": "by", "caption": "c"}}}}},
            "experiments.mine.figures.f: by draws by training.rate, which no variant sets",
        ),
        (
            {"experiments": {"mine": MLP | {"analyses": {"lines": DISTANCES}}}},
            "analyses.lines: another experiment has one of kind interpolate with this name",
        ),
    ],
)
def test_a_mistake_in_what_uses_an_extension_is_one_line(tmp_path, change, message):
    overlay = {"extensions": {"mine": "."}} | change
    if "experiments" in overlay:
        overlay["experiments"]["mine"] |= {"title": "Mine", "variants": {"mlp": {}}}
    files = {
        "requirements_py": NEED + "def fails(runs):\n    tuple(runs).nope\n",
        "analyses__fails_py": NORMS.replace('"scope"', '"needs": ["fails"], "scope"'),
        "analyses__norms_py": NORMS.replace('"scope"', '"needs": ["few", "alike"], "scope"'),
        "figures__by_py": 'KIND = {"tables": ["metrics"], "by_variant": ["training.rate"]}\n',
        "figures__strip_py": STRIP.replace('"tables": ["norms"]', '"tables": ["metrics"]').replace(
            '["guide"]', '["mine"]'
        ),
        "claims_yaml": CLAIMS.replace("N1", "C1"),
    }
    path = written(tmp_path / "mine", overlay, files)
    with pytest.raises(ValueError) as caught:
        reading.planned(reading.files_of(ROOT, [path]))
    assert message in str(caught.value) and "\n" not in str(caught.value)


def test_an_experiment_on_data_of_ones_own(extended, tmp_path):
    """A regression and a classification, from arrays in a file beside the overlay."""
    random = np.random.default_rng(0)
    inputs = random.normal(size=(90, 3))
    split = {"train_inputs": inputs[:60], "test_inputs": inputs[60:]}
    (tmp_path / "mine").mkdir()
    for name, targets in (("sums", inputs.sum(1)), ("signs", (inputs[:, 0] > 0).astype(np.uint8))):
        own = {"train_targets": targets[:60], "test_targets": targets[60:]}
        np.savez(tmp_path / f"mine/{name}.npz", **split, **own)
    described = {"kind": "arrays", "shape": [3], "examples": 60}
    training = {"optimizer": "adam", "learning_rate": 0.01, "epochs": 30}
    model = {"kind": "mlp", "hidden": [12]}
    overlay = {
        "datasets": {
            "sums": described | {"title": "My sums", "file": "sums.npz", "outputs": 1},
            "signs": described | {"title": "My signs", "file": "signs.npz", "classes": 2},
        },
        "experiments": {
            "regression": {
                "title": "Sums", "dataset": "sums", "seeds": [0, 1], "model": model,
                "training": training | {"batch_size": "full"}, "variants": {"mlp": {}},
            },
            "classification": {
                "title": "Signs", "dataset": "signs", "seeds": [0, 1], "model": model,
                "training": training | {"batch_size": 20, "evaluate_each_epoch": ["test"]},
                "variants": {"mlp": {}},
                "figures": {
                    "my_curves": {
                        "draw": "training_curves", "measure": "accuracy", "caption": "My curves.",
                    }
                },
            },
        },
    }  # fmt: skip
    copy = extended(overlay, "regression", "classification")
    for name in ("regression", "classification"):
        last = copy.rows(f"{name}_metrics", split="test")
        assert len(last) == 2
        for row in last:  # it learns
            assert float(row["loss"]) < 0.8 * float(row["constant_loss"])
    assert (copy.folder / "results/fig_my_curves.png").exists()
    # What is in the file counts, not where it lies or its date.
    overlaid = ("--configfile", str(tmp_path / "mine/overlay.yaml"))
    (tmp_path / "mine/signs.npz").touch()
    assert copy.plan("classification", *overlaid) == set()
    own["train_targets"][3] ^= 1
    np.savez(tmp_path / "mine/signs.npz", **split, **own)
    planned = copy.plan("regression", "classification", *overlaid)
    assert {"prepare_data signs", "train classification/mlp/seed0"} <= planned
    assert not any("regression/" in job for job in planned)


@pytest.mark.parametrize(
    "change, message",
    [
        ({"train_inputs": np.zeros((5, 2))}, "train_inputs: found the shape (5, 2), exp"),
        ({"train_inputs": np.zeros((4, 3)), "train_targets": np.zeros(4)}, "found 4 examples, but"),
        ({"test_inputs": np.full((2, 3), np.nan)}, "test_inputs[0, 0]: found nan, expected a fini"),
        ({"train_targets": np.array([0, 1, 2, 0, 1])}, "train_targets[2]: found 2, expected a la"),
        (
            {"train_targets": np.array(["a"] * 5)},
            "train_targets: found <U1 of shape (5,), expected num",
        ),
        ({"train_targets": np.array([None] * 5)}, "no .npz of plain arrays (Object arrays"),
        ({"test_inputs": np.zeros((0, 3)), "test_targets": np.zeros(0)}, "found the shape (0, 3)"),
        (
            {"test_inputs": np.zeros((2, 3), np.uint8)},
            "test_inputs: found uint8, expected its entry",
        ),
        (None, "found train_inputs, test_inputs, test_targets, expected train_targets, too"),
    ],
)
def test_arrays_that_do_not_fit_their_description_are_refused(tmp_path, change, message):
    described = Arrays(shape=(3,), examples=5, classes=2)
    whole = {
        "train_inputs": np.zeros((5, 3)), "train_targets": np.zeros(5),
        "test_inputs": np.zeros((2, 3)), "test_targets": np.zeros(2),
    }  # fmt: skip
    prepared = tmp_path / "mine.npz"
    np.savez(prepared, **whole)
    assert datasets.own(described, prepared)["train_targets"].dtype == np.int64
    if change is None:
        del whole["train_targets"]
    np.savez(prepared, **whole | (change or {}))
    with pytest.raises(ValueError) as caught:
        datasets.own(described, prepared)
    assert str(caught.value).startswith(f"{prepared}: ")
    assert message in str(caught.value)


def test_a_file_that_is_not_there_is_named(tmp_path):
    described = Arrays(shape=(3,), examples=5, outputs=1)
    with pytest.raises(OSError, match="absent"):
        datasets.own(described, tmp_path / "absent.npz")


def test_another_file_than_an_archive_of_arrays_is_named(tmp_path):
    described = Arrays(shape=(3,), examples=5, outputs=1)
    np.savez(tmp_path / "whole.npz", *[np.zeros((5, 3))] * 7)
    content = {"table.csv": b"a,b\n1,2\n", "empty.npz": b""}
    content["half.npz"] = (tmp_path / "whole.npz").read_bytes()[:500]
    for name, written in content.items():
        (tmp_path / name).write_bytes(written)
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as archive:
        for name in datasets.ARRAYS:
            archive.writestr(name, "1,2")
    for name in ("table.csv", "empty.npz", "half.npz"):
        with pytest.raises(ValueError) as caught:
            datasets.own(described, tmp_path / name)
        message = str(caught.value)
        assert message.startswith(f"{tmp_path / name}: no .npz of plain arrays (")
        assert message.endswith(
            "): write it with numpy.savez"
            "(path, train_inputs=..., train_targets=..., test_inputs=..., test_targets=...)"
        )
    for name, message in (
        ("whole.npz", "arr_5, arr_6, expected train_inputs, train_targets, test_inputs, "
         "test_targets, too"),
        ("other.zip", "train_inputs: found |S3 of shape (), expected numbers"),
    ):  # fmt: skip
        with pytest.raises(ValueError) as caught:
            datasets.own(described, tmp_path / name)
        assert str(caught.value).endswith(message)


def test_pixels_are_scaled_as_those_of_mnist_where_that_is_said(config, tmp_path):
    described = {"kind": "arrays", "shape": [2, 2], "examples": 2, "classes": 2}
    cnn = {"kind": "cnn", "conv": [1], "kernel": 1, "padding": 0, "pooling": False, "hidden": []}
    images = np.array([[[0, 51], [102, 255]]] * 2, np.uint8)
    whole = {f"{s}_inputs": images for s in ("train", "test")}
    whole |= {f"{s}_targets": np.array([0, 1]) for s in ("train", "test")}
    np.savez(tmp_path / "bytes.npz", **whole)
    whole |= {"train_inputs": images / 255}
    np.savez(tmp_path / "floats.npz", **whole)

    def shown(name: str, pixels: bool | None, **inputs_) -> list[float]:
        dataset = described | ({} if pixels is None else {"pixels": pixels})
        inputs = {"size": 28, "range": [-1, 1], "labels": "given"}
        variant = {"dataset": "mine", "inputs": inputs_}
        own = {
            "defaults": config["defaults"] | {"inputs": inputs},
            "datasets": {"mine": dataset | {"title": "t", "file": "f"}},
            "experiments": {"e": MLP | {"model": cnn, "variants": {"v": variant}}},
        }
        run = Run.of_seed(settings_of(own, "e", "v"), 0)
        assert isinstance(run.dataset, Arrays)
        arrays = datasets.own(run.dataset, tmp_path / name)
        return Data(arrays, torch.device("cpu")).splits(run)["train"].inputs[0].flatten().tolist()

    assert shown("bytes.npz", True) == pytest.approx([-1, -0.6, -0.2, 1], abs=1e-6)
    assert shown("bytes.npz", True, range=[0, 1]) == pytest.approx([0, 0.2, 0.4, 1], abs=1e-6)
    assert shown("bytes.npz", False) == [0, 51, 102, 255]
    with pytest.raises(ValueError, match=r"train_inputs: found uint8, .* its entry under datasets"):
        shown("bytes.npz", None)
    with pytest.raises(ValueError, match="train_inputs: found float64, expected uint8 of pixels"):
        shown("floats.npz", True)
    np.savez(tmp_path / "floats.npz", **whole | {"test_inputs": images / 255})
    assert shown("floats.npz", None) == pytest.approx([0, 0.2, 0.4, 1], abs=1e-6)
