"""A rough estimate of a training's time and memory."""

import math

from hw1.settings.architectures import Convolution, Mlp, multiply_adds, parameter_count
from hw1.settings.runs import Settings


def training_seconds(settings: Settings) -> float:
    """A rough estimate of one core's time. It orders the trainings, sets their time limits, and
    predicts the end of a build.

    A forward and a backward pass take six floating-point operations per multiply-add. 85 GFLOP/s,
    5 ns for each output of a layer and 0.04 ms per iteration give 0.7 to 1.3 times the measured
    seconds per epoch of the eleven networks of docs/speed.md on its Xeon, but 0.4 times for LeNet.
    """
    stack, n = settings.layers, settings.training_examples
    # The gradient of a gradient's norm takes about three times as long.
    passes = n * sum(
        phase.epochs * (3 if phase.objective == "gradient_norm" else 1)
        for phase in settings.training.in_phases()
    )
    outputs = sum(
        layer.outputs * (layer.unpooled_size**2 if isinstance(layer, Convolution) else 1)
        for layer in stack
    )
    computing = 6 * multiply_adds(stack) / 85e9 + outputs * 5e-9
    return computing * passes + passes / settings.training.size_of_batch(n) * 0.00004


def peak_memory(settings: Settings, seeds: int) -> int:
    """A rough estimate of the memory in MiB of a job that trains a batch of runs.

    It counts Python with torch, the data, and for each run: weights, gradient and two moments while
    it trains, its snapshots, and these once more while the file is written.
    """
    example, training = settings.example_shape, settings.training
    floats = parameter_count(settings.layers)
    kept = len({*training.snapshot_epochs, training.epochs})
    n = settings.training_examples
    data = 2 * 1.25 * n * math.prod(example)
    # All seeds at once, each with its batch and activations.
    if isinstance(settings.model, Mlp):
        widths = math.prod(example) + sum(settings.model.hidden) + settings.outputs
        data += 3 * seeds * min(training.size_of_batch(n), n) * widths
    return max(2000, 1000 + round(4 * (data + floats * (8 + seeds * (4 + 3 * kept))) / 2**20))
