"""Loss or accuracy by epoch, on training and test images, and its mean over the recorded epochs."""

import pandas as pd
from matplotlib.figure import Figure

from hw1.drawing import (
    MARKERS,
    by_variant,
    colour_of,
    last_epoch,
    panels,
    seeds,
    spread,
    whole_numbers,
)

KIND = {
    "needs": ["classification", "test_recorded"],
    "tables": ["history"],
    "settings": {"measure": {"enum": ["loss", "accuracy"]}},
}


def draw(style: dict, history: pd.DataFrame) -> Figure:
    """Training and test loss or accuracy per epoch of each variant."""
    measure = style["measure"]
    scale = 100 if measure == "accuracy" else 1
    title = f"{measure.capitalize()} on {style['dataset']}, {seeds(history)}"
    figure, axes = panels(1, 2, (11, 4.4), title, width_ratios=(3, 2))
    variants = list(history["variant"].unique())
    late = history["epoch"] > history["epoch"].max() * 0.6
    for panel, shown in ((axes[0], history), (axes[1], history[late])):
        for variant, runs in shown.groupby("variant", sort=False):
            index = variants.index(variant)
            colour = colour_of(style, variant, index)
            for split, line, name in (("batch", "-", "training"), ("test", "--", "test")):
                values = runs.assign(value=runs[f"{split}_{measure}"] * scale)
                # Markers tell lines apart in grey, too.
                marker = MARKERS[(2 * index + (split == "test")) % len(MARKERS)]
                shape = {"ls": line, "marker": marker, "ms": 4, "label": f"{variant}, {name}"}
                spread(panel, values, "epoch", "value", colour, **shape)
            if panel is axes[0]:
                mean = runs.groupby("seed")[f"batch_{measure}"].mean().median() * scale
                label = f"{variant}, mean of the training curve"
                panel.axhline(mean, color=colour, lw=1, ls=":", zorder=1, label=label)
        panel.set_yscale("log" if measure == "loss" else "linear")
        whole_numbers(panel)
        panel.set_xlabel("epoch")
    axes[0].set_ylabel("cross-entropy (nats)" if measure == "loss" else "accuracy (%)")
    axes[0].set_title("training: mean over an epoch's mini-batches; test: at its end", fontsize=9)
    axes[1].set_title("the last epochs", fontsize=9)
    axes[0].legend()
    return figure


def finding(style: dict, history: pd.DataFrame) -> str:
    """Training and test loss or accuracy in the last epoch, and the training curve's mean, variant
    by variant."""
    measure, unit = style["measure"], "%" if style["measure"] == "accuracy" else ""
    final = last_epoch(history)
    columns = [f"{split}_{measure}" for split in ("batch", "test")]
    final = final.assign(**(final[columns] * (100 if unit else 1)))
    train, test = (by_variant(final, column, unit, most=2) for column in columns)
    means = history.groupby(["variant", "seed"], sort=False)[columns[0]].mean().reset_index()
    mean = by_variant(
        means.assign(**{columns[0]: means[columns[0]] * (100 if unit else 1)}),
        columns[0],
        unit,
        most=2,
    )
    return (
        f"In the last epoch the median training {measure} is {train}, "
        f"the median test {measure} {test}. Over the recorded epochs the training {measure} is "
        f"{mean}."
    )
