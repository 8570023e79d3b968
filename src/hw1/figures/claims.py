"""All claims of a list: effects, intervals and verdicts."""

import textwrap

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from hw1.drawing import panels
from hw1.results import wording

KIND = {
    "tables": ["parts"],
    "colours": [
        "confirmed", "smaller_than_matters", "no_difference_that_matters", "refuted",
        "inconclusive", "not_enough_seeds", "not_computed", "truth", "guide",
    ],
}  # fmt: skip
WIDTH = 66  # characters of a line of a label
# Markers tell verdicts apart without colour, too.
VERDICT_MARKERS = dict(zip(wording.VERDICTS, "o^PXDsv"))


def draw(style: dict, parts: pd.DataFrame) -> Figure:
    """One row per claim, one line per part: effect, interval and the numbers that confirm it."""
    lines = [
        (claim, rows[rows["effect"].notna()]) for claim, rows in parts.groupby("claim", sort=False)
    ]
    height = sum(max(len(rows), 1) for _, rows in lines)
    title = f"{style['title']}: what the runs say about each\n{style['dataset']}"
    figure, axes = panels(1, 1, (10, 1.9 + 0.28 * height), title)
    colours = {verdict: style["colours"][verdict.replace(" ", "_")] for verdict in VERDICT_MARKERS}
    y, ticks, labels = 0, [], []
    for index, (claim, rows) in enumerate(lines):
        verdict = parts[parts["claim"] == claim]["claim_verdict"].iloc[0]
        top = y - 0.5
        for part in rows.itertuples():
            look = {"color": colours[part.verdict], "alpha": 1 if part.decides else 0.45}
            axes.plot([part.effect_low, part.effect_high], [y, y], lw=2, **look)
            axes.plot(part.effect, y, VERDICT_MARKERS[part.verdict], ms=6, mec="w", **look)
            for bound in (part.confirmed_above, part.confirmed_below):
                axes.plot(bound, y, "|", color=style["colours"]["truth"], ms=9, mew=1.3, zorder=4)
            ticks.append(y)
            beside = "" if part.decides else "(beside) "
            labels.append(textwrap.fill(beside + part.measure, WIDTH))
            y += 1
        if rows.empty:
            ticks.append(y)
            measures = parts[parts["claim"] == claim]["measure"]
            labels.append(textwrap.fill(measures.iloc[0], WIDTH))
            y += 1
        if index % 2:
            axes.axhspan(top, y - 0.5, color="#f4f4f4", lw=0, zorder=0)
        middle = (top + y - 0.5) / 2
        beside_axes = {"color": colours[verdict], "transform": axes.get_yaxis_transform()}
        marker = {"marker": VERDICT_MARKERS[verdict], "ms": 8, "mec": "w", "clip_on": False}
        axes.plot(1.03, middle, **marker, **beside_axes)
        bold = {"weight": "bold", "va": "center", "fontsize": 9}
        axes.text(1.05, middle, f"{claim}  {verdict}", **bold, **beside_axes)
    axes.set_xscale("symlog", linthresh=2, linscale=1.2)
    axes.xaxis.set_major_formatter("{x:g}")
    axes.axvline(0, color=style["colours"]["guide"], lw=1)
    axes.set_yticks(ticks, labels, fontsize=8, linespacing=1.0)
    axes.set_ylim(y - 0.5, -0.5)
    axes.grid(axis="y", visible=False)
    axes.set_xlabel(
        "effect in units of the smallest one that matters (0: none; to the right: as claimed)"
    )
    handles = [
        Line2D([], [], color=colours[v], marker=marker, lw=2, ms=7, mec="w", label=v)
        for v, marker in VERDICT_MARKERS.items()
    ]
    bound = {"color": style["colours"]["truth"], "marker": "|", "ls": "", "ms": 9}
    handles.append(Line2D([], [], label="what confirms (two: a range)", **bound))
    figure.legend(
        handles=handles, loc="outside lower center", ncols=4, fontsize=9, columnspacing=1.2
    )
    return figure


def finding(style: dict, parts: pd.DataFrame) -> str:
    """How many claims have which verdict."""
    said = wording.outcome(parts.groupby("claim")["claim_verdict"].first())
    return f"{said[0].upper()}{said[1:]}."
