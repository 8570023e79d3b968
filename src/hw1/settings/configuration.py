"""Can a configuration be built? These checks, beyond a schema, come before any job."""

import math
import os
from graphlib import CycleError, TopologicalSorter

from hw1.settings.architectures import classes_of, example_shape, layers
from hw1.settings.estimates import training_examples
from hw1.settings.phases import objectives, phases
from hw1.settings.requirements import architecture
from hw1.settings.runs import Experiment, Experiments, experiment_of
from hw1.settings.validation import WHOLE, check_among, check_schema

# Keys of both kinds.
MODEL_OPTIONS = {"activation", "slope", "initialisation", "gain", "dropout", "batch_norm"}
MODEL_KEYS = {
    "mlp": {"kind", "hidden"},
    "cnn": {"kind", "conv", "kernel", "padding", "pooling", "hidden"},
}
# Targets of the workflow; no experiment or kind of analysis may have such a name.
RULES = (
    "all help status prepare_data train evaluate snapshot tabulate figure claims page verify "
    "published unpack compare comparison"
).split()
LOOK = {"size", "range"}  # of inputs that are images
LONGEST_NAME = 200  # characters of a batch's name, which its files have, too
# A job that joins the batches of an experiment names their files in one command. Linux takes
# 131 072 bytes; this is less, since a command has a folder's name and other arguments, too.
LONGEST_COMMAND = 100_000


def checked(config: dict, schema: dict) -> dict[str, Experiment]:
    """The experiments of a configuration, by name.

    Raises ValueError, with one line that names the key, unless it fits the schema and can be built.
    """
    check_schema(config, schema, WHOLE)
    for name, dataset in config["datasets"].items():
        check_dataset(f"datasets.{name}", dataset)
    found = {}
    for name, entry in config["experiments"].items():
        if "variants" not in entry:
            raise ValueError(f"experiments.{name}.variants is missing: name them, or a grid")
        found[name] = experiment = experiment_of(config, name)
        check_seeds(name, entry, experiment)
        for variant in experiment.variants:
            where = f"experiments.{name}.variants.{variant}"
            check_inputs(name, entry, experiment, variant)
            check_variant(where, experiment.variants[variant], experiment.datasets[variant])
    check_starts(found)
    return found


def check_dataset(where: str, dataset: dict) -> None:
    """Raise ValueError where the settings of a data set contradict each other."""
    if dataset["kind"] == "function" and dataset["low"] >= (high := dataset["high"]):
        raise ValueError(f"{where}.high: found {high}, expected more than low ({dataset['low']})")
    if dataset["kind"] == "arrays":
        if len(set(shape := dataset["shape"])) > 1:
            raise ValueError(f"{where}.shape: found {shape}, expected [n], or [n, n] of an image")
        if ("classes" in dataset) == ("outputs" in dataset):
            raise ValueError(f"{where}: expected either classes, of labels, or outputs, of numbers")


def check_seeds(name: str, entry: dict, experiment: Experiment) -> None:
    """Raise ValueError where the batches of an experiment are more than a command can name, or one
    has a name too long for a file."""
    batches = experiment.batches
    if long := [batch for batch in batches if len(batch) > LONGEST_NAME]:
        raise ValueError(
            f"experiments.{name}.seeds: a batch of them would be called {long[0][:40]}..., too "
            "long for a file: use ranges of seeds, or fewer seeds_per_job"
        )
    table = max(map(len, [*entry.get("analyses", {}), "checkpoints"]))
    command = sum(
        len(f"results/analyses/{name}/{variant}/{batch}.csv  ") + table
        for variant in experiment.variants
        for batch in batches
    )
    if command > LONGEST_COMMAND:
        size = math.ceil(experiment.seeds_per_job * command / LONGEST_COMMAND)
        raise ValueError(
            f"experiments.{name}.seeds_per_job: found {entry.get('seeds_per_job', 'none, so 1')}, "
            f"which makes {len(batches) * len(experiment.variants)} files, more than a "
            f"command can name: use {size} or more"
        )


def check_variant(where: str, settings: dict, name: str) -> None:
    """Raise ValueError where the settings of a variant, on the data set of this name, are
    incomplete or contradict each other."""
    check_model(f"{where}.model", settings)
    training, model = settings["training"], settings["model"]
    place = f"{where}.training"
    for key in ("optimizer", "learning_rate", "batch_size", "epochs"):
        if key not in training:
            raise ValueError(f"{place}.{key} is missing: set it here or in the experiment")
    check_phases(training, place)
    if late := [e for e in training["snapshot_epochs"] if e > training["epochs"]]:
        epochs = f"epochs ({training['epochs']})"
        raise ValueError(f"{place}.snapshot_epochs: found {late[0]}, expected at most {epochs}")
    if training["gradient_norm"] and training["history"] != "iteration":
        raise ValueError(f"{place}.gradient_norm: needs history: iteration")
    if training["evaluate_each_epoch"] and training["history"] != "epoch":
        raise ValueError(f"{place}.evaluate_each_epoch: needs history: epoch")
    whole, n = training_examples(settings | {"inputs": {}}), training_examples(settings)
    size = n if training["batch_size"] == "full" else training["batch_size"]
    for key, found, most in (("inputs.examples", n, whole), ("training.batch_size", size, n)):
        if found > most:
            but = f"but {name} has {most} training examples: use at most that"
            raise ValueError(f"{where}.{key}: found {found}, {but}")
    if model.get("batch_norm") and 1 in (size, n % size):
        said = f"found {size}, but of {n} training examples that makes a batch of one"
        raise ValueError(f"{place}.batch_size: {said}: choose another")
    if classes_of(settings) is None and training["precision"] != "fp32":
        said = f"but the errors of a fitted function ({name}) are finer: use fp32"
        raise ValueError(f"{place}.precision: found {training['precision']}, {said}")
    if settings["dataset"]["kind"] == "function" and training["evaluate_each_epoch"]:
        raise ValueError(f"{place}.evaluate_each_epoch: {name} has no test split: leave it empty")
    if len(example_shape(settings)[0]) == 1 and model["kind"] == "cnn":
        raise ValueError(f"{where}.model.kind: found cnn, but {name} is no image: use mlp")
    try:
        layers(model, *example_shape(settings))
    except ValueError as error:
        raise ValueError(f"{where}.model.conv: {error}") from error


def check_model(where: str, settings: dict) -> None:
    """Raise ValueError where the keys of a run's model are not those of its kind."""
    if (model := settings.get("model")) is None:
        raise ValueError(f"{where} is missing: describe the architecture")
    if "kind" not in model:
        raise ValueError(f"{where}.kind is missing: expected {' or '.join(MODEL_KEYS)}")
    keys = MODEL_KEYS[model["kind"]]
    if wrong := sorted(keys.symmetric_difference(model.keys() - MODEL_OPTIONS)):
        problem = "is missing" if wrong[0] in keys else f"is no key of kind {model['kind']}"
        raise ValueError(f"{where}.{wrong[0]} {problem}: expected {', '.join(sorted(keys))}")
    activation = model.get("activation", "relu")
    if ("slope" in model) != (activation == "leaky_relu"):
        found = "found" if "slope" in model else "missing"
        has = "leaky_relu has a slope, and no other"
        raise ValueError(f"{where}.slope: {found}, and activation is {activation}: {has}")


def check_data_files(config: dict, experiments: Experiments) -> None:
    """Raise ValueError where a run's data set has a file that is not there."""
    for name in (name for found in experiments.values() for name in found.datasets.values()):
        file = config["datasets"][name].get("file")
        if file and not os.path.isfile(file):
            said = f"found {file}, which is no file: say where it is"
            raise ValueError(f"datasets.{name}.file: {said}")


def check_inputs(name: str, entry: dict, experiment: Experiment, variant: str) -> None:
    """Raise ValueError where a variant, or its experiment, sets a key of its inputs that has no
    effect on its data set."""
    place = f"experiments.{name}"
    where = f"{place}.variants.{variant}"
    seen = experiment.variants[variant].get("inputs", {})
    for own, there in ((entry["variants"][variant], where), (entry, place)):
        for key, value in own.get("inputs", {}).items():
            # An experiment may have such keys for its variants on other data.
            if key in seen or (there == place and (key in LOOK or value in (None, "given"))):
                continue
            raise ValueError(
                f"{there}.inputs.{key}: found {value!r}, but {experiment.datasets[variant]}, which "
                f"{variant} trains on, is as it is: leave it out"
            )
    low, high = seen.get("range", (0, 1))
    if low == high:
        raise ValueError(f"{where}.inputs.range: found [{low}, {high}], expected two that differ")


def check_phases(training: dict, where: str) -> None:
    """Raise ValueError where the phases of a training do not fit each other or their optimizers."""
    found = phases(training)
    if any(phase["epochs"] < 1 for phase in found):
        after = ", ".join(str(phase["after"]) for phase in found[1:])
        expected = f"{training['epochs']} epochs, expected numbers that rise to less than that"
        raise ValueError(f"{where}.phases: found phases after {after} of {expected}")
    for place, phase in enumerate(found):
        key = f"{where}.phases.{place - 1}" if place else where
        if "momentum" in phase and phase["optimizer"] != "sgd":
            raise ValueError(f"{key}.momentum: found with {phase['optimizer']}, expected with sgd")
        check_schedule(phase, key)
    if "gradient_norm" in objectives(training) and training["precision"] != "fp32":
        said = "but the gradient of a gradient's norm is finer: use fp32"
        raise ValueError(f"{where}.precision: found {training['precision']}, {said}")


def check_schedule(phase: dict, where: str) -> None:
    """Raise ValueError where the keys of a schedule do not fit its kind or the epochs."""
    schedule = phase.get("schedule", {"kind": "constant"})
    needed = {"every", "factor"} if schedule["kind"] == "step" else set()
    if wrong := sorted(needed ^ (schedule.keys() - {"kind", "warmup"})):
        problem = "is missing" if wrong[0] in needed else "is no key"
        raise ValueError(f"{where}.schedule.{wrong[0]} {problem} of a {schedule['kind']} schedule")
    if schedule.get("warmup", 0) >= phase["epochs"]:
        found, epochs = schedule["warmup"], f"epochs ({phase['epochs']})"
        raise ValueError(f"{where}.schedule.warmup: found {found}, expected fewer than {epochs}")


def check_start(experiments: Experiments, name: str, variant: str) -> None:
    """Raise ValueError where a run starts from weights that the other run does not keep."""
    own = experiments[name].variants[variant]
    if (start := own.get("start")) is None:
        return
    where = f"experiments.{name}.variants.{variant}.start"
    for key in ("experiment", "variant"):
        known = experiments if key == "experiment" else experiments[start["experiment"]].variants
        check_among(start[key], f"{where}.{key}", known)
    begun, its_name = experiments[start["experiment"]], f"{start['experiment']}/{start['variant']}"
    if missing := sorted({*experiments[name].seeds} - {*begun.seeds}):
        said = f"{start['experiment']} has no seed {missing[0]}, expected all the seeds of {name}"
        raise ValueError(f"{where}: {said}")
    other = begun.variants[start["variant"]]
    if architecture(other) != architecture(own):
        both = f"{its_name} and {name}/{variant}"
        raise ValueError(f"{where}: the models of {both} differ, expected the same layers")
    kept = {*other["training"]["snapshot_epochs"], other["training"]["epochs"]}
    if "stop" in other["training"]:  # it may stop before any later epoch
        kept &= {0}
    if "epoch" in start and start["epoch"] not in kept:
        epochs = ", ".join(map(str, sorted(kept))) or "its last only"
        raise ValueError(
            f"{where}.epoch: found {start['epoch']}, but what {its_name} surely keeps is "
            f"{epochs}: leave epoch out for its last one, or add it to its snapshot_epochs"
        )


def check_starts(experiments: Experiments) -> None:
    """Raise ValueError where a run starts from weights that are not kept, or in a circle from its
    own."""
    before = {}
    for name, found in experiments.items():
        for variant, settings in found.variants.items():
            check_start(experiments, name, variant)
            start = settings.get("start")
            before[name, variant] = [(start["experiment"], start["variant"])] if start else []
    try:
        TopologicalSorter(before).prepare()
    except CycleError as error:
        (name, variant), *_ = chain = error.args[1][::-1]
        names = ", which starts from ".join(map("/".join, chain))
        where = f"experiments.{name}.variants.{variant}.start"
        raise ValueError(f"{where}: {names}: expected one that starts from no other") from error
