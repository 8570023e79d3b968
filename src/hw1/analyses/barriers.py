"""Loss and accuracy on straight lines between trained networks, aligned or not.

Each of `lines`, by its name, goes from the network of one variant to that of another with the same
seed. The units of the other are as trained, or in the order that brings their weights closest to
those of the first (see hw1.networks.alignment), or in random orders. These are a control: like the
matched order, they leave the network's function as it is. The mean over ten of them is written,
since one order of many says little.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from msgspec.structs import replace

from hw1.analyses.interpolate import grid, line
from hw1.data.inputs import Data, Split
from hw1.networks import alignment
from hw1.networks.weights import Snapshots
from hw1.results import tables
from hw1.training.curvature import weights_of

RANDOM_ORDERS = 10

KIND = {
    "needs": ["mlps", "classification", "ends_of_lines", "same_data", "same_model"],
    "scope": "seeds",
    "data": True,
    "tables": {"": ["experiment", "variant", "seed", "alpha", "split", "loss", "accuracy"]},
    "settings": {
        "points": {
            "description": "Number of evenly spaced alphas from 0 to 1",
            "type": "integer",
            "minimum": 3,
            "maximum": 10001,
        },
        "train_examples": {
            "description": "How many training examples are evaluated, the first ones",
            "type": "integer",
            "minimum": 1,
        },
        "lines": {
            "description": "Variants at the ends, and the order of the second one's units",
            "type": "object",
            "minProperties": 1,
            "propertyNames": {"pattern": "^[a-z][a-z0-9_]{0,39}$"},
            "additionalProperties": {
                "type": "object",
                "additionalProperties": False,
                "required": ["from", "to"],
                "properties": {
                    "from": {"type": "string"},
                    "to": {"type": "string"},
                    "units": {"enum": ["as_trained", "matched", "shuffled"]},
                },
            },
        },
    },
}


def analyse(runs: list[Snapshots], settings: dict, data: Data) -> dict[str, list[dict]]:
    """A row per line, seed, alpha and split; the name of the line stands in the column variant."""
    alphas = grid(0, 1, settings["points"])
    by_end = {(run.settings.variant, run.settings.seed): run for run in runs}
    found = []
    for seed in dict.fromkeys(run.settings.seed for run in runs):
        for name, ends in settings["lines"].items():
            start, end = by_end[ends["from"], seed], by_end[ends["to"], seed]
            splits = data.splits(start.settings)
            inputs, targets = (part[: settings["train_examples"]] for part in splits["train"])
            splits = splits | {"train": Split(inputs, targets)}
            model, first = start.network(data.device), start.weights[-1]
            # Each line is finished before the next, since they share one network.
            ways = [
                list(line(model, first, last, alphas, splits))
                for last in weights_at_end(start, end, ends.get("units", "as_trained"))
            ]
            rows = [mean_row(places) for places in zip(*ways, strict=True)]
            found += tables.identify(replace(start.settings, variant=name), rows)
    return {"": found}


def mean_row(places: Sequence[dict]) -> dict:
    """A place on several lines, with the mean loss and accuracy there."""
    means = {name: float(np.mean([p[name] for p in places])) for name in ("loss", "accuracy")}
    return places[0] | means


def weights_at_end(start: Snapshots, end: Snapshots, units: str) -> Iterator[np.ndarray]:
    """The last weights (p,) of a run, with its units as trained, matched to another's, or in each
    of ten orders drawn from its seed."""
    rng = np.random.default_rng(end.settings.seed)
    for _ in range(RANDOM_ORDERS if units == "shuffled" else 1):
        model = end.network()
        if units == "matched":
            alignment.reorder(model, alignment.match(start.network(), model))
        if units == "shuffled":
            alignment.reorder(model, alignment.shuffled(model, rng))
        yield weights_of(model).numpy()
