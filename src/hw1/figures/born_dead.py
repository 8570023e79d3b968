"""Networks that have a layer without a living unit before training."""

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from hw1.claims.inference import share_interval
from hw1.drawing import MARKERS, count_of_seeds, panels
from hw1.results import wording

KIND = {"needs": ["snapshot_before", "one_width"], "tables": ["dead_units"], "look": ["runs"]}


def born(dead_units: pd.DataFrame) -> pd.DataFrame:
    """Depth and width of each network, and whether a layer of it is dead before training."""
    before = dead_units[dead_units["epoch"] == 0]
    before = before.assign(dead=before["units"] == before["dead_units"])
    return before.groupby(["variant", "seed"]).agg(
        depth=("layer", "max"), width=("units", "max"), dead=("dead", "any")
    )


def draw(style: dict, dead_units: pd.DataFrame) -> Figure:
    """The share of networks born dead against the depth, a line for each width."""
    runs = born(dead_units)
    widths = sorted(runs["width"].unique())
    colours = mpl.colormaps[style["runs"]](np.linspace(0, 0.85, len(widths)))
    title = f"Networks born dead, {style['dataset']}, {count_of_seeds(dead_units)}"
    figure, axes = panels(1, 1, (6.4, 4.2), title)
    for place, width in enumerate(widths):
        counts = runs[runs["width"] == width].groupby("depth")["dead"].agg(["sum", "size"])
        shares = 100 * counts["sum"] / counts["size"]
        bounds = [share_interval(int(dead), int(n)) for dead, n in counts.to_numpy()]
        # Side by side, if several widths have the same depth.
        depths = counts.index * 1.03 ** (place - (len(widths) - 1) / 2)
        bars = np.abs(100 * np.array(bounds).T - shares.to_numpy())
        look = {"fmt": f"{MARKERS[place % len(MARKERS)]}-", "ms": 6, "capsize": 3}
        look |= {"color": colours[place], "label": f"{width} units per layer"}
        axes.errorbar(depths, shares, bars, **look)
    depths = sorted(runs["depth"].unique())
    axes.set_xscale("log", base=2)
    axes.set_xticks(depths, [str(depth) for depth in depths])
    axes.set(xlabel="hidden layers", ylabel="networks with a dead layer (%)")
    axes.set_ylim(0, None)
    axes.legend()
    return figure


def finding(style: dict, dead_units: pd.DataFrame) -> str:
    """Which networks are most rarely and most often born dead."""
    networks = born(dead_units).groupby(["depth", "width"])["dead"]
    said = {
        f"depth {depth}, width {width}": (dead.mean(), f"{dead.sum()} of {len(dead)}")
        for (depth, width), dead in networks
    }
    return f"Networks that have a dead layer before training: {wording.each(said)}."
