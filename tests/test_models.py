"""Built networks: initial weights, and the exactness of pooling before the ReLU."""

import math

import pytest
import torch
from msgspec.structs import replace
from torch import nn

from hw1.networks import models, stacks
from hw1.settings.architectures import Cnn, Mlp

CNN = Cnn(conv=(3, 4), kernel=3, padding=1, pooling=True, hidden=(6,))
SLOPE = {"leaky_relu": 0.2}


def test_initial_weights_are_a_function_of_seed_and_stream():
    def first(key):
        return models.build(CNN, (1, 12, 12), 10, key)[0].weight

    assert torch.equal(first((5, 0)), first((5, 0)))
    assert not torch.equal(first((5, 0)), first((6, 0)))
    assert not torch.equal(first((5, 0)), first((5, 1)))


def test_building_leaves_the_global_random_state_alone():
    before = torch.random.get_rng_state()
    models.build(CNN, (1, 12, 12), 10, (1, 0))
    assert torch.equal(before, torch.random.get_rng_state())


def test_initial_weights_follow_pytorchs_default_distribution():
    bound = 1 / 784**0.5  # uniform in +-1/sqrt(fan_in)
    weight = models.build(Mlp(hidden=(512,)), (784,), 10, (0, 0))[0].weight
    assert weight.abs().max() <= bound
    assert abs(weight.std().item() / (bound / 3**0.5) - 1) < 0.01


def test_pooling_before_the_relu_changes_neither_outputs_nor_gradients():
    network = models.build(CNN, (1, 12, 12), 10, (2, 0))
    conv1, pool, relu, conv2, _, _, flatten, fc1, _, fc2 = network
    usual = nn.Sequential(
        conv1, relu, pool, conv2, nn.ReLU(), nn.MaxPool2d(2), flatten, fc1, nn.ReLU(), fc2
    )
    x = torch.randn(7, 1, 12, 12, generator=torch.Generator().manual_seed(0))
    gradients = []
    for model in (network, usual):
        model.zero_grad()
        output = model(x)
        output.square().sum().backward()
        gradients.append([output.detach(), *(p.grad.clone() for p in model.parameters())])
    for ours, theirs in zip(*gradients):
        assert torch.equal(ours, theirs)


@pytest.mark.parametrize("activation", ["relu", "leaky_relu", "tanh", "selu"])
def test_the_gradient_of_a_stack_is_that_of_its_members(activation):
    spec = Mlp(hidden=(5, 4), activation=activation, slope=SLOPE.get(activation))
    members = [models.build(spec, (1,), 1, (seed, 0)).double() for seed in range(3)]
    stack = stacks.Stack(members)
    x = torch.linspace(-1, 1, 11, dtype=torch.float64)[:, None]
    output = stack(x)
    assert output.shape == (3, 1, 11)
    output.square().sum().backward()
    for index, member in enumerate(members):
        alone = member(x)
        assert torch.allclose(output[index].T, alone)
        alone.square().sum().backward()
        gradients = stack.member({"rows": stack.rows.grad}, index)
        assert list(gradients) == [name for name, _ in member.named_parameters()]
        for name, parameter in member.named_parameters():
            assert torch.allclose(gradients[name], parameter.grad), name


@pytest.mark.parametrize(
    "kind, function",
    [("relu", lambda x: max(x, 0)), ("leaky_relu", lambda x: x if x > 0 else 0.2 * x),
     ("tanh", math.tanh), ("selu", lambda x: 1.0507 * (x if x > 0 else 1.67326 * math.expm1(x))),
     ("gelu", lambda x: x * (1 + math.erf(x / 2**0.5)) / 2)],
)  # fmt: skip
def test_activations(kind, function):
    module = models.activation(Mlp(hidden=(), activation=kind, slope=SLOPE.get(kind)))
    for x in (-2.0, -0.3, 0.0, 1.5):
        assert module(torch.tensor([x])).item() == pytest.approx(function(x), abs=1e-4)


@pytest.mark.parametrize(
    "kind, variance", [("he", 2 / 400), ("xavier", 2 / 1000), ("lecun", 1 / 400)]
)
def test_initial_weights_have_the_variance_of_their_kind(kind, variance):
    spec = Mlp(hidden=(600,), initialisation=kind, gain=3)
    layer = models.build(spec, (400,), 10)[0]
    assert layer.weight.var().item() == pytest.approx(9 * variance, rel=0.02)
    assert layer.bias.abs().max() == 0


def test_orthogonal_weights_keep_lengths():
    spec = Mlp(hidden=(30,), initialisation="orthogonal")
    weight = models.build(spec, (50,), 10)[0].weight
    assert torch.allclose(weight @ weight.T, torch.eye(30), atol=1e-5)


def test_pooling_follows_an_activation_that_is_not_rising():
    model = replace(CNN, activation="gelu")
    kinds = [type(module).__name__ for module in models.build(model, (1, 12, 12), 10)]
    assert kinds[:3] == ["Conv2d", "GELU", "MaxPool2d"]
    x = torch.randn(2, 1, 12, 12)
    rising = models.build(replace(CNN, activation="leaky_relu", slope=0.1), (1, 12, 12), 10)
    conv, pool, leaky = list(rising)[:3]
    assert torch.equal(leaky(pool(conv(x))), pool(leaky(conv(x))))
