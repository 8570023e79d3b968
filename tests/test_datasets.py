"""Data sets: values, the compact file, and what is said when something is wrong."""

import hashlib

import numpy as np
import pytest
from conftest import MNIST_RAW, ROOT, needs_mnist

from hw1 import datasets


def test_functions_at_known_points():
    sinc, sign = datasets.FUNCTIONS["sinc"], datasets.FUNCTIONS["sign"]
    assert sinc(np.array([0.0, 0.1, 0.2])) == pytest.approx([1, 2 / np.pi, 0], abs=1e-12)
    assert sign(np.array([-0.1, 0.1, 0.3, 0.5])).tolist() == [-1, 1, -1, 1]


def test_function_samples_are_the_specified_ones():
    arrays = datasets.function_samples("sinc", 1000, -1, 1)
    x, y = arrays["train_inputs"], arrays["train_targets"]
    assert x.shape == y.shape == (1000, 1)
    assert (x[0, 0], x[-1, 0]) == (-1, 1)
    assert np.allclose(np.diff(x, axis=0), 2 / 999)
    assert y.var() == pytest.approx(0.0871, abs=5e-5)
    # one end segment of the square wave holds a ninth of the variance: the plateau at 8/9
    sign = datasets.function_samples("sign", 1000, -1, 1)["train_targets"]
    assert set(np.unique(sign)) == {-1, 1}


def test_digits_are_split_evenly_and_always_the_same():
    arrays = datasets.digits(0.2, 28)
    assert arrays["train_inputs"].shape == (1437, 28, 28)
    assert arrays["test_inputs"].shape == (360, 28, 28)
    assert arrays["train_inputs"].dtype == np.uint8
    assert arrays["train_inputs"].max() == 255
    shares = [np.bincount(arrays[f"{s}_targets"]) / len(arrays[f"{s}_targets"]) for s in
              ("train", "test")]  # fmt: skip
    assert np.abs(shares[0] - shares[1]).max() < 0.005
    again = datasets.digits(0.2, 28)
    assert all(np.array_equal(arrays[name], again[name]) for name in arrays)


def test_the_same_arrays_give_the_same_bytes_and_come_back(tmp_path):
    arrays = datasets.digits(0.2, 8)
    datasets.save(tmp_path / "a.npz", arrays)
    datasets.save(tmp_path / "b.npz", arrays)
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    loaded = datasets.load(tmp_path / "a.npz")
    assert all(np.array_equal(arrays[name], loaded[name]) for name in arrays)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.npz", "b.npz"]


@pytest.mark.parametrize("damage", ["truncated", "flipped", "zeros", "empty"])
def test_damaged_file_is_named(tmp_path, damage):
    path = tmp_path / "digits.npz"
    datasets.save(path, datasets.digits(0.2, 8))
    content = bytearray(path.read_bytes())
    if damage == "truncated":
        content = content[: len(content) // 2]
    elif damage == "flipped":
        content[len(content) // 2] ^= 1
    elif damage == "zeros":
        content = bytes(len(content))
    else:
        content = b""
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"digits\.npz is damaged .* delete it and run again"):
        datasets.load(path)


def test_non_finite_sample_is_located(tmp_path):
    arrays = datasets.function_samples("sinc", 10, -1, 1)
    arrays["train_targets"][7] = np.nan
    datasets.save(tmp_path / "sinc.npz", arrays)
    with pytest.raises(ValueError, match=r"train_targets\[7\] is not a finite number"):
        datasets.load(tmp_path / "sinc.npz")


def test_without_files_and_network_the_message_says_what_to_do(tmp_path, monkeypatch):
    from hw1 import torchvision_import

    def refuse(root, download):
        raise RuntimeError("no network")

    monkeypatch.setattr(torchvision_import, "MNIST", refuse)
    with pytest.raises(OSError, match=r"put the four .*train-images-idx3-ubyte.* make demo"):
        datasets.mnist(tmp_path)


def test_a_file_that_is_not_mnist_is_named(tmp_path):
    raw = tmp_path / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for name in datasets.MNIST_MD5:
        (raw / name).write_bytes(b"something else")
    found = hashlib.md5(b"something else").hexdigest()
    with pytest.raises(ValueError, match=f"train-images-idx3-ubyte is not .* {found}"):
        datasets.mnist(tmp_path)


@needs_mnist
def test_mnist_is_whole():
    arrays = datasets.mnist(ROOT / "data")
    assert arrays["train_inputs"].shape == (60_000, 28, 28)
    assert arrays["test_inputs"].shape == (10_000, 28, 28)
    assert arrays["train_targets"][:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
    assert arrays["train_inputs"].mean() == pytest.approx(33.3184, abs=1e-4)
    assert MNIST_RAW.is_dir()
