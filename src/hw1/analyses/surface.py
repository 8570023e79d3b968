"""The training loss in a random plane around a trained network, scaled filter by filter.

Both directions of the plane are drawn from a normal distribution. The part of each unit or filter
gets the norm of that unit's weights, so that networks of different scales are comparable. Biases
stay as they are (Li, Xu, Taylor, Studer and Goldstein 2018, filter normalisation).
"""

from collections.abc import Iterator, Sequence

import torch
from torch import nn

from hw1.analyses.interpolate import grid
from hw1.data.inputs import Data, Split
from hw1.networks.weights import Snapshots
from hw1.results import tables
from hw1.training.curvature import Vector, first_examples, weights_of
from hw1.training.evaluation import evaluate

KIND = {
    "needs": ["weights_alone"],
    "scope": "run",
    "data": True,
    "tables": {"": ["experiment", "variant", "seed", "x", "y", "loss"]},
    "settings": {
        "reach": {
            "description": "How far the plane goes in all four directions; 1 is the norm of each "
            "unit's weights",
            "type": "number",
            "exclusiveMinimum": 0,
        },
        "points": {
            "description": "Evenly spaced points along each side; an odd number, so that the "
            "network itself is one",
            "type": "integer",
            "minimum": 3,
            "maximum": 1001,
            "not": {"multipleOf": 2},
        },
        "examples": {
            "description": "How many training examples the loss is the mean of, the first ones",
            "type": "integer",
            "minimum": 1,
        },
    },
}


@torch.no_grad()
def direction(model: nn.Module, random: torch.Generator) -> Vector:
    """A random direction (p,); each unit's part has the norm of its weights in the network."""
    parts = []
    for parameter in model.parameters():
        part = torch.zeros_like(parameter)
        if parameter.dim() > 1:
            drawn = torch.randn(parameter.shape, generator=random).to(parameter)
            norms = (t.flatten(1).norm(dim=1).clamp(min=1e-12) for t in (parameter, drawn))
            now, of_drawn = norms
            part = drawn * (now / of_drawn).view(-1, *[1] * (parameter.dim() - 1))
        parts.append(part.flatten())
    return torch.cat(parts)


@torch.no_grad()
def plane(
    model: nn.Module,
    axes: tuple[Vector, Vector],
    xs: Sequence[float],
    ys: Sequence[float],
    split: Split,
) -> Iterator[dict]:
    """Yield a row (x, y, loss) per point of a plane through the network's weights; afterwards the
    network has these weights again."""
    middle, parameters = weights_of(model), list(model.parameters())
    for x in xs:
        for y in ys:
            nn.utils.vector_to_parameters(middle + x * axes[0] + y * axes[1], parameters)
            yield {"x": x, "y": y, "loss": evaluate(model, split).loss}
    nn.utils.vector_to_parameters(middle, parameters)


def analyse(runs: list[Snapshots], settings: dict, data: Data) -> dict[str, list[dict]]:
    """A row per run and point, around its last snapshot; the seed draws the plane."""
    places = grid(-settings["reach"], settings["reach"], settings["points"])
    found = []
    for run in runs:
        model = run.network(data.device)
        random = torch.Generator().manual_seed(run.settings.seed)
        axes = direction(model, random), direction(model, random)
        split = first_examples(data, run.settings, settings["examples"])
        found += tables.identify(run.settings, plane(model, axes, places, places, split))
    return {"": found}
