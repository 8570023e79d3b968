"""What a command line gets wrong, or weakens, said in one line before anything runs."""

import os
import pwd
import shlex
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from hw1_workflow.yaml_files import load

CONFIGURATIONS = (".yaml", ".yml", ".json")


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
