"""What a schema and a value may cost: both are bounded before any library sees them.

The libraries behind the engines recurse natively: a deep enough value ends the process, so depth
is counted here first, but only for schemas that can follow a value down without end.
"""

from __future__ import annotations

import math
from typing import Any

from attrs import define

from ...errors import SchemaRefused
from .values import is_array, is_object

MAX_SCHEMA_DEPTH = 64
"""Levels of JSON nesting in a schema."""
MAX_SCHEMA_BYTES = 1 << 20
MAX_VALUE_DEPTH = 256
MAX_FAULTS = 100
MANY_NODES = 10_000
"""A value with more members than this gets its first fault named instead of all."""


def plain_schema(schema: Any) -> dict[str, Any] | bool:
    """A copy of `schema` in plain JSON types. Raises `SchemaRefused` when it is no JSON or too
    large."""
    if not isinstance(schema, (dict, bool)):
        raise SchemaRefused(f"a JSON Schema is an object or a boolean, not {type(schema).__name__}")
    copy: dict[str, Any] | bool = _Copier().copy(schema, 1)
    return copy


@define
class _Copier:
    size: int = 0

    def copy(self, item: Any, level: int) -> Any:
        if level > MAX_SCHEMA_DEPTH:
            raise SchemaRefused(f"schema nested deeper than {MAX_SCHEMA_DEPTH} levels")
        if is_object(item):
            self._spend(2)
            return {self._text(key): self.copy(held, level + 1) for key, held in item.items()}
        if is_array(item):
            self._spend(2)
            return [self.copy(held, level + 1) for held in item]
        return self._text(item) if isinstance(item, str) else self._scalar(item)

    def _spend(self, count: int) -> None:
        self.size += count
        if self.size > MAX_SCHEMA_BYTES:
            raise SchemaRefused(f"schema larger than {MAX_SCHEMA_BYTES} bytes")

    def _text(self, item: Any) -> str:
        if not isinstance(item, str):
            raise SchemaRefused(f"member names are strings, found {item!r}")
        try:
            self._spend(len(item.encode()) + 3)
        except UnicodeEncodeError:
            raise SchemaRefused("schema holds a lone surrogate, which is no Unicode") from None
        return str.__str__(item)

    def _scalar(self, item: Any) -> Any:
        self._spend(4)
        if item is None or isinstance(item, bool):
            return item
        if isinstance(item, int):
            self._spend(item.bit_length() // 3)
            return int(item)
        if isinstance(item, float) and math.isfinite(item):
            return float(item)
        raise SchemaRefused(f"schema holds {item!r}, which JSON cannot say")


def too_deep(value: Any, limit: int = MAX_VALUE_DEPTH) -> bool:
    """Whether lists and objects nest deeper than `limit` in `value`."""
    level = [value]
    for _ in range(limit + 1):
        level = [child for item in level for child in _children(item)]
        if not level:
            return False
    return True


def many_nodes(value: Any, limit: int = MANY_NODES) -> bool:
    """Whether `value` has more than `limit` members, at all levels."""
    seen, stack = 0, [value]
    while stack:
        children = _children(stack.pop())
        seen += len(children)
        if seen > limit:
            return True
        stack.extend(children)
    return False


def _children(item: Any) -> Any:
    if is_object(item):
        return item.values()
    return item if is_array(item) else ()
