"""What hw1 gains from the undocumented parts of torch and Python that it uses.

python benchmarks/private_parts.py [--pairs 7] [--epochs 1000]

Each part is left out in turn: a process with it and one without it run one after the other. They
train 20 stacked networks of function_fit. For `compiler` and `exit` the seconds are those of a
whole process with three iterations, for `step` and `in place` those of the training alone. Prints a
table with the median of each, and of their ratio, pair by pair.
"""

import argparse
import statistics
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "src"))

from hw1.results.command import one_line_errors

WITHOUT = {
    "compiler": """
for method in ("add_param_group", "load_state_dict", "state_dict", "zero_grad"):
    del getattr(torch.optim.Optimizer, method).__wrapped__.__dynamo_disable""",
    "exit": "import os, sys; os._exit = sys.exit",
    "step": """
import torch._dynamo  # which it would import, in the time that is measured
from hw1.training.optimisation import Optimisation
Optimisation.step = lambda self, iteration: self.optimizer.step()""",
    "in place": """
from hw1.networks import stacks
stacks.propagate = lambda _, gradient, given: gradient.mul_(given > 0)""",
}
PROGRAM = """
import sys, time, torch
from hw1.data.inputs import Split
from hw1.networks import models, stacks
from hw1.results.command import one_line_errors
from hw1.settings.architectures import Mlp
from hw1.settings.training import Training
from hw1.training import checkpoints, devices, loop
{without}
devices.make_reproducible()
x = torch.linspace(-1, 1, 1000)[:, None]
mlp = Mlp(hidden=(5, 10, 10, 10, 10, 10, 5))
model = stacks.Stack([models.build(mlp, (1,), 1, (seed, 0)) for seed in range(20)])
settings = Training(batch_size="full", epochs={epochs}, history="epoch", history_every=10**6,
    precision="fp32", optimizer="adam", learning_rate=0.001, gradient_norm=False,
    evaluate_each_epoch=(), snapshot_epochs=())
resume = checkpoints.ResumeFile("none", "", 10**9)
began = time.perf_counter()
keys = [(seed, 0) for seed in range(20)]
loop.train(model, dict(train=Split(x, torch.sinc(x))), settings, keys, resume, lambda line: None)
print(time.perf_counter() - began, flush=True)
one_line_errors(lambda: None)()
"""


def seconds(part: str, without: bool, epochs: int) -> float:
    """The seconds of a process, or of its training."""
    whole = part in ("compiler", "exit")
    program = PROGRAM.format(
        without=WITHOUT[part] if without else "", epochs=3 if whole else epochs
    )
    began = time.perf_counter()
    run = subprocess.run(
        [sys.executable, "-c", program],
        cwd=Path(__file__).resolve().parents[1] / "src",
        capture_output=True,
        text=True,
        check=True,
    )
    return time.perf_counter() - began if whole else float(run.stdout)


@one_line_errors
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=int, default=7, help="of each part")
    parser.add_argument("--epochs", type=int, default=1000, help="of step and in place")
    args = parser.parse_args()
    if min(args.pairs, args.epochs) < 1:
        raise ValueError("--pairs, --epochs: found 0, expected 1 or more")
    print("| part | with it (s) | without (s) | without / with |")
    print("|---|---|---|---|")
    for part in WITHOUT:
        found = [
            (seconds(part, False, args.epochs), seconds(part, True, args.epochs))
            for _ in range(args.pairs)
        ]
        with_it, without = (statistics.median(column) for column in zip(*found))
        ratio = statistics.median(b / a for a, b in found)
        print(f"| {part} | {with_it:.2f} | {without:.2f} | {ratio:.2f} |", flush=True)


if __name__ == "__main__":
    main()
