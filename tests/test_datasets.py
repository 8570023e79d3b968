"""Data sets: values, the compact file, and what is said when something is wrong."""

import hashlib

import numpy as np
import pytest
from conftest import ROOT, needs_mnist

from hw1 import arrays, datasets


def test_functions_at_known_points():
    sinc, sign = datasets.FUNCTIONS["sinc"], datasets.FUNCTIONS["sign"]
    assert sinc(np.array([0.0, 0.1, 0.2])) == pytest.approx([1, 2 / np.pi, 0], abs=1e-12)
    assert sign(np.array([-0.1, 0.1, 0.3, 0.5])).tolist() == [-1, 1, -1, 1]


def test_function_samples_are_the_specified_ones():
    found = datasets.function_samples("sinc", 1000, -1, 1)
    x, y = found["train_inputs"], found["train_targets"]
    assert x.shape == y.shape == (1000, 1)
    assert (x[0, 0], x[-1, 0]) == (-1, 1)
    assert np.allclose(np.diff(x, axis=0), 2 / 999)
    assert y.var() == pytest.approx(0.0871, abs=5e-5)
    sign = datasets.function_samples("sign", 1000, -1, 1)["train_targets"].ravel()
    assert set(np.unique(sign)) == {-1, 1}
    # ten segments of a hundred points each; fitting one end of the wave and a constant elsewhere
    # leaves 8/9: the report's plateau
    assert np.flatnonzero(np.diff(sign)).tolist() == [99, 199, 299, 399, 499, 599, 699, 799, 899]
    assert 0.9 * sign[100:].var() == pytest.approx(8 / 9)


def test_digits_are_split_evenly_and_always_the_same():
    found = datasets.digits(0.2, 28)
    assert found["train_inputs"].shape == (1437, 28, 28)
    assert found["test_inputs"].shape == (360, 28, 28)
    assert found["train_inputs"].dtype == np.uint8
    assert found["train_inputs"].max() == 255
    shares = [np.bincount(found[f"{s}_targets"]) / len(found[f"{s}_targets"]) for s in
              ("train", "test")]  # fmt: skip
    assert np.abs(shares[0] - shares[1]).max() < 0.005
    again = datasets.digits(0.2, 28)
    assert all(np.array_equal(found[name], again[name]) for name in found)


def test_the_same_arrays_give_the_same_bytes_and_come_back(tmp_path):
    found = datasets.digits(0.2, 8)
    arrays.save(tmp_path / "a.npz", found)
    arrays.save(tmp_path / "b.npz", found)
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    loaded = arrays.load(tmp_path / "a.npz")
    assert all(np.array_equal(found[name], loaded[name]) for name in found)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.npz", "b.npz"]


@pytest.mark.parametrize("damage", ["truncated", "flipped", "zeros", "empty"])
def test_damaged_file_is_named(tmp_path, damage):
    path = tmp_path / "digits.npz"
    arrays.save(path, datasets.digits(0.2, 8))
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
    with pytest.raises(
        ValueError,
        match=r"digits\.npz is damaged .* delete it and have Snakemake make it again, by its name",
    ):
        arrays.load(path)


def test_non_finite_sample_is_located(tmp_path):
    found = datasets.function_samples("sinc", 10, -1, 1)
    found["train_targets"][7] = np.nan
    arrays.save(tmp_path / "sinc.npz", found)
    with pytest.raises(ValueError, match=r"train_targets\[7\] is not a finite number"):
        arrays.load(tmp_path / "sinc.npz")


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
    found = datasets.mnist(ROOT / "data")
    assert found["train_inputs"].shape == (60_000, 28, 28)
    assert found["test_inputs"].shape == (10_000, 28, 28)
    assert found["train_targets"][:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
    assert found["train_inputs"].mean() == pytest.approx(33.3184, abs=1e-4)
