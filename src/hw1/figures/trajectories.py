"""Paths of trainings through the plane of two principal components."""

import matplotlib as mpl
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from hw1.drawing import MARKERS, panels

KIND = {
    "tables": ["pca", "pca_variance", "metrics"],
    "colours": [],
    "look": ["runs"],
    "settings": {"part": {"description": "What is projected, in words", "type": "string"}},
}


def check(settings, runs, seeds):
    from hw1.requirements import classification

    classification(runs)


def draw(
    style: dict, coordinates: pd.DataFrame, variance: pd.DataFrame, metrics: pd.DataFrame
) -> Figure:
    """One path per run through the plane of two principal components, snapshots marked."""
    test = metrics[metrics["split"] == "test"]
    accuracy = test.set_index(["variant", "seed", "epoch"])["accuracy"] * 100
    centre = coordinates[["component_1", "component_2"]].mean()
    runs = list(coordinates.groupby(["variant", "seed"], sort=False))
    epochs = sorted(coordinates["epoch"].unique())
    colours = mpl.colormaps[style["runs"]].resampled(max(len(runs), 2))
    ratios = variance["explained_variance_ratio"] * 100
    # Points in random directions are all as far from each other: each component holds as much.
    null = 200 / max(len(runs) - 1, 1)
    figure, axes = panels(
        1,
        1,
        (7.5, 5.8),
        f"PCA of {style['part']}, {'one run' if len(runs) == 1 else f'{len(runs)} runs'} on "
        f"{style['dataset']}\ntwo components: {ratios.sum():.1f} % of the variance"
        + (f" ({len(runs)} independent points: {null:.1f} %)" if len(runs) > 3 else ""),
    )
    for index, ((variant, seed), path) in enumerate(runs):
        axes.plot(path["component_1"], path["component_2"], color=colours(index), lw=1.2)
        for point in path.itertuples():
            marker = MARKERS[epochs.index(point.epoch) % len(MARKERS)]
            axes.plot(
                point.component_1, point.component_2, marker, color=colours(index), ms=6, mec="w"
            )
        # The label stands on the side that faces away from the other runs.
        last = path.iloc[-1]
        x, y = last["component_1"], last["component_2"]
        right, up = x >= centre["component_1"], y >= centre["component_2"]
        axes.annotate(
            f"seed {seed}: {accuracy[(variant, seed, last['epoch'])]:.1f} %",
            (x, y),
            xytext=(7 if right else -7, 4 if up else -4),
            textcoords="offset points",
            ha="left" if right else "right",
            va="bottom" if up else "top",
            fontsize=8,
            color="#333333",
        )
    medians = accuracy.groupby("epoch").median()
    handles = [
        Line2D(
            [],
            [],
            color="#555555",
            ls="",
            marker=MARKERS[index % len(MARKERS)],
            label=f"epoch {epoch} (test accuracy {medians[epoch]:.1f} %)",
        )
        for index, epoch in enumerate(epochs)
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=2)
    axes.set(
        xlabel=f"component 1 ({ratios[0]:.1f} % of the variance)",
        ylabel=f"component 2 ({ratios[1]:.1f} % of the variance)",
    )
    axes.margins(x=0.2, y=0.1)  # room for the labels
    return figure
