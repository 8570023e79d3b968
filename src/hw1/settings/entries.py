"""Analyses, figures, tables and targets, as they follow from the entries of a configuration.

An experiment is an entry; nothing here knows an experiment by its name.
"""

import functools
import inspect
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import NamedTuple

import jsonschema

from hw1.results.tables import RUN_COLUMNS
from hw1.settings import kinds, requirements
from hw1.settings.configuration import RULES, checked
from hw1.settings.overlays import leaves
from hw1.settings.runs import Experiment, Experiments
from hw1.settings.validation import Validator, check_among, check_keys, check_name, check_schema
from hw1.settings.yaml_files import load

ROOT = Path(__file__).parents[3]
LIBRARY = ROOT / "src/hw1"
# Keys in the style of every figure, besides those of its entry.
IN_STYLE = ("dpi", "runs", "dataset", "datasets", "left_out", "choices", "by_variant")
OWN_TABLES = ("history", "metrics")  # of every experiment, besides those of its analyses


class Kind(NamedTuple):
    """A kind of analysis or figure: its name, its file, its declaration."""

    name: str
    file: Path
    declared: dict


class Analysis(NamedTuple):
    """An analysis of an experiment; its kind's tables are called after it."""

    experiment: str
    name: str
    kind: Kind
    variants: list[str]
    settings: dict

    @property
    def tables(self) -> list[str]:
        """The names of its tables within the experiment, in the order of the kind."""
        ends = self.kind.declared["tables"]
        return [f"{self.name}_{end}" if end else self.name for end in ends]


class Figure(NamedTuple):
    """A figure, of an experiment or of a list of claims; `tables` are files in results/tables,
    `claims` are the claims that stand under it."""

    experiment: str | None
    name: str
    kind: Kind
    variants: list[str]
    tables: list[str]
    caption: str
    claims: list[str]
    colours: dict
    settings: dict

    @property
    def key(self) -> str:
        """The key of its entry in the configuration."""
        place = f"experiments.{self.experiment}.figures" if self.experiment else "claims"
        return f"{place}.{self.name}"


class Entries(NamedTuple):
    """What the entries of a configuration say; `kinds` are all kinds of analyses."""

    experiments: dict[str, Experiment]
    analyses: list[Analysis]
    figures: list[Figure]
    kinds: list[Kind]


@functools.cache
def schema(name: str) -> dict:
    """A schema of the repository, which is read once."""
    return load(ROOT / f"workflow/schemas/{name}.schema.yaml").content


def own_keys(concern: str) -> list[str]:
    """The keys that every entry of `analyses` or `figures` may have, whatever its kind."""
    experiment = schema("config")["properties"]["experiments"]["additionalProperties"]
    return list(experiment["properties"][concern]["additionalProperties"]["properties"])


@functools.cache
def known_needs(extensions: tuple[str, ...]) -> dict[str, Callable[..., None]]:
    """The needs by name: those functions of hw1.settings.requirements, and of the file
    requirements.py of an extension, that take nothing but what a need may take.

    Raises ValueError where two have the same name, or such a file cannot be imported.
    """
    modules = [requirements]
    for file in filter(Path.exists, (Path(name, "requirements.py") for name in extensions)):
        try:
            modules.append(kinds.load(file))
        except Exception as error:
            problem = f"{type(error).__name__}: {error}"
            raise ValueError(f"{file}: cannot be imported ({problem})") from error
    found: dict[str, Callable[..., None]] = {}
    for module in modules:
        for name, function in inspect.getmembers(module, inspect.isfunction):
            taken = {*inspect.signature(function).parameters}
            if function.__module__ != module.__name__ or not taken <= {"runs", "settings", "seeds"}:
                continue
            if name in found:
                raise ValueError(f"{module.__file__}: {name} is a need already: rename it")
            found[name] = function
    return found


@functools.cache
def known_kinds(concern: str, extensions: tuple[str, ...]) -> dict[str, Kind]:
    """The kinds of a concern, `analyses` or `figures`, of the library and of extensions, by name.

    Raises ValueError where a file declares no kind or a wrong one, or two files have the same name.
    """
    result: dict[str, Kind] = {}
    parts = schema("kind")["$defs"]
    parts["needs"]["items"] = {"enum": list(known_needs(extensions))}
    declaring = {"$defs": parts, **parts[concern]}
    left_out = {k: v["default"] for k, v in declaring["properties"].items() if "default" in v}
    for folder in [LIBRARY, *map(Path, extensions)]:
        if not folder.is_dir():
            raise ValueError(f"extensions: found {folder}, which is no folder: name one that is")
        for file in sorted((folder / concern).glob("[!_]*.py")):
            declared = kinds.declaration(file)
            if declared is None:
                hint = f"see src/hw1/{concern}/__init__.py, or call what is no kind _..."
                raise ValueError(f"{file}: KIND is missing: {hint}")
            try:
                check_schema(declared, declaring, "KIND")
                declared = left_out | declared
                if folder != LIBRARY:  # whose kinds are tested
                    check_declaration(declared, concern)
            except ValueError as error:
                raise ValueError(f"{file}: {error}") from error
            if file.stem in result:
                other = result[file.stem].file
                raise ValueError(f"{file}: {other} has this name, too: choose another")
            result[file.stem] = Kind(file.stem, file, declared)
    return result


def check_declaration(declared: dict, concern: str) -> None:
    """Raise ValueError where the declaration of a kind would make its jobs fail."""
    try:
        Validator.check_schema({"properties": declared["settings"]})
    except jsonschema.SchemaError as error:
        raise ValueError(f"settings: no JSON Schema ({error.message})") from error
    reserved = {*own_keys(concern), *(IN_STYLE if concern == "figures" else ())}
    if taken := sorted(reserved & set(declared["settings"])):
        raise ValueError(f"settings: {taken[0]} means something else there: choose another name")
    if declared.get("scope") in ("seeds", "run"):
        for columns in declared["tables"].values():
            if columns[:3] != list(RUN_COLUMNS):
                raise ValueError(
                    f"tables: found the columns {', '.join(columns)}, expected "
                    f"{', '.join(RUN_COLUMNS)} first, since those of all jobs are joined"
                )


def shown(variants: Collection[str], entry: dict, where: str) -> list[str]:
    """Those variants that an analysis or a figure is about: all, or those its patterns match.

    Raises ValueError where a pattern matches none.
    """
    patterns, known = entry.get("variants", ["*"]), ", ".join(variants)
    for pattern in patterns:
        if not any(fnmatchcase(variant, pattern) for variant in variants):
            raise ValueError(f"{where}.variants: found {pattern!r}, which none of {known} is")
    return [v for v in variants if any(fnmatchcase(v, pattern) for pattern in patterns)]


def entries_of(
    config: dict, concern: str, key: str, known: Mapping[str, Kind]
) -> Iterator[tuple[str, str, str, Kind, dict]]:
    """The entries of a concern, `analyses` or `figures`: experiment, name, place, kind, and what
    each says. Raises ValueError where there is no kind of the name under `key`."""
    for experiment, settings in config["experiments"].items():
        for name, entry in settings.get(concern, {}).items():
            where = f"experiments.{experiment}.{concern}.{name}"
            check_among(entry[key], f"{where}.{key}", known)
            yield experiment, name, where, known[entry[key]], entry


def with_settings(
    config: dict,
    experiment: Experiment,
    kind: Kind,
    entry: dict,
    where: str,
    run_beside: dict | None = None,
) -> tuple[list[str], dict]:
    """Variants and settings of an entry of an experiment for its kind, whose needs see the run
    beside, too.

    Raises ValueError where they do not fit the kind's declaration, or its needs are not met.
    """
    _, name, concern, _ = where.split(".")  # as experiments.mine.figures.mine
    variants = shown(experiment.variants, entry, where)
    settings = {key: entry[key] for key in entry if key not in own_keys(concern)}
    check_keys(settings, kind.declared["settings"], where, set())
    known = known_needs(tuple(config["extensions"].values()))
    seen = settings | ({"beside": run_beside} if run_beside else {})
    chosen = experiment.choices
    runs = [experiment.variants[v] | {"choices": chosen.get(v, {})} for v in variants]
    about = {"runs": runs, "settings": seen, "seeds": len(experiment.seeds)}
    try:
        for need in kind.declared["needs"]:
            known[need](**{name: about[name] for name in inspect.signature(known[need]).parameters})
    except ValueError as error:
        key = str(error).partition(":")[0].partition(".")[0]
        place = where if key in seen else f"experiments.{name}"
        raise ValueError(f"{place}.{error} ({where.partition('.')[2]})") from error
    return variants, settings


def analyses(config: dict, experiments: Experiments, known: Mapping[str, Kind]) -> list[Analysis]:
    """The analyses of all experiments. Raises ValueError where one is wrong."""
    found = []
    for experiment, name, where, kind, entry in entries_of(config, "analyses", "kind", known):
        runs = experiments[experiment]
        variants, options = with_settings(config, runs, kind, entry, where)
        datasets = {runs.datasets[variant] for variant in variants}
        if kind.declared["data"] and kind.declared["scope"] != "run" and len(datasets) > 1:
            on = " and ".join(sorted(datasets))
            raise ValueError(f"{where}.variants: found variants on {on}, expected one data set")
        found.append(Analysis(experiment, name, kind, variants, options))
    return found


def tables_of(experiment: str, done: Iterable[Analysis]) -> list[str]:
    """The names of an experiment's tables, without the name of the experiment."""
    own = [table for a in done if a.experiment == experiment for table in a.tables]
    return [*OWN_TABLES, *own]


def figures(
    config: dict, experiments: Experiments, known: Mapping[str, Kind], done: Sequence[Analysis]
) -> list[Figure]:
    """The figures of all experiments, and one for each list of claims.

    Raises ValueError where one is wrong.
    """
    found = []
    for experiment, name, where, kind, entry in entries_of(config, "figures", "draw", known):
        run, other, other_table = beside(config, experiments, kind, entry, done, f"{where}.beside")
        variants, options = with_settings(config, experiments[experiment], kind, entry, where, run)
        wanted, tables = kind.declared["tables"], tables_of(experiment, done)
        drawn, colours = entry.get("tables", wanted), entry.get("colours", {})
        if len(drawn) != len(wanted):
            expected = f"{len(wanted)} in the order of {', '.join(wanted)}"
            raise ValueError(f"{where}.tables: found {len(drawn)}, expected {expected}")
        for key in kind.declared["by_variant"]:
            if not any(key in dict(leaves(experiments[experiment].variants[v])) for v in variants):
                raise ValueError(f"{where}: {kind.name} draws by {key}, which no variant sets")
        palette = {**config["figures"]["colours"], **colours}
        if absent := [colour for colour in kind.declared["colours"] if colour not in palette]:
            hint = "say it here or in figures.colours"
            raise ValueError(f"{where}.colours: {absent[0]} is missing: {hint}")
        for table, expected in zip(drawn, wanted):
            check_among(table, f"{where}.tables", tables)
            if expected in OWN_TABLES and table != expected:
                raise ValueError(f"{where}.tables: found {table!r}, expected {expected}")
        files = [*(f"{experiment}_{table}" for table in drawn), *other_table]
        texts = entry["caption"], entry.get("claims", [])
        found.append(
            Figure(experiment, name, kind, variants, files, *texts, colours, options | other)
        )
    for name, entry in config["claims"].items():
        caption = f"{entry['title']}: effect, 95 % interval and verdict of each."
        table, options = f"{name}_parts_{next(iter(config['arms']))}", {"title": entry["title"]}
        found.append(Figure(None, name, known["claims"], [], [table], caption, [], {}, options))
    return found


def beside(
    config: dict,
    experiments: Experiments,
    kind: Kind,
    entry: dict,
    done: Iterable[Analysis],
    where: str,
) -> tuple[dict | None, dict, list[str]]:
    """The variant of another experiment that a figure draws: the settings of a run, its entry in
    the style, and its table. Nothing if the entry names none, or the configuration leaves out that
    experiment.

    Raises ValueError where the kind draws nothing beside, or there is no such variant or table.
    """
    if "beside" not in entry:
        return None, {}, []
    if "beside" not in kind.declared:
        raise ValueError(f"{where}: {kind.name} draws nothing beside its own: leave it out")
    experiment, variant = entry["beside"]["experiment"], entry["beside"]["variant"]
    if experiment not in experiments:
        check_name(experiment, f"{where}.experiment", experiments)
        return None, {}, []
    other = experiments[experiment]
    check_among(variant, f"{where}.variant", other.variants)
    if (table := kind.declared["beside"]) not in tables_of(experiment, done):
        raise ValueError(f"{where}.experiment: {experiment} has no table {table!r}: name another")
    about = entry["beside"] | {
        "title": config["experiments"][experiment]["title"],
        "dataset": dataset_titles(config, [other.datasets[variant]]),
    }
    return other.variants[variant], {"beside": about}, [f"{experiment}_{table}"]


def read(config: dict) -> Entries:
    """What the entries of a configuration say.

    Raises ValueError, with one line that names the key, unless the configuration is valid.
    """
    return entries(config, checked(config, schema("config")))


def entries(config: dict, experiments: dict[str, Experiment]) -> Entries:
    """What `read` gives, of a configuration whose experiments are valid."""
    folders = tuple(config["extensions"].values())
    known = known_kinds("analyses", folders)
    done = analyses(config, experiments, known)
    drawn = figures(config, experiments, known_kinds("figures", folders), done)
    found = Entries(experiments, done, drawn, list(known.values()))
    check_names(config, found)
    return found


def check_names(config: dict, found: Entries) -> None:
    """Raise ValueError where two entries would make one file, or one target of Snakemake."""
    kind_of: dict[str, str] = {}
    for analysis in found.analyses:
        if kind_of.setdefault(analysis.name, analysis.kind.name) != analysis.kind.name:
            raise ValueError(
                f"experiments.{analysis.experiment}.analyses.{analysis.name}: another experiment "
                f"has one of kind {kind_of[analysis.name]} with this name: choose another"
            )
    made = [(f"the target {name}", "the workflow") for name in RULES]
    made += [("results/index.html", "the page")]
    made += [(f"results/tables/comparison_{a}.csv", "snakemake compare") for a in config["arms"]]
    made += [(f"the target {kind.name}", f"{kind.file}") for kind in found.kinds]
    for name, entry in config["claims"].items():
        ledgers = [f"{name}{middle}_{arm}" for middle in ("", "_parts") for arm in config["arms"]]
        files = [f"results/{name}.html", *(f"results/tables/{ledger}.csv" for ledger in ledgers)]
        made += [(file, f"claims.{name}") for file in files]
        if "target" in entry:
            made += [(f"the target {entry['target']}", f"claims.{name}.target")]
    for name in config["experiments"]:
        made += [(f"the target {name}", f"experiments.{name}")]
        for table in tables_of(name, found.analyses):
            where = f"experiments.{name}.analyses.{table}"
            made += [(f"results/tables/{name}_{table}.csv", where)]
    for figure in found.figures:
        made += [(f"results/fig_{figure.name}.png", figure.key)]
        made += [(f"the target fig_{figure.name}", figure.key)]
    seen: dict[str, str] = {}
    for what, where in made:
        if what in seen:
            raise ValueError(f"{where}: {seen[what]} makes {what}, too: choose another name")
        seen[what] = where


def dataset_titles(config: dict, names: Iterable[str]) -> str:
    """The titles of data sets, each once, as a figure or a page shows them."""
    titles = [config["datasets"][name]["title"] for name in dict.fromkeys(names)]
    return " and ".join(filter(None, [", ".join(titles[:-1]), titles[-1]]))


def style(config: dict, experiments: Experiments, figure: Figure) -> dict:
    """The style of a figure, with only the entries that it uses. The figure of a list of claims is
    about all the experiments that are given."""
    look = config["figures"]
    palette = look["colours"] | figure.colours
    own = experiments[figure.experiment].datasets if figure.experiment else {}
    datasets = {variant: own[variant] for variant in figure.variants}
    about = datasets.values() or [d for e in experiments.values() for d in e.datasets.values()]
    # A variant has the colour of its name, or of the last word of it: my_deep has that of deep.
    names = [*figure.kind.declared["colours"], *figure.colours]
    names += [name for v in figure.variants for name in (v, v.rsplit("_", 1)[-1])]
    found = {
        "dpi": look["dpi"],
        "dataset": dataset_titles(config, about),
        "colours": {name: palette[name] for name in dict.fromkeys(names) if name in palette},
        **{key: look[key] for key in figure.kind.declared["look"]},
        **figure.settings,
    }
    found["left_out"] = [variant for variant in own if variant not in figure.variants]
    if figure.experiment:
        experiment = experiments[figure.experiment]
        shown = {variant: experiment.variants[variant] for variant in figure.variants}
        found["datasets"] = datasets
        chosen = experiment.choices
        found["choices"] = {variant: chosen[variant] for variant in shown if variant in chosen}
        found["by_variant"] = {
            key: {v: dict(leaves(settings)).get(key) for v, settings in shown.items()}
            for key in figure.kind.declared["by_variant"]
        }
    return found
