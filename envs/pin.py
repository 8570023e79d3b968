"""Write the pins of this environment to requirements.txt and environment.yaml beside this file.

Run it with the Python of an environment into which requirements.in was installed and tried:
python envs/pin.py. Both files come from one list, so they name the same versions; environment.yaml
leaves out what only tests and style need.
"""

import importlib.metadata
import platform
import re
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
HEADER = "# Written by envs/pin.py from requirements.in; do not edit.\n"
FOR_TESTS = "# tests and style\n"  # what follows it in requirements.in


def pins() -> list[str]:
    """`name==version` of every installed distribution but hw1, without local version labels."""
    command = [sys.executable, "-m", "pip", "freeze", "--all", "--exclude-editable"]
    command += ["--exclude", "hw1", "--exclude", "pip"]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    return [line.split("+")[0] for line in lines]


def name_of(requirement: str) -> str:
    """The name of a distribution in a requirement or a pin, as the package index compares names."""
    return re.sub(r"[-_.]+", "-", re.split(r"[^\w.-]", requirement)[0]).lower()


def needed(requirements: list[str]) -> list[str]:
    """Those pins that the lines of requirements.in before `FOR_TESTS` need, directly or not."""
    asked = (HERE / "requirements.in").read_text(encoding="utf-8")
    direct = asked[: asked.index(FOR_TESTS)]
    names = {name_of(line) for line in direct.splitlines() if line[:1] != "#"}
    pinned = {name_of(pin) for pin in requirements}
    to_do, names = names, set()
    while to_do:
        name = to_do.pop()
        names.add(name)
        lines = importlib.metadata.requires(name) or []
        to_do |= {name_of(line) for line in lines if "extra ==" not in line} & pinned - names
    return [pin for pin in requirements if name_of(pin) in names]


def environment(requirements: list[str], python: str) -> str:
    """A conda environment with these versions, installed by pip inside it."""
    listed = "".join(f"      - {requirement}\n" for requirement in requirements)
    return (
        f"{HEADER}channels:\n  - conda-forge\n  - nodefaults\ndependencies:\n"
        f"  - python={python}\n  - pip\n  - pip:\n{listed}"
    )


def main() -> None:
    requirements = pins()
    (HERE / "requirements.txt").write_text(
        HEADER + "\n".join(requirements) + "\n", encoding="utf-8"
    )
    of_jobs = needed(requirements)
    python = ".".join(platform.python_version_tuple()[:2])
    (HERE / "environment.yaml").write_text(environment(of_jobs, python), encoding="utf-8")


if __name__ == "__main__":
    main()
