"""Which runs end stuck, and why."""

import pandas as pd
from matplotlib.figure import Figure

from hw1.claims.inference import share_interval
from hw1.drawing import choices, count_of_seeds, last_epoch, row_of_panels
from hw1.results import wording

KIND = {
    "needs": ["functions"],
    "tables": ["dead_units", "metrics"],
    "colours": ["born_dead", "died", "alive", "guide"],
    "settings": {
        "above": {
            "description": "From which share of the best constant's loss on a run counts as stuck",
            "type": "number",
            "exclusiveMinimum": 0,
        }
    },
}
LABELS = {
    "born_dead": "a layer without a living unit before training",
    "died": "one only at the end",
    "alive": "living units in every layer",
}


def reasons(dead_units: pd.DataFrame, metrics: pd.DataFrame, above: float) -> pd.DataFrame:
    """Whether each run is stuck, and by which of LABELS: columns variant, seed, stuck, reason. If
    dead units were not counted, all are alive, since the activation is nowhere flat."""
    ends = last_epoch(metrics)
    ends = ends[ends["split"] == "train"].set_index(["variant", "seed"])
    dead = dead_units["units"] == dead_units["dead_units"]
    by_epoch = dead.groupby([dead_units[c] for c in ("variant", "seed", "epoch")]).any().unstack()
    by_epoch = by_epoch.ffill(axis=1).astype(bool)  # some end earlier than others
    if len(by_epoch) and 0 not in by_epoch:
        raise ValueError("dead_units has no epoch 0: add it to snapshot_epochs")
    found = pd.DataFrame({"stuck": ends["loss"] > above * ends["constant_loss"], "reason": "alive"})
    if len(by_epoch):
        found.loc[by_epoch.index[by_epoch.iloc[:, -1]], "reason"] = "died"
        found.loc[by_epoch.index[by_epoch[0]], "reason"] = "born_dead"
    return found.reset_index()


def draw(style: dict, dead_units: pd.DataFrame, metrics: pd.DataFrame) -> Figure:
    """The share of stuck runs of each variant by reason, with its interval. Each network has a
    panel: the choices of its variants, of all parts of the grid but the last."""
    found = reasons(dead_units, metrics, style["above"])
    networks: dict[str, list[str]] = {}
    for variant in found["variant"].unique():
        networks.setdefault(", ".join(choices(style, variant)[0]), []).append(variant)
    title = f"Runs that end stuck, {style['dataset']}, {count_of_seeds(found)}"
    figure, axes = row_of_panels(len(networks), 2.6, 4.2, title, beside=0.6, sharey=True)
    for panel, (network, variants) in zip(axes, networks.items()):
        for place, variant in enumerate(variants):
            runs = found[found["variant"] == variant]
            stuck, n = int(runs["stuck"].sum()), len(runs)
            height = 0.0
            for reason in LABELS:
                share = 100 * float((runs["stuck"] & (runs["reason"] == reason)).mean())
                panel.bar(
                    place, share, 0.7, height, color=style["colours"][reason], label=LABELS[reason]
                )
                height += share
            low, high = share_interval(stuck, n)
            panel.plot(  # beside the bar, since it would hide a part of it
                [place + 0.43] * 2, [100 * low, 100 * high], color=style["colours"]["guide"], lw=1.4
            )
        panel.set(title=network, xticks=range(len(variants)))
        panel.set_xticklabels([choices(style, variant)[1] for variant in variants])
        panel.grid(axis="x", visible=False)
    axes[0].set_ylabel(f"stuck runs (%),\nloss > {style['above']:g} of best constant's")
    axes[0].set_ylim(0, None)
    handles, labels = axes[0].get_legend_handles_labels()
    first = dict(reversed(list(zip(labels, handles))))
    shown = [label for label in LABELS.values() if label in first]
    columns = len(shown) if len(networks) > 2 else 1
    figure.legend(
        [first[label] for label in shown], shown, loc="outside lower center", ncols=columns
    )
    return figure


def finding(style: dict, dead_units: pd.DataFrame, metrics: pd.DataFrame) -> str:
    """How many runs end stuck, of which variants, and how many of these have a dead layer."""
    found = reasons(dead_units, metrics, style["above"])
    stuck = found[found["stuck"]]
    said = {
        name: (runs.mean(), f"{runs.sum()} of {len(runs)}")
        for name, runs in found.groupby("variant", sort=False)["stuck"]
    }
    why = [(stuck["reason"] == reason).sum() for reason in ("born_dead", "died")]
    return (
        f"{len(stuck)} of {len(found)} runs end stuck, above {style['above']:g} of the best "
        f"constant's loss: {wording.each(said)}; of them {why[0]} had a dead layer before "
        f"training, {why[1]} only at the end."
    )
