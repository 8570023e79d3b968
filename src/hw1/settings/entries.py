"""Analyses, figures, tables and targets, as they follow from the entries of a configuration.

An experiment is an entry; nothing here knows an experiment by its name.
"""

import functools
import inspect
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Any, Generic, Literal, NamedTuple, TypeVar

import jsonschema
import msgspec
from msgspec import Meta

from hw1.results.tables import RUN_COLUMNS
from hw1.settings import kinds, requirements
from hw1.settings.configuration import (
    RULES,
    AnalysisEntry,
    Configuration,
    FigureEntry,
    checked,
    schema,
)
from hw1.settings.experiments import Experiment, Experiments
from hw1.settings.runs import Place, Settings
from hw1.settings.validation import Validator, check_among, check_keys, check_name, check_schema
from hw1.settings.values import Noun, Text

ROOT = Path(__file__).parents[3]
LIBRARY = ROOT / "src/hw1"
# Keys in the style of every figure, besides those of its entry.
IN_STYLE = ("dpi", "runs", "dataset", "datasets", "left_out", "choices", "by_variant")
NEED_TAKES = {"runs", "choices", "settings", "beside", "seeds"}
OWN_TABLES = ("history", "metrics")  # of every experiment, besides those of its analyses


class KindOfAnalysis(Noun, frozen=True, kw_only=True):
    """What a kind of analysis declares (see hw1.analyses)."""

    scope: Literal["experiment", "seeds", "run"]
    data: bool
    tables: Annotated[
        dict[
            Annotated[
                str,
                Meta(
                    pattern="^([a-z][a-z0-9_]*)?$",
                    title="lower-case letters, digits and underscores, or nothing",
                ),
            ],
            Annotated[tuple[Text, ...], Meta(min_length=1)],
        ],
        Meta(min_length=1),
    ]
    settings: dict[str, Any] = msgspec.field(default_factory=dict)
    needs: tuple[str, ...] = ()


class KindOfFigure(Noun, frozen=True, kw_only=True):
    """What a kind of figure declares (see hw1.figures)."""

    tables: Annotated[tuple[str, ...], Meta(min_length=1)]
    beside: str | None = None
    colours: tuple[str, ...] = ()
    by_variant: tuple[str, ...] = ()
    look: tuple[Literal["dpi", "runs"], ...] = ()
    settings: dict[str, Any] = msgspec.field(default_factory=dict)
    needs: tuple[str, ...] = ()


Declared = TypeVar("Declared", KindOfAnalysis, KindOfFigure)


class Kind(NamedTuple, Generic[Declared]):
    """A kind of analysis or figure: its name, its file, its declaration."""

    name: str
    file: Path
    declared: Declared


class Analysis(NamedTuple):
    """An analysis of an experiment; its kind's tables are called after it."""

    experiment: str
    name: str
    kind: Kind[KindOfAnalysis]
    variants: list[str]
    settings: dict

    @property
    def tables(self) -> list[str]:
        """The names of its tables within the experiment, in the order of the kind."""
        ends = self.kind.declared.tables
        return [f"{self.name}_{end}" if end else self.name for end in ends]


class Figure(NamedTuple):
    """A figure, of an experiment or of a list of claims; `tables` are files in results/tables,
    `claims` are the claims that stand under it."""

    experiment: str | None
    name: str
    kind: Kind[KindOfFigure]
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
    """A configuration and what its entries say; `kinds` are all kinds of analyses."""

    config: Configuration
    experiments: dict[str, Experiment]
    analyses: list[Analysis]
    figures: list[Figure]
    kinds: list[Kind[KindOfAnalysis]]


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
            if function.__module__ != module.__name__ or not taken <= NEED_TAKES:
                continue
            if name in found:
                raise ValueError(f"{module.__file__}: {name} is a need already: rename it")
            found[name] = function
    return found


@functools.cache
def known_kinds(noun: type[Declared], extensions: tuple[str, ...]) -> dict[str, Kind[Declared]]:
    """The kinds of analyses or figures, of the library and of extensions, by name.

    Raises ValueError where a file declares no kind or a wrong one, or two files have the same name.
    """
    result: dict[str, Kind[Declared]] = {}
    concern, needs = CONCERNS[noun], known_needs(extensions)
    for folder in [LIBRARY, *map(Path, extensions)]:
        if not folder.is_dir():
            raise ValueError(f"extensions: found {folder}, which is no folder: name one that is")
        for file in sorted((folder / concern).glob("[!_]*.py")):
            said = kinds.declaration(file)
            if said is None:
                hint = f"see src/hw1/{concern}/__init__.py, or call what is no kind _..."
                raise ValueError(f"{file}: KIND is missing: {hint}")
            try:
                check_schema(said, schema(noun), "KIND")
                declared = msgspec.convert(said, noun)
                for place, need in enumerate(declared.needs):
                    check_among(need, f"needs.{place}", needs)
                if folder != LIBRARY:  # whose kinds are tested
                    check_declaration(declared)
            except ValueError as error:
                raise ValueError(f"{file}: {error}") from error
            if file.stem in result:
                other = result[file.stem].file
                raise ValueError(f"{file}: {other} has this name, too: choose another")
            result[file.stem] = Kind(file.stem, file, declared)
    return result


# The section of an experiment in which a kind is named, and the keys that each entry there has.
CONCERNS = {KindOfAnalysis: "analyses", KindOfFigure: "figures"}
OWN_KEYS = {"analyses": AnalysisEntry.__struct_fields__, "figures": FigureEntry.__struct_fields__}


def check_declaration(declared: KindOfAnalysis | KindOfFigure) -> None:
    """Raise ValueError where the declaration of a kind would make its jobs fail."""
    try:
        Validator.check_schema({"properties": declared.settings})
    except jsonschema.SchemaError as error:
        raise ValueError(f"settings: no JSON Schema ({error.message})") from error
    in_style = IN_STYLE if isinstance(declared, KindOfFigure) else ()
    reserved = {*OWN_KEYS[CONCERNS[type(declared)]], *in_style}
    if taken := sorted(reserved & set(declared.settings)):
        raise ValueError(f"settings: {taken[0]} means something else there: choose another name")
    if isinstance(declared, KindOfAnalysis) and declared.scope != "experiment":
        for columns in declared.tables.values():
            if columns[:3] != RUN_COLUMNS:
                raise ValueError(
                    f"tables: found the columns {', '.join(columns)}, expected "
                    f"{', '.join(RUN_COLUMNS)} first, since those of all jobs are joined"
                )


def shown(variants: Collection[str], patterns: Sequence[str] | None, where: str) -> list[str]:
    """Those variants that an analysis or a figure is about: all, or those its patterns match.

    Raises ValueError where a pattern matches none.
    """
    patterns, known = patterns or ["*"], ", ".join(variants)
    for pattern in patterns:
        if not any(fnmatchcase(variant, pattern) for variant in variants):
            raise ValueError(f"{where}.variants: found {pattern!r}, which none of {known} is")
    return [v for v in variants if any(fnmatchcase(v, pattern) for pattern in patterns)]


def with_settings(
    experiment: Experiment,
    kind: Kind,
    said: dict,
    where: str,
    needs: Mapping[str, Callable],
    run_beside: Settings | None = None,
) -> tuple[list[str], dict]:
    """Variants and settings of an entry of an experiment for its kind, whose needs see the run
    beside, too.

    Raises ValueError where they do not fit the kind's declaration, or its needs are not met.
    """
    _, name, concern, _ = where.split(".")  # as experiments.mine.figures.mine
    variants = shown(experiment.variants, said.get("variants"), where)
    settings = {key: said[key] for key in said if key not in OWN_KEYS[concern]}
    check_keys(settings, kind.declared.settings, where, set())
    about = {
        "runs": [experiment.variants[variant] for variant in variants],
        "choices": experiment.choices,
        "settings": settings,
        "beside": run_beside,
        "seeds": len(experiment.seeds),
    }
    try:
        for need in map(needs.__getitem__, kind.declared.needs):
            need(**{name: about[name] for name in inspect.signature(need).parameters})
    except ValueError as error:
        key = str(error).partition(":")[0]
        own = (key == "variants" and key in said) or key.partition(".")[0] in {*settings, "beside"}
        place = where if own else f"experiments.{name}"
        raise ValueError(f"{place}.{error} ({where.partition('.')[2]})") from error
    except Exception as error:
        if need.__module__ == requirements.__name__:
            raise
        said_of_need = f"{need.__name__} of {need.__code__.co_filename}"
        problem = f"{type(error).__name__}: {error}"
        raise ValueError(f"{where}: the need {said_of_need} failed ({problem})") from error
    return variants, settings


def analyses_of(
    name: str,
    experiment: Experiment,
    known: Mapping[str, Kind[KindOfAnalysis]],
    needs: Mapping[str, Callable],
) -> Iterator[Analysis]:
    """The analyses of an experiment. Raises ValueError where one is wrong."""
    for key, said in experiment.analyses.items():
        where = f"experiments.{name}.analyses.{key}"
        check_among(said["kind"], f"{where}.kind", known)
        kind = known[said["kind"]]
        variants, settings = with_settings(experiment, kind, said, where, needs)
        datasets = {experiment.datasets[variant] for variant in variants}
        if kind.declared.data and kind.declared.scope != "run" and len(datasets) > 1:
            on = " and ".join(sorted(datasets))
            raise ValueError(f"{where}.variants: found variants on {on}, expected one data set")
        yield Analysis(name, key, kind, variants, settings)


def tables_of(experiment: str, done: Iterable[Analysis]) -> list[str]:
    """The names of an experiment's tables, without the name of the experiment."""
    own = [table for a in done if a.experiment == experiment for table in a.tables]
    return [*OWN_TABLES, *own]


def figures_of(
    name: str,
    found: Entries,
    known: Mapping[str, Kind[KindOfFigure]],
    needs: Mapping[str, Callable],
) -> Iterator[Figure]:
    """The figures of an experiment of those that are found. Raises ValueError where one is
    wrong."""
    experiment, tables = found.experiments[name], tables_of(name, found.analyses)
    for key, said in experiment.figures.items():
        where, entry = f"experiments.{name}.figures.{key}", msgspec.convert(said, FigureEntry)
        check_among(entry.draw, f"{where}.draw", known)
        kind = known[entry.draw]
        run, other, other_table = beside(found, kind, entry.beside, f"{where}.beside")
        variants, settings = with_settings(experiment, kind, said, where, needs, run)
        wanted, colours = kind.declared.tables, entry.colours or {}
        drawn = entry.tables or wanted
        if len(drawn) != len(wanted):
            expected = f"{len(wanted)} in the order of {', '.join(wanted)}"
            raise ValueError(f"{where}.tables: found {len(drawn)}, expected {expected}")
        for by in kind.declared.by_variant:
            if all(value_of(experiment.variants[variant], by) is None for variant in variants):
                raise ValueError(f"{where}: {kind.name} draws by {by}, which no variant sets")
        palette = found.config.figures.colours | colours
        if absent := [colour for colour in kind.declared.colours if colour not in palette]:
            hint = "say it here or in figures.colours"
            raise ValueError(f"{where}.colours: {absent[0]} is missing: {hint}")
        for table, expected in zip(drawn, wanted):
            check_among(table, f"{where}.tables", tables)
            if expected in OWN_TABLES and table != expected:
                raise ValueError(f"{where}.tables: found {table!r}, expected {expected}")
            # What is called after another table is of the same analysis.
            for first, base in zip(drawn, wanted):
                end = expected.removeprefix(base) if expected.startswith(f"{base}_") else ""
                if end and table != f"{first}{end}":
                    own = f"found {table!r} beside {first!r}, expected {first}{end}"
                    raise ValueError(f"{where}.tables: {own}")
        files = [*(f"{name}_{table}" for table in drawn), *other_table]
        texts = entry.caption, list(entry.claims or ())
        yield Figure(name, key, kind, variants, files, *texts, colours, settings | other)


def figures_of_claims(config: Configuration, kind: Kind[KindOfFigure]) -> Iterator[Figure]:
    """A figure for each list of claims."""
    for name, entry in config.claims.items():
        caption = f"{entry.title}: effect, 95 % interval and verdict of each."
        table, settings = f"{name}_parts_{config.first_arm}", {"title": entry.title}
        yield Figure(None, name, kind, [], [table], caption, [], {}, settings)


def beside(
    found: Entries, kind: Kind[KindOfFigure], other: Place | None, where: str
) -> tuple[Settings | None, dict, list[str]]:
    """The variant of another experiment that a figure draws: the settings of a run, its entry in
    the style, and its table. Nothing if it draws no other, or that experiment is left out.

    Raises ValueError where the kind draws nothing beside, or there is no such variant or table.
    """
    if other is None:
        return None, {}, []
    if (table := kind.declared.beside) is None:
        raise ValueError(f"{where}: {kind.name} draws nothing beside its own: leave it out")
    name, variant = other.experiment, other.variant
    if name not in found.experiments:
        check_name(name, f"{where}.experiment", found.experiments)
        return None, {}, []
    experiment = found.experiments[name]
    check_among(variant, f"{where}.variant", experiment.variants)
    if table not in tables_of(name, found.analyses):
        raise ValueError(f"{where}.experiment: {name} has no table {table!r}: name another")
    about = {
        "experiment": name,
        "variant": variant,
        "title": experiment.title,
        "dataset": found.config.titles([experiment.datasets[variant]]),
    }
    return experiment.variants[variant], {"beside": about}, [f"{name}_{table}"]


def read(said: dict) -> Entries:
    """What the files say together, as a configuration.

    Raises ValueError, with one line that names the key, unless the configuration is valid.
    """
    return entries(*checked(said))


def entries(config: Configuration, experiments: dict[str, Experiment]) -> Entries:
    """What `read` gives, of a configuration whose experiments are valid."""
    known, needs = known_kinds(KindOfAnalysis, config.folders), known_needs(config.folders)
    drawn = known_kinds(KindOfFigure, config.folders)
    done = [a for name, own in experiments.items() for a in analyses_of(name, own, known, needs)]
    found = Entries(config, experiments, done, [], list(known.values()))
    figures = [f for name in experiments for f in figures_of(name, found, drawn, needs)]
    found = found._replace(figures=[*figures, *figures_of_claims(config, drawn["claims"])])
    check_names(found)
    return found


def check_names(found: Entries) -> None:
    """Raise ValueError where two entries would make one file, or one target of Snakemake."""
    kind_of: dict[str, str] = {}
    for analysis in found.analyses:
        if kind_of.setdefault(analysis.name, analysis.kind.name) != analysis.kind.name:
            raise ValueError(
                f"experiments.{analysis.experiment}.analyses.{analysis.name}: another experiment "
                f"has one of kind {kind_of[analysis.name]} with this name: choose another"
            )
    arms = found.config.arms
    made = [(f"the target {name}", "the workflow") for name in RULES]
    made += [("results/index.html", "the page")]
    made += [(f"results/tables/comparison_{arm}.csv", "snakemake compare") for arm in arms]
    made += [(f"the target {kind.name}", f"{kind.file}") for kind in found.kinds]
    for name, entry in found.config.claims.items():
        ledgers = [f"{name}{middle}_{arm}" for middle in ("", "_parts") for arm in arms]
        files = [f"results/{name}.html", *(f"results/tables/{ledger}.csv" for ledger in ledgers)]
        made += [(file, f"claims.{name}") for file in files]
        if entry.target:
            made += [(f"the target {entry.target}", f"claims.{name}.target")]
    for name in found.experiments:
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


def value_of(settings: Settings, key: str) -> object:
    """A setting by its key, such as training.batch_size; None where there is none."""
    found: Any = settings
    for name in key.split("."):
        own = found.__struct_config__ if isinstance(found, Noun) else None
        if own and name == own.tag_field:
            found = own.tag
        else:
            found = getattr(found, name) if own and name in found.__struct_fields__ else None
    return None if isinstance(found, Noun) else found


def style(config: Configuration, experiments: Experiments, figure: Figure) -> dict:
    """The style of a figure, with only the entries that it uses. The figure of a list of claims is
    about all the experiments that are given."""
    look = config.figures
    palette = look.colours | figure.colours
    own = experiments[figure.experiment].datasets if figure.experiment else {}
    datasets = {variant: own[variant] for variant in figure.variants}
    about = datasets.values() or [d for e in experiments.values() for d in e.datasets.values()]
    # A variant has the colour of its name, or of the last word of it: my_deep has that of deep.
    names = [*figure.kind.declared.colours, *figure.colours]
    names += [name for v in figure.variants for name in (v, v.rsplit("_", 1)[-1])]
    found = {
        "dpi": look.dpi,
        "dataset": config.titles(about),
        "colours": {name: palette[name] for name in dict.fromkeys(names) if name in palette},
        **{key: getattr(look, key) for key in figure.kind.declared.look},
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
            key: {v: value_of(settings, key) for v, settings in shown.items()}
            for key in figure.kind.declared.by_variant
        }
    return found
