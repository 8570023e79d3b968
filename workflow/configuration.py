"""The configuration: validated in one line, resolved into the settings of each run."""

import difflib
import math
import os
import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import jsonschema
import numpy as np

from hw1.architectures import example_shape, layers, multiply_adds, stackable
from yaml_files import Document

# What an experiment has to record for its figures.
RECORDED = {
    "mnist_cnn": {"evaluate_each_epoch": ["test"]},
    "random_labels": {"evaluate_each_epoch": ["train", "test"]},
    "gradient_norm": {"gradient_norm": True},
}
# Experiments whose figures show the accuracy on test images.
SHOW_TEST_ACCURACY = ("mnist_cnn", "trajectory", "interpolation", "capacity", "random_labels")
SMALLEST_PCA = 3  # snapshots; fewer always lie in a plane
# Experiments whose figures show one variant, and the functions that those of function_fit show.
SINGLE_VARIANT = ("gradient_norm", "random_labels")
SHOWN_FUNCTIONS = ("sinc", "sign")
MODEL_KEYS = {
    "mlp": {"kind", "hidden"},
    "cnn": {"kind", "conv", "kernel", "padding", "pooling", "hidden"},
}
# Targets of the workflow that no experiment can be called after.
RULES = (
    "all prepare_data train evaluate snapshot tabulate interpolate predict pca figure claims page "
    "verify"
).split()
DATASET_SIZES = {"mnist": 60_000, "digits": 1_797}  # training images; of digits, before the split


class Run(NamedTuple):
    """One training."""

    experiment: str
    variant: str
    seed: int

    def __str__(self) -> str:
        return f"{self.experiment}/{self.variant}/seed{self.seed}"


def merged(*parts: dict) -> dict:
    """Merge dictionaries, later ones winning, key by key at every depth."""
    result: dict = {}
    for part in parts:
        for key, value in part.items():
            both = isinstance(value, dict) and isinstance(result.get(key), dict)
            result[key] = merged(result[key], value) if both else value
    return result


def settings_of_files(files: Mapping[str, Document]) -> dict:
    """The configuration that files make together, by name: later ones over earlier ones.

    The first is the base, the others are overlays. A key `x-...` at the top holds what anchors
    refer to, and is left out. Raises ValueError, with one line, where a file holds no keys, and
    where two overlays set a key to other values: Snakemake would take the later one, and of demo
    and replication, each meant as a whole, that is neither.
    """
    said: dict[str, tuple[object, str]] = {}
    parts = []
    for index, (name, (content, _)) in enumerate(files.items()):
        if not isinstance(content, dict):
            raise ValueError(f"{name}: found {brief(content)}, expected keys with values")
        parts.append({k: v for k, v in content.items() if not k.startswith("x-")})
        for key, value in leaves(parts[-1]) if index else ():
            other, first = said.setdefault(key, (value, name))
            if other != value:
                raise ValueError(
                    f"{key}: found {brief(other)} in {first} and {brief(value)} in {name}, "
                    "expected overlays that agree: give one of them, or a third with what you mean"
                )
    return merged(*parts)


def with_line(message: str, files: Mapping[str, Document]) -> str:
    """A message that begins with a dotted key, and before it the file and line where that stands.

    The file is the last one that sets the key; what a variant does not set stands in its
    experiment or in the defaults; a missing key is looked for where it belongs.
    """
    key = re.match(r"[\w.-]*", message)[0]
    place = tuple(int(part) if part.isdecimal() else part for part in key.split("."))
    if unknown := re.search(r"unknown key '([^']*)'", message):
        place += (unknown[1],)
    places = [place]
    if place[:1] == ("experiments",) and place[2:3] == ("variants",):
        places += [place[:2] + place[4:], ("defaults", *place[4:])]
    places += [place[:length] for length in range(len(place) - 1, 0, -1)]
    for sought in places:
        for name, document in reversed(files.items()):
            if line := document.lines.get(sought):
                return f"{name}, line {line}: {message}"
            if sought in document.lines:  # --config has no lines
                return f"{name}: {message}"
    return message


def leaves(node: dict, above: str = "") -> Iterator[tuple[str, object]]:
    """The dotted key and value of all that `merged` would replace."""
    for key, value in node.items():
        if isinstance(value, dict) and value:
            yield from leaves(value, f"{above}{key}.")
        else:
            yield f"{above}{key}", value


def run_settings(config: dict, run: Run) -> dict:
    """Everything a run is a function of: its own keys over its experiment's over the defaults."""
    experiment = config["experiments"][run.experiment]
    parts = [config["defaults"], experiment, experiment["variants"][run.variant]]
    keys = ("dataset", "stream", "inputs", "model", "training")
    settings = merged(*({key: part[key] for key in keys if key in part} for part in parts))
    dataset = config["datasets"][settings["dataset"]]
    settings["dataset"] = {key: value for key, value in dataset.items() if key != "title"}
    if dataset["kind"] == "function":
        del settings["inputs"]  # they describe images
    return run._asdict() | settings


def expanded(key: str, path: str) -> str:
    """A path with ~ and $NAME as a shell would fill them in.

    Raises ValueError where there is no such variable or user.
    """
    found = os.path.expanduser(os.path.expandvars(path))
    if unknown := re.match(r"~[^/]*", found) or re.search(r"\$\{?\w+\}?", found):
        raise ValueError(
            f"{key}: found {brief(path)}, but {unknown[0]} is not known here: set it, or write the "
            "path out"
        )
    return found


def dataset_name(config: dict, run: Run) -> str:
    """Name of the data set of a run."""
    experiment = config["experiments"][run.experiment]
    return experiment["variants"][run.variant].get("dataset", experiment.get("dataset"))


def training_examples(settings: dict) -> int:
    """Number of training examples."""
    dataset = settings["dataset"]
    if dataset["kind"] == "function":
        return dataset["points"]
    if dataset["kind"] == "digits":
        return DATASET_SIZES["digits"] - math.ceil(DATASET_SIZES["digits"] * dataset["test_share"])
    return DATASET_SIZES[dataset["kind"]]


def training_seconds(settings: dict) -> float:
    """A rough estimate of one core's time: it orders the trainings and sets their time limit.

    A forward and a backward pass take six floating-point operations per multiply-add; 40 GFLOP/s
    and 0.5 ms per iteration are what a laptop core reaches.
    """
    stack = layers(settings["model"], *example_shape(settings))
    n, training = training_examples(settings), settings["training"]
    batch_size = n if training["batch_size"] == "full" else training["batch_size"]
    passes = n * training["epochs"]
    return 6 * multiply_adds(stack) * passes / 40e9 + passes / batch_size * 0.0005


def alpha_grid(alphas: dict) -> list[float]:
    """The points of an interpolation, rounded so that 0.05 steps are written as such."""
    grid = np.linspace(alphas["start"], alphas["stop"], alphas["points"])
    return [round(float(alpha), 10) for alpha in grid]


def all_runs(config: dict, experiment: str) -> list[Run]:
    """The runs of an experiment, variants and seeds in the order of the configuration."""
    settings = config["experiments"][experiment]
    return [Run(experiment, v, s) for v in settings["variants"] for s in settings["seeds"]]


class Job(NamedTuple):
    """What one job trains: a run, by wildcards, or fixed seeds of an experiment's variant."""

    name: str  # how the names of its rules end
    experiment: str
    seeds: list[str]

    @property
    def files(self) -> list[str]:
        """The part of the file names that is a run's own, with wildcards."""
        return [f"{self.experiment}/{{variant}}/seed{seed}" for seed in self.seeds]

    @property
    def log(self) -> str:
        """The same for files of the job."""
        more = f"-{self.seeds[-1]}" if len(self.seeds) > 1 else ""
        return self.files[0] + more

    def runs(self, wildcards) -> list[Run]:
        """The runs that the wildcards of a job name."""
        names = dict(wildcards.items())
        experiment, variant = self.experiment.format(**names), names["variant"]
        return [Run(experiment, variant, int(seed.format(**names))) for seed in self.seeds]


def seeds_per_job(config: dict, experiment: str) -> int:
    """How many seeds of a variant one job trains together."""
    return config["experiments"][experiment].get("seeds_per_job", 1)


def single_run_experiments(config: dict) -> str:
    """The experiments whose jobs train one run, as a pattern; with none, one that never matches."""
    names = [name for name in config["experiments"] if seeds_per_job(config, name) == 1]
    return "|".join(names) or "(?!)"


def jobs(config: dict) -> list[Job]:
    """The kinds of training jobs: one for all that train a single run, one per group of seeds.

    Groups follow the order of `seeds`, so that seeds added at the end leave those before alone.
    """
    result = [Job("", "{experiment}", ["{seed}"])]
    for name, experiment in config["experiments"].items():
        size = seeds_per_job(config, name)
        seeds = [str(seed) for seed in experiment["seeds"]]
        for first in range(0, len(seeds) if size > 1 else 0, size):
            number = first // size + 1
            result.append(Job(f"_{name}_{number}", name, seeds[first : first + size]))
    return result


def is_integer(_, value) -> bool:
    """JSON Schema takes 60.0 for an integer; range() and torch do not."""
    return isinstance(value, int) and not isinstance(value, bool)


def is_number(_, value) -> bool:
    """YAML has .nan and .inf."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


Validator = jsonschema.validators.extend(
    jsonschema.Draft202012Validator,
    type_checker=jsonschema.Draft202012Validator.TYPE_CHECKER.redefine_many(
        {"integer": is_integer, "number": is_number}
    ),
)


def check(config: dict, schema: dict) -> None:
    """Raise ValueError, with one line that names the key, unless `config` is valid.

    Checks the schema, then what a schema cannot say.
    """
    check_schema(config, schema, "the configuration")
    for name, dataset in config["datasets"].items():
        if dataset["kind"] == "function" and dataset["low"] >= dataset["high"]:
            raise ValueError(
                f"datasets.{name}.high: found {dataset['high']}, expected more than low "
                f"({dataset['low']})"
            )
    for name, experiment in config["experiments"].items():
        where = f"experiments.{name}"
        if name in RULES or name.startswith(("train_", "evaluate_")):
            raise ValueError(f"{where}: a rule has this name: choose another")
        for variant in experiment["variants"]:
            check_variant(config, where, Run(name, variant, experiment["seeds"][0]))
            settings = run_settings(config, Run(name, variant, 0))
            if seeds_per_job(config, name) > 1 and not stackable(settings):
                raise ValueError(
                    f"{where}.seeds_per_job: found {seeds_per_job(config, name)}, but seeds of "
                    f"{variant} do not see the same batches: only variants on a function, with "
                    "batch_size: full and no gradient_norm, train together; leave it out"
                )
        check_shown(config, name)
        if "alphas" in experiment:
            check_line(config, name)
        elif name == "interpolation":
            raise ValueError(f"{where}.alphas is missing: say at which points to evaluate")


def check_shown(config: dict, name: str) -> None:
    """Raise ValueError where an experiment has not the variants that its figures show."""
    variants, where = config["experiments"][name]["variants"], f"experiments.{name}.variants"
    if name in SINGLE_VARIANT and len(variants) > 1:
        raise ValueError(
            f"{where}: found {', '.join(variants)}, but the figures of {name} show one: give the "
            "others an experiment of their own"
        )
    for variant in variants if name in SHOW_TEST_ACCURACY else ():
        dataset = dataset_name(config, Run(name, variant, 0))
        if config["datasets"][dataset]["kind"] == "function":
            raise ValueError(
                f"{where}.{variant}: found the data set {dataset}, a function, but the figures of "
                f"{name} show the accuracy on test images: use images, or give it an experiment "
                "of its own"
            )
    if name == "trajectory":
        snapshots = 0
        for variant in variants:
            training = run_settings(config, Run(name, variant, 0))["training"]
            each = {*training["snapshot_epochs"], training["epochs"]}
            snapshots += len(each) * len(config["experiments"][name]["seeds"])
        if snapshots < SMALLEST_PCA:
            raise ValueError(
                f"experiments.{name}.training.snapshot_epochs: found {snapshots} snapshots of all "
                f"seeds, but a PCA of their weights needs {SMALLEST_PCA}: add epochs or seeds"
            )
        first = Run(name, next(iter(variants)), 0)
        shapes = {
            variant: layers(settings["model"], *example_shape(settings))
            for variant in variants
            for settings in [run_settings(config, first._replace(variant=variant))]
        }
        if other := [v for v in variants if shapes[v] != shapes[first.variant]]:
            raise ValueError(
                f"{where}: the models of {first.variant} and {other[0]} differ, but one PCA of "
                "their weights needs them alike: give the other an experiment of its own"
            )
    if name == "function_fit":
        datasets = {dataset_name(config, run) for run in all_runs(config, name)}
        for dataset in SHOWN_FUNCTIONS:
            if (kind := config["datasets"].get(dataset, {}).get("kind")) not in (None, "function"):
                raise ValueError(
                    f"datasets.{dataset}.kind: found {kind}, but the figures of {name} show a "
                    "function of this name: use function, or another name"
                )
        if missing := sorted(set(SHOWN_FUNCTIONS) - datasets):
            raise ValueError(
                f"{where}: found none on {missing[0]}, which fig_{missing[0]}_fit shows: keep "
                "one, or leave the experiment out"
            )
        if other := sorted(datasets - set(SHOWN_FUNCTIONS)):
            raise ValueError(
                f"{where}: found one on {other[0]}, but the figures of {name} show "
                f"{' and '.join(SHOWN_FUNCTIONS)}: give it an experiment of its own"
            )


def check_schema(document: object, schema: dict, whole: str) -> None:
    """Raise ValueError, with one line that names the key, unless `document` fits `schema`."""
    error = jsonschema.exceptions.best_match(Validator(schema).iter_errors(document))
    if error is not None:
        raise ValueError(explain(error, whole))


def check_line(config: dict, name: str) -> None:
    """Raise ValueError unless an experiment with `alphas` has two variants to go between."""
    experiment, where = config["experiments"][name], f"experiments.{name}"
    grid = alpha_grid(experiment["alphas"])
    if not {0.0, 1.0} <= set(grid):
        raise ValueError(
            f"{where}.alphas: the {len(grid)} points from {grid[0]:g} to {grid[-1]:g} miss "
            "0 or 1: choose points so that both ends of the line are on the grid"
        )
    if len(experiment["variants"]) != 2:
        raise ValueError(
            f"{where}.variants: found {len(experiment['variants'])}, expected the two "
            "between which alphas interpolates"
        )
    first, second = (
        run_settings(config, Run(name, variant, experiment["seeds"][0]))
        for variant in experiment["variants"]
    )
    for key in ("dataset", "model", "inputs"):
        if first.get(key) != second.get(key):
            raise ValueError(
                f"{where}.variants: {key} of {first['variant']} and {second['variant']} differ: "
                "the line between two networks needs it to be the same"
            )


def check_variant(config: dict, where: str, run: Run) -> None:
    """Raise ValueError where the settings of a variant are incomplete or contradict each other."""
    name = dataset_name(config, run)
    if name not in config["datasets"]:
        raise ValueError(
            f"{where}.dataset: found {name!r} for variant {run.variant}, expected one of "
            f"{', '.join(config['datasets'])}"
        )
    settings = run_settings(config, run)
    where = f"{where}.variants.{run.variant}"
    if "model" not in settings:
        raise ValueError(f"{where}.model is missing: describe the architecture")
    model = settings["model"]
    if "kind" not in model:
        raise ValueError(f"{where}.model.kind is missing: expected {' or '.join(MODEL_KEYS)}")
    keys = MODEL_KEYS[model["kind"]]
    if wrong := sorted(keys.symmetric_difference(model)):
        problem = "is missing" if wrong[0] in keys else f"is no key of kind {model['kind']}"
        raise ValueError(f"{where}.model.{wrong[0]} {problem}: expected {', '.join(sorted(keys))}")
    training = settings["training"]
    for key in ("optimizer", "learning_rate", "batch_size", "epochs"):
        if key not in training:
            raise ValueError(f"{where}.training.{key} is missing: set it here or in the experiment")
    late = [epoch for epoch in training["snapshot_epochs"] if epoch > training["epochs"]]
    if late:
        raise ValueError(
            f"{where}.training.snapshot_epochs: found {late[0]}, expected at most epochs "
            f"({training['epochs']})"
        )
    if training["gradient_norm"] and training["history"] != "iteration":
        raise ValueError(f"{where}.training.gradient_norm: needs history: iteration")
    if training["evaluate_each_epoch"] and training["history"] != "epoch":
        raise ValueError(f"{where}.training.evaluate_each_epoch: needs history: epoch")
    for key, needed in RECORDED.get(run.experiment, {}).items():
        recorded = training[key] if needed is True else set(needed) <= set(training[key])
        if not recorded:
            raise ValueError(
                f"{where}.training.{key}: found {training[key]!r}, but the figures of "
                f"{run.experiment} show {needed!r}: set it so"
            )
    n = training_examples(settings)
    if training["batch_size"] != "full" and training["batch_size"] > n:
        raise ValueError(
            f"{where}.training.batch_size: found {training['batch_size']}, but {name} has {n} "
            "training examples: use at most that, or full"
        )
    function = settings["dataset"]["kind"] == "function"
    if function and training["precision"] != "fp32":
        raise ValueError(
            f"{where}.training.precision: found {training['precision']}, but the errors of a "
            f"fitted function ({name}) are smaller than its rounding: use fp32"
        )
    if function and training["evaluate_each_epoch"]:
        raise ValueError(
            f"{where}.training.evaluate_each_epoch: {name} has no test split and a full batch is "
            "its own evaluation: leave it empty"
        )
    if function and settings["model"]["kind"] == "cnn":
        raise ValueError(f"{where}.model.kind: found cnn, but {name} is no image: use mlp")
    try:
        layers(settings["model"], *example_shape(settings))
    except ValueError as error:
        raise ValueError(f"{where}.model.conv: {error}") from error


def number_hint(text: str) -> str:
    """How to write the number that a text seems to be."""
    try:
        number = float(text.replace(",", ".").replace(" ", ""))
    except ValueError:
        return "write a number"
    written = f"{number:.15g}"
    if "e" in written:  # as YAML reads it
        mantissa, exponent = written.split("e")
        written = f"{mantissa}{'' if '.' in mantissa else '.0'}e{exponent}"
    return f"write it without quotes and with a dot, as {written}"


def brief(value: object) -> str:
    """A value as it is written in Python, no longer than a line has room for."""
    text = repr(value)
    return text if len(text) < 55 else f"{type(value).__name__} {text[:44]}..."


def explain(error: jsonschema.ValidationError, whole: str) -> str:
    """One line for a schema error: the key, what was found, what is allowed."""
    where = ".".join(str(part) for part in error.absolute_path) or whole
    found = f"found {brief(error.instance)}"
    rule, value = error.validator, error.validator_value
    if rule == "additionalProperties":
        allowed = list(error.schema.get("properties", {}))
        unknown = [str(key) for key in error.instance if key not in allowed]
        close = difflib.get_close_matches(unknown[0], allowed, n=1)
        hint = f"did you mean {close[0]}?" if close else f"allowed are {', '.join(allowed)}"
        return f"{where}: unknown key {unknown[0]!r}: {hint}"
    if rule == "required":
        missing = next(key for key in value if key not in error.instance)
        return f"{where}: the key {missing!r} is missing"
    if rule == "type":
        kinds = " or ".join(value) if isinstance(value, list) else value
        text = f"{where}: {found} ({type(error.instance).__name__}), expected {kinds}"
        if isinstance(error.instance, str) and {"number", "integer"} & set(kinds.split(" or ")):
            text += f": {number_hint(error.instance)}"
        return text.replace("found None (NoneType)", "found nothing")
    if rule == "enum":
        return f"{where}: {found}, expected one of {', '.join(map(str, value))}"
    description = error.schema.get("description", "")
    expected = {
        "minimum": f"at least {value}",
        "maximum": f"at most {value}",
        "exclusiveMinimum": f"more than {value}",
        "minItems": f"at least {value} item(s)",
        "maxItems": f"at most {value} item(s)",
        "minProperties": "at least one entry",
        "minLength": "some text",
        "uniqueItems": "no value twice",
        "pattern": description[:1].lower() + description[1:],
    }.get(rule, error.message)
    return f"{where}: {found}, expected {expected}"
