"""Lists of claims: what they name, whether they say what can be, and the tables they rest on."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from hw1_workflow.entries import ARMS, Analysis, Figure, schema, tables_of
from hw1_workflow.validation import NO_NUMBER, check_name, check_schema, did_you_mean, number_hint


def about(claims: Sequence[dict]) -> set[str]:
    """The experiments that a list of claims names."""
    parts = [part["of"] for claim in claims for part in claim["parts"]]
    named = {claim["experiment"] for claim in claims} | {of.get("experiment") for of in parts}
    return named - {None}


def check_claims(claims: Sequence[dict], known: Iterable[str], file: str) -> None:
    """Raise ValueError, with one line that names key and claim, where the list of a file says what
    cannot be, or an experiment nearly as one of `known` is called; it may be about others, too."""
    try:
        check_schema(claims, schema("claims"), file)
        for place, claim in enumerate(claims):
            check_claim(claim, f"{place}", list(known))
    except ValueError as error:
        key, _, rest = str(error).partition(": ")
        index = key.partition(".")[0]
        found = claims[int(index)] if index.isdecimal() else None
        name = f"claim {found['id']}: " if isinstance(found, dict) and "id" in found else ""
        raise ValueError(f"{key}: {name}{rest}") from error


def check_claim(claim: dict, where: str, known: Sequence[str]) -> None:
    """Raise ValueError, with a line that begins with the key, where a claim says what cannot be."""
    if all(part.get("decides") is False for part in claim["parts"]):
        raise ValueError(f"{where}.parts: found none that decides it: take decides from one")
    check_name(claim["experiment"], f"{where}.experiment", known)
    for number, part in enumerate(claim["parts"]):
        key = f"{where}.parts.{number}"
        check_name(part["of"].get("experiment"), f"{key}.of.experiment", known)
        regions = {name: part.get(name, {}) for name in ("confirmed", "refuted")}
        regions["reading.where"] = part.get("reading", {}).get("where", {})
        for name, region in regions.items():
            low, high = region.get("within", (0, 0))
            if low > high:
                raise ValueError(
                    f"{key}.{name}.within: found {[low, high]}, expected a range that goes up"
                )
        for name, value in part["of"].items():
            if isinstance(value, str) and (hint := number_hint(value)) != NO_NUMBER:
                raise ValueError(
                    f"{key}.of.{name}: found {value!r} (str), expected a name or a number: {hint}"
                )


def check_ids(drawn: Iterable[Figure], lists: Iterable[Sequence[dict]]) -> None:
    """Raise ValueError where a figure names a claim that is in none of the lists."""
    ids = [claim["id"] for claims in lists for claim in claims]
    for figure in drawn:
        if unknown := [name for name in figure.claims if name not in ids]:
            raise ValueError(
                f"experiments.{figure.experiment}.figures.{figure.name}.claims: found "
                f"{unknown[0]!r}: {did_you_mean(unknown[0], ids)}"
            )


def evidence(
    claims: Sequence[dict], config: dict, done: Sequence[Analysis], arm: str, prefix: str = ""
) -> list[str]:
    """The files of the tables from which a list of claims is decided: all of the experiments that
    it names, of this build, or as far as they were built in the folder as_coded/ (of a module,
    behind its prefix)."""
    names = [
        f"{experiment}_{table}"
        for experiment in config["experiments"]
        if experiment in about(claims)
        for table in tables_of(experiment, done)
    ]
    if arm == ARMS[0]:
        return [f"results/tables/{name}.csv" for name in names]
    paths = [f"{arm}/results/tables/{name}.csv" for name in names]
    return [path for path in paths if Path(f"{prefix}{path}").exists()]


def arms(files: Callable[[str], list[str]]) -> list[str]:
    """The arms that claims are decided for, by the files of their evidence."""
    return [arm for arm in ARMS if arm == ARMS[0] or any("_metrics" in path for path in files(arm))]
