"""How the cost of a training job grows, from process start to exit: seeds, epochs, parameters.

python benchmarks/scaling.py [--repeats 3] [--most-seeds 20] [--most-epochs 80] [--networks 10]

Runs workflow/scripts/train.py as the rule `train` does, with the settings of config.yaml except for
one. Prints the seconds of the whole process beside those of the training in it. The networks train
on scikit-learn's digits, so it needs no internet. Writes results/benchmarks/scaling.csv below the
folder that it is called in.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec
import pandas as pd
from msgspec.structs import replace

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "src"))

from hw1.data import datasets  # noqa: E402
from hw1.results import arrays  # noqa: E402
from hw1.results.command import one_line_errors  # noqa: E402
from hw1.settings.architectures import parameter_count  # noqa: E402
from hw1.settings.batches import name  # noqa: E402
from hw1.settings.dataset import DataSet, Function  # noqa: E402
from hw1.settings.experiments import experiments_of  # noqa: E402
from hw1.settings.overlays import settings_of_files  # noqa: E402
from hw1.settings.runs import Settings  # noqa: E402
from hw1.settings.yaml_files import load  # noqa: E402


class Job(NamedTuple):
    """A batch to train: the row that it belongs to, its place there, and its settings."""

    varied: str
    value: int
    settings: Settings
    seeds: range


def trained(settings: Settings, **training: object) -> Settings:
    """The settings with others of the training."""
    return replace(settings, training=replace(settings.training, **training))


def jobs(config: dict, most_seeds: int, most_epochs: int, networks: int | None) -> Iterator[Job]:
    """All that are timed: of each row those up to a size."""
    experiments = experiments_of(config)
    settings = trained(experiments["function_fit"].variants["sinc_deep"], epochs=2000)
    for seeds in (1, 2, 5, 10, 20):
        if seeds <= most_seeds:
            varied = "seeds of function_fit/sinc_deep, 2000 epochs"
            yield Job(varied, seeds, settings, range(seeds))
    settings = experiments["trajectory"].variants["mlp"]
    for epochs in (5, 20, 80):
        if epochs <= most_epochs:
            varied = "epochs of trajectory/mlp, digits"
            cut = trained(settings, epochs=epochs, snapshot_epochs=())
            yield Job(varied, epochs, cut, range(1))
    for variant in list(config["experiments"]["capacity"]["variants"])[:networks]:
        settings = trained(experiments["capacity"].variants[variant], epochs=1)
        parameters = parameter_count(settings.layers)
        yield Job("parameters of capacity/*, digits, 1 epoch", parameters, settings, range(1))


def seconds_of(job: Job, data: Path) -> tuple[float, float]:
    """Seconds of the process of a training job, and of the training in it."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / name(job.seeds)
        command = ["bash", ROOT / "workflow/python.sh", ROOT / "workflow/scripts/train.py"]
        command += ["--settings", job.settings.text, "--data", data, "--code", __file__]
        command += ["--device", "cpu", "--resume-interval", "60", "--provenance", folder]
        command += ["--checkpoint", place.with_suffix(".pt"), "--history", f"{place}.csv"]
        environment = os.environ | {"HW1_PYTHON": sys.executable}
        started = time.perf_counter()
        run = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        seconds = time.perf_counter() - started
        if run.returncode:
            raise ValueError(f"a training failed: {run.stdout}{run.stderr}")
        facts = [
            json.loads(path.read_text(encoding="utf-8")) for path in Path(folder).rglob("*.json")
        ]
    return seconds, sum(fact["training_seconds"] for fact in facts)


@one_line_errors
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--most-seeds", type=int, default=20)
    parser.add_argument("--most-epochs", type=int, default=80)
    parser.add_argument("--networks", type=int, help="of capacity, from the smallest; all of them")
    args = parser.parse_args()
    if args.repeats < 1:
        raise ValueError(f"--repeats: found {args.repeats}, expected 1 or more")
    config = settings_of_files({"config.yaml": load(ROOT / "config.yaml")})
    for experiment in ("trajectory", "capacity"):
        config["experiments"][experiment]["dataset"] = "digits"
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for dataset in ("sinc", "digits"):
            source = msgspec.convert(config["datasets"][dataset], DataSet)
            samples = datasets.prepare(source, Path(folder))
            arrays.save(Path(folder) / f"{dataset}.npz", samples)
        for job in jobs(config, args.most_seeds, args.most_epochs, args.networks):
            function = isinstance(job.settings.dataset, Function)
            data = Path(folder) / f"{'sinc' if function else 'digits'}.npz"
            taken = [seconds_of(job, data) for _ in range(args.repeats)]
            process, training = (statistics.median(column) for column in zip(*taken))
            rows.append(
                {
                    "varied": job.varied,
                    "value": job.value,
                    "process_seconds": process,
                    "training_seconds": training,
                    "share": training / process,
                    "seconds_per_unit": training / job.value,
                }
            )
    table = pd.DataFrame(rows)
    pd.set_option("display.width", 200)
    print(table.to_string(index=False, float_format="{:.3g}".format))
    output = Path("results/benchmarks/scaling.csv")
    output.parent.mkdir(parents=True, exist_ok=True)
    table.to_csv(output, index=False)


if __name__ == "__main__":
    main()
