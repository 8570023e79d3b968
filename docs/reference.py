"""Write configuration.md, the reference of all keys, beside this file: python docs/reference.py.

Everything in it comes from the schema, the defaults of config.yaml and what the kinds declare.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "src"))

from hw1.settings import kinds  # noqa: E402

HEAD = """\
# All keys of the configuration

Written by `python docs/reference.py` from `workflow/schemas/config.schema.yaml`, `config.yaml` and
the kinds of analyses and figures; do not edit. `NAME` stands for a name of your own. A key that an
experiment or a variant does not say has the value that stands under `defaults:` in `config.yaml`.
"""


def yaml_of(path: str) -> dict:
    return yaml.safe_load((ROOT / path).read_text(encoding="utf-8"))


SCHEMA = yaml_of("workflow/schemas/config.schema.yaml")
DEFAULTS = yaml_of("config.yaml")["defaults"]


def resolved(node: dict) -> dict:
    """A node of the schema with what it refers to; what it says itself wins."""
    if "$ref" not in node:
        return node
    return resolved(SCHEMA["$defs"][node["$ref"].rpartition("/")[2]]) | {
        key: value for key, value in node.items() if key != "$ref"
    }


def kind_of(node: dict) -> str:
    """Type of a value, in words."""
    if "enum" in node:
        return " or ".join(f"`{value}`" for value in node["enum"])
    if "const" in node:
        return f"`{node['const']}`"
    named = node.get("type", "value")
    text = " or ".join(named) if isinstance(named, list) else named
    return (
        f"list of {kind_of(resolved(node['items']))}"
        if text == "array" and "items" in node
        else text
    )


def bounds(node: dict) -> str:
    """What a value is limited to."""
    words = {
        "minimum": "at least {}", "exclusiveMinimum": "more than {}",
        "maximum": "at most {}", "exclusiveMaximum": "less than {}",
        "minItems": "at least {} entries", "maxItems": "at most {} entries",
    }  # fmt: skip
    return ", ".join(text.format(node[key]) for key, text in words.items() if key in node)


def default_of(path: tuple[str, ...]) -> str:
    """The default of a key of an experiment or a variant."""
    node: object = DEFAULTS
    for key in path:
        if not isinstance(node, dict) or key not in node:
            return ""
        node = node[key]
    return (
        ""
        if isinstance(node, dict)
        else f"`{yaml.safe_dump(node, default_flow_style=True).split(chr(10))[0]}`"
    )


def rows(node: dict, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], dict]]:
    """Every key below a node of the schema, with its path and its resolved node."""
    children = dict(node.get("properties", {}))
    for branch in node.get("allOf", []):
        kind = branch["if"]["properties"]["kind"].get("const")  # others have no keys of their own
        for key, child in branch["then"]["properties"].items():
            if child is not True:
                children[f"{key} (kind {kind})"] = child
    if "properties" in node.get("items", {}):
        children["N"] = node["items"]
    if isinstance(node.get("additionalProperties"), dict):
        children["NAME"] = node["additionalProperties"]
    for key, child in children.items():
        if child is True:
            continue
        found = resolved(child)
        yield (*path, key), found
        yield from rows(found, (*path, key))


def table(lines: list[list[str]], head: list[str]) -> str:
    cells = [head, ["---"] * len(head), *lines]
    return "\n".join("| " + " | ".join(line) + " |" for line in cells)


def keys() -> str:
    lines = []
    for path, node in rows(SCHEMA):
        of_variants = path[:3] in (("experiments", "NAME", key) for key in ("variants", "grid"))
        if path[:1] == ("defaults",) or (
            of_variants and len(path) > 3 and path[4:5] != ("choices",)
        ):
            continue  # the same keys as under an experiment
        default = default_of(path[2:]) if path[:2] == ("experiments", "NAME") else ""
        meaning = node.get("description", "").replace("\n", " ").replace("|", "\\|")
        lines.append([f"`{'.'.join(path)}`", kind_of(node), default, bounds(node), meaning])
    return table(lines, ["key", "type", "default", "range", "meaning"])


def of_kinds(concern: str) -> str:
    lines = []
    for file in sorted((ROOT / "src/hw1" / concern).glob("[!_]*.py")):
        declared = kinds.declaration(file)
        assert declared is not None
        says = ast.get_docstring(ast.parse(file.read_bytes()), clean=False) or ""
        says = says.split("\n\n")[0].replace("\n", " ")
        settings = "; ".join(
            f"`{key}`: {kind_of(node)}" + (f", {limits}" if (limits := bounds(node)) else "")
            for key, node in declared.get("settings", {}).items()
        )
        tables = ", ".join(f"`{name}`" if name else "its own name" for name in declared["tables"])
        tables += f", `{declared['beside']}` beside" if "beside" in declared else ""
        lines.append([f"`{file.stem}`", declared.get("scope", ""), tables, settings, says])
    return table(lines, ["kind", "scope", "tables", "settings", "what it is"])


def text() -> str:
    parts = [
        HEAD,
        keys(),
        "## Kinds of analyses\n",
        "Under `analyses.NAME.kind`; the tables by how their names end.\n",
        of_kinds("analyses"),
        "## Kinds of figures\n",
        "Under `figures.NAME.draw`; the tables that one draws.\n",
        of_kinds("figures"),
    ]
    return "\n".join(part if part.endswith("\n") else f"{part}\n" for part in parts)


if __name__ == "__main__":
    (ROOT / "docs/configuration.md").write_text(text(), encoding="utf-8")
