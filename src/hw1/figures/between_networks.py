"""Loss and error on lines between trained networks."""

import pandas as pd
from matplotlib.figure import Figure

from hw1.drawing import colour_of, panels, seeds, spread
from hw1.figures.interpolation import above_chord
from hw1.results import wording

KIND = {"needs": ["classification"], "tables": ["barriers"], "colours": ["guide"]}
DASHES = ("-", "--", ":", "-.", (0, (6, 1)), (0, (1, 3)))


def draw(style: dict, barriers: pd.DataFrame) -> Figure:
    """A panel of the test loss along all lines, and one of the test error."""
    test = barriers[barriers["split"] == "test"].assign(
        error=lambda rows: 100 * (1 - rows["accuracy"])
    )
    title = f"On lines between two trainings, {style['dataset']}, {seeds(test)}"
    figure, axes = panels(1, 2, (9.5, 4.8), title)
    for panel, column, label in (
        (axes[0], "loss", "test cross-entropy (nats)"),
        (axes[1], "error", "test error (%)"),
    ):
        for place, (name, line) in enumerate(test.groupby("variant", sort=False)):
            dashes = DASHES[place % len(DASHES)]
            colour = colour_of(style, name, place)
            spread(panel, line, "alpha", column, colour, ls=dashes, label=name.replace("_", " "))
        panel.set(xlabel=r"$\alpha$, from one network (0) to the other (1)", ylabel=label)
        panel.set_ylim(0, None)
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
    return figure


def finding(style: dict, barriers: pd.DataFrame) -> str:
    """How high the test loss rises above the straight line between its ends, line by line."""
    rise = above_chord(barriers[barriers["split"] == "test"]).max(axis=1)
    medians = {name: rise[name].median() for name in barriers["variant"].unique()}
    said = {name: (value, wording.number(value)) for name, value in medians.items()}
    return (
        "Largest rise of the test loss above the straight line between its ends (median): "
        f"{wording.each(said, 6)}."
    )
