"""What a build is to do, how far it is, and how it ended: for a terminal, and for others to read.

A build keeps its state in a file of its working directory, so that `snakemake status` can say how
far it is, from another terminal or another machine that shares the folder.

Nothing of hw1 is imported here: while Snakemake looks for loggers, what a user's PYTHONPATH names
comes first, and that may be another hw1.
"""

import json
import os
import platform
import re
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

STATE = Path(".snakemake/hw1_build.json")
# Seconds of a job beside its training, most of them to import torch (docs/speed.md).
OF_ANY_JOB = 1.5
SILENCE = 60  # seconds after which a build that tells nothing is taken for dead
OTHERS = "data, figures, ledgers, pages"
# Rules that build nothing, but tell: what they do is no build to plan or to remember.
TELLING = {"help", "status", "verify", "compare"}
WHY = {  # what Snakemake's reasons have in them, and what they are here
    "made_otherwise": "settings or code changed",  # workflow/rules/recipes.smk
    "Missing output files": "not built yet",
    "Params have changed": "settings or code changed",
    "Code has changed": "code changed",
    "Updated input files": "data changed",
    "Set of input files": "data changed",
    "Incomplete output files": "cut off",
    "Forced execution": "forced",
}


@dataclass
class Job:
    """A job of a build: its rule and wildcards, the seconds of one core that it may take, its log,
    why it runs, and when it started, in seconds since the epoch, if it has."""

    rule: str
    wildcards: dict[str, str]
    seconds: float
    log: str | None = None
    why: str = ""
    started: float | None = None

    @property
    def experiment(self) -> str:
        """The experiment that it is of."""
        return self.wildcards.get("experiment", OTHERS)

    @property
    def name(self) -> str:
        """Its rule, with what it is of."""
        return " ".join([self.rule, "/".join(map(str, self.wildcards.values()))]).strip()

    @property
    def said(self) -> str:
        """The last line of its log."""
        return last_line(Path(self.log)) if self.log else ""


def job_of(rule: str, wildcards: dict, priority, logs: Sequence, reason: str) -> Job:
    """A job by what Snakemake knows of it; the priority of a training is the seconds it may take,
    unless a user has given it another."""
    training = priority if rule == "train" and isinstance(priority, int) else 0
    log = str(logs[0]) if logs else None
    why = next((said for begin, said in WHY.items() if begin in reason), "")
    return Job(rule, dict(wildcards), OF_ANY_JOB + training, log, why)


def last_line(path: Path) -> str:
    """The last line of a file that says anything, of its last 4 KB; empty where there is none."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - 4096))
            lines = file.read().decode("utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    return next((line.strip() for line in reversed(lines) if line.strip()), "")


def plan(jobs: Iterable[Job], workers: int) -> str:
    """What is to be done, by so many cores or submissions: a line per experiment, and why."""
    by_experiment: dict[str, list[Job]] = {}
    for job in sorted(jobs, key=lambda job: job.experiment == OTHERS):
        by_experiment.setdefault(job.experiment, []).append(job)
    rows = [("", "jobs", "core minutes", "why")]
    for name, own in by_experiment.items():
        why = Counter(job.why for job in own if job.why)
        why["inputs made anew"] += len(own) - why.total()
        said = ", ".join(f"{count} {reason}" for reason, count in why.most_common() if count)
        said = said.removeprefix(f"{len(own)} ")
        rows.append((name, str(len(own)), minutes(own), said))
    everything = [job for own in by_experiment.values() for job in own]
    rows.append(("together", str(len(everything)), minutes(everything), ""))
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    lines = [
        f"{name:<{widths[0]}}  {count:>{widths[1]}}  {time:>{widths[2]}}  {why}".rstrip()
        for name, count, time, why in rows
    ]
    left = duration(sum(job.seconds for job in everything) / workers)
    return "\n".join([*lines, f"about {left} with {workers} at a time, roughly estimated"])


def minutes(jobs: Iterable[Job]) -> str:
    """The core minutes that jobs may take."""
    return f"{sum(job.seconds for job in jobs) / 60:.1f}"


@dataclass
class Build:
    """How far a build is."""

    workers: int = 1
    started: float = field(default_factory=time.time)
    process: int = field(default_factory=os.getpid)
    host: str = field(default_factory=platform.node)
    jobs: dict[str, int] = field(default_factory=dict)  # of each experiment
    done: dict[str, int] = field(default_factory=dict)
    seconds: float = 0  # of one core that all jobs may take
    seconds_done: float = 0
    seconds_taken: float = 0  # really, by those that are done
    running: dict[int, Job] = field(default_factory=dict)  # by Snakemake's number
    failed: dict[int, Job] = field(default_factory=dict)
    told: float = 0  # when it was written
    ended: bool = False
    stopped: bool = False  # by a user

    def expect(self, jobs: Iterable[Job]) -> None:
        """Note all that is to be done."""
        for job in jobs:
            self.jobs[job.experiment] = self.jobs.get(job.experiment, 0) + 1
            self.seconds += job.seconds

    def start(self, number: int, job: Job) -> None:
        """Note that a job runs, perhaps again."""
        job.started = time.time()
        self.failed.pop(number, None)
        self.running[number] = job

    def finish(self, number: int) -> None:
        """Note that a job is done."""
        if job := self.running.pop(number, None):
            self.done[job.experiment] = self.done.get(job.experiment, 0) + 1
            self.seconds_done += job.seconds
            self.seconds_taken += time.time() - (job.started or time.time())

    def fail(self, number: int) -> None:
        """Note that a job failed; it may be tried again. One that a user stopped has not."""
        job = self.running.pop(number, None)
        if job and not self.stopped and not job.said.startswith("KeyboardInterrupt"):
            self.failed[number] = job

    def pace(self) -> float:
        """How many times as long as expected jobs take, once that can be said."""
        return self.seconds_taken / self.seconds_done if self.seconds_done > 60 else 1

    def work_done(self) -> float:
        """Seconds of what all jobs may take that are done, those that run included."""
        now, pace = time.time(), self.pace()
        return self.seconds_done + sum(
            min(job.seconds, (now - (job.started or now)) / pace) for job in self.running.values()
        )

    def left(self) -> float:
        """Seconds until the end, as far as one can say."""
        rest = max(0, self.seconds - self.work_done()) * self.pace() / self.workers
        return max([rest, *(seconds_left(job.said) for job in self.running.values())])

    def summary(self) -> str:
        """How far it is, in a line."""
        total, done = sum(self.jobs.values()), sum(self.done.values())
        share = self.work_done() / self.seconds if self.seconds else 1
        since = duration(max(0, time.time() - self.started))
        text = f"{done} of {total} jobs, {share:.0%} of the work after {since}"
        if not self.running:
            return text
        left = self.left()
        end = time.strftime("%H:%M", time.localtime(time.time() + left))
        return f"{text}, about {duration(left)} left, until {end}"

    def lines(self) -> list[str]:
        """What runs, a line each, the longest first."""
        now = time.time()
        return [
            f"{job.name}  {job.said or duration(now - (job.started or now))}"
            for job in sorted(self.running.values(), key=lambda job: job.started or now)
        ]

    def failures(self) -> list[str]:
        """What failed, a line each, with the last line of its log."""
        return [
            f"{job.name}: {job.said or ('see above' if job.rule in TELLING else 'it left no word')}"
            + (f" ({job.log})" if job.log and job.said else "")
            for job in self.failed.values()
        ]

    def write(self, folder: Path = Path()) -> None:
        """Tell others; a folder that cannot be written to is no reason to fail."""
        self.told = time.time()
        state = folder / STATE
        temporary = state.with_name(f"{state.name}.{os.getpid()}")
        with suppress(OSError):
            temporary.write_text(json.dumps(asdict(self)), encoding="utf-8")
            temporary.replace(state)

    def alive(self) -> bool:
        """Whether it still runs."""
        import psutil  # late: whoever looks for loggers imports this module

        here = self.host == platform.node()
        dead = self.ended or (here and not psutil.pid_exists(self.process))
        return not dead and time.time() - self.told < SILENCE


def duration(seconds: float) -> str:
    """Seconds, minutes or hours, whichever is readable."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"


def seconds_left(line: str) -> float:
    """The seconds that a training says that it has left, 0 where it says nothing."""
    found = re.search(r" (\d+) (s|min) left$", line)
    return int(found[1]) * (60 if found[2] == "min" else 1) if found else 0


def read() -> Build | None:
    """The build of the working directory that was started last, if one has been."""
    try:
        state = json.loads(STATE.read_text(encoding="utf-8"))
        for kind in ("running", "failed"):
            state[kind] = {int(number): Job(**job) for number, job in state[kind].items()}
        return Build(**state)
    except (OSError, ValueError, TypeError):
        return None


def status() -> str:
    """What is done, running and waiting, for `snakemake status`."""
    build = read()
    if build is None:
        return f"no build has been started in {os.getcwd()}; snakemake -n says what is to be done"
    when = time.strftime("%d %B %H:%M", time.localtime(build.started))
    told = time.strftime("%d %B %H:%M", time.localtime(build.told))
    if build.alive():
        head = f"a build is running since {when} (process {build.process} on {build.host})"
    elif build.ended:
        how = "was stopped" if build.stopped else "ended"
        head = f"no build is running; the last one began {when} and {how} {told}"
    else:
        head = f"no build is running; the last one began {when} and was cut off after {told}"
        build.running = {}
    lines = [head, build.summary() if build.alive() else ""]
    for name, jobs in build.jobs.items():
        lines.append(f"  {build.done.get(name, 0):>5} of {jobs:<5} {name}")
    for title, rows in (("running:", build.lines()), ("failed:", build.failures())):
        lines += [title, *(f"  {row}" for row in rows)] * bool(rows)
    if not build.alive():
        lines.append("snakemake -n says what is to be done")
    return "\n".join(line for line in lines if line)
