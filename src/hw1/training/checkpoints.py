"""Checkpoints of finished runs, and the resume file of an unfinished one.

A checkpoint holds the runs of a batch of seeds. It is a dictionary by seed, written by torch.save:

    settings     JSON text of the settings that made the run
    fingerprint  digest of everything that shapes the run
    history      JSON text of the rows of the training history (see hw1.training.recording): rows
                 as objects would be pickled to other bytes after they went through a resume file
    snapshots    {epoch: state dict}, CPU tensors; the last epoch is always there

with its digest at the end, so that a file which differs by a bit is refused. It holds nothing that
varies between attempts, so equal runs give equal bytes.

Trained runs are never trained again: see `keep`.
"""

import hashlib
import io
import os
import shutil
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from filelock import FileLock, Timeout

from hw1.results.files import MAKE_AGAIN, check_sealed, content_digest, replacing, sealed
from hw1.settings.batches import name, seeds_of


def fingerprint(settings: str, device: torch.device, files: Iterable[Path]) -> str:
    """Digest of everything that shapes a run: settings, device, torch, code and data."""
    digest = hashlib.sha256(f"{settings}\n{device}\n{torch.__version__}".encode())
    for path in files:
        digest.update(content_digest(path))
    return digest.hexdigest()


def save(path: str | os.PathLike, checkpoint: dict) -> None:
    """Write `checkpoint` whole or not at all."""
    # With a path, torch.save names the records inside after it, and the temporary name differs
    # between attempts. With a file on a full disk, it hides the reason behind its own error.
    content = io.BytesIO()
    torch.save(checkpoint, content)
    with replacing(path) as temporary:
        temporary.write_bytes(sealed(content.getvalue()))


def load(path: str | os.PathLike) -> dict:
    """Read a checkpoint without unpickling arbitrary objects.

    Raises ValueError where the file is damaged or holds anything but tensors and plain values.
    """
    content = Path(path).read_bytes()
    try:
        check_sealed(content)
        return torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    except Exception as error:  # RuntimeError, EOFError, UnpicklingError, even OSError and others
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ValueError(f"{path} is not a readable checkpoint ({reason}): {MAKE_AGAIN}") from error


class ResumeFile:
    """The state of an unfinished run, saved every `interval` seconds and removed on success.

    A state with another `fingerprint` is of another run, and is ignored.
    """

    def __init__(self, path: str | os.PathLike, fingerprint: str, interval: float) -> None:
        self.path = Path(path)
        self.fingerprint = fingerprint
        self.interval = interval
        self.last_saved = time.monotonic()

    def due(self) -> bool:
        """Whether `interval` seconds have passed since the last save."""
        return time.monotonic() - self.last_saved >= self.interval

    def save(self, state: dict) -> None:
        """Write `state`, replacing the one before it."""
        save(self.path, {"fingerprint": self.fingerprint, "state": state})
        self.last_saved = time.monotonic()

    def load(self, log=print) -> dict | None:
        """Return the saved state, or None if there is none to use; the log says why."""
        if not self.path.exists():
            return None
        try:
            saved = load(self.path)
        except ValueError as error:
            log(f"starting over: {error}")
            return None
        if saved.get("fingerprint") != self.fingerprint:
            log("starting over: the saved state is of other settings, code, data, torch or device")
            return None
        return saved["state"]

    def remove(self) -> None:
        """Delete the file, if there is one, and the temporary files of killed processes."""
        self.path.unlink(missing_ok=True)
        for unfinished in self.path.parent.glob(f".{self.path.stem}.*{self.path.suffix}"):
            unfinished.unlink()


def save_runs(path: str | os.PathLike, runs: dict[int, dict]) -> None:
    """Write the runs of a batch, by seed; the same runs give the same bytes.

    Pickle writes a text once, and then refers to it wherever the same object stands again. Whether
    equal texts are one object depends on the origin of the runs. So they are made one object here.
    """
    save(
        path,
        {
            seed: {
                "settings": sys.intern(run["settings"]),
                "fingerprint": sys.intern(run["fingerprint"]),
                "history": sys.intern(run["history"]),
                "snapshots": {
                    epoch: {sys.intern(name): tensor for name, tensor in state.items()}
                    for epoch, state in run["snapshots"].items()
                },
            }
            for seed, run in sorted(runs.items())
        },
    )


def kept_folder(path: str | os.PathLike, family: str) -> Path:
    """The folder for kept runs that differ from the batch at `path` at most in their seeds;
    `family` is a digest of everything else."""
    return Path(path).parent / "kept" / family[:16]


def keep(path: str | os.PathLike, family: str) -> None:
    """Give the checkpoint at `path` a second name, the same in a folder of kept/ beside it.

    Snakemake deletes the outputs of a job before it runs the job again, even if nothing that shapes
    them has changed (data prepared once more, say); and other batches have other files. The second
    name survives both and takes no space; on a file system without hard links it is a copy. It is
    deleted when other files of its family, or files of a later family, have all its seeds.
    """
    kept = kept_folder(path, family) / Path(path).name
    with replacing(kept) as temporary:
        try:
            os.link(path, temporary)
        except OSError:
            shutil.copyfile(path, temporary)
    forget(kept)


def keep_part(path: str | os.PathLike, family: str, runs: dict[int, dict]) -> None:
    """Keep some runs of the batch at `path`, which is not finished."""
    kept = kept_folder(path, family) / f"{name(runs)}{Path(path).suffix}"
    save_runs(kept, runs)
    forget(kept)


def forget(kept: Path) -> None:
    """Delete the kept files that a new one makes superfluous."""
    files = list(kept.parents[1].glob(f"*/seed*{kept.suffix}"))
    seeds = {file: set(seeds_of(file.stem)) for file in files}
    # The oldest first, and the largest first of those with the same date.
    for file in sorted(seeds, key=lambda file: (modified(file), -len(seeds[file]))):
        family = [other for other in seeds if other.parent == kept.parent and other != file]
        if file != kept and seeds[file] <= set().union(*(seeds[other] for other in family)):
            file.unlink(missing_ok=True)
            del seeds[file]


def modified(file: Path) -> int:
    """When a file was written, in nanoseconds; 0 where another job has deleted it."""
    try:
        return file.stat().st_mtime_ns
    except FileNotFoundError:
        return 0


def finished(path: str | os.PathLike, family: str, fingerprints: dict[int, str]) -> dict[int, dict]:
    """The kept runs for the batch at `path` that have these fingerprints, given by seed, whatever
    batch they were trained in."""
    found: dict[int, dict] = {}
    for file in sorted(kept_folder(path, family).glob(f"seed*{Path(path).suffix}")):
        if not (fingerprints.keys() - found.keys()) & set(seeds_of(file.stem)):
            continue
        try:
            runs = load(file)
        except (OSError, ValueError):  # another job has deleted it, or it is damaged
            continue
        for seed, run in runs.items():
            if run["fingerprint"] == fingerprints.get(seed):
                found[seed] = run
    return found


@contextmanager
def exclusive(path: str | os.PathLike, log=print) -> Iterator[None]:
    """Hold a lock file, so that an orphaned job and its rerun do not write the same run together.

    Waits, and says so in the log, while another process holds it. The kernel drops the lock of a
    process that dies; the file itself is removed at the end.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    # Without filelock's soft lock, since a killed job would leave that behind.
    lock = FileLock(path, fallback_to_soft=False)
    try:
        try:
            lock.acquire(blocking=False)
        except Timeout:
            log(f"waiting for the process that holds {path}")
            lock.acquire()
    except OSError as error:
        reason = "cannot be locked (flock): have results/ on a file system with locks"
        raise OSError(error.errno, reason, str(path)) from error
    try:
        yield
    finally:
        path.unlink(missing_ok=True)  # a waiting process starts over with a new file
        lock.release()
