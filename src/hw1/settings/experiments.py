"""The experiments of a configuration: the settings of their runs, their seeds and batches."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, get_args

import msgspec

from hw1.settings.architectures import Model
from hw1.settings.batches import cut, seed_list, seeds_of
from hw1.settings.overlays import merged
from hw1.settings.runs import Settings
from hw1.settings.training import Schedule, Training
from hw1.settings.values import Noun, defaults_of

# The keys of an experiment or a variant that are settings of its runs.
OF_A_RUN = ("dataset", "stream", "inputs", "start", "model", "training")


class Experiment(NamedTuple):
    """The runs of an experiment. By variant: the name of its data set; all settings that its runs
    have in common, the defaults included; and its choice of each part, if it has some. The entries
    of analyses and figures are as they are said."""

    title: str
    text: str | None
    seeds: list[int]
    seeds_per_job: int
    datasets: dict[str, str]
    variants: dict[str, Settings]
    choices: dict[str, dict[str, str]]
    analyses: dict[str, dict]
    figures: dict[str, dict]

    @property
    def batches(self) -> list[str]:
        """The names of its batches of seeds, the same for each variant."""
        return cut(self.seeds, self.seeds_per_job)


Experiments = Mapping[str, Experiment]


def experiment_of(said: dict, name: str) -> Experiment:
    """An experiment of a configuration that fits its schema.

    Raises ValueError, with a line that begins with the key, where its seeds are none, one of its
    data sets is unknown, or a variant lacks a setting.
    """
    entry = said["experiments"][name]
    try:
        seeds = seed_list(entry["seeds"])
    except ValueError as error:
        raise ValueError(f"experiments.{name}.seeds: {error}") from error
    datasets = {v: own.get("dataset", entry.get("dataset")) for v, own in entry["variants"].items()}
    for variant, dataset in datasets.items():
        if dataset not in said["datasets"]:
            found = f"found {dataset!r} for variant {variant}"
            known = ", ".join(said["datasets"])
            raise ValueError(f"experiments.{name}.dataset: {found}, expected one of {known}")
    variants = {variant: settings_of(said, name, variant) for variant in datasets}
    choices = {v: own["choices"] for v, own in entry["variants"].items() if "choices" in own}
    return Experiment(
        entry["title"],
        entry.get("text"),
        seeds,
        entry.get("seeds_per_job", 1),
        datasets,
        variants,
        choices,
        entry.get("analyses", {}),
        entry.get("figures", {}),
    )


def experiments_of(said: dict) -> dict[str, Experiment]:
    """The experiments of a configuration by name. Raises ValueError as `experiment_of` does."""
    return {name: experiment_of(said, name) for name in said["experiments"]}


def settings_of(said: dict, experiment: str, variant: str) -> Settings:
    """The settings of a variant's runs: its keys over the experiment's over the defaults.

    Raises ValueError, with a line that begins with the key, where some are missing, or are those of
    another kind.
    """
    entry = said["experiments"][experiment]
    parts = [said["defaults"], entry, entry["variants"][variant]]
    own = merged(*({key: part[key] for key in OF_A_RUN if key in part} for part in parts))
    if own.get("start"):  # said as a whole, so that its epoch is of no other run
        own["start"] = [part["start"] for part in parts if part.get("start")][-1]
    own["dataset"] = said["datasets"][own["dataset"]]
    own |= {"experiment": experiment, "variant": variant}
    if own["dataset"]["kind"] in ("function", "arrays"):  # other inputs describe images
        kept = {"labels", "examples"} if "classes" in own["dataset"] else set()
        kept |= {"range"} if own["dataset"].get("pixels") else set()
        shown = own.pop("inputs")
        if kept := kept & shown.keys():
            own["inputs"] = {key: shown[key] for key in kept}
    where = f"experiments.{experiment}.variants.{variant}"
    if "model" not in own:
        raise ValueError(f"{where}.model is missing: describe the architecture")
    check_kind(own["model"], Model, f"{where}.model")
    check_complete(own["training"], Training, f"{where}.training")
    phases = own["training"].get("phases", [])
    for place, phase in enumerate([own["training"], *phases]):
        if "schedule" in phase:
            key = f"phases.{place - 1}.schedule" if place else "schedule"
            check_kind(phase["schedule"], Schedule, f"{where}.training.{key}")
    settings = msgspec.convert(own, Settings)
    return msgspec.structs.replace(settings, dataset=settings.dataset.content)


def check_kind(said: dict, kinds: Any, where: str) -> None:
    """Raise ValueError where what is said of something is not what its kind has."""
    named = {kind.__struct_config__.tag: kind for kind in get_args(kinds)}
    if "kind" not in said:
        raise ValueError(f"{where}.kind is missing: expected {' or '.join(named)}")
    kind = named[said["kind"]]
    if unknown := sorted(said.keys() - {"kind", *kind.__struct_fields__}):
        expected = ", ".join(kind.__struct_fields__)
        raise ValueError(
            f"{where}.{unknown[0]} is no key of kind {said['kind']}: expected {expected}"
        )
    check_complete(said, kind, where)


def check_complete(said: dict, noun: type[Noun], where: str) -> None:
    """Raise ValueError where a key is missing."""
    for name, default in defaults_of(noun).items():
        if default is msgspec.NODEFAULT and name not in said:
            raise ValueError(f"{where}.{name} is missing: set it here or in the experiment")


def settings_named(experiments: Experiments, name: str) -> Settings:
    """The settings of `experiment/variant`. Raises ValueError where there is none."""
    found = {f"{e}/{v}": s for e in experiments for v, s in experiments[e].variants.items()}
    if name not in found:
        expected = f"expected experiment/variant, as {min(found)}"
        raise ValueError(f"{name}: found no such run in config.yaml, {expected}")
    return found[name]


def start_of(
    experiments: Experiments, experiment: str, variant: str, seeds: Iterable[int]
) -> list[str]:
    """The batches (experiment/variant/seeds) from whose weights the runs of some seeds start."""
    start = experiments[experiment].variants[variant].start
    if start is None:
        return []
    wanted = set(seeds)
    return [
        f"{start.experiment}/{start.variant}/{batch}"
        for batch in experiments[start.experiment].batches
        if wanted & set(seeds_of(batch))
    ]
