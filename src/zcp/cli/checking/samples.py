"""Arguments that fit a schema, for tools that do no harm."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from zcp_kernel.validation import CanonicalValidator, SchemaRefused

from ..arguments import types_of
from ..jsonvalues import entries, is_object, members

_DEEPEST = 8
_EMPTY: dict[str, Any] = {
    "null": None, "boolean": False, "array": [], "object": {}, "string": "", "integer": 0,
    "number": 0,
}  # fmt: skip


def arguments_for(schema: Any) -> dict[str, Any] | None:
    """Arguments with no more than what is required; None where none that fit were found."""
    found = _value(schema, 0)
    if not is_object(found):
        return None
    try:
        fits = CanonicalValidator(dict(members(schema)), coerce=False).is_valid(found)
    except SchemaRefused:
        return None
    return dict(found) if fits else None


def _value(schema: Any, depth: int) -> Any:
    if not is_object(schema) or depth > _DEEPEST:
        return ""
    for told in ("const", "default"):
        if told in schema:
            return schema[told]
    for choices in ("examples", "enum"):
        if entries(schema.get(choices)):
            return schema[choices][0]
    types = types_of(schema, schema) or frozenset(
        {"object" if "properties" in schema else "string"}
    )
    if "object" in types:
        return _object(schema, depth)
    if "string" in types:
        return "x" * max(1, int(schema.get("minLength", 1)))
    if types & {"integer", "number"}:
        return _number(schema)
    if "array" in types:
        return [_value(schema.get("items"), depth + 1)] * int(schema.get("minItems", 0))
    return _EMPTY[min(types)] if types else ""


def _object(schema: Mapping[str, Any], depth: int) -> dict[str, Any]:
    properties = members(schema.get("properties"))
    return {
        name: _value(properties.get(name), depth + 1) for name in entries(schema.get("required"))
    }


def _number(schema: Mapping[str, Any]) -> Any:
    for bound, step in (("minimum", 0), ("exclusiveMinimum", 1), ("maximum", 0)):
        if isinstance(schema.get(bound), (int, float)):
            return schema[bound] + step
    return schema.get("multipleOf", 1)
