"""How much the outputs of a network change with its inputs.

The measure is the Frobenius norm of the Jacobian of the outputs with respect to the pixels, as a
mean over test examples (Novak, Bahri, Abolafia, Pennington and Sohl-Dickstein 2018). The outputs
are the class probabilities, as there, and the logits, which do not saturate.
"""

import torch
from torch import nn

from hw1.data.inputs import Data
from hw1.networks.weights import Snapshots
from hw1.results import tables

KIND = {
    "needs": ["classification"],
    "scope": "run",
    "data": True,
    "tables": {
        "": ["experiment", "variant", "seed", "epoch", "examples", "probabilities", "logits"]
    },
    "settings": {
        "examples": {
            "description": "How many test examples are averaged over, the first ones",
            "type": "integer",
            "minimum": 1,
        }
    },
}
AT_ONCE = 500  # examples; each needs the memory of its inputs once for every output


def jacobian_norms(model: nn.Module, inputs: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Frobenius norms (n,) of the Jacobians of probabilities and of logits at inputs (n, ...)."""
    inputs = inputs.detach().clone().requires_grad_()
    logits = model(inputs)
    rows = [
        torch.autograd.grad(column.sum(), inputs, retain_graph=True)[0].flatten(1)
        for column in logits.unbind(1)
    ]
    jacobian = torch.stack(rows, 1)
    share = logits.detach().softmax(1)
    # d softmax / d logits = diag(share) - share share^T
    mean = share.unsqueeze(1) @ jacobian
    return (share.unsqueeze(2) * (jacobian - mean)).norm(dim=(1, 2)), jacobian.norm(dim=(1, 2))


def analyse(runs: list[Snapshots], settings: dict, data: Data) -> dict[str, list[dict]]:
    """A row per run, of its last snapshot."""
    found = []
    for run in runs:
        model = run.network(data.device)
        inputs = data.splits(run.settings)["test"].inputs[: settings["examples"]]
        parts = [jacobian_norms(model, batch) for batch in inputs.split(AT_ONCE)]
        probabilities, logits = (
            torch.cat(norms).cpu().double().mean().item() for norms in zip(*parts)
        )
        row = {
            "epoch": int(run.epochs[-1]),
            "examples": len(inputs),
            "probabilities": probabilities,
            "logits": logits,
        }
        found += tables.identify(run.settings, [row])
    return {"": found}
