"""Write configuration.md, the reference of all keys, beside this file, and the schemas by which
editors help: python docs/reference.py.

Everything in them comes from the classes of hw1.settings, the defaults of config.yaml and what the
kinds declare.
"""

import ast
import inspect
import json
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "src"))

from hw1.settings import kinds  # noqa: E402
from hw1.settings.claims import Claims  # noqa: E402
from hw1.settings.configuration import Written  # noqa: E402
from hw1.settings.schemas import schema_of  # noqa: E402

HEAD = """\
# All keys of the configuration

Written by `python docs/reference.py` from the classes of `src/hw1/settings`, `config.yaml` and the
kinds of analyses and figures; do not edit. `NAME` stands for a name of your own. A key that an
experiment or a variant does not say has the default that stands here: its own, or the one under
`defaults:` in `config.yaml`.
"""


def text_of(noun: type, field: str) -> str:
    """The text under a field of a class, or of the class that it has the field from."""
    for owner in noun.__mro__:
        if field not in inspect.get_annotations(owner):
            continue
        (definition,) = ast.parse(inspect.getsource(owner)).body
        assert isinstance(definition, ast.ClassDef)
        for said, text in pairwise(definition.body):
            match said, text:
                case ast.AnnAssign(ast.Name(name)), ast.Expr(ast.Constant(str(found))):
                    if name == field:
                        return " ".join(found.split())
    return ""


SCHEMAS = {"config": schema_of(Written, text_of), "claims": schema_of(Claims, text_of)}
SCHEMA = SCHEMAS["config"]
DRAFT = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
DEFAULTS = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))["defaults"]


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


def default_of(path: tuple[str, ...], node: dict) -> str:
    """The default of a key of an experiment or a variant, in config.yaml or its own."""
    found: object = DEFAULTS
    for key in path:
        found = found.get(key) if isinstance(found, dict) else None
    found = node.get("default") if found is None else found
    if isinstance(found, dict) or found in (None, ""):
        return ""
    return f"`{yaml.safe_dump(found, default_flow_style=True).split(chr(10))[0]}`"


def rows(node: dict, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], dict]]:
    """Every key below a node of the schema, with its path and its resolved node."""
    children = dict(node.get("properties", {}))
    for branch in node.get("allOf", []):
        kind = branch["if"]["properties"]["kind"]["const"]
        for key, child in resolved(branch["then"])["properties"].items():
            if key == "title":
                children[key] = child
            elif key != "kind":
                children[f"{key} (kind {kind})"] = child
    items = resolved(node.get("items", {}))
    if "properties" in items:
        children["N"] = items
    if isinstance(node.get("additionalProperties"), dict):
        children["NAME"] = node["additionalProperties"]
    for key, child in children.items():
        found = resolved(child)
        yield (*path, key), found
        yield from rows(found, (*path, key))


def table(lines: list[list[str]], head: list[str]) -> str:
    cells = [head, ["---"] * len(head), *lines]
    return "\n".join("| " + " | ".join(line) + " |" for line in cells)


def keys() -> str:
    lines = []
    for path, node in rows(resolved(SCHEMA)):
        of_variants = path[:3] in (("experiments", "NAME", key) for key in ("variants", "grid"))
        if path[:1] == ("defaults",) or (
            of_variants and len(path) > 3 and path[4:5] != ("choices",)
        ):
            continue  # the same keys as under an experiment
        default = default_of(path[2:], node) if path[:2] == ("experiments", "NAME") else ""
        text = node.get("description") or node.get("title", "").capitalize()
        meaning = " ".join(text.split()).replace("|", "\\|")
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


def written() -> dict[Path, str]:
    """The text of each file."""
    found = {ROOT / "docs/configuration.md": text()}
    for name, schema in SCHEMAS.items():  # a line for each class
        nouns = [f'"{noun}": {json.dumps(own)}' for noun, own in schema["$defs"].items()]
        head = json.dumps(DRAFT | {key: value for key, value in schema.items() if key != "$defs"})
        content = head.removesuffix("}") + ', "$defs": {\n' + ",\n".join(nouns) + "\n}}\n"
        found[ROOT / f"workflow/schemas/{name}.schema.json"] = content
    return found


if __name__ == "__main__":
    for path, content in written().items():
        path.write_text(content, encoding="utf-8")
