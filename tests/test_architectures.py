"""Layers, parameters and multiply-adds, against hand counts and against torch."""

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from hw1.networks import models
from hw1.settings.architectures import Cnn, multiply_adds, parameter_count
from hw1.settings.experiments import experiments_of

# The specification's exact counts of the models as written ...
AS_WRITTEN = {
    "function_fit/sinc_deep": 351,
    "function_fit/sinc_medium": 572,
    "function_fit/sinc_shallow": 571,
    "function_fit/sign_deep": 351,
    "function_fit/sign_medium": 572,
    "function_fit/sign_shallow": 571,
    "mnist_cnn/shallow": 108_618,
    "mnist_cnn/deep": 390_410,
    "trajectory/mlp": 109_386,
    "gradient_norm/mlp": 109_386,
    "interpolation/a": 407_050,
    "interpolation/b": 407_050,
    "random_labels/lenet5": 61_706,
    "capacity/cnn1": 17_950,
    "capacity/cnn2": 36_390,
    "capacity/cnn3": 74_286,
    "capacity/cnn4": 152_446,
    "capacity/cnn5": 295_762,
    "capacity/cnn6": 599_218,
    "capacity/cnn7": 1_177_610,
    "capacity/cnn8": 2_457_738,
    "capacity/cnn9": 5_185_770,
    "capacity/cnn10": 10_173_898,
    "connectivity/a": 407_050,
    "memorisation/random100": 407_050,
    "true_labels/lenet5": 61_706,
    "dying_relu/sinc_deep_selu": 351,
    "dying_relu/sign_medium_relu": 572,
    # one input, a bias of each unit: 2 w + (depth - 1) (w^2 + w) + (w + 1)
    "born_dead/depth16_width4": 2 * 4 + 15 * 20 + 5,
    "born_dead/depth8_width2": 2 * 2 + 7 * 6 + 3,
    "born_dead/depth8_width8": 2 * 8 + 7 * 72 + 9,
    "gradient_zero/with_tanh": 2 * 5 + 6,
    "error_surface/deep_64": 785 * 128 + 7 * 129 * 128 + 1290,
    "double_descent/width12": 785 * 12 + 130,
}
# ... and of those that the notebooks build.
AS_CODED = {
    "function_fit/sinc_deep": 461,
    "function_fit/sign_deep": 461,
    "mnist_cnn/shallow": 215_370,
    "mnist_cnn/deep": 390_410,
    "capacity/cnn1": 62_810,
    "capacity/cnn2": 20_490,
    "capacity/cnn10": 15_870_474,
}


def counts(config: dict) -> dict[str, tuple[int, int]]:
    """Parameters by `experiment/variant`: as computed from the layers, and of the torch model."""
    result = {}
    for name, experiment in experiments_of(config).items():
        for variant, run_of in experiment.variants.items():
            with torch.device("meta"):
                modules = models.build_modules(run_of.layers, run_of.model)
            built = sum(p.numel() for module in modules for p in module.parameters())
            result[f"{name}/{variant}"] = parameter_count(run_of.layers), built
    return result


def test_default_models_have_the_specified_parameters(config):
    found = counts(config)
    assert {name: found[name] for name in AS_WRITTEN} == {n: (c, c) for n, c in AS_WRITTEN.items()}
    assert all(computed == built for computed, built in found.values())


def test_as_coded_models_have_the_notebooks_parameters(preset):
    found = counts(preset("as_coded"))
    assert {name: found[name] for name in AS_CODED} == {n: (c, c) for n, c in AS_CODED.items()}


SMALL = Cnn(conv=(2,), kernel=3, padding=0, pooling=True, hidden=(5,))


def test_hand_count_of_a_small_cnn():
    stack = SMALL.layers((1, 8, 8), 10)
    # conv: 2 filters of 9 weights and a bias on 6x6 positions; 3x3 after pooling
    assert parameter_count(stack) == 2 * 10 + (2 * 9 + 1) * 5 + (5 + 1) * 10
    assert multiply_adds(stack) == 9 * 2 * 36 + 18 * 5 + 50


def test_hand_count_with_batch_norm():
    stack = replace(SMALL, batch_norm=True).layers((1, 8, 8), 10)
    modules = models.build_modules(stack, replace(SMALL, dropout=0.1))
    # As above, and a scale and a shift for each of 2 filters and 5 units; none for the outputs.
    assert parameter_count(stack) == 20 + 4 + 95 + 10 + 60
    assert parameter_count(stack) == sum(p.numel() for m in modules for p in m.parameters())


@settings(max_examples=40, deadline=None)
@given(
    conv=st.lists(st.integers(1, 5), min_size=1, max_size=3).map(tuple),
    hidden=st.lists(st.integers(1, 7), max_size=2).map(tuple),
    kernel=st.integers(1, 4),
    padding=st.integers(0, 2),
    pooling=st.booleans(),
    size=st.integers(4, 12),
)
def test_layers_agree_with_the_torch_model(conv, hidden, kernel, padding, pooling, size):
    model = Cnn(conv=conv, kernel=kernel, padding=padding, pooling=pooling, hidden=hidden)
    try:
        stack = model.layers((1, size, size), 10)
    except ValueError:
        return
    network = models.build(model, (1, size, size), 10)
    assert parameter_count(stack) == sum(p.numel() for p in network.parameters())
    assert network(torch.zeros(3, 1, size, size)).shape == (3, 10)
