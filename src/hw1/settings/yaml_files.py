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
EXPONENT = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)[eE][-+]?\d+")  # in YAML 1.1 often a text
MOST_VALUES = 500_000  # in a file; a few lines of aliases of aliases make any number of them


class Document(NamedTuple):
    """The content of a file, and the line of the value at each place."""

    content: Any
    lines: dict[Place, int]


def load(path: str | Path, name: str | None = None) -> Document:
    """Read a YAML file of mappings, lists, text, numbers, true, false and null.

    Raises ValueError, with one line that begins with `name` (else the path) and the line, where the
    file cannot be read, is no UTF-8, is no YAML, is empty, has a key twice or a key that is no
    text, and where YAML 1.1 reads a value in an unexpected way: 010 (8), 1:30 (90), yes (true), a
    date, a number that is not finite. As in YAML 1.2, 1e-3 is a number.
    """
    name = name or str(path)
    try:
        content = Path(path).read_bytes()
        text = content.decode("utf-8-sig")
    except OSError as error:
        raise ValueError(f"{name} cannot be read ({error.strerror}): check its name") from error
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise ValueError(
            f"{name}, line {line}: found the byte {content[error.start]:#x}, which is no UTF-8: "
            "save the file as UTF-8"
        ) from error
    try:
        root = composed(text)
    except yaml.YAMLError as error:
        if not isinstance(error, yaml.MarkedYAMLError) or not (mark := error.problem_mark):
            raise ValueError(f"{name}: not valid YAML, {' '.join(str(error).split())}") from error
        at_mark = text.splitlines()[mark.line : mark.line + 1]
        tab = at_mark and "\t" in at_mark[0][: mark.column + 1]
        hint = "indent with spaces, not with tabs" if tab else "check the lines before it as well"
        raise ValueError(
            f"{name}, line {mark.line + 1}: not valid YAML, {error.problem}: {hint}"
        ) from error
    if root is None:
        raise ValueError(f"{name} is empty: expected keys and values")
    lines: dict[Place, int] = {}
    try:
        return Document(build(root, (), lines, (), iter(range(MOST_VALUES))), lines)
    except RecursionError as error:
        raise ValueError(f"{name}: nested too deeply: write it flatter") from error
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


def build(
    node: yaml.Node, place: Place, lines: dict[Place, int], above: tuple, left: Iterator[int]
) -> Any:
    """The value of a node; notes the lines of all values in it, and uses up one of `left` for
    each."""
    where = ".".join(map(str, place)) or "the whole"
    if next(left, None) is None:
        refuse(node, f"{where}: found more than {MOST_VALUES} values, expected fewer: an alias of "
                     "what is full of aliases makes many values, write fewer")  # fmt: skip
    if node in above:
        refuse(node, f"{where} contains itself: write it out")
    if isinstance(node, yaml.ScalarNode):
        return scalar(node, where)
    if node.tag not in ("tag:yaml.org,2002:map", "tag:yaml.org,2002:seq"):
        refuse(node, f"{where}: found the tag {node.tag}, expected none: remove it")
    above = (*above, node)
    if isinstance(node, yaml.SequenceNode):
        items = []
        for index, item in enumerate(node.value):
            lines[*place, index] = item.start_mark.line + 1
            items.append(build(item, (*place, index), lines, above, left))
        return items
    merged: dict[str, Any] = {}
    own: dict[str, Any] = {}
    seen: dict[str, int] = {}
    for key_node, value in node.value:
        line = key_node.start_mark.line + 1
        merge = key_node.tag == "tag:yaml.org,2002:merge"
        key = key_node.value if merge else key_of(key_node, where)
        if key in seen:
            refuse(
                key_node,
                f"{where}: found the key {key!r} twice, first in line {seen[key]}, "
                "expected it once: remove one",
            )
        seen[key] = line
        if merge:
            several = isinstance(value, yaml.SequenceNode)
            for part in reversed(value.value) if several else [value]:
                if not isinstance(part, yaml.MappingNode):
                    refuse(key_node, f"{where}: found <<: of no mapping, expected one: *name")
                merged |= build(part, place, lines, above, left)
        else:
            lines[*place, key] = line
            own[key] = build(value, (*place, key), lines, above, left)
    return merged | own


def key_of(node: yaml.Node, where: str) -> str:
    if node.tag != "tag:yaml.org,2002:str":
        text = node.value if isinstance(node, yaml.ScalarNode) else "a list or mapping"
        kind = node.tag.rsplit(":", 1)[-1]
        refuse(node, f'{where}: found the key {text}, which is read as {kind}: write "{text}"')
    return node.value


def scalar(node: yaml.ScalarNode, where: str) -> object:
    """The value of a scalar; refuses one that YAML reads in an unexpected way."""
    kind, text = node.tag.removeprefix("tag:yaml.org,2002:"), node.value
    quoted = f'"{text}" in quotes if it is text'
    if kind == "str" and not node.style and EXPONENT.fullmatch(text):
        kind = "float"
    if kind == "str":
        return text
    if kind == "null":
        return None
    if kind == "bool":
        value: bool | int | float = CONSTRUCTOR.construct_yaml_bool(node)
        if text.lower() not in ("true", "false"):
            refuse(node, f"{where}: found {text}, which is read as {value}: write "
                         f"{str(value).lower()}, or {quoted}")  # fmt: skip
        return value
    if kind == "int":
        try:
            value = CONSTRUCTOR.construct_yaml_int(node)
        except ValueError:  # thousands of digits
            refuse(node, f"{where}: found {len(text)} digits, expected a smaller number")
        if not DECIMAL.match(text):
            digits = text.lstrip("+-0")
            meant = f"{digits} or {value}" if digits.isdecimal() else str(value)
            refuse(node, f"{where}: found {text}, which is read as {value}: write {meant}, or "
                         f"{quoted}")  # fmt: skip
        return value
    if kind == "float":
        value = CONSTRUCTOR.construct_yaml_float(node)
        if not abs(value) < float("inf"):
            refuse(node, f"{where}: found {text}, expected a finite number")
        if ":" in text or "_" in text:
            refuse(node, f"{where}: found {text}, which is read as {value}: write {value}, or "
                         f"{quoted}")  # fmt: skip
        return value
    if kind == "timestamp":
        refuse(node, f"{where}: found {text}, which is read as a date: write {quoted}")
    refuse(node, f"{where}: found the tag {node.tag}, expected none: remove it")
