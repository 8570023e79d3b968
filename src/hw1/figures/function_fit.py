"""Predictions of fitted functions."""

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from hw1.drawing import colour_of, count_of_seeds, row_of_panels
from hw1.results import wording

KIND = {"needs": ["functions"], "tables": ["predictions"], "colours": ["truth"]}


def draw(style: dict, predictions: pd.DataFrame) -> Figure:
    """The prediction of every seed, and their median, over the true function."""
    variants = list(predictions.groupby("variant", sort=False))
    title = f"Fit of {style['dataset']}, {count_of_seeds(predictions)}"
    figure, axes = row_of_panels(len(variants), 3.6, 3.8, title, sharex=True, sharey=True)
    low, high = predictions["target"].min(), predictions["target"].max()
    margin = 0.35 * (high - low)
    for index, (panel, (variant, runs)) in enumerate(zip(axes, variants)):
        colour = colour_of(style, variant, index)
        for _, run in runs.sort_values("x", kind="stable").groupby("seed"):
            panel.plot(run["x"], run["prediction"], color=colour, alpha=0.3, lw=0.8)
        median = runs.groupby("x")["prediction"].median()
        target = runs.groupby("x")["target"].first()
        panel.plot(target.index, target, color=style["colours"]["truth"], ls="--", lw=1.2)
        panel.plot(median.index, median, color=colour)
        panel.set(title=variant.rsplit("_", 1)[-1], xlabel="x")
        if margin > 0:
            panel.set_ylim(low - margin, high + margin)
    axes[0].set_ylabel("y")
    grey = style["colours"]["truth"]
    handles = [
        Line2D([], [], color=grey, ls="--", lw=1.2, label="true function"),
        Line2D([], [], color=grey, label="median prediction"),
        Line2D([], [], color=grey, alpha=0.4, lw=0.8, label="prediction of one seed"),
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=3)
    return figure


def finding(style: dict, predictions: pd.DataFrame) -> str:
    """The error of each model, and how many of its runs are flat."""
    off = (predictions["prediction"] - predictions["target"]) ** 2
    runs, ends = predictions.assign(off=off).groupby(["variant", "seed"]), ["prediction", "target"]
    spans = runs[ends].max() - runs[ends].min()
    flat, errors, said = spans["prediction"] < spans["target"] / 2, runs["off"].mean(), {}
    for name in predictions["variant"].unique():
        error, count = errors[name].median(), f"{flat[name].sum()} of {len(flat[name])}"
        said[name] = (error, f"{wording.number(error)} ({count} flat)")
    return (
        f"The median mean squared error is {wording.each(said)}; flat runs span less than half of "
        "the function's range."
    )
