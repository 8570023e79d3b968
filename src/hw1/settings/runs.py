"""The runs that a configuration describes: their settings, seeds and batches."""

from collections.abc import Iterable
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

    def __str__(self) -> str:
        return f"{self.experiment}/{self.variant}/seed{self.seed}"


def run_settings(config: dict, run: Run) -> dict:
    """All settings of a run: the variant's keys over the experiment's over the defaults."""
    experiment = config["experiments"][run.experiment]
    parts = [config["defaults"], experiment, experiment["variants"][run.variant]]
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
    return run._asdict() | settings


def one_run_each(config: dict) -> list[Run]:
    """A run of each variant, with the seed 0."""
    experiments = config["experiments"]
    return [
        Run(name, variant, 0) for name in experiments for variant in experiments[name]["variants"]
    ]


def first_run(config: dict, name: str) -> Run:
    """The run with the seed 0 of `experiment/variant`. Raises ValueError where there is none."""
    runs = {f"{run.experiment}/{run.variant}": run for run in one_run_each(config)}
    if name not in runs:
        raise ValueError(
            f"{name}: found no such run in config.yaml, expected experiment/variant, as {min(runs)}"
        )
    return runs[name]


def dataset_name(config: dict, run: Run) -> str:
    """Name of the data set of a run."""
    experiment = config["experiments"][run.experiment]
    return experiment["variants"][run.variant].get("dataset", experiment.get("dataset"))


def seeds_of_experiment(config: dict, experiment: str) -> list[int]:
    """The seeds of an experiment's runs."""
    return seed_list(config["experiments"][experiment]["seeds"])


def batches(config: dict, experiment: str) -> list[str]:
    """The names of an experiment's batches of seeds, the same for each variant."""
    size = config["experiments"][experiment].get("seeds_per_job", 1)
    return cut(seeds_of_experiment(config, experiment), size)


def batch_settings(config: dict, experiment: str, variant: str) -> dict:
    """The settings that the runs of a batch have in common: those of a run without its seed."""
    settings = run_settings(config, Run(experiment, variant, 0))
    del settings["seed"]
    return settings


def start_of(config: dict, experiment: str, variant: str, seeds: Iterable[int]) -> list[str]:
    """The batches (experiment/variant/seeds) from whose weights the runs of some seeds start."""
    start = run_settings(config, Run(experiment, variant, 0)).get("start")
    if start is None:
        return []
    wanted, place = set(seeds), (start["experiment"], start["variant"])
    return [
        "/".join((*place, batch))
        for batch in batches(config, start["experiment"])
        if wanted & set(seeds_of(batch))
    ]
