"""What a configuration says, and whether it can be built. These checks come before any job."""

import functools
import math
import os
from collections.abc import Iterable
from graphlib import CycleError, TopologicalSorter
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from hw1.settings.architectures import Model
from hw1.settings.dataset import Arrays, DataSet, Inputs
from hw1.settings.experiments import Experiment, Experiments, experiment_of
from hw1.settings.runs import Place, Start, Streams
from hw1.settings.schemas import schema_of
from hw1.settings.training import Training
from hw1.settings.validation import WHOLE, check_among, check_schema
from hw1.settings.values import Colour, Distinct, Line, Name, Noun, Pattern, Positive, Seed

Patterns = Annotated[tuple[Pattern, ...], Meta(min_length=1)]
SomeNames = Annotated[tuple[Name, ...], Meta(min_length=1)]
SeedRange = Annotated[
    str, Meta(pattern="^[0-9]{1,9}-[0-9]{1,9}$", title="a list of seeds or a range such as 0-9")
]
# Targets of the workflow; no experiment or kind of analysis may have such a name.
RULES = (
    "all help status prepare_data train evaluate snapshot tabulate figure claims page verify "
    "published unpack compare comparison"
).split()
LONGEST_NAME = 200  # characters of a batch's name, which its files have, too
# A job that joins the batches of an experiment names their files in one command. Linux takes
# 131 072 bytes; this is less, since a command has a folder's name and other arguments, too.
LONGEST_COMMAND = 100_000
# The keys that the defaults have to say, and the colours that figures use.
COMPLETE = {
    "required": ["stream", "inputs", "training"],
    "properties": {
        "inputs": {"required": ["size", "range", "labels"]},
        "training": {
            "required": (
                "precision history history_every gradient_norm evaluate_each_epoch snapshot_epochs"
            ).split()
        },
    },
}
COLOURS = (
    "truth train test gradient_norm loss guide confirmed smaller_than_matters "
    "no_difference_that_matters refuted inconclusive not_enough_seeds not_computed"
).split()


class Defaults(Noun, frozen=True, kw_only=True):
    """What holds where an experiment and its variant say nothing."""

    stream: Seed | Streams | None = None
    """Variants of one stream share batch order and, if shaped alike, initial weights; or one each,
    0 where it is not said"""
    inputs: Inputs | None = None
    "How images are presented to the model"
    training: Training | None = None
    "One loop trains every run; these are its settings"


class OfRuns(Defaults, frozen=True, kw_only=True):
    """Settings of runs."""

    dataset: Name | None = None
    "One of datasets"
    start: Start | None = None
    "The run of the same seed whose weights a training starts from, of the same architecture"
    model: Model | None = None
    """Architecture, inputs and outputs follow from the data set; an mlp has kind and hidden, a cnn
    all"""


class Variant(OfRuns, frozen=True, kw_only=True):
    """What differs in a variant from the experiment."""

    choices: Annotated[dict[str, Line], Meta(min_length=1)] | None = None
    """How figures group it, names by part, as a grid says them itself; the last part stands on an
    axis"""


class OfVariants(Noun, frozen=True, kw_only=True, forbid_unknown_fields=False):
    """An entry about some variants of an experiment, with further keys, which its kind declares."""

    variants: Patterns | None = None
    "Variants by name, or by patterns such as sinc_*; all if left out"


class AnalysisEntry(OfVariants, frozen=True, kw_only=True):
    """kind, variants, and what its kind in src/hw1/analyses declares"""

    kind: Name
    "A file of src/hw1/analyses or of an extension"


class FigureEntry(OfVariants, frozen=True, kw_only=True):
    """draw, variants, tables, beside, caption, claims, colours, and what its kind in
    src/hw1/figures declares"""

    draw: Name
    "A file of src/hw1/figures or of an extension"
    tables: SomeNames | None = None
    "The tables that it draws, in order; those of its kind if left out"
    beside: Place | None = None
    """The variant of another experiment that it draws beside its own, where that experiment is in
    the configuration"""
    caption: Line
    "What it shows in a sentence"
    claims: tuple[Line, ...] | None = None
    "The claims that rest on it, by their id; the page shows them under it"
    colours: dict[Name, Colour] | None = None
    "Colours of variants or lines by name, before those of figures.colours"


class ExperimentEntry(OfRuns, frozen=True, kw_only=True):
    """An experiment"""

    title: Line
    "Heading of the experiment in the report"
    text: Line | None = None
    "What is asked and what is done, in plain words, for the page"
    seeds: Annotated[tuple[Seed, ...], Meta(min_length=1), Distinct] | SeedRange
    "A list of seeds or a range such as 0-9; each variant is trained once with each"
    seeds_per_job: Annotated[int, Meta(ge=1, le=1000)] = 1
    "How many seeds of a variant one job trains; their numbers stay the same"
    analyses: dict[Name, AnalysisEntry] | None = None
    "What is done to the trained networks, by the name of its table"
    figures: dict[Name, FigureEntry] | None = None
    "Figures by name; results/fig_NAME.png and .svg"
    grid: (
        Annotated[dict[Name, Annotated[dict[str, Variant], Meta(min_length=1)]], Meta(min_length=1)]
        | None
    ) = None
    """Parts, each of settings by name: a variant for each choice of one of every part, called after
    them, as small_long of {net: {small: ..., large: ...}, time: {long: ...}}; beside variants,
    which it comes before"""
    variants: Annotated[dict[Name, Variant], Meta(min_length=1)] | None = None
    "Variants by name; each says only what differs from the experiment"


class Arm(Noun, frozen=True, kw_only=True):
    """A reading of the report's text."""

    title: Line
    "As it stands on a page"
    overlay: Line | None = None
    "Its overlay; relative to the file that names it"


class ClaimList(Noun, frozen=True, kw_only=True):
    """A list of claims."""

    title: Line
    "What the claims are"
    file: Line
    "The claims and their rules; relative to the file that names it"
    target: Name | None = None
    "What of snakemake builds all that the list is about; none if left out"
    leave_out: dict[str, Line] | None = None
    "Claims that this build does not decide, by their ids, each with the reason"


class Look(Noun, frozen=True, kw_only=True):
    """How figures look"""

    dpi: Annotated[int, Meta(ge=50, le=1200)]
    "Dots per inch of the PNG files"
    runs: Literal["viridis", "plasma", "inferno", "magma", "cividis", "turbo"]
    "Colour map of matplotlib that tells the runs of a PCA apart"
    colours: Annotated[dict[Name, Colour], Meta(extra_json_schema={"required": COLOURS})]
    "Colours by what they stand for: a kind of line, or a variant by its name or the end of it"


class Configuration(Noun, frozen=True, kw_only=True, forbid_unknown_fields=False):
    """What a configuration says besides experiments."""

    device: Literal["auto", "cpu", "cuda", "mps"]
    "Where trainings run; auto is CUDA, then MPS, then the CPU"
    downloads: Line
    "Folder of downloaded data sets, below it MNIST/raw, FashionMNIST/raw, KMNIST/raw"
    resume_interval: Positive
    "Seconds between saves of an unfinished training"
    extensions: dict[Name, Line]
    """Folders, by any name, with analyses/*.py, figures/*.py, statistics/*.py and requirements.py
    of your own; relative to the file that names them"""
    arms: Annotated[dict[Name, Arm], Meta(min_length=1)]
    """Readings of the report's text, by the name of their folder: the first is this configuration
    and has no overlay, each other one is a build of its own, of an overlay"""
    claims: dict[Name, ClaimList]
    "Lists of claims by the name of their tables and figure"
    datasets: Annotated[dict[Name, DataSet], Meta(min_length=1)]
    "Data sets by the name that experiments use"
    figures: Look
    "How figures look"

    @property
    def folders(self) -> tuple[str, ...]:
        """The folders of the extensions."""
        return tuple(self.extensions.values())

    @property
    def first_arm(self) -> str:
        """The arm that this configuration is."""
        return next(iter(self.arms))

    def titles(self, datasets: Iterable[str]) -> str:
        """The titles of some data sets, each once, as a figure or a page shows them."""
        titles = [self.datasets[name].title or name for name in dict.fromkeys(datasets)]
        return " and ".join(filter(None, [", ".join(titles[:-1]), titles[-1]]))


class Written(Configuration, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """config.yaml together with the overlays given by --configfile"""

    defaults: Annotated[Defaults, Meta(extra_json_schema=COMPLETE)]
    "What holds where an experiment and its variant say nothing"
    experiments: Annotated[dict[Name, ExperimentEntry], Meta(min_length=1)]
    "Experiments by name; the name is a folder and a target of snakemake"


@functools.cache
def schema(noun: Any) -> dict:
    """The schema of a noun, which is made once."""
    return schema_of(noun)


def checked(said: dict) -> tuple[Configuration, dict[str, Experiment]]:
    """What the files say together, as a configuration and its experiments by name.

    Raises ValueError, with one line that names the key, unless it fits the schema and can be built.
    """
    check_schema(said, schema(Written), WHOLE)
    config = msgspec.convert(said, Configuration)
    for name, dataset in config.datasets.items():
        dataset.check(f"datasets.{name}")
    experiments = {}
    for name, entry in said["experiments"].items():
        if "variants" not in entry:
            raise ValueError(f"experiments.{name}.variants is missing: name them, or a grid")
        experiments[name] = experiment = experiment_of(said, name)
        check_seeds(name, experiment, "seeds_per_job" in entry)
        for variant, settings in experiment.variants.items():
            check_inputs(name, entry, experiment, variant)
            where = f"experiments.{name}.variants.{variant}"
            settings.check(where, experiment.datasets[variant])
    check_starts(experiments)
    return config, experiments


def check_seeds(name: str, experiment: Experiment, cut: bool) -> None:
    """Raise ValueError where the batches of an experiment are more than a command can name, or one
    has a name too long for a file."""
    batches = experiment.batches
    if long := [batch for batch in batches if len(batch) > LONGEST_NAME]:
        raise ValueError(
            f"experiments.{name}.seeds: a batch of them would be called {long[0][:40]}..., too "
            "long for a file: use ranges of seeds, or fewer seeds_per_job"
        )
    table = max(map(len, [*experiment.analyses, "checkpoints"]))
    command = sum(
        len(f"results/analyses/{name}/{variant}/{batch}.csv  ") + table
        for variant in experiment.variants
        for batch in batches
    )
    if command > LONGEST_COMMAND:
        size = math.ceil(experiment.seeds_per_job * command / LONGEST_COMMAND)
        found = experiment.seeds_per_job if cut else "none, so 1"
        raise ValueError(
            f"experiments.{name}.seeds_per_job: found {found}, which makes "
            f"{len(batches) * len(experiment.variants)} files, more than a "
            f"command can name: use {size} or more"
        )


def check_data_files(config: Configuration, experiments: Experiments) -> None:
    """Raise ValueError where a run's data set has a file that is not there."""
    for name in (name for found in experiments.values() for name in found.datasets.values()):
        dataset = config.datasets[name]
        if isinstance(dataset, Arrays) and not os.path.isfile(dataset.file):
            said = f"found {dataset.file}, which is no file: say where it is"
            raise ValueError(f"datasets.{name}.file: {said}")


def check_inputs(name: str, entry: dict, experiment: Experiment, variant: str) -> None:
    """Raise ValueError where a variant, or its experiment, sets a key of its inputs that has no
    effect on its data set."""
    place = f"experiments.{name}"
    where = f"{place}.variants.{variant}"
    seen = experiment.variants[variant].inputs
    for own, there in ((entry["variants"][variant], where), (entry, place)):
        for key, value in own.get("inputs", {}).items():
            # An experiment may have such keys for its variants on other data.
            same = key in ("size", "range") or value in (None, "given")
            if getattr(seen, key) is not None or (there == place and same):
                continue
            raise ValueError(
                f"{there}.inputs.{key}: found {value!r}, but {experiment.datasets[variant]}, which "
                f"{variant} trains on, is as it is: leave it out"
            )


def check_start(experiments: Experiments, name: str, variant: str) -> None:
    """Raise ValueError where a run starts from weights that the other run does not keep."""
    own = experiments[name].variants[variant]
    if (start := own.start) is None:
        return
    where = f"experiments.{name}.variants.{variant}.start"
    check_among(start.experiment, f"{where}.experiment", experiments)
    begun = experiments[start.experiment]
    check_among(start.variant, f"{where}.variant", begun.variants)
    if missing := sorted({*experiments[name].seeds} - {*begun.seeds}):
        said = f"{start.experiment} has no seed {missing[0]}, expected all the seeds of {name}"
        raise ValueError(f"{where}: {said}")
    other, its_name = begun.variants[start.variant], f"{start.experiment}/{start.variant}"
    if other.layers != own.layers:
        both = f"{its_name} and {name}/{variant}"
        raise ValueError(f"{where}: the models of {both} differ, expected the same layers")
    kept = other.training.kept_epochs()
    if other.training.stop:  # which epoch is its last is not known
        kept -= {other.training.epochs}
    if start.epoch is not None and start.epoch not in kept:
        epochs = ", ".join(map(str, sorted(kept))) or "its last only"
        raise ValueError(
            f"{where}.epoch: found {start.epoch}, but what {its_name} surely keeps is "
            f"{epochs}: leave epoch out for its last one, or add it to its snapshot_epochs"
        )


def check_starts(experiments: Experiments) -> None:
    """Raise ValueError where a run starts from weights that are not kept, or in a circle from its
    own."""
    before = {}
    for name, found in experiments.items():
        for variant, settings in found.variants.items():
            check_start(experiments, name, variant)
            start = settings.start
            before[name, variant] = [(start.experiment, start.variant)] if start else []
    try:
        TopologicalSorter(before).prepare()
    except CycleError as error:
        (name, variant), *_ = chain = error.args[1][::-1]
        names = ", which starts from ".join(map("/".join, chain))
        where = f"experiments.{name}.variants.{variant}.start"
        raise ValueError(f"{where}: {names}: expected one that starts from no other") from error
