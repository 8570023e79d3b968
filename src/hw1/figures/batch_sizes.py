"""What batch size does to a network, under several rules for when its training stops."""

import pandas as pd
from matplotlib.figure import Figure

from hw1.drawing import MARKERS, choices, colour_of, last_epoch, panels, seeds, spread
from hw1.results import wording

KIND = {
    "needs": ["classification", "batch_sizes_told_apart"],
    "tables": ["metrics", "sensitivity", "sharpness"],
    "by_variant": ["training.batch_size"],
}
PANELS = {
    "epoch": "epochs of training",
    "train_loss": "training loss (nats)",
    "test_loss": "test loss (nats)",
    "error": "test error (%)",
    "probabilities": "sensitivity of the\nprobabilities to a pixel",
    "largest_eigenvalue": "largest eigenvalue\nof the Hessian",
    "normalised_eigenvalue": "the same, not changed\nby rescaling layers",
    "box_rise": "rise of the loss\nin a small box (%)",
}
SHARPNESS = ["largest_eigenvalue", "normalised_eigenvalue", "box_rise"]


def measured(
    style: dict, metrics: pd.DataFrame, sensitivity: pd.DataFrame, sharpness: pd.DataFrame
) -> pd.DataFrame:
    """The columns of PANELS, a row per run, with its batch size and its rule: the choices of its
    variant, of all parts of the grid but the last."""
    key = ["variant", "seed"]
    ends = last_epoch(metrics).pivot(index=key, columns="split", values=["loss", "accuracy"])
    found = pd.DataFrame(
        {
            "train_loss": ends["loss", "train"],
            "test_loss": ends["loss", "test"],
            "error": 100 * (1 - ends["accuracy", "test"]),
        }
    )
    found = found.join(sensitivity.set_index(key)[["epoch", "probabilities"]])
    found = found.join(sharpness.set_index(key)[SHARPNESS])
    found = found.loc[pd.MultiIndex.from_frame(metrics[key]).unique()].reset_index()
    rules = {variant: "_".join(choices(style, variant)[0]) for variant in found["variant"]}
    sizes = style["by_variant"]["training.batch_size"]
    return found.assign(rule=found["variant"].map(rules), batch_size=found["variant"].map(sizes))


def draw(
    style: dict, metrics: pd.DataFrame, sensitivity: pd.DataFrame, sharpness: pd.DataFrame
) -> Figure:
    """A panel per measure against the batch size, a line for each rule."""
    found = measured(style, metrics, sensitivity, sharpness)
    title = f"What batch size does, {style['dataset']}, {seeds(found)}"
    figure, axes = panels(2, 4, (12.5, 6), title, sharex=True)
    rules = list(found["rule"].unique())
    sizes = sorted(found["batch_size"].unique())
    for panel, (column, label) in zip(axes.flat, PANELS.items()):
        for place, rule in enumerate(rules):
            rows, colour = found[found["rule"] == rule], colour_of(style, rule, place)
            line = {"ls": ("-", "--", ":", "-.")[place % 4], "marker": MARKERS[place % 8], "ms": 5}
            spread(panel, rows, "batch_size", column, colour, label=rule.replace("_", " "), **line)
        panel.set_xscale("log", base=2)
        panel.set_xticks(sizes, [str(size) for size in sizes])
        panel.set_ylabel(label)
        if column in SHARPNESS:
            panel.set_yscale("log")
        else:
            panel.set_ylim(0, None)
    for panel in axes[1]:
        panel.set_xlabel("batch size")
    figure.legend(*axes[0][0].get_legend_handles_labels(), loc="outside lower center", ncols=4)
    return figure


def finding(
    style: dict, metrics: pd.DataFrame, sensitivity: pd.DataFrame, sharpness: pd.DataFrame
) -> str:
    """How test error and sharpness change from the smallest batches to the largest, by rule."""
    runs, said = measured(style, metrics, sensitivity, sharpness), []
    sizes = runs["batch_size"].unique()
    for column, unit in (("error", "%"), ("largest_eigenvalue", "")):
        ways = {}
        for rule, rows in runs.groupby("rule", sort=False):
            medians = rows.groupby("batch_size")[column].median()
            first, last = medians.iloc[0], medians.iloc[-1]
            begin = f"{wording.quantity(first, unit)} to " if len(sizes) > 1 else ""
            way = f"{begin}{wording.quantity(last, unit)} {unit}"
            ways[rule] = (last - first, way.strip())
        said.append(wording.each(ways, 2))
    if len(sizes) == 1:
        sharp = f"the Hessian's largest eigenvalue {said[1]}"
        return f"With batches of {sizes[0]} the test error is {said[0]}, {sharp}."
    return (
        f"From smallest to largest batches the test error goes from {said[0]}, the "
        f"Hessian's largest eigenvalue from {said[1]}."
    )
