"""A rough estimate of a training's time and memory."""

import math

from hw1.settings.architectures import (
    Convolution,
    example_shape,
    layers,
    multiply_adds,
    parameter_count,
)
from hw1.settings.phases import phases

DATASET_SIZES = {  # training images; for digits, all images before the split
    **dict.fromkeys(("mnist", "fashion_mnist", "kmnist"), 60_000),
    "digits": 1_797,
}


def training_examples(settings: dict) -> int:
    """Number of training examples."""
    if few := (settings.get("inputs") or {}).get("examples"):
        return few
    dataset = settings["dataset"]
    if dataset["kind"] == "function":
        return dataset["points"]
    if dataset["kind"] == "arrays":
        return dataset["examples"]
    if dataset["kind"] == "digits":
        return DATASET_SIZES["digits"] - math.ceil(DATASET_SIZES["digits"] * dataset["test_share"])
    return DATASET_SIZES[dataset["kind"]]


def training_seconds(settings: dict) -> float:
    """A rough estimate of one core's time. It orders the trainings, sets their time limits, and
    predicts the end of a build.

    A forward and a backward pass take six floating-point operations per multiply-add. 85 GFLOP/s,
    5 ns for each output of a layer and 0.04 ms per iteration give 0.7 to 1.3 times the measured
    seconds per epoch of the eleven networks of docs/speed.md on its Xeon, but 0.4 times for LeNet.
    """
    stack = layers(settings["model"], *example_shape(settings))
    n, training = training_examples(settings), settings["training"]
    batch_size = n if training["batch_size"] == "full" else training["batch_size"]
    # The gradient of a gradient's norm takes about three times as long.
    passes = n * sum(
        phase["epochs"] * (3 if phase.get("objective") == "gradient_norm" else 1)
        for phase in phases(training)
    )
    outputs = sum(
        layer.outputs * (layer.unpooled_size**2 if isinstance(layer, Convolution) else 1)
        for layer in stack
    )
    computing = 6 * multiply_adds(stack) / 85e9 + outputs * 5e-9
    return computing * passes + passes / batch_size * 0.00004


def peak_memory(settings: dict, seeds: int) -> int:
    """A rough estimate of the memory in MiB of a job that trains a batch of runs.

    It counts Python with torch, the data, and for each run: weights, gradient and two moments while
    it trains, its snapshots, and these once more while the file is written.
    """
    example, outputs = example_shape(settings)
    floats = parameter_count(layers(settings["model"], example, outputs))
    kept = len({*settings["training"]["snapshot_epochs"], settings["training"]["epochs"]})
    data = 2 * 1.25 * training_examples(settings) * math.prod(example)
    training, n = settings["training"], training_examples(settings)
    batch = n if training["batch_size"] == "full" else min(training["batch_size"], n)
    if settings["model"]["kind"] == "mlp":  # all seeds at once, each with its batch and activations
        widths = math.prod(example) + sum(settings["model"]["hidden"]) + outputs
        data += 3 * seeds * batch * widths
    return max(2000, 1000 + round(4 * (data + floats * (8 + seeds * (4 + 3 * kept))) / 2**20))
