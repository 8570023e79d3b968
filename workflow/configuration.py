"""The configuration: validated in one line, resolved into the settings of each run."""

import difflib
import math
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

import jsonschema

from hw1.architectures import classes_of, example_shape, layers, multiply_adds, parameter_count
from hw1.batches import cut, seed_list
from yaml_files import Document

MODEL_OPTIONS = {"activation", "slope", "initialisation", "gain"}  # of either kind
MODEL_KEYS = {
    "mlp": {"kind", "hidden"},
    "cnn": {"kind", "conv", "kernel", "padding", "pooling", "hidden"},
}
# Targets of the workflow that no experiment or kind of analysis can be called after.
RULES = (
    "all prepare_data train evaluate snapshot tabulate figure claims page verify "
    "published published_claims published_figure published_page unpack_published compare comparison"
).split()
MOST_SEEDS = 100_000
LONGEST_NAME = 200  # characters of a batch's name, which is that of files
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
        parts.append(located({k: v for k, v in content.items() if not k.startswith("x-")}, name))
        for key, value in leaves(parts[-1]) if index else ():
            other, first = said.setdefault(key, (value, name))
            if other != value:
                raise ValueError(
                    f"{key}: found {brief(other)} in {first} and {brief(value)} in {name}, "
                    "expected overlays that agree: give one of them, or a third with what you mean"
                )
    return merged(*parts)


def located(content: dict, name: str) -> dict:
    """The content of a file with paths that are relative to it as paths from here."""
    content = dict(content)
    folder = os.path.dirname(name)

    def path(key: str, value: object) -> object:
        return os.path.join(folder, expanded(key, value)) if isinstance(value, str) else value

    if isinstance(folders := content.get("extensions"), dict):
        content["extensions"] = {k: path(f"extensions.{k}", v) for k, v in folders.items()}
    for section in ("claims", "datasets"):
        if isinstance(entries := content.get(section), dict):
            content[section] = {
                key: entry | {"file": path(f"{section}.{key}.file", entry["file"])}
                if isinstance(entry, dict) and "file" in entry
                else entry
                for key, entry in entries.items()
            }
    return content


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
    # What is in a file says its content, not its name.
    settings["dataset"] = {k: v for k, v in dataset.items() if k not in ("title", "file")}
    if dataset["kind"] == "function" or "outputs" in dataset:
        del settings["inputs"]  # they describe images
    elif dataset["kind"] == "arrays":
        kept = settings["inputs"].keys() & {"labels", "examples"}
        settings["inputs"] = {key: settings["inputs"][key] for key in sorted(kept)}
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
    if few := (settings.get("inputs") or {}).get("examples"):
        return few
    dataset = settings["dataset"]
    if dataset["kind"] == "function":
        return dataset["points"]
    if dataset["kind"] == "arrays":
        return dataset["examples"]
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


def peak_memory(settings: dict, seeds: int) -> int:
    """A rough estimate of the memory in MiB that a job needs which trains a batch of runs.

    Python with torch, the data, and of each run: weights, gradient and two moments while it
    trains, its snapshots, and these once more as the file is written.
    """
    example, outputs = example_shape(settings)
    floats = parameter_count(layers(settings["model"], example, outputs))
    kept = len({*settings["training"]["snapshot_epochs"], settings["training"]["epochs"]})
    data = 2 * 1.25 * training_examples(settings) * math.prod(example)
    training, n = settings["training"], training_examples(settings)
    batch = n if training["batch_size"] == "full" else min(training["batch_size"], n)
    if settings["model"]["kind"] == "mlp":  # all seeds at once, each with its batch and activations
        widths = math.prod(example) + sum(settings["model"]["hidden"]) + outputs
        data += 3 * seeds * batch * widths
    return max(2000, 1000 + round(4 * (data + floats * (8 + seeds * (4 + 3 * kept))) / 2**20))


def seeds_of_experiment(config: dict, experiment: str) -> list[int]:
    """The seeds of an experiment's runs."""
    return seed_list(config["experiments"][experiment]["seeds"])


def all_runs(config: dict, experiment: str) -> list[Run]:
    """The runs of an experiment, variants and seeds in the order of the configuration."""
    seeds = seeds_of_experiment(config, experiment)
    return [
        Run(experiment, v, s) for v in config["experiments"][experiment]["variants"] for s in seeds
    ]


def batches(config: dict, experiment: str) -> list[str]:
    """The names of an experiment's batches of seeds, the same for each variant."""
    size = config["experiments"][experiment].get("seeds_per_job", 1)
    return cut(seeds_of_experiment(config, experiment), size)


def batch_settings(config: dict, experiment: str, variant: str) -> dict:
    """What the runs of a batch have in common: the settings of a run without its seed."""
    settings = run_settings(config, Run(experiment, variant, 0))
    del settings["seed"]
    return settings


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
        if dataset["kind"] == "arrays" and len(set(dataset["shape"])) > 1:
            raise ValueError(
                f"datasets.{name}.shape: found {dataset['shape']}, expected [n], or [n, n] of a "
                "square image"
            )
        if dataset["kind"] == "arrays" and ("classes" in dataset) == ("outputs" in dataset):
            raise ValueError(
                f"datasets.{name}: expected either classes, of labels, or outputs, of real targets"
            )
    for name, experiment in config["experiments"].items():
        where = f"experiments.{name}"
        check_seeds(config, name)
        for variant in experiment["variants"]:
            check_variant(config, where, Run(name, variant, 0))


def check_seeds(config: dict, name: str) -> None:
    """Raise ValueError where the seeds of an experiment make no batches."""
    where = f"experiments.{name}.seeds"
    try:
        seeds = seeds_of_experiment(config, name)
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from error
    if len(seeds) > MOST_SEEDS:
        raise ValueError(f"{where}: found {len(seeds)}, expected at most {MOST_SEEDS}")
    if long := [batch for batch in batches(config, name) if len(batch) > LONGEST_NAME]:
        raise ValueError(
            f"{where}: a batch of them would be called {long[0][:40]}..., too long for a file: "
            "use ranges of seeds, or fewer seeds_per_job"
        )


def check_schema(document: object, schema: dict, whole: str) -> None:
    """Raise ValueError, with one line that names the key, unless `document` fits `schema`."""
    error = jsonschema.exceptions.best_match(Validator(schema).iter_errors(document))
    if error is not None:
        raise ValueError(explain(error, whole))


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
    if wrong := sorted(keys.symmetric_difference(model.keys() - MODEL_OPTIONS)):
        problem = "is missing" if wrong[0] in keys else f"is no key of kind {model['kind']}"
        raise ValueError(f"{where}.model.{wrong[0]} {problem}: expected {', '.join(sorted(keys))}")
    if ("slope" in model) != (model.get("activation") == "leaky_relu"):
        found = "found" if "slope" in model else "missing"
        raise ValueError(
            f"{where}.model.slope: {found}, and activation is {model.get('activation', 'relu')}: "
            "leaky_relu has a slope, and no other"
        )
    training = settings["training"]
    for key in ("optimizer", "learning_rate", "batch_size", "epochs"):
        if key not in training:
            raise ValueError(f"{where}.training.{key} is missing: set it here or in the experiment")
    if "momentum" in training and training["optimizer"] != "sgd":
        raise ValueError(
            f"{where}.training.momentum: found with {training['optimizer']}, expected with sgd only"
        )
    check_schedule(training, where)
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
    whole = training_examples(settings | {"inputs": {}})
    if (settings.get("inputs", {}).get("examples") or 0) > whole:
        raise ValueError(
            f"{where}.inputs.examples: found {settings['inputs']['examples']}, but {name} has "
            f"{whole} training examples: use at most that"
        )
    n = training_examples(settings)
    if training["batch_size"] != "full" and training["batch_size"] > n:
        raise ValueError(
            f"{where}.training.batch_size: found {training['batch_size']}, but {name} has {n} "
            "training examples: use at most that, or full"
        )
    function = settings["dataset"]["kind"] == "function"
    if classes_of(settings) is None and training["precision"] != "fp32":
        raise ValueError(
            f"{where}.training.precision: found {training['precision']}, but the errors of a "
            f"fitted function ({name}) are smaller than its rounding: use fp32"
        )
    if function and training["evaluate_each_epoch"]:
        raise ValueError(
            f"{where}.training.evaluate_each_epoch: {name} has no test split and a full batch is "
            "its own evaluation: leave it empty"
        )
    if len(example_shape(settings)[0]) == 1 and settings["model"]["kind"] == "cnn":
        raise ValueError(f"{where}.model.kind: found cnn, but {name} is no image: use mlp")
    try:
        layers(settings["model"], *example_shape(settings))
    except ValueError as error:
        raise ValueError(f"{where}.model.conv: {error}") from error


def did_you_mean(found: str, allowed: Iterable[str]) -> str:
    """The name that was probably meant, else all that there are."""
    allowed = list(allowed)
    close = difflib.get_close_matches(found, allowed, n=1)
    return f"did you mean {close[0]}?" if close else f"allowed are {', '.join(allowed) or 'none'}"


def check_schedule(training: dict, where: str) -> None:
    """Raise ValueError where the keys of a schedule do not fit its kind or the epochs."""
    schedule = training.get("schedule", {"kind": "constant"})
    needed = {"every", "factor"} if schedule["kind"] == "step" else set()
    if wrong := sorted(needed ^ (schedule.keys() - {"kind", "warmup"})):
        problem = "is missing" if wrong[0] in needed else "is no key"
        raise ValueError(
            f"{where}.training.schedule.{wrong[0]} {problem} of a schedule of kind "
            f"{schedule['kind']}"
        )
    if schedule.get("warmup", 0) >= training["epochs"]:
        raise ValueError(
            f"{where}.training.schedule.warmup: found {schedule['warmup']}, expected fewer than "
            f"epochs ({training['epochs']})"
        )


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
        return f"{where}: unknown key {unknown[0]!r}: {did_you_mean(unknown[0], allowed)}"
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
        "exclusiveMaximum": f"less than {value}",
        "minItems": f"at least {value} item(s)",
        "maxItems": f"at most {value} item(s)",
        "minProperties": "at least one entry",
        "minLength": "some text",
        "uniqueItems": "no value twice",
        "pattern": description[:1].lower() + description[1:],
    }.get(rule, error.message)
    return f"{where}: {found}, expected {expected}"
