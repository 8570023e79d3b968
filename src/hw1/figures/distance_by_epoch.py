"""How far apart runs are, epoch by epoch."""

import pandas as pd
from matplotlib.figure import Figure

from hw1.drawing import MARKERS, colour_of, row_of_panels, spread, way, whole_numbers
from hw1.results import wording

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
    """A panel for each variant: median and range, over pairs of runs, of each kind of distance in
    the table."""
    runs = len({*distances["seed"], *distances["other_seed"]})
    pairs = f"median and range of the pairs of {runs} runs" if runs else "no two to compare"
    variants = list(distances["variant"].unique())
    title = f"Distance between {style['part']}\n{style['dataset']}, {pairs}"
    figure, axes = row_of_panels(max(len(variants), 1), 4.8, 4.4, title, beside=1.6)
    if not variants:
        axes[0].set_axis_off()
    for panel, variant in zip(axes, variants):
        rows = distances[distances["variant"] == variant]
        for place, column in enumerate(name for name in LABELS if name in rows):
            line = {"ls": ("-", "--", ":")[place], "marker": MARKERS[place], "ms": 5}
            colour = colour_of(style, column, place)
            spread(panel, rows, "epoch", column, colour, label=LABELS[column], **line)
        panel.set(title=variant, xlabel="epoch", ylabel="L2 distance", ylim=(0, None))
        whole_numbers(panel)
        if len(panel.get_lines()) > 1:
            panel.legend()
    return figure


def finding(style: dict, distances: pd.DataFrame) -> str:
    """How the median over pairs of runs changes, for each kind of distance."""
    if distances.empty:
        return "No two runs can be compared at an epoch: that takes two seeds that keep it."
    said, columns = {}, [name for name in LABELS if name in distances]
    for variant, rows in distances.groupby("variant", sort=False):
        medians = rows.groupby("epoch")[columns].median()
        names = [f" ({LABELS[c]})" if len(columns) > 1 else "" for c in columns]
        ways = [way(medians[column]) + name for column, name in zip(columns, names)]
        rise = medians.iloc[-1, 0] - medians.iloc[0, 0]
        said[variant] = (rise, ", ".join(ways))
    several = distances["epoch"].nunique() > 1
    when = (
        "From the first to the last epoch" if several else f"At epoch {distances['epoch'].iloc[0]}"
    )
    return f"{when} the median distance between {style['part']} {wording.each(said, 2)}."
