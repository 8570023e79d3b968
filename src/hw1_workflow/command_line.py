"""What a command line gets wrong, or weakens, said in one line before anything runs."""

import contextlib
import difflib
import io
import os
import pwd
import shlex
import sys
import tempfile
from argparse import Namespace
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import snakemake.cli
import snakemake.exceptions

from hw1_workflow.yaml_files import load

CONFIGURATIONS = (".yaml", ".yml", ".json")
START = os.getcwd()  # the profiles import this before Snakemake goes to the folder of --directory


def before_snakemake(arguments: Sequence[str]) -> None:
    """What can only be done before Snakemake reads a configuration: the profiles call it.

    Ends the process, with one line, where a file of `--configfile` cannot be read or is a target
    (Snakemake takes all that follows for files), and where temporary files, which its scheduler
    writes, have no room. Gives Snakemake, which needs a folder for its
    cache and the name of the user, both where they are missing, as in a container.
    """
    try:
        check_configfiles(arguments)
        check_temporary_folder()
    except ValueError as error:
        sys.exit(str(error))
    try:
        cache = os.environ.get("XDG_CACHE_HOME") or os.path.join(Path.home(), ".cache")
        os.makedirs(os.path.join(cache, "snakemake"), exist_ok=True)
    except (OSError, RuntimeError):
        os.environ["XDG_CACHE_HOME"] = os.path.abspath(".snakemake/cache")
    try:
        pwd.getpwuid(os.getuid())
    except KeyError:
        os.environ.setdefault("LOGNAME", str(os.getuid()))


def check_configfiles(arguments: Sequence[str]) -> None:
    """Raise ValueError where what follows `--configfile` is not a file that can be read."""
    files: list[str] = []
    rest: list[str] = []
    taken = False
    for argument in arguments:
        option, _, value = argument.partition("=")
        if option in ("--configfile", "--configfiles"):
            taken = not value
            files += [value] if value else []
        elif taken and not argument.startswith("-"):
            files.append(argument)
        else:
            taken = False
            rest.append(argument)
    targets = [file for file in files if is_target(file)]
    if targets:
        overlays = [file for file in files if file not in targets]
        given = ["--configfile", *overlays] if overlays else []
        raise ValueError(
            f"{targets[0]} stands after --configfile, where Snakemake takes it for one more "
            "configuration: put targets first: "
            + shlex.join(["snakemake", *targets, *rest, *given])
        )
    for file in files:
        if not isinstance(content := load(file).content, dict):
            raise ValueError(f"{file}: found a {type(content).__name__}, expected keys with values")


def check_temporary_folder() -> None:
    """Raise ValueError where the folder that TMPDIR names is there and cannot be written to."""
    folder = os.environ.get("TMPDIR", "")
    if not os.path.isdir(folder):
        return
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(bytes(100_000))
    except OSError as error:
        raise ValueError(
            f"TMPDIR: {folder} cannot be written to ({error.strerror}): make room there, or set it "
            "to another folder"
        ) from error


def is_target(file: str) -> bool:
    """Whether a name is more likely a target than a configuration."""
    path = Path(file)
    if path.suffix in CONFIGURATIONS:
        return False
    return path.parts[:1] == ("results",) or not path.is_file()


def parsed_options(arguments: Sequence[str]) -> Namespace | None:
    """The options of a command line of Snakemake, profiles included; None where it is another's.

    While it reads the Snakefile, Snakemake does not yet tell the workflow most of them. A program
    that calls Snakemake has arguments of its own.
    """
    program = Path(sys.argv[0])
    if program.name != "snakemake" and program.parent.name != "snakemake":  # or its __main__.py
        return None
    try:
        # From where it started, or it finds no profile; it names the profile once more.
        with contextlib.chdir(START), contextlib.redirect_stderr(io.StringIO()):
            return snakemake.cli.parse_args(list(arguments))[1]
    except (SystemExit, Exception):
        return None


def unknown_target(
    names: Iterable[str], rules: Sequence, known: Sequence[str], variants: Mapping[str, Iterable]
) -> str | None:
    """A line about the first of `names` that is no rule, is made by none and is no file.

    `rules` are Snakemake's, `known` the files that the configuration builds, `variants` those that
    each experiment has.
    """
    by_name = {rule.name: rule for rule in rules}
    shown = [*known, *by_name]
    for name in sorted(names):
        path = os.path.normpath(name)
        if name in by_name or os.path.exists(name):
            continue
        if any(makes(rule, path, variants) for rule in rules):
            continue
        near = [target for target in shown if Path(target).stem == Path(name).stem]
        near = near or difflib.get_close_matches(name, shown, n=1)
        return (
            f"{name}: there is no such target: "
            + (f"did you mean {near[0]}? " if near else "")
            + "snakemake --list-rules lists rules and experiments, docs/results.md all files"
        )
    return None


def makes(rule: Any, path: str, variants: Mapping[str, Iterable]) -> bool:
    """Whether a rule of Snakemake makes a file: by its name, and of inputs that it can name."""
    if not rule.is_producer(path):
        return False
    wildcards = rule.get_wildcards(path)
    if "variant" in wildcards and wildcards["variant"] not in variants[wildcards["experiment"]]:
        return False
    try:
        rule.expand_input(wildcards)
    except snakemake.exceptions.InputFunctionException:  # a table that its experiment has not
        return False
    return True


def unknown_rule(options: Namespace, rules: Sequence) -> str | None:
    """A line about the first option that sets something for a rule which there is not, and which
    Snakemake would pass over in silence."""
    names = [rule.name for rule in rules]
    for option in ("set_threads", "set_resources", "groups"):
        for name in getattr(options, option) or ():
            if name not in names:
                near = difflib.get_close_matches(name, names, n=1)
                return (
                    f"--{option.replace('_', '-')} {name}: there is no such rule: "
                    + (f"did you mean {near[0]}? " if near else "")
                    + "snakemake --list-rules lists them"
                )
    return None


def delete_kept(results: Path, experiments: Iterable[str]) -> None:
    """Remove the files of experiments that are no outputs: what is kept of checkpoints, what
    unfinished trainings left, and what lies beside tables."""
    for experiment in experiments:
        for pattern in ("kept/*/seed*.pt", ".*.pt", ".*.resume", "*.resume", "*.lock"):
            for path in (results / "checkpoints" / experiment).rglob(pattern):
                path.unlink()
        for path in results.rglob("*.csv.sha256"):
            if experiment in path.parts or path.name.startswith(f"{experiment}_"):
                path.unlink()
