"""The runs that a configuration describes: their settings, seeds and batches."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from hw1.settings.batches import cut, seed_list, seeds_of
from hw1.settings.overlays import merged

# The keys of an experiment or a variant that are settings of its runs.
OF_A_RUN = ("dataset", "stream", "inputs", "start", "model", "training")


class Run(NamedTuple):
    """One training."""

    experiment: str
    variant: str
    seed: int


class Experiment(NamedTuple):
    """The runs of an experiment. By variant: the name of its data set; all settings that its runs
    have in common, the defaults included; and its choice of each part, if it has some.
    A run has its `seed` besides."""

    seeds: list[int]
    seeds_per_job: int
    datasets: dict[str, str]
    variants: dict[str, dict]
    choices: dict[str, dict[str, str]]

    @property
    def batches(self) -> list[str]:
        """The names of its batches of seeds, the same for each variant."""
        return cut(self.seeds, self.seeds_per_job)


Experiments = Mapping[str, Experiment]


def experiment_of(config: dict, name: str) -> Experiment:
    """An experiment of a configuration that fits its schema.

    Raises ValueError where its seeds are none, or one of its data sets is unknown.
    """
    entry = config["experiments"][name]
    try:
        seeds = seed_list(entry["seeds"])
    except ValueError as error:
        raise ValueError(f"experiments.{name}.seeds: {error}") from error
    datasets = {v: own.get("dataset", entry.get("dataset")) for v, own in entry["variants"].items()}
    for variant, dataset in datasets.items():
        if dataset not in config["datasets"]:
            known = ", ".join(config["datasets"])
            said = f"found {dataset!r} for variant {variant}, expected one of {known}"
            raise ValueError(f"experiments.{name}.dataset: {said}")
    variants = {variant: settings_of(config, name, variant) for variant in datasets}
    choices = {v: own["choices"] for v, own in entry["variants"].items() if "choices" in own}
    return Experiment(seeds, entry.get("seeds_per_job", 1), datasets, variants, choices)


def experiments_of(config: dict) -> dict[str, Experiment]:
    """The experiments of a configuration by name. Raises ValueError as `experiment_of` does."""
    return {name: experiment_of(config, name) for name in config["experiments"]}


def settings_of(config: dict, experiment: str, variant: str) -> dict:
    """The settings of a variant's runs: its keys over the experiment's over the defaults."""
    entry = config["experiments"][experiment]
    parts = [config["defaults"], entry, entry["variants"][variant]]
    settings = merged(*({key: part[key] for key in OF_A_RUN if key in part} for part in parts))
    dataset = config["datasets"][settings["dataset"]]
    # The content of a file counts, not its name.
    settings["dataset"] = {k: v for k, v in dataset.items() if k not in ("title", "file")}
    if dataset["kind"] in ("function", "arrays"):
        kept = {"labels", "examples"} if "classes" in dataset else set()
        kept |= {"range"} if dataset.get("pixels") else set()
        shown = settings.pop("inputs")  # the others describe images
        if kept:
            settings["inputs"] = {key: shown[key] for key in sorted(kept & shown.keys())}
    return {"experiment": experiment, "variant": variant} | settings


def settings_named(experiments: Experiments, name: str) -> dict:
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
    start = experiments[experiment].variants[variant].get("start")
    if start is None:
        return []
    wanted, place = set(seeds), (start["experiment"], start["variant"])
    return [
        "/".join((*place, batch))
        for batch in experiments[start["experiment"]].batches
        if wanted & set(seeds_of(batch))
    ]
