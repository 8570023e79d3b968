"""Loss and accuracy on the line between two networks."""

from itertools import combinations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from hw1.drawing import at_top, panels, seeds, spread
from hw1.results import wording

MIDDLE = (0.4, 0.6)  # shaded: about half-way

KIND = {
    "needs": ["classification", "several"],
    "tables": ["lines"],
    "colours": ["train", "test", "guide"],
}


def pairs_of(style: dict) -> list[str]:
    """The table's names for the pairs of variants that are shown."""
    return ["_".join(pair) for pair in combinations(style["datasets"], 2)]


def draw(style: dict, lines: pd.DataFrame) -> Figure:
    """Loss and accuracy along the line between two trainings, a row of panels per pair."""
    shown = lines[lines["variant"].isin(pairs_of(style))]
    pairs = list(shown.groupby("variant", sort=False))
    title = f"On the line between two trainings A and B, {style['dataset']}, {seeds(lines)}"
    figure, axes = panels(len(pairs), 3, (13, 4.2 * len(pairs)), title, squeeze=False)
    for row, (pair, line) in zip(axes, pairs):
        draw_pair(style, line, row)
        if len(pairs) > 1:
            row[0].set_title(pair, loc="left")
    axes[0][0].legend()
    return figure


def draw_pair(style: dict, lines: pd.DataFrame, axes: np.ndarray) -> None:
    """Loss and accuracy on one line, and the accuracy between its ends once more, on three axes."""
    between = lines[(lines["alpha"] >= -0.1) & (lines["alpha"] <= 1.1)]
    for panel, rows_of, column, label, scale in (
        (axes[0], lines, "loss", "cross-entropy (nats)", 1),
        (axes[1], lines, "accuracy", "accuracy (%)", 100),
        (axes[2], between, "accuracy", "accuracy (%), between A and B", 100),
    ):
        for split, line in (("train", "-"), ("test", "--")):
            rows = rows_of[rows_of["split"] == split]
            rows = rows.assign(value=rows[column] * scale)
            colour = style["colours"][split]
            spread(panel, rows, "alpha", "value", colour, ls=line, label=split)
            ends = rows[rows["alpha"].isin((0, 1))].groupby("alpha")["value"].median()
            panel.plot(ends.index, ends, color=colour, lw=0.8, ls=(0, (1, 2)))
        panel.axvspan(*MIDDLE, color=style["colours"]["guide"], alpha=0.13, lw=0, zorder=0)
        for alpha, name in ((0, "A"), (0.5, "½"), (1, "B")):
            panel.axvline(alpha, color=style["colours"]["guide"], lw=1, ls=":")
            look = {"ha": "left", "fontsize": None, "weight": "bold"}
            at_top(panel, alpha, name, (3, -11), color=style["colours"]["guide"], **look)
        panel.set(xlabel=r"$\alpha$ in $(1-\alpha)\,\theta_A + \alpha\,\theta_B$", ylabel=label)
    axes[0].set_yscale("log")


def above_chord(lines: pd.DataFrame) -> pd.DataFrame:
    """How far losses lie above the straight line between those at alpha = 0 and 1: a row per
    variant and seed, a column per alpha from 0 to 1. Rounded, so it is 0 on the line."""
    between = lines[lines["alpha"].between(0, 1)]
    losses = between.pivot(index=["variant", "seed"], columns="alpha", values="loss")
    chord = np.outer(losses[0], 1 - losses.columns) + np.outer(losses[1], losses.columns)
    return (losses - chord).round(9)


def finding(style: dict, lines: pd.DataFrame) -> str:
    """The barrier of the test loss between A and B; the highest one, if there are several pairs."""
    test = lines[(lines["split"] == "test") & lines["variant"].isin(pairs_of(style))]
    above = above_chord(test)
    medians = above.max(axis=1).groupby("variant").median().sort_values(ascending=False)
    pair = medians.index[0]
    rise, where = above.loc[pair].max(axis=1), "A and B" + f" of {pair}" * (len(medians) > 1)
    high = "nowhere lies above the straight line between its ends"
    if not (rise <= 0).all():
        alpha = wording.median(above.loc[pair][rise > 0].idxmax(axis=1))
        high = f"lies up to {wording.median(rise)} above the straight line between its ends, at "
        high += f"alpha {alpha}{wording.in_seeds(rise > 0, ', in {}')}"
    between = test[(test["variant"] == pair) & test["alpha"].between(0, 1)]
    accuracy = 100 * between.pivot(index="seed", columns="alpha", values="accuracy")
    return (
        f"Between {where} the test loss {high}; the lowest accuracy is "
        f"{wording.median(accuracy.min(axis=1), '%')}, at the worse end "
        f"{accuracy[[0, 1]].min(axis=1).median():.2f} %."
    )
