"""Which keywords the pure engine takes, and what their values must be (2020-12 validation)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...errors import SchemaRefused
from .pure_patterns import translate
from .values import is_array, is_object

TYPES = frozenset({"null", "boolean", "object", "array", "number", "string", "integer"})

REFUSED = frozenset(
    {
        "unevaluatedItems",
        "unevaluatedProperties",
        "minContains",
        "maxContains",
        "$dynamicRef",
        "$recursiveRef",
        "dependencies",
        "additionalItems",
        "$vocabulary",
    }
)
"""Keywords that assert something fastjsonschema cannot check, or not as 2020-12 means it."""


def _wrong(keyword: str, expected: str, rule: Any) -> SchemaRefused:
    return SchemaRefused(f"{keyword}: expected {expected}, found {rule!r}", keyword)


def _is_number(rule: Any) -> bool:
    return isinstance(rule, (int, float)) and not isinstance(rule, bool)


def _are_names(rule: Any) -> bool:
    return (
        is_array(rule)
        and all(isinstance(name, str) for name in rule)
        and len(set(rule)) == len(rule)
    )


def _type(rule: Any) -> Any:
    names = rule if is_array(rule) else [rule]
    if not names or not _are_names(names) or not TYPES.issuperset(names):
        raise _wrong("type", f"one or more of {', '.join(sorted(TYPES))}", rule)
    return rule


def _enum(rule: Any) -> Any:
    if not is_array(rule):
        raise _wrong("enum", "an array", rule)
    return rule


def _required(rule: Any) -> Any:
    if not _are_names(rule):
        raise _wrong("required", "an array of distinct names", rule)
    return rule


def _flag(rule: Any) -> Any:
    if not isinstance(rule, bool):
        raise _wrong("uniqueItems", "a boolean", rule)
    return rule


def _multiple(rule: Any) -> Any:
    if not _is_number(rule) or rule <= 0:
        raise _wrong("multipleOf", "a number above 0", rule)
    if rule != int(rule):
        raise SchemaRefused(
            f"multipleOf: {rule} is no whole number, which the pure engine cannot check exactly; "
            'pip install "zcp-kernel[rs]" (jsonschema-rs) checks it',
            "multipleOf",
        )
    return int(rule)


def _number(keyword: str) -> Callable[[Any], Any]:
    def check(rule: Any) -> Any:
        if not _is_number(rule):
            raise _wrong(keyword, "a number", rule)
        return rule

    return check


def _count(keyword: str) -> Callable[[Any], Any]:
    def check(rule: Any) -> Any:
        if not _is_number(rule) or rule < 0 or rule != int(rule):
            raise _wrong(keyword, "a whole number from 0", rule)
        return int(rule)

    return check


def translated(pattern: Any) -> str:
    """The Python form of a pattern; raises `SchemaRefused`."""
    if not isinstance(pattern, str):
        raise _wrong("pattern", "a string", pattern)
    return translate(pattern)


def dependent_names(rule: Any) -> dict[str, list[str]]:
    """The value of `dependentRequired`, checked; raises `SchemaRefused`."""
    if not is_object(rule) or not all(_are_names(names) for names in rule.values()):
        raise _wrong("dependentRequired", "an object of arrays of names", rule)
    return rule


CHECKED: dict[str, Callable[[Any], Any]] = {
    "type": _type,
    "enum": _enum,
    "required": _required,
    "uniqueItems": _flag,
    "multipleOf": _multiple,
    "pattern": translated,
    **{
        name: _number(name)
        for name in ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")
    },
    **{
        name: _count(name)
        for name in (
            "minLength",
            "maxLength",
            "minItems",
            "maxItems",
            "minProperties",
            "maxProperties",
        )
    },
}
