"""Does a document fit its schema? A mistake is told in one line that names the key."""

import difflib
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import jsonschema

NO_NUMBER = "write a number"
WHOLE = "the configuration"  # named in a line that is about no single key


def is_integer(_, value) -> bool:
    """JSON Schema takes 60.0 for an integer; range() and torch do not."""
    return isinstance(value, int) and not isinstance(value, bool)


def is_number(_, value) -> bool:
    """YAML has .nan and .inf."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def pattern(validator: Any, wanted: str, found: object, schema: dict) -> Iterator[Any]:
    """The pattern of JSON Schema, except that $ accepts no line end, as it would in Python."""
    if isinstance(found, str) and ("\n" in found or not re.search(wanted, found)):
        yield jsonschema.ValidationError(f"{found!r} does not match {wanted!r}")


Validator = jsonschema.validators.extend(
    jsonschema.Draft202012Validator,
    {"pattern": pattern},
    type_checker=jsonschema.Draft202012Validator.TYPE_CHECKER.redefine_many(
        {"integer": is_integer, "number": is_number}
    ),
)


def check_schema(document: object, schema: dict, whole: str, nested: bool = False) -> None:
    """Raise ValueError, with one line that names the key, unless `document` fits `schema`. If the
    document is nested in another one, its keys are named after the key of the `whole`."""
    error = jsonschema.exceptions.best_match(Validator(schema).iter_errors(document))
    if error is not None:
        path = ".".join(map(str, error.absolute_path))
        raise ValueError(explain(error, f"{whole}.{path}" if nested and path else path or whole))


def check_keys(found: dict, schemas: Mapping[str, dict], where: str, optional: set[str]) -> None:
    """Raise ValueError unless what is found has all keys of `schemas` that are not optional, and no
    other, with values that fit."""
    schema = {"type": "object", "additionalProperties": False, "properties": schemas}
    schema["required"] = [key for key in schemas if key not in optional]
    check_schema(found, schema, where, nested=True)


def explain(error: Any, where: str) -> str:  # Any: as typed, all of it may be unset
    """One line for a schema error: the key, what was found, what is allowed."""
    found = f"found {brief(error.instance)}"
    rule, value = error.validator, error.validator_value
    if rule == "additionalProperties":
        allowed = list(error.schema.get("properties", {}))
        unknown = [str(key) for key in error.instance if key not in allowed]
        return f"{where}: unknown key {unknown[0]!r}: {did_you_mean(unknown[0], allowed)}"
    if rule == "required":
        missing = next(key for key in value if key not in error.instance)
        return f"{where}: the key {missing!r} is missing"
    if rule == "type":
        kinds = " or ".join(value) if isinstance(value, list) else value
        text = f"{where}: {found} ({type(error.instance).__name__}), expected {kinds}"
        if isinstance(error.instance, str) and {"number", "integer"} & set(kinds.split(" or ")):
            text += f": {number_hint(error.instance)}"
        if error.instance is None and kinds == "object":
            text += ": null leaves out what is there, by its name; settings that are none are {}"
        return text.replace("found None (NoneType)", "found nothing")
    if rule == "enum":
        return f"{where}: {found}, expected one of {', '.join(map(str, value))}"
    form = error.schema.get("title") or error.schema.get("description", "")
    expected = {
        "minimum": f"at least {value}",
        "maximum": f"at most {value}",
        "exclusiveMinimum": f"more than {value}",
        "exclusiveMaximum": f"less than {value}",
        "minItems": f"at least {value} item(s)",
        "maxItems": f"at most {value} item(s)",
        "minProperties": "at least one entry",
        "minLength": "some text",
        "uniqueItems": "no value twice",
        **dict.fromkeys(("pattern", "not"), form[:1].lower() + form[1:]),
    }.get(rule, error.message)
    return f"{where}: {found}, expected {expected}"


def did_you_mean(found: str, allowed: Iterable[str]) -> str:
    """The name that was probably meant, else all allowed names."""
    allowed = list(allowed)
    close = difflib.get_close_matches(found, allowed, n=1)
    return f"did you mean {close[0]}?" if close else f"allowed are {', '.join(allowed) or 'none'}"


def check_among(found: str, where: str, known: Iterable[str]) -> None:
    """Raise ValueError where a name is not in `known`."""
    if found not in known:
        raise ValueError(f"{where}: found {found!r}: {did_you_mean(found, known)}")


def check_name(found: str | None, where: str, known: Iterable[str]) -> None:
    """Raise ValueError where a name is not in `known`, but is nearly the same as one of them. A
    name that contains a known one, or is contained in it, counts as another name."""
    if found and found not in known:
        for near in difflib.get_close_matches(found, known, 1, 0.9):
            if near not in found and found not in near:
                check_among(found, where, [near])


def number_hint(text: str) -> str:
    """How to write the number that a text seems to be."""
    try:
        number = float(text.replace(",", ".").replace(" ", ""))
    except ValueError:
        return NO_NUMBER
    written = f"{number:.15g}"
    if "e" in written and "." not in written:  # so that YAML 1.1 reads it, too
        written = written.replace("e", ".0e")
    return f"write it without quotes and with a dot, as {written}"


def brief(value: object) -> str:
    """A value as Python writes it, cut to fit in a line."""
    text = repr(value)
    return text if len(text) < 55 else f"{type(value).__name__} {text[:44]}..."
