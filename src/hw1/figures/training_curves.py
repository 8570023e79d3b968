"""Loss or accuracy during training, on training and test images."""

import pandas as pd
from matplotlib.figure import Figure

from hw1.drawing import colour_of, panels, seeds, spread

KIND = {
    "tables": ["history"],
    "colours": [],
    "look": [],
    "settings": {"measure": {"enum": ["loss", "accuracy"]}},
}


def check(settings, runs, seeds):
    from hw1.requirements import classification, recorded

    classification(runs)
    recorded(runs, "evaluate_each_epoch", ["test"])


def draw(style: dict, history: pd.DataFrame) -> Figure:
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
