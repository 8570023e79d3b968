"""How far apart runs are, epoch by epoch."""

import pandas as pd
from matplotlib.figure import Figure

from hw1 import wording
from hw1.drawing import MARKERS, colour_of, panels, spread

KIND = {
    "tables": ["distances"],
    "settings": {"part": {"description": "Between what the distances are", "type": "string"}},
}
LABELS = {
    "distance": "as trained",
    "aligned_distance": "units aligned",
    "independent_distance": "if they moved independently",
}


def draw(style: dict, distances: pd.DataFrame) -> Figure:
    """The median over pairs of runs, and their range, of each kind of distance that the table has;
    a panel for each variant."""
    runs = len({*distances["seed"], *distances["other_seed"]})
    pairs = f"median and range of the pairs of {runs} runs" if runs else "no two to compare"
    variants = list(distances["variant"].unique())
    figure, axes = panels(
        1,
        max(len(variants), 1),
        (1.6 + 4.8 * max(len(variants), 1), 4.4),
        f"Distance between {style['part']}\n{style['dataset']}, {pairs}",
        squeeze=False,
    )
    if not variants:
        axes[0][0].set_axis_off()
    for panel, variant in zip(axes[0], variants):
        rows = distances[distances["variant"] == variant]
        for place, column in enumerate(name for name in LABELS if name in rows):
            line = {"ls": ("-", "--", ":")[place], "marker": MARKERS[place], "ms": 5}
            colour = colour_of(style, column, place)
            spread(panel, rows, "epoch", column, colour, label=LABELS[column], **line)
        panel.set(title=variant, xlabel="epoch", ylabel="L2 distance", ylim=(0, None))
        panel.xaxis.get_major_locator().set_params(integer=True)
        if len(panel.get_lines()) > 1:
            panel.legend()
    return figure


def finding(style: dict, distances: pd.DataFrame) -> str:
    """From where to where each kind of distance goes, by its median over pairs of runs."""
    if distances.empty:
        return "No two runs can be compared at an epoch: that takes two seeds that keep it."
    said, columns = {}, [name for name in LABELS if name in distances]
    for variant, rows in distances.groupby("variant", sort=False):
        medians = rows.groupby("epoch")[columns].median()
        first, last = medians.iloc[0], medians.iloc[-1]
        names = [f" ({LABELS[c]})" if len(columns) > 1 else "" for c in columns]
        ways = [wording.change(first[c], last[c]) + name for c, name in zip(columns, names)]
        said[variant] = (last.iloc[0] - first.iloc[0], ", ".join(ways))
    return (
        f"From the first to the last epoch the median distance between {style['part']} "
        f"{wording.each(said, 2)}."
    )
