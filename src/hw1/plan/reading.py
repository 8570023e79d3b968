"""From files of settings to a checked configuration, before anything is trained."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from hw1.plan.plan import Plan
from hw1.settings.claim_lists import (
    about,
    check_evidence,
    check_ids,
    check_left_out,
    checked_claims,
)
from hw1.settings.claims import Claim
from hw1.settings.configuration import Written, check_data_files, schema
from hw1.settings.entries import Entries, read
from hw1.settings.experiments import Experiment, experiments_of
from hw1.settings.overlays import expanded, leaves, merged, settings_of_files, with_grids, with_line
from hw1.settings.validation import WHOLE, check_name, check_schema
from hw1.settings.yaml_files import Document, Place, load


def files_of(root: Path, overlays: list[str]) -> dict[str, Document]:
    """config.yaml below `root`, and overlays, each by its path from here."""
    paths = [str(root / "config.yaml"), *overlays]
    return {name: load(name) for name in map(os.path.relpath, paths)}


def overlays(root: Path, named: Iterable[str | Path] | None) -> list[str]:
    """The overlays that a command line names, each once; the base is no overlay, even if it is
    named again."""
    found = {os.path.realpath(path): str(path) for path in named or ()}
    found.pop(os.path.realpath(root / "config.yaml"), None)
    return list(found.values())


def options(root: Path, named: list[str]) -> tuple[str, ...]:
    """Snakemake's options for this folder and the overlays, from the folder of the repository."""
    place = os.path.relpath(os.getcwd(), root)
    directory = ["--directory", place] if place != "." else []
    paths = [os.path.relpath(path, root) for path in named]
    return (*directory, *(["--configfile", *paths] if paths else []))


def planned(
    files: dict[str, Document],
    given: Mapping = {},
    of_module: Mapping | None = None,
    root: str = "",
    here: bool = False,
    **place: Any,
) -> Plan:
    """The plan of the configuration that files make, one over the other, with the command line's
    settings over them. Its lists of claims are those about some experiment that it has.

    A module gets its settings from the outer workflow; its paths may be relative to `root`.
    `here` says whether jobs run on this machine, which then has to have their device; `place` is
    for the plan. Raises ValueError, with one line that names file, line and key, where the
    configuration is wrong.
    """
    files = dict(files)
    try:
        if of_module is not None:
            files["config of the module"] = without_lines(dict(of_module))
        said = settings_of_files(files, root, given)
        settings = dict(files)  # alone, without what is looked up in others
        if given:
            files["--config"] = without_lines(dict(given))
        config, experiments, analyses, drawn, kinds = found = read(said)
        if of_module is None:  # in a module, another rule may make them
            check_data_files(config, experiments)
        if here and config.device in ("cuda", "mps"):
            # Only now, since torch takes seconds to import.
            from hw1.training.devices import choose_device

            choose_device(config.device)
        expanded("downloads", config.downloads)
        claims = claims_of(found, files)
    except ValueError as error:
        raise ValueError(with_line(str(error), files)) from error
    figures = {f.name: f for f in drawn if f.experiment or f.name in claims}
    arms = of_arms(found, settings, given, root)
    return Plan(config, experiments, analyses, figures, kinds, claims, arms, **place)


def of_arms(
    built: Entries, files: Mapping[str, Document], given: Mapping = {}, root: str = ""
) -> dict[str, dict[str, Experiment]]:
    """The experiments of the arms with an overlay, which lies over the files and over what is
    given, as those of the build are made of them. Raises ValueError where an overlay is wrong."""
    known, found = ever(files, "experiments"), {}
    for arm, entry in built.config.arms.items():
        if entry.overlay is None:
            continue
        over: dict[str, Document] = {}
        try:
            if arm == built.config.first_arm:
                raise ValueError(f"arms.{arm}.overlay: found one of the first arm, which has none")
            name = os.path.relpath(entry.overlay)
            over[name] = load(name)
            for experiment, own in ever(over, "experiments").items():
                if "analyses" in own:
                    raise ValueError(
                        f"experiments.{experiment}.analyses: found in the overlay of an arm, which "
                        "has the analyses of the configuration: leave it out"
                    )
            found[arm] = of_arm(built, settings_of_files(files, root, given, over), known)
        except ValueError as error:
            raise ValueError(with_line(str(error), {**files, **over})) from error
    return found


def of_arm(built: Entries, said: dict, known: Mapping[str, dict]) -> dict[str, Experiment]:
    """The experiments of an arm as its files say them: those of the build, with its variants, and
    no others; `known` holds those of all files. Settings have to be complete, but need not fit the
    data: those of a demo may not.

    Raises ValueError where the overlay is wrong, or a name is nearly one that is known.
    """
    if isinstance(entries := said.get("experiments"), dict):
        for name in entries:
            check_name(name, f"experiments.{name}", known)
        here = {name: entry for name, entry in entries.items() if name in built.experiments}
        said = said | {"experiments": here}
    check_schema(said, schema(Written), WHOLE)
    found = {}
    for name, entry in said["experiments"].items():
        own, variants = built.experiments[name].variants, entry.get("variants", {})
        for variant in variants:
            where = f"experiments.{name}.variants.{variant}"
            check_name(variant, where, [*own, *(known.get(name, {}).get("variants") or ())])
        found[name] = entry | {"variants": {v: variants[v] for v in variants if v in own}}
    experiments = experiments_of(said | {"experiments": found})
    for name, experiment in experiments.items():
        for variant, settings in experiment.variants.items():
            settings.model.check(f"experiments.{name}.variants.{variant}.model")
    return experiments


def claims_of(found: Entries, files: dict[str, Document]) -> dict[str, list[Claim]]:
    """The lists of claims that are about at least one experiment of the configuration. The files of
    all lists are added to `files`. Raises ValueError where a list is wrong."""
    experiments = ever(files, "experiments")
    variants = {name: entry.get("variants") or () for name, entry in experiments.items()}
    lists = found.config.claims
    claims = {}
    for key, entry in lists.items():
        name = os.path.relpath(entry.file)
        files[name] = load(name)
        said = files[name].content
        claims[key] = checked_claims(said, experiments, name, found.config.folders)
        check_evidence(key, claims[key], found, variants)
    check_left_out(lists, claims)
    if claims.keys() == ever(files, "claims").keys():
        check_ids(found.figures, claims.values())
    claims = {key: own for key, own in claims.items() if about(own) & found.experiments.keys()}
    ids = [claim.id for own in claims.values() for claim in own]
    if twice := [name for name in ids if ids.count(name) > 1]:
        raise ValueError(f"claims: found {twice[0]} twice, expected an id for each claim")
    return claims


def ever(files: Mapping[str, Document], section: str) -> dict[str, dict]:
    """The entries of a section in any file, by name, with what an overlay leaves out."""
    said = [named(d.content.get(section)) for d in files.values() if isinstance(d.content, dict)]
    return with_grids({section: merged(*said)})[section]


def named(settings: object) -> dict:
    """Settings without what they take out, at every depth."""
    if not isinstance(settings, dict):
        return {}
    return {
        key: named(value) if isinstance(value, dict) else value
        for key, value in settings.items()
        if value is not None
    }


def without_lines(settings: dict) -> Document:
    """Settings that stand in no file."""
    keys: list[Place] = []
    for key, value in leaves(settings):
        items = range(len(value)) if isinstance(value, list) else ()
        keys += [(*key.split("."), *more) for more in ((), *((item,) for item in items))]
    return Document(settings, {key[:n]: 0 for key in keys for n in range(1, len(key) + 1)})
