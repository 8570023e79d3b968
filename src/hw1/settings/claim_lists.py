"""Lists of claims: the experiments that they name, their checks, and the tables they rest on."""

import ast
import functools
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from hw1.results.tables import RUN_COLUMNS
from hw1.settings import kinds
from hw1.settings.claims import Claim, Claims, Rule
from hw1.settings.configuration import ClaimList, schema
from hw1.settings.dataset import Function
from hw1.settings.entries import LIBRARY, OWN_TABLES, Analysis, Entries, Figure, tables_of
from hw1.settings.runs import Settings
from hw1.settings.validation import check_among, check_keys, check_name, check_schema, did_you_mean


def about(claims: Sequence[Claim]) -> set[str]:
    """The experiments that a list of claims names."""
    parts = [rule.of.get("experiment") for claim in claims for rule in claim.parts]
    return {*(claim.experiment for claim in claims), *parts} - {None}  # type: ignore[return-value]


def checked_claims(
    said: list[dict], known: Iterable[str], file: str, extensions: Iterable[str] = ()
) -> list[Claim]:
    """The claims of a file. Raises ValueError, with one line that names key and claim, where they
    are wrong, or misspell an experiment of `known`; they may be about other experiments, too.
    Statistics are those of the library and of `extensions`."""
    try:
        check_schema(said, schema(Claims), file)
        claims = msgspec.convert(said, list[Claim])
        for place, claim in enumerate(claims):
            check_claim(claim, f"{place}", list(known), statistics(tuple(extensions)))
    except ValueError as error:
        raise ValueError(with_id(str(error), said)) from error
    return claims


def with_id(message: str, said: Sequence) -> str:
    """A message that begins with a key of a list of claims; the id of the claim is put after the
    key."""
    key, _, rest = message.partition(": ")
    index = key.partition(".")[0]
    found = said[int(index)] if index.isdecimal() else None
    name = found.get("id") if isinstance(found, dict) else None
    return f"{key}: claim {name}: {rest}" if name else message


def check_claim(claim: Claim, where: str, known: Sequence[str], keys: "Statistics") -> None:
    """Raise ValueError, with a line that begins with the key, where a claim is wrong."""
    if not any(rule.decides for rule in claim.parts):
        raise ValueError(f"{where}.parts: found none that decides it: take decides from one")
    check_name(claim.experiment, f"{where}.experiment", known)
    for number, rule in enumerate(claim.parts):
        key = f"{where}.parts.{number}"
        check_among(rule.statistic, f"{key}.statistic", keys)
        own = keys[rule.statistic]
        schemas = {
            name: {"enum": list(of.allowed)} if of.allowed else KINDS[of.kind]
            for name, of in own.items()
        }
        check_keys(rule.of, schemas, f"{key}.of", {name for name in own if own[name].optional})
        check_name(rule.of.get("experiment"), f"{key}.of.experiment", known)
        regions = {"confirmed": rule.confirmed, "refuted": rule.refuted}
        regions["reading.where"] = rule.reading.where if rule.reading else None
        for name, region in regions.items():
            low, high = (region.within if region else None) or (0, 0)
            if low > high:
                said = f"found [{low:g}, {high:g}], expected them to rise"
                raise ValueError(f"{key}.{name}.within: {said}")
        if rule.refuted and rule.refuted.meets(rule.confirmed):
            said = "found numbers that confirm it, too: expected those of another region"
            raise ValueError(f"{key}.refuted: {said}")


class Key(NamedTuple):
    """A key under `of`, by the annotation of the statistic (see hw1.claims.keys): its kind, its
    allowed values, if they are listed, the needs that its experiment has to meet, and whether it
    may be left out."""

    kind: str
    allowed: tuple[str, ...]
    needs: tuple[str, ...]
    optional: bool


Statistics = Mapping[str, Mapping[str, Key]]  # keys by statistic


def statistic_files(extensions: Iterable[str]) -> list[Path]:
    """The files with statistics of some extensions. Raises ValueError where two extensions have a
    file of one name: a job loads them all, and what imports the second would get the first."""
    seen: dict[str, Path] = {}
    for file in (f for name in extensions for f in sorted(Path(name, "statistics").glob("*.py"))):
        if file.name in seen and file.name != "__init__.py":
            raise ValueError(f"{file}: {seen[file.name]} has this name, too: choose another")
        seen[file.name] = file
    return [file for file in seen.values() if not file.name.startswith("_")]


@functools.cache
def statistics(extensions: tuple[str, ...] = ()) -> Statistics:
    """The keys of each statistic of the library and of extensions, read without importing any.
    Raises ValueError where two statistics have the same name."""
    folder = LIBRARY / "claims"
    named: dict[str, ast.expr] = {}  # annotations that stand for others
    found: dict[str, dict[str, Key]] = {}
    files = [folder / "keys.py", *sorted((folder / "statistics").glob("[!_]*.py"))]
    for file in [*files, *statistic_files(extensions)]:
        for node in kinds.parsed(file).body:
            if isinstance(node, ast.Assign) and "Literal[" in ast.unparse(node.value):
                named[ast.unparse(node.targets[0])] = node.value
            if (
                isinstance(node, ast.FunctionDef)
                and node.returns
                and ast.unparse(node.returns) == "Sample"
            ):
                if node.name in found:
                    raise ValueError(f"{file}: {node.name} is a statistic already: rename it")
                try:
                    found[node.name] = keys_of(node, named)
                except (ValueError, SyntaxError, AttributeError) as error:
                    said = f"found ({ast.unparse(node.args)}), expected annotations as in"
                    raise ValueError(
                        f"{file}, line {node.lineno}: {node.name}: {said} src/hw1/claims/keys.py, "
                        "one of them an experiment or a table"
                    ) from error
    return found


def keys_of(statistic: ast.FunctionDef, named: Mapping[str, ast.expr]) -> dict[str, Key]:
    """The keys of a statistic, by the annotations of its arguments. Raises an exception where these
    do not say them."""
    if statistic.args.vararg or statistic.args.kwonlyargs or statistic.args.kwarg:
        raise ValueError("found * or **")
    arguments = statistic.args.args[1:]  # the first are the tables
    required = len(arguments) - len(statistic.args.defaults)
    found = {
        argument.arg: key_of(argument.annotation, place >= required, named)  # type: ignore[arg-type]
        for place, argument in enumerate(arguments)
    }
    if not any(key in found and not found[key].optional for key in ("experiment", "table")):
        raise ValueError("none of them names an experiment")
    return found


def key_of(annotation: ast.expr, optional: bool, named: Mapping[str, ast.expr]) -> Key:
    """A key by its annotation, in which some names stand for other annotations."""
    text = ast.unparse(annotation).removesuffix(" | None")
    if text.startswith("Annotated["):
        first, *needs = annotation.slice.elts  # type: ignore[attr-defined]
        return key_of(first, optional, named)._replace(needs=tuple(map(ast.literal_eval, needs)))
    if text in named:
        return key_of(named[text], optional, named)._replace(kind=text)
    allowed: tuple[str, ...] = ()
    if text.startswith("Literal["):
        allowed = ast.literal_eval(
            text.removeprefix("Literal").replace("[", "(").replace("]", ",)")
        )
    elif text not in KINDS:
        raise ValueError(f"unknown annotation {text}")
    return Key(text, allowed, (), optional)


# The schema of what stands under a key.
TEXT = {"type": "string"}
KINDS: dict[str, dict] = {
    **dict.fromkeys(("str", "Experiment", "Variant", "Line", "Table", "Column", "Recorded"), TEXT),
    "bool": {"type": "boolean"},
    "float": {"type": "number"},
    "int": {"type": "integer"},
    "Variants": {"type": "array", "minItems": 1, "items": TEXT},
}
# The columns that workflow/scripts/evaluate.py writes.
METRICS = [*RUN_COLUMNS, "parameters", "epoch", "split", "examples", "loss", "accuracy"]
METRICS += ["constant_loss", "constant_accuracy"]


def check_evidence(
    name: str, claims: Sequence[Claim], found: Entries, left_out: Mapping[str, Iterable]
) -> None:
    """Raise ValueError, with one line that names key and claim, where a claim of a list is about a
    variant, a table, a column or a split that the configuration will not have. `left_out` are the
    variants of each experiment that an overlay leaves out. Parts about experiments that are left
    out are not checked, nor are claims that the entry of the list leaves out."""
    skipped = found.config.claims[name].leave_out or {}
    known = statistics(found.config.folders)
    for place, claim in enumerate(claims):
        for number, rule in enumerate(claim.parts if claim.id not in skipped else ()):
            try:
                check_part(rule, known[rule.statistic], found, left_out)
            except ValueError as error:
                key, _, rest = f"{place}.parts.{number}.of.{error}".partition(": ")
                hint = f"(or leave it out: claims.{name}.leave_out)"
                raise ValueError(f"{key}: claim {claim.id}: {rest} {hint}") from error


def check_part(
    rule: Rule, keys: Mapping[str, Key], found: Entries, left_out: Mapping[str, Iterable]
) -> None:
    """Raise ValueError, with a line that begins with the key, as `check_evidence` does."""
    experiments, done = found.experiments, found.analyses
    of, subject = rule.of, "table" if "table" in keys else "experiment"
    tables = {f"{e}_{t}": (e, t) for e in experiments for t in tables_of(e, done)}
    if subject == "table":
        check_name(of["table"], "table", tables)
        if any(of["table"].startswith(f"{e}_") for e in experiments):
            check_among(of["table"], "table", tables)
        experiment, own = tables.get(of["table"], ("", ""))
    else:
        experiment, own = of["experiment"], "metrics"
    if experiment not in experiments:
        return
    settings = experiments[experiment].variants
    variants = list(settings)
    if own not in OWN_TABLES:
        variants = analysis_with(done, experiment, own).variants
    known = [*variants, *left_out.get(experiment, ())]
    named: list[str] = []
    lines: list[str] = []
    for name, value in of.items():
        if keys[name].kind in ("Variant", "Variants"):
            for item in value if isinstance(value, list) else [value]:
                check_among(item, name, known)
                named.append(item)
    asked = [variant for variant in named or variants if variant in variants]
    for need in keys[subject].needs:
        lacks = f"what {rule.statistic} needs: {need}"
        if need == "one variant":
            check_one(variants, subject, rule)
        elif need == "several variants":
            if len(known) < 2:
                raise ValueError(f"{subject}: {experiment} has one variant, expected several")
        elif need.startswith("history."):
            check_recorded(settings, variants, need.partition(".")[2], subject)
        elif need in NEEDS:
            for variant in asked:
                if not NEEDS[need](settings[variant]):
                    raise ValueError(f"{subject}: {variant} of {experiment} has not {lacks}")
        elif f"{experiment}_{need}" not in tables:
            raise ValueError(f"{subject}: {experiment} has no table {need}: {lacks}")
        else:
            lines = list(analysis_with(done, experiment, need).settings.get("lines", ()))
    if "variant" in keys and "variant" not in of:
        check_one(variants, "variant", rule)
    for name, value in of.items():
        kind = keys[name].kind
        if kind == "Line":
            check_among(value, name, lines)
        if kind == "Column" and own != "history":
            columns = METRICS if own == "metrics" else columns_of(done, experiment, own)
            check_among(value, name, columns)
        elif kind in ("Column", "Recorded"):
            check_recorded(settings, variants, value, name)
        for run in (settings[variant] for variant in asked):
            if (kind, value) == ("Split", "test") and isinstance(run.dataset, Function):
                raise ValueError(f"{name}: found 'test', but {run.variant} has no test split")
            if (name, value) == ("column", "accuracy") and run.label_count is None:
                raise ValueError(f"{name}: found 'accuracy', but {run.variant} has no labels")


def check_one(variants: Sequence[str], where: str, rule: Rule) -> None:
    """Raise ValueError where there are several variants and a statistic takes one."""
    if len(variants) > 1:
        said = f"found the variants {', '.join(variants)}, but {rule.statistic} is of one"
        raise ValueError(f"{where}: {said}: say which")


# The needs that a statistic may have, each as a test of a run's settings.
NEEDS: dict[str, Callable[[Settings], bool]] = {
    "labels": lambda run: run.label_count is not None,
    "a row per iteration": lambda run: run.training.history == "iteration",
    "a row per epoch": lambda run: run.training.history == "epoch",
    "every epoch": lambda run: (run.training.history, run.training.history_every) == ("epoch", 1),
    "no stop": lambda run: run.training.stop is None,  # else the runs have other last epochs
    "epoch 0": lambda run: 0 in run.training.snapshot_epochs,
}


def check_recorded(
    settings: Mapping[str, Settings], variants: Iterable[str], column: str, where: str
) -> None:
    """Raise ValueError where the histories of some variants will have no such column."""
    for variant in variants:
        training = settings[variant].training
        columns = ["epoch", "iteration", "batch_loss"]
        columns += ["batch_accuracy"] * (settings[variant].label_count is not None)
        columns += ["gradient_norm"] * training.gradient_norm
        columns += [f"{s}_{m}" for s in training.evaluate_each_epoch for m in ("loss", "accuracy")]
        if column not in columns:
            hint = did_you_mean(column, columns)
            raise ValueError(f"{where}: the history of {variant} has no column {column!r}: {hint}")


def analysis_with(done: Iterable[Analysis], experiment: str, table: str) -> Analysis:
    """The analysis of an experiment that makes one of its tables."""
    return next(a for a in done if a.experiment == experiment and table in a.tables)


def columns_of(done: Iterable[Analysis], experiment: str, table: str) -> Sequence[str]:
    """The columns of a table that an analysis makes."""
    analysis = analysis_with(done, experiment, table)
    return list(analysis.kind.declared.tables.values())[analysis.tables.index(table)]


def left_out(claims: Sequence[Claim], named: Iterable[str], built: Collection[str]) -> list[str]:
    """The ids of the claims of a list that are not decided, since its entry has named them, or
    their experiments are not built."""
    others = [claim.id for claim in claims if claim.experiment not in (None, *built)]
    return [*named, *others]


def check_left_out(lists: Mapping[str, ClaimList], claims: Mapping[str, Sequence[Claim]]) -> None:
    """Raise ValueError where the entry of a list leaves out a claim that is not on it."""
    for name, entry in lists.items():
        ids = [claim.id for claim in claims[name]]
        for left_out in entry.leave_out or ():
            check_among(left_out, f"claims.{name}.leave_out", ids)


def check_ids(drawn: Iterable[Figure], lists: Iterable[Sequence[Claim]]) -> None:
    """Raise ValueError where a figure names a claim that is in none of the lists."""
    ids = [claim.id for claims in lists for claim in claims]
    for figure in drawn:
        for name in figure.claims:
            check_among(name, f"{figure.key}.claims", ids)
