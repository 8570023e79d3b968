"""Faults, for real: kills, full disks, damaged files, bad downloads, hostile input, neighbours.

Each test says at its end what it tried, how often, and what came of it; with --write-faults these
lines become the table of docs/faults.md. Without, they must be the lines that stand there.
"""

import hashlib
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

import pytest
import torch
from conftest import once
from repository import Repository, reduced, run_script, settings_in, truncated, with_one_bit_changed

from hw1.data import datasets
from hw1.results import arrays
from hw1.settings.dataset import Digits
from hw1.settings.entries import read, style
from hw1.settings.experiments import settings_of

pytestmark = pytest.mark.slow


def script(name: str, *arguments, folder: Path, **more: str) -> subprocess.CompletedProcess:
    """Run a script of the workflow in `folder`."""
    return run_script(f"workflow/scripts/{name}.py", *arguments, cwd=folder, **more)


def one_line(run: subprocess.CompletedProcess) -> str:
    """The only line that a failed script says, which is no traceback."""
    assert run.returncode != 0
    said = (run.stdout + run.stderr).strip()
    assert "Traceback" not in said, said
    return said.splitlines()[-1]


# -------------------------------------------------------------------------------------- kills


def long_enough(config: dict) -> None:
    """Trainings that take some seconds each, saved every second."""
    reduced(config)
    config["resume_interval"] = 1
    experiments = config["experiments"]
    config["experiments"] = {k: experiments[k] for k in ("function_fit", "random_labels")}
    experiments["random_labels"]["training"]["epochs"] = 30
    experiments["random_labels"]["seeds"] = [0, 1, 2, 3]
    experiments["function_fit"]["training"]["epochs"] = 2000


SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGKILL)
TARGETS = [f"results/tables/{name}_metrics.csv" for name in ("random_labels", "function_fit")]
TARGETS += [f"results/tables/{name}_history.csv" for name in ("random_labels", "function_fit")]
DATA = ("checkpoints", "history", "metrics", "tables", "data")


def jobs_of(folder: Path) -> list[int]:
    """Process ids of the scripts that run in `folder`."""
    found = []
    for process in Path("/proc").iterdir():
        try:
            if process.name.isdigit() and Path(os.readlink(process / "cwd")) == folder:
                command = (process / "cmdline").read_bytes().split(b"\0")
                if any(argument.startswith(b"workflow/scripts/") for argument in command):
                    found.append(int(process.name))
        except OSError:  # it has just ended
            continue
    return found


def lock_of(folder: Path) -> list[Path]:
    return list((folder / ".snakemake/locks").glob("*"))


def test_kills_at_random_moments_lose_nothing(tmp_path, python, observed):
    undisturbed, disturbed = (Repository(tmp_path / name, python) for name in ("whole", "killed"))
    for copy in (undisturbed, disturbed):
        copy.write_config(long_enough)
    started = time.monotonic()
    undisturbed.snakemake(*TARGETS)
    longest = (time.monotonic() - started) / 20  # between kills, so that there is time for all

    chance = random.Random(5)
    kills, locks, resumed = Counter(), Counter(), set()
    plan = [(who, how) for who in ("job", "Snakemake", "all of them") for how in SIGNALS] * 3
    chance.shuffle(plan)
    log = tmp_path / "log"
    trainings = disturbed.folder / "results/logs/train"

    def begin() -> subprocess.Popen:
        with log.open("w", encoding="utf-8") as file:
            return subprocess.Popen(
                [sys.executable, "-m", "snakemake", "--cores", "2", *TARGETS],
                cwd=disturbed.folder,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def look() -> None:  # each try writes its log anew
        for path in trainings.rglob("*.log"):
            if "resuming at epoch" in path.read_text(encoding="utf-8"):
                resumed.add(path.relative_to(trainings))

    finished = False
    while plan and not finished:
        met = lock_of(disturbed.folder)
        last = None  # signal that this Snakemake got
        process = begin()
        while plan and process.poll() is None:
            time.sleep(chance.uniform(0.5, max(longest, 1)))
            look()
            who, how = plan.pop()
            jobs = jobs_of(disturbed.folder)
            if process.poll() is not None or (who == "job" and not jobs):
                plan.insert(0, (who, how))
                continue
            if who == "job":
                for job in chance.sample(jobs, 1):
                    with suppress(ProcessLookupError):
                        os.kill(job, how)
            elif who == "Snakemake":
                os.kill(process.pid, how)
            else:
                os.killpg(process.pid, how)
            kills[who, how.name] += 1
            if who != "job":
                last = how.name
        finished = process.wait(timeout=300) == 0
        look()
        said = log.read_text(encoding="utf-8")
        if "Directory cannot be locked" in said:
            assert met
            disturbed.snakemake("--unlock", *TARGETS)
        elif not met and lock_of(disturbed.folder):
            # Snakemake locks before it listens to SIGTERM, and says its cores after that.
            locks[last, "working" if "Provided cores" in said else "starting"] += 1
    if lock_of(disturbed.folder):
        disturbed.snakemake("--unlock", *TARGETS)
    # The last kill, orphans included, is sure to hit a training that has been saved.
    for path in [
        *(disturbed.folder / "results").rglob("random_labels/lenet5/*seed0.*"),
        *(disturbed.folder / "results").rglob("random_labels/lenet5/kept/*/seed0.*"),
        *(disturbed.folder / target for target in TARGETS),
    ]:
        path.unlink(missing_ok=True)
    process = begin()
    while process.poll() is None and not list((disturbed.folder / "results").rglob("[!.]*.resume")):
        time.sleep(0.05)
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        for job in jobs_of(disturbed.folder):
            with suppress(ProcessLookupError):
                os.kill(job, signal.SIGKILL)
        process.wait()
        disturbed.snakemake("--unlock", *TARGETS)
    disturbed.snakemake(*TARGETS)
    look()
    assert disturbed.digests(*DATA) == undisturbed.digests(*DATA)
    assert sum(kills.values()) >= 20
    assert resumed
    assert not list((disturbed.folder / "results").rglob("*.resume"))
    # Only who had no time to remove its lock leaves one.
    print(kills, locks, resumed)
    left = {("SIGKILL", "working"), ("SIGKILL", "starting"), ("SIGTERM", "starting")}
    assert set(locks) <= left
    assert {how for _, how in kills} == {how.name for how in SIGNALS}
    observed(
        "SIGINT, SIGTERM, SIGKILL to a job, to Snakemake, to all of them, at random moments",
        "20 to 28 times in one build",
        "the next run goes on, after --unlock only where Snakemake got SIGKILL "
        "(or SIGTERM in its first seconds); "
        "unfinished trainings resume; all data files as undisturbed, byte for byte",
    )


def test_an_orphan_and_its_rerun_do_not_write_together(tmp_path, python, observed):
    def longer(config):  # than the next run takes to start
        long_enough(config)
        config["experiments"]["random_labels"]["training"]["epochs"] = 60

    copy = Repository(tmp_path / "orphan", python)
    copy.write_config(longer)
    target = "results/checkpoints/random_labels/lenet5/seed0.pt"
    process = subprocess.Popen(
        [sys.executable, "-m", "snakemake", "--cores", "1", target],
        cwd=copy.folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    while not (copy.folder / target).with_suffix(".resume").exists():
        assert process.poll() is None
        time.sleep(0.05)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    (orphan,) = jobs_of(copy.folder)
    copy.snakemake("--unlock", target)
    copy.snakemake(target)
    log = (copy.folder / "results/logs/train/random_labels/lenet5/seed0.log").read_text(
        encoding="utf-8"
    )
    assert "waiting for the process that holds" in log
    assert "of the result that is there" in log
    deadline = time.monotonic() + 30  # it gives its lock back before it ends
    while orphan in jobs_of(copy.folder):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    observed(
        "SIGKILL to Snakemake alone: its training lives on while the next run starts it again",
        "once",
        "the second waits for the first and takes its result",
    )


# -------------------------------------------------------------------- files damaged by power loss


@pytest.fixture
def small(python, tmp_path):
    """A built part of the workflow, to damage."""

    def configure(config):
        reduced(config)
        config["experiments"] = {"capacity": config["experiments"]["capacity"]}

    def build(folder: Path) -> None:
        copy = Repository(folder, python)
        copy.write_config(configure)
        copy.snakemake("capacity")

    folder = tmp_path / "small"
    shutil.copytree(once("small", build), folder)
    return Repository.at(folder, python)


@pytest.mark.parametrize("damage", [truncated, with_one_bit_changed], ids=lambda f: f.__name__)
@pytest.mark.parametrize(
    "name, kind",
    [
        ("data/digits.npz", "prepared data"),
        ("checkpoints/capacity/cnn1/seed0.pt", "checkpoint"),
        ("metrics/capacity/cnn1/seed0.csv", "table of a run"),
        ("tables/capacity_metrics.csv", "table of an experiment"),
    ],
)
def test_a_damaged_file_is_rebuilt_or_named(small, observed, name, kind, damage):
    before = small.digests("data", "checkpoints", "metrics", "tables")
    path = small.folder / "results" / name
    path.write_bytes(damage(path.read_bytes()))
    run = small.snakemake("capacity", check=False)
    if run.returncode:
        said = run.stdout + run.stderr
        logs = [
            p.read_text(encoding="utf-8") for p in (small.folder / "results/logs").rglob("*.log")
        ]
        (line,) = {
            line for text in logs for line in text.splitlines() if f"results/{name}" in line
            and "delete" in line
        }  # fmt: skip
        assert line in said
        assert "Traceback" not in "".join(logs)
        path.unlink()
        # By name, since Snakemake makes nothing that only finished files were made from.
        small.snakemake("capacity", *before)
        outcome = "named in one line; deleted and asked for by name, it is rebuilt"
    else:
        outcome = "rebuilt"
    assert small.digests("data", "checkpoints", "metrics", "tables") == before
    observed(f"{kind} {damage.__name__.replace('_', ' ')}", "once", outcome)


# -------------------------------------------------------------------------------------- disk full


@pytest.fixture
def small_disk(tmp_path):
    """A function that fills a small file system up to some free bytes, and its folder."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", folder]
    if shutil.which("mount") is None or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("mounting a small file system needs root")
    ballast = folder / "ballast"

    def leave(free: int | None) -> None:
        ballast.unlink(missing_ok=True)
        if free is not None:
            stat = os.statvfs(folder)
            ballast.write_bytes(bytes(stat.f_bavail * stat.f_bsize - free))

    yield folder, leave
    subprocess.run(["umount", folder], check=True)


def files_of(folder: Path) -> set[str]:
    return {str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file()} - {"ballast"}


def training_arguments(epochs: int, folder: Path, interval: float) -> list:
    config = reduced(settings_in())
    config["experiments"]["capacity"]["training"]["epochs"] = epochs
    return [
        "--settings", settings_of(config, "capacity", "cnn3").text,
        "--data", folder / "digits.npz",
        "--code", __file__, "--device", "cpu", "--resume-interval", interval,
        "--checkpoint", folder / "seed0.pt", "--history", folder / "seed0.csv",
        "--provenance", folder / "facts",
    ]  # fmt: skip


def test_disk_full_while_data_are_prepared(small_disk, observed):
    folder, leave = small_disk
    digits = ["--dataset", '{"kind": "digits", "size": 28, "test_share": 0.2}']
    digits += ["--downloads", folder, "--output", folder / "digits.npz"]
    leave(500_000)  # of 1.4 MB
    line = one_line(script("prepare_data", *digits, folder=folder))
    assert "No space left on device" in line
    assert files_of(folder) == set()
    leave(None)
    assert script("prepare_data", *digits, folder=folder).returncode == 0
    assert files_of(folder) == {"digits.npz"}
    observed("disk full while data are prepared", "once", "one line, no file; then completes")


def test_disk_full_at_the_checkpoint_and_at_the_resume_file(small_disk, observed):
    folder, leave = small_disk
    samples = datasets.prepare(Digits(size=28, test_share=0.2), folder)
    arrays.save(folder / "digits.npz", samples)
    leave(200_000)  # of 0.3 MB for the weights alone
    line = one_line(script("train", *training_arguments(1, folder, 60), folder=folder))
    assert "No space left on device" in line
    assert not {"seed0.pt", "seed0.resume"} & files_of(folder)
    leave(None)
    whole = script("train", *training_arguments(1, folder, 60), folder=folder)
    assert whole.returncode == 0, whole.stderr
    observed("disk full while a checkpoint is written", "once", "one line, no half file")

    leave(200_000)  # of 0.9 MB for weights and averages
    line = one_line(script("train", *training_arguments(2, folder, 0), folder=folder))
    assert "No space left on device" in line
    assert "seed0.resume" not in files_of(folder)
    leave(None)
    resumed = script("train", *training_arguments(2, folder, 0), folder=folder)
    assert resumed.returncode == 0, resumed.stderr
    assert "seed0.resume" not in files_of(folder)
    observed("disk full while a resume file is written", "once", "one line; then completes")


def test_disk_full_while_a_figure_is_drawn(small, small_disk, observed):
    folder, leave = small_disk
    table = {"capacity_metrics.csv", "capacity_metrics.csv.sha256"}
    for name in table:
        shutil.copy(small.folder / "results/tables" / name, folder)
    entries = read(small.config())
    (figure,) = (figure for figure in entries.figures if figure.name == "params")
    look = json.dumps(style(entries.config, entries.experiments, figure))
    arguments = ["--kind", figure.kind.file, "--style", look]
    arguments += ["--tables", "capacity_metrics.csv", "--png", "fig.png", "--svg", "fig.svg"]
    leave(8_192)
    run = script("figure", *arguments, folder=folder, MPLCONFIGDIR=str(small.folder))
    assert "No space left on device" in one_line(run)
    assert files_of(folder) == table
    leave(None)
    run = script("figure", *arguments, folder=folder, MPLCONFIGDIR=str(small.folder))
    assert run.returncode == 0, run.stderr
    assert files_of(folder) == table | {"fig.png", "fig.svg"}
    observed("disk full while a figure is drawn", "once", "one line, no half file; then completes")


# -------------------------------------------------------------------------------------- neighbours


def test_two_directories_at_once_a_read_only_source_tree_and_odd_paths(
    small, tmp_path, python, observed
):
    source = Repository(tmp_path / "Übung 1 (source)", python)
    source.write_config(lambda c: small.config())
    for path in [*source.folder.rglob("*"), source.folder]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    places = [tmp_path / "first café", tmp_path / "second place"]
    running = [
        subprocess.Popen(
            [
                sys.executable, "-m", "snakemake", "capacity", "--cores", "1",
                "--snakefile", source.folder / "Snakefile", "--directory", place,
                "--workflow-profile", source.folder / "profiles/default",
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=tmp_path,
            umask=0o077,
            env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"},
        )
        for place in places
    ]  # fmt: skip
    for process in running:
        said, _ = process.communicate(timeout=300)
        assert process.returncode == 0, said
    for path in [*source.folder.rglob("*"), source.folder]:
        path.chmod(0o755 if path.is_dir() else 0o644)
    expected = small.digests("checkpoints", "metrics", "tables")
    for place in places:
        for name, digest in expected.items():
            assert hashlib.sha256((place / name).read_bytes()).hexdigest() == digest
            assert (place / name).stat().st_mode & 0o077 == 0
    observed("two directories at once, one source tree", "once", "equal results in both")
    observed("read-only source tree, umask 077", "once", "builds elsewhere with --directory")
    observed("path with spaces, brackets and non-ASCII letters", "once", "builds")


def test_a_clock_set_back_reruns_nothing_and_misses_nothing(small, observed):
    """All results seem to be of tomorrow; then a setting changes today."""
    tomorrow = time.time() + 86_400
    for path in (small.folder / "results").rglob("*"):
        os.utime(path, (tomorrow, tomorrow))
    assert small.plan("capacity") <= {"capacity"}
    config = small.config()
    small.write_config(lambda c: c["experiments"]["capacity"]["training"].update(epochs=2))
    assert "train capacity/cnn1/seed0" in small.plan("capacity")
    small.write_config(lambda c: config)
    module = small.folder / "src/hw1/training/loop.py"
    text = module.read_text(encoding="utf-8")
    module.write_text(text + "\nEDITED = True\n", encoding="utf-8")
    edited = small.plan("capacity")
    module.write_text(text, encoding="utf-8")
    assert "train capacity/cnn1/seed0" in edited
    observed("clock set back by a day", "once", "nothing rerun; changes of settings and code seen")


def test_another_user_can_build_in_a_directory_of_their_own(small, tmp_path, observed):
    """And without an entry in passwd, as in a container; Snakemake needs a home and a name."""
    if os.getuid() != 0 or shutil.which("setpriv") is None:
        pytest.skip("only root can become another user")
    # May read what is root's, as this Python may be, but write only what is theirs.
    become = ["setpriv", "--reuid=54321", "--regid=54321", "--clear-groups"]
    become += ["--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"]
    if subprocess.run([*become, sys.executable, "-c", ""], capture_output=True).returncode:
        pytest.skip("another user cannot run this Python")
    place = tmp_path / "theirs"
    place.mkdir()
    os.chown(place, 54_321, 54_321)
    for parent in [tmp_path, *tmp_path.parents]:
        if parent.stat().st_uid == os.getuid() and not parent.stat().st_mode & 0o004:
            parent.chmod(parent.stat().st_mode | 0o055)
    for path in [small.folder, *small.folder.parents]:
        if not path.stat().st_mode & 0o004:
            path.chmod(path.stat().st_mode | 0o055)
    run = subprocess.run(
        [
            *become, sys.executable, "-m",
            "snakemake", "results/fig_params.png", "--cores", "2",
            "--snakefile", small.folder / "Snakefile", "--directory", place,
            "--workflow-profile", small.folder / "profiles/default",
        ],
        capture_output=True,
        text=True,
        cwd=place,
        env={name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
        | {"HOME": str(place), "LOGNAME": "someone", "PYTHONDONTWRITEBYTECODE": "1"},
    )  # fmt: skip
    assert run.returncode == 0, run.stdout + run.stderr
    assert len(Repository.at(place).rows("capacity_metrics")) == 3 * 2
    assert not (place / "~").exists()
    observed("another user, in a directory of their own", "once", "builds")


def test_an_absent_device_and_overlays_that_conflict_end_before_any_job(small, tmp_path, observed):
    """Other mistakes are in test_configuration; these are said only through Snakemake."""
    overlays = [tmp_path / "a.yaml", tmp_path / "b.yaml"]

    def said(*texts: str) -> str:
        for path, text in zip(overlays, texts):
            path.write_text(text, encoding="utf-8")
        named = map(str, overlays[: len(texts)])
        run = small.snakemake("capacity", "--configfile", *named, check=False)
        said = run.stdout + run.stderr
        assert run.returncode != 0 and "Traceback" not in said and "Finished jobid" not in said
        return said

    absent = "mps" if torch.cuda.is_available() else "cuda"
    assert f"device {absent} is not on this machine" in said(f"device: {absent}")
    fault = "a device that is not on this machine, in the configuration"
    observed(fault, "once", "one line that names the key, before any job")
    texts = [f"experiments: {{capacity: {{training: {{epochs: {n}}}}}}}" for n in (1, 2)]
    conflict = r"epochs: found 1 in \S*a.yaml and 2 in \S*b.yaml, expected overlays"
    assert re.search(conflict, said(*texts))
    observed("two overlays that conflict", "once", "one line that names key and files")
