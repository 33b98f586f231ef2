"""Strings, numbers, booleans, null: what of them the strict subset holds, and what it only says."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, TypeVar

from .nodes import Node, Schema

AnyNode = TypeVar("AnyNode", bound=Node)

FORMATS = frozenset(
    ("date-time", "time", "date", "duration", "email", "hostname", "ipv4", "ipv6", "uuid")
)

MAX_REPETITION = 1000
"""Longest length that is said as a pattern; beyond it, the description says it."""

_NUMBER_KEYWORDS = ("multipleOf", "maximum", "exclusiveMaximum", "minimum", "exclusiveMinimum")
_UNSAFE_PATTERN = ("(?", "\\1", "\\2", "\\k", "\\p", "\\P", "\\b", "\\B")
"""Lookaround, back references, named groups, Unicode classes: the API's matcher has none."""


def scalar_node(schema: Schema, note: Callable[[str], None]) -> Node:
    """The node of one scalar type. `note` is told of what the strict form does not hold."""
    kind = schema["type"]
    strict: Schema = {"type": kind}
    said: list[str] = []
    if kind == "string":
        said = _text(schema, strict, note)
    elif kind in ("integer", "number"):
        strict |= {word: schema[word] for word in _NUMBER_KEYWORDS if word in schema}
    return described(Node(strict), schema, said)


def _text(schema: Schema, strict: Schema, note: Callable[[str], None]) -> list[str]:
    said: list[str] = []
    if (form := schema.get("format")) in FORMATS:
        strict["format"] = form
    elif form is not None:
        said.append(f"format: {form}")
    low, high = schema.get("minLength", 0), schema.get("maxLength")
    pattern = schema.get("pattern")
    if pattern is not None and not any(part in pattern for part in _UNSAFE_PATTERN):
        strict["pattern"] = pattern
    elif pattern is not None:
        note("pattern")
        said.append(f"pattern: {pattern}")
    elif (low or high is not None) and max(low, high or 0) <= MAX_REPETITION:
        strict["pattern"] = rf"^[\s\S]{{{low},{'' if high is None else high}}}$"
        return said
    if low or high is not None:
        note("length")
        said.append(f"{low} to {high} characters" if high else f"at least {low} characters")
    return said


def described(node: AnyNode, source: Schema, said: list[str] | None = None) -> AnyNode:
    """The node with the source's description, what could only be said, and the default."""
    parts = [text] if isinstance(text := source.get("description"), str) and text else []
    if not parts and "description" in node.schema:
        parts = [node.schema["description"]]
    remarks = list(said or ())
    if "default" in source and source["default"] is not None:
        remarks.append(f"default: {json.dumps(source['default'], ensure_ascii=False)}")
    if remarks:
        parts.append(f"({'; '.join(remarks)})")
    if parts:
        # In the strict subset a `$ref` has no neighbours.
        inner = {"anyOf": [node.schema]} if "$ref" in node.schema else node.schema
        node.schema = {**inner, "description": " ".join(parts)}
    return node


def enum_type(value: Any) -> str | None:
    """The JSON type of a scalar, None for a list or an object."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, str):
        return "string"
    if isinstance(value, int):
        return "integer"
    return "number" if isinstance(value, float) else None
