"""Training loss of fitted functions."""

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from hw1.drawing import (
    by_variant,
    colour_of,
    count_of_seeds,
    last_epoch,
    row_of_panels,
    whole_numbers,
)

KIND = {"needs": ["functions"], "tables": ["history", "metrics"]}


def draw(style: dict, history: pd.DataFrame, metrics: pd.DataFrame) -> Figure:
    """Training MSE per epoch of every seed, a panel for each model of one function, and the median.

    Every seed is drawn, since runs of one model end at losses orders of magnitude apart: a band
    would hide that they fall into groups.
    """
    parameters = metrics.groupby("variant")["parameters"].first()
    variants = list(history.groupby("variant", sort=False))
    count = count_of_seeds(history)
    title = f"Training loss on {style['dataset']}, {count}"
    figure, axes = row_of_panels(len(variants), 3.6, 3.8, title, sharex=True, sharey=True)
    for index, (panel, (variant, runs)) in enumerate(zip(axes, variants)):
        colour = colour_of(style, variant, index)
        for _, run in runs.groupby("seed"):
            # Each line has thousands of points, so it is an image in the SVG, too.
            panel.plot(
                run["epoch"], run["batch_loss"], color=colour, lw=0.6, alpha=0.4, rasterized=True
            )
        median = runs.groupby("epoch")["batch_loss"].median()
        # A light seam makes it visible among the runs.
        panel.plot(median.index, median, color="white", lw=3.5)
        panel.plot(median.index, median, color="black")
        label = variant.rsplit("_", 1)[-1]
        panel.set(title=f"{label}, {parameters[variant]} parameters", xlabel="epoch", yscale="log")
    axes[0].set_ylabel("mean squared error")
    axes[0].set_xlim(0, history["epoch"].max())
    whole_numbers(axes[0])
    handles = [
        Line2D([], [], color="black", label="median"),
        Line2D([], [], color="grey", alpha=0.6, lw=0.8, label="one seed"),
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=2)
    return figure


def finding(style: dict, history: pd.DataFrame, metrics: pd.DataFrame) -> str:
    """The loss in the last epoch, model by model."""
    losses = by_variant(last_epoch(history), "batch_loss")
    return f"The median mean squared error in the last epoch is {losses}."
