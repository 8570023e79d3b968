"""Checkpoints and resume files: bytes, damage, malice, locks."""

import errno
import fcntl
import os
import pickle
import subprocess
import sys
import time

import pytest
import torch

from hw1.results.files import sealed
from hw1.training import checkpoints


def content() -> dict:
    return {"settings": "{}", "snapshots": {0: {"0.weight": torch.arange(6.0).reshape(2, 3)}}}


def test_equal_checkpoints_have_equal_bytes_whatever_the_file_is_called(tmp_path):
    checkpoints.save(tmp_path / "a.pt", content())
    checkpoints.save(tmp_path / "other.pt", content())
    assert (tmp_path / "a.pt").read_bytes() == (tmp_path / "other.pt").read_bytes()
    loaded = checkpoints.load(tmp_path / "a.pt")
    assert torch.equal(loaded["snapshots"][0]["0.weight"], content()["snapshots"][0]["0.weight"])


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
    whole = path.read_bytes()
    for damaged in (whole[:100], bytes(len(whole)), b"", whole[:100] + b"?" + whole[101:]):
        path.write_bytes(damaged)
        assert checkpoints.ResumeFile(path, "a", 0).load(said.append) is None
    assert [line.split(":")[0] for line in said] == ["starting over"] * 5
    assert "other settings" in said[0]


def test_a_second_writer_waits_until_the_first_is_gone(tmp_path):
    lock = tmp_path / "run.lock"
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys, time; from hw1.training.checkpoints import exclusive\n"
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

    monkeypatch.setattr(fcntl, "flock", refuse)
    lock = checkpoints.exclusive(tmp_path / "run.lock")
    with pytest.raises(OSError, match=r"cannot be locked \(flock\).*run\.lock"):
        lock.__enter__()


def run(fingerprint: str, value: float = 1.0) -> dict:
    return {
        "settings": "{}", "fingerprint": fingerprint, "history": "[]",
        "snapshots": {1: {"0.weight": torch.full((2, 3), value)}},
    }  # fmt: skip


def kept(folder) -> set[str]:
    return {path.name for path in (folder / "kept").glob("*/*")}


def test_a_kept_run_survives_its_file_and_only_its_own_fingerprint_finds_it(tmp_path):
    path = tmp_path / "seeds0-1.pt"
    checkpoints.save_runs(path, {0: run("a"), 1: run("b")})
    checkpoints.keep(path, "f")
    path.unlink()
    assert checkpoints.finished(path, "f", {0: "a", 1: "c"}).keys() == {0}
    assert checkpoints.finished(path, "f", {0: "b", 1: "a"}) == {}
    # another result takes the place of the one kept before
    checkpoints.save_runs(path, {0: run("c"), 1: run("b")})
    checkpoints.keep(path, "f")
    assert checkpoints.finished(path, "f", {0: "a", 1: "b"}).keys() == {1}


def test_runs_are_found_in_whatever_batch_and_kept_once(tmp_path):
    whole = tmp_path / "seeds0-3.pt"
    checkpoints.save_runs(whole, {seed: run(f"f{seed}", seed) for seed in range(4)})
    checkpoints.keep(whole, "f")
    prints = {seed: f"f{seed}" for seed in (2, 3, 4)}
    found = checkpoints.finished(tmp_path / "seeds2-4.pt", "f", prints)
    assert found.keys() == {2, 3}
    assert found[3]["snapshots"][1]["0.weight"][0, 0] == 3
    for seeds in ([0, 1], [2, 3, 4]):
        part = tmp_path / f"seeds{seeds[0]}-{seeds[-1]}.pt"
        checkpoints.save_runs(part, {seed: run(f"f{seed}", seed) for seed in seeds})
        checkpoints.keep(part, "f")
        # the first batch goes when all its runs are in others
        assert ("seeds0-3.pt" in kept(tmp_path)) == (seeds == [0, 1])
    assert kept(tmp_path) == {"seeds0-1.pt", "seeds2-4.pt"}


def test_runs_of_an_unfinished_batch_are_kept_until_it_is_finished(tmp_path):
    batch = tmp_path / "seeds0-2.pt"
    for seed in (0, 1):
        checkpoints.keep_part(batch, "f", {seed: run(f"f{seed}")})
    assert kept(tmp_path) == {"seed0.pt", "seed1.pt"}
    found = checkpoints.finished(batch, "f", {seed: f"f{seed}" for seed in range(3)})
    assert found.keys() == {0, 1}
    checkpoints.save_runs(batch, found | {2: run("f2")})
    checkpoints.keep(batch, "f")
    assert kept(tmp_path) == {"seeds0-2.pt"}


def test_runs_from_a_file_are_written_as_the_bytes_of_new_ones(tmp_path):
    new = {seed: run(f"f{seed}", seed) for seed in range(3)}
    checkpoints.save_runs(tmp_path / "new.pt", new)
    for seed in range(3):
        checkpoints.keep_part(tmp_path / "seeds0-2.pt", "f", {seed: new[seed]})
    prints = {seed: f"f{seed}" for seed in range(3)}
    checkpoints.save_runs(
        tmp_path / "again.pt", checkpoints.finished(tmp_path / "x.pt", "f", prints)
    )
    assert (tmp_path / "again.pt").read_bytes() == (tmp_path / "new.pt").read_bytes()


def test_a_damaged_kept_run_is_not_found(tmp_path):
    path = tmp_path / "seed0.pt"
    checkpoints.save_runs(path, {0: run("a")})
    checkpoints.keep(path, "f")
    path.write_bytes(path.read_bytes()[:50])  # both names are one file
    assert checkpoints.finished(path, "f", {0: "a"}) == {}


def test_without_hard_links_a_copy_is_kept(tmp_path, monkeypatch):
    def refuse(source, target):
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(checkpoints.os, "link", refuse)
    path = tmp_path / "seed0.pt"
    checkpoints.save_runs(path, {0: run("a")})
    checkpoints.keep(path, "f")
    path.unlink()
    assert checkpoints.finished(path, "f", {0: "a"}).keys() == {0}


def test_what_is_kept_of_other_settings_stays_until_all_its_seeds_are_trained_anew(tmp_path):
    """Settings change and change back: no run is lost that only a file of the first ones has."""
    old = tmp_path / "seeds0-3.pt"
    checkpoints.save_runs(old, {seed: run(f"old{seed}") for seed in range(4)})
    checkpoints.keep(old, "old")
    new = tmp_path / "seeds0-1.pt"
    checkpoints.save_runs(new, {seed: run(f"new{seed}") for seed in range(2)})
    checkpoints.keep(new, "new")
    part = tmp_path / "seeds2-3.pt"
    prints = {seed: f"old{seed}" for seed in range(4)}
    found = checkpoints.finished(part, "old", {seed: prints[seed] for seed in (2, 3)})
    assert found.keys() == {2, 3}
    checkpoints.save_runs(part, found)
    checkpoints.keep(part, "old")
    found = checkpoints.finished(new, "old", {seed: prints[seed] for seed in (0, 1)})
    assert found.keys() == {0, 1}
    checkpoints.save_runs(new, found)
    checkpoints.keep(new, "old")
    assert sorted(p.relative_to(tmp_path).as_posix() for p in tmp_path.glob("kept/*/*")) == [
        "kept/old/seeds0-1.pt", "kept/old/seeds2-3.pt",
    ]  # fmt: skip
