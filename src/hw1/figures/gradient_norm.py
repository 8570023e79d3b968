"""Gradient norm and loss during training."""

from itertools import pairwise

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from hw1.drawing import at_top, panels, seeds, spread, whole_numbers
from hw1.results import wording

KIND = {
    "needs": ["one_variant", "classification", "gradient_norm_recorded"],
    "tables": ["history"],
    "colours": ["gradient_norm", "loss", "guide"],
}
RUNNING_MEDIAN_ITERATIONS = 101
WINDOWS = 5  # of the middle third, and of the last


def draw(style: dict, history: pd.DataFrame) -> Figure:
    """Gradient norm and loss of each iteration of one seed, and running medians of all seeds."""
    first = history["seed"].iloc[0]
    title = (
        f"Gradient norm and loss on {style['dataset']}\n"
        f"points: seed {first}; line: running median over {RUNNING_MEDIAN_ITERATIONS} iterations, "
        f"{seeds(history)}"
    )
    figure, axes = panels(2, 1, (7.5, 5.6), title, sharex=True)
    last = history["iteration"].max()
    phases = (
        (1, max(last / 10, 1), "first tenth"),
        (last / 3, 2 * last / 3, "middle third"),
        (0.9 * last, last, "last tenth"),
    )
    for panel, column, colour, label in (
        (axes[0], "gradient_norm", "gradient_norm", "L2 norm of the gradient"),
        (axes[1], "batch_loss", "loss", "cross-entropy (nats)"),
    ):
        run = history[history["seed"] == first]
        # There are thousands of points, so they are an image in the SVG, too.
        points = {"ms": 2, "alpha": 0.35, "color": style["colours"][colour], "rasterized": True}
        panel.plot(run["iteration"], run[column], ".", **points)
        running = history.groupby("seed")[column].transform(
            lambda values: values.rolling(
                min(RUNNING_MEDIAN_ITERATIONS, len(values)), center=True, min_periods=1
            ).median()
        )
        table = history.assign(running=running)
        spread(panel, table, "iteration", "running", style["colours"][colour], lw=2)
        panel.set_ylabel(label)
        panel.set_ylim(bottom=0)
        for start, stop, name in phases if last > 1 else ():
            panel.axvspan(start, stop, color=style["colours"]["guide"], alpha=0.13, lw=0, zorder=0)
            if panel is axes[0]:
                at_top(panel, (start + stop) / 2, name, (0, 2))
    draw_windows(axes[1], history, style["colours"]["loss"])
    axes[1].set_xlabel("iteration")
    whole_numbers(axes[1])
    return figure


def draw_windows(panel: Axes, history: pd.DataFrame, colour: str) -> None:
    """In an inset beside the loss: its mean in equal windows of the middle and the last
    third, as median and range over seeds."""
    third = history["iteration"].max() // 3
    if third < WINDOWS:
        return
    losses = history.pivot(index="seed", columns="iteration", values="batch_loss").to_numpy()
    inset = panel.inset_axes((0.36, 0.42, 0.6, 0.5))
    border = losses.shape[1] - third
    for start, name, side in ((third, "middle third", "right"), (border, "last third", "left")):
        edges = np.linspace(start, start + third, WINDOWS + 1).astype(int)
        means = np.array([losses[:, a:b].mean(axis=1) for a, b in pairwise(edges)])
        inset.stairs(np.median(means, axis=1), edges, color=colour, lw=2, baseline=None)
        steps = {"baseline": means.min(axis=1), "fill": True, "alpha": 0.18, "lw": 0}
        inset.stairs(means.max(axis=1), edges, color=colour, **steps)
        at_top(inset, border, name, (-4 if side == "right" else 4, -10), ha=side)
    inset.axvline(border, color="black", lw=0.8, ls=":")
    inset.set_title(f"mean loss in {WINDOWS} windows of each", fontsize=8)
    inset.tick_params(labelsize=8)


def finding(style: dict, history: pd.DataFrame) -> str:
    """Norm and loss in the first and last tenth: medians over iterations, then over seeds."""
    last, said = history["iteration"].max(), []
    if last == 1:
        norm, loss = (wording.median(history[column]) for column in ("gradient_norm", "batch_loss"))
        return f"At the one iteration the norm of the gradient is {norm} and the loss {loss}."
    for column, name in (("gradient_norm", "norm of the gradient"), ("batch_loss", "loss")):
        early, late = (
            history[part].groupby("seed")[column].median()
            for part in (
                history["iteration"] <= max(last / 10, 1),
                history["iteration"] >= 0.9 * last,
            )
        )
        way = wording.change(early.median(), late.median())
        said.append(f"the {name} {way}{wording.in_seeds(late < early, ' (lower in {})')}")
    return f"From the first tenth of the iterations to the last {' and '.join(said)}."
