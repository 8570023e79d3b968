"""How the cost of a training job grows, from process start to exit: seeds, epochs, parameters.

python benchmarks/scaling.py [--repeats 3]

Runs workflow/scripts/train.py as the rule `train` does, on one thread, with settings of
config.yaml of which one is changed, and prints the seconds of the whole process beside those of
the training in it. The networks train on scikit-learn's digits, so it needs no network. Writes
results/benchmarks/scaling.csv below the folder that it is called in.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd
import yaml

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "workflow"))

from hw1 import arrays, datasets  # noqa: E402
from hw1.architectures import example_shape, layers, parameter_count  # noqa: E402
from overlays import merged  # noqa: E402
from runs import Run, run_settings  # noqa: E402

# As in workflow/rules/common.smk.
ENVIRONMENT = {
    "PYTHONPATH": str(ROOT / "src"),
    "MALLOC_MMAP_MAX_": "0",
    "MALLOC_TRIM_THRESHOLD_": "4000000000",
}


def cases(config: dict) -> list[tuple[str, object, list[dict]]]:
    """What varies, its value, and the settings of the runs of the job."""
    rows = []
    for seeds in (1, 2, 5, 10, 20):
        runs = [run_settings(config, Run("function_fit", "sinc_deep", s)) for s in range(seeds)]
        runs = [merged(run, {"training": {"epochs": 2000}}) for run in runs]
        rows.append(("seeds of function_fit/sinc_deep, 2000 epochs", seeds, runs))
    for epochs in (5, 20, 80):
        run = run_settings(config, Run("trajectory", "mlp", 0))
        changes = {"training": {"epochs": epochs, "snapshot_epochs": []}}
        rows.append(("epochs of trajectory/mlp, digits", epochs, [merged(run, changes)]))
    for variant in config["experiments"]["capacity"]["variants"]:
        run = run_settings(config, Run("capacity", variant, 0))
        run = merged(run, {"training": {"epochs": 1}})
        parameters = parameter_count(layers(run["model"], *example_shape(run)))
        rows.append(("parameters of capacity/*, digits, 1 epoch", parameters, [run]))
    return rows


def job_seconds(runs: list[dict], data: Path) -> tuple[float, float]:
    """Seconds of the process of a training job, and of the training in it."""
    with tempfile.TemporaryDirectory() as folder:
        places = [Path(folder) / f"seed{run['seed']}" for run in runs]
        command = [sys.executable, "-P", ROOT / "workflow/scripts/train.py"]
        command += ["--settings", json.dumps(runs), "--data", data, "--code", __file__]
        command += ["--device", "cpu", "--resume-interval", "60", "--provenance", folder]
        command += ["--checkpoints", *[place.with_suffix(".pt") for place in places]]
        command += ["--histories", *[place.with_suffix(".csv") for place in places]]
        started = time.perf_counter()
        run = subprocess.run(
            command, env=os.environ | ENVIRONMENT, capture_output=True, text=True, check=False
        )
        seconds = time.perf_counter() - started
        if run.returncode:
            sys.exit(f"scaling: a training failed: {run.stdout}{run.stderr}")
        facts = [
            json.loads(path.read_text(encoding="utf-8")) for path in Path(folder).rglob("*.json")
        ]
    return seconds, sum(fact["training_seconds"] for fact in facts)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=3)
    args = parser.parse_args()
    config = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
    for experiment in ("trajectory", "capacity"):
        config["experiments"][experiment]["dataset"] = "digits"
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for name in ("sinc", "digits"):
            samples = datasets.prepare(config["datasets"][name], Path(folder))
            arrays.save(Path(folder) / f"{name}.npz", samples)
        for what, value, runs in cases(config):
            data = Path(folder) / f"{'sinc' if 'sinc' in what else 'digits'}.npz"
            taken = [job_seconds(runs, data) for _ in range(args.repeats)]
            process, training = (statistics.median(column) for column in zip(*taken))
            rows.append(
                {
                    "varied": what,
                    "value": value,
                    "process_seconds": process,
                    "training_seconds": training,
                    "share": training / process,
                    "seconds_per_unit": training / value,
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
