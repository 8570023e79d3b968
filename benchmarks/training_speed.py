"""How fast training is: the notebook's loop, this project's, and the machine, in one run.

python benchmarks/training_speed.py [--share 0.05] [--repeats 3] [--workloads trajectory/mlp ...]

For each workload (experiment/variant of config.yaml) the loop of a notebook and hw1.training.loop
take turns to train a share of the mini-batches of an epoch, on one thread each. Their seconds are
scaled to a whole epoch (of function_fit: to one full-batch iteration). The notebook's loop runs in
a process as a user starts Python, the other in one as the rule `train` does. Seconds of runs that
train together are divided among them. The peak of the machine is that of a large matrix product.
Prints a table of medians with ranges, and writes it to results/benchmarks/training_speed.csv, below
the folder that it is called in.
"""

import argparse
import multiprocessing
import os
import statistics
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from itertools import islice
from pathlib import Path

import pandas as pd
import torch
from msgspec.structs import replace
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "src"))

from hw1.data import datasets, inputs  # noqa: E402
from hw1.data.torchvision_import import mnist  # noqa: E402
from hw1.networks import models, stacks  # noqa: E402
from hw1.results.command import one_line_errors  # noqa: E402
from hw1.settings.architectures import Mlp, multiply_adds  # noqa: E402
from hw1.settings.dataset import Function  # noqa: E402
from hw1.settings.experiments import experiments_of, settings_named  # noqa: E402
from hw1.settings.overlays import settings_of_files  # noqa: E402
from hw1.settings.runs import Run, Settings  # noqa: E402
from hw1.settings.yaml_files import load  # noqa: E402
from hw1.training import devices, loop  # noqa: E402
from hw1.training.checkpoints import ResumeFile  # noqa: E402

from torchvision import transforms  # noqa: E402  isort: skip (the import above makes it work)

WORKLOADS = """
function_fit/sinc_deep function_fit/sinc_medium function_fit/sinc_shallow
trajectory/mlp interpolation/a random_labels/lenet5 mnist_cnn/shallow mnist_cnn/deep
capacity/cnn1 capacity/cnn5 capacity/cnn10
""".split()
# As in workflow/python.sh.
ALLOCATOR = {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": "4000000000"}
OPTIMIZERS = {"adam": torch.optim.Adam, "sgd": torch.optim.SGD}
FUNCTION_EPOCHS = 2000  # of a full batch; "an epoch" of it is one iteration


def gemm_peak(dtype: torch.dtype, size: int = 2048, repeats: int = 5) -> float:
    """GFLOP/s of the fastest of some products of two square matrices, on one thread."""
    a, b = (torch.randn(size, size).to(dtype) for _ in range(2))
    a @ b
    seconds = []
    for _ in range(repeats):
        started = time.perf_counter()
        a @ b
        seconds.append(time.perf_counter() - started)
    return 2 * size**3 / min(seconds) / 1e9


def notebook_model(settings: Settings) -> nn.Sequential:
    """The model in the order and layout that a notebook writes it: pooling after the ReLU."""
    model = models.build(settings.model, settings.example_shape, settings.outputs, (0, 0))
    modules = list(model)
    for index, module in enumerate(modules[:-1]):
        if isinstance(module, nn.MaxPool2d):
            modules[index : index + 2] = [modules[index + 1], module]
    if isinstance(settings.model, Mlp) and not isinstance(settings.dataset, Function):
        modules.insert(0, nn.Flatten())
    return nn.Sequential(*modules).to(memory_format=torch.contiguous_format)


def notebook_data(settings: Settings, downloads: Path):
    """The training set as a notebook loads it: every image transformed whenever it is used.

    Raises ValueError if the files of MNIST are not there.
    """
    if isinstance(settings.dataset, Function):
        data = datasets.prepare(settings.dataset, downloads)
        x, y = (torch.from_numpy(data[f"train_{name}"]).float() for name in ("inputs", "targets"))
        return TensorDataset(x, y)
    steps = [transforms.ToTensor()]
    if settings.inputs.size != 28:
        steps.insert(0, transforms.Resize(settings.inputs.size))
    if settings.inputs.range == (-1, 1):
        steps.append(transforms.Normalize(0.5, 0.5))
    raw = downloads / "MNIST/raw"
    files = [name.removesuffix(".gz") for name, _ in mnist.MNIST.resources]
    if not all((raw / name).is_file() for name in files):
        raise ValueError(
            f"{raw}: found not all of {', '.join(files)}, expected them unpacked: `snakemake "
            "results/data/mnist.npz` puts them into data/ of the repository, gunzip them there; "
            "--downloads names another folder that holds MNIST/raw"
        )
    return mnist.MNIST(downloads, train=True, transform=transforms.Compose(steps))


def notebook_loop(settings: Settings, data, iterations: int) -> float:
    """Seconds that the notebook's loop takes for some mini-batches."""
    training = settings.training
    model = notebook_model(settings)
    optimizer = OPTIMIZERS[training.optimizer](model.parameters(), lr=training.learning_rate)
    full = training.batch_size == "full"
    criterion = nn.MSELoss() if full else nn.CrossEntropyLoss()
    norms, running_loss, correct = [], 0.0, 0
    started = time.perf_counter()
    if full:
        x, y = data.tensors
        batches = ((x, y) for _ in range(iterations))
    else:
        batches = islice(DataLoader(data, training.batch_size, shuffle=True), iterations)
    for x, y in batches:
        optimizer.zero_grad()
        output = model(x)
        loss = criterion(output, y)
        loss.backward()
        optimizer.step()
        running_loss += loss.item()
        if not full:
            correct += (output.argmax(1) == y).sum().item()
        if training.gradient_norm:
            norms.append(sum(p.grad.norm().item() ** 2 for p in model.parameters()) ** 0.5)
    return time.perf_counter() - started


def project_loop(settings: Settings, split: inputs.Split, iterations: int) -> float:
    """Seconds that hw1.training.loop takes for the same number of mini-batches."""
    training = replace(settings.training, epochs=1, snapshot_epochs=(), evaluate_each_epoch=())
    if training.batch_size == "full":
        training = replace(training, epochs=iterations)
    else:
        n = iterations * training.batch_size
        split = inputs.Split(split.inputs[:n], split.targets[:n])
    experiments = settings_of_files({"config.yaml": load(ROOT / "config.yaml")})["experiments"]
    together = experiments[settings.experiment].get("seeds_per_job", 1)
    stack = stacks.stack_kind(settings)
    keys = [(seed, 0) for seed in range(together if stack else 1)]
    built = [
        models.build(settings.model, settings.example_shape, settings.outputs, key) for key in keys
    ]
    model = stack(built) if stack else built[0]
    with tempfile.TemporaryDirectory() as folder:
        resume = ResumeFile(Path(folder) / "resume", "", 60)
        started = time.perf_counter()
        loop.train(model, {"train": split}, training, keys, resume, lambda line: None)
        return (time.perf_counter() - started) / len(keys)


@cache
def workload(name: str) -> tuple[Settings, int, float]:
    """Settings of a workload, and the examples and mini-batches of its epoch."""
    config = settings_of_files({"config.yaml": load(ROOT / "config.yaml")})
    settings = settings_named(experiments_of(config), name)
    n = settings.training_examples
    return settings, n, n / settings.training.size_of_batch(n)


@cache
def prepared(name: str, downloads: Path) -> inputs.Split:
    """The training split of a workload as hw1.training.loop takes it."""
    settings = workload(name)[0]
    whole = datasets.prepare(settings.dataset, downloads)
    return inputs.Data(whole, torch.device("cpu")).splits(Run.of_seed(settings, 0))["train"]


def notebook(name: str, iterations: int, downloads: Path) -> float:
    """In the process of the notebook: seconds of some mini-batches."""
    torch.set_num_threads(1)
    settings = workload(name)[0]
    return notebook_loop(settings, notebook_data(settings, downloads), iterations)


def project(name: str, iterations: int, downloads: Path, precision: str) -> float:
    """In the process of a training job: seconds of the same number of mini-batches."""
    devices.make_reproducible()
    settings = workload(name)[0]
    changed = replace(settings, training=replace(settings.training, precision=precision))
    return project_loop(changed, prepared(name, downloads), iterations)


def process(environment: dict[str, str]) -> ProcessPoolExecutor:
    """A process of its own: glibc reads these variables once, when it starts."""
    os.environ.update(environment)
    pool = ProcessPoolExecutor(1, multiprocessing.get_context("spawn"))
    pool.submit(os.getpid).result()
    for key in environment:
        del os.environ[key]
    return pool


@one_line_errors
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--share", type=float, default=0.05, help="of the mini-batches of an epoch")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--workloads", nargs="+", default=WORKLOADS, metavar="EXPERIMENT/VARIANT")
    parser.add_argument("--downloads", type=Path, default=Path("data"))
    args = parser.parse_args()
    if args.repeats < 1:
        raise ValueError(f"--repeats: found {args.repeats}, expected 1 or more")
    for name in args.workloads:  # before the others take an hour
        notebook_data(workload(name)[0], args.downloads)
    torch.set_num_threads(1)
    as_notebook, as_job = process({}), process(ALLOCATOR)
    rows = []
    for name in args.workloads:
        settings, n, per_epoch = workload(name)
        iterations = FUNCTION_EPOCHS if per_epoch == 1 else max(8, round(per_epoch * args.share))
        # A function is fitted in fp32 only.
        precisions = ["fp32"] if per_epoch == 1 else ["fp32", "bf16"]
        seconds = {key: [] for key in ("notebook", *precisions)}
        peaks = {"fp32": [], "bf16": []}
        for repeat in range(args.repeats + 1):
            taken = {"notebook": as_notebook.submit(notebook, name, iterations, args.downloads)}
            taken["notebook"].result()
            for precision in precisions:
                job = as_job.submit(project, name, iterations, args.downloads, precision)
                job.result()
                taken[precision] = job
            if repeat == 0:
                continue  # warms up
            for key, job in taken.items():
                seconds[key].append(job.result() * per_epoch / iterations)
            for precision, dtype in (("fp32", torch.float32), ("bf16", torch.bfloat16)):
                peaks[precision].append(gemm_peak(dtype))
        ratios = [slow / fast for slow, fast in zip(seconds["notebook"], seconds["fp32"])]
        middle = {key: statistics.median(values) for key, values in seconds.items()}
        operations = 6 * multiply_adds(settings.layers) * n
        gflops = operations / middle["fp32"] / 1e9
        row = {
            "workload": name,
            "notebook_s": middle["notebook"],
            "project_s": middle["fp32"],
            "ratio": statistics.median(ratios),
            "ratio_low": min(ratios),
            "ratio_high": max(ratios),
            "gflops": gflops,
            "peak_gflops": statistics.median(peaks["fp32"]),
            "of_peak": gflops / statistics.median(peaks["fp32"]),
            "bf16_s": middle.get("bf16"),
            "bf16_gain": middle["fp32"] / middle["bf16"] if "bf16" in middle else None,
            "bf16_peak_gflops": statistics.median(peaks["bf16"]),
        }
        rows.append(row)
        print(f"{name}: {row['ratio']:.2f} times as fast", flush=True)
    for pool in (as_notebook, as_job):
        pool.shutdown()
    table = pd.DataFrame(rows)
    pd.set_option("display.width", 200)
    print(table.to_string(index=False, float_format="{:.3g}".format))
    output = Path("results/benchmarks/training_speed.csv")
    output.parent.mkdir(parents=True, exist_ok=True)
    table.to_csv(output, index=False)


if __name__ == "__main__":
    main()
