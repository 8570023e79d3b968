"""What a command line gets wrong is one line; no traceback, nothing started."""

import hashlib
import subprocess

import pytest
import yaml
from conftest import ROOT
from repository import SOURCES


def said(run: subprocess.CompletedProcess) -> list[str]:
    """The lines that are not Snakemake's own greeting."""
    own = ("Using workflow specific profile", "Using profile", "Config file")
    lines = (run.stdout + run.stderr).splitlines()
    return [line for line in lines if line.strip() and not line.startswith(own)]


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["--configfile", "bad.yaml"], "bad.yaml, line 2: a: found the key 'b' twice"),
        (["--replace-workflow-config"], "--replace-workflow-config leaves out config.yaml"),
        (
            ["--config", "experiments={capacity: {training: {learning_rate: 0.1}}}"],
            "--config: experiments.capacity.training.learning_rate: found '0.1' (str), expected "
            "number: Snakemake makes text of all that is nested in --config: write it to a file",
        ),
    ],
)
def test_a_mistake_is_one_line_and_starts_nothing(fresh, arguments, message):
    (fresh.folder / "bad.yaml").write_text("a: {b: 1,\n  b: 2}\n", encoding="utf-8")
    before = set(fresh.folder.iterdir())
    run = fresh.snakemake(*arguments, check=False)
    assert run.returncode == 1
    (line,) = said(run)
    assert message in line
    assert set(fresh.folder.iterdir()) - before <= {fresh.folder / ".snakemake"}


def test_profiles_are_plain_yaml():
    """Snakemake runs what stands in a profile only where it says so."""
    for path in ROOT.glob("profiles/*/config.yaml"):
        profile = yaml.safe_load(path.read_text(encoding="utf-8"))
        assert not [key for key in profile if key.startswith(("__", "?"))], path
        assert profile["logger"] == ["hw1"]


@pytest.mark.parametrize(
    "arguments", [["results/tables/capacity_lines.csv"], ["--forcerun", "evaluat"]]
)
def test_a_target_that_is_none_starts_nothing(fresh, arguments):
    run = fresh.snakemake(*arguments, check=False)
    assert run.returncode == 1 and "Traceback" not in run.stderr
    assert run.stderr.splitlines()[-1].startswith(f"No rule to produce {arguments[-1]} ")
    assert not (fresh.folder / "results").exists()


def test_a_checkout_with_other_line_ends_has_the_same_bytes(tmp_path):
    git = ["git", "-c", "safe.directory=*", "-c", "core.autocrlf=true"]
    clone = subprocess.run([*git, "clone", "-q", ROOT, tmp_path / "c"], capture_output=True)
    if clone.returncode:
        pytest.skip("this is no git checkout")
    listed = subprocess.run(
        [*git, "ls-tree", "-r", "-z", "--name-only", "HEAD", *SOURCES],
        cwd=tmp_path / "c", capture_output=True, text=True, check=True,
    )  # fmt: skip
    names = [name for name in listed.stdout.split("\0") if name]
    assert len(names) > 50
    for name in names:
        shown = subprocess.run(
            [*git, "cat-file", "blob", f"HEAD:{name}"], cwd=ROOT, capture_output=True, check=True
        )
        content = (tmp_path / "c" / name).read_bytes()
        assert hashlib.sha256(content).digest() == hashlib.sha256(shown.stdout).digest(), name
