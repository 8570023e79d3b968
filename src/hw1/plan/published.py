"""The plan of the published tables, which are unpacked in place of trainings and analyses.

Settings and seeds are the published ones, whatever config.yaml says now; titles, figures and claims
are those of config.yaml.
"""

import fnmatch
import functools
import os
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from hw1.plan.plan import Plan, recipe_of
from hw1.plan.reading import files_of, of_arms
from hw1.results import published
from hw1.settings.batches import seed_list
from hw1.settings.claim_lists import about, left_out
from hw1.settings.claims import read
from hw1.settings.configuration import Configuration
from hw1.settings.dataset import DataSet
from hw1.settings.entries import ROOT, entries, tables_of
from hw1.settings.experiments import OF_A_RUN, Experiment, experiments_of
from hw1.settings.overlays import leaves, settings_of_files
from hw1.settings.runs import Settings
from hw1.settings.yaml_files import load

LOOKED_AT = "its published seeds were looked at when its rule was written"


@dataclass(frozen=True, eq=False)
class PublishedPlan(Plan):
    """A plan whose tables are in `held`, the manifest of the published tables. Where it is empty,
    `problem` says why."""

    held: dict = field(default_factory=dict)
    problem: str = ""

    @property
    def tables(self) -> str:
        return f"{self.folder}/{self.arm or self.arms[0]}/tables"

    def has(self, table: str) -> bool:
        return f"{self.arm or self.arms[0]}/{table}.csv.xz" in self.held["files"]

    def packed(self, table: str, arm: str) -> str:
        """The file that a published table is unpacked from."""
        return self.here(ROOT / "published" / arm / f"{table}.csv.xz")

    def page(self) -> str:
        """The page. Ends the program in one line where nothing is published that fits."""
        if self.problem:
            sys.exit(f"published: {self.problem}")
        return f"{self.folder}/index.html"

    def experiments_in(self, arm: str) -> dict:
        """The manifest's entries for the experiments of an arm, by name."""
        return self.held["arms"].get(arm, {})

    @functools.cache
    def left_out(self, claims: str, arm: str) -> list[str]:
        """Seeds that were looked at when the rules were written decide nothing."""
        said = load(ROOT / "presets/replication.yaml").content["experiments"]
        decide = [
            name
            for name, about_it in self.experiments_in(arm).items()
            if name in said and min(about_it["seeds"]) >= min(seed_list(said[name]["seeds"]))
        ]
        return left_out(self.claims[claims], (), decide)

    def why_left_out(self, claims: str) -> dict[str, str]:
        return dict.fromkeys(self.left_out(claims, self.arms[0]), LOOKED_AT)

    def command_of(self, page: str) -> str:
        return "snakemake published"

    def runs_on(self, page: str) -> list[str]:
        return [f"{self.tables}/{name}_runs.csv" for name in self.experiments_on(page)]

    def first_ledgers(self, lists: Iterable[str]) -> list[str]:
        """The ledgers of the first arm, for those of `lists` that are published."""
        return [f"{self.folder}/tables/{n}_{self.arms[0]}.csv" for n in lists if n in self.claims]

    @functools.cache
    def table_recipe(self, experiment: str, table: str) -> str:
        return self.unpacked_recipe(f"{experiment}_{table}", self.arm or self.arms[0])

    def recipe_of_evidence(self, file: str) -> str | None:
        return self.recipe_of_file(file)

    def unpacked_recipe(self, table: str, arm: str) -> str:
        """The recipe of an unpacked table."""
        return recipe_of("unpack", self.held["files"].get(f"{arm}/{table}.csv.xz"))

    def arms_compared(self, plan: Plan) -> list[str]:
        """The arms of which something is published and can be compared."""
        return [arm for arm in plan.arms if arm in self.held["arms"] and self.compared(plan, arm)]

    def compared(self, plan: Plan, arm: str) -> dict[str, str]:
        """The experiments of a build that a comparison with an arm looks at, each with the reason
        why it is not compared, or an empty text. They are those with metrics, so that no other one
        is trained for it; all if no experiment of the first arm has metrics."""
        other = plan.of_arm(arm)
        place, every = f"{plan.prefix}{other.tables}", list(other.experiments)
        names = [name for name in every if os.path.exists(f"{place}/{name}_metrics.csv")]
        if not names and arm == plan.arms[0]:
            names = every
        return {name: self.other_than(name, other.experiments[name], arm) for name in names}

    def tables_compared(self, plan: Plan, arm: str) -> list[str]:
        """The tables that are compared: of each compared experiment the metrics, and the tables
        that claims rest on, if both sides have them. An arm after the first is not built for it."""
        of_claims = {
            Path(f).stem for name in plan.claims for f in plan.evidence(name, plan.arms[0])
        }
        return [
            table
            for experiment, reason in self.compared(plan, arm).items()
            for name in tables_of(experiment, plan.analyses)
            if not reason
            and ((table := f"{experiment}_{name}") in of_claims or name == "metrics")
            and self.of_arm(arm).has(table)
            and plan.of_arm(arm).has(table)
        ]

    def other_than(self, name: str, experiment: Experiment, arm: str) -> str:
        """How the settings of an experiment differ from the published ones; empty if they do
        not."""
        if (of_arm := self.experiments_in(arm).get(name)) is None:
            return "it is not published"
        for variant, settings in experiment.variants.items():
            if variant not in of_arm["settings"]:
                return f"{variant} is not published"
            own = dict(leaves(settings.said))
            theirs = dict(leaves(Settings.without_defaults(of_arm["settings"][variant])))
            for key in sorted(own.keys() | theirs.keys()):
                if own.get(key) != theirs.get(key):
                    return f"{key} of {variant} is {own.get(key)}, published is {theirs.get(key)}"
        return ""


def published_plan(folder: str, prefix: str, built: Configuration) -> PublishedPlan:
    """The plan of the published tables, whose ledgers, figures and page go to `folder`: an empty
    one, with the configuration that is `built`, where they do not fit config.yaml any more, which
    shall keep nobody from building.

    Raises ValueError where the manifest is damaged.
    """
    held = published.manifest(ROOT / "published")
    plan = functools.partial(PublishedPlan, folder=folder, prefix=prefix, held=held)
    files = files_of(ROOT, [])
    said = settings_of_files(files)
    arm = next(iter(said["arms"]))
    own = held["arms"].get(arm, {})
    try:
        # Published settings are whole: nothing else is added to them.
        said |= {"datasets": dict(said["datasets"]), "defaults": {"inputs": {}}}
        said["experiments"] = {
            name: as_published(said, entry, own[name])
            for name, entry in said["experiments"].items()
            if name in own
        }
        if not said["experiments"]:
            raise ValueError("none of the experiments of config.yaml is published: make publish")
        config = msgspec.convert(said, Configuration)
        found = entries(config, experiments_of(said))
        arms = of_arms(found, files)
    except ValueError as error:
        return plan(built, {}, [], {}, [], {}, problem=str(error))
    lists = {name: read(entry.file) for name, entry in config.claims.items()}
    claims = {name: claims for name, claims in lists.items() if about(claims) & {*own}}
    figures = {
        f.name: f
        for f in found.figures
        if f.name in claims
        or (f.experiment and all(f"{arm}/{t}.csv.xz" in held["files"] for t in f.tables))
    }
    return plan(config, found.experiments, found.analyses, figures, found.kinds, claims, arms)


def as_published(config: dict, entry: dict, of_it: dict) -> dict:
    """An experiment with the published seeds and settings."""
    # Nothing of it is trained, so the start of its trainings need not be known.
    own = [key for key in OF_A_RUN if key != "start"]
    variants = {
        variant: {key: settings[key] for key in own if key in settings}
        | {"dataset": dataset_named(config, settings["dataset"])}
        | {k: v for k, v in entry["variants"].get(variant, {}).items() if k == "choices"}
        for variant, settings in of_it["settings"].items()
    }
    kept = {key: entry[key] for key in entry if key not in OF_A_RUN}
    for section in {"analyses", "figures"} & kept.keys():
        kept[section] = {
            name: matching(of_section, variants) for name, of_section in kept[section].items()
        }
    return kept | {"seeds": of_it["seeds"], "variants": variants}


def matching(entry: dict, variants: Iterable[str]) -> dict:
    """An analysis or a figure without patterns of variants that none of those published is."""
    patterns = [p for p in entry.get("variants", ()) if fnmatch.filter(variants, p)]
    return entry | ({"variants": patterns} if patterns else {})


def dataset_named(config: dict, settings: dict) -> str:
    """The name of the data set with some settings; it is added if there is none."""
    wanted = msgspec.convert(settings, DataSet).content
    for name, dataset in config["datasets"].items():
        if msgspec.convert(dataset, DataSet).content == wanted:
            return name
    name = f"published_{settings['kind']}"
    config["datasets"][name] = settings | {"title": settings["kind"]}
    return name
