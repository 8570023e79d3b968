"""Gradient norm and loss during training."""

import pandas as pd
from matplotlib.figure import Figure

from hw1 import wording
from hw1.drawing import panels, seeds, spread, whole_numbers

KIND = {
    "needs": ["one_variant", "classification"],
    "tables": ["history"],
    "colours": ["gradient_norm", "loss", "guide"],
}
RUNNING_MEDIAN_ITERATIONS = 101


def check(settings, runs, seeds):
    from hw1.requirements import recorded

    recorded(runs, "gradient_norm", True)


def draw(style: dict, history: pd.DataFrame) -> Figure:
    """Gradient norm and loss of each iteration of one seed, and running medians of all seeds."""
    first = history["seed"].iloc[0]
    figure, axes = panels(
        2,
        1,
        (7.5, 5.6),
        f"Gradient norm and loss on {style['dataset']}\n"
        f"points: seed {first}; line: running median over {RUNNING_MEDIAN_ITERATIONS} iterations, "
        f"{seeds(history)}",
        sharex=True,
    )
    last = history["iteration"].max()
    phases = (
        (1, min(50, last), "first 50"),
        (last / 3, 2 * last / 3, "middle third"),
        (0.9 * last, last, "last tenth"),
    )
    for panel, column, colour, label in (
        (axes[0], "gradient_norm", "gradient_norm", "L2 norm of the gradient"),
        (axes[1], "batch_loss", "loss", "cross-entropy (nats)"),
    ):
        run = history[history["seed"] == first]
        # Thousands of points: as an image also in the SVG.
        panel.plot(
            run["iteration"],
            run[column],
            ".",
            ms=2,
            alpha=0.35,
            color=style["colours"][colour],
            rasterized=True,
        )
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
                panel.annotate(
                    name,
                    ((start + stop) / 2, 1),
                    xycoords=("data", "axes fraction"),
                    xytext=(0, 2),
                    textcoords="offset points",
                    ha="center",
                    fontsize=8,
                )
    axes[1].set_xlabel("iteration")
    whole_numbers(axes[1])
    return figure


def finding(style: dict, history: pd.DataFrame) -> str:
    """Norm and loss at first and late, medians over seeds of those over iterations."""
    last, said = history["iteration"].max(), []
    if last == 1:
        norm, loss = (wording.median(history[column]) for column in ("gradient_norm", "batch_loss"))
        return f"At the one iteration the norm of the gradient is {norm} and the loss {loss}."
    for column, name in (("gradient_norm", "norm of the gradient"), ("batch_loss", "loss")):
        early, late = (
            history[part].groupby("seed")[column].median()
            for part in (history["iteration"] <= 50, history["iteration"] >= 0.9 * last)
        )
        way = wording.change(early.median(), late.median())
        said.append(f"the {name} {way}{wording.in_seeds(late < early, ' (lower in {})')}")
    return f"From the first {min(50, last)} iterations to the last tenth {' and '.join(said)}."
