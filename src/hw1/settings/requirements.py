"""The needs of an analysis or a figure, checked before any of its runs is trained.

The functions take the settings of one run per variant, and raise ValueError with a line that
begins with the key of the experiment that has to change. Nothing here imports torch.
"""

from collections.abc import Iterable, Sequence
from typing import Literal

from hw1.settings.architectures import classes_of, example_shape, layers, parameter_count


def one_variant(runs: Sequence[dict]) -> None:
    """The runs are of one variant."""
    if len(runs) > 1:
        raise ValueError(
            f"variants: found {', '.join(run['variant'] for run in runs)}, but it shows one: say "
            "which under its own variants, or give the others an experiment of their own"
        )


def classification(runs: Iterable[dict]) -> None:
    """The runs classify, and have a test split."""
    for run in runs:
        if classes_of(run) is None:
            raise ValueError(
                f"variants.{run['variant']}: found a data set of real targets, but it shows the "
                "accuracy on a test split: use images or labels, or leave the variant out of it"
            )


def functions(runs: Iterable[dict]) -> None:
    """The runs fit a function of one number."""
    for run in runs:
        if classes_of(run) is not None or example_shape(run) != ((1,), 1):
            raise ValueError(
                f"variants.{run['variant']}: found a data set of kind {run['dataset']['kind']}, "
                "but it shows the fit of a function of one number: use one, or leave the variant "
                "out of it"
            )


def recorded(runs: Iterable[dict], key: str, needed: Literal[True] | list[str]) -> None:
    """The histories of the runs have the columns that the setting `key` of `training` records."""
    for run in runs:
        found = run["training"][key]
        if not (found if needed is True else set(needed) <= set(found)):
            raise ValueError(
                f"variants.{run['variant']}.training.{key}: found {found!r}, but it shows "
                f"{needed!r}: set it so, or leave the variant out of it"
            )


def snapshot_before(runs: Iterable[dict]) -> None:
    """The runs keep their weights before training."""
    for run in runs:
        if 0 not in run["training"]["snapshot_epochs"]:
            raise ValueError(
                f"variants.{run['variant']}.training.snapshot_epochs: found no 0, but it shows "
                "networks before training: add it, or leave the variant out of it"
            )


def several(runs: Sequence[dict]) -> None:
    """The runs are of two variants or more."""
    if len(runs) < 2:
        raise ValueError("variants: found one, but it compares two or more: name another")


def alike(runs: Sequence[dict], keys: Sequence[str] = ()) -> None:
    """The networks of the runs have the same layers, and the settings `keys` in common."""
    first, *others = runs
    for run in others:
        for key in keys:
            if run.get(key) != first.get(key):
                raise ValueError(
                    f"variants: {key} of {first['variant']} and {run['variant']} differ, but it "
                    "needs them the same: say which under its own variants"
                )
        if architecture(run) != architecture(first):
            raise ValueError(
                f"variants: the models of {first['variant']} and {run['variant']} differ, but it "
                "compares their weights one by one: say which under its own variants"
            )


def mlps(runs: Iterable[dict]) -> None:
    """The networks are MLPs without batch norm: units are looked at one by one, and the statistics
    of batch norm are no weights."""
    for run in runs:
        key = f"variants.{run['variant']}.model"
        if run["model"]["kind"] != "mlp":
            raise ValueError(
                f"{key}.kind: found {run['model']['kind']}, but it looks at the units of an mlp: "
                "leave the variant out of it"
            )
    weights_alone(runs)


def weights_alone(runs: Iterable[dict]) -> None:
    """The networks have no batch norm, so their weights alone define them."""
    for run in runs:
        if run["model"].get("batch_norm"):
            raise ValueError(
                f"variants.{run['variant']}.model.batch_norm: found true, but what it keeps of "
                "activations belongs to the weights as trained: leave the variant out of it"
            )


def architecture(run: dict) -> list:
    """The layers of a run's network."""
    return layers(run["model"], *example_shape(run))


def sizes_differ(runs: Iterable[dict]) -> None:
    """No two variants have the same number of parameters."""
    seen: dict[int, str] = {}
    for run in runs:
        count = parameter_count(architecture(run))
        if count in seen:
            raise ValueError(
                f"variants: {seen[count]} and {run['variant']} both have {count} parameters, but "
                "it tells them apart by that: leave one out of it"
            )
        seen[count] = run["variant"]
