"""Final training loss of every run."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from hw1.drawing import at_top, colour_of, count_of_seeds, last_epoch, row_of_panels
from hw1.results import wording

KIND = {"needs": ["functions"], "tables": ["metrics"], "colours": ["guide"]}


def draw(style: dict, metrics: pd.DataFrame) -> Figure:
    """The final training loss of every seed of each model, beside what a constant achieves."""
    final = last_epoch(metrics)
    final = final[final["split"] == "train"]
    functions = list(dict.fromkeys(style["datasets"].values()))
    title = f"Final training loss of every run, {style['dataset']}, {count_of_seeds(final)}"
    figure, axes = row_of_panels(len(functions), 4.6, 4.4, title)
    for panel, function in zip(axes, functions):
        variants = [name for name, of in style["datasets"].items() if of == function]
        for index, variant in enumerate(variants):
            losses = final[final["variant"] == variant].sort_values("seed")["loss"]
            # Side by side in the order of the seeds, so that equal losses can be counted.
            offsets = np.linspace(-0.3, 0.3, len(losses)) if len(losses) > 1 else [0]
            marks = {"ms": 5, "alpha": 0.75, "mec": "white", "mew": 0.4}
            marks["color"] = colour_of(style, variant, index)
            panel.plot(index + np.array(offsets), losses, "osD"[index % 3], **marks)
        constant = final[final["variant"].isin(variants)]["constant_loss"].iloc[0]
        for index, variant in enumerate(variants):
            losses = final[final["variant"] == variant]["loss"]
            stuck = f"{int((losses > constant / 100).sum())} of {len(losses)}\nabove 1 %"
            at_top(panel, index, stuck, (0, -2), va="top")
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
        bottom, top = panel.get_ylim()
        panel.set_ylim(top=top * (top / bottom) ** 0.15)  # room for the counts
        panel.grid(axis="x", visible=False)
    axes[0].set_ylabel("mean squared error")
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
    return figure


def finding(style: dict, metrics: pd.DataFrame) -> str:
    """How many runs of each model end above 1 % of what a constant achieves."""
    final = last_epoch(metrics)
    final = final[final["split"] == "train"]
    above = (final["loss"] > final["constant_loss"] / 100).groupby(final["variant"], sort=False)
    said = {name: (runs.mean(), f"{runs.sum()} of {len(runs)}") for name, runs in above}
    return f"Runs that end above 1 % of the best constant's loss: {wording.each(said, 6)}."
