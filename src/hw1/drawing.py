"""What figures have in common: the house style, and how seeds are drawn."""

import os
from collections.abc import Callable, Iterator
from contextlib import chdir, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from hw1.results import wording
from hw1.results.files import replacing
from hw1.results.recipes import current

with chdir(Path(__file__).parent):  # ignore a matplotlibrc in the user's folder
    import matplotlib as mpl
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

RC: dict = {
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
    "svg.fonttype": "none",  # text as text: to be searched, selected and read aloud
}
MARKERS = "osD^vP*X"


@contextmanager
def house_style() -> Iterator[None]:
    """matplotlib's own defaults, with RC over them, whatever a user's settings are."""
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(RC)
        yield


def draw(figure: Callable[..., Figure], style: dict, tables: list[pd.DataFrame]) -> Figure:
    """Draw a figure with the function of its kind, in the house style, and mark its lines' points
    that could not be seen."""
    with house_style():
        drawn = figure(plain(style), *shown(style, tables))
        mark_lone_points(drawn)
        return drawn


def mark_lone_points(figure: Figure) -> None:
    """On lines without markers, mark each point without a neighbour to draw the line to. If no such
    line has any length, those in legends get a marker, too."""
    length = False
    for axes in figure.axes:
        for line in (line for line in axes.lines if line.get_marker() == "None"):
            points = np.asarray(line.get_xydata())
            known = np.pad(np.isfinite(points).all(axis=1), 1)
            lone = known[1:-1] & ~known[:-2] & ~known[2:]
            length |= bool((known[1:] & known[:-1]).any())
            if lone.any():
                mark(line)
                line.set_markevery(np.flatnonzero(lone).tolist())
                # A marker on the edge of the panel would be cut in half.
                seen = [axes.viewLim.contains(x, y) for x, y in points[lone]]
                line.set_clip_on(not all(seen))
    for legend in (*figure.legends, *(axes.get_legend() for axes in figure.axes)):
        for line in legend.get_lines() if legend and not length else []:
            if line.get_marker() == "None":
                mark(line)


def mark(line: Line2D) -> None:
    """Give a line a marker that tells it apart, as its dashes do."""
    solid = line.get_linestyle() == "-"
    line.set(marker="o" if solid else "s", markersize=4 + line.get_linewidth())


def whole_numbers(axes: Axes) -> None:
    """Put ticks of an x axis at whole numbers only, even if it shows just one."""
    axes.locator_params(axis="x", integer=True, min_n_ticks=1)


def way(values: pd.Series, unit: str = "") -> str:
    """How values change from the first to the last, with a verb; or what the only value is."""
    first, last = values.iloc[0], values.iloc[-1]
    if len(values) == 1:
        return f"is {wording.quantity(first, unit)} {unit}".strip()
    return wording.change(first, last, unit)


def plain(style: dict) -> dict:
    """A style whose dollar signs in titles do not begin mathematics."""
    titles = {key: style[key].replace("$", r"\$") for key in ("dataset", "title") if key in style}
    return style | titles | ({"beside": plain(style["beside"])} if "beside" in style else {})


def describe(finding: Callable[..., str], style: dict, tables: list[pd.DataFrame]) -> str:
    """What a figure shows, in words, from the function `finding` of its kind."""
    return finding(style, *shown(style, tables))


def shown(style: dict, tables: list[pd.DataFrame]) -> list[pd.DataFrame]:
    """Tables without the variants that a figure leaves out. If it draws a variant of another
    experiment beside its own, the last table is of that experiment and keeps only this variant."""
    own, other = (tables[:-1], tables[-1:]) if "beside" in style else (tables, [])
    return [
        *(
            table[~table["variant"].isin(style["left_out"])] if "variant" in table else table
            for table in own
        ),
        *(table[table["variant"] == style["beside"]["variant"]] for table in other),
    ]


def save(
    figure: Figure, png: str | os.PathLike, svg: str | os.PathLike, dpi: int, finding: str = ""
) -> None:
    """Write `figure` as PNG and as SVG, with what it shows as their description; the same figure
    gives the same bytes.

    The SVG takes over the layout of the PNG, and so does `figure`: a layout takes half the time.
    """
    with house_style():
        for path, absent in ((png, "Software"), (svg, "Date")):
            with replacing(path) as temporary:
                metadata = {absent: None, "Description": finding or None, "Identifier": current()}
                figure.savefig(temporary, dpi=dpi, metadata=metadata)
            figure.set_layout_engine("none")


def count_of_seeds(table: pd.DataFrame) -> str:
    """How many seeds a table holds."""
    return wording.seed_count(table["seed"].nunique())


def choices(style: dict, variant: str) -> tuple[list[str], str]:
    """The choices of a variant, of all parts but the last, and of the last; of a variant without
    any, none, and its name."""
    *others, last = style.get("choices", {}).get(variant, {"": variant}).values()
    return others, last


def seeds(table: pd.DataFrame) -> str:
    """How many seeds a table holds, and so what its lines and bands are."""
    count = count_of_seeds(table)
    return count if count == "one seed" else f"median and range of {count}"


def last_epoch(metrics: pd.DataFrame) -> pd.DataFrame:
    """The rows of the last epoch of each run."""
    last = metrics.groupby(["variant", "seed"])["epoch"].transform("max")
    return metrics[metrics["epoch"] == last]


def by_variant(table: pd.DataFrame, column: str, unit: str = "", most: int = 3) -> str:
    """Median and range over seeds of each variant, in words (see `hw1.results.wording.each`)."""
    runs = table.groupby("variant", sort=False)[column]
    return wording.each({name: (v.median(), wording.median(v, unit)) for name, v in runs}, most)


def spread(axes: Axes, table: pd.DataFrame, x: str, y: str, colour: str, **line) -> None:
    """Draw the median of `y` over seeds against `x`, and its range as a band."""
    over_seeds = table.groupby(x)[y]
    median = over_seeds.median()
    axes.plot(median.index, median, color=colour, **line)
    if table["seed"].nunique() > 1:
        width = 0 if len(median) > 1 else 6  # of the edge: a band over one place has no width
        axes.fill_between(
            median.index, over_seeds.min(), over_seeds.max(), color=colour, alpha=0.18, lw=width
        )


def panels(rows: int, columns: int, size: tuple[float, float], title: str, **shared):
    """A figure of rows x columns axes under one title; size in inches."""
    figure = Figure(figsize=size)
    figure.suptitle(title, fontsize=12)
    return figure, figure.subplots(rows, columns, **shared)


def row_of_panels(
    columns: int, width: float, height: float, title: str, beside: float = 0, **shared
) -> tuple[Figure, np.ndarray]:
    """A figure of axes side by side under one title, at least 6.4 inches wide for it: the `width`
    of one of them, what is `beside` all of them, and the `height` of the figure, in inches."""
    size = (max(width * columns + beside, 6.4), height)
    figure, axes = panels(1, columns, size, title, squeeze=False, **shared)
    return figure, axes[0]


def at_top(panel: Axes, x: float, text: str, offset: tuple[float, float], **look: Any) -> None:
    """Write a text at the upper edge of a panel over `x`, some points beside that."""
    at: dict[str, Any] = {"xycoords": ("data", "axes fraction"), "textcoords": "offset points"}
    at |= {"ha": "center", "fontsize": 8} | look
    panel.annotate(text, (x, 1), xytext=offset, **at)


def colour_of(style: dict, variant: str, index: int) -> str:
    """The colour of a variant's name or of its ending, else one of the cycle's."""
    colours = style["colours"]
    return colours.get(variant) or colours.get(variant.rsplit("_", 1)[-1], f"C{index}")
