"""What saving the state of unfinished trainings costs, as a share of training time.

python benchmarks/resume_overhead.py [WORKLOAD ...]

Trains an epoch of each workload on scikit-learn's digits, saves after every mini-batch, and
compares the median seconds of a save with `resume_interval` of config.yaml. The files go to the
folder that it is called in, as results do.
"""

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path

import torch
from msgspec.structs import replace

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "src"))

from hw1.data import datasets, inputs  # noqa: E402
from hw1.networks import models  # noqa: E402
from hw1.results.command import one_line_errors  # noqa: E402
from hw1.settings.dataset import Digits  # noqa: E402
from hw1.settings.experiments import experiments_of, settings_named  # noqa: E402
from hw1.settings.overlays import settings_of_files  # noqa: E402
from hw1.settings.runs import Run  # noqa: E402
from hw1.settings.yaml_files import load  # noqa: E402
from hw1.training import devices, loop  # noqa: E402
from hw1.training.checkpoints import ResumeFile  # noqa: E402

WORKLOADS = ("trajectory/mlp", "interpolation/a", "random_labels/lenet5", "mnist_cnn/deep")
WORKLOADS += ("capacity/cnn5", "capacity/cnn8", "capacity/cnn10")


class Timed(ResumeFile):
    """A resume file that is always due and notes how long each save took, and its size."""

    def save(self, state: dict) -> None:
        started = time.monotonic()
        super().save(state)
        self.seconds = [*getattr(self, "seconds", []), time.monotonic() - started]
        self.megabytes = self.path.stat().st_size / 1e6


@one_line_errors
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("workloads", nargs="*", default=WORKLOADS, help="EXPERIMENT/VARIANT")
    args = parser.parse_args()
    config = settings_of_files({"config.yaml": load(ROOT / "config.yaml")})
    experiments = experiments_of(config)
    settings_of = {name: settings_named(experiments, name) for name in args.workloads}
    for name, settings in settings_of.items():
        if not settings.dataset.is_image:
            raise ValueError(f"{name}: found a function to fit, expected a workload on images")
    torch.set_num_threads(1)
    device = devices.choose_device("cpu")
    digits = datasets.prepare(Digits(size=28, test_share=0.2), Path())
    print(f"{'workload':24} {'MB':>6} {'s per save':>11} {'of training':>12}")
    for workload, settings in settings_of.items():
        # with a snapshot, which the state of a long training holds as well
        training = replace(settings.training, epochs=1, snapshot_epochs=(0,))
        run = Run.of_seed(settings, 0)
        model = models.build(run.model, run.example_shape, run.outputs, run.key("initialisation"))
        splits, keys = inputs.Data(digits, device).splits(run), [run.key("batches")]
        with tempfile.TemporaryDirectory(dir=".") as folder:
            resume = Timed(Path(folder, "run.resume"), "", 0)
            loop.train(model, splits, training, keys, resume, lambda line: None)
        seconds = statistics.median(resume.seconds)
        share = seconds / config["resume_interval"]
        print(f"{workload:24} {resume.megabytes:6.1f} {seconds:11.3f} {share:12.2%}", flush=True)


if __name__ == "__main__":
    main()
