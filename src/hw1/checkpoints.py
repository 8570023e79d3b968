"""Checkpoints of finished runs, and the resume file of an unfinished one.

A checkpoint is a dictionary written by torch.save:

    settings    JSON text of the settings that made the run
    history     JSON text of the rows of the training history (see hw1.training): as objects,
                rows that went through a resume file would not be pickled to the same bytes
    snapshots   {epoch: state dict}, CPU tensors; the last epoch is always there

with its digest at the end, so that what is loaded is what was saved, to the last bit. It holds
nothing that varies between machines or attempts, so equal runs give equal bytes.
"""

import fcntl
import io
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import torch

from hw1.files import MAKE_AGAIN, check_sealed, replacing, sealed


def save(path: str | os.PathLike, checkpoint: dict) -> None:
    """Write `checkpoint` whole or not at all."""
    # Given a path, torch.save names the records inside after it, and the temporary name differs
    # between attempts; given a file on a full disk, it hides the reason behind an error of its own.
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

    `fingerprint` identifies what the run is a function of: a state of another one is ignored.
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
        """Return the saved state, or None (and say why in the log) where there is none to use."""
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
        """Delete the file, if there is one, and what a killed process left while it wrote it."""
        self.path.unlink(missing_ok=True)
        for unfinished in self.path.parent.glob(f".{self.path.stem}.*{self.path.suffix}"):
            unfinished.unlink()


def kept_name(path: Path, fingerprint: str) -> Path:
    """The second name of a finished checkpoint."""
    return path.with_name(f".{path.stem}.{fingerprint[:16]}{path.suffix}")


def keep(path: str | os.PathLike, fingerprint: str) -> None:
    """Give the finished checkpoint at `path` a second name, in place of those it had before.

    Snakemake deletes the outputs of a job before it runs it again, also where nothing that
    shapes them has changed (data prepared once more, say). The second name survives that, and
    costs no space. On a file system without hard links there is none.
    """
    path = Path(path)
    for old in path.parent.glob(f".{path.stem}.*{path.suffix}"):
        old.unlink()
    with suppress(OSError):
        os.link(path, kept_name(path, fingerprint))


def restore(path: str | os.PathLike, fingerprint: str) -> dict | None:
    """Put the checkpoint kept under `fingerprint` back at `path` and return it, or None."""
    kept = kept_name(Path(path), fingerprint)
    try:
        checkpoint = load(kept)
    except (OSError, ValueError):
        return None
    with replacing(path) as temporary:
        os.link(kept, temporary)
    return checkpoint


@contextmanager
def exclusive(path: str | os.PathLike, log=print) -> Iterator[None]:
    """Hold a lock file, so that an orphaned job and its rerun do not write the same run together.

    Waits, and says so in the log, while another process holds it. The kernel drops the lock of a
    process that dies; the file itself is removed at the end.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    while True:
        with path.open("w", encoding="utf-8") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                log(f"waiting for the process that holds {path}")
                fcntl.flock(file, fcntl.LOCK_EX)
            except OSError as error:
                reason = "cannot be locked (flock): have results/ on a file system with locks"
                raise OSError(error.errno, reason, str(path)) from error
            # The holder before us may have removed the file while we waited for it.
            if not path.exists() or os.stat(path).st_ino != os.fstat(file.fileno()).st_ino:
                continue
            try:
                yield
            finally:
                path.unlink(missing_ok=True)
            return
