"""The published limits of a strict schema.

Source: OpenAI, Structured Outputs, "Supported schemas".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from attrs import define
from zcp_kernel.jsontext import is_list, is_object

MAX_PROPERTIES = 5000
MAX_DEPTH = 10
MAX_CHARACTERS = 120_000
MAX_ENUM_VALUES = 1000
LONG_ENUM = 250
MAX_LONG_ENUM_CHARACTERS = 15_000


@define
class _Tally:
    properties: int = 0
    characters: int = 0
    enum_values: int = 0
    depth: int = 0
    long_enum: int = 0


def beyond_limits(schema: dict[str, Any]) -> list[str]:
    """Which limits the schema passes, in words; empty when none."""
    tally = _Tally()
    definitions = schema.get("$defs", {})
    for name, definition in definitions.items():
        tally.characters += len(name)
        _count(definition, 1, tally)
    _count(schema, 1, tally)
    found = [
        (tally.properties, MAX_PROPERTIES, "properties"),
        (tally.depth, MAX_DEPTH, "levels of nesting"),
        (tally.characters, MAX_CHARACTERS, "characters of names and fixed values"),
        (tally.enum_values, MAX_ENUM_VALUES, "enum values"),
        (tally.long_enum, MAX_LONG_ENUM_CHARACTERS, "characters in one long enum"),
    ]
    return [
        f"{number} {what}, the API takes {most}" for number, most, what in found if number > most
    ]


def _count(schema: Any, depth: int, tally: _Tally) -> None:
    if not is_object(schema):
        return
    values = schema.get("enum", ())
    length = sum(len(value) for value in values if isinstance(value, str))
    tally.enum_values += len(values)
    tally.characters += length
    if len(values) > LONG_ENUM:
        tally.long_enum = max(tally.long_enum, length)
    properties = schema.get("properties")
    if is_object(properties):
        tally.depth = max(tally.depth, depth)
        tally.properties += len(properties)
        tally.characters += sum(map(len, properties))
        depth += 1
    for child in _children(schema):
        _count(child, depth, tally)


def _children(schema: dict[str, Any]) -> Iterator[Any]:
    yield from schema.get("properties", {}).values()
    branches = schema.get("anyOf")
    if is_list(branches):
        yield from branches
    if "items" in schema:
        yield schema["items"]
