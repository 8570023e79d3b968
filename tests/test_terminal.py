"""What a build says on a terminal, and of itself to others."""

import contextlib
import json
import logging
import os
import platform
import pty
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from repository import ROOT, Repository
from snakemake_interface_logger_plugins.common import LogEvent

import snakemake_logger_plugin_hw1 as plugin
from snakemake_logger_plugin_hw1 import Build, LogHandler, seconds_left

SETTINGS = SimpleNamespace(
    verbose=False, printshellcmds=False, quiet=None, debug_dag=False, nocolor=True, dryrun=False,
    show_failed_logs=False,
)  # fmt: skip


@pytest.fixture(autouse=True)
def logger_is_found(monkeypatch):
    """As in an environment that make has made."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "src"))


def on_terminal(repository: Repository, *arguments: str) -> tuple[int, list[str]]:
    """Run Snakemake where it sees a terminal; the lines that it wrote, without colours."""
    ours, theirs = pty.openpty()
    run = subprocess.Popen(
        [repository.python, "-m", "snakemake", "--cores", "2", *arguments],
        cwd=repository.folder, stdin=theirs, stdout=theirs, stderr=theirs,
        env=os.environ | {"TERM": "xterm", "COLUMNS": "100", "LINES": "40"},
    )  # fmt: skip
    os.close(theirs)
    said = b""
    while True:
        try:
            part = os.read(ours, 65536)
        except OSError:  # Linux, at the end
            break
        if not part:
            break
        said += part
    os.close(ours)
    text = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", said.decode())
    lines = [line.split("\r")[-1] for line in text.replace("\r\n", "\n").split("\n")]
    return run.wait(), [line for line in lines if line]


@pytest.fixture
def trainings(monkeypatch):
    """Two trainings of an experiment and one of another."""
    seconds = {"b/x/seed0": 60, "a/x/seeds0-1": 120, "a/y/seed2": 33}
    monkeypatch.setattr(plugin, "TRAININGS", seconds)


def test_a_plan_counts_jobs_by_rule_and_trainings_by_experiment(trainings):
    lines = Build().plan({"train": 3, "evaluate": 20}).splitlines()
    assert [line.split() for line in lines] == [
        [*"23 jobs: 3 train, 20 evaluate".split()],
        [*"a 2 trainings 2.5 core minutes".split()],  # 153 s
        [*"b 1 trainings 1.0 core minutes".split()],
        [*"about 4.1 core minutes together".split()],  # 213 s, and 1.5 s for each of 23
    ]


def test_the_time_left_follows_what_jobs_really_take(trainings, monkeypatch):
    now = [1000.0]
    monkeypatch.setattr(plugin.time, "time", lambda: now[0])
    build = Build()
    build.plan({"train": 3, "evaluate": 2})
    assert build.seconds == 213 + 5 * 1.5
    build.start(0, "train", {"experiment": "a", "variant": "x", "seeds": "seeds0-1"}, "")
    assert build.running[0].seconds == 121.5
    now[0] += 60
    (how_far, job) = build.lines()
    assert how_far.startswith("0 of 5 jobs, 27% of the work after 1.0 min, about 2.7 min left, ")
    assert job == "train a/x/seeds0-1  1.0 min"
    now[0] += 300  # three times as long as expected, and so will the others
    build.finish(0)
    build.start(1, "evaluate", {"experiment": "a", "variant": "x", "seeds": "seeds0-1"}, "")
    assert build.done == {"train": 1} and build.running[1].seconds == 1.5
    assert build.lines()[0].startswith(
        "1 of 5 jobs, 55% of the work after 6.0 min, about 4.9 min left, "
    )


def test_the_longest_training_says_itself_how_long_it_has(tmp_path):
    log = tmp_path / "log"
    log.write_text("epoch 1/10  10%  60 s, about 9 min left\n\n", encoding="utf-8")
    build = Build()
    build.plan({"train": 1})
    build.start(3, "train", {"experiment": "a"}, str(log))
    how_far, job = build.lines()
    assert "about 9.0 min left" in how_far
    assert job == "train a  epoch 1/10  10%  60 s, about 9 min left"
    assert [seconds_left(line) for line in ("1 s, at most 7 s left", "done")] == [7, 0]


def test_a_job_that_is_tried_again_has_not_failed():
    build = Build()
    for number in (1, 2):
        build.start(number, "train", {"seeds": f"seed{number}"}, "log")
        build.fail(number)
    build.start(1, "train", {"seeds": "seed1"}, "log")
    assert list(build.failed) == [2] and list(build.running) == [1]
    build.finish(1)
    assert build.failed == {2: "train seed2: it left no word (log)"} and build.done == {"train": 1}


def test_a_job_that_a_user_stopped_has_not_failed(tmp_path):
    (tmp_path / "log").write_text("epoch 1\nKeyboardInterrupt\n", encoding="utf-8")
    build = Build()
    build.start(1, "train", {}, str(tmp_path / "log"))
    build.fail(1)
    assert not build.failed and not build.running


def test_a_dry_run_on_a_terminal_is_a_plan(fresh):
    code, lines = on_terminal(fresh, "--dry-run")
    assert code == 0 and len(lines) < 25 and "rule train:" not in lines
    jobs = [job for job in fresh.plan() if job.startswith("train capacity")]
    (row,) = [line for line in lines if line.startswith("  capacity ")]
    assert re.match(rf"  capacity +{len(jobs)} trainings +\d+\.\d core minutes$", row)
    assert any(re.match(r"about \d+\.\d core minutes together$", line) for line in lines)
    code, lines = on_terminal(fresh, "--dry-run", "--printshellcmds", "capacity")
    assert code == 0 and "rule train:" in lines


def test_a_build_shows_what_runs_and_how_it_ended(repository):
    code, lines = on_terminal(
        repository,
        "--forcerun",
        "page",
        "results/metrics/gradient_norm/mlp/seed0.csv",
        "--",
        "gradient_norm",
        "results/index.html",
    )
    assert code == 0
    text = "\n".join(lines)
    assert re.search(r"^\d+ jobs: .*\b1 page\b", text, re.M)
    assert re.search(r"\d+ of \d+ jobs, \d+% of the work after .* left, until \d\d:\d\d", text)
    assert "trainings" not in text  # priorities are asked only of jobs that will run
    assert "rule train:" not in text and "Select jobs" not in text
    page = repository.folder / "results/index.html"
    assert re.match(r"results/tables/claims_as_written.csv: of \d+ claims, \d+ ", lines[-3])
    assert lines[-2] == f"the page: {page}"
    assert re.match(r"done: (\d+) of \1 jobs, 100% of the work after ", lines[-1])
    said = repository.snakemake("status").stdout.splitlines()
    assert said[0].startswith("no build is running; the last one began ")
    assert "ended" in said[0]
    state = json.loads((repository.folder / plugin.STATE).read_text(encoding="utf-8"))
    assert state["done"] == state["planned"] and state["ended"] and not state["failed"]


def test_a_failed_job_is_named_at_the_very_end_with_what_to_do(fresh):
    def diverges(config):
        config["experiments"]["gradient_norm"]["training"] |= {
            "learning_rate": 100,
            "weight_decay": 10,
        }

    fresh.write_config(diverges)
    code, lines = on_terminal(fresh, "gradient_norm")
    assert code == 1
    log = "results/logs/train/gradient_norm/mlp"
    *_, job, go_on = lines
    assert re.match(
        rf"failed: train gradient_norm/mlp/seed[01]: .*lower learning_rate.* \({log}/", job
    )
    assert re.match(
        r"\d+ of \d+ jobs, .* min; what is done stays; the same command goes on$", go_on
    )
    # Neither its command of twenty files nor what Snakemake says about that.
    assert not re.search("set -euo|RuleException|Traceback", "\n".join(lines))
    assert "failed:" in fresh.snakemake("status").stdout


def test_what_only_tells_leaves_no_trace_of_a_build(repository):
    # That of the finished build, if its Python found the logger, too.
    (repository.folder / plugin.STATE).unlink(missing_ok=True)
    for target in ("help", "verify"):
        code, lines = on_terminal(repository, target)
        assert code == 0 and "core minutes" not in "\n".join(lines)
    assert not (repository.folder / plugin.STATE).exists()


def long(config: dict) -> None:
    config["experiments"]["gradient_norm"]["training"]["epochs"] = 100_000


@pytest.mark.slow
def test_who_stops_a_build_is_told_of_no_failure(fresh):
    fresh.write_config(long)

    def stop():
        deadline = time.monotonic() + 300
        while not re.search(r"^train gradient_norm", status(fresh), re.M):
            if time.monotonic() > deadline:
                break  # and stop it all the same: the lines below tell
            time.sleep(1)
        for process in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if os.readlink(process / "cwd") == str(fresh.folder):
                    os.kill(int(process.name), signal.SIGINT)  # as the terminal does

    stopping = threading.Thread(target=stop)
    stopping.start()
    # With processes of its own: what stands in for them would be interrupted, too.
    code, lines = on_terminal(Repository.at(fresh.folder), "gradient_norm")
    stopping.join()
    assert code != 0
    assert "failed" not in "\n".join(lines)
    assert re.match(r"[1-9] of \d jobs, .*; what is done stays; the same command ", lines[-1])
    assert status(fresh).startswith("no build is running; the last one began ")


def test_status_is_told_while_a_build_runs_and_after_it_was_cut_off(fresh):
    assert "no build has been started in" in fresh.snakemake("status").stdout

    fresh.write_config(long)
    build = subprocess.Popen(
        [fresh.python, "-m", "snakemake", "--cores", "1", "gradient_norm"],
        cwd=fresh.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        deadline = time.monotonic() + 120
        while not re.search(
            r"^train gradient_norm\S+  epoch .* left$", said := status(fresh), re.M
        ):
            assert time.monotonic() < deadline, said
            time.sleep(1)
        process = re.search(rf"\(process (\d+) on {platform.node()}, ", said)
        assert re.search(r"\d+ of \d+ jobs, .* left, until", said)
        os.kill(int(process[1]), signal.SIGKILL)
        build.wait()
    finally:
        subprocess.run(["pkill", "-9", "-f", str(fresh.folder)])
    assert "and was cut off after" in status(fresh)


def status(repository: Repository) -> str:
    return repository.snakemake("status").stdout


@pytest.fixture
def handler():
    made = LogHandler(SETTINGS, None)
    yield made
    made.build.ended = True  # closed, without a word


def event(kind: LogEvent, **about) -> logging.LogRecord:
    return logging.makeLogRecord({"event": kind, "msg": "", **about})


def test_whoever_looks_for_loggers_needs_nothing_that_may_be_missing():
    program = (
        "import sys; sys.modules |= dict.fromkeys(('snakemake', 'rich', 'psutil', 'hw1'))\n"
        "from snakemake_interface_logger_plugins.registry import LoggerPluginRegistry\n"
        "print(LoggerPluginRegistry().is_installed('hw1'))"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert run.stdout == "True\n", run.stderr


def test_without_rich_snakemake_speaks_itself(fresh, tmp_path, monkeypatch):
    (tmp_path / "rich").mkdir()
    (tmp_path / "rich/__init__.py").write_text("", encoding="utf-8")  # of another project
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), str(ROOT / "src")]))
    code, lines = on_terminal(Repository.at(fresh.folder), "--dry-run", "gradient_norm")
    assert code == 0 and "rule train:" in lines and "Traceback" not in "\n".join(lines)


@pytest.mark.parametrize("field", ["stats", "per_rule_job_counts"])
def test_the_events_of_the_interface_are_followed(handler, tmp_path, monkeypatch, field):
    """RUN_INFO has its counts in `stats`, and in the field that the interface documents."""
    (tmp_path / ".snakemake").mkdir()
    monkeypatch.chdir(tmp_path)
    handler.handle(event(LogEvent.RUN_INFO, **{field: {"train": 2, "page": 1, "total": 3}}))
    for number in (1, 2):
        job = {"rule_name": "train", "wildcards": {"seeds": f"seed{number}"}, "log": ["log"]}
        handler.handle(event(LogEvent.JOB_INFO, jobid=number, **job))
    handler.handle(event(LogEvent.JOB_FINISHED, job_id=1))
    said = plugin.status().splitlines()
    assert said[1].startswith("1 of 3 jobs, 3")
    assert said[2:] == ["train seed2  0.0 min", "    1 of 2     train", "    0 of 1     page"]
    handler.handle(event(LogEvent.JOB_ERROR, jobid=2))
    assert plugin.status().splitlines()[2] == "failed: train seed2: it left no word (log)"


def test_a_build_that_is_closed_late_ends_in_its_own_folder(handler, tmp_path, monkeypatch, capsys):
    """Snakemake before 9.21 closes loggers when Python ends, in the folder that it started in."""
    for folder in (".", "build"):
        (tmp_path / folder / ".snakemake").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "build")
    Path("log").write_text("the loss is nan\n", encoding="utf-8")
    handler.handle(event(LogEvent.RUN_INFO, stats={"train": 1, "total": 1}))
    job = {"rule_name": "train", "wildcards": {"experiment": "a"}, "log": ["log"]}
    handler.handle(event(LogEvent.JOB_INFO, jobid=1, **job))
    handler.handle(event(LogEvent.JOB_ERROR, jobid=1))
    monkeypatch.chdir(tmp_path)
    handler.close()
    assert "failed: train a: the loss is nan (log)" in capsys.readouterr().err.splitlines()
    assert not plugin.STATE.exists()
    state = json.loads((tmp_path / "build" / plugin.STATE).read_text(encoding="utf-8"))
    assert state["ended"] and state["planned"] == {"train": 1} and not state["done"]
