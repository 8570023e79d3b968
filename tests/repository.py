"""Copies of the repository in folders of their own, and Snakemake run there."""

import csv
import functools
import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path

import yaml

from hw1.settings.overlays import with_grids

ROOT = Path(__file__).parent.parent
SOURCES = ("Snakefile", "config.yaml", "presets", "profiles", "workflow", "src", "envs")


def settings_in(folder: Path = ROOT) -> dict:
    """What config.yaml of a folder says, its grids as variants."""
    return deepcopy(parsed((folder / "config.yaml").read_text(encoding="utf-8")))


@functools.cache
def parsed(text: str) -> dict:
    """What a text says; it is shared, so callers must copy it."""
    return with_grids(yaml.safe_load(text))


CONTROLS = tuple(
    dict.fromkeys(
        claim["experiment"]
        for claim in yaml.safe_load((ROOT / "workflow/controls.yaml").read_text(encoding="utf-8"))
    )
)


def reduced(config: dict) -> dict:
    """The default configuration on small data, cut down to seconds, without the controls."""
    experiments = config["experiments"]
    del config["claims"]["controls"]
    for name in CONTROLS:
        del experiments[name]
    for experiment in experiments.values():
        if "dataset" in experiment:
            experiment["dataset"] = "digits"
        experiment["seeds"] = [0, 1]
        experiment.pop("seeds_per_job", None)
        experiment.setdefault("training", {})["epochs"] = 1
    experiments["function_fit"]["training"] |= {"epochs": 20}
    variants = experiments["function_fit"]["variants"]
    for variant in ("sinc_medium", "sign_medium", "sign_shallow"):
        del variants[variant]
    experiments["function_fit"]["seeds_per_job"] = 2
    experiments["trajectory"]["training"] |= {"epochs": 2, "snapshot_epochs": [0, 1]}
    for variant in experiments["interpolation"]["variants"].values():
        variant["training"] |= {"epochs": 1, "batch_size": 256}
    experiments["interpolation"]["analyses"]["lines"]["points"] = 7
    capacity = experiments["capacity"]
    capacity["seeds"] = [0]
    capacity["variants"] = {name: capacity["variants"][name] for name in ("cnn1", "cnn2", "cnn3")}
    leave_out(config["claims"]["claims"], "C0 C1 C2 C3 C4 C12 C13 C14 C17 C18 C24 C25")
    config["figures"]["dpi"] = 60
    return config


def leave_out(entry: dict, claims: str) -> None:
    """Leave claims out of a list, of which the variants are not there."""
    entry["leave_out"] = dict.fromkeys(claims.split(), "its variants are not built")


def with_controls(config: dict) -> dict:
    """A configuration with the controls as they are by default, of which presets speak."""
    default = settings_in()
    config["claims"] = {
        key: entry | {"leave_out": config["claims"].get(key, {}).get("leave_out", {})}
        for key, entry in default["claims"].items()
    }
    config["experiments"] |= {name: default["experiments"][name] for name in CONTROLS}
    return config


def reduced_controls(config: dict) -> dict:
    """The controls alone, on small data, cut down to seconds."""
    experiments = config["experiments"]
    del config["claims"]["claims"]
    for name in set(experiments) - set(CONTROLS):
        del experiments[name]
    for experiment in experiments.values():
        if experiment.get("dataset") == "mnist":
            experiment["dataset"] = "digits"
        experiment |= {"seeds": [0, 1], "seeds_per_job": 2}
        experiment["training"] |= {"epochs": 2}
    variants = experiments["dying_relu"]["variants"]
    for variant in [name for name in variants if not name.startswith("sinc_deep")]:
        del variants[variant]
    variants = experiments["connectivity"]["variants"]
    for variant in ("a_after_1", "a_after_1_other_batches"):
        variants[variant]["training"]["epochs"] = 1
    experiments["connectivity"]["analyses"]["barriers"] |= {"points": 5, "train_examples": 100}
    variants = experiments["memorisation"]["variants"]
    experiments["memorisation"]["inputs"]["examples"] = 100
    for variant in ("random25", "random50", "random75"):
        del variants[variant]
    variants = experiments["large_batches"]["variants"]
    for variant in [name for name in variants if name.endswith(("_64", "_256", "_1024"))]:
        del variants[variant]
    for variant in variants.values():
        variant["training"] |= {
            "epochs": 1,
            "batch_size": min(variant["training"]["batch_size"], 700),
        }
    experiments["large_batches"]["model"]["hidden"] = [32]
    experiments["large_batches"]["figures"]["batch_size"]["variants"] = ["*_16"]
    experiments["large_batches"]["analyses"]["sharpness"] |= {"examples": 100, "steps": 2}
    experiments["gradient_zero"]["analyses"]["critical_points"] |= {"steps": 10}
    experiments["aligned_runs"]["training"]["snapshot_epochs"] = [0, 1]
    experiments["aligned_runs"]["analyses"]["descent"] |= {"points": 3, "examples": 100}
    experiments["error_surface"]["analyses"]["surface"] |= {"points": 3, "examples": 100}
    experiments["error_surface"]["variants"]["shallow_4096"]["training"]["batch_size"] = 700
    variants = experiments["double_descent"]["variants"]
    experiments["double_descent"]["inputs"]["examples"] = 100
    for variant in [name for name in variants if name not in ("width2", "width256")]:
        del variants[variant]
    leave_out(config["claims"]["controls"], "K1 K2 K3 K4 K12 K14 K15 K16 K17")
    config["figures"]["dpi"] = 60
    return config


class Repository:
    """A copy of the repository in a folder, and Snakemake run there."""

    def __init__(self, folder: Path, python: str | Path = sys.executable) -> None:
        self.folder, self.python = folder, str(python)
        folder.mkdir(parents=True, exist_ok=True)
        for name in SOURCES:
            source = ROOT / name
            ignore = shutil.ignore_patterns("__pycache__", "*.egg-info")
            if source.is_dir():
                shutil.copytree(source, folder / name, ignore=ignore)
            else:
                shutil.copy(source, folder / name)

    @classmethod
    def at(cls, folder: Path, python: str | Path = sys.executable) -> "Repository":
        """The copy that is in a folder already."""
        found = cls.__new__(cls)
        found.folder, found.python = folder, str(python)
        return found

    def config(self) -> dict:
        """The configuration of this copy."""
        return settings_in(self.folder)

    def write_config(self, change: Callable[[dict], dict | None]) -> None:
        config = self.config()
        text = yaml.safe_dump(change(config) or config, sort_keys=False)
        (self.folder / "config.yaml").write_text(text, encoding="utf-8")

    def sources(self) -> dict[str, bytes]:
        """The content of every file of the repository in this copy."""
        return {
            str(path.relative_to(self.folder)): path.read_bytes()
            for name in SOURCES
            for path in [self.folder / name, *(self.folder / name).rglob("*")]
            if path.is_file() and path.suffix != ".pyc"
        }

    def snakemake(
        self, *arguments: str, check: bool = True, **options
    ) -> subprocess.CompletedProcess:
        """Run Snakemake there; `options` are those of subprocess.run."""
        cores = [] if "--workflow-profile" in arguments else ["--cores", "2"]
        run = subprocess.run(
            [self.python, "-m", "snakemake", *cores, *arguments],
            cwd=self.folder,
            capture_output=True,
            text=True,
            **options,
        )
        if check:
            assert run.returncode == 0, run.stdout + run.stderr
        return run

    def plan(self, *arguments: str) -> set[str]:
        """The jobs of a dry run as `rule` or `rule wildcard/wildcard`."""
        run = self.snakemake("--dry-run", *arguments)
        jobs = set()
        for block in re.split(r"\n(?=\[)", run.stdout + run.stderr):
            if rule := re.search(r"^(?:local)?rule (\w+):$", block, re.MULTILINE):
                wildcards = re.search(r"^    wildcards: (.*)$", block, re.MULTILINE)
                values = re.findall(r"\w+=([^,\s]+)", wildcards[1]) if wildcards else []
                jobs.add(" ".join([rule[1], "/".join(values)]).strip())
        return jobs - {"all"}

    def rows(self, table: str, **where: str) -> list[dict[str, str]]:
        """The rows of a table of results/tables, or those that have some values."""
        with open(self.folder / f"results/tables/{table}.csv", encoding="utf-8") as file:
            return [row for row in csv.DictReader(file) if where.items() <= row.items()]

    def digests(self, *folders: str) -> dict[str, str]:
        """SHA-256 of every file below folders of results/, but those beside tables."""
        return {
            str(path.relative_to(self.folder)): hashlib.sha256(path.read_bytes()).hexdigest()
            for folder in folders
            for path in sorted((self.folder / "results" / folder).rglob("*"))
            if path.is_file() and not path.name.startswith(".") and "kept" not in path.parts
            if path.suffix != ".sha256"
        }


def run_script(
    path: str | Path, *arguments: object, cwd: Path, root: Path = ROOT, **variables: str
) -> subprocess.CompletedProcess:
    """Run a script of the repository in a folder."""
    return subprocess.run(
        [sys.executable, "-P", root / path, *map(str, arguments)],
        cwd=cwd,
        env=os.environ | {"PYTHONPATH": str(root / "src")} | variables,
        capture_output=True,
        text=True,
    )


def rules(jobs: set[str]) -> set[str]:
    return {job.split()[0] for job in jobs}


def of(jobs: set[str], rule: str) -> set[str]:
    return {job.split()[1] for job in jobs if job.split()[0] == rule}


def truncated(content: bytes) -> bytes:
    return content[: len(content) // 2]


def with_one_bit_changed(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]
