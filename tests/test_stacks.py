"""Runs that train together: they end as they would alone, or they are not stacked."""

import json
from collections.abc import Iterator, Sequence
from functools import cache

import msgspec
import pytest
import torch
import yaml
from conftest import ROOT
from hypothesis import HealthCheck, Phase, given, reject, settings
from hypothesis import strategies as st
from msgspec.structs import asdict, replace
from torch.nn.utils import parameters_to_vector

from hw1.data.inputs import Data
from hw1.networks import models
from hw1.networks.stacks import SETTINGS, RowStack, Stack, stack_of
from hw1.settings import configuration
from hw1.settings.experiments import settings_of
from hw1.settings.runs import Run, Settings
from hw1.training import checkpoints
from hw1.training.batch import train_together

DEFAULT = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
SCHEMA = configuration.schema(configuration.Variant)
SECTIONS = ("inputs", "model", "training")
# What a network alone can do and a stack cannot.
ALONE = {
    "model.conv", "model.kernel", "model.padding", "model.pooling", "training.stop",
    "training.stop.batch_loss",
}  # fmt: skip
DATASETS = {
    "function": {"kind": "function", "function": "sinc", "points": 37, "low": -0.7, "high": 1},
    "real": {"kind": "arrays", "file": "r", "shape": [3], "examples": 40, "outputs": 2},
    "labels": {"kind": "arrays", "file": "l", "shape": [6, 6], "examples": 60, "classes": 10},
}
# Where the schema allows more than a small training that does not diverge.
NARROW = {
    "inputs.labels": st.sampled_from(["given", "random", 0.5]),
    "inputs.examples": st.just(40),
    "model.hidden": st.lists(st.sampled_from([5, 20, 24]), max_size=3),
    "model.conv": st.lists(st.integers(1, 3), min_size=1, max_size=2),
    "model.kernel": st.integers(1, 3),
    "model.padding": st.integers(0, 1),
    "model.gain": st.floats(0.1, 2),
    "training.batch_size": st.sampled_from(["full", 7, 16, 20, 37]),
    "training.epochs": st.integers(2, 4),
    "training.history_every": st.integers(1, 3),
    "training.snapshot_epochs": st.lists(st.integers(0, 2), unique=True),
    "learning_rate": st.floats(0.001, 0.03),
    "every": st.integers(1, 3),
    "warmup": st.sampled_from([0, 0.5]),
}


def resolved(node: dict) -> dict:
    """A node of the schema with what it refers to."""
    reference = node.get("$ref", "").rpartition("/")[2]
    return {**SCHEMA["$defs"][reference], **node} if reference else node


OF_A_VARIANT = {
    section: resolved(node) for section, node in SCHEMA["$defs"]["Variant"]["properties"].items()
}


def schema_keys(node: dict, above: str) -> set[str]:
    """The dotted keys below a node of the schema."""
    found = set()
    for key, value in node.get("properties", {}).items():
        value = resolved(value)
        found |= {f"{above}.{key}"} | schema_keys(value, f"{above}.{key}")
        found |= schema_keys(resolved(value.get("items", {})), f"{above}.{key}")
    return found


def listed_keys(known: object, above: str) -> set[str]:
    """The dotted keys in a part of a list of settings."""
    if isinstance(known, list):
        return set().union(*(listed_keys(item, above) for item in known))
    if not isinstance(known, dict):
        return set()
    below = (listed_keys(value, f"{above}.{key}") for key, value in known.items())
    return {f"{above}.{key}" for key in known}.union(*below)


def test_every_setting_is_one_of_stacks_or_of_networks_alone():
    """A new key of the schema belongs into hw1.networks.stacks.SETTINGS, if stacks do what it says,
    or into ALONE."""
    for section in SECTIONS:
        lists = [listed_keys(known[section], section) for known in SETTINGS.values()]
        alone = {key for key in ALONE if key.startswith(f"{section}.")}
        assert not set().union(*lists) & alone
        assert set().union(*lists) | alone == schema_keys(OF_A_VARIANT[section], section)
    for known in SETTINGS.values():
        assert known.keys() == {*Settings.__struct_fields__}


def values(node: dict, place: str) -> st.SearchStrategy:
    """What the schema allows at a place, small."""
    node = resolved(node)
    for narrow in (place, place.rpartition(".")[2]):
        if narrow in NARROW:
            return NARROW[narrow]
    low, high = node.get("minimum", node.get("exclusiveMinimum")), node.get("maximum")
    match node:
        case {"enum": known}:
            return st.sampled_from(known)
        case {"type": "boolean"}:
            return st.booleans()
        case {"type": "integer"}:
            return st.integers(low, high)
        case {"type": "number"}:
            limits = {"exclude_min": "exclusiveMinimum" in node, "allow_nan": False}
            if (below := node.get("exclusiveMaximum")) is not None:
                limits["exclude_max"], high = True, below
            return st.floats(low, high, **limits)
        case {"type": "array"}:
            unique = node.get("uniqueItems", False)
            return st.lists(values(node["items"], place), min_size=1, max_size=2, unique=unique)
        case {"properties": properties}:
            inner = {key: values(value, f"{place}.{key}") for key, value in properties.items()}
            required = {"kind", *node.get("required", ())} & inner.keys()
            required = {key: inner.pop(key) for key in sorted(required)}
            return st.fixed_dictionaries(required, optional=inner)
    raise NotImplementedError(f"{place}: say in NARROW which values are tried")


CHANGES = {
    f"{section}.{key}": values(node, f"{section}.{key}")
    for section in SECTIONS
    for key, node in OF_A_VARIANT[section]["properties"].items()
    if f"{section}.{key}" not in ("inputs.size", "inputs.range")  # of pixels from 0 to 255
}


@st.composite
def run(draw, setting: str) -> tuple[dict, Settings]:
    """What is said of a run, and the settings that this makes, which pass all checks: a setting
    that is chosen, and some others."""
    dataset = "labels" if setting.startswith("inputs") else draw(st.sampled_from([*DATASETS]))
    entry: dict = {
        "title": "E", "seeds": [0], "variants": {"v": {}}, "dataset": dataset,
        "stream": draw(st.sampled_from([0, 3, {"batches": 1}])),
        "inputs": {},
        "model": {"kind": "mlp", "hidden": [24, 20]},
        "training": {
            "optimizer": "adam", "learning_rate": 0.01, "epochs": 3,
            "batch_size": 16 if dataset == "labels" else "full",
        },
    }  # fmt: skip
    others = draw(st.lists(st.sampled_from(sorted(CHANGES.keys() - ALONE)), max_size=5))
    for place in {setting: None, **dict.fromkeys(others)}:
        section, key = place.split(".")
        if section != "inputs" or dataset == "labels":
            entry[section][key] = draw(CHANGES[place])
    model, training = entry["model"], entry["training"]
    # What belongs together.
    for key in ("conv", "kernel", "padding", "pooling"):
        if model["kind"] == "cnn" and key not in model:
            model[key] = draw(CHANGES[f"model.{key}"])
        elif model["kind"] == "mlp":
            model.pop(key, None)
    if "slope" in model:
        model["activation"] = "leaky_relu"
    elif model.get("activation") == "leaky_relu":
        model["slope"] = 0.1
    if training.get("gradient_norm") or training.get("evaluate_each_epoch"):
        training["history"] = "iteration" if training.get("gradient_norm") else "epoch"
    later = training.get("phases", [])
    training["epochs"] = max(training["epochs"], len(later) + 1)
    for place, phase in enumerate((training, *later)):
        if place:
            phase["after"] = place
        if "momentum" in phase:
            phase["optimizer"] = "sgd"
        if schedule := phase.get("schedule"):
            for key, value in (("every", 1), ("factor", 0.5)):
                if schedule["kind"] == "step":
                    schedule.setdefault(key, value)
                else:
                    schedule.pop(key, None)
    config = DEFAULT | {"datasets": DATASETS, "experiments": {"e": entry}}
    try:
        configuration.checked(config)
    except ValueError:
        reject()
    return entry, Settings.of(settings_of(config, "e", "v").text)


@cache
def extended(kind: type, *keys: str, **tag: str) -> type:
    """A kind of settings with further keys, or of another name."""
    fields = [(key, object) for key in keys]
    return msgspec.defstruct("Extended", fields, bases=(kind,), frozen=True, kw_only=True, **tag)


def with_something_unknown(node: object, value: object, below: Sequence[str] = ()) -> Iterator:
    """A part of settings with one key, kind or value that nobody knows, at every place; or only in
    some of its own parts."""
    if isinstance(node, msgspec.Struct):
        said, kind = asdict(node), type(node)
        yield extended(kind, "unknown")(**said, unknown=value)
        if kind.__struct_config__.tag_field:
            yield extended(kind, tag="unknown")(**said)
        for key in below or said:
            for changed in with_something_unknown(said[key], value):
                yield replace(node, **{key: changed})
    elif isinstance(node, tuple):
        for place, item in enumerate(node):
            for changed in with_something_unknown(item, value):
                yield (*node[:place], changed, *node[place + 1 :])
    if not below:
        yield {"unknown": value}


@cache
def data_of(name: str) -> Data:
    """Data of a kind of `DATASETS`."""
    dataset, random = DATASETS[name], torch.Generator().manual_seed(0)
    n, shape = dataset.get("examples") or dataset["points"], dataset.get("shape", [1])
    arrays = {}
    for split in ("train", "test"):
        # Without symmetry, by which a gradient may be nothing but rounding.
        inputs = torch.rand(n, *shape, generator=random) * 2 - 0.7
        targets = torch.randn(n, dataset.get("outputs", 1), generator=random)
        labels = torch.randint(10, (n,), generator=random)
        arrays[f"{split}_inputs"] = inputs.numpy()
        arrays[f"{split}_targets"] = (labels if "classes" in dataset else targets).numpy()
    return Data(arrays, torch.device("cpu"))


def same(ours: tuple, theirs: tuple) -> bool:
    """Whether two runs agree in every bit of history and weights."""
    snapshots, others = ours[1], theirs[1]
    return (
        ours[0] == theirs[0]
        and list(snapshots) == list(others)
        and all(
            torch.equal(snapshots[epoch][name], tensor)
            for epoch, weights in others.items()
            for name, tensor in weights.items()
        )
    )


def nearly_same(ours: tuple, theirs: tuple, start: dict[str, torch.Tensor]) -> bool:
    """Whether two runs end at the same place, up to a thousandth of the way to it (rounding makes
    a millionth), with losses to match."""
    here, there, begin = (
        parameters_to_vector(state.values()).detach().double()
        for state in (ours[1][max(ours[1])], theirs[1][max(theirs[1])], start)
    )
    way = (there - begin).norm() + 1e-5 * there.norm()  # rounding of a weight is none
    rows, others = json.loads(ours[0]), json.loads(theirs[0])
    return (
        (here - there).norm() < 1e-3 * way
        and len(rows) == len(others)
        and all(row == pytest.approx(other, rel=1e-4) for row, other in zip(rows, others))
    )


@pytest.mark.parametrize("examples", [8, pytest.param(60, marks=pytest.mark.slow)])
@pytest.mark.parametrize("setting", CHANGES)
def test_runs_trained_together_end_as_alone_or_are_not_stacked(
    setting, examples, tmp_path, monkeypatch
):
    """Whatever the schema allows; with a key or a value that nobody knows, no run is stacked."""
    monkeypatch.setattr("os.fsync", lambda *_: None)
    resume = checkpoints.ResumeFile(tmp_path / "none", "", 10**9)
    tried: dict[type | None, list[dict]] = {Stack: [], RowStack: [], None: []}

    def trained(found: Settings, data: Data, seeds: list[int], stack: type | None) -> list[tuple]:
        """History and snapshots of runs that train together."""
        runs = [Run.of_seed(found, seed) for seed in seeds]
        results = train_together(runs, stack, data, {}, resume, lambda *_: None)
        return [(json.dumps(result.history), result.snapshots) for result in results]

    # Phases have many settings of their own. The few are the same each time, the many are others.
    examples *= 3 if setting == "training.phases" else 1

    # A failing example is small as it is; to look for a smaller one takes minutes.
    @settings(
        max_examples=examples,
        derandomize=examples < 60,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(
        drawn=run(setting),
        seeds=st.lists(st.integers(0, 9), min_size=2, max_size=3, unique=True),
        unknown=st.sampled_from([0, 0.1, True, "mean", [], {}]),
    )
    def check(drawn, seeds, unknown):
        entry, found = drawn
        data = data_of(entry["dataset"])
        for changed in with_something_unknown(found, unknown, SECTIONS):
            assert stack_of(changed, data) is None
        stack = stack_of(found, data)
        tried[stack].append(entry)
        if stack is None:
            return
        for seed, ours in zip(seeds, trained(found, data, seeds, stack), strict=True):
            (lone,), (alone,) = (trained(found, data, [seed], kind) for kind in (stack, None))
            assert same(ours, lone)
            if stack is RowStack:
                assert same(ours, alone)
            else:
                key = Run.of_seed(found, seed).key("initialisation")
                start = models.build(found.model, found.example_shape, found.outputs, key)
                assert nearly_same(ours, alone, start.state_dict())

    check()
    # Else the property would be about nothing.
    section, key = setting.split(".")
    stacked = [entry for kind in SETTINGS for entry in tried[kind]]
    assert any(key in entry[section] for entry in stacked) == (setting not in ALONE)
