"""Training on random labels."""

from math import log as ln

import pandas as pd
from matplotlib.figure import Figure

from hw1.drawing import count_of_seeds, last_epoch, panels, seeds, spread, way, whole_numbers
from hw1.results import wording

KIND = {
    "needs": [
        "one_variant", "classification", "train_and_test_recorded", "random_labels", "ten_classes",
    ],
    "tables": ["history"],
    "beside": "history",  # of labels that are memorised
    "colours": ["train", "test", "guide"],
}  # fmt: skip
CHANCE = 10  # % that guessing gets right


def draw(style: dict, history: pd.DataFrame, memorised: pd.DataFrame | None = None) -> Figure:
    """Loss and accuracy per epoch on random training labels and on the true test labels; beside
    them the training accuracy of another network, each run to where it stops."""
    title = f"Training on random labels, {style['dataset']}, {seeds(history)}"
    columns, width = (2, 9.5) if memorised is None else (3, 12.5)
    figure, axes = panels(1, columns, (width, 4.2), title)
    for panel, column, label, scale, chance in (
        (axes[0], "loss", "cross-entropy (nats)", 1, ln(100 / CHANCE)),
        (axes[1], "accuracy", "accuracy (%)", 100, CHANCE),
    ):
        for split, name, line, marker in (
            ("train", "train (random labels)", "-", "o"),
            ("test", "test (true labels)", "--", "s"),
        ):
            rows = history.assign(value=history[f"{split}_{column}"] * scale)
            colour = style["colours"][split]
            spread(panel, rows, "epoch", "value", colour, ls=line, marker=marker, ms=4, label=name)
        guide = {"color": style["colours"]["guide"], "lw": 1, "ls": ":"}
        panel.axhline(chance, label="guessing at random", **guide)
        panel.set(xlabel="epoch", ylabel=label)
        panel.ticklabel_format(axis="y", useOffset=False)
        whole_numbers(panel)
    axes[0].legend()
    if memorised is not None:
        for _, run in memorised.groupby("seed"):
            values = 100 * run["batch_accuracy"]
            axes[2].plot(run["epoch"], values, color=style["colours"]["train"], lw=1, alpha=0.6)
        axes[2].axhline(CHANCE, **guide)
        other = style["beside"]
        axes[2].set(
            xlabel="epoch",
            ylabel="training accuracy (%)",
            ylim=(0, 104),
            title=f"Beside: {other['title']}\n({other['experiment']}, {other['dataset']},\n"
            f"{count_of_seeds(memorised)}, a line each)",
        )
        whole_numbers(axes[2])
    return figure


def finding(style: dict, history: pd.DataFrame, memorised: pd.DataFrame | None = None) -> str:
    """How the losses change from the first epoch to the last, and the accuracies at the end."""
    medians = history.groupby("epoch").median(numeric_only=True)
    end = 100 * last_epoch(history)[["train_accuracy", "test_accuracy"]]
    first, last = medians.index[0], medians.index[-1]
    train, test = (way(medians[column]) for column in ("train_loss", "test_loss"))
    when = f"From epoch {first} to {last}" if len(medians) > 1 else f"At epoch {last}"
    return (
        f"{when} the training loss {train}, the test loss {test}. The training accuracy "
        f"ends at {wording.median(end['train_accuracy'], '%')}, the test accuracy at "
        f"{wording.median(end['test_accuracy'], '%')}; chance is {CHANCE} %."
        + ("" if memorised is None else f" {beside(style, memorised)}")
    )


def beside(style: dict, memorised: pd.DataFrame) -> str:
    """Where the training accuracy of the other network ends, and when."""
    end = last_epoch(memorised)
    accuracy = wording.median(100 * end["batch_accuracy"], "%")
    return (
        f"After {wording.median(end['epoch'])} epochs the network beside it "
        f"({style['beside']['experiment']}) has {accuracy} of its random labels right."
    )
