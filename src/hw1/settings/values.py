"""What settings are made of: values with a range or a form, and classes that may be said in parts.

The classes of this room are the one description of the configuration. The text under a field is its
description; hw1.settings.schemas makes the schema of it, by which files are checked, editors help,
and docs/configuration.md is written. Jobs get settings that were checked, and read them as objects
of these classes.
"""

import functools
import json
from typing import Annotated, Any

from msgspec import Meta, Struct, structs

# The title of a form is what is said to be expected.
Name = Annotated[
    str,
    Meta(
        # Those who read tables would take these few for values.
        pattern="^(?!(nan|null|true|false|inf|infinity)$)[a-z][a-z0-9_]{0,39}$",
        title="a short name of lower-case letters, digits and underscores, but not nan or true",
    ),
]
Line = Annotated[
    str,
    Meta(
        pattern=r"^(?=.*\S)[^\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]*$",
        title="one line of at least one printable character",
    ),
]
Text = Annotated[str, Meta(min_length=1)]
Colour = Annotated[
    str, Meta(pattern="^#[0-9A-Fa-f]{6}$", title="a colour as six hexadecimal digits after #")
]
Pattern = Annotated[
    str, Meta(pattern="^[a-z0-9_*?]+$", title="letters, digits, underscores, * and ?")
]
Positive = Annotated[int, Meta(ge=1)]
Seed = Annotated[int, Meta(ge=0, le=4294967295)]
Distinct = Meta(extra_json_schema={"uniqueItems": True})


class Noun(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A thing that settings are about. Its method `check`, if it has one, is called before any
    job."""


def said_of(value: Any) -> Any:
    """What there is to say of a value, without defaults."""
    if isinstance(value, tuple):
        return [said_of(item) for item in value]
    if not isinstance(value, Noun):
        return value
    kind, defaults = value.__struct_config__, defaults_of(type(value))
    said = {kind.tag_field: kind.tag} if kind.tag_field else {}
    for name in value.__struct_fields__:
        if (own := getattr(value, name)) != defaults[name]:
            said[name] = said_of(own)
    return said


@functools.cache
def defaults_of(noun: type[Noun]) -> dict[str, Any]:
    """The default of each field, a mark that equals nothing where there is none."""
    return {field.name: field.default for field in structs.fields(noun)}


class Part(Noun, frozen=True, kw_only=True):
    """A noun of which the defaults, an experiment and a variant may each say some keys, one over
    the other."""


class Shaping(Noun, frozen=True, kw_only=True):
    """A noun that shapes results: its text is part of their recipes."""

    @property
    def said(self) -> dict[str, Any]:
        """What differs from the defaults, as plain values."""
        return said_of(self)

    @property
    def text(self) -> str:
        """What differs from the defaults, as JSON text."""
        return json.dumps(self.said, sort_keys=True)
