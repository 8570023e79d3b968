"""All descriptions of the environment name the same versions, and this is one of them."""

import importlib.metadata
import os
import re
import subprocess
import sys
import tomllib

import pytest
import yaml
from conftest import ROOT
from packaging.requirements import Requirement
from packaging.version import Version
from repository import SOURCES

from hw1.plan.sources import PACKAGES

ENVS = ROOT / "envs"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


# What a build of torch for CUDA adds by itself, and a build for the CPU does not have; its own
# metadata pin it.
CUDA = ("nvidia-", "triton", "cuda-")


def pins() -> dict[str, str]:
    lines = (ENVS / "requirements.txt").read_text(encoding="utf-8").splitlines()
    return dict(line.split("==") for line in lines if not line.startswith("#"))


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def conda() -> dict[str, str]:
    environment = yaml.safe_load((ENVS / "environment.yaml").read_text(encoding="utf-8"))
    (pip,) = [entry["pip"] for entry in environment["dependencies"] if isinstance(entry, dict)]
    return dict(line.split("==") for line in pip)


def test_conda_environment_names_the_same_versions_without_what_only_tests_need():
    extras = PROJECT["optional-dependencies"]
    there = {normal(name) for name in conda()}
    assert conda().items() <= pins().items()
    assert {normal(Requirement(line).name) for line in extras["workflow"]} <= there
    assert not {normal(Requirement(line).name) for line in extras["test"]} & there


def test_the_container_is_made_of_the_same_pins_and_python():
    lines = (ENVS / "Dockerfile").read_text(encoding="utf-8").splitlines()
    installs = [line for line in lines if "install" in line]
    assert installs == ["RUN pip install --no-cache-dir -r /tmp/requirements.txt"]
    assert "COPY envs/requirements.txt /tmp/requirements.txt" in lines
    environment = yaml.safe_load((ENVS / "environment.yaml").read_text(encoding="utf-8"))
    (python,) = [d for d in environment["dependencies"] if str(d).startswith("python=")]
    assert f"FROM python:{python.removeprefix('python=')}-slim" in lines


def test_torch_for_the_cpu_is_installed_where_it_is_asked_for(tmp_path):
    """Of the same version in both indexes, pip takes the one with a local label."""

    def installs(*asked: str) -> str:
        command = ["make", "--dry-run", f"VENV={tmp_path}/new", *asked, "help"]
        env = {"PATH": os.environ["PATH"]}  # not what a make that runs the tests was asked for
        run = subprocess.run(command, cwd=ROOT, env=env, check=True, capture_output=True, text=True)
        return run.stdout

    index = "--extra-index-url https://download.pytorch.org/whl/cpu -r envs/requirements.txt"
    assert index in installs("TORCH=cpu")
    assert "-r envs/requirements.txt" in installs() and "index-url" not in installs()
    torch = Version(pins()["torch"])
    assert max(torch, Version(f"{torch}+cpu")).local == "cpu"
    assert Requirement(f"torch=={torch}").specifier.contains(f"{torch}+cpu")


def test_what_is_required_is_pinned_as_asked():
    lines = (ENVS / "requirements.in").read_text(encoding="utf-8").splitlines()
    lines = [line for line in lines if line and not line.startswith("#")]
    pinned = {normal(name): version for name, version in pins().items()}
    for line in sum(PROJECT["optional-dependencies"].values(), lines + PROJECT["dependencies"]):
        requirement = Requirement(line)
        assert requirement.specifier.contains(pinned[normal(requirement.name)]), line


@pytest.mark.parametrize("listed", [pins, conda])
def test_pins_are_closed_under_their_own_requirements(listed):
    pinned = {normal(name): version for name, version in listed().items()}
    for name in pinned:
        for line in importlib.metadata.requires(name) or []:
            requirement = Requirement(line)
            if requirement.marker and not requirement.marker.evaluate({"extra": ""}):
                continue
            if name == "torch" and normal(requirement.name).startswith(CUDA):
                continue
            assert normal(requirement.name) in pinned, f"{name} needs {line}"


def test_installed_versions_are_the_pinned_ones():
    for name, version in pins().items():
        assert importlib.metadata.version(name).split("+")[0] == version, name


def test_what_a_job_needs_is_looked_for_before_any_job():
    needed = {Requirement(line).name for line in PROJECT["dependencies"]}
    assert set(PACKAGES) == needed | {"pyyaml"}


@pytest.mark.slow
def test_a_moved_checkout_goes_on_with_its_environment(tmp_path):
    if sys.prefix != str(ROOT / ".venv"):
        pytest.skip(f"this Python is not that of {ROOT / '.venv'}")
    moved = tmp_path / "moved here"
    moved.mkdir()
    for name in (*SOURCES, "Makefile", "pyproject.toml", ".venv"):
        copied = ["cp", "-a", *(["-l"] if name == ".venv" else []), ROOT / name, moved]
        if subprocess.run(copied, capture_output=True).returncode:
            pytest.skip("files cannot be linked from here")
    home = {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], "PYTHONHOME": "/another"}
    # A PYTHON that fails: nothing is installed anew.
    run = subprocess.run(
        ["make", "PYTHON=false", "check"], cwd=moved, env=home, capture_output=True, text=True
    )
    assert run.returncode == 0, run.stdout + run.stderr
    del home["PYTHONHOME"]
    command = [".venv/bin/python", "-c", "import hw1; print(hw1.__file__)"]
    where = subprocess.run(command, cwd=moved, env=home, capture_output=True, text=True).stdout
    assert where.strip() == str(moved / "src/hw1/__init__.py")


@pytest.mark.parametrize(
    "said, code, closing",
    [
        ("= 538 passed, 1 skipped in 366.14s (0:06:06) =", 0, "538 passed, 0 failed, 1 skipped"),
        ("= 2 failed, 5 passed, 2 errors in 3.1s =", 1, "5 passed, 4 failed, 0 skipped"),
        ("no tests at all", 2, "0 passed, 0 failed, 0 skipped"),
    ],
)  # fmt: skip
def test_the_closing_line_counts_and_changes_no_outcome(tmp_path, said, code, closing):
    """Its part of .ci/run, after what pytest may have said."""
    script = (ROOT / ".ci/run").read_text(encoding="utf-8")
    end = script[script.index("closing=") :]
    (tmp_path / "said").write_text(said + "\n", encoding="utf-8")
    run = subprocess.run(
        ["bash", "-c", f"set -euo pipefail; said={tmp_path}/said; code={code}\n{end}"],
        capture_output=True,
        text=True,
    )
    assert (run.stdout.strip(), run.returncode) == (closing, code), run.stderr
