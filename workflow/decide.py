"""Train, in a given time, the seeds that decide most of the undecided claims."""

import argparse
import math
import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

from hw1.claims import statistics
from hw1.claims.decisions import Finding, decide
from hw1.plan import deciding
from hw1.plan.plan import Plan
from hw1.plan.reading import planned
from hw1.results import tables
from hw1.results.command import one_line_errors
from hw1.results.files import replacing
from hw1.results.wording import outcome
from hw1.settings.entries import ROOT, read
from hw1.settings.overlays import settings_of, settings_of_files, with_line
from hw1.settings.validation import check_among
from hw1.settings.yaml_files import Document, load

SHOWN = 20  # last lines of Snakemake's output, if it failed
# Not allowed in --options: they have a place of their own here, or build nothing.
OWN = "--configfile --configfiles --directory -d -n --dry-run --dryrun --touch -t --unlock".split()


def plan_with(overlay: Document, name: str) -> Plan:
    """The plan of the configuration with an overlay."""
    return planned({"config.yaml": load("config.yaml"), name: overlay})


def beginning(paths: list[str], decided: Path) -> Document:
    """The overlay to begin with: what was decided before, else what the overlays say together."""
    files = {"config.yaml": load("config.yaml")} | {path: load(path) for path in paths}
    try:
        read(settings_of_files(files))  # a mistake is in one of these files, not in what they make
    except ValueError as error:
        raise ValueError(with_line(str(error), files)) from error
    decided.parent.mkdir(parents=True, exist_ok=True)  # where a path with .. begins
    # Relative to the real folders, since .. does not go back through a symbolic link.
    folder = os.path.realpath(decided.parent)
    there = [os.path.realpath(os.path.dirname(path)) for path in paths]
    names = [os.path.relpath(os.path.join(place, "_"), folder) for place in there]
    overlay = deciding.laid_over(*(settings_of(n, files[p]) for n, p in zip(names, paths)))
    if not decided.exists():
        return Document(overlay, {})
    found = load(decided)
    if paths:
        deciding.check_same(found.content, overlay, str(decided))
    return found


def look(plan: Plan, folder: Path) -> list[Finding]:
    """The findings on all claims, from the tables that there are."""
    found = []
    for name, claims in plan.claims.items():
        files = [folder / file for file in plan.evidence(name, plan.arms[0])]
        there = tables.read_all(file for file in files if file.exists())
        found += decide(claims, there, plan.left_out(name, plan.arms[0]))
    return found


def targets_of(only: list[str], plan: Plan) -> list[str]:
    """The tables that some claims rest on. Raises ValueError if there is no such claim, one is left
    out, or none of their tables is planned."""
    named = {claim.id: name for name, claims in plan.claims.items() for claim in claims}
    for claim in only:
        check_among(claim, "ONLY", named)
        if claim in plan.left_out(named[claim], plan.arms[0]):
            raise ValueError(f"ONLY: {claim} is left out of this configuration: name others")
    asked = [c for claims in plan.claims.values() for c in claims if c.id in only]
    targets = plan.evidence_for(asked, plan.arms[0])
    if only and not targets:
        raise ValueError("ONLY: found no table of these claims in this configuration: name others")
    return targets


def build(command: list[str], log: Path, end: float, stopped: list[int]) -> int:
    """Run Snakemake until it ends, and return its exit code. At `end`, or at a signal, tell it to
    stop as by Ctrl-C, and wait for it."""
    locks = Path(command[command.index("--directory") + 1], ".snakemake/locks")
    before = {*locks.glob("*")}
    # In a session of its own, or a terminal's signals would reach it twice.
    with log.open("ab") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    told = 0
    while process.poll() is None:
        if told < (wanted := len(stopped) + (time.monotonic() > end)):
            os.killpg(process.pid, signal.SIGINT)
            told = wanted
        time.sleep(0.1)
    if told:  # Snakemake may leave its lock if it had only begun
        for lock in {*locks.glob("*")} - before:
            lock.unlink(missing_ok=True)
    return process.returncode


@one_line_errors
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, required=True, help="the time to spend")
    parser.add_argument("--only", nargs="*", default=[], help="ids of claims, of all if left out")
    parser.add_argument("--directory", default=".", help="folder of the build")
    parser.add_argument("--configfile", nargs="*", default=[], help="overlays")
    parser.add_argument("--cores", default="all")
    parser.add_argument("--options", default="", help="others of Snakemake, in one text")
    args = parser.parse_args()
    try:
        options = shlex.split(args.options)
        cores = os.cpu_count() or 1 if args.cores == "all" else int(args.cores)
    except ValueError as error:
        raise ValueError(f"CORES or OPTIONS: {error}") from error
    if taken := [option for option in options if option.partition("=")[0] in OWN]:
        hint = "say it with CONFIGFILE or DIRECTORY, or to snakemake itself"
        raise ValueError(f"OPTIONS: found {taken[0]}: {hint}")
    end = time.monotonic() + 60 * args.minutes
    stopped: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, _: stopped.append(number))
    paths = [os.path.relpath(path, ROOT) for path in args.configfile]
    folder = Path(os.path.relpath(args.directory, ROOT))
    os.chdir(ROOT)
    decided, log = folder / "decided.yaml", folder / "results/logs/decide.log"
    document = beginning(paths, decided)
    plan = plan_with(document, str(decided))
    targets = targets_of(args.only, plan)
    statistics.load(map(Path, plan.statistics))
    # A cluster's profile sets its own cores.
    profile = any(option.startswith("--workflow-profile") for option in options)
    command = [*([] if profile else ["--cores", args.cores]), *options]
    command += ["--directory", str(folder), "--configfile", str(decided)]
    command = [sys.executable, "-P", "-m", "snakemake", *targets, *command]
    said = {
        "MINUTES": f"{args.minutes:g}",
        "ONLY": " ".join(args.only),
        "DIRECTORY": "" if folder == Path() else str(folder),
        "CONFIGFILE": " ".join(paths),
        "OPTIONS": args.options,
    }
    by = shlex.join(["make", "decide", *(f"{key}={value}" for key, value in said.items() if value)])
    where = ["--directory", str(folder)] if folder != Path() else []
    page = shlex.join(["snakemake", *where, "--configfile", str(decided)])
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_bytes(b"")

    findings: list[Finding] = []
    costs: dict[str, float] = {}
    full: dict[str, str] = {}  # experiments that can have no more seeds, and why
    step = None
    beyond = 0.0  # how much longer the last step took than its seeds: tables, figures, the page
    while True:
        with replacing(decided) as temporary:
            text = deciding.overlay_text(document.content, by, page)
            temporary.write_text(text, encoding="utf-8")
        began = time.monotonic()
        code = build(command, log, end, stopped)
        if stopped or (code and time.monotonic() > end):
            break
        if code:
            lines = log.read_text(encoding="utf-8", errors="replace").splitlines()[-SHOWN:]
            print("\n".join(lines), file=sys.stderr)
            raise ValueError(f"Snakemake failed, as its last lines say: all are in {log}")
        if step:
            beyond = max(0.0, time.monotonic() - began - (step.seconds - beyond))
        before, experiments = findings, plan.experiments  # as of this look
        findings = [f for f in look(plan, folder) if not args.only or f.claim.id in args.only]
        costs = {
            name: deciding.seconds_per_seed(experiments, name, plan.analyses, folder / "results")
            for name in experiments
        }
        news = deciding.news(before, findings, experiments)
        left = end - time.monotonic()
        while step := deciding.choose(findings, experiments, costs, cores, left, full, beyond):
            new = Document(deciding.with_seeds(document.content, experiments, step.added), {})
            try:
                plan = plan_with(new, str(decided))
            except ValueError as error:
                full[step.experiment] = str(error)
            else:
                document = new
                break
        more = deciding.choose(findings, experiments, costs, cores, math.inf, full)
        next_step = deciding.plan(step, left, more is not None)
        print(f"{time.strftime('%H:%M:%S')}  {news}; {next_step}", flush=True)
        if step is None or stopped:
            break

    if stopped:
        print(f"Stopped; what is finished is kept, and the same command goes on: {by}")
        sys.exit(130)
    if code:
        print("The time is over; Snakemake was stopped in its work, and goes on where it was.")
    if findings:
        # As of the last look: a build that was stopped adds nothing.
        print(outcome(finding.verdict for finding in findings))
        for line in deciding.summary(findings, experiments, costs, cores, full):
            print(f"  {line}")
    print(f"The page: {page}")


if __name__ == "__main__":
    main()
