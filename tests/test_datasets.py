"""Data sets: values, the compact file, and what is said when something is wrong."""

import functools
import gzip
import hashlib
import http.server
import json
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from conftest import ROOT, needs_mnist
from repository import truncated

from hw1.data import datasets
from hw1.results import arrays
from hw1.settings.dataset import FashionMnist, Kmnist


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


def test_non_finite_sample_is_located(tmp_path):
    found = datasets.function_samples("sinc", 10, -1, 1)
    found["train_targets"][7] = np.nan
    arrays.save(tmp_path / "sinc.npz", found)
    with pytest.raises(ValueError, match=r"train_targets\[7\] is not a finite number"):
        arrays.load(tmp_path / "sinc.npz")


IDX = {"train": 60, "t10k": 20}  # images


def idx(array: np.ndarray) -> bytes:
    """The format of MNIST's files: magic number, sizes, bytes."""
    sizes = b"".join(size.to_bytes(4, "big") for size in array.shape)
    return bytes([0, 0, 8, array.ndim]) + sizes + array.astype(np.uint8).tobytes()


def small_mnist(seed: int) -> dict[str, bytes]:
    """Four files like MNIST's, of a few random images."""
    random_ = np.random.default_rng(seed)
    files = {}
    for split, n in IDX.items():
        files[f"{split}-images-idx3-ubyte"] = idx(random_.integers(0, 256, (n, 28, 28)))
        files[f"{split}-labels-idx1-ubyte"] = idx(random_.integers(0, 10, n))
    return files


@pytest.fixture
def original(monkeypatch):
    """Four small files that count as the original MNIST, for hw1 and for torchvision."""
    from hw1.data.torchvision_import import mnist

    files = small_mnist(0)
    md5 = {name: hashlib.md5(content).hexdigest() for name, content in files.items()}
    monkeypatch.setitem(datasets.MD5, "mnist", md5)
    packed = {f"{name}.gz": gzip.compress(content, mtime=0) for name, content in files.items()}
    resources = [(name, hashlib.md5(content).hexdigest()) for name, content in packed.items()]
    monkeypatch.setattr(mnist.MNIST, "resources", resources)
    return files, packed


@pytest.fixture
def mirror(monkeypatch):
    """A server on loopback from which torchvision downloads; `answers` says how."""
    from hw1.data.torchvision_import import mnist

    answers = {}

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            status, body, length = answers["how"](self.path.strip("/"))
            if status is None:
                time.sleep(body)
                self.connection.close()
                return
            self.send_response(status)
            self.send_header("Content-Length", str(length))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setattr(mnist.MNIST, "mirrors", [f"http://127.0.0.1:{server.server_port}/"])
    yield answers
    server.shutdown()
    server.server_close()


def write(root: Path, files: dict[str, bytes]) -> Path:
    raw = root / "MNIST/raw"
    raw.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (raw / name).write_bytes(content)
    return raw


FILES = sorted(small_mnist(0))


def served(packed: dict[str, bytes], name: str):
    return 200, packed[name], len(packed[name])


def bad_answers(packed: dict[str, bytes]) -> dict:
    html = b"<html>please log in</html>"
    return {
        "404": lambda name: (404, b"", 0),
        "HTML with status 200": lambda name: (200, html, len(html)),
        "half of the body": lambda name: (200, truncated(packed[name]), len(packed[name])),
        "nothing at all": lambda name: (None, 3, 0),
    }


def test_a_bad_download_leaves_nothing_wrong_and_a_good_one_then_succeeds(
    tmp_path, original, mirror, observed, monkeypatch
):
    files, packed = original
    monkeypatch.setattr(datasets, "DOWNLOAD_TIMEOUT", 1)
    for number, (what, answer) in enumerate(bad_answers(packed).items()):
        root = tmp_path / str(number)
        mirror["how"] = answer
        said = "could not be downloaded .* put the four files train-images-idx3-ubyte.* make demo"
        with pytest.raises(OSError, match=said):
            datasets.mnist(root)
        raw = root / "MNIST/raw"
        assert not list(raw.iterdir())
        mirror["how"] = functools.partial(served, packed)
        loaded = datasets.mnist(root)
        assert loaded["test_targets"].shape == (20,)
        for name, content in packed.items():
            assert (raw / name).read_bytes() == content
        assert len(list(raw.iterdir())) == len(files) == 4
        observed(
            f"mirror answers with {what}", "once", "one line, nothing kept; a good one succeeds"
        )


def test_a_missing_mnist_file_is_downloaded_and_no_other(tmp_path, original, mirror, observed):
    files, packed = original
    asked = []

    def answer(name: str):
        asked.append(name)
        return served(packed, name)

    mirror["how"] = answer
    for number, name in enumerate(files):
        root = tmp_path / str(number)
        raw = write(root, {other: files[other] for other in files if other != name})
        datasets.mnist(root)
        assert (raw / f"{name}.gz").read_bytes() == packed[f"{name}.gz"]
        assert set(asked) == {f"{name}.gz"}
        asked.clear()
        datasets.mnist(root)
        assert not asked and len(list(raw.iterdir())) == 4
    observed("MNIST file missing", "each of the four files", "downloaded, it alone and once")


def odd_places(files: dict[str, bytes], name: str) -> dict[str, tuple[dict, str | None]]:
    """What lies there for one of the four files, by the name of a case; and what is said of it,
    None where it is read all the same."""
    dotted = name.replace("-idx", ".idx")
    packed = gzip.compress(files[name])
    return {
        "gzipped": ({f"{name}.gz": packed}, None),
        "named as on other mirrors": ({dotted: files[name]}, None),
        "wrong beside a good one of another name": ({name: b"", dotted: files[name]}, None),
        "a folder beside a good one": ({name: None, dotted: files[name]}, None),
        "cut off in the middle of its gzip": ({f"{name}.gz": packed[:-9]}, "cannot be read"),
        "a link to nothing": ({name: "nothing"}, "cannot be read"),
        "truncated": ({name: truncated(files[name])}, "its MD5 is"),
        "of another data set of the same shape": ({name: small_mnist(1)[name]}, "its MD5 is"),
    }


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("case", odd_places(small_mnist(0), FILES[0]))
def test_what_lies_in_place_of_a_file(tmp_path, original, observed, monkeypatch, name, case):
    from hw1.data.torchvision_import import mnist

    monkeypatch.setattr(mnist.MNIST, "mirrors", ["http://127.0.0.1:9/"])  # nothing is downloaded
    files, _ = original
    placed, problem = odd_places(files, name)[case]
    raw = write(tmp_path, {other: files[other] for other in files if other != name})
    for path, content in placed.items():
        if content is None:
            (raw / path).mkdir()
        elif isinstance(content, str):
            (raw / path).symlink_to(raw / content)
        else:
            (raw / path).write_bytes(content)
    before = sorted(raw.iterdir())
    if problem is None:
        loaded = datasets.mnist(tmp_path)
        whole = idx(loaded["train_inputs"]), idx(loaded["test_targets"])
        assert whole == (files["train-images-idx3-ubyte"], files["t10k-labels-idx1-ubyte"])
    else:
        with pytest.raises(ValueError, match="is not the original MNIST file") as caught:
            datasets.mnist(tmp_path)
        assert problem in str(caught.value) and "\n" not in str(caught.value)
        assert str(raw / next(iter(placed))) in str(caught.value)
    assert sorted(raw.iterdir()) == before
    outcome = "read" if problem is None else "named in one line"
    observed(f"MNIST file {case}", "each of the four files", outcome)


def test_a_folder_that_cannot_be_written_is_named_and_one_that_is_full_is_read(
    tmp_path, original, mirror, observed
):
    files, packed = original
    mirror["how"] = functools.partial(served, packed)
    (tmp_path / "MNIST").write_text("in the way", encoding="utf-8")
    with pytest.raises(OSError, match=r"MNIST is not in .*raw and could not be downloaded .*MNIST"):
        datasets.mnist(tmp_path)
    (tmp_path / "MNIST").unlink()
    raw = write(tmp_path, files)
    raw.chmod(0o555)
    assert datasets.mnist(tmp_path)["train_inputs"].shape == (60, 28, 28)
    raw.chmod(0o755)
    observed("MNIST's folder that cannot be made", "once", "named in one line")


DOWNLOADING = """
import json, sys
from pathlib import Path
from hw1.data import datasets
from hw1.data.torchvision_import import mnist
mnist.MNIST.mirrors, mnist.MNIST.resources, datasets.MD5["mnist"] = json.loads(sys.argv[1])
datasets.mnist(Path(sys.argv[2]))
"""


@pytest.mark.slow
def test_two_processes_may_download_at_once(tmp_path, original, mirror, observed):
    from hw1.data.torchvision_import import mnist

    _, packed = original
    both = threading.Barrier(2, timeout=60)
    asked = []

    def answer(name: str):
        asked.append(name)
        both.wait()  # each file is answered when both have asked for it
        return served(packed, name)

    mirror["how"] = answer
    told = json.dumps([mnist.MNIST.mirrors, mnist.MNIST.resources, datasets.MD5["mnist"]])
    command = [sys.executable, "-c", DOWNLOADING, told, tmp_path]
    processes = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    for process in processes:
        _, said = process.communicate(timeout=120)
        assert process.returncode == 0, said
    raw = tmp_path / "MNIST/raw"
    assert {path.name: path.read_bytes() for path in raw.iterdir()} == packed
    assert len(asked) == 16  # both of them, each file twice: where it lies, and the file
    observed("MNIST downloaded by two processes at once", "once", "both succeed")


def test_torch_is_imported_for_a_download_alone(tmp_path, original):
    files, _ = original
    write(tmp_path, files)
    program = (
        "import json, sys\nfrom pathlib import Path\nfrom hw1.data import datasets\n"
        "datasets.MD5['mnist'] = json.loads(sys.argv[1])\ndatasets.mnist(Path(sys.argv[2]))\n"
        "sys.exit('torch' in sys.modules)"
    )
    told = json.dumps(datasets.MD5["mnist"])
    subprocess.run([sys.executable, "-c", program, told, tmp_path], check=True)


@pytest.mark.parametrize("dataset", [FashionMnist(), Kmnist()], ids=lambda made: made.kind)
def test_a_data_set_like_mnist_has_a_folder_and_gzipped_files_of_its_own(
    tmp_path, original, mirror, monkeypatch, dataset
):
    """The MD5 that is known is that of the gzip, as torchvision has it."""
    from hw1.data.torchvision_import import mnist

    kind = dataset.kind
    source = getattr(mnist, datasets.FOLDERS[kind])
    assert dict(source.resources) == datasets.MD5[kind]
    files, packed = original
    monkeypatch.setattr(source, "resources", mnist.MNIST.resources)
    monkeypatch.setattr(source, "mirrors", mnist.MNIST.mirrors)
    monkeypatch.setitem(datasets.MD5, kind, dict(source.resources))
    mirror["how"] = functools.partial(served, packed)
    loaded = datasets.prepare(dataset, tmp_path)
    assert loaded["train_inputs"].shape == (60, 28, 28)
    raw = tmp_path / datasets.FOLDERS[kind] / "raw"
    assert {path.name: path.read_bytes() for path in raw.iterdir()} == packed
    mirror["how"] = lambda name: (404, b"", 0)
    name = "t10k-labels-idx1-ubyte.gz"
    (raw / name).rename(raw / name.replace("-idx", ".idx"))
    (raw / "t10k-labels-idx1-ubyte").write_bytes(b"plain, of which nobody knows what is right")
    again = datasets.mnist(tmp_path, kind)
    assert all((again[array] == loaded[array]).all() for array in loaded)
    (raw / name).write_bytes(gzip.compress(files["t10k-images-idx3-ubyte"], mtime=0))
    (raw / name.replace("-idx", ".idx")).unlink()
    folder = datasets.FOLDERS[kind]
    with pytest.raises(ValueError, match=f"{name} is not the original {folder} file: its MD5 is"):
        datasets.mnist(tmp_path, kind)


@needs_mnist
def test_mnist_is_whole():
    found = datasets.mnist(ROOT / "data")
    assert found["train_inputs"].shape == (60_000, 28, 28)
    assert found["test_inputs"].shape == (10_000, 28, 28)
    assert found["train_targets"][:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
    assert found["train_inputs"].mean() == pytest.approx(33.3184, abs=1e-4)
