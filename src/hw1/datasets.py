"""Data sets as plain arrays: the two functions, MNIST, scikit-learn's digits.

Each has `train_inputs` and `train_targets`, and for images also `test_inputs` and `test_targets`.
Images are uint8 (n, size, size), labels int64 (n,); functions are float64 (n, 1).
"""

import hashlib
import socket
from pathlib import Path

import numpy as np

from hw1.arrays import Arrays

# sin(5 pi x) / (5 pi x) with its limit 1 at 0, and the sign of sin(5 pi x).
FUNCTIONS = {
    "sinc": lambda x: np.sinc(5 * x),
    "sign": lambda x: np.sign(np.sin(5 * np.pi * x)),
}

# MD5 of the four decompressed files of MNIST.
MNIST_MD5 = {
    "train-images-idx3-ubyte": "6bbc9ace898e44ae57da46a324031adb",
    "train-labels-idx1-ubyte": "a25bea736e30d166cdddb491f175f624",
    "t10k-images-idx3-ubyte": "2646ac647ad5339dbf082846283269ea",
    "t10k-labels-idx1-ubyte": "27ae3e4e09519cfbb04c329615203637",
}

DOWNLOAD_TIMEOUT = 60  # seconds without an answer


def function_samples(function: str, points: int, low: float, high: float) -> Arrays:
    """Sample a function of FUNCTIONS at `points` evenly spaced x in [low, high]."""
    x = np.linspace(low, high, points)[:, None]
    return {"train_inputs": x, "train_targets": FUNCTIONS[function](x)}


def digits(test_share: float, size: int) -> Arrays:
    """The 1797 handwritten digits that scikit-learn ships, upscaled from 8x8 to size x size.

    The split is stratified and always the same; pixels go from 0-16 to 0-255.
    """
    from scipy.ndimage import zoom
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    source = load_digits()
    factor = size / source.images.shape[1]
    images = zoom(source.images, (1, factor, factor), order=1, grid_mode=True, mode="nearest")
    images = np.clip(np.rint(images * 255 / 16), 0, 255).astype(np.uint8)
    train_inputs, test_inputs, train_targets, test_targets = train_test_split(
        images,
        source.target.astype(np.int64),
        test_size=test_share,
        stratify=source.target,
        random_state=0,
    )
    return {
        "train_inputs": train_inputs,
        "train_targets": train_targets,
        "test_inputs": test_inputs,
        "test_targets": test_targets,
    }


def mnist(root: Path) -> Arrays:
    """MNIST from the idx files in root/MNIST/raw, downloaded by torchvision if any is absent.

    Raises ValueError where a file is not the original, OSError where there is no file and no
    download; both say what to do.
    """
    from hw1.torchvision_import import MNIST

    raw = root / "MNIST" / "raw"
    if any(not (raw / name).is_file() for name in MNIST_MD5):
        before = socket.getdefaulttimeout()
        socket.setdefaulttimeout(DOWNLOAD_TIMEOUT)  # torchvision would wait for ever
        try:
            MNIST(root, download=True)
        except (RuntimeError, OSError) as error:
            raise OSError(
                f"MNIST is not in {raw} and could not be downloaded ({error}): put the four "
                f"decompressed files {', '.join(MNIST_MD5)} there, or run the demo, which needs "
                "no download: make demo"
            ) from error
        finally:
            socket.setdefaulttimeout(before)
    for name, expected in MNIST_MD5.items():
        found = hashlib.md5((raw / name).read_bytes()).hexdigest()
        if found != expected:
            raise ValueError(
                f"{raw / name} is not the original MNIST file: its MD5 is {found}, expected "
                f"{expected}: delete it (and {name}.gz beside it) and run again"
            )
    train, test = MNIST(root, train=True), MNIST(root, train=False)
    return {
        "train_inputs": train.data.numpy(),
        "train_targets": train.targets.numpy(),
        "test_inputs": test.data.numpy(),
        "test_targets": test.targets.numpy(),
    }


def prepare(dataset: dict, root: Path) -> Arrays:
    """Make the arrays that `dataset`, an entry of `datasets:` in the configuration, describes.

    `root` is where downloaded files are kept.
    """
    if dataset["kind"] == "function":
        return function_samples(
            dataset["function"], dataset["points"], dataset["low"], dataset["high"]
        )
    if dataset["kind"] == "digits":
        return digits(dataset["test_share"], dataset["size"])
    return mnist(root)
