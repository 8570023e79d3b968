"""Data sets as plain arrays: two functions, MNIST and its likes, scikit-learn's digits, one's own.

Each has `train_inputs` and `train_targets`; all but functions have `test_inputs`, `test_targets`.
Images are uint8 (n, size, size), labels int64 (n,); functions are float64 (n, 1).
"""

import gzip
import hashlib
import http.client
import os
import socket
import zlib
from contextlib import suppress
from pathlib import Path

import numpy as np

from hw1.results.arrays import Arrays
from hw1.results.files import replacing
from hw1.settings import dataset as settings

# sin(5 pi x) / (5 pi x) with its limit 1 at 0, and the sign of sin(5 pi x).
FUNCTIONS = {"sinc": lambda x: np.sinc(5 * x), "sign": lambda x: np.sign(np.sin(5 * np.pi * x))}

# The class in torchvision of MNIST and data sets like it, which also names their folder.
FOLDERS = {"mnist": "MNIST", "fashion_mnist": "FashionMNIST", "kmnist": "KMNIST"}

# MD5 of their four files, in the order of ARRAYS: MNIST's are decompressed, the others' are as
# torchvision has them.
MD5 = {
    "mnist": {
        "train-images-idx3-ubyte": "6bbc9ace898e44ae57da46a324031adb",
        "train-labels-idx1-ubyte": "a25bea736e30d166cdddb491f175f624",
        "t10k-images-idx3-ubyte": "2646ac647ad5339dbf082846283269ea",
        "t10k-labels-idx1-ubyte": "27ae3e4e09519cfbb04c329615203637",
    },
    "fashion_mnist": {
        "train-images-idx3-ubyte.gz": "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
        "train-labels-idx1-ubyte.gz": "25c81989df183df01b3e8a0aad5dffbe",
        "t10k-images-idx3-ubyte.gz": "bef4ecab320f06d8554ea6380940ec79",
        "t10k-labels-idx1-ubyte.gz": "bb300cfdad3c16e7a12a480ee83cd310",
    },
    "kmnist": {
        "train-images-idx3-ubyte.gz": "bdb82020997e1d708af4cf47b453dcf7",
        "train-labels-idx1-ubyte.gz": "e144d726b3acfaa3e44228e80efcd344",
        "t10k-images-idx3-ubyte.gz": "5c965bf0a639b31b8f53240b1b52f4d7",
        "t10k-labels-idx1-ubyte.gz": "7320c461ea6c1c855c0b718fb2a4b134",
    },
}

# The arrays of a data set that is no function.
ARRAYS = ("train_inputs", "train_targets", "test_inputs", "test_targets")

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
    return dict(zip(ARRAYS, (train_inputs, train_targets, test_inputs, test_targets)))


def mnist(root: Path, kind: str = "mnist") -> Arrays:
    """MNIST, or a data set like it, from its four files in root/MNIST/raw or the like; missing ones
    are downloaded.

    A file may have its name on other mirrors (`train-images.idx3-ubyte`). MNIST's may be gzipped,
    those of the others must be. What is read is what was checked. Raises ValueError if a file is
    not the original, OSError if there is none and no download; both say what to do.
    """
    raw = root / FOLDERS[kind] / "raw"
    found = {}
    for name, md5 in MD5[kind].items():
        with suppress(FileNotFoundError):
            found[name] = original(raw, name, md5)
    if missing := [name for name in MD5[kind] if name not in found]:
        download(raw, kind, missing)
        found |= {name: original(raw, name, MD5[kind][name]) for name in missing}
    loaded = {array: from_idx(found[name]) for array, name in zip(ARRAYS, MD5[kind])}
    return {
        array: values.astype(np.int64) if array.endswith("targets") else values
        for array, values in loaded.items()
    }


def original(raw: Path, name: str, expected: str) -> bytes:
    """The decompressed content of the file `name`, from the first copy of it in a folder that has
    the expected MD5.

    Raises FileNotFoundError if there is no copy. Raises ValueError if all are wrong, and names the
    first. A wrong copy that is passed over for a right one is named in the log.
    """
    wrong: list[str] = []
    for spelling in (name, name.replace("-idx", ".idx")):
        for path in dict.fromkeys((raw / spelling, raw / f"{spelling.removesuffix('.gz')}.gz")):
            if not os.path.lexists(path):
                continue
            try:
                content = path.read_bytes()
                plain = gzip.decompress(content) if path.suffix == ".gz" else content
            except (OSError, EOFError, zlib.error) as error:
                problem = f"it cannot be read ({error})"
            else:
                md5 = hashlib.md5(content if name.endswith(".gz") else plain).hexdigest()
                if md5 == expected:
                    for line in wrong:
                        print(f"passed over: {line}")
                    return plain
                problem = f"its MD5 is {md5}, expected {expected}"
            wrong.append(f"{path} is not the original {raw.parent.name} file: {problem}")
    if wrong:
        raise ValueError(f"{wrong[0]}: delete it and run again")
    raise FileNotFoundError(f"{name} is not in {raw}")


def from_idx(content: bytes) -> np.ndarray:
    """The array of unsigned bytes that an idx file holds: two zeros, 8 for the type, the number of
    dimensions, each of them in four bytes, then the values."""
    dimensions = content[3]
    shape = np.frombuffer(content, ">u4", dimensions, offset=4)
    return np.frombuffer(content, np.uint8, offset=4 + 4 * dimensions).reshape(shape).copy()


def download(raw: Path, kind: str, names: list[str]) -> None:
    """Download gzipped files of a data set into a folder by torchvision, each whole or not at all.

    Raises OSError if no mirror has a file, or the folder cannot be written.
    """
    from hw1.data.torchvision_import import download_url, mnist

    source = getattr(mnist, FOLDERS[kind])

    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(DOWNLOAD_TIMEOUT)  # torchvision would wait for ever
    try:
        for file, md5 in source.resources:
            if not {file, file.removesuffix(".gz")} & {*names}:
                continue
            problems = []
            for mirror in source.mirrors:
                try:
                    with replacing(raw / file) as temporary:
                        download_url(f"{mirror}{file}", raw, temporary.name, md5)
                    break
                except (RuntimeError, OSError, http.client.HTTPException) as error:
                    problems.append(error)
            else:
                raise problems[0]
    except (RuntimeError, OSError, http.client.HTTPException) as error:
        form = ", plain or gzipped" if kind == "mnist" else ""
        raise OSError(
            f"{FOLDERS[kind]} is not in {raw} and could not be downloaded ({error}): put the four "
            f"files {', '.join(MD5[kind])} there{form}, name the folder that has them with "
            "downloads: in the configuration, or run the demo, which needs no download: make demo"
        ) from error
    finally:
        socket.setdefaulttimeout(before)


def named_arrays(path: Path) -> Arrays:
    """The four arrays of a data set from an .npz.

    Raises ValueError, with a line that says what was found, if the file is something else or lacks
    one of them. Raises OSError if it cannot be read.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            names = file.files
            found = {name: np.asarray(file[name]) for name in ARRAYS if name in names}
    except Exception as error:  # BadZipFile, EOFError, TypeError, ValueError and others
        if getattr(error, "errno", None):
            raise
        write = f"write it with numpy.savez(path, {', '.join(f'{name}=...' for name in ARRAYS)})"
        raise ValueError(f"{path}: no .npz of plain arrays ({error}): {write}") from error
    if missing := [name for name in ARRAYS if name not in found]:
        there = ", ".join(names) or "no arrays"
        raise ValueError(f"{path}: found {there}, expected {', '.join(missing)}, too")
    return found


def own(dataset: settings.Arrays, path: Path) -> Arrays:
    """The four arrays of a user's own .npz, as `dataset` describes them.

    Inputs become float64 (n, *shape), pixels stay uint8; labels become int64 (n,), real targets
    float64 (n, outputs). Raises ValueError, with a line that names array and place, if the file
    does not fit, or if `dataset` does not say whether its uint8 are pixels.
    """
    found, pixels = named_arrays(path), dataset.pixels
    prepared = {}
    for name in ARRAYS:
        array, inputs, where = found[name], name.endswith("inputs"), f"{path}: {name}"
        if array.dtype.kind not in "fiub" or array.ndim == 0:
            what = f"{array.dtype} of shape {array.shape}"
            raise ValueError(f"{where}: found {what}, expected numbers")
        if inputs and pixels and array.dtype != np.uint8:
            raise ValueError(f"{where}: found {array.dtype}, expected uint8 of pixels")
        if inputs and pixels is None and array.dtype == np.uint8:
            said = "expected its entry under datasets to say pixels: true or pixels: false"
            raise ValueError(f"{where}: found uint8, {said}")
        n = len(found[name.replace("targets", "inputs")]) if not inputs else len(array)
        classes = None if inputs else dataset.classes
        shape = (n,) if classes else (n, *(dataset.shape if inputs else [dataset.outputs]))
        if array.shape == (n,) and shape == (n, 1):
            array = array[:, None]
        if array.shape != shape or n == 0:
            raise ValueError(f"{where}: found the shape {array.shape}, expected {shape}")
        if name == "train_inputs" and n != dataset.examples:
            said = f"but examples says {dataset.examples}"
            raise ValueError(f"{where}: found {n} examples, {said}")
        wrong = ~np.isfinite(array)
        if classes and not wrong.any():
            wrong = (array != np.floor(array)) | (array < 0) | (array >= classes)
        if wrong.any():
            place = tuple(int(index) for index in np.argwhere(wrong)[0])
            expected = f"a label of 0 to {classes - 1}" if classes else "a finite number"
            at = ", ".join(map(str, place))
            raise ValueError(f"{where}[{at}]: found {array[place]}, expected {expected}")
        kept = array.dtype if inputs and pixels else np.float64
        prepared[name] = array.astype(np.int64 if classes else kept)
    return prepared


def prepare(dataset: settings.DataSet, root: Path, source: Path | None = None) -> Arrays:
    """Make the arrays that `dataset`, an entry of `datasets:` in the configuration, describes.

    `root` is where downloaded files are kept, `source` the file of a data set of one's own.
    """
    match dataset:
        case settings.Arrays():
            assert source
            return own(dataset, source)
        case settings.Function():
            return function_samples(dataset.function, dataset.points, dataset.low, dataset.high)
        case settings.Digits():
            return digits(dataset.test_share, dataset.size)
    return mnist(root, dataset.kind)
