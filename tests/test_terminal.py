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
from snakemake_interface_logger_plugins.base import LogHandlerBase

from snakemake_logger_plugin_hw1 import LogHandler, progress
from snakemake_logger_plugin_hw1.progress import Build, Job, job_of, plan, seconds_left
from snakemake_logger_plugin_hw1.terminal import Terminal

SETTINGS = SimpleNamespace(
    verbose=False, printshellcmds=False, quiet=None, debug_dag=False, nocolor=True, dryrun=False,
    show_failed_logs=False,
)  # fmt: skip
INSTEAD = "Snakemake's own output is shown, without a table or progress: found "
FINISHED = {"event": "job_finished", "msg": "Finished jobid: 3"}


@pytest.fixture(autouse=True)
def logger_is_found(monkeypatch):
    """As in an environment that make has made."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "src"))


def on_terminal(repository: Repository, *arguments: str) -> tuple[int, list[str]]:
    """Run Snakemake where it sees a terminal; what stands there at the end, without colours."""
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
    return run.wait(), [line.split("\r")[-1] for line in text.replace("\r\n", "\n").split("\n")]


def test_a_plan_counts_jobs_and_core_minutes_by_experiment():
    jobs = [
        Job("train", {"experiment": "a", "variant": "x"}, 120, why="not built yet"),
        Job("evaluate", {"experiment": "a", "variant": "x"}, 30, why="code changed"),
        Job("tabulate", {"experiment": "a"}, 6),
        Job("figure", {"figure": "f"}, 6),
        Job("train", {"experiment": "b"}, 60, why="not built yet"),
    ]
    lines = plan(jobs, 2).splitlines()
    assert [line.split() for line in lines] == [
        ["jobs", "core", "minutes", "why"],
        ["a", "3", "2.6", *"1 not built yet, 1 code changed, 1 inputs made anew".split()],
        ["b", "1", "1.0", *"not built yet".split()],
        [*"data, figures, ledgers, pages".split(), "1", "0.1", *"inputs made anew".split()],
        ["together", "5", "3.7"],
        *[["about", "2", "min", *"with 2 at a time, roughly estimated".split()]],
    ]


@pytest.mark.parametrize(
    "rule, priority, reason, seconds, why",
    [
        ("train", 100, "Missing output files: x; Input files updated", 101.5, "not built yet"),
        ("train", "highest", "Params have changed since", 1.5, "settings or code changed"),
        ("unpack", 7, "Updated input files: data", 1.5, "data changed"),
        ("all", 0, "Input files updated by another job: x", 1.5, ""),
    ],
)
def test_a_job_takes_what_its_training_may_take(rule, priority, reason, seconds, why):
    job = job_of(rule, {}, priority, [], reason)
    assert (job.seconds, job.why) == (seconds, why)


def test_the_time_left_follows_what_jobs_really_take(monkeypatch):
    now = [1000.0]
    monkeypatch.setattr(progress.time, "time", lambda: now[0])
    build = Build(workers=2)
    jobs = [Job("train", {"experiment": "a"}, 100) for _ in range(4)]
    build.expect(jobs)
    assert build.left() == 200  # 400 s of one core, by two
    for number in (0, 1):
        jobs[number].started = now[0]
        build.running[number] = jobs[number]
    now[0] += 50
    assert build.left() == 150  # 50 s of each are done
    now[0] += 150
    build.finish(0)
    build.finish(1)
    assert build.left() == 200  # they took twice as long as expected, and so will the others
    assert build.done == {"a": 2}
    assert "2 of 4 jobs, 50% of the work" in build.summary()


def test_the_longest_training_says_itself_how_long_it_has(tmp_path):
    log = tmp_path / "log"
    log.write_text("epoch 1/10  10%  60 s, about 9 min left\n\n", encoding="utf-8")
    job = Job("train", {"experiment": "a"}, 10, str(log), started=time.time())
    build = Build(running={3: job})
    build.expect([job])
    assert build.left() == 540
    assert [seconds_left(line) for line in ("1 s, at most 7 s left", "done")] == [7, 0]


def test_a_job_that_is_tried_again_has_not_failed():
    build = Build()
    for number in (1, 2):
        build.start(number, Job("train", {}, 1))
        build.fail(number)
    build.start(1, Job("train", {}, 1))
    assert list(build.failed) == [2] and list(build.running) == [1]
    build.finish(1)
    assert list(build.failed) == [2] and build.done == {progress.OTHERS: 1}


def test_a_dry_run_on_a_terminal_is_a_table(fresh):
    code, lines = on_terminal(fresh, "--dry-run")
    assert code == 0 and len(lines) < 20
    (row,) = [line for line in lines if line.startswith("capacity")]
    jobs = [job for job in fresh.plan() if "capacity" in job]
    assert re.match(rf"capacity +{len(jobs)} +\d+\.\d  not built yet$", row)
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
    assert re.search(r"^ *jobs +core minutes +why", text, re.M)
    assert re.search(r"\d+ of \d+ jobs, \d+% of the work after .* left, until \d\d:\d\d", text)
    assert "rule train:" not in text and "Select jobs" not in text
    page = repository.folder / "results/index.html"
    assert re.match(r"results/tables/claims_as_written.csv: of \d+ claims, \d+ ", lines[-4])
    assert lines[-3] == f"the page: {page}"
    assert re.match(r"done: (\d+) of \1 jobs, 100% of the work after ", lines[-2])
    said = repository.snakemake("status").stdout.splitlines()
    assert said[0].startswith("no build is running; the last one began ")
    assert "ended" in said[0]
    state = json.loads((repository.folder / progress.STATE).read_text(encoding="utf-8"))
    assert state["done"] == state["jobs"] and state["ended"] and not state["failed"]


@pytest.mark.parametrize("terminal", [True, False])
def test_a_failed_job_is_named_at_the_very_end_with_what_to_do(fresh, terminal):
    def diverges(config):
        config["experiments"]["gradient_norm"]["training"] |= {
            "learning_rate": 100,
            "weight_decay": 10,
        }

    fresh.write_config(diverges)
    if terminal:
        code, lines = on_terminal(fresh, "gradient_norm")
    else:
        run = fresh.snakemake("gradient_norm", check=False)
        code, lines = run.returncode, [*run.stderr.splitlines(), ""]
    assert code == 1
    log = "results/logs/train/gradient_norm/mlp"
    count, *jobs, go_on, rest = lines[-5:] if "2 jobs" in lines[-5] else lines[-4:]
    assert re.match(r"(one job|2 jobs) failed:", count)
    for job in jobs:
        assert re.match(
            rf"  train gradient_norm/mlp/seeds?[01]+: .*lower learning_rate.* \({log}/", job
        )
    assert re.match(
        r"\d of \d jobs, .*; what is done stays; to go on, once that is mended: ", go_on
    )
    assert go_on.endswith(": snakemake --cores 2 gradient_norm")
    if terminal:  # neither its command of twenty files nor what Snakemake says about that
        assert not re.search("set -euo|RuleException|WorkflowError|Exiting", "\n".join(lines))
    assert rest == ""
    assert "failed:" in fresh.snakemake("status").stdout


def test_what_only_tells_leaves_no_trace_of_a_build(repository):
    # That of the finished build, if its Python found the logger, too.
    (repository.folder / progress.STATE).unlink(missing_ok=True)
    for target in ("help", "verify"):
        code, lines = on_terminal(repository, target)
        assert code == 0 and "core minutes" not in "\n".join(lines)
    assert not (repository.folder / progress.STATE).exists()


@pytest.mark.slow
def test_who_stops_a_build_is_told_of_no_failure(fresh):
    def long(config):
        config["experiments"]["gradient_norm"]["training"]["epochs"] = 100_000

    fresh.write_config(long)

    def stop():
        deadline = time.monotonic() + 120
        while not re.search(r"^  train gradient_norm", said := status(fresh), re.M):
            assert time.monotonic() < deadline, said
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
    assert re.match(r"\d of \d jobs, .*; what is done stays; to go on: snakemake ", lines[-2])
    assert "and was stopped" in status(fresh)


def test_status_is_told_while_a_build_runs_and_after_it_was_cut_off(fresh):
    assert "no build has been started in" in fresh.snakemake("status").stdout

    def long(config):
        config["experiments"]["gradient_norm"]["training"]["epochs"] = 100_000

    fresh.write_config(long)
    build = subprocess.Popen(
        [fresh.python, "-m", "snakemake", "--cores", "1", "gradient_norm"],
        cwd=fresh.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        deadline = time.monotonic() + 120
        while not re.search(
            r"^  train gradient_norm\S+  epoch .* left$", said := status(fresh), re.M
        ):
            assert time.monotonic() < deadline, said
            time.sleep(1)
        process = re.search(rf"\(process (\d+) on {platform.node()}\)", said)
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
    made.over.set()  # closed, without a word


def test_whoever_looks_for_loggers_needs_nothing_that_may_be_missing_or_move():
    """snakemake.logging has no get_event before 9.14, and rich and psutil may not be there."""
    program = (
        "import sys; sys.modules |= dict.fromkeys(('snakemake', 'rich', 'psutil'))\n"
        "from snakemake_interface_logger_plugins.registry import LoggerPluginRegistry\n"
        "print(LoggerPluginRegistry().is_installed('hw1'))"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert run.stdout == "True\n", run.stderr


def test_without_rich_snakemake_speaks_itself_and_a_line_says_why(fresh, tmp_path, monkeypatch):
    (tmp_path / "rich").mkdir()
    (tmp_path / "rich/__init__.py").write_text("", encoding="utf-8")  # of another project
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), str(ROOT / "src")]))
    code, lines = on_terminal(Repository.at(fresh.folder), "--dry-run", "gradient_norm")
    assert code == 0 and "rule train:" in lines and "Traceback" not in "\n".join(lines)
    (why,) = [line for line in lines if line.startswith(INSTEAD)]
    assert why.removeprefix(INSTEAD) == (
        "ModuleNotFoundError: No module named 'rich.console': expected the versions of "
        "envs/requirements.txt: install them"
    )


def test_an_event_of_another_form_is_said_as_snakemake_does_from_there_on(handler, capsys):
    handler.terminal = Terminal(SETTINGS)
    assert handler.writes_to_stream
    for _ in range(2):
        handler.handle(logging.makeLogRecord(FINISHED))  # without job_id
    why, *said = capsys.readouterr().err.splitlines()
    assert why.startswith(f"{INSTEAD}KeyError: 'job_id': expected the versions of ")
    assert said[1::2] == [FINISHED["msg"]] * 2 and len(said) == 4  # each after its time


def test_the_first_interface_leaves_the_lock_to_its_loggers(monkeypatch):
    def begin(self, common_settings, settings):
        self.common_settings, self.settings = common_settings, settings
        self.__post_init__()

    monkeypatch.setattr(LogHandlerBase, "__init__", begin)
    handler = LogHandler(SETTINGS, None)
    handler.build.running[3] = Job("figure", {"figure": "f"}, 1)
    handler.handle(logging.makeLogRecord(FINISHED | {"job_id": 3}))
    assert handler.build.done == {progress.OTHERS: 1}
    handler.over.set()


def test_a_build_that_is_closed_late_ends_in_its_own_folder(handler, tmp_path, monkeypatch, capsys):
    """Snakemake before 9.21 closes loggers when Python ends, in the folder that it started in."""
    for folder in (".", "build"):
        (tmp_path / folder / ".snakemake").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "build")
    Path("log").write_text("the loss is nan\n", encoding="utf-8")
    about = {"planned": [Job("train", {"experiment": "a"}, 1, "log")], "workers": 2, "msg": ""}
    handler.handle(logging.makeLogRecord(about))
    handler.build.failed[1] = about["planned"][0]
    monkeypatch.chdir(tmp_path)
    handler.close()
    assert "  train a: the loss is nan (log)" in capsys.readouterr().err.splitlines()
    assert not progress.STATE.exists()
    state = json.loads((tmp_path / "build" / progress.STATE).read_text(encoding="utf-8"))
    assert state["ended"] and state["workers"] == 2
