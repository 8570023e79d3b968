"""YAML files, read strictly: a value that YAML would change in silence is refused."""

import functools
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

import yaml

Place = tuple[str | int, ...]  # keys and indices from the top
CONSTRUCTOR = yaml.constructor.SafeConstructor()
DECIMAL = re.compile(r"[-+]?(0|[1-9][0-9]*)$")
MOST_VALUES = 500_000  # in a file; a few lines of aliases of aliases make any number of them
EXPONENT = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)[eE][-+]?\d+")  # in YAML 1.1 often a text


class Document(NamedTuple):
    """The content of a file, and the line of the value at each place."""

    content: Any
    lines: dict[Place, int]


def load(path: str | Path) -> Document:
    """Read a YAML file of mappings, lists, text, numbers, true, false and null.

    Raises ValueError, with one line that begins with the path and, if there is one, the line,
    where the file cannot be read, is no UTF-8, is no YAML, is empty, has a key twice or a
    key that is no text, and where YAML 1.1 reads a value in an unexpected way: 010 (8), 1:30 (90),
    yes (true), a date, a number that is not finite. As in YAML 1.2, 1e-3 is a number.
    """
    name = str(path)
    try:
        text = Path(path).read_text("utf-8-sig")
        root = composed(text)
    except OSError as error:
        raise ValueError(f"{name} cannot be read ({error.strerror}): check its name") from error
    except UnicodeDecodeError as error:
        raise ValueError(f"{name}: found no UTF-8 ({error}): save the file as UTF-8") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"{name}, line {mark.line + 1}" if mark else name
        problem = " ".join(str(getattr(error, "problem", error)).split())
        hint = "check the lines before it as well, and indent with spaces"
        raise ValueError(f"{place}: not valid YAML, {problem}: {hint}") from error
    if root is None:
        raise ValueError(f"{name} is empty: expected keys and values")
    lines: dict[Place, int] = {}
    try:
        return Document(build(root, (), lines, iter(range(MOST_VALUES))), lines)
    except RecursionError as error:
        raise ValueError(f"{name}: an alias in itself, or nested too deeply: mend it") from error
    except ValueError as error:
        raise ValueError(f"{name}, {error}") from error


@functools.cache
def composed(text: str) -> yaml.Node | None:
    """The nodes of a YAML text, which is parsed once. The parser in C, if there is one, is ten
    times as fast; the other parser describes mistakes better, but takes at most a thousand
    levels."""
    with suppress(AttributeError, yaml.YAMLError):
        return yaml.compose(text, Loader=yaml.CSafeLoader)
    return yaml.compose(text, Loader=yaml.SafeLoader)


def refuse(node: yaml.Node, problem: str) -> NoReturn:
    raise ValueError(f"line {node.start_mark.line + 1}: {problem}")


def build(node: yaml.Node, place: Place, lines: dict[Place, int], left: Iterator[int]) -> Any:
    """The value of a node; notes the lines of all values in it, and uses up one of `left` each."""
    where = ".".join(map(str, place)) or "the whole"
    if next(left, None) is None:
        refuse(
            node, f"{where}: found over {MOST_VALUES} values, by aliases of aliases: write fewer"
        )
    if isinstance(node, yaml.ScalarNode):
        return scalar(node, where)
    if node.tag not in ("tag:yaml.org,2002:map", "tag:yaml.org,2002:seq"):
        refuse(node, f"{where}: found the tag {node.tag}, expected none: remove it")
    if isinstance(node, yaml.SequenceNode):
        items = []
        for index, item in enumerate(node.value):
            lines[*place, index] = item.start_mark.line + 1
            items.append(build(item, (*place, index), lines, left))
        return items
    merged: dict[str, Any] = {}
    own: dict[str, Any] = {}
    seen: dict[str, int] = {}
    for key_node, value in node.value:
        line = key_node.start_mark.line + 1
        merge = key_node.tag == "tag:yaml.org,2002:merge"
        key = key_node.value if merge else key_of(key_node, where)
        if key in seen:
            first = f"first in line {seen[key]}"
            refuse(key_node, f"{where}: found the key {key!r} twice, {first}: remove one")
        seen[key] = line
        if merge:
            several = isinstance(value, yaml.SequenceNode)
            for part in reversed(value.value) if several else [value]:
                if not isinstance(part, yaml.MappingNode):
                    refuse(key_node, f"{where}: found <<: of no mapping, expected one: *name")
                merged |= build(part, place, lines, left)
        else:
            lines[*place, key] = line
            own[key] = build(value, (*place, key), lines, left)
    return merged | own


def key_of(node: yaml.Node, where: str) -> str:
    if (kind := node.tag.rsplit(":", 1)[-1]) != "str":
        text = node.value if isinstance(node, yaml.ScalarNode) else "a list or mapping"
        refuse(node, f'{where}: found the key {text}, which is read as {kind}: write "{text}"')
    return node.value


def scalar(node: yaml.ScalarNode, where: str) -> object:
    """The value of a scalar; refuses one that YAML reads in an unexpected way."""
    kind, text = node.tag.removeprefix("tag:yaml.org,2002:"), node.value
    if kind == "str" and not node.style and EXPONENT.fullmatch(text):
        kind = "float"
    if kind == "str":
        return text
    if kind == "null":
        return None
    quoted = f'"{text}" in quotes if it is text'
    if kind == "timestamp":
        refuse(node, f"{where}: found {text}, which is read as a date: write {quoted}")
    if kind not in ("bool", "int", "float"):
        refuse(node, f"{where}: found the tag {node.tag}, expected none: remove it")
    value = getattr(CONSTRUCTOR, f"construct_yaml_{kind}")(node)
    meant = str(value).lower()
    if kind == "float" and not abs(value) < float("inf"):
        refuse(node, f"{where}: found {text}, expected a finite number")
    if kind == "bool":
        expected = text.lower() in ("true", "false")
    elif kind == "float":
        expected = ":" not in text and "_" not in text
    else:
        expected = DECIMAL.match(text) is not None
        if (digits := text.lstrip("+-0")).isdecimal():  # perhaps meant as a decimal
            meant = f"{digits} or {value}"
    if not expected:
        refuse(node, f"{where}: found {text}, which is read as {value}: write {meant}, or {quoted}")
    return value
