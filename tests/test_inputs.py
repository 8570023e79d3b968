"""From arrays to the tensors of a run."""

import msgspec
import numpy as np
import pytest
import torch
from msgspec.structs import replace

from hw1.data import datasets, inputs
from hw1.settings.architectures import Cnn, Mlp
from hw1.settings.dataset import Arrays, Digits, Function, Inputs
from hw1.settings.runs import Run, Streams

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def digits():
    return datasets.digits(0.2, 28)


# The training of a run does not shape its tensors.
MLP = Run(
    experiment="e", variant="v", seed=3, stream=0, model=Mlp(hidden=(3,)), training=None,
    dataset=Function(function="sign", points=10, low=-1, high=1),
)  # fmt: skip
IMAGES = replace(
    MLP, model=Cnn(conv=(1,), kernel=1, padding=0, pooling=False, hidden=()),
    dataset=Digits(size=28, test_share=0.2),
    inputs=Inputs(size=28, range=(-1, 1), labels="given"),
)  # fmt: skip


def shown(run: Run, **changes) -> Run:
    """A run to which the inputs are shown in another way."""
    said = msgspec.structs.asdict(run.inputs) | changes
    return replace(run, inputs=msgspec.convert(said, Inputs))


def test_pixels_are_scaled_to_the_range(digits):
    for low, high in ((-1, 1), (0, 1)):
        split = inputs.Data(digits, CPU).splits(shown(IMAGES, range=[low, high]))["train"]
        expected = digits["train_inputs"] / 255 * (high - low) + low
        assert split.inputs.shape == (1437, 1, 28, 28)
        assert np.allclose(split.inputs[:, 0].numpy(), expected, atol=1e-6)


def test_an_mlp_sees_flat_images(digits):
    flat = replace(IMAGES, model=Mlp(hidden=(4,)))
    square = inputs.Data(digits, CPU).splits(IMAGES)["test"].inputs
    assert torch.equal(inputs.Data(digits, CPU).splits(flat)["test"].inputs, square.flatten(1))


def columns(values: list[int], size: int) -> list[float]:
    """A row of square images whose columns have some values, in another size, from 0 to 1."""
    image = np.array([values] * len(values), np.uint8)
    arrays = {f"{s}_inputs": image[None] for s in ("train", "test")}
    arrays |= {f"{s}_targets": np.zeros(1, np.int64) for s in ("train", "test")}
    run = shown(IMAGES, size=size, range=[0, 1])
    return inputs.Data(arrays, CPU).splits(run)["train"].inputs[0, 0, 0].tolist()


def test_resizing_is_bilinear_and_smoothed_where_it_makes_smaller():
    assert columns([0, 255], 4) == pytest.approx([0, 0.25, 0.75, 1])
    # Weights of 3/4, 3/4 and 1/4 at distances of a half and of three halves.
    assert columns([0, 255, 0, 255], 2) == pytest.approx([3 / 7, 4 / 7])


def test_random_labels_are_uniform_fixed_per_seed_and_spare_the_test_split(digits):
    random = shown(IMAGES, labels="random")
    runs = (IMAGES, random, random, replace(random, seed=4))
    given, drawn, again, other = (inputs.Data(digits, CPU).splits(run) for run in runs)
    assert torch.equal(drawn["train"].targets, again["train"].targets)
    assert not torch.equal(drawn["train"].targets, other["train"].targets)
    assert torch.equal(drawn["test"].targets, given["test"].targets)
    agreement = (drawn["train"].targets == given["train"].targets).float().mean().item()
    assert abs(agreement - 0.1) < 4 * (0.09 / 1437) ** 0.5
    assert torch.bincount(drawn["train"].targets, minlength=10).min() > 100


def test_a_function_has_a_training_split_only():
    splits = inputs.Data(datasets.function_samples("sign", 10, -1, 1), CPU).splits(MLP)
    assert list(splits) == ["train"]
    assert splits["train"].inputs.shape == splits["train"].targets.shape == (10, 1)
    assert splits["train"].targets.dtype == torch.float32


def numbered() -> inputs.Data:
    rows = np.arange(2000) % 10
    arrays = {
        "train_inputs": np.arange(2000)[:, None].astype(float), "train_targets": rows,
        "test_inputs": np.zeros((5, 1)), "test_targets": rows[:5],
    }  # fmt: skip
    return inputs.Data(arrays, CPU)


def labelled(data: inputs.Data | None = None, seed: int = 4, **changes) -> dict[str, inputs.Split]:
    dataset = Arrays(shape=(1,), examples=2000, classes=10)
    run = replace(MLP, seed=seed, dataset=dataset, inputs=Inputs(labels="given"))
    return (data or numbered()).splits(shown(run, **changes))


def test_a_share_of_random_labels_makes_nine_tenths_of_it_wrong():
    given = labelled()["train"].targets
    drawn = labelled(labels=0.5)["train"].targets
    assert (drawn != given).double().mean().item() == pytest.approx(0.5 * 0.9, abs=0.03)
    assert torch.equal(
        labelled(labels=1.0)["train"].targets, labelled(labels="random")["train"].targets
    )
    assert torch.equal(labelled(labels=0)["train"].targets, given)
    assert torch.equal(labelled(labels=0.5)["test"].targets, labelled()["test"].targets)


def test_a_subset_of_examples_is_the_same_for_all_runs():
    few = labelled(examples=50)["train"]
    assert len(few.inputs) == len(few.targets) == 50
    assert torch.equal(few.inputs.flatten().long() % 10, few.targets)
    assert torch.equal(few.inputs, labelled(examples=50, labels="random")["train"].inputs)
    assert torch.equal(few.inputs, labelled(seed=5, examples=50)["train"].inputs)
    assert few.inputs.flatten().diff().min() > 0
    assert few.inputs.max() > 1000  # drawn, not the first ones


def test_runs_that_share_a_data_set_see_each_its_own_of_it():
    data = numbered()
    for said in ({"examples": 50}, {"examples": 20}, {"examples": 20, "range": [-1, 1]}, {}):
        for name, split in labelled(data, **said).items():
            alone = labelled(**said)[name]
            assert torch.equal(split.inputs, alone.inputs)
            assert torch.equal(split.targets, alone.targets)


def test_streams_may_be_split():
    split = replace(MLP, stream=Streams(batches=7))
    assert split.key("batches") == (3, 7)
    assert split.key("initialisation") == (3, 0)
    assert replace(MLP, stream=2).key("initialisation") == (3, 2)
