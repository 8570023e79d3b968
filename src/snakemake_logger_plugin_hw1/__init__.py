"""What a build says: on a terminal what is planned, what runs and how it ended, not every job.

A logger of Snakemake, which the profiles choose. Where there is no terminal, or a user asks for
more or less (--verbose, --printshellcmds, --quiet), Snakemake speaks itself. Wherever this is
installed Snakemake imports it: it imports nothing that may be missing, nor another project's hw1.
"""

import json
import os
import platform
import re
import sys
import time
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from logging import WARNING, LogRecord
from pathlib import Path

from snakemake_interface_logger_plugins.base import LogHandlerBase
from snakemake_interface_logger_plugins.common import LogEvent

STATE = Path(".snakemake/hw1_build.json")  # of a build, for `snakemake status` elsewhere
TELLING = {"help", "verify", "compare"}  # rules that build nothing to remember
SPEAKING = TELLING | {"prepare_data"}  # rules whose jobs write to the terminal themselves
OF_ANY_JOB = 1.5  # seconds of a job beside its training, most of them to import torch
# Seconds that each planned training may take, by its wildcards. Snakemake asks for the priority of
# each job that it will run, before it runs any, and the function that gives it notes them here.
TRAININGS: dict[str, int] = {}
MADE: list[str] = []  # what the workflow says of what it made, for the end


@dataclass
class Job:
    """A job that runs: the seconds of one core that it may take, and when it started."""

    name: str
    rule: str
    seconds: float
    log: str
    started: float

    def said(self) -> str:
        """The last line of its log; empty where there is none."""
        with suppress(OSError, IndexError):
            text = Path(self.log).read_text(encoding="utf-8", errors="replace")
            return text.strip().splitlines()[-1].strip()
        return ""


@dataclass
class Build:
    """How far a build is; times in seconds since the epoch."""

    started: float = field(default_factory=time.time)
    told: float = 0
    process: int = field(default_factory=os.getpid)
    host: str = field(default_factory=platform.node)
    folder: str = field(default_factory=os.getcwd)
    planned: dict[str, int] = field(default_factory=dict)  # jobs of each rule
    done: dict[str, int] = field(default_factory=dict)
    seconds: float = 0  # of one core that all jobs may take
    seconds_done: float = 0
    running: dict[int, Job] = field(default_factory=dict)  # by Snakemake's number
    failed: dict[int, str] = field(default_factory=dict)
    ended: bool = False

    def plan(self, jobs: dict[str, int]) -> str:
        """Note how many jobs of each rule are planned; what is to be done, in lines."""
        self.planned, self.folder, self.started = jobs, os.getcwd(), time.time()
        self.seconds = OF_ANY_JOB * sum(jobs.values()) + sum(TRAININGS.values())
        rules = ", ".join(f"{count} {rule}" for rule, count in jobs.items())
        lines = [f"{sum(jobs.values())} jobs: {rules}"]
        for name in sorted({key.split("/")[0] for key in TRAININGS}):
            own = [seconds for key, seconds in TRAININGS.items() if key.split("/")[0] == name]
            lines.append(f"  {name:<18} {len(own):>4} trainings {sum(own) / 60:8.1f} core minutes")
        return "\n".join([*lines, f"about {self.seconds / 60:.1f} core minutes together"])

    def start(self, number: int, rule: str, wildcards: dict, log: str) -> None:
        """Note that a job runs, perhaps again."""
        of = "/".join(str(value).strip("/") for value in wildcards.values() if value)
        seconds = OF_ANY_JOB + (TRAININGS.get(of, 0) if rule == "train" else 0)
        self.failed.pop(number, None)
        self.running[number] = Job(f"{rule} {of}".strip(), rule, seconds, log, time.time())

    def finish(self, number: int) -> None:
        """Note that a job is done."""
        if job := self.running.pop(number, None):
            self.done[job.rule] = self.done.get(job.rule, 0) + 1
            self.seconds_done += job.seconds

    def fail(self, number: int) -> None:
        """Note that a job failed, unless a user stopped it; it may be tried again."""
        job = self.running.pop(number, None)
        if job and not (said := job.said()).startswith("KeyboardInterrupt"):
            self.failed[number] = f"{job.name}: {said or 'it left no word'} ({job.log})"

    def lines(self) -> list[str]:
        """How far it is, and then a line for each job that runs or failed, the longest first."""
        now, running = time.time(), [*self.running.values()]
        done = self.seconds_done + sum(min(job.seconds, now - job.started) for job in running)
        share, since = min(1, done / self.seconds), (now if running else self.told) - self.started
        jobs = f"{sum(self.done.values())} of {sum(self.planned.values())} jobs"
        text = f"{jobs}, {share:.0%} of the work after {since / 60:.1f} min"
        if running:
            left = since * (1 - share) / max(share, 0.001)
            left = max(left, *(seconds_left(job.said()) for job in running))
            end = time.strftime("%H:%M", time.localtime(now + left))
            text += f", about {left / 60:.1f} min left, until {end}"
        runs = (f"{j.name}  {j.said() or f'{(now - j.started) / 60:.1f} min'}" for j in running)
        return [text, *runs, *(f"failed: {line}" for line in self.failed.values())]

    def write(self) -> None:
        """Tell others; a folder that cannot be written to is no reason to fail."""
        self.told = time.time()
        with suppress(OSError):
            file = Path(self.folder, f"{STATE}.{self.process}")
            file.write_text(json.dumps(asdict(self)), encoding="utf-8")
            file.replace(Path(self.folder, STATE))


def seconds_left(line: str) -> float:
    """The seconds that a training says that it has left, 0 where it says nothing."""
    found = re.search(r" (\d+) (s|min) left$", line)
    return int(found[1]) * (60 if found[2] == "min" else 1) if found else 0


def status() -> str:
    """What is done, running and waiting in the working directory."""
    import psutil  # late: it may be missing

    try:
        build = Build(**json.loads(STATE.read_text(encoding="utf-8")))
        build.running = {number: Job(**job) for number, job in build.running.items()}  # type: ignore[arg-type]
    except (OSError, ValueError, TypeError):
        return f"no build has been started in {os.getcwd()}; snakemake -n says what is to be done"
    times = map(time.localtime, (build.started, build.told))
    began, told = (time.strftime("%d %B %H:%M", at) for at in times)
    # Of another machine one cannot know whether its process is still there.
    if not build.ended and (build.host != platform.node() or psutil.pid_exists(build.process)):
        at = f"process {build.process} on {build.host}, last heard of {told}"
        head = f"a build is running since {began} ({at})"
    else:
        how = "ended" if build.ended else "was cut off after"
        head = f"no build is running; the last one began {began} and {how} {told}"
        build.running = {}
    rules = [f"{build.done.get(r, 0):>5} of {count:<5} {r}" for r, count in build.planned.items()]
    return "\n".join([head, *build.lines(), *rules])


class LogHandler(LogHandlerBase):
    """Follows a build: on a terminal it shows it, and it always keeps its state for others."""

    writes_to_stream = writes_to_file = has_formatter = needs_rulegraph = False
    has_filter = True

    def __post_init__(self) -> None:
        self.build, asked = Build(), self.common_settings
        plain = asked.verbose or asked.printshellcmds or asked.quiet or asked.debug_dag
        if sys.stderr.isatty() and os.environ.get("TERM") != "dumb" and not plain:
            with suppress(ImportError):
                from rich import console, live, text

                self.Text, self.writes_to_stream = text.Text, True
                self.live = live.Live(
                    console=console.Console(stderr=True, no_color=asked.nocolor or None),
                    get_renderable=self.now, refresh_per_second=1, transient=True,
                )  # fmt: skip

    def emit(self, record: LogRecord) -> None:
        about, build, dry = record.__dict__, self.build, self.common_settings.dryrun
        event = about.get("event")
        if event == LogEvent.RUN_INFO:
            counts = about.get("stats") or about.get("per_rule_job_counts") or {}
            jobs = {rule: count for rule, count in counts.items() if rule != "total"}
            if jobs.keys() - TELLING and not build.planned:
                self.say(build.plan(jobs))
                if self.writes_to_stream and not dry:
                    self.live.start()
        elif event == LogEvent.JOB_INFO and not dry:
            of, log = about.get("wildcards") or {}, (about.get("log") or [""])[0]
            build.start(about["jobid"], about["rule_name"], of, log)
        elif event == LogEvent.JOB_FINISHED:
            build.finish(about["job_id"])
        elif event == LogEvent.JOB_ERROR:
            build.fail(about["jobid"])
        elif event == LogEvent.ERROR and about.get("exception") != "RuleException":
            self.say(self.format(record))  # of a job that failed, the end says enough
        # Beside a build, what Snakemake says of itself is left out.
        elif event is None and (record.levelno >= WARNING or not build.planned or dry):
            self.say(self.format(record))
        if build.planned and not dry:
            build.write()

    def say(self, text: str) -> None:
        """Show lines on the terminal, above what changes."""
        if self.writes_to_stream:
            self.live.console.print(self.Text(text), soft_wrap=True)

    def now(self):
        """How far the build is and what runs, unless a job writes to the terminal itself."""
        rules = {job.rule for job in [*self.build.running.values()]}
        lines = self.build.lines() if rules and not rules & SPEAKING else []
        return self.Text("\n".join(lines), no_wrap=True, overflow="ellipsis")

    def close(self) -> None:
        """Say how it ended, once."""
        build = self.build
        if build.planned and not self.common_settings.dryrun and not build.ended:
            build.ended, build.running = True, {}
            build.write()
            if self.writes_to_stream:
                self.live.stop()
            how_far, *failed = build.lines()
            if build.done == build.planned:
                print(*MADE, sep="\n", end="\n" * bool(MADE), file=sys.stderr)
                self.say(f"done: {how_far}")
            else:
                go_on = f"{how_far}; what is done stays; the same command goes on"
                print(*failed, go_on, sep="\n", file=sys.stderr)
        super().close()
