"""Write the pins of this environment to requirements.txt and environment.yaml beside this file.

Run it with the Python of an environment into which requirements.in was installed and tried:
python envs/pin.py. Both files come from one list, so they name the same versions.
"""

import platform
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
HEADER = "# Written by envs/pin.py from requirements.in; do not edit.\n"


def pins() -> list[str]:
    """`name==version` of every installed distribution but hw1, without local version labels."""
    command = [sys.executable, "-m", "pip", "freeze", "--all", "--exclude-editable"]
    command += ["--exclude", "hw1", "--exclude", "pip"]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    return [line.split("+")[0] for line in lines]


def environment(requirements: list[str], python: str) -> str:
    """The conda environment with the same versions, installed by pip inside it."""
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
    python = ".".join(platform.python_version_tuple()[:2])
    (HERE / "environment.yaml").write_text(environment(requirements, python), encoding="utf-8")


if __name__ == "__main__":
    main()
