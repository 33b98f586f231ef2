"""How much work a value can make of a schema whose references branch.

An engine that remembers nothing looks at a part once for each way leading to it, and the ways can
double with every level. Here each pair of schema and part is looked at once, so the count is cheap.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from attrs import define, field

from .quick import fails_at_once
from .values import is_array, is_object
from .walk import local_target

MAX_EFFORT = 1_000_000


class TooMuchError(Exception):
    """The value would take more than `MAX_EFFORT` looks."""


def too_much(root: Any, value: Any) -> bool:
    """Whether checking `value` could take more than `MAX_EFFORT` looks."""
    try:
        _Meter(root).looks(root, value)
    except (TooMuchError, RecursionError):
        return True
    return False


@define
class _Meter:
    root: Any
    _known: dict[tuple[int, int], int] = field(factory=dict[tuple[int, int], int])

    def looks(self, node: Any, value: Any) -> int:
        """The schemas looked at when `value` is held against `node`, at most."""
        if not is_object(node) or fails_at_once(node, value):
            return 1
        key = (id(node), id(value))
        if key not in self._known:
            total = 1
            for schema, part in self._next(node, value):
                total += self.looks(schema, part)
                if total > MAX_EFFORT:
                    raise TooMuchError
            self._known[key] = total
        return self._known[key]

    def _next(self, node: dict[str, Any], value: Any) -> Iterator[tuple[Any, Any]]:
        if "$ref" in node:
            yield local_target(self.root, node["$ref"]), value
        for keyword in ("allOf", "anyOf", "oneOf"):
            yield from ((schema, value) for schema in node.get(keyword, ()))
        for keyword in ("not", "if", "then", "else"):
            yield node.get(keyword), value
        if is_object(value):
            yield from _of_object(node, value)
        elif is_array(value):
            yield from _of_array(node, value)


def _of_object(node: dict[str, Any], value: dict[str, Any]) -> Iterator[tuple[Any, Any]]:
    properties = node.get("properties", {})
    patterns = node.get("patternProperties", {}).values()
    for name, part in value.items():
        yield properties.get(name, node.get("additionalProperties")), part
        yield node.get("unevaluatedProperties"), part
        yield from ((schema, part) for schema in patterns)
    for given, schema in node.get("dependentSchemas", {}).items():
        if given in value:
            yield schema, value


def _of_array(node: dict[str, Any], value: list[Any]) -> Iterator[tuple[Any, Any]]:
    first = node.get("prefixItems", ())
    for index, part in enumerate(value):
        yield first[index] if index < len(first) else node.get("items"), part
        yield node.get("contains"), part
        yield node.get("unevaluatedItems"), part
