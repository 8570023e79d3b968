"""Training loss of fitted functions."""

import pandas as pd
from matplotlib.figure import Figure

from hw1.drawing import colour_of, count_of_seeds, panels

KIND = {"tables": ["history", "metrics"], "colours": [], "look": [], "settings": {}}


def check(settings, runs, seeds):
    from hw1.requirements import functions

    functions(runs)


def draw(style: dict, history: pd.DataFrame, metrics: pd.DataFrame) -> Figure:
    """Training MSE per epoch of every seed of each model of one function, and their median.

    Every seed is drawn, since runs of one model end at losses orders of magnitude apart: a band
    would hide that they fall into groups.
    """
    parameters = metrics.groupby("variant")["parameters"].first()
    count = count_of_seeds(history)
    figure, axes = panels(
        1,
        1,
        (7.5, 4.8),
        f"Training loss on {style['dataset']}\n"
        + (count if count == "one seed" else f"thick: median, thin: each of {count}"),
    )
    for index, (variant, runs) in enumerate(history.groupby("variant", sort=False)):
        colour = colour_of(style, variant, index)
        for _, run in runs.groupby("seed"):
            # Thousands of points a line: as an image also in the SVG.
            axes.plot(
                run["epoch"], run["batch_loss"], color=colour, lw=0.6, alpha=0.4, rasterized=True
            )
        median = runs.groupby("epoch")["batch_loss"].median()
        label = f"{variant.rsplit('_', 1)[-1]} ({parameters[variant]} parameters)"
        axes.plot(median.index, median, color=colour, lw=2, label=label)
    axes.set(xlabel="epoch", ylabel="mean squared error", yscale="log")
    axes.set_xlim(0, history["epoch"].max())
    figure.legend(loc="outside lower center", ncols=3, fontsize=9, columnspacing=1.2)
    return figure
