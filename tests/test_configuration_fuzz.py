"""Mutated configurations: each ends in one line before anything runs, or is one that can run."""

import json
import re
from contextlib import suppress
from copy import deepcopy

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from repository import settings_in

from hw1.plan.plan import Plan
from hw1.settings import entries, estimates
from hw1.settings.batches import PATTERN
from hw1.settings.runs import Settings

DEFAULT = settings_in()

HOSTILE = [
    "1e-3", "full", "../x", "a b", "$(touch x)", "x; touch y", "'", '"', "{seed}", "{", "a\nb", "",
    "/etc/passwd", "é", "all", "train", "sinc", "mnist", "mlp", "cnn", "iteration", "epoch", "bf16",
]  # fmt: skip
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 200),
    st.sampled_from([10**6, 2**32, 2**63, -(2**40)]),
    st.floats(),
    st.sampled_from(HOSTILE),
    st.text(max_size=5),
)
VALUES = st.one_of(
    SCALARS,
    st.lists(st.one_of(st.integers(-1, 70), SCALARS), max_size=4),
    st.dictionaries(
        st.sampled_from([*HOSTILE, "model", "seeds", "epochs", "kind"]), SCALARS, max_size=3
    ),
)


def places(node: object, path: tuple = ()) -> list[tuple]:
    """The path of every value below `node`."""
    items = node.items() if isinstance(node, dict) else enumerate(node)
    found = []
    for key, value in items:
        found.append((*path, key))
        if isinstance(value, dict | list):
            found += places(value, (*path, key))
    return found


def parent_of(config: dict, path: tuple):
    for key in path[:-1]:
        config = config[key]
    return config


@st.composite
def mutated(draw) -> dict:
    """The default configuration with one to three values replaced, deleted, added or copied."""
    config = deepcopy(DEFAULT)
    for _ in range(draw(st.integers(1, 3))):
        if not (known := places(config)):
            break
        path = draw(st.sampled_from(known))
        parent, key = parent_of(config, path), path[-1]
        kind = draw(st.sampled_from(["replace", "nudge", "nudge", "delete", "add", "copy"]))
        if kind == "replace":
            parent[key] = draw(VALUES)
        elif kind == "nudge":  # a number for a number, a word for a word
            near = {
                int: st.integers(-2, 130),
                float: st.floats(-2, 2),
                str: st.sampled_from(HOSTILE),
            }
            parent[key] = draw(near.get(type(parent[key]), SCALARS))
        elif kind == "delete":
            del parent[key]
        elif kind == "add" and isinstance(parent, dict):
            parent[draw(st.sampled_from(HOSTILE))] = draw(VALUES)
        elif kind == "copy":
            other = draw(st.sampled_from(known))
            with suppress(KeyError, IndexError, TypeError):
                parent[key] = deepcopy(parent_of(config, other)[other[-1]])
    return config


def parse(said: dict) -> None:
    """What the Snakefile does with a configuration before the first job."""
    config, experiments, analyses, figures, kinds = entries.read(said)
    drawn = {f.name: f for f in figures if f.experiment}
    plan = Plan(config, experiments, analyses, drawn, kinds, {})
    assert plan.shown_by("index")
    for name, experiment in experiments.items():
        assert plan.targets(name)
        for batch in experiment.batches:
            assert re.fullmatch(PATTERN, batch)
        for variant, settings_ in experiment.variants.items():
            json.dumps(settings_.said, allow_nan=False)
            assert Settings.of(settings_.text) == settings_
            assert estimates.training_seconds(settings_) > 0
            assert estimates.peak_memory(settings_, 3) > 1000
            # what becomes part of file names and of a shell command
            assert re.fullmatch(r"[a-z][a-z0-9_]*/[a-z][a-z0-9_]*", f"{name}/{variant}")
    for analysis in analyses:
        json.dumps(analysis.settings, allow_nan=False)
        assert analysis.variants
    for figure in figures:
        style = entries.style(config, experiments, figure)
        json.dumps(style)
        assert style["dataset"]
    json.dumps(plan.sections_on("index"))


def test_a_mutated_configuration_is_refused_in_one_line_or_can_run(observed):
    refused, accepted = set(), 0

    @settings(max_examples=600, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(config=mutated())
    def check(config):
        nonlocal accepted
        try:
            parse(config)
            accepted += 1
        except ValueError as error:
            message = str(error)
            assert "\n" not in message
            assert 10 < len(message) < 400, message
            refused.add(message)

    check()
    # Else the property would be about nothing.
    assert len(refused) > 150
    assert accepted > 50
    observed(
        "configuration with one to three values replaced, deleted, added or copied",
        "600 generated",
        "refused in one line before any job, or one that can run",
    )
