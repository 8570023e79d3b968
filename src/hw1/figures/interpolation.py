"""Loss and accuracy on the line between two networks."""

from itertools import combinations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from hw1.drawing import panels, seeds, spread

KIND = {
    "tables": ["lines"],
    "colours": ["train", "test", "guide"],
    "look": [],
    "settings": {},
}


def check(settings, runs, seeds):
    from hw1.requirements import classification

    classification(runs)


def draw(style: dict, lines: pd.DataFrame) -> Figure:
    """Loss and accuracy along the line between two trainings, a row of panels per pair."""
    shown = {"_".join(pair) for pair in combinations(style["datasets"], 2)}
    pairs = [(pair, line) for pair, line in lines.groupby("variant", sort=False) if pair in shown]
    figure, axes = panels(
        len(pairs),
        3,
        (13, 4.2 * len(pairs)),
        f"On the line between two trainings A and B, {style['dataset']}, {seeds(lines)}",
        squeeze=False,
    )
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
        for alpha, name in ((0, "A"), (0.5, "½"), (1, "B")):
            panel.axvline(alpha, color=style["colours"]["guide"], lw=1, ls=":")
            panel.annotate(
                name,
                (alpha, 1),
                xycoords=("data", "axes fraction"),
                xytext=(3, -11),
                textcoords="offset points",
                color=style["colours"]["guide"],
                weight="bold",
            )
        panel.set(xlabel=r"$\alpha$ in $(1-\alpha)\,\theta_A + \alpha\,\theta_B$", ylabel=label)
    axes[0].set_yscale("log")
