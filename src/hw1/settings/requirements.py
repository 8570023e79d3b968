"""The needs of an analysis or a figure, checked before any of its runs is trained.

A need is a function that takes, by these names, any of `runs`, the settings of one run per variant;
`choices`, those of each variant from the parts of a grid, by its name; `settings`, those of the
entry; `beside`, the settings of the run beside it, or None; and `seeds`, their number. It raises
ValueError with a line that begins with the key that has to change, of the entry or of the
experiment. Nothing here imports torch.
"""

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence

from hw1.settings.architectures import Mlp, parameter_count
from hw1.settings.dataset import CLASSES
from hw1.settings.runs import Settings
from hw1.settings.validation import check_among

LARGEST_HESSIAN = 2000  # parameters


def unfit(run: Settings, key: str, found: object, but: str) -> ValueError:
    """What is said of a run whose settings do not fit, by the key of its variant."""
    said = f"variants.{run.variant}{key}: found {found}, but {but}"
    return ValueError(f"{said}: change that, or leave the variant out of it")


def one_variant(runs: Sequence[Settings]) -> None:
    """The runs are of one variant."""
    if len(runs) > 1:
        found = ", ".join(run.variant for run in runs)
        raise ValueError(f"variants: found {found}, but it shows one: say which")


def classification(runs: Iterable[Settings]) -> None:
    """The runs classify, and have a test split."""
    for run in runs:
        if run.label_count is None:
            raise unfit(run, "", "real targets", "it shows the accuracy on a test split")


def functions(runs: Iterable[Settings]) -> None:
    """The runs fit a function of one number."""
    for run in runs:
        if run.label_count is not None or (run.example_shape, run.outputs) != ((1,), 1):
            found = f"a data set of kind {run.dataset.kind}"
            raise unfit(run, "", found, "it shows the fit of a function of one number")


def gradient_norm_recorded(runs: Iterable[Settings]) -> None:
    """The histories of the runs have the norm of the gradient."""
    for run in runs:
        if not run.training.gradient_norm:
            raise unfit(run, ".training.gradient_norm", False, "it shows the norm")


def test_recorded(runs: Iterable[Settings]) -> None:
    """The histories of the runs have the loss and the accuracy on the test split."""
    check_evaluated(runs, ["test"])


def train_and_test_recorded(runs: Iterable[Settings]) -> None:
    """The histories of the runs have the loss and the accuracy on both splits."""
    check_evaluated(runs, ["train", "test"])


def check_evaluated(runs: Iterable[Settings], splits: list[str]) -> None:
    """The histories of the runs have the loss and the accuracy on these splits."""
    for run in runs:
        found = [*run.training.evaluate_each_epoch]
        if not {*splits} <= {*found}:
            raise unfit(run, ".training.evaluate_each_epoch", found, f"it shows {splits}")


def snapshot_before(runs: Iterable[Settings]) -> None:
    """The runs keep their weights before training."""
    for run in runs:
        if 0 not in run.training.snapshot_epochs:
            key = ".training.snapshot_epochs"
            raise unfit(run, key, "no 0", "it shows networks before training")


def three_snapshots(runs: Iterable[Settings]) -> None:
    """Each run keeps three snapshots or more."""
    for run in runs:
        if (found := len(run.training.kept_epochs())) < 3:
            key = ".training.stop" if run.training.stop else ".training.snapshot_epochs"
            raise unfit(run, key, f"{found} snapshots", "a plane is laid through 3")


def three_snapshots_in_all(runs: Iterable[Settings], seeds: int) -> None:
    """All runs of all seeds keep three snapshots or more."""
    if (found := seeds * sum(len(run.training.kept_epochs()) for run in runs)) < 3:
        but = "but a PCA of their weights needs 3: add seeds, or epochs if it does not stop early"
        raise ValueError(f"training.snapshot_epochs: found {found} snapshots of all seeds, {but}")


def several(runs: Sequence[Settings]) -> None:
    """The runs are of two variants or more."""
    if len(runs) < 2:
        raise ValueError("variants: found one, but it compares two or more: name another")


def same_data(runs: Sequence[Settings]) -> None:
    """The runs see the same data."""
    check_same(runs, "dataset", lambda run: run.dataset)
    check_same(runs, "inputs", lambda run: run.inputs)


def same_model(runs: Sequence[Settings]) -> None:
    """The networks of the runs are described alike."""
    check_same(runs, "model", lambda run: run.model)


def alike(runs: Sequence[Settings]) -> None:
    """The networks of the runs have the same layers."""
    check_same(runs, "the models", lambda run: run.layers)


def check_same(runs: Sequence[Settings], what: str, of: Callable[[Settings], object]) -> None:
    """The runs have something in common."""
    first, *others = runs
    for run in others:
        if of(run) != of(first):
            pair = f"{first.variant} and {run.variant}"
            raise ValueError(f"variants: {what} of {pair} differ, but it needs equals: say which")


def mlps(runs: Iterable[Settings]) -> None:
    """The networks are MLPs without batch norm: units are looked at one by one, and the statistics
    of batch norm are no weights."""
    for run in runs:
        if not isinstance(run.model, Mlp):
            raise unfit(run, ".model.kind", "cnn", "it looks at the units of an mlp")
    weights_alone(runs)


def weights_alone(runs: Iterable[Settings]) -> None:
    """The networks have no batch norm, so their weights alone define them."""
    for run in runs:
        if run.model.batch_norm:
            but = "what it keeps of activations belongs to the weights as trained"
            raise unfit(run, ".model.batch_norm", "true", but)


def hessian_fits(runs: Iterable[Settings]) -> None:
    """The networks have so few parameters that their whole Hessian can be computed."""
    for run in runs:
        if (count := parameter_count(run.layers)) > LARGEST_HESSIAN:
            but = f"its whole Hessian is computed, of at most {LARGEST_HESSIAN}"
            raise unfit(run, ".model", f"{count} parameters", but)


def one_width(runs: Iterable[Settings]) -> None:
    """All hidden layers of a network have as many units."""
    for run in runs:
        if len({*run.model.hidden}) != 1:
            raise unfit(
                run, ".model.hidden", list(run.model.hidden), "it shows networks by their one width"
            )


def batch_sizes_told_apart(runs: Iterable[Settings], choices: Mapping[str, dict]) -> None:
    """Those variants that differ in their last choice alone have different batch sizes."""
    seen: dict[tuple, str] = {}
    for run in runs:
        if (size := run.training.batch_size) == "full":
            raise unfit(run, ".training.batch_size", size, "it is drawn against numbers")
        if (key := (*[*choices.get(run.variant, {}).values()][:-1], size)) in seen:
            raise ValueError(
                f"variants: {seen[key]} and {run.variant} would be one point of one line: make "
                "them by a grid whose last part is the batch size, or leave one out of it"
            )
        seen[key] = run.variant


def sizes_differ(runs: Iterable[Settings]) -> None:
    """No two variants have the same number of parameters."""
    seen: dict[int, str] = {}
    for run in runs:
        count = parameter_count(run.layers)
        if count in seen:
            pair = f"{seen[count]} and {run.variant}"
            but = "but it tells them apart by that: leave one out"
            raise ValueError(f"variants: {pair} both have {count} parameters, {but}")
        seen[count] = run.variant


def both_ends_on_grid(settings: dict) -> None:
    """The evenly spaced points of a line are also at its ends, 0 and 1."""
    start, stop, points = (settings[key] for key in ("start", "stop", "points"))
    step = (stop - start) / (points - 1)
    if any(abs(round((end - start) / step) * step + start - end) > 1e-10 for end in (0, 1)):
        line = f"{points} points from {start:g} to {stop:g}"
        raise ValueError(f"points: the {line} miss 0 or 1, the ends: choose others")


def pairs_told_apart(runs: Sequence[Settings]) -> None:
    """Each pair of variants can be named after them."""
    names = [run.variant for run in runs]
    pairs = [*map("_".join, itertools.combinations(names, 2))]
    if twice := [pair for pair in pairs if (pairs + names).count(pair) > 1]:
        raise ValueError(f"variants: {twice[0]} is the name of two: call a variant otherwise")


def ends_of_lines(settings: dict, runs: Iterable[Settings]) -> None:
    """The lines go from one of the variants to another."""
    names = [run.variant for run in runs]
    for name, ends in settings["lines"].items():
        for end in ("from", "to"):
            check_among(ends[end], f"lines.{name}.{end}", names)


def ten_classes(runs: Iterable[Settings], beside: Settings | None) -> None:
    """The runs, and the one beside, tell as many classes apart as the digits have."""
    every = [(f"variants.{run.variant}", run) for run in runs]
    every += [("beside.variant", beside)] if beside else []
    for key, run in every:
        if (found := run.label_count) != CLASSES:
            but = f"but it draws what guessing at {CLASSES} comes to: draw training_curves"
            raise ValueError(f"{key}: found {found} classes, {but}")


def random_labels(runs: Iterable[Settings], beside: Settings | None) -> None:
    """The training labels of the runs, and of the one beside, are random; the history of that one
    has a row per epoch."""
    for run in runs:
        if run.inputs.labels != "random":
            but = "but it says that the training labels are random: use random"
            raise ValueError(f"inputs.labels: found {run.inputs.labels}, {but}")
    if beside:
        labels = beside.inputs.labels or "none"  # where it fits a function
        for key, found, value in (
            ("labels", labels, "random"),
            ("history", beside.training.history, "epoch"),
        ):
            if found != value:
                but = "but it draws the accuracy on random labels by epoch: name a variant with"
                raise ValueError(f"beside.variant: found {key}: {found}, {but} {key}: {value}")
