"""Paths of trainings through the plane of two principal components."""

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from hw1.drawing import MARKERS, last_epoch, panels
from hw1.results import wording

KIND = {
    "needs": ["classification"],
    "tables": ["pca", "pca_variance", "metrics"],
    "look": ["runs"],
    "settings": {"part": {"description": "What is projected, in words", "type": "string"}},
}


def spaced(values: list[float], gap: float, top: float) -> list[float]:
    """Rising values, moved up where they are nearer than a gap, and down again below the top."""
    found: list[float] = []
    for value in values:
        found.append(max(value, found[-1] + gap) if found else value)
    for place in reversed(range(len(found))):
        limit = top if place == len(found) - 1 else found[place + 1] - gap
        found[place] = min(found[place], limit)
    return found


def draw(
    style: dict, coordinates: pd.DataFrame, variance: pd.DataFrame, metrics: pd.DataFrame
) -> Figure:
    """One path per run through the plane of two principal components, with its snapshots marked.
    Beside the plane stands the test accuracy of each run at each snapshot."""
    test = metrics[metrics["split"] == "test"]
    accuracy = test.set_index(["variant", "seed", "epoch"])["accuracy"] * 100
    runs = list(coordinates.groupby(["variant", "seed"], sort=False))
    epochs = sorted(coordinates["epoch"].unique())
    # Without the palest end, which cannot be seen on white.
    colours = mpl.colormaps[style["runs"]](np.linspace(0, 0.85, len(runs)))
    ratios = variance["explained_variance_ratio"] * 100
    # Points in random directions are all equally far apart, so each component holds as much.
    null = 200 / max(len(runs) - 1, 1)
    rows = (len(runs) + 1) // 2  # of labels on either side
    title = (
        f"PCA of {style['part']}, {'one run' if len(runs) == 1 else f'{len(runs)} runs'} on "
        f"{style['dataset']}\ntwo components: {ratios.sum():.1f} % of the variance"
        + (f" ({len(runs)} independent points: {null:.1f} %)" if len(runs) > 3 else "")
    )
    figure, axes = panels(1, 1, (10, max(5.8, 0.3 * rows + 2)), title)
    ends, names = [], coordinates["variant"].unique()
    for colour, ((variant, seed), path) in zip(colours, runs):
        axes.plot(path["component_1"], path["component_2"], color=colour, lw=1.2)
        for point in path.itertuples():
            marker = MARKERS[epochs.index(point.epoch) % len(MARKERS)]
            axes.plot(point.component_1, point.component_2, marker, color=colour, ms=6, mec="w")
        reached = ", ".join(f"{accuracy[(variant, seed, e)]:.0f}" for e in path["epoch"][:-1])
        last = path.iloc[-1]
        whose = f"seed {seed}" if len(names) == 1 else f"{variant}, seed {seed}"
        label = f"{whose}: {reached + ', ' if reached else ''}" + (
            f"{accuracy[(variant, seed, last['epoch'])]:.1f} %"
        )
        ends.append((last["component_1"], last["component_2"], label, colour))
    axes.margins(x=0.4, y=0.06)  # room for the labels on both sides
    bottom, top = axes.get_ylim()
    # The left half is labelled on the left; each half from below, with lines to the runs' ends.
    ends.sort(key=lambda end: end[0])
    for side, half in enumerate((ends[: len(ends) // 2], ends[len(ends) // 2 :])):
        half.sort(key=lambda end: end[1])
        heights = [(end[1] - bottom) / (top - bottom) for end in half]
        places = spaced(heights, 0.95 / max(rows, 8), 0.98)
        for (x, y, label, colour), height in zip(half, places):
            axes.annotate(
                label,
                (x, y),
                xytext=(0.99 if side else 0.01, height),
                textcoords="axes fraction",
                ha="right" if side else "left",
                va="center",
                fontsize=8,
                color="#333333",
                arrowprops={
                    "arrowstyle": "-", "color": colour, "lw": 0.6, "alpha": 0.7,
                    "relpos": (0 if side else 1, 0.5),
                },
            )  # fmt: skip
    medians = accuracy.groupby("epoch").median()
    handles = [
        Line2D([], [], color="#555555", ls="", marker=MARKERS[index % len(MARKERS)], label=label)
        for index, label in enumerate(
            f"epoch {epoch} (median test accuracy {medians[epoch]:.1f} %)" for epoch in epochs
        )
    ]
    figure.legend(
        handles=handles,
        loc="outside lower center",
        ncols=2,
        title="Beside each run: its test accuracy at each of these epochs",
    )
    axes.set(
        xlabel=f"component 1 ({ratios[0]:.1f} % of the variance)",
        ylabel=f"component 2 ({ratios[1]:.1f} % of the variance)",
    )
    return figure


def finding(
    style: dict, coordinates: pd.DataFrame, variance: pd.DataFrame, metrics: pd.DataFrame
) -> str:
    """What two components hold, what they hold of independent points, and the accuracy."""
    key = ["variant", "seed", "epoch"]
    ends = last_epoch(coordinates)[key].merge(metrics[metrics["split"] == "test"], on=key)
    held, n = 100 * variance["explained_variance_ratio"].sum(), len(last_epoch(coordinates))
    null = f", of {n} independent points {200 / (n - 1):.2f} %" if n > 3 else ""
    accuracy = wording.median(100 * ends["accuracy"], "%")
    return (
        f"Two components hold {held:.2f} % of the variance of {style['part']}{null}; "
        f"the test accuracy at the end is {accuracy}."
    )
