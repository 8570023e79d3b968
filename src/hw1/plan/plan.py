"""What follows from a configuration: the files, inputs, settings and recipes of each job.

The rules ask it, with the wildcards of a job; nothing here imports Snakemake. The recipe of a file
is a digest of the code and the settings of its job, and of the recipes of what it is made from.
Files carry it (hw1.results.recipes), so a file of other settings or other code is made anew
whatever Snakemake remembers, or was told not to look at.
"""

import csv
import functools
import json
import os
import shlex
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from hw1.plan.sections import sections
from hw1.plan.sources import digest
from hw1.results import recipes
from hw1.results.wording import outcome
from hw1.settings import estimates
from hw1.settings.batches import seeds_of
from hw1.settings.claim_lists import about, left_out, statistic_files
from hw1.settings.claims import Claim
from hw1.settings.configuration import Configuration
from hw1.settings.dataset import Arrays
from hw1.settings.entries import OWN_TABLES, ROOT, Analysis, Figure, Kind, style, tables_of
from hw1.settings.experiments import Experiment, start_of
from hw1.settings.runs import Settings

# The name of an analysis's job, by its scope, and the place of its tables. A job that sees a whole
# experiment makes the final table; the tables of other jobs are joined to it.
JOBS = {
    "experiment": "{experiment}_{table}",
    "seeds": "{experiment}/{table}/{seeds}",
    "run": "{experiment}/{table}/{variant}/{seeds}",
}
PLACES = {
    scope: f"results/{'tables' if scope == 'experiment' else 'analyses'}/{job}.csv"
    for scope, job in JOBS.items()
}
TEMPLATE = ROOT / "workflow/report/page.html.j2"
ANSWER = ROOT / "workflow/report/answer.yaml"
BATCH = "{experiment}/{variant}/{seeds}"


def recipe_of(
    script: str, settings: object, made_from: Iterable = (), kind: Kind | None = None
) -> str:
    """The recipe of a job of a rule."""
    text = json.dumps(
        [digest(script, kind and kind.file), settings, list(made_from)], sort_keys=True
    )
    return sha256(text.encode()).hexdigest()


def content_of(*files: str | Path) -> list[str]:
    """Digests of files that are no results, if they are there."""
    return [sha256(Path(f).read_bytes()).hexdigest() for f in files if os.path.isfile(f)]


def followed_by(pairs: Iterable[tuple[str, str]]) -> str:
    """A pattern for `experiment` in the name of a file, by the text after it: with two experiments
    e and e_x, a table e_x_y belongs to the one that has a table of that name."""
    return "|".join(rf"{e}(?=[_/]{after}[_/.])" for e, after in pairs) or "(?!)"


def either(before: str, names: Iterable[str], published: Iterable[str]) -> str:
    """Names as a pattern: those of a build, or, in the folder of the published tables, others; what
    stands there before them is `before`."""
    place = f"results/published/{before}"
    return f"(?<={place})(?:{among(published)})|(?<!{place})(?:{among(names)})"


def among(names: Iterable[str]) -> str:
    """Some names as a pattern; without names, a pattern that matches nothing."""
    return "|".join(dict.fromkeys(names)) or "(?!)"


@dataclass(frozen=True, eq=False)
class Plan:
    """A configuration, and what follows from it (see the module).

    An arm is a reading of the report's text. The first is what the configuration says; each other
    one, `arm`, is a build of its own under an overlay, of which only the tables are asked for.
    `folder` is for its ledgers, figures and pages. If it is a module, `outer` is the other
    workflow, and `prefix` stands before all paths of results. `options` are Snakemake's options for
    its folder and overlays. Wildcards `w` are those of a job.
    """

    config: Configuration
    experiments: dict[str, Experiment]
    analyses: list[Analysis]
    figures: dict[str, Figure]
    kinds: list[Kind]
    claims: dict[str, list[Claim]]
    of_arms: dict[str, dict[str, Experiment]] = field(default_factory=dict)
    folder: str = "results"
    prefix: str = ""
    outer: str = ""
    options: tuple[str, ...] = ()
    arm: str = ""

    # --- arms

    @functools.cached_property
    def arms(self) -> list[str]:
        """The arms that there are."""
        return list(self.config.arms)

    @functools.cache
    def of_arm(self, arm: str) -> "Plan":
        """The plan of an arm, with the analyses of this one that have variants in it."""
        if arm == self.arms[0]:
            return self
        experiments, analyses = self.of_arms.get(arm, self.experiments), []
        for analysis in self.analyses:
            if found := experiments.get(analysis.experiment):
                variants = [variant for variant in analysis.variants if variant in found.variants]
                analyses += [analysis._replace(variants=variants)] * bool(variants)
        return replace(
            self, experiments=experiments, analyses=analyses, figures={}, claims={}, arm=arm
        )

    @property
    def tables(self) -> str:
        """The folder of its tables. An arm after the first has a folder with its name."""
        return f"{self.arm}/results/tables" if self.arm else f"{self.folder}/tables"

    def has(self, table: str) -> bool:
        """Whether there is a table; those of the first arm will be there."""
        return not self.arm or os.path.exists(f"{self.prefix}{self.tables}/{table}.csv")

    # --- inputs and settings

    def command(self, script: str) -> str:
        """The command by which a job runs a script, in the environment that python.sh makes for it.
        The code is in the recipe and is no input, so an edited comment runs nothing again. A
        shell.prefix would, in a module, change the rules of the other workflow."""
        files = [ROOT / "workflow/python.sh", ROOT / f"workflow/scripts/{script}.py"]
        text = shlex.join(["bash", *map(self.here, files)]).replace("{", "{{").replace("}", "}}")
        return f"HW1_RECIPE={{params.recipe}} {text}"

    def here(self, path: str | Path) -> str:
        """A file that is no result, as an input. The path is relative, so that a moved or freshly
        cloned repository is the same workflow. It is absolute in a module with a prefix, since
        Snakemake puts the prefix before relative paths."""
        return os.path.abspath(path) if self.prefix else os.path.relpath(path)

    def settings_of(self, w: Any) -> str:
        """All settings of a batch as one JSON text: Snakemake compares params as a set."""
        return self.batch(w).text

    def batch(self, w: Any) -> Settings:
        """The settings that the runs of a batch have in common."""
        return self.experiments[w.experiment].variants[w.variant]

    def data_of(self, w: Any) -> str:
        """The data file of a batch."""
        return self.data_file(w.experiment, w.variant)

    def data_file(self, experiment: str, variant: str) -> str:
        """The data file of a variant."""
        return f"results/data/{self.experiments[experiment].datasets[variant]}.npz"

    def start_of(self, w: Any) -> list[str]:
        """The checkpoints from which the runs of a batch start."""
        found = start_of(self.experiments, w.experiment, w.variant, seeds_of(w.seeds))
        return [f"results/checkpoints/{batch}.pt" for batch in found]

    def source_of(self, w: Any) -> str | list:
        """The user's file of a data set, if it has one."""
        dataset = self.config.datasets[w.dataset]
        return self.here(dataset.file) if isinstance(dataset, Arrays) else []

    def dataset_settings(self, name: str) -> str:
        """The settings of a data set as one JSON text."""
        return self.config.datasets[name].content.text

    @functools.cached_property
    def analysis(self) -> dict[tuple[str, str], Analysis]:
        """The analyses by experiment and name."""
        return {(analysis.experiment, analysis.name): analysis for analysis in self.analyses}

    def settings_of_analysis(self, w: Any) -> str:
        """The settings of an analysis as one JSON text."""
        return json.dumps(self.analysis[w.experiment, w.analysis].settings, sort_keys=True)

    def places_of(self, kind: Kind) -> list[str]:
        """Where a job of a kind of analysis leaves its tables."""
        ends = [f"_{end}" if end else "" for end in kind.declared.tables]
        place = PLACES[kind.declared.scope]
        return [place.replace("{table}", f"{{analysis}}{end}") for end in ends]

    @functools.cached_property
    def joined(self) -> dict[tuple[str, str], Analysis]:
        """The analyses whose tables are joined from those of single jobs, by experiment and
        table."""
        return {
            (analysis.experiment, table): analysis
            for analysis in self.analyses
            if analysis.kind.declared.scope != "experiment"
            for table in analysis.tables
        }

    @functools.cached_property
    def tabulated(self) -> list[tuple[str, str]]:
        """The tables that are joined, each with its experiment."""
        return [*((e, t) for e in self.experiments for t in OWN_TABLES), *self.joined]

    def networks_of(self, w: Any) -> list[str]:
        """The weights files that a job of an analysis sees, by its scope."""
        names, analysis = dict(w.items()), self.analysis[w.experiment, w.analysis]
        variants = [names["variant"]] if "variant" in names else analysis.variants
        return [
            f"results/weights/{w.experiment}/{variant}/{batch}.npz"
            for variant in variants
            for batch in (
                [names["seeds"]] if "seeds" in names else self.experiments[w.experiment].batches
            )
        ]

    def data_of_analysis(self, w: Any) -> list[str]:
        """The data file of the variants that a job of an analysis sees, if its kind needs one."""
        analysis = self.analysis[w.experiment, w.analysis]
        variant = dict(w.items()).get("variant", analysis.variants[0])
        return [self.data_file(w.experiment, variant)] * analysis.kind.declared.data

    def parts_of(self, w: Any) -> list[str]:
        """The tables that a table of an experiment joins."""
        if w.table in OWN_TABLES:
            place = f"results/{w.table}/{BATCH}.csv"
            variants = list(self.experiments[w.experiment].variants)
        else:
            analysis = self.joined[w.experiment, w.table]
            place = PLACES[analysis.kind.declared.scope]
            variants = analysis.variants if "{variant}" in place else [""]
        return [
            place.format(experiment=w.experiment, table=w.table, variant=variant, seeds=batch)
            for variant in variants
            for batch in self.experiments[w.experiment].batches
        ]

    def targets(self, experiment: str) -> list[str]:
        """The files that an experiment is built for: its figures and its tables."""
        drawn = [name for name, f in self.figures.items() if f.experiment == experiment]
        made = [t for t in tables_of(experiment, self.analyses) if t != "history"]
        return [
            *(f"results/fig_{name}.png" for name in drawn),
            *(f"results/tables/{experiment}_{table}.csv" for table in made),
        ]

    # --- the requests of a job

    def seconds_of(self, w: Any) -> int:
        """A rough estimate of the training time of a batch."""
        return 1 + round(estimates.training_seconds(self.batch(w)) * len(seeds_of(w.seeds)))

    def memory_of(self, w: Any, attempt: int) -> int:
        """The memory in MiB that a batch needs."""
        return estimates.peak_memory(self.batch(w), len(seeds_of(w.seeds))) * attempt

    def minutes_of(self, w: Any, attempt: int) -> int:
        """Minutes after which a cluster may stop a training, which then resumes on the next try."""
        return (20 + self.seconds_of(w) // 8) * attempt

    def help(self) -> str:
        """All targets, a line each."""
        entries = [self.config.claims[name] for name in self.claims]
        lists = {entry.target: entry.title for entry in entries if entry.target}
        lines = {
            "all": "everything (what snakemake builds without a target)",
            "results/index.html": "the page, with all it shows",
            **lists,
            "published": "ledger, figures and page of the published tables, without any training",
            "compare": "does this build agree with the published tables?",
            "status": "what is done, running and waiting, also while a build runs",
            "verify": "are the results as they were written?",
        }
        for name, experiment in self.experiments.items():
            lines[name] = experiment.title
            own = [figure for figure in self.figures.values() if figure.experiment == name]
            lines |= {f"  fig_{figure.name}": figure.caption for figure in own}
        width = max(map(len, lines))
        return "\n".join(f"{name:{width}}  {line}" for name, line in lines.items())

    # --- figures, ledgers and pages

    def tables_of_figure(self, name: str) -> list[str]:
        """The tables that a figure draws: of runs, or of claims."""
        figure = self.figures[name]
        folder = self.tables if figure.experiment else f"{self.folder}/tables"
        return [f"{folder}/{table}.csv" for table in figure.tables]

    def style_of(self, name: str) -> dict:
        """How a figure looks."""
        figure = self.figures[name]
        about = {e: self.experiments[e] for e in self.experiments_on(name)}
        return style(self.config, about, figure)

    def category_of(self, name: str) -> str:
        """Where a figure stands in Snakemake's report: under its experiment."""
        experiment = self.figures[name].experiment
        return self.experiments[experiment].title if experiment else "Claims"

    def rules_of(self, claims: str) -> str:
        """The file of a list of claims."""
        return self.here(self.config.claims[claims].file)

    @functools.cached_property
    def statistics(self) -> list[str]:
        """The files with statistics of extensions."""
        return [self.here(file) for file in statistic_files(self.config.folders)]

    @functools.cached_property
    def code_of_statistics(self) -> list[str]:
        """What those files do, and what they import."""
        return [digest("claims", Path(file)) for file in self.statistics]

    def evidence(self, claims: str, arm: str) -> list[str]:
        """The tables from which a list of claims is decided."""
        return self.evidence_for(self.claims[claims], arm)

    def evidence_for(self, claims: Sequence[Claim], arm: str) -> list[str]:
        """The tables from which claims are decided: all tables of the experiments that they name;
        for an arm after the first, only those that are there."""
        plan, named = self.of_arm(arm), about(claims)
        return [
            f"{plan.tables}/{experiment}_{table}.csv"
            for experiment in plan.experiments
            if experiment in named
            for table in tables_of(experiment, plan.analyses)
            if plan.has(f"{experiment}_{table}")
        ]

    @functools.cache
    def arms_of(self, claims: str) -> list[str]:
        """The arms that a list of claims is decided for: those with metrics of some experiment."""
        return [
            arm
            for arm in self.arms
            if any(file.endswith("_metrics.csv") for file in self.evidence(claims, arm))
        ]

    def left_out(self, claims: str, arm: str) -> list[str]:
        """The claims of a list that are not decided for an arm, by their ids."""
        built = {Path(file).stem.removesuffix("_metrics") for file in self.evidence(claims, arm)}
        return left_out(self.claims[claims], self.why_left_out(claims), built)

    def ledgers(self, lists: Iterable[str], middle: str = "") -> list[str]:
        """The tables of lists of claims, of all arms."""
        return [
            f"{self.folder}/tables/{name}{middle}_{arm}.csv"
            for name in lists
            for arm in self.arms_of(name)
        ]

    def lists_on(self, page: str) -> list[str]:
        """The lists of claims on a page: the list of its name, or all."""
        return [page] if page in self.claims else list(self.claims)

    def experiments_on(self, page: str) -> list[str]:
        """The experiments on a page: those that its list is about, or all."""
        shown = about(self.claims[page]) if page in self.claims else self.experiments
        return [name for name in self.experiments if name in shown]

    def figures_on(self, page: str) -> list[str]:
        """The figures on a page, by name."""
        shown = {*self.experiments_on(page), *self.lists_on(page)}
        return [
            name for name, figure in self.figures.items() if (figure.experiment or name) in shown
        ]

    def drawn_on(self, page: str, ending: str) -> list[str]:
        """The files of the figures on a page."""
        return [f"{self.folder}/fig_{name}{ending}" for name in self.figures_on(page)]

    def metrics_on(self, page: str) -> list[str]:
        """The tables of the numbers on a page."""
        return [f"{self.tables}/{name}_metrics.csv" for name in self.experiments_on(page)]

    def runs_on(self, page: str) -> list[str]:
        """The tables of how the runs on a page were made. A build has none: it has a file for each
        run, below `provenance`, and nothing depends on these."""
        return []

    @property
    def titles_of_arms(self) -> dict[str, str]:
        """What each arm is called."""
        return {arm: entry.title for arm, entry in self.config.arms.items()}

    def titles_on(self, page: str) -> dict[str, list]:
        """The title of each list of claims on a page, and the claims left out of it, by name."""
        entries = {name: self.config.claims[name] for name in self.lists_on(page)}
        return {name: [entry.title, self.why_left_out(name)] for name, entry in entries.items()}

    def why_left_out(self, claims: str) -> dict[str, str]:
        """The claims that are not decided, by id, and why."""
        return self.config.claims[claims].leave_out or {}

    @functools.cache
    def sections_on(self, page: str) -> list[dict]:
        """The sections of a page: the settings of its experiments."""
        claimed = set().union(*map(about, self.claims.values()))
        coded = self.of_arm(self.arms[:2][-1]).experiments
        shown = {name: self.experiments[name] for name in self.experiments_on(page)}
        return sections(self.config, shown, coded, list(self.figures.values()), claimed)

    def command_of(self, page: str) -> str:
        """The command that makes a page again, from the folder of the repository."""
        if self.outer:
            return f"as a module of {self.outer}"
        target = [f"results/{page}.html"] * (page in self.claims)
        return shlex.join(["snakemake", *target, *self.options])

    @property
    def provenance(self) -> str:
        """The folder with a file for each run on how it was made."""
        return f"{self.prefix}results/provenance"

    def made_since(self, time: float) -> list[str]:
        """A line for each page that was made since then, and for the ledgers on it."""
        lines = []
        for page in ("index", *self.claims):
            file = Path(f"{self.folder}/{page}.html")
            if not file.exists() or file.stat().st_mtime < time:
                continue
            for ledger in filter(os.path.exists, self.ledgers(self.lists_on(page))):
                with open(ledger, encoding="utf-8", newline="") as rows:
                    verdicts = [row["verdict"] for row in csv.DictReader(rows)]
                lines.append(f"{ledger}: {outcome(verdicts)}")
            lines.append(f"the page: {file.resolve()}")
        return lines

    # --- the recipe of each file

    def is_current(self, places: Iterable[str], w: Any, recipe: Callable[[Any], str]) -> bool:
        """Whether all outputs of a job that are there carry its recipe."""
        files = [self.prefix + place.format(**dict(w.items())) for place in places]
        return all(recipes.of(file) == recipe(w) for file in files if os.path.exists(file))

    @functools.cache
    def dataset_recipe(self, name: str) -> str:
        """The recipe of a prepared data set, with the content of the user's own file."""
        dataset = self.config.datasets[name]
        # In a module, another rule of the outer workflow may still have to make the file.
        there = [dataset.file] if isinstance(dataset, Arrays) and not self.outer else []
        return recipe_of("prepare_data", dataset.content.text, content_of(*there))

    @functools.cache
    def alone(self, experiment: str) -> list[str]:
        """The seeds of an experiment as batches of one, since the cut changes no table. The seeds
        of an arm after the first are those in its metrics."""
        seeds = self.experiments[experiment].seeds
        if self.arm:
            path = f"{self.prefix}{self.tables}/{experiment}_metrics.csv"
            seeds = []
            with suppress(OSError, KeyError), open(path, encoding="utf-8", newline="") as file:
                seeds = sorted({int(row["seed"]) for row in csv.DictReader(file)})
        return [f"seed{seed}" for seed in seeds]

    @functools.cache
    def checkpoint_recipe(self, experiment: str, variant: str, seeds: str) -> str:
        """The recipe of the checkpoint and the history of a batch."""
        settings = self.experiments[experiment].variants[variant]
        made_from = [self.dataset_recipe(self.experiments[experiment].datasets[variant])]
        if start := settings.start:
            place = start.experiment, start.variant
            made_from += [self.checkpoint_recipe(*place, f"seed{seed}") for seed in seeds_of(seeds)]
        return recipe_of("train", [settings.text, seeds], made_from)

    @functools.cache
    def of_checkpoint_recipe(self, script: str, experiment: str, variant: str, seeds: str) -> str:
        """The recipe of the metrics of a batch, or of its weights."""
        return recipe_of(script, None, [self.checkpoint_recipe(experiment, variant, seeds)])

    @functools.cache
    def analysis_recipe(
        self, experiment: str, analysis: str, variant: str | None = None, seeds: str | None = None
    ) -> str:
        """The recipe of an analysis's tables: from all variants and batches, or from one."""
        found = self.analysis[experiment, analysis]
        variants = [variant] if variant else found.variants
        made_from = [
            self.of_checkpoint_recipe("snapshot", experiment, v, s)
            for v in variants
            for s in ([seeds] if seeds else self.alone(experiment))
        ]
        if found.kind.declared.data:
            dataset = self.experiments[experiment].datasets[variants[0]]
            made_from.append(self.dataset_recipe(dataset))
        return recipe_of("analyse", found.settings, made_from, found.kind)

    @functools.cache
    def table_recipe(self, experiment: str, table: str) -> str:
        """The recipe of a table of an experiment."""
        seeds = self.alone(experiment)
        runs = [(experiment, v, s) for v in self.experiments[experiment].variants for s in seeds]
        if table == "history":
            parts = [self.checkpoint_recipe(*run) for run in runs]
        elif table == "metrics":
            parts = [self.of_checkpoint_recipe("evaluate", *run) for run in runs]
        else:
            (own,) = (a for a in self.analyses if a.experiment == experiment and table in a.tables)
            if own.kind.declared.scope == "experiment":
                return self.analysis_recipe(experiment, own.name)
            of_one = own.variants if own.kind.declared.scope == "run" else [None]
            jobs = [(experiment, own.name, v, s) for v in of_one for s in seeds]
            parts = [self.analysis_recipe(*job) for job in jobs]
        return recipe_of("tabulate", None, parts)

    @functools.cache
    def ledger_recipe(self, claims: str, arm: str) -> str:
        """The recipe of the ledger of a list of claims."""
        plan = self.of_arm(arm)
        made_from = [plan.recipe_of_evidence(file) for file in self.evidence(claims, arm)]
        rules = content_of(self.config.claims[claims].file)
        said = [rules, self.left_out(claims, arm), *self.code_of_statistics]
        return recipe_of("claims", said, made_from)

    def recipe_of_evidence(self, file: str) -> str | None:
        """The recipe of a table that claims rest on; in a later arm, the one that it carries."""
        return recipes.of(self.prefix + file) if self.arm else self.recipe_of_file(file)

    @functools.cache
    def recipe_of_file(self, file: str) -> str:
        """The recipe of a table, by its file: of an experiment, or of a list of claims."""
        name = Path(file).stem
        for key in self.claims:
            for decided in self.arms_of(key):
                if name in (f"{key}_{decided}", f"{key}_parts_{decided}"):
                    return self.ledger_recipe(key, decided)
        return next(
            self.table_recipe(experiment, table)
            for experiment in self.experiments
            for table in tables_of(experiment, self.analyses)
            if name == f"{experiment}_{table}"
        )

    @functools.cache
    def figure_recipe(self, name: str) -> str:
        """The recipe of a figure."""
        figure = self.figures[name]
        look = [self.style_of(name), figure.caption]
        return recipe_of("figure", look, map(self.recipe_of_file, figure.tables), figure.kind)

    def shown_by(self, page: str) -> dict[str, str]:
        """The recipes of the files that a page shows, by file."""
        files = [*self.metrics_on(page), *self.ledgers(self.lists_on(page))]
        found = {file: self.recipe_of_file(file) for file in files}
        for arm in self.arms[1:]:
            for name in self.lists_on(page):
                plan = self.of_arm(arm)
                found |= {f: plan.recipe_of_file(f) for f in self.evidence(name, arm)}
        pictures = zip(self.drawn_on(page, ".png"), self.figures_on(page), strict=True)
        return found | {file: self.figure_recipe(name) for file, name in pictures}

    @functools.cache
    def page_recipe(self, page: str) -> str:
        """The recipe of a page."""
        rules = [self.config.claims[name].file for name in self.lists_on(page)]
        said = [self.sections_on(page), self.titles_on(page), list(self.titles_of_arms.items())]
        said += [content_of(TEMPLATE, ANSWER, *rules), self.command_of(page)]
        published = content_of(ROOT / "published/manifest.json")
        return recipe_of("page", said, [self.shown_by(page), *published])
