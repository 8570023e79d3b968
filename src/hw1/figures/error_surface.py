"""The loss in a plane around trained networks."""

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.contour import ContourSet
from matplotlib.figure import Figure

from hw1.drawing import count_of_seeds, panels
from hw1.results import wording

KIND = {"needs": ["classification"], "tables": ["surface"], "look": ["runs"]}
LEVELS = 14


def levels_of(loss: pd.Series) -> np.ndarray:
    """Levels at equal steps of the logarithm, from the least loss to the largest."""
    low = max(float(loss.min()), 1e-6)
    return np.geomspace(low * 0.999, max(float(loss.max()), low * 1.1) * 1.001, LEVELS)


def contours(panel: Axes, surface: pd.DataFrame, levels: np.ndarray, colours: str) -> ContourSet:
    """Fill a panel with a surface: a row per point, with x, y and loss."""
    grid = surface.pivot(index="y", columns="x", values="loss")
    norm = mpl.colors.LogNorm(levels[0], levels[-1])
    drawn = panel.contourf(
        grid.columns, grid.index, grid.clip(lower=levels[0]), levels, norm=norm, cmap=colours
    )
    panel.grid(False)
    return drawn


def colour_bar(
    figure: Figure, drawn: ContourSet, levels: np.ndarray, axes: list[Axes], **place
) -> None:
    """Show beside some panels what their colours stand for."""
    bar = figure.colorbar(drawn, ax=axes, **place)
    ticks = levels[::3].tolist()
    bar.set_ticks(ticks, labels=[f"{tick:.2g}" for tick in ticks])
    bar.ax.minorticks_off()
    bar.set_label("training cross-entropy (nats)")


def rings(surface: pd.DataFrame) -> pd.DataFrame:
    """The mean loss over all seeds: a row per variant, a column per distance from the network."""
    distance = np.hypot(surface["x"], surface["y"])
    steps = np.array(sorted({abs(x) for x in surface["x"]}))
    ring = steps[np.abs(np.subtract.outer(distance.to_numpy(), steps)).argmin(1)]
    inside = surface.assign(ring=ring)[distance <= steps[-1] + 1e-9]
    means = inside.pivot_table("loss", "variant", "ring", dropna=False, sort=False)
    return means.sort_index(axis=1)


def draw(style: dict, surface: pd.DataFrame) -> Figure:
    """The plane of each variant's first seed, on one scale; and the mean loss over all seeds, by
    the distance from the network."""
    variants = list(surface["variant"].unique())
    seed = surface["seed"].min()
    first = surface[surface["seed"] == seed]
    levels = levels_of(first["loss"])
    title = (
        f"Training loss around networks, {style['dataset']}\nplanes of seed {seed}; "
        f"right: mean of {count_of_seeds(surface)}"
    )
    figure, axes = panels(1, len(variants) + 1, (3.3 * (len(variants) + 1), 4.9), title)
    for panel, variant in zip(axes, variants):
        drawn = contours(panel, first[first["variant"] == variant], levels, style["runs"])
        panel.plot(0, 0, "+", color="white", ms=9)
        panel.set(title=variant.replace("_", " "), aspect="equal")
        panel.set_xlabel("first random direction")
    axes[0].set_ylabel("second random direction")
    colour_bar(figure, drawn, levels, list(axes[:-1]), location="bottom", shrink=0.5)
    means = rings(surface)
    for place, variant in enumerate(variants):
        mean = means.loc[variant].dropna()
        dashes = ("-", "--", ":", "-.")[place % 4]
        axes[-1].plot(mean.index, mean, dashes, color=f"C{place}", label=variant.replace("_", " "))
    axes[-1].set(yscale="log", xlabel="distance", ylabel="mean loss (nats)")
    axes[-1].legend(fontsize=8)
    return figure


def finding(style: dict, surface: pd.DataFrame) -> str:
    """How the mean loss changes from the networks to the farthest distance."""
    means = rings(surface)
    at, *_, far = means.columns
    said = {
        variant: (mean[far] - mean[at], wording.change(mean[at], mean[far]))
        for variant, mean in means.iterrows()
    }
    where = f"From a distance of {wording.number(at)} to {wording.number(far)} from the network"
    return f"{where} the mean training loss {wording.each(said)}."
