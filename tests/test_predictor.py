"""Trained networks as a library gives them."""

import json

import numpy as np
import pytest

import hw1
from hw1.training import checkpoints
from hw1.training.predictor import Predictor


def test_a_network_predicts_what_its_metrics_say(built):
    """Of images and of a function, from the files of the build."""
    results = built.folder / "results"
    data = np.load(results / "data/digits.npz")
    network = hw1.load(results / "checkpoints/mnist_cnn/deep/seed1.pt", seed=1)
    labels = network.predict(data["test_inputs"])
    (row,) = built.rows("mnist_cnn_metrics", variant="deep", seed="1", split="test")
    assert (labels == data["test_targets"]).mean() == float(row["accuracy"])

    sinc = np.load(results / "data/sinc.npz")
    network = hw1.load(results / "checkpoints/function_fit/sinc_deep/seeds0-1.pt", seed=1)
    error = ((network.predict(sinc["train_inputs"]) - sinc["train_targets"]) ** 2).mean()
    (row,) = built.rows("function_fit_metrics", variant="sinc_deep", seed="1")
    assert error == pytest.approx(float(row["loss"]), rel=1e-5)


def test_seeds_and_epochs_that_are_not_there_are_named(built):
    checkpoints = built.folder / "results/checkpoints"
    batch = checkpoints / "function_fit/sinc_deep/seeds0-1.pt"
    with pytest.raises(ValueError, match=r"seeds0-1\.pt: found seed=7, expected one of 0, 1"):
        hw1.load(batch, seed=7)
    with pytest.raises(ValueError, match="say which, expected one of 0, 1"):
        hw1.load(batch)
    with pytest.raises(ValueError, match="found no snapshot of epoch 5, expected one of 0, 1, 2"):
        hw1.load(checkpoints / "trajectory/mlp/seed0.pt", epoch=5)
    with pytest.raises(AttributeError, match="no attribute 'lode'"):
        hw1.lode  # noqa: B018


def test_a_checkpoint_with_settings_that_there_are_no_more_is_named(built, tmp_path):
    runs = checkpoints.load(built.folder / "results/checkpoints/trajectory/mlp/seed0.pt")
    said = json.loads(runs[0]["settings"]) | {"warp": 9}
    checkpoints.save_runs(tmp_path / "seed0.pt", {0: runs[0] | {"settings": json.dumps(said)}})
    with pytest.raises(ValueError, match=r"seed0\.pt: made by another version \(.*warp.*: train"):
        hw1.load(tmp_path / "seed0.pt")


def test_predicting_leaves_the_inputs_as_they_are(built):
    network = hw1.load(built.folder / "results/checkpoints/mnist_cnn/deep/seed1.pt")
    images = np.load(built.folder / "results/data/digits.npz")["test_inputs"].astype(np.float32)
    before, first = images.copy(), network.outputs(images)
    assert np.array_equal(images, before)
    assert np.array_equal(network.outputs(images), first)
    with pytest.raises(ValueError, match=r"found inputs of shape \(28, 28\), expected 3 axes"):
        network.predict(images[0])


def test_all_inputs_are_predicted_also_where_few_were_trained_on(built):
    path = built.folder / "results/checkpoints/mnist_cnn/deep/seed1.pt"
    run = checkpoints.load(path)[1]
    settings = json.loads(run["settings"])
    images = np.load(built.folder / "results/data/digits.npz")["test_inputs"]
    expected = hw1.load(path).predict(images)
    settings["inputs"] |= {"examples": 5, "labels": "random"}
    few = Predictor(run | {"settings": json.dumps(settings)})
    assert np.array_equal(few.predict(images), expected) and len(expected) > 300


def test_ones_own_pixels_are_predicted_as_those_of_mnist(built):
    """A network of digits, as if it had been trained on a file of one's own with the same bytes."""
    path = built.folder / "results/checkpoints/mnist_cnn/deep/seed1.pt"
    run = checkpoints.load(path)[1]
    settings = json.loads(run["settings"])
    images = np.load(built.folder / "results/data/digits.npz")["test_inputs"]
    expected = hw1.load(path).outputs(images)
    settings["dataset"] = {"kind": "arrays", "shape": [28, 28], "examples": 1437, "classes": 10}

    def outputs(given: np.ndarray, pixels: bool) -> np.ndarray:
        shown = {"labels": "given"} | ({"range": settings["inputs"]["range"]} if pixels else {})
        mine = settings | {"inputs": shown}
        mine["dataset"] = settings["dataset"] | {"pixels": pixels}
        return Predictor(run | {"settings": json.dumps(mine)}).outputs(given)

    assert images.dtype == np.uint8
    assert np.array_equal(outputs(images, pixels=True), expected)
    assert np.array_equal(outputs(images.astype(float), pixels=True), expected)
    low, high = settings["inputs"]["range"]
    scaled = images / 255 * (high - low) + low
    assert np.allclose(outputs(scaled, pixels=False), expected, atol=1e-4)
    assert not np.allclose(outputs(images, pixels=False), expected, atol=1)
