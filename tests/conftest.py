"""What the tests share: the repository, its configuration, real MNIST where it is."""

import fcntl
import json
import os
import shutil
import signal
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from hypothesis import settings
from preloaded import Interpreter
from repository import Repository, reduced, settings_in

# Before torch is imported: the processes that share the tests would each take all cores, for sums
# that a job makes on one, with other roundings.
os.environ["OMP_NUM_THREADS"] = "1"

# How long an example takes says something about the machine, and what else runs there.
settings.register_profile("hw1", deadline=None)
settings.load_profile("hw1")

ROOT = Path(__file__).parent.parent

MNIST_RAW = ROOT / "data" / "MNIST" / "raw"
needs_mnist = pytest.mark.skipif(
    not any(MNIST_RAW.glob("train-images?idx3-ubyte*")),
    reason=f"MNIST is not in {MNIST_RAW}; `snakemake results/data/mnist.npz` puts it there",
)

# What a shell has put into the background ignores SIGINT, and so would all that the tests start
# and interrupt.
signal.signal(signal.SIGINT, signal.default_int_handler)

FAULTS = ROOT / "docs/faults.md"
WRITE_FAULTS = "python -m pytest -n auto --write-faults"
STARTED = time.monotonic()


def pytest_configure(config):
    if not hasattr(config, "workerinput"):  # the process that starts all others, if there are any
        os.environ["HW1_TESTS"] = tempfile.mkdtemp(prefix="hw1-tests-")


def pytest_unconfigure(config):
    if not hasattr(config, "workerinput"):
        if config.getoption("--write-faults"):
            write_faults()
        Interpreter(Path(os.environ["HW1_TESTS"])).stop()
        shutil.rmtree(os.environ["HW1_TESTS"], ignore_errors=True)


def pytest_collection_modifyitems(items):
    """First what has to run in one process, and mostly waits for a scheduler; then what takes
    long, so that at the end no process waits for another."""
    for mark in ("slow", "xdist_group"):
        items.sort(key=lambda item: item.get_closest_marker(mark) is None)


def pytest_xdist_auto_num_workers(config):
    """A process per core; one more with the slow tests, of which many wait for a scheduler or for
    jobs that end."""
    return (os.cpu_count() or 1) + (config.option.markexpr != "not slow")


def once(name: str, make: Callable[[Path], None]) -> Path:
    """The folder that the first process to ask for it has filled with `make`."""
    folder = Path(os.environ["HW1_TESTS"]) / name
    with open(f"{folder}.lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            unfinished = folder.with_name(f"{name}, unfinished")
            shutil.rmtree(unfinished, ignore_errors=True)
            make(unfinished)
            unfinished.rename(folder)
    return folder


@pytest.fixture(scope="session")
def python() -> Path:
    """An executable to use like python, which has the packages already imported."""
    interpreter = Interpreter(Path(os.environ["HW1_TESTS"]))
    once("interpreter", interpreter.start)
    return interpreter.command


def build(folder: Path, python: Path) -> None:
    repository = Repository(folder, python)
    repository.write_config(reduced)
    repository.snakemake()


@pytest.fixture(scope="session")
def built(python) -> Repository:
    """A finished build, to read and not to change. The folder's name has a space and a letter
    beyond ASCII, as users' do."""
    folder = once("répertoire de travail", lambda folder: build(folder, python))
    return Repository.at(folder, python)


@pytest.fixture
def repository(built, tmp_path) -> Repository:
    """A finished build of the test's own."""
    folder = tmp_path / built.folder.name
    shutil.copytree(built.folder, folder, symlinks=True)
    return Repository.at(folder, built.python)


@pytest.fixture
def fresh(tmp_path, python) -> Repository:
    """A copy in which nothing is built."""
    copy = Repository(tmp_path / "fresh", python)
    copy.write_config(reduced)
    return copy


def pytest_addoption(parser):
    parser.addoption(
        "--write-faults", action="store_true", help=f"write what the fault tests saw to {FAULTS}"
    )


@pytest.fixture
def observed(request) -> Callable[[str, str, str], None]:
    """A function that a fault test calls at its end: the fault, how often, what came of it."""

    def note(fault: str, tried: str, outcome: str) -> None:
        row = f"| {fault} | {tried} | {outcome} |"
        if request.config.getoption("--write-faults"):
            file, line, _ = request.node.location
            with open(Path(os.environ["HW1_TESTS"]) / "faults", "a", encoding="utf-8") as notes:
                notes.write(json.dumps([file, line, row]) + "\n")
        else:
            assert row in FAULTS.read_text(encoding="utf-8").splitlines(), (
                f"{FAULTS} has no such line; write it anew: {WRITE_FAULTS}"
            )

    return note


def write_faults() -> None:
    """Write what the tests that passed saw, of all processes, in the order of the tests."""
    notes = (Path(os.environ["HW1_TESTS"]) / "faults").read_text(encoding="utf-8").splitlines()
    rows = dict.fromkeys(row for _, _, row in sorted(map(json.loads, notes)))
    minutes = (time.monotonic() - STARTED) / 60
    lines = [
        "# What may go wrong, and what then happens",
        "",
        f"Written by the tests that did it, not by hand: `{WRITE_FAULTS}` (here, with all other",
        f"tests, {minutes:.0f} minutes).",
        "",
        "| fault | tried | outcome |",
        "|---|---|---|",
        *rows,
    ]
    FAULTS.write_text("\n".join(lines) + "\n", encoding="utf-8")


@pytest.fixture
def config() -> dict:
    """The default configuration."""
    return settings_in()


@pytest.fixture
def preset(config):
    """A function that lays a preset over the default configuration, as Snakemake does."""
    from hw1.settings.overlays import merged

    def overlaid(name: str) -> dict:
        return merged(
            config, yaml.safe_load((ROOT / "presets" / f"{name}.yaml").read_text(encoding="utf-8"))
        )

    return overlaid
