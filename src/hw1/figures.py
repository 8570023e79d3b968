"""The figures: tables in, matplotlib figures out.

Each function takes `style` (dpi, dataset, colours by name, options of that figure) and the tables
that it draws. Where a table holds several seeds, a line is their median and a band goes from
their minimum to their maximum; the figure says so, and names the data set.
"""

import os
import textwrap
from collections.abc import Iterator
from contextlib import chdir, contextmanager
from math import log as ln
from pathlib import Path

import numpy as np
import pandas as pd

from hw1.files import replacing

with chdir(Path(__file__).parent):  # not a matplotlibrc that lies where the user stands
    import matplotlib as mpl
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D
    from matplotlib.patheffects import withStroke

RC = {
    "font.size": 10,
    "axes.titlesize": 11,
    "axes.grid": True,
    "grid.color": "#dddddd",
    "grid.linewidth": 0.6,
    "axes.axisbelow": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "lines.linewidth": 1.6,
    "legend.frameon": False,
    "figure.constrained_layout.use": True,
    "savefig.bbox": "standard",
    "svg.hashsalt": "hw1",  # the same figure gives the same bytes
}
RUNNING_MEDIAN_ITERATIONS = 101
MARKERS = "osD^vP*X"
# Told apart without colour as well.
VERDICT_MARKERS = {"confirmed": "o", "refuted": "X", "inconclusive": "D", "not enough seeds": "s"}


@contextmanager
def house_style() -> Iterator[None]:
    """matplotlib's own defaults and RC over them, whatever a user's settings are."""
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(RC)
        yield


def draw(name: str, style: dict, tables: list[pd.DataFrame]) -> Figure:
    """Draw the figure that the function called `name` in this module draws."""
    # A dollar sign in a title is none of mathematics.
    style = style | {"dataset": style["dataset"].replace("$", r"\$")}
    with house_style():
        return globals()[name](style, *tables)


def save(figure: Figure, png: str | os.PathLike, svg: str | os.PathLike, dpi: int) -> None:
    """Write `figure` as PNG and as SVG; the same figure gives the same bytes."""
    with house_style():
        for path, metadata in ((png, {"Software": None}), (svg, {"Date": None})):
            with replacing(path) as temporary:
                figure.savefig(temporary, dpi=dpi, metadata=metadata)


def count_of_seeds(table: pd.DataFrame) -> str:
    """How many seeds a table holds."""
    n = table["seed"].nunique()
    return "one seed" if n == 1 else f"{n} seeds"


def seeds(table: pd.DataFrame) -> str:
    """How many seeds a table holds, and so what its lines and bands are."""
    count = count_of_seeds(table)
    return count if count == "one seed" else f"median and range of {count}"


def one_variant(table: pd.DataFrame) -> None:
    """Raise ValueError where a table holds several variants and a figure has room for one."""
    variants = list(table["variant"].unique())
    if len(variants) > 1:
        raise ValueError(
            f"this figure shows one variant, found {', '.join(variants)}: "
            "give the others an experiment of their own"
        )


def last_epoch(metrics: pd.DataFrame) -> pd.DataFrame:
    """The rows of the last epoch of each run."""
    last = metrics.groupby(["variant", "seed"])["epoch"].transform("max")
    return metrics[metrics["epoch"] == last]


def spread(axes: Axes, table: pd.DataFrame, x: str, y: str, colour: str, **line) -> None:
    """Draw the median of `y` over seeds against `x`, and its range as a band."""
    over_seeds = table.groupby(x)[y]
    median = over_seeds.median()
    axes.plot(median.index, median, color=colour, **line)
    if table["seed"].nunique() > 1:
        axes.fill_between(
            median.index, over_seeds.min(), over_seeds.max(), color=colour, alpha=0.18, lw=0
        )


def panels(rows: int, columns: int, size: tuple[float, float], title: str, **shared):
    """A figure of rows x columns axes under one title; size in inches."""
    figure = Figure(figsize=size)
    figure.suptitle(title, fontsize=12)
    return figure, figure.subplots(rows, columns, **shared)


def colour_of(style: dict, variant: str, index: int) -> str:
    """The colour of the model size that a variant's name ends with, else one of the cycle's."""
    return style["colours"].get(variant.rsplit("_", 1)[-1], f"C{index}")


def function_loss(style: dict, history: pd.DataFrame, metrics: pd.DataFrame) -> Figure:
    """Training MSE per epoch of every seed of each model of one function, and their median.

    Every seed is drawn, since runs of one model end at losses orders of magnitude apart: a band
    would hide that they fall into groups.
    """
    history = history[history["variant"].isin(style["variants"])]
    parameters = metrics.groupby("variant")["parameters"].first()
    count = count_of_seeds(history)
    figure, axes = panels(
        1,
        1,
        (7.5, 4.8),
        f"Training loss on {style['dataset']}\n"
        + (count if count == "one seed" else f"thick: median, thin: each of {count}"),
    )
    for index, (variant, runs) in enumerate(history.groupby("variant", sort=False)):
        colour = colour_of(style, variant, index)
        for _, run in runs.groupby("seed"):
            # Thousands of points a line: as an image also in the SVG.
            axes.plot(
                run["epoch"], run["batch_loss"], color=colour, lw=0.6, alpha=0.4, rasterized=True
            )
        median = runs.groupby("epoch")["batch_loss"].median()
        label = f"{variant.rsplit('_', 1)[-1]} ({parameters[variant]} parameters)"
        axes.plot(median.index, median, color=colour, lw=2, label=label)
    axes.set(xlabel="epoch", ylabel="mean squared error", yscale="log")
    axes.set_xlim(0, history["epoch"].max())
    figure.legend(loc="outside lower center", ncols=3, fontsize=9, columnspacing=1.2)
    return figure


def function_fit(style: dict, predictions: pd.DataFrame) -> Figure:
    """The prediction of every seed, and their median, over the true function."""
    variants = list(predictions.groupby("variant", sort=False))
    figure, axes = panels(
        1,
        len(variants),
        (3.6 * len(variants), 3.8),
        f"Fit of {style['dataset']}, {count_of_seeds(predictions)}",
        sharex=True,
        sharey=True,
        squeeze=False,
    )
    low, high = predictions["target"].min(), predictions["target"].max()
    margin = 0.35 * (high - low)
    for index, (panel, (variant, runs)) in enumerate(zip(axes[0], variants)):
        colour = colour_of(style, variant, index)
        for _, run in runs.groupby("seed"):
            panel.plot(run["x"], run["prediction"], color=colour, alpha=0.3, lw=0.8)
        median = runs.groupby("x")["prediction"].median()
        target = runs.groupby("x")["target"].first()
        panel.plot(target.index, target, color=style["colours"]["truth"], ls="--", lw=1.2)
        panel.plot(median.index, median, color=colour)
        panel.set(title=variant.rsplit("_", 1)[-1], xlabel="x", ylim=(low - margin, high + margin))
    axes[0][0].set_ylabel("y")
    grey = style["colours"]["truth"]
    handles = [
        Line2D([], [], color=grey, ls="--", lw=1.2, label="true function"),
        Line2D([], [], color=grey, label="median prediction"),
        Line2D([], [], color=grey, alpha=0.4, lw=0.8, label="prediction of one seed"),
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=3)
    return figure


def training_curves(style: dict, history: pd.DataFrame) -> Figure:
    """Training and test loss or accuracy per epoch of each variant."""
    measure = style["measure"]
    scale = 100 if measure == "accuracy" else 1
    figure, axes = panels(
        1, 1, (7, 4.4), f"{measure.capitalize()} on {style['dataset']}\n{seeds(history)}"
    )
    for index, (variant, runs) in enumerate(history.groupby("variant", sort=False)):
        colour = colour_of(style, variant, index)
        for split, line, name in (("batch", "-", "training"), ("test", "--", "test")):
            values = runs.assign(value=runs[f"{split}_{measure}"] * scale)
            marker = "o" if split == "batch" else "s"
            spread(
                axes,
                values,
                "epoch",
                "value",
                colour,
                ls=line,
                marker=marker,
                ms=4,
                label=f"{variant}, {name}",
            )
    if measure == "loss":
        axes.set(yscale="log", ylabel="cross-entropy (nats)")
    else:
        axes.set(ylabel="accuracy (%)")
    axes.set_xlabel("epoch (training: mean over the epoch's mini-batches; test: at its end)")
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.legend()
    return figure


def trajectories(
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


def gradient_norm(style: dict, history: pd.DataFrame) -> Figure:
    """Gradient norm and loss of each iteration of one seed, and running medians of all seeds."""
    one_variant(history)
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
    axes[1].set_xlabel("iteration")
    return figure


def interpolation(style: dict, lines: pd.DataFrame) -> Figure:
    """Loss and accuracy along the line between two trainings."""
    figure, axes = panels(
        1,
        2,
        (9.5, 4.2),
        f"On the line between two trainings A and B, {style['dataset']}, {seeds(lines)}",
    )
    for panel, column, label, scale in (
        (axes[0], "loss", "cross-entropy (nats)", 1),
        (axes[1], "accuracy", "accuracy (%)", 100),
    ):
        for split, line in (("train", "-"), ("test", "--")):
            rows = lines[lines["split"] == split]
            rows = rows.assign(value=rows[column] * scale)
            colour = style["colours"][split]
            spread(panel, rows, "alpha", "value", colour, ls=line, label=split)
        for alpha, name in ((0, "A"), (1, "B")):
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
    axes[0].legend()
    return figure


def parameters(style: dict, metrics: pd.DataFrame) -> Figure:
    """Loss and accuracy after the last epoch against the number of parameters."""
    final = last_epoch(metrics)
    figure, axes = panels(
        1,
        2,
        (9.5, 4.4),
        f"Parameters and generalisation, {style['dataset']}, {seeds(final)}",
    )
    names = final.groupby("parameters")["variant"].first()
    for panel, column, label, scale in (
        (axes[0], "loss", "cross-entropy (nats)", 1),
        (axes[1], "accuracy", "accuracy (%)", 100),
    ):
        for split, line, marker in (("train", "-", "o"), ("test", "--", "s")):
            rows = final[final["split"] == split]
            rows = rows.assign(value=rows[column] * scale)
            colour = style["colours"][split]
            spread(
                panel,
                rows,
                "parameters",
                "value",
                colour,
                ls=line,
                marker=marker,
                ms=5,
                label=split,
            )
        test = final[final["split"] == "test"].groupby("parameters")[column].median() * scale
        for count, name in names.items():
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
    axes[0].legend()
    return figure


def random_labels(style: dict, history: pd.DataFrame) -> Figure:
    """Loss and accuracy per epoch on random training labels and on the true test labels."""
    one_variant(history)
    figure, axes = panels(
        1,
        2,
        (9.5, 4.2),
        f"Training on random labels, {style['dataset']}, {seeds(history)}",
    )
    for panel, column, label, scale, chance in (
        (axes[0], "loss", "cross-entropy (nats)", 1, ln(10)),
        (axes[1], "accuracy", "accuracy (%)", 100, 10),
    ):
        for split, name, line, marker in (
            ("train", "train (random labels)", "-", "o"),
            ("test", "test (true labels)", "--", "s"),
        ):
            rows = history.assign(value=history[f"{split}_{column}"] * scale)
            colour = style["colours"][split]
            spread(panel, rows, "epoch", "value", colour, ls=line, marker=marker, ms=4, label=name)
        panel.axhline(
            chance, color=style["colours"]["guide"], lw=1, ls=":", label="guessing at random"
        )
        panel.set(xlabel="epoch", ylabel=label)
        panel.ticklabel_format(axis="y", useOffset=False)
        panel.xaxis.get_major_locator().set_params(integer=True)
    axes[0].legend()
    return figure


def collapse(style: dict, metrics: pd.DataFrame) -> Figure:
    """The final training loss of every seed of each model, beside what a constant achieves."""
    final = last_epoch(metrics)
    functions = list(dict.fromkeys(variant.split("_", 1)[0] for variant in style["variants"]))
    figure, axes = panels(
        1,
        len(functions),
        (4.6 * len(functions), 4.4),
        f"Final training loss of every run, {style['dataset']}, {count_of_seeds(final)}",
        squeeze=False,
    )
    for panel, function in zip(axes[0], functions):
        variants = [name for name in style["variants"] if name.split("_", 1)[0] == function]
        for index, variant in enumerate(variants):
            losses = final[final["variant"] == variant].sort_values("seed")["loss"]
            # Side by side in the order of the seeds, so that equal losses can be counted.
            offsets = np.linspace(-0.3, 0.3, len(losses)) if len(losses) > 1 else [0]
            panel.plot(
                index + np.array(offsets),
                losses,
                "osD"[index % 3],
                ms=5,
                alpha=0.75,
                mec="white",
                mew=0.4,
                color=colour_of(style, variant, index),
            )
        constant = final[final["variant"].isin(variants)]["constant_loss"].iloc[0]
        guides = ((constant, "best constant prediction"), (constant / 100, "1 % of it"))
        for (height, label), line in zip(guides, ("--", ":")):
            panel.axhline(height, color=style["colours"]["guide"], lw=1.2, ls=line, label=label)
        panel.set(
            title=function,
            yscale="log",
            xticks=range(len(variants)),
            xticklabels=[name.rsplit("_", 1)[-1] for name in variants],
        )
        panel.set_xlim(-0.6, len(variants) - 0.4)
        panel.grid(axis="x", visible=False)
    axes[0][0].set_ylabel("mean squared error")
    handles, labels = axes[0][0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=2)
    return figure


def claims(style: dict, parts: pd.DataFrame) -> Figure:
    """One row per claim, one line per part: effect, interval and the numbers that confirm it."""
    lines = [
        (claim, rows[rows["effect"].notna()]) for claim, rows in parts.groupby("claim", sort=False)
    ]
    height = sum(max(len(rows), 1) for _, rows in lines)
    figure, axes = panels(
        1,
        1,
        (10, 1.9 + 0.24 * height),
        f"What the runs say about each claim of the report\n{style['dataset']}",
    )
    y, ticks, labels = 0, [], []
    for index, (claim, rows) in enumerate(lines):
        verdict = parts[parts["claim"] == claim]["claim_verdict"].iloc[0]
        top = y - 0.5
        for part in rows.itertuples():
            colour = style["colours"][part.verdict.replace(" ", "_")]
            axes.plot([part.effect_low, part.effect_high], [y, y], color=colour, lw=2)
            axes.plot(part.effect, y, VERDICT_MARKERS[part.verdict], color=colour, ms=6, mec="w")
            for bound in (part.confirmed_above, part.confirmed_below):
                axes.plot(bound, y, "|", color=style["colours"]["truth"], ms=9, mew=1.3, zorder=4)
            ticks.append(y)
            labels.append(textwrap.shorten(part.measure, 80, placeholder=" ..."))
            y += 1
        if rows.empty:
            ticks.append(y)
            measures = parts[parts["claim"] == claim]["measure"]
            labels.append(textwrap.shorten(measures.iloc[0], 80, placeholder=" ..."))
            y += 1
        if index % 2:
            axes.axhspan(top, y - 0.5, color="#f4f4f4", lw=0, zorder=0)
        middle = (top + y - 0.5) / 2
        colour = style["colours"][verdict.replace(" ", "_")]
        transform = axes.get_yaxis_transform()
        axes.plot(
            1.03,
            middle,
            VERDICT_MARKERS[verdict],
            color=colour,
            ms=8,
            mec="w",
            transform=transform,
            clip_on=False,
        )
        axes.text(
            1.05,
            middle,
            f"{claim}  {verdict}",
            color=colour,
            weight="bold",
            va="center",
            fontsize=9,
            transform=transform,
        )
    axes.set_xscale("symlog", linthresh=2, linscale=1.2)
    axes.xaxis.set_major_formatter("{x:g}")
    axes.axvline(0, color=style["colours"]["guide"], lw=1)
    axes.set_yticks(ticks, labels, fontsize=8)
    axes.set_ylim(y - 0.5, -0.5)
    axes.grid(axis="y", visible=False)
    axes.set_xlabel(
        "effect in units of its smallest effect of interest (0: none; to the right: as claimed)"
    )
    handles = [
        Line2D(
            [],
            [],
            color=style["colours"][verdict.replace(" ", "_")],
            marker=marker,
            lw=2,
            ms=7,
            mec="w",
            label=verdict,
        )
        for verdict, marker in VERDICT_MARKERS.items()
    ]
    handles.append(
        Line2D(
            [],
            [],
            color=style["colours"]["truth"],
            marker="|",
            ls="",
            ms=9,
            label="what confirms (two: a range)",
        )
    )
    figure.legend(
        handles=handles, loc="outside lower center", ncols=5, fontsize=9, columnspacing=1.2
    )
    return figure
