"""Loss and minimal ratio where the gradient vanishes."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from hw1.claims.inference import spearman
from hw1.drawing import MARKERS, colour_of, count_of_seeds, panels, spread
from hw1.results import wording

KIND = {
    "tables": ["critical_points", "critical_points_ratios"],
    "colours": ["guide"],
    "settings": {
        "gradient_norm": {
            "description": "At which norm of the gradient a run counts as arrived",
            "type": "number",
            "exclusiveMinimum": 0,
        },
        "threshold": {
            "description": "One of the analysis's thresholds, above which share of the largest an "
            "eigenvalue counts as positive in the first panel",
            "type": "number",
            "minimum": 0,
        },
    },
}


def draw(style: dict, points: pd.DataFrame, ratios: pd.DataFrame) -> Figure:
    """Loss against minimal ratio, a mark per run, filled if its gradient vanished; the ratio by
    threshold; and how small the gradients became."""
    found = points.merge(ratios, on=["experiment", "variant", "seed"])
    if not np.isclose(found["threshold"], style["threshold"], rtol=1e-9, atol=0).any():
        known = ", ".join(f"{at:g}" for at in found["threshold"].unique())
        raise ValueError(f"threshold: found {style['threshold']:g}, expected one of {known}")
    found["arrived"] = found["gradient_norm"] <= style["gradient_norm"]
    title = f"Where the gradient vanishes, {style['dataset']}, {count_of_seeds(points)}"
    figure, axes = panels(1, 3, (13, 4.6), title)
    for place, (variant, rows) in enumerate(found.groupby("variant", sort=False)):
        colour, marker = colour_of(style, variant, place), MARKERS[place % len(MARKERS)]
        at = rows[np.isclose(rows["threshold"], style["threshold"], rtol=1e-9, atol=0)]
        arrived = at[at["arrived"]]
        name = variant.replace("_", " ")
        label = f"{name}: {len(arrived)} of {len(at)} arrived"
        axes[0].plot(
            100 * at["minimal_ratio"], at["loss"], marker, mfc="none", color=colour, ms=5, alpha=0.6
        )
        axes[0].plot(
            100 * arrived["minimal_ratio"], arrived["loss"], marker, color=colour, ms=5, label=label
        )
        by = rows[rows["arrived"] & (rows["threshold"] > 0)]
        if len(by):
            by = by.assign(percent=100 * by["minimal_ratio"])
            spread(axes[1], by, "threshold", "percent", colour, marker=marker, label=name)
        norms = np.sort(at["gradient_norm"].clip(lower=1e-18))
        axes[2].step(
            norms, 100 * np.arange(1, len(norms) + 1) / len(norms), where="post", color=colour
        )
    axes[0].set(yscale="log", ylabel="training loss")
    axes[0].set_xlabel(
        f"minimal ratio (%): eigenvalues\nabove {style['threshold']:g} of the largest"
    )
    axes[0].legend(fontsize=8)
    axes[1].set(xscale="log", xlabel="threshold, as a share of the largest eigenvalue")
    axes[1].set(ylabel="minimal ratio (%), those that arrived", ylim=(0, 100))
    if not axes[1].lines:
        none = "no run arrived" if not found["arrived"].any() else "no threshold is above 0"
        axes[1].text(0.5, 0.5, none, transform=axes[1].transAxes, ha="center")
    axes[2].set(xscale="log", xlabel="norm of the gradient", ylabel="runs with no larger one (%)")
    axes[2].axvline(style["gradient_norm"], color=style["colours"]["guide"], ls=":", lw=1)
    axes[2].set_ylim(0, 100)
    return figure


def finding(style: dict, points: pd.DataFrame, ratios: pd.DataFrame) -> str:
    """How many runs arrive, and how their losses correlate with the minimal ratio."""
    found = points.merge(ratios, on=["experiment", "variant", "seed"])
    found = found[np.isclose(found["threshold"], style["threshold"], rtol=1e-9, atol=0)]
    counts, correlations = {}, {}
    for variant, rows in found.groupby("variant", sort=False):
        arrived = rows[rows["gradient_norm"] <= style["gradient_norm"]]
        counts[variant] = (len(arrived) / len(rows), f"{len(arrived)} of {len(rows)} runs")
        values = [arrived[column].to_numpy() for column in ("loss", "minimal_ratio")]
        rank = spearman(*values) if len(arrived) > 2 else float("nan")
        correlations[variant] = (rank, f"{rank:.2f}" if len(arrived) > 2 else "unknown")
    return (
        f"The gradient vanishes in {wording.each(counts, 2)}; there the rank correlation of loss "
        f"and minimal ratio is {wording.each(correlations, 2)}."
    )
