"""How long variants take to fit, and how accurate they end."""

import pandas as pd
from matplotlib.figure import Figure

from hw1.drawing import by_variant, last_epoch, panels, seeds, spread

KIND = {
    "needs": ["classification"],
    "tables": ["metrics"],
    "colours": ["train", "test", "guide"],
    "settings": {"axis": {"description": "In what the variants differ", "type": "string"}},
}


def draw(style: dict, metrics: pd.DataFrame) -> Figure:
    """Epochs until the training stopped, and final accuracy, against the variants in their order.
    Labels are their names without the beginning that all share."""
    final = last_epoch(metrics)
    variants = list(final["variant"].unique())
    final = final.assign(place=final["variant"].map(variants.index))
    final["percent"] = 100 * final["accuracy"]
    title = f"Fitting the training labels, {style['dataset']}, {seeds(final)}"
    figure, axes = panels(1, 2, (9.5, 4.2), title)
    rows = final[final["split"] == "train"]
    spread(axes[0], rows, "place", "epoch", style["colours"]["guide"], marker="o", ms=5)
    for split, line, marker in (("train", "-", "o"), ("test", "--", "s")):
        rows, colour = final[final["split"] == split], style["colours"][split]
        spread(axes[1], rows, "place", "percent", colour, ls=line, marker=marker, ms=5, label=split)
    beginning = 0  # characters that all names share
    while len(variants) > 1 and len({name[: beginning + 1] for name in variants}) == 1:
        beginning += 1
    for panel, label in zip(axes, ("epochs of training", "final accuracy (%)")):
        panel.set_xticks(range(len(variants)), [name[beginning:] for name in variants])
        panel.set(xlabel=style["axis"], ylabel=label, ylim=(0, None))
    axes[1].legend()
    return figure


def finding(style: dict, metrics: pd.DataFrame) -> str:
    """Epochs and test accuracy of the first variant and the last, and how well all fit."""
    final = last_epoch(metrics).assign(percent=lambda rows: 100 * rows["accuracy"])
    ends = final[final["variant"].isin(final["variant"].iloc[[0, -1]])]
    train, test = (ends[ends["split"] == split] for split in ("train", "test"))
    fitted = final[final["split"] == "train"]["percent"].min()
    return (
        f"The median epochs of training are {by_variant(train, 'epoch')}, the median test accuracy "
        f"{by_variant(test, 'percent', '%')}; the training accuracy is at least {fitted:.2f} %."
    )
