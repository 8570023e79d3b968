"""What a build says: on a terminal what is planned, what runs and how it ended, not every job.

A logger of Snakemake, which the profiles choose. Where there is no terminal, or a user asks for
more (--verbose, --printshellcmds) or for less (--quiet), Snakemake speaks itself, as it does into
its log file in any case.

Wherever this is installed Snakemake imports it, whatever the workflow is. So it imports nothing
that may be missing, or that differs between versions, before it is to show a build; if it cannot,
it says why, and Snakemake's own output is shown.
"""

import logging
import os
import shlex
import sys
import threading
from contextlib import chdir, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from snakemake_interface_logger_plugins.base import LogHandlerBase

from snakemake_logger_plugin_hw1.progress import Build, Job, job_of, plan

if TYPE_CHECKING:
    from snakemake_logger_plugin_hw1.terminal import Terminal

SECONDS_BETWEEN_STATES = 5
# What Snakemake says about itself, and nobody asked for.
NOISE = (
    "Assuming unrestricted",
    "Building DAG",
    "host: ",
    "Using shell",
    "Conda environments: ignored",
    "Group jobs: inactive",
    "Select jobs to execute",
    "Execute ",
    "Reasons:",
    "Some jobs were triggered by provenance",
    "Rules with provenance triggered",
    "Touching output file",
    "Removing temporary output",
    "Complete log(s)",
    "Elapsed time",
    "Config file ",
    "This was a dry-run",
    "Trying to restart",
    "Removing output files of failed job",
    "Shutting down, this might take some time",
    "Exiting because a job execution failed",
    # Of jobs that failed, which are named at the end.
    "RuleException:\nCalledProcessError",
    "WorkflowError:\nAt least one job did not complete",
)
STOPPED = "Terminating processes on user request"
# Options that would have all of that done once more.
FORCING = {"-f", "-F", "--force", "--forceall"}


class LogHandler(LogHandlerBase):
    """Follows a build: on a terminal it shows it, and it always keeps its state for others."""

    def __post_init__(self) -> None:
        if not hasattr(self, "lock"):  # an interface before version 2 leaves it to this
            logging.Handler.__init__(self)
        self.terminal: Terminal | None = None  # where there is none, Snakemake speaks itself
        self.plain: Terminal | None = None  # after a failure, to show what Snakemake would
        self.failed = False
        try:
            settings = self.common_settings
            asked = (settings.verbose, settings.printshellcmds, settings.quiet, settings.debug_dag)
            if sys.stderr.isatty() and os.environ.get("TERM") != "dumb" and not any(asked):
                from snakemake_logger_plugin_hw1 import terminal

                self.terminal = terminal.Terminal(settings)
        except Exception as error:
            self.give_up(error)
        self.build = Build()
        self.planned: list[Job] = []  # in a dry run
        self.speaking: set[int] = set()  # jobs that write to the terminal themselves
        self.workers: int | None = None
        self.folder = "."  # that of the build, which a Snakemake that closes this late has left
        self.over = threading.Event()
        self.ticker = threading.Thread(target=self.tick, daemon=True)

    @property
    def writes_to_stream(self) -> bool:
        return self.terminal is not None

    @property
    def writes_to_file(self) -> bool:
        return False

    @property
    def has_filter(self) -> bool:
        return True

    @property
    def has_formatter(self) -> bool:
        return True

    @property
    def needs_rulegraph(self) -> bool:
        return False

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self.note(record)
        except Exception as error:
            self.give_up(error)
        if self.plain and record.__dict__.get("event") != "shellcmd":  # which nobody asked for
            try:
                self.plain.say_plainly(record)
            except Exception:
                self.handleError(record)

    def give_up(self, error: Exception) -> None:
        """Say once why Snakemake's own output is shown from here on."""
        if self.failed:
            return
        self.failed = True
        self.plain, self.terminal = self.terminal, None
        if self.plain:
            with suppress(Exception):
                self.plain.hide()
        print(
            f"Snakemake's own output is shown, without a table or progress: found "
            f"{type(error).__name__}: {error}: expected the versions of envs/requirements.txt: "
            "install them",
            file=sys.stderr,
        )

    def note(self, record: logging.LogRecord) -> None:
        """Take one event of the build."""
        about = record.__dict__
        event = about.get("event")  # one of LogEvent, whose values are these strings
        text = str(record.msg or "").strip()
        if text.startswith(STOPPED):
            self.build.stopped = True
        if event == "job_info":
            self.job(about)
        elif event == "job_finished":
            self.build.finish(about["job_id"])
            self.speaking.discard(about["job_id"])
        elif event == "job_error":
            self.build.fail(about["jobid"])
            self.speaking.discard(about["jobid"])
            if about["jobid"] in self.build.failed:
                self.say(f"failed: {self.build.failed[about['jobid']].name}")
        elif "planned" in about:
            self.folder = os.getcwd()
            self.build.workers = about["workers"]
            self.build.expect(about["planned"])
            self.say(text)
        elif "workers" in about:
            self.workers = about["workers"]
        elif event != "group_error" and not text.startswith(NOISE):
            if record.levelno >= logging.WARNING:
                if self.terminal:
                    self.terminal.say_plainly(record)
            elif event is None:
                self.say(text)
        # What runs is shown by the ticker, which reads each log once a second and not per record.
        if self.speaking or not self.build.running:
            self.show()

    def job(self, about: dict) -> None:
        """Note a job that is planned, in a dry run, or else starts now."""
        job = job_of(*(about[k] for k in ("rule_name", "wildcards", "priority", "log", "reason")))
        if self.common_settings.dryrun:
            self.planned.append(job)
            return
        self.folder = os.getcwd()
        self.build.start(about["jobid"], job)
        # The output of all other jobs goes to their logs.
        if about["shellcmd"] and "> results/logs/" not in about["shellcmd"].partition(" 2> ")[0]:
            self.speaking.add(about["jobid"])
        if self.build.jobs and not self.ticker.is_alive():
            self.ticker.start()

    def say(self, text: str) -> None:
        """Show lines, above what changes."""
        if self.terminal:
            self.terminal.say(text)

    def show(self) -> None:
        """Show what runs, unless a job writes to the terminal itself."""
        if not self.terminal or not self.build.jobs:
            return
        quiet = not self.build.running or bool(self.speaking & self.build.running.keys())
        if quiet or self.over.is_set():
            self.terminal.hide()
        else:
            self.terminal.show(self.build.lines(), self.build.summary())

    def tick(self) -> None:
        """Refresh what is shown every second, and what others read every few."""
        seconds = 0
        while not self.over.wait(1):
            self.acquire()  # logging's own lock, which it holds for every record
            try:
                self.show()
                if seconds % SECONDS_BETWEEN_STATES == 0:
                    self.build.write(Path(self.folder))
            except Exception as error:
                self.give_up(error)
            finally:
                self.release()
            seconds += 1

    def close(self) -> None:
        """Say how it ended, once."""
        if self.over.is_set():
            return
        self.over.set()
        if self.ticker.is_alive():
            # Python's end, which closes this in Snakemake before 9.21, holds the lock meanwhile.
            self.ticker.join(timeout=2)
        self.show()
        with chdir(self.folder):
            self.end()
        super().close()

    def end(self) -> None:
        """Say how it ended, and keep its last state."""
        if self.planned:
            self.say(plan(self.planned, self.workers or 1))
            self.say("This was a dry run; with -p it lists every job, with its reason.")
        if self.build.jobs:
            self.build.running = {}
            self.build.ended = True
            self.build.write()
        lines = self.build.failures()
        if lines or self.build.stopped:
            count = "one job" if len(lines) == 1 else f"{len(lines)} jobs"
            said = [f"{count} failed:", *(f"  {line}" for line in lines)] if lines else []
            again = shlex.join(["snakemake", *(o for o in sys.argv[1:] if o not in FORCING)])
            mended = ", once that is mended" if lines else ""
            said.append(f"{self.build.summary()}; what is done stays; to go on{mended}: {again}")
            print("\n".join(said), file=sys.stderr, flush=True)
        elif self.build.jobs:
            self.say(f"done: {self.build.summary()}")
