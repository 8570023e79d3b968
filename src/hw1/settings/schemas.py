"""JSON Schema of what a file may say of a noun, from its class (see hw1.settings.values)."""

from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from hw1.settings.values import Noun, Part


def schema_of(noun: Any, text_of: Callable[[type[Noun], str], str] | None = None) -> dict:
    """The schema of a noun, or of a list of some; `text_of` gives the text under a class's field.

    All objects are closed, but those whose kind declares further keys. No key of a part is
    required.
    """
    (schema,), found = msgspec.json.schema_components([noun], ref_template="#/$defs/{name}")
    classes: dict[str, type[Noun]] = {known.__name__: known for known in nouns()}
    for name, own in found.items():
        for key, field in own["properties"].items():
            if text := text_of(classes[name], key) if text_of else "":
                field["description"] = text
        if not text_of:
            own.pop("description", None)
        del own["title"]
        # Last, since an unknown key is told before a missing one, which it may be, misspelt.
        required = own.pop("required")
        own["required"] = [] if issubclass(classes[name], Part) else required
    parts = {f"#/$defs/{name}" for name in found if issubclass(classes[name], Part)}
    simple = Simpler(found, parts)
    return simple(schema) | {"$defs": {name: simple(own) for name, own in found.items()}}


def nouns(above: type[Noun] = Noun) -> Iterator[type[Noun]]:
    """All nouns."""
    for noun in above.__subclasses__():
        yield noun
        yield from nouns(noun)


class Simpler:
    """A schema of msgspec without null where a key may be left out, and without alternatives. Types
    of values stand together. Of a noun, the other keys follow from its kind; the kinds of a part
    are one, since no part has to say its kind."""

    def __init__(self, found: dict[str, dict], parts: set[str]) -> None:
        self.found, self.parts = found, parts

    def __call__(self, node: Any) -> Any:
        if isinstance(node, list):
            return [self(item) for item in node]
        if not isinstance(node, dict):
            return node
        said = {
            key: self(value) for key, value in node.items() if key not in ("anyOf", "discriminator")
        }
        if "anyOf" not in node:
            return said
        if said.get("default", ...) is None:
            del said["default"]
            branches = [branch for branch in node["anyOf"] if branch != {"type": "null"}]
        else:
            branches = node["anyOf"]
        if "discriminator" in node:
            return self.of_kinds(node["discriminator"]["mapping"]) | said
        if len(branches) == 1:
            return self(branches[0]) | said
        all_keys = {
            key: value for branch in map(self.target, branches) for key, value in branch.items()
        }
        return all_keys | {"type": [self.target(branch)["type"] for branch in branches]} | said

    def target(self, node: dict) -> dict:
        """A node, or what it refers to."""
        return self(self.found[node["$ref"].rpartition("/")[2]] if "$ref" in node else node)

    def of_kinds(self, kinds: dict[str, str]) -> dict:
        """What may be said of a noun of some kinds."""
        kind = {"enum": list(kinds)}
        if {*kinds.values()} <= self.parts:
            every = [self.target({"$ref": place})["properties"] for place in kinds.values()]
            keys = {key: value for properties in every for key, value in properties.items()}
            return {
                "type": "object",
                "properties": keys | {"kind": kind},
                "additionalProperties": False,
            }
        return {
            "type": "object",
            "required": ["kind"],
            "properties": {"kind": kind},
            "allOf": [
                {"if": {"properties": {"kind": {"const": name}}}, "then": {"$ref": place}}
                for name, place in kinds.items()
            ],
        }
