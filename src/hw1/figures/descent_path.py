"""The way of a training down the loss, in the plane that mostly holds it."""

import pandas as pd
from matplotlib.figure import Figure

from hw1.drawing import count_of_seeds, row_of_panels
from hw1.figures.error_surface import colour_bar, contours, levels_of
from hw1.results import wording

KIND = {
    "needs": ["classification"],
    "tables": ["descent", "descent_path", "descent_variance"],
    "look": ["runs"],
}
SHOWN = 2  # runs


def draw(style: dict, surface: pd.DataFrame, path: pd.DataFrame, variance: pd.DataFrame) -> Figure:
    """A panel for each of the first two runs: the loss in the plane of its snapshots' principal
    components, and the snapshots projected on it, by their epochs."""
    runs = list(path.groupby(["variant", "seed"], sort=False))[:SHOWN]
    title = f"Descent, {style['dataset']}, {len(runs)} of {count_of_seeds(path)}"
    figure, axes = row_of_panels(len(runs), 5.4, 5, title)
    keys = [key for key, _ in runs]
    shown = surface.set_index(["variant", "seed"]).loc[keys].reset_index()
    levels = levels_of(shown["loss"])
    shares = variance.set_index(["variant", "seed", "component"])["explained_variance_ratio"]
    for panel, ((variant, seed), way) in zip(axes, runs):
        own = shown[(shown["variant"] == variant) & (shown["seed"] == seed)]
        drawn = contours(panel, own, levels, style["runs"])
        panel.plot(way["x"], way["y"], "o-", color="white", ms=4, lw=1, mec="black", mew=0.5)
        for point in way.itertuples():
            panel.annotate(
                str(point.epoch), (point.x, point.y), xytext=(5, 4), color="white", fontsize=8,
                textcoords="offset points",
            )  # fmt: skip
        first, second = (100 * shares[variant, seed, number] for number in (1, 2))
        panel.set(
            title=f"{variant}, seed {seed}: the plane holds {first + second:.1f} %\n"
            "of the variance of the way; numbers are epochs",
            xlabel=f"component 1 ({first:.1f} %)",
            ylabel=f"component 2 ({second:.1f} %)",
        )
        panel.title.set_fontsize(10)
    colour_bar(figure, drawn, levels, list(axes), location="right", shrink=0.8)
    return figure


def finding(style: dict, surface: pd.DataFrame, path: pd.DataFrame, variance: pd.DataFrame) -> str:
    """How flat the way of a run is, and how the loss changes on it."""
    shares = variance.groupby(["variant", "seed"])["explained_variance_ratio"].sum()
    way = path.groupby(["variant", "seed"])["loss"]
    return (
        f"The plane of two components holds {wording.median(100 * shares, '%')} of the variance "
        "of a run's way, on which the training loss "
        f"{wording.change(way.first().median(), way.last().median())}."
    )
