"""Two schemas as one that accepts only what both accept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from zcp_kernel.jsontext import is_list, is_object

from .failures import Impossible, Inexpressible

Schema = dict[str, Any]

ANNOTATIONS = frozenset(
    (
        "title",
        "description",
        "default",
        "examples",
        "deprecated",
        "readOnly",
        "writeOnly",
        "$comment",
        "$schema",
        "$id",
        "$defs",
        "definitions",
        "contentMediaType",
        "contentEncoding",
    )
)


CONDITIONS = (
    "not",
    "if",
    "then",
    "else",
    "dependentRequired",
    "dependentSchemas",
    "dependencies",
    "unevaluatedProperties",
    "unevaluatedItems",
    "contains",
    "$dynamicRef",
)
"""What the strict subset has no form for: only noted."""

MAX_BRANCHES = 16
"""Most branches a union may have after something was multiplied into each."""


def substance(schema: Schema) -> Schema:
    """The keywords that decide what is accepted."""
    return {
        name: item
        for name, item in schema.items()
        if name not in ANNOTATIONS and not name.startswith("x-")
    }


def merged(left: Any, right: Any) -> Any:
    """Raises `Inexpressible` where the two cannot be said as one."""
    if left is True or left == {}:
        return right
    if right is True or right == {}:
        return left
    if not is_object(left) or not is_object(right):
        raise Impossible("a schema accepts nothing")
    left, right = _closed(left, right), _closed(right, left)
    both = {**left, **right}
    for name in left.keys() & right.keys():
        if left[name] == right[name]:
            continue
        if name in _RULES:
            both[name] = _RULES[name](left[name], right[name])
        elif name in ("$defs", "definitions"):
            both[name] = {**left[name], **right[name]}
        elif name in ANNOTATIONS or name in CONDITIONS or name.startswith("x-"):
            continue
        else:
            raise Inexpressible(f"two different {name}")
    return both


def _closed(schema: Schema, other: Schema) -> Schema:
    """`schema` with what `other` says of properties it does not name."""
    rest = other.get("additionalProperties", True)
    if rest is True or rest == {} or "properties" not in schema:
        return schema
    known = other.get("properties", {})
    kept = {
        name: item if name in known else _both(item, rest)
        for name, item in schema["properties"].items()
        if name in known or rest is not False
    }
    lost = set(schema.get("required", ())) - set(kept) - set(known)
    if lost:
        raise Impossible(f"{', '.join(sorted(lost))} is required and forbidden")
    return {**schema, "properties": kept}


def _properties(left: Schema, right: Schema) -> Schema:
    common = {name: _both(left[name], right[name]) for name in left if name in right}
    return {**left, **right, **common}


def _both(left: Any, right: Any) -> Any:
    """Merged when its turn comes: it may contain itself."""
    return left if left == right else {"allOf": [left, right]}


def _branches(left: list[Any], right: list[Any]) -> list[Any]:
    if len(left) * len(right) > MAX_BRANCHES:
        raise Inexpressible("two unions of many branches")
    return [_both(one, other) for one in left for other in right]


def _types(left: Any, right: Any) -> Any:
    wanted = _listed(right)
    common = [
        "integer" if "integer" in (one, *wanted) and one in ("number", "integer") else one
        for one in _listed(left)
        if one in wanted
        or (one == "integer" and "number" in wanted)
        or (one == "number" and "integer" in wanted)
    ]
    if not common:
        raise Impossible(f"nothing is both {left} and {right}")
    return common[0] if len(common) == 1 else common


def _listed(kind: Any) -> list[str]:
    return kind if is_list(kind) else [kind]


def _common(left: list[Any], right: list[Any]) -> list[Any]:
    common = [value for value in left if value in right]
    if not common:
        raise Impossible("two enums have no value in common")
    return common


def _either(left: Any, right: Any) -> Any:
    if left is False or right is False:
        return False
    return _both(left, right)


def _united(left: list[Any], right: list[Any]) -> list[Any]:
    return list(dict.fromkeys([*left, *right]))


_RULES: dict[str, Callable[[Any, Any], Any]] = {
    "properties": _properties,
    "patternProperties": _properties,
    "items": _both,
    "propertyNames": _both,
    "anyOf": _branches,
    "allOf": lambda left, right: [*left, *right],
    "additionalProperties": _either,
    "type": _types,
    "enum": _common,
    "required": _united,
    "minimum": max,
    "exclusiveMinimum": max,
    "minLength": max,
    "minItems": max,
    "minProperties": max,
    "maximum": min,
    "exclusiveMaximum": min,
    "maxLength": min,
    "maxItems": min,
    "maxProperties": min,
    "uniqueItems": lambda left, right: left or right,
}
