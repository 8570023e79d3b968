"""Files of settings, one over the other, as one configuration."""

import itertools
import os
import re
from collections.abc import Iterator, Mapping
from typing import Any

from hw1.settings.validation import NO_NUMBER, WHOLE, brief, number_hint
from hw1.settings.yaml_files import Document


def merged(*parts: dict) -> dict:
    """Merge dictionaries, later ones winning, key by key at every depth; null takes a key out."""
    result: dict = {}
    for part in parts:
        for key, value in part.items():
            if value is None and key in result:
                del result[key]
                continue
            both = isinstance(value, dict) and isinstance(result.get(key), dict)
            result[key] = merged(result[key], value) if both else value
    return result


def settings_of_files(
    files: Mapping[str, Document],
    root: str = "",
    given: Mapping = {},
    over: Mapping[str, Document] = {},
) -> dict:
    """The configuration that files make together, by name: later ones over earlier ones, what is
    `given` over all of them, and files that need not agree with any `over` that.

    The first is the base, the others are overlays. A key `x-...` at the top holds texts for
    aliases, and is left out. A path that does not exist is looked for below `root`, too, since a
    module may be given the whole of config.yaml, with its paths. Raises ValueError, with one line,
    where a file holds no keys, and where two overlays set a key to different values. Snakemake
    would take the later value; of two presets, each meant as a whole, that would make neither.
    """
    parts = {name: settings_of(name, document, root) for name, document in files.items()}
    for first, second in itertools.combinations([*parts][1:], 2):
        for key, value, other in differing(parts[first], parts[second]):
            raise ValueError(
                f"{key}: found {brief(value)} in {first} and {brief(other)} in {second}, expected "
                "overlays that agree: give one of them, or a third with what you mean"
            )
    last = [settings_of(name, document, root) for name, document in over.items()]
    return with_grids(merged(*parts.values(), dict(given), *last))


def settings_of(name: str, document: Document, root: str = "") -> dict:
    """What a file says, with its paths from here. Raises ValueError where it holds no keys."""
    if not isinstance(document.content, dict):
        raise ValueError(f"{name}: found {brief(document.content)}, expected keys with values")
    settings = {k: v for k, v in document.content.items() if not k.startswith("x-")}
    return located(settings, name, root)


def with_grids(config: dict) -> dict:
    """A configuration with the variants that each `grid` of an experiment comes to, before those
    that the experiment names. What has not the form of either is left to the schema. Raises
    ValueError where two variants of a grid would have one name."""
    experiments = config.get("experiments")
    if not isinstance(experiments, dict):
        return config
    found = {}
    for name, entry in experiments.items():
        if isinstance(entry, dict) and "grid" in entry and is_grid(entry["grid"]):
            made, variants = grid_of(entry["grid"], name), entry.get("variants") or {}
            entry = {key: value for key, value in entry.items() if key != "grid"}
            entry["variants"] = merged(made, variants) if isinstance(variants, dict) else variants
        found[name] = entry
    return config | {"experiments": found}


def is_grid(grid: Any) -> bool:
    """Whether something has parts, each of named settings."""
    parts = grid.values() if isinstance(grid, dict) else ()
    return bool(parts) and all(
        isinstance(part, dict) and part and all(isinstance(own, dict) for own in part.values())
        for part in parts
    )


def grid_of(grid: dict[str, dict], experiment: str) -> dict[str, dict]:
    """The variants of a grid: one for each choice of settings from every part, named after the
    choice, which stands under `choices`."""
    found: dict[str, dict] = {}
    for chosen in itertools.product(*grid.values()):
        name = "_".join(chosen)
        if name in found:
            where = f"experiments.{experiment}.grid"
            raise ValueError(f"{where}: two choices make {name}: name one otherwise")
        settings = [part[choice] for part, choice in zip(grid.values(), chosen)]
        found[name] = merged(*settings, {"choices": dict(zip(grid, chosen))})
    return found


def located(content: dict, name: str, root: str = "") -> dict:
    """The content of a file, with its paths (relative to the file or to `root`) made relative to
    here."""
    content = dict(content)
    folder = os.path.dirname(name)

    def path(key: str, value: object) -> object:
        if not isinstance(value, str):
            return value
        found, other = (os.path.join(f, expanded(key, value)) for f in (folder, root))
        return other if root and not os.path.exists(found) and os.path.exists(other) else found

    if isinstance(folders := content.get("extensions"), dict):
        content["extensions"] = {k: path(f"extensions.{k}", v) for k, v in folders.items()}
    for section, name in (("claims", "file"), ("datasets", "file"), ("arms", "overlay")):
        if isinstance(entries := content.get(section), dict):
            content[section] = {
                key: entry | {name: path(f"{section}.{key}.{name}", entry[name])}
                if isinstance(entry, dict) and name in entry
                else entry
                for key, entry in entries.items()
            }
    return content


def expanded(key: str, path: str) -> str:
    """A path with ~ and $NAME as a shell would fill them in.

    Raises ValueError where there is no such variable or user.
    """
    found = os.path.expanduser(os.path.expandvars(path))
    if unknown := re.match(r"~[^/]*", found) or re.search(r"\$\{?\w+\}?", found):
        raise ValueError(f"{key}: found {brief(path)}, but {unknown[0]} is not known here: set it")
    return found


def leaves(node: dict, above: str = "") -> Iterator[tuple[str, object]]:
    """The dotted key and value of every entry that `merged` would replace."""
    for key, value in node.items():
        if isinstance(value, dict) and value:
            yield from leaves(value, f"{above}{key}.")
        else:
            yield f"{above}{key}", value


def differing(one: dict, other: dict, above: str = "") -> Iterator[tuple[str, object, object]]:
    """The dotted keys that both set, to different values, and these."""
    for key in [key for key in one if key in other]:
        if isinstance(one[key], dict) and isinstance(other[key], dict):
            yield from differing(one[key], other[key], f"{above}{key}.")
        elif one[key] != other[key]:
            yield f"{above}{key}", one[key], other[key]


def with_line(message: str, files: dict[str, Document]) -> str:
    """A message that begins with a dotted key, with the file and line of that key before it.

    The file is the last one that sets the key. A key that a variant does not set stands in a part
    of the grid, in its experiment or in the defaults. A missing key is looked for where it belongs.
    """
    key = "" if message.startswith(WHOLE) else re.split(r"[^\w.-]", message, maxsplit=1)[0]
    place = tuple(int(part) if part.isdecimal() else part for part in key.split(".") if part)
    if named := re.search(r"(?:unknown|the) key '([^']*)'", message):
        place += (named[1],)
    places = [place]
    if place[:1] == ("experiments",) and place[2:3] == ("variants",):
        grid = (*place[:2], "grid")
        below = [p for d in files.values() for p in d.lines if p[:3] == grid and len(p) > 5]
        places += [p for p in below if p[5:] == place[4:] and f"_{p[4]}_" in f"_{place[3]}_"]
        places += [place[:2] + place[4:], ("defaults", *place[4:])]
    places += [place[:length] for length in range(len(place) - 1, 0, -1)]
    for sought in places:
        for name, document in reversed(files.items()):
            if line := document.lines.get(sought):
                return f"{name}, line {line}: {message}"
            if sought in document.lines:  # --config has no lines
                nested = name == "--config" and len(sought) > 1
                return f"{name}: {without_text(message) if nested else message}"
    return message


def without_text(message: str) -> str:
    """A message about a nested value of --config. Snakemake turns every such value into text, so a
    wrong type does not come from quotes or a missing dot."""
    found = re.search(r"found '([^']*)'( \(str\))?,", message)
    if not found or not (found[2] or number_hint(found[1]) != NO_NUMBER):
        return message
    return (
        f"{message.partition(': write ')[0]}: Snakemake makes text of all that is nested in "
        "--config: write it to a file, and name that with --configfile"
    )
