"""Checkpoints and resume files: bytes, damage, malice, locks."""

import errno
import os
import pickle
import subprocess
import sys
import time

import pytest
import torch

from hw1 import checkpoints
from hw1.files import sealed


def content() -> dict:
    return {"settings": "{}", "snapshots": {0: {"0.weight": torch.arange(6.0).reshape(2, 3)}}}


def test_equal_checkpoints_have_equal_bytes_whatever_the_file_is_called(tmp_path):
    checkpoints.save(tmp_path / "a.pt", content())
    checkpoints.save(tmp_path / "other.pt", content())
    assert (tmp_path / "a.pt").read_bytes() == (tmp_path / "other.pt").read_bytes()
    loaded = checkpoints.load(tmp_path / "a.pt")
    assert torch.equal(loaded["snapshots"][0]["0.weight"], content()["snapshots"][0]["0.weight"])


@pytest.mark.parametrize("keep", [0, 10, 0.5, 0.95])
def test_a_truncated_checkpoint_is_named(tmp_path, keep):
    path = tmp_path / "a.pt"
    checkpoints.save(path, content())
    whole = path.read_bytes()
    path.write_bytes(whole[: int(keep if keep > 1 else keep * len(whole))])
    with pytest.raises(ValueError, match=r"a\.pt is not a readable checkpoint .* delete it"):
        checkpoints.load(path)


def test_a_planted_object_is_refused_and_does_not_run(tmp_path):
    witness = tmp_path / "ran"

    class Malicious:
        def __reduce__(self):
            return os.system, (f"touch {witness}",)

    # with a right digest, which keeps nobody out
    checkpoints.save(tmp_path / "bad.pt", {"settings": "{}", "snapshots": Malicious()})
    (tmp_path / "raw.pt").write_bytes(sealed(pickle.dumps(Malicious()) + bytes(2)))
    for name in ("bad.pt", "raw.pt"):
        with pytest.raises(ValueError, match=r"not a readable checkpoint \((?!.*digest)"):
            checkpoints.load(tmp_path / name)
    assert not witness.exists()


def test_a_failed_save_leaves_the_file_before_it(tmp_path):
    path = tmp_path / "a.pt"
    checkpoints.save(path, content())
    before = path.read_bytes()
    with pytest.raises((AttributeError, pickle.PicklingError)):
        checkpoints.save(path, {"settings": lambda: None})
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_resume_file_of_other_settings_or_damaged_is_ignored_and_said(tmp_path):
    said = []
    path = tmp_path / "run.resume"
    assert checkpoints.ResumeFile(path, "a", 0).load(said.append) is None
    assert said == []
    checkpoints.ResumeFile(path, "a", 0).save({"epoch": 4})
    assert checkpoints.ResumeFile(path, "a", 0).load(said.append) == {"epoch": 4}
    assert checkpoints.ResumeFile(path, "b", 0).load(said.append) is None
    path.write_bytes(path.read_bytes()[:100])
    assert checkpoints.ResumeFile(path, "a", 0).load(said.append) is None
    assert [line.split(":")[0] for line in said] == ["starting over", "starting over"]
    assert "other settings" in said[0]


def test_a_second_writer_waits_until_the_first_is_gone(tmp_path):
    lock = tmp_path / "run.lock"
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys, time; from hw1.checkpoints import exclusive\n"
            "with exclusive(sys.argv[1]): print('held', flush=True); time.sleep(60)",
            str(lock),
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout.readline() == "held\n"
    said = []
    waiting = []

    def log(line):
        said.append(line)
        waiting.append(time.monotonic())
        holder.kill()

    with checkpoints.exclusive(lock, log):
        assert holder.wait() == -9
    assert said == [f"waiting for the process that holds {lock}"]
    assert not lock.exists()


def test_a_file_system_without_locks_is_named(tmp_path, monkeypatch):
    def refuse(file, operation):
        raise OSError(errno.ENOTSUP, "Operation not supported")

    monkeypatch.setattr(checkpoints.fcntl, "flock", refuse)
    lock = checkpoints.exclusive(tmp_path / "run.lock")
    with pytest.raises(OSError, match=r"cannot be locked \(flock\).*run\.lock"):
        lock.__enter__()


def test_a_kept_checkpoint_survives_its_first_name_and_only_its_own_fingerprint_finds_it(tmp_path):
    path = tmp_path / "seed0.pt"
    checkpoints.save(path, content())
    whole = path.read_bytes()
    checkpoints.keep(path, "f" * 64)
    path.unlink()
    assert checkpoints.restore(path, "0" * 64) is None
    assert not path.exists()
    assert checkpoints.restore(path, "f" * 64)["settings"] == "{}"
    assert path.read_bytes() == whole
    # another result takes the place of the one kept before
    checkpoints.save(path, content() | {"settings": "other"})
    checkpoints.keep(path, "0" * 64)
    assert checkpoints.restore(path, "f" * 64) is None
    assert checkpoints.restore(path, "0" * 64)["settings"] == "other"


def test_a_damaged_kept_checkpoint_is_not_restored(tmp_path):
    path = tmp_path / "seed0.pt"
    checkpoints.save(path, content())
    checkpoints.keep(path, "f" * 64)
    path.write_bytes(path.read_bytes()[:50])  # both names are one file
    assert checkpoints.restore(path, "f" * 64) is None
