"""All descriptions of the environment name the same versions, and this is one of them."""

import importlib.metadata
import re
import tomllib

import yaml
from conftest import ROOT
from packaging.requirements import Requirement

ENVS = ROOT / "envs"


# What a build of torch for CUDA adds by itself, and a build for the CPU does not have; its own
# metadata pin it.
CUDA = ("nvidia-", "triton", "cuda-")


def pins() -> dict[str, str]:
    lines = (ENVS / "requirements.txt").read_text(encoding="utf-8").splitlines()
    return dict(line.split("==") for line in lines if not line.startswith("#"))


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_conda_environment_names_the_same_versions():
    environment = yaml.safe_load((ENVS / "environment.yaml").read_text(encoding="utf-8"))
    (pip,) = [entry["pip"] for entry in environment["dependencies"] if isinstance(entry, dict)]
    assert dict(line.split("==") for line in pip) == pins()


def test_the_container_is_made_of_the_same_pins_and_python():
    lines = (ENVS / "Dockerfile").read_text(encoding="utf-8").splitlines()
    installs = [line for line in lines if "install" in line]
    assert installs == ["RUN pip install --no-cache-dir -r /tmp/requirements.txt"]
    assert "COPY envs/requirements.txt /tmp/requirements.txt" in lines
    environment = yaml.safe_load((ENVS / "environment.yaml").read_text(encoding="utf-8"))
    (python,) = [d for d in environment["dependencies"] if str(d).startswith("python=")]
    assert f"FROM python:{python.removeprefix('python=')}-slim" in lines


def test_direct_requirements_are_pinned_as_asked():
    pinned = {normal(name): version for name, version in pins().items()}
    for line in (ENVS / "requirements.in").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            requirement = Requirement(line)
            assert requirement.specifier.contains(pinned[normal(requirement.name)]), line


def test_package_requires_only_what_is_pinned():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"].values()
    pinned = {normal(name): version for name, version in pins().items()}
    for line in project["dependencies"] + [line for extra in extras for line in extra]:
        requirement = Requirement(line)
        assert requirement.specifier.contains(pinned[normal(requirement.name)]), line


def test_pins_are_closed_under_their_own_requirements():
    pinned = {normal(name): version for name, version in pins().items()}
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
