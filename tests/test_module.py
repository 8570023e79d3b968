"""The workflow as a module of another one, behind a prefix."""

import hashlib
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from repository import Repository, reduced

OUTER = """
module hw1:
    snakefile: "{snakefile}"
    config: {config}
    prefix: "deep"

use rule * from hw1 as hw1_*

rule mine:
    default_target: True
    input: "deep/results/index.html"
    output: "mine.txt"
    shell: "echo $MARK $MPLBACKEND > {{output}}"
"""


@pytest.fixture
def outer(tmp_path, python):
    """A function that runs Snakemake on a workflow that has this one inside its folder."""
    inner = Repository(tmp_path / "inner", python)
    inner.write_config(reduced)

    def run(*arguments: str, config: str = "{}") -> subprocess.CompletedProcess:
        text = OUTER.format(snakefile="inner/Snakefile", config=config)
        (tmp_path / "Snakefile").write_text(text, encoding="utf-8")
        return subprocess.run(
            [python, "-m", "snakemake", "--cores", "2", *arguments],
            cwd=tmp_path,
            env=os.environ | {"MARK": "its own", "MPLBACKEND": "nonsense"},
            capture_output=True,
            text=True,
        )

    return run


def digests(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for pattern in ("tables/*.csv", "fig_*", "checkpoints/*/*/*.pt")
        for path in folder.glob(pattern)
    }


@pytest.mark.slow
def test_a_module_builds_the_same_bytes_and_leaves_the_other_rules_their_environment(
    outer, built, tmp_path
):
    run = outer()
    assert run.returncode == 0, run.stdout + run.stderr
    assert digests(tmp_path / "deep/results") == digests(built.folder / "results")
    assert (tmp_path / "mine.txt").read_text(encoding="utf-8") == "its own nonsense\n"
    assert "as a module of Snakefile" in (tmp_path / "deep/results/index.html").read_text("utf-8")
    assert {path.name for path in tmp_path.iterdir() if not path.name.startswith(".")} == {
        "inner", "Snakefile", "deep", "mine.txt",
    }  # fmt: skip
    again = outer("-n")
    assert "Nothing to be done" in again.stdout + again.stderr
    checked = outer("hw1_verify", "--quiet", "all")
    assert checked.returncode == 0 and re.search(r"\d+ files", checked.stdout), checked


def test_the_settings_of_a_module_are_checked_like_any_others(outer):
    chosen = '{"experiments": {"trajectory": {"seeds": [7, 8, 9]}}}'
    run = outer("-n", "hw1_trajectory", config=chosen)
    assert "deep/results/checkpoints/trajectory/mlp/seed8.pt" in run.stdout + run.stderr
    assert "deep/results/checkpoints/trajectory/mlp/seed0.pt" not in run.stdout + run.stderr
    run = outer("-n", config='{"experimens": {"capacity": {"seeds": [0]}}}')
    assert run.returncode and "Traceback" not in run.stderr
    message = "config of the module: the configuration: unknown key 'experimens': did you mean exp"
    assert message in run.stderr


WHOLE = OUTER.replace("module hw1:", 'configfile: "config/config.yaml"\n\nmodule hw1:')


@pytest.mark.parametrize(
    "text",
    [
        WHOLE.format(snakefile="inner/Snakefile", config="config"),
        WHOLE.format(snakefile="inner/Snakefile", config="config").replace(
            "    config: config\n", ""
        ),
    ],
    ids=["the whole configuration", "none"],
)
def test_a_module_may_be_given_the_whole_configuration_or_none(outer, tmp_path, python, text):
    """As Snakemake's documentation and snakedeploy write it; and the workflow around it has modules
    of its own, whatever they are called."""
    (tmp_path / "config").mkdir()
    shutil.copy(tmp_path / "inner/config.yaml", tmp_path / "config")
    names = ("validation", "runs", "entries", "configuration", "sources")
    for name in names:
        (tmp_path / f"{name}.py").write_text("MINE = True\n", encoding="utf-8")
    own = f"import sys\nsys.path.append('.')\nimport {', '.join(names)}\n"
    own += f"assert all(part.MINE for part in ({', '.join(names)}))\n"
    (tmp_path / "Snakefile").write_text(text + own, encoding="utf-8")
    run = subprocess.run(
        [python, "-m", "snakemake", "--cores", "2", "-n", "hw1_trajectory"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert "deep/results/checkpoints/trajectory/mlp/seed1.pt" in run.stdout + run.stderr
