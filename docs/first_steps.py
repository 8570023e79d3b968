"""What a build leaves, opened in Python: a trained network, a table and a figure.

.venv/bin/python docs/first_steps.py [FOLDER], where FOLDER is results, if left out, or
demo/results; writes first_steps.png where you are. Copy it and change what you like.
"""

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

import hw1

results = Path(sys.argv[1] if len(sys.argv) > 1 else "results")

# Is all there that is opened below?
for needed in (
    "checkpoints/mnist_cnn/deep/*.pt",
    "tables/mnist_cnn_metrics.csv",
    "tables/interpolation_lines.csv",
):
    if not list(results.glob(needed)):
        sys.exit(
            f"{results / needed} is not there: `make demo` builds it in demo/results, in minutes;"
            " `snakemake mnist_cnn interpolation` in results, on MNIST"
        )

# A trained network: the deep CNN of seed 0, and the images that it was tested with.
checkpoint = min(results.glob("checkpoints/mnist_cnn/deep/*.pt"))
network = hw1.load(checkpoint, seed=0)
data = np.load(results / "data" / f"{network.settings.dataset.kind}.npz")
image, truth = data["test_inputs"][0], data["test_targets"][0]
answer = network.predict(image[np.newaxis])[0]  # it takes many images, and gives as many labels
print(f"The network of {checkpoint} sees a {answer}; the digit is a {truth}.")

# A table: a row per run and split. Each seed is a training: their spread is what chance does.
metrics = pd.read_csv(results / "tables/mnist_cnn_metrics.csv")
test = metrics[(metrics["split"] == "test") & (metrics["epoch"] == metrics["epoch"].max())]
for variant, accuracies in test.groupby("variant")["accuracy"]:
    mean, spread, seeds = 100 * accuracies.mean(), 100 * accuracies.std(), len(accuracies)
    print(f"Test accuracy, {variant}: {mean:.2f} % ± {spread:.2f} (mean and sd of {seeds} seeds)")

# fig_interp in a style of one's own: the line from network A (0) to B (1), a thin curve per seed.
lines = pd.read_csv(results / "tables/interpolation_lines.csv")
losses = lines[lines["split"] == "test"].pivot_table("loss", index="alpha", columns="seed")
with plt.style.context("ggplot"):
    figure, axes = plt.subplots(figsize=(6, 4), layout="constrained")
    axes.plot(losses, color="tab:blue", linewidth=0.8, alpha=0.4)
    axes.plot(losses.mean(axis=1), color="black", linewidth=2, label="mean of the seeds")
    axes.set(xlabel="from A (0) to B (1)", ylabel="test loss", yscale="log")
    axes.legend()
    figure.savefig("first_steps.png", dpi=150)
print("Figure: first_steps.png")
