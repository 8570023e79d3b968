"""Loss and accuracy against the number of parameters, and the means of groups of sizes."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke

from hw1.drawing import last_epoch, panels, seeds, spread
from hw1.results import wording

KIND = {
    "needs": ["classification", "sizes_differ"],
    "tables": ["metrics"],
    "colours": ["train", "test", "guide"],
    "settings": {
        "groups": {
            "description": "Lists of variants whose mean is shown, if all are there",
            "type": "array",
            "items": {"type": "array", "minItems": 1, "items": {"type": "string"}},
        }
    },
}


def draw(style: dict, metrics: pd.DataFrame) -> Figure:
    """Loss and accuracy after the last epoch against the number of parameters."""
    final = last_epoch(metrics)
    title = f"Parameters and generalisation, {style['dataset']}, {seeds(final)}"
    figure, axes = panels(1, 2, (9.5, 4.4), title)
    names = final.groupby("parameters")["variant"].first()
    groups = [group for group in style["groups"] if {*group} <= {*final["variant"]}]
    for panel, column, label, scale in (
        (axes[0], "loss", "cross-entropy (nats)", 1),
        (axes[1], "accuracy", "accuracy (%)", 100),
    ):
        for split, line, marker in (("train", "-", "o"), ("test", "--", "s")):
            rows = final[final["split"] == split]
            rows = rows.assign(value=rows[column] * scale)
            look = {"ls": line, "marker": marker, "ms": 5, "label": split}
            spread(panel, rows, "parameters", "value", style["colours"][split], **look)
        for group in groups:
            draw_group(panel, final[final["variant"].isin(group)], column, scale, style["colours"])
        test = final[final["split"] == "test"].groupby("parameters")[column].median() * scale
        apart = 0.1 * np.log(names.index.max() / names.index.min())
        labelled = -np.inf
        for count, name in names.items():
            if np.log(count) < labelled + apart:  # it would cover the one before
                continue
            labelled = np.log(count)
            panel.annotate(
                name,
                (count, test[count]),
                xytext=(0, 7 if column == "loss" else -15),
                textcoords="offset points",
                ha="center",
                fontsize=8,
                path_effects=[withStroke(linewidth=2, foreground="white")],
            )
        panel.set(xscale="log", xlabel="number of parameters", ylabel=label)
        panel.margins(y=0.1)
    axes[0].set_yscale("log")
    if groups:
        look = {"color": style["colours"]["test"], "lw": 4, "alpha": 0.6}
        axes[0].plot([], [], label="test, mean of a group", **look)
    axes[0].legend()
    return figure


def draw_group(panel: Axes, final: pd.DataFrame, column: str, scale: float, colours: dict) -> None:
    """Shade the sizes of a group, and draw its mean on test examples (for losses, the geometric
    mean), as the median over seeds."""
    ends = final["parameters"].min(), final["parameters"].max()
    panel.axvspan(*ends, color=colours["guide"], alpha=0.13, lw=0, zorder=0)
    values = final[final["split"] == "test"].set_index("seed")[column] * scale
    means = values.groupby("seed").mean()
    if column == "loss":
        means = np.exp(np.log(values).groupby("seed").mean())
    panel.plot(
        ends, [means.median()] * 2, color=colours["test"], lw=4, alpha=0.6, solid_capstyle="butt"
    )


def finding(style: dict, metrics: pd.DataFrame) -> str:
    """Test loss and accuracy of the smallest and the largest model, and the best of each."""
    final = last_epoch(metrics)
    test = final[final["split"] == "test"].groupby("parameters")
    loss, accuracy = test["loss"].median(), 100 * test["accuracy"].median()
    names, ways = test["variant"].first(), []
    for values, best, unit in (
        (loss, loss.sort_values().index[0], ""),
        (accuracy, accuracy.sort_values(ascending=False).index[0], "%"),
    ):
        way = wording.change(values.iloc[0], values.iloc[-1], unit)
        value = f"{wording.quantity(values[best], unit)} {unit}".strip()
        ways.append(f"{way}, at best {value} ({names[best]})")
    small, large = (wording.number(loss.index[place]) for place in (0, -1))
    if len(loss) == 1:
        both = f"{wording.number(loss.iloc[0])} and the accuracy {accuracy.iloc[0]:.2f} %"
        return f"With {small} parameters the median test loss is {both}."
    return (
        f"From {small} to {large} parameters the median test loss {ways[0]}; "
        f"the accuracy {ways[1]}."
    )
