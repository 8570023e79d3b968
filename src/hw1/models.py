"""torch modules built from model specifications."""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import torch
from torch import nn
from torch.nn import functional
from torch.nn.utils import parameters_to_vector

from hw1.architectures import Convolution, Layer, layers
from hw1.seeding import stream_seed


def build(
    model: dict, input_shape: tuple[int, ...], outputs: int, key: tuple[int, int] = (0, 0)
) -> nn.Sequential:
    """Build `model` (see `hw1.architectures`) with its initial weights, by default PyTorch's.

    Takes a batch of shape (n, *input_shape), for an MLP (n, features); returns (n, outputs).
    `key`, the run's seed and stream, decides the initial weights; torch's global random state
    is left as it was.
    """
    stack = layers(model, input_shape, outputs)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(stream_seed(key, "initialisation"))
        modules = build_modules(stack, model)
        initialise(modules, model.get("initialisation", "default"), model.get("gain", 1.0))
    # The layout in which oneDNN and cuDNN convolve without reordering; no effect on an MLP. (torch
    # documents this call of `to`, but has no overload for it.)
    return nn.Sequential(*modules).to(memory_format=torch.channels_last)  # type: ignore[call-overload]


ACTIVATIONS = {"relu": nn.ReLU, "tanh": nn.Tanh, "selu": nn.SELU, "gelu": nn.GELU}


def activation(model: dict) -> nn.Module:
    """What follows every hidden layer of `model`."""
    kind = model.get("activation", "relu")
    return nn.LeakyReLU(model["slope"]) if kind == "leaky_relu" else ACTIVATIONS[kind]()


def build_modules(stack: list[Layer], model: dict) -> list[nn.Module]:
    """The modules of `stack` in order, activations, pooling and flattening included."""
    convolutions = [layer for layer in stack if isinstance(layer, Convolution)]
    modules: list[nn.Module] = []
    for layer in convolutions:
        modules.append(nn.Conv2d(layer.inputs, layer.outputs, layer.kernel, padding=layer.padding))
        modules += [nn.BatchNorm2d(layer.outputs)] * layer.batch_norm
        both = [activation(model), *([nn.MaxPool2d(2)] if layer.pooling else [])]
        # Pooling first: a rising activation picks the same pixel, so the result is the same (and so
        # is the gradient), and the activation has a quarter of the work. GELU falls at first.
        modules += both if model.get("activation") == "gelu" else reversed(both)
    if convolutions:
        modules.append(nn.Flatten())
    *hidden, output = stack[len(convolutions) :]
    for linear in hidden:
        modules.append(nn.Linear(linear.inputs, linear.outputs))
        modules += [nn.BatchNorm1d(linear.outputs)] * linear.batch_norm
        # In one place with what it follows: the layers have the names that they have without.
        dropout = [nn.Dropout(model["dropout"])] if model.get("dropout") else []
        modules.append(nn.Sequential(activation(model), *dropout) if dropout else activation(model))
    return [*modules, nn.Linear(output.inputs, output.outputs)]


def initialise(modules: Iterable[nn.Module], kind: str, gain: float) -> None:
    """Draw initial weights, from torch's random state, and set biases to 0.

    Normal with variance 2 / fan_in (`he`, He 2015), 2 / (fan_in + fan_out) (`xavier`, Glorot 2010)
    or 1 / fan_in (`lecun`, as SELU wants: Klambauer 2017), or `orthogonal` (Saxe 2014); `default`
    leaves what PyTorch drew, weights and biases. All weights are multiplied by `gain`.
    """
    for module in modules:
        if not isinstance(module, nn.Linear | nn.Conv2d):
            continue
        weight = module.weight
        fan_in, fan_out = weight[0].numel(), weight[:, 0].numel()
        variance = {"he": 2 / fan_in, "xavier": 2 / (fan_in + fan_out), "lecun": 1 / fan_in}
        with torch.no_grad():
            if kind in variance:
                weight.normal_(0, variance[kind] ** 0.5)
            elif kind == "orthogonal":
                nn.init.orthogonal_(weight)
            if gain != 1:
                weight.mul_(gain)
            if kind != "default" and module.bias is not None:
                module.bias.zero_()


class Passes(NamedTuple):
    """What forward and backward pass of a batch said, of one network without a dimension for it.

    The mean loss of each member, in single precision; how many labels it gets right, None for
    regression; the norm of its gradient where that is minimised.
    """

    losses: torch.Tensor
    correct: torch.Tensor | None = None
    norms: torch.Tensor | None = None


def activate(module: nn.Module, x: torch.Tensor) -> torch.Tensor:
    """An activation, in place."""
    match module:
        case nn.LeakyReLU():
            return functional.leaky_relu_(x, module.negative_slope)
        case nn.Tanh():
            return x.tanh_()
        case nn.SELU():
            alpha, scale = SELU
            # torch's own rounds the last few numbers of a tensor by other code than the rest.
            negative = x.clamp(max=0).expm1_().mul_(alpha * scale)
            return x.clamp_(min=0).mul_(scale).add_(negative)
    return x.relu_()


SELU = 1.6732632423543772, 1.0507009873554805  # alpha and scale (Klambauer 2017)


def propagate(module: nn.Module, gradient: torch.Tensor, given: torch.Tensor) -> None:
    """The gradient before an activation from that after it, in place, by what it gave: each of
    these tells by that on which of its branches it was."""
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

    What autograd would do, but in place: these layers are so small that most of the time goes
    into moving activations through memory.
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
                # Of one output it is an outer product: the same bits, at which bmm is slow.
                product = torch.mul if gradient.shape[1] == 1 else torch.bmm
                gradient = product(weights[layer].mT, gradient)
                propagate(ctx.activation, gradient, inputs[layer])
        return None, None, *gradients


class Stack(nn.Module):
    """Several MLPs of one architecture as one model; each computes what it would compute alone.

    Takes (n, features), the same for all; returns (members, outputs, n). Examples are columns
    throughout: with rows of a thousand numbers products and sums run at vector speed, with rows
    of ten they do not.

    All weights lie in one parameter, a row for each member, so that an optimizer updates them in
    one go. Numbers must not depend on how many train together: a row is padded to whole vectors,
    since the last few numbers of a tensor are rounded by other code than the rest, and a lone
    member gets a double, since torch multiplies a single matrix by other code than several.
    """

    random = False
    FLOATS = 64  # a multiple of what a vector register holds, whatever the processor

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
        """As `Alone.gradients`, of a batch that all see: x (n, features), y (n, outputs)."""
        output = self(x)
        squares = functional.mse_loss(output, y.T.expand_as(output), reduction="none")
        losses = squares.mean((1, 2))
        self.zero_grad()
        losses.sum().backward()
        return Passes(losses.detach())


class Alone:
    """One network, as the training loop sees one or several."""

    def __init__(self, network: nn.Module, precision: str = "fp32") -> None:
        self.network = network
        self.parameters = network.parameters
        self.state_dict, self.load_state_dict = network.state_dict, network.load_state_dict
        device = next(network.parameters()).device.type
        self.autocast = torch.autocast(device, torch.bfloat16, enabled=precision == "bf16")
        # Whether its layers draw numbers while it trains.
        self.random = any(isinstance(module, nn.Dropout) for module in network.modules())

    def gradients(self, x: torch.Tensor, y: torch.Tensor, objective: str = "loss") -> Passes:
        """Leave the gradients of a batch in the parameters: of its mean loss, or with the objective
        `gradient_norm` of the L2 norm that the gradient of that has."""
        with self.autocast:
            output = self.network(x)
        classify = not y.is_floating_point()
        loss = (functional.cross_entropy if classify else functional.mse_loss)(output.float(), y)
        norm = None
        self.network.zero_grad()
        if objective == "gradient_norm":
            slopes = torch.autograd.grad(loss, list(self.parameters()), create_graph=True)
            norm = torch.cat([slope.flatten() for slope in slopes]).norm()
            norm.backward()
        else:
            loss.backward()
        return Passes(
            loss.detach(),
            (output.argmax(1) == y).sum() if classify else None,
            None if norm is None else norm.detach(),
        )

    def member(self, state: dict[str, torch.Tensor], index: int) -> dict[str, torch.Tensor]:
        """State dict of one member, out of that of all."""
        return state

    def alone(self, index: int) -> nn.Module:
        """One member as it is now."""
        return self.network


class RowStack(nn.Module):
    """Several MLPs of one architecture that classify, each with mini-batches of its own.

    Every layer is one batched product over all members, forward and backward written out: calls
    take most of the time of layers so small. Each member is, to the last bit, the network that it
    would be alone: its parameters are updated as tensors of their own, and `same_bits` is asked
    before networks are stacked.
    """

    random = False

    def __init__(self, members: Sequence[nn.Sequential]) -> None:
        super().__init__()
        self.members = len(members)
        self.template = (members[0],)  # in a tuple, it is no part of this module
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


def same_bits(member: nn.Sequential, batch_sizes: Iterable[int]) -> bool:
    """Whether this processor rounds the layers of several networks as those of one.

    Libraries may multiply matrices by other code when there are several. Tried with random
    numbers, thousands a layer, in batches of these sizes.
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
