"""A build is a function of the checkout, the configuration and the data, and of nothing around it.

One small build with every kind of job, plainly and again in surroundings that a user may have; the
bytes of every table and figure, and the page, are the same. By real processes throughout: much of
this is read when Python starts.
"""

import ast
import os
import re
import shutil
import stat
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from conftest import once
from repository import ROOT, Repository, reduced

from hw1.plan.sources import run_jobs_with

RC = "font.size: 30\nsavefig.dpi: 20\ntext.usetex: true\naxes.facecolor: black\n"
BUILT = ("tables", ".")  # the figures and the page lie in results/ itself


def few(config: dict) -> None:
    """Each kind of job once or twice."""
    reduced(config)
    kept = ("function_fit", "trajectory", "interpolation")
    config["experiments"] = {name: config["experiments"][name] for name in kept}
    variants = config["experiments"]["function_fit"]["variants"]
    config["experiments"]["function_fit"]["variants"] = {
        name: variants[name] for name in ("sinc_shallow", "sign_deep")
    }
    config["experiments"]["interpolation"]["seeds"] = [0]


def build(folder: Path, **options) -> tuple[dict[str, str], str]:
    """Digests of the results of a build in `folder`, of what is not there yet, and what it said."""
    copy = Repository.at(folder)
    if not (folder / "Snakefile").exists():
        copy = Repository(folder)
        copy.write_config(few)
    run = copy.snakemake(**options)
    digests = {
        name: digest
        for name, digest in copy.digests(*BUILT).items()
        if name.split("/")[1] not in ("logs", "benchmarks", "provenance")
    }
    assert (
        "results/fig_interp.png" in digests and "results/tables/trajectory_pca_model.csv" in digests
    )
    digests.pop("results/index.html")  # it says when and how long it trained
    return digests, run.stdout + run.stderr


@pytest.fixture(scope="session")
def plain() -> tuple[dict[str, str], Path]:
    """Digests of the build in nobody's surroundings, and its folder."""
    clean = {name: os.environ[name] for name in ("PATH", "HOME")}

    def make(folder: Path) -> None:
        folder.mkdir()
        digests, _ = build(folder / "répertoire", env=clean)
        (folder / "digests").write_text(repr(digests), encoding="utf-8")

    folder = once("plain", make)
    return eval((folder / "digests").read_text(encoding="utf-8")), folder / "répertoire"


def other_project(folder: Path) -> Path:
    """A folder of modules with the names of ours; each stops who imports it."""
    folder.mkdir()
    for name in ("hw1", "validation", "runs", "entries", "sources"):
        text = "raise SystemExit(__name__ + ' of another project')\n"
        (folder / f"{name}.py").write_text(text, encoding="utf-8")
    return folder


def matplotlibrc(folder: Path, name: str = "matplotlibrc") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(RC, encoding="utf-8")
    return path


def surroundings(parts: list[str], folder: Path, checkout: Path) -> dict:
    """Options of subprocess.run, by the parts of a case; what they need is made in `folder`."""
    variables = {key: os.environ[key] for key in ("PATH", "HOME")}
    options: dict = {"env": variables}
    for part in parts:
        if part == "matplotlibrc here":
            matplotlibrc(checkout)
        elif part == "matplotlibrc at home":
            matplotlibrc(folder, ".config/matplotlib/matplotlibrc")
            variables["HOME"] = str(folder)
        elif part == "matplotlibrc below XDG_CONFIG_HOME":
            matplotlibrc(folder, "matplotlib/matplotlibrc")
            variables["XDG_CONFIG_HOME"] = str(folder)
        elif part == "matplotlibrc that is no text":
            (checkout / "matplotlibrc").write_bytes(b"font.family: \xe9\n")
        elif part == "matplotlibrc by MATPLOTLIBRC and MPLCONFIGDIR":
            variables["MATPLOTLIBRC"] = str(matplotlibrc(folder))
            variables["MPLCONFIGDIR"] = str(folder)
        elif part == "profile of the user":
            (folder / "mine").mkdir()
            (folder / "mine/config.yaml").write_text(
                "rerun-triggers: mtime\nkeep-going: false\nprintshellcmds: true\n", "utf-8"
            )
            variables["SNAKEMAKE_PROFILE"] = str(folder / "mine")
        elif part.startswith("umask"):
            options["umask"] = int(part.split()[1], 8)
        elif part == "no home":
            del variables["HOME"]
        elif part == "home not writable, a cache elsewhere":  # where Snakemake must write
            variables |= {"HOME": "/proc", "XDG_CACHE_HOME": str(folder / "cache")}
        elif part == "TMPDIR odd":
            variables["TMPDIR"] = str(folder / "a b'c")
            (folder / "a b'c").mkdir()
        elif part == "TMPDIR not there":
            variables["TMPDIR"] = str(folder / "none")
        elif part == "another project's Python":
            path = other_project(folder / "other")
            variables |= {"PYTHONSTARTUP": str(path / "hw1.py"), "PYTHONPATH": str(path)}
        else:
            name, value = part.split("=", 1)
            variables[name] = value
    return options


# Of one case are all that can be at the same time: each that reached a result would change it.
CASES = [
    ["matplotlibrc that is no text"],
    [
        "matplotlibrc by MATPLOTLIBRC and MPLCONFIGDIR", "umask 077", "TMPDIR odd",
        "home not writable, a cache elsewhere", "TZ=Pacific/Apia",
        "MPLBACKEND=module://matplotlib_inline.backend_inline",
        "OMP_NUM_THREADS=3", "MKL_NUM_THREADS=3", "OPENBLAS_NUM_THREADS=2", "OMP_DYNAMIC=true",
        "ATEN_CPU_CAPABILITY=default", "ONEDNN_MAX_CPU_ISA=SSE41", "DNNL_DEFAULT_FPMATH_MODE=BF16",
        "NPY_DISABLE_CPU_FEATURES=AVX2", "MKL_CBWR=COMPATIBLE",
    ],
    [
        "matplotlibrc here", "umask 000", "no home", "TMPDIR not there", "MPLBACKEND=TkAgg",
        "LC_ALL=POSIX", "PYTHONUTF8=0", "PYTHONHASHSEED=7",
        "CUDA_VISIBLE_DEVICES=", "TORCH_HOME=/nowhere", "PYTORCH_NVML_BASED_CUDA_CHECK=1",
        "SOURCE_DATE_EPOCH=1", "XDG_CACHE_HOME=/nowhere", "XDG_DATA_HOME=/nowhere",
    ],
    [
        "matplotlibrc at home", "matplotlibrc below XDG_CONFIG_HOME",
        "another project's Python", "profile of the user", "MPLBACKEND=nonsense",
        "LC_ALL=de_DE.ISO-8859-1", "PYTHONUTF8=0", "PYTHONCOERCECLOCALE=0",
    ],
]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("parts", CASES, ids=lambda parts: ", ".join(parts))
def test_surroundings_do_not_reach_a_result(plain, tmp_path, parts, observed):
    folder, checkout = tmp_path / "folder", tmp_path / "répertoire"
    folder.mkdir()
    expected, finished = plain
    if all("matplotlibrc" in part for part in parts):  # nothing but figures can read it
        shutil.copytree(finished, checkout, symlinks=True)
        for figure in checkout.glob("results/fig_*"):
            figure.unlink()
    else:
        checkout.mkdir()
    options = surroundings(parts, folder, checkout)
    digests, said = build(checkout, **options)
    assert digests == expected
    assert "figure" in said
    if "umask" in options:
        mode = stat.S_IMODE((checkout / "results/fig_interp.png").stat().st_mode)
        assert mode == 0o666 & ~options["umask"]
    for part in parts:
        observed(f"in the surroundings of a build: {part}", "once", "the same bytes")


def test_none_of_them_together_reaches_a_training_a_table_or_a_figure(repository):
    """In seconds: one run of a finished build again, from its training to its figure."""
    results = repository.folder / "results"
    targets = ["results/fig_params.png", "results/fig_params.svg", "results/index.html"]
    before = repository.digests("checkpoints/capacity", "metrics", "tables")
    figures = {name: (repository.folder / name).read_bytes() for name in targets[:2]}
    shutil.rmtree(results / "checkpoints/capacity/cnn1")
    for path in (results / "metrics/capacity/cnn1/seed0.csv", results / "fig_params.png"):
        path.unlink()
    matplotlibrc(repository.folder)
    outside = repository.folder.parent
    variables = {
        "PATH": os.environ["PATH"], "HOME": "/proc", "XDG_CACHE_HOME": str(outside / "cache"),
        "MPLBACKEND": "nonsense",
        "MATPLOTLIBRC": str(matplotlibrc(outside, "rc")), "LC_ALL": "POSIX", "PYTHONUTF8": "0",
        "OMP_NUM_THREADS": "3", "PYTHONHASHSEED": "7", "ATEN_CPU_CAPABILITY": "default",
        "PYTHONPATH": str(other_project(outside / "other")), "TORCH_HOME": "/no", "TZ": "Asia/X",
    }  # fmt: skip
    real = Repository.at(repository.folder)
    real.snakemake("results/checkpoints/capacity/cnn1/seed0.pt", *targets, env=variables, umask=0)
    assert "of the result that is there" not in (
        results / "logs/train/capacity/cnn1/seed0.log"
    ).read_text(encoding="utf-8")
    assert repository.digests("checkpoints/capacity", "metrics", "tables") == before
    for name, content in figures.items():
        assert (repository.folder / name).read_bytes() == content


def test_a_job_has_of_the_environment_what_is_listed_and_no_more(tmp_path):
    program = "import os\nprint(os.environ.copy())\n"
    (tmp_path / "seen.py").write_text(program, encoding="utf-8")
    own = {"PATH": os.environ["PATH"], "HW1_PYTHON": sys.executable, "HW1_RECIPE": "ab"}
    foreign = dict.fromkeys(("MPLBACKEND", "MPLCONFIGDIR", "TORCH_LOGS", "TZ", "LC_NUMERIC"), "?")
    several = {"OMP_NUM_THREADS": "3", "PYTHONHASHSEED": "7", "SLURM_JOB_ID": "5"}
    run = subprocess.run(
        ["bash", ROOT / "workflow/python.sh", tmp_path / "seen.py"],
        env=own | foreign | several,
        capture_output=True,
        text=True,
        check=True,
    )
    seen = ast.literal_eval(run.stdout)
    assert seen["SLURM_JOB_ID"] == "5"  # what a job cannot do without
    assert (seen["OMP_NUM_THREADS"], seen["PYTHONHASHSEED"]) == ("1", "0")
    assert seen["MPLBACKEND"] == "agg" and seen["HW1_RECIPE"] == "ab"
    assert not {"MPLCONFIGDIR", "TORCH_LOGS", "TZ", "LC_NUMERIC"} & seen.keys()


@pytest.mark.parametrize("method", ["apptainer", "env-modules"])
def test_without_an_environment_of_its_own_a_job_has_the_python_of_snakemake(repository, method):
    (repository.folder / "results/tables/capacity_metrics.csv").unlink()
    if method == "apptainer" and shutil.which("apptainer") is None:
        pytest.skip("there is no apptainer here, and Snakemake looks for it first")
    path = {"PATH": "/usr/bin:/bin", "HOME": os.environ["HOME"]}  # its python has no packages
    target = "results/tables/capacity_metrics.csv"
    Repository.at(repository.folder).snakemake(target, "--sdm", method, env=path)
    assert (repository.folder / target).exists()


def test_a_python_without_the_packages_is_named_before_any_job(monkeypatch):
    """What PYTHONPATH brings is not there for the jobs."""
    monkeypatch.setenv("HW1_PYTHON", "")
    monkeypatch.delenv("PYTHONPATH", raising=False)
    run_jobs_with(sys.executable)
    assert os.environ["HW1_PYTHON"] == sys.executable
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
    with pytest.raises(ValueError) as caught:
        run_jobs_with(sys.executable)
    assert str(caught.value).startswith(f"{sys.executable} has no torch, torchvision, numpy, ")
    run_jobs_with("python")  # of an environment that Snakemake makes
    assert os.environ["HW1_PYTHON"] == "python"


def test_a_snakemake_that_is_too_old_is_told_which_one_it_takes(repository):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    (least,) = re.findall(r"snakemake>=([\d.]+)", str(project["optional-dependencies"]))
    program = (
        "import sys; sys.argv = ['snakemake', '--cores', '1', '-n']\n"
        "import snakemake.common; snakemake.common.__version__ = '9.16.3'\n"
        "from snakemake.cli import main; main()"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], cwd=repository.folder, capture_output=True, text=True
    )
    assert run.returncode == 1
    assert run.stderr.splitlines()[-1] == (
        f"Expecting Snakemake version {least} or higher (you are currently using 9.16.3). "
        "Install the versions of envs/requirements.txt: make does, in .venv"
    )
