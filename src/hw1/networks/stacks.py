"""Runs that differ only in their seeds, trained together as one model.

That changes their speed, not their numbers. `stack_of` says which runs train so.
"""

import itertools
from collections.abc import Iterable, Iterator, Sequence

import msgspec
import torch
from torch import nn
from torch.nn import functional
from torch.nn.utils import parameters_to_vector

from hw1.data.inputs import Data
from hw1.networks.models import build
from hw1.networks.passes import Passes
from hw1.settings.runs import Settings


def activate(module: nn.Module, x: torch.Tensor) -> torch.Tensor:
    """An activation, in place."""
    match module:
        case nn.LeakyReLU():
            return functional.leaky_relu_(x, module.negative_slope)
        case nn.Tanh():
            return x.tanh_()
        case nn.SELU():
            alpha, scale = SELU
            # torch's own SELU rounds the last few numbers of a tensor by other code than the rest.
            negative = x.clamp(max=0).expm1_().mul_(alpha * scale)
            return x.clamp_(min=0).mul_(scale).add_(negative)
    return x.relu_()


SELU = 1.6732632423543772, 1.0507009873554805  # alpha and scale (Klambauer 2017)


def propagate(module: nn.Module, gradient: torch.Tensor, given: torch.Tensor) -> None:
    """Turn the gradient after an activation into the gradient before it, in place. `given` are the
    activation's outputs: for each of these activations they tell on which branch it was."""
    aten = torch.ops.aten
    match module:
        case nn.LeakyReLU():
            backward, slope = aten.leaky_relu_backward, module.negative_slope
            backward.grad_input(gradient, given, slope, True, grad_input=gradient)
        case nn.Tanh():
            aten.tanh_backward.grad_input(gradient, given, grad_input=gradient)
        case nn.SELU():
            aten.elu_backward.grad_input(gradient, *SELU, 1, True, given, grad_input=gradient)
        case _:
            aten.threshold_backward.grad_input(gradient, given, 0, grad_input=gradient)


class StackedLayers(torch.autograd.Function):
    """Fully connected layers with activations between them, of several models at once.

    They do the same as autograd, but in place: these layers are so small that most of the time
    goes into moving activations through memory.
    """

    @staticmethod
    def forward(
        ctx, x: torch.Tensor, activation: nn.Module, *weights: torch.Tensor
    ) -> torch.Tensor:
        inputs: list[torch.Tensor] = []
        for weight, bias in zip(weights[::2], weights[1::2]):
            inputs.append(activate(activation, x) if inputs else x)
            x = torch.baddbmm(bias.unsqueeze(2), weight, x)
        ctx.activation = activation
        ctx.save_for_backward(*weights[::2], *inputs)
        return x

    @staticmethod
    def backward(ctx, gradient: torch.Tensor) -> tuple:
        layers = len(ctx.saved_tensors) // 2
        weights, inputs = ctx.saved_tensors[:layers], ctx.saved_tensors[layers:]
        gradients: list[torch.Tensor] = []
        for layer in reversed(range(layers)):
            gradients[:0] = [gradient.bmm(inputs[layer].mT), gradient.sum(2)]
            if layer:
                # With one output this is an outer product: mul has the same bits, and bmm is slow.
                product = torch.mul if gradient.shape[1] == 1 else torch.bmm
                gradient = product(weights[layer].mT, gradient)
                propagate(ctx.activation, gradient, inputs[layer])
        return None, None, *gradients


class Stack(nn.Module):
    """Several MLPs of one architecture as one model; each computes the same as alone.

    Takes (n, features), the same for all; returns (members, outputs, n). Examples are columns
    throughout: products and sums run at vector speed over rows of a thousand numbers, but not over
    rows of ten.

    All weights lie in one parameter, a row for each member, so that an optimizer updates them in
    one go. Numbers must not depend on how many members train together. So a row is padded to whole
    vectors, since the last few numbers of a tensor are rounded by other code than the rest. And a
    lone member gets a double, since torch multiplies a single matrix by other code than several.
    """

    random = False
    FLOATS = 64  # a multiple of the floats in a vector register, on any processor

    def __init__(self, members: Sequence[nn.Sequential]) -> None:
        super().__init__()
        self.members = len(members)
        between = [module for module in members[0] if not isinstance(module, nn.Linear)]
        self.activation = between[0] if between else nn.ReLU()
        self.shapes = {name: weight.shape for name, weight in members[0].named_parameters()}
        rows = torch.stack([parameters_to_vector(member.parameters()) for member in members])
        rows = functional.pad(rows.detach(), (0, -rows.shape[1] % self.FLOATS))
        self.rows = nn.Parameter(rows if self.members > 1 else rows.repeat(2, 1))

    def weights(self, rows: torch.Tensor) -> dict[str, torch.Tensor]:
        """Tensors (..., *shape) by their names in a member, as views of `rows` (..., floats)."""
        sizes = [shape.numel() for shape in self.shapes.values()]
        parts = rows.split([*sizes, rows.shape[-1] - sum(sizes)], dim=-1)
        return {
            name: part.unflatten(-1, shape)
            for (name, shape), part in zip(self.shapes.items(), parts)
        }

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x.T.expand(len(self.rows), -1, -1).contiguous()
        x = StackedLayers.apply(x, self.activation, *self.weights(self.rows).values())
        return x if len(x) == self.members else x[: self.members]

    def member(self, state: dict[str, torch.Tensor], index: int) -> dict[str, torch.Tensor]:
        """State dict of one member, out of the stack's."""
        return {name: part.clone() for name, part in self.weights(state["rows"][index]).items()}

    def gradients(self, x: torch.Tensor, y: torch.Tensor, objective: str = "loss") -> Passes:
        """As `Alone.gradients`, with the same x (n, features) and y (n, outputs) for all
        members."""
        output = self(x)
        squares = functional.mse_loss(output, y.T.expand_as(output), reduction="none")
        losses = squares.mean((1, 2))
        self.zero_grad()
        losses.sum().backward()
        return Passes(losses.detach())


class RowStack(nn.Module):
    """Several MLPs of one architecture that classify, each with mini-batches of its own.

    Every layer is one batched product over all members, with forward and backward pass written out,
    since calls take most of the time of such small layers. Each member has, to the last bit, the
    numbers that it has alone: its parameters are updated as tensors of their own, and networks are
    stacked only if `same_bits` allows it.
    """

    random = False

    def __init__(self, members: Sequence[nn.Sequential]) -> None:
        super().__init__()
        self.members = len(members)
        self.template = (members[0],)  # in a tuple, so it is no part of this module
        self.names = [name for name, _ in members[0].named_parameters()]
        for place, tensors in enumerate(zip(*(member.parameters() for member in members))):
            self.register_buffer(f"all_{place}", torch.stack(tensors).detach())
        self.all = list(self.buffers())
        self.slopes = [torch.zeros_like(tensor) for tensor in self.all]

    def parameters(self, recurse: bool = True) -> Iterator[nn.Parameter]:
        """The parameters of one member after the other: views, with views as their gradients."""
        for member in range(self.members):
            for tensor, slope in zip(self.all, self.slopes):
                view = nn.Parameter(tensor[member], requires_grad=False)
                view.grad = slope[member]
                yield view

    def gradients(self, x: torch.Tensor, y: torch.Tensor, objective: str = "loss") -> Passes:
        """As `Alone.gradients`; x is (members, n, features), y (members, n)."""
        weights, biases = self.all[::2], self.all[1::2]
        inputs: list[torch.Tensor] = []
        for weight, bias in zip(weights, biases):
            inputs.append(x.relu_() if inputs else x)
            x = torch.baddbmm(bias.unsqueeze(1), inputs[-1], weight.mT)
        n = y.shape[1]
        logarithms = torch.log_softmax(x, 2)
        losses = [functional.nll_loss(*member) for member in zip(logarithms, y)]
        slope = torch.zeros_like(x).scatter_(2, y.unsqueeze(2), -1 / n)
        slope = torch.ops.aten._log_softmax_backward_data(slope, logarithms, 2, x.dtype)
        for layer in reversed(range(len(weights))):
            torch.bmm(slope.mT, inputs[layer], out=self.slopes[2 * layer])
            torch.sum(slope, 1, out=self.slopes[2 * layer + 1])
            if layer:
                slope = slope.bmm(weights[layer])
                torch.ops.aten.threshold_backward.grad_input(
                    slope, inputs[layer], 0, grad_input=slope
                )
        return Passes(torch.stack(losses), (x.argmax(2) == y).sum(1))

    def member(self, state: dict[str, torch.Tensor], index: int) -> dict[str, torch.Tensor]:
        """State dict of one member, out of the stack's."""
        return {name: part[index].clone() for name, part in zip(self.names, state.values())}

    def alone(self, index: int) -> nn.Module:
        """One member as it is now."""
        self.template[0].load_state_dict(self.member(self.state_dict(), index))
        return self.template[0]


# The settings that a stack implements. A run is stacked only if all its settings stand here, so no
# setting is ignored in silence, whatever its default; None stands for a setting that is left out. A
# dictionary has the allowed keys, a list the allowed items, and a tuple alternatives; a type stands
# for its values.
NUMBER = (int, float)
LARGEST_STACKED_BATCH = 4096  # every member has a mini-batch of its own in memory
PHASE = {
    "objective": "loss",
    "optimizer": ("adam", "adamw", "sgd"),
    "learning_rate": NUMBER,
    "momentum": NUMBER,
    "weight_decay": NUMBER,
    "schedule": {
        "kind": ("constant", "cosine", "step"),
        "warmup": NUMBER,
        "every": int,
        "factor": NUMBER,
    },
}
TRAINING = PHASE | {
    "phases": [PHASE | {"after": int}],
    "epochs": int,
    "precision": "fp32",
    "history": ("epoch", "iteration"),
    "history_every": int,
    "snapshot_epochs": [int],
}
MODEL = {
    "kind": "mlp",
    "hidden": [int],
    "initialisation": ("default", "he", "xavier", "lecun", "orthogonal"),
    "gain": NUMBER,
    "dropout": 0,
    "batch_norm": False,
}
# Settings that act before there is a stack: on data, names and initial weights.
BEFORE = {
    **dict.fromkeys(("experiment", "variant", "stream", "dataset", "start"), object),
    "inputs": {
        "size": int,
        "range": [int, float],
        "labels": ("given", "random", *NUMBER),
        "examples": int,
    },
}
SETTINGS: dict[type, dict] = {
    Stack: BEFORE
    | {
        # The derivative of a GELU takes its input; a stack keeps only the outputs of activations.
        "model": MODEL | {"activation": ("relu", "leaky_relu", "tanh", "selu"), "slope": NUMBER},
        # All members see the same full batch in every iteration.
        "training": TRAINING
        | {"batch_size": "full", "gradient_norm": False, "evaluate_each_epoch": []},
    },
    RowStack: BEFORE
    | {
        "model": MODEL | {"activation": "relu"},
        "training": TRAINING
        | {
            "batch_size": range(1, LARGEST_STACKED_BATCH + 1),
            "gradient_norm": bool,
            "evaluate_each_epoch": ["train", "test"],
        },
    },
}


def listed(found: object, known: object) -> bool:
    """Whether settings of a run stand in a list such as `SETTINGS`."""
    match known:
        case dict():
            return isinstance(found, dict) and all(
                value is None or (key in known and listed(value, known[key]))
                for key, value in found.items()
            )
        case list():
            return isinstance(found, list) and all(listed(item, (*known,)) for item in found)
        case tuple():
            return any(listed(found, one) for one in known)
        case range():
            return found in known
        case type():
            return known in (object, type(found))
    return found == known


def stack_kind(settings: Settings) -> type | None:
    """The stack that implements all settings of a run: `Stack` for real targets, `RowStack` for
    labels, or None."""
    kind = Stack if settings.label_count is None else RowStack
    every = msgspec.json.decode(msgspec.json.encode(settings))
    return kind if listed(every, SETTINGS[kind]) else None


def same_bits(member: nn.Sequential, batch_sizes: Iterable[int]) -> bool:
    """Whether this processor rounds the layers of several networks like the layers of one.

    Libraries may multiply several matrices by other code than one. This is tried with thousands of
    random numbers per layer, in mini-batches of these sizes.
    """
    random = torch.Generator().manual_seed(0)
    layers = [module for module in member if isinstance(module, nn.Linear)]
    for layer, n in itertools.product(layers, set(batch_sizes)):
        weight, bias = layer.weight.detach(), layer.bias.detach()
        x = torch.randn(3, n, layer.in_features, generator=random)
        slope = torch.randn(3, n, layer.out_features, generator=random)
        weights = weight.expand(3, -1, -1).contiguous()
        together = (
            torch.baddbmm(bias.expand(3, 1, -1), x, weights.mT),
            slope.mT.bmm(x),
            slope.bmm(weights),
            slope.sum(1),
        )
        alone = (
            [functional.linear(part, weight, bias) for part in x],
            [part.T @ other for part, other in zip(slope, x)],
            [part @ weight for part in slope],
            [part.sum(0) for part in slope],
        )
        if not all(torch.equal(ours, torch.stack(theirs)) for ours, theirs in zip(together, alone)):
            return False
    return True


def stack_of(settings: Settings, data: Data) -> type | None:
    """The stack for runs that differ only in their seeds, or None if they train one by one."""
    kind = stack_kind(settings)
    if kind is not RowStack:
        return kind
    n = settings.training_examples
    size = settings.training.size_of_batch(n)
    member = build(settings.model, settings.example_shape, settings.outputs)
    exact = data.device.type == "cpu" and same_bits(member, (size, n % size or size))
    return RowStack if exact else None
