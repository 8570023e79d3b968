"""The module list of a script is that of its imports, and light scripts stay light."""

import subprocess
import sys

import pytest
from conftest import ROOT

from sources import sources

SCRIPTS = sorted((ROOT / "workflow/scripts").glob("*.py"))
# prepare_data needs torch for MNIST alone, and loads it then.
WITHOUT_TORCH = {"tabulate", "pca", "figure", "prepare_data", "claims", "page"}


def names(script: str) -> set[str]:
    files = sources(ROOT / f"workflow/scripts/{script}.py", ROOT / "src")
    return {file.stem for file in files if file.is_relative_to(ROOT / "src")}


def test_list_follows_imports_through_modules_and_functions():
    assert names("tabulate") == {"__init__", "tables", "command", "files"}
    assert "torchvision_import" in names("prepare_data")  # imported inside a function
    assert {"training", "models", "seeding", "evaluation"} <= names("train")


def test_training_does_not_depend_on_plotting_nor_plotting_on_training():
    assert not {"figures", "pca", "interpolation", "weights", "datasets"} & names("train")
    assert not {"training", "models", "checkpoints"} & names("figure")


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_list_holds_every_module_that_is_loaded(script):
    program = (
        "import runpy, sys; runpy.run_path(sys.argv[1])\n"
        "print('torch' in sys.modules)\n"
        "ours = [m for n, m in sys.modules.items() if n.split('.')[0] == 'hw1']\n"
        "print(*(m.__file__ for m in ours), sep='\\n')"
    )
    run = subprocess.run(
        [sys.executable, "-P", "-c", program, script],
        env={"PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        check=True,
    )
    loads_torch, *loaded = run.stdout.splitlines()
    listed = {str(file) for file in sources(script, ROOT / "src")}
    assert set(loaded) <= listed
    assert (loads_torch == "False") == (script.stem in WITHOUT_TORCH)
